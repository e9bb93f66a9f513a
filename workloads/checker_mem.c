// SPDX-License-Identifier: GPL-2.0-only
/*
 * The checker's files, regions and mappings, how they get out of memory, and the
 * thread that serves userfaultfd.
 */
#include "checker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <linux/magic.h>
#include <linux/userfaultfd.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/vfs.h>
#include <unistd.h>

#include "util.h"

/*
 * A gigabyte for each region: it is alone in its page tables, so that munmap() frees
 * all levels of them.  Not at the start of the gigabyte, so that its entries are not
 * where those of a page table that has just been taken are, see CK_TABLES.
 */
#define GIGABYTE	(1UL << 30)
#define TWO_MB		(2UL << 20)
#define BASE		0x200000000000UL
#define OFFSET		(5 * TWO_MB)
#define AWAY		(64 * GIGABYTE)
#define FILLER		(128 * GIGABYTE)
#define CGROUP		"/sys/fs/cgroup/checker"

static const struct {
	const char *name;
	unsigned int stride;
} kinds[CK_REGIONS] = {
	[CK_FILE]	= { "file", 1 },
	[CK_TRUNC]	= { "trunc", 1 },
	[CK_PRIVATE]	= { "private", 1 },
	[CK_ANON]	= { "anon", 16 },	/* 2 MB: can be collapsed */
	[CK_SHMEM]	= { "shmem", 16 },
	[CK_UFFD]	= { "uffd", 1 },
};

static const struct {
	const char *name;
	unsigned int pages;
	unsigned int stride;
} files[CK_FILES] = {
	[CK_A] = { "A", 2 * CK_SLOTS, 1 },
	[CK_C] = { "C", CK_SLOTS, 1 },
	[CK_T] = { "T", CK_SLOTS, 1 },
	[CK_M] = { "M", CK_SLOTS, 16 },
};

enum ck_whose ck_files;

static void mutex_init(pthread_mutex_t *mutex)
{
	pthread_mutex_init(mutex, NULL);
}

/* ---- once ---- */

static void world_make(void)
{
	ck = mmap(NULL, sizeof(*ck), PROT_READ | PROT_WRITE,
		  MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (ck == MAP_FAILED)
		wl_die(&ck_wl, "no memory: %s", strerror(errno));
	mlock(ck, sizeof(*ck));	/* what is known must not fault: best effort */
	ck->uffd = -1;
	ck->reclaim_fd = -1;
	ck->pagemap_fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	if (ck->pagemap_fd < 0)
		wl_die(&ck_wl, "/proc/self/pagemap: %s", strerror(errno));
}

static bool listed(const char *list, const char *name)
{
	size_t len = strlen(name);

	if (!strcmp(list, "all"))
		return true;
	for (const char *p = list; (p = strstr(p, name)); p += len)
		if ((p == list || p[-1] == ',') && (!p[len] || p[len] == ','))
			return true;
	return false;
}

static void uffd_open(void)
{
	struct uffdio_api api = { .api = UFFD_API };

	ck->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (ck->uffd >= 0 && ioctl(ck->uffd, UFFDIO_API, &api)) {
		close(ck->uffd);
		ck->uffd = -1;
	}
}

/* A cgroup of our own, so that reclaim finds nothing but our own memory. */
static void cgroup_enter(void)
{
	if (file_write("/sys/fs/cgroup/cgroup.subtree_control", "+memory"))
		return;
	if (mkdir(CGROUP, 0755) && errno != EEXIST)
		return;
	if (!file_write(CGROUP "/cgroup.procs", "0"))
		ck->reclaim_fd = open(CGROUP "/memory.reclaim", O_WRONLY | O_CLOEXEC);
}

static void object_open(enum ck_file f, const char *dir)
{
	struct ck_object *o = &ck->file[f];
	char path[512];

	o->name = files[f].name;
	o->pages = files[f].pages;
	o->stride = files[f].stride;
	mutex_init(&o->resize);
	snprintf(path, sizeof(path), "%s/checker.%s", dir, o->name);
	if (f == CK_M)
		o->fd = memfd_create("checker", MFD_CLOEXEC);
	else if (ck_files == CK_GIVEN)
		o->fd = open(path, O_RDONLY | O_CLOEXEC);
	else
		o->fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (o->fd < 0)
		wl_die(&ck_wl, "cannot %s file %s in %s: %s",
		       ck_files == CK_GIVEN ? "open" : "create", o->name, dir, strerror(errno));
	if (ck_files == CK_OWN && f != CK_M)
		unlink(path);
}

static void page_write(struct ck_object *o, unsigned int page, uint64_t stamp)
{
	uint64_t words[CK_WORDS];

	for (unsigned int w = 0; w < CK_WORDS; w++)
		words[w] = stamp + w;
	if (pwrite(o->fd, words, sizeof(words), (off_t)(page * o->stride * WL_PAGE)) !=
	    (ssize_t)sizeof(words))
		wl_die(&ck_wl, "cannot write file %s: %s", o->name, strerror(errno));
}

/* What others read must be known to them: no step is in its stamps. */
static void object_fill(struct ck_object *o, unsigned int f)
{
	bool given = ck_files == CK_GIVEN && f != CK_M;

	if (!given && (ftruncate(o->fd, 0) ||
		       ftruncate(o->fd, (off_t)(o->pages * o->stride * WL_PAGE))))
		wl_die(&ck_wl, "cannot resize file %s: %s", o->name, strerror(errno));
	o->size = o->pages;
	for (unsigned int i = 0; i < o->pages; i++) {
		uint64_t stamp = ck_stamp(CK_FROM_FILE + f, i, ck_files == CK_OWN ? ck_step() : i);

		if (!given)
			page_write(o, i, stamp);
		ck_reset(&o->reg[i], stamp);
	}
	if (f != CK_M)
		fsync(o->fd);
}

/* Files that somebody else has made: only A, and the regions that do not write to it. */
static bool file_used(enum ck_file f)
{
	return ck_files == CK_OWN || f == CK_A || (ck_files == CK_GIVEN && f == CK_M);
}

static bool region_used(enum ck_kind kind)
{
	return ck_files == CK_OWN || (kind != CK_FILE && kind != CK_TRUNC);
}

/* What the filesystem cannot do is left out, and counted, see do_punch(). */
static void ask_filesystem(void)
{
	int fd = ck->file[CK_A].fd;
	struct statfs st;

	if (fstatfs(fd, &st))
		wl_die(&ck_wl, "statfs: %s", strerror(errno));
	ck->in_memory = st.f_type == TMPFS_MAGIC;
	ck->punches = ck_files != CK_OWN ||
		      !fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0, WL_PAGE);
	if (!ck->punches)
		fprintf(stderr, "checker: no holes in files here (%s): they are skipped\n",
			strerror(errno));
}

void ck_mem_init(const char *dir, const char *regions)
{
	bool any = false;

	world_make();
	if (ck_files == CK_MAKE && mkdir(dir, 0755) && errno != EEXIST)
		wl_die(&ck_wl, "cannot make %s: %s", dir, strerror(errno));
	cgroup_enter();
	uffd_open();
	for (unsigned int f = 0; f < CK_FILES; f++)
		if (file_used(f))
			object_open(f, dir);
	ask_filesystem();
	if (ck_files == CK_MAKE) {
		object_fill(&ck->file[CK_A], CK_A);
		return;
	}
	for (unsigned int i = 0; i < CK_REGIONS; i++) {
		struct ck_region *r = &ck->region[i];

		r->name = kinds[i].name;
		r->kind = i;
		r->stride = kinds[i].stride;
		r->addr = (char *)(BASE + i * GIGABYTE + OFFSET + i * TWO_MB);
		r->away = r->addr + AWAY;
		r->used = listed(regions, r->name) && region_used(i) &&
			  (i != CK_UFFD || ck->uffd >= 0);
		any |= r->used;
		mutex_init(&r->layout);
	}
	ck->filler = (char *)(BASE + FILLER);
	if (!any)
		wl_die(&ck_wl, "regions=%s: none of them can be used here", regions);
}

/* ---- for each seed ---- */

static int uffd_register(struct ck_region *r)
{
	struct uffdio_register reg = {
		.range = { (uintptr_t)r->addr, ck_bytes(r) },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	return ioctl(ck->uffd, UFFDIO_REGISTER, &reg) ? -errno : 0;
}

int ck_map(struct ck_region *r, unsigned int view)
{
	int flags = MAP_FIXED_NOREPLACE, fd = -1;
	off_t offset = 0;
	void *p;

	switch (r->kind) {
	case CK_FILE:
		flags |= MAP_SHARED;
		if (view == 3)
			flags |= MAP_ANONYMOUS;
		else
			fd = ck->file[view == 2 ? CK_C : CK_A].fd;
		offset = view == 1 ? (off_t)(CK_SLOTS * WL_PAGE) : 0;
		break;
	case CK_TRUNC:
	case CK_SHMEM:
		flags |= MAP_SHARED;
		fd = ck->file[r->kind == CK_TRUNC ? CK_T : CK_M].fd;
		break;
	case CK_PRIVATE:
		flags |= MAP_PRIVATE;
		fd = ck->file[CK_A].fd;
		break;
	default:
		flags |= MAP_PRIVATE | MAP_ANONYMOUS;
	}
	p = mmap(r->addr, ck_bytes(r), PROT_READ | PROT_WRITE, flags, fd, offset);
	if (p != r->addr)
		return errno ? -errno : -EEXIST;
	if (atomic_load(&r->random))
		madvise(p, ck_bytes(r), MADV_RANDOM);
	return r->kind == CK_UFFD ? uffd_register(r) : 0;
}

static void region_setup(struct ck_region *r)
{
	uint64_t own = r->kind == CK_PRIVATE ? CK_THROUGH :
		       r->kind == CK_UFFD ? CK_MISSING : CK_ZERO;
	int err;

	r->nr_windows = 0;
	atomic_store(&r->random, true);
	ck_reset(&r->view, 0);
	for (unsigned int i = 0; i < CK_SLOTS; i++) {
		ck_reset(&r->own[i], own);
		atomic_store(&r->nr_history[i], 0);
		atomic_flag_clear(&r->busy[i]);
	}
	err = ck_map(r, 0);
	if (err)
		wl_die(&ck_wl, "cannot map region %s: %s", r->name, strerror(-err));
}

void ck_mem_setup(uint64_t seed, unsigned int threads)
{
	ck->seed = seed;
	atomic_store(&ck->step, 1);
	for (unsigned int f = 0; f < CK_FILES; f++)
		if (file_used(f))
			object_fill(&ck->file[f], f);
	for (unsigned int i = 0; i < CK_REGIONS; i++)
		if (ck->region[i].used)
			region_setup(&ck->region[i]);
	for (unsigned int i = 0; i <= CK_THREADS; i++)
		atomic_store(&ck->now[i].count, 0);
	pthread_barrier_init(&ck->round, NULL, threads);
}

void ck_mem_teardown(void)
{
	for (unsigned int i = 0; i < CK_REGIONS; i++)
		if (ck->region[i].used)
			munmap(ck->region[i].addr, ck_bytes(&ck->region[i]));
	pthread_barrier_destroy(&ck->round);
}

/* ---- out of memory ---- */

int ck_reclaim(void)
{
	if (ck->reclaim_fd < 0)
		return -ENOSYS;
	/* Says EAGAIN when there is less than that. */
	if (pwrite(ck->reclaim_fd, "1M", 2, 0) != 2 && errno != EAGAIN)
		return -errno;
	return 0;
}

static void evict_file(struct ck_region *r, struct ck_object *o)
{
	if (ck->in_memory) {
		madvise(r->addr, ck_bytes(r), r->kind == CK_PRIVATE ? MADV_PAGEOUT : MADV_DONTNEED);
		ck_reclaim();
		wl_pause_us(8000);
		ck_reclaim();
		return;
	}
	fdatasync(o->fd);
	madvise(r->addr, ck_bytes(r), r->kind == CK_PRIVATE ? MADV_PAGEOUT : MADV_DONTNEED);
	posix_fadvise(o->fd, 0, 0, POSIX_FADV_DONTNEED);
}

/*
 * What was just written to swap is in the swap cache.  Mapped again by a read it is
 * clean, and leaves at the second MADV_PAGEOUT; shared memory leaves by reclaim.
 */
static void evict_swap(struct ck_thread *t, struct ck_region *r)
{
	if (r->kind == CK_SHMEM)
		madvise(r->addr, ck_bytes(r), MADV_DONTNEED);
	else
		madvise(r->addr, ck_bytes(r), MADV_PAGEOUT);
	if (r->kind == CK_SHMEM)
		ck_reclaim();
	wl_pause_us(8000);
	for (unsigned int i = 0; i < CK_SLOTS && r->kind == CK_ANON; i++)
		ck_read(t, r, i, CK_EVICT);
	if (r->kind == CK_SHMEM)
		ck_reclaim();
	else
		madvise(r->addr, ck_bytes(r), MADV_PAGEOUT);
}

void ck_evict(struct ck_thread *t, struct ck_region *r, bool swap)
{
	munlock(r->addr, ck_bytes(r));
	switch (r->kind) {
	case CK_FILE:
		evict_file(r, &ck->file[CK_A]);
		fdatasync(ck->file[CK_C].fd);
		posix_fadvise(ck->file[CK_C].fd, 0, 0, POSIX_FADV_DONTNEED);
		break;
	case CK_PRIVATE:
		evict_file(r, &ck->file[CK_A]);
		break;
	case CK_TRUNC:
		evict_file(r, &ck->file[CK_T]);
		break;
	default:
		if (swap)
			evict_swap(t, r);
	}
}

/* ---- userfaultfd ---- */

/* EEXIST: somebody was first; ENOENT, EAGAIN: the mapping is changing; all ask again. */
static void serve(struct ck_region *r, uintptr_t address, struct wl_random *random)
{
	unsigned int slot = (unsigned int)((address - (uintptr_t)r->addr) / WL_PAGE);
	static uint64_t words[CK_WORDS] __attribute__((aligned(4096)));
	uint64_t begin, stamp;
	struct ck_value *v;
	struct uffdio_copy copy = {
		.dst = address, .src = (uintptr_t)words, .len = WL_PAGE,
	};
	int err;

	wl_pause_us(wl_random_below(random, 3) * 700);
	begin = ck_step();
	stamp = ck_stamp(CK_FROM_UFFD, slot, begin);
	for (unsigned int w = 0; w < CK_WORDS; w++)
		words[w] = stamp + w;
	v = ck_begin(&r->own[slot], stamp, begin, CK_THREADS, CK_SERVE);
	err = ioctl(ck->uffd, UFFDIO_COPY, &copy) ? errno : 0;
	/* It fails before it maps the page, or not at all. */
	ck_end(&r->own[slot], v, err ? CK_DID_NOT : CK_DID, ck_step());
	ck_note(r, slot, slot, CK_THREADS, CK_SERVE, begin, err ? (uint64_t)err : stamp);
	atomic_fetch_add(&ck->count[CK_SERVE], 1);
	if (err) {
		struct uffdio_range range = { address, WL_PAGE };

		atomic_fetch_add(&ck->failed[CK_SERVE], 1);
		ioctl(ck->uffd, UFFDIO_WAKE, &range);
	}
}

void ck_monitor(struct wl_thread *thread)
{
	struct ck_region *r = &ck->region[CK_UFFD];
	struct wl_random random;
	struct uffd_msg msg;

	wl_random_init(&random, ck->seed, 1000);
	while (!wl_stopped(thread)) {
		struct pollfd pfd = { .fd = ck->uffd, .events = POLLIN };

		if (poll(&pfd, 1, 20) <= 0)
			continue;
		while (read(ck->uffd, &msg, sizeof(msg)) == sizeof(msg))
			if (msg.event == UFFD_EVENT_PAGEFAULT)
				serve(r, (uintptr_t)msg.arg.pagefault.address & ~(WL_PAGE - 1),
				      &random);
	}
}
