// SPDX-License-Identifier: GPL-2.0-only
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "view.h"

/* Arms and metrics not named here follow those that are. */
static const char * const arm_order[] = {
	BASE_ARM, "retry", "hold", OUR_ARM
};
static const char * const metric_order[] = {
	"anon.", "anon_zero.", "anon_cow.", "file_read.", "file_around.", "file_cow.",
	"file_write.", "shmem_write.", "major.", "major_around.",
	"queries_per_s", "get.", "put.", "set.", "save.", "start.",
	"fault.", "mmap.", "fork.", "cmdline.", "swapin.",
	"sectors_per_1000_touches",
	"major_faults", "major_faults_task", "minor_faults",
	"mmap_lock_reads_by_faults",
	"fault_mmap_lock_waited", "fault_mmap_lock_vma_lock", "fault_mmap_lock_anon_vma",
	"fault_mmap_lock_userfault", "fault_mmap_lock_handler", "fault_mmap_lock_kernel",
	"relocked", "again",
	"device_reads", "device_sectors_read", "swap_device_reads",
};
static const char * const per_op[] = {
	"count", "p50_ns", "p90_ns", "p99_ns", "p999_ns", "max_ns",
	"ns_per_1000", "mean_ns_per_1000", "faults"
};

/* What is left of it where there is little room: who waits, and for what. */
static const char * const brief_counts[] = {
	"queries_per_s",
	"major_faults", "mmap_lock_reads_by_faults", "relocked", "again",
	"device_reads", "swap_device_reads",
};
static const char * const brief_per_op[] = {
	"p50_ns", "p99_ns", "max_ns", "ns_per_1000"
};

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

static bool ends_with(const char *metric, const char *end)
{
	size_t len = strlen(metric);

	return len > strlen(end) && !strcmp(metric + len - strlen(end), end);
}

bool metric_is_time(const char *metric)
{
	return ends_with(metric, "_ns");
}

/* A cost of one of something, given for a thousand so that it is an integer. */
bool metric_is_cost(const char *metric)
{
	return ends_with(metric, "_per_1000");
}

/**
 * metric_value() - a metric as people read it
 * @metric: its name, which tells what it is
 * @value: its value
 * @buf: for example "5.02 ms"
 * @size: bytes in @buf
 */
void metric_value(const char *metric, long long value, char *buf, size_t size)
{
	size_t len;

	if (metric_is_time(metric)) {
		format_ns(value, buf, size);
	} else if (metric_is_cost(metric)) {
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
void metric_change(const char *metric, long long from, long long to, char *buf,
		   size_t size)
{
	if (metric_is_cost(metric) && from > 0 && from != to && llabs(to - from) < from)
		snprintf(buf, size, "%+.2f %%",
			 ((double)to - (double)from) * 100 / (double)from);
	else
		format_change(from, to, buf, size);
}

/* "4.90..5.02 ms": a unit that both ends share is printed once. */
void metric_range(const char *metric, const struct spread *s, char *buf,
		  size_t size)
{
	char min[32], max[32];
	char *unit;

	metric_value(metric, s->min, min, sizeof(min));
	metric_value(metric, s->max, max, sizeof(max));
	unit = strchr(min, ' ');
	if (unit && strchr(max, ' ') && !strcmp(unit, strchr(max, ' ')))
		*unit = '\0';
	snprintf(buf, size, "%s..%s", min, max);
}

/* How much of a metric's name is printed: not the unit, where the value tells it. */
int metric_name_len(const char *metric)
{
	size_t unit = metric_is_time(metric) ? strlen("_ns") :
		      metric_is_cost(metric) ? strlen("_per_1000") : 0;

	return (int)(strlen(metric) - unit);
}

/**
 * metric_is_judged() - is less of it better, and does it say something of its own?
 * @metric: the metric
 */
bool metric_is_judged(const char *metric)
{
	static const char * const counts[] = {
		"mmap_lock_reads_by_faults", "device_reads", "swap_device_reads"
	};
	size_t i;

	for (i = 0; i < ARRAY_SIZE(counts); i++) {
		if (!strcmp(metric, counts[i]))
			return true;
	}
	if (ends_with(metric, ".p90_ns") || ends_with(metric, ".p999_ns"))
		return false;
	return ends_with(metric, "_ns") || ends_with(metric, ".ns_per_1000");
}

/**
 * ratio_change() - a ratio in per cent
 * @ratio: 1 is no change
 * @buf: "=" without a change, "new" from nothing, else like "-3.1 %"
 * @size: bytes in @buf
 */
void ratio_change(double ratio, char *buf, size_t size)
{
	if (isinf(ratio))
		snprintf(buf, size, "new");
	else
		format_change(1000000, llround(ratio * 1000000), buf, size);
}

/* Without its blank and sign of per cent. */
static void bare_change(double ratio, char *buf, size_t size)
{
	char *blank;

	ratio_change(ratio, buf, size);
	if (!strcmp(buf, "="))
		snprintf(buf, size, "0");
	blank = strchr(buf, ' ');
	if (blank)
		*blank = '\0';
}

/**
 * ratio_interval() - the interval of a ratio, in per cent
 * @r: the ratio
 * @buf: like "-3.1..+0.2 %"; empty if there is none, or both ends are the same
 * @size: bytes in @buf
 */
void ratio_interval(const struct ratio *r, char *buf, size_t size)
{
	char low[32], high[32];

	*buf = '\0';
	if (!r->known)
		return;
	bare_change(r->low, low, sizeof(low));
	bare_change(r->high, high, sizeof(high));
	if (strcmp(low, high))
		snprintf(buf, size, "%s..%s %%", low, high);
}

/**
 * view_gather() - a metric of an arm over its rounds
 * @v: the view
 * @arm: the arm
 * @metric: the metric
 * @sum: its sum
 */
struct spread view_gather(const struct view *v, const char *arm,
			  const char *metric, long long *sum)
{
	long long *values = xzalloc((v->n + 1) * sizeof(*values));
	struct spread s;
	size_t n = 0;
	size_t i;

	*sum = 0;
	for (i = 0; i < v->n; i++) {
		const struct result *run = v->runs[i];

		if (!strcmp(run->arm, arm) && result_metric(run, metric, &values[n]))
			*sum += values[n++];
	}
	s = spread_of(values, n);
	free(values);
	return s;
}

long long view_sum(const struct view *v, const char *arm, const char *metric,
		   bool *known)
{
	long long sum;

	*known = view_gather(v, arm, metric, &sum).n;
	return sum;
}

bool view_all_zero(const struct view *v, const char *metric)
{
	struct spread s;
	long long sum;
	size_t i;

	for (i = 0; i < v->arms.n; i++) {
		s = view_gather(v, v->arms.v[i], metric, &sum);
		if (s.min || s.max)
			return false;
	}
	return true;
}

/* What is less than this is not worth a word, however sure it is. */
#define LEAST_CHANGE	0.001

/* The metric of another arm in the same round. */
static bool partner(const struct view *v, const struct result *of, const char *arm,
		    const char *metric, long long *value)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		const struct result *run = v->runs[i];

		if (run->round == of->round && !strcmp(run->arm, arm))
			return result_metric(run, metric, value);
	}
	return false;
}

static struct ratio pair_up(const struct view *v, const char *metric,
			    const char *from, const char *to)
{
	long long *x = xzalloc((v->n + 1) * sizeof(*x));
	long long *y = xzalloc((v->n + 1) * sizeof(*y));
	struct ratio r;
	size_t n = 0;
	size_t i;

	for (i = 0; i < v->n; i++) {
		const struct result *run = v->runs[i];

		if (!strcmp(run->arm, to) && result_metric(run, metric, &y[n]) &&
		    partner(v, run, from, metric, &x[n]))
			n++;
	}
	r = ratio_of_pairs(x, y, n);
	free(x);
	free(y);
	return r;
}

/*
 * A deterministic run has no error of measurement, but another interleaving, or
 * another seed, gives another number: a difference counts if all of one arm's
 * numbers are on one side of all of the other's.  Of two equal arms with 3 rounds
 * each, one in ten would be; with 2, one in three.
 */
static enum judgement judge(const struct view *v, const struct spread *from,
			    const struct spread *to, const struct ratio *pairs)
{
	if (v->parallel) {
		if (ratio_is_claim(pairs))
			return pairs->low > 1 ? MORE : LESS;
	} else if (from->n >= VIEW_LEAST_ROUNDS && to->n >= VIEW_LEAST_ROUNDS) {
		if (to->min > from->max)
			return MORE;
		if (to->max < from->min)
			return LESS;
	}
	return from->min == from->max && to->min == to->max &&
	       from->min == to->min ? SAME : UNCLEAR;
}

/**
 * view_change() - how an arm differs from another in a metric
 * @v: the view
 * @metric: the metric
 * @from: the arm that is compared with
 * @to: the other
 * @change: the result
 *
 * Return: false if one of them does not have the metric.
 */
bool view_change(const struct view *v, const char *metric, const char *from,
		 const char *to, struct change *change)
{
	long long sum;
	struct spread x = view_gather(v, from, metric, &sum);
	struct spread y = view_gather(v, to, metric, &sum);

	if (!x.n || !y.n)
		return false;
	change->pairs = pair_up(v, metric, from, to);
	change->ratio = x.median == y.median ? 1 :
			x.median ? (double)y.median / (double)x.median : INFINITY;
	if (v->parallel && change->pairs.n)
		change->ratio = change->pairs.median;
	change->judgement = judge(v, &x, &y, &change->pairs);
	/* In a parallel run, a ratio of 1 that varies is no sameness. */
	if (fabs(change->ratio - 1) < LEAST_CHANGE &&
	    (!v->parallel || change->judgement != UNCLEAR))
		change->judgement = SAME;
	return true;
}

const struct derived view_derived[NR_DERIVED] = {
	{ "mmap_lock reads", "mmap_lock_reads_by_faults", " %", 100, 2 },
	{ "relocked", "relocked", " %", 100, 2 },
	{ "device reads", NULL, "", 1, 4 },
};

/* Device reads of the file device and, if there is one, of the swap device. */
static long long sum_reads(const struct view *v, const char *arm, bool *known)
{
	bool swap;
	long long reads = view_sum(v, arm, "device_reads", known);

	return reads + view_sum(v, arm, "swap_device_reads", &swap);
}

/**
 * view_derive() - a ratio to the major faults, over all rounds
 * @v: the view
 * @row: which
 * @arm: of which arm
 * @buf: the text, "-" if it is not known
 * @size: bytes in @buf
 */
void view_derive(const struct view *v, const struct derived *row,
		 const char *arm, char *buf, size_t size)
{
	long long faults, part;
	bool known, major;

	faults = view_sum(v, arm, "major_faults", &major);
	part = row->metric ? view_sum(v, arm, row->metric, &known) :
			     sum_reads(v, arm, &known);
	snprintf(buf, size, "-");
	if (known && major)
		format_ratio(part, faults, row->scale, row->digits, row->unit, buf,
			     size);
}

/**
 * metric_in_brief() - does it tell who waits?
 * @metric: the metric
 */
bool metric_in_brief(const char *metric)
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
		if (metric_is_cost(v->metrics.v[i]) && strv_has(&v->arms, "unpatched"))
			return "unpatched";
	}
	return BASE_ARM;
}

/**
 * view_params() - the parameters in one line, without a seed that rounds differ in
 * @v: the view
 *
 * Return: a text for the caller to free.
 */
char *view_params(const struct view *v)
{
	json_t *params = json_copy((json_t *)v->first->params);
	char *text;

	if (v->seeds)
		json_object_del(params, "seed");
	text = params_text(params);
	json_decref(params);
	return text;
}

/* Do the runs of this workload differ in this parameter? */
static bool params_differ(const struct view *v, const char *key, const json_t *value)
{
	size_t i;

	for (i = 0; i < v->res->n; i++) {
		const struct result *run = &v->res->runs[i];

		if (!strcmp(run->workload, v->first->workload) &&
		    !json_equal(json_object_get(run->params, key), value))
			return true;
	}
	return false;
}

/**
 * view_name_but() - the workload, and what tells it from others of that name
 * @v: the view
 * @but: a parameter that is not to be named, or NULL
 *
 * Return: for example "storm forkers=1", for the caller to free.
 */
char *view_name_but(const struct view *v, const char *but)
{
	json_t *params = json_object();
	char *text, *name;
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)v->first->params, key, value) {
		if (strcmp(key, "seed") && (!but || strcmp(key, but)) &&
		    params_differ(v, key, value))
			json_object_set(params, key, value);
	}
	text = params_text(params);
	name = xasprintf("%s%s%s", v->first->workload, *text ? " " : "", text);
	free(text);
	json_decref(params);
	return name;
}

char *view_name(const struct view *v)
{
	return view_name_but(v, NULL);
}

static void count_rounds(struct view *v)
{
	const json_t *seed = NULL;
	size_t i, j, n;

	for (i = 0; i < v->arms.n; i++) {
		n = 0;
		for (j = 0; j < v->n; j++) {
			const struct result *run = v->runs[j];

			if (strcmp(run->arm, v->arms.v[i]))
				continue;
			n++;
			if (seed && !json_equal(seed, json_object_get(run->params, "seed")))
				v->seeds = true;
			seed = json_object_get(run->params, "seed");
		}
		if (n > v->rounds)
			v->rounds = n;
		if (!i || n < v->least_rounds)
			v->least_rounds = n;
	}
}

static void collect(struct view *v, bool brief)
{
	const char *key;
	json_t *value;
	size_t i;

	v->runs = xzalloc((v->res->n + 1) * sizeof(*v->runs));
	for (i = 0; i < v->res->n; i++) {
		const struct result *run = &v->res->runs[i];

		if (!result_same_setup(v->first, run))
			continue;
		v->runs[v->n++] = run;
		add_once(&v->arms, run->arm);
		json_object_foreach(run->metrics, key, value) {
			if (!brief || metric_in_brief(key))
				add_once(&v->metrics, key);
		}
	}
	sort(&v->arms, by_arm);
	sort(&v->metrics, by_metric);
	v->base = choose_base(v);
	count_rounds(v);
}

/**
 * view_next() - the next workload with its parameters, in the order of the runs
 * @v: the view, for view_free()
 * @res: the results; they must outlive it
 * @at: where to look from; 0 at first
 * @brief: only the metrics that tell who waits
 *
 * Return: false if there is no other.
 */
bool view_next(struct view *v, const struct results *res, size_t *at, bool brief)
{
	size_t i, j;

	for (i = *at; i < res->n; i++) {
		for (j = 0; j < i; j++) {
			if (result_same_setup(&res->runs[j], &res->runs[i]))
				break;
		}
		if (j == i)
			break;
	}
	*at = i + 1;
	if (i >= res->n)
		return false;
	*v = (struct view){
		.res = res,
		.first = &res->runs[i],
		.parallel = results_parallel(res),
	};
	collect(v, brief);
	return true;
}

void view_free(struct view *v)
{
	free(v->runs);
	strv_free(&v->arms);
	strv_free(&v->metrics);
}
