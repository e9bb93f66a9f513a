// SPDX-License-Identifier: GPL-2.0-only
/*
 * microbench2010: the measurement that drop-and-retry was introduced with (E2).
 *
 * One thread faults at random in a big mapped file on a slow device, one maps and unmaps
 * elsewhere without a pause.  In 2010 that was 55 mappings a second where the fault kept
 * mmap_lock, and 15,000 where it did not.
 */
#include "harness_cold.h"

#define PLACE_MAPPER	100

static struct wl_param params[] = {
	{ .name = "pages", .value = 2048, .max = 65536, .min = 1,
	  .help = "pages that can be faulted in, in one phase" },
	{ .name = "ops", .value = 20000, .max = 10000000, .min = 1,
	  .help = "mappings, in each phase" },
	WL_COLD_PARAMS,
	{ 0 }
};

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "microbench2010", .params = params };
	static struct wl_cold cold;
	static struct wl_faulter faulter;
	static struct wl_area area;
	static struct wl_mapper mapper;
	struct wl_thread *others[] = { &mapper.thread };
	const struct wl_samples *m = &mapper.thread.samples;
	struct wl_summary idle;
	uint64_t ops, idle_ns;
	uint32_t pages;

	wl_parse(&wl, argc, argv);
	pages = (uint32_t)wl_number(&wl, "pages");
	ops = wl_number(&wl, "ops");
	wl_cold_open(&cold, &wl, pages + 1);
	wl_area_file(&cold, &area, wl_place(0), 0, pages);
	wl_deal(&cold, &faulter, 1, &area, 1);
	wl_mapper_init(&wl, &mapper, wl_place(PLACE_MAPPER), ops, 0, ops);
	mapper.thread.leader = true;

	wl_cold_phase(&cold, true, &faulter, 1, &area, 1, others, 1);
	idle = wl_summarize(&wl, &m, 1);
	idle_ns = cold.meter.elapsed_ns;
	wl_cold_phase(&cold, false, &faulter, 1, &area, 1, others, 1);
	wl_against_idle(&wl, "mmap", &idle, &m, 1);
	wl_metric(&wl, "mmap.ops_per_s", ops * 1000000000 / cold.meter.elapsed_ns);
	wl_metric(&wl, "mmap.idle.ops_per_s", ops * 1000000000 / idle_ns);
	wl_faulters_report(&wl, "fault", &faulter, 1);
	wl_meter_report(&wl, &cold.meter);
	wl_emit(&wl);
	return 0;
}
