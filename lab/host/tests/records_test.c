// SPDX-License-Identifier: GPL-2.0-only
/* Description: records are read, and what is none is skipped and counted. */
#include "t.h"

#include "records.h"

static void every_type(void **state)
{
	struct record rec;
	char why[160];

	(void)state;
	assert_int_equal(record_parse("{\"type\":\"hello\",\"release\":\"7.3.4\","
				      "\"jobs\":12}", &rec, why, 160), 0);
	assert_int_equal(rec.type, REC_HELLO);
	assert_int_equal(rec.jobs, 12);
	assert_string_equal(rec.text, "7.3.4");
	record_free(&rec);
	assert_int_equal(record_parse("{\"type\":\"begin\",\"job\":3,"
				      "\"words\":\"run a=b\"}\r", &rec, why,
				      160), 0);
	assert_int_equal(rec.type, REC_BEGIN);
	assert_int_equal(rec.job, 3);
	assert_string_equal(rec.text, "run a=b");
	record_free(&rec);
	assert_int_equal(record_parse("{\"type\":\"tap\",\"job\":3,"
				      "\"line\":\"ok 1\"}", &rec, why, 160), 0);
	assert_string_equal(rec.text, "ok 1");
	record_free(&rec);
	assert_int_equal(record_parse("{\"type\":\"kernel\",\"job\":3,"
				      "\"line\":\"<6>[ 1.0] a: segfault\"}",
				      &rec, why, 160), 0);
	assert_int_equal(rec.type, REC_KERNEL);
	assert_int_equal(rec.job, 3);
	assert_string_equal(rec.text, "<6>[ 1.0] a: segfault");
	record_free(&rec);
	assert_int_equal(record_parse("{\"type\":\"done\"}", &rec, why, 160), 0);
	assert_int_equal(rec.type, REC_DONE);
	record_free(&rec);
}

static void ends(void **state)
{
	static const struct {
		const char *line;
		bool failed;
		const char *outcome;
	} cases[] = {
		{ "{\"type\":\"end\",\"job\":1,\"status\":0,\"signal\":0,"
		  "\"timeout\":false}", false, "status 0" },
		{ "{\"type\":\"end\",\"job\":1,\"status\":3}", true,
		  "status 3" },
		{ "{\"type\":\"end\",\"job\":1,\"status\":0,\"signal\":11}",
		  true, "signal 11" },
		{ "{\"type\":\"end\",\"job\":1,\"status\":0,\"signal\":9,"
		  "\"timeout\":true}", true, "over its time limit" },
		{ "{\"type\":\"end\",\"job\":1,\"status\":0,"
		  "\"error\":\"no disk\"}", true, "status 0 (no disk)" },
	};
	struct record rec;
	char buf[160];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		assert_int_equal(record_parse(cases[i].line, &rec, buf, 160),
				 0);
		assert_int_equal(record_failed(&rec), cases[i].failed);
		record_outcome(&rec, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].outcome);
		record_free(&rec);
	}
}

static void refused(void **state)
{
	static const char * const lines[] = {
		"", "garbage", "[1]", "3", "{\"type\":\"hel",
		"{\"type\":\"strange\"}", "{\"job\":1}",
		"{\"type\":\"hello\",\"jobs\":1}",
		"{\"type\":\"begin\",\"words\":\"run\"}",
		"{\"type\":\"begin\",\"job\":-1,\"words\":\"run\"}",
		"{\"type\":\"tap\",\"job\":1}",
		"{\"type\":\"kernel\",\"job\":1}",
		"{\"type\":\"kernel\",\"line\":\"<6>a\"}",
		"{\"type\":\"end\",\"job\":1}",
		"{\"type\":\"end\",\"job\":1,\"status\":4294967296}",
		"{\"type\":\"end\",\"job\":1,\"status\":-1}",
		"{\"type\":\"end\",\"job\":1,\"status\":0,\"signal\":4294967296}",
		"{\"type\":\"end\",\"job\":1,\"status\":0,\"signal\":\"9\"}",
		"{\"type\":\"done\"}{\"type\":\"done\"}",
		"{\"type\":\"run\",\"job\":1,\"workload\":\"w\",\"arm\":\"a\","
		"\"round\":1,\"params\":{},\"metrics\":{\"x\":1.5}}",
		"{\"type\":\"run\",\"job\":1,\"workload\":\"w\",\"arm\":\"a\","
		"\"round\":1,\"params\":{},\"metrics\":{\"x\":\"1\"}}",
		"{\"type\":\"run\",\"job\":1,\"workload\":\"w\",\"round\":1,"
		"\"metrics\":{}}",
		"{\"type\":\"run\",\"job\":1,\"workload\":\"w\",\"arm\":\"a\","
		"\"round\":1}",
		"{\"type\":\"run\",\"workload\":\"w\",\"arm\":\"a\","
		"\"round\":1,\"metrics\":{}}",
	};
	struct record rec;
	char why[160];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(lines); i++) {
		*why = '\0';
		if (!record_parse(lines[i], &rec, why, sizeof(why)))
			fail_msg("taken for a record: %s", lines[i]);
		assert_true(*why);
		assert_null(rec.json);
	}
}

static void assert_printable(const char *text)
{
	for (; *text; text++) {
		if (*text < ' ' || *text > '~')
			fail_msg("byte %#x is for a terminal to act on", *text);
	}
}

/* What the guest says is printed: no escape code of its may reach a terminal. */
static void no_escape_codes(void **state)
{
	static const char * const texts[] = {
		"{\"type\":\"hello\",\"jobs\":1,\"release\":\"7\\u001b]0;x\\u0007\"}",
		"{\"type\":\"begin\",\"job\":1,\"words\":\"run\\u001b[2J\"}",
		"{\"type\":\"tap\",\"job\":1,\"line\":\"ok 1\\u009b2J\"}",
		"{\"type\":\"end\",\"job\":1,\"status\":1,\"error\":\"\\u001b[2J\"}",
	};
	static const char * const refused[] = {
		"{\"type\":\"run\",\"job\":1,\"workload\":\"w\",\"arm\":\"a\",\"round\":1,"
		"\"metrics\":{\"x\\u001b[2J\":1.5}}",
		"{\"type\":\"run\",\"job\":1,\"workload\":\"w\",\"arm\":\"a\",\"round\":1,"
		"\"metrics\":{},\"histograms\":{\"x\\u009b2J\":1}}",
		"{\"type\":\"done\"}\033[2J",
	};
	struct record rec;
	char why[160];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(texts); i++) {
		assert_int_equal(record_parse(texts[i], &rec, why, sizeof(why)), 0);
		assert_non_null(strchr(rec.text, '?'));
		assert_printable(rec.text);
		record_free(&rec);
	}
	for (i = 0; i < ARRAY_SIZE(refused); i++) {
		assert_int_equal(record_parse(refused[i], &rec, why, sizeof(why)), -EINVAL);
		assert_printable(why);
	}
}

static int count(void *arg, struct record *rec)
{
	unsigned int *n = arg;

	(void)rec;
	++*n;
	return 0;
}

static void a_damaged_file(void **state)
{
	char *path = t_file("{\"type\":\"done\"}\n\n\001g\n{\"type\":\"done\"}\r\n"
			    "{\"type\":\"done\"}\n{\"type\":\"do");
	unsigned int malformed = 0;
	unsigned int n = 0;

	(void)state;
	assert_int_equal(records_read(path, count, &n, &malformed), 0);
	assert_int_equal(n, 3);
	assert_int_equal(malformed, 2);
	t_remove(path);
	assert_int_equal(records_read("/nonexistent", count, &n, &malformed),
			 -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_type),
		cmocka_unit_test(ends),
		cmocka_unit_test(refused),
		cmocka_unit_test(no_escape_codes),
		cmocka_unit_test(a_damaged_file),
	};

	return cmocka_run_group_tests_name("records", tests, NULL, NULL);
}
