// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R4. A fault that waits for a folio which another fault is
 * reading completes without mmap_lock, and reads nothing itself.
 *
 * Fails in the arm mainline, where both faults take mmap_lock.
 */
#include "t.h"

#define PAGES	64UL

static void two_faults(struct __test_metadata *_metadata, char *address,
		       uint64_t word, const char *device)
{
	struct t_counts before, diff;
	struct t_fault first, second;

	T_NEED_COUNTS();
	t_counts(device);
	t_fault_prepare(&first, address, false);
	t_fault_prepare(&second, address, false);
	before = t_counts(device);
	t_fault_go(&first);
	t_wait_inflight(device);
	t_fault_go(&second);
	usleep(1000);
	EXPECT_FALSE(atomic_load(&second.done));
	t_fault_end(&first);
	t_fault_end(&second);
	diff = t_since(before, device);

	EXPECT_EQ(word, first.seen);
	EXPECT_EQ(word, second.seen);
	EXPECT_EQ(1, diff.major);
	EXPECT_EQ(1, diff.reads);
	T_EXPECT_RELOCKED(2, diff);
	EXPECT_EQ(0, diff.mmap_lock);
}

TEST(file)
{
	int fd = t_file(2, PAGES);
	char *map = t_map(t_place(2), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);

	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, MADV_RANDOM));
	two_faults(_metadata, map + 5 * T_PAGE, t_word(2, 5), "disk");
}

TEST(swap)
{
	char *map = t_swapped(t_place(3), 8);

	two_faults(_metadata, map + 5 * T_PAGE, t_word(0, 5), "swap");
}

TEST_HARNESS_MAIN
