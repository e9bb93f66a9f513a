// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: a workload of a few known latencies and a span, for harness_test.sh.
 * Before it emits its record it checks the classes of the distributions, and that
 * latencies are found by when they were under way.
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

/* From 10 to 20, from 30 to 70, from 65 to 90. */
static void check_during(struct wl *wl)
{
	static const struct {
		uint64_t begin, end;
		size_t longest;
	} cases[] = {
		{ 0, UINT64_MAX, 1 }, { 15, 15, 0 }, { 20, 29, 0 }, { 21, 29, WL_NO_SAMPLE },
		{ 70, 70, 1 }, { 71, 80, 2 }, { 91, 99, WL_NO_SAMPLE }, { 0, 9, WL_NO_SAMPLE },
		{ 0, 10, 0 },
	};
	uint64_t ns[] = { 10, 40, 25 }, end[] = { 20, 70, 90 };
	const struct wl_samples s = { .ns = ns, .end = end, .count = 3, .room = 3 };

	for (size_t i = 0; i < sizeof(cases) / sizeof(*cases); i++)
		if (wl_samples_during(&s, cases[i].begin, cases[i].end) != cases[i].longest)
			wl_die(wl, "from %llu to %llu: not the latency that is the longest",
			       (unsigned long long)cases[i].begin,
			       (unsigned long long)cases[i].end);
}

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "demo", .params = params };
	uint64_t first[] = { 130, 5000000, 100 }, second[] = { 127, 128, 5000001, 129 };
	const struct wl_samples a = { .ns = first, .count = 3, .room = 3 };
	const struct wl_samples b = { .ns = second, .count = 4, .room = 4 };
	const struct wl_samples *both[] = { &a, &b };

	wl_parse(&wl, argc, argv);
	check_classes(&wl);
	check_during(&wl);
	wl_samples_report(&wl, "op", both, 2);
	wl_span(&wl, "A", "reads", 5, 9);
	wl_span(&wl, "B", "mprotect, waits for A's \"lock\"", 7, 7);
	wl_emit(&wl);
	return 0;
}
