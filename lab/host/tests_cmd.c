// SPDX-License-Identifier: GPL-2.0-only
/* `mflab tests`: one line a test, and what went wrong below it. `mflab splats`. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <string.h>

#include "mflab.h"
#include "tail.h"
#include "tap.h"
#include "tests_cmd.h"
#include "words.h"

/**
 * struct tally - what there is to say at the end
 * @result: how many tests of each result
 */
struct tally {
	unsigned int result[TEST_SKIPPED + 1];
};

struct reader {
	struct test_run *run;
	struct klog *log;
	unsigned int splats;
};

static void console_line(void *arg, char *line)
{
	struct reader *reader = arg;

	test_run_console(reader->run, reader->log, line);
}

static void splat_line(void *arg, char *line)
{
	struct reader *reader = arg;

	printable(line);
	if (klog_line(reader->log, line) == SPLAT_NONE)
		return;
	reader->splats++;
	printf("%s\n", line);
}

static int read_console(struct reader *reader, const char *path, tail_fn fn)
{
	struct splat_rules rules;
	struct klog log = { .rules = &rules };
	struct tail tail;
	char why[160];
	int ret;

	if (splat_rules_load(&rules, splats_txt, why, sizeof(why))) {
		warnx("splats.txt: %s; mend it and rebuild", why);
		splat_rules_free(&rules);
		return -1;
	}
	reader->log = &log;
	tail_init(&tail, path);
	ret = tail_poll(&tail, true, fn, reader);
	if (ret < 0 || tail.fd < 0) {
		warnx("%s: %s; give the console's log of the run", path,
		      strerror(ret < 0 ? -ret : 2));
		ret = -1;
	}
	tail_free(&tail);
	splat_rules_free(&rules);
	return ret < 0 ? -1 : 0;
}

static void list(const struct strv *lines, const char *what)
{
	size_t i;

	for (i = 0; i < lines->n; i++)
		printf("       %s%s\n", what, lines->v[i]);
}

static void print_test(const struct test_job *test, struct tally *tally)
{
	static const char * const names[] = {
		[TEST_PASSED] = "ok  ",
		[TEST_FAILED] = "FAIL",
		[TEST_SKIPPED] = "skip",
	};
	enum test_result result;
	char title[128];
	char why[192];

	result = test_judge(test, why, sizeof(why));
	tally->result[result]++;
	words_title(test->words, title, sizeof(title));
	printf("%s  %s: %s\n", names[result], title, why);
	if (result != TEST_FAILED)
		return;
	list(&test->not_ok, "");
	list(&test->splats, "kernel: ");
	list(&test->kernel, "kernel's last lines: ");
}

static void print_fault(struct tally *tally, const char *what,
			const struct strv *lines)
{
	tally->result[TEST_FAILED]++;
	printf("FAIL  %s\n", what);
	if (lines)
		list(lines, "kernel: ");
}

static enum mf_status print_run(const struct test_run *run)
{
	struct tally tally = { { 0 } };
	size_t i;

	for (i = 0; i < run->n; i++)
		print_test(&run->tests[i], &tally);
	if (run->stray.n)
		print_fault(&tally, "splats outside of any test", &run->stray);
	if (!run->done || run->begun < run->jobs)
		print_fault(&tally,
			    "the guest ended before its jobs did; see the console's log",
			    NULL);
	if (!run->n)
		print_fault(&tally, "there was no test at all", NULL);
	if (tally.result[TEST_SKIPPED])
		printf("%u skipped\n", tally.result[TEST_SKIPPED]);
	printf("%u passed, %u failed\n", tally.result[TEST_PASSED],
	       tally.result[TEST_FAILED]);
	return tally.result[TEST_FAILED] ? MF_DIFFERS : MF_OK;
}

/**
 * test_run_read() - what a run's files say of its tests
 * @run: where to; only @run->verb is set
 * @records: file of records
 * @console: the kernel log of the same run
 *
 * Return: 0, or -1 after it has said why.
 */
int test_run_read(struct test_run *run, const char *records,
		  const char *console)
{
	struct reader reader = { .run = run };
	unsigned int malformed = 0;

	if (records_read(records, test_run_record, run, &malformed))
		return -1;
	return read_console(&reader, console, console_line);
}

static enum mf_status judge(const char *records, const char *console)
{
	struct test_run run = { 0 };
	enum mf_status status = MF_USAGE;

	if (!test_run_read(&run, records, console))
		status = print_run(&run);
	test_run_free(&run);
	return status;
}

int cmd_splats(int argc, char **argv)
{
	struct reader reader = { 0 };

	if (argc != 2) {
		warnx("splats needs the console's log of a run; see `mflab help`");
		return MF_USAGE;
	}
	if (read_console(&reader, argv[1], splat_line))
		return MF_USAGE;
	return reader.splats ? MF_DIFFERS : MF_OK;
}

int cmd_tests(int argc, char **argv)
{
	static const struct option options[] = {
		{ "records", required_argument, NULL, 'r' },
		{ "console", required_argument, NULL, 'c' },
		{ 0 }
	};
	const char *records = NULL;
	const char *console = NULL;
	int key;

	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (key) {
		case 'r':
			records = optarg;
			break;
		case 'c':
			console = optarg;
			break;
		default:
			return MF_USAGE;
		}
	}
	if (!records || !console || optind < argc) {
		warnx("tests needs --records and --console; see `mflab help`");
		return MF_USAGE;
	}
	return judge(records, console);
}
