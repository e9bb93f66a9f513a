// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10. A page that is truncated away while a fault waits for it
 * gives SIGBUS; a hole punched there reads as zeroes.
 *
 * Fails in the arm nosize, which maps the page without looking at the size.
 */
#include "t.h"

#define PAGE	9UL

/* A file that is in no cache, and a page of it. */
static struct t_page cold_page(void)
{
	return (struct t_page) {
		.fd = t_file(4, T_CHILD_PAGES), .device = "disk",
		.page = PAGE, .word = t_word(4, PAGE), .advice = MADV_RANDOM,
	};
}

TEST(truncated)
{
	struct t_page p = cold_page();

	t_truncated(_metadata, &p);
	close(p.fd);
}

TEST(punch_hole)
{
	struct t_page p = cold_page();
	pid_t pid = t_child_in_flight(&p, 10);
	int status = 0;

	/* Waits for the read, which holds invalidate_lock; then it is too late. */
	ASSERT_EQ(0, fallocate(p.fd, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE,
			       0, T_CHILD_PAGES * T_PAGE));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFEXITED(status));
	close(p.fd);

	p = cold_page();
	pid = t_child_in_flight(&p, 10);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(1, WEXITSTATUS(status));
	close(p.fd);
}

TEST_HARNESS_MAIN
