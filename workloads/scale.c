// SPDX-License-Identifier: GPL-2.0-only
/*
 * scale: fault throughput, and what writers wait, against the number of threads that
 * fault and against how slow the device is.
 *
 * Each of faulters= threads makes faults= faults in one mapping of a file.  Meanwhile
 * one thread changes the protection of a part of that mapping (write), and one maps and
 * unmaps elsewhere (mmap).  The same with no fault in flight is .idle.
 */
#include "harness_cold.h"

#define MAX_FAULTERS	512
#define PLACE_MAPPER	100
#define ROOM		(1 << 18)

static struct wl_param params[] = {
	{ .name = "faulters", .value = 8, .max = MAX_FAULTERS, .min = 1,
	  .help = "threads that fault" },
	{ .name = "faults", .value = 100, .max = 65536, .min = 1,
	  .help = "faults of each" },
	{ .name = "pause_us", .value = 500, .max = 60000000,
	  .help = "pause of the writer and of the mapper between two" },
	WL_COLD_PARAMS,
	{ 0 }
};

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "scale", .params = params };
	static struct wl_cold cold;
	static struct wl_faulter faulters[MAX_FAULTERS];
	static struct wl_area area;
	static struct wl_writer writer;
	static struct wl_mapper mapper;
	struct wl_thread *others[] = { &writer.thread, &mapper.thread };
	const struct wl_samples *w = &writer.thread.samples, *m = &mapper.thread.samples;
	struct wl_summary idle_w, idle_m;
	unsigned int nr;
	uint32_t pages;
	uint64_t pause;

	wl_parse(&wl, argc, argv);
	nr = (unsigned int)wl_number(&wl, "faulters");
	pages = (uint32_t)wl_number(&wl, "faults") * nr;
	pause = wl_number(&wl, "pause_us");
	wl_cold_open(&cold, &wl, pages + 1);
	wl_area_file(&cold, &area, wl_place(0), 0, pages);
	wl_deal(&cold, faulters, nr, &area, 1);
	for (unsigned int i = 0; i < nr; i++)
		faulters[i].thread.leader = true;
	wl_writer_init(&wl, &writer, &area, 1, 0, pause, ROOM);
	wl_mapper_init(&wl, &mapper, wl_place(PLACE_MAPPER), 0, pause, ROOM);

	wl_cold_phase(&cold, true, faulters, nr, &area, 1, others, 2);
	idle_w = wl_summarize(&wl, &w, 1);
	idle_m = wl_summarize(&wl, &m, 1);
	wl_cold_phase(&cold, false, faulters, nr, &area, 1, others, 2);
	wl_faulters_report(&wl, "fault", faulters, nr);
	wl_against_idle(&wl, "write", &idle_w, &w, 1);
	wl_against_idle(&wl, "mmap", &idle_m, &m, 1);
	wl_metric(&wl, "write.met", writer.met);
	wl_metric(&wl, "faults_per_s", pages * 1000000000ULL / cold.meter.elapsed_ns);
	wl_meter_report(&wl, &cold.meter);
	wl_emit(&wl);
	return 0;
}
