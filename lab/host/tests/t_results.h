/* SPDX-License-Identifier: GPL-2.0-only */
/* results.json made of a list of runs, for the tests of its readers. */
#ifndef T_RESULTS_H
#define T_RESULTS_H

#include "t.h"

#include "results.h"

/* Most runs here have nothing but metrics. */
#pragma GCC diagnostic ignored "-Wmissing-field-initializers"

/**
 * struct t_run - a run of workload "w"
 * @arm: its arm
 * @round: its round
 * @params: JSON
 * @metrics: JSON
 * @histograms: JSON, or NULL
 * @spans: JSON, or NULL
 */
struct t_run {
	const char *arm;
	int round;
	const char *params;
	const char *metrics;
	const char *histograms;
	const char *spans;
};

static inline void t_results_by(struct results *res, const struct t_run *runs,
				size_t n, const char *accel)
{
	json_t *json = json_pack("{s:i, s:[], s:s, s:{s:s}, s:{s:s, s:i}}",
				 "schema", 1, "runs", "base", "7.3.4",
				 "kernel", "release", "7.3.4-lab",
				 "machine", "accel", accel, "vcpus", 4);
	char why[160];
	size_t i;

	for (i = 0; i < n; i++) {
		json_t *run = json_pack("{s:s, s:s, s:i, s:o, s:o}",
			"workload", "w", "arm", runs[i].arm,
			"round", runs[i].round,
			"params", json_loads(runs[i].params, 0, NULL),
			"metrics", json_loads(runs[i].metrics, 0, NULL));

		assert_non_null(run);
		if (runs[i].histograms)
			json_object_set_new(run, "histograms",
					    json_loads(runs[i].histograms, 0, NULL));
		if (runs[i].spans)
			json_object_set_new(run, "spans",
					    json_loads(runs[i].spans, 0, NULL));
		json_array_append_new(json_object_get(json, "runs"), run);
	}
	assert_int_equal(results_parse(json, res, why, sizeof(why)), 0);
}

/* A run of workload "w" in this arm has failed, too. */
static inline void t_failed(struct results *res, const char *arm)
{
	char *job = xasprintf("run workload=w arm=%s round=2", arm);

	json_object_set_new(res->json, "failed",
			    json_pack("[{s:s, s:s}]", "job", job, "why", "failed: status 1"));
	free(job);
}

static inline void t_results(struct results *res, const struct t_run *runs,
			     size_t n)
{
	t_results_by(res, runs, n, "det");
}

#endif
