// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "diff.h"
#include "mflab.h"

/* One cause makes hundreds of numbers differ. */
#define MOST_SHOWN	40

static char *run_name(const struct result *run)
{
	char *params = params_text(run->params);
	char *name = xasprintf("%s%s%s arm=%s round=%lld", run->workload,
			       *params ? " " : "", params, run->arm,
			       run->round);

	free(params);
	return name;
}

static bool wanted(const struct diff *d, const char *metric)
{
	return !d->metrics.n || strv_has(&d->metrics, metric);
}

static bool in_arm(const struct result *run, const char *arm)
{
	return !arm || !strcmp(run->arm, arm);
}

static bool pair(const struct diff *d, const struct result *a,
		 const struct result *b)
{
	return a->round == b->round && !strcmp(a->workload, b->workload) &&
	       json_equal(a->params, b->params) &&
	       !strcmp(d->arm_b ? d->arm_b : a->arm, b->arm);
}

static void compare_metrics(struct diff *d, const struct result *a,
			    const struct result *b)
{
	char *name = run_name(a);
	const char *key;
	json_t *value;
	long long x, y;

	d->runs++;
	json_object_foreach(a->metrics, key, value) {
		if (!wanted(d, key))
			continue;
		d->values++;
		x = json_integer_value(value);
		if (!result_metric(b, key, &y))
			strv_addf(&d->found, "%s: %s %lld, absent in B", name,
				  key, x);
		else if (x != y)
			strv_addf(&d->found, "%s: %s %lld, in B %lld", name,
				  key, x, y);
	}
	json_object_foreach(b->metrics, key, value) {
		if (!wanted(d, key) || result_metric(a, key, &x))
			continue;
		d->values++;
		strv_addf(&d->found, "%s: %s absent, in B %lld", name, key,
			  (long long)json_integer_value(value));
	}
	free(name);
}

static void compare_more(struct diff *d, const char *name, const char *what,
			 const char *key, const json_t *x, const json_t *y)
{
	d->values++;
	if (!json_equal(x, y))
		strv_addf(&d->found, "%s: %s%s%s", name, what, key,
			  !y ? " absent in B" : !x ? " absent, but in B" : " differs");
}

/* Distributions and spans have no names to ask for: they count if all counts. */
static void compare_rest(struct diff *d, const struct result *a,
			 const struct result *b)
{
	char *name = run_name(a);
	const char *key;
	json_t *value;

	json_object_foreach(a->histograms, key, value)
		compare_more(d, name, "histogram ", key, value,
			     json_object_get(b->histograms, key));
	json_object_foreach(b->histograms, key, value) {
		if (!json_object_get(a->histograms, key))
			compare_more(d, name, "histogram ", key, NULL, value);
	}
	if (a->spans || b->spans)
		compare_more(d, name, "spans", "", a->spans, b->spans);
	free(name);
}

static void only_in(struct diff *d, const struct result *run, const char *where)
{
	char *name = run_name(run);

	strv_addf(&d->found, "%s: only in %s", name, where);
	free(name);
}

/* A metric asked for by a wrong name must not make the comparison pass. */
static void check_names(struct diff *d, const struct results *a)
{
	long long value;
	size_t i, j;

	for (i = 0; i < d->metrics.n; i++) {
		for (j = 0; j < a->n; j++) {
			if (result_metric(&a->runs[j], d->metrics.v[i], &value))
				break;
		}
		if (j == a->n)
			strv_addf(&d->found, "metric %s: in no run of A",
				  d->metrics.v[i]);
	}
}

/**
 * diff_results() - compare
 * @d: what to compare, and what was found
 * @a: one side
 * @b: the other
 *
 * Runs belong together when workload, parameters, arm and round are the same;
 * where that is so several times over, in the order of the files.
 */
void diff_results(struct diff *d, const struct results *a,
		  const struct results *b)
{
	bool *used = xzalloc(b->n * sizeof(*used));
	size_t i, j;

	check_names(d, a);
	for (i = 0; i < a->n; i++) {
		if (!in_arm(&a->runs[i], d->arm_a))
			continue;
		for (j = 0; j < b->n; j++) {
			if (!used[j] && pair(d, &a->runs[i], &b->runs[j]))
				break;
		}
		if (j < b->n) {
			used[j] = true;
			compare_metrics(d, &a->runs[i], &b->runs[j]);
			if (!d->metrics.n)
				compare_rest(d, &a->runs[i], &b->runs[j]);
		} else {
			only_in(d, &a->runs[i], "A");
		}
	}
	for (j = 0; j < b->n; j++) {
		if (!used[j] && in_arm(&b->runs[j], d->arm_b))
			only_in(d, &b->runs[j], "B");
	}
	if (!d->values)
		strv_addf(&d->found, "nothing to compare");
	free(used);
}

static enum mf_status diff_files(struct diff *d, char **paths)
{
	enum mf_status status;
	struct results a, b;
	size_t i;

	if (results_load(paths[0], &a))
		return MF_USAGE;
	if (results_load(paths[1], &b)) {
		results_free(&a);
		return MF_USAGE;
	}
	diff_results(d, &a, &b);
	for (i = 0; i < d->found.n && i < MOST_SHOWN; i++)
		puts(d->found.v[i]);
	if (i < d->found.n)
		printf("and %zu more\n", d->found.n - i);
	status = d->found.n ? MF_DIFFERS : MF_OK;
	if (status)
		printf("%zu differences (A: %s, B: %s)\n", d->found.n,
		       paths[0], paths[1]);
	else
		printf("identical: %zu metrics of %zu runs\n", d->values,
		       d->runs);
	results_free(&a);
	results_free(&b);
	return status;
}

int cmd_diff(int argc, char **argv)
{
	static const struct option options[] = {
		{ "metrics", required_argument, NULL, 'm' },
		{ "arms", required_argument, NULL, 'a' },
		{ 0 }
	};
	enum mf_status status = MF_USAGE;
	struct diff d = { 0 };
	char *arms = NULL;
	int key;

	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (key) {
		case 'm':
			strv_split(&d.metrics, optarg, ',');
			break;
		case 'a':
			arms = optarg;
			break;
		default:
			goto out;
		}
	}
	if (arms) {
		d.arm_a = arms;
		d.arm_b = strchr(arms, '=');
		if (!d.arm_b) {
			warnx("--arms %s: give x=y: arm x of A, arm y of B",
			      arms);
			goto out;
		}
		arms[d.arm_b++ - arms] = '\0';
	}
	if (argc - optind == 2)
		status = diff_files(&d, argv + optind);
	else
		warnx("diff needs two files; see `mflab help`");
out:
	strv_free(&d.metrics);
	strv_free(&d.found);
	return status;
}
