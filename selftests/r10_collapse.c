// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10. MADV_COLLAPSE makes a huge page of memory in which a fault
 * waits for a read. The fault ends without mmap_lock, the collapse, which brings
 * the other pages in by do_swap_page() under mmap_lock, gets its huge page, and
 * every page holds what it held.
 *
 * Fails in the arm mainline, where the fault takes mmap_lock.
 */
#include "t.h"

#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define PAGES	(T_PMD / T_PAGE)
#define OUT	4UL
#define PAGE	2UL

TEST(swap)
{
	struct t_counts before, diff;
	unsigned int tries = 0;
	char *map = t_place(40);
	struct t_fault f;
	long waited;
	int ret;

	T_NEED_COUNTS();
	t_map(map, T_PMD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_EQ(0, madvise(map, T_PMD, MADV_NOHUGEPAGE));
	for (unsigned long i = OUT; i < PAGES; i++)
		*(uint64_t *)(map + i * T_PAGE) = t_word(0, i);
	t_swapped(map, OUT);
	ASSERT_EQ(0, madvise(map, T_PMD, MADV_HUGEPAGE));

	before = t_counts("swap");
	waited = t_mmap_lock_waited();
	t_fault_in_flight(&f, map + PAGE * T_PAGE, false, "swap");
	/* Says EAGAIN when it had to wait for a page; that is there then. */
	do
		ret = madvise(map, T_PMD, MADV_COLLAPSE);
	while (ret && errno == EAGAIN && tries++ < PAGES);
	EXPECT_EQ(0, ret) {
		TH_LOG("MADV_COLLAPSE: %s", strerror(errno));
	}
	t_fault_end(&f);
	diff = t_since(before, "swap");

	EXPECT_EQ(t_word(0, PAGE), f.seen);
	EXPECT_EQ(waited, t_mmap_lock_waited());
	EXPECT_EQ(OUT, (unsigned long)diff.reads);
	for (unsigned long i = 0; i < PAGES; i++)
		EXPECT_EQ(t_word(0, i), *(volatile uint64_t *)(map + i * T_PAGE));
}

TEST_HARNESS_MAIN
