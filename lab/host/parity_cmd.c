// SPDX-License-Identifier: GPL-2.0-only
/* `mflab parity`: a line a program, and what differs below it. */
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "mflab.h"
#include "parity.h"
#include "tests_cmd.h"

struct tally {
	unsigned int passed;
	unsigned int failed;
};

static void print_pair(const struct test_job *a, const struct test_job *b,
		       const char *known, struct tally *tally)
{
	char reason[256] = "";
	struct parity p;
	bool fine;
	size_t i;

	parity_compare(&p, a, b);
	fine = !p.useless && (!p.diffs.n ||
			      parity_known(&p, known, reason, sizeof(reason)));
	tally->passed += fine;
	tally->failed += !fine;
	printf("%s %s: %s%s%s\n", fine ? "ok" : "not ok", p.title, p.outcome,
	       p.useless ? "; says nothing" :
	       !p.diffs.n ? ", the same" :
	       fine ? "; differs, known: " : "; differs", reason);
	for (i = 0; i < p.diffs.n; i++)
		printf("       %s\n", p.diffs.v[i]);
	parity_free(&p);
}

static void print_fault(struct tally *tally, const char *what)
{
	tally->failed++;
	printf("not ok %s\n", what);
}

static enum mf_status print_runs(const struct test_run *a,
				 const struct test_run *b, const char *known)
{
	struct tally tally = { 0 };
	size_t i;

	for (i = 0; i < a->n && i < b->n; i++)
		print_pair(&a->tests[i], &b->tests[i], known, &tally);
	if (a->n != b->n)
		print_fault(&tally, "the runs have not the same number of programs");
	if (!a->n)
		print_fault(&tally, "there was no program at all");
	if (!a->done || !b->done)
		print_fault(&tally, "a guest ended before its jobs did; see its console's log");
	if (a->stray.n || b->stray.n)
		print_fault(&tally, "splats outside of any program");
	printf("%u passed, %u failed\n", tally.passed, tally.failed);
	return tally.failed ? MF_DIFFERS : MF_OK;
}

static int read_dir(struct test_run *run, const char *dir)
{
	char *records = xasprintf("%s/records.jsonl", dir);
	char *console = xasprintf("%s/console.log", dir);
	int ret;

	run->verb = "program";
	ret = test_run_read(run, records, console);
	free(records);
	free(console);
	return ret;
}

int cmd_parity(int argc, char **argv)
{
	static const struct option options[] = {
		{ "known", required_argument, NULL, 'k' },
		{ 0 }
	};
	struct test_run a = { 0 }, b = { 0 };
	enum mf_status status = MF_USAGE;
	const char *path = NULL;
	char *known = NULL;
	size_t len;
	int key;

	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (key != 'k')
			return MF_USAGE;
		path = optarg;
	}
	if (argc - optind != 2) {
		warnx("parity needs the directories of two runs; see `mflab help`");
		return MF_USAGE;
	}
	if (path && read_whole(path, &known, &len)) {
		warnx("%s: cannot be read; give a file of known differences", path);
		return MF_USAGE;
	}
	if (!read_dir(&a, argv[optind]) && !read_dir(&b, argv[optind + 1]))
		status = print_runs(&a, &b, known ? known : "");
	test_run_free(&a);
	test_run_free(&b);
	free(known);
	return status;
}
