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
 * With prio=nice the faulters have the nice value 19, with prio=idle SCHED_IDLE; c has
 * SCHED_FIFO, and hogs= threads of ordinary priority keep the CPUs busy, but for a
 * millisecond after each hog_us=: who waits for the lowest waits for the hogs.
 */
#include "harness_cold.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <string.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

#define MAX_FAULTERS	64
#define MAX_HOGS	8
#define PLACE_C		100
#define MAX_SHOWN	8	/* threads a in the picture */

/* Samples of the mapping are the thread's. */
struct c {
	struct wl_thread thread;
	struct wl_samples maps;
	uint64_t ops;
	uint64_t pause_us;
	bool fifo;
};

struct hog {
	struct wl_thread thread;
	uint64_t ns;
};

struct chain {
	struct wl wl;
	struct wl_cold cold;
	struct wl_area vma1;
	struct wl_faulter a[MAX_FAULTERS];
	struct wl_writer b;
	struct c c;
	struct hog hogs[MAX_HOGS];
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
	{ .name = "prio", .text = "same", .choices = "same nice idle",
	  .help = "nice: a has nice 19, c SCHED_FIFO; idle: a has SCHED_IDLE" },
	{ .name = "hog_us", .value = 10000, .max = 60000000,
	  .help = "how long a hog uses it before it sleeps for a millisecond" },
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

static void a_nice_body(struct wl_thread *thread)
{
	if (setpriority(PRIO_PROCESS, (id_t)syscall(SYS_gettid), 19))
		wl_fail(thread, "setpriority: %s", strerror(errno));
	wl_faulter_body(thread);
}

static void a_idle_body(struct wl_thread *thread)
{
	schedule(thread, SCHED_IDLE, 0);
	wl_faulter_body(thread);
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
		if (!wl_map_elsewhere(thread, wl_place(PLACE_C)))
			return;
		wl_pause_us(c->pause_us);
		if (!walk_maps(c))
			return;
	}
}

static void hog_body(struct wl_thread *thread)
{
	struct hog *hog = (struct hog *)thread;

	while (!wl_stopped(thread)) {
		uint64_t until = wl_now() + hog->ns;

		while (wl_now() < until && !wl_stopped(thread))
			;
		wl_pause_us(1000);
	}
}

static void keep_ends(struct chain *s)
{
	for (unsigned int i = 0; i < s->nr_faulters; i++)
		wl_samples_keep_ends(&s->wl, &s->a[i].thread.samples);
	wl_samples_keep_ends(&s->wl, &s->b.thread.samples);
	wl_samples_keep_ends(&s->wl, &s->c.thread.samples);
	wl_samples_keep_ends(&s->wl, &s->c.maps);
}

static void set_up(struct chain *s)
{
	uint64_t ops = wl_number(&s->wl, "ops"), pause = wl_number(&s->wl, "pause_us");
	char prio = wl_text(&s->wl, "prio")[0];
	uint32_t pages = (uint32_t)wl_number(&s->wl, "pages") * s->nr_faulters;
	unsigned int nr = 0;

	wl_cold_open(&s->cold, &s->wl, pages + 1);
	wl_area_file(&s->cold, &s->vma1, wl_place(0), 0, pages);
	wl_deal(&s->cold, s->a, s->nr_faulters, &s->vma1, 1);
	for (unsigned int i = 0; prio != 's' && i < s->nr_faulters; i++)
		s->a[i].thread.body = prio == 'n' ? a_nice_body : a_idle_body;
	wl_writer_init(&s->wl, &s->b, &s->vma1, 1, 0, pause, 1 << 20);
	s->c = (struct c){ .thread = { .body = c_body, .leader = true }, .ops = ops,
			   .pause_us = pause, .fifo = prio != 's' };
	wl_samples_init(&s->wl, &s->c.thread.samples, ops);
	wl_samples_init(&s->wl, &s->c.maps, ops);
	keep_ends(s);
	s->others[nr++] = &s->b.thread;
	s->others[nr++] = &s->c.thread;
	for (unsigned int i = 0; i < s->nr_hogs; i++) {
		s->hogs[i].thread.body = hog_body;
		s->hogs[i].ns = wl_number(&s->wl, "hog_us") * 1000;
		s->others[nr++] = &s->hogs[i].thread;
	}
}

static void phase(struct chain *s, bool idle)
{
	s->c.maps.count = 0;
	wl_cold_phase(&s->cold, idle, s->a, s->nr_faulters, &s->vma1, 1, s->others,
		      2 + s->nr_hogs);
}

/* ---- the longest that c has taken, and what b and a did then ---- */

/*
 * It waits if it takes longer than ever with no fault in flight, by more than a busy CPU
 * explains: a tenth of the device's latency.
 */
static void span(struct chain *s, const char *who, const char *what,
		 const struct wl_samples *of, size_t i, const struct wl_summary *idle)
{
	bool waits = idle && of->ns[i] > idle->max + s->cold.latency_us * 100;
	char text[64];

	snprintf(text, sizeof(text), "%s%s", what, waits ? ", waits" : "");
	wl_span(&s->wl, who, text, of->end[i] - of->ns[i], of->end[i]);
}

/* Faults that were in flight when b began: what b can have waited for. */
static void spans_of_a(struct chain *s, uint64_t moment)
{
	for (unsigned int i = 0; i < s->nr_faulters && i < MAX_SHOWN; i++) {
		const struct wl_samples *a = &s->a[i].thread.samples;
		size_t at = wl_samples_during(a, moment, moment);
		char who[8];

		snprintf(who, sizeof(who), "A%u", i + 1);
		if (at != WL_NO_SAMPLE)
			span(s, who, "fault in vma1", a, at, NULL);
	}
}

static void spans(struct chain *s)
{
	const struct wl_samples *b = &s->b.thread.samples, *c = &s->c.thread.samples;
	const struct wl_samples *maps = &s->c.maps;
	size_t at = wl_samples_during(c, 0, UINT64_MAX);
	size_t walk = wl_samples_during(maps, 0, UINT64_MAX), met;
	bool is_walk = maps->ns[walk] > c->ns[at];
	uint64_t begin;

	if (is_walk) {
		c = maps;
		at = walk;
	}
	begin = c->end[at] - c->ns[at];
	/* b may have come and gone before c began. */
	met = wl_samples_during(b, begin - s->cold.latency_us * 1000, c->end[at]);
	if (met != WL_NO_SAMPLE) {
		spans_of_a(s, b->end[met] - b->ns[met]);
		span(s, "B", "mprotect of a part of vma1", b, met, &s->idle_b);
	}
	span(s, "C", is_walk ? "walk of /proc/self/maps" : "mmap, munmap elsewhere", c, at,
	     is_walk ? &s->idle_maps : &s->idle_c);
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
	spans(&s);
	wl_emit(&s.wl);
	return 0;
}
