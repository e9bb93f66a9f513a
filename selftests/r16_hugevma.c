// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R16. With many faults in flight in it, one huge VMA behaves as
 * many small ones: whoever changes a part of it in which nobody faults does not
 * wait, nor does a fault that begins meanwhile, and all the faults take their lock back.
 *
 * Fails in the arm hold, for the huge VMA and not for the small ones; that the
 * faults carry on, in mainline, too.
 */
#include "t.h"

#define PAGES	64UL
#define HUGE	(1UL << 30)
#define FAULTS	16UL
#define STRIDE	(PAGES / FAULTS)	/* pages from fault to fault */
#define CACHED	(PAGES - 1)		/* a page that is there */

/* Where nobody faults. */
#define QUIET(map)	((map) + HUGE - T_PMD)

/* How many VMAs there are in a range. */
static int vmas(char *from, size_t len)
{
	static char text[65536];
	unsigned long start, end;
	char *line;
	int n = 0;

	t_read("/proc/self/maps", text, sizeof(text));
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		n += sscanf(line, "%lx-%lx ", &start, &end) == 2 &&
		     start < (unsigned long)from + len && end > (unsigned long)from;
	return n;
}

FIXTURE(vma) {
	char *map;
	struct t_fault f[FAULTS];
};

FIXTURE_VARIANT(vma) {
	enum t_kind kind;
	bool small;
};

FIXTURE_VARIANT_ADD(vma, huge_file) { .kind = T_FILE };
FIXTURE_VARIANT_ADD(vma, huge_swap) { .kind = T_SWAP };
FIXTURE_VARIANT_ADD(vma, small_file) { .kind = T_FILE, .small = true };
FIXTURE_VARIANT_ADD(vma, small_swap) { .kind = T_SWAP, .small = true };

static char *map_file(char *at)
{
	int fd = t_file(17, PAGES);

	t_map(at, HUGE, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (madvise(at, HUGE, MADV_RANDOM))
		t_die("madvise");
	close(fd);
	return at;
}

/* What is mapped behind it as it is becomes a part of its VMA. */
static char *map_swapped(char *at)
{
	char *rest = at + PAGES * T_PAGE;

	t_swapped(at, PAGES);
	t_map(rest, HUGE - PAGES * T_PAGE, PROT_READ | PROT_WRITE,
	      MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(rest, HUGE - PAGES * T_PAGE, MADV_NOHUGEPAGE);
	return at;
}

static int make_small(char *map)
{
	for (unsigned long i = 0; i < FAULTS; i += 2)
		if (mprotect(map + i * STRIDE * T_PAGE, STRIDE * T_PAGE, PROT_READ))
			return -1;
	return mprotect(QUIET(map), T_PMD, PROT_READ);
}

static uint64_t word(const FIXTURE_VARIANT(vma) *variant, unsigned long page)
{
	return t_word(variant->kind == T_FILE ? 17 : 0, page);
}

FIXTURE_SETUP(vma)
{
	self->map = variant->kind == T_FILE ? map_file(t_place(32)) :
					      map_swapped(t_place(32));
	if (variant->small) {
		T_SETUP(!make_small(self->map));
		T_SETUP(vmas(self->map, HUGE) == FAULTS + 1);
	} else {
		T_SETUP(vmas(self->map, HUGE) == 1);
	}
	T_SETUP(*(volatile uint64_t *)(self->map + CACHED * T_PAGE) == word(variant, CACHED));
	for (unsigned long i = 0; i < FAULTS; i++)
		t_fault_prepare(&self->f[i], self->map + i * STRIDE * T_PAGE, false);
}

FIXTURE_TEARDOWN(vma)
{
	munmap(self->map, HUGE);
}

static void all_go(struct t_fault *f, const char *device)
{
	for (unsigned long i = 0; i < FAULTS; i++)
		t_fault_go(&f[i]);
	while (t_inflight(device) < (long)FAULTS)
		usleep(100);
	usleep(1000);
}

/* Is every one of them still with the device? */
static bool all_wait(struct t_fault *f, const char *device)
{
	for (unsigned long i = 0; i < FAULTS; i++)
		if (atomic_load(&f[i].done))
			return false;
	return t_inflight(device) == (long)FAULTS;
}

#define ALL_END()							\
	do {								\
		for (unsigned long i = 0; i < FAULTS; i++) {		\
			t_fault_end(&self->f[i]);			\
			EXPECT_EQ(word(variant, i * STRIDE), self->f[i].seen); \
		}							\
	} while (0)

TEST_F(vma, all_relock)
{
	const char *device = t_device_of(variant->kind);
	struct t_counts before, diff;

	T_NEED_COUNTS();
	t_counts(device);
	before = t_counts(device);
	all_go(self->f, device);
	ALL_END();
	diff = t_since(before, device);
	EXPECT_EQ(FAULTS, (unsigned long)diff.major);
	EXPECT_EQ(FAULTS, (unsigned long)diff.reads);
	EXPECT_EQ(0, diff.mmap_lock);
	T_EXPECT_RELOCKED((long)FAULTS, diff);
}

TEST_F(vma, writer_does_not_wait)
{
	const char *device = t_device_of(variant->kind);
	bool wait;
	int ret;

	all_go(self->f, device);
	ret = mprotect(QUIET(self->map), T_PMD, PROT_READ | PROT_WRITE | PROT_EXEC);
	wait = all_wait(self->f, device);
	ALL_END();
	EXPECT_EQ(0, ret);
	EXPECT_TRUE(wait);
}

static void *writer_thread(void *map)
{
	if (mprotect(QUIET((char *)map), T_PMD, PROT_READ | PROT_WRITE | PROT_EXEC))
		t_die("mprotect");
	return NULL;
}

/* A fault that has nothing to wait for, beside a writer. */
TEST_F(vma, new_fault_does_not_wait)
{
	const char *device = t_device_of(variant->kind);
	struct t_fault new;
	pthread_t writer;
	bool wait;

	madvise(self->map + CACHED * T_PAGE, T_PAGE, MADV_DONTNEED);
	t_fault_prepare(&new, variant->kind == T_FILE ? self->map + CACHED * T_PAGE :
							self->map + PAGES * T_PAGE, false);
	all_go(self->f, device);
	ASSERT_EQ(0, pthread_create(&writer, NULL, writer_thread, self->map));
	usleep(20000);
	t_fault_go(&new);
	t_fault_end(&new);
	wait = all_wait(self->f, device);
	ALL_END();
	pthread_join(writer, NULL);
	EXPECT_TRUE(wait);
	EXPECT_EQ(0, new.maj_flt);
	EXPECT_EQ(variant->kind == T_FILE ? word(variant, CACHED) : 0, new.seen);
}

TEST_HARNESS_MAIN
