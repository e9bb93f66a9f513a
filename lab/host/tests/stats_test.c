// SPDX-License-Identifier: GPL-2.0-only
/* Description: medians, units and per cents. */
#include "t.h"

#include <math.h>

#include "stats.h"

static void medians(void **state)
{
	const long long odd[] = { 9, 1, 5 };
	const long long even[] = { 10, 4, 1, 7 };
	const long long huge[] = { INT64_MAX, INT64_MAX - 2 };
	struct spread s;

	(void)state;
	s = spread_of(odd, 3);
	assert_int_equal(s.median, 5);
	assert_int_equal(s.min, 1);
	assert_int_equal(s.max, 9);
	assert_int_equal(s.n, 3);
	assert_int_equal(odd[0], 9);
	s = spread_of(even, 4);
	assert_int_equal(s.median, 5);
	assert_int_equal(spread_of(huge, 2).median, INT64_MAX - 1);
	assert_int_equal(spread_of(NULL, 0).n, 0);
	assert_int_equal(spread_of(even, 1).median, 10);
}

static bool about(double value, double expected)
{
	return fabs(value - expected) < 1e-9;
}

/* Ratios are taken within a round: what drifts over the rounds falls out. */
static void paired(void **state)
{
	const long long from[] = { 100, 200, 400, 800, 1600, 3200 };
	const long long to[] = { 110, 240, 440, 960, 1760, 3840 };
	struct ratio r = ratio_of_pairs(from, to, 6);

	(void)state;
	assert_true(r.known);
	assert_true(about(r.median, 1.15));
	assert_true(about(r.low, 1.1));
	assert_true(about(r.high, 1.2));
	assert_true(ratio_is_claim(&r));
	r = ratio_of_pairs(to, from, 6);
	assert_true(r.high < 1 && ratio_is_claim(&r));
}

/* Which of the sorted ratios bound the interval: the table of the sign test. */
static void intervals(void **state)
{
	static const struct {
		size_t n, k;
	} cases[] = {
		{ 1, 0 }, { 5, 0 }, { 6, 1 }, { 8, 1 }, { 9, 2 }, { 11, 2 },
		{ 12, 3 }, { 14, 3 }, { 15, 4 }, { 20, 6 }, { 25, 8 }, { 100, 40 },
	};
	long long from[100], to[100];
	size_t i, j;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		struct ratio r;

		for (j = 0; j < cases[i].n; j++) {
			from[j] = 1000;
			to[j] = 1000 * (long long)(cases[i].n - j);
		}
		r = ratio_of_pairs(from, to, cases[i].n);
		assert_int_equal(r.known, cases[i].k > 0);
		if (!r.known) {
			assert_false(ratio_is_claim(&r));
			continue;
		}
		assert_true(about(r.low, (double)cases[i].k));
		assert_true(about(r.high, (double)(cases[i].n + 1 - cases[i].k)));
	}
}

static void no_claim(void **state)
{
	const long long from[] = { 100, 100, 100, 100, 100, 100, 100 };
	const long long to[] = { 150, 150, 150, 150, 150, 150, 99 };
	const long long zero[7] = { 0 };
	struct ratio r = ratio_of_pairs(from, to, 7);

	(void)state;
	assert_true(about(r.median, 1.5));
	assert_true(r.known);
	assert_false(ratio_is_claim(&r));	/* one round of seven says no */
	r = ratio_of_pairs(from, from, 7);
	assert_false(ratio_is_claim(&r));
	r = ratio_of_pairs(from, to, 5);
	assert_false(ratio_is_claim(&r));	/* all agree, but they are few */
	r = ratio_of_pairs(zero, to, 7);
	assert_true(r.median > 1e300 && ratio_is_claim(&r));
	r = ratio_of_pairs(zero, zero, 7);
	assert_true(about(r.median, 1));
	assert_false(ratio_is_claim(&r));
	assert_int_equal(ratio_of_pairs(zero, zero, 0).n, 0);
}

static void times(void **state)
{
	static const struct {
		long long ns;
		const char *text;
	} cases[] = {
		{ 0, "0 ns" }, { 999, "999 ns" }, { 1000, "1.00 us" },
		{ 9994, "9.99 us" }, { 9996, "10.0 us" }, { 99940, "99.9 us" },
		{ 99960, "100 us" }, { 999400, "999 us" },
		{ 999600, "1.00 ms" }, { 5020000, "5.02 ms" },
		{ 440000000, "440 ms" }, { 12345678901, "12.3 s" },
		{ 1234567890123, "1235 s" },
	};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		format_ns(cases[i].ns, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].text);
	}
}

static void counts(void **state)
{
	char buf[32];

	(void)state;
	format_count(0, buf, sizeof(buf));
	assert_string_equal(buf, "0");
	format_count(999, buf, sizeof(buf));
	assert_string_equal(buf, "999");
	format_count(1000, buf, sizeof(buf));
	assert_string_equal(buf, "1,000");
	format_count(-123456, buf, sizeof(buf));
	assert_string_equal(buf, "-123,456");
	format_count(1234567, buf, sizeof(buf));
	assert_string_equal(buf, "1,234,567");
}

static void changes(void **state)
{
	static const struct {
		long long from, to;
		const char *text;
	} cases[] = {
		{ 100, 100, "=" }, { 0, 0, "=" }, { 0, 5, "new" },
		{ 1000, 1012, "+1.2 %" }, { 1000, 988, "-1.2 %" },
		{ 1000, 3, "-99.70 %" }, { 100, 0, "-100.00 %" },
		{ 10, 35, "+250 %" }, { 1, 1000, ">9999 %" },
	};
	char buf[32];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		format_change(cases[i].from, cases[i].to, buf, sizeof(buf));
		assert_string_equal(buf, cases[i].text);
	}
}

static void ratios(void **state)
{
	char buf[32];

	(void)state;
	format_ratio(999, 1000, 100, 2, " %", buf, sizeof(buf));
	assert_string_equal(buf, "99.90 %");
	format_ratio(1003, 1000, 1, 4, "", buf, sizeof(buf));
	assert_string_equal(buf, "1.0030");
	format_ratio(5, 0, 100, 2, " %", buf, sizeof(buf));
	assert_string_equal(buf, "-");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(medians),
		cmocka_unit_test(paired),
		cmocka_unit_test(intervals),
		cmocka_unit_test(no_claim),
		cmocka_unit_test(times),
		cmocka_unit_test(counts),
		cmocka_unit_test(changes),
		cmocka_unit_test(ratios),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
