/* SPDX-License-Identifier: GPL-2.0-only */
/* results.json: written by `mflab report`, read by table, diff and others. */
#ifndef RESULTS_H
#define RESULTS_H

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>

#include "util.h"

#define RESULTS_SCHEMA	1
#define BASE_ARM	"mainline"
#define OUR_ARM		"relock"

/**
 * struct result - one run in results.json; everything is owned by @json
 * @workload: the workload's name
 * @arm: the arm it ran in
 * @round: which of the rounds
 * @params: the workload's parameters, an object
 * @metrics: the metrics, an object of integers
 * @histograms: distributions of latencies, an object, or NULL
 * @spans: who held what while who waited, an array, or NULL
 */
struct result {
	const char *workload;
	const char *arm;
	long long round;
	const json_t *params;
	json_t *metrics;
	json_t *histograms;
	json_t *spans;
};

/**
 * struct results - a results.json
 * @json: the whole file
 * @runs: its runs, in the file's order
 * @n: how many
 */
struct results {
	json_t *json;
	struct result *runs;
	size_t n;
};

int results_parse(json_t *json, struct results *res, char *why, size_t size);
int results_load(const char *path, struct results *res);
void results_free(struct results *res);
bool results_have_arm(const struct results *res, const char *arm);
void results_arms(const struct results *res, struct strv *arms);
bool results_sum(const struct results *res, const char *arm, const char *metric,
		 long long *sum);
bool result_same_setup(const struct result *a, const struct result *b);
const char *results_text(const struct results *res, const char *object,
			 const char *key);
long long results_number(const struct results *res, const char *object,
			 const char *key);
const char *results_accel(const struct results *res);
bool results_parallel(const struct results *res);
bool result_metric(const struct result *run, const char *name,
		   long long *value);
void results_failed(const struct results *res, struct strv *lines);
char *params_text(const json_t *params);

#endif
