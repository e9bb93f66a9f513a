// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R18. Exit and process_mrelease() are not delayed by faults in
 * flight, even if somebody has meanwhile written to the VMA under fault.
 *
 * Fails in the arm mainline, where a swap-in fault in shared memory holds the
 * VMA lock, so that a munmap() holds mmap_lock until the device has answered.
 */
#include "t.h"

#define PAGES	8UL
#define LEN	(PAGES * T_PAGE)

#ifndef SYS_process_mrelease
#define SYS_process_mrelease	448
#endif

static void *unmap_thread(void *arg)
{
	munmap(arg, LEN);
	return NULL;
}

/* A task with a fault in flight, and a thread that unmaps what it faults in. */
static int child(int fd)
{
	struct t_fault f;
	pthread_t thread;
	char *map;

	map = t_map(t_place(23), LEN, PROT_READ, MAP_SHARED, fd);
	t_fault_in_flight(&f, map + T_PAGE, false, "swap");
	if (pthread_create(&thread, NULL, unmap_thread, map))
		t_die("pthread_create");
	pause();
	return 0;
}

FIXTURE(ending) {
	int fd;
	int pidfd;
	pid_t pid;
};

FIXTURE_SETUP(ending)
{
	self->fd = t_shmem_swapped(12, PAGES);
	self->pid = fork();
	if (!self->pid)
		_exit(child(self->fd));
	self->pidfd = syscall(SYS_pidfd_open, self->pid, 0);
	T_SETUP(self->pidfd >= 0);
	t_wait_inflight("swap");
	usleep(20000);
	T_SETUP(!kill(self->pid, SIGKILL));
}

FIXTURE_TEARDOWN(ending)
{
	close(self->fd);
	close(self->pidfd);
	t_wait_idle("swap");
}

TEST_F(ending, exit)
{
	int status = 0;

	ASSERT_EQ(self->pid, waitpid(self->pid, &status, 0));
	EXPECT_GT(t_inflight("swap"), 0);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

/* It may be so quick to end that nothing is left to release. */
TEST_F(ending, process_mrelease)
{
	int ret = syscall(SYS_process_mrelease, self->pidfd, 0) ? errno : 0;

	EXPECT_TRUE(ret == 0 || ret == ESRCH) {
		TH_LOG("process_mrelease: %s", strerror(ret));
	}
	EXPECT_GT(t_inflight("swap"), 0);
	ASSERT_EQ(self->pid, waitpid(self->pid, NULL, 0));
}

TEST_HARNESS_MAIN
