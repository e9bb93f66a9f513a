// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10. SIGKILL ends the wait of a fault: the task is gone before
 * the device has answered.
 *
 * Fails in the arm nokill, whose wait for a folio does not listen, and in nosignal, in
 * which kernel code makes its access again and again until the device answers.
 */
#include "t.h"

#define PAGES	64UL

static void kill_in_flight(struct __test_metadata *_metadata, int advice)
{
	int fd = t_file(5, PAGES);
	pid_t pid;
	char *map;

	map = t_map(t_place(7), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, advice));
	pid = fork();
	if (!pid)
		_exit(*(volatile char *)(map + 9 * T_PAGE));
	t_kill_in_flight(_metadata, pid, "disk");
}

TEST(own_read)
{
	kill_in_flight(_metadata, MADV_RANDOM);
}

TEST(after_readahead)
{
	kill_in_flight(_metadata, MADV_NORMAL);
}

/* Kernel code does not see the signal between two faults. */
TEST(kernel_access_to_swapped)
{
	char *map = t_swapped(t_place(7), PAGES);
	int fds[2];
	pid_t pid;

	ASSERT_EQ(0, pipe(fds));
	pid = fork();
	if (!pid)
		_exit(write(fds[1], map + 9 * T_PAGE, 1) != 1);
	t_kill_in_flight(_metadata, pid, "swap");
}

TEST_HARNESS_MAIN
