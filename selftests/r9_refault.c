// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R9. The VMA is written while a fault waits, and everything is reclaimed
 * before the access is made again: it reads once more, and lets its lock go for that as
 * the first time. Nobody takes mmap_lock. (That the folio which was read is the one that
 * is mapped where nobody writes the VMA is r9_folio's.)
 *
 * Fails in the arm mainline, where the second read is made with mmap_lock held.
 */
#include "t.h"

#define PAGES	64UL

/* The window between the two passes of the fault, for reclaim to step in. */
#define KNOB		"fault_arm_pause_ms"
#define PAUSE_MS	"400"

static void end_pause(void)
{
	t_write("/proc/sys/vm/" KNOB, "0");
}

static void drop_caches(void)
{
	t_write("/proc/sys/vm/drop_caches", "1");
}

static void reclaim(void)
{
	t_reclaim("refault");
}

/* Reclaims by @take all that can be, between the passes of a fault. */
static void refault(struct __test_metadata *_metadata, void (*take)(void))
{
	int fd = t_file(3, PAGES);
	char *map = t_map(t_place(4), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	struct t_counts before, diff;
	struct t_fault f;
	long waited;

	T_NEED_KNOB(KNOB);
	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, MADV_RANDOM));
	t_write("/proc/sys/vm/" KNOB, PAUSE_MS);
	atexit(end_pause);

	before = t_counts("disk");
	waited = t_mmap_lock_waited();
	t_fault_in_flight(&f, map + 7 * T_PAGE, false, "disk");
	/* The VMA is written, so the fault cannot have its lock back ... */
	ASSERT_EQ(0, mprotect(map, PAGES * T_PAGE, PROT_READ | PROT_WRITE));
	/* ... and while it pauses, everything is dropped that can be. */
	t_wait_idle("disk");
	usleep(50000);
	EXPECT_FALSE(atomic_load(&f.done));
	take();
	t_fault_end(&f);
	end_pause();
	diff = t_since(before, "disk");

	EXPECT_EQ(t_word(3, 7), f.seen);
	EXPECT_EQ(1, diff.again);
	EXPECT_EQ(1, diff.relocked);
	EXPECT_EQ(waited, t_mmap_lock_waited());
	EXPECT_EQ(2, diff.reads);
	EXPECT_EQ(2, diff.major);
}

TEST(caches_dropped)
{
	refault(_metadata, drop_caches);
}

/* The page is charged to a cgroup of its own, and that is squeezed. */
TEST(reclaimed)
{
	t_write(t_cgroup_file("refault", "cgroup.procs"), "0");
	refault(_metadata, reclaim);
}

TEST_HARNESS_MAIN
