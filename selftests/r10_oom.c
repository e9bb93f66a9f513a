// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10, R18. A process that is killed because its cgroup is out of
 * memory is gone before the device has answered the fault that it waits for.
 *
 * Fails in the arm nokill, whose wait for a folio does not listen.
 */
#include "t.h"

#define PAGES	64UL
#define LEN	(4UL << 20)

TEST(out_of_memory_in_flight)
{
	int fd = t_file(5, PAGES), status = 0;
	char *map = t_map(t_place(7), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	pid_t pid;

	t_write(t_cgroup_file("oom", "memory.swap.max"), "0");
	pid = fork();
	if (!pid) {
		t_write(t_cgroup_file("oom", "cgroup.procs"), "0");
		memset(t_map(t_place(8), LEN, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1), 1, LEN);
		_exit(*(volatile char *)(map + 9 * T_PAGE));
	}
	t_wait_inflight("disk");
	usleep(1000);
	t_write(t_cgroup_file("oom", "memory.max"), "1M");
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_GT(t_inflight("disk"), 0);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	t_wait_idle("disk");
	t_write(t_cgroup_file("oom", "memory.max"), "max");
}

TEST_HARNESS_MAIN
