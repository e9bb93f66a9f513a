// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R20. The page that a copy-on-write fault copies to is allocated before
 * the wait. If the mapping has got another memory policy meanwhile it may be on a node that
 * the policy does not allow: the access is made again.
 *
 * Fails in the arm mainline, where nothing is made again, and in noseq: the page is on
 * the node that the policy forbids.
 */
#include "t.h"

#define PAGES	64UL
#define LEN	(PAGES * T_PAGE)
#define PAGE	5UL

FIXTURE(policy) {
	char *map;
	int fd;
};

FIXTURE_SETUP(policy)
{
	if (t_nodes() < 2)
		SKIP(return, "this kernel has one node of memory, and no policies for it");
	t_one_cpu();
	self->fd = t_file(11, PAGES);
	self->map = t_map(t_place(20), LEN, PROT_READ | PROT_WRITE, MAP_PRIVATE, self->fd);
	T_SETUP(!madvise(self->map, LEN, MADV_RANDOM));
}

FIXTURE_TEARDOWN(policy)
{
	if (self->map)
		munmap(self->map, LEN);
}

/* The node that is not the one where pages come from here. */
static int other_node(void)
{
	unsigned int cpu, node;

	if (syscall(SYS_getcpu, &cpu, &node, NULL))
		t_die("getcpu");
	return !node;
}

static void bind_to(char *map, int node)
{
	unsigned long mask = 1UL << node;

	if (syscall(SYS_mbind, map, LEN, MPOL_BIND, &mask, 8 * sizeof(mask), 0))
		t_die("mbind");
}

/* A policy that comes during the wait holds for the page. */
TEST_F(policy, comes_during_the_wait)
{
	char *page = self->map + PAGE * T_PAGE;
	struct t_counts before, diff;
	int node = other_node();
	struct t_fault f;

	t_counts("disk");
	before = t_counts("disk");
	t_fault_in_flight(&f, page, true, "disk");
	bind_to(self->map, node);
	EXPECT_TRUE(t_fault_waits(&f, "disk"));
	t_fault_end(&f);
	diff = t_since(before, "disk");
	EXPECT_EQ(t_word(11, PAGE), f.seen);
	EXPECT_EQ(node, t_node_of(page));
	EXPECT_EQ(0, diff.relocked);
	EXPECT_EQ(1, diff.again);
	EXPECT_EQ(1, diff.reads);
}

/* One that was there is obeyed, and nobody has written the VMA. */
TEST_F(policy, was_there)
{
	char *page = self->map + PAGE * T_PAGE;
	struct t_counts diff;
	int node = other_node();
	struct t_fault f;

	bind_to(self->map, node);
	diff = t_fault_counted(&f, page, true, "disk");
	EXPECT_EQ(t_word(11, PAGE), f.seen);
	EXPECT_EQ(node, t_node_of(page));
	EXPECT_EQ(1, diff.relocked);
	EXPECT_EQ(0, diff.again);
}

/* mbind() writes the VMA, so a read is made again, too. */
TEST_F(policy, read)
{
	char *page = self->map + PAGE * T_PAGE;
	struct t_counts before, diff;
	struct t_fault f;

	t_counts("disk");
	before = t_counts("disk");
	t_fault_in_flight(&f, page, false, "disk");
	bind_to(self->map, other_node());
	EXPECT_TRUE(t_fault_waits(&f, "disk"));
	t_fault_end(&f);
	diff = t_since(before, "disk");
	EXPECT_EQ(t_word(11, PAGE), f.seen);
	EXPECT_EQ(1, diff.again);
	EXPECT_EQ(0, diff.mmap_lock);
}

TEST_HARNESS_MAIN
