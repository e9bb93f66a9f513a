// SPDX-License-Identifier: GPL-2.0-only
/*
 * storm: threads fault at random in a file mapped from a slow device while
 * others change the address space, fork, or swap in.
 *
 * A run ends by count.  Each faulter makes a fixed number of major faults, each
 * in a stretch of the file (a slot) that no other thread and no other fault
 * touches, so that every arm of every kernel makes exactly the same major
 * faults.  There are two kinds of slot, for the two ways filemap_fault() waits:
 *
 * random	The mapping has MADV_RANDOM: no read-ahead, the page is read directly
 *		(page_not_uptodate).  A slot is one fault-around window of 16 pages,
 *		so that no fault maps another slot's page.
 *
 * around	do_sync_mmap_readahead() reads RA_PAGES around the page, and the fault
 *		waits for the folio's lock.  The kernel gives that up once mmap_miss
 *		says that more pages missed than hit, so each fault is followed by a
 *		read of a neighbour that the same read-around brought in, in another
 *		fault-around window: a hit, counted as one, without I/O.  It is a
 *		minor fault and not part of fault.*.  The page that carries the
 *		readahead mark (RA_PAGES / 4 behind the fault) is never touched.
 *
 * The page touched lies at a random place in its slot, and a thread takes its
 * slots in random order; both come from seed=, so that a deterministic guest
 * repeats a run digit for digit.
 */
#include "harness_beside.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#define FILE_NAME	"storm.dat"
#define WINDOW_PAGES	16	/* fault-around: 64 KiB */
#define RA_PAGES	32	/* read-around: 128 KiB, read_ahead_kb=128 */
#define RA_KB		128
#define AROUND_PAGES	(WINDOW_PAGES + RA_PAGES)
/* The last word of a page is not checked contents: faulters write there. */
#define LAST_WORD	(WL_PAGE / 8 - 1)

/*
 * Fixed addresses, far from each other and from everything the C library maps:
 * no two areas can merge, and file areas keep the alignment that makes the
 * kernel's fault-around windows coincide with the slots.
 */
#define AREA_BASE	0x100000000000UL
#define AREA_STEP	0x1000000000UL
#define AREA_FILES	0
#define AREA_MMAPPERS	256
#define AREA_SWAPPERS	512
#define MAX_THREADS	256

enum kind { KIND_READ, KIND_COW, KIND_WRITE, NR_KINDS };

/* One mapping of the file: all that MADV_RANDOM faulters of a kind touch, or one's share. */
struct view {
	bool random;
	bool private;
	uint64_t first;		/* page of the file */
	uint64_t pages;
	char *addr;
};

struct slot {
	uint64_t page;		/* of the file */
	uint64_t neighbour;	/* the same if none */
};

struct faulter {
	struct wl_thread thread;
	bool random;
	enum kind kind;
	const struct view *view;
	struct slot *slots;
	uint64_t faults;
	uint64_t stamp;		/* what it writes */
};

struct swapper {
	struct wl_thread thread;
	char *addr;
	uint64_t first;		/* number of its first page's contents */
	uint32_t pages;
	uint32_t *order;
	uint64_t pause_us;
};

struct storm {
	struct wl wl;
	struct faulter faulters[MAX_THREADS];
	struct wl_allocator mmappers[MAX_THREADS];
	struct wl_forker forkers[MAX_THREADS];
	struct swapper swappers[MAX_THREADS];
	unsigned int nr_faulters, nr_mmappers, nr_forkers, nr_swappers;
	struct view views[MAX_THREADS];
	unsigned int nr_views;
	uint64_t file_pages;
	uint64_t wrong_stamps;
	int fd;
	struct wl_disk disk, disk_before;
	struct wl_disk swap, swap_before;
	struct wl_counters before, after;
	bool has_disk, has_swap;
};

static struct wl_param params[] = {
	{ .name = "faulters", .value = 8, .max = MAX_THREADS, .min = 1,
	  .help = "threads that fault in the file" },
	{ .name = "faults", .value = 125, .max = 100000, .min = 1,
	  .help = "major faults of each faulter" },
	{ .name = "mmappers", .value = 1, .max = MAX_THREADS,
	  .help = "threads that mmap, touch and munmap elsewhere" },
	{ .name = "forkers", .value = 0, .max = MAX_THREADS,
	  .help = "threads that fork" },
	{ .name = "swappers", .value = 0, .max = MAX_THREADS,
	  .help = "threads that swap in" },
	{ .name = "waits", .text = "mix", .choices = "mix random around",
	  .help = "what faulters wait for" },
	{ .name = "kinds", .text = "mix", .choices = "mix read cow write",
	  .help = "what faulters do" },
	{ .name = "vmas", .text = "one", .choices = "one each",
	  .help = "one mapping for all MADV_RANDOM faulters of a kind, or one for each" },
	{ .name = "mmap_kb", .value = 64, .max = 65536, .min = 4,
	  .help = "KiB that an mmapper maps" },
	{ .name = "mmap_pause_us", .value = 200, .max = 60000000,
	  .help = "its pause between two" },
	{ .name = "fork_pause_us", .value = 20000, .max = 60000000,
	  .help = "a forker's pause between two" },
	{ .name = "swap_pages", .value = 256, .max = 262144, .min = 1,
	  .help = "pages of a swapper" },
	{ .name = "swap_pause_us", .value = 0, .max = 60000000,
	  .help = "its pause between two" },
	{ .name = "samples", .value = 131072, .max = 1 << 24, .min = 1,
	  .help = "most latencies that a thread other than a faulter can record" },
	{ .name = "seed", .value = 4711, .max = UINT32_MAX,
	  .help = "of all random choices" },
	{ .name = "dir", .text = "/mnt",
	  .help = "directory on the slow device" },
	{ .name = "strict", .value = 1, .max = 1,
	  .help = "0: no checks of the device and its read-ahead (for a try on a host)" },
	{ .name = "latency_us", .derived = true,
	  .help = "of the device" },
	{ 0 }
};

static char *area(unsigned int index)
{
	return (char *)(AREA_BASE + index * AREA_STEP);
}

/* ---- who faults where ---- */

static unsigned int slot_pages(bool random)
{
	return random ? WINDOW_PAGES : AROUND_PAGES;
}

static void choose_kinds(struct storm *s)
{
	const char *waits = wl_text(&s->wl, "waits");
	const char *kinds = wl_text(&s->wl, "kinds");

	for (unsigned int i = 0; i < s->nr_faulters; i++) {
		struct faulter *f = &s->faulters[i];

		f->random = *waits == 'm' ? i % 2 == 0 : *waits == 'r';
		if (*kinds == 'm')
			f->kind = (*waits == 'm' ? i / 2 : i) % NR_KINDS;
		else
			f->kind = *kinds == 'r' ? KIND_READ :
				  *kinds == 'c' ? KIND_COW : KIND_WRITE;
	}
}

static void choose_slots(struct storm *s, struct faulter *f, uint64_t first,
			 unsigned int index)
{
	uint32_t n = (uint32_t)f->faults;
	uint32_t *order = wl_alloc(&s->wl, n, sizeof(*order));
	struct wl_random r;

	wl_random_init(&r, wl_number(&s->wl, "seed"), index);
	wl_shuffle(order, n, &r);
	f->slots = wl_alloc(&s->wl, n, sizeof(*f->slots));
	for (uint32_t i = 0; i < n; i++) {
		uint64_t base = first + (uint64_t)order[i] * slot_pages(f->random);
		uint32_t place = wl_random_below(&r, WINDOW_PAGES);

		if (f->random) {
			f->slots[i].page = base + place;
			f->slots[i].neighbour = base + place;
		} else {
			/* Read around: [page - 16, page + 16), within the slot. */
			f->slots[i].page = base + WINDOW_PAGES + place;
			f->slots[i].neighbour = base + WINDOW_PAGES - 1;
		}
	}
	free(order);
}

/*
 * The view for this faulter: the last one if it may share it, or a new one.
 * Faulters that read around never share: the readahead state belongs to the
 * struct file and has no lock, so one could send for the other's window, and
 * the number of reads would depend on who came when.
 */
static struct view *choose_view(struct storm *s, const struct faulter *f,
				bool each)
{
	bool private = f->kind == KIND_COW;
	struct view *v = s->nr_views ? &s->views[s->nr_views - 1] : NULL;

	if (v && !each && f->random && v->random && v->private == private)
		return v;
	v = &s->views[s->nr_views];
	v->random = f->random;
	v->private = private;
	v->first = s->file_pages;
	v->addr = area(AREA_FILES + s->nr_views) + v->first * WL_PAGE;
	s->nr_views++;
	return v;
}

/* Lays the faulters' slots out in the file, those that share a view together. */
static void lay_out(struct storm *s)
{
	bool each = !strcmp(wl_text(&s->wl, "vmas"), "each");

	choose_kinds(s);
	for (unsigned int group = 0; group < 4; group++) {
		for (unsigned int i = 0; i < s->nr_faulters; i++) {
			struct faulter *f = &s->faulters[i];
			struct view *v;

			if (f->random != !(group & 2) ||
			    (f->kind == KIND_COW) != (group & 1))
				continue;
			f->faults = wl_number(&s->wl, "faults");
			v = choose_view(s, f, each);
			f->view = v;
			choose_slots(s, f, s->file_pages, i);
			s->file_pages += f->faults * slot_pages(f->random);
			v->pages = s->file_pages - v->first;
		}
	}
}

/* ---- the file ---- */

static void file_write_pages(const struct storm *s, int fd, const char *path)
{
	enum { BATCH = 256 };
	char *buf = wl_alloc(&s->wl, BATCH, WL_PAGE);

	for (uint64_t page = 0; page < s->file_pages; page += BATCH) {
		uint64_t n = s->file_pages - page;
		ssize_t want, done;

		if (n > BATCH)
			n = BATCH;
		for (uint64_t i = 0; i < n; i++)
			wl_page_fill(buf + i * WL_PAGE, page + i);
		want = (ssize_t)(n * WL_PAGE);
		done = pwrite(fd, buf, (size_t)want, (off_t)(page * WL_PAGE));
		if (done != want)
			wl_die(&s->wl, "cannot write %s: %s (it needs %llu MiB: make the device larger)",
			       path, done < 0 ? strerror(errno) : "no room",
			       (unsigned long long)(s->file_pages >> 8) + 1);
	}
	free(buf);
	if (fsync(fd))
		wl_die(&s->wl, "cannot write %s: %s", path, strerror(errno));
}

/*
 * The file is the same for every run, so a file that is long enough is taken
 * as it is.  It gets its name only when it is complete.
 */
static void file_prepare(struct storm *s)
{
	const char *dir = wl_text(&s->wl, "dir");
	char path[512], draft[512];
	struct stat st;
	int fd;

	snprintf(path, sizeof(path), "%s/" FILE_NAME, dir);
	snprintf(draft, sizeof(draft), "%s/" FILE_NAME ".new", dir);
	if (stat(path, &st) || (uint64_t)st.st_size < s->file_pages * WL_PAGE) {
		unlink(path);
		fd = open(draft, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0644);
		if (fd < 0)
			wl_die(&s->wl, "cannot create %s: %s", draft, strerror(errno));
		file_write_pages(s, fd, draft);
		close(fd);
		if (rename(draft, path))
			wl_die(&s->wl, "cannot rename %s: %s", draft, strerror(errno));
	}
	s->fd = open(path, O_RDWR | O_CLOEXEC);
	if (s->fd < 0 || fstat(s->fd, &st))
		wl_die(&s->wl, "cannot open %s: %s", path, strerror(errno));
	wl_disk_find(&s->disk, st.st_dev);
}

/*
 * So that no fault has to read where its block is before it reads the block, or
 * the inode to note that the file was written to.
 */
static void cache_metadata(const struct storm *s)
{
	if (futimens(s->fd, NULL))
		wl_die(&s->wl, "futimens: %s", strerror(errno));
	wl_cache_extents(s->fd);
}

static void drop_caches(const struct storm *s)
{
	if (fsync(s->fd))
		wl_die(&s->wl, "fsync: %s", strerror(errno));
	sync();
	for (int i = 0; i < 2; i++) {
		posix_fadvise(s->fd, 0, 0, POSIX_FADV_DONTNEED);
		file_write("/proc/sys/vm/drop_caches", "3");
	}
}

static void view_map(const struct storm *s, struct view *v)
{
	const char *dir = wl_text(&s->wl, "dir");
	size_t bytes = v->pages * WL_PAGE;
	char path[512];
	void *addr;
	int fd;

	/* Its own struct file, for that has the readahead state. */
	snprintf(path, sizeof(path), "%s/" FILE_NAME, dir);
	fd = open(path, O_RDWR | O_CLOEXEC);
	if (fd < 0)
		wl_die(&s->wl, "cannot open %s: %s", path, strerror(errno));
	addr = mmap(v->addr, bytes, PROT_READ | PROT_WRITE, MAP_FIXED_NOREPLACE |
		    (v->private ? MAP_PRIVATE : MAP_SHARED), fd,
		    (off_t)(v->first * WL_PAGE));
	if (addr != v->addr)
		wl_die(&s->wl, "cannot map %s at %p: %s", path, (void *)v->addr,
		       strerror(errno));
	close(fd);
	if (v->random && madvise(addr, bytes, MADV_RANDOM))
		wl_die(&s->wl, "MADV_RANDOM: %s: the kernel needs CONFIG_ADVISE_SYSCALLS",
		       strerror(errno));
}

static void views_map(struct storm *s)
{
	uint64_t warm = 0;

	cache_metadata(s);
	for (unsigned int i = 0; i < s->nr_views; i++) {
		view_map(s, &s->views[i]);
		warm += wl_resident_pages(&s->wl, s->views[i].addr, s->views[i].pages);
	}
	if (warm)
		wl_die(&s->wl, "%llu of %llu pages of the file are still cached: a run must start cold",
		       (unsigned long long)warm, (unsigned long long)s->file_pages);
}

/* ---- faulters ---- */

static char *view_page(const struct view *v, uint64_t page)
{
	return v->addr + (page - v->first) * WL_PAGE;
}

static void faulter_body(struct wl_thread *thread)
{
	static const char *const what[NR_KINDS] = {
		"file (read)", "file (private write)", "file (shared write)"
	};
	struct faulter *f = (struct faulter *)thread;

	for (uint64_t i = 0; i < f->faults && !wl_stopped(thread); i++) {
		const struct slot *slot = &f->slots[i];
		char *addr = view_page(f->view, slot->page);
		volatile uint64_t *last = (uint64_t *)addr + LAST_WORD;
		uint64_t start = wl_now();

		if (f->kind == KIND_READ)
			(void)*last;
		else
			*last = f->stamp;
		wl_sample(&thread->samples, wl_now() - start);
		if (!wl_check_page(thread, addr, slot->page, LAST_WORD, what[f->kind]))
			return;
		if (f->kind != KIND_READ && *last != f->stamp) {
			wl_fail(thread, "lost write: %s page %llu", what[f->kind],
				(unsigned long long)slot->page);
			return;
		}
		if (slot->neighbour != slot->page &&
		    !wl_check_page(thread, view_page(f->view, slot->neighbour),
				   slot->neighbour, LAST_WORD, "file (neighbour)"))
			return;
	}
}

/* Shared writes must have reached the file and private ones must not. */
static void check_stamps(const struct storm *s)
{
	for (unsigned int i = 0; i < s->nr_faulters; i++) {
		const struct faulter *f = &s->faulters[i];

		for (uint64_t n = 0; f->kind != KIND_READ && n < f->faults; n++) {
			uint64_t page = f->slots[n].page, value;
			off_t at = (off_t)(page * WL_PAGE + LAST_WORD * 8);

			if (pread(s->fd, &value, sizeof(value), at) != sizeof(value))
				wl_die(&s->wl, "cannot read page %llu back: %s",
				       (unsigned long long)page, strerror(errno));
			if ((value == f->stamp) != (f->kind == KIND_WRITE))
				wl_die(&s->wl, "a %s of page %llu is %s the file",
				       f->kind == KIND_COW ? "private write" : "shared write",
				       (unsigned long long)page,
				       f->kind == KIND_COW ? "in" : "not in");
		}
	}
}

/* ---- swappers ---- */

static bool swapped_out(struct wl_thread *thread, char *addr)
{
	unsigned char vec = 0;

	if (mincore(addr, WL_PAGE, &vec))
		wl_fail(thread, "mincore: %s", strerror(errno));
	return !(vec & 1);
}

static bool swap_in_one(struct swapper *w, uint32_t index)
{
	struct wl_thread *thread = &w->thread;
	char *addr = w->addr + (size_t)index * WL_PAGE;
	uint64_t start;

	if (!swapped_out(thread, addr)) {
		wl_page_out(addr);
		return false;
	}
	start = wl_now();
	(void)*(volatile char *)addr;
	wl_record(thread, wl_now() - start);
	if (wl_check_page(thread, addr, w->first + index, LAST_WORD, "swap"))
		madvise(addr, WL_PAGE, MADV_PAGEOUT);
	return true;
}

static void swapper_body(struct wl_thread *thread)
{
	struct swapper *w = (struct swapper *)thread;

	while (!wl_stopped(thread)) {
		uint32_t done = 0;

		for (uint32_t i = 0; i < w->pages && !wl_stopped(thread); i++) {
			done += swap_in_one(w, w->order[i]);
			wl_pause_us(w->pause_us);
		}
		if (!done)
			wl_pause_us(1000);
	}
}

static void swapper_prepare(struct storm *s, unsigned int i)
{
	struct swapper *w = &s->swappers[i];
	size_t bytes = (size_t)w->pages * WL_PAGE;
	struct wl_random r;

	w->addr = mmap(area(AREA_SWAPPERS + i), bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (w->addr == MAP_FAILED)
		wl_die(&s->wl, "cannot map %zu bytes: %s", bytes, strerror(errno));
	madvise(w->addr, bytes, MADV_NOHUGEPAGE);
	for (uint32_t p = 0; p < w->pages; p++)
		wl_page_fill(w->addr + (size_t)p * WL_PAGE, w->first + p);
	w->order = wl_alloc(&s->wl, w->pages, sizeof(*w->order));
	wl_random_init(&r, wl_number(&s->wl, "seed"), AREA_SWAPPERS + i);
	wl_shuffle(w->order, w->pages, &r);

	if (madvise(w->addr, bytes, MADV_PAGEOUT))
		wl_die(&s->wl, "MADV_PAGEOUT: %s", strerror(errno));
	wl_pause_us(10000);
	wl_swap_out(&s->wl, w->addr, w->pages);
}

/* ---- the run ---- */

static void set_up_threads(struct storm *s)
{
	size_t room = wl_number(&s->wl, "samples");

	for (unsigned int i = 0; i < s->nr_faulters; i++) {
		struct faulter *f = &s->faulters[i];

		f->thread.body = faulter_body;
		f->thread.leader = true;
		/* Told apart by kind: a page may change hands between runs. */
		f->stamp = ((s->wl.job << 8 | s->wl.round) << 8 | (uint64_t)f->kind) + 1;
		wl_samples_init(&s->wl, &f->thread.samples, f->faults);
	}
	for (unsigned int i = 0; i < s->nr_mmappers; i++) {
		struct wl_allocator *m = &s->mmappers[i];

		m->thread.body = wl_allocator_body;
		m->addr = area(AREA_MMAPPERS + i);
		m->bytes = (wl_number(&s->wl, "mmap_kb") * 1024 + WL_PAGE - 1) &
			   ~(WL_PAGE - 1);
		m->pause_us = wl_number(&s->wl, "mmap_pause_us");
		wl_samples_init(&s->wl, &m->thread.samples, room);
	}
	for (unsigned int i = 0; i < s->nr_forkers; i++) {
		struct wl_forker *f = &s->forkers[i];

		f->thread.body = wl_forker_body;
		f->pause_us = wl_number(&s->wl, "fork_pause_us");
		wl_samples_init(&s->wl, &f->thread.samples, room);
	}
	for (unsigned int i = 0; i < s->nr_swappers; i++) {
		struct swapper *w = &s->swappers[i];

		w->thread.body = swapper_body;
		w->pages = (uint32_t)wl_number(&s->wl, "swap_pages");
		w->pause_us = wl_number(&s->wl, "swap_pause_us");
		w->first = (uint64_t)(i + 1) << 32;
		wl_samples_init(&s->wl, &w->thread.samples, room);
	}
}

static void set_up_devices(struct storm *s)
{
	bool strict = wl_number(&s->wl, "strict");
	uint64_t kb, us;

	s->has_disk = wl_disk_read(&s->disk);
	if (!s->has_disk && strict)
		wl_die(&s->wl, "dir=%s is on no block device with counters in /sys (strict=0 goes on without)",
		       wl_text(&s->wl, "dir"));
	if (strict &&
	    wl_disk_number(&s->disk, "queue/read_ahead_kb", &kb) && kb != RA_KB)
		wl_die(&s->wl, "%s/queue/read_ahead_kb is %llu and must be %d",
		       s->disk.path, (unsigned long long)kb, RA_KB);
	if (s->nr_swappers) {
		wl_swap_find(&s->swap);
		/* Else a swap-in would bring in its neighbours as well. */
		if (file_write("/proc/sys/vm/page-cluster", "0"))
			wl_die(&s->wl, "cannot write /proc/sys/vm/page-cluster");
	}
	s->has_swap = wl_disk_read(&s->swap);

	us = wl_disk_latency_us(&s->disk);
	if (us)
		wl_derive(&s->wl, "latency_us", us);
}

static void phase_begins(void *arg)
{
	struct storm *s = arg;

	wl_disk_read(&s->disk);
	wl_disk_read(&s->swap);
	s->disk_before = s->disk;
	s->swap_before = s->swap;
	wl_counters_read(&s->before);
}

static void phase_ends(void *arg)
{
	struct storm *s = arg;

	wl_counters_read(&s->after);
	wl_disk_read(&s->disk);
	wl_disk_read(&s->swap);
}

static void run_threads(struct storm *s)
{
	static struct wl_thread *threads[4 * MAX_THREADS];
	struct wl_team team = { .wl = &s->wl, .threads = threads };

	for (unsigned int i = 0; i < s->nr_faulters; i++)
		threads[team.nr++] = &s->faulters[i].thread;
	for (unsigned int i = 0; i < s->nr_mmappers; i++)
		threads[team.nr++] = &s->mmappers[i].thread;
	for (unsigned int i = 0; i < s->nr_forkers; i++)
		threads[team.nr++] = &s->forkers[i].thread;
	for (unsigned int i = 0; i < s->nr_swappers; i++)
		threads[team.nr++] = &s->swappers[i].thread;
	wl_team_run(&team, phase_begins, phase_ends, s);
	wl_metric(&s->wl, "elapsed_ns", team.elapsed_ns);
}

#define REPORT(s, prefix, group)						\
	do {									\
		const struct wl_samples *all_[MAX_THREADS];			\
										\
		for (unsigned int i_ = 0; i_ < (s)->nr_##group; i_++)		\
			all_[i_] = &(s)->group[i_].thread.samples;		\
		wl_samples_report(&(s)->wl, prefix, all_, (s)->nr_##group);	\
	} while (0)

static void report(struct storm *s)
{
	uint64_t want = wl_number(&s->wl, "faults") * s->nr_faulters, got;
	uint64_t reads = s->disk.reads - s->disk_before.reads;
	bool strict = wl_number(&s->wl, "strict");

	REPORT(s, "fault", faulters);
	REPORT(s, "mmap", mmappers);
	REPORT(s, "fork", forkers);
	REPORT(s, "swapin", swappers);
	wl_counters_report(&s->wl, &s->before, &s->after);
	wl_metric(&s->wl, "file_faults", want);
	if (s->has_disk) {
		wl_metric(&s->wl, "device_reads", reads);
		wl_metric(&s->wl, "device_sectors_read",
			  s->disk.sectors - s->disk_before.sectors);
	}
	if (s->has_swap)
		wl_metric(&s->wl, "swap_device_reads",
			  s->swap.reads - s->swap_before.reads);

	/* Slots are apart, so no two faults can share a read. */
	if (strict && reads < want)
		wl_die(&s->wl, "the device completed %llu reads for %llu major faults: something was cached",
		       (unsigned long long)reads, (unsigned long long)want);
	if (strict && !s->nr_swappers &&
	    wl_vmstat_delta(&s->before, &s->after, "pgmajfault", &got) &&
	    got != want)
		fprintf(stderr, "%s: warning: pgmajfault says %llu major faults, not %llu\n",
			s->wl.name, (unsigned long long)got,
			(unsigned long long)want);
}

int main(int argc, char **argv)
{
	static struct storm s = { .wl = { .name = "storm", .params = params } };

	wl_parse(&s.wl, argc, argv);
	s.nr_faulters = (unsigned int)wl_number(&s.wl, "faulters");
	s.nr_mmappers = (unsigned int)wl_number(&s.wl, "mmappers");
	s.nr_forkers = (unsigned int)wl_number(&s.wl, "forkers");
	s.nr_swappers = (unsigned int)wl_number(&s.wl, "swappers");

	lay_out(&s);
	set_up_threads(&s);
	file_prepare(&s);
	set_up_devices(&s);
	for (unsigned int i = 0; i < s.nr_swappers; i++)
		swapper_prepare(&s, i);
	drop_caches(&s);
	views_map(&s);
	run_threads(&s);
	for (unsigned int i = 0; i < s.nr_views; i++)
		munmap(s.views[i].addr, s.views[i].pages * WL_PAGE);
	check_stamps(&s);
	report(&s);
	wl_emit(&s.wl);
	return 0;
}
