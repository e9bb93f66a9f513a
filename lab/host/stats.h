/* SPDX-License-Identifier: GPL-2.0-only */
/* The few numbers that a table needs, and how they are printed. */
#ifndef STATS_H
#define STATS_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct spread - a metric over the rounds of an arm
 * @n: how many rounds have it; the rest is 0 if none has
 * @median: of an even number, the mean of the middle two, rounded down
 * @min: the least
 * @max: the greatest
 */
struct spread {
	size_t n;
	long long median;
	long long min;
	long long max;
};

/* Rounds below which the sign test has no interval of 95 %. */
#define RATIO_LEAST_ROUNDS	6

/**
 * struct ratio - one series of measurements against another, round by round
 * @n: how many rounds both have
 * @known: there are rounds enough for an interval
 * @median: of the ratios; of an even number, the mean of the middle two
 * @low: the median of all possible rounds is not below this, ...
 * @high: ... nor above this, with at least 95 %
 */
struct ratio {
	size_t n;
	bool known;
	double median;
	double low;
	double high;
};

struct ratio ratio_of_pairs(const long long *from, const long long *to, size_t n);
bool ratio_is_claim(const struct ratio *r);
struct spread spread_of(const long long *values, size_t n);
void format_ns(long long ns, char *buf, size_t size);
void format_count(long long count, char *buf, size_t size);
void format_change(long long from, long long to, char *buf, size_t size);
void format_ratio(long long part, long long whole, double scale, int digits,
		  const char *unit, char *buf, size_t size);

#endif
