// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a fault does that let go of its lock in order to wait: the real functions of
 * mm/internal.h, mm/memory.c and mm/filemap.c, in user space. It carries on in place
 * only if nobody has written its VMA. Otherwise the access is made again.
 * Whatever happens, locks, files and folios must come out even.
 */
#include "kernel.h"

struct world world;
struct vm_fault vmf;
u64 jiffies;
wait_queue_head_t queue_head;
wait_queue_entry_t *queue_entry;

#define COMPLETED	(VM_FAULT_COMPLETED | VM_FAULT_NOPAGE)

/*
 * As an architecture's handler begins, as it goes on after VM_FAULT_RETRY, and others.
 * All write: what becomes of mmap_miss when a read is made again is not the same in
 * each base.
 */
#define GUP		(FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_KILLABLE | FAULT_FLAG_WRITE)
#define DEFAULT		(GUP | FAULT_FLAG_INTERRUPTIBLE)
#define USER		(DEFAULT | FAULT_FLAG_USER | FAULT_FLAG_VMA_LOCK)
#define SECOND		(DEFAULT | FAULT_FLAG_USER | FAULT_FLAG_TRIED)
#define NOWAIT		(FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT)

#define COUNT(array)	(sizeof(array) / sizeof((array)[0]))

static struct {
	unsigned int seq;	/* of the VMA, when the fault began */
	u64 jiffies;
	unsigned short miss;
} before;

static bool happened, written;	/* what happens meanwhile did; and has written the VMA */

static int read_folio(struct file *file, struct folio *folio)
{
	fail();			/* filemap_read_folio() is a fake */
	return file && folio;
}

static const struct address_space_operations a_ops = { read_folio };

static struct file *new_file(void)
{
	struct file *file = calloc(1, sizeof(*file));

	file->refs = 1;
	file->f_mapping = &file->mapping;
	file->mapping.host = &file->inode;
	file->mapping.a_ops = &a_ops;
	file->inode.i_size = 100 * PAGE_SIZE;
	file->f_ra.ra_pages = 8;
	return file;
}

static struct vm_area_struct *new_vma(struct file *file)
{
	struct vm_area_struct *vma = calloc(1, sizeof(*vma));

	vma->vm_mm = &world.mm;
	vma->vm_file = file;
	vma->vm_lock_seq = world.mm.mm_lock_seq.sequence;
	return vma;
}

static void begin(unsigned int flags)
{
	world.mm.readers = !(flags & FAULT_FLAG_VMA_LOCK);
	world.vma->readers = !!(flags & FAULT_FLAG_VMA_LOCK);
	vmf.flags = flags;
}

static int set_up(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	happened = written = false;
	world.task.mm = &world.mm;
	world.mm.mm_lock_seq.sequence = 5;
	world.file = new_file();
	world.vma = world.mm.vma = new_vma(world.file);
	world.mm.mm_lock_seq.sequence = 8;
	jiffies = before.jiffies = UINT_MAX - 3 * HZ;	/* as after boot */
	world.pmd = calloc(1, sizeof(*world.pmd));
	before.seq = world.vma->vm_lock_seq;
	vmf = (struct vm_fault) {
		.vma = world.vma,
		.pgoff = INDEX,
		.address = ADDRESS,
		.gfp_mask = 0xcc0,
		.pmd = world.pmd,
	};
	begin(USER);
	return 0;
}

static int tear_down(void **state)
{
	(void)state;
	for (size_t i = 0; i < COUNT(world.folios); i++)
		free(world.folios[i]);
	free(world.file);
	free(world.other_file);
	free(world.vma);
	free(world.other);
	free(world.pmd);
	return 0;
}

/* A page in the page cache */
static struct folio *cached(bool uptodate, enum owner owner)
{
	struct folio *folio = new_folio(&world.file->mapping);

	world.file->mapping.folio = folio;
	folio->uptodate = uptodate;
	folio->owner = owner;
	return folio;
}

/* ---- what happens meanwhile ---- */

/* A writer of the address space, which a fault that has its lock keeps waiting */
static bool mmap_write_lock(void)
{
	happened = !world.mm.readers;
	return happened;
}

static bool vma_start_write(void)
{
	if (!mmap_write_lock() || !world.vma || world.vma->readers)
		return happened = false;
	world.vma->vm_lock_seq = world.mm.mm_lock_seq.sequence;
	return written = true;
}

static void mmap_write_unlock(void)
{
	world.mm.mm_lock_seq.sequence += 2;
}

static void elsewhere(void)
{
	if (mmap_write_lock())
		mmap_write_unlock();
}

static void write_vma(void)
{
	if (vma_start_write())
		mmap_write_unlock();
}

static void writer_at_work(void)
{
	vma_start_write();
}

static void free_page_table(void)
{
	free(world.pmd);
	world.pmd = NULL;
}

static void unmap(void)
{
	if (!vma_start_write())
		return;
	free_page_table();
	world.mm.vma = NULL;
	fput(world.vma->vm_file);
	free(world.vma);
	world.vma = NULL;
	mmap_write_unlock();
}

static void replace(void)
{
	unmap();
	if (!happened)
		return;
	world.other_file = new_file();
	world.other = world.mm.vma = new_vma(world.other_file);
	mmap_write_unlock();
}

/* No writer does that. But the fault looks at its VMA, not at the one that is there. */
static void replace_with_same_sequence(void)
{
	replace();
	if (happened)
		world.other->vm_lock_seq = before.seq;
}

/* The memory of the VMA is used for the next (SLAB_TYPESAFE_BY_RCU) */
static void reuse(void)
{
	if (!vma_start_write())
		return;
	free_page_table();
	fput(world.vma->vm_file);
	world.other_file = new_file();
	world.vma->vm_file = world.other_file;
	mmap_write_unlock();
}

/* The address goes to the new half */
static void split(void)
{
	if (!vma_start_write())
		return;
	world.other = world.mm.vma = new_vma(world.vma->vm_file);
	world.vma->vm_file->refs++;
	mmap_write_unlock();
}

static void after_a_minute(void)
{
	jiffies += 60 * HZ;
	happened = true;
}

static void before_a_minute(void)
{
	jiffies += 60 * HZ - 1;
	happened = true;
}

/* khugepaged: without any lock of the VMA */
static void empty_page_table(void)
{
	if (!world.pmd)
		return;
	world.pmd->none = true;
	happened = true;
}

static void fatal_signal(void)
{
	world.killed = happened = true;
}

static void fatal_signal_and_write(void)
{
	write_vma();
	fatal_signal();
}

static void other_signal(void)
{
	world.signalled = happened = true;
}

/* i_size first, then the page */
static void begin_truncate(void)
{
	if (!world.file)
		return;
	world.file->inode.i_size = INDEX * PAGE_SIZE;
	happened = true;
}

static void truncate_file(void)
{
	begin_truncate();
	if (world.file)
		evict(&world.file->mapping);
}

static void punch_hole(void)
{
	if (!world.file)
		return;
	evict(&world.file->mapping);
	happened = true;
}

static void (* const everything[])(void) = {
	NULL, elsewhere, write_vma, writer_at_work, unmap, replace, replace_with_same_sequence,
	reuse, split, after_a_minute, before_a_minute, empty_page_table, fatal_signal,
	fatal_signal_and_write, other_signal, begin_truncate, truncate_file, punch_hole,
};

/* ---- how it must come out ---- */

/* Held: the lock that the fault began with, and of no VMA that was written since */
static void expect_lock(bool held)
{
	bool by_vma = vmf.flags & FAULT_FLAG_VMA_LOCK;

	assert_int_equal(world.mm.readers, held && !by_vma);
	if (world.vma)
		assert_int_equal(world.vma->readers, held && by_vma);
	if (world.other)
		assert_int_equal(world.other->readers, 0);
	if (held) {
		assert_non_null(world.vma);
		assert_ptr_equal(world.mm.vma, world.vma);
		assert_int_equal(world.vma->vm_lock_seq, before.seq);
	}
}

static void expect_files(void)
{
	bool mapped = world.vma && world.vma->vm_file == world.file;

	if (world.file) {
		assert_int_equal(world.file->mapping.invalidate_locks, 0);
		assert_int_equal(world.file->refs,
				 mapped + (world.other && world.other->vm_file == world.file));
	}
	if (world.other_file)
		assert_int_equal(world.other_file->refs, 1);
}

/* But for LOCKED, one reference each: the page cache's */
static void expect_folios(struct folio *locked)
{
	for (size_t i = 0; i < COUNT(world.folios); i++) {
		struct folio *folio = world.folios[i];

		if (!folio)
			continue;
		assert_int_equal(folio->refs, !!folio->mapping + (folio == locked));
		if (folio == locked)
			assert_int_equal(folio->owner, FAULT);
		else
			assert_int_not_equal(folio->owner, FAULT);
	}
}

static bool may_let_go(unsigned int flags)
{
	return fault_flag_allow_retry_first(flags) && !(flags & FAULT_FLAG_RETRY_NOWAIT);
}

static void expect_even(vm_fault_t ret)
{
	bool gone = ret & (VM_FAULT_RETRY | VM_FAULT_COMPLETED);

	/* Whoever must not wait keeps its lock with VM_FAULT_RETRY. */
	expect_lock(!gone || (vmf.flags & FAULT_FLAG_RETRY_NOWAIT));
	expect_files();
	expect_folios(ret & VM_FAULT_LOCKED ? page_folio(vmf.page) : NULL);
	assert_false((ret & VM_FAULT_RETRY) && (ret & VM_FAULT_COMPLETED));
	assert_false(gone && (ret & (VM_FAULT_ERROR | VM_FAULT_LOCKED)));
	if (ret & VM_FAULT_COMPLETED) {
		/* Who looks for a page otherwise? And who for a fatal signal? */
		assert_true(ret & VM_FAULT_NOPAGE);
		assert_false(world.killed);
		assert_true(vmf.flags & FAULT_FLAG_INTERRUPTIBLE);
	}
	/* Nobody waits with a lock who may let go of it. */
	if (may_let_go(vmf.flags))
		assert_int_equal(world.waits_locked, 0);
}

/* ---- vmf_again(), vmf_relock() ---- */

/* Lets go, has something happen, and takes the lock back */
static vm_fault_t wait_and_relock(void (*meanwhile)(void))
{
	struct fault_wait wait = {};
	vm_fault_t ret;

	vmf_unlock(&vmf, &wait);
	expect_lock(false);
	if (meanwhile)
		meanwhile();
	ret = vmf_relock(&vmf, &wait) ? 0 : vmf_again(&vmf);
	expect_even(ret);
	return ret;
}

static void unchanged_carries_on(void **state)
{
	void (* const nothing[])(void) = { NULL, elsewhere, before_a_minute, other_signal,
					   fatal_signal, begin_truncate };

	for (size_t i = 0; i < COUNT(nothing); i++) {
		assert_int_equal(wait_and_relock(nothing[i]), 0);
		assert_int_equal(world.lock_tries, 1);
		tear_down(state);
		set_up(state);
	}
}

static void next_sequence(void)
{
	world.mm.mm_lock_seq.sequence++;
}

static void written_is_made_again(void **state)
{
	void (* const writers[])(void) = { write_vma, writer_at_work, unmap, replace,
		replace_with_same_sequence, reuse, split, after_a_minute, empty_page_table };

	for (size_t i = 0; i < COUNT(writers); i++) {
		assert_int_equal(wait_and_relock(writers[i]), COMPLETED);
		assert_true(happened);
		assert_int_equal(world.lock_tries, 1);
		tear_down(state);
		set_up(state);
	}
}

static void day_later(void)
{
	jiffies += 24 * 3600 * HZ;
}

static void a_minute_from_the_last_wait(void **state)
{
	(void)state;
	for (int i = 0; i < 3; i++)
		assert_int_equal(wait_and_relock(before_a_minute), 0);
	assert_int_equal(wait_and_relock(day_later), COMPLETED);
}

/* A sequence that is as the first wait found it is not enough for the second. */
static void sequence_of_the_last_wait(void **state)
{
	(void)state;
	assert_int_equal(wait_and_relock(elsewhere), 0);
	assert_int_equal(wait_and_relock(elsewhere), 0);
	assert_int_equal(wait_and_relock(write_vma), COMPLETED);
}

/* The sequence that counts is that of before it let go. */
static void written_as_soon_as_it_lets_go(void **state)
{
	(void)state;
	world.once_released = write_vma;
	assert_int_equal(wait_and_relock(NULL), COMPLETED);
	assert_true(written);
}

/* Seldom, but then the old sequence is as new: 2^31 writes of the mm ago */
static void written_long_ago(void **state)
{
	(void)state;
	world.vma->vm_lock_seq = before.seq = world.mm.mm_lock_seq.sequence + 1;
	elsewhere();
	assert_int_equal(wait_and_relock(NULL), 0);
	/* Now a write gives it the sequence that it has. */
	world.mm.mm_lock_seq.sequence = before.seq - 1;
	world.once_released = next_sequence;
	assert_int_equal(wait_and_relock(write_vma), COMPLETED);
	assert_true(written);
	assert_int_equal(world.vma->vm_lock_seq, before.seq);
}

/* The VMA was not written, but how long ago cannot be told. It is made again at worst. */
static void never_written(void **state)
{
	(void)state;
	world.vma->vm_lock_seq = before.seq = UINT_MAX;
	assert_int_equal(wait_and_relock(elsewhere), 0);
	assert_int_equal(wait_and_relock(write_vma), COMPLETED);
}

static void without_a_page_table(void **state)
{
	(void)state;
	assert_int_equal(wait_and_relock(empty_page_table), COMPLETED);
	begin(USER);
	vmf.prealloc_pte = &vmf;
	assert_int_equal(wait_and_relock(NULL), 0);
}

static void killed_starts_over(void **state)
{
	(void)state;
	assert_int_equal(vmf_again(&vmf), COMPLETED);
	assert_int_equal(wait_and_relock(fatal_signal_and_write), VM_FAULT_RETRY);
	assert_int_equal(vmf_again(&vmf), VM_FAULT_RETRY);
}

static void other_signals_do_not_matter(void **state)
{
	(void)state;
	world.signalled = true;
	assert_int_equal(wait_and_relock(NULL), 0);
	assert_int_equal(wait_and_relock(write_vma), COMPLETED);
}

/* get_user_pages() and its like take VM_FAULT_COMPLETED for done. */
static void not_interruptible_starts_over(void **state)
{
	(void)state;
	vmf.flags &= ~FAULT_FLAG_INTERRUPTIBLE;
	assert_int_equal(vmf_again(&vmf), VM_FAULT_RETRY);
	assert_int_equal(wait_and_relock(write_vma), VM_FAULT_RETRY);
}

/* mmap_lock is not taken back. */
static void begun_under_mmap_lock(void **state)
{
	(void)state;
	begin(DEFAULT | FAULT_FLAG_USER);
	assert_int_equal(wait_and_relock(NULL), COMPLETED);
	assert_int_equal(world.lock_tries, 0);
}

/* ---- maybe_unlock_mmap_for_io() ---- */

static void lets_go_once(void **state)
{
	struct fault_wait wait = {};

	(void)state;
	maybe_unlock_mmap_for_io(&vmf, &wait);
	assert_ptr_equal(wait.fpin, world.file);
	maybe_unlock_mmap_for_io(&vmf, &wait);
	expect_lock(false);
	assert_int_equal(world.pins, 1);
	assert_int_equal(world.file->refs, 2);
	fput(wait.fpin);
}

static void may_not_let_go(void **state)
{
	const unsigned int flags[] = { USER & ~FAULT_FLAG_ALLOW_RETRY, SECOND, NOWAIT };

	(void)state;
	for (size_t i = 0; i < COUNT(flags); i++) {
		struct fault_wait wait = {};

		begin(flags[i]);
		maybe_unlock_mmap_for_io(&vmf, &wait);
		assert_null(wait.fpin);
		expect_lock(true);
		assert_int_equal(world.pins, 0);
	}
}

/* ---- __folio_lock_or_retry() ---- */

static struct folio *folio;	/* with a reference of the fault */

static vm_fault_t lock_or_retry(unsigned int flags, void (*meanwhile)(void))
{
	vm_fault_t ret;

	begin(flags);
	world.meanwhile = meanwhile;
	folio = cached(true, OTHER);
	folio->refs++;
	ret = __folio_lock_or_retry(folio, &vmf);
	assert_int_equal(folio->owner == FAULT, !ret);
	if (!ret)
		folio_unlock(folio);
	folio_put(folio);
	expect_even(ret);
	return ret;
}

static void folio_of_an_unchanged_vma(void **state)
{
	(void)state;
	assert_int_equal(lock_or_retry(USER, elsewhere), 0);
	assert_int_equal(world.waits, 1);
}

static void folio_of_a_written_vma(void **state)
{
	void (* const writers[])(void) = { write_vma, writer_at_work, unmap, replace, reuse, split,
		after_a_minute };

	for (size_t i = 0; i < COUNT(writers); i++) {
		assert_int_equal(lock_or_retry(USER, writers[i]), COMPLETED);
		tear_down(state);
		set_up(state);
	}
}

static void take_folio(void)
{
	folio->owner = OTHER;
}

/* Whoever waits for a folio with the lock of the VMA held keeps writers waiting. */
static void folio_that_another_took(void **state)
{
	(void)state;
	assert_int_equal(lock_or_retry(USER, take_folio), COMPLETED);
	assert_int_equal(folio->owner, OTHER);
	assert_int_equal(world.waits, 1);
	tear_down(state);

	set_up(state);
	assert_int_equal(lock_or_retry(USER & ~FAULT_FLAG_INTERRUPTIBLE, take_folio),
			 VM_FAULT_RETRY);
}

static void folio_of_the_killed(void **state)
{
	const unsigned int flags[] = { USER, DEFAULT, GUP, USER & ~FAULT_FLAG_ALLOW_RETRY, SECOND };

	for (size_t i = 0; i < COUNT(flags); i++) {
		assert_int_equal(lock_or_retry(flags[i], fatal_signal), VM_FAULT_RETRY);
		tear_down(state);
		set_up(state);
	}
}

static void folio_under_mmap_lock(void **state)
{
	assert_int_equal(lock_or_retry(DEFAULT, NULL), COMPLETED);
	tear_down(state);
	set_up(state);
	assert_int_equal(lock_or_retry(GUP, NULL), VM_FAULT_RETRY);
}

static void folio_that_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(lock_or_retry(NOWAIT, NULL), VM_FAULT_RETRY);
	assert_int_equal(world.waits, 0);
}

static void folio_waited_for_with_the_lock(void **state)
{
	const unsigned int flags[] = { 0, SECOND, FAULT_FLAG_VMA_LOCK };

	for (size_t i = 0; i < COUNT(flags); i++) {
		assert_int_equal(lock_or_retry(flags[i], write_vma), 0);
		assert_int_equal(world.waits_locked, 1);
		assert_false(happened);
		tear_down(state);
		set_up(state);
	}
}

/* Without KILLABLE it is waited for whatever the signal. */
static void folio_of_the_killed_who_must_have_it(void **state)
{
	(void)state;
	assert_int_equal(lock_or_retry(0, fatal_signal), 0);
}

/* ---- filemap_fault() ---- */

static vm_fault_t fault(unsigned int flags, void (*meanwhile)(void))
{
	vm_fault_t ret;

	begin(flags);
	world.meanwhile = meanwhile;
	before.miss = world.file->f_ra.mmap_miss;
	ret = filemap_fault(&vmf);
	expect_even(ret);
	if (ret & VM_FAULT_LOCKED) {
		struct folio *got = page_folio(vmf.page);

		assert_ptr_equal(got, world.file->mapping.folio);
		assert_true(got->uptodate);
		assert_true(world.file->inode.i_size > (loff_t)(INDEX * PAGE_SIZE));
		folio_unlock(got);
		folio_put(got);
		expect_folios(NULL);
	}
	return ret;
}

static void page_is_there(void **state)
{
	(void)state;
	cached(true, NOBODY);
	assert_int_equal(fault(USER, NULL), VM_FAULT_LOCKED);
	assert_int_equal(world.waits, 0);
	assert_int_equal(world.pins, 0);
	assert_int_equal(world.lock_tries, 0);
}

static void read_carries_on(void **state)
{
	void (* const nothing[])(void) = { NULL, elsewhere, before_a_minute, other_signal };

	for (size_t i = 0; i < COUNT(nothing); i++) {
		assert_int_equal(fault(USER, nothing[i]), VM_FAULT_LOCKED | VM_FAULT_MAJOR);
		assert_int_equal(world.reads, 1);
		assert_int_equal(world.pins, 1);
		assert_int_equal(world.lock_tries, 1);
		assert_int_equal(world.majors, 1);
		assert_int_equal(world.file->f_ra.mmap_miss, 1);
		tear_down(state);
		set_up(state);
	}
}

static void read_is_made_again(void **state)
{
	void (* const writers[])(void) = { write_vma, writer_at_work, split, after_a_minute,
					   unmap, replace, replace_with_same_sequence, reuse };

	for (size_t i = 0; i < COUNT(writers); i++) {
		assert_int_equal(fault(USER, writers[i]), COMPLETED | VM_FAULT_MAJOR);
		assert_int_equal(world.reads, 1);
		/* It will be taken for a hit once. */
		if (world.file)
			assert_int_equal(world.file->f_ra.mmap_miss, 2);
		tear_down(state);
		set_up(state);
	}
}

/* The folio that a waiter has locked is the one that it looks at again. */
static void waited_for_another(void **state)
{
	(void)state;
	cached(true, OTHER);
	assert_int_equal(fault(USER, NULL), VM_FAULT_LOCKED);
	assert_int_equal(world.waits, 1);
	assert_int_equal(world.lock_tries, 1);
	tear_down(state);

	set_up(state);
	cached(true, OTHER);
	world.file->f_ra.mmap_miss = 7;
	assert_int_equal(fault(USER, write_vma), COMPLETED);
	assert_true(world.file->f_ra.mmap_miss <= 7);	/* It missed nothing. */
}

static void misses_are_counted(void **state)
{
	(void)state;
	/* Of a hit: it found its page */
	world.file->f_ra.mmap_miss = 7;
	cached(true, NOBODY);
	fault(USER, NULL);
	assert_int_equal(world.file->f_ra.mmap_miss, 6);
	tear_down(state);

	/* No readahead any more, but it waits, and is a miss */
	set_up(state);
	world.file->f_ra.mmap_miss = MMAP_LOTSAMISS;
	assert_int_equal(fault(USER, write_vma), COMPLETED | VM_FAULT_MAJOR);
	assert_int_equal(world.file->f_ra.mmap_miss, MMAP_LOTSAMISS + 2);
	tear_down(state);

	/* Not counted, and so nothing to make up for */
	set_up(state);
	world.file->f_ra.mmap_miss = 10 * MMAP_LOTSAMISS;
	assert_int_equal(fault(USER, write_vma), COMPLETED | VM_FAULT_MAJOR);
	assert_int_equal(world.file->f_ra.mmap_miss, 10 * MMAP_LOTSAMISS);
	tear_down(state);

	set_up(state);
	world.vma->vm_flags = VM_RAND_READ;
	assert_int_equal(fault(USER, write_vma), COMPLETED | VM_FAULT_MAJOR);
	assert_int_equal(world.file->f_ra.mmap_miss, 0);
	tear_down(state);

	/* FAULT_FLAG_TRIED keeps the second pass from being a hit. */
	set_up(state);
	assert_int_equal(fault(GUP, NULL), VM_FAULT_RETRY | VM_FAULT_MAJOR);
	assert_int_equal(world.file->f_ra.mmap_miss, 1);
}

/* Sequential, executable, random, huge, none: each lets go before it reads. */
static void ways_to_read_ahead(void **state)
{
	const struct {
		vm_flags_t vm_flags;
		unsigned int ra_pages;
	} ways[] = {
		{ 0, 8 }, { VM_SEQ_READ, 8 }, { VM_EXEC, 8 }, { VM_RAND_READ, 8 }, { 0, 0 },
		{ VM_HUGEPAGE, 8 }, { VM_HUGEPAGE | VM_RAND_READ, 8 },
	};

	for (size_t i = 0; i < 2 * COUNT(ways); i++) {
		world.vma->vm_flags = ways[i / 2].vm_flags;
		world.file->f_ra.ra_pages = ways[i / 2].ra_pages;
		world.file->mapping.large_folios = true;
		if (i % 2) {
			cached(true, NOBODY)->readahead = true;
			assert_int_equal(fault(USER, NULL), VM_FAULT_LOCKED);
		} else {
			assert_int_equal(fault(USER, NULL), VM_FAULT_LOCKED | VM_FAULT_MAJOR);
		}
		tear_down(state);
		set_up(state);
	}
}

static void read_under_mmap_lock(void **state)
{
	(void)state;
	assert_int_equal(fault(DEFAULT, NULL), COMPLETED | VM_FAULT_MAJOR);
	assert_int_equal(world.reads, 1);
	assert_int_equal(world.file->f_ra.mmap_miss, 2);
	tear_down(state);

	set_up(state);
	assert_int_equal(fault(GUP, NULL), VM_FAULT_RETRY | VM_FAULT_MAJOR);
	tear_down(state);

	/* The second pass waits with its lock. */
	set_up(state);
	assert_int_equal(fault(SECOND, write_vma), VM_FAULT_LOCKED | VM_FAULT_MAJOR);
	assert_false(happened);
	assert_int_equal(world.pins, 0);
}

static void killed_while_it_waits(void **state)
{
	const unsigned int flags[] = { USER, DEFAULT, GUP, SECOND };

	for (size_t i = 0; i < COUNT(flags); i++) {
		assert_int_equal(fault(flags[i], fatal_signal), VM_FAULT_RETRY | VM_FAULT_MAJOR);
		tear_down(state);
		set_up(state);
	}
}

static void read_without_waiting(void **state)
{
	(void)state;
	cached(true, OTHER);
	assert_int_equal(fault(NOWAIT, NULL), VM_FAULT_RETRY);
	assert_int_equal(world.waits, 0);
}

static void size_is_looked_at_after_the_wait(void **state)
{
	void (* const ways[])(void) = { begin_truncate, truncate_file };

	for (size_t i = 0; i < COUNT(ways); i++) {
		assert_int_equal(fault(USER, ways[i]), VM_FAULT_SIGBUS);
		assert_int_equal(world.lock_tries, 1);
		tear_down(state);
		set_up(state);
	}
	world.file->inode.i_size = INDEX * PAGE_SIZE;
	assert_int_equal(fault(USER, NULL), VM_FAULT_SIGBUS);
	assert_int_equal(world.reads, 0);
}

/* Its own page, of a size that is the same, is read anew. */
static void truncated_is_looked_up_again(void **state)
{
	(void)state;
	assert_int_equal(fault(USER, punch_hole), VM_FAULT_LOCKED | VM_FAULT_MAJOR);
	assert_int_equal(world.reads, 2);
	assert_int_equal(world.pins, 1);
	assert_int_equal(world.lock_tries, 1);
	tear_down(state);

	/* Between the read and the lock */
	set_up(state);
	world.vma->vm_flags = VM_RAND_READ;
	assert_int_equal(fault(USER, punch_hole), VM_FAULT_LOCKED | VM_FAULT_MAJOR);
	assert_int_equal(world.reads, 2);
	tear_down(state);

	set_up(state);
	cached(true, OTHER);
	assert_int_equal(fault(USER, punch_hole), VM_FAULT_LOCKED);
	assert_int_equal(world.reads, 1);
}

/* Not uptodate, and nobody reads it: the fault does */
static void page_that_is_not_uptodate(void **state)
{
	const unsigned int flags[] = { USER, SECOND };

	for (size_t i = 0; i < COUNT(flags); i++) {
		cached(false, NOBODY);
		assert_int_equal(fault(flags[i], NULL), VM_FAULT_LOCKED);
		assert_int_equal(world.reads, 1);
		assert_int_equal(world.pins, flags[i] == USER);
		tear_down(state);
		set_up(state);
	}
}

static void no_memory(void **state)
{
	(void)state;
	world.vma->vm_flags = VM_RAND_READ;
	world.no_memory = true;
	assert_int_equal(fault(USER, NULL), VM_FAULT_OOM);
	tear_down(state);

	/* A fault that has let go has no way to say so. */
	set_up(state);
	world.no_memory = true;
	assert_int_equal(fault(USER, punch_hole), VM_FAULT_RETRY | VM_FAULT_MAJOR);
}

static void entry_that_came(void **state)
{
	(void)state;
	world.pte_there = true;
	assert_int_equal(fault(USER, NULL), VM_FAULT_NOPAGE);
	assert_int_equal(world.pins, 0);
}

/* ---- reads that fail ---- */

static void fail_reads(int from, int to, enum read_result result)
{
	for (int i = from; i <= to; i++)
		world.results[i] = result;
}

/* By the fault itself: the page is there, but was not read */
static void reads_itself(void)
{
	world.vma->vm_flags = VM_RAND_READ;
}

static void two_reads_fail(void **state)
{
	(void)state;
	reads_itself();
	fail_reads(0, 7, READ_EIO);
	assert_int_equal(fault(USER, NULL), VM_FAULT_SIGBUS);
	assert_int_equal(world.reads, 2);
	assert_int_equal(world.pins, 2);
	assert_int_equal(world.lock_tries, 2);
	tear_down(state);

	/* Readahead's does not count. */
	set_up(state);
	fail_reads(0, 7, READ_EIO);
	assert_int_equal(fault(USER, NULL), VM_FAULT_SIGBUS);
	assert_int_equal(world.reads, 3);
	tear_down(state);

	/* Nobody's fault, and no read that failed for whoever holds a lock */
	set_up(state);
	reads_itself();
	fail_reads(0, 7, READ_EIO);
	assert_int_equal(fault(SECOND, NULL), VM_FAULT_SIGBUS);
	assert_int_equal(world.reads, 1);
}

static void one_read_fails(void **state)
{
	(void)state;
	reads_itself();
	fail_reads(0, 0, READ_EIO);
	assert_int_equal(fault(USER, NULL), VM_FAULT_LOCKED | VM_FAULT_MAJOR);
	assert_int_equal(world.reads, 2);
	/* Each time it had its lock back. */
	assert_int_equal(world.pins, 2);
	assert_int_equal(world.lock_tries, 2);
}

static void second_read_is_major(void **state)
{
	(void)state;
	cached(false, NOBODY);
	fail_reads(0, 0, READ_EIO);
	assert_int_equal(fault(USER, NULL), VM_FAULT_LOCKED | VM_FAULT_MAJOR);
}

/* The second read lets go of the lock anew: it may not carry on with the first's luck. */
static void written_during_the_second_read(void **state)
{
	(void)state;
	reads_itself();
	fail_reads(0, 0, READ_EIO);
	world.when = 1;
	assert_int_equal(fault(USER, write_vma), COMPLETED | VM_FAULT_MAJOR);
	tear_down(state);

	set_up(state);
	reads_itself();
	fail_reads(0, 1, READ_EIO);
	world.when = 1;
	assert_int_equal(fault(USER, write_vma), VM_FAULT_RETRY | VM_FAULT_MAJOR);
}

/* "Again" would have it fail for ever. */
static void read_fails_and_vma_is_written(void **state)
{
	void (* const writers[])(void) = { write_vma, writer_at_work, unmap, replace, reuse, split,
		after_a_minute, fatal_signal, other_signal };

	for (size_t i = 0; i < COUNT(writers); i++) {
		reads_itself();
		fail_reads(0, 7, READ_EIO);
		assert_int_equal(fault(USER, writers[i]), VM_FAULT_RETRY | VM_FAULT_MAJOR);
		assert_int_equal(world.reads, 1);
		tear_down(state);
		set_up(state);
	}
	reads_itself();
	fail_reads(0, 7, READ_EIO);
	assert_int_equal(fault(DEFAULT, NULL), VM_FAULT_RETRY | VM_FAULT_MAJOR);
}

static void read_is_interrupted(void **state)
{
	(void)state;
	reads_itself();
	fail_reads(0, 0, READ_INTERRUPTED);
	assert_int_equal(fault(USER, fatal_signal), VM_FAULT_RETRY | VM_FAULT_MAJOR);
	assert_int_equal(world.reads, 1);
}

/* Filesystems of clusters say so: look the page up again */
static void filesystem_says_truncated(void **state)
{
	const unsigned int flags[] = { USER, SECOND };

	for (size_t i = 0; i < COUNT(flags); i++) {
		reads_itself();
		fail_reads(0, 1, READ_TRUNCATED);
		assert_int_equal(fault(flags[i], NULL), VM_FAULT_LOCKED | VM_FAULT_MAJOR);
		assert_int_equal(world.reads, 3);
		tear_down(state);
		set_up(state);
	}
}

/* ---- whatever happens ---- */

enum page_state { ABSENT, THERE, BUSY, BEING_READ, NOT_UPTODATE, NOT_UPTODATE_BUSY, READAHEAD,
		  PAGE_STATES };

static void page_in_state(enum page_state page)
{
	struct folio *got;

	if (page == ABSENT)
		return;
	got = cached(page == THERE || page == BUSY || page == READAHEAD,
		     page == BUSY || page == BEING_READ || page == NOT_UPTODATE_BUSY ? OTHER : NOBODY);
	got->read = page == BEING_READ;
	got->readahead = page == READAHEAD;
}

static void expect_reasons(unsigned int flags, vm_fault_t ret, bool fails)
{
	bool first = may_let_go(flags);
	bool changed = written || jiffies - before.jiffies >= 60 * HZ ||
		       (world.pmd && world.pmd->none);

	if (ret & VM_FAULT_COMPLETED) {
		assert_true(first);
		assert_true(changed || !(flags & FAULT_FLAG_VMA_LOCK));
	}
	if (ret & VM_FAULT_RETRY)
		assert_true(world.killed || (flags & FAULT_FLAG_RETRY_NOWAIT) || world.no_memory ||
			    (first && (changed || !(flags & FAULT_FLAG_VMA_LOCK)) &&
			     (fails || !(flags & FAULT_FLAG_INTERRUPTIBLE))) ||
			    (first && fails && world.signalled));
	if (ret & VM_FAULT_SIGBUS)
		assert_true((fails && world.reads > first) ||
			    world.file->inode.i_size <= (loff_t)(INDEX * PAGE_SIZE));
	if (ret & VM_FAULT_OOM)
		assert_true(world.no_memory);
	if (!(ret & (VM_FAULT_COMPLETED | VM_FAULT_RETRY | VM_FAULT_ERROR)))
		assert_true(ret & VM_FAULT_LOCKED);
	/* A miss counts once, and once more if the access is made again */
	if (world.file && world.vma && world.majors && !world.vma->vm_flags)
		assert_int_equal(world.file->f_ra.mmap_miss,
				 before.miss + 1 + !!(ret & VM_FAULT_COMPLETED));
}

static void whatever_happens_it_comes_out_even(void **state)
{
	const unsigned int flags[] = {
		USER, USER & ~FAULT_FLAG_INTERRUPTIBLE, USER & ~FAULT_FLAG_KILLABLE,
		DEFAULT, GUP, SECOND, NOWAIT, 0, FAULT_FLAG_VMA_LOCK,
	};
	const struct {
		int from, to;
		enum read_result result;
	} fails[] = {
		{ 0, -1, READ_OK }, { 0, 0, READ_EIO }, { 0, 1, READ_EIO }, { 0, 7, READ_EIO },
		{ 1, 1, READ_EIO }, { 0, 0, READ_TRUNCATED },
	};

	for (size_t flag = 0; flag < COUNT(flags); flag++)
	for (size_t event = 0; event < COUNT(everything); event++)
	for (size_t fail = 0; fail < COUNT(fails); fail++)
	for (int page = 0; page < PAGE_STATES; page++)
	for (int more = 0; more < 8; more++) {
		vm_fault_t ret;

		tear_down(state);
		set_up(state);
		page_in_state(page);
		fail_reads(fails[fail].from, fails[fail].to, fails[fail].result);
		world.when = more & 1;
		world.vma->vm_flags = more & 2 ? VM_RAND_READ : 0;
		world.no_memory = more & 4;
		ret = fault(flags[flag], everything[event]);
		expect_reasons(flags[flag], ret, fails[fail].to >= fails[fail].from);
	}
}

/* ---- migration entries ---- */

static spinlock_t ptl;

static void (*also)(void);

static void migration_ends(void)
{
	if (also)
		also();
	also = NULL;
	/* What it waits for may be gone before it runs. */
	world.file->mapping.folio = NULL;
	folio->owner = NOBODY;
	folio_put(folio);
}

static vm_fault_t wait_for_entry(unsigned int flags, struct vm_fault *of)
{
	vm_fault_t ret;

	begin(flags);
	folio = cached(true, OTHER);
	world.meanwhile = migration_ends;
	world.spinlocks = 1;
	world.release_wants_queue = true;
	ret = ENTRY_WAIT((softleaf_t) { folio }, &ptl, of);
	assert_int_equal(world.spinlocks, 0);
	assert_int_equal(world.waits, 1);
	assert_false(world.queued);
	world.release_wants_queue = false;
	return ret;
}

static void entry_of_a_fault(void **state)
{
	const unsigned int flags[] = { USER, DEFAULT };

	for (size_t i = 0; i < COUNT(flags); i++) {
		assert_int_equal(wait_for_entry(flags[i], &vmf), COMPLETED);
		assert_int_equal(world.waits_locked, 0);
		expect_even(COMPLETED);
		tear_down(state);
		set_up(state);
	}
}

/* As in mainline: it keeps what it holds. */
static void entry_of_who_cannot_be_made_again(void **state)
{
	const unsigned int flags[] = { GUP, SECOND, DEFAULT | FAULT_FLAG_RETRY_NOWAIT };

	for (size_t i = 0; i < COUNT(flags); i++) {
		assert_int_equal(wait_for_entry(flags[i], &vmf), 0);
		expect_lock(true);
		tear_down(state);
		set_up(state);
	}

	world.killed = true;
	assert_int_equal(wait_for_entry(USER, &vmf), 0);
	expect_lock(true);
	tear_down(state);

	set_up(state);
	assert_int_equal(wait_for_entry(USER, NULL), 0);
	expect_lock(true);
}

/* It sleeps uninterruptibly: the signal has ended nothing, so there is nothing to tell. */
static void entry_of_the_killed(void **state)
{
	(void)state;
	also = fatal_signal;
	assert_int_equal(wait_for_entry(USER, &vmf), COMPLETED);
	world.killed = false;
	expect_even(COMPLETED);
}

/* ---- stable pages, dirty pages ---- */

static int mkwrites;

static vm_fault_t page_mkwrite(struct vm_fault *fault)
{
	assert_true(fault_lock_held() || !(vmf.flags & FAULT_FLAG_VMA_LOCK));
	assert_int_equal(fault->flags, FAULT_FLAG_WRITE | FAULT_FLAG_MKWRITE);
	mkwrites++;
	assert_true(folio_trylock(folio));
	return VM_FAULT_LOCKED;
}

static const struct vm_operations_struct vm_ops = { page_mkwrite };

static vm_fault_t mkwrite(unsigned int flags, bool writeback, bool stable, void (*meanwhile)(void))
{
	vm_fault_t ret;

	begin(flags);
	mkwrites = 0;
	world.vma->vm_ops = &vm_ops;
	world.file->mapping.stable_writes = stable;
	world.meanwhile = meanwhile;
	folio = cached(true, NOBODY);
	folio->refs++;
	folio->writeback = writeback;
	ret = do_page_mkwrite(&vmf, folio);
	assert_int_equal(vmf.flags, flags);
	assert_int_equal(mkwrites, ret == VM_FAULT_LOCKED);
	if (ret == VM_FAULT_LOCKED)
		folio_unlock(folio);
	folio_put(folio);
	expect_even(ret & ~VM_FAULT_LOCKED);
	return ret;
}

static void stable_page_of_an_unchanged_vma(void **state)
{
	(void)state;
	assert_int_equal(mkwrite(USER, true, true, elsewhere), VM_FAULT_LOCKED);
	assert_true(world.waited_for_writeback);
	assert_int_equal(world.lock_tries, 1);
}

static void stable_page_of_a_written_vma(void **state)
{
	void (* const writers[])(void) = { write_vma, writer_at_work, unmap, replace, reuse, split,
		after_a_minute };

	for (size_t i = 0; i < COUNT(writers); i++) {
		assert_int_equal(mkwrite(USER, true, true, writers[i]), COMPLETED);
		tear_down(state);
		set_up(state);
	}
	/* Nobody may take it for a page that was made writable. */
	assert_int_equal(mkwrite(USER, true, true, fatal_signal_and_write),
			 VM_FAULT_RETRY | VM_FAULT_NOPAGE);
}

static void page_that_is_not_waited_for(void **state)
{
	(void)state;
	assert_int_equal(mkwrite(USER, false, true, NULL), VM_FAULT_LOCKED);
	assert_int_equal(world.waits, 0);
	tear_down(state);

	set_up(state);
	assert_int_equal(mkwrite(USER, true, false, NULL), VM_FAULT_LOCKED);
	assert_int_equal(world.waits, 0);
	tear_down(state);

	/* ->page_mkwrite does, under mmap_lock */
	set_up(state);
	assert_int_equal(mkwrite(SECOND, true, true, NULL), VM_FAULT_LOCKED);
	assert_int_equal(world.waits, 0);
	tear_down(state);

	set_up(state);
	world.file->inode.swapfile = true;
	begin(USER);
	world.vma->vm_ops = &vm_ops;
	folio = cached(true, NOBODY);
	assert_int_equal(do_page_mkwrite(&vmf, folio), VM_FAULT_SIGBUS);
}

static vm_fault_t dirty(unsigned int flags, void (*meanwhile)(void))
{
	vm_fault_t ret;

	begin(flags);
	world.meanwhile = meanwhile;
	folio = cached(true, FAULT);
	vmf.page = &folio->page;
	ret = fault_dirty_shared_page(&vmf);
	assert_int_equal(world.dirtied, 1);
	/* Already mapped: nothing to look at again */
	assert_int_equal(world.lock_tries, 0);
	expect_even(ret & VM_FAULT_COMPLETED ? ret | VM_FAULT_NOPAGE : ret);
	return ret;
}

static void who_dirties_pages_waits_without_lock(void **state)
{
	(void)state;
	assert_int_equal(dirty(USER, unmap), VM_FAULT_COMPLETED);
	assert_int_equal(world.waits, 1);
	tear_down(state);
	set_up(state);
	assert_int_equal(dirty(SECOND, NULL), 0);
}

#define T(name) cmocka_unit_test_setup_teardown(name, set_up, tear_down)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(unchanged_carries_on),
		T(written_is_made_again),
		T(a_minute_from_the_last_wait),
		T(sequence_of_the_last_wait),
		T(written_as_soon_as_it_lets_go),
		T(written_long_ago),
		T(never_written),
		T(without_a_page_table),
		T(killed_starts_over),
		T(other_signals_do_not_matter),
		T(not_interruptible_starts_over),
		T(begun_under_mmap_lock),
		T(lets_go_once),
		T(may_not_let_go),
		T(folio_of_an_unchanged_vma),
		T(folio_of_a_written_vma),
		T(folio_that_another_took),
		T(folio_of_the_killed),
		T(folio_under_mmap_lock),
		T(folio_that_is_not_waited_for),
		T(folio_waited_for_with_the_lock),
		T(folio_of_the_killed_who_must_have_it),
		T(page_is_there),
		T(read_carries_on),
		T(read_is_made_again),
		T(waited_for_another),
		T(misses_are_counted),
		T(ways_to_read_ahead),
		T(read_under_mmap_lock),
		T(killed_while_it_waits),
		T(read_without_waiting),
		T(size_is_looked_at_after_the_wait),
		T(truncated_is_looked_up_again),
		T(page_that_is_not_uptodate),
		T(no_memory),
		T(entry_that_came),
		T(two_reads_fail),
		T(one_read_fails),
		T(second_read_is_major),
		T(written_during_the_second_read),
		T(read_fails_and_vma_is_written),
		T(read_is_interrupted),
		T(filesystem_says_truncated),
		T(whatever_happens_it_comes_out_even),
		T(entry_of_a_fault),
		T(entry_of_who_cannot_be_made_again),
		T(entry_of_the_killed),
		T(stable_page_of_an_unchanged_vma),
		T(stable_page_of_a_written_vma),
		T(page_that_is_not_waited_for),
		T(who_dirties_pages_waits_without_lock),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
