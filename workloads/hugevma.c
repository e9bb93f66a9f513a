// SPDX-License-Identifier: GPL-2.0-only
/*
 * hugevma: one VMA in which all threads fault, against one VMA for each (R16).
 *
 * The faults are the same in both layouts, one.* and many.*; a lock of the VMA that is
 * kept over I/O makes the one VMA what mmap_lock was.  Meanwhile a thread changes the
 * protection of a part of one VMA after the other.
 */
#include "harness_cold.h"

#include <stdio.h>

#define MAX_FAULTERS	256
#define PLACE_MANY	16
#define ROOM		(1 << 18)

struct hugevma {
	struct wl wl;
	struct wl_cold cold;
	struct wl_faulter faulters[MAX_FAULTERS];
	struct wl_area areas[MAX_FAULTERS];
	struct wl_writer writer;
	unsigned int nr;
	uint32_t faults;
};

static struct wl_param params[] = {
	{ .name = "faulters", .value = 16, .max = MAX_FAULTERS, .min = 1,
	  .help = "threads that fault" },
	{ .name = "faults", .value = 100, .max = 65536, .min = 1,
	  .help = "faults of each" },
	{ .name = "pause_us", .value = 1000, .max = 60000000,
	  .help = "the writer's pause between two" },
	WL_COLD_PARAMS,
	{ 0 }
};

static uint64_t faults_per_s(const struct hugevma *s)
{
	return wl_faulters_done(s->faulters, s->nr) * 1000000000 / s->cold.meter.elapsed_ns;
}

static void layout(struct hugevma *s, const char *name, unsigned int place,
		   unsigned int nr_areas)
{
	struct wl_thread *others[] = { &s->writer.thread };
	const struct wl_samples *w = &s->writer.thread.samples;
	uint32_t each = s->faults * (s->nr / nr_areas);
	struct wl_summary idle;
	char prefix[32];

	for (unsigned int i = 0; i < nr_areas; i++)
		wl_area_file(&s->cold, &s->areas[i], wl_place(place + i), i * each, each);
	wl_deal(&s->cold, s->faulters, s->nr, s->areas, nr_areas);
	for (unsigned int i = 0; i < s->nr; i++)
		s->faulters[i].thread.leader = true;
	wl_writer_init(&s->wl, &s->writer, s->areas, nr_areas, 0,
		       wl_number(&s->wl, "pause_us"), ROOM);
	wl_cold_phase(&s->cold, true, s->faulters, s->nr, s->areas, nr_areas, others, 1);
	idle = wl_summarize(&s->wl, &w, 1);
	wl_cold_phase(&s->cold, false, s->faulters, s->nr, s->areas, nr_areas, others, 1);
	snprintf(prefix, sizeof(prefix), "%s.fault", name);
	wl_faulters_report(&s->wl, prefix, s->faulters, s->nr);
	snprintf(prefix, sizeof(prefix), "%s.write", name);
	wl_against_idle(&s->wl, prefix, &idle, &w, 1);
	wl_metric_of(&s->wl, prefix, "met", s->writer.met);
	wl_metric_of(&s->wl, name, "faults_per_s", faults_per_s(s));
	for (unsigned int i = 0; i < nr_areas; i++)
		wl_area_unmap(&s->areas[i]);
}

int main(int argc, char **argv)
{
	static struct hugevma s = { .wl = { .name = "hugevma", .params = params } };

	wl_parse(&s.wl, argc, argv);
	s.nr = (unsigned int)wl_number(&s.wl, "faulters");
	s.faults = (uint32_t)wl_number(&s.wl, "faults");
	wl_cold_open(&s.cold, &s.wl, (uint64_t)s.faults * s.nr + 1);
	layout(&s, "many", PLACE_MANY, s.nr);
	layout(&s, "one", 0, 1);
	wl_meter_report(&s.wl, &s.cold.meter);
	wl_emit(&s.wl);
	return 0;
}
