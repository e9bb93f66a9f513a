// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10. A page that cannot be read gives SIGBUS after a bounded
 * number of reads, however often it is asked for; a fault under the VMA lock asks the
 * device twice, as in mainline, where it starts over under mmap_lock in between.
 *
 * Fails in the arms eioloop, which reads again on every error, and mainline.
 */
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
	T_EXPECT_RELOCKED(2, diff);
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

TEST_HARNESS_MAIN
