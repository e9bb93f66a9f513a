// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R20. While a fault waits, its mapping is replaced by another
 * at the same place. It must map a page of what is there now, never of what
 * was there when it began.
 *
 * Fails in the arm noseq, which carries on in the same VMA object although the VMA was
 * written.
 */
#include "t.h"

#define PAGES	64UL
#define LEN	(PAGES * T_PAGE)
#define PAGE	5UL

/* A page beside the mapping, so that the page table outlives it. */
static void keep_page_table(void)
{
	char *page = t_map(t_place(12) + 2 * LEN, T_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1);

	*(volatile char *)page = 1;
}

static char *map_file(int fd, off_t offset)
{
	char *p = mmap(t_place(12), LEN, PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_FIXED, fd, offset);

	if (p != t_place(12) || madvise(p, LEN, MADV_RANDOM))
		t_die("mmap");
	return p;
}

TEST(other_file)
{
	int old = t_file(8, PAGES), new = t_file(9, PAGES);
	struct t_counts before, diff;
	struct t_fault f;
	char *map;

	t_one_cpu();
	keep_page_table();
	map = map_file(old, 0);
	before = t_counts("disk");
	t_fault_in_flight(&f, map + PAGE * T_PAGE, false, "disk");
	ASSERT_EQ(0, munmap(map, LEN));
	map_file(new, 0);
	EXPECT_TRUE(t_fault_waits(&f, "disk"));
	t_fault_end(&f);
	diff = t_since(before, "disk");
	if (t_relocks())
		EXPECT_GE(diff.again, 1);
	EXPECT_EQ(t_word(9, PAGE), f.seen);
}

TEST(other_offset)
{
	int fd = t_file(8, 2 * PAGES);
	struct t_fault f;
	char *map;

	t_one_cpu();
	keep_page_table();
	map = map_file(fd, 0);
	t_fault_in_flight(&f, map + PAGE * T_PAGE, false, "disk");
	ASSERT_EQ(0, munmap(map, LEN));
	map_file(fd, LEN);
	EXPECT_TRUE(t_fault_waits(&f, "disk"));
	t_fault_end(&f);
	EXPECT_EQ(t_word(8, PAGES + PAGE), f.seen);
}

TEST_HARNESS_MAIN
