// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R13. fork() makes pages read-only, but a CPU may go on writing through
 * a TLB entry of before until the flush at its end. A fault that copies such a page
 * before that loses what the other CPU writes meanwhile. The VMA locks that fork()
 * takes keep faults out until then; no write may be lost.
 *
 * Fails in the arm noforklock, in which fork() takes none: on a kernel with DEBUG_VM
 * by its complaint, without it by a lost write. That needs CPUs that really run at
 * once (--accel tcg): where they take turns, hardly ever does a turn end in a copy.
 */
#include "t.h"

#include <pthread.h>
#include <sys/wait.h>

/* In seconds: hundreds of forks in a guest whose CPUs others use as well. */
#undef TEST_TIMEOUT_DEFAULT
#define TEST_TIMEOUT_DEFAULT	300

#define FORKS	"400"	/* forks= in the job */
#define PAGES	64UL	/* that both write */
#define FILL	16384UL	/* pages that are copied after these: fork() takes its time */
#define STEP	1000	/* of the faulter's delay, from round to round */
#define SWEEP	100

static char *map;
static _Atomic unsigned int turn, done;
static _Atomic uint64_t lost;
static _Atomic bool stop;

/* Word @which of page @page; the counter writes the first, the faulter the second. */
static volatile uint64_t *word(unsigned long page, unsigned int which)
{
	return (volatile uint64_t *)(map + page * T_PAGE) + which;
}

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		t_die("sched_setaffinity: %s", strerror(errno));
}

/* Writes all the time, and so has a TLB entry that may be written through. */
static void *counter(void *arg)
{
	static uint64_t last[PAGES];

	on_cpu(1);
	while (!atomic_load(&stop))
		for (unsigned long i = 0; i < PAGES; i++) {
			if (*word(i, 0) != last[i])
				atomic_fetch_add(&lost, 1);
			*word(i, 0) = last[i] = *word(i, 0) + 1;
		}
	return arg;
}

/* Writes once a fork(), some time after it began, and has no TLB entry. */
static void *faulter(void *arg)
{
	on_cpu(2);
	for (unsigned int seen = 0; !atomic_load(&stop);) {
		unsigned int now = atomic_load(&turn);

		if (now == seen)
			continue;
		seen = now;
		for (volatile unsigned int i = 0; i < seen % SWEEP * STEP; i++)
			;
		for (unsigned long i = 0; i < PAGES; i++)
			++*word(i, 1);
		atomic_store(&done, seen);
	}
	return arg;
}

TEST(no_write_is_lost)
{
	const char *forks = getenv("MAJORFAULT_FORKS");
	unsigned int rounds = atoi(forks ? forks : FORKS), round = 0;
	pthread_t a, b;

	if (sysconf(_SC_NPROCESSORS_ONLN) < 3)
		SKIP(return, "needs 3 CPUs");
	map = t_map(t_place(12), (PAGES + FILL) * T_PAGE, PROT_READ | PROT_WRITE,
		    MAP_PRIVATE | MAP_ANONYMOUS, -1);
	ASSERT_EQ(0, madvise(map, (PAGES + FILL) * T_PAGE, MADV_NOHUGEPAGE));
	for (unsigned long i = 0; i < PAGES + FILL; i++)
		map[i * T_PAGE + 64] = 1;
	on_cpu(0);
	ASSERT_EQ(0, pthread_create(&a, NULL, counter, NULL));
	ASSERT_EQ(0, pthread_create(&b, NULL, faulter, NULL));
	while (round++ < rounds && !atomic_load(&lost)) {
		pid_t child;

		atomic_store(&turn, round);
		child = fork();
		ASSERT_LE(0, child);
		if (!child)
			_exit(0);
		ASSERT_EQ(child, waitpid(child, NULL, 0));
		while (atomic_load(&done) != round)
			;
	}
	atomic_store(&stop, true);
	pthread_join(a, NULL);
	pthread_join(b, NULL);
	EXPECT_EQ(0, atomic_load(&lost)) {
		TH_LOG("a write was lost by fork() number %u or before", round - 1);
	}
}

TEST_HARNESS_MAIN
