// SPDX-License-Identifier: GPL-2.0-only
/*
 * readahead: how much of the device is read for each page that is touched.
 *
 * Threads touch pages of a file without MADV_RANDOM, none of them twice: at random,
 * one after the other, or at random in a mapping with PROT_EXEC.  The kernel reads
 * around a page that is not there, and gives that up for a file whose pages miss more
 * often than they hit (mmap_miss).  So a fault that finds its page, although it has
 * read it itself a moment ago, must not count as a hit: or random access reads far too
 * much.  writers= threads change the protection of the mapping's first page to and fro
 * meanwhile, so that faults meet a VMA that has been written.
 */
#include "harness_cold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#define FILE_NAME	"readahead.dat"
#define MAX_THREADS	64
#define ROOM		(1 << 17)
#define CHECKED_WORDS	64

/* A thread that touches pages: @nr of @order. */
struct toucher {
	struct wl_thread thread;
	char *addr;
	const uint32_t *order;
	uint32_t nr;
};

/* A thread that writes the VMA. */
struct writer {
	struct wl_thread thread;
	char *addr;
	int prot;
	uint64_t pause_us;
};

static struct wl_param params[] = {
	{ .name = "access", .text = "random", .choices = "random sequential exec",
	  .help = "in which order, or at random in a mapping with PROT_EXEC" },
	{ .name = "threads", .value = 1, .max = MAX_THREADS, .min = 1,
	  .help = "threads that touch pages" },
	{ .name = "touches", .value = 1000, .max = 1 << 20, .min = 1,
	  .help = "pages that they touch, all together" },
	{ .name = "pages", .value = 8192, .max = 1 << 20, .min = 2,
	  .help = "pages of the file" },
	{ .name = "writers", .value = 0, .max = MAX_THREADS,
	  .help = "threads that mprotect the first page of the mapping" },
	{ .name = "write_pause_us", .value = 1000, .max = 60000000,
	  .help = "a writer's pause between two" },
	WL_COLD_PARAMS,
	{ 0 }
};

static void toucher_body(struct wl_thread *thread)
{
	struct toucher *t = (struct toucher *)thread;

	for (uint32_t i = 0; i < t->nr && !wl_stopped(thread); i++) {
		const char *addr = t->addr + t->order[i] * WL_PAGE;
		uint64_t start = wl_now();

		(void)*(const volatile char *)addr;
		wl_record(thread, wl_now() - start);
		if (!wl_check_page(thread, addr, t->order[i], CHECKED_WORDS, "file"))
			return;
	}
}

static void writer_body(struct wl_thread *thread)
{
	struct writer *w = (struct writer *)thread;

	for (unsigned int i = 0; !wl_stopped(thread); i++) {
		uint64_t start;

		wl_pause_us(w->pause_us);
		start = wl_now();
		if (mprotect(w->addr, WL_PAGE, w->prot | (i % 2 ? 0 : PROT_WRITE))) {
			wl_fail(thread, "mprotect: %s", strerror(errno));
			return;
		}
		wl_record(thread, wl_now() - start);
	}
}

static int open_file(struct wl *wl, uint64_t pages)
{
	static char page[WL_PAGE];
	char path[512];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/" FILE_NAME, wl_text(wl, "dir"));
	fd = open(path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (fd < 0 || fstat(fd, &st))
		wl_die(wl, "cannot create %s: %s", path, strerror(errno));
	for (uint64_t i = (uint64_t)st.st_size / WL_PAGE; i < pages; i++) {
		wl_page_fill(page, i);
		if (pwrite(fd, page, WL_PAGE, (off_t)(i * WL_PAGE)) != (ssize_t)WL_PAGE)
			wl_die(wl, "cannot write %s: %s", path, strerror(errno));
	}
	sync();
	return fd;
}

static char *map_cold(struct wl *wl, int fd, uint64_t pages, int prot)
{
	char *addr;

	posix_fadvise(fd, 0, 0, POSIX_FADV_DONTNEED);
	wl_cache_extents(fd);
	addr = mmap(wl_place(0), pages * WL_PAGE, prot, MAP_SHARED | MAP_FIXED_NOREPLACE,
		    fd, 0);
	if (addr != wl_place(0))
		wl_die(wl, "cannot map the file: %s", strerror(errno));
	if (wl_resident_pages(wl, addr, pages))
		wl_die(wl, "pages of the file are still cached: it must be cold");
	return addr;
}

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "readahead", .params = params };
	static struct toucher touchers[MAX_THREADS];
	static struct writer writers[MAX_THREADS];
	static struct wl_thread *threads[2 * MAX_THREADS];
	static const struct wl_samples *all[MAX_THREADS];
	struct wl_meter meter = { 0 };
	unsigned int nr, nr_writers, n = 0;
	uint64_t touches, pages, done = 0;
	uint32_t *order;
	struct wl_random random;
	struct stat st;
	const char *access;
	char *addr;
	int fd, prot;

	wl_parse(&wl, argc, argv);
	access = wl_text(&wl, "access");
	nr = (unsigned int)wl_number(&wl, "threads");
	nr_writers = (unsigned int)wl_number(&wl, "writers");
	touches = wl_number(&wl, "touches");
	pages = wl_number(&wl, "pages");
	if (touches > pages)
		wl_die(&wl, "touches=%llu of pages=%llu: none is touched twice",
		       (unsigned long long)touches, (unsigned long long)pages);
	prot = access[0] == 'e' ? PROT_READ | PROT_EXEC : PROT_READ;
	fd = open_file(&wl, pages);
	if (fstat(fd, &st))
		wl_die(&wl, "fstat: %s", strerror(errno));
	wl_disk_find(&meter.disk, st.st_dev);
	if (!wl_disk_read(&meter.disk))
		wl_die(&wl, "dir=%s is on no block device with counters in /sys",
		       wl_text(&wl, "dir"));
	wl_derive(&wl, "latency_us", wl_disk_latency_us(&meter.disk));
	order = wl_alloc(&wl, pages, sizeof(*order));
	for (uint32_t i = 0; i < pages; i++)
		order[i] = i;
	wl_random_init(&random, wl_number(&wl, "seed"), 0);
	if (access[0] != 's')
		wl_shuffle(order, (uint32_t)pages, &random);
	addr = map_cold(&wl, fd, pages, prot);
	for (unsigned int i = 0; i < nr; i++) {
		struct toucher *t = &touchers[i];

		*t = (struct toucher){ .thread = { .body = toucher_body, .leader = true },
				       .addr = addr, .nr = (uint32_t)(touches / nr) };
		t->order = order + (size_t)i * t->nr;
		wl_samples_init(&wl, &t->thread.samples, t->nr);
		threads[n++] = &t->thread;
	}
	for (unsigned int i = 0; i < nr_writers; i++) {
		struct writer *w = &writers[i];

		*w = (struct writer){ .thread.body = writer_body, .addr = addr, .prot = prot,
				      .pause_us = wl_number(&wl, "write_pause_us") };
		wl_samples_init(&wl, &w->thread.samples, ROOM);
		threads[n++] = &w->thread;
	}
	wl_phase(&wl, &meter, threads, n);
	for (unsigned int i = 0; i < nr; i++) {
		all[i] = &touchers[i].thread.samples;
		done += all[i]->count;
	}
	wl_samples_report(&wl, "touch", all, nr);
	for (unsigned int i = 0; i < nr_writers; i++)
		all[i] = &writers[i].thread.samples;
	wl_samples_report(&wl, "mprotect", all, nr_writers);
	wl_metric(&wl, "touches", done);
	wl_metric(&wl, "sectors_per_1000_touches", meter.disk_sectors * 1000 / done);
	wl_meter_report(&wl, &meter);
	if (!meter.disk_reads)
		wl_die(&wl, "nothing was read: something was cached");
	wl_emit(&wl);
	return 0;
}
