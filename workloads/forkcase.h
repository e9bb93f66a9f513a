/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * forkcase: what a child may see of the memory that other threads change while one
 * thread forks. Here: the cases, and what both parts of the program share.
 *
 * A case has cells, pages at ascending addresses, two in each of some VMAs. In each
 * round one thread changes the cells one after the other, upwards, while another
 * forks. The child must see a moment of it: the first cells changed, the others not.
 */
#ifndef MAJORFAULT_FORKCASE_H
#define MAJORFAULT_FORKCASE_H

#include "harness.h"

#define FC_AREAS	8U	/* VMAs with cells */
#define FC_CELLS	(2 * FC_AREAS)
#define FC_LOG		128U

enum fc_memory {
	FC_ANON,
	FC_FILE_PRIVATE,
	FC_FILE_SHARED,
	FC_SHMEM,
	FC_HUGETLB_PRIVATE,
	FC_HUGETLB_SHARED,
	FC_THP,
	FC_PFNMAP,	/* /dev/fault_arm_map: entries that are nobody's pages */
	FC_MIXEDMAP,	/* the same device: pages that vm_insert_page() put in */
};

/* What a change of a cell is. */
enum fc_change {
	FC_WRITE,
	FC_WP,		/* a write that clears its userfaultfd write protection */
	FC_RWP,		/* an access that clears userfaultfd's protection of all access */
	FC_GUARD,	/* MADV_GUARD_INSTALL in odd rounds, MADV_GUARD_REMOVE in even ones */
	FC_ZAP,		/* MADV_DONTNEED */
};

#define FC_FRESH	0x01	/* the areas are mapped anew in each round: no anon_vma */
#define FC_SWAPPED	0x02	/* paged out before each round */
#define FC_MERGED	0x04	/* all cells are one page of KSM before each round */
#define FC_MIGRATED	0x08	/* a cell is being migrated when fork() begins */
#define FC_COUNTED	0x10	/* a thread writes to all cells all the time */
#define FC_LATER	0x20	/* PROT_READ, until the writer calls mprotect() */
#define FC_DONTFORK	0x40	/* the child must have nothing there */
#define FC_WIPEONFORK	0x80	/* the child must see zeroes */
#define FC_GRANDCHILD	0x100	/* the child forks at once, and its child must see the same */
#define FC_SHARED	0x200	/* what is written is everybody's */
#define FC_ANON_VMA	0x400	/* FC_FRESH, but there is one: a page between the cells is written to */

struct fc_case {
	const char *name;
	enum fc_memory memory;
	enum fc_change change;
	unsigned int flags;
	unsigned int pages;	/* of an area, if they are small ones */
};

/* Who did what in a round, in the order in which it was done. */
enum fc_what { FC_BEGINS, FC_DONE, FC_FORK, FC_FORKED, FC_MAY_WRITE };

struct fc_event {
	_Atomic uint8_t what;	/* one more than enum fc_what; 0: not there yet */
	uint8_t cell;
};

enum fc_state { FC_OLD, FC_NEW, FC_WRONG };

/* What somebody saw of the cells. */
struct fc_view {
	uint8_t state[FC_CELLS];
	uint64_t word[FC_CELLS];
	uint64_t count[FC_CELLS];	/* FC_COUNTED: the second word */
};

/* Shared with the child, and never copied. */
struct fc_shared {
	_Atomic unsigned int round;	/* the writer may begin */
	_Atomic unsigned int finished;	/* the writer has come to the end of it */
	_Atomic unsigned int begun;	/* cells that the writer has begun to change */
	_Atomic unsigned int done;
	_Atomic bool stop;
	_Atomic uint64_t migrate;	/* the stamp for which a cell is to migrate */
	_Atomic uint64_t migrated;	/* for which it has */
	_Atomic uint64_t counted;	/* rounds of the counter */
	_Atomic uint64_t lost;		/* its writes that it did not find again */
	_Atomic unsigned int events;
	struct fc_event log[FC_LOG];
	/* the child's */
	bool looked;
	struct fc_view first, second, grandchild;
};

struct fc {
	struct wl wl;
	const struct fc_case *kase;
	struct fc_shared *shared;
	size_t page;			/* bytes of a page of a cell */
	size_t area_bytes;
	uint64_t filler_pages;
	uint64_t stamp;			/* of this round's changes */
	uint64_t old[FC_CELLS];		/* what the cells held before */
	int file;
	int uffd, child_uffd;
};

/** fc_case_find() - the case of that name; NULL if there is none */
const struct fc_case *fc_case_find(const char *name);

/** fc_case_names() - all of them, blank separated */
const char *fc_case_names(void);

/** fc_cell() - where a cell is */
char *fc_cell(const struct fc *s, unsigned int cell);

/** fc_new() - the word that a change of this round leaves in a cell */
uint64_t fc_new(const struct fc *s, unsigned int cell);

/** fc_map() - map areas and fillers; ends the program if the kernel cannot */
void fc_map(struct fc *s);

/** fc_before() - bring all cells into the state before a change; by the forker */
void fc_before(struct fc *s);

/** fc_may_write() - FC_LATER: the writer's mprotect() */
void fc_may_write(struct fc *s);

/**
 * fc_change() - change a cell
 * Return: 0, or -errno.
 */
int fc_change(struct fc *s, unsigned int cell);

/**
 * fc_migrate() - migrate a cell's page whenever fc_before() asks for it, until
 * @s->shared->stop; in a thread of its own
 */
void fc_migrate(struct fc *s);

/** fc_migrating() - the cells whose entries are of a migration, a bit each; by the forker */
unsigned int fc_migrating(const struct fc *s);

/** fc_follow_forks() - take the child's userfaultfd, until @s->shared->stop */
void fc_follow_forks(struct fc *s);

/**
 * fc_look() - what a process sees of its cells; allocates nothing and may be called
 * in a child
 */
void fc_look(const struct fc *s, struct fc_view *view);

#endif
