// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R6. A write fault that waits until a page under writeback may
 * change again (stable pages) holds no lock meanwhile.
 *
 * Fails in the arm mainline, which waits in ->page_mkwrite.
 */
#include "t.h"

#define PAGES	16UL
#define PAGE	3UL
#define LEN	(PAGES * T_PAGE)

TEST(writer_does_not_wait)
{
	int fd = t_file_in("/stable", 1, PAGES);
	struct t_fault f;
	bool waits;
	char *map;

	map = t_map(t_place(17), LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	/* Dirty, and under writeback. */
	((volatile uint64_t *)(map + PAGE * T_PAGE))[7] = 1;
	ASSERT_EQ(0, sync_file_range(fd, PAGE * T_PAGE, T_PAGE, SYNC_FILE_RANGE_WRITE));
	ASSERT_GT(t_inflight_writes("stable"), 0);

	t_fault_prepare(&f, map + PAGE * T_PAGE, true);
	t_fault_go(&f);
	usleep(10000);
	ASSERT_EQ(0, mprotect(map, LEN, PROT_READ | PROT_WRITE | PROT_EXEC));
	waits = !atomic_load(&f.done) && t_inflight_writes("stable");
	t_fault_end(&f);
	EXPECT_TRUE(waits);
	EXPECT_EQ(t_word(1, PAGE), f.seen);
	EXPECT_EQ(1, ((volatile uint64_t *)(map + PAGE * T_PAGE))[1]);
	munmap(map, LEN);
	close(fd);
}

/* Nobody changes anything: it goes on where it stopped. */
TEST(relocks)
{
	int fd = t_file_in("/stable", 2, PAGES);
	struct t_counts before, diff;
	struct t_fault f;
	char *map;

	T_NEED_COUNTS();
	map = t_map(t_place(17), LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	((volatile uint64_t *)(map + PAGE * T_PAGE))[7] = 1;
	t_counts("stable");
	t_fault_prepare(&f, map + PAGE * T_PAGE, true);
	before = t_counts("stable");
	ASSERT_EQ(0, sync_file_range(fd, PAGE * T_PAGE, T_PAGE, SYNC_FILE_RANGE_WRITE));
	t_fault_go(&f);
	t_fault_end(&f);
	diff = t_since(before, "stable");
	T_EXPECT_RELOCKED(1, diff);
	EXPECT_EQ(0, diff.mmap_lock);
	EXPECT_EQ(1, ((volatile uint64_t *)(map + PAGE * T_PAGE))[1]);
	munmap(map, LEN);
	close(fd);
}

TEST_HARNESS_MAIN
