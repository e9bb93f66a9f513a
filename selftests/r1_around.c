// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R1, R12. A read fault that carried on maps the neighbours that
 * readahead has brought in, as a fault that starts over does: nobody pays for
 * that with minor faults.
 *
 * Fails in the arm hold, which maps the one page.
 */
#include "t.h"

#define PAGES	256UL
#define WINDOW	16UL		/* fault_around_bytes, 64 KiB */

TEST(neighbours_are_mapped)
{
	int fd = t_file(11, PAGES);
	char *map = t_map(t_place(15), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	struct rusage before, after;
	uint64_t sum = 0, want = 0;
	struct t_fault f;

	t_fault_prepare(&f, map + 5 * WINDOW * T_PAGE, false);
	t_fault_go(&f);
	t_fault_end(&f);
	EXPECT_EQ(1, f.maj_flt);

	getrusage(RUSAGE_SELF, &after);
	getrusage(RUSAGE_SELF, &before);
	for (unsigned long i = 5 * WINDOW; i < 6 * WINDOW; i++) {
		sum += *(volatile uint64_t *)(map + i * T_PAGE);
		want += t_word(11, i);
	}
	getrusage(RUSAGE_SELF, &after);
	EXPECT_EQ(want, sum);
	/* The page that is to start the next readahead is never mapped around. */
	EXPECT_LE(after.ru_minflt - before.ru_minflt, 1);
	EXPECT_EQ(0, after.ru_majflt - before.ru_majflt);
}

TEST_HARNESS_MAIN
