// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R7. MADV_COLLAPSE of memory in which a page is being migrated waits
 * for it and goes on: it gets its huge page at the first try.
 *
 * The lab kernel draws the migration out (vm.fault_arm_migrate_ms); soft
 * offlining picks the page.
 *
 * Fails if __collapse_huge_page_swapin() lets go of mmap_lock for that wait, which
 * then ends the collapse.
 */
#include "t.h"

#ifndef MADV_SOFT_OFFLINE
#define MADV_SOFT_OFFLINE	101
#endif
#ifndef MADV_COLLAPSE
#define MADV_COLLAPSE	25
#endif

#define KNOB	"fault_arm_migrate_ms"
#define PAUSE	"/proc/sys/vm/" KNOB
#define PAGES	(T_PMD / T_PAGE)
#define PAGE	5UL

struct mover {
	char *page;
	int ret;
	atomic_bool done;
};

static void *move_thread(void *arg)
{
	struct mover *m = arg;

	m->ret = madvise(m->page, T_PAGE, MADV_SOFT_OFFLINE) ? -errno : 0;
	atomic_store(&m->done, true);
	return NULL;
}

TEST(migration)
{
	char *map = t_place(42);
	struct mover m = { .page = map + PAGE * T_PAGE };
	pthread_t thread;
	bool beside;
	int ret;

	T_NEED_KNOB(KNOB);
	t_map(map, T_PMD, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_EQ(0, madvise(map, T_PMD, MADV_NOHUGEPAGE));
	for (unsigned long i = 0; i < PAGES; i++)
		*(uint64_t *)(map + i * T_PAGE) = t_word(0, i);
	ASSERT_EQ(0, madvise(map, T_PMD, MADV_HUGEPAGE));
	t_write(PAUSE, "300");
	ASSERT_EQ(0, pthread_create(&thread, NULL, move_thread, &m));
	usleep(100000);
	beside = !atomic_load(&m.done);
	ret = madvise(map, T_PMD, MADV_COLLAPSE) ? errno : 0;
	t_write(PAUSE, "0");
	pthread_join(thread, NULL);

	ASSERT_TRUE(beside);
	EXPECT_EQ(0, m.ret);
	EXPECT_EQ(0, ret) {
		TH_LOG("MADV_COLLAPSE: %s", strerror(ret));
	}
	for (unsigned long i = 0; i < PAGES; i++)
		EXPECT_EQ(t_word(0, i), *(volatile uint64_t *)(map + i * T_PAGE));
}

TEST_HARNESS_MAIN
