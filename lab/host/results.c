// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records.h"
#include "results.h"
#include "util.h"

static int parse_run(const json_t *json, size_t i, struct result *run,
		     char *why, size_t size)
{
	const json_t *round = json_object_get(json, "round");
	char more[120];
	const char *key;
	json_t *value;

	*run = (struct result){
		.workload = json_string_value(json_object_get(json,
							      "workload")),
		.arm = json_string_value(json_object_get(json, "arm")),
		.round = json_integer_value(round),
		.params = json_object_get(json, "params"),
		.metrics = json_object_get(json, "metrics"),
		.histograms = json_object_get(json, "histograms"),
		.spans = json_object_get(json, "spans"),
	};
	if (!run->workload || !run->arm || !json_is_integer(round) ||
	    !json_is_object(run->params) || !json_is_object(run->metrics)) {
		snprintf(why, size,
			 "run %zu lacks workload, arm, round, params or metrics",
			 i);
		return -EINVAL;
	}
	json_object_foreach(run->metrics, key, value) {
		if (!json_is_integer(value)) {
			snprintf(why, size, "run %zu: metric %s is no integer",
				 i, key);
			return -EINVAL;
		}
	}
	if (record_check_more(json, more, sizeof(more))) {
		snprintf(why, size, "run %zu: %s", i, more);
		return -EINVAL;
	}
	return 0;
}

/**
 * results_parse() - read results from their JSON
 * @json: the whole object; on success @res owns it
 * @res: the results, for results_free()
 * @why: on error, what is wrong
 * @size: bytes in @why
 *
 * Return: 0 or -EINVAL.
 */
int results_parse(json_t *json, struct results *res, char *why, size_t size)
{
	const json_t *runs = json_object_get(json, "runs");
	size_t i;
	int ret;

	*res = (struct results){ 0 };
	if (json_integer_value(json_object_get(json, "schema")) !=
	    RESULTS_SCHEMA) {
		snprintf(why, size, "\"schema\" is not %d", RESULTS_SCHEMA);
		return -EINVAL;
	}
	if (!json_is_array(runs)) {
		snprintf(why, size, "no array \"runs\"");
		return -EINVAL;
	}
	res->n = json_array_size(runs);
	res->runs = xzalloc(res->n * sizeof(*res->runs));
	for (i = 0; i < res->n; i++) {
		ret = parse_run(json_array_get(runs, i), i, &res->runs[i], why,
				size);
		if (ret) {
			results_free(res);
			return ret;
		}
	}
	res->json = json;
	return 0;
}

/**
 * results_load() - read a results.json
 * @path: the file
 * @res: on success the results, for results_free()
 *
 * Return: 0, or a negative errno after a message.
 */
int results_load(const char *path, struct results *res)
{
	json_error_t error;
	char why[160];
	json_t *json;
	int ret;

	json = json_load_file(path, JSON_REJECT_DUPLICATES, &error);
	if (!json) {
		warnx("%s:%d: %s; give a results.json that `mflab report` wrote",
		      path, error.line, error.text);
		return -EINVAL;
	}
	ret = results_parse(json, res, why, sizeof(why));
	if (ret) {
		warnx("%s: %s; give a results.json that `mflab report` wrote",
		      path, why);
		json_decref(json);
	}
	return ret;
}

void results_free(struct results *res)
{
	json_decref(res->json);
	free(res->runs);
	*res = (struct results){ 0 };
}

/* Are all parameters of one in the other, and the same there, the seed apart? */
static bool params_in(const json_t *a, const json_t *b)
{
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)a, key, value) {
		if (strcmp(key, "seed") && !json_equal(value, json_object_get(b, key)))
			return false;
	}
	return true;
}

bool results_have_arm(const struct results *res, const char *arm)
{
	size_t i;

	for (i = 0; i < res->n; i++) {
		if (!strcmp(res->runs[i].arm, arm))
			return true;
	}
	return false;
}

/**
 * results_arms() - every arm there is, once
 * @res: the results
 * @arms: gets them, in the order of the runs
 */
void results_arms(const struct results *res, struct strv *arms)
{
	size_t i;

	for (i = 0; i < res->n; i++) {
		if (!strv_has(arms, res->runs[i].arm))
			strv_add(arms, xstrdup(res->runs[i].arm));
	}
}

/**
 * results_sum() - a metric over all runs of an arm that have it
 * @res: the results
 * @arm: the arm
 * @metric: the metric
 * @sum: its sum
 *
 * Return: false if no run has it.
 */
bool results_sum(const struct results *res, const char *arm, const char *metric,
		 long long *sum)
{
	bool known = false;
	long long value;
	size_t i;

	*sum = 0;
	for (i = 0; i < res->n; i++) {
		if (strcmp(res->runs[i].arm, arm) ||
		    !result_metric(&res->runs[i], metric, &value))
			continue;
		*sum += value;
		known = true;
	}
	return known;
}

/**
 * result_same_setup() - do two runs differ in arm, round and seed only?
 * @a: a run
 * @b: another
 */
bool result_same_setup(const struct result *a, const struct result *b)
{
	return !strcmp(a->workload, b->workload) && params_in(a->params, b->params) &&
	       params_in(b->params, a->params);
}

static const json_t *member(const struct results *res, const char *object,
			    const char *key)
{
	return json_object_get(object ? json_object_get(res->json, object) : res->json,
			       key);
}

/**
 * results_text() - a text of what stands before the runs
 * @res: the results
 * @object: "kernel", "machine" or NULL
 * @key: the key in there
 *
 * Return: the text, "?" if there is none.
 */
const char *results_text(const struct results *res, const char *object,
			 const char *key)
{
	const char *text = json_string_value(member(res, object, key));

	return text ? text : "?";
}

/* The same for numbers; 0 if there is none. */
long long results_number(const struct results *res, const char *object,
			 const char *key)
{
	return json_integer_value(member(res, object, key));
}

/* The accelerator in words. */
const char *results_accel(const struct results *res)
{
	const char *accel = results_text(res, "machine", "accel");

	return !strcmp(accel, "det") ? "deterministic TCG (det)" :
	       !strcmp(accel, "tcg") ? "parallel TCG (tcg)" :
	       !strcmp(accel, "kvm") ? "KVM (kvm)" : accel;
}

/**
 * results_parallel() - do the numbers depend on the machine, and on chance?
 * @res: the results
 */
bool results_parallel(const struct results *res)
{
	return strcmp(results_text(res, "machine", "accel"), "det");
}

bool result_metric(const struct result *run, const char *name,
		   long long *value)
{
	const json_t *metric = json_object_get(run->metrics, name);

	*value = json_integer_value(metric);
	return metric;
}

/**
 * results_failed() - the runs that failed, and so are not among the others
 * @res: the results
 * @lines: if there are any, gets a sentence that says so, and a line for each: its
 *	words, and why
 */
void results_failed(const struct results *res, struct strv *lines)
{
	const json_t *failed = json_object_get(res->json, "failed");
	size_t n = json_array_size(failed);
	size_t i;

	if (n)
		strv_addf(lines, "%zu run%s failed, and %s not in the numbers:", n,
			  n > 1 ? "s" : "", n > 1 ? "are" : "is");
	for (i = 0; i < n; i++) {
		const json_t *one = json_array_get(failed, i);
		const char *job = json_string_value(json_object_get(one, "job"));
		const char *why = json_string_value(json_object_get(one, "why"));

		strv_addf(lines, "%s: %s", job ? job : "?", why ? why : "?");
	}
}

/**
 * params_text() - a workload's parameters in one line
 * @params: an object
 *
 * Return: "a=1 b=2", in the object's order, for the caller to free.
 */
char *params_text(const json_t *params)
{
	char *text = xstrdup("");
	const char *key;
	json_t *value;

	json_object_foreach((json_t *)params, key, value) {
		char *dump = json_is_string(value) ?
			     xstrdup(json_string_value(value)) :
			     json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
		char *more = xasprintf("%s%s%s=%s", text, *text ? " " : "",
				       key, dump ? dump : "?");

		free(dump);
		free(text);
		text = more;
	}
	return text;
}
