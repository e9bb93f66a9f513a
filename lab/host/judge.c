// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "judge.h"
#include "words.h"

/* So many are named in the verdict; the report's tables have all. */
#define MOST_NAMED	3

static bool ends_in(const char *metric, const char *end)
{
	size_t len = strlen(metric);

	return len >= strlen(end) && !strcmp(metric + len - strlen(end), end);
}

/* With fewer than a hundred samples the 99th percentile is the maximum. */
static bool says_it_twice(const struct view *v, const char *arm, const char *metric)
{
	char other[96];
	long long sum;
	struct spread max, p99;

	if (!ends_in(metric, ".max_ns"))
		return false;
	snprintf(other, sizeof(other), "%.*sp99_ns",
		 (int)(strlen(metric) - strlen("max_ns")), metric);
	max = view_gather(v, arm, metric, &sum);
	p99 = view_gather(v, arm, other, &sum);
	return p99.n && p99.median == max.median;
}

static void weigh(struct judged *j, struct finding *f, bool all)
{
	size_t more = 0, less = 0, above = 0;
	size_t i;

	for (i = 0; i < f->rivals; i++) {
		more += f->change[i].judgement == MORE;
		less += f->change[i].judgement == LESS;
		above += f->change[i].judgement != SAME && f->change[i].ratio > 1;
	}
	f->worse = all && more == f->rivals;
	f->better = less == f->rivals;
	f->above = all && above == f->rivals;
	j->worse += f->worse;
	j->better += f->better;
	j->above += f->above;
	j->unclear += f->change[0].judgement == UNCLEAR;
}

static void compare_metric(struct judged *j, const struct view *v, const char *metric)
{
	struct finding f = { 0 };
	bool all = true;
	long long sum;
	size_t i;

	for (i = 0; i < MOST_RIVALS && j->rivals[i]; i++) {
		if (!view_change(v, metric, j->rivals[i], j->arm, &f.change[f.rivals])) {
			all = false;
			continue;
		}
		f.rival[f.rivals++] = view_gather(v, j->rivals[i], metric, &sum).median;
	}
	if (!f.rivals)
		return;
	f.value = view_gather(v, j->arm, metric, &sum).median;
	f.workload = view_name(v);
	f.metric = xstrdup(metric);
	weigh(j, &f, all);
	j->found = xrealloc(j->found, (j->n + 1) * sizeof(*j->found));
	j->found[j->n++] = f;
}

/* The ratio to the rival that does best. */
static double badness(const struct finding *f)
{
	double least = f->change[0].ratio;
	size_t i;

	for (i = 1; i < f->rivals; i++)
		least = fmin(least, f->change[i].ratio);
	return least;
}

static int by_badness(const void *a, const void *b)
{
	const struct finding *x = a, *y = b;
	double p = badness(x), q = badness(y);

	if (x->worse != y->worse)
		return x->worse ? -1 : 1;
	return (p < q) - (p > q);
}

static size_t least_rounds(const struct results *res)
{
	size_t at = 0, least = SIZE_MAX;
	struct view v;

	while (view_next(&v, res, &at, true)) {
		if (v.least_rounds < least)
			least = v.least_rounds;
		view_free(&v);
	}
	return least;
}

/**
 * judge_arm() - compare an arm with its rivals in everything that is judged
 * @j: the result, for judge_free()
 * @res: the results; they must outlive it
 * @arm: the arm
 * @first: a rival
 * @second: another, or NULL
 *
 * Return: false if the arm, or every rival, was not run.
 */
bool judge_arm(struct judged *j, const struct results *res, const char *arm,
	       const char *first, const char *second)
{
	bool has_arm = results_have_arm(res, arm);
	size_t at = 0, nr = 0;
	struct view v;
	size_t i;

	*j = (struct judged){
		.arm = arm,
		.rounds = least_rounds(res),
		.least = results_parallel(res) ? RATIO_LEAST_ROUNDS : VIEW_LEAST_ROUNDS,
	};
	if (results_have_arm(res, first))
		j->rivals[nr++] = first;
	else
		j->missing = first;
	if (second && results_have_arm(res, second))
		j->rivals[nr++] = second;
	else if (second && !j->missing)
		j->missing = second;
	if (!has_arm || !nr)
		return false;
	while (view_next(&v, res, &at, false)) {
		for (i = 0; i < v.metrics.n; i++) {
			if (metric_is_judged(v.metrics.v[i]) &&
			    !says_it_twice(&v, arm, v.metrics.v[i]))
				compare_metric(j, &v, v.metrics.v[i]);
		}
		view_free(&v);
	}
	if (j->n)
		qsort(j->found, j->n, sizeof(*j->found), by_badness);
	return true;
}

void judge_free(struct judged *j)
{
	size_t i;

	for (i = 0; i < j->n; i++) {
		free(j->found[i].workload);
		free(j->found[i].metric);
	}
	free(j->found);
	*j = (struct judged){ 0 };
}

static void append(char **text, char *more)
{
	char *whole = xasprintf("%s%s", *text, more);

	free(*text);
	free(more);
	*text = whole;
}

/* "mainline 1.08 ms (+9.3 %)": of a factor of two and more, the factor. */
static char *rival_text(const struct judged *j, const struct finding *f, size_t i)
{
	double ratio = f->change[i].ratio;
	char value[32], change[32];

	metric_value(f->metric, f->rival[i], value, sizeof(value));
	if (isinf(ratio))
		snprintf(change, sizeof(change), "from nothing");
	else if (ratio >= 2)
		snprintf(change, sizeof(change), "%.*f times", ratio < 10 ? 1 : 0, ratio);
	else
		ratio_change(ratio, change, sizeof(change));
	return xasprintf("%s %s (%s)", j->rivals[i], value, change);
}

/**
 * judge_finding() - a finding in words
 * @j: what it is part of
 * @f: the finding
 *
 * Return: "storm forkers=1: fork.p99 1.18 ms, mainline 1.08 ms (+9.3 %)", for the caller
 * to free.
 */
char *judge_finding(const struct judged *j, const struct finding *f)
{
	char value[32];
	char *text;
	size_t i;

	metric_value(f->metric, f->value, value, sizeof(value));
	text = xasprintf("%s: %.*s %s", f->workload, metric_name_len(f->metric), f->metric,
			 value);
	for (i = 0; i < f->rivals; i++) {
		char *one = rival_text(j, f, i);

		append(&text, xasprintf(", %s", one));
		free(one);
	}
	return text;
}

static char *rivals_text(const struct judged *j)
{
	return j->rivals[1] ? xasprintf("both %s and %s", j->rivals[0], j->rivals[1]) :
			      xstrdup(j->rivals[0]);
}

/* The first of what is worse than every rival; items of a list begin with "- ". */
static void name_worse(const struct judged *j, struct strv *sentences)
{
	size_t i;

	for (i = 0; i < j->worse && i < MOST_NAMED; i++) {
		char *one = judge_finding(j, &j->found[i]);

		strv_addf(sentences, "- %s", one);
		free(one);
	}
	if (j->worse > MOST_NAMED)
		strv_addf(sentences, "- and %zu more, below", j->worse - MOST_NAMED);
}

/* The first sentence of all: where the arm is worse than every rival. */
static void say_worse(const struct judged *j, struct strv *sentences, enum tone *tone)
{
	char *rivals = rivals_text(j);

	if (j->worse) {
		strv_addf(sentences, "%s is worse than %s in %zu of %zu numbers:",
			  j->arm, rivals, j->worse, j->n);
		name_worse(j, sentences);
		*tone = TONE_BAD;
	} else {
		strv_addf(sentences, "In none of %zu numbers is %s worse than %s.", j->n,
			  j->arm, rivals);
	}
	if (j->missing)
		strv_addf(sentences, "%s was not run, so nothing is said of it.",
			  j->missing);
	free(rivals);
}

/* Too few rounds: no difference counts, and silence would look like good news. */
static void say_too_few(const struct judged *j, struct strv *sentences)
{
	char *rivals = rivals_text(j);

	strv_addf(sentences, "Too few rounds to tell: %zu, and it takes %zu. In %zu of %zu numbers %s is above %s, which may be chance.",
		  j->rounds, j->least, j->above, j->n, j->arm, rivals);
	free(rivals);
}

/* What is worse comes first in the list; the best, where it is sure, last. */
static void say_most(const struct judged *j, bool loss, char **text)
{
	size_t i = loss ? 0 : j->n - 1;
	char *one;

	while (!loss && !j->found[i].better)
		i--;
	one = judge_finding(j, &j->found[i]);
	append(text, xasprintf(" Most %s: %s.", loss ? "lost" : "gained", one));
	free(one);
}

/* Every repair is held to the same measure, losses and gains. */
static void say_balance(const struct results *res, const char *arm, const char *rival,
			struct strv *sentences)
{
	struct judged j;
	char *text;

	if (judge_arm(&j, res, arm, rival, NULL) && j.n) {
		text = xasprintf("%s against %s: worse in %zu of %zu numbers, better in %zu.",
				 arm, rival, j.worse, j.n, j.better);
		if (j.worse)
			say_most(&j, true, &text);
		if (j.better)
			say_most(&j, false, &text);
		strv_add(sentences, text);
	}
	judge_free(&j);
}

/* How often a major fault took mmap_lock, over everything that was run. */
static void say_mmap_lock(const struct results *res, struct strv *sentences)
{
	struct strv arms = { 0 };
	char *text = xstrdup("");
	size_t i;

	results_arms(res, &arms);
	for (i = 0; i < arms.n; i++) {
		long long taken, major;

		if (!results_sum(res, arms.v[i], "mmap_lock_reads_by_faults", &taken) ||
		    !results_sum(res, arms.v[i], "major_faults", &major) || !major)
			continue;
		append(&text, xasprintf("%s%.1f in %s", *text ? ", " : "",
					(double)taken * 100 / (double)major, arms.v[i]));
	}
	if (*text)
		strv_addf(sentences, "Of 100 major faults took mmap_lock: %s.", text);
	free(text);
	strv_free(&arms);
}

/* How many of so many differences would be there if the arms were the same. */
static unsigned long long one_in(size_t rounds)
{
	unsigned long long ways = 1;
	size_t i;

	for (i = 1; i <= rounds && ways < 1000000; i++)
		ways = ways * (rounds + i) / i;
	return ways / 2;
}

static void say_how(const struct results *res, const struct judged *j,
		    struct strv *sentences)
{
	if (results_parallel(res))
		strv_addf(sentences, "Parallel: a difference counts only where the 95 %% interval of the ratios within a round does not have 1 in it (sign test).");
	else
		strv_addf(sentences, "Deterministic: a difference counts where every one of %zu rounds of one arm lies on one side of every round of the other. One in %llu would do so if the arms were the same.",
			  j->rounds, one_in(j->rounds));
	if (j->unclear)
		strv_addf(sentences, "%zu of %zu numbers of %s differ from those of %s, but not so, and nothing is claimed of them.",
			  j->unclear, j->n, j->arm, j->rivals[0]);
}

static void say_cut_short(const struct results *res, struct strv *sentences)
{
	long long cuts = results_number(res, NULL, "cut_short");

	if (cuts)
		strv_addf(sentences, "The comparison was cut short %lld time%s and continued in another boot: it is not one boot, and its digits need not repeat.",
			  cuts, cuts > 1 ? "s" : "");
}

/* A run that failed may be a loss that no number tells of. */
static void say_failed(const struct results *res, struct strv *sentences, enum tone *tone)
{
	struct strv lines = { 0 };
	char arm[64];
	size_t i;

	results_failed(res, &lines);
	for (i = 0; i < lines.n; i++) {
		strv_addf(sentences, "%s%s", i ? "- " : "", lines.v[i]);
		words_get(lines.v[i], "arm", arm, sizeof(arm));
		if (!strcmp(arm, OUR_ARM) || !strcmp(arm, "series"))
			*tone = TONE_BAD;
	}
	strv_free(&lines);
}

/* With rounds enough to tell. */
static void say_claims(const struct results *res, const struct judged *ours,
		       const struct judged *series, struct strv *sentences,
		       enum tone *tone)
{
	if (ours->n)
		say_worse(ours, sentences, tone);
	if (series->n)
		say_worse(series, sentences, tone);
	say_mmap_lock(res, sentences);
	say_balance(res, OUR_ARM, BASE_ARM, sentences);
	say_balance(res, "retry", BASE_ARM, sentences);
	say_balance(res, "hold", BASE_ARM, sentences);
	say_balance(res, "series", "unpatched", sentences);
	say_how(res, ours->n ? ours : series, sentences);
}

/**
 * judge_verdict() - what it all comes to, in plain sentences
 * @res: the results
 * @sentences: gets them, what is bad news for the series first; an item of a list
 *	begins with "- "
 * @tone: what they come to
 */
void judge_verdict(const struct results *res, struct strv *sentences, enum tone *tone)
{
	struct judged ours, series;
	const struct judged *any = &ours;
	bool enough = false;

	*tone = TONE_NONE;
	say_failed(res, sentences, tone);
	judge_arm(&ours, res, OUR_ARM, BASE_ARM, "retry");
	judge_arm(&series, res, "series", "unpatched", NULL);
	if (!ours.n)
		any = &series;
	if (!any->n)
		strv_addf(sentences, "Nothing can be said of " OUR_ARM ": %s was not run.",
			  results_have_arm(res, OUR_ARM) ? "what it is compared with" :
							    "it");
	else if (any->rounds < any->least)
		say_too_few(any, sentences);
	else
		enough = true;
	if (enough && *tone == TONE_NONE)
		*tone = TONE_GOOD;
	if (enough)
		say_claims(res, &ours, &series, sentences, tone);
	else
		say_mmap_lock(res, sentences);
	say_cut_short(res, sentences);
	judge_free(&ours);
	judge_free(&series);
}
