// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R20. While a write fault waits, its shared mapping is replaced by a private
 * one at the same place. The write must not reach the file.
 *
 * Fails in the arm noseq, with which no guest goes on: the fault has no page of its own to map,
 * and the kernel follows a null pointer with the VMA locked.
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

/* Private, where it was shared: a write must not reach the file. */
TEST(other_flags)
{
	int fd = t_file(8, PAGES);
	struct t_fault f;
	uint64_t in_file[2];
	char *map;

	t_one_cpu();
	keep_page_table();
	map = map_file(fd, 0);
	t_fault_in_flight(&f, map + PAGE * T_PAGE, true, "disk");
	ASSERT_EQ(0, munmap(map, LEN));
	t_map(map, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, fd);
	EXPECT_TRUE(t_fault_waits(&f, "disk"));
	t_fault_end(&f);
	EXPECT_EQ(t_word(8, PAGE), f.seen);
	EXPECT_EQ(16, pread(fd, in_file, 16, PAGE * T_PAGE));
	EXPECT_EQ(t_word(8, PAGE), in_file[1]);
}

TEST_HARNESS_MAIN
