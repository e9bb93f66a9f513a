// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R21. Access at random is recognised, and read-ahead given up, also
 * where the mapping is written during each wait. An access that is made again finds
 * the page that its first fault has read; that is no hit.
 *
 * Fails in the arm nomiss, where it counts as one.
 */
#include "t.h"

/* In seconds: each of so many faults waits for the device. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

#define MISSES	100UL		/* MMAP_LOTSAMISS: until then the kernel reads around */
#define MORE	40UL
#define STRIDE	48UL		/* more than is read around one page */
#define PAGES	((MISSES + MORE + 2) * STRIDE)

static char *map;

static unsigned long cached(void)
{
	static unsigned char there[PAGES];
	unsigned long n = 0;

	if (mincore(map, PAGES * T_PAGE, there))
		t_die("mincore");
	for (unsigned long i = 0; i < PAGES; i++)
		n += there[i] & 1;
	return n;
}

/* Touches page @i, and writes the VMA while the fault waits. */
static void touch(struct __test_metadata *_metadata, unsigned long i)
{
	static int prot = PROT_READ;
	struct t_fault f;

	prot ^= PROT_WRITE;
	t_fault_in_flight(&f, map + i * T_PAGE, false, "disk");
	ASSERT_EQ(0, mprotect(map, T_PAGE, prot));
	t_fault_end(&f);
	ASSERT_EQ(t_word(12, i), f.seen);
}

TEST(again_is_no_hit)
{
	int fd = t_file(12, PAGES);
	unsigned long before, i;

	map = t_map(t_place(16), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	for (i = 1; i <= MISSES + 1; i++)
		touch(_metadata, i * STRIDE);
	before = cached();
	EXPECT_GT(before, 8 * MISSES);	/* or nothing was read around */
	for (; i <= MISSES + MORE + 1; i++)
		touch(_metadata, i * STRIDE);
	EXPECT_EQ(MORE, cached() - before);
}

TEST_HARNESS_MAIN
