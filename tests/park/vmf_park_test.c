// SPDX-License-Identifier: GPL-2.0-only
/*
 * The decision logic of the series, the real mm/vmf_park.c, in user space:
 * every fact, changed one at a time, must refuse to resume; and whatever the
 * outcome, locks, files and folios must come out even.
 */
#include <setjmp.h>
#include <stdarg.h>
#include <sys/mman.h>
#include <unistd.h>

#include <cmocka.h>

#include "kernel.h"
#include VMF_PARK_C

#define ADDRESS	0x7000005000UL

static struct mm_struct mm;
static struct file file, other_file;
static struct vm_operations_struct ops, other_ops;
static struct anon_vma anon_vma, other_anon_vma;
static struct vm_area_struct *vma;	/* a page of its own */
static struct vm_area_struct other_vma;
static struct vm_fault vmf;
static int ctx, other_ctx;

static vm_fault_t map_pages(void) { return 0; }

static int set_up(void **state)
{
	(void)state;
	memset(&world, 0, sizeof(world));
	if (!vma)
		vma = mmap(NULL, 4096, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	mprotect(vma, 4096, PROT_READ | PROT_WRITE);
	mm = (struct mm_struct) { .pmd = { TABLE } };
	file.refs = 1;
	other_file.refs = 1;
	ops.map_pages = map_pages;
	*vma = (struct vm_area_struct) {
		.vm_start = ADDRESS - 0x5000,
		.vm_end = ADDRESS + 0x5000,
		.vm_mm = &mm,
		.vm_page_prot = { 0x25 },
		.flags = { { 0x73 } },
		.anon_vma = &anon_vma,
		.vm_ops = &ops,
		.vm_pgoff = 100,
		.vm_file = &file,
		.vm_userfaultfd_ctx = { &ctx },
	};
	other_vma = *vma;
	vmf = (struct vm_fault) {
		.vma = vma,
		.pgoff = 105,
		.address = ADDRESS,
		.real_address = ADDRESS + 0x123,
		.flags = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_VMA_LOCK |
			 FAULT_FLAG_USER,
	};
	world.found = vma;
	world.vma_locks = 1;
	return 0;
}

static vm_fault_t resume(void)
{
	return vmf_resume(&vmf);
}

static void expect_outcome(enum vm_event_item outcome)
{
	for (int i = 0; i < NR_VM_EVENT_ITEMS; i++)
		assert_int_equal(world.events[i], i == (int)outcome);
	assert_int_equal(world.vma_locks, outcome == FAULT_RESUMED);
	assert_int_equal(world.mmap_locks, 0);
	assert_int_equal(world.traced_parks, 1);
	assert_int_equal(world.traced_resumes, 1);
	assert_int_equal(file.refs, 1);
	assert_int_equal(other_file.refs, 1);
	assert_false(vmf.parked);
}

static void park_lets_go_and_pins(void **state)
{
	(void)state;
	assert_true(vmf_park(&vmf));
	assert_int_equal(world.vma_locks, 0);
	assert_int_equal(file.refs, 2);
	assert_true(vmf.parked);
	assert_ptr_equal(vmf.facts.mm, &mm);
	/* Once is enough. */
	assert_true(vmf_park(&vmf));
	assert_int_equal(world.vma_locks, 0);
	assert_int_equal(file.refs, 2);
	assert_int_equal(world.traced_parks, 1);
}

static void unchanged_resumes(void **state)
{
	(void)state;
	vmf_park(&vmf);
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);
	assert_ptr_equal(world.tried_mm, &mm);
	assert_int_equal(world.tried_address, ADDRESS);
	assert_int_equal(world.tries, 1);
}

static void page_table_is_looked_up_again(void **state)
{
	(void)state;
	vmf.pmd = (pmd_t *)0x10;
	vmf_park(&vmf);
	assert_int_equal(resume(), 0);
	assert_ptr_equal(vmf.pmd, &mm.pmd);
	/* What the facts have overwritten is not taken for a page table. */
	assert_null(vmf.pud);
	assert_null(vmf.pte);
	assert_int_equal(world.pmd_address, ADDRESS);
}

static void not_parked_is_nothing_to_resume(void **state)
{
	(void)state;
	assert_int_equal(resume(), 0);
	assert_int_equal(world.tries, 0);
	assert_int_equal(world.vma_locks, 1);
}

static void without_a_file(void **state)
{
	(void)state;
	vma->vm_file = NULL;
	vma->vm_ops = NULL;
	vmf_park(&vmf);
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);
}

/* ---- facts, one at a time ---- */

static void other_object(void) { world.found = &other_vma; }
static void moved_down(void) { vma->vm_start += 0x1000; }
static void other_pgoff(void) { vma->vm_pgoff++; }
static void change_file(void) { vma->vm_file = &other_file; }
static void lose_file(void) { vma->vm_file = NULL; }
static void change_flag(void) { vma->flags.flags[0] ^= 2; }
static void change_high_flag(void) { vma->flags.flags[0] ^= 1UL << 40; }
static void change_anon_vma(void) { vma->anon_vma = &other_anon_vma; }
static void lose_anon_vma(void) { vma->anon_vma = NULL; }

static void (* const changes[])(void) = {
	other_object, moved_down, other_pgoff, change_file, lose_file,
	change_flag, change_high_flag, change_anon_vma, lose_anon_vma,
};

static void each_fact_changed_refuses(void **state)
{
	for (size_t i = 0; i < sizeof(changes) / sizeof(changes[0]); i++) {
		set_up(state);
		vmf_park(&vmf);
		changes[i]();
		assert_int_equal(resume(), VM_FAULT_RETRY);
		expect_outcome(FAULT_NOT_RESUMED_CHANGED);
	}
}

static void first_anon_vma_is_no_change(void **state)
{
	(void)state;
	vma->anon_vma = NULL;
	vmf_park(&vmf);
	vma->anon_vma = &anon_vma;
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);
}

/* Whoever needs these after the wait reads them again. */
static void what_is_read_again_is_no_fact(void **state)
{
	(void)state;
	vmf_park(&vmf);
	vma->vm_ops = &other_ops;
	vma->vm_page_prot.pgprot ^= 2;
	vma->vm_userfaultfd_ctx.ctx = &other_ctx;
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);
}

/* A merge or a split that leaves the page where it was. */
static void limits_are_no_fact(void **state)
{
	(void)state;
	vmf_park(&vmf);
	vma->vm_start -= 0x3000;
	vma->vm_pgoff -= 3;
	vma->vm_end += 0x10000;
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);
}

static void parked_vma_is_not_looked_at(void **state)
{
	(void)state;
	vmf_park(&vmf);
	/* Any access from here on is a crash. */
	mprotect(vma, 4096, PROT_NONE);
	world.found = &other_vma;
	assert_int_equal(resume(), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_CHANGED);
}

/* ---- reasons not to ask at all ---- */

static void vma_not_to_be_had(void **state)
{
	(void)state;
	vmf_park(&vmf);
	world.found = NULL;
	assert_int_equal(resume(), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_BUSY);
}

/* ---- faults that began under mmap_lock ---- */

/* Returns the flags that the fault began with. */
static unsigned int begin_under_mmap_lock(void)
{
	vmf.flags &= ~FAULT_FLAG_VMA_LOCK;
	world.vma_locks = 0;
	world.mmap_locks = 1;
	return vmf.flags;
}

static unsigned int resumed_from_mmap_lock(void **state)
{
	unsigned int flags;

	set_up(state);
	flags = begin_under_mmap_lock();
	vmf_park(&vmf);
	assert_int_equal(world.mmap_locks, 0);
	assert_int_equal(resume(), 0);
	return flags;
}

static void begun_under_mmap_lock(void **state)
{
	unsigned int flags = resumed_from_mmap_lock(state);

	expect_outcome(FAULT_RESUMED);
	assert_true(vmf.flags & FAULT_FLAG_VMA_LOCK);
	/* It parks again, and lets go of what it has now. */
	assert_true(vmf_park(&vmf));
	assert_int_equal(world.vma_locks, 0);
	assert_int_equal(world.mmap_locks, 0);
	assert_int_equal(resume(), 0);
	assert_int_equal(vmf_end(&vmf, flags, 0), VM_FAULT_MAJOR | VM_FAULT_COMPLETED);
	assert_int_equal(world.vma_locks, 0);
}

/* COMPLETED has no room for an error: it needs mmap_lock back, or another pass. */
static void begun_under_mmap_lock_and_failed(void **state)
{
	for (int busy = 0; busy < 2; busy++) {
		unsigned int flags = resumed_from_mmap_lock(state);

		world.mmap_lock_busy = busy;
		assert_int_equal(vmf_end(&vmf, flags, VM_FAULT_SIGBUS),
				 busy ? VM_FAULT_RETRY : VM_FAULT_SIGBUS);
		assert_int_equal(world.vma_locks, 0);
		assert_int_equal(world.mmap_locks, !busy);
	}
}

/* The lock has gone already. */
static void begun_under_mmap_lock_and_let_go(void **state)
{
	const vm_fault_t rets[] = { VM_FAULT_RETRY, VM_FAULT_COMPLETED };

	for (int i = 0; i < 2; i++) {
		unsigned int flags = resumed_from_mmap_lock(state);

		release_fault_lock(&vmf);
		assert_int_equal(vmf_end(&vmf, flags, rets[i]), rets[i] | VM_FAULT_MAJOR);
		assert_int_equal(world.vma_locks, 0);
	}
}

static void needs_mmap_lock(void **state)
{
	(void)state;
	begin_under_mmap_lock();
	ops.map_pages = NULL;
	vmf_park(&vmf);
	assert_int_equal(resume(), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_MMAP_LOCK);
	assert_false(vmf.flags & FAULT_FLAG_VMA_LOCK);

	/* Under the VMA lock it would not have come this far. */
	set_up(state);
	ops.map_pages = NULL;
	vmf_park(&vmf);
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);

	set_up(state);
	begin_under_mmap_lock();
	vma->vm_ops = NULL;
	vmf_park(&vmf);
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);
}

/* khugepaged: the mm may go away once nobody holds mmap_lock. */
static void of_a_kernel_thread(void **state)
{
	(void)state;
	begin_under_mmap_lock();
	world.task.flags = PF_KTHREAD;
	vmf_park(&vmf);
	assert_int_equal(resume(), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_MMAP_LOCK);
	assert_int_equal(world.tries, 0);
}

/* Its caller knows what it holds. */
static void ends_under_the_vma_lock(void **state)
{
	const vm_fault_t rets[] = { 0, VM_FAULT_SIGBUS, VM_FAULT_MAJOR };

	(void)state;
	vmf_park(&vmf);
	assert_int_equal(resume(), 0);
	for (int i = 0; i < 3; i++)
		assert_int_equal(vmf_end(&vmf, vmf.flags, rets[i]), rets[i]);
	assert_int_equal(world.vma_locks, 1);

	/* Under mmap_lock, and never parked. */
	set_up(state);
	begin_under_mmap_lock();
	assert_int_equal(vmf_end(&vmf, vmf.flags, 0), 0);
	assert_int_equal(world.mmap_locks, 1);
}

static void killed(void **state)
{
	(void)state;
	vmf_park(&vmf);
	world.killed = true;
	assert_int_equal(resume(), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_SIGNAL);
	assert_int_equal(world.tries, 0);
}

static void missing_page_tables(void **state)
{
	vmf_park(&vmf);
	mm.no_pmd = true;
	assert_int_equal(resume(), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_PGTABLE);

	set_up(state);
	vmf.prealloc_pte = &ctx;
	vmf_park(&vmf);
	mm.no_pmd = true;
	assert_int_equal(resume(), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_PGTABLE);

	set_up(state);
	vmf_park(&vmf);
	mm.pmd.e = NONE;
	assert_int_equal(resume(), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_PGTABLE);
}

/* Whoever installs entries copes with these. */
static void huge_pmd_and_prealloc(void **state)
{
	(void)state;
	vmf_park(&vmf);
	mm.pmd.e = LEAF;
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);

	set_up(state);
	vmf.prealloc_pte = &ctx;
	vmf_park(&vmf);
	mm.pmd.e = NONE;
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);
}

/* ---- faults that may not park ---- */

static void may_not_park(void **state)
{
	const int flags[] = {
		FAULT_FLAG_VMA_LOCK,
		FAULT_FLAG_VMA_LOCK | FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_TRIED,
		FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT,
	};

	for (int i = 0; i < 3; i++) {
		set_up(state);
		vmf.flags = flags[i];
		assert_false(vmf_park(&vmf));
		assert_int_equal(world.vma_locks, 1);
		assert_int_equal(world.mmap_locks, 0);
		assert_int_equal(file.refs, 1);
		assert_int_equal(resume(), 0);
		assert_int_equal(world.tries, 0);
	}
}

static void abandon(void **state)
{
	vmf_park(&vmf);
	assert_int_equal(vmf_abandon(&vmf), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_SIGNAL);

	/* Not parked: without its lock, too. */
	set_up(state);
	assert_int_equal(vmf_abandon(&vmf), VM_FAULT_RETRY);
	assert_int_equal(world.vma_locks, 0);

	/* Must not wait: its caller expects it locked. */
	set_up(state);
	vmf.flags = FAULT_FLAG_ALLOW_RETRY | FAULT_FLAG_RETRY_NOWAIT;
	world.vma_locks = 0;
	world.mmap_locks = 1;
	assert_int_equal(vmf_abandon(&vmf), VM_FAULT_RETRY);
	assert_int_equal(world.mmap_locks, 1);
}

static void fail_tells_the_error(void **state)
{
	/* Not parked: with its lock, signal or not. */
	vmf.flags |= FAULT_FLAG_INTERRUPTIBLE;
	world.killed = true;
	assert_int_equal(vmf_fail(&vmf, VM_FAULT_MAJOR, VM_FAULT_SIGBUS), VM_FAULT_SIGBUS);
	assert_int_equal(world.vma_locks, 1);
	assert_int_equal(world.tries, 0);

	/* And nothing else: not everybody looks at single bits. */
	set_up(state);
	vmf_park(&vmf);
	assert_int_equal(vmf_fail(&vmf, VM_FAULT_MAJOR, VM_FAULT_OOM), VM_FAULT_OOM);
	expect_outcome(FAULT_RESUMED);

	/* Whoever asked for it does not handle the signal, and would come back for ever. */
	set_up(state);
	vmf_park(&vmf);
	world.signalled = true;
	assert_int_equal(vmf_fail(&vmf, VM_FAULT_MAJOR, VM_FAULT_OOM), VM_FAULT_OOM);
	expect_outcome(FAULT_RESUMED);
}

static void fail_starts_over(void **state)
{
	/* It cannot have its lock back. */
	vmf_park(&vmf);
	vma->vm_file = &other_file;
	assert_int_equal(vmf_fail(&vmf, VM_FAULT_MAJOR, VM_FAULT_SIGBUS),
			 VM_FAULT_MAJOR | VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_CHANGED);

	/* The signal may have been the reason. */
	set_up(state);
	vmf.flags |= FAULT_FLAG_INTERRUPTIBLE;
	vmf_park(&vmf);
	world.signalled = true;
	assert_int_equal(vmf_fail(&vmf, VM_FAULT_MAJOR, VM_FAULT_SIGBUS),
			 VM_FAULT_MAJOR | VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_SIGNAL);
	assert_int_equal(world.tries, 0);
}

static void interrupted(void **state)
{
	(void)state;
	assert_false(vmf_interrupted(&vmf));
	world.signalled = true;
	assert_false(vmf_interrupted(&vmf));
	vmf.flags |= FAULT_FLAG_INTERRUPTIBLE;
	assert_true(vmf_interrupted(&vmf));
	world.signalled = false;
	assert_false(vmf_interrupted(&vmf));
	vmf.flags &= ~FAULT_FLAG_INTERRUPTIBLE;
	world.killed = true;
	assert_true(vmf_interrupted(&vmf));
}

static void complete(void **state)
{
	vmf_park(&vmf);
	assert_int_equal(vmf_complete(&vmf), VM_FAULT_COMPLETED | VM_FAULT_NOPAGE);
	expect_outcome(FAULT_COMPLETED);
	assert_int_equal(world.tries, 0);

	/* Not parked: nothing happened. */
	set_up(state);
	assert_int_equal(vmf_complete(&vmf), 0);
	assert_int_equal(world.vma_locks, 1);
	assert_int_equal(world.events[FAULT_COMPLETED], 0);
}

/* UML takes VM_FAULT_COMPLETED for "it is mapped". */
static void without_vma_locks(void **state)
{
	(void)state;
	world.no_vma_locks = true;
	vmf_park(&vmf);
	assert_int_equal(vmf_complete(&vmf), VM_FAULT_RETRY);
	expect_outcome(FAULT_COMPLETED);
}

static void no_fault_does_not_park(void **state)
{
	(void)state;
	assert_false(vmf_park(NULL));
}

bool __vmf_lock_folio(struct vm_fault *waits, struct folio *folio)
{
	assert_ptr_equal(waits, &vmf);
	folio->refs++;
	return false;
}

static void free_folio_is_locked_at_once(void **state)
{
	struct folio a = { .refs = 1 }, b = { .refs = 1, .locked = true };

	(void)state;
	assert_true(vmf_lock_folio(&vmf, &a));
	assert_int_equal(a.refs, 1);
	assert_false(vmf_lock_folio(&vmf, &b));
	assert_int_equal(b.refs, 2);
}

/* The page to copy to was allocated by the policy of before. */
static void copy_on_write_and_policy(void **state)
{
	vmf.cow_page = &ctx;
	vmf_park(&vmf);
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);

	set_up(state);
	vmf_park(&vmf);
	vma->vm_policy = &ctx;
	assert_int_equal(resume(), 0);
	expect_outcome(FAULT_RESUMED);

	set_up(state);
	vmf.cow_page = &ctx;
	vmf_park(&vmf);
	vma->vm_policy = &ctx;
	assert_int_equal(resume(), VM_FAULT_RETRY);
	expect_outcome(FAULT_NOT_RESUMED_CHANGED);
}

static void parks_again(void **state)
{
	(void)state;
	for (int i = 1; i <= 3; i++) {
		assert_true(vmf_park(&vmf));
		assert_int_equal(resume(), 0);
		assert_int_equal(world.events[FAULT_RESUMED], i);
		assert_int_equal(world.vma_locks, 1);
		assert_int_equal(file.refs, 1);
	}
}

/* ---- the folio of a fault that could not resume ---- */

static void folio_is_kept_until_user_mode(void **state)
{
	struct folio a = { .refs = 1 }, b = { .refs = 1 };

	(void)state;
	vmf_keep_folio(&vmf, &a);
	assert_int_equal(a.refs, 1);
	assert_non_null(world.work);
	/* One at a time; the work is queued once. */
	world.work = NULL;
	vmf_keep_folio(&vmf, &b);
	assert_int_equal(a.refs, 0);
	assert_int_equal(b.refs, 1);
	assert_null(world.work);

	world.task.fault_folio_work.func(&world.task.fault_folio_work);
	assert_int_equal(b.refs, 0);
	assert_null(world.task.fault_folio);

	/* And again. */
	a.refs = 1;
	vmf_keep_folio(&vmf, &a);
	assert_non_null(world.work);
	world.work->func(world.work);
	assert_int_equal(a.refs, 0);
}

static void folio_is_not_kept_for_the_kernel(void **state)
{
	struct folio a = { .refs = 1 };

	(void)state;
	vmf.flags &= ~FAULT_FLAG_USER;
	vmf_keep_folio(&vmf, &a);
	assert_int_equal(a.refs, 0);
	assert_null(world.work);
	assert_null(world.task.fault_folio);

	a.refs = 1;
	vmf.flags |= FAULT_FLAG_USER;
	world.task.flags = PF_KTHREAD;
	vmf_keep_folio(&vmf, &a);
	assert_int_equal(a.refs, 0);
	assert_null(world.task.fault_folio);
}

static void folio_is_not_kept_by_the_dying(void **state)
{
	struct folio a = { .refs = 1 };

	(void)state;
	world.exiting = true;
	vmf_keep_folio(&vmf, &a);
	assert_int_equal(a.refs, 0);
	assert_null(world.task.fault_folio);
}

#define T(name) cmocka_unit_test_setup(name, set_up)

int main(void)
{
	const struct CMUnitTest tests[] = {
		T(park_lets_go_and_pins),
		T(unchanged_resumes),
		T(page_table_is_looked_up_again),
		T(not_parked_is_nothing_to_resume),
		T(without_a_file),
		T(each_fact_changed_refuses),
		T(first_anon_vma_is_no_change),
		T(what_is_read_again_is_no_fact),
		T(limits_are_no_fact),
		T(parked_vma_is_not_looked_at),
		T(vma_not_to_be_had),
		T(begun_under_mmap_lock),
		T(begun_under_mmap_lock_and_failed),
		T(begun_under_mmap_lock_and_let_go),
		T(needs_mmap_lock),
		T(of_a_kernel_thread),
		T(ends_under_the_vma_lock),
		T(killed),
		T(missing_page_tables),
		T(huge_pmd_and_prealloc),
		T(may_not_park),
		T(abandon),
		T(fail_tells_the_error),
		T(fail_starts_over),
		T(interrupted),
		T(complete),
		T(without_vma_locks),
		T(no_fault_does_not_park),
		T(free_folio_is_locked_at_once),
		T(copy_on_write_and_policy),
		T(parks_again),
		T(folio_is_kept_until_user_mode),
		T(folio_is_not_kept_for_the_kernel),
		T(folio_is_not_kept_by_the_dying),
	};

	return cmocka_run_group_tests(tests, NULL, NULL);
}
