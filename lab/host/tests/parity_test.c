// SPDX-License-Identifier: GPL-2.0-only
/* Description: when two runs of a program are the same, and when they are not. */
#include "t.h"

#include "parity.h"

#define A_LINES	"1..2\nok 1 a\nnot ok 2 - b\n"

static const struct {
	const char *name;
	const char *lines;
	const char *splat;
	struct record end;
	size_t diffs;
	bool useless;
} cases[] = {
	{ "the same", A_LINES, NULL, { .status = 1 }, 0, false },
	{ "another order", "not ok 1 b\nok 2 a\n", NULL, { .status = 1 }, 0, false },
	{ "one fails", "not ok 1 a\nnot ok 2 b\n", NULL, { .status = 1 }, 2, false },
	{ "one passes", "ok 1 a\nok 2 b\n", NULL, { .status = 1 }, 2, false },
	{ "one skips", "ok 1 a # SKIP\nnot ok 2 b\n", NULL, { .status = 1 }, 2, false },
	{ "one is missing", "ok 1 a\n", NULL, { .status = 1 }, 1, false },
	{ "one twice", A_LINES "ok 3 a\n", NULL, { .status = 1 }, 1, false },
	{ "status", A_LINES, NULL, { .status = 2 }, 2, false },
	{ "signal", A_LINES, NULL, { .signal = 11 }, 2, false },
	{ "time limit", A_LINES, NULL, { .timeout = true }, 2, false },
	{ "splat", A_LINES, "BUG: x", { .status = 1 }, 1, false },
	{ "not run", "", NULL, { .status = 127, .text = "no such" }, 4, false },
};

static void feed(struct test_run *run, const char *words, const char *text,
		 struct record end)
{
	struct strv lines = { 0 };
	size_t i;

	run->verb = "program";
	test_run_record(run, &(struct record){ .type = REC_BEGIN, .job = 5,
					       .text = words });
	strv_split(&lines, text, '\n');
	for (i = 0; i < lines.n; i++)
		test_run_record(run, &(struct record){ .type = REC_TAP, .job = 5,
						       .text = lines.v[i] });
	end.type = REC_END;
	end.job = 5;
	test_run_record(run, &end);
	strv_free(&lines);
}

static void every_case(void **state)
{
	struct test_run a, b;
	struct parity p;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		a = b = (struct test_run){ 0 };
		feed(&a, "program name=mm/x arg=-s arg=2 arm=unpatched", A_LINES,
		     (struct record){ .status = 1 });
		feed(&b, "program name=mm/x arg=-s arg=2 arm=relock",
		     cases[i].lines, cases[i].end);
		if (cases[i].splat)
			strv_addf(&b.tests[0].splats, "%s", cases[i].splat);
		parity_compare(&p, &a.tests[0], &b.tests[0]);
		assert_string_equal(p.title, "mm/x -s 2");
		if (p.diffs.n != cases[i].diffs || p.useless != cases[i].useless)
			fail_msg("%s: %zu differences", cases[i].name, p.diffs.n);
		parity_free(&p);
		test_run_free(&a);
		test_run_free(&b);
	}
}

/* Alike, and yet no evidence. */
static void says_nothing(void **state)
{
	static const struct {
		const char *lines;
		struct record end;
		bool useless;
	} both[] = {
		{ "ok 1 a\n", { .timeout = true }, true },
		{ "", { .status = 1 }, true },
		{ "", { .signal = 11 }, true },
		{ "not ok 1 a\n", { .status = 1 }, false },
		{ "", { .status = 4 }, false },
		{ "", { 0 }, false },
	};
	struct test_run a, b;
	struct parity p;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(both); i++) {
		a = b = (struct test_run){ 0 };
		feed(&a, "program name=x", both[i].lines, both[i].end);
		feed(&b, "program name=x", both[i].lines, both[i].end);
		parity_compare(&p, &a.tests[0], &b.tests[0]);
		assert_int_equal(p.diffs.n, 0);
		assert_int_equal(p.useless, both[i].useless);
		parity_free(&p);
		test_run_free(&a);
		test_run_free(&b);
	}
}

static void other_program(void **state)
{
	struct test_run a = { 0 }, b = { 0 };
	struct parity p;

	(void)state;
	feed(&a, "program name=x arg=1", "", (struct record){ 0 });
	feed(&b, "program name=x arg=2", "", (struct record){ 0 });
	parity_compare(&p, &a.tests[0], &b.tests[0]);
	assert_int_equal(p.diffs.n, 2);
	parity_free(&p);
	test_run_free(&a);
	test_run_free(&b);
}

static void known_differences(void **state)
{
	static const char known[] = "# comment\nx: only in ?: *ok a\tflaky\n";
	struct test_run a = { 0 }, b = { 0 }, c = { 0 };
	char reason[32] = "";
	struct parity p;

	(void)state;
	feed(&a, "program name=x", "ok 1 a\nok 2 b\n", (struct record){ 0 });
	feed(&b, "program name=x", "not ok 1 a\nok 2 b\n", (struct record){ 0 });
	feed(&c, "program name=x", "not ok 1 a\nnot ok 2 b\n", (struct record){ 0 });
	parity_compare(&p, &a.tests[0], &b.tests[0]);
	assert_true(parity_known(&p, known, reason, sizeof(reason)));
	assert_string_equal(reason, "flaky");
	assert_false(parity_known(&p, "", reason, sizeof(reason)));
	parity_free(&p);
	parity_compare(&p, &a.tests[0], &c.tests[0]);
	assert_false(parity_known(&p, known, reason, sizeof(reason)));
	parity_free(&p);
	test_run_free(&a);
	test_run_free(&b);
	test_run_free(&c);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(says_nothing),
		cmocka_unit_test(other_program),
		cmocka_unit_test(known_differences),
	};

	return cmocka_run_group_tests_name("parity", tests, NULL, NULL);
}
