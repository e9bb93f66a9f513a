// SPDX-License-Identifier: GPL-2.0-only
/* Description: the report is one page, takes no name for markup, and draws what there is. */
#include "t_results.h"

#include <sys/stat.h>

#include "html.h"
#include "plot.h"

/* Draws nothing, quickly: what gnuplot draws is not what is tested here. */
static char *fake_gnuplot(const char *body)
{
	char *text = xasprintf("#!/bin/sh\n%s\n", body);
	char *path = t_file(text);

	free(text);
	assert_int_equal(chmod(path, 0700), 0);
	return path;
}

#define DRAWS "cat >/dev/null; echo '<?xml?><svg viewBox=\"0 0 1 1\"><title>T</title>" \
	      "<desc>D</desc><g/></svg>'"

static char *page_by(const struct t_run *runs, size_t n, const char *gnuplot, int expected)
{
	struct results res;
	char *text = NULL;
	size_t size;
	FILE *f = open_memstream(&text, &size);

	t_results(&res, runs, n);
	assert_int_equal(html_page(f, &res, gnuplot), expected);
	fclose(f);
	results_free(&res);
	return text;
}

static char *page(const struct t_run *runs, size_t n)
{
	char *gnuplot = fake_gnuplot(DRAWS);
	char *text = page_by(runs, n, gnuplot, 0);

	t_remove(gnuplot);
	return text;
}

static void must_have(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("lacks \"%s\":\n%s", part, text);
}

static size_t count(const char *text, const char *part)
{
	size_t n = 0;

	for (; (text = strstr(text, part)); text++)
		n++;
	return n;
}

#define EVIL "<b>&\\\"'</b>"
#define TAMED "&lt;b&gt;&amp;&quot;&#39;&lt;/b&gt;"

static void escapes(void **state)
{
	const struct t_run r[] = {
		{ "<b>&\"'</b>", 1, "{\"" EVIL "\":\"" EVIL "\"}", "{\"" EVIL "_ns\":10}",
		  "{\"" EVIL "\":[[31,2]]}",
		  "[{\"who\":\"" EVIL "\",\"what\":\"" EVIL "\",\"begin_ns\":1,\"end_ns\":2}]" },
	};
	char *text = page(r, 1);

	(void)state;
	assert_null(strstr(text, "<b>&\"'</b>"));
	must_have(text, "<th>" TAMED "</th>");			/* the arm */
	must_have(text, TAMED "=" TAMED);			/* a parameter */
	must_have(text, "<b>" TAMED "</b> " TAMED);		/* a span */
	must_have(text, "<figcaption>" TAMED);			/* an operation */
	must_have(text, "<tr><th>" TAMED "</th>");		/* a metric */
	free(text);
}

static void self_contained(void **state)
{
	const struct t_run r[] = {
		{ "mainline", 1, "{}", "{\"f.p50_ns\":10}" },
	};
	char *text = page(r, 1);

	(void)state;
	assert_true(starts_with(text, "<!DOCTYPE html>"));
	assert_null(strstr(text, "<script"));
	assert_null(strstr(text, "<link"));
	assert_null(strstr(text, "src="));
	assert_null(strstr(text, "@import"));
	assert_null(strstr(text, "url("));
	must_have(text, "name=\"viewport\"");
	free(text);
}

/* Two rounds are too few to call anything better or worse. */
static void claims(void **state)
{
	const struct t_run ours[] = {
		{ "mainline", 1, "{}", "{\"f.p50_ns\":10}" }, { "relock", 1, "{}", "{\"f.p50_ns\":20}" },
		{ "mainline", 2, "{}", "{\"f.p50_ns\":10}" }, { "relock", 2, "{}", "{\"f.p50_ns\":20}" },
		{ "mainline", 3, "{}", "{\"f.p50_ns\":10}" }, { "relock", 3, "{}", "{\"f.p50_ns\":20}" },
	};
	const struct t_run r[] = {
		{ "mainline", 1, "{}", "{\"f.p50_ns\":10}" }, { "hold", 1, "{}", "{\"f.p50_ns\":20}" },
		{ "mainline", 2, "{}", "{\"f.p50_ns\":10}" }, { "hold", 2, "{}", "{\"f.p50_ns\":20}" },
		{ "mainline", 3, "{}", "{\"f.p50_ns\":10}" }, { "hold", 3, "{}", "{\"f.p50_ns\":20}" },
	};
	char *text = page(r, 4);

	(void)state;
	must_have(text, "<td>20 ns<small class=\"unclear\">~ +100 %</small></td>");
	free(text);
	text = page(r, 6);
	must_have(text, "<td>20 ns<small class=\"worse\">+100 %</small></td>");
	free(text);
	text = page(ours, 4);
	must_have(text, "class=\"verdict none\"");
	assert_null(strstr(text, "Where relock loses"));
	free(text);
	text = page(ours, 6);
	must_have(text, "class=\"verdict bad\"");
	must_have(text, "Where relock loses");
	free(text);
}

/* A plot for each operation; without a distribution, no section of them. */
static void distributions(void **state)
{
	const struct t_run r[] = {
		{ "mainline", 1, "{}", "{\"x\":1}", "{\"f\":[[31,2]],\"g\":[[33,1],[35,1]]}" },
		{ "hold", 1, "{}", "{\"x\":1}", "{\"f\":[[31,2]]}" },
	};
	const struct t_run without[] = { { "hold", 1, "{}", "{\"x\":1}" } };
	char *text = page(r, 2);

	(void)state;
	assert_int_equal(count(text, "<figure>"), 2);
	must_have(text, "<figcaption>f</figcaption><svg viewBox=\"0 0 1 1\"><g/></svg>");
	assert_null(strstr(text, "<?xml"));
	free(text);
	text = page(without, 1);
	assert_int_equal(count(text, "<figure>"), 0);
	assert_null(strstr(text, "How long it took"));
	free(text);
}

/* Three sets that differ in one number, whatever their order, are a curve. */
static void curves(void **state)
{
	const struct t_run r[] = {
		{ "mainline", 1, "{\"n\":4,\"o\":1}", "{\"f.p50_ns\":10}" },
		{ "mainline", 1, "{\"n\":1,\"o\":1}", "{\"f.p50_ns\":10}" },
		{ "mainline", 1, "{\"n\":1,\"o\":2}", "{\"f.p50_ns\":10}" },
		{ "mainline", 1, "{\"n\":2,\"o\":1}", "{\"f.p50_ns\":10}" },
	};
	struct results res;
	struct curves c;

	(void)state;
	t_results(&res, r, 4);
	curves_find(&c, &res);
	assert_int_equal(c.n, 1);
	assert_string_equal(c.v[0].param, "n");
	assert_string_equal(c.v[0].others, "w o=1");
	assert_int_equal(c.v[0].n, 3);
	assert_int_equal(c.v[0].x[0], 1);
	assert_int_equal(c.v[0].x[2], 4);
	curves_free(&c);
	results_free(&res);
	t_results(&res, r, 3);	/* two points */
	curves_find(&c, &res);
	assert_int_equal(c.n, 0);
	curves_free(&c);
	results_free(&res);
}

/* Who waits for whom: places and lengths in per cent of the longest chain. */
static void spans(void **state)
{
	const struct t_run r[] = {
		{ "mainline", 1, "{}", "{\"x\":1}", NULL,
		  "[{\"who\":\"B\",\"what\":\"mprotect, waits for A\",\"begin_ns\":1200,\"end_ns\":2000},"
		  "{\"who\":\"A\",\"what\":\"reads\",\"begin_ns\":1000,\"end_ns\":2000},"
		  "{\"who\":\"B\",\"what\":\"goes on\",\"begin_ns\":2000,\"end_ns\":3000},"
		  "{\"who\":\"A\",\"what\":\"restarts\",\"begin_ns\":2000,\"end_ns\":2100}]" },
		{ "relock", 1, "{}", "{\"x\":1}", NULL,
		  "[{\"who\":\"A\",\"what\":\"reads\",\"begin_ns\":70,\"end_ns\":4070}]" },
	};
	char *text = page(r, 2);
	const char *a = strstr(text, "<b>A</b>");
	const char *b = strstr(text, "<b>B</b>");

	(void)state;
	must_have(text, "class=\"bar waits\" style=\"margin-left:5.00%;width:20.00%\"");
	must_have(text, "class=\"bar\" style=\"margin-left:0.00%;width:25.00%\"");
	must_have(text, "class=\"bar\" style=\"margin-left:25.00%;width:25.00%\"");
	must_have(text, "class=\"bar\" style=\"margin-left:0.00%;width:100.00%\"");
	assert_true(a && b && a < b);
	/* All of A, then all of B. */
	assert_true(strstr(text, "restarts") < b);
	must_have(text, "<span>0</span><span>2.00 us</span><span>4.00 us</span>");
	free(text);
}

static void bad_gnuplot(void **state)
{
	const struct t_run r[] = {
		{ "mainline", 1, "{}", "{\"x\":1}", "{\"f\":[[31,2]]}" },
	};
	char *gnuplot = fake_gnuplot("exit 1");

	(void)state;
	free(page_by(r, 1, gnuplot, -EIO));
	t_remove(gnuplot);
	gnuplot = fake_gnuplot("echo no picture");
	free(page_by(r, 1, gnuplot, -EIO));
	t_remove(gnuplot);
	free(page_by(r, 1, "/nonexistent/gnuplot", -ENOENT));
}

static void ticks(void **state)
{
	static const struct {
		double min, max;
		bool is_time, across;
		const char *list;
	} cases[] = {
		{ 4.9e6, 6.2e6, true, true, "'5 ms' 5000000, '5.5 ms' 5500000, '6 ms' 6000000" },
		{ 5.03e6, 5.9e6, true, true, "'5.2 ms' 5200000, '5.4 ms' 5400000, '5.6 ms' 5600000, "
				       "'5.8 ms' 5800000" },
		{ 1e6, 1.2e7, true, true, "'1 ms' 1000000, '2 ms' 2000000, '5 ms' 5000000, '10 ms' 10000000" },
		{ 900, 2e6, true, true, "'1 µs' 1000, '10 µs' 10000, '100 µs' 100000, '1 ms' 1000000" },
		{ 3, 900, false, true, "'10' 10, '100' 100" },
		{ 9, 2100, false, false, "'10' 10, '20' 20, '50' 50, '100' 100, '200' 200, "
					 "'500' 500, '1,000' 1000, '2,000' 2000" },
	};
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		char *list = plot_ticks(cases[i].min, cases[i].max, cases[i].is_time,
					 cases[i].across);

		assert_string_equal(list, cases[i].list);
		free(list);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(escapes),
		cmocka_unit_test(self_contained),
		cmocka_unit_test(claims),
		cmocka_unit_test(distributions),
		cmocka_unit_test(curves),
		cmocka_unit_test(spans),
		cmocka_unit_test(bad_gnuplot),
		cmocka_unit_test(ticks),
	};

	return cmocka_run_group_tests_name("html", tests, NULL, NULL);
}
