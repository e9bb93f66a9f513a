// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R14. Whoever changes the very VMA in which a fault waits for
 * I/O does not wait for that I/O; and the fault then ends as it must on the VMA
 * as it is by then.
 *
 * Fails in the arm hold, where each of them waits until the read is done.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "t.h"

#define PAGES	64UL
#define LEN	(PAGES * T_PAGE)
#define PAGE	5UL

#ifndef PR_SET_VMA
#define PR_SET_VMA		0x53564d41
#define PR_SET_VMA_ANON_NAME	0
#endif

static int uffd = -1;

static int do_mprotect(char *map)
{
	return mprotect(map, LEN, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int do_mprotect_split(char *map)
{
	return mprotect(map + 32 * T_PAGE, 8 * T_PAGE, PROT_NONE);
}

static int do_madvise(char *map)
{
	return madvise(map, LEN, MADV_DONTFORK);
}

static int do_mlock(char *map)
{
	return syscall(SYS_mlock2, map, LEN, 1 /* MLOCK_ONFAULT */);
}

static int do_munmap_other_part(char *map)
{
	return munmap(map + 32 * T_PAGE, LEN - 32 * T_PAGE);
}

static int do_mremap_shrink(char *map)
{
	return mremap(map, LEN, LEN / 2, 0) == map ? 0 : -1;
}

static int do_set_vma_name(char *map)
{
	return prctl(PR_SET_VMA, PR_SET_VMA_ANON_NAME, map, LEN, "majorfault");
}

static int do_uffd_register(char *map)
{
	struct uffdio_api api = { .api = UFFD_API };
	struct uffdio_register reg = {
		.range = { (unsigned long)map, LEN },
		.mode = UFFDIO_REGISTER_MODE_MISSING,
	};

	uffd = syscall(SYS_userfaultfd, O_CLOEXEC);
	if (uffd < 0 || ioctl(uffd, UFFDIO_API, &api))
		t_die("userfaultfd");
	return ioctl(uffd, UFFDIO_REGISTER, &reg);
}

static int do_uffd_unregister(char *map)
{
	struct uffdio_range range = { (unsigned long)map, LEN };

	return ioctl(uffd, UFFDIO_UNREGISTER, &range);
}

FIXTURE(writer) {
	char *map;
	const char *device;
	uint64_t word;
	int fd;
};

FIXTURE_VARIANT(writer) {
	int (*before)(char *map);
	int (*op)(char *map);
	bool swap;
};

#define WRITER(name, fn, on_swap)					\
	FIXTURE_VARIANT_ADD(writer, name) { .op = fn, .swap = on_swap }

WRITER(mprotect_file, do_mprotect, false);
WRITER(mprotect_swap, do_mprotect, true);
WRITER(mprotect_split_file, do_mprotect_split, false);
WRITER(madvise_file, do_madvise, false);
WRITER(madvise_swap, do_madvise, true);
WRITER(mlock_file, do_mlock, false);
WRITER(mlock_swap, do_mlock, true);
WRITER(munmap_part_file, do_munmap_other_part, false);
WRITER(munmap_part_swap, do_munmap_other_part, true);
WRITER(mremap_file, do_mremap_shrink, false);
WRITER(mremap_swap, do_mremap_shrink, true);
WRITER(set_vma_name_swap, do_set_vma_name, true);
WRITER(uffd_register_swap, do_uffd_register, true);
FIXTURE_VARIANT_ADD(writer, uffd_unregister_swap) {
	.before = do_uffd_register, .op = do_uffd_unregister, .swap = true };

FIXTURE_SETUP(writer)
{
	self->fd = -1;
	if (variant->swap) {
		self->map = t_swapped(t_place(10), PAGES);
		self->device = "swap";
		self->word = t_word(0, PAGE);
	} else {
		self->fd = t_file(7, PAGES);
		self->map = t_map(t_place(10), LEN, PROT_READ | PROT_WRITE,
				  MAP_SHARED, self->fd);
		T_SETUP(!madvise(self->map, LEN, MADV_RANDOM));
		self->device = "disk";
		self->word = t_word(7, PAGE);
	}
	T_SETUP(!variant->before || !variant->before(self->map));
}

FIXTURE_TEARDOWN(writer)
{
	munmap(self->map, LEN);
	close(self->fd);
	close(uffd);
	uffd = -1;
}

TEST_F(writer, does_not_wait)
{
	struct t_fault f;
	bool waits;
	int ret;

	t_fault_in_flight(&f, self->map + PAGE * T_PAGE, false, self->device);
	ret = variant->op(self->map);
	waits = t_fault_waits(&f, self->device);
	t_fault_end(&f);
	EXPECT_EQ(0, ret);
	EXPECT_TRUE(waits);
	EXPECT_EQ(self->word, f.seen);
}

static int munmap_under_fault(bool swap)
{
	struct t_fault f;
	char *map;
	bool waits;

	if (swap) {
		map = t_swapped(t_place(11), PAGES);
	} else {
		map = t_map(t_place(11), LEN, PROT_READ, MAP_SHARED,
			    t_file(7, PAGES));
		madvise(map, LEN, MADV_RANDOM);
	}
	t_fault_in_flight(&f, map + PAGE * T_PAGE, false, swap ? "swap" : "disk");
	if (munmap(map, LEN))
		t_die("munmap");
	waits = t_fault_waits(&f, swap ? "swap" : "disk");
	if (!waits)
		_exit(1);
	t_fault_end(&f);	/* dies of it, as it should */
	_exit(2);
}

static void expect_segv(struct __test_metadata *_metadata, bool swap)
{
	pid_t pid = fork();
	int status;

	if (!pid)
		munmap_under_fault(swap);
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status)) {
		TH_LOG("munmap waited, or the page was still there: %x", status);
	}
	EXPECT_EQ(SIGSEGV, WTERMSIG(status));
}

TEST(munmap_file)
{
	expect_segv(_metadata, false);
}

TEST(munmap_swap)
{
	expect_segv(_metadata, true);
}

TEST_HARNESS_MAIN
