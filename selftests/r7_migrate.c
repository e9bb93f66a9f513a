// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R7. A fault on a page that is being migrated waits without a
 * lock, for a page, for a hugetlb page, and for a huge page that moves as it is, so
 * that its entry is one of the PMD level.
 *
 * The lab kernel draws the migration out (vm.fault_arm_migrate_ms); soft
 * offlining picks the page. It would split a huge page, so that one is moved to
 * another node.
 *
 * Fails in the arm mainline, which waits with the VMA lock held.
 */
#include "t.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif

#define KNOB	"fault_arm_migrate_ms"
#define PAUSE	"/proc/sys/vm/" KNOB

struct mover {
	char *page;
	int node;		/* where to; -1: just away */
	int ret;
	atomic_bool done;
	pthread_t thread;
};

static void *move_thread(void *arg)
{
	struct mover *m = arg;

	if (m->node < 0)
		m->ret = madvise(m->page, T_PAGE, MADV_SOFT_OFFLINE) ? -errno : 0;
	else
		m->ret = t_move_page(m->page, m->node);
	atomic_store(&m->done, true);
	return NULL;
}

FIXTURE(migration) {
	char *map;
	size_t len;
};

FIXTURE_VARIANT(migration) {
	bool hugetlb;
	bool huge;		/* transparently */
};

FIXTURE_VARIANT_ADD(migration, page) { };
FIXTURE_VARIANT_ADD(migration, hugetlb_page) { .hugetlb = true };
FIXTURE_VARIANT_ADD(migration, huge_page) { .huge = true };

FIXTURE_SETUP(migration)
{
	int flags = MAP_PRIVATE | MAP_ANONYMOUS;

	T_NEED_KNOB(KNOB);
	if (variant->huge && t_nodes() < 2)
		SKIP(return, "a huge page moves as it is between two nodes only");
	self->len = 2 * T_PMD;
	if (variant->hugetlb) {
		t_write("/proc/sys/vm/nr_hugepages", "8");
		flags |= MAP_HUGETLB;
	}
	self->map = t_map(t_place(18), self->len, PROT_READ | PROT_WRITE, flags, -1);
	if (!variant->hugetlb)
		madvise(self->map, self->len,
			variant->huge ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	*(uint64_t *)self->map = t_word(2, 0);
	*(uint64_t *)(self->map + T_PMD) = t_word(2, 1);
	t_write(PAUSE, "200");
}

FIXTURE_TEARDOWN(migration)
{
	if (!self->map)
		return;
	t_write(PAUSE, "0");
	munmap(self->map, self->len);
	if (variant->hugetlb)
		t_write("/proc/sys/vm/nr_hugepages", "0");
}

TEST_F(migration, writer_does_not_wait)
{
	struct mover m = { .page = self->map, .node = -1 };
	struct t_counts before, diff;
	struct t_fault f;
	long as_it_is = 0;
	bool waits;

	if (variant->huge) {
		m.node = !t_node_of(self->map);
		as_it_is = t_vmstat("thp_migration_success");
	}
	t_counts("swap");
	t_fault_prepare(&f, self->map, true);
	before = t_counts("swap");
	ASSERT_EQ(0, pthread_create(&m.thread, NULL, move_thread, &m));
	usleep(50000);
	t_fault_go(&f);
	usleep(20000);
	/* Of the other half, so that it is only the VMA that they share. */
	ASSERT_EQ(0, mprotect(self->map + T_PMD, T_PMD, PROT_READ));
	waits = !atomic_load(&f.done) && !atomic_load(&m.done);
	t_fault_end(&f);
	diff = t_since(before, "swap");
	pthread_join(m.thread, NULL);
	ASSERT_EQ(0, m.ret);
	EXPECT_TRUE(waits);
	EXPECT_EQ(t_word(2, 0), f.seen);
	EXPECT_EQ(1, ((volatile uint64_t *)self->map)[1]);
	EXPECT_EQ(0, diff.mmap_lock);
	if (variant->huge) {
		EXPECT_EQ(1, t_vmstat("thp_migration_success") - as_it_is);
		EXPECT_EQ(m.node, t_node_of(self->map));
	}
}

TEST_HARNESS_MAIN
