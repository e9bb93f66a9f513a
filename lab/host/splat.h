/* SPDX-License-Identifier: GPL-2.0-only */
/* Find splats in the kernel log, and the job that each belongs to. */
#ifndef SPLAT_H
#define SPLAT_H

#include <regex.h>
#include <stdbool.h>
#include <stddef.h>

/* splats.txt, built into the program. */
extern const char splats_txt[];

enum splat_kind {
	SPLAT_NONE,
	SPLAT_SPLAT,
	SPLAT_PANIC,
};

struct splat_rule {
	enum splat_kind kind;
	regex_t regex;
};

/**
 * struct splat_rules - what counts as a splat
 * @rules: in the order of the file
 * @n: how many
 */
struct splat_rules {
	struct splat_rule *rules;
	size_t n;
};

int splat_rules_load(struct splat_rules *set, const char *text, char *why,
		     size_t size);
void splat_rules_free(struct splat_rules *set);
enum splat_kind splat_match(const struct splat_rules *set, const char *line);

/**
 * struct klog - where in the kernel log the reader is
 * @rules: what counts as a splat
 * @job: the job that has begun last; 0 before the first
 *
 * A splat after a job's end and before the next one's beginning is still put
 * down to that job: what it left behind can fall over late.
 */
struct klog {
	const struct splat_rules *rules;
	unsigned int job;
};

enum splat_kind klog_line(struct klog *log, const char *line);

#endif
