// SPDX-License-Identifier: GPL-2.0-only
#include <fnmatch.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "parity.h"
#include "words.h"

#define LINES_SHOWN	40

/* How a program ended, in words that are alike when the ends are. */
static void end_of(const struct test_job *job, char *buf, size_t size)
{
	if (!job->ended)
		snprintf(buf, size, "the guest died in it");
	else if (job->error)
		snprintf(buf, size, "could not be run: %s", job->error);
	else if (job->hung)
		snprintf(buf, size, "over its time limit");
	else if (job->signal)
		snprintf(buf, size, "killed by signal %d", job->signal);
	else
		snprintf(buf, size, "status %d", job->status);
}

/* A failure without a result names nothing that could be compared. */
static bool says_nothing(const struct test_job *job)
{
	return !job->ended || job->error || job->hung ||
	       ((job->signal || (job->status && job->status != KSFT_SKIP)) &&
		!job->results.n);
}

static int by_text(const void *a, const void *b)
{
	return strcmp(*(char * const *)a, *(char * const *)b);
}

/* Owns nothing: the strings stay the job's. */
static struct strv sorted(const struct strv *lines)
{
	struct strv out = { 0 };

	out.v = xzalloc((lines->n + 1) * sizeof(*out.v));
	out.n = lines->n;
	if (out.n) {
		memcpy(out.v, lines->v, out.n * sizeof(*out.v));
		qsort(out.v, out.n, sizeof(*out.v), by_text);
	}
	return out;
}

static void differs(struct parity *p, const char *side, const char *what)
{
	if (p->diffs.n < LINES_SHOWN)
		strv_addf(&p->diffs, "%s: only in %s: %s", p->title, side, what);
}

/* Results as they are, however often, in whatever order. */
static void compare_results(struct parity *p, const struct strv *of_a,
			    const struct strv *of_b)
{
	struct strv a = sorted(of_a), b = sorted(of_b);
	size_t i = 0, j = 0;

	while (i < a.n || j < b.n) {
		int order = i == a.n ? 1 : j == b.n ? -1 :
			    strcmp(a.v[i], b.v[j]);

		if (order < 0)
			differs(p, "A", a.v[i]);
		else if (order > 0)
			differs(p, "B", b.v[j]);
		i += order <= 0;
		j += order >= 0;
	}
	free(a.v);
	free(b.v);
}

/**
 * parity_compare() - does a program end in run B as it did in run A?
 * @p: the answer; for parity_free()
 * @a: the job of run A
 * @b: the same job of run B
 *
 * Splats count as there or not there: their text has addresses in it.
 */
void parity_compare(struct parity *p, const struct test_job *a,
		    const struct test_job *b)
{
	char title[192], end_a[128], end_b[128];

	memset(p, 0, sizeof(*p));
	words_program(a->words, p->title, sizeof(p->title));
	words_program(b->words, title, sizeof(title));
	end_of(a, end_a, sizeof(end_a));
	end_of(b, end_b, sizeof(end_b));
	p->useless = says_nothing(a) && says_nothing(b);
	snprintf(p->outcome, sizeof(p->outcome),
		 "%u ok, %u not ok, %u skipped, %s%s", b->passed, b->failed,
		 b->skipped, end_b, b->splats.n ? ", splats" : "");
	if (strcmp(p->title, title)) {
		differs(p, "A", p->title);
		differs(p, "B", title);
		return;
	}
	if (strcmp(end_a, end_b)) {
		differs(p, "A", end_a);
		differs(p, "B", end_b);
	}
	compare_results(p, &a->results, &b->results);
	if (a->splats.n && !b->splats.n)
		differs(p, "A", a->splats.v[0]);
	if (b->splats.n && !a->splats.n)
		differs(p, "B", b->splats.v[0]);
}

/* Is this difference in the text: lines "pattern<TAB>reason", # for comments? */
static bool listed(const char *diff, const char *known, char *reason,
		   size_t size)
{
	while (*known) {
		size_t len = strcspn(known, "\n");
		char *line = xasprintf("%.*s", (int)len, known);
		char *tab = strchr(line, '\t');
		bool hit = false;

		if (*line != '#' && tab) {
			*tab = '\0';
			hit = !fnmatch(line, diff, 0);
			if (hit)
				snprintf(reason, size, "%s", tab + 1);
		}
		free(line);
		if (hit)
			return true;
		known += len;
		known += *known == '\n';
	}
	return false;
}

/**
 * parity_known() - is every difference one that is known?
 * @p: what parity_compare() found
 * @known: lines "PATTERN<TAB>REASON", see fnmatch(3); matched against a whole line
 *	of @p->diffs
 * @reason: the last one's reason
 * @size: bytes in @reason
 */
bool parity_known(const struct parity *p, const char *known, char *reason,
		  size_t size)
{
	size_t i;

	for (i = 0; i < p->diffs.n; i++) {
		if (!listed(p->diffs.v[i], known, reason, size))
			return false;
	}
	return p->diffs.n;
}

void parity_free(struct parity *p)
{
	strv_free(&p->diffs);
}
