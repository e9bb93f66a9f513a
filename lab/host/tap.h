/* SPDX-License-Identifier: GPL-2.0-only */
/* Judge test jobs: what they print (TAP), how they end, what the kernel says. */
#ifndef TAP_H
#define TAP_H

#include <stdbool.h>
#include <stddef.h>

#include "records.h"
#include "splat.h"
#include "util.h"

/**
 * struct test_job - a job that is a test
 * @job: its number
 * @words: its job line
 * @planned: tests in its plan; -1 without a plan
 * @passed: "ok" lines
 * @failed: "not ok" lines
 * @skipped: "ok ... # SKIP" lines, or the whole plan skipped
 * @results: every "ok" and "not ok" line, its number left out
 * @not_ok: the "not ok" lines themselves, and the lines that explain them
 * @gave_up: the text of its first "Bail out!", which says that it could not test; or NULL
 * @splats: splats in the kernel log
 * @kernel: the end of the kernel log, if a signal killed it
 * @failed_ms: guest time from its beginning to its first "not ok", without one to
 *	its end
 * @ended: it has ended
 * @hung: over its time limit
 * @signal: what killed it, or 0
 * @status: its exit status
 * @error: PID 1 could not run it, and why; or NULL
 */
struct test_job {
	unsigned int job;
	char *words;
	int planned;
	unsigned int passed;
	unsigned int failed;
	unsigned int skipped;
	struct strv results;
	struct strv not_ok;
	char *gave_up;
	struct strv splats;
	struct strv kernel;
	unsigned int failed_ms;
	bool ended;
	bool hung;
	int signal;
	int status;
	char *error;
};

enum test_result {
	TEST_PASSED,
	TEST_FAILED,
	TEST_SKIPPED,
};

/**
 * struct test_run - the tests of a run
 * @verb: the jobs that are tests; NULL: "test"
 * @tests: in the order in which they ran
 * @n: how many
 * @stray: splats outside of any test
 * @jobs: jobs that the guest said it had
 * @begun: jobs that began
 * @done: the guest sent its last record
 */
struct test_run {
	const char *verb;
	struct test_job *tests;
	size_t n;
	struct strv stray;
	unsigned int jobs;
	unsigned int begun;
	bool done;
};

#define KSFT_SKIP	4

void tap_line(struct test_job *test, const char *line);
enum test_result test_judge(const struct test_job *test, char *why,
			    size_t size);
int test_run_record(void *arg, struct record *rec);
void test_run_console(struct test_run *run, struct klog *log, char *line);
void test_run_free(struct test_run *run);

#endif
