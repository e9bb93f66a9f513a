// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "progress.h"
#include "words.h"

#define TITLE_MAX	96

/* A test may be meant to fail, a shell ends with its last command's status. */
static bool judged_elsewhere(const char *words)
{
	return words_verb_is(words, "test") || words_verb_is(words, "program") ||
	       words_verb_is(words, "shell");
}

/* The guest numbers its jobs; a number out of reason is garbage. */
#define JOB_MAX	100000

static struct progress_job *job_of(struct progress *pg, unsigned int job)
{
	unsigned int n = pg->of_n;

	if (job > JOB_MAX)
		job = 0;
	if (job >= n) {
		pg->of_n = job + 64;
		pg->of = xrealloc(pg->of, pg->of_n * sizeof(*pg->of));
		memset(pg->of + n, 0, (pg->of_n - n) * sizeof(*pg->of));
	}
	return &pg->of[job];
}

static int digits(unsigned int n)
{
	return snprintf(NULL, 0, "%u", n);
}

static void label(const struct progress *pg, char *buf, size_t size)
{
	char title[TITLE_MAX];

	words_title(pg->words ? pg->words : "", title, sizeof(title));
	snprintf(buf, size, "[%*u/%u] %s", digits(pg->jobs), pg->last, pg->jobs,
		 title);
}

/*
 * About how long the jobs that have not begun will take: as long, on the mean, as the
 * workloads that have ended.  Rounds are the same jobs again, so that from the second
 * on this is close.  Negative: nothing is known yet, or nothing is left.
 */
static double left_s(const struct progress *pg)
{
	unsigned int left = pg->jobs > pg->last ? pg->jobs - pg->last : 0;

	if (!left || !pg->timed)
		return -1;
	return pg->took_s / pg->timed * left;
}

/**
 * progress_left() - how long it will take yet, in words
 * @seconds: how long; negative: it is not known
 * @buf: for example ", about 3 min left"; empty if it is not known
 * @size: bytes in @buf
 */
void progress_left(double seconds, char *buf, size_t size)
{
	if (seconds < 0)
		*buf = '\0';
	else if (seconds < 90)
		snprintf(buf, size, ", about %.0f s left", seconds);
	else
		snprintf(buf, size, ", about %.0f min left", seconds / 60);
}

static void hello(struct progress *pg, const struct record *rec)
{
	pg->jobs = rec->jobs;
	out_say(pg->out, "booted %s in %.1f s, %u jobs", rec->text,
		now_s() - pg->started_s, rec->jobs);
}

static void begin(struct progress *pg, const struct record *rec)
{
	struct progress_job *job = job_of(pg, rec->job);

	job->begun = true;
	job->elsewhere = judged_elsewhere(rec->text);
	free(pg->words);
	pg->words = xstrdup(rec->text);
	pg->job = rec->job;
	pg->last = rec->job;
	pg->begun_s = now_s();
}

static void kernel(struct progress *pg, const struct record *rec)
{
	char *line = xstrdup(rec->text);

	printable(line);
	strv_add(&pg->kernel, line);
}

static void say_kernel(struct progress *pg)
{
	size_t i;

	if (pg->kernel.n)
		out_say(pg->out, "the kernel's last %zu lines by then:",
			pg->kernel.n);
	for (i = 0; i < pg->kernel.n; i++)
		out_say(pg->out, "  %s", pg->kernel.v[i]);
	strv_free(&pg->kernel);
}

static void end(struct progress *pg, const struct record *rec)
{
	struct progress_job *job = job_of(pg, rec->job);
	double took_s = now_s() - pg->begun_s;
	char outcome[256] = "";
	char name[160], left[48];

	pg->ended++;
	if (pg->words && words_verb_is(pg->words, "run")) {
		pg->timed++;
		pg->took_s += took_s;
	}
	progress_left(left_s(pg), left, sizeof(left));
	pg->job = 0;
	job->failed = record_failed(rec);
	if (job->failed)
		record_outcome(rec, outcome, sizeof(outcome));
	label(pg, name, sizeof(name));
	out_say(pg->out, "%s ... %.1f s%s%s%s%s%s%s", name, took_s, left,
		(job->failed || job->splat) && !job->elsewhere ? "  FAILED" :
								 "",
		job->failed || job->splat ? ": " : "", outcome,
		job->failed && job->splat ? ", " : "",
		job->splat ? "kernel splat" : "");
	say_kernel(pg);
}

/**
 * progress_record() - take note of a record
 * @pg: what is known so far
 * @rec: the record
 */
void progress_record(struct progress *pg, const struct record *rec)
{
	switch (rec->type) {
	case REC_HELLO:
		hello(pg, rec);
		break;
	case REC_BEGIN:
		begin(pg, rec);
		break;
	case REC_KERNEL:
		kernel(pg, rec);
		break;
	case REC_END:
		end(pg, rec);
		break;
	case REC_DONE:
		pg->done = true;
		break;
	case REC_RUN:
	case REC_TAP:
		break;
	}
}

/**
 * progress_splat() - take note of a splat in the kernel log
 * @pg: what is known so far
 * @job: the job that it is put down to; 0: none
 * @line: its line of the log
 * @panic: the kernel has stopped
 *
 * The first line of each job is shown; a splat has many.
 */
void progress_splat(struct progress *pg, unsigned int job, const char *line,
		    bool panic)
{
	struct progress_job *of = job_of(pg, job);

	if (of->splat && !panic)
		return;
	of->splat = true;
	out_say(pg->out, "kernel %s in job %u: %s", panic ? "panic" : "splat",
		job, line);
}

/**
 * progress_failed() - how many jobs, tests and shells apart, have failed
 * @pg: what is known so far
 *
 * A splat before the first job fails none.
 */
unsigned int progress_failed(const struct progress *pg)
{
	unsigned int n = 0;
	unsigned int i;

	for (i = 1; i < pg->of_n; i++) {
		const struct progress_job *job = &pg->of[i];

		if (job->begun && !job->elsewhere &&
		    (job->failed || job->splat))
			n++;
	}
	return n;
}

void progress_free(struct progress *pg)
{
	strv_free(&pg->kernel);
	free(pg->words);
	free(pg->of);
	pg->words = NULL;
	pg->of = NULL;
}

/**
 * progress_live() - draw the line for what is running now
 * @pg: what is known so far
 */
void progress_live(const struct progress *pg)
{
	char name[160], left[48];
	double passed_s = now_s() - pg->begun_s;
	double rest_s = left_s(pg);

	if (!pg->jobs && !pg->last) {
		out_live(pg->out, "booting ... %.0f s",
			 now_s() - pg->started_s);
	} else if (pg->job) {
		if (pg->timed && pg->took_s / pg->timed > passed_s)
			rest_s = (rest_s < 0 ? 0 : rest_s) + pg->took_s / pg->timed - passed_s;
		label(pg, name, sizeof(name));
		progress_left(rest_s, left, sizeof(left));
		out_live(pg->out, "%s ... %.0f s%s", name, passed_s, left);
	}
}

/**
 * progress_where() - say in words where the guest is
 * @pg: what is known so far
 * @buf: for example "in job 3 of 12 (storm arm=hold round=1)"
 * @size: bytes in @buf
 */
void progress_where(const struct progress *pg, char *buf, size_t size)
{
	char title[TITLE_MAX];

	words_title(pg->words ? pg->words : "", title, sizeof(title));
	if (pg->done)
		snprintf(buf, size, "after its last job, powering off");
	else if (!pg->jobs && !pg->last)
		snprintf(buf, size, "before its first job");
	else if (!pg->last)
		snprintf(buf, size, "before job 1 of %u", pg->jobs);
	else
		snprintf(buf, size, "%s job %u of %u (%s)",
			 pg->job ? "in" : "after", pg->last, pg->jobs, title);
}
