// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R20. While a fault waits, its page table is freed, and the
 * same mapping is made again at the same place. The fault must not use the
 * page table of before.
 *
 * Fails in the arm stalepmd, which carries on if the VMA's object is the same, and writes to
 * the page table of before.
 */
#include "t.h"

#define LEN	T_PMD
#define PAGE	5UL
#define CACHED	60UL

/* Page tables come from where page tables go. */
#define TABLES	64UL

TEST(freed_and_built_anew)
{
	int fd = t_file(10, 64);
	char *map = t_place(13), *elsewhere = t_place(14);
	struct t_counts before, diff;
	char *filler = t_place(64);
	struct t_fault f;

	t_one_cpu();

	/* A page of the file to touch without a wait. */
	t_map(elsewhere, LEN, PROT_READ, MAP_SHARED, fd);
	ASSERT_EQ(0, madvise(elsewhere, LEN, MADV_RANDOM));
	EXPECT_EQ(t_word(10, CACHED),
		  *(volatile uint64_t *)(elsewhere + CACHED * T_PAGE));
	ASSERT_EQ(0, munmap(elsewhere, LEN));

	/* Mapped first, so that the file's VMA comes to be the same object. */
	t_map(filler, TABLES * T_PMD, PROT_READ | PROT_WRITE,
	      MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_EQ(0, madvise(filler, TABLES * T_PMD, MADV_NOHUGEPAGE));
	t_map(map, LEN, PROT_READ, MAP_SHARED, fd);
	ASSERT_EQ(0, madvise(map, LEN, MADV_RANDOM));

	t_counts("disk");
	before = t_counts("disk");
	t_fault_in_flight(&f, map + PAGE * T_PAGE, false, "disk");
	/* The mapping was alone in its gigabyte, so all levels go ... */
	ASSERT_EQ(0, munmap(map, LEN));
	usleep(60000);
	/* ... somebody else's page tables get the memory ... */
	for (unsigned long i = 0; i < TABLES; i++)
		*(volatile uint64_t *)(filler + i * T_PMD) = 1;
	/* ... and the same mapping gets page tables elsewhere. */
	t_map(map, LEN, PROT_READ, MAP_SHARED, fd);
	ASSERT_EQ(0, madvise(map, LEN, MADV_RANDOM));
	EXPECT_EQ(t_word(10, CACHED),
		  *(volatile uint64_t *)(map + CACHED * T_PAGE));
	EXPECT_TRUE(t_fault_waits(&f, "disk"));
	t_fault_end(&f);
	diff = t_since(before, "disk");

	EXPECT_EQ(t_word(10, PAGE), f.seen);
	EXPECT_EQ(1, diff.reads);
	/* Another mapping, alike as it is. */
	T_EXPECT_RELOCKED(0, diff);
	/* Nothing has come to be where the old entry was. */
	for (unsigned long i = 0; i < TABLES; i++)
		for (unsigned long w = T_PAGE / 8; w < T_PMD / 8; w++)
			ASSERT_EQ(0, ((uint64_t *)(filler + i * T_PMD))[w]) {
				TH_LOG("a page table was written that was freed");
			}
	/* The other pages of the mapping are those of the file, too. */
	for (unsigned long i = 0; i < 64; i += 9)
		EXPECT_EQ(t_word(10, i),
			  *(volatile uint64_t *)(map + i * T_PAGE));
}

TEST_HARNESS_MAIN
