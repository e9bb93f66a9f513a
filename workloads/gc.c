// SPDX-License-Identifier: GPL-2.0-only
/*
 * gc: a garbage collector beside threads that swap in parts of the same heap: it
 * registers the heap with userfaultfd and unregisters it, and gives memory back
 * (R14, E1).
 *
 * The heap is one VMA of anonymous memory that was swapped out.  The collector's
 * operations, each timed: UFFDIO_REGISTER of all of it, UFFDIO_UNREGISTER, and
 * MADV_DONTNEED of its end, where nobody faults.
 */
#include "harness_cold.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/userfaultfd.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

#define MAX_FAULTERS	64

enum { REGISTER, UNREGISTER, DONTNEED, NR_OPS };

static const char *const names[NR_OPS] = { "register", "unregister", "dontneed" };

/* The samples of the first operation are the thread's. */
struct collector {
	struct wl_thread thread;
	struct wl_samples more[NR_OPS - 1];
	struct wl_area *heap;
	uint64_t ops;
	uint64_t pause_us;
	int uffd;
	uint64_t met[NR_OPS];
};

static struct wl_param params[] = {
	{ .name = "faulters", .value = 8, .max = MAX_FAULTERS, .min = 1,
	  .help = "threads that swap in" },
	{ .name = "pages", .value = 512, .max = 65536, .min = 1,
	  .help = "pages that each can swap in, in one phase" },
	{ .name = "ops", .value = 100, .max = 100000, .min = 1,
	  .help = "of each operation, in each phase" },
	{ .name = "pause_us", .value = 500, .max = 60000000,
	  .help = "between two" },
	WL_COLD_PARAMS,
	{ 0 }
};

static struct wl_samples *samples_of(struct collector *c, unsigned int op)
{
	return op ? &c->more[op - 1] : &c->thread.samples;
}

static int operate(const struct collector *c, unsigned int op)
{
	struct wl_area *a = c->heap;
	struct uffdio_register reg = {
		.range = { (unsigned long)a->addr, a->bytes },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	switch (op) {
	case REGISTER:
		return ioctl(c->uffd, UFFDIO_REGISTER, &reg);
	case UNREGISTER:
		return ioctl(c->uffd, UFFDIO_UNREGISTER, &reg.range);
	default:
		return madvise(a->addr + a->tail, a->bytes - a->tail, MADV_DONTNEED);
	}
}

static void collector_body(struct wl_thread *thread)
{
	struct collector *c = (struct collector *)thread;

	for (unsigned int op = 0; op < NR_OPS; op++) {
		samples_of(c, op)->count = 0;
		c->met[op] = 0;
	}
	for (uint64_t i = 0; i < c->ops; i++) {
		for (unsigned int op = 0; op < NR_OPS && !wl_stopped(thread); op++) {
			uint64_t start;

			wl_pause_us(c->pause_us);
			c->met[op] += atomic_load(&c->heap->in_flight) > 0;
			start = wl_now();
			if (operate(c, op)) {
				wl_fail(thread, "%s: %s", names[op], strerror(errno));
				return;
			}
			wl_sample(samples_of(c, op), wl_now() - start);
		}
	}
}

static void set_up(struct wl *wl, struct collector *c, struct wl_area *heap)
{
	struct uffdio_api api = { .api = UFFD_API };

	c->thread.body = collector_body;
	c->thread.leader = true;
	c->heap = heap;
	c->ops = wl_number(wl, "ops");
	c->pause_us = wl_number(wl, "pause_us");
	for (unsigned int op = 0; op < NR_OPS; op++)
		wl_samples_init(wl, samples_of(c, op), c->ops);
	c->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC);
	if (c->uffd < 0 || ioctl(c->uffd, UFFDIO_API, &api))
		wl_die(wl, "userfaultfd: %s: the kernel needs CONFIG_USERFAULTFD",
		       strerror(errno));
}

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "gc", .params = params };
	static struct wl_cold cold;
	static struct wl_faulter faulters[MAX_FAULTERS];
	static struct wl_area heap;
	static struct collector collector;
	struct wl_thread *others[] = { &collector.thread };
	struct wl_summary idle[NR_OPS];
	unsigned int nr;

	wl_parse(&wl, argc, argv);
	nr = (unsigned int)wl_number(&wl, "faulters");
	wl_cold_open(&cold, &wl, 1);
	wl_area_anon(&cold, &heap, wl_place(0), 1ULL << 32,
		     (uint32_t)wl_number(&wl, "pages") * nr);
	wl_deal(&cold, faulters, nr, &heap, 1);
	set_up(&wl, &collector, &heap);

	wl_cold_phase(&cold, true, faulters, nr, &heap, 1, others, 1);
	for (unsigned int op = 0; op < NR_OPS; op++) {
		const struct wl_samples *s = samples_of(&collector, op);

		idle[op] = wl_summarize(&wl, &s, 1);
	}
	wl_cold_phase(&cold, false, faulters, nr, &heap, 1, others, 1);
	for (unsigned int op = 0; op < NR_OPS; op++) {
		const struct wl_samples *s = samples_of(&collector, op);

		wl_against_idle(&wl, names[op], &idle[op], &s, 1);
		wl_metric_of(&wl, names[op], "met", collector.met[op]);
	}
	wl_faulters_report(&wl, "swapin", faulters, nr);
	wl_meter_report(&wl, &cold.meter);
	wl_emit(&wl);
	return 0;
}
