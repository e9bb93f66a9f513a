/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What mm/vmf_park.c needs of the kernel, for user space: types with the fields
 * it looks at, and functions that count how often they are called. Included
 * before that file, only by vmf_park_test.c.
 */
#ifndef TESTS_PARK_KERNEL_H
#define TESTS_PARK_KERNEL_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Where mm/vmf_park.c finds the kernel's own mm/internal.h, make it empty. */
#define __MM_INTERNAL_H

#define PAGE_SHIFT		12
#define likely(x)		(x)
#define unlikely(x)		(x)

typedef unsigned long pgoff_t;
typedef unsigned int vm_fault_t;
typedef unsigned long vm_flags_t;
typedef struct { unsigned long flags[1]; } vma_flags_t;
typedef struct { unsigned long pgprot; } pgprot_t;
typedef void *pgtable_t;

enum {
	VM_FAULT_OOM = 0x1,
	VM_FAULT_SIGBUS = 0x2,
	VM_FAULT_MAJOR = 0x4,
	VM_FAULT_ERROR = VM_FAULT_OOM | VM_FAULT_SIGBUS,
	VM_FAULT_NOPAGE = 0x100,
	VM_FAULT_RETRY = 0x400,
	VM_FAULT_COMPLETED = 0x4000,
};

enum fault_flag {
	FAULT_FLAG_ALLOW_RETRY = 1,
	FAULT_FLAG_RETRY_NOWAIT = 2,
	FAULT_FLAG_TRIED = 4,
	FAULT_FLAG_USER = 8,
	FAULT_FLAG_VMA_LOCK = 16,
	FAULT_FLAG_INTERRUPTIBLE = 32,
};

enum vm_event_item {
	FAULT_RESUMED,
	FAULT_COMPLETED,
	FAULT_NOT_RESUMED_MMAP_LOCK,
	FAULT_NOT_RESUMED_SIGNAL,
	FAULT_NOT_RESUMED_BUSY,
	FAULT_NOT_RESUMED_CHANGED,
	FAULT_NOT_RESUMED_PGTABLE,
	NR_VM_EVENT_ITEMS,
};

/* A page table entry, whose value says what it is. */
enum entry { NONE, TABLE, LEAF };
typedef struct { enum entry e; } pmd_t;

struct file { int refs; };
struct folio { int refs; bool locked; };
struct anon_vma { int unused; };
struct vm_operations_struct { vm_fault_t (*map_pages)(void); };
struct vm_userfaultfd_ctx { void *ctx; };

struct mm_struct {
	bool no_pmd;
	pmd_t pmd;
};

struct vm_area_struct {
	unsigned long vm_start;
	unsigned long vm_end;
	struct mm_struct *vm_mm;
	pgprot_t vm_page_prot;
	union {
		vm_flags_t vm_flags;	/* all there is in 6.12 */
		vma_flags_t flags;
	};
	struct anon_vma *anon_vma;
	const struct vm_operations_struct *vm_ops;
	unsigned long vm_pgoff;
	struct file *vm_file;
	struct vm_userfaultfd_ctx vm_userfaultfd_ctx;
	void *vm_policy;
};

struct vmf_facts {
	struct mm_struct *mm;
	struct file *file;
	struct anon_vma *anon_vma;
	union {
		vm_flags_t vm_flags;
		vma_flags_t flags;
	};
};

struct vm_fault {
	struct vm_area_struct *vma;
	pgoff_t pgoff;
	unsigned long address;
	unsigned long real_address;
	enum fault_flag flags;
	bool parked;
	union {
		struct {
			pmd_t *pmd;
			void *pud;
			void *pte;
			void *ptl;
		};
		struct vmf_facts facts;
	};
	void *cow_page;
	pgtable_t prealloc_pte;
};

struct callback_head {
	void (*func)(struct callback_head *work);
};

#define PF_KTHREAD 1

struct task_struct {
	unsigned int flags;
	struct folio *fault_folio;
	struct callback_head fault_folio_work;
};

/* What the test sets up, and what was done. */
static struct world {
	struct vm_area_struct *found;	/* what lock_vma_under_rcu() gives */
	bool killed;
	bool signalled;
	bool mmap_lock_busy;		/* for mmap_read_trylock() */
	bool exiting;			/* task_work_add() fails */
	bool no_vma_locks;		/* built without CONFIG_PER_VMA_LOCK */
	int vma_locks;			/* held */
	int mmap_locks;
	int tries;			/* of lock_vma_under_rcu() */
	struct mm_struct *tried_mm;
	unsigned long tried_address;
	unsigned long pmd_address;
	int events[NR_VM_EVENT_ITEMS];
	int traced_parks;
	int traced_resumes;
	struct callback_head *work;
	struct task_struct task;
} world;

#define current (&world.task)

static inline pgoff_t linear_page_index(const struct vm_area_struct *vma,
					unsigned long address)
{
	return ((address - vma->vm_start) >> PAGE_SHIFT) + vma->vm_pgoff;
}

#define READ_ONCE(x)		(x)
#define vma_policy(vma)		((vma)->vm_policy)

/* NULL where a level above is missing. */
static inline pmd_t *mm_find_pmd(struct mm_struct *mm, unsigned long address)
{
	world.pmd_address = address;
	return mm->no_pmd ? NULL : &mm->pmd;
}

#define pmdp_get_lockless(p)	(*(p))
#define pmd_none(x)		((x).e == NONE)

static inline bool fault_flag_allow_retry_first(enum fault_flag flags)
{
	return (flags & FAULT_FLAG_ALLOW_RETRY) && !(flags & FAULT_FLAG_TRIED);
}

static inline bool fatal_signal_pending(struct task_struct *task)
{
	(void)task;
	return world.killed;
}

static inline bool signal_pending(struct task_struct *task)
{
	(void)task;
	return world.killed || world.signalled;
}

static inline struct vm_area_struct *lock_vma_under_rcu(struct mm_struct *mm,
							unsigned long address)
{
	world.tries++;
	world.tried_mm = mm;
	world.tried_address = address;
	world.vma_locks += !!world.found;
	return world.found;
}

static inline bool mmap_read_trylock(struct mm_struct *mm)
{
	(void)mm;
	world.mmap_locks += !world.mmap_lock_busy;
	return !world.mmap_lock_busy;
}

static inline void vma_end_read(struct vm_area_struct *vma)
{
	(void)vma;
	world.vma_locks--;
}

static inline void release_fault_lock(struct vm_fault *vmf)
{
	if (vmf->flags & FAULT_FLAG_VMA_LOCK)
		world.vma_locks--;
	else
		world.mmap_locks--;
}

static inline void get_file(struct file *file)
{
	file->refs++;
}

static inline void fput(struct file *file)
{
	file->refs--;
}

static inline void folio_put(struct folio *folio)
{
	folio->refs--;
}

static inline void count_vm_event(enum vm_event_item item)
{
	world.events[item]++;
}

static inline void trace_vmf_park(const struct vm_fault *vmf)
{
	(void)vmf;
	world.traced_parks++;
}

static inline void trace_vmf_resume(const struct vm_fault *vmf,
				    enum vm_event_item outcome)
{
	(void)vmf;
	(void)outcome;
	world.traced_resumes++;
}

enum { TWA_RESUME };

static inline void init_task_work(struct callback_head *work,
				  void (*func)(struct callback_head *work))
{
	work->func = func;
}

static inline int task_work_add(struct task_struct *task,
				struct callback_head *work, int how)
{
	(void)task;
	(void)how;
	if (world.exiting)
		return -3;
	world.work = work;
	return 0;
}

#define IS_ENABLED(option)	((option) && !world.no_vma_locks)
#define CONFIG_PER_VMA_LOCK	1
#define swap(a, b)		do { typeof(a) t_ = (a); (a) = (b); (b) = t_; } while (0)

static inline bool folio_trylock(struct folio *folio)
{
	return !folio->locked;
}

/* mm/internal.h: its vmf_ functions, cut out by run.sh */
#include INTERNAL_H

#endif /* TESTS_PARK_KERNEL_H */
