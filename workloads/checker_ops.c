// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the threads of the checker do to the mappings and files while others fault.
 *
 * Operations that change what is mapped, or what may be done with it, hold the region's
 * layout mutex, so that at most one is at it; all others, and all accesses, do not care.
 * Operations that change a file's size, or punch holes, hold the file's.  Each notes in
 * the model what it does before it does it, see checker_model.c.
 */
#include "checker.h"

#include <errno.h>
#include <fcntl.h>
#include <linux/falloc.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE		25
#endif
#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#define MADV_GUARD_REMOVE	103
#endif

#define FILLER_TABLES	64U
#define TWO_MB		(2UL << 20)

/* The pages that an operation is for. */
struct range {
	unsigned int first;
	unsigned int last;
	char *addr;
	size_t len;
};

static struct range range_of(struct ck_region *r, unsigned int first, unsigned int last)
{
	return (struct range) {
		.first = first, .last = last, .addr = ck_page(r, first),
		.len = (last - first + 1) * (size_t)r->stride * WL_PAGE,
	};
}

static struct range any_range(struct ck_thread *t, struct ck_region *r)
{
	unsigned int first = wl_random_below(&t->random, CK_SLOTS);
	unsigned int n = 1 + wl_random_below(&t->random, CK_SLOTS - first);

	return range_of(r, first, first + n - 1);
}

static struct range whole(struct ck_region *r)
{
	return range_of(r, 0, CK_SLOTS - 1);
}

static void noted(struct ck_thread *t, struct ck_region *r, const struct range *x,
		  enum ck_op op, uint64_t begin, int err)
{
	if (err)
		atomic_fetch_add(&ck->failed[op], 1);
	ck_note(r, x->first, x->last, t->number, op, begin, CK_DONE + (uint64_t)(err ? -err : 0));
}

/* So that faults in flight meet it: up to the time that the device takes. */
static void linger(struct ck_thread *t)
{
	wl_pause_us(wl_random_below(&t->random, 5) * 1200);
}

/*
 * Faults that were in flight when the region or its file was changed may have left a page
 * that has no business there. It is gone with the next change; so read all that is mapped,
 * once the device has answered them. A page that is not mapped would only be faulted in.
 */
static void look_at_mapped(struct ck_thread *t, struct ck_region *r)
{
	uint64_t entry;

	wl_pause_us(1200 + wl_random_below(&t->random, 3) * 600);
	for (unsigned int i = 0; i < CK_SLOTS; i++) {
		off_t at = (off_t)((uintptr_t)ck_page(r, i) / WL_PAGE * sizeof(entry));

		if (pread(ck->pagemap_fd, &entry, sizeof(entry), at) == (ssize_t)sizeof(entry) &&
		    entry >> 63)
			ck_read(t, r, i, CK_READ);
	}
}

/* ---- what gives pages other contents ---- */

/* What is left of a region's own page when it is dropped. */
static uint64_t dropped(const struct ck_region *r, enum ck_op op)
{
	if (r->kind == CK_PRIVATE)
		return CK_THROUGH;
	return r->kind == CK_UFFD && op == CK_DONTNEED ? CK_MISSING : CK_ZERO;
}

static bool has_own(const struct ck_region *r)
{
	return r->kind == CK_PRIVATE || r->kind == CK_ANON || r->kind == CK_UFFD;
}

static void drop_begin(struct ck_thread *t, struct ck_region *r, const struct range *x,
		       enum ck_op op, uint64_t value, uint64_t step, struct ck_value **v)
{
	for (unsigned int i = x->first; i <= x->last; i++)
		v[i] = ck_begin(&r->own[i], value, step, t->number, op);
}

static void drop_end(struct ck_region *r, const struct range *x, struct ck_value **v,
		     enum ck_outcome outcome)
{
	uint64_t step = ck_step();

	for (unsigned int i = x->first; i <= x->last; i++)
		ck_end(&r->own[i], v[i], outcome, step);
}

/*
 * DONTNEED and FREE.  With an error after some of the VMAs of the range (one of them
 * is mlocked, there is a gap) it may have been done for those.  What MADV_FREE frees
 * goes away when it pleases, or never.
 */
static void advise_drop(struct ck_thread *t, struct ck_region *r, enum ck_op op)
{
	struct range x = any_range(t, r);
	struct ck_value *v[CK_SLOTS];
	uint64_t step = ck_doing(t, op, r, x.first);
	int err = 0;

	if (has_own(r))
		drop_begin(t, r, &x, op, dropped(r, op), step, v);
	if (madvise(x.addr, x.len, op == CK_FREE ? MADV_FREE : MADV_DONTNEED))
		err = -errno;
	if (has_own(r))
		drop_end(r, &x, v, err || op == CK_FREE ? CK_MAY : CK_DID);
	noted(t, r, &x, op, step, err);
}

/* ---- what changes the layout ---- */

static void do_mprotect(struct ck_thread *t, struct ck_region *r)
{
	struct range x = any_range(t, r);
	bool none = wl_random_below(&t->random, 2);
	bool leave = ck_fault == CK_OPEN && t->count > CK_FAULT_AFTER;
	struct ck_window *w;
	uint64_t step;
	int err = 0;

	pthread_mutex_lock(&r->layout);
	step = ck_doing(t, CK_MPROTECT, r, x.first);
	w = ck_window_begin(r, none ? CK_NO_ACCESS : CK_NO_WRITE, x.first, x.last);
	if (!leave && mprotect(x.addr, x.len, none ? PROT_NONE : PROT_READ))
		err = -errno;
	else
		ck_window_firm(r, w);
	linger(t);
	ck_window_ending(r, w);
	if (mprotect(x.addr, x.len, PROT_READ | PROT_WRITE))
		wl_die(&ck_wl, "mprotect: %s", strerror(errno));
	ck_window_end(r, w);
	noted(t, r, &x, CK_MPROTECT, step, err);
	pthread_mutex_unlock(&r->layout);
}

/*
 * Mainline loses guard regions of a file's mapping if a hole is punched there, or the file
 * is truncated, and a fault of any mapping brings the page back meanwhile: for such a page
 * unmap_mapping_folio() drops all markers. So not both at once, see docs/checker.md.
 */
static void no_holes(const struct ck_region *r, bool now)
{
	for (unsigned int i = 0; i < CK_FILES && r->kind != CK_ANON && r->kind != CK_UFFD; i++) {
		if (now)
			pthread_mutex_lock(&ck->file[i].resize);
		else
			pthread_mutex_unlock(&ck->file[i].resize);
	}
}

/* A guard region drops private pages, also if it is only installed in part. */
static void do_guard(struct ck_thread *t, struct ck_region *r)
{
	struct range x = any_range(t, r);
	struct ck_value *v[CK_SLOTS];
	struct ck_window *w;
	uint64_t step;
	int err = 0;

	pthread_mutex_lock(&r->layout);
	no_holes(r, true);
	step = ck_doing(t, CK_GUARD, r, x.first);
	if (has_own(r))
		drop_begin(t, r, &x, CK_GUARD, dropped(r, CK_DONTNEED), step, v);
	w = ck_window_begin(r, CK_NO_ACCESS, x.first, x.last);
	if (madvise(x.addr, x.len, MADV_GUARD_INSTALL))
		err = -errno;
	else
		ck_window_firm(r, w);
	if (!err)
		linger(t);
	ck_window_ending(r, w);
	madvise(x.addr, x.len, MADV_GUARD_REMOVE);
	ck_window_end(r, w);
	if (has_own(r))
		drop_end(r, &x, v, err ? CK_MAY : CK_DID);
	noted(t, r, &x, CK_GUARD, step, err);
	no_holes(r, false);
	pthread_mutex_unlock(&r->layout);
}

/* Away and back again; what is there meanwhile must be the same pages. */
static void do_mremap(struct ck_thread *t, struct ck_region *r)
{
	struct range x = whole(r);
	struct ck_window *w;
	uint64_t step;
	void *p;
	int err = 0;

	pthread_mutex_lock(&r->layout);
	step = ck_doing(t, CK_MREMAP, r, 0);
	munlock(x.addr, x.len);		/* may have split it */
	w = ck_window_begin(r, CK_NO_ACCESS, x.first, x.last);
	p = mremap(x.addr, x.len, x.len, MREMAP_MAYMOVE | MREMAP_FIXED, r->away);
	if (p == MAP_FAILED) {
		err = -errno;
	} else {
		ck_window_firm(r, w);
		linger(t);
		ck_window_ending(r, w);
		p = mremap(r->away, x.len, x.len, MREMAP_MAYMOVE | MREMAP_FIXED, x.addr);
		if (p != x.addr)
			wl_die(&ck_wl, "cannot move region %s back: %s", r->name,
			       strerror(errno));
	}
	ck_window_end(r, w);
	noted(t, r, &x, CK_MREMAP, step, err);
	pthread_mutex_unlock(&r->layout);
}

/* ---- page tables that others take ---- */

/* Where a page shows up if a freed table is written at a region's entry: see GIGABYTE. */
static void filler_check(struct ck_region *r)
{
	uint64_t pmd = ((uintptr_t)r->addr >> 21) & 511, words[CK_WORDS];

	for (unsigned int i = 0; i < FILLER_TABLES; i++) {
		char *page = ck->filler + i * TWO_MB + pmd * WL_PAGE;

		if (ck_get(page, words))
			ck_violation(r, 0, 0, ck_step(), 0, "a signal in anonymous memory at %p",
				     (void *)page);
		for (unsigned int w = 0; w < CK_WORDS; w++)
			if (words[w])
				ck_violation(r, 0, 0, ck_step(), 0,
					     "untouched memory at %p: word %u is %#llx: a page table that was freed has been written",
					     (void *)page, w, (unsigned long long)words[w]);
	}
}

static void filler_unmap(void)
{
	munmap(ck->filler, FILLER_TABLES * TWO_MB);
}

/* Mapped before the region is unmapped, so that the region gets its VMA object again. */
static void filler_map(void)
{
	void *p = mmap(ck->filler, FILLER_TABLES * TWO_MB, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED | MAP_NORESERVE, -1, 0);

	if (p != ck->filler)
		wl_die(&ck_wl, "no room for page tables: %s", strerror(errno));
	madvise(p, FILLER_TABLES * TWO_MB, MADV_NOHUGEPAGE);
}

static void filler_touch(void)
{
	for (unsigned int i = 0; i < FILLER_TABLES; i++)
		*(volatile char *)(ck->filler + i * TWO_MB) = 1;
}

/* ---- another mapping at the same place ---- */

static unsigned int other_view(struct ck_thread *t, struct ck_region *r)
{
	return wl_random_below(&t->random, ck_views(r));
}

static int replace(struct ck_region *r, unsigned int view, bool tables)
{
	struct ck_window *w = ck_window_begin(r, CK_NO_ACCESS, 0, CK_SLOTS - 1);
	int err;

	munmap(r->addr, ck_bytes(r));
	ck_window_firm(r, w);
	if (tables)
		filler_touch();
	ck_window_ending(r, w);
	err = ck_map(r, view);
	ck_window_end(r, w);
	return err;
}

/*
 * munmap() and mmap() at the same place: at once, so that the VMA is likely to be the
 * same object; or with others taking the page tables in between.
 */
static void do_remap(struct ck_thread *t, struct ck_region *r, bool tables)
{
	enum ck_op op = tables ? CK_TABLES : CK_REMAP;
	unsigned int view = tables ? 0 : other_view(t, r);
	bool own = has_own(r) || (r->kind == CK_FILE && view == 3);
	struct ck_value *v[CK_SLOTS], *now;
	struct range x = whole(r);
	static pthread_mutex_t one = PTHREAD_MUTEX_INITIALIZER;
	uint64_t step;
	int err;

	pthread_mutex_lock(&r->layout);
	if (tables) {
		pthread_mutex_lock(&one);
		filler_map();
	}
	step = ck_doing(t, op, r, 0);
	now = ck_begin(&r->view, view, step, t->number, op);
	if (own)
		drop_begin(t, r, &x, op, dropped(r, op), step, v);
	err = replace(r, view, tables);
	if (err)
		wl_die(&ck_wl, "cannot map region %s again: %s", r->name, strerror(-err));
	ck_end(&r->view, now, CK_DID, ck_step());
	if (own)
		drop_end(r, &x, v, CK_DID);
	noted(t, r, &x, op, step, 0);
	/* Before the next change, for which the mutex is needed. */
	if (r->kind == CK_FILE && !tables)
		look_at_mapped(t, r);
	pthread_mutex_unlock(&r->layout);
	if (!tables)
		return;
	/* Until a fault that was in flight has ended. */
	wl_pause_us(6000);
	filler_check(r);
	filler_unmap();
	pthread_mutex_unlock(&one);
}

/* ---- the file ---- */

static struct ck_object *resizable(struct ck_region *r)
{
	return r->kind == CK_TRUNC ? &ck->file[CK_T] :
	       r->kind == CK_SHMEM ? &ck->file[CK_M] : NULL;
}

static void set_values(struct ck_thread *t, struct ck_object *o, unsigned int first,
		       unsigned int last, uint64_t value, uint64_t step, enum ck_op op,
		       struct ck_value **v)
{
	for (unsigned int i = first; i < last; i++)
		v[i] = ck_begin(&o->reg[i], value, step, t->number, op);
}

static void values_set(struct ck_object *o, unsigned int first, unsigned int last,
		       struct ck_value **v, int err)
{
	uint64_t step = ck_step();

	for (unsigned int i = first; i < last; i++)
		ck_end(&o->reg[i], v[i], err ? CK_MAY : CK_DID, step);
}

/* Pages beyond the end give SIGBUS; made longer again, they are zero. */
static void resize(struct ck_thread *t, struct ck_region *r, unsigned int size)
{
	struct ck_object *o = resizable(r);
	struct ck_value *v[2 * CK_SLOTS];
	unsigned int lo, hi;
	enum ck_op op;
	struct range x;
	uint64_t step;
	int err = 0;

	pthread_mutex_lock(&o->resize);
	op = size < o->size ? CK_TRUNCATE : CK_EXTEND;
	lo = size < o->size ? size : o->size;
	hi = size < o->size ? o->size : size;
	if (lo == hi)
		goto out;
	step = ck_doing(t, op, r, lo);
	set_values(t, o, lo, hi, op == CK_TRUNCATE ? CK_SIGBUS : CK_ZERO, step, op, v);
	if (ftruncate(o->fd, (off_t)((size_t)size * o->stride * WL_PAGE)))
		err = -errno;
	values_set(o, lo, hi, v, err);
	x = range_of(r, lo, hi - 1);
	noted(t, r, &x, op, step, err);
	o->size = size;
out:
	pthread_mutex_unlock(&o->resize);
}

static void do_truncate(struct ck_thread *t, struct ck_region *r)
{
	resize(t, r, wl_random_below(&t->random, CK_SLOTS));
	linger(t);
	look_at_mapped(t, r);
	if (wl_random_below(&t->random, 2))
		resize(t, r, CK_SLOTS);
}

static void do_punch(struct ck_thread *t, struct ck_region *r)
{
	struct ck_object *o = resizable(r) ?: &ck->file[r->kind == CK_FILE ? CK_C : CK_A];
	struct ck_value *v[2 * CK_SLOTS];
	struct range x = any_range(t, r);
	uint64_t step;
	int err = 0;

	if (!ck->punches) {
		atomic_fetch_add(&ck->skipped[CK_PUNCH], 1);
		return;
	}
	pthread_mutex_lock(&o->resize);
	if (x.last >= o->size)
		goto out;
	step = ck_doing(t, CK_PUNCH, r, x.first);
	set_values(t, o, x.first, x.last + 1, CK_ZERO, step, CK_PUNCH, v);
	if (fallocate(o->fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
		      (off_t)((size_t)x.first * o->stride * WL_PAGE),
		      (off_t)((x.last - x.first + 1) * (size_t)o->stride * WL_PAGE)))
		err = -errno;
	values_set(o, x.first, x.last + 1, v, err);
	noted(t, r, &x, CK_PUNCH, step, err);
out:
	pthread_mutex_unlock(&o->resize);
}

/* ---- what changes nothing that can be seen ---- */

static int neutral(struct ck_thread *t, struct ck_region *r, const struct range *x, enum ck_op op)
{
	static const int advice[] = {
		[CK_DONTNEED] = MADV_DONTNEED, [CK_PAGEOUT] = MADV_PAGEOUT,
		[CK_COLD] = MADV_COLD, [CK_POPULATE_READ] = MADV_POPULATE_READ,
		[CK_POPULATE_WRITE] = MADV_POPULATE_WRITE, [CK_COLLAPSE] = MADV_COLLAPSE,
	};

	switch (op) {
	case CK_ADVICE:
		atomic_store(&r->random, wl_random_below(&t->random, 4) != 0);
		return madvise(x->addr, x->len, atomic_load(&r->random) ? MADV_RANDOM : MADV_NORMAL);
	case CK_MLOCK:
		/* To lock private pages all at once is to write to them. */
		return mlock2(x->addr, x->len, r->kind == CK_PRIVATE ? MLOCK_ONFAULT : 0);
	case CK_MUNLOCK:
		return munlock(x->addr, x->len);
	case CK_DROP:
		errno = -file_write("/proc/sys/vm/drop_caches", "3");
		return errno ? -1 : 0;
	case CK_RECLAIM:
		errno = -ck_reclaim();
		return errno ? -1 : 0;
	case CK_COMPACT:
		errno = -file_write("/proc/sys/vm/compact_memory", "1");
		return errno ? -1 : 0;
	default:
		return madvise(x->addr, x->len, advice[op]);
	}
}

static void do_neutral(struct ck_thread *t, struct ck_region *r, enum ck_op op)
{
	struct range x = op == CK_COLLAPSE || op == CK_ADVICE ? whole(r) : any_range(t, r);
	uint64_t step = ck_doing(t, op, r, x.first);
	int err = neutral(t, r, &x, op) ? -errno : 0;

	noted(t, r, &x, op, step, err);
}

/* ---- which operation ---- */

#define ALL	((1U << CK_REGIONS) - 1)
#define ON(kind)	(1U << (kind))

static const struct {
	enum ck_op op;
	unsigned int accessor;		/* how often */
	unsigned int changer;
	unsigned int regions;
} mix[] = {
	{ CK_READ,		50,  8, ALL },
	{ CK_WRITE,		25,  6, ALL },
	{ CK_VMREAD,		 5,  1, ALL },
	{ CK_PIPE,		 5,  1, ALL },
	{ CK_PREAD,		 4,  1, ALL & ~ON(CK_ANON) & ~ON(CK_UFFD) },
	{ CK_PWRITE,		 3,  1, ALL & ~ON(CK_ANON) & ~ON(CK_UFFD) },
	{ CK_FORK,		 1,  8, ALL },
	{ CK_DONTNEED,		 1,  8, ALL },
	{ CK_FREE,		 0,  4, ON(CK_ANON) },
	{ CK_PAGEOUT,		 1,  8, ALL & ~ON(CK_UFFD) },
	{ CK_COLD,		 0,  2, ALL },
	{ CK_POPULATE_READ,	 1,  3, ALL },
	/* In a private mapping it would copy pages, and nobody knows of when. */
	{ CK_POPULATE_WRITE,	 0,  2, ALL & ~ON(CK_PRIVATE) },
	{ CK_COLLAPSE,		 0,  4, ON(CK_ANON) | ON(CK_SHMEM) },
	{ CK_ADVICE,		 0,  3, ALL },
	/* UFFDIO_COPY takes a guard marker for an empty entry, and replaces it. */
	{ CK_GUARD,		 0,  7, ALL & ~ON(CK_UFFD) },
	{ CK_MPROTECT,		 0, 10, ALL },
	{ CK_MREMAP,		 0,  7, ALL & ~ON(CK_UFFD) },
	{ CK_REMAP,		 0, 22, ALL },
	{ CK_TABLES,		 0,  4, ALL & ~ON(CK_UFFD) },
	{ CK_TRUNCATE,		 0, 10, ON(CK_TRUNC) | ON(CK_SHMEM) },
	{ CK_EXTEND,		 0,  4, ON(CK_TRUNC) | ON(CK_SHMEM) },
	{ CK_PUNCH,		 0,  6, ON(CK_FILE) | ON(CK_PRIVATE) | ON(CK_TRUNC) | ON(CK_SHMEM) },
	{ CK_MLOCK,		 0,  3, ALL },
	{ CK_MUNLOCK,		 0,  4, ALL },
	{ CK_DROP,		 0,  3, ALL },
	{ CK_RECLAIM,		 0,  3, ALL },
	{ CK_COMPACT,		 0,  1, ALL },
};

/*
 * Huge pages of shared memory are mapped beyond the end of the file, as in mainline,
 * and so read as zero there.  So a seed has either those or truncation.
 */
static bool can_do(const struct ck_region *r, unsigned int i)
{
	bool collapses = ck->seed & 1;

	if (ck_files == CK_GIVEN && r->kind == CK_PRIVATE &&
	    (mix[i].op == CK_PWRITE || mix[i].op == CK_PUNCH))
		return false;
	if (r->kind == CK_SHMEM && mix[i].op == CK_COLLAPSE && !collapses)
		return false;
	if (r->kind == CK_SHMEM && (mix[i].op == CK_TRUNCATE || mix[i].op == CK_EXTEND) &&
	    collapses)
		return false;
	return mix[i].regions & ON(r->kind);
}

static enum ck_op choose_op(struct ck_thread *t, const struct ck_region *r, bool changer)
{
	unsigned int weight[ARRAY_SIZE(mix)], total = 0, at;

	for (unsigned int i = 0; i < ARRAY_SIZE(mix); i++) {
		weight[i] = !can_do(r, i) ? 0 : changer ? mix[i].changer : mix[i].accessor;
		total += weight[i];
	}
	at = wl_random_below(&t->random, total);
	for (unsigned int i = 0; i < ARRAY_SIZE(mix); i++) {
		if (at < weight[i])
			return mix[i].op;
		at -= weight[i];
	}
	return CK_READ;
}

static struct ck_region *choose_region(struct ck_thread *t)
{
	struct ck_region *r = t->focus;

	if (!wl_random_below(&t->random, 8))
		r = &ck->region[wl_random_below(&t->random, CK_REGIONS)];
	return r->used ? r : t->focus;
}

static void stuck(struct ck_thread *t, struct ck_region *r)
{
	ck_doing(t, CK_READ, r, 0);
	for (;;)
		pause();
}

void ck_do(struct ck_thread *t, bool changer)
{
	struct ck_region *r = choose_region(t);
	enum ck_op op = choose_op(t, r, changer);
	unsigned int slot = wl_random_below(&t->random, CK_SLOTS);

	t->count++;
	if (ck_fault == CK_STUCK && t->number == 1 && t->count > CK_FAULT_AFTER)
		stuck(t, r);
	switch (op) {
	case CK_READ:
		ck_read(t, r, slot, CK_READ);
		break;
	case CK_WRITE:
		ck_write(t, r, slot);
		break;
	case CK_VMREAD:
		ck_vmread(t, r, slot);
		break;
	case CK_PIPE:
		ck_pipe(t, r, slot);
		break;
	case CK_PREAD:
		ck_file_read(t, r, slot);
		break;
	case CK_PWRITE:
		ck_file_write(t, r, slot);
		break;
	case CK_FORK:
		ck_fork(t);
		break;
	case CK_DONTNEED:
	case CK_FREE:
		advise_drop(t, r, op);
		break;
	case CK_GUARD:
		do_guard(t, r);
		break;
	case CK_MPROTECT:
		do_mprotect(t, r);
		break;
	case CK_MREMAP:
		do_mremap(t, r);
		break;
	case CK_REMAP:
	case CK_TABLES:
		do_remap(t, r, op == CK_TABLES);
		break;
	case CK_TRUNCATE:
		do_truncate(t, r);
		break;
	case CK_EXTEND:
		resize(t, r, CK_SLOTS);
		break;
	case CK_PUNCH:
		do_punch(t, r);
		break;
	default:
		do_neutral(t, r, op);
	}
}

void ck_final(struct ck_thread *t)
{
	for (unsigned int i = 0; i < CK_REGIONS; i++) {
		struct ck_region *r = &ck->region[i];

		for (unsigned int slot = 0; r->used && slot < CK_SLOTS; slot++) {
			if (i != CK_UFFD)	/* the monitor has gone */
				ck_read(t, r, slot, CK_FINAL);
			ck_file_read(t, r, slot);
		}
	}
}
