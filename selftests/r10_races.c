// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10. Whatever is done to the mapping or the file while a fault
 * waits, the one who does it does not wait, and the fault ends as a fault that
 * began afterwards would.
 *
 * Fails in the arm hold, where the VMA lock is held over the wait.
 */
#include "t.h"

#define PAGES	64UL
#define PAGE	9UL
#define LEN	(PAGES * T_PAGE)

#ifndef MADV_GUARD_INSTALL
#define MADV_GUARD_INSTALL	102
#endif

static int no_access(char *map)
{
	return mprotect(map, LEN, PROT_NONE);
}

static int read_only(char *map)
{
	return mprotect(map, LEN, PROT_READ);
}

static int moved_away(char *map)
{
	return mremap(map, LEN, LEN, MREMAP_MAYMOVE | MREMAP_FIXED,
		      t_place(22)) == MAP_FAILED;
}

static int anonymous_instead(char *map)
{
	t_map(map, LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	return 0;
}

static int moved_away_and_anonymous_instead(char *map)
{
	return moved_away(map) || anonymous_instead(map);
}

static int no_access_and_back(char *map)
{
	return no_access(map) || mprotect(map, LEN, PROT_READ | PROT_WRITE);
}

static int dropped(char *map)
{
	return madvise(map, LEN, MADV_DONTNEED);
}

static int split_and_merged(char *map)
{
	return mprotect(map + LEN / 2, LEN / 2, PROT_READ) ||
	       mprotect(map + LEN / 2, LEN / 2, PROT_READ | PROT_WRITE);
}

static int guarded(char *map)
{
	return madvise(map + PAGE * T_PAGE, T_PAGE, MADV_GUARD_INSTALL);
}

FIXTURE(race) {
};

FIXTURE_VARIANT(race) {
	int (*op)(char *map);
	bool swap;		/* anonymous memory, else a shared file */
	bool write;
	int signal;		/* the fault ends in this, or else sees */
	bool zero;		/* a page of zeroes, or else what was there */
};

#define RACE(name, ...)							\
	FIXTURE_VARIANT_ADD(race, name##_file) { .op = name, __VA_ARGS__ };	\
	FIXTURE_VARIANT_ADD(race, name##_swap) { .op = name, .swap = true, __VA_ARGS__ }

RACE(no_access, .signal = SIGSEGV);
RACE(read_only, .write = true, .signal = SIGSEGV);
RACE(moved_away, .signal = SIGSEGV);
RACE(anonymous_instead, .zero = true);
RACE(moved_away_and_anonymous_instead, .zero = true);
RACE(no_access_and_back, .write = true);
RACE(split_and_merged, .write = true);
RACE(guarded, .signal = SIGSEGV);
FIXTURE_VARIANT_ADD(race, dropped_file) { .op = dropped };
FIXTURE_VARIANT_ADD(race, dropped_swap) { .op = dropped, .swap = true, .zero = true };

/* In a child, which may die of it: 0 all is well, 1 waited, 2 wrong word. */
static int race(const FIXTURE_VARIANT(race) *variant)
{
	const char *device = variant->swap ? "swap" : "disk";
	struct t_fault f;
	uint64_t want;
	char *map;
	bool waits;

	if (variant->swap) {
		map = t_swapped(t_place(21), PAGES);
	} else {
		map = t_map(t_place(21), LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			    t_file(11, PAGES));
		madvise(map, LEN, MADV_RANDOM);
	}
	want = variant->zero ? 0 : t_word(variant->swap ? 0 : 11, PAGE);
	t_fault_in_flight(&f, map + PAGE * T_PAGE, variant->write, device);
	if (variant->op(map))
		t_die("the operation");
	waits = t_fault_waits(&f, device);
	if (!waits)
		return 1;
	t_fault_end(&f);
	return f.seen == want ? 0 : 2;
}

FIXTURE_SETUP(race)
{
}

FIXTURE_TEARDOWN(race)
{
}

TEST_F(race, ends_as_it_must)
{
	int status = 0;
	pid_t pid;

	if (variant->op == guarded) {
		char *page = t_map(t_place(21), T_PAGE, PROT_READ,
				   MAP_PRIVATE | MAP_ANONYMOUS, -1);
		int ret = madvise(page, T_PAGE, MADV_GUARD_INSTALL);

		munmap(page, T_PAGE);
		if (ret)
			SKIP(return, "no guard regions before Linux 6.13");
	}
	pid = fork();
	if (!pid)
		_exit(race(variant));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	if (variant->signal) {
		EXPECT_TRUE(WIFSIGNALED(status)) {
			TH_LOG("status %x", status);
		}
		EXPECT_EQ(variant->signal, WTERMSIG(status));
	} else {
		EXPECT_TRUE(WIFEXITED(status));
		EXPECT_EQ(0, WEXITSTATUS(status));
	}
	t_wait_idle("disk");
	t_wait_idle("swap");
}

TEST_HARNESS_MAIN
