// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10. A page that cannot be read gives SIGBUS after a bounded
 * number of reads, however often it is asked for; a fault that resumed asks
 * the device once.
 *
 * Fails in the arm eioloop, which reads again on every error.
 */
#include "t.h"

static int child_reads(bool random)
{
	int fd = open("/dev/bad", O_RDONLY | O_CLOEXEC);
	char *map;

	if (fd < 0)
		t_die("/dev/bad");
	map = t_map(t_place(5), 64 * T_PAGE, PROT_READ, MAP_SHARED, fd);
	madvise(map, 64 * T_PAGE, random ? MADV_RANDOM : MADV_NORMAL);
	return *(volatile char *)(map + 32 * T_PAGE);
}

/* Returns the wait status of a child that reads a bad page; kills it if need be. */
static int bad_read(bool random, bool *hung)
{
	int status = 0;
	pid_t pid;

	t_drop_caches();
	pid = fork();
	if (!pid)
		_exit(child_reads(random));
	*hung = true;
	/* Hundreds of reads' time. It ends a loop, it measures nothing. */
	for (int i = 0; i < 3000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid) {
			*hung = false;
			return status;
		}
		usleep(10000);
	}
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return status;
}

static void expect_sigbus(struct __test_metadata *_metadata, bool random,
			  long max_errors)
{
	struct t_counts before, diff;
	bool hung;
	int status;

	t_write(T_BADBLOCKS, "+256-263");
	before = t_counts("bad");
	status = bad_read(random, &hung);
	diff = t_since(before, "bad");
	t_write(T_BADBLOCKS, "-256-263");

	EXPECT_FALSE(hung);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGBUS, WTERMSIG(status));
	T_EXPECT_RESUMED(1, diff);
	EXPECT_LE(diff.reads, max_errors);
}

/* The fault reads the page itself: once. */
TEST(own_read)
{
	expect_sigbus(_metadata, true, 1);
}

/* Readahead fails first, the fault tries again, once. */
TEST(after_readahead)
{
	expect_sigbus(_metadata, false, 4);
}

/* Cached and not uptodate is what the first failure leaves behind. */
TEST(cached_not_uptodate)
{
	struct t_counts before, diff;
	bool hung;
	int status;

	t_write(T_BADBLOCKS, "+256-263");
	bad_read(true, &hung);
	before = t_counts("bad");
	status = bad_read(true, &hung);
	diff = t_since(before, "bad");
	t_write(T_BADBLOCKS, "-256-263");

	EXPECT_FALSE(hung);
	EXPECT_EQ(SIGBUS, WTERMSIG(status));
	EXPECT_LE(diff.reads, 2);
}

TEST_HARNESS_MAIN
