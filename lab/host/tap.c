// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "words.h"

#define SPLATS_KEPT	10
#define LINES_KEPT	40
#define BAIL_OUT	"Bail out!"

/* What a job line expects of its test. */
struct expected {
	bool fail;
	bool skip;
	bool splat;
	unsigned int not_ok;
};

static void keep(struct strv *sv, const char *line, size_t most)
{
	if (sv->n < most)
		strv_add(sv, xstrdup(line));
}

/* "not ok 12 - name" and "not ok name" are both "not ok name". */
static void keep_result(struct test_job *test, const char *what,
			const char *rest)
{
	rest += strspn(rest, " 0123456789");
	if (starts_with(rest, "- "))
		rest += 2;
	strv_addf(&test->results, "%s%s", what, rest);
}

/**
 * tap_line() - take note of a line that a test printed
 * @test: the test
 * @line: the line
 *
 * kselftest_harness.h explains a failure in lines that begin with "# " before
 * the "not ok"; they are kept, too.
 */
void tap_line(struct test_job *test, const char *line)
{
	int planned;

	if (starts_with(line, "ok ")) {
		if (strstr(line, "# SKIP"))
			test->skipped++;
		else
			test->passed++;
		keep_result(test, "ok ", line + 3);
	} else if (starts_with(line, "not ok ")) {
		test->failed++;
		keep_result(test, "not ok ", line + 7);
		keep(&test->not_ok, line, LINES_KEPT);
	} else if (sscanf(line, "1..%d", &planned) == 1) {
		test->planned = planned;
		if (!planned && strstr(line, "SKIP"))
			test->skipped++;
	} else if (starts_with(line, BAIL_OUT)) {
		if (!test->gave_up)
			test->gave_up = xstrdup(line + strlen(BAIL_OUT));
		keep(&test->not_ok, line, LINES_KEPT);
	} else if (starts_with(line, "# ") && strstr(line, ".c:")) {
		keep(&test->not_ok, line, LINES_KEPT);
	}
}

/* What keeps a test from having an outcome at all. */
static bool did_not_run(const struct test_job *test, char *why, size_t size)
{
	if (test->error)
		snprintf(why, size, "could not be run: %s", test->error);
	else if (!test->ended)
		snprintf(why, size, "did not end: the guest died in it");
	else if (test->hung)
		snprintf(why, size, "was over its time limit");
	else
		return false;
	return true;
}

/* What is wrong with a test that ran, apart from splats and "not ok". */
static bool inconsistent(const struct test_job *test, char *why, size_t size)
{
	unsigned int seen = test->passed + test->failed + test->skipped;

	if (test->gave_up)
		snprintf(why, size, "gave up:%s", test->gave_up);
	else if (test->signal)
		snprintf(why, size, "was killed by signal %d", test->signal);
	else if (test->planned < 0)
		snprintf(why, size, "printed no plan (1..N)");
	else if (test->planned && seen != (unsigned int)test->planned)
		snprintf(why, size, "planned %d tests, reported %u",
			 test->planned, seen);
	else if (!seen)
		snprintf(why, size, "reported no test at all");
	else if (test->status && !test->failed &&
		 !(test->status == KSFT_SKIP && !test->passed))
		snprintf(why, size, "ended with status %d without a \"not ok\"",
			 test->status);
	else
		return false;
	return true;
}

/* How long it took, in guest time, until the test noticed what is wrong. */
static void add_caught(const struct test_job *test, bool failed, char *why,
		       size_t size)
{
	size_t len = strlen(why);

	if (failed)
		snprintf(why + len, size - len,
			 "; has to fail, caught after %u.%u s",
			 test->failed_ms / 1000, test->failed_ms % 1000 / 100);
	else
		snprintf(why + len, size - len, "; has to fail and did not");
}

/* Returns what is wrong with the job line, or NULL. */
static const char *parse_expected(const char *words, struct expected *e)
{
	char expect[16], not_ok[16], splat[16];
	bool counted;

	*e = (struct expected){ 0 };
	if (!words_get(words, "expect", expect, sizeof(expect)))
		snprintf(expect, sizeof(expect), "pass");
	e->fail = !strcmp(expect, "fail");
	e->skip = !strcmp(expect, "skip");
	if (!e->fail && !e->skip && strcmp(expect, "pass"))
		return "expect= takes pass, fail or skip";
	counted = words_get(words, "not_ok", not_ok, sizeof(not_ok));
	e->splat = words_get(words, "splat", splat, sizeof(splat));
	if (!e->fail)
		return counted || e->splat ? "not_ok= and splat= need expect=fail" : NULL;
	if (!counted)
		return "expect=fail without not_ok=: give the number of cases that must fail";
	if (!parse_uint(not_ok, 1000, &e->not_ok))
		return "not_ok= takes a number";
	if (e->splat && strcmp(splat, "yes"))
		return "splat= takes yes, or is left out";
	return e->not_ok || e->splat ? NULL : "expect=fail not_ok=0 needs splat=yes";
}

/* Did it fail in other ways than its line says? */
static bool unlike(const struct test_job *test, const struct expected *e,
		   char *why, size_t size)
{
	if (test->failed != e->not_ok)
		snprintf(why, size, "%u not ok, expected %u", test->failed,
			 e->not_ok);
	else if (test->splats.n && !e->splat)
		snprintf(why, size, "the kernel complained, and the line has no splat=yes");
	else if (!test->splats.n && e->splat)
		snprintf(why, size, "the kernel did not complain; expected splat=yes");
	else
		return false;
	return true;
}

/**
 * test_judge() - did a test do what was expected of it?
 * @test: the test
 * @why: what it did, in words
 * @size: bytes in @why
 *
 * A test must come to its end and report as many cases as it planned, whatever is
 * expected: crashing, hanging and giving up prove nothing. With expect=fail, not_ok=N
 * cases must fail, and the kernel must complain if splat=yes is given, else not.
 * With expect=skip nothing of it must run.
 */
enum test_result test_judge(const struct test_job *test, char *why,
			    size_t size)
{
	bool failed = test->failed || test->splats.n;
	const char *wrong;
	struct expected e;

	wrong = parse_expected(test->words, &e);
	if (wrong) {
		snprintf(why, size, "%s", wrong);
		return TEST_FAILED;
	}
	if (did_not_run(test, why, size) || inconsistent(test, why, size))
		return TEST_FAILED;
	if (!failed && !test->passed) {
		snprintf(why, size, "skipped");
		if (e.skip)
			return TEST_PASSED;
		return e.fail ? TEST_FAILED : TEST_SKIPPED;
	}
	if (e.skip) {
		snprintf(why, size, "has to be skipped and was not");
		return TEST_FAILED;
	}
	if (e.fail && failed && unlike(test, &e, why, size))
		return TEST_FAILED;
	snprintf(why, size, "%u ok, %u not ok, %u skipped, %zu splats",
		 test->passed, test->failed, test->skipped, test->splats.n);
	if (e.fail)
		add_caught(test, failed, why, size);
	return failed == e.fail ? TEST_PASSED : TEST_FAILED;
}

static struct test_job *find_test(struct test_run *run, unsigned int job)
{
	size_t i;

	for (i = 0; i < run->n; i++) {
		if (run->tests[i].job == job)
			return &run->tests[i];
	}
	return NULL;
}

static void begin(struct test_run *run, const struct record *rec)
{
	run->begun++;
	if (!words_verb_is(rec->text, run->verb ? run->verb : "test"))
		return;
	run->tests = xrealloc(run->tests, (run->n + 1) * sizeof(*run->tests));
	run->tests[run->n++] = (struct test_job){
		.job = rec->job,
		.words = xstrdup(rec->text),
		.planned = -1,
	};
}

static void tap_record(struct test_job *test, const struct record *rec)
{
	bool failed = test->failed;

	tap_line(test, rec->text);
	if (test->failed && !failed)
		test->failed_ms = rec->ms;
}

static void end(struct test_job *test, const struct record *rec)
{
	test->ended = true;
	test->hung = rec->timeout;
	test->signal = rec->signal;
	test->status = rec->status;
	if (!test->failed)
		test->failed_ms = rec->ms;
	if (rec->text && !rec->timeout && !rec->signal)
		test->error = xstrdup(rec->text);
}

/**
 * test_run_record() - take note of a record
 * @arg: the struct test_run
 * @rec: the record
 *
 * Return: 0.
 */
int test_run_record(void *arg, struct record *rec)
{
	struct test_run *run = arg;
	struct test_job *test = find_test(run, rec->job);

	if (rec->type == REC_HELLO)
		run->jobs = rec->jobs;
	else if (rec->type == REC_BEGIN)
		begin(run, rec);
	else if (rec->type == REC_DONE)
		run->done = true;
	else if (rec->type == REC_TAP && test)
		tap_record(test, rec);
	else if (rec->type == REC_KERNEL && test)
		keep(&test->kernel, rec->text, LINES_KEPT);
	else if (rec->type == REC_END && test)
		end(test, rec);
	return 0;
}

/**
 * test_run_console() - take note of a line of the kernel log
 * @run: the tests; all records have been read before
 * @log: where in the log the reader is
 * @line: the line
 */
void test_run_console(struct test_run *run, struct klog *log, char *line)
{
	struct test_job *test;

	printable(line);
	if (klog_line(log, line) == SPLAT_NONE)
		return;
	test = find_test(run, log->job);
	keep(test ? &test->splats : &run->stray, line, SPLATS_KEPT);
}

void test_run_free(struct test_run *run)
{
	size_t i;

	for (i = 0; i < run->n; i++) {
		free(run->tests[i].words);
		free(run->tests[i].error);
		free(run->tests[i].gave_up);
		strv_free(&run->tests[i].results);
		strv_free(&run->tests[i].not_ok);
		strv_free(&run->tests[i].splats);
		strv_free(&run->tests[i].kernel);
	}
	free(run->tests);
	strv_free(&run->stray);
	*run = (struct test_run){ 0 };
}
