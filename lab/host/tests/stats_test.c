// SPDX-License-Identifier: GPL-2.0-only
/* Description: medians, units and per cents. */
#include "t.h"

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
		cmocka_unit_test(times),
		cmocka_unit_test(counts),
		cmocka_unit_test(changes),
		cmocka_unit_test(ratios),
	};

	return cmocka_run_group_tests_name("stats", tests, NULL, NULL);
}
