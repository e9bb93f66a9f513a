/* SPDX-License-Identifier: GPL-2.0-only */
/* Plots by gnuplot, as SVG to be put into a page. */
#ifndef PLOT_H
#define PLOT_H

#include <stddef.h>

#include "results.h"
#include "view.h"

/**
 * struct plot_style - how an arm looks, in colour and without
 * @arm: the arm
 * @color: of its line
 * @dash: gnuplot's dash pattern, as numbers; "" is solid
 */
struct plot_style {
	const char *arm;
	const char *color;
	const char *dash;
};

const struct plot_style *plot_style(const char *arm, size_t index);

int plot_cdf(const char *gnuplot, const struct view *v, const char *operation,
	     char **svg);

/**
 * struct curve - a metric over one parameter, all others being the same
 * @workload: the workload
 * @param: the parameter
 * @others: the other parameters that tell it from further curves, in words
 * @views: its set-ups, the parameter rising
 * @x: the parameter's values
 * @n: how many
 */
struct curve {
	char *workload;
	char *param;
	char *others;
	struct view *views;
	long long *x;
	size_t n;
};

/**
 * struct curves - all of them
 * @v: the curves
 * @n: how many
 * @all: every set-up there is; the curves' views are copies of these
 * @all_n: how many
 */
struct curves {
	struct curve *v;
	size_t n;
	struct view *all;
	size_t all_n;
};

void curves_find(struct curves *c, const struct results *res);
void curves_free(struct curves *c);
int plot_curve(const char *gnuplot, const struct curve *c, const char *metric,
	       char **svg);

int plot_run(const char *gnuplot, const char *script, char **svg);
char *plot_ticks(double min, double max, bool is_time, bool across);

#endif
