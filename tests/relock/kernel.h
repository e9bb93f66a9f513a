/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the functions that run.sh takes from mm/ need of the kernel, in user space.
 * One mm, one address, one page of one file. Locks and references are counted, and
 * whatever has lost its last reference is freed, so that AddressSanitizer sees who
 * uses it still. For relock_test.c, which defines what is extern here, and for extract.c,
 * which run.sh writes.
 *
 * While the fault waits `world.meanwhile` happens.
 */
#ifndef TESTS_RELOCK_KERNEL_H
#define TESTS_RELOCK_KERNEL_H

#include <errno.h>
#include <limits.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#define __releases(lock)
#define likely(x)		(x)
#define unlikely(x)		(x)
#define READ_ONCE(x)		(x)
#define WRITE_ONCE(x, value)	((x) = (value))
#define smp_load_acquire(p)	(*(p))
#define VM_BUG_ON_FOLIO(condition, folio)	assert_false(condition)
#define DIV_ROUND_UP(n, d)	(((n) + (d) - 1) / (d))
#define round_down(x, y)	((x) & ~((__typeof__(x))(y) - 1))
#define round_up(x, y)		round_down((x) + (y) - 1, y)
#define min(a, b)		((a) < (b) ? (a) : (b))
#define max(a, b)		((a) > (b) ? (a) : (b))
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))
#define IS_ERR(p)		((uintptr_t)(p) >= (uintptr_t)-4095)
#define ERR_PTR(error)		((void *)(intptr_t)(error))

#define PAGE_SIZE		4096UL
#define PAGE_SHIFT		12
#define SZ_2M			(2UL << 20)
#define HPAGE_PMD_ORDER		9
#define HPAGE_PMD_NR		(1 << HPAGE_PMD_ORDER)
#define MAX_PAGECACHE_ORDER	9
#define MMAP_LOTSAMISS		100
#define HZ			250UL
#define AOP_TRUNCATED_PAGE	0x80001

#define CONFIG_TRANSPARENT_HUGEPAGE	1
#define IS_ENABLED(option)		(option)

typedef unsigned long pgoff_t;
typedef unsigned int vm_fault_t;
typedef unsigned long vm_flags_t;
typedef unsigned int gfp_t;
typedef uint64_t u64;
typedef struct { bool none; } pmd_t;
typedef void *pgtable_t;

enum {
	VM_FAULT_OOM = 0x1,
	VM_FAULT_SIGBUS = 0x2,
	VM_FAULT_MAJOR = 0x4,
	VM_FAULT_ERROR = VM_FAULT_OOM | VM_FAULT_SIGBUS,
	VM_FAULT_NOPAGE = 0x100,
	VM_FAULT_LOCKED = 0x200,
	VM_FAULT_RETRY = 0x400,
	VM_FAULT_COMPLETED = 0x4000,
};

enum fault_flag {
	FAULT_FLAG_WRITE = 0x1,
	FAULT_FLAG_MKWRITE = 0x2,
	FAULT_FLAG_ALLOW_RETRY = 0x4,
	FAULT_FLAG_RETRY_NOWAIT = 0x8,
	FAULT_FLAG_KILLABLE = 0x10,
	FAULT_FLAG_TRIED = 0x20,
	FAULT_FLAG_USER = 0x40,
	FAULT_FLAG_INTERRUPTIBLE = 0x80,
	FAULT_FLAG_VMA_LOCK = 0x100,
};

enum {
	VM_EXEC = 0x4,
	VM_SEQ_READ = 0x8000,
	VM_RAND_READ = 0x10000,
	VM_HUGEPAGE = 0x20000000,
};

/* ---- objects ---- */

struct file;
struct folio;

/* Who has the lock of a folio: the fault, or somebody else, perhaps for I/O */
enum owner { NOBODY, FAULT, OTHER };

struct page { int unused; };

struct folio {
	struct page page;
	struct address_space *mapping;
	int refs;
	enum owner owner;
	bool read;		/* by its owner OTHER, from the device */
	bool uptodate;
	bool readahead;
	bool workingset;
	bool writeback;
};

struct inode {
	loff_t i_size;
	bool swapfile;
};

struct address_space_operations { int (*read_folio)(struct file *file, struct folio *folio); };

struct address_space {
	struct inode *host;
	const struct address_space_operations *a_ops;
	struct folio *folio;	/* in the page cache, which has a reference */
	int invalidate_locks;
	bool stable_writes;
	bool large_folios;
};

struct file_ra_state {
	unsigned long start;
	unsigned int size, async_size, ra_pages, order;
	unsigned short mmap_miss;
};

/* With all that goes when the last reference does */
struct file {
	int refs;
	struct file_ra_state f_ra;
	struct address_space *f_mapping;
	struct address_space mapping;
	struct inode inode;
};

struct mm_struct {
	struct { unsigned int sequence; } mm_lock_seq;
	int readers;			/* of mmap_lock */
	struct vm_area_struct *vma;	/* at the address */
};

struct vm_area_struct {
	struct mm_struct *vm_mm;
	unsigned int vm_lock_seq;
	int readers;
	vm_flags_t vm_flags;
	struct file *vm_file;
	const struct vm_operations_struct *vm_ops;
};

struct vm_fault {
	struct vm_area_struct *vma;
	gfp_t gfp_mask;
	pgoff_t pgoff;
	unsigned long address;
	enum fault_flag flags;
	pmd_t *pmd;
	pgtable_t prealloc_pte;
	struct page *page;
};

struct vm_operations_struct { vm_fault_t (*page_mkwrite)(struct vm_fault *vmf); };

struct task_struct { struct mm_struct *mm; };

/* ---- what the test sets up, and what was done ---- */

enum read_result { READ_OK, READ_EIO, READ_TRUNCATED, READ_INTERRUPTED };

#define ADDRESS	0x7000005000UL
#define INDEX	5UL

extern struct world {
	struct mm_struct mm;
	struct vm_area_struct *vma;	/* that the fault began with; NULL: freed */
	struct vm_area_struct *other;	/* that took its place */
	pmd_t *pmd;			/* freed with the VMA */
	struct file *file;		/* of vma; NULL: freed */
	struct file *other_file;
	struct folio *folios[16];	/* all that there are */
	struct task_struct task;
	bool killed;
	bool signalled;
	bool no_memory;
	bool pte_there;			/* the page table entry is no longer none */
	bool waited_for_writeback;

	void (*once_released)(void);	/* at once, when the fault lets go */
	void (*meanwhile)(void);	/* while it waits */
	int when;			/* 0: in its first wait, and so on */
	enum read_result results[8];	/* of the reads of the device, one by one */

	int reads;			/* of the device */
	int waits;
	int waits_locked;		/* with the lock of the fault held */
	int lock_tries;
	int pins;			/* get_file() */
	int majors;			/* PGMAJFAULT */
	int spinlocks;			/* held */
	bool release_wants_queue;	/* the fault's lock goes once it is queued */
	bool queued;			/* in the queue of a folio */
	int dirtied;			/* balance_dirty_pages_ratelimited() */
} world;

extern struct vm_fault vmf;
extern u64 jiffies;

#define current		(&world.task)
#define get_jiffies_64()	jiffies
#define time_before64(a, b)	((int64_t)((a) - (b)) < 0)

static inline bool fatal_signal_pending(struct task_struct *task)
{
	assert_ptr_equal(task, current);
	return world.killed;
}

static inline bool signal_pending(struct task_struct *task)
{
	assert_ptr_equal(task, current);
	return world.killed || world.signalled;
}

static inline bool fault_flag_allow_retry_first(enum fault_flag flags)
{
	return (flags & FAULT_FLAG_ALLOW_RETRY) && !(flags & FAULT_FLAG_TRIED);
}

/* ---- the locks of a fault ---- */

static inline bool write_locked(const struct vm_area_struct *vma)
{
	return vma->vm_lock_seq == vma->vm_mm->mm_lock_seq.sequence;
}

static inline struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm,
							unsigned long address)
{
	assert_ptr_equal(mm, &world.mm);
	assert_int_equal(address, ADDRESS);
	world.lock_tries++;
	if (!mm->vma || write_locked(mm->vma))
		return NULL;
	mm->vma->readers++;
	return mm->vma;
}

static inline void vma_end_read(struct vm_area_struct *vma)
{
	assert_true(vma->readers > 0);
	vma->readers--;
}

static inline void release_fault_lock(struct vm_fault *fault)
{
	if (world.release_wants_queue)
		assert_true(world.queued);
	if (fault->flags & FAULT_FLAG_VMA_LOCK) {
		vma_end_read(fault->vma);
	} else {
		assert_true(fault->vma->vm_mm->readers > 0);
		fault->vma->vm_mm->readers--;
	}
	if (world.once_released)
		world.once_released();
}

/* ---- folios ---- */

static inline struct folio *new_folio(struct address_space *mapping)
{
	struct folio *folio = calloc(1, sizeof(*folio));

	folio->mapping = mapping;
	folio->refs = 1;
	for (size_t i = 0; ; i++) {
		assert_true(i < sizeof(world.folios) / sizeof(world.folios[0]));
		if (!world.folios[i]) {
			world.folios[i] = folio;
			return folio;
		}
	}
}

static inline void folio_put(struct folio *folio)
{
	assert_true(folio->refs > 0);
	if (--folio->refs)
		return;
	assert_int_equal(folio->owner, NOBODY);
	for (size_t i = 0; i < sizeof(world.folios) / sizeof(world.folios[0]); i++)
		if (world.folios[i] == folio)
			world.folios[i] = NULL;
	free(folio);
}

#define folio_test_uptodate(folio)	((folio)->uptodate)
#define folio_test_readahead(folio)	((folio)->readahead)
#define folio_test_writeback(folio)	((folio)->writeback)
#define folio_test_locked(folio)	((folio)->owner != NOBODY)
#define folio_test_workingset(folio)	((folio)->workingset)
#define folio_test_anon(folio)		((folio)->mapping == NULL)
#define folio_raw_mapping(folio)	((folio)->mapping)
#define folio_contains(folio, index)	((void)(folio), (index) == INDEX)
#define folio_file_page(folio, index)	((void)(index), &(folio)->page)
#define page_folio(page)		((struct folio *)(page))

static inline bool folio_trylock(struct folio *folio)
{
	assert_true(folio->refs > 0);
	if (folio->owner != NOBODY)
		return false;
	folio->owner = FAULT;
	return true;
}

static inline void folio_unlock(struct folio *folio)
{
	assert_int_equal(folio->owner, FAULT);
	folio->owner = NOBODY;
}

/* Takes the folio out of the page cache, as truncation does, and the last fput() */
static inline void evict(struct address_space *mapping)
{
	struct folio *folio = mapping->folio;

	if (!folio)
		return;
	mapping->folio = NULL;
	folio->mapping = NULL;
	folio->owner = NOBODY;
	folio->read = false;
	folio_put(folio);
}

#define pmdp_get_lockless(pmd)	(*(pmd))
#define pmd_none(pmd)		((pmd).none)

/* ---- files ---- */

static inline struct file *get_file(struct file *file)
{
	file->refs++;
	world.pins++;
	return file;
}

static inline void fput(struct file *file)
{
	assert_true(file->refs > 0);
	if (--file->refs)
		return;
	assert_int_equal(file->mapping.invalidate_locks, 0);
	evict(&file->mapping);
	if (file == world.file)
		world.file = NULL;
	if (file == world.other_file)
		world.other_file = NULL;
	free(file);
}

#define i_size_read(inode)		((inode)->i_size)
#define IS_SWAPFILE(inode)		((inode)->swapfile)
#define mapping_stable_writes(mapping)	((mapping)->stable_writes)

static inline void filemap_invalidate_lock_shared(struct address_space *mapping)
{
	mapping->invalidate_locks++;
}

static inline void filemap_invalidate_unlock_shared(struct address_space *mapping)
{
	assert_true(mapping->invalidate_locks > 0);
	mapping->invalidate_locks--;
}

/* ---- waiting ---- */

static inline bool fault_lock_held(void)
{
	if (vmf.flags & FAULT_FLAG_VMA_LOCK)
		return world.vma && world.vma->readers;
	return world.mm.readers;
}

/* The device answers: the folio is free, and uptodate if the read went well */
static inline enum read_result device_answers(struct folio *folio)
{
	enum read_result result;

	assert_true((size_t)world.reads < sizeof(world.results) / sizeof(world.results[0]));
	result = world.results[world.reads++];
	folio->read = false;
	folio->owner = NOBODY;
	folio->uptodate = result == READ_OK;
	return result;
}

static inline void sleeps(void)
{
	assert_int_equal(world.spinlocks, 0);
	world.waits_locked += fault_lock_held();
	if (world.waits++ == world.when && world.meanwhile)
		world.meanwhile();
}

static inline void wait_for(struct folio *folio)
{
	assert_true(folio->refs > 0);
	assert_int_not_equal(folio->owner, FAULT);
	if (folio->read)
		device_answers(folio);
	folio->owner = NOBODY;
	sleeps();
}

/* A fatal signal comes before the device has answered. */
static inline int wait_for_killable(struct folio *folio)
{
	struct folio before = *folio;
	int reads = world.reads;

	wait_for(folio);
	if (!world.killed)
		return 0;
	folio->owner = before.owner;
	folio->read = before.read;
	folio->uptodate = before.uptodate;
	world.reads = reads;
	return -EINTR;
}

/* Whoever says that it is killable waits so. */
static inline void __folio_lock(struct folio *folio)
{
	assert_false(vmf.flags & FAULT_FLAG_KILLABLE);
	wait_for(folio);
	assert_true(folio_trylock(folio));
}

static inline int __folio_lock_killable(struct folio *folio)
{
	int error = wait_for_killable(folio);

	if (!error)
		assert_true(folio_trylock(folio));
	return error;
}

static inline void folio_lock(struct folio *folio)
{
	if (folio_trylock(folio))
		return;
	wait_for(folio);
	assert_true(folio_trylock(folio));
}

static inline void folio_wait_locked(struct folio *folio)
{
	assert_false(vmf.flags & FAULT_FLAG_KILLABLE);
	wait_for(folio);
}

static inline int folio_wait_locked_killable(struct folio *folio)
{
	return wait_for_killable(folio);
}

static inline void folio_wait_writeback(struct folio *folio)
{
	assert_true(folio->refs > 0);
	folio->writeback = false;
	world.waited_for_writeback = true;
	sleeps();
}

/* ---- the page cache ---- */

#define FGP_CREAT	1
#define FGP_FOR_MMAP	2

static inline struct folio *filemap_get_folio(struct address_space *mapping, pgoff_t index)
{
	assert_int_equal(index, INDEX);
	if (!mapping->folio)
		return ERR_PTR(-ENOENT);
	mapping->folio->refs++;
	return mapping->folio;
}

static inline struct folio *__filemap_get_folio(struct address_space *mapping, pgoff_t index,
						int fgp_flags, gfp_t gfp)
{
	assert_int_equal(fgp_flags, FGP_CREAT | FGP_FOR_MMAP);
	assert_int_equal(gfp, vmf.gfp_mask);
	/* Against whoever removes pages: see filemap_create_folio() */
	assert_true(mapping->invalidate_locks);
	if (!mapping->folio && world.no_memory)
		return ERR_PTR(-ENOMEM);
	if (!mapping->folio)
		mapping->folio = new_folio(mapping);
	return filemap_get_folio(mapping, index);
}

static inline int filemap_read_folio(struct file *file,
				     int (*filler)(struct file *file, struct folio *folio),
				     struct folio *folio)
{
	enum read_result result;

	assert_true(file->refs > 0);
	assert_ptr_equal(filler, file->f_mapping->a_ops->read_folio);
	assert_int_equal(folio->owner, FAULT);
	assert_ptr_equal(folio->mapping, file->f_mapping);
	assert_true(file->f_mapping->invalidate_locks);
	result = device_answers(folio);
	if (result == READ_INTERRUPTED) {
		folio->owner = OTHER;
		folio->read = true;
	}
	sleeps();
	switch (result) {
	case READ_OK:
		return 0;
	case READ_EIO:
		return -EIO;
	case READ_TRUNCATED:
		return AOP_TRUNCATED_PAGE;
	case READ_INTERRUPTED:
		return -EINTR;
	}
	return -EINVAL;
}

static inline vm_fault_t filemap_fault_recheck_pte_none(struct vm_fault *fault)
{
	(void)fault;
	return world.pte_there ? VM_FAULT_NOPAGE : 0;
}

enum { PGMAJFAULT };
#define count_vm_event(item)		((void)(item), world.majors++)
#define count_memcg_event_mm(mm, item)	((void)(mm))
#define trace_mm_filemap_fault(mapping, index)	((void)(mapping), (void)(index))

/* ---- readahead ---- */

struct readahead_control {
	struct address_space *mapping;
	unsigned long _index;
};

#define DEFINE_READAHEAD(ractl, f, r, m, i)	\
	struct readahead_control ractl = { .mapping = (m), ._index = (i) }

/* Submits the read, for which it may have to wait */
static inline void readahead(struct readahead_control *ractl)
{
	struct address_space *mapping = ractl->mapping;

	if (fault_flag_allow_retry_first(vmf.flags) && !(vmf.flags & FAULT_FLAG_RETRY_NOWAIT))
		assert_false(fault_lock_held());
	assert_true(ractl->_index <= INDEX);
	if (mapping->folio)
		return;
	mapping->folio = new_folio(mapping);
	mapping->folio->owner = OTHER;
	mapping->folio->read = true;
}

#define page_cache_sync_ra(ractl, pages)	((void)(pages), readahead(ractl))
#define page_cache_ra_order(ractl, ...)		readahead(ractl)
#define page_cache_async_ra(ractl, folio, pages)	((void)(folio), (void)(pages), readahead(ractl))
#define mapping_large_folio_support(mapping)	((mapping)->large_folios)
#define mapping_max_folio_order(mapping)	((void)(mapping), HPAGE_PMD_ORDER)
#define get_order(size)				((void)(size), HPAGE_PMD_ORDER)
#define exec_folio_order()			0
#define vma_start_pgoff(vma)			((void)(vma), 0UL)
#define vma_end_pgoff(vma)			((void)(vma), 100UL)
#define vma_pages(vma)				((void)(vma), 100UL)

/* ---- dirty pages ---- */

static inline bool folio_mark_dirty(struct folio *folio)
{
	assert_int_equal(folio->owner, FAULT);
	return true;
}

#define file_update_time(file)		((void)(file))

static inline void balance_dirty_pages_ratelimited(struct address_space *mapping)
{
	assert_non_null(mapping->host);		/* alive */
	world.dirtied++;
	sleeps();
}

/* ---- the queue of those who wait for a folio ---- */

typedef struct { int unused; } spinlock_t;
typedef struct wait_queue_entry {
	unsigned int flags;
	int (*func)(struct wait_queue_entry *entry, unsigned int mode, int sync, void *key);
} wait_queue_entry_t;
typedef struct wait_queue_head { spinlock_t lock; } wait_queue_head_t;
typedef struct { struct folio *folio; } softleaf_t;
typedef softleaf_t swp_entry_t;

struct wait_page_queue {
	struct folio *folio;
	int bit_nr;
	wait_queue_entry_t wait;
};

enum { PG_locked, WQ_FLAG_WOKEN = 2, TASK_UNINTERRUPTIBLE = 2 };

extern wait_queue_head_t queue_head;
extern wait_queue_entry_t *queue_entry;

#define spin_lock_irq(lock)	((void)(lock), world.spinlocks++)
#define spin_unlock_irq(lock)	((void)(lock), world.spinlocks--)
#define spin_unlock(lock)	spin_unlock_irq(lock)
#define folio_waitqueue(folio)	((void)(folio)->refs, &queue_head)
#define folio_set_waiters(folio)	((void)(folio)->refs)
#define softleaf_to_folio(entry)	((entry).folio)
#define pfn_swap_entry_folio(entry)	((entry).folio)
#define delayacct_thrashing_start(p)	((void)(p))
#define delayacct_thrashing_end(p)	((void)(p))
#define psi_memstall_enter(p)		(*(p) = 0)
#define psi_memstall_leave(p)		((void)(p))
#define set_current_state(state)	((void)(state))
#define signal_pending_state(state, task)	((void)(state), (void)(task), false)

static inline int wake_page_function(wait_queue_entry_t *entry, unsigned int mode, int sync,
				     void *key)
{
	(void)entry, (void)mode, (void)sync, (void)key;
	return 0;
}

static inline void init_wait(wait_queue_entry_t *entry)
{
	entry->flags = 0;
}

static inline bool folio_trylock_flag(struct folio *folio, int bit, wait_queue_entry_t *entry)
{
	(void)bit;
	if (folio->owner != NOBODY)
		return false;
	entry->flags |= WQ_FLAG_WOKEN;
	world.queued = true;
	return true;
}

static inline void __add_wait_queue_entry_tail(wait_queue_head_t *head, wait_queue_entry_t *entry)
{
	assert_ptr_equal(head, &queue_head);
	queue_entry = entry;
	world.queued = true;
}

static inline void io_schedule(void)
{
	assert_non_null(queue_entry);
	sleeps();
	queue_entry->flags |= WQ_FLAG_WOKEN;
}

static inline void finish_wait(wait_queue_head_t *head, wait_queue_entry_t *entry)
{
	assert_ptr_equal(head, &queue_head);
	assert_ptr_equal(entry, queue_entry ? queue_entry : entry);
	queue_entry = NULL;
	world.queued = false;
}

/* ---- the functions to test, in extract.c, none of them static there ---- */

#include "fault_wait.h"

void vmf_unlock(struct vm_fault *fault, struct fault_wait *wait);
void maybe_unlock_mmap_for_io(struct vm_fault *fault, struct fault_wait *wait);
vm_fault_t vmf_again(const struct vm_fault *fault);
bool vmf_relock(const struct vm_fault *fault, const struct fault_wait *wait);
vm_fault_t do_page_mkwrite(struct vm_fault *fault, struct folio *folio);
vm_fault_t fault_dirty_shared_page(struct vm_fault *fault);
vm_fault_t ENTRY_WAIT(softleaf_t entry, spinlock_t *ptl, struct vm_fault *fault);
vm_fault_t __folio_lock_or_retry(struct folio *folio, struct vm_fault *fault);
vm_fault_t filemap_fault(struct vm_fault *fault);

#endif /* TESTS_RELOCK_KERNEL_H */
