/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * fork() beside two threads that write to one page: which VMA locks does it need? A page
 * is two words, one for each thread, which counts its writes in it. docs/model.md says
 * which kernel function each step stands for. tests/model runs this with:
 *
 *   what fork() locks   LOCK_NONE, LOCK_ANONVMA (if there is an anon_vma), LOCK_COW
 *                       (memory that is copied on write); without these: every VMA
 *   the memory          FILE_PRIVATE, SHARED; without these: anonymous, and written to
 *   broken              NO_MMAP_LOCK: an anon_vma comes without mmap_lock
 *                       NO_FLUSH: fork() leaves the TLBs alone
 *
 * A fault holds the VMA lock, or mmap_lock if the VMA is locked. That it can wait for
 * I/O in between makes no difference here: it does so without its lock, and looks again.
 */
#define NONE 255
#define PAGES 5
#define WRITES 2

#ifdef SHARED
#define COPIED_ON_WRITE false
#else
#define COPIED_ON_WRITE true
#endif

#ifdef LOCK_NONE
#define FORK_LOCKS false
#else
#ifdef LOCK_ANONVMA
#define FORK_LOCKS anon_vma
#else
#ifdef LOCK_COW
#define FORK_LOCKS COPIED_ON_WRITE
#else
#define FORK_LOCKS true
#endif
#endif
#endif

typedef page_t {
	byte word[2];
	byte maps;
	bool anon;
	bool exclusive;		/* PageAnonExclusive */
};

typedef entry_t {
	byte page = NONE;
	bool writable;
};

page_t page[PAGES];		/* number 0 is the file's */
byte pages = 1;
entry_t pte;			/* of the parent */
entry_t tlb[2];			/* a CPU a thread */
byte child = NONE;		/* the page that the child has */
bool anon_vma;

byte mmap_readers, vma_readers;
bool mmap_writer, vma_locked;

byte begun[2], done[2];		/* writes of each thread */
byte called[2], returned[2];	/* done when fork() was called; begun when it returned */
bool forked;
byte ended;

inline new_page(n)
{
	n = pages;
	pages++
}

proctype writer(byte me)
{
	byte old, new;
	bool by_vma, by_mmap, stored;

	do
	:: done[me] < WRITES ->
		atomic {
			begun[me] = done[me] + 1;
			stored = false
		}
		do
		:: !stored ->
			atomic {
				if
				:: tlb[me].page != NONE && tlb[me].writable ->
					page[tlb[me].page].word[me] = begun[me];
					stored = true;
					printf("writer %d: writes %d to page %d\n", me, begun[me], tlb[me].page);
					goto next
				:: pte.page != NONE && pte.writable ->
					tlb[me].page = pte.page;
					tlb[me].writable = true;
					printf("writer %d: has page %d in its TLB\n", me, pte.page);
					goto next
				:: else
				fi
			}
			/* A fault. lock_vma_under_rcu(), else mmap_lock */
			if
			:: atomic { !vma_locked -> vma_readers++; by_vma = true }
			:: atomic { vma_locked && !mmap_writer -> mmap_readers++; by_mmap = true }
			fi;
			printf("writer %d: faults\n", me);
			/* __vmf_anon_prepare(): needs mmap_lock as well */
			if
			:: COPIED_ON_WRITE && !anon_vma && by_vma ->
				atomic {
					if
#ifndef NO_MMAP_LOCK
					:: mmap_writer -> by_vma = false; vma_readers--
#endif
					:: else -> anon_vma = true
					fi
				}
				if
				:: !by_vma ->
					/* VM_FAULT_RETRY */
					atomic { !mmap_writer -> mmap_readers++; by_mmap = true }
				:: else
				fi
			:: else
			fi;
			atomic {
				if
				:: by_mmap && COPIED_ON_WRITE -> anon_vma = true
				:: else
				fi;
				old = pte.page;
				if
				:: old != NONE && pte.writable -> goto unlock
				:: !COPIED_ON_WRITE ->
					pte.page = 0;
					pte.writable = true;
					printf("writer %d: maps the file's page\n", me);
					goto unlock
				:: old != NONE && page[old].anon && (page[old].exclusive || page[old].maps == 1) ->
					page[old].exclusive = true;
					pte.writable = true;
					printf("writer %d: page %d is its own\n", me, old);
					goto unlock
				:: else
				fi
			}
			/* wp_page_copy(), do_cow_fault() */
			atomic {
				new_page(new);
				page[new].word[0] = page[(old == NONE -> 0 : old)].word[0];
				page[new].word[1] = page[(old == NONE -> 0 : old)].word[1];
				printf("writer %d: copies to page %d\n", me, new)
			}
			atomic {
				if
				:: pte.page != old || pte.writable -> skip
				:: else ->
					/* ptep_clear_flush(), set_pte_at() */
					tlb[0].page = NONE;
					tlb[1].page = NONE;
					if
					:: old != NONE -> page[old].maps--
					:: else
					fi;
					page[new].maps = 1;
					page[new].anon = true;
					page[new].exclusive = true;
					pte.page = new;
					pte.writable = true;
					printf("writer %d: maps page %d\n", me, new)
				fi
			}
unlock:			atomic {
				if
				:: by_vma -> vma_readers--
				:: by_mmap -> mmap_readers--
				fi;
				by_vma = false;
				by_mmap = false;
				old = NONE;
				new = NONE
			}
next:			skip
		:: stored -> break
		od;
		done[me] = begun[me];
		/* What was written is there: through the TLB, or else the page table */
		atomic {
			if
			:: tlb[me].page != NONE -> assert(page[tlb[me].page].word[me] == done[me])
			:: else -> assert(page[pte.page].word[me] == done[me])
			fi
		}
	:: else -> break
	od;
	ended++
}

/* dup_mmap() */
proctype forker()
{
	atomic {
		called[0] = done[0];
		called[1] = done[1];
		printf("fork: is called\n")
	}
	atomic { mmap_readers == 0 -> mmap_writer = true }
	if
	:: FORK_LOCKS ->
		vma_locked = true;
		printf("fork: vma_start_write()\n");
		vma_readers == 0
	:: else
	fi;
	/* copy_page_range(), if vma_needs_copy(): under the page table lock */
	atomic {
		if
		:: COPIED_ON_WRITE && anon_vma && pte.page != NONE ->
			child = pte.page;
			page[child].maps++;
			page[child].exclusive = false;
			pte.writable = false;
			printf("fork: copies the entry of page %d\n", child)
		:: else
		fi
	}
#ifndef NO_FLUSH
	/* flush_tlb_mm(): one CPU after the other */
	atomic { tlb[0].page = NONE; printf("fork: flushes the TLB of writer 0\n") }
	atomic { tlb[1].page = NONE; printf("fork: flushes the TLB of writer 1\n") }
#endif
	atomic {
		vma_locked = false;
		mmap_writer = false;
		returned[0] = begun[0];
		returned[1] = begun[1];
		forked = true;
		printf("fork: returns\n")
	}
	ended++
}

init {
	atomic {
#ifndef FILE_PRIVATE
#ifndef SHARED
		anon_vma = true;
		new_page(pte.page);
		page[pte.page].maps = 1;
		page[pte.page].anon = true;
		page[pte.page].exclusive = true;
		pte.writable = true;
#endif
#endif
		run writer(0);
		run writer(1);
		run forker()
	}
	_nr_pr == 1;
	assert(ended == 3);
	/* The child: what was written before fork() was called, and nothing of after it
	 * returned. Where nothing was copied it has the file's page. */
	if
	:: COPIED_ON_WRITE ->
		if
		:: child == NONE -> child = 0
		:: else
		fi;
		assert(page[child].word[0] >= called[0] && page[child].word[1] >= called[1]);
		assert(page[child].word[0] <= returned[0] && page[child].word[1] <= returned[1])
	:: else
	fi
}
