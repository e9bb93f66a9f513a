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

/* Arms and metrics not named here follow those that are. */
static const char * const arm_order[] = {
	BASE_ARM, "retry", "hold", "resume"
};
static const char * const metric_order[] = {
	"anon.", "anon_zero.", "anon_cow.", "file_read.", "file_around.", "file_cow.",
	"file_write.", "shmem_write.", "major.", "major_around.",
	"queries_per_s", "get.", "put.", "set.", "save.", "start.",
	"fault.", "mmap.", "fork.", "swapin.",
	"major_faults", "major_faults_task", "minor_faults",
	"mmap_lock_reads_by_faults",
	"fault_mmap_lock_waited", "fault_mmap_lock_vma_lock", "fault_mmap_lock_anon_vma",
	"fault_mmap_lock_userfault", "fault_mmap_lock_handler", "fault_mmap_lock_kernel",
	"resumed", "not_resumed",
	"device_reads", "device_sectors_read", "swap_device_reads",
};
static const char * const per_op[] = {
	"count", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns",
	"ns_per_1000", "mean_ns_per_1000", "faults"
};

/* What is left of it where there is little room: who waits, and for what. */
static const char * const brief_counts[] = {
	"queries_per_s",
	"major_faults", "mmap_lock_reads_by_faults", "resumed", "not_resumed",
	"device_reads", "swap_device_reads",
};
static const char * const brief_per_op[] = {
	"p50_ns", "p99_ns", "max_ns", "ns_per_1000"
};

/**
 * struct view - one workload with one set of parameters
 * @f: where to print
 * @res: all results
 * @first: a run of this workload; the others have the same set-up
 * @arms: its arms, in order
 * @metrics: its metrics, in order
 * @base: the arm that the others are compared with
 * @color: escape codes are welcome
 * @brief: only the rows that tell who waits
 * @name_width: columns for the names of the rows
 */
struct view {
	FILE *f;
	const struct results *res;
	const struct result *first;
	struct strv arms;
	struct strv metrics;
	const char *base;
	bool color;
	bool brief;
	int name_width;
};

static void style(const struct view *v, const char *code)
{
	if (v->color)
		fputs(code, v->f);
}

/* Where a string is in a list; entries that end in '.' match as prefixes. */
static size_t rank(const char * const *list, size_t n, const char *s)
{
	size_t i;

	for (i = 0; i < n; i++) {
		size_t len = strlen(list[i]);

		if (list[i][len - 1] == '.' ? !strncmp(list[i], s, len) :
					      !strcmp(list[i], s))
			break;
	}
	return i;
}

static int by_arm(const void *a, const void *b)
{
	const char *x = *(char * const *)a;
	const char *y = *(char * const *)b;
	size_t i = rank(arm_order, ARRAY_SIZE(arm_order), x);
	size_t j = rank(arm_order, ARRAY_SIZE(arm_order), y);

	return i != j ? (i > j) - (i < j) : strcmp(x, y);
}

static size_t op_rank(const char *metric)
{
	const char *dot = strchr(metric, '.');

	return rank(per_op, ARRAY_SIZE(per_op), dot ? dot + 1 : metric);
}

static int by_metric(const void *a, const void *b)
{
	const char *x = *(char * const *)a;
	const char *y = *(char * const *)b;
	size_t i = rank(metric_order, ARRAY_SIZE(metric_order), x);
	size_t j = rank(metric_order, ARRAY_SIZE(metric_order), y);

	if (i == j && i < ARRAY_SIZE(metric_order)) {
		i = op_rank(x);
		j = op_rank(y);
	}
	return i != j ? (i > j) - (i < j) : strcmp(x, y);
}

static void add_once(struct strv *sv, const char *s)
{
	if (!strv_has(sv, s))
		strv_add(sv, xstrdup(s));
}

static void sort(struct strv *sv, int (*compare)(const void *, const void *))
{
	if (sv->n)
		qsort(sv->v, sv->n, sizeof(*sv->v), compare);
}

static bool shown(const struct view *v, const struct result *run,
		  const char *arm)
{
	return result_same_setup(v->first, run) && !strcmp(run->arm, arm);
}

/* A metric of an arm over its rounds; also their sum. */
static struct spread gather(const struct view *v, const char *arm,
			    const char *metric, long long *sum)
{
	long long *values = xzalloc(v->res->n * sizeof(*values));
	struct spread s;
	size_t n = 0;
	size_t i;

	*sum = 0;
	for (i = 0; i < v->res->n; i++) {
		const struct result *run = &v->res->runs[i];

		if (shown(v, run, arm) && result_metric(run, metric, &values[n]))
			*sum += values[n++];
	}
	s = spread_of(values, n);
	free(values);
	return s;
}

static bool ends_with(const char *metric, const char *end)
{
	size_t len = strlen(metric);

	return len > strlen(end) && !strcmp(metric + len - strlen(end), end);
}

static bool is_time(const char *metric)
{
	return ends_with(metric, "_ns");
}

/* A cost of one of something, given for a thousand so that it is an integer. */
static bool is_cost(const char *metric)
{
	return ends_with(metric, "_per_1000");
}

static void format_value(const char *metric, long long value, char *buf,
			 size_t size)
{
	size_t len;

	if (is_time(metric)) {
		format_ns(value, buf, size);
	} else if (is_cost(metric)) {
		/* One digit after the point, rounded. */
		value = (value + 50) / 100;
		format_count(value / 10, buf, size);
		len = strlen(buf);
		snprintf(buf + len, size - len, ".%lld", value % 10);
	} else {
		format_count(value, buf, size);
	}
}

/* Costs are held to half a per cent: one digit after the point would not do. */
static void format_change_of(const char *metric, long long from, long long to,
			     char *buf, size_t size)
{
	if (is_cost(metric) && from > 0 && from != to && llabs(to - from) < from)
		snprintf(buf, size, "%+.2f %%",
			 ((double)to - (double)from) * 100 / (double)from);
	else
		format_change(from, to, buf, size);
}

/* "4.90..5.02 ms": a unit that both ends share is printed once. */
static void format_range(const char *metric, const struct spread *s, char *buf,
			 size_t size)
{
	char min[32], max[32];
	char *unit;

	format_value(metric, s->min, min, sizeof(min));
	format_value(metric, s->max, max, sizeof(max));
	unit = strchr(min, ' ');
	if (unit && strchr(max, ' ') && !strcmp(unit, strchr(max, ' ')))
		*unit = '\0';
	snprintf(buf, size, "%s..%s", min, max);
}

/* How much of a metric's name is printed: not the unit, where the value tells it. */
static int name_len(const char *metric)
{
	size_t unit = is_time(metric) ? strlen("_ns") :
		      is_cost(metric) ? strlen("_per_1000") : 0;

	return (int)(strlen(metric) - unit);
}

static void print_name(const struct view *v, const char *metric)
{
	int len = name_len(metric);

	/* A name too long for its column gets a line of its own. */
	if (len > v->name_width)
		fprintf(v->f, "%.*s\n%*s", len, metric, v->name_width, "");
	else
		fprintf(v->f, "%-*.*s", v->name_width, len, metric);
}

/* Nothing pads the last column: lines do not end in blanks. */
static int pad(size_t column, size_t to, const char *text)
{
	return *text || column + 1 < to ? CHANGE_WIDTH : 0;
}

static void print_values(const struct view *v, const char *metric, size_t from,
			 size_t to)
{
	struct spread base, s;
	char change[32] = "";
	char value[32] = "";
	long long sum;
	size_t i;

	base = gather(v, v->base, metric, &sum);
	print_name(v, metric);
	for (i = from; i < to; i++) {
		s = gather(v, v->arms.v[i], metric, &sum);
		snprintf(value, sizeof(value), "-");
		*change = '\0';
		if (s.n)
			format_value(metric, s.median, value, sizeof(value));
		if (s.n && base.n && strcmp(v->arms.v[i], v->base))
			format_change_of(metric, base.median, s.median, change,
					 sizeof(change));
		fprintf(v->f, " %*s", VALUE_WIDTH, value);
		style(v, DIM);
		fprintf(v->f, "%*s", pad(i, to, change), change);
		style(v, PLAIN);
	}
	fputc('\n', v->f);
}

static void print_spreads(const struct view *v, const char *metric, size_t from,
			  size_t to)
{
	struct spread s;
	bool any = false;
	int skipped = 0;
	long long sum;
	size_t i;

	for (i = from; i < to; i++) {
		s = gather(v, v->arms.v[i], metric, &sum);
		any |= s.min != s.max;
	}
	if (!any)
		return;
	style(v, DIM);
	fprintf(v->f, "%*s", v->name_width, "");
	for (i = from; i < to; i++) {
		char both[72] = "";

		s = gather(v, v->arms.v[i], metric, &sum);
		if (s.n > 1)
			format_range(metric, &s, both, sizeof(both));
		skipped += ARM_WIDTH;
		if (!*both)
			continue;
		fprintf(v->f, "%*s", skipped, both);
		skipped = 0;
	}
	style(v, PLAIN);
	fputc('\n', v->f);
}

static bool all_zero(const struct view *v, const char *metric)
{
	struct spread s;
	long long sum;
	size_t i;

	for (i = 0; i < v->arms.n; i++) {
		s = gather(v, v->arms.v[i], metric, &sum);
		if (s.min || s.max)
			return false;
	}
	return true;
}

static void print_arms(const struct view *v, size_t from, size_t to)
{
	size_t i;

	style(v, BOLD);
	fprintf(v->f, "%*s", v->name_width, "");
	for (i = from; i < to; i++)
		fprintf(v->f, " %*s%*s", VALUE_WIDTH, v->arms.v[i],
			pad(i, to, ""), "");
	style(v, PLAIN);
	fputc('\n', v->f);
}

/* Device reads of the file device and, if there is one, of the swap device. */
static long long sum_reads(const struct view *v, const char *arm, bool *known)
{
	long long file, swap;

	*known = gather(v, arm, "device_reads", &file).n;
	gather(v, arm, "swap_device_reads", &swap);
	return file + swap;
}

static long long sum_of(const struct view *v, const char *arm,
			const char *metric, bool *known)
{
	long long sum;

	*known = gather(v, arm, metric, &sum).n;
	return sum;
}

/* Ratios to the major faults, over all rounds. */
static void print_derived(const struct view *v, size_t from, size_t to)
{
	static const struct {
		const char *name;
		const char *metric;	/* NULL: reads of all devices */
		const char *unit;
		double scale;
		int digits;
	} rows[] = {
		{ "mmap_lock reads",
		  "mmap_lock_reads_by_faults", " %", 100, 2 },
		{ "resumed", "resumed", " %", 100, 2 },
		{ "device reads", NULL, "", 1, 4 },
	};
	size_t i, j;

	fprintf(v->f, "per major fault, all rounds:\n");
	for (i = 0; i < ARRAY_SIZE(rows); i++) {
		fprintf(v->f, "  %-*s", v->name_width - 2, rows[i].name);
		for (j = from; j < to; j++) {
			const char *arm = v->arms.v[j];
			char text[32] = "-";
			long long faults, part;
			bool known, major;

			faults = sum_of(v, arm, "major_faults", &major);
			part = rows[i].metric ?
			       sum_of(v, arm, rows[i].metric, &known) :
			       sum_reads(v, arm, &known);
			if (known && major)
				format_ratio(part, faults, rows[i].scale,
					     rows[i].digits, rows[i].unit, text,
					     sizeof(text));
			fprintf(v->f, " %*s%*s", VALUE_WIDTH, text,
				pad(j, to, ""), "");
		}
		fputc('\n', v->f);
	}
}

static void print_block(const struct view *v, size_t from, size_t to)
{
	size_t i;

	print_arms(v, from, to);
	for (i = 0; i < v->metrics.n; i++) {
		if (all_zero(v, v->metrics.v[i]))
			continue;
		print_values(v, v->metrics.v[i], from, to);
		print_spreads(v, v->metrics.v[i], from, to);
	}
	if (strv_has(&v->metrics, "major_faults"))
		print_derived(v, from, to);
}

/* Words, broken where a line would get too long. */
static void print_folded(const struct view *v, const char *head,
			 const struct strv *words)
{
	int column = fprintf(v->f, "%s", head);
	size_t i;

	for (i = 0; i < words->n; i++) {
		if (column + (int)strlen(words->v[i]) > 98)
			column = fprintf(v->f, "\n   ") - 1;
		column += fprintf(v->f, " %s", words->v[i]);
	}
	fputc('\n', v->f);
}

static void print_zeros(const struct view *v)
{
	struct strv zeros = { 0 };
	size_t i;

	for (i = 0; i < v->metrics.n; i++) {
		if (all_zero(v, v->metrics.v[i]))
			add_once(&zeros, v->metrics.v[i]);
	}
	if (zeros.n)
		print_folded(v, "zero everywhere:", &zeros);
	strv_free(&zeros);
}

static bool in_brief(const char *metric)
{
	const char *op = strchr(metric, '.');

	if (op)
		return rank(brief_per_op, ARRAY_SIZE(brief_per_op), op + 1) <
		       ARRAY_SIZE(brief_per_op);
	return starts_with(metric, "fault_mmap_lock_") ||
	       rank(brief_counts, ARRAY_SIZE(brief_counts), metric) <
	       ARRAY_SIZE(brief_counts);
}

/*
 * What a fault costs must be compared with a kernel that has none of our code, if
 * that was run; who waits for whom, with an arm of the same kernel.
 */
static const char *choose_base(const struct view *v)
{
	size_t i;

	for (i = 0; i < v->metrics.n; i++) {
		if (is_cost(v->metrics.v[i]) && strv_has(&v->arms, "unpatched"))
			return "unpatched";
	}
	return BASE_ARM;
}

static void collect(struct view *v)
{
	const char *key;
	json_t *value;
	size_t i;

	v->name_width = NAME_MIN;
	for (i = 0; i < v->res->n; i++) {
		const struct result *run = &v->res->runs[i];

		if (!result_same_setup(v->first, run))
			continue;
		add_once(&v->arms, run->arm);
		json_object_foreach(run->metrics, key, value) {
			int len = name_len(key);

			if (v->brief && !in_brief(key))
				continue;
			add_once(&v->metrics, key);
			if (len > v->name_width && len <= NAME_MAX)
				v->name_width = len;
		}
	}
	sort(&v->arms, by_arm);
	sort(&v->metrics, by_metric);
	v->base = choose_base(v);
}

static size_t count_rounds(const struct view *v)
{
	size_t most = 0;
	size_t i, j, n;

	for (i = 0; i < v->arms.n; i++) {
		n = 0;
		for (j = 0; j < v->res->n; j++)
			n += shown(v, &v->res->runs[j], v->arms.v[i]);
		if (n > most)
			most = n;
	}
	return most;
}

static void print_workload(struct view *v)
{
	char *params = params_text(v->first->params);
	struct strv words = { 0 };
	size_t from, to, rounds;

	collect(v);
	rounds = count_rounds(v);
	strv_split(&words, params, ' ');
	fputc('\n', v->f);
	style(v, BOLD);
	print_folded(v, v->first->workload, &words);
	style(v, PLAIN);
	if (rounds > 1)
		fprintf(v->f, "median of %zu rounds, change against %s; below: least..greatest\n",
			rounds, v->base);
	else
		fprintf(v->f, "one round, change against %s\n", v->base);
	for (from = 0; from < v->arms.n; from = to) {
		to = from + ARMS_ACROSS;
		if (to > v->arms.n)
			to = v->arms.n;
		print_block(v, from, to);
	}
	print_zeros(v);
	strv_free(&words);
	free(params);
	strv_free(&v->arms);
	strv_free(&v->metrics);
}

static const char *text_of(const json_t *json, const char *object,
			   const char *key)
{
	const json_t *in = object ? json_object_get(json, object) : json;
	const char *text = json_string_value(json_object_get(in, key));

	return text ? text : "?";
}

static void print_header(FILE *f, const struct results *res)
{
	const json_t *json = res->json;
	const char *accel = text_of(json, "machine", "accel");
	const json_t *machine = json_object_get(json, "machine");

	fprintf(f, "%s, %lld vcpus, kernel %s (base %s)\n",
		!strcmp(accel, "det") ? "deterministic TCG (det)" :
		!strcmp(accel, "tcg") ? "parallel TCG (tcg)" :
		!strcmp(accel, "kvm") ? "KVM (kvm)" : accel,
		(long long)json_integer_value(json_object_get(machine,
							      "vcpus")),
		text_of(json, "kernel", "release"),
		text_of(json, NULL, "base"));
	fprintf(f, "QEMU %s, compiler %s, commit %.12s, series %.12s\n",
		text_of(json, "machine", "qemu"),
		text_of(json, "machine", "compiler"),
		text_of(json, NULL, "project_commit"),
		text_of(json, "kernel", "series_sha256"));
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
	size_t i, j;

	print_header(f, res);
	for (i = 0; i < res->n; i++) {
		struct view v = {
			.f = f,
			.res = res,
			.first = &res->runs[i],
			.color = color,
			.brief = brief,
		};

		for (j = 0; j < i; j++) {
			if (result_same_setup(&res->runs[j], &res->runs[i]))
				break;
		}
		if (j == i)
			print_workload(&v);
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
	return fflush(stdout) ? MF_NOSPACE : MF_OK;
usage:
	warnx("--color %s: give auto, always or never", optarg);
	return MF_USAGE;
}
