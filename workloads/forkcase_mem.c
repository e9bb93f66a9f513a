// SPDX-License-Identifier: GPL-2.0-only
/* forkcase: the kinds of memory, what changes in them, and what is seen of it. */
#include "forkcase.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/types.h>
#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <unistd.h>

#include "util.h"

#define BASE		0x200000000000UL
#define SLOT_BYTES	(256UL << 20)	/* of an area and the filler above it */
#define FILLER_OFFSET	(8UL << 20)
#define HUGE_BYTES	(2UL << 20)
#define DEVICE		"/dev/fault_arm_map"
#define DEVICE_PAGES	16U	/* from offset 0 as page frames, and then once more as pages */
#define KSM_DIR		"/sys/kernel/mm/ksm/"
#define MIGRATE_MS	"/proc/sys/vm/fault_arm_migrate_ms"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif
#ifndef MADV_PAGEOUT
#define MADV_PAGEOUT		21
#endif
#define GUARD_INSTALL	102	/* MADV_ */
#define GUARD_REMOVE	103

#define PAGEMAP_UFFD	(1ULL << 57)
#define PAGEMAP_GUARD	(1ULL << 58)
#define PAGEMAP_SWAP	(1ULL << 62)	/* swap's, or a migration's */

/* include/uapi/linux/userfaultfd.h; the host's may be older than the guest's kernel. */
#define UFFD_FORKS	(1ULL << 1)	/* UFFD_FEATURE_EVENT_FORK */
#define UFFD_SHMEM	(1ULL << 12)	/* _WP_HUGETLBFS_SHMEM */
#define UFFD_UNMAPPED	(1ULL << 13)	/* _WP_UNPOPULATED */
#define UFFD_WP_ASYNC	(1ULL << 15)
#define UFFD_RWP	(1ULL << 17)
#define UFFD_RWP_ASYNC	(1ULL << 18)
#define UFFD_MODE_WP	(1ULL << 1)
#define UFFD_MODE_RWP	(1ULL << 3)
#define UFFD_API_VERSION	0xaaULL

struct uffd_api { __u64 api, features, ioctls; };
struct uffd_register { __u64 start, len, mode, ioctls; };
struct uffd_protect { __u64 start, len, mode; };

#define UFFD_DO_API		_IOWR(0xaa, 0x3f, struct uffd_api)
#define UFFD_DO_REGISTER	_IOWR(0xaa, 0x00, struct uffd_register)
#define UFFD_DO_WP		_IOWR(0xaa, 0x06, struct uffd_protect)
#define UFFD_DO_RWP		_IOWR(0xaa, 0x09, struct uffd_protect)

struct uffd_event {
	__u8 event;
	__u8 pad[7];
	__u32 child_fd;
	__u8 more[20];
};

#define SMALL	64	/* pages */

static const struct fc_case cases[] = {
	{ "anon", FC_ANON, FC_WRITE, 0, SMALL },
	{ "tlb_writer", FC_ANON, FC_WRITE, FC_COUNTED, SMALL },
	{ "file_private", FC_FILE_PRIVATE, FC_WRITE, 0, SMALL },
	{ "mprotect_later", FC_ANON, FC_WRITE, FC_LATER, SMALL },
	{ "anon_vma_race", FC_ANON, FC_WRITE, FC_FRESH | FC_GRANDCHILD, SMALL },
	{ "anon_vma_file", FC_FILE_PRIVATE, FC_WRITE, FC_FRESH | FC_GRANDCHILD, SMALL },
	{ "uffd_wp_anon", FC_ANON, FC_WP, 0, SMALL },
	{ "uffd_wp_shmem", FC_SHMEM, FC_WP, FC_SHARED, SMALL },
	{ "uffd_wp_file", FC_FILE_SHARED, FC_WP, FC_SHARED, SMALL },
	{ "uffd_rwp_anon", FC_ANON, FC_RWP, 0, SMALL },
	{ "uffd_rwp_shmem", FC_SHMEM, FC_RWP, FC_SHARED, SMALL },
	{ "guard", FC_ANON, FC_GUARD, 0, SMALL },
	{ "guard_fresh", FC_ANON, FC_GUARD, FC_FRESH, SMALL },
	{ "guard_shmem", FC_SHMEM, FC_GUARD, FC_SHARED, SMALL },
	{ "guard_file", FC_FILE_SHARED, FC_GUARD, FC_SHARED, SMALL },
	{ "zap", FC_ANON, FC_ZAP, 0, SMALL },
	{ "hugetlb_private", FC_HUGETLB_PRIVATE, FC_WRITE, 0, 0 },
	{ "hugetlb_shared", FC_HUGETLB_SHARED, FC_WRITE, FC_SHARED, 0 },
	{ "shmem", FC_SHMEM, FC_WRITE, FC_SHARED, SMALL },
	{ "thp_split", FC_THP, FC_WRITE, 0, 0 },
	{ "dontcopy", FC_ANON, FC_WRITE, FC_DONTFORK, SMALL },
	{ "wipeonfork", FC_ANON, FC_WRITE, FC_WIPEONFORK, SMALL },
	{ "swap_entry", FC_ANON, FC_WRITE, FC_SWAPPED, SMALL },
	{ "migration_entry", FC_ANON, FC_WRITE, FC_MIGRATED, SMALL },
	{ "ksm", FC_ANON, FC_WRITE, FC_MERGED, 2 },
	{ "pfnmap", FC_PFNMAP, FC_WRITE, FC_FRESH | FC_ANON_VMA, DEVICE_PAGES },
	{ "pfnmap_fresh", FC_PFNMAP, FC_WRITE, FC_FRESH, DEVICE_PAGES },
	{ "pfnmap_shared", FC_PFNMAP, FC_WRITE, FC_FRESH | FC_SHARED, 2 },
	{ "mixedmap", FC_MIXEDMAP, FC_WRITE, FC_FRESH | FC_ANON_VMA, DEVICE_PAGES },
	{ "mixedmap_fresh", FC_MIXEDMAP, FC_WRITE, FC_FRESH, DEVICE_PAGES },
	{ "mixedmap_shared", FC_MIXEDMAP, FC_WRITE, FC_FRESH | FC_SHARED, 2 },
};

const struct fc_case *fc_case_find(const char *name)
{
	for (unsigned int i = 0; i < ARRAY_SIZE(cases); i++)
		if (!strcmp(cases[i].name, name))
			return &cases[i];
	return NULL;
}

const char *fc_case_names(void)
{
	static char names[1024];

	for (unsigned int i = 0; !names[0] || i < ARRAY_SIZE(cases); i++) {
		if (i)
			strcat(names, " ");
		strcat(names, cases[i].name);
	}
	return names;
}

/* ---- where everything is ---- */

static char *area(unsigned int nr)
{
	return (char *)(BASE + nr * SLOT_BYTES);
}

char *fc_cell(const struct fc *s, unsigned int cell)
{
	return area(cell / 2) + (cell % 2 ? s->area_bytes - s->page : 0);
}

static volatile uint64_t *word(const struct fc *s, unsigned int cell, unsigned int nr)
{
	return (volatile uint64_t *)fc_cell(s, cell) + nr;
}

/* No two cells hold the same, but where KSM is to make one page of them. */
uint64_t fc_new(const struct fc *s, unsigned int cell)
{
	if (s->kase->flags & FC_MERGED)
		return s->stamp;
	return (uint64_t)(cell + 1) << 32 | s->stamp;
}

static bool is_device(const struct fc *s)
{
	return s->kase->memory == FC_PFNMAP || s->kase->memory == FC_MIXEDMAP;
}

static bool is_small(const struct fc *s)
{
	return s->kase->pages;
}

static void write_file(const struct fc *s, const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) < 0)
		wl_die(&s->wl, "%s: %s", path, strerror(errno));
	close(fd);
}

static uint64_t read_number(const struct fc *s, const char *path)
{
	char text[64] = "";
	uint64_t value = 0;
	int fd = open(path, O_RDONLY | O_CLOEXEC);

	if (fd < 0 || read(fd, text, sizeof(text) - 1) <= 0 || sscanf(text, "%lu", &value) != 1)
		wl_die(&s->wl, "%s: %s", path, strerror(errno));
	close(fd);
	return value;
}

/* ---- mapping ---- */

static int file_open(struct fc *s)
{
	static const char *const disk = "/mnt/forkcase";
	int fd;

	switch (s->kase->memory) {
	case FC_FILE_PRIVATE:
	case FC_FILE_SHARED:
		unlink(disk);
		fd = open(disk, O_RDWR | O_CREAT | O_EXCL | O_CLOEXEC, 0600);
		break;
	case FC_SHMEM:
		fd = open("/tmp", O_RDWR | O_TMPFILE | O_CLOEXEC, 0600);
		break;
	case FC_PFNMAP:
	case FC_MIXEDMAP:
		return open(DEVICE, O_RDWR | O_CLOEXEC);
	default:
		return -1;
	}
	if (fd >= 0 && ftruncate(fd, (off_t)(FC_AREAS * s->area_bytes)))
		wl_die(&s->wl, "ftruncate: %s", strerror(errno));
	return fd;
}

static bool is_shared(const struct fc *s)
{
	return s->kase->flags & FC_SHARED;
}

static int map_flags(const struct fc *s)
{
	switch (s->kase->memory) {
	case FC_ANON:
	case FC_THP:			return MAP_PRIVATE | MAP_ANONYMOUS;
	case FC_HUGETLB_PRIVATE:	return MAP_PRIVATE | MAP_ANONYMOUS | MAP_HUGETLB;
	case FC_HUGETLB_SHARED:		return MAP_SHARED | MAP_ANONYMOUS | MAP_HUGETLB;
	case FC_FILE_SHARED:
	case FC_SHMEM:			return MAP_SHARED;
	default:			return is_shared(s) ? MAP_SHARED : MAP_PRIVATE;
	}
}

/* Private areas all begin with the device's first page; shared ones have pages of their own. */
static unsigned int device_page(const struct fc *s, unsigned int cell)
{
	return (is_shared(s) ? cell / 2 * s->kase->pages : 0) +
	       (cell % 2 ? s->kase->pages - 1 : 0);
}

static off_t map_offset(const struct fc *s, unsigned int nr)
{
	switch (s->kase->memory) {
	case FC_FILE_PRIVATE:
	case FC_FILE_SHARED:
	case FC_SHMEM:	return (off_t)(nr * s->area_bytes);
	default:
		if (!is_device(s))
			return 0;
		return (s->kase->memory == FC_MIXEDMAP ? DEVICE_PAGES * WL_PAGE : 0) +
		       device_page(s, 2 * nr) * WL_PAGE;
	}
}

static void advise(const struct fc *s, unsigned int nr, int what, const char *name)
{
	if (madvise(area(nr), s->area_bytes, what))
		wl_die(&s->wl, "madvise(%s): %s", name, strerror(errno));
}

static void map_area(const struct fc *s, unsigned int nr)
{
	unsigned int flags = s->kase->flags;

	if (mmap(area(nr), s->area_bytes, PROT_READ | PROT_WRITE, map_flags(s) | MAP_FIXED,
		 s->file, map_offset(s, nr)) != area(nr))
		wl_die(&s->wl, "mmap for %s: %s", s->kase->name, strerror(errno));
	if (is_small(s) && s->kase->memory == FC_ANON)
		advise(s, nr, MADV_NOHUGEPAGE, "MADV_NOHUGEPAGE");
	if (s->kase->memory == FC_THP)
		advise(s, nr, MADV_HUGEPAGE, "MADV_HUGEPAGE");
	if (flags & FC_DONTFORK)
		advise(s, nr, MADV_DONTFORK, "MADV_DONTFORK");
	if (flags & FC_WIPEONFORK)
		advise(s, nr, MADV_WIPEONFORK, "MADV_WIPEONFORK");
	if (flags & FC_MERGED)
		advise(s, nr, MADV_MERGEABLE, "MADV_MERGEABLE");
	if (flags & FC_ANON_VMA)
		*(volatile uint64_t *)(area(nr) + s->page) = 1;
	if (flags & FC_FRESH)
		return;
	/* The cells are what is first and last; the rest is there to be copied. */
	for (size_t at = 0; at < s->area_bytes; at += s->page)
		*(volatile uint64_t *)(area(nr) + at) = 1;
}

/*
 * Copying these takes fork() its time between two areas. To overtake it by huge pages, the
 * writer must copy two of them in that time: that takes so many small ones that there is
 * room for them in one place only.
 */
static void map_filler(const struct fc *s, unsigned int nr)
{
	bool one = s->kase->memory == FC_HUGETLB_PRIVATE && nr;
	size_t bytes = (one ? 1 : s->filler_pages) * WL_PAGE;
	char *at = area(nr) + FILLER_OFFSET;

	if (mmap(at, bytes, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED,
		 -1, 0) != at || madvise(at, bytes, MADV_NOHUGEPAGE))
		wl_die(&s->wl, "mmap of a filler: %s", strerror(errno));
	for (size_t i = 0; i < bytes; i += WL_PAGE)
		*(volatile char *)(at + i) = 1;
}

static void uffd_open(struct fc *s)
{
	bool rwp = s->kase->change == FC_RWP;
	struct uffd_api api = {
		.api = UFFD_API_VERSION,
		.features = UFFD_FORKS | (rwp ? UFFD_RWP | UFFD_RWP_ASYNC :
					  UFFD_SHMEM | UFFD_UNMAPPED | UFFD_WP_ASYNC),
	};

	s->uffd = (int)syscall(SYS_userfaultfd, O_CLOEXEC | O_NONBLOCK);
	if (s->uffd < 0 || ioctl(s->uffd, UFFD_DO_API, &api))
		wl_die(&s->wl, "userfaultfd for %s: %s", s->kase->name, strerror(errno));
	for (unsigned int i = 0; i < FC_AREAS; i++) {
		struct uffd_register reg = {
			.start = (uintptr_t)area(i), .len = s->area_bytes,
			.mode = rwp ? UFFD_MODE_RWP : UFFD_MODE_WP,
		};

		if (ioctl(s->uffd, UFFD_DO_REGISTER, &reg))
			wl_die(&s->wl, "UFFDIO_REGISTER for %s: %s", s->kase->name,
			       strerror(errno));
	}
}

static bool has_uffd(const struct fc *s)
{
	return s->kase->change == FC_WP || s->kase->change == FC_RWP;
}

void fc_map(struct fc *s)
{
	bool hugetlb = s->kase->memory == FC_HUGETLB_PRIVATE ||
		       s->kase->memory == FC_HUGETLB_SHARED;

	s->page = is_small(s) ? WL_PAGE : HUGE_BYTES;
	s->area_bytes = is_small(s) ? s->kase->pages * WL_PAGE : 2 * HUGE_BYTES;
	if (hugetlb)
		write_file(s, "/proc/sys/vm/nr_hugepages", "40");
	if (s->kase->flags & FC_MERGED) {
		write_file(s, KSM_DIR "pages_to_scan", "10000");
		write_file(s, KSM_DIR "sleep_millisecs", "1");
		write_file(s, KSM_DIR "run", "1");
	}
	s->file = file_open(s);
	if (s->file < 0 && !(map_flags(s) & MAP_ANONYMOUS))
		wl_die(&s->wl, "the file for %s: %s", s->kase->name, strerror(errno));
	for (unsigned int i = 0; i < FC_AREAS; i++) {
		map_area(s, i);
		map_filler(s, i);
	}
	if (has_uffd(s))
		uffd_open(s);
}

/* ---- migration ---- */

void fc_migrate(struct fc *s)
{
	struct fc_shared *sh = s->shared;

	for (uint64_t seen = 0; !atomic_load(&sh->stop);) {
		uint64_t now = atomic_load(&sh->migrate);

		if (now == seen) {
			wl_pause_us(100);
			continue;
		}
		seen = now;
		/* A page that is busy stays, and then this fork does not count. */
		if (madvise(fc_cell(s, now * 5 % FC_CELLS), WL_PAGE, MADV_SOFT_OFFLINE) &&
		    errno != EBUSY)
			wl_die(&s->wl, "madvise(MADV_SOFT_OFFLINE): %s", strerror(errno));
		atomic_store(&sh->migrated, now);
	}
}

/*
 * The kernel is told to pause when the entry is there, this once. What it does before
 * waits for work on each CPU, which those that spin keep from being done: so nobody may
 * until then.
 */
static void begin_migration(struct fc *s)
{
	struct fc_shared *sh = s->shared;

	while (atomic_load(&sh->migrated) != atomic_load(&sh->migrate))
		wl_pause_us(100);
	write_file(s, MIGRATE_MS, "1");
	atomic_store(&sh->migrate, s->stamp);
	while (!fc_migrating(s) && atomic_load(&sh->migrated) != s->stamp)
		wl_pause_us(20);
	write_file(s, MIGRATE_MS, "0");
}

/* ---- before a round ---- */

static void protect(struct fc *s)
{
	bool rwp = s->kase->change == FC_RWP;

	for (unsigned int i = 0; i < FC_AREAS; i++) {
		struct uffd_protect p = {
			.start = (uintptr_t)area(i), .len = s->area_bytes, .mode = 1,
		};

		if (ioctl(s->uffd, rwp ? UFFD_DO_RWP : UFFD_DO_WP, &p))
			wl_die(&s->wl, "protecting by userfaultfd: %s", strerror(errno));
	}
}

/* Two scans: a page is merged when it is the same in the second. */
static void wait_for_ksm(const struct fc *s)
{
	uint64_t scans = read_number(s, KSM_DIR "full_scans") + 3;

	while (read_number(s, KSM_DIR "full_scans") < scans)
		wl_pause_us(1000);
}

/* Between two changes of a guard: fresh areas have none. */
static bool guard_goes_in(const struct fc *s)
{
	return s->kase->flags & FC_FRESH || s->stamp % 2;
}

static void each_area(const struct fc *s, int what, const char *name)
{
	for (unsigned int i = 0; i < FC_AREAS; i++)
		advise(s, i, what, name);
}

/* What is in the device's pages; others may have written to them in a round before. */
static void fill_device(const struct fc *s)
{
	char *at = mmap(NULL, DEVICE_PAGES * WL_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED,
			s->file, 0);

	if (at == MAP_FAILED)
		wl_die(&s->wl, "mmap of " DEVICE ": %s", strerror(errno));
	for (unsigned int i = 0; i < DEVICE_PAGES; i++)
		*(volatile uint64_t *)(at + i * WL_PAGE) = i + 1;
	munmap(at, DEVICE_PAGES * WL_PAGE);
}

/* What the cells hold is of this process: a change can be told from it. */
static void write_old(struct fc *s)
{
	bool written = s->kase->change == FC_ZAP;

	for (unsigned int i = 0; i < FC_CELLS; i++) {
		if (written)
			*word(s, i, 0) = fc_new(s, i);
		s->old[i] = *word(s, i, 0);
		if (is_device(s) && s->old[i] != device_page(s, i) + 1)
			wl_die(&s->wl, "page %u of " DEVICE " holds %lu",
			       device_page(s, i), s->old[i]);
	}
}

/* What is fresh is empty, and reading it would put something there. */
static bool reads_old(const struct fc *s)
{
	return is_device(s) || (s->kase->change != FC_GUARD && !(s->kase->flags & FC_FRESH));
}

/* A split huge page stays split, and an anon_vma stays with its VMA. */
static void map_again(const struct fc *s)
{
	for (unsigned int i = 0; i < FC_AREAS; i++) {
		if (munmap(area(i), s->area_bytes))
			wl_die(&s->wl, "munmap: %s", strerror(errno));
		map_area(s, i);
	}
}

void fc_before(struct fc *s)
{
	unsigned int flags = s->kase->flags;

	if (is_device(s))
		fill_device(s);
	if (flags & FC_FRESH || s->kase->memory == FC_THP)
		map_again(s);
	memset(s->old, 0, sizeof(s->old));
	if (reads_old(s))
		write_old(s);
	if (flags & FC_MERGED)
		wait_for_ksm(s);
	if (flags & FC_SWAPPED)
		each_area(s, MADV_PAGEOUT, "MADV_PAGEOUT");
	if (flags & FC_LATER)
		for (unsigned int i = 0; i < FC_AREAS; i++)
			mprotect(area(i), s->area_bytes, PROT_READ);
	if (has_uffd(s))
		protect(s);
	if (flags & FC_MIGRATED)
		begin_migration(s);
}

/* ---- changes ---- */

void fc_may_write(struct fc *s)
{
	for (unsigned int i = 0; i < FC_AREAS; i++)
		mprotect(area(i), s->area_bytes, PROT_READ | PROT_WRITE);
}

int fc_change(struct fc *s, unsigned int cell)
{
	char *at = fc_cell(s, cell);
	int ret = 0;

	switch (s->kase->change) {
	case FC_GUARD:
		ret = madvise(at, s->page, guard_goes_in(s) ? GUARD_INSTALL : GUARD_REMOVE);
		break;
	case FC_ZAP:
		ret = madvise(at, s->page, MADV_DONTNEED);
		break;
	default:
		/* Of a huge page a part goes, and so it is split. */
		if (s->kase->memory == FC_THP)
			ret = madvise(at + s->page / 2, WL_PAGE, MADV_DONTNEED);
		*word(s, cell, 0) = fc_new(s, cell);
	}
	return ret ? -errno : 0;
}

void fc_follow_forks(struct fc *s)
{
	struct uffd_event event;

	while (!atomic_load(&s->shared->stop)) {
		struct pollfd p = { s->uffd, POLLIN, 0 };

		if (poll(&p, 1, 100) <= 0 || read(s->uffd, &event, sizeof(event)) <= 0)
			continue;
		/* The child before this one has ended. Closed, its protection is gone. */
		if (s->child_uffd > 0)
			close(s->child_uffd);
		s->child_uffd = (int)event.child_fd;
	}
}

/* ---- what is seen ---- */

static uint64_t entry_of(int pagemap, const char *at)
{
	uint64_t entry = 0;

	if (pread(pagemap, &entry, sizeof(entry), (off_t)((uintptr_t)at / WL_PAGE * 8)) !=
	    sizeof(entry))
		return ~0ULL;
	return entry;
}

unsigned int fc_migrating(const struct fc *s)
{
	unsigned int found = 0;
	int pagemap;

	if (!(s->kase->flags & FC_MIGRATED))
		return 0;
	pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	for (unsigned int i = 0; i < FC_CELLS; i++)
		if (entry_of(pagemap, fc_cell(s, i)) & PAGEMAP_SWAP)
			found |= 1U << i;
	close(pagemap);
	return found;
}

static enum fc_state state_by_word(const struct fc *s, unsigned int cell, uint64_t value)
{
	uint64_t changed = s->kase->change == FC_ZAP ? 0 : fc_new(s, cell);

	if (value == changed)
		return FC_NEW;
	return value == s->old[cell] ? FC_OLD : FC_WRONG;
}

static enum fc_state look_at(const struct fc *s, int pagemap, unsigned int cell,
			     struct fc_view *view)
{
	unsigned char there;
	uint64_t entry;

	if (s->kase->flags & FC_DONTFORK)
		return mincore(fc_cell(s, cell), s->page, &there) && errno == ENOMEM ?
		       FC_OLD : FC_WRONG;
	if (s->kase->flags & FC_WIPEONFORK)
		return (view->word[cell] = *word(s, cell, 0)) ? FC_WRONG : FC_OLD;
	if (s->kase->change == FC_WRITE || s->kase->change == FC_ZAP) {
		view->word[cell] = *word(s, cell, 0);
		if (s->kase->flags & FC_COUNTED)
			view->count[cell] = *word(s, cell, 1);
		return state_by_word(s, cell, view->word[cell]);
	}
	entry = entry_of(pagemap, fc_cell(s, cell));
	view->word[cell] = entry & (PAGEMAP_GUARD | PAGEMAP_UFFD);
	if (s->kase->change == FC_GUARD)
		return !(entry & PAGEMAP_GUARD) == !guard_goes_in(s) ? FC_NEW : FC_OLD;
	return entry & PAGEMAP_UFFD ? FC_OLD : FC_NEW;
}

void fc_look(const struct fc *s, struct fc_view *view)
{
	int pagemap = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	for (unsigned int i = 0; i < FC_CELLS; i++)
		view->state[i] = (uint8_t)look_at(s, pagemap, i, view);
	/* A page that is protected has not been written to: the write clears that. */
	for (unsigned int i = 0; has_uffd(s) && s->kase->change == FC_WP && i < FC_CELLS; i++)
		if (!(s->kase->flags & FC_SHARED) && view->state[i] == FC_OLD &&
		    *word(s, i, 0) != s->old[i])
			view->state[i] = FC_WRONG;
	close(pagemap);
}
