// SPDX-License-Identifier: GPL-2.0-only
/* Description: two results are the same only if every digit is. */
#include "t_results.h"

#include "diff.h"

static const struct t_run a[] = {
	{ "mainline", 1, "{\"p\":1}", "{\"x\":10,\"y\":20}" },
	{ "hold", 1, "{\"p\":1}", "{\"x\":10,\"y\":21}" },
	{ "mainline", 2, "{\"p\":1}", "{\"x\":11,\"y\":20}" },
};

static void expect(struct diff *d, const struct t_run *left, size_t nl,
		   const struct t_run *right, size_t nr, size_t found)
{
	struct results l, r;
	size_t i;

	t_results(&l, left, nl);
	t_results(&r, right, nr);
	diff_results(d, &l, &r);
	if (d->found.n != found) {
		for (i = 0; i < d->found.n; i++)
			print_message("%s\n", d->found.v[i]);
		fail_msg("%zu differences instead of %zu", d->found.n, found);
	}
	results_free(&l);
	results_free(&r);
}

static void done(struct diff *d)
{
	strv_free(&d->found);
	strv_free(&d->metrics);
}

static void same(void **state)
{
	const struct t_run shuffled[] = { a[2], a[0], a[1] };
	struct diff d = { 0 };

	(void)state;
	expect(&d, a, 3, shuffled, 3, 0);
	assert_int_equal(d.runs, 3);
	assert_int_equal(d.values, 6);
	done(&d);
}

static void one_digit(void **state)
{
	struct t_run b[] = { a[0], a[1], a[2] };
	struct diff d = { 0 };

	(void)state;
	b[1].metrics = "{\"x\":10,\"y\":22}";
	expect(&d, a, 3, b, 3, 1);
	assert_string_equal(d.found.v[0],
			    "w p=1 arm=hold round=1: y 21, in B 22");
	done(&d);
	strv_split(&d.metrics, "x", ',');
	expect(&d, a, 3, b, 3, 0);
	done(&d);
}

static void absent(void **state)
{
	struct t_run b[] = { a[0], a[1], a[2] };
	struct diff d = { 0 };

	(void)state;
	b[0].metrics = "{\"x\":10}";
	expect(&d, a, 3, b, 3, 1);
	done(&d);
	expect(&d, b, 3, a, 3, 1);
	done(&d);
	b[0].metrics = a[0].metrics;
	expect(&d, a, 3, b, 2, 1);
	assert_string_equal(d.found.v[0], "w p=1 arm=mainline round=2: only in A");
	done(&d);
	expect(&d, b, 2, a, 3, 1);
	done(&d);
	b[0].params = "{\"p\":2}";
	expect(&d, a, 3, b, 3, 2);
	done(&d);
	b[0] = a[0];
	b[0].round = 3;
	expect(&d, a, 3, b, 3, 2);
	done(&d);
}

/* The same percentiles can come of different distributions. */
static void distributions(void **state)
{
	struct t_run x[] = { a[0] };
	struct t_run y[] = { a[0] };
	struct diff d = { 0 };

	(void)state;
	x[0].histograms = y[0].histograms = "{\"f\":[[31,2],[33,5]]}";
	x[0].spans = y[0].spans = "[{\"who\":\"B\",\"what\":\"w\","
				  "\"begin_ns\":1,\"end_ns\":2}]";
	expect(&d, x, 1, y, 1, 0);
	assert_int_equal(d.values, 4);
	done(&d);
	y[0].histograms = "{\"f\":[[31,3],[33,4]]}";
	expect(&d, x, 1, y, 1, 1);
	assert_string_equal(d.found.v[0],
			    "w p=1 arm=mainline round=1: histogram f differs");
	done(&d);
	y[0].histograms = NULL;
	expect(&d, x, 1, y, 1, 1);
	done(&d);
	expect(&d, y, 1, x, 1, 1);
	done(&d);
	strv_split(&d.metrics, "x", ',');
	expect(&d, x, 1, y, 1, 0);
	done(&d);
	y[0].histograms = x[0].histograms;
	y[0].spans = NULL;
	expect(&d, x, 1, y, 1, 1);
	done(&d);
}

static void arm_against_arm(void **state)
{
	struct diff d = { .arm_a = "mainline", .arm_b = "unpatched" };
	const struct t_run b[] = {
		{ "unpatched", 1, "{\"p\":1}", "{\"x\":10,\"y\":20}" },
		{ "unpatched", 2, "{\"p\":1}", "{\"x\":11,\"y\":20}" },
		{ "other", 2, "{\"p\":1}", "{\"x\":1}" },
	};

	(void)state;
	expect(&d, a, 3, b, 3, 0);
	assert_int_equal(d.runs, 2);
	done(&d);
	expect(&d, a, 3, b, 1, 1);
	done(&d);
}

/* The same run several times over: first with first, second with second. */
static void repeated(void **state)
{
	const struct t_run twice[] = {
		{ "hold", 1, "{}", "{\"x\":1}" },
		{ "hold", 1, "{}", "{\"x\":2}" },
	};
	const struct t_run swapped[] = { twice[1], twice[0] };
	struct diff d = { 0 };

	(void)state;
	expect(&d, twice, 2, twice, 2, 0);
	done(&d);
	expect(&d, twice, 2, swapped, 2, 2);
	done(&d);
	expect(&d, twice, 2, twice, 1, 1);
	done(&d);
}

/* A comparison of nothing, or of a name that nobody has, proves nothing. */
static void nothing(void **state)
{
	struct diff d = { 0 };

	(void)state;
	expect(&d, a, 0, a, 0, 1);
	done(&d);
	d = (struct diff){ .arm_a = "typo", .arm_b = "typo" };
	expect(&d, a, 3, a, 3, 1);
	done(&d);
	d = (struct diff){ 0 };
	strv_split(&d.metrics, "x,typo", ',');
	expect(&d, a, 3, a, 3, 1);
	done(&d);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(same),
		cmocka_unit_test(one_digit),
		cmocka_unit_test(absent),
		cmocka_unit_test(distributions),
		cmocka_unit_test(arm_against_arm),
		cmocka_unit_test(repeated),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests_name("diff", tests, NULL, NULL);
}
