/* SPDX-License-Identifier: GPL-2.0-only */
/* Compare two results.json digit for digit. */
#ifndef DIFF_H
#define DIFF_H

#include <stddef.h>

#include "results.h"
#include "util.h"

/**
 * struct diff - a comparison
 * @metrics: the metrics to compare; none: all
 * @arm_a: compare this arm of A ...
 * @arm_b: ... with this arm of B; NULL: each with its own
 * @found: what differs, a line each
 * @runs: how many pairs of runs were compared
 * @values: how many metrics
 */
struct diff {
	struct strv metrics;
	const char *arm_a;
	const char *arm_b;
	struct strv found;
	size_t runs;
	size_t values;
};

void diff_results(struct diff *d, const struct results *a,
		  const struct results *b);

#endif
