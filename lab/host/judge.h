/* SPDX-License-Identifier: GPL-2.0-only */
/* What the numbers say: where an arm is worse than others, where it is better. */
#ifndef JUDGE_H
#define JUDGE_H

#include <stdbool.h>
#include <stddef.h>

#include "results.h"
#include "util.h"
#include "view.h"

#define MOST_RIVALS	2

/**
 * struct finding - one metric of one workload in the arm that is judged
 * @workload: which, with what tells it from the others of its name
 * @metric: the metric; less of it is better
 * @value: its median
 * @rivals: how many of the rivals have it
 * @rival: their medians
 * @change: how the arm differs from each
 * @worse: it is worse than every rival, and all of them have it
 * @better: it is better than every rival that has it
 * @above: its median is above that of every rival, which may be chance
 */
struct finding {
	char *workload;
	char *metric;
	long long value;
	size_t rivals;
	long long rival[MOST_RIVALS];
	struct change change[MOST_RIVALS];
	bool worse;
	bool better;
	bool above;
};

/**
 * enum tone - what a verdict comes to for the series
 * @TONE_GOOD: it is nowhere the worst
 * @TONE_NONE: nothing can be said
 * @TONE_BAD: it is somewhere
 */
enum tone {
	TONE_GOOD,
	TONE_NONE,
	TONE_BAD,
};

/**
 * struct judged - an arm and those that it is measured by
 * @arm: the arm
 * @rivals: the others, NULL where there are fewer
 * @missing: a rival that was not run, or NULL
 * @found: what was compared, what is worst for the arm first
 * @n: how many
 * @worse: how many are worse than every rival
 * @better: how many are better than every rival
 * @above: how many have a median above those of every rival
 * @rounds: the fewest that an arm has in a set-up
 * @least: how many it takes to claim anything
 * @unclear: how many differ from the first rival, but not for sure
 */
struct judged {
	const char *arm;
	const char *rivals[MOST_RIVALS];
	const char *missing;
	struct finding *found;
	size_t n;
	size_t worse;
	size_t better;
	size_t above;
	size_t rounds;
	size_t least;
	size_t unclear;
};

bool judge_arm(struct judged *j, const struct results *res, const char *arm,
	       const char *first, const char *second);
void judge_free(struct judged *j);
char *judge_finding(const struct judged *j, const struct finding *f);
void judge_verdict(const struct results *res, struct strv *sentences, enum tone *tone);

#endif
