// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "tap.h"
#include "words.h"

#define SPLATS_KEPT	10
#define LINES_KEPT	40

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

	if (test->signal)
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

/**
 * test_judge() - did a test do what was expected of it?
 * @test: the test
 * @why: what it did, in words
 * @size: bytes in @why
 *
 * A test with expect=fail must fail by a "not ok" or a splat, and if not_ok=N is
 * given, in so many cases. Not running, crashing or hanging is no such failure: it
 * proves nothing. With expect=skip nothing of it must run.
 */
enum test_result test_judge(const struct test_job *test, char *why,
			    size_t size)
{
	bool failed = test->failed || test->splats.n;
	char expect[16], not_ok[16];

	if (!words_get(test->words, "expect", expect, sizeof(expect)))
		snprintf(expect, sizeof(expect), "pass");
	if (strcmp(expect, "pass") && strcmp(expect, "fail") && strcmp(expect, "skip")) {
		snprintf(why, size, "expect=%s: give pass, fail or skip", expect);
		return TEST_FAILED;
	}
	if (did_not_run(test, why, size))
		return TEST_FAILED;
	if (!failed && inconsistent(test, why, size))
		return TEST_FAILED;
	if (!failed && !test->passed && test->skipped) {
		snprintf(why, size, "skipped");
		if (!strcmp(expect, "skip"))
			return TEST_PASSED;
		return strcmp(expect, "fail") ? TEST_SKIPPED : TEST_FAILED;
	}
	if (!strcmp(expect, "skip")) {
		snprintf(why, size, "has to be skipped and was not");
		return TEST_FAILED;
	}
	if (words_get(test->words, "not_ok", not_ok, sizeof(not_ok)) &&
	    strtoul(not_ok, NULL, 10) != test->failed) {
		snprintf(why, size, "%u not ok, expected %s", test->failed, not_ok);
		return TEST_FAILED;
	}
	snprintf(why, size, "%u ok, %u not ok, %u skipped, %zu splats",
		 test->passed, test->failed, test->skipped, test->splats.n);
	if (!strcmp(expect, "fail"))
		add_caught(test, failed, why, size);
	return failed == !strcmp(expect, "fail") ? TEST_PASSED : TEST_FAILED;
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
		strv_free(&run->tests[i].results);
		strv_free(&run->tests[i].not_ok);
		strv_free(&run->tests[i].splats);
		strv_free(&run->tests[i].kernel);
	}
	free(run->tests);
	strv_free(&run->stray);
	*run = (struct test_run){ 0 };
}
