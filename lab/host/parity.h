/* SPDX-License-Identifier: GPL-2.0-only */
/* Do the programs of two runs end alike? No I/O here: the tests feed it. */
#ifndef PARITY_H
#define PARITY_H

#include <stdbool.h>
#include <stddef.h>

#include "tap.h"
#include "util.h"

/**
 * struct parity - what came of a program in two runs
 * @title: the program and its arguments
 * @outcome: what it did in the second run, in words
 * @useless: it says nothing: in both runs it did not run, was over its time limit, or
 *	failed without a result
 * @diffs: "TITLE: what differs", a line each; empty if nothing does
 */
struct parity {
	char title[192];
	char outcome[256];
	bool useless;
	struct strv diffs;
};

void parity_compare(struct parity *p, const struct test_job *a,
		    const struct test_job *b);
bool parity_known(const struct parity *p, const char *known, char *reason,
		  size_t size);
void parity_free(struct parity *p);

#endif
