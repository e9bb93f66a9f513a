// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10. A page that is truncated away while a fault waits for it
 * gives SIGBUS; a hole punched there reads as zeroes.
 *
 * Fails in the arm nosize, which maps the page without looking at the size.
 */
#include "t.h"

#define PAGES	64UL

/* A child faults at page 9 of the file, on the one CPU, with a real-time priority. */
static pid_t faulting_child(int fd, int priority)
{
	pid_t pid = fork();
	char *map;

	if (!pid) {
		t_real_time(priority);
		map = t_map(t_place(6), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
		madvise(map, PAGES * T_PAGE, MADV_RANDOM);
		_exit(*(volatile uint64_t *)(map + 9 * T_PAGE) ? 1 : 0);
	}
	t_wait_inflight("disk");
	usleep(20000);
	return pid;
}

/*
 * The first fault is reading and holds invalidate_lock, the truncation waits for
 * that, and the second fault for the folio. When it has been read, the first fault lets
 * go of invalidate_lock, the truncation goes before it, and both faults come back to a
 * page that is not in the file. Who goes first is a matter of priority, not of luck.
 */
TEST(truncated)
{
	int fd = t_file(4, PAGES), status = 0;
	pid_t first, second, truncation;

	first = faulting_child(fd, 20);
	truncation = fork();
	if (!truncation) {
		t_real_time(30);
		_exit(ftruncate(fd, 4 * T_PAGE) ? 1 : 0);
	}
	usleep(20000);
	second = faulting_child(fd, 10);

	ASSERT_EQ(first, waitpid(first, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status) || WEXITSTATUS(status) == 1);
	ASSERT_EQ(truncation, waitpid(truncation, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(second, waitpid(second, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGBUS, WTERMSIG(status));
}

TEST(punch_hole)
{
	int fd = t_file(4, PAGES), status = 0;
	pid_t pid = faulting_child(fd, 10);

	/* Waits for the read, which holds invalidate_lock; then it is too late. */
	ASSERT_EQ(0, fallocate(fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       0, PAGES * T_PAGE));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));

	pid = faulting_child(t_file(4, PAGES), 10);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(1, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
