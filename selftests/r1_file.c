// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R1. A fault that waited for file I/O completes without
 * mmap_lock: reads, private copy-on-write, shared writes, whether it read the
 * page itself (MADV_RANDOM) or waited for readahead to read it.
 *
 * Fails in the arm mainline, where each of them takes mmap_lock.
 */
#include "t.h"

#define PAGES	256UL

FIXTURE(file_fault) {
	int fd;
	char *map;
};

FIXTURE_VARIANT(file_fault) {
	int flags;
	bool write;
	int advice;
};

FIXTURE_VARIANT_ADD(file_fault, read_random) {
	.flags = MAP_SHARED, .write = false, .advice = MADV_RANDOM };
FIXTURE_VARIANT_ADD(file_fault, cow_random) {
	.flags = MAP_PRIVATE, .write = true, .advice = MADV_RANDOM };
FIXTURE_VARIANT_ADD(file_fault, shared_random) {
	.flags = MAP_SHARED, .write = true, .advice = MADV_RANDOM };
FIXTURE_VARIANT_ADD(file_fault, read_ahead) {
	.flags = MAP_SHARED, .write = false, .advice = MADV_NORMAL };
FIXTURE_VARIANT_ADD(file_fault, cow_ahead) {
	.flags = MAP_PRIVATE, .write = true, .advice = MADV_NORMAL };
FIXTURE_VARIANT_ADD(file_fault, shared_ahead) {
	.flags = MAP_SHARED, .write = true, .advice = MADV_NORMAL };
FIXTURE_VARIANT_ADD(file_fault, read_sequential) {
	.flags = MAP_SHARED, .write = false, .advice = MADV_SEQUENTIAL };

FIXTURE_SETUP(file_fault)
{
	char *anon;

	self->fd = t_file(1, PAGES);
	self->map = t_map(t_place(0), PAGES * T_PAGE, PROT_READ | PROT_WRITE,
			  variant->flags, self->fd);
	T_SETUP(!madvise(self->map, PAGES * T_PAGE, variant->advice));
	if (variant->flags == MAP_PRIVATE) {
		/* The first one of a VMA takes mmap_lock for its anon_vma. */
		anon = self->map + (PAGES - 1) * T_PAGE;
		*(volatile uint64_t *)anon = 1;
		T_SETUP(!posix_fadvise(self->fd, 0, 0, POSIX_FADV_DONTNEED));
		t_drop_caches();
	}
}

FIXTURE_TEARDOWN(file_fault)
{
	munmap(self->map, PAGES * T_PAGE);
	close(self->fd);
}

TEST_F(file_fault, without_mmap_lock)
{
	const unsigned long page = 40;
	char *address = self->map + page * T_PAGE;
	struct t_counts diff;
	uint64_t in_file[2] = { 0 };
	struct t_fault f;

	T_NEED_COUNTS();
	diff = t_fault_counted(&f, address, variant->write, "disk");

	EXPECT_EQ(t_word(1, page), f.seen);
	EXPECT_EQ(1, f.maj_flt);
	EXPECT_EQ(1, diff.major);
	EXPECT_GE(diff.reads, 1);
	if (variant->advice == MADV_RANDOM)
		EXPECT_EQ(1, diff.reads);
	T_EXPECT_RELOCKED(1, diff);
	EXPECT_EQ(0, diff.mmap_lock);

	/* Where did the write go? */
	EXPECT_EQ(16, pread(self->fd, in_file, 16, page * T_PAGE));
	EXPECT_EQ(t_word(1, page), in_file[0]);
	if (variant->write) {
		EXPECT_EQ(1, ((volatile uint64_t *)address)[1]);
		EXPECT_EQ(variant->flags == MAP_SHARED ? 1 : t_word(1, page),
			  in_file[1]);
	}
}

TEST_HARNESS_MAIN
