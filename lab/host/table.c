// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <getopt.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mflab.h"
#include "stats.h"
#include "table.h"
#include "util.h"
#include "view.h"

/* Four arms of 20 columns beside names of up to 28: 108 columns. */
#define ARMS_ACROSS	4
#define VALUE_WIDTH	10
#define CHANGE_WIDTH	9
#define ARM_WIDTH	(1 + VALUE_WIDTH + CHANGE_WIDTH)
#define NAME_MIN	22
#define NAME_MAX	28

#define BOLD	"\033[1m"
#define DIM	"\033[2m"
#define PLAIN	"\033[0m"

/**
 * struct table - a table that is being printed
 * @v: what of
 * @f: where to
 * @color: escape codes are welcome
 * @name_width: columns for the names of the rows
 */
struct table {
	struct view v;
	FILE *f;
	bool color;
	int name_width;
};

static void style(const struct table *t, const char *code)
{
	if (t->color)
		fputs(code, t->f);
}

static void print_name(const struct table *t, const char *metric)
{
	int len = metric_name_len(metric);

	/* A name too long for its column gets a line of its own. */
	if (len > t->name_width)
		fprintf(t->f, "%.*s\n%*s", len, metric, t->name_width, "");
	else
		fprintf(t->f, "%-*.*s", t->name_width, len, metric);
}

/* Nothing pads the last column: lines do not end in blanks. */
static int pad(size_t column, size_t to, const char *text)
{
	return *text || column + 1 < to ? CHANGE_WIDTH : 0;
}

/* "~": a difference, but not one that may be claimed. */
static void change_text(const struct table *t, const char *metric, const char *arm,
			char *buf, size_t size)
{
	struct spread from, to;
	struct change change;
	long long sum;

	*buf = '\0';
	if (!strcmp(arm, t->v.base) ||
	    !view_change(&t->v, metric, t->v.base, arm, &change))
		return;
	if (t->v.parallel) {
		if (change.judgement == UNCLEAR)
			snprintf(buf, size, "~");
		else
			ratio_change(change.ratio, buf, size);
		return;
	}
	from = view_gather(&t->v, t->v.base, metric, &sum);
	to = view_gather(&t->v, arm, metric, &sum);
	metric_change(metric, from.median, to.median, buf, size);
}

static void print_values(const struct table *t, const char *metric, size_t from,
			 size_t to)
{
	char change[32], value[32];
	struct spread s;
	long long sum;
	size_t i;

	print_name(t, metric);
	for (i = from; i < to; i++) {
		s = view_gather(&t->v, t->v.arms.v[i], metric, &sum);
		snprintf(value, sizeof(value), "-");
		if (s.n)
			metric_value(metric, s.median, value, sizeof(value));
		change_text(t, metric, t->v.arms.v[i], change, sizeof(change));
		fprintf(t->f, " %*s", VALUE_WIDTH, value);
		style(t, DIM);
		fprintf(t->f, "%*s", pad(i, to, change), change);
		style(t, PLAIN);
	}
	fputc('\n', t->f);
}

/* What is below a value: its extremes, or the interval of its change. */
static void below_text(const struct table *t, const char *metric, const char *arm,
		       char *buf, size_t size)
{
	struct change change;
	long long sum;
	struct spread s = view_gather(&t->v, arm, metric, &sum);

	*buf = '\0';
	if (s.n < 2)
		return;
	if (!t->v.parallel || !strcmp(arm, t->v.base))
		metric_range(metric, &s, buf, size);
	else if (view_change(&t->v, metric, t->v.base, arm, &change))
		ratio_interval(&change.pairs, buf, size);
}

static bool any_spread(const struct table *t, const char *metric, size_t from,
		       size_t to)
{
	struct spread s;
	long long sum;
	size_t i;

	for (i = from; i < to; i++) {
		s = view_gather(&t->v, t->v.arms.v[i], metric, &sum);
		if (s.min != s.max)
			return true;
	}
	return false;
}

static void print_spreads(const struct table *t, const char *metric, size_t from,
			  size_t to)
{
	char both[72];
	int skipped = 0;
	size_t i;

	if (!any_spread(t, metric, from, to))
		return;
	style(t, DIM);
	fprintf(t->f, "%*s", t->name_width, "");
	for (i = from; i < to; i++) {
		below_text(t, metric, t->v.arms.v[i], both, sizeof(both));
		skipped += ARM_WIDTH;
		if (!*both)
			continue;
		fprintf(t->f, "%*s", skipped, both);
		skipped = 0;
	}
	style(t, PLAIN);
	fputc('\n', t->f);
}

static void print_arms(const struct table *t, size_t from, size_t to)
{
	size_t i;

	style(t, BOLD);
	fprintf(t->f, "%*s", t->name_width, "");
	for (i = from; i < to; i++)
		fprintf(t->f, " %*s%*s", VALUE_WIDTH, t->v.arms.v[i],
			pad(i, to, ""), "");
	style(t, PLAIN);
	fputc('\n', t->f);
}

/* Ratios to the major faults, over all rounds. */
static void print_derived(const struct table *t, size_t from, size_t to)
{
	char text[32];
	size_t i, j;

	fprintf(t->f, "per major fault, all rounds:\n");
	for (i = 0; i < NR_DERIVED; i++) {
		fprintf(t->f, "  %-*s", t->name_width - 2, view_derived[i].name);
		for (j = from; j < to; j++) {
			view_derive(&t->v, &view_derived[i], t->v.arms.v[j], text,
				    sizeof(text));
			fprintf(t->f, " %*s%*s", VALUE_WIDTH, text,
				pad(j, to, ""), "");
		}
		fputc('\n', t->f);
	}
}

static void print_block(const struct table *t, size_t from, size_t to)
{
	size_t i;

	print_arms(t, from, to);
	for (i = 0; i < t->v.metrics.n; i++) {
		if (view_all_zero(&t->v, t->v.metrics.v[i]))
			continue;
		print_values(t, t->v.metrics.v[i], from, to);
		print_spreads(t, t->v.metrics.v[i], from, to);
	}
	if (strv_has(&t->v.metrics, "major_faults"))
		print_derived(t, from, to);
}

/* Words, broken where a line would get too long. */
static void print_folded(const struct table *t, const char *head,
			 const struct strv *words)
{
	int column = fprintf(t->f, "%s", head);
	size_t i;

	for (i = 0; i < words->n; i++) {
		if (column + (int)strlen(words->v[i]) > 98)
			column = fprintf(t->f, "\n   ") - 1;
		column += fprintf(t->f, " %s", words->v[i]);
	}
	fputc('\n', t->f);
}

static void print_zeros(const struct table *t)
{
	struct strv zeros = { 0 };
	size_t i;

	for (i = 0; i < t->v.metrics.n; i++) {
		if (view_all_zero(&t->v, t->v.metrics.v[i]))
			strv_add(&zeros, xstrdup(t->v.metrics.v[i]));
	}
	if (zeros.n)
		print_folded(t, "zero everywhere:", &zeros);
	strv_free(&zeros);
}

/* Without the seed where each round has its own. */
static void print_title(const struct table *t)
{
	char *params = view_params(&t->v);
	struct strv words = { 0 };

	strv_split(&words, params, ' ');
	fputc('\n', t->f);
	style(t, BOLD);
	print_folded(t, t->v.first->workload, &words);
	style(t, PLAIN);
	strv_free(&words);
	free(params);
}

static void print_how(const struct table *t)
{
	const char *of = t->v.seeds ? "seeds" : "rounds";

	if (t->v.rounds == 1)
		fprintf(t->f, "one round, change against %s%s\n", t->v.base,
			t->v.parallel ? "; nothing can be claimed from it" : "");
	else if (t->v.parallel)
		fprintf(t->f, "median of %zu %s; change: median of the ratios to %s within a round, \"~\" where\n"
			"its 95 %% interval (sign test; below) has no change in it, or there is none (under 6)\n",
			t->v.rounds, of, t->v.base);
	else
		fprintf(t->f, "median of %zu %s, change against %s; below: least..greatest\n",
			t->v.rounds, of, t->v.base);
}

static void print_workload(struct table *t)
{
	size_t from, to, i;

	t->name_width = NAME_MIN;
	for (i = 0; i < t->v.metrics.n; i++) {
		int len = metric_name_len(t->v.metrics.v[i]);

		if (len > t->name_width && len <= NAME_MAX)
			t->name_width = len;
	}
	print_title(t);
	print_how(t);
	for (from = 0; from < t->v.arms.n; from = to) {
		to = from + ARMS_ACROSS;
		if (to > t->v.arms.n)
			to = t->v.arms.n;
		print_block(t, from, to);
	}
	print_zeros(t);
}

/* What is not in the numbers comes before them. */
static void print_failed(FILE *f, const struct results *res)
{
	struct strv lines = { 0 };
	size_t i;

	results_failed(res, &lines);
	for (i = 0; i < lines.n; i++)
		fprintf(f, "%s%s\n", i ? "  " : "", lines.v[i]);
	strv_free(&lines);
}

static void print_header(FILE *f, const struct results *res)
{
	long long cut_short = results_number(res, NULL, "cut_short");

	fprintf(f, "%s, %lld vcpus, kernel %s (base %s)\n", results_accel(res),
		results_number(res, "machine", "vcpus"),
		results_text(res, "kernel", "release"),
		results_text(res, NULL, "base"));
	fprintf(f, "QEMU %s, compiler %s, commit %.12s, series %.12s\n",
		results_text(res, "machine", "qemu"),
		results_text(res, "machine", "compiler"),
		results_text(res, NULL, "project_commit"),
		results_text(res, "kernel", "series_sha256"));
	if (cut_short)
		fprintf(f, "Not one boot: cut short %lld time%s and continued in another; its digits need not repeat\n",
			cut_short, cut_short > 1 ? "s" : "");
	print_failed(f, res);
}

/**
 * table_print() - print the tables, one for each workload and parameters
 * @f: where to
 * @res: the results
 * @color: use escape codes
 * @brief: only the rows that tell who waits
 */
void table_print(FILE *f, const struct results *res, bool color, bool brief)
{
	struct table t = { .f = f, .color = color };
	size_t at = 0;

	print_header(f, res);
	while (view_next(&t.v, res, &at, brief)) {
		print_workload(&t);
		view_free(&t.v);
	}
	if (!res->n)
		fprintf(f, "no runs\n");
}

int cmd_table(int argc, char **argv)
{
	static const struct option options[] = {
		{ "color", required_argument, NULL, 'c' },
		{ "brief", no_argument, NULL, 'b' },
		{ 0 }
	};
	bool color = isatty(STDOUT_FILENO), brief = false;
	struct results res;
	int key;

	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		if (key == 'b') {
			brief = true;
			continue;
		}
		if (key != 'c')
			return MF_USAGE;
		if (!strcmp(optarg, "always"))
			color = true;
		else if (!strcmp(optarg, "never"))
			color = false;
		else if (strcmp(optarg, "auto"))
			goto usage;
	}
	if (argc - optind != 1) {
		warnx("table needs one results.json; see `mflab help`");
		return MF_USAGE;
	}
	if (results_load(argv[optind], &res))
		return MF_USAGE;
	table_print(stdout, &res, color, brief);
	results_free(&res);
	return MF_OK;
usage:
	warnx("--color %s: give auto, always or never", optarg);
	return MF_USAGE;
}
