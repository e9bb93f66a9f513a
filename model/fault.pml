/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A fault that waits, and everyone else. One address, one page of each of two
 * files, and all that can happen to them while a fault is parked: the VMA is
 * locked, changed, freed and used again, its page table freed and built anew, the
 * file truncated, the folio reclaimed, fork() copying.
 *
 * Each step is one that others can come in between; `atomic` is what a spinlock, an
 * atomic counter or RCU makes one step in the kernel. docs/model.md says which
 * kernel function each stands for. tests/model runs this with:
 *
 *   the arms        MAINLINE, RETRY, HOLD; without any of these: resume
 *   broken arms     NOFACTS NOFLAGS STALEPMD NOSIZE NOKEEP LEAK FORKNOLOCK
 *   without a rule  NO_R1 NO_R9: for arms that are not to have that property
 *   sizes           FAULTERS, OPS (of the writer)
 *
 * A faulter writes to a shared mapping, so it needs VM_WRITE, and makes a
 * writable entry.
 */
#ifndef FAULTERS
#define FAULTERS 2
#endif
#ifndef OPS
#define OPS 2
#endif

#define NONE 255

#ifdef FORKNOLOCK
#define FORK_LOCKS false
#else
#define FORK_LOCKS true
#endif
#ifdef HOLD
#define MAY_PARK false
#else
#define MAY_PARK (!tried)
#endif
#ifdef NOFACTS
#define SAME_FILE true
#else
#define SAME_FILE (vma[now].file == file)
#endif
#ifdef NOFLAGS
#define SAME_FLAGS true
#else
#define SAME_FLAGS vma[now].writable
#endif
#ifdef NOSIZE
#define TRUNCATED false
#else
#define TRUNCATED (beyond[file] || !uptodate[file])
#endif

/* struct vm_area_struct: the object; it can be used again (SLAB_TYPESAFE_BY_RCU) */
typedef vma_t {
	byte file;
	bool attached;
	bool writable;
	bool wlocked;		/* vm_lock_seq == mm_lock_seq */
	byte readers;		/* vm_refcnt */
};

/* A page table with the one entry that matters. */
typedef table_t {
	bool live;
	byte file;		/* the page it maps; NONE: empty */
	bool writable;
};

vma_t vma[2];
byte mapped = NONE;		/* the VMA at the address */
table_t table[2];
byte pmd = NONE;		/* the page table at the address */

byte mmap_readers;		/* mmap_lock */
bool mmap_writer;
bool mmap_writer_waits;		/* a new reader queues behind it */

bool uptodate[2];		/* the page is in the page cache */
bool reading[2];		/* its read is with the device */
bool folio_locked[2];
byte refs[2];			/* references of faults */
bool beyond[2];			/* i_size is in front of it */

bool meddled[FAULTERS];		/* a writer had the VMA while the fault was parked */
byte ended;

#define mmap_read_lock() \
	atomic { !mmap_writer && !mmap_writer_waits -> mmap_readers++ }

/* vma_start_write(): the sequence count is seen at once, the readers leave in time */
inline vma_start_write(o)
{
	atomic {
		vma[o].wlocked = true;
		printf("writer: vma_start_write()\n");
		meddled[0] = true;
		meddled[FAULTERS - 1] = true;
	}
	vma[o].readers == 0
}

proctype faulter(byte me)
{
	byte v = NONE, now = NONE, file = NONE, pt = NONE;
	byte kept = NONE;		/* the folio that the task keeps */
	byte my_reads;			/* of the page of file */
	bool tried, under_mmap, by_vma, by_mmap, resumed;

again:
	atomic {
		if
		:: !under_mmap && mapped != NONE && !vma[mapped].wlocked ->
			v = mapped;
			vma[v].readers++;
			by_vma = true;
			printf("faulter %d: lock_vma_under_rcu(): has VMA object %d\n", me, v)
		:: else
		fi
	}
	if
	:: !by_vma ->
		mmap_read_lock();
		atomic {
			by_mmap = true;
			v = mapped;
			printf("faulter %d: has mmap_lock for reading\n", me)
		}
		/* R1: a fault that waited is here only if somebody had changed, or
		 * was changing, the VMA */
#ifndef NO_R1
		assert(!tried || meddled[me])
#endif
	:: else
	fi;
	if
	:: v == NONE || !vma[v].writable ->
		printf("faulter %d: SIGSEGV\n", me);
		goto out
	:: else
	fi;
	atomic {
		if
		:: file != vma[v].file -> my_reads = 0
		:: else
		fi;
		file = vma[v].file
	}
	atomic {
		if
		:: pmd == NONE && !table[0].live -> pmd = 0
		:: pmd == NONE && table[0].live -> pmd = 1
		:: else
		fi;
		table[pmd].live = true;
		pt = pmd
	}

	/* filemap_fault() */
	if
	:: beyond[file] ->
		printf("faulter %d: SIGBUS, beyond the end of the file\n", me);
		goto out
	:: else
	fi;
	refs[file]++;
	if
	:: uptodate[file] -> goto lock_folio
	:: else
	fi;
	if
	:: MAY_PARK ->
		atomic {
			/* vmf_park() */
			meddled[me] = vma[v].wlocked;
			if
			:: by_vma -> vma[v].readers--; by_vma = false
			:: else -> mmap_readers--; by_mmap = false
			fi;
			printf("faulter %d: vmf_park(): lets its lock go\n", me)
		}
	:: else
	fi;
	atomic {
		if
		:: !uptodate[file] && !reading[file] ->
			reading[file] = true;
			my_reads++;
			printf("faulter %d: reads the page of file %d\n", me, file)
		:: else
		fi
	}
	/* R13, R14, R18: nobody who wants a lock waits for the device, as long as
	 * it is the fault's first pass */
	assert(tried || !(by_vma || by_mmap));
	!reading[file];
	if
	:: by_vma || by_mmap -> goto lock_folio
	:: else
	fi;

#ifdef MAINLINE
	goto start_over;
#endif
#ifdef RETRY
	goto start_over;
#endif
	/* vmf_resume() */
	atomic {
		now = NONE;
		if
		:: mapped != NONE && !vma[mapped].wlocked ->
			now = mapped;
			vma[now].readers++
		:: else
		fi
	}
	atomic {
		resumed = now != NONE && now == v && SAME_FILE && SAME_FLAGS && pmd != NONE;
#ifndef STALEPMD
		pt = pmd;
#endif
		if
		:: resumed ->
			by_vma = true;
			printf("faulter %d: vmf_resume(): has the VMA lock back\n", me)
		:: else ->
			if
			:: now != NONE -> vma[now].readers--
			:: else
			fi;
			printf("faulter %d: vmf_resume(): no, starts over\n", me)
		fi
	}
	if
	:: resumed -> goto lock_folio
	:: else
	fi;

start_over:
	tried = true;
#ifndef RETRY
	under_mmap = true;
#endif
	atomic {
		/* vmf_keep_folio() */
#ifdef NOKEEP
		refs[file]--
#else
#ifdef RETRY
		refs[file]--
#else
		kept = file
#endif
#endif
	}
	goto again;

lock_folio:
	atomic { !folio_locked[file] && !reading[file] -> folio_locked[file] = true }
	if
	:: TRUNCATED ->
		/* Here the page does not come back: no file grows. */
		assert(beyond[file]);
		printf("faulter %d: SIGBUS, the page was truncated\n", me);
		folio_locked[file] = false;
		refs[file]--;
#ifdef LEAK
		by_vma = false;
#endif
		goto out
	:: else
	fi;
	/* finish_fault(): under the page table lock */
	atomic {
		printf("faulter %d: maps the page of file %d\n", me, file);
		assert(table[pt].live && pt == pmd);
		assert(vma[v].attached && mapped == v);
		assert(vma[v].file == file);
		assert(vma[v].writable);
		if
		:: table[pt].file == NONE ->
			table[pt].file = file;
			table[pt].writable = true
		:: else
		fi
	}
	folio_locked[file] = false;
	refs[file]--;
	/* R9: what was read once is mapped, whoever reclaims */
#ifndef NO_R9
	assert(my_reads <= 1 || beyond[file]);
#endif

out:
	atomic {
		if
		:: by_vma -> vma[v].readers--
		:: by_mmap -> mmap_readers--
		:: else
		fi;
		if
		:: kept != NONE -> refs[kept]--
		:: else
		fi;
		ended++;
		printf("faulter %d: ends\n", me)
	}
}

/* munmap(), mmap(), mprotect(), fork(): under mmap_lock for writing */
proctype writer()
{
	byte ops, o, child;

	do
	:: ops < OPS ->
		ops++;
		mmap_writer_waits = true;
		atomic {
			!mmap_writer && mmap_readers == 0 ->
			mmap_writer = true;
			mmap_writer_waits = false;
			printf("writer: has mmap_lock\n")
		}
		o = mapped;
		if
		:: o != NONE ->
			vma_start_write(o);
			/* munmap(): the page table goes, too, and the object is freed */
			atomic {
				printf("writer: munmap()\n");
				mapped = NONE;
				vma[o].attached = false;
				if
				:: pmd != NONE ->
					table[pmd].live = false;
					table[pmd].file = NONE;
					pmd = NONE
				:: else
				fi
			}
			/* mmap() in the same place: any object, any file */
			if
			:: o = 0
			:: o = 1
			fi;
			vma[o].readers == 0;
			atomic {
				if
				:: vma[o].file = 0
				:: vma[o].file = 1
				fi;
				vma[o].writable = true;
				vma[o].wlocked = true;
				vma[o].attached = true;
				mapped = o;
				printf("writer: mmap() of file %d, VMA object %d\n", vma[o].file, o)
			}
			/* somebody touches another page of it: a page table, not always
			 * in the same memory */
			if
			:: atomic {
				pmd = 0;
				table[0].live = true;
				printf("writer: a page table, in the memory of number 0\n")
			   }
			:: atomic {
				pmd = 1;
				table[1].live = true;
				printf("writer: a page table, in the memory of number 1\n")
			   }
			:: skip
			fi
		:: o != NONE ->
			vma_start_write(o);
			atomic {
				printf("writer: mprotect(PROT_READ)\n");
				vma[o].writable = false;
				if
				:: pmd != NONE -> table[pmd].writable = false
				:: else
				fi
			}
		:: o != NONE ->
			/* dup_mmap(): the entry is copied in one step; none may be
			 * made before all are */
			if
			:: FORK_LOCKS -> vma_start_write(o)
			:: else
			fi;
			atomic {
				child = NONE;
				if
				:: pmd != NONE -> child = table[pmd].file
				:: else
				fi;
				printf("writer: fork() copies the entry\n")
			}
			atomic {
				assert(child != NONE || pmd == NONE || table[pmd].file == NONE);
				printf("writer: fork() ends\n")
			}
		fi;
		atomic {
			/* vma_end_write_all(), mmap_write_unlock() */
			vma[0].wlocked = false;
			vma[1].wlocked = false;
			mmap_writer = false;
			o = NONE;
			child = NONE;
			printf("writer: mmap_write_unlock()\n")
		}
	:: ops >= OPS -> break
	od
}

/* truncate(): i_size first, then the page, under the folio lock */
proctype truncater()
{
	if
	:: beyond[0] = true;
		atomic { !folio_locked[0] && !reading[0] -> folio_locked[0] = true }
		atomic {
			printf("truncate: removes the page of file 0\n");
			uptodate[0] = false;
			if
			:: pmd != NONE && table[pmd].file == 0 -> table[pmd].file = NONE
			:: else
			fi;
			folio_locked[0] = false
		}
	:: skip
	fi
}

/* Takes a page that nobody has a reference on and no entry maps. */
proctype reclaim()
{
	byte f;

	if
	:: f = 0
	:: f = 1
	fi;
	if
	:: atomic {
		uptodate[f] && refs[f] == 0 && !folio_locked[f] &&
		!(pmd != NONE && table[pmd].file == f) ->
		uptodate[f] = false;
		printf("reclaim: takes the page of file %d\n", f)
	   }
	:: skip
	fi
}

/* Answers each read some time. */
active proctype device()
{
end:	do
	:: atomic { reading[0] -> reading[0] = false; uptodate[0] = true; printf("device: page of file 0\n") }
	:: atomic { reading[1] -> reading[1] = false; uptodate[1] = true; printf("device: page of file 1\n") }
	od
}

init {
	byte i;

	atomic {
		vma[0].attached = true;
		vma[0].writable = true;
		mapped = 0;
		table[0].file = NONE;
		table[1].file = NONE;
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
	assert(vma[0].readers == 0 && vma[1].readers == 0 && mmap_readers == 0);
	assert(refs[0] == 0 && refs[1] == 0);
	assert(!(beyond[0] && pmd != NONE && table[pmd].file == 0));
	assert(pmd == NONE || !table[pmd].writable || mapped == NONE || vma[mapped].writable)
}
