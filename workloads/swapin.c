// SPDX-License-Identifier: GPL-2.0-only
/*
 * swapin: threads page memory out (MADV_PAGEOUT) while as many swap it in again, and
 * one maps and unmaps elsewhere.
 *
 * Each thread that swaps in has an area of its own, which it touches from its first page
 * to its last, rounds= times; a thread that pages out does so with the area of one of
 * them, all the time.  The mapper's .idle is with all of it in memory and nobody paging
 * out.  How many of the touches are major faults depends on who comes first, so it is
 * counted and the rounds are compared per fault as well.
 */
#include "harness_cold.h"

#include <errno.h>
#include <string.h>
#include <sys/mman.h>

#include "util.h"

#define MAX_PAIRS	32
#define PLACE_MAPPER	100
#define ROOM		(1 << 18)

struct toucher {
	struct wl_thread thread;
	const struct wl_area *area;
	uint64_t rounds;
	uint64_t idle_us;
};

struct pager {
	struct wl_thread thread;
	const struct wl_area *area;
	uint64_t pause_us;
};

static struct wl_param params[] = {
	{ .name = "pairs", .value = 5, .max = MAX_PAIRS, .min = 1,
	  .help = "threads that swap in, and threads that page out" },
	{ .name = "pages", .value = 200, .max = 262144, .min = 1,
	  .help = "pages of each area" },
	{ .name = "rounds", .value = 3, .max = 100000, .min = 1,
	  .help = "how often each area is swapped in" },
	{ .name = "pageout_pause_us", .value = 1000, .max = 60000000,
	  .help = "pause between two MADV_PAGEOUT of an area" },
	{ .name = "mmap_pause_us", .value = 500, .max = 60000000,
	  .help = "the mapper's pause between two" },
	WL_COLD_PARAMS,
	{ 0 }
};

static void toucher_body(struct wl_thread *thread)
{
	struct toucher *t = (struct toucher *)thread;

	for (uint64_t round = 0; round < t->rounds; round++) {
		for (uint32_t i = 0; i < t->area->items && !wl_stopped(thread); i++) {
			char *addr = wl_area_page(t->area, i);
			uint64_t start;

			wl_pause_us(t->idle_us);
			start = wl_now();
			(void)*(volatile char *)addr;
			wl_record(thread, wl_now() - start);
			if (!wl_check_page(thread, addr, t->area->first + i,
					   WL_PAGE / 8, "swap"))
				return;
		}
	}
}

static void pager_body(struct wl_thread *thread)
{
	struct pager *p = (struct pager *)thread;

	while (!wl_stopped(thread)) {
		uint64_t start;

		wl_pause_us(p->pause_us);
		start = wl_now();
		if (madvise(p->area->addr, p->area->tail, MADV_PAGEOUT)) {
			wl_fail(thread, "MADV_PAGEOUT: %s", strerror(errno));
			return;
		}
		wl_record(thread, wl_now() - start);
	}
}

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "swapin", .params = params };
	static struct wl_cold cold;
	static struct wl_area areas[MAX_PAIRS];
	static struct toucher touchers[MAX_PAIRS];
	static struct pager pagers[MAX_PAIRS];
	static struct wl_mapper mapper;
	static struct wl_thread *threads[2 * MAX_PAIRS + 1];
	const struct wl_samples *m = &mapper.thread.samples, *all[MAX_PAIRS];
	struct wl_summary idle;
	unsigned int pairs, nr = 0;
	uint64_t rounds, major = 0;
	uint32_t pages;

	wl_parse(&wl, argc, argv);
	pairs = (unsigned int)wl_number(&wl, "pairs");
	pages = (uint32_t)wl_number(&wl, "pages");
	rounds = wl_number(&wl, "rounds");
	wl_cold_open(&cold, &wl, 1);
	wl_mapper_init(&wl, &mapper, wl_place(PLACE_MAPPER), 0,
		       wl_number(&wl, "mmap_pause_us"), ROOM);
	threads[nr++] = &mapper.thread;
	for (unsigned int i = 0; i < pairs; i++) {
		wl_area_anon(&cold, &areas[i], wl_place(i), (i + 1ULL) << 32, pages);
		touchers[i] = (struct toucher){
			.thread = { .body = toucher_body, .leader = true },
			.area = &areas[i], .rounds = rounds };
		wl_samples_init(&wl, &touchers[i].thread.samples, rounds * pages);
		threads[nr++] = &touchers[i].thread;
	}
	for (unsigned int i = 0; i < pairs; i++) {
		pagers[i] = (struct pager){ .thread.body = pager_body, .area = &areas[i],
			.pause_us = wl_number(&wl, "pageout_pause_us") };
		wl_samples_init(&wl, &pagers[i].thread.samples, ROOM);
		threads[nr++] = &pagers[i].thread;
	}

	wl_areas_warm(&cold, areas, pairs);
	for (unsigned int i = 0; i < pairs; i++)
		touchers[i].idle_us = cold.latency_us;
	wl_phase(&wl, &cold.meter, threads, pairs + 1);
	idle = wl_summarize(&wl, &m, 1);
	for (unsigned int i = 0; i < pairs; i++)
		touchers[i].idle_us = 0;
	wl_areas_cold(&cold, areas, pairs);
	wl_phase(&wl, &cold.meter, threads, nr);

	wl_against_idle(&wl, "mmap", &idle, &m, 1);
	for (unsigned int i = 0; i < pairs; i++) {
		all[i] = &touchers[i].thread.samples;
		major += touchers[i].thread.major;
	}
	wl_samples_report(&wl, "touch", all, pairs);
	for (unsigned int i = 0; i < pairs; i++)
		all[i] = &pagers[i].thread.samples;
	wl_samples_report(&wl, "pageout", all, pairs);
	wl_metric(&wl, "faults", major);
	wl_metric(&wl, "faults_per_s", major * 1000000000 / cold.meter.elapsed_ns);
	wl_metric(&wl, "rounds_per_1000_s", rounds * 1000000000000ULL / cold.meter.elapsed_ns);
	wl_meter_report(&wl, &cold.meter);
	if (major < pages * pairs)
		wl_die(&wl, "%llu major faults, and %u pages were swapped out: something was in memory",
		       (unsigned long long)major, pages * pairs);
	wl_emit(&wl);
	return 0;
}
