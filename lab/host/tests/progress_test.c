// SPDX-License-Identifier: GPL-2.0-only
/* Description: how long it will take yet is reckoned from the workloads that have ended. */
#include "t.h"

#include "progress.h"

static void in_words(void **state)
{
	static const struct {
		double seconds;
		const char *text;
	} cases[] = {
		{ -1, "" }, { 0, ", about 0 s left" }, { 89, ", about 89 s left" },
		{ 90, ", about 2 min left" }, { 3600, ", about 60 min left" },
	};
	char text[48];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		progress_left(cases[i].seconds, text, sizeof(text));
		assert_string_equal(text, cases[i].text);
	}
}

static void tell(struct progress *pg, const char *line)
{
	struct record rec;
	char why[160];

	assert_int_equal(record_parse(line, &rec, why, sizeof(why)), 0);
	progress_record(pg, &rec);
	record_free(&rec);
}

/* Two workloads took 59 s; a third takes none: 6 more of 20 s each. */
static void reckoned(void **state)
{
	struct out out = { 0 };
	struct progress pg = { .out = &out, .jobs = 10, .timed = 2, .took_s = 59.99 };
	char *text = NULL;
	size_t size;

	(void)state;
	out.log = open_memstream(&text, &size);
	tell(&pg, "{\"type\":\"begin\",\"job\":3,\"words\":\"mkfs device=disk\"}");
	tell(&pg, "{\"type\":\"end\",\"job\":3,\"status\":0}");
	assert_int_equal(pg.timed, 2);	/* no workload */
	tell(&pg, "{\"type\":\"begin\",\"job\":4,\"words\":\"run workload=w arm=a\"}");
	tell(&pg, "{\"type\":\"end\",\"job\":4,\"status\":0}");
	assert_int_equal(pg.timed, 3);
	tell(&pg, "{\"type\":\"begin\",\"job\":10,\"words\":\"run workload=w arm=b\"}");
	tell(&pg, "{\"type\":\"end\",\"job\":10,\"status\":0}");
	out_close(&out);
	assert_non_null(strstr(text, "[ 4/10] w arm=a ... 0.0 s, about 2 min left\n"));
	assert_non_null(strstr(text, "[10/10] w arm=b ... 0.0 s\n"));
	free(text);
	progress_free(&pg);
}

/* The guest's own words do not reach the terminal as escape codes. */
static void no_escape_codes(void **state)
{
	struct out out = { 0 };
	struct progress pg = { .out = &out };
	char *text = NULL;
	size_t size;

	(void)state;
	out.log = open_memstream(&text, &size);
	tell(&pg, "{\"type\":\"hello\",\"release\":\"7.3\\u001b[2J\",\"jobs\":1}");
	tell(&pg, "{\"type\":\"begin\",\"job\":1,\"words\":\"run workload=w\\u001b[2J\"}");
	tell(&pg, "{\"type\":\"end\",\"job\":1,\"status\":1,\"error\":\"\\u009b2J\"}");
	out_close(&out);
	assert_null(strchr(text, '\033'));
	assert_null(strchr(text, '\302'));
	assert_non_null(strstr(text, "booted 7.3?[2J in "));
	assert_non_null(strstr(text, "w?[2J ... "));
	assert_non_null(strstr(text, "status 1 (??2J)"));
	free(text);
	progress_free(&pg);
}

/* Below the job that a signal has killed, and nowhere else. */
static void kernel_lines(void **state)
{
	struct out out = { 0 };
	struct progress pg = { .out = &out, .jobs = 2 };
	char *text = NULL;
	size_t size;

	(void)state;
	out.log = open_memstream(&text, &size);
	tell(&pg, "{\"type\":\"begin\",\"job\":1,\"words\":\"run workload=w\"}");
	tell(&pg, "{\"type\":\"kernel\",\"job\":1,\"line\":\"<4>[ 1.0] a\"}");
	tell(&pg, "{\"type\":\"kernel\",\"job\":1,\"line\":\"<6>[ 1.1] w[9]: segfault\\u001b\"}");
	tell(&pg, "{\"type\":\"end\",\"job\":1,\"status\":0,\"signal\":11}");
	tell(&pg, "{\"type\":\"begin\",\"job\":2,\"words\":\"run workload=w\"}");
	tell(&pg, "{\"type\":\"end\",\"job\":2,\"status\":3}");
	out_close(&out);
	assert_non_null(strstr(text, "FAILED: signal 11\n"
			       "the kernel's last 2 lines by then:\n"
			       "  <4>[ 1.0] a\n  <6>[ 1.1] w[9]: segfault?\n"
			       "[2/2] w ... "));
	free(text);
	progress_free(&pg);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(in_words),
		cmocka_unit_test(kernel_lines),
		cmocka_unit_test(reckoned),
		cmocka_unit_test(no_escape_codes),
	};

	return cmocka_run_group_tests_name("progress", tests, NULL, NULL);
}
