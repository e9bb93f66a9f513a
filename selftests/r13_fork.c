// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R13. fork() does not wait for another thread's I/O, and the
 * access in flight while it ran is made again, without mmap_lock.
 *
 * Fails in the arm hold, where fork() waits until the read is done.
 */
#include "t.h"

#define PAGES	64UL

static void fork_in_flight(struct __test_metadata *_metadata, char *address,
			   bool write, uint64_t word, const char *device)
{
	struct t_counts before, diff;
	struct t_fault f;
	bool waits;
	pid_t pid;
	int status;

	before = t_counts(device);
	t_fault_in_flight(&f, address, write, device);
	pid = fork();
	if (!pid)
		_exit(0);
	waits = t_fault_waits(&f, device);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(waits);
	EXPECT_EQ(0, status);

	t_fault_end(&f);
	diff = t_since(before, device);
	EXPECT_EQ(word, f.seen);
	if (t_relocks())
		EXPECT_EQ(1, diff.again);
	T_EXPECT_RELOCKED(0, diff);
	EXPECT_EQ(1, diff.reads);
}

TEST(file_read)
{
	int fd = t_file(6, PAGES);
	char *map = t_map(t_place(8), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);

	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, MADV_RANDOM));
	fork_in_flight(_metadata, map + 5 * T_PAGE, false, t_word(6, 5), "disk");
}

TEST(file_cow)
{
	int fd = t_file(6, PAGES);
	char *map = t_map(t_place(8), PAGES * T_PAGE, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE, fd);

	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, MADV_RANDOM));
	fork_in_flight(_metadata, map + 5 * T_PAGE, true, t_word(6, 5), "disk");
}

TEST(swap)
{
	char *map = t_swapped(t_place(9), 8);

	fork_in_flight(_metadata, map + 5 * T_PAGE, true, t_word(0, 5), "swap");
}

TEST_HARNESS_MAIN
