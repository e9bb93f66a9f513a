// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R9. The folio that was read is the folio that is mapped, also
 * when the fault could not resume and reclaim came by in between: one read of
 * the device for each fault.
 *
 * Fails in the arm nokeep, which lets go of the folio when it cannot resume.
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

	T_NEED_KNOB(KNOB);
	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, MADV_RANDOM));
	t_write("/proc/sys/vm/" KNOB, PAUSE_MS);
	atexit(end_pause);

	before = t_counts("disk");
	t_fault_parked(&f, map + 7 * T_PAGE, false, "disk");
	/* A fact changes, so the fault cannot resume ... */
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
	EXPECT_EQ(1, diff.changed);
	EXPECT_EQ(0, diff.resumed);
	EXPECT_EQ(1, diff.reads);
	EXPECT_EQ(1, diff.major);
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

/* What was kept is let go of when the fault has ended. */
TEST(not_kept_for_long)
{
	int fd = t_file(3, PAGES);
	char *map = t_map(t_place(4), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	unsigned char core = 1;
	struct t_fault f;

	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, MADV_RANDOM));
	t_fault_parked(&f, map + 7 * T_PAGE, false, "disk");
	ASSERT_EQ(0, mprotect(map, PAGES * T_PAGE, PROT_READ | PROT_WRITE));
	while (!atomic_load(&f.done))
		usleep(1000);
	EXPECT_EQ(0, mincore(map + 7 * T_PAGE, T_PAGE, &core));
	EXPECT_EQ(1, core & 1);
	ASSERT_EQ(0, munmap(map, PAGES * T_PAGE));
	t_drop_caches();
	map = t_map(map, PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	EXPECT_EQ(0, mincore(map + 7 * T_PAGE, T_PAGE, &core));
	EXPECT_EQ(0, core & 1);
	t_fault_end(&f);
}

TEST_HARNESS_MAIN
