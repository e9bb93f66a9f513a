// SPDX-License-Identifier: GPL-2.0-only
/*
 * writers: which of those who change an address space meet a VMA in which a fault
 * waits for I/O, how often, and how long they wait for it (R14, E1).
 *
 * One thread does one operation again and again, each time on a mapping chosen at
 * random among vmas=, in which others fault at random.  Each operation has two
 * phases, with no fault in flight and with faults in flight.  <op>.met says how often
 * a fault was in flight in the very mapping when the operation began.
 *
 * mprotect(), munmap() and mremap() are for the end of the mapping, where nobody
 * faults: they cut it off, and make one VMA of both again, and each locks the VMA that
 * is faulted in.  The others are done to all of the mapping, to and fro.
 */
#include "harness_cold.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/prctl.h>

#include "util.h"

#define MAX_FAULTERS	64
#define MAX_VMAS	256

#ifndef PR_SET_VMA
#define PR_SET_VMA		0x53564d41
#define PR_SET_VMA_ANON_NAME	0
#endif
#ifndef MLOCK_ONFAULT
#define MLOCK_ONFAULT	1
#endif

/**
 * struct op - an operation
 * @name: what its metrics begin with
 * @swap: it is done to swapped-out memory, and not to a mapped file
 * @run: do it once; @odd: the way back
 * @undo: after each, what is not to be timed; may be NULL
 */
struct op {
	const char *name;
	bool swap;
	int (*run)(struct wl_area *a, bool odd);
	int (*undo)(struct wl_area *a);
};

struct writer {
	struct wl_thread thread;
	const struct op *op;
	struct wl_area *areas;
	unsigned int nr_areas;
	uint64_t ops;
	uint64_t pause_us;
	uint64_t seed;
	uint64_t met;
};

static struct wl_param params[] = {
	{ .name = "faulters", .value = 8, .max = MAX_FAULTERS, .min = 1,
	  .help = "threads that fault" },
	{ .name = "pages", .value = 512, .max = 65536, .min = 1,
	  .help = "pages that each can fault in, in one phase" },
	{ .name = "vmas", .value = 1, .max = MAX_VMAS, .min = 1,
	  .help = "mappings that they fault in, and that are written to" },
	{ .name = "ops", .value = 200, .max = 100000, .min = 2,
	  .help = "of each operation, in each phase" },
	{ .name = "pause_us", .value = 1000, .max = 60000000,
	  .help = "between two" },
	WL_COLD_PARAMS,
	{ 0 }
};

static int op_mprotect(struct wl_area *a, bool odd)
{
	return mprotect(a->addr + a->tail, a->bytes - a->tail,
			odd ? PROT_READ : PROT_READ | PROT_WRITE);
}

static int op_mprotect_swap(struct wl_area *a, bool odd)
{
	return mprotect(a->addr + a->tail, a->bytes - a->tail,
			odd ? PROT_READ | PROT_WRITE : PROT_READ);
}

static int op_munmap(struct wl_area *a, bool odd)
{
	(void)odd;
	return munmap(a->addr + a->tail, a->bytes - a->tail);
}

/* The same again, so that it becomes one VMA with the rest. */
static int undo_munmap(struct wl_area *a)
{
	off_t at = (off_t)(a->first * WL_SLOT_BYTES + a->tail);
	char *tail = mmap(a->addr + a->tail, a->bytes - a->tail, PROT_READ,
			  MAP_SHARED | MAP_FIXED_NOREPLACE, a->fd, at);

	if (tail == MAP_FAILED)
		return -1;
	return madvise(tail, a->bytes - a->tail, MADV_RANDOM);
}

static int op_madvise(struct wl_area *a, bool odd)
{
	return madvise(a->addr, a->bytes, odd ? MADV_DOFORK : MADV_DONTFORK);
}

static int op_mremap(struct wl_area *a, bool odd)
{
	size_t from = odd ? a->tail : a->bytes, to = odd ? a->bytes : a->tail;

	return mremap(a->addr, from, to, 0) == a->addr ? 0 : -1;
}

static int op_mlock(struct wl_area *a, bool odd)
{
	return odd ? munlock(a->addr, a->bytes) :
		     mlock2(a->addr, a->bytes, MLOCK_ONFAULT);
}

static int op_set_vma(struct wl_area *a, bool odd)
{
	return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, a->addr, a->bytes,
		     odd ? "odd" : "even");
}

static const struct op ops[] = {
	{ "mprotect", false, op_mprotect, NULL },
	{ "munmap", false, op_munmap, undo_munmap },
	{ "madvise", false, op_madvise, NULL },
	{ "mremap", false, op_mremap, NULL },
	{ "mlock", false, op_mlock, NULL },
	{ "mprotect_swap", true, op_mprotect_swap, NULL },
	{ "set_vma", true, op_set_vma, NULL },
};

static void writer_body(struct wl_thread *thread)
{
	struct writer *w = (struct writer *)thread;
	static bool odd[MAX_VMAS];
	struct wl_random r;

	memset(odd, 0, sizeof(odd));
	wl_random_init(&r, w->seed, 1);
	w->met = 0;
	for (uint64_t i = 0; i < w->ops && !wl_stopped(thread); i++) {
		uint32_t n = wl_random_below(&r, w->nr_areas);
		struct wl_area *a = &w->areas[n];
		uint64_t start;

		wl_pause_us(w->pause_us);
		w->met += atomic_load(&a->in_flight) > 0;
		start = wl_now();
		if (w->op->run(a, odd[n])) {
			wl_fail(thread, "%s: %s", w->op->name, strerror(errno));
			return;
		}
		wl_record(thread, wl_now() - start);
		odd[n] = !odd[n];
		if (w->op->undo && w->op->undo(a)) {
			wl_fail(thread, "%s, undone: %s", w->op->name, strerror(errno));
			return;
		}
	}
	/* The next phase begins as this one did. */
	for (unsigned int n = 0; n < w->nr_areas; n++)
		if (odd[n] && w->op->run != op_munmap)
			w->op->run(&w->areas[n], true);
}

static void report(struct wl *wl, const struct writer *w,
		   const struct wl_summary *idle)
{
	const struct wl_samples *s = &w->thread.samples;

	wl_against_idle(wl, w->op->name, idle, &s, 1);
	wl_metric_of(wl, w->op->name, "met", w->met);
}

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "writers", .params = params };
	static struct wl_cold cold;
	static struct wl_faulter faulters[MAX_FAULTERS];
	static struct wl_area areas[2][MAX_VMAS];
	static struct writer writer;
	struct wl_thread *others[] = { &writer.thread };
	const struct wl_samples *samples = &writer.thread.samples;
	unsigned int nr_faulters, nr_areas;
	uint32_t items;
	uint64_t faults = 0, reads = 0;

	wl_parse(&wl, argc, argv);
	nr_faulters = (unsigned int)wl_number(&wl, "faulters");
	nr_areas = (unsigned int)wl_number(&wl, "vmas");
	items = (uint32_t)(wl_number(&wl, "pages") * nr_faulters / nr_areas);
	writer.ops = wl_number(&wl, "ops");
	writer.pause_us = wl_number(&wl, "pause_us");
	writer.seed = wl_number(&wl, "seed");
	writer.nr_areas = nr_areas;
	writer.thread.body = writer_body;
	writer.thread.leader = true;
	wl_samples_init(&wl, &writer.thread.samples, writer.ops);
	/* One slot more for the last mapping's tail. */
	wl_cold_open(&cold, &wl, (uint64_t)items * nr_areas + 1);
	for (unsigned int i = 0; i < nr_areas; i++) {
		wl_area_file(&cold, &areas[0][i], wl_place(i), i * items, items);
		wl_area_anon(&cold, &areas[1][i], wl_place(MAX_VMAS + i),
			     1ULL << 32 | i * items, items);
	}
	for (unsigned int i = 0; i < ARRAY_SIZE(ops); i++) {
		struct wl_area *a = areas[ops[i].swap];
		struct wl_summary idle;

		writer.op = &ops[i];
		writer.areas = a;
		wl_deal(&cold, faulters, nr_faulters, a, nr_areas);
		wl_cold_phase(&cold, true, faulters, nr_faulters, a, nr_areas, others, 1);
		idle = wl_summarize(&wl, &samples, 1);
		wl_cold_phase(&cold, false, faulters, nr_faulters, a, nr_areas, others, 1);
		report(&wl, &writer, &idle);
		faults += wl_faulters_done(faulters, nr_faulters);
		reads += cold.meter.disk_reads + cold.meter.swap_reads;
	}
	wl_metric(&wl, "faults", faults);
	wl_metric(&wl, "reads", reads);
	wl_emit(&wl);
	return 0;
}
