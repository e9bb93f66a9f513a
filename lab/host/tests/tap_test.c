// SPDX-License-Identifier: GPL-2.0-only
/* Description: when a test has passed, failed, or failed as it should. */
#include "t.h"

#include "tap.h"

#define OK	"1..1\nok 1 a.b\n"
#define NOT_OK	"1..1\nnot ok 1 a.b\n"

static const struct {
	const char *name;
	const char *expect;	/* the value of expect=, and more words */
	const char *lines;
	const char *splat;
	struct record end;
	enum test_result result;
	bool died;
} cases[] = {
	{ "ok", "pass", OK, NULL, { 0 }, TEST_PASSED, false },
	{ "not ok", "pass", NOT_OK, NULL, { .status = 1 }, TEST_FAILED, false },
	{ "meant to fail", "fail not_ok=1", NOT_OK, NULL, { .status = 1 }, TEST_PASSED,
	  false },
	{ "meant to fail, passed", "fail not_ok=1", OK, NULL, { 0 }, TEST_FAILED, false },
	{ "splat", "pass", OK, "BUG: x", { 0 }, TEST_FAILED, false },
	{ "meant to splat", "fail not_ok=0 splat=yes", OK, "BUG: x", { 0 }, TEST_PASSED, false },
	{ "splat, then killed", "fail not_ok=0 splat=yes", "1..1\n", "BUG: x",
	  { .signal = 9 }, TEST_FAILED, false },
	{ "crash", "pass", "1..1\n", NULL, { .signal = 11 }, TEST_FAILED,
	  false },
	{ "crash is no proof", "fail not_ok=1", "1..1\n", NULL, { .signal = 11 },
	  TEST_FAILED, false },
	{ "hang", "pass", OK, NULL, { .timeout = true }, TEST_FAILED, false },
	{ "hang is no proof", "fail not_ok=1", NOT_OK, NULL, { .timeout = true },
	  TEST_FAILED, false },
	{ "guest died", "pass", OK, NULL, { 0 }, TEST_FAILED, true },
	{ "guest died is no proof", "fail not_ok=1", NOT_OK, "Kernel panic", { 0 },
	  TEST_FAILED, true },
	{ "not run", "pass", OK, NULL, { .status = 127, .text = "no such" },
	  TEST_FAILED, false },
	{ "not run is no proof", "fail not_ok=1", NOT_OK, NULL,
	  { .status = 127, .text = "no such" }, TEST_FAILED, false },
	{ "no plan", "pass", "ok 1 a\n", NULL, { 0 }, TEST_FAILED, false },
	{ "too few", "pass", "1..2\nok 1 a\n", NULL, { 0 }, TEST_FAILED,
	  false },
	{ "nothing", "pass", "", NULL, { 0 }, TEST_FAILED, false },
	{ "bad status", "pass", OK, NULL, { .status = 2 }, TEST_FAILED, false },
	{ "bad status is no proof", "fail not_ok=1", OK, NULL, { .status = 1 },
	  TEST_FAILED, false },
	{ "all skipped", "pass", "1..1\nok 1 # SKIP no swap\n", NULL,
	  { .status = 4 }, TEST_SKIPPED, false },
	{ "plan skipped", "pass", "1..0 # SKIP no swap\n", NULL,
	  { .status = 4 }, TEST_SKIPPED, false },
	{ "skip is no proof", "fail not_ok=1", "1..1\nok 1 # SKIP x\n", NULL,
	  { .status = 4 }, TEST_FAILED, false },
	{ "one skipped", "pass", "1..2\nok 1 a\nok 2 # SKIP x\n", NULL, { 0 },
	  TEST_PASSED, false },
	{ "meant to be skipped", "skip", "1..1\nok 1 # SKIP x\n", NULL,
	  { .status = 4 }, TEST_PASSED, false },
	{ "meant to be skipped, passed", "skip", OK, NULL, { 0 }, TEST_FAILED, false },
	{ "meant to be skipped, one passed", "skip", "1..2\nok 1 a\nok 2 # SKIP x\n",
	  NULL, { 0 }, TEST_FAILED, false },
	{ "meant to be skipped, failed", "skip", NOT_OK, NULL, { .status = 1 },
	  TEST_FAILED, false },
	{ "not ok, then the end", "fail not_ok=1", "1..2\nnot ok 1 a\n", NULL,
	  { .status = 1 }, TEST_FAILED, false },
	{ "splat, then the end", "fail not_ok=1 splat=yes", "1..2\nnot ok 1 a\n",
	  "BUG: x", { .status = 1 }, TEST_FAILED, false },
	{ "not ok, then killed", "fail not_ok=1", NOT_OK, NULL, { .signal = 9 },
	  TEST_FAILED, false },
	{ "gave up", "pass", "1..1\nBail out! /mnt: Read-only file system\nnot ok 1 a\n",
	  NULL, { .status = 1 }, TEST_FAILED, false },
	{ "giving up is no proof", "fail not_ok=1",
	  "1..1\nBail out! /mnt: Read-only file system\nnot ok 1 a\n", NULL,
	  { .status = 1 }, TEST_FAILED, false },
	{ "nobody said how many", "fail", NOT_OK, NULL, { .status = 1 },
	  TEST_FAILED, false },
	{ "no number of them", "fail not_ok=few", NOT_OK, NULL, { .status = 1 },
	  TEST_FAILED, false },
	{ "a failure that is none", "fail not_ok=0", OK, NULL, { 0 },
	  TEST_FAILED, false },
	{ "how many must pass", "pass not_ok=0", OK, NULL, { 0 }, TEST_FAILED,
	  false },
	{ "not ok and a splat", "fail not_ok=1 splat=yes", NOT_OK, "BUG: x",
	  { .status = 1 }, TEST_PASSED, false },
	{ "not ok without its splat", "fail not_ok=1 splat=yes", NOT_OK, NULL,
	  { .status = 1 }, TEST_FAILED, false },
	{ "a splat beside it", "fail not_ok=1", NOT_OK, "BUG: x", { .status = 1 },
	  TEST_FAILED, false },
	{ "bad splat", "fail not_ok=1 splat=no", NOT_OK, NULL, { .status = 1 },
	  TEST_FAILED, false },
	{ "as many not ok", "fail not_ok=1", NOT_OK, NULL, { .status = 1 },
	  TEST_PASSED, false },
	{ "fewer not ok", "fail not_ok=2", NOT_OK, NULL, { .status = 1 },
	  TEST_FAILED, false },
	{ "bad expect", "perhaps", OK, NULL, { 0 }, TEST_FAILED, false },
};

static void feed(struct test_run *run, struct record rec)
{
	rec.job = 5;
	assert_int_equal(test_run_record(run, &rec), 0);
}

static void every_case(void **state)
{
	struct test_run run;
	struct strv lines;
	char words[64];
	char why[192];
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct record end = cases[i].end;

		run = (struct test_run){ 0 };
		lines = (struct strv){ 0 };
		snprintf(words, sizeof(words), "test name=t expect=%s",
			 cases[i].expect);
		feed(&run, (struct record){ .type = REC_BEGIN, .text = words });
		strv_split(&lines, cases[i].lines, '\n');
		for (j = 0; j < lines.n; j++)
			feed(&run, (struct record){ .type = REC_TAP,
						    .text = lines.v[j] });
		end.type = REC_END;
		if (!cases[i].died)
			feed(&run, end);
		if (cases[i].splat)
			strv_addf(&run.tests[0].splats, "%s", cases[i].splat);
		if (test_judge(&run.tests[0], why, sizeof(why)) !=
		    cases[i].result)
			fail_msg("%s: %d (%s)", cases[i].name,
				 test_judge(&run.tests[0], why, sizeof(why)),
				 why);
		strv_free(&lines);
		test_run_free(&run);
	}
}

/* The time of the first "not ok"; without one, of the end. */
static void when_caught(void **state)
{
	static const struct record by_test[] = {
		{ .type = REC_BEGIN, .text = "test name=t expect=fail not_ok=2" },
		{ .type = REC_TAP, .ms = 90, .text = "1..3" },
		{ .type = REC_TAP, .ms = 100, .text = "ok 1 a" },
		{ .type = REC_TAP, .ms = 1270, .text = "not ok 2 b" },
		{ .type = REC_TAP, .ms = 2000, .text = "not ok 3 c" },
		{ .type = REC_END, .ms = 3000, .status = 1 },
	};
	static const struct record by_kernel[] = {
		{ .type = REC_BEGIN, .text = "test name=t expect=fail not_ok=0 splat=yes" },
		{ .type = REC_TAP, .ms = 90, .text = "1..1" },
		{ .type = REC_TAP, .ms = 100, .text = "ok 1 a" },
		{ .type = REC_END, .ms = 3050 },
	};
	struct test_run run = { 0 };
	char why[192];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(by_test); i++)
		feed(&run, by_test[i]);
	test_judge(&run.tests[0], why, sizeof(why));
	assert_non_null(strstr(why, "caught after 1.2 s"));
	test_run_free(&run);
	for (i = 0; i < ARRAY_SIZE(by_kernel); i++)
		feed(&run, by_kernel[i]);
	strv_addf(&run.tests[0].splats, "BUG: x");
	test_judge(&run.tests[0], why, sizeof(why));
	assert_non_null(strstr(why, "caught after 3.0 s"));
	test_run_free(&run);
}

/* The end of the kernel's log goes to the test that a signal has killed. */
static void kernel_lines(void **state)
{
	struct test_run run = { 0 };
	struct record other = { .type = REC_KERNEL, .job = 4, .text = "x" };

	(void)state;
	feed(&run, (struct record){ .type = REC_BEGIN, .text = "test name=t" });
	feed(&run, (struct record){ .type = REC_KERNEL, .text = "<6>[1] t[9]: segfault" });
	assert_int_equal(test_run_record(&run, &other), 0);
	feed(&run, (struct record){ .type = REC_END, .signal = 11 });
	assert_int_equal(run.tests[0].kernel.n, 1);
	assert_string_equal(run.tests[0].kernel.v[0], "<6>[1] t[9]: segfault");
	test_run_free(&run);
}

/* A splat belongs to the job that began last, in the kernel log's own order. */
static void whose_splat(void **state)
{
	static const char * const log_lines[] = {
		"[    0.1] WARNING: at boot+0x0/0x1, CPU#0: swapper/0",
		"[    1.0] majorfault: job 1 begin device name=disk",
		"[    1.1] majorfault: job 1 end status=0",
		"[    2.0] majorfault: job 2 begin test name=BUG: expect=pass",
		"[    2.1] WARNING: mm/a.c:1 at f+0x0/0x1, CPU#1: t/9\r",
		"[    2.2] majorfault: job 2 end status=0",
		"[    3.0] majorfault: job 3 begin test name=u",
		"u[77]: segfault at 0 ip 0000000000401136",
		"[    3.1] majorfault: job 3 end status=0",
		"[    3.2] BUG: Bad rss-counter state mm:0 type:MM_FILEPAGES",
	};
	struct splat_rules rules;
	struct klog log = { .rules = &rules };
	struct test_run run = { 0 };
	char why[160];
	size_t i;

	(void)state;
	assert_int_equal(splat_rules_load(&rules, splats_txt, why, 160), 0);
	for (i = 2; i <= 3; i++) {
		struct record rec = { .type = REC_BEGIN, .job = (unsigned)i,
				      .text = "test name=x" };

		test_run_record(&run, &rec);
	}
	for (i = 0; i < ARRAY_SIZE(log_lines); i++) {
		char *line = xstrdup(log_lines[i]);

		test_run_console(&run, &log, line);
		free(line);
	}
	assert_int_equal(run.stray.n, 1);
	assert_int_equal(run.tests[0].splats.n, 1);
	assert_non_null(strstr(run.tests[0].splats.v[0], "mm/a.c"));
	assert_int_equal(run.tests[1].splats.n, 1);
	assert_non_null(strstr(run.tests[1].splats.v[0], "rss-counter"));
	test_run_free(&run);
	splat_rules_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
		cmocka_unit_test(kernel_lines),
		cmocka_unit_test(when_caught),
		cmocka_unit_test(whose_splat),
	};

	return cmocka_run_group_tests_name("tap", tests, NULL, NULL);
}
