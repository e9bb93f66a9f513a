// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R2. A fault that waited for swap-in completes without
 * mmap_lock, for reading and for writing.
 *
 * Fails in the arm mainline, where it takes mmap_lock.
 */
#include "t.h"

FIXTURE(swap_fault) {
	char *map;
};

FIXTURE_VARIANT(swap_fault) {
	bool write;
};

FIXTURE_VARIANT_ADD(swap_fault, read) { .write = false };
FIXTURE_VARIANT_ADD(swap_fault, write) { .write = true };

FIXTURE_SETUP(swap_fault)
{
	self->map = t_swapped(t_place(1), 8);
}

FIXTURE_TEARDOWN(swap_fault)
{
	munmap(self->map, 8 * T_PAGE);
}

TEST_F(swap_fault, without_mmap_lock)
{
	struct t_counts diff;
	struct t_fault f;

	T_NEED_COUNTS();
	diff = t_fault_counted(&f, self->map + 3 * T_PAGE, variant->write, "swap");

	EXPECT_EQ(t_word(0, 3), f.seen);
	EXPECT_EQ(1, f.maj_flt);
	EXPECT_EQ(1, diff.major);
	EXPECT_EQ(1, diff.reads);
	T_EXPECT_RELOCKED(1, diff);
	EXPECT_EQ(0, diff.mmap_lock);
	if (variant->write)
		EXPECT_EQ(1, ((volatile uint64_t *)(self->map + 3 * T_PAGE))[1]);
}

TEST_HARNESS_MAIN
