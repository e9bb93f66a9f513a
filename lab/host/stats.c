// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "stats.h"
#include "util.h"

static int compare(const void *a, const void *b)
{
	long long x = *(const long long *)a;
	long long y = *(const long long *)b;

	return (x > y) - (x < y);
}

/**
 * spread_of() - median and extremes
 * @values: in any order; left as they are
 * @n: how many
 */
struct spread spread_of(const long long *values, size_t n)
{
	struct spread s = { .n = n };
	long long *sorted;

	if (!n)
		return s;
	sorted = xrealloc(NULL, n * sizeof(*sorted));
	memcpy(sorted, values, n * sizeof(*sorted));
	qsort(sorted, n, sizeof(*sorted), compare);
	s.min = sorted[0];
	s.max = sorted[n - 1];
	s.median = sorted[n / 2];
	if (n % 2 == 0)
		s.median = sorted[n / 2 - 1] +
			   (sorted[n / 2] - sorted[n / 2 - 1]) / 2;
	free(sorted);
	return s;
}

/*
 * The greatest k with P(X < k) <= 2.5 %, X the number of heads in n throws: between the
 * k-th least and the k-th greatest value lies the median of the distribution that they
 * come from, with at least 95 %. 0: there are too few.
 */
static size_t rank_of_interval(size_t n)
{
	double below = pow(0.5, (double)n);	/* P(X < k) */
	double term = below;
	size_t k = 0;

	while (k < n && below <= 0.025) {
		k++;
		term *= (double)(n - k + 1) / (double)k;
		below += term;
	}
	return k;
}

static int compare_double(const void *a, const void *b)
{
	double x = *(const double *)a;
	double y = *(const double *)b;

	return (x > y) - (x < y);
}

/* 0 to 0 is no change; from 0 to anything else is beyond all measure. */
static double ratio_of(long long from, long long to)
{
	if (from == to)
		return 1;
	return from ? (double)to / (double)from : INFINITY;
}

/**
 * ratio_of_pairs() - how one series of measurements differs from another
 * @from: what is compared with, a value a round
 * @to: the other, of the same rounds
 * @n: how many rounds
 *
 * The ratio is taken within each round, so that what drifts from round to round falls
 * out. The interval is that of the sign test: it assumes nothing about the distribution
 * of the ratios, which has long tails here, takes no random numbers, and its coverage
 * is never below 95 %. The price is that it takes 6 rounds.
 *
 * Return: the median ratio, and its interval if there are rounds enough.
 */
struct ratio ratio_of_pairs(const long long *from, const long long *to, size_t n)
{
	struct ratio r = { .n = n, .median = 1, .low = 0, .high = INFINITY };
	size_t k = rank_of_interval(n);
	double *ratios;
	size_t i;

	if (!n)
		return r;
	ratios = xrealloc(NULL, n * sizeof(*ratios));
	for (i = 0; i < n; i++)
		ratios[i] = ratio_of(from[i], to[i]);
	qsort(ratios, n, sizeof(*ratios), compare_double);
	r.median = ratios[n / 2];
	if (n % 2 == 0 && ratios[n / 2 - 1] != ratios[n / 2])
		r.median = (ratios[n / 2 - 1] + ratios[n / 2]) / 2;
	if (k) {
		r.known = true;
		r.low = ratios[k - 1];
		r.high = ratios[n - k];
	}
	free(ratios);
	return r;
}

/**
 * ratio_is_claim() - may it be said that there is a difference?
 * @r: of ratio_of_pairs()
 *
 * Not without an interval, and not if that has 1 in it.
 */
bool ratio_is_claim(const struct ratio *r)
{
	return r->known && (r->low > 1 || r->high < 1);
}

/* Three digits that count: 1.23, 12.3, 123. */
static int decimals(double value)
{
	if (value < 9.995)
		return 2;
	return value < 99.95 ? 1 : 0;
}

/**
 * format_ns() - a time in the unit that suits it
 * @ns: nanoseconds
 * @buf: for example "842 ns", "5.02 ms"
 * @size: bytes in @buf
 */
void format_ns(long long ns, char *buf, size_t size)
{
	static const char * const units[] = { "us", "ms", "s" };
	double value = (double)ns / 1000;
	size_t i = 0;

	if (ns < 1000) {
		snprintf(buf, size, "%lld ns", ns);
		return;
	}
	while (value >= 999.5 && i + 1 < ARRAY_SIZE(units)) {
		value /= 1000;
		i++;
	}
	snprintf(buf, size, "%.*f %s", decimals(value), value, units[i]);
}

/**
 * format_count() - a number with its thousands parted
 * @count: the number
 * @buf: for example "1,234,567"
 * @size: bytes in @buf
 */
void format_count(long long count, char *buf, size_t size)
{
	char digits[32];
	size_t used = 0;
	size_t len, i;

	len = (size_t)snprintf(digits, sizeof(digits), "%lld", count);
	for (i = 0; i < len && used + 2 < size; i++) {
		size_t left = len - i;

		if (i && digits[i - 1] != '-' && left % 3 == 0)
			buf[used++] = ',';
		buf[used++] = digits[i];
	}
	buf[used] = '\0';
}

/**
 * format_change() - how one number differs from another, in per cent
 * @from: what it is compared with
 * @to: the number
 * @buf: "=" if they are equal, "new" if @from is 0, else like "-3.1 %"
 * @size: bytes in @buf
 */
void format_change(long long from, long long to, char *buf, size_t size)
{
	double change;

	if (from == to) {
		snprintf(buf, size, "=");
		return;
	}
	if (!from) {
		snprintf(buf, size, "new");
		return;
	}
	change = ((double)to - (double)from) * 100 / fabs((double)from);
	if (change > 9999)
		snprintf(buf, size, ">9999 %%");
	else if (change < -99)
		snprintf(buf, size, "%.2f %%", change);
	else
		snprintf(buf, size, "%+.*f %%", change < 99.95 ? 1 : 0, change);
}

/**
 * format_ratio() - a part of a whole
 * @part: the part
 * @whole: the whole; of 0 there are no parts, which is printed as "-"
 * @scale: 100 for per cent, 1 for a plain ratio
 * @digits: after the decimal point
 * @unit: printed behind it
 * @buf: for example "99.9 %"
 * @size: bytes in @buf
 */
void format_ratio(long long part, long long whole, double scale, int digits,
		  const char *unit, char *buf, size_t size)
{
	if (!whole)
		snprintf(buf, size, "-");
	else
		snprintf(buf, size, "%.*f%s", digits,
			 (double)part * scale / (double)whole, unit);
}
