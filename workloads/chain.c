// SPDX-License-Identifier: GPL-2.0-only
/*
 * chain: does a thread wait, through another, for the I/O of a third (R15, E3)?
 *
 * a	threads fault in a file mapping, vma1, and wait for the device
 * b	a thread changes the protection of a part of vma1
 * c	a thread maps and unmaps elsewhere; between two, it walks /proc/self/maps
 *
 * c has nothing to do with vma1.  What it waits beyond c.idle it waits for b, which
 * holds mmap_lock, and through b for a.
 *
 * With prio=1 the faulters have SCHED_IDLE, c has SCHED_FIFO, and hogs= threads of
 * ordinary priority keep the CPUs busy: who waits for the lowest waits for the hogs.
 */
#include "harness_cold.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"

#define MAX_FAULTERS	64
#define MAX_HOGS	8
#define PLACE_C		100

struct b {
	struct wl_thread thread;
	struct wl_area *area;
	uint64_t pause_us;
};

/* Samples of the mapping are the thread's. */
struct c {
	struct wl_thread thread;
	struct wl_samples maps;
	uint64_t ops;
	uint64_t pause_us;
	bool fifo;
};

struct chain {
	struct wl wl;
	struct wl_cold cold;
	struct wl_area vma1;
	struct wl_faulter a[MAX_FAULTERS];
	struct b b;
	struct c c;
	struct wl_thread hogs[MAX_HOGS];
	unsigned int nr_faulters, nr_hogs;
	struct wl_thread *others[2 + MAX_HOGS];
	struct wl_summary idle_b, idle_c, idle_maps;
};

static struct wl_param params[] = {
	{ .name = "faulters", .value = 4, .max = MAX_FAULTERS, .min = 1,
	  .help = "threads a" },
	{ .name = "pages", .value = 1024, .max = 65536, .min = 1,
	  .help = "pages that each can fault in, in one phase" },
	{ .name = "ops", .value = 300, .max = 100000, .min = 1,
	  .help = "mappings, and walks of /proc/self/maps, of c in each phase" },
	{ .name = "pause_us", .value = 1000, .max = 60000000,
	  .help = "pause of b and of c between two" },
	{ .name = "prio", .value = 0, .max = 1,
	  .help = "1: a has SCHED_IDLE, c SCHED_FIFO" },
	{ .name = "hogs", .value = 0, .max = MAX_HOGS,
	  .help = "threads that only use the CPU" },
	WL_COLD_PARAMS,
	{ 0 }
};

static void schedule(struct wl_thread *thread, int policy, int priority)
{
	struct sched_param param = { .sched_priority = priority };

	if (sched_setscheduler(0, policy, &param))
		wl_fail(thread, "sched_setscheduler: %s", strerror(errno));
}

static void a_idle_body(struct wl_thread *thread)
{
	schedule(thread, SCHED_IDLE, 0);
	wl_faulter_body(thread);
}

static void b_body(struct wl_thread *thread)
{
	struct b *b = (struct b *)thread;
	struct wl_area *a = b->area;

	for (bool odd = false; !wl_stopped(thread) || odd; odd = !odd) {
		uint64_t start;

		wl_pause_us(b->pause_us);
		start = wl_now();
		if (mprotect(a->addr + a->tail, a->bytes - a->tail,
			     odd ? PROT_READ : PROT_READ | PROT_WRITE)) {
			wl_fail(thread, "mprotect: %s", strerror(errno));
			return;
		}
		wl_record(thread, wl_now() - start);
	}
}

static bool map_elsewhere(struct wl_thread *thread)
{
	uint64_t start = wl_now();
	char *p = mmap(wl_place(PLACE_C), WL_SLOT_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED || munmap(p, WL_SLOT_BYTES)) {
		wl_fail(thread, "mmap: %s", strerror(errno));
		return false;
	}
	wl_record(thread, wl_now() - start);
	return true;
}

static bool walk_maps(struct c *c)
{
	static char text[16384];
	int fd = open("/proc/self/maps", O_RDONLY | O_CLOEXEC);
	uint64_t start = wl_now();
	ssize_t n;

	while ((n = read(fd, text, sizeof(text))) > 0)
		;
	wl_sample(&c->maps, wl_now() - start);
	if (fd < 0 || n < 0)
		wl_fail(&c->thread, "/proc/self/maps: %s", strerror(errno));
	close(fd);
	return n == 0;
}

static void c_body(struct wl_thread *thread)
{
	struct c *c = (struct c *)thread;

	if (c->fifo)
		schedule(thread, SCHED_FIFO, 1);
	for (uint64_t i = 0; i < c->ops && !wl_stopped(thread); i++) {
		wl_pause_us(c->pause_us);
		if (!map_elsewhere(thread))
			return;
		wl_pause_us(c->pause_us);
		if (!walk_maps(c))
			return;
	}
}

static void hog_body(struct wl_thread *thread)
{
	while (!wl_stopped(thread))
		;
}

static void set_up(struct chain *s)
{
	uint64_t ops = wl_number(&s->wl, "ops"), pause = wl_number(&s->wl, "pause_us");
	bool prio = wl_number(&s->wl, "prio");
	uint32_t pages = (uint32_t)wl_number(&s->wl, "pages") * s->nr_faulters;
	unsigned int nr = 0;

	wl_cold_open(&s->cold, &s->wl, pages + 1);
	wl_area_file(&s->cold, &s->vma1, wl_place(0), 0, pages);
	wl_deal(&s->cold, s->a, s->nr_faulters, &s->vma1, 1);
	for (unsigned int i = 0; prio && i < s->nr_faulters; i++)
		s->a[i].thread.body = a_idle_body;
	s->b = (struct b){ .thread.body = b_body, .area = &s->vma1, .pause_us = pause };
	s->c = (struct c){ .thread = { .body = c_body, .leader = true }, .ops = ops,
			   .pause_us = pause, .fifo = prio };
	wl_samples_init(&s->wl, &s->b.thread.samples, 1 << 20);
	wl_samples_init(&s->wl, &s->c.thread.samples, ops);
	wl_samples_init(&s->wl, &s->c.maps, ops);
	s->others[nr++] = &s->b.thread;
	s->others[nr++] = &s->c.thread;
	for (unsigned int i = 0; i < s->nr_hogs; i++) {
		s->hogs[i].body = hog_body;
		s->others[nr++] = &s->hogs[i];
	}
}

static void phase(struct chain *s, bool idle)
{
	s->c.maps.count = 0;
	wl_cold_phase(&s->cold, idle, s->a, s->nr_faulters, &s->vma1, 1, s->others,
		      2 + s->nr_hogs);
}

int main(int argc, char **argv)
{
	static struct chain s = { .wl = { .name = "chain", .params = params } };
	const struct wl_samples *b = &s.b.thread.samples, *c = &s.c.thread.samples;
	const struct wl_samples *maps = &s.c.maps;

	wl_parse(&s.wl, argc, argv);
	s.nr_faulters = (unsigned int)wl_number(&s.wl, "faulters");
	s.nr_hogs = (unsigned int)wl_number(&s.wl, "hogs");
	set_up(&s);
	phase(&s, true);
	s.idle_b = wl_summarize(&s.wl, &b, 1);
	s.idle_c = wl_summarize(&s.wl, &c, 1);
	s.idle_maps = wl_summarize(&s.wl, &maps, 1);
	phase(&s, false);
	wl_faulters_report(&s.wl, "fault", s.a, s.nr_faulters);
	wl_against_idle(&s.wl, "b", &s.idle_b, &b, 1);
	wl_against_idle(&s.wl, "c", &s.idle_c, &c, 1);
	wl_against_idle(&s.wl, "maps", &s.idle_maps, &maps, 1);
	wl_meter_report(&s.wl, &s.cold.meter);
	wl_emit(&s.wl);
	return 0;
}
