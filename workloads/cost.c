// SPDX-License-Identifier: GPL-2.0-only
/*
 * cost: what one page fault costs, for each kind of fault, in guest nanoseconds.
 * In a deterministic guest a nanosecond is an instruction, so this counts the
 * instructions of a fault.
 *
 * One thread on CPU 0 makes a fixed number of faults of one kind in a row, with the
 * clock read before and after; everything such a fault needs (page tables, anon_vma,
 * pages in the page cache) is there before.  That is repeated, the first time for
 * warming up.  Repetitions are short, so that most of them have no timer tick: the
 * cheapest one is the cost, the mean is beside it.  The first repetitions
 * differ by what the page allocator has at hand; hence there are many.
 *
 * Faults that do not wait are timed by CLOCK_MONOTONIC.  Faults that wait are timed by
 * the CPU time of the thread, which leaves out how long the device takes: in a guest
 * that counts instructions, time goes on while all CPUs are idle.
 *
 * Each repetition must make exactly as many faults as it is to, all major or all
 * minor, or the program ends with an error.
 */
#include "harness.h"

#include <errno.h>
#include <fcntl.h>
#include <sched.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#define FILE_NAME	"cost.dat"
#define AROUND_FILE	"/sys/kernel/debug/fault_around_bytes"
#define WINDOW_PAGES	16UL	/* fault-around: 64 KiB */
#define RA_STEP		64UL	/* two read-around windows: none touches another */
#define MAX_REPS	256
/* The kernel may free page tables of 2 MiB that are zapped at once: zap less. */
#define ZAP_BYTES	(1024 * 1024UL)
/* After 100 misses in a file the kernel reads around no more (MMAP_LOTSAMISS). */
#define MAX_MAJORS	100

/* Fixed addresses, far apart: no two areas merge, fault-around windows are aligned. */
#define AREA_BASE	0x100000000000UL
#define AREA_STEP	0x1000000000UL

struct cost {
	struct wl wl;
	uint64_t faults;
	uint64_t reps;
	uint64_t majors;
	uint64_t major_reps;
	char path[512];
	int file;
	int shmem;
};

/**
 * struct phase - one kind of fault
 * @name: what its metrics begin with
 * @step: pages from one fault to the next
 * @write: the faults write
 * @major: they are major faults, and so timed by CPU time
 * @single: no fault-around
 * @map: make the mapping for this many bytes; NULL if the guest cannot do this
 * @reset: before each repetition: no page mapped, all that a fault needs there
 */
struct phase {
	const char *name;
	uint64_t step;
	bool write;
	bool major;
	bool single;
	char *(*map)(struct cost *c, char *at, size_t bytes);
	void (*reset)(struct cost *c, char *addr, size_t bytes);
};

static struct wl_param params[] = {
	{ .name = "faults", .value = 512, .max = 65536, .min = 16,
	  .help = "minor faults in a repetition" },
	{ .name = "reps", .value = 64, .max = MAX_REPS, .min = 1,
	  .help = "repetitions of each kind of minor fault" },
	{ .name = "majors", .value = 64, .max = MAX_MAJORS, .min = 1,
	  .help = "major faults in a repetition" },
	{ .name = "major_reps", .value = 16, .max = MAX_REPS, .min = 1,
	  .help = "repetitions of each kind of major fault" },
	{ .name = "dir", .text = "/mnt",
	  .help = "directory on the slow device" },
	{ 0 }
};

static char *must_map(struct cost *c, char *at, size_t bytes, int flags, int fd)
{
	char *addr = mmap(at, bytes, PROT_READ | PROT_WRITE,
			  flags | MAP_FIXED_NOREPLACE, fd, 0);

	if (addr != at)
		wl_die(&c->wl, "cannot map %zu bytes at %p: %s", bytes, (void *)at,
		       strerror(errno));
	return addr;
}

static void must_advise(struct cost *c, char *addr, size_t bytes, int advice,
			const char *what)
{
	if (madvise(addr, bytes, advice))
		wl_die(&c->wl, "%s: %s", what, strerror(errno));
}

/* Unmaps the pages and leaves the page tables. */
static void zap(struct cost *c, char *addr, size_t bytes)
{
	for (size_t at = 0; at < bytes; at += ZAP_BYTES)
		must_advise(c, addr + at, bytes - at < ZAP_BYTES ? bytes - at : ZAP_BYTES,
			    MADV_DONTNEED, "MADV_DONTNEED");
}

/* The measured loops: a fault in each turn, and next to nothing else. */
__attribute__((noinline))
static void read_pages(volatile char *addr, size_t bytes, size_t step)
{
	for (size_t at = 0; at < bytes; at += step)
		(void)addr[at];
}

__attribute__((noinline))
static void write_pages(volatile char *addr, size_t bytes, size_t step)
{
	for (size_t at = 0; at < bytes; at += step)
		addr[at] = 1;
}

/* ---- anonymous memory ---- */

static char *anon_map(struct cost *c, char *at, size_t bytes)
{
	char *addr = must_map(c, at, bytes, MAP_PRIVATE | MAP_ANONYMOUS, -1);

	must_advise(c, addr, bytes, MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE");
	write_pages(addr, bytes, WL_PAGE);	/* anon_vma, page tables */
	return addr;
}

static void anon_cow_reset(struct cost *c, char *addr, size_t bytes)
{
	zap(c, addr, bytes);
	read_pages(addr, bytes, WL_PAGE);	/* the zero page */
}

/* ---- files ---- */

/*
 * Page by page, so that the page cache has no large folios: a fault can map all of
 * one.  An existing file is written over and keeps its blocks.
 */
static void file_prepare(struct cost *c)
{
	uint64_t pages = c->faults * WINDOW_PAGES;
	static char page[WL_PAGE];

	if (pages < c->majors * RA_STEP)
		pages = c->majors * RA_STEP;
	snprintf(c->path, sizeof(c->path), "%s/" FILE_NAME, wl_text(&c->wl, "dir"));
	c->file = open(c->path, O_RDWR | O_CREAT | O_CLOEXEC, 0644);
	if (c->file < 0)
		wl_die(&c->wl, "cannot create %s: %s", c->path, strerror(errno));
	for (uint64_t i = 0; i < pages; i++) {
		wl_page_fill(page, i);
		if (pwrite(c->file, page, WL_PAGE, (off_t)(i * WL_PAGE)) != WL_PAGE)
			wl_die(&c->wl, "cannot write %s: %s (it needs %llu MiB: make the device larger)",
			       c->path, strerror(errno),
			       (unsigned long long)(pages >> 8) + 1);
	}
	if (fsync(c->file))
		wl_die(&c->wl, "cannot write %s: %s", c->path, strerror(errno));
}

static char *file_map_private(struct cost *c, char *at, size_t bytes)
{
	char *addr = must_map(c, at, bytes, MAP_PRIVATE, c->file);

	write_pages(addr, bytes, WL_PAGE);	/* anon_vma, page tables */
	return addr;
}

static char *file_map_shared(struct cost *c, char *at, size_t bytes)
{
	char *addr = must_map(c, at, bytes, MAP_SHARED, c->file);

	read_pages(addr, bytes, WL_PAGE);
	return addr;
}

/* Clean pages: every fault must ask the file system (page_mkwrite). */
static void file_write_reset(struct cost *c, char *addr, size_t bytes)
{
	if (fsync(c->file))
		wl_die(&c->wl, "fsync: %s", strerror(errno));
	zap(c, addr, bytes);
}

static char *shmem_map(struct cost *c, char *at, size_t bytes)
{
	char *addr;

	c->shmem = memfd_create("cost", MFD_CLOEXEC);
	if (c->shmem < 0)
		return NULL;
	if (ftruncate(c->shmem, (off_t)bytes))
		wl_die(&c->wl, "ftruncate: %s", strerror(errno));
	addr = must_map(c, at, bytes, MAP_SHARED, c->shmem);
	write_pages(addr, bytes, WL_PAGE);
	return addr;
}

/* ---- faults that wait ---- */

/* A new struct file, for that has the readahead state. */
static char *cold_map(struct cost *c, char *at, size_t bytes, bool random)
{
	int fd = open(c->path, O_RDWR | O_CLOEXEC);
	char *addr;

	if (fd < 0)
		wl_die(&c->wl, "cannot open %s: %s", c->path, strerror(errno));
	addr = must_map(c, at, bytes, MAP_SHARED, fd);
	close(fd);
	if (random)
		must_advise(c, addr, bytes, MADV_RANDOM, "MADV_RANDOM");
	return addr;
}

static char *major_map(struct cost *c, char *at, size_t bytes)
{
	return cold_map(c, at, bytes, true);
}

static char *major_around_map(struct cost *c, char *at, size_t bytes)
{
	return cold_map(c, at, bytes, false);
}

/* No page of the file is cached; where its blocks are is. */
static void drop_file(struct cost *c, char *addr, size_t bytes)
{
	uint64_t warm = 1;

	for (int try = 0; warm && try < 100; try++) {
		if (fsync(c->file))
			wl_die(&c->wl, "fsync: %s", strerror(errno));
		posix_fadvise(c->file, 0, 0, POSIX_FADV_DONTNEED);
		warm = wl_resident_pages(&c->wl, addr, bytes / WL_PAGE);
	}
	if (warm)
		wl_die(&c->wl, "%llu pages of %s are still cached",
		       (unsigned long long)warm, c->path);
	wl_cache_extents(c->file);
}

static void major_reset(struct cost *c, char *addr, size_t bytes)
{
	zap(c, addr, bytes);
	drop_file(c, addr, bytes);
}

/* mmap_miss counts in the struct file, so each repetition has a new one. */
static void major_around_reset(struct cost *c, char *addr, size_t bytes)
{
	munmap(addr, bytes);
	cold_map(c, addr, bytes, false);
	drop_file(c, addr, bytes);
}

static char *swapin_map(struct cost *c, char *at, size_t bytes)
{
	char text[1024];
	const char *line = NULL;

	if (file_read("/proc/swaps", text, sizeof(text)) > 0)
		line = strchr(text, '\n');
	if (!line || !line[1])
		return NULL;
	/* Else a swap-in would bring in its neighbours as well. */
	if (file_write("/proc/sys/vm/page-cluster", "0"))
		wl_die(&c->wl, "cannot write /proc/sys/vm/page-cluster");
	return anon_map(c, at, bytes);
}

static void swapin_reset(struct cost *c, char *addr, size_t bytes)
{
	wl_swap_out(&c->wl, addr, bytes / WL_PAGE);
}

/* ---- measuring ---- */

static const struct phase phases[] = {
	{ .name = "anon", .step = 1, .write = true, .map = anon_map, .reset = zap },
	{ .name = "anon_zero", .step = 1, .map = anon_map, .reset = zap },
	{ .name = "anon_cow", .step = 1, .write = true, .map = anon_map,
	  .reset = anon_cow_reset },
	{ .name = "file_read", .step = 1, .single = true, .map = file_map_shared,
	  .reset = zap },
	{ .name = "file_around", .step = WINDOW_PAGES, .map = file_map_shared,
	  .reset = zap },
	{ .name = "file_cow", .step = 1, .write = true, .map = file_map_private,
	  .reset = zap },
	{ .name = "file_write", .step = 1, .write = true, .map = file_map_shared,
	  .reset = file_write_reset },
	{ .name = "shmem_write", .step = 1, .write = true, .map = shmem_map,
	  .reset = zap },
	{ .name = "major", .step = WINDOW_PAGES, .major = true, .map = major_map,
	  .reset = major_reset },
	{ .name = "major_around", .step = RA_STEP, .major = true,
	  .map = major_around_map, .reset = major_around_reset },
	{ .name = "swapin", .step = 1, .major = true, .map = swapin_map,
	  .reset = swapin_reset },
};

static uint64_t cpu_time(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_THREAD_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/* One repetition, in nanoseconds; with @want of 0, to warm up, nothing is checked. */
static uint64_t repeat(struct cost *c, const struct phase *p, char *addr,
		       size_t bytes, uint64_t want)
{
	struct rusage before, after;
	uint64_t start, ns;
	long major, minor;

	p->reset(c, addr, bytes);
	getrusage(RUSAGE_THREAD, &before);
	start = p->major ? cpu_time() : wl_now();
	if (p->write)
		write_pages(addr, bytes, p->step * WL_PAGE);
	else
		read_pages(addr, bytes, p->step * WL_PAGE);
	ns = (p->major ? cpu_time() : wl_now()) - start;
	getrusage(RUSAGE_THREAD, &after);

	major = after.ru_majflt - before.ru_majflt;
	minor = after.ru_minflt - before.ru_minflt;
	if (want && (major != (p->major ? (long)want : 0) ||
		     minor != (p->major ? 0 : (long)want)))
		wl_die(&c->wl, "%s: %ld major and %ld minor faults, and not %llu %s ones",
		       p->name, major, minor, (unsigned long long)want,
		       p->major ? "major" : "minor");
	return ns;
}

static void report(struct cost *c, const struct phase *p, uint64_t faults,
		   uint64_t reps, const uint64_t *ns)
{
	uint64_t least = UINT64_MAX, sum = 0;
	char name[64];

	for (uint64_t i = 0; i < reps; i++) {
		least = ns[i] < least ? ns[i] : least;
		sum += ns[i];
	}
	snprintf(name, sizeof(name), "%s.faults", p->name);
	wl_metric(&c->wl, name, faults);
	snprintf(name, sizeof(name), "%s.ns_per_1000", p->name);
	wl_metric(&c->wl, name, least * 1000 / faults);
	snprintf(name, sizeof(name), "%s.mean_ns_per_1000", p->name);
	wl_metric(&c->wl, name, sum * 1000 / (faults * reps));
}

static void fault_around(const struct cost *c, const char *bytes)
{
	int ret = file_write(AROUND_FILE, bytes);

	if (ret)
		wl_die(&c->wl, AROUND_FILE ": %s", strerror(-ret));
}

static void measure(struct cost *c, const struct phase *p, char *at)
{
	uint64_t faults = p->major ? c->majors : c->faults;
	uint64_t reps = p->major ? c->major_reps : c->reps;
	size_t bytes = faults * p->step * WL_PAGE;
	static uint64_t ns[MAX_REPS];
	char around[32], *addr;

	if (p->single && file_read(AROUND_FILE, around, sizeof(around)) <= 0)
		addr = NULL;
	else
		addr = p->map(c, at, bytes);
	if (!addr) {
		fprintf(stderr, "%s: %s is left out: this guest cannot do it\n",
			c->wl.name, p->name);
		return;
	}
	if (p->single)
		fault_around(c, "4096");
	repeat(c, p, addr, bytes, 0);
	for (uint64_t i = 0; i < reps; i++)
		ns[i] = repeat(c, p, addr, bytes, faults);
	if (p->single)
		fault_around(c, around);
	report(c, p, faults, reps, ns);
	munmap(addr, bytes);
}

int main(int argc, char **argv)
{
	static struct cost c = { .wl = { .name = "cost", .params = params } };
	cpu_set_t first;

	wl_parse(&c.wl, argc, argv);
	c.faults = wl_number(&c.wl, "faults");
	c.reps = wl_number(&c.wl, "reps");
	c.majors = wl_number(&c.wl, "majors");
	c.major_reps = wl_number(&c.wl, "major_reps");

	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first))
		wl_die(&c.wl, "cannot stay on CPU 0: %s", strerror(errno));
	file_prepare(&c);
	for (unsigned int i = 0; i < ARRAY_SIZE(phases); i++)
		measure(&c, &phases[i], (char *)(AREA_BASE + i * AREA_STEP));
	wl_emit(&c.wl);
	return 0;
}
