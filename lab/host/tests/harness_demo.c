// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: a workload of a few known latencies and a span, for harness_test.sh.
 * Before it emits its record it checks the classes of the distributions.
 */
#include "harness.h"

#include <stdio.h>

static struct wl_param params[] = {
	{ 0 }
};

static void check(const struct wl *wl, bool good, const char *what, uint64_t ns)
{
	if (!good)
		wl_die(wl, "class of %llu: %s", (unsigned long long)ns, what);
}

/* Every class: contiguous, 1.6 % wide at most, and as many as there is room for. */
static void check_classes(const struct wl *wl)
{
	unsigned int classes = 0;
	uint64_t ns = 0, bound;

	do {
		bound = wl_bound(ns);
		check(wl, bound >= ns, "below it", ns);
		check(wl, wl_bound(bound) == bound, "not its own bound", bound);
		check(wl, bound - ns <= ns / 64, "too wide", ns);
		check(wl, ns >= 128 || bound == ns, "not exact", ns);
		check(wl, ++classes <= WL_MAX_CLASSES, "one too many", ns);
		ns = bound + 1;
	} while (ns);
	check(wl, classes == WL_MAX_CLASSES, "there is room for more", ns);
}

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "demo", .params = params };
	uint64_t first[] = { 130, 5000000, 100 }, second[] = { 127, 128, 5000001, 129 };
	const struct wl_samples a = { first, 3, 3 }, b = { second, 4, 4 };
	const struct wl_samples *both[] = { &a, &b };

	wl_parse(&wl, argc, argv);
	check_classes(&wl);
	wl_samples_report(&wl, "op", both, 2);
	wl_span(&wl, "A", "reads", 5, 9);
	wl_span(&wl, "B", "mprotect, waits for A's \"lock\"", 7, 7);
	wl_emit(&wl);
	return 0;
}
