// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10. A page that cannot be read gives SIGBUS after a bounded
 * number of reads, however often it is asked for; a fault that resumes asks
 * the device twice, as in mainline, where it starts over in between. So does that of
 * mlock(), which looks at no signal but a fatal one; in mainline it tries for ever.
 *
 * Fails in the arms eioloop, which reads again on every error, and mainline.
 */
#include <sys/time.h>

#include "t.h"

#define PAGE	32UL

static void bad_page(char sign)
{
	t_badblocks("bad", sign, PAGE * T_PAGE / 512, T_PAGE / 512);
}

/* What is cached of the device is dropped, and again when it is closed. */
static int open_bad(void)
{
	int fd;

	t_drop_caches();
	fd = open("/dev/bad", O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		t_die("/dev/bad");
	return fd;
}

/* Returns the wait status of a child that reads the bad page. */
static int bad_read(int fd, bool random, bool *hung)
{
	struct t_page p = { .device = "bad", .page = PAGE, .fd = fd,
			    .advice = random ? MADV_RANDOM : MADV_NORMAL };

	return t_child_end(t_child_reads(&p, 0), hung);
}

static void expect_sigbus(struct __test_metadata *_metadata, bool random,
			  long max_errors)
{
	struct t_counts before, diff;
	int fd, status;
	bool hung;

	bad_page('+');
	fd = open_bad();
	before = t_counts("bad");
	status = bad_read(fd, random, &hung);
	diff = t_since(before, "bad");
	bad_page('-');
	close(fd);

	EXPECT_FALSE(hung);
	t_expect_signal(_metadata, status, SIGBUS);
	T_EXPECT_RESUMED(1, diff);
	EXPECT_LE(diff.reads, max_errors);
}

/* The fault reads the page itself. */
TEST(own_read)
{
	expect_sigbus(_metadata, true, 2);
}

/* Readahead fails first, then the fault's own reads. */
TEST(after_readahead)
{
	expect_sigbus(_metadata, false, 4);
}

/* Cached and not uptodate is what the first failure leaves behind. */
TEST(cached_not_uptodate)
{
	struct t_counts before, diff;
	int fd, status;
	bool hung;

	bad_page('+');
	fd = open_bad();
	bad_read(fd, true, &hung);
	before = t_counts("bad");
	status = bad_read(fd, true, &hung);
	diff = t_since(before, "bad");
	bad_page('-');
	close(fd);

	EXPECT_FALSE(hung);
	t_expect_signal(_metadata, status, SIGBUS);
	EXPECT_LE(diff.reads, 2);
}

static volatile sig_atomic_t alarms;

static void on_alarm(int sig)
{
	(void)sig;
	alarms++;
}

/* Exits with 2 if mlock() said that the page is not there, and a signal had come. */
static pid_t child_locks(int fd)
{
	struct itimerval often = { .it_interval.tv_usec = 5000, .it_value.tv_usec = 5000 };
	struct sigaction sa = { .sa_handler = on_alarm };
	pid_t pid = fork();
	int before, err;
	char *map;

	if (pid)
		return pid;
	map = t_map(t_place(5), 2 * PAGE * T_PAGE, PROT_READ, MAP_SHARED, fd);
	if (madvise(map, 2 * PAGE * T_PAGE, MADV_RANDOM))
		t_die("madvise");
	if (sigaction(SIGALRM, &sa, NULL) || setitimer(ITIMER_REAL, &often, NULL))
		t_die("setitimer");
	before = alarms;
	err = mlock(map + PAGE * T_PAGE, T_PAGE) ? errno : 0;
	_exit(err == ENOMEM && alarms > before ? 2 : 1);
}

TEST(mlock_beside_signals)
{
	struct t_counts before, diff;
	bool hung;
	int fd, status;

	bad_page('+');
	fd = open_bad();
	before = t_counts("bad");
	status = t_child_end(child_locks(fd), &hung);
	diff = t_since(before, "bad");
	bad_page('-');
	close(fd);

	EXPECT_FALSE(hung);
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(2, WEXITSTATUS(status));
	EXPECT_GE(diff.reads, 2);
	EXPECT_LE(diff.reads, 4);
}

TEST_HARNESS_MAIN
