/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * checker: stress with a memory. What the parts of the program share; what is
 * checked, and why each outcome is allowed, is in docs/checker.md and in
 * checker_model.c.
 */
#ifndef MAJORFAULT_CHECKER_H
#define MAJORFAULT_CHECKER_H

#include <setjmp.h>
#include <signal.h>

#include "harness.h"

#define CK_SLOTS	32U	/* pages of a region that are used */
#define CK_WORDS	(WL_PAGE / 8)
#define CK_RING		16	/* values of a page that are remembered */
#define CK_HISTORY	24	/* operations on a page that are */
#define CK_WINDOWS	16	/* times without access that are */
#define CK_THREADS	32U
#define CK_VIEWS	4U
#define CK_NEVER	UINT64_MAX

/* What a page can hold besides a stamp; no stamp is that small. */
#define CK_ZERO		0ULL
#define CK_SIGBUS	1ULL	/* beyond the end of the file */
#define CK_THROUGH	2ULL	/* private: what the file holds */
#define CK_MISSING	3ULL	/* userfaultfd is asked */
/* How an operation ended, in histories: an error is added to the last. */
#define CK_SIGSEGV	4ULL
#define CK_DONE		16ULL

enum ck_op {
	CK_READ, CK_WRITE, CK_VMREAD, CK_PIPE, CK_PREAD, CK_PWRITE, CK_FORK,
	CK_DONTNEED, CK_FREE, CK_PAGEOUT, CK_COLD, CK_POPULATE_READ,
	CK_POPULATE_WRITE, CK_COLLAPSE, CK_ADVICE, CK_GUARD, CK_MPROTECT,
	CK_MREMAP, CK_REMAP, CK_TABLES, CK_TRUNCATE, CK_EXTEND, CK_PUNCH,
	CK_MLOCK, CK_MUNLOCK, CK_DROP, CK_RECLAIM, CK_COMPACT,
	CK_SETUP, CK_SERVE, CK_EVICT, CK_FINAL,
	CK_NR_OPS,
};

/**
 * struct ck_value - a value that a page has, or may have
 * @value: a stamp or one of the above
 * @begin: step before the operation that makes it
 * @done: step after that operation; CK_NEVER while it runs
 * @end: from this step on the page cannot have it; CK_NEVER if it still can
 * @who: the thread
 * @op: the operation
 */
struct ck_value {
	uint64_t value;
	uint64_t begin;
	uint64_t done;
	uint64_t end;
	uint16_t who;
	uint16_t op;
};

/**
 * struct ck_reg - what a page may hold, and when
 * @lock: held for a few instructions, never over a fault
 * @lost_end: nothing is known of values that ended before this step
 * @lost_done: the last of the operations whose value was forgotten still open
 * @nr: how many values are remembered
 * @values: the values, in no order
 */
struct ck_reg {
	atomic_flag lock;
	uint64_t lost_end;
	uint64_t lost_done;
	unsigned int nr;
	struct ck_value values[CK_RING];
};

/** struct ck_note - an operation on a page, for the report */
struct ck_note {
	uint64_t begin;
	uint64_t end;
	uint64_t result;
	uint16_t who;
	uint16_t op;
};

enum ck_access { CK_NO_ACCESS, CK_NO_WRITE };

/**
 * struct ck_window - a time during which some pages cannot be accessed
 * @access: what cannot be done
 * @first: first page
 * @last: last page
 * @begin: step before the system call that begins it
 * @firm: step after that call; CK_NEVER before
 * @firm_end: step before the call that ends it
 * @end: step after that call
 */
struct ck_window {
	enum ck_access access;
	unsigned int first;
	unsigned int last;
	uint64_t begin;
	uint64_t firm;
	uint64_t firm_end;
	uint64_t end;
};

/** struct ck_object - a file whose pages have a life of their own */
struct ck_object {
	const char *name;
	int fd;
	unsigned int stride;
	unsigned int pages;
	unsigned int size;		/* pages before its end */
	pthread_mutex_t resize;		/* truncate, extend, punch: one at a time */
	struct ck_reg reg[2 * CK_SLOTS];
};

enum ck_kind { CK_FILE, CK_TRUNC, CK_PRIVATE, CK_ANON, CK_SHMEM, CK_UFFD, CK_REGIONS };

/**
 * struct ck_region - a place in the address space
 * @name: for people
 * @kind: what is mapped there
 * @used: it takes part
 * @addr: where
 * @away: where mremap() moves it to
 * @stride: distance of two pages that are used, in pages
 * @random: MADV_RANDOM is on
 * @layout: held by whoever changes what is mapped
 * @lock: of the windows, short
 * @windows: the last times without access
 * @nr_windows: how many there have been
 * @view: which part of which file is mapped (CK_FILE), a register
 * @own: contents of the pages that are nobody else's
 * @history: of each page
 * @nr_history: how many there have been
 * @busy: a writer is at it
 */
struct ck_region {
	const char *name;
	enum ck_kind kind;
	bool used;
	char *addr;
	char *away;
	unsigned int stride;
	atomic_bool random;
	pthread_mutex_t layout;
	atomic_flag lock;
	struct ck_window windows[CK_WINDOWS];
	uint64_t nr_windows;
	struct ck_reg view;
	struct ck_reg own[CK_SLOTS];
	struct ck_note history[CK_SLOTS][CK_HISTORY];
	atomic_uint nr_history[CK_SLOTS];
	atomic_flag busy[CK_SLOTS];
};

enum ck_file { CK_A, CK_C, CK_T, CK_M, CK_FILES };

/** struct ck_now - what a thread is doing, for the watchdog and the report */
struct ck_now {
	_Atomic uint64_t count;		/* operations so far */
	_Atomic uint64_t begin;
	atomic_uint op;
	atomic_uint region;
	atomic_uint slot;
	atomic_bool idle;
};

/**
 * struct ck_world - all that is known, in memory that is shared and locked
 *
 * Children of fork() see it as it is now, not as it was.
 */
struct ck_world {
	_Atomic uint64_t step;
	atomic_flag reporting;
	struct ck_object file[CK_FILES];
	struct ck_region region[CK_REGIONS];
	struct ck_now now[CK_THREADS + 1];
	_Atomic uint64_t count[CK_NR_OPS];
	_Atomic uint64_t failed[CK_NR_OPS];
	_Atomic uint64_t skipped[CK_NR_OPS];	/* not to be had here */
	_Atomic uint64_t checks, exact, unchecked, torn, segv, sigbus, efault, children;
	_Atomic uint64_t injected, injected_sigbus;
	uint64_t seed;
	char *filler;
	bool punches;			/* the filesystem can */
	bool in_memory;			/* and is tmpfs */
	int uffd;
	int reclaim_fd;
	int pagemap_fd;			/* of the program, not of its children */
	pthread_barrier_t round;
};

/**
 * struct ck_seen - since when, and by whom, the address space is looked at
 * @lo: mappings and private memory are as they were after this step
 * @hi: and before this one
 * @copy: private pages as they were then, in a child of fork(); else NULL
 */
struct ck_seen {
	uint64_t lo;
	uint64_t hi;
	struct ck_reg (*copy)[CK_SLOTS];
};

/** struct ck_thread - one of the threads that do the operations */
struct ck_thread {
	struct wl_thread thread;
	unsigned int number;
	struct wl_random random;
	struct wl_random rounds;	/* the same in all threads */
	struct ck_region *focus;	/* where everybody is in this round */
	uint64_t words[CK_WORDS];
	uint64_t out[CK_WORDS];
	const struct ck_seen *seen;	/* in a child */
	uint64_t count;
	uint64_t steps;
	unsigned int burst;
	unsigned int threads;
	bool swap;
	bool injected;
	int pipe[2];
	struct ck_reg copy[CK_REGIONS][CK_SLOTS];
};

/* What an access is doing that may end in a signal. */
struct ck_access_state {
	sigjmp_buf jump;
	volatile bool armed;
	volatile bool failed;	/* inject=: something that this access needed */
	int fail_fd;		/* the thread's fail-nth */
	struct wl_random random;
	char *page;
	volatile sig_atomic_t sig;
	void *volatile where;
};

extern struct ck_world *ck;
extern struct wl ck_wl;
extern const char *const ck_op_names[CK_NR_OPS];
extern _Thread_local struct ck_access_state ck_access;

/** enum ck_whose - who makes the files; those that are given are only read */
enum ck_whose { CK_OWN, CK_MAKE, CK_GIVEN };
extern enum ck_whose ck_files;

/* ---- checker_model.c ---- */

/** ck_step() - the next logical step; all that happens is ordered by these */
static inline uint64_t ck_step(void)
{
	return atomic_fetch_add(&ck->step, 1);
}

/** ck_stamp() - what word 0 of a page holds after a write; the others add their number */
static inline uint64_t ck_stamp(unsigned int source, unsigned int page, uint64_t step)
{
	return 0xc5ULL << 56 | (uint64_t)source << 48 | (uint64_t)page << 41 |
	       (step & 0xffffffffULL) << 9;
}

enum { CK_FROM_FILE = 0x10, CK_FROM_PWRITE = 0x20, CK_FROM_UFFD = 0x30, CK_FROM_CHILD = 0x40 };

/**
 * ck_begin() - an operation is about to give a page a value
 * Return: the value, for ck_end(). Stays in place until then.
 */
struct ck_value *ck_begin(struct ck_reg *reg, uint64_t value, uint64_t step,
			  unsigned int who, enum ck_op op);

enum ck_outcome {
	CK_DID,		/* what the page held before is gone */
	CK_MAY,		/* it may have done it, or in part */
	CK_DID_NOT,
};

/** ck_end() - that operation has come to an end */
void ck_end(struct ck_reg *reg, struct ck_value *value, enum ck_outcome outcome,
	    uint64_t step);

/** ck_reset() - a page holds this value and no other */
void ck_reset(struct ck_reg *reg, uint64_t value);

/** ck_allows() - may the page have had the value at some time after lo and before hi? */
bool ck_allows(struct ck_reg *reg, uint64_t value, uint64_t lo, uint64_t hi);

/** ck_copy() - a consistent copy of a register */
void ck_copy(struct ck_reg *to, struct ck_reg *from);

/** ck_window_begin() - pages are about to be made inaccessible; layout is held */
struct ck_window *ck_window_begin(struct ck_region *r, enum ck_access access,
				  unsigned int first, unsigned int last);

/** ck_window_firm() - now they are */
void ck_window_firm(struct ck_region *r, struct ck_window *w);

/** ck_window_ending() - they are about to be made accessible again */
void ck_window_ending(struct ck_region *r, struct ck_window *w);

/** ck_window_end() - now they are, or have been all the time */
void ck_window_end(struct ck_region *r, struct ck_window *w);

/** ck_reg_of() - the register of a page of a region, in a view */
struct ck_reg *ck_reg_of(struct ck_region *r, unsigned int view, unsigned int slot);

/** ck_views() - how many things can be mapped in a region */
unsigned int ck_views(const struct ck_region *r);

/** ck_note_begin() - an operation on pages first..last begins, for their history */
void ck_note(struct ck_region *r, unsigned int first, unsigned int last,
	     unsigned int who, enum ck_op op, uint64_t begin, uint64_t result);

/**
 * ck_check_page() - are these words what the page may have held?
 * @seen: who looked
 * @r: the region
 * @slot: the page
 * @words: what was seen
 * @t0: step before it was looked at
 * @t1: step after
 * @who: thread, for the report
 * @op: how it was looked at
 */
void ck_check_page(const struct ck_seen *seen, struct ck_region *r, unsigned int slot,
		   const uint64_t *words, uint64_t t0, uint64_t t1,
		   unsigned int who, enum ck_op op);

/** ck_check_signal() - may an access have ended like this? sig 0: with EFAULT */
void ck_check_signal(const struct ck_seen *seen, struct ck_region *r, unsigned int slot,
		     int sig, bool write, uint64_t t0, uint64_t t1,
		     unsigned int who, enum ck_op op);

/** ck_check_access() - may an access have succeeded at all? word: the first of the page */
void ck_check_access(const struct ck_seen *seen, struct ck_region *r, unsigned int slot,
		     bool write, uint64_t word, uint64_t t0, uint64_t t1, unsigned int who,
		     enum ck_op op);

/** ck_check_file() - the same for a page read from the file; NULL: there was no page */
void ck_check_file(struct ck_region *r, unsigned int slot, struct ck_object *o,
		   unsigned int page, const uint64_t *words, uint64_t t0, uint64_t t1,
		   unsigned int who);

/* ---- checker_report.c ---- */

/* The exit status of a program that has reported a violation; wl_die()'s is 1. */
#define CK_VIOLATION	3

/** ck_violation() - report what is wrong with a page, and end the program */
__attribute__((format(printf, 6, 7), noreturn))
void ck_violation(struct ck_region *r, unsigned int slot, uint64_t t0, uint64_t t1,
		  unsigned int who, const char *fmt, ...);

/** ck_watchdog() - thread that reports threads that are stuck; never returns */
void *ck_watchdog(void *seconds);

/** ck_describe() - a value as text */
const char *ck_describe(uint64_t value, char *text, size_t size);

/* ---- checker_mem.c ---- */

/** ck_page() - address of a page that is used */
static inline char *ck_page(const struct ck_region *r, unsigned int slot)
{
	return r->addr + (size_t)slot * r->stride * WL_PAGE;
}

/** ck_bytes() - length of a region */
static inline size_t ck_bytes(const struct ck_region *r)
{
	return (size_t)CK_SLOTS * r->stride * WL_PAGE;
}

/** ck_mem_init() - once: the world, the files, what the kernel can do */
void ck_mem_init(const char *dir, const char *regions);

/** ck_mem_setup() - for each seed: contents, mappings, and what is known of them */
void ck_mem_setup(uint64_t seed, unsigned int threads);

/** ck_mem_teardown() - after each seed */
void ck_mem_teardown(void);

/** ck_map() - map a region; view is for CK_FILE. Return: 0 or a negative errno */
int ck_map(struct ck_region *r, unsigned int view);

/** ck_evict() - get a region's pages out of memory; nobody else is at work */
void ck_evict(struct ck_thread *t, struct ck_region *r, bool swap);

/** ck_reclaim() - ask for reclaim of our own memory. Return: 0 or a negative errno */
int ck_reclaim(void);

/** ck_monitor() - body of the thread that serves userfaultfd */
void ck_monitor(struct wl_thread *thread);

/* ---- checker_ops.c ---- */

/** ck_do() - one operation of a thread */
void ck_do(struct ck_thread *t, bool changer);

/** ck_read() - read a page through its mapping and check it */
void ck_read(struct ck_thread *t, struct ck_region *r, unsigned int slot, enum ck_op op);

/** ck_final() - nobody is at work: check everything once more */
void ck_final(struct ck_thread *t);

/** ck_signals() - catch SIGSEGV and SIGBUS */
void ck_signals(void);

/** ck_inject_thread() - inject=: this thread's accesses are to have failures */
void ck_inject_thread(uint64_t seed, unsigned int number);

/** ck_inject_end() - and no longer */
void ck_inject_end(void);

/* ---- checker_access.c ---- */

/** ck_get() - copy a page; Return: 0 or the signal that it ended with */
int ck_get(const char *page, uint64_t *words);

/** ck_put() - write a stamp all over a page; Return: 0 or the signal */
int ck_put(char *page, uint64_t stamp);

/** ck_doing() - for the watchdog and the report */
uint64_t ck_doing(struct ck_thread *t, enum ck_op op, struct ck_region *r, unsigned int slot);

/** ck_write() - write a page through its mapping */
void ck_write(struct ck_thread *t, struct ck_region *r, unsigned int slot);

/** ck_vmread() - the same by process_vm_readv(), that is get_user_pages() */
void ck_vmread(struct ck_thread *t, struct ck_region *r, unsigned int slot);

/** ck_pipe() - the same by write() to a pipe, that is faults of kernel code */
void ck_pipe(struct ck_thread *t, struct ck_region *r, unsigned int slot);

/** ck_file_read() - read a page from the file */
void ck_file_read(struct ck_thread *t, struct ck_region *r, unsigned int slot);

/** ck_file_write() - write a page to the file */
void ck_file_write(struct ck_thread *t, struct ck_region *r, unsigned int slot);

/** ck_fork() - fork a child that checks what it was forked with */
void ck_fork(struct ck_thread *t);

/* ---- selfcheck=, in checker_access.c and checker_ops.c ---- */

enum ck_fault { CK_SOUND, CK_BYTE, CK_LOST, CK_STALE, CK_LEAK, CK_STUCK, CK_OPEN };
#define CK_FAULT_AFTER	40	/* operations of a thread */
extern enum ck_fault ck_fault;

#endif
