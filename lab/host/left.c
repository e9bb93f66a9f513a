// SPDX-License-Identifier: GPL-2.0-only
/* `mflab left`: which jobs of a run that was cut short are still to be done. */
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>

#include "left.h"
#include "mflab.h"
#include "records.h"
#include "words.h"

/**
 * struct walk - on the way through the records of a boot
 * @done: gets the words of each job that is done
 * @job: the job under way
 * @words: its words; NULL: there is none under way
 * @has_run: it has given a run
 */
struct walk {
	struct strv *done;
	unsigned int job;
	char *words;
	bool has_run;
};

static void forget(struct walk *w)
{
	free(w->words);
	w->words = NULL;
	w->has_run = false;
}

static int step(void *arg, struct record *rec)
{
	struct walk *w = arg;

	if (rec->type == REC_BEGIN) {
		forget(w);
		w->job = rec->job;
		w->words = xstrdup(rec->text);
	} else if (rec->type == REC_RUN) {
		w->has_run |= rec->job == w->job;
	} else if (rec->type == REC_END) {
		if (w->words && rec->job == w->job && w->has_run && !record_failed(rec)) {
			strv_add(w->done, w->words);
			w->words = NULL;
		}
		forget(w);
	}
	return 0;
}

/**
 * left_read() - which workloads a boot has seen to their end
 * @path: its records; a line that was torn at the end is skipped
 * @done: gets their job lines
 *
 * Return: 0, or a negative errno after a message.
 */
int left_read(const char *path, struct strv *done)
{
	struct walk w = { .done = done };
	unsigned int torn = 0;
	int ret = records_read(path, step, &w, &torn);

	forget(&w);
	return ret;
}

/* The same line may be there several times: each counts once. */
static bool take(struct strv *done, bool *taken, const char *line)
{
	size_t i;

	for (i = 0; i < done->n; i++) {
		if (!taken[i] && !strcmp(done->v[i], line)) {
			taken[i] = true;
			return true;
		}
	}
	return false;
}

/**
 * left_print() - the jobs without the workloads that are done
 * @f: where to; what prepares the guest is always printed
 * @jobs: the text of the jobs
 * @done: job lines
 *
 * Return: how many workloads are left.
 */
size_t left_print(FILE *f, const char *jobs, struct strv *done)
{
	bool *taken = xzalloc(done->n + 1);
	struct strv lines = { 0 };
	size_t left = 0;
	size_t i;

	strv_split(&lines, jobs, '\n');
	for (i = 0; i < lines.n; i++) {
		bool run = words_verb_is(lines.v[i], "run");

		if (run && take(done, taken, lines.v[i]))
			continue;
		left += run;
		fprintf(f, "%s\n", lines.v[i]);
	}
	strv_free(&lines);
	free(taken);
	return left;
}

int cmd_left(int argc, char **argv)
{
	static const struct option options[] = {
		{ "jobs", required_argument, NULL, 'j' },
		{ 0 }
	};
	enum mf_status status = MF_USAGE;
	struct strv done = { 0 };
	const char *path = NULL;
	size_t len;
	char *jobs;
	int key;

	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (key != 'j')
			return MF_USAGE;
		path = optarg;
	}
	if (!path || read_whole(path, &jobs, &len)) {
		warnx("left needs a file of --jobs that can be read; see `mflab help`");
		return MF_USAGE;
	}
	for (; optind < argc; optind++) {
		if (left_read(argv[optind], &done))
			goto out;
	}
	left_print(stdout, jobs, &done);
	status = MF_OK;
out:
	strv_free(&done);
	free(jobs);
	return status;
}
