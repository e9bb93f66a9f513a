/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fault that waits for one page of a file, and all that can happen meanwhile: its VMA
 * is written, freed and used again, its page table goes, fork() copies, the file is
 * truncated, the folio reclaimed, the thread killed.
 *
 * Others can come in between any two steps. `atomic` is what a spinlock, an atomic
 * counter or RCU makes one step in the kernel, and what others cannot tell from one step:
 * taking a lock and what follows, letting go of one and what came before. docs/model.md
 * says which kernel function each stands for. tests/model runs this with:
 *
 *   the arms           MAINLINE RETRY HOLD; without any of these: relock
 *   broken arms        NOSEQ OLDSEQ WRAP ANYVMA STALEPMD SLEEP NOSIGNAL NOSIZE EARLYPUT
 *                      PEEK NOFORKLOCK
 *   without a rule     NO_UNLOCKED NO_R1 NO_R9 NO_STALE: for arms that are not to have it
 *   other faults       GUP: the first is of get_user_pages()
 *                      SWAP: waits for the folio, and then tries to lock it
 *   sizes              FAULTERS, OPS (of the writer)
 */
#ifndef FAULTERS
#define FAULTERS 2
#endif
#ifndef OPS
#define OPS 1
#endif

#define NONE 255

/* A wait sees at most one write lock of mmap_lock less than mm_lock_seq needs to wrap. */
#ifdef WRAP
#define SEQS (2 * OPS)
#else
#define SEQS (2 * OPS + 2)
#endif
#define mm_lock_seq (writes % SEQS)
/* Unsigned, so that it wraps. */
#define since(seq, noted) (((seq) + SEQS - (noted)) % SEQS)

#if defined(MAINLINE) || defined(RETRY)
#define RESTARTS true
#define RELOCKS false
#else
#define RELOCKS true
#ifdef GUP
#define RESTARTS (me == 0)
#endif
#endif

#ifdef HOLD
#define MAY_LET_GO false
#else
#define MAY_LET_GO (!tried && (held != NONE || by_mmap))
#endif

/* What vmf_relock() asks, with the lock of the VMA now held. */
#if defined(ANYVMA)
#define SAME true
#elif defined(NOSEQ) || defined(STALEPMD)
#define SAME (held == v)
#elif defined(OLDSEQ)
#define SAME (held == v && vma[held].lock_seq == noted)
#else
#define SAME (held == v && since(vma[held].lock_seq, noted) > since(mm_lock_seq, noted))
#endif

/* struct vm_area_struct: the object; it can be used again (SLAB_TYPESAFE_BY_RCU) */
typedef vma_t {
	bool attached;
	bool excluded;		/* VM_REFCNT_EXCLUDE_READERS_FLAG */
	byte readers;		/* vm_refcnt */
	byte lock_seq;		/* vm_lock_seq */
	byte changed;		/* at which of `writes` */
};

vma_t vma[2];
byte mapped;			/* the VMA at the address */
byte pmd = NONE;		/* the page table at the address */
bool present;			/* the page is mapped there */

byte mmap_readers;		/* mmap_lock */
bool mmap_writer_waits;		/* a new reader queues behind it */
byte writes;			/* mm_lock_seq if it had no end; odd: mmap_lock is held */
#define mmap_writer (writes % 2)

#define IDLE 0
#define LOCKED 1
#define READING 2		/* locked until the device has answered */
byte folio;
byte refs;			/* references of faults */
bool uptodate;			/* in the page cache */
bool beyond;			/* i_size is in front of it */

bool mortal;			/* A fatal signal may come for the first fault. */
byte ended;

inline lock_vma_under_rcu()
{
	atomic {
		if
		:: mapped != NONE && !vma[mapped].excluded &&
		   vma[mapped].lock_seq != mm_lock_seq ->
			held = mapped;
			vma[held].readers++;
			printf("faulter %d: locks VMA object %d, vm_lock_seq is %d\n", me, held,
				vma[held].lock_seq)
		:: else
		fi
	}
}

inline mmap_read_lock()
{
	atomic { !mmap_writer && !mmap_writer_waits -> mmap_readers++; by_mmap = true }
}

inline release_fault_lock()
{
	if
	:: held != NONE -> vma[held].readers--; held = NONE
	:: by_mmap -> mmap_readers--; by_mmap = false
	:: else
	fi
}

proctype faulter(byte me)
{
	byte v = NONE;			/* vmf->vma */
	byte held = NONE;		/* the VMA whose lock the fault has */
	bool by_mmap;			/* has mmap_lock */
	byte seen, pt;			/* how its VMA was; its page table */
	byte noted, reads;
	bool by_vma, tried, under_mmap, killed;

#ifdef GUP
	under_mmap = me == 0;
#endif
again:
	atomic {
		if
		:: !under_mmap -> lock_vma_under_rcu()
		:: else
		fi;
		if
		:: held != NONE -> goto look
		:: else
		fi
	}
	/* R1: a fault that waited is not sent here */
#ifndef NO_R1
	assert(!under_mmap);
#endif
	atomic {
		mmap_read_lock();
		printf("faulter %d: has mmap_lock\n", me);
look:		v = mapped;
		if
		:: v == NONE -> printf("faulter %d: SIGSEGV\n", me); goto out
		:: v != NONE && present -> goto out
		:: v != NONE && beyond -> printf("faulter %d: SIGBUS\n", me); goto out
		:: else
		fi;
		seen = vma[v].changed;
		if
		:: pmd == NONE -> pmd = 0
		:: else
		fi;
		pt = pmd
	}

find:	atomic {
		refs++;
		if
		:: folio == IDLE && uptodate -> folio = LOCKED; goto map
		:: else
		fi;
		if
		:: MAY_LET_GO ->
			/* vmf_unlock() */
			by_vma = held != NONE;
#ifdef OLDSEQ
			noted = vma[v].lock_seq;
#else
			noted = mm_lock_seq;
#endif
			release_fault_lock();
			printf("faulter %d: lets its lock go, notes %d\n", me, noted)
		:: else
		fi;
		if
		:: folio == IDLE && !uptodate ->
			folio = READING;
			reads++;
			printf("faulter %d: reads the page\n", me)
		:: else
		fi;
		/* Nobody who wants a lock waits for the device, but for second passes. */
#ifndef NO_UNLOCKED
		assert(tried || (held == NONE && !by_mmap));
#endif
#ifdef EARLYPUT
		refs--
#endif
	}
	if
	:: atomic {
		folio == IDLE ->
#ifdef EARLYPUT
		refs++;
#endif
#ifndef SWAP
		folio = LOCKED;
		if
		:: !uptodate -> folio = IDLE; refs--; goto find
		:: else
		fi;
#endif
		if
		:: held != NONE || by_mmap -> goto map
		:: else
		fi
	   }
	:: atomic {
		mortal && me == 0 ->
		killed = true;
		printf("faulter %d: a fatal signal\n", me);
		goto put
	   }
	fi;
#ifdef PEEK
	assert(vma[v].attached);
#endif
	/* vmf_relock() */
#ifdef SLEEP
	mmap_read_lock();
#endif
	if
	:: RELOCKS && by_vma -> lock_vma_under_rcu()
	:: else
	fi;
#ifdef SLEEP
	atomic { mmap_readers--; by_mmap = false }
#endif
	atomic {
		if
		:: held != NONE && SAME && pmd != NONE ->
#ifdef NOSEQ
			pt = pmd;
#endif
			printf("faulter %d: carries on in place, mm_lock_seq is %d\n", me, mm_lock_seq)
		:: else ->
#ifndef SWAP
			folio = IDLE;
#endif
			goto put
		fi
	}
#ifdef SWAP
	if
	:: atomic { folio == IDLE && uptodate -> folio = LOCKED }
	:: else -> goto put
	fi;
#endif
map:
#ifndef NOSIZE
	if
	:: beyond ->
		atomic {
			printf("faulter %d: SIGBUS, the page was truncated\n", me);
			goto unlock
		}
	:: else
	fi;
#endif
	/* finish_fault(): under the page table lock */
	atomic {
		printf("faulter %d: maps the page\n", me);
#ifndef NO_STALE
		assert(mapped == v && vma[v].changed == seen);
#endif
		assert(pt == pmd);
		present = true;
unlock:		folio = IDLE;
		refs--;
		goto out
	}

put:	atomic {
		refs--;
		release_fault_lock();
#ifndef NOSIGNAL
		if
		:: killed -> goto out
		:: else
		fi;
#endif
#ifdef RESTARTS
		if
		:: RESTARTS ->
			tried = true;
#ifndef RETRY
			under_mmap = true;
#endif
			printf("faulter %d: starts over\n", me);
			goto again
		:: else
		fi;
#endif
		reads = 0;
		printf("faulter %d: makes the access again\n", me);
		goto again
	}

out:	atomic {
		/* R9: what was read in one pass is mapped, or was truncated */
#ifndef NO_R9
		assert(reads <= 1 || beyond);
#endif
		release_fault_lock();
		ended++;
		printf("faulter %d: ends\n", me)
	}
}

/* munmap() and mmap(), mprotect(), fork(), in this VMA or elsewhere */
proctype writer()
{
	byte ops, o;
	bool child;

	do
	:: ops < OPS ->
		ops++;
		mmap_writer_waits = true;
		atomic {
			mmap_readers == 0 ->
			writes++;
			mmap_writer_waits = false;
			o = mapped;
			printf("writer: has mmap_lock\n")
		}
		if
		:: printf("writer: writes another VMA\n"); goto unlock
#ifdef NOFORKLOCK
		:: goto fork
#endif
		:: o != NONE ->
			/* vma_start_write(): keeps new readers out, lets the others leave */
			vma[o].excluded = true;
			atomic {
				vma[o].readers == 0 ->
				vma[o].lock_seq = mm_lock_seq;
				vma[o].excluded = false;
				printf("writer: vma_start_write(): vm_lock_seq is %d\n", mm_lock_seq)
			}
		fi;
		if
		:: atomic {
			vma[o].changed = writes;
			printf("writer: mprotect()\n")
		   }
		:: atomic {
			/* The page table goes, too, and the object is free. */
			mapped = NONE;
			vma[o].attached = false;
			pmd = NONE;
			present = false;
			printf("writer: munmap()\n")
		   }
			/* Another mapping in the same place, in any object; somebody touches
			 * its neighbour, whose page table may be in the same memory. */
			if
			:: o = 0
			:: o = 1
			:: goto unlock
			fi;
			atomic {
				vma[o].lock_seq = mm_lock_seq;
				vma[o].changed = writes;
				vma[o].attached = true;
				mapped = o;
				if
				:: pmd = 0
				:: pmd = 1
				:: skip
				fi;
				printf("writer: mmap(), VMA object %d, page table %d\n", o, pmd)
			}
		:: true ->
			/* dup_mmap(): the entry is copied in one step; none may be made
			 * before all are */
fork:			child = present;
			atomic {
				assert(child || !present);
				child = false;
				printf("writer: fork() has copied\n")
			}
		fi;
unlock:		atomic {
			/* vma_end_write_all(), mmap_write_unlock() */
			writes++;
			o = NONE;
			printf("writer: mmap_write_unlock()\n")
		}
	:: else -> break
	od
}

/* i_size first, then the page, under the folio lock */
proctype truncater()
{
	if
	:: beyond = true;
		atomic { folio == IDLE -> folio = LOCKED }
		atomic {
			uptodate = false;
			present = false;
			folio = IDLE;
			printf("truncate: removes the page\n")
		}
	:: skip
	fi
}

/* Takes the page if nobody has a reference and no entry maps it. */
proctype reclaim()
{
	if
	:: atomic {
		uptodate && refs == 0 && folio == IDLE && !present ->
		uptodate = false;
		printf("reclaim: takes the page\n")
	   }
	:: skip
	fi
}

/* Answers each read some time. */
active proctype device()
{
end:	do
	:: atomic {
		folio == READING ->
		uptodate = true;
		folio = IDLE;
		printf("device: has read the page\n")
	   }
	od
}

init {
	byte i;

	/* The VMA was written last just now, or any long ago. */
	if
	:: vma[0].lock_seq = SEQS - 1
#if OPS > 1
	:: vma[0].lock_seq = 1
	:: vma[0].lock_seq = 3 % SEQS
#endif
	fi;
	/* A choice, as a signal that might always come would hide a deadlock. */
#if OPS > 1 || defined(GUP)
	if
	:: mortal = true
	:: skip
	fi;
#endif
	atomic {
		vma[0].attached = true;
		for (i : 0 .. FAULTERS - 1) {
			run faulter(i)
		}
		run writer();
		run truncater();
		run reclaim()
	}
	/* All have ended but the device. */
	_nr_pr == 2;
	assert(ended == FAULTERS);
	assert(!(beyond && present))
}
