// SPDX-License-Identifier: GPL-2.0-only
/*
 * thrash: many threads fault in files that are much larger than what their memory
 * cgroup may hold (R9).
 *
 * Each thread touches its pages one after the other, in random order, and again, for
 * rounds= rounds.  With MADV_RANDOM and pages that no two threads share, a fault needs
 * exactly one read.  What is more was read again: the page had been reclaimed before
 * the fault that had asked for it was done.
 *
 * The limit is what the cgroup holds when no page of the file is cached, and room_kb=
 * more.  Pages that wait for the device cannot be reclaimed, nor those that are still in
 * a CPU's batch for the LRU lists, up to 31 each; if room_kb= does not hold one for each
 * thread and these batches, the kernel has to kill somebody, in any arm.  mappers= threads map and
 * unmap elsewhere meanwhile, so that whoever goes on under mmap_lock has to wait for it.
 * forkers= threads fork, and writers= threads change the protection of the last pages of
 * the mapping to and fro: they write-lock the VMA that the faults are in.
 */
#include "harness_beside.h"
#include "harness_cold.h"

#include <stdio.h>

#include "util.h"

#define MAX_THREADS	768
#define MAX_BESIDE	64
#define PLACE_MAPPERS	100
#define ROOM_BESIDE	(1 << 17)
#define FORK_PAUSE_US	2000
#define WRITE_PAUSE_US	1000
#define CHECKED_WORDS	64

struct thrasher {
	struct wl_thread thread;
	const struct wl_faulter *share;
	uint64_t rounds;
	uint64_t touches;
};

struct thrash {
	struct wl wl;
	struct wl_cold cold;
	struct wl_cgroup group;
	struct wl_area area;
	struct wl_faulter shares[MAX_THREADS];
	struct thrasher thrashers[MAX_THREADS];
	struct wl_mapper mappers[MAX_BESIDE];
	struct wl_forker forkers[MAX_BESIDE];
	struct wl_writer writers[MAX_BESIDE];
	struct wl_thread *threads[MAX_THREADS + 3 * MAX_BESIDE];
	unsigned int nr_thrashers, nr_mappers, nr_forkers, nr_writers, nr_threads;
};

static struct wl_param params[] = {
	{ .name = "threads", .value = 200, .max = MAX_THREADS, .min = 1,
	  .help = "threads that fault" },
	{ .name = "pages", .value = 32, .max = 65536, .min = 1,
	  .help = "pages of each" },
	{ .name = "rounds", .value = 3, .max = 1000, .min = 1,
	  .help = "how often each touches its pages" },
	{ .name = "room_kb", .value = 4096, .max = 1 << 24, .min = 64,
	  .help = "room for the page cache" },
	{ .name = "limit", .text = "max", .choices = "max high",
	  .help = "which limit: memory.max or memory.high" },
	{ .name = "mappers", .value = 0, .max = MAX_BESIDE,
	  .help = "threads that map and unmap elsewhere" },
	{ .name = "forkers", .value = 0, .max = MAX_BESIDE,
	  .help = "threads that fork" },
	{ .name = "writers", .value = 0, .max = MAX_BESIDE,
	  .help = "threads that mprotect a part of the very mapping" },
	WL_COLD_PARAMS,
	{ 0 }
};

static void thrasher_body(struct wl_thread *thread)
{
	struct thrasher *t = (struct thrasher *)thread;

	t->touches = 0;
	for (uint64_t round = 0; round < t->rounds; round++) {
		for (uint32_t i = 0; i < t->share->nr && !wl_stopped(thread); i++) {
			const struct wl_target *target = &t->share->targets[i];
			char *addr = wl_area_page(target->area, target->item);
			uint64_t start = wl_now();

			(void)*(volatile char *)addr;
			wl_sample(&thread->samples, wl_now() - start);
			t->touches++;
			if (!wl_check_page(thread, addr, target->area->first + target->item,
					   CHECKED_WORDS, "file"))
				return;
		}
	}
}

static void set_up(struct thrash *s)
{
	uint64_t rounds = wl_number(&s->wl, "rounds");
	uint32_t pages = (uint32_t)wl_number(&s->wl, "pages") * s->nr_thrashers;

	/* The file is made outside the cgroup: it is not to be charged to it. */
	wl_cold_open(&s->cold, &s->wl, pages + 1);
	wl_area_file(&s->cold, &s->area, wl_place(0), 0, pages);
	wl_deal(&s->cold, s->shares, s->nr_thrashers, &s->area, 1);
	for (unsigned int i = 0; i < s->nr_thrashers; i++) {
		struct thrasher *t = &s->thrashers[i];

		t->thread.body = thrasher_body;
		t->thread.leader = true;
		t->share = &s->shares[i];
		t->rounds = rounds;
		wl_samples_init(&s->wl, &t->thread.samples, s->shares[i].nr * rounds);
		s->threads[s->nr_threads++] = &t->thread;
	}
	for (unsigned int i = 0; i < s->nr_mappers; i++) {
		struct wl_mapper *m = &s->mappers[i];

		wl_mapper_init(&s->wl, m, wl_place(PLACE_MAPPERS + i), 0, 100, ROOM_BESIDE);
		s->threads[s->nr_threads++] = &m->thread;
	}
	for (unsigned int i = 0; i < s->nr_forkers; i++) {
		struct wl_forker *f = &s->forkers[i];

		*f = (struct wl_forker){ .thread.body = wl_forker_body,
					 .pause_us = FORK_PAUSE_US };
		wl_samples_init(&s->wl, &f->thread.samples, ROOM_BESIDE);
		s->threads[s->nr_threads++] = &f->thread;
	}
	for (unsigned int i = 0; i < s->nr_writers; i++) {
		struct wl_writer *w = &s->writers[i];

		wl_writer_init(&s->wl, w, &s->area, 1, 0, WRITE_PAUSE_US, ROOM_BESIDE);
		s->threads[s->nr_threads++] = &w->thread;
	}
}

/* Without a limit: page tables and whatever else there is to be charged. */
static void charge_all_else(struct thrash *s)
{
	wl_cgroup_make(&s->wl, &s->group, "thrash", "+memory");
	wl_cgroup_write(&s->group, "memory.swap.max", "0");
	wl_cgroup_write(&s->group, "cgroup.procs", "0");
	wl_areas_warm(&s->cold, &s->area, 1);
	wl_phase(&s->wl, &s->cold.meter, s->threads, s->nr_threads);
	wl_areas_cold(&s->cold, &s->area, 1);
}

/* When all threads are there: their stacks are charged, too. */
static void limit(void *arg)
{
	struct thrash *s = arg;
	uint64_t bytes = wl_cgroup_limit(&s->group, wl_text(&s->wl, "limit")[0] == 'm' ?
					 "memory.max" : "memory.high",
					 wl_number(&s->wl, "room_kb"));

	wl_metric(&s->wl, "limit_bytes", bytes);
}

static void report(struct thrash *s)
{
	static const struct wl_samples *all[MAX_THREADS];
	uint64_t touches = 0, faults = 0, reads = s->cold.meter.disk_reads;
	uint64_t ns = s->cold.meter.elapsed_ns;

	for (unsigned int i = 0; i < s->nr_thrashers; i++) {
		touches += s->thrashers[i].touches;
		faults += s->thrashers[i].thread.major;
		all[i] = &s->thrashers[i].thread.samples;
	}
	wl_samples_report(&s->wl, "touch", all, s->nr_thrashers);
	for (unsigned int i = 0; i < s->nr_mappers; i++)
		all[i] = &s->mappers[i].thread.samples;
	wl_samples_report(&s->wl, "mmap", all, s->nr_mappers);
	for (unsigned int i = 0; i < s->nr_forkers; i++)
		all[i] = &s->forkers[i].thread.samples;
	wl_samples_report(&s->wl, "fork", all, s->nr_forkers);
	for (unsigned int i = 0; i < s->nr_writers; i++)
		all[i] = &s->writers[i].thread.samples;
	wl_samples_report(&s->wl, "mprotect", all, s->nr_writers);
	wl_metric(&s->wl, "touches", touches);
	wl_metric(&s->wl, "faults", faults);
	wl_metric(&s->wl, "reads_per_fault_x1000", faults ? reads * 1000 / faults : 0);
	wl_metric(&s->wl, "reread", reads > faults ? reads - faults : 0);
	wl_metric(&s->wl, "reread_ns", reads > faults ?
		  (reads - faults) * s->cold.latency_us * 1000 : 0);
	wl_metric(&s->wl, "rounds_per_1000_s",
		  s->thrashers[0].rounds * 1000000000000ULL / ns);
	wl_metric(&s->wl, "oom_kills",
		  wl_cgroup_number(&s->group, "memory.events", "oom_kill"));
	wl_metric(&s->wl, "limit_hits", wl_cgroup_number(&s->group, "memory.events",
		  wl_text(&s->wl, "limit")));
	wl_meter_report(&s->wl, &s->cold.meter);
	/* Beside fork() a major fault may have waited for a folio without a read. */
	if (touches && !s->nr_forkers && reads < faults)
		wl_die(&s->wl, "%llu reads for %llu major faults: something was cached",
		       (unsigned long long)reads, (unsigned long long)faults);
	if (faults < touches / 4)
		wl_die(&s->wl, "only %llu of %llu touches were faults: give less room_kb=",
		       (unsigned long long)faults, (unsigned long long)touches);
}

int main(int argc, char **argv)
{
	static struct thrash s = { .wl = { .name = "thrash", .params = params } };

	wl_parse(&s.wl, argc, argv);
	s.nr_thrashers = (unsigned int)wl_number(&s.wl, "threads");
	s.nr_mappers = (unsigned int)wl_number(&s.wl, "mappers");
	s.nr_forkers = (unsigned int)wl_number(&s.wl, "forkers");
	s.nr_writers = (unsigned int)wl_number(&s.wl, "writers");
	set_up(&s);
	charge_all_else(&s);
	s.cold.meter.ready = limit;
	s.cold.meter.arg = &s;
	wl_phase(&s.wl, &s.cold.meter, s.threads, s.nr_threads);
	report(&s);
	wl_cgroup_end(&s.group);
	wl_emit(&s.wl);
	return 0;
}
