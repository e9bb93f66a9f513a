// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R9. Between the end of a read and the lock of its folio, the
 * page cache is dropped. The folio that was read is the folio that is mapped: the
 * fault holds a reference to it all the time.
 *
 * Fails in the arm earlyput, which lets go of that reference when the read is done.
 */
#include "t.h"

#define PAGES	64UL

/* The window for whoever drops the page cache. */
#define KNOB		"fault_arm_read_ms"
#define PAUSE_MS	"400"

static void end_pause(void)
{
	t_write("/proc/sys/vm/" KNOB, "0");
}

TEST(folio_stays)
{
	int fd = t_file(3, PAGES);
	char *map = t_map(t_place(4), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	struct t_counts before, diff;
	struct t_fault f;

	T_NEED_KNOB(KNOB);
	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, MADV_RANDOM));
	t_write("/proc/sys/vm/" KNOB, PAUSE_MS);
	atexit(end_pause);

	before = t_counts("disk");
	t_fault_in_flight(&f, map + 7 * T_PAGE, false, "disk");
	t_wait_idle("disk");
	usleep(50000);
	EXPECT_FALSE(atomic_load(&f.done));
	t_write("/proc/sys/vm/drop_caches", "1");
	t_fault_end(&f);
	end_pause();
	diff = t_since(before, "disk");

	EXPECT_EQ(t_word(3, 7), f.seen);
	T_EXPECT_RELOCKED(1, diff);
	EXPECT_EQ(1, diff.reads);
}

TEST_HARNESS_MAIN
