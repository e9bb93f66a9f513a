// SPDX-License-Identifier: GPL-2.0-only
#include "harness_cold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#define FILE_NAME	"cold.dat"
#define LAST_WORD	(WL_PAGE / 8 - 1)
#define PLACE_BASE	0x100000000000UL
#define PLACE_STEP	(4UL << 30)
#define MAX_THREADS	1024

#ifndef MADV_DONTNEED_LOCKED
#define MADV_DONTNEED_LOCKED	24
#endif

/* Which page of the file has the contents of a slot. */
static uint64_t slot_page(uint64_t slot)
{
	return slot * WL_SLOT_PAGES + slot * 5 % WL_SLOT_PAGES;
}

/* ---- the file ---- */

/* Slots are written in order, so a size that ends in one says that those before are. */
static void write_slots(const struct wl_cold *c, uint64_t from)
{
	static char page[WL_PAGE];

	for (uint64_t slot = from; slot < c->slots; slot++) {
		wl_page_fill(page, slot);
		if (pwrite(c->fd, page, WL_PAGE, (off_t)(slot_page(slot) * WL_PAGE)) !=
		    (ssize_t)WL_PAGE)
			wl_die(c->wl, "cannot write %s: %s (it needs %llu MiB: make the device larger)",
			       c->path, strerror(errno),
			       (unsigned long long)(c->slots >> 8) + 1);
	}
	if (ftruncate(c->fd, (off_t)(c->slots * WL_SLOT_BYTES)) || fsync(c->fd))
		wl_die(c->wl, "cannot write %s: %s", c->path, strerror(errno));
}

void wl_cold_open(struct wl_cold *c, struct wl *wl, uint64_t slots)
{
	struct stat st;

	c->wl = wl;
	c->slots = slots;
	snprintf(c->path, sizeof(c->path), "%s/" FILE_NAME, wl_text(wl, "dir"));
	c->fd = open(c->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (c->fd < 0 || fstat(c->fd, &st))
		wl_die(wl, "cannot create %s: %s", c->path, strerror(errno));
	if ((uint64_t)st.st_size < slots * WL_SLOT_BYTES)
		write_slots(c, (uint64_t)st.st_size / WL_SLOT_BYTES);
	sync();
	wl_disk_find(&c->meter.disk, st.st_dev);
	if (!wl_disk_read(&c->meter.disk))
		wl_die(wl, "dir=%s is on no block device with counters in /sys",
		       wl_text(wl, "dir"));
	c->latency_us = wl_disk_latency_us(&c->meter.disk);
	wl_derive(wl, "latency_us", c->latency_us);
	/* Else a swap-in would bring in its neighbours as well. */
	if (file_write("/proc/sys/vm/page-cluster", "0"))
		wl_die(wl, "cannot write /proc/sys/vm/page-cluster");
	wl_swap_find(&c->meter.swap);
}

/* ---- areas ---- */

char *wl_place(unsigned int n)
{
	return (char *)(PLACE_BASE + n * PLACE_STEP);
}

char *wl_area_page(const struct wl_area *a, uint32_t item)
{
	if (a->fd < 0)
		return a->addr + item * WL_PAGE;
	return a->addr + (slot_page(a->first + item) - a->first * WL_SLOT_PAGES) * WL_PAGE;
}

void wl_area_file(struct wl_cold *c, struct wl_area *a, char *at, uint64_t first,
		  uint32_t items)
{
	/* Its own struct file, for that has the readahead state. */
	a->fd = open(c->path, O_RDWR | O_CLOEXEC);
	if (a->fd < 0)
		wl_die(c->wl, "cannot open %s: %s", c->path, strerror(errno));
	a->first = first;
	a->items = items;
	a->tail = items * WL_SLOT_BYTES;
	a->bytes = a->tail + WL_SLOT_BYTES;
	a->addr = mmap(at, a->bytes, PROT_READ, MAP_SHARED | MAP_FIXED_NOREPLACE, a->fd,
		       (off_t)(first * WL_SLOT_BYTES));
	if (a->addr != at || madvise(at, a->bytes, MADV_RANDOM))
		wl_die(c->wl, "cannot map %s at %p: %s", c->path, (void *)at,
		       strerror(errno));
}

void wl_area_anon(struct wl_cold *c, struct wl_area *a, char *at, uint64_t first,
		  uint32_t items)
{
	a->fd = -1;
	a->first = first;
	a->items = items;
	a->tail = items * WL_PAGE;
	a->bytes = a->tail + WL_SLOT_BYTES;
	a->addr = mmap(at, a->bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE |
		       MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (a->addr != at)
		wl_die(c->wl, "cannot map %zu bytes: %s", a->bytes, strerror(errno));
	madvise(at, a->bytes, MADV_NOHUGEPAGE);
	for (uint32_t i = 0; i < items; i++)
		wl_page_fill(wl_area_page(a, i), first + i);
}

void wl_area_unmap(struct wl_area *a)
{
	munmap(a->addr, a->bytes);
	if (a->fd >= 0)
		close(a->fd);
}

static void file_zap(const struct wl_cold *c, const struct wl_area *a)
{
	if (madvise(a->addr, a->bytes, MADV_DONTNEED_LOCKED))
		wl_die(c->wl, "MADV_DONTNEED_LOCKED: %s", strerror(errno));
}

static bool file_cold(const struct wl_cold *c, const struct wl_area *a)
{
	for (uint32_t i = 0; i < a->items; i++)
		if (wl_resident_pages(c->wl, wl_area_page(a, i), 1))
			return false;
	return true;
}

void wl_areas_cold(struct wl_cold *c, struct wl_area *a, unsigned int nr)
{
	bool cold = false;

	for (unsigned int i = 0; i < nr; i++) {
		if (a[i].fd >= 0) {
			file_zap(c, &a[i]);
			continue;
		}
		madvise(a[i].addr, a[i].tail, MADV_PAGEOUT);
		wl_swap_out(c->wl, a[i].addr, a[i].items);
	}
	for (int try = 0; !cold && try < 100; try++) {
		if (try)
			wl_pause_us(1000);
		posix_fadvise(c->fd, 0, 0, POSIX_FADV_DONTNEED);
		cold = true;
		for (unsigned int i = 0; i < nr && cold; i++)
			cold = a[i].fd < 0 || file_cold(c, &a[i]);
	}
	if (!cold)
		wl_die(c->wl, "pages of %s are still cached: a phase must start cold", c->path);
	/* No fault is to read where its block is before it reads the block. */
	wl_cache_extents(c->fd);
}

static void file_warm(const struct wl_cold *c, const struct wl_area *a)
{
	char byte;

	for (uint32_t i = 0; i < a->items; i++)
		posix_fadvise(c->fd, (off_t)(slot_page(a->first + i) * WL_PAGE), WL_PAGE,
			      POSIX_FADV_WILLNEED);
	for (uint32_t i = 0; i < a->items; i++)
		if (pread(c->fd, &byte, 1, (off_t)(slot_page(a->first + i) * WL_PAGE)) != 1)
			wl_die(c->wl, "cannot read %s: %s", c->path, strerror(errno));
	file_zap(c, a);
}

void wl_areas_warm(struct wl_cold *c, struct wl_area *a, unsigned int nr)
{
	posix_fadvise(c->fd, 0, 0, POSIX_FADV_RANDOM);
	for (unsigned int i = 0; i < nr; i++) {
		if (a[i].fd >= 0) {
			file_warm(c, &a[i]);
			continue;
		}
		madvise(a[i].addr, a[i].tail, MADV_WILLNEED);
		for (uint32_t n = 0; n < a[i].items; n++)
			(void)*(volatile char *)wl_area_page(&a[i], n);
	}
}

/* ---- faulters ---- */

void wl_deal(struct wl_cold *c, struct wl_faulter *f, unsigned int nr_faulters,
	     struct wl_area *a, unsigned int nr_areas)
{
	struct wl_target *all;
	struct wl_random r;
	uint32_t *order, n = 0, at = 0;

	for (unsigned int i = 0; i < nr_areas; i++)
		n += a[i].items;
	if (!nr_faulters)
		return;
	all = wl_alloc(c->wl, n, sizeof(*all));
	order = wl_alloc(c->wl, n, sizeof(*order));
	wl_random_init(&r, wl_number(c->wl, "seed"), 0);
	wl_shuffle(order, n, &r);
	for (unsigned int i = 0; i < nr_areas; i++)
		for (uint32_t item = 0; item < a[i].items; item++)
			all[order[at++]] = (struct wl_target){ &a[i], item };
	/* A faulter reads its part during the phase: all of it is there already. */
	for (unsigned int i = 0; i < nr_faulters; i++) {
		f[i].thread.body = wl_faulter_body;
		f[i].nr = n / nr_faulters;
		f[i].targets = all + (size_t)i * f[i].nr;
		wl_samples_init(c->wl, &f[i].thread.samples, f[i].nr);
	}
	free(order);
}

void wl_faulter_body(struct wl_thread *thread)
{
	struct wl_faulter *f = (struct wl_faulter *)thread;

	while (!wl_stopped(thread)) {
		struct wl_target *t = &f->targets[f->next];
		volatile uint64_t *last;
		uint64_t start;
		char *addr;

		if (f->next == f->nr) {
			if (!thread->leader)
				wl_fail(thread, "a faulter has used up its %u pages: give it more",
					f->nr);
			return;
		}
		f->next++;
		wl_pause_us(f->idle_us);
		addr = wl_area_page(t->area, t->item);
		last = (uint64_t *)addr + LAST_WORD;
		atomic_fetch_add(&t->area->in_flight, 1);
		start = wl_now();
		if (f->write)
			*last = wl_word(t->area->first + t->item, LAST_WORD);
		else
			(void)*last;
		wl_sample(&thread->samples, wl_now() - start);
		atomic_fetch_sub(&t->area->in_flight, 1);
		if (!wl_check_page(thread, addr, t->area->first + t->item, LAST_WORD + 1,
				   t->area->fd < 0 ? "swap" : "file"))
			return;
		wl_pause_us(f->pause_us);
	}
}

/* ---- who changes the address space ---- */

bool wl_map_elsewhere(struct wl_thread *thread, char *addr)
{
	uint64_t start = wl_now();
	char *p = mmap(addr, WL_SLOT_BYTES, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	if (p == MAP_FAILED || munmap(p, WL_SLOT_BYTES)) {
		wl_fail(thread, "mmap, munmap: %s", strerror(errno));
		return false;
	}
	wl_record(thread, wl_now() - start);
	return true;
}

static void mapper_body(struct wl_thread *thread)
{
	struct wl_mapper *m = (struct wl_mapper *)thread;

	for (uint64_t i = 0; (!m->ops || i < m->ops) && !wl_stopped(thread); i++) {
		wl_pause_us(m->pause_us);
		if (!wl_map_elsewhere(thread, m->addr))
			return;
	}
}

void wl_mapper_init(const struct wl *wl, struct wl_mapper *m, char *addr, uint64_t ops,
		    uint64_t pause_us, size_t room)
{
	*m = (struct wl_mapper){ .thread.body = mapper_body, .addr = addr, .ops = ops,
				 .pause_us = pause_us };
	wl_samples_init(wl, &m->thread.samples, room);
}

static void writer_body(struct wl_thread *thread)
{
	struct wl_writer *w = (struct wl_writer *)thread;

	w->met = 0;
	/* An area that was split becomes one again, even at the end. */
	for (uint64_t i = 0; i % 2 || ((!w->ops || i < w->ops) && !wl_stopped(thread)); i++) {
		struct wl_area *a = &w->areas[i / 2 % w->nr];
		int prot = (i % 2 == 0) != (a->fd < 0) ? PROT_READ | PROT_WRITE : PROT_READ;
		uint64_t start;

		wl_pause_us(w->pause_us);
		w->met += atomic_load(&a->in_flight) > 0;
		start = wl_now();
		if (mprotect(a->addr + a->tail, a->bytes - a->tail, prot)) {
			wl_fail(thread, "mprotect: %s", strerror(errno));
			return;
		}
		wl_record(thread, wl_now() - start);
	}
}

void wl_writer_init(const struct wl *wl, struct wl_writer *w, struct wl_area *areas,
		    unsigned int nr, uint64_t ops, uint64_t pause_us, size_t room)
{
	*w = (struct wl_writer){ .thread.body = writer_body, .areas = areas, .nr = nr,
				 .ops = ops, .pause_us = pause_us };
	wl_samples_init(wl, &w->thread.samples, room);
}

uint64_t wl_faulters_done(const struct wl_faulter *f, unsigned int nr)
{
	uint64_t done = 0;

	for (unsigned int i = 0; i < nr; i++)
		done += f[i].thread.samples.count;
	return done;
}

void wl_faulters_report(struct wl *wl, const char *prefix,
			const struct wl_faulter *f, unsigned int nr)
{
	const struct wl_samples *all[MAX_THREADS];

	for (unsigned int i = 0; i < nr; i++)
		all[i] = &f[i].thread.samples;
	wl_samples_report(wl, prefix, all, nr);
}

/*
 * Pages are apart, so no two faults can share a read.  There may be more major faults
 * than those: fork() write-protects the program's own data, and who then writes to a page
 * of it while another copies it may wait for a locked folio of the program's file, without
 * a read.
 */
static void check_reads(const struct wl_cold *c, const struct wl_faulter *f,
			unsigned int nr, bool idle)
{
	uint64_t done = wl_faulters_done(f, nr), major = 0;
	uint64_t reads = c->meter.disk_reads + c->meter.swap_reads;

	for (unsigned int i = 0; i < nr; i++)
		major += f[i].thread.major;
	if (!idle && (major < done || reads < done))
		wl_die(c->wl, "%llu faults, %llu of them major, with %llu reads of the devices: something was cached",
		       (unsigned long long)done, (unsigned long long)major,
		       (unsigned long long)reads);
	if (idle && reads)
		wl_die(c->wl, "%llu reads of the devices and %llu major faults where nothing is to be read",
		       (unsigned long long)reads, (unsigned long long)major);
}

void wl_cold_phase(struct wl_cold *c, bool idle, struct wl_faulter *f,
		   unsigned int nr_faulters, struct wl_area *a, unsigned int nr_areas,
		   struct wl_thread **others, unsigned int nr_others)
{
	struct wl_thread *threads[MAX_THREADS];
	unsigned int nr = 0;

	if (nr_faulters + nr_others > MAX_THREADS)
		wl_die(c->wl, "more than %d threads", MAX_THREADS);
	if (idle)
		wl_areas_warm(c, a, nr_areas);
	else
		wl_areas_cold(c, a, nr_areas);
	for (unsigned int i = 0; i < nr_faulters; i++) {
		f[i].next = 0;
		f[i].idle_us = idle ? c->latency_us : 0;
		threads[nr++] = &f[i].thread;
	}
	for (unsigned int i = 0; i < nr_others; i++)
		threads[nr++] = others[i];
	wl_phase(c->wl, &c->meter, threads, nr);
	check_reads(c, f, nr_faulters, idle);
}
