// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "plot.h"
#include "stats.h"
#include "util.h"

/* Told apart by colour, by dashes and by width: also in print and by the colour-blind. */
static const struct plot_style styles[] = {
	{ "mainline", "#555555", "" },
	{ "retry", "#b35c00", "9,4" },
	{ "hold", "#c4001d", "2,3" },
	{ OUR_ARM, "#0050b3", "" },
	{ "unpatched", "#00734d", "12,3,2,3" },
	{ "series", "#7a2a9c", "5,5" },
};

/**
 * plot_style() - how an arm is drawn
 * @arm: the arm
 * @index: its place among the arms, for those that have no style of their own
 */
const struct plot_style *plot_style(const char *arm, size_t index)
{
	size_t i;

	for (i = 0; i < ARRAY_SIZE(styles); i++) {
		if (!strcmp(styles[i].arm, arm))
			return &styles[i];
	}
	return &styles[index % ARRAY_SIZE(styles)];
}

/* ---- gnuplot ---- */

static void child(const char *gnuplot, int in, int out)
{
	dup2(in, STDIN_FILENO);
	dup2(out, STDOUT_FILENO);
	/* For its labels are UTF-8: in another locale it warns of a sign it cannot convert. */
	setenv("LC_ALL", "C.UTF-8", 1);
	execlp(gnuplot, gnuplot, "-", (char *)NULL);
	_exit(127);
}

static int gnuplot_wait(pid_t pid)
{
	int status;

	while (waitpid(pid, &status, 0) < 0) {
		if (errno != EINTR)
			return -errno;
	}
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return WIFEXITED(status) && !WEXITSTATUS(status) ? 0 : -EIO;
}

static char *read_back(FILE *f)
{
	long len = fseek(f, 0, SEEK_END) ? -1 : ftell(f);
	char *text;

	if (len < 0)
		return NULL;
	rewind(f);
	text = xzalloc((size_t)len + 1);
	if (fread(text, 1, (size_t)len, f) == (size_t)len)
		return text;
	free(text);
	return NULL;
}

/*
 * Only the picture: without the XML prolog, and without gnuplot's title, which a browser
 * would show as a tooltip.  Its ids would be there once a plot: nothing drawn here
 * refers to them, but for the points, which are the same in each.
 */
static char *only_svg(char *text)
{
	char *svg = strstr(text, "<svg");
	char *title = svg ? strstr(svg, "<title>") : NULL;
	char *end = title ? strstr(title, "</desc>") : NULL;
	char *result = NULL;

	if (end)
		result = xasprintf("%.*s%s", (int)(title - svg), svg,
				   end + strlen("</desc>"));
	free(text);
	return result;
}

/**
 * plot_run() - let gnuplot draw
 * @gnuplot: the program
 * @script: what to draw, without the terminal
 * @svg: the picture, for the caller to free
 *
 * Return: 0; -ENOENT if there is no such program, -EIO if it failed; its messages are on
 * stderr then.
 */
int plot_run(const char *gnuplot, const char *script, char **svg)
{
	FILE *in = tmpfile();
	FILE *out = tmpfile();
	int ret = -ENOSPC;
	char *text;
	pid_t pid;

	if (!in || !out || fputs(script, in) == EOF || fflush(in))
		goto out;
	rewind(in);
	pid = fork();
	if (!pid)
		child(gnuplot, fileno(in), fileno(out));
	ret = pid < 0 ? -errno : gnuplot_wait(pid);
	if (ret)
		goto out;
	text = read_back(out);
	*svg = text ? only_svg(text) : NULL;
	ret = *svg ? 0 : -EIO;
out:
	if (in)
		fclose(in);
	if (out)
		fclose(out);
	return ret;
}

static void preamble(FILE *f)
{
	fputs("set terminal svg size 400,270 dynamic enhanced font 'sans-serif,13' "
	      "background '#ffffff'\n"
	      "set encoding utf8\n"
	      "unset key\n"
	      "set border 3 lc rgb '#888888'\n"
	      "set tics nomirror textcolor rgb '#222222'\n"
	      "set grid lc rgb '#dddddd' lt 1 lw 0.7\n"
	      "set lmargin 9\nset rmargin 2.5\nset tmargin 0.8\n", f);
}

static void print_style(FILE *f, const char *arm, size_t index, bool points)
{
	const struct plot_style *s = plot_style(arm, index);

	fprintf(f, " lc rgb '%s' lw %s", s->color, strcmp(arm, OUR_ARM) ? "1.8" : "3");
	if (*s->dash)
		fprintf(f, " dt (%s)", s->dash);
	if (points)
		fprintf(f, " pt 7 ps 0.5");
}

/* ---- ticks ---- */

static void tick(char **list, double value, bool is_time)
{
	static const char * const units[] = { "ns", "µs", "ms", "s" };
	double shown = value;
	char text[32];
	size_t unit = 0;
	char *more;

	while (is_time && shown >= 999.5 && unit + 1 < ARRAY_SIZE(units)) {
		shown /= 1000;
		unit++;
	}
	if (is_time)
		snprintf(text, sizeof(text), "%.3g %s", shown, units[unit]);
	else if (value >= 1000)
		format_count(llround(value), text, sizeof(text));
	else
		snprintf(text, sizeof(text), "%.3g", value);
	more = xasprintf("%s%s'%s' %.17g", *list, **list ? ", " : "", text, value);
	free(*list);
	*list = more;
}

/* Within a factor of six: equal steps, the least of 1, 2, 5, 10... that give few. */
static void equal_ticks(char **list, double min, double max, bool is_time)
{
	double ten = pow(10, floor(log10((max - min) / 5)));
	double step = (max - min) / ten <= 5 ? ten : (max - min) / ten <= 10 ? 2 * ten :
		      (max - min) / ten <= 25 ? 5 * ten : 10 * ten;
	double value;

	for (value = ceil(min / step) * step; value <= max; value += step)
		tick(list, value, is_time);
}

/**
 * plot_ticks() - ticks of a logarithmic axis that can be read in a small picture
 * @min: where it begins, above 0
 * @max: where it ends
 * @is_time: the numbers are nanoseconds
 * @across: it is the horizontal one, where labels stand beside each other
 *
 * Return: for gnuplot's `set xtics (...)`, for the caller to free.
 */
char *plot_ticks(double min, double max, bool is_time, bool across)
{
	static const double parts[] = { 1, 2, 5 };
	size_t n = max / min > (across ? 40 : 300) ? 1 : ARRAY_SIZE(parts);
	int skip = max / min > 3e5 ? 2 : 1;
	char *list = xstrdup("");
	int e;
	size_t i;

	if (max / min < 6) {
		equal_ticks(&list, min, max, is_time);
		return list;
	}
	for (e = (int)floor(log10(min)); pow(10, e) <= max; e += skip) {
		for (i = 0; i < n; i++) {
			double value = parts[i] * pow(10, e);

			if (value >= min * 0.999 && value <= max * 1.001)
				tick(&list, value, is_time);
		}
	}
	return list;
}

/* ---- distributions ---- */

/**
 * struct cdf - the distribution of one arm, over all rounds
 * @bound: the classes' bounds, rising
 * @count: how many are in each
 * @n: how many classes
 * @total: how many in all
 */
struct cdf {
	long long *bound;
	long long *count;
	size_t n;
	long long total;
};

static void cdf_add(struct cdf *c, long long bound, long long count)
{
	size_t i = 0;

	while (i < c->n && c->bound[i] < bound)
		i++;
	if (i == c->n || c->bound[i] != bound) {
		c->bound = xrealloc(c->bound, (c->n + 1) * sizeof(*c->bound));
		c->count = xrealloc(c->count, (c->n + 1) * sizeof(*c->count));
		memmove(c->bound + i + 1, c->bound + i, (c->n - i) * sizeof(*c->bound));
		memmove(c->count + i + 1, c->count + i, (c->n - i) * sizeof(*c->count));
		c->bound[i] = bound;
		c->count[i] = 0;
		c->n++;
	}
	c->count[i] += count;
	c->total += count;
}

static void cdf_of(struct cdf *c, const struct view *v, const char *arm,
		   const char *operation)
{
	size_t i, j;

	*c = (struct cdf){ 0 };
	for (i = 0; i < v->n; i++) {
		const json_t *classes = json_object_get(v->runs[i]->histograms, operation);

		if (strcmp(v->runs[i]->arm, arm))
			continue;
		for (j = 0; j < json_array_size(classes); j++) {
			const json_t *class = json_array_get(classes, j);

			cdf_add(c, json_integer_value(json_array_get(class, 0)),
				json_integer_value(json_array_get(class, 1)));
		}
	}
}

static void cdf_free(struct cdf *c)
{
	free(c->bound);
	free(c->count);
}

/* The axis goes 0, 90, 99, 99.9 %: the tail is what somebody waits for. */
static double height(long long upto, long long total, double top)
{
	return upto < total ? -log10(1 - (double)upto / (double)total) : top;
}

static void print_cdf(FILE *f, const struct cdf *c, size_t index, double top)
{
	long long upto = 0;
	size_t i;

	fprintf(f, "$arm%zu << EOD\n", index);
	if (c->n)
		fprintf(f, "%g 0\n", (double)c->bound[0] * 0.99);
	for (i = 0; i < c->n; i++) {
		upto += c->count[i];
		fprintf(f, "%lld %.5f\n", c->bound[i], height(upto, c->total, top));
	}
	fputs("EOD\n", f);
}

static void print_cdf_axes(FILE *f, double min, double max, double top)
{
	char *ticks = plot_ticks(min, max, true, true);

	fprintf(f, "set logscale x\nset xrange [%.17g:%.17g]\nset yrange [0:%g]\n", min,
		max, top);
	fprintf(f, "set xtics (%s)\n", ticks);
	fputs("set ytics ('0 %%' 0, '50 %%' 0.30103, '90 %%' 1, '99 %%' 2, '99.9 %%' 3, "
	      "'99.99 %%' 4, '99.999 %%' 5, '99.9999 %%' 6)\n", f);
	free(ticks);
}

static char *cdf_script(const struct view *v, const struct cdf *cdfs, double min,
			double max, double top)
{
	char *script = NULL;
	bool first = true;
	size_t size, i;
	FILE *f = open_memstream(&script, &size);

	preamble(f);
	for (i = 0; i < v->arms.n; i++)
		print_cdf(f, &cdfs[i], i, top);
	print_cdf_axes(f, min, max, top);
	fputs("plot ", f);
	for (i = 0; i < v->arms.n; i++) {
		if (!cdfs[i].n)
			continue;
		fprintf(f, "%s$arm%zu with steps", first ? "" : ", ", i);
		print_style(f, v->arms.v[i], i, false);
		first = false;
	}
	fputc('\n', f);
	fclose(f);
	return script;
}

/**
 * plot_cdf() - the distributions of one operation's latencies, a line an arm
 * @gnuplot: the program
 * @v: the workload
 * @operation: a key of the histograms
 * @svg: the picture for the caller to free, or NULL if there is no histogram
 *
 * Return: as plot_run().
 */
int plot_cdf(const char *gnuplot, const struct view *v, const char *operation,
	     char **svg)
{
	struct cdf *cdfs = xzalloc((v->arms.n + 1) * sizeof(*cdfs));
	double min = INFINITY, max = 0, most = 0;
	char *script;
	int ret = 0;
	size_t i;

	*svg = NULL;
	for (i = 0; i < v->arms.n; i++) {
		cdf_of(&cdfs[i], v, v->arms.v[i], operation);
		if (!cdfs[i].n)
			continue;
		min = fmin(min, (double)cdfs[i].bound[0] * 0.98);
		max = fmax(max, (double)cdfs[i].bound[cdfs[i].n - 1] * 1.03);
		most = fmax(most, (double)cdfs[i].total);
	}
	if (most > 0) {
		script = cdf_script(v, cdfs, fmax(min, 0.5), fmax(max, 1),
				    log10(most) + 0.3);
		ret = plot_run(gnuplot, script, svg);
		free(script);
	}
	for (i = 0; i < v->arms.n; i++)
		cdf_free(&cdfs[i]);
	free(cdfs);
	return ret;
}

/* ---- curves ---- */

/* Is @b as @a in everything but this one number? */
static bool same_but(const struct view *a, const struct view *b, const char *param)
{
	json_t *x, *y;
	bool same;

	if (strcmp(a->first->workload, b->first->workload))
		return false;
	x = json_copy((json_t *)a->first->params);
	y = json_copy((json_t *)b->first->params);
	json_object_del(x, param);
	json_object_del(y, param);
	json_object_del(x, "seed");
	json_object_del(y, "seed");
	same = json_equal(x, y);
	json_decref(x);
	json_decref(y);
	return same;
}

static void curve_insert(struct curve *c, const struct view *v, long long x)
{
	size_t i = c->n;

	c->views = xrealloc(c->views, (c->n + 1) * sizeof(*c->views));
	c->x = xrealloc(c->x, (c->n + 1) * sizeof(*c->x));
	for (; i && c->x[i - 1] > x; i--) {
		c->x[i] = c->x[i - 1];
		c->views[i] = c->views[i - 1];
	}
	c->x[i] = x;
	c->views[i] = *v;
	c->n++;
}

static void curve_free(struct curve *c)
{
	free(c->workload);
	free(c->param);
	free(c->others);
	free(c->views);
	free(c->x);
}

/* Two points are no curve. */
#define LEAST_POINTS	3

static bool curve_of(struct curve *c, const struct view *all, size_t n, size_t first,
		     const char *param)
{
	size_t i;

	*c = (struct curve){ 0 };
	for (i = 0; i < n; i++) {
		const json_t *x = json_object_get(all[i].first->params, param);

		if (!json_is_integer(x) || !same_but(&all[first], &all[i], param))
			continue;
		if (i < first)	/* it has been found from there */
			break;
		curve_insert(c, &all[i], json_integer_value(x));
	}
	if (i < n || c->n < LEAST_POINTS) {
		curve_free(c);
		return false;
	}
	c->workload = xstrdup(all[first].first->workload);
	c->param = xstrdup(param);
	c->others = view_name_but(&all[first], param);
	return true;
}

/**
 * curves_find() - which sets of parameters differ in one number
 * @c: the curves, for curves_free()
 * @res: the results; they must outlive the curves
 */
void curves_find(struct curves *c, const struct results *res)
{
	size_t at = 0, n = 0, i;
	const char *key;
	json_t *value;

	*c = (struct curves){ 0 };
	c->all = xzalloc((res->n + 1) * sizeof(*c->all));
	while (view_next(&c->all[n], res, &at, true))
		n++;
	c->all_n = n;
	for (i = 0; i < n; i++) {
		json_object_foreach((json_t *)c->all[i].first->params, key, value) {
			struct curve one;

			if (!strcmp(key, "seed") || !json_is_integer(value) ||
			    !curve_of(&one, c->all, n, i, key))
				continue;
			c->v = xrealloc(c->v, (c->n + 1) * sizeof(*c->v));
			c->v[c->n++] = one;
		}
	}
}

void curves_free(struct curves *c)
{
	size_t i;

	for (i = 0; i < c->n; i++)
		curve_free(&c->v[i]);
	for (i = 0; i < c->all_n; i++)
		view_free(&c->all[i]);
	free(c->all);
	free(c->v);
	*c = (struct curves){ 0 };
}

/* Zeros have no place on a logarithmic axis; they stand at its foot. */
static void print_points(FILE *f, const struct curve *c, const char *arm,
			 const char *metric, size_t index, double *min, double *max)
{
	long long sum;
	size_t i;

	fprintf(f, "$arm%zu << EOD\n", index);
	for (i = 0; i < c->n; i++) {
		struct spread s = view_gather(&c->views[i], arm, metric, &sum);
		double y = s.median > 0 ? (double)s.median : 0.5;

		if (!s.n)
			continue;
		*min = fmin(*min, y);
		*max = fmax(*max, y);
		fprintf(f, "%lld %.17g\n", c->x[i], y);
	}
	fputs("EOD\n", f);
}

static void print_curve_axes(FILE *f, const struct curve *c, double min, double max,
			     bool is_time)
{
	double first = (double)c->x[0], last = (double)c->x[c->n - 1];
	bool log_x = first > 0 && last >= 6 * first;
	double room = log_x ? 0 : (last - first) * 0.04;
	char *ticks;
	size_t i;

	min /= 1.15;
	max *= 1.15;
	ticks = plot_ticks(min, max, is_time, false);
	fprintf(f, "set logscale y\nset yrange [%.17g:%.17g]\nset ytics (%s)\n", min, max,
		ticks);
	free(ticks);
	if (log_x)
		fputs("set logscale x 2\n", f);
	fprintf(f, "set xrange [%.17g:%.17g]\n", log_x ? first / 1.1 : first - room,
		log_x ? last * 1.1 : last + room);
	fputs("set xtics (", f);
	for (i = 0; i < c->n; i++)
		fprintf(f, "%s'%lld' %lld", i ? ", " : "", c->x[i], c->x[i]);
	fputs(")\n", f);
}

static char *curve_script(const struct curve *c, const char *metric)
{
	const struct strv *arms = &c->views[0].arms;
	double min = INFINITY, max = 0;
	char *script = NULL;
	size_t size, i;
	FILE *f = open_memstream(&script, &size);

	preamble(f);
	for (i = 0; i < arms->n; i++)
		print_points(f, c, arms->v[i], metric, i, &min, &max);
	if (max > 0) {
		print_curve_axes(f, c, min, max, metric_is_time(metric));
		fputs("plot ", f);
		for (i = 0; i < arms->n; i++) {
			fprintf(f, "%s$arm%zu with linespoints", i ? ", " : "", i);
			print_style(f, arms->v[i], i, true);
		}
		fputc('\n', f);
	}
	fclose(f);
	if (max > 0)
		return script;
	free(script);
	return NULL;
}

/**
 * plot_curve() - a metric over a parameter, a line an arm
 * @gnuplot: the program
 * @c: the curve
 * @metric: the metric
 * @svg: the picture for the caller to free, or NULL if no run has the metric
 *
 * Return: as plot_run().
 */
int plot_curve(const char *gnuplot, const struct curve *c, const char *metric,
	       char **svg)
{
	char *script = curve_script(c, metric);
	int ret = 0;

	*svg = NULL;
	if (script)
		ret = plot_run(gnuplot, script, svg);
	free(script);
	return ret;
}
