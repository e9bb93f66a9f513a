/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the table and the report show of one workload with one set of parameters:
 * which arms, which metrics, in which order, and how one arm differs from another.
 */
#ifndef VIEW_H
#define VIEW_H

#include <stdbool.h>
#include <stddef.h>

#include "results.h"
#include "stats.h"
#include "util.h"

/* Deterministic rounds of each arm below which no difference counts. */
#define VIEW_LEAST_ROUNDS	3

/**
 * struct view - one workload with one set of parameters
 * @res: all results
 * @first: a run of this workload; the others have the same set-up
 * @runs: all of them, in the file's order
 * @n: how many
 * @arms: its arms, in order
 * @metrics: its metrics, in order
 * @base: the arm that the others are compared with
 * @rounds: the most that an arm has
 * @least_rounds: the least
 * @seeds: the rounds have seeds of their own
 * @parallel: times depend on the machine, so that a difference has to be proven
 */
struct view {
	const struct results *res;
	const struct result *first;
	const struct result **runs;
	size_t n;
	struct strv arms;
	struct strv metrics;
	const char *base;
	size_t rounds;
	size_t least_rounds;
	bool seeds;
	bool parallel;
};

/**
 * enum judgement - how one arm's metric stands to another's
 * @SAME: the same number, or less than 0.1 % away
 * @UNCLEAR: they differ, but not so that it may be said which is the greater
 * @LESS: less
 * @MORE: more
 */
enum judgement {
	SAME,
	UNCLEAR,
	LESS,
	MORE,
};

/**
 * struct change - one arm's metric against another's
 * @judgement: which is the greater
 * @ratio: of the medians; in a parallel run, the median of the rounds' ratios
 * @pairs: the same, with its interval
 */
struct change {
	enum judgement judgement;
	double ratio;
	struct ratio pairs;
};

bool view_next(struct view *v, const struct results *res, size_t *at, bool brief);
char *view_params(const struct view *v);
char *view_name(const struct view *v);
char *view_name_but(const struct view *v, const char *but);
void view_free(struct view *v);
struct spread view_gather(const struct view *v, const char *arm,
			  const char *metric, long long *sum);
long long view_sum(const struct view *v, const char *arm, const char *metric,
		   bool *known);
bool view_all_zero(const struct view *v, const char *metric);
bool view_change(const struct view *v, const char *metric, const char *from,
		 const char *to, struct change *change);

bool metric_is_judged(const char *metric);
bool metric_is_time(const char *metric);
bool metric_in_brief(const char *metric);
bool metric_is_cost(const char *metric);
int metric_name_len(const char *metric);
void metric_value(const char *metric, long long value, char *buf, size_t size);
void metric_range(const char *metric, const struct spread *s, char *buf,
		  size_t size);
void metric_change(const char *metric, long long from, long long to, char *buf,
		   size_t size);
void ratio_change(double ratio, char *buf, size_t size);
void ratio_interval(const struct ratio *r, char *buf, size_t size);

/**
 * struct derived - a ratio to the major faults
 * @name: what it is called
 * @metric: what is counted; NULL: the reads of all devices
 * @unit: printed behind it
 * @scale: 100 for per cent
 * @digits: after the point
 */
struct derived {
	const char *name;
	const char *metric;
	const char *unit;
	double scale;
	int digits;
};

#define NR_DERIVED	3
extern const struct derived view_derived[NR_DERIVED];
void view_derive(const struct view *v, const struct derived *row,
		 const char *arm, char *buf, size_t size);

#endif
