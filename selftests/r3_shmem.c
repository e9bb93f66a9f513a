// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R3. A fault in shared memory that waits for swap-in holds no
 * lock meanwhile, and completes without mmap_lock; so does one that waits for a
 * hole to be punched. R18: it does not delay the end of its task.
 *
 * Fails in the arm mainline, which reads with the VMA lock held and does not
 * listen to signals.
 */
#include "t.h"

#define PAGES	8UL
#define PAGE	3UL
#define LEN	(PAGES * T_PAGE)

FIXTURE(shmem_fault) {
	char *map;
	int fd;
};

FIXTURE_VARIANT(shmem_fault) {
	bool write;
	int flags;
};

FIXTURE_VARIANT_ADD(shmem_fault, read) { .flags = MAP_SHARED };
FIXTURE_VARIANT_ADD(shmem_fault, cow) { .write = true, .flags = MAP_PRIVATE };
FIXTURE_VARIANT_ADD(shmem_fault, write) { .write = true, .flags = MAP_SHARED };

FIXTURE_SETUP(shmem_fault)
{
	self->fd = t_shmem_swapped(8, PAGES);
	self->map = t_map(t_place(12), LEN, PROT_READ | PROT_WRITE,
			  variant->flags, self->fd);
}

FIXTURE_TEARDOWN(shmem_fault)
{
	munmap(self->map, LEN);
	close(self->fd);
}

TEST_F(shmem_fault, without_mmap_lock)
{
	struct t_counts diff;
	struct t_fault f;

	T_NEED_COUNTS();
	/* So that a copy-on-write fault finds an anon_vma. */
	if (variant->flags & MAP_PRIVATE)
		self->map[(PAGES - 1) * T_PAGE] = 1;
	diff = t_fault_counted(&f, self->map + PAGE * T_PAGE, variant->write, "swap");

	EXPECT_EQ(t_word(8, PAGE), f.seen);
	EXPECT_EQ(1, f.maj_flt);
	EXPECT_EQ(1, diff.major);
	EXPECT_EQ(1, diff.reads);
	T_EXPECT_RELOCKED(1, diff);
	EXPECT_EQ(0, diff.mmap_lock);
}

TEST_F(shmem_fault, writer_does_not_wait)
{
	struct t_fault f;
	bool waits;
	int ret;

	t_fault_in_flight(&f, self->map + PAGE * T_PAGE, variant->write, "swap");
	ret = mprotect(self->map, LEN, PROT_READ | PROT_WRITE | PROT_EXEC);
	waits = t_fault_waits(&f, "swap");
	t_fault_end(&f);
	EXPECT_EQ(0, ret);
	EXPECT_TRUE(waits);
	EXPECT_EQ(t_word(8, PAGE), f.seen);
}

TEST_F(shmem_fault, is_killed_at_once)
{
	pid_t pid = fork();

	if (!pid) {
		*(volatile char *)(self->map + PAGE * T_PAGE) = 1;
		_exit(0);
	}
	t_kill_in_flight(_metadata, pid, "swap");
}

/* ---- holes ---- */

#define HOLE_PAGES	8192UL

static void *punch_thread(void *arg)
{
	if (fallocate(*(int *)arg, FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE, 0,
		      HOLE_PAGES * T_PAGE))
		t_die("fallocate");
	return NULL;
}

/*
 * A fault in a hole that is being punched waits until that is done. It may come
 * too late to meet the punching, so it is tried some times.
 */
TEST(hole_being_punched)
{
	int fd = memfd_create("hole", MFD_CLOEXEC), met = 0;

	T_NEED_COUNTS();
	ASSERT_GE(fd, 0);
	for (int i = 0; i < 10 && !met; i++) {
		struct t_counts before, diff;
		struct t_fault f;
		pthread_t thread;
		char *map;

		t_fill(fd, 9, HOLE_PAGES);
		map = t_map(t_place(13), HOLE_PAGES * T_PAGE,
			    PROT_READ | PROT_WRITE, MAP_SHARED, fd);
		t_counts("swap");
		/* A read fault would map around, and so not look for the hole. */
		t_fault_prepare(&f, map + (HOLE_PAGES - 1) * T_PAGE, true);
		before = t_counts("swap");
		ASSERT_EQ(0, pthread_create(&thread, NULL, punch_thread, &fd));
		usleep(100 * (i + 1));
		t_fault_go(&f);
		t_fault_end(&f);
		pthread_join(thread, NULL);
		diff = t_since(before, "swap");
		met = diff.again + diff.mmap_lock;
		if (met) {
			if (t_relocks())
				EXPECT_GE(diff.again, 1);
			EXPECT_EQ(0, diff.mmap_lock);
			EXPECT_EQ(0, f.seen);
		}
		munmap(map, HOLE_PAGES * T_PAGE);
	}
	close(fd);
	EXPECT_NE(0, met);
}

TEST_HARNESS_MAIN
