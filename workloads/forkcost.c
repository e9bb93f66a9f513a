// SPDX-License-Identifier: GPL-2.0-only
/*
 * forkcost: what fork() costs in a process with many VMAs and nothing in flight, in guest
 * nanoseconds: instructions, in a deterministic guest with one CPU (vm.fork_arm: what of
 * it the write locks are).
 *
 * A third of the VMAs is private anonymous memory that was written to, a third an empty
 * private reservation, a third shared memory.  dup_mmap() is timed by the kernel
 * (fork_ns), clone() by the clock; the child ends at once.  The cheapest fork() had no
 * timer tick.
 */
#include "harness.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define BASE		0x200000000000UL
#define STEP		(4 * WL_PAGE)	/* of which the last page is a gap */

static struct wl_param params[] = {
	{ .name = "vmas", .value = 10000, .max = 60000, .min = 3, .help = "mappings" },
	{ .name = "forks", .value = 20, .max = 100000, .min = 1, .help = "how many" },
	{ 0 }
};

static void map_all(const struct wl *wl, uint64_t nr)
{
	for (uint64_t i = 0; i < nr; i++) {
		char *at = (char *)(BASE + i * STEP);
		int prot = i % 3 == 1 ? PROT_NONE : PROT_READ | PROT_WRITE;
		int share = i % 3 == 2 ? MAP_SHARED : MAP_PRIVATE;

		if (mmap(at, STEP - WL_PAGE, prot,
			 share | MAP_ANONYMOUS | MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != at)
			wl_die(wl, "cannot map VMA %lu of %lu: %s", i, nr, strerror(errno));
		if (prot)
			*(volatile char *)at = 1;
	}
}

static uint64_t fork_once(const struct wl *wl)
{
	uint64_t start = wl_now(), ns;
	pid_t child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

	if (!child)
		_exit(0);
	ns = wl_now() - start;
	if (child < 0 || waitpid(child, NULL, 0) != child)
		wl_die(wl, "fork: %s", strerror(errno));
	return ns;
}

/* What dup_mmap() took; 0 where the kernel does not say. */
static uint64_t fork_ns(const struct wl *wl, uint64_t *clone_ns)
{
	static struct wl_counters before, after;
	uint64_t ns = 0;

	wl_counters_read(&before);
	*clone_ns = fork_once(wl);
	wl_counters_read(&after);
	wl_vmstat_delta(&before, &after, "fork_ns", &ns);
	return ns;
}

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "forkcost", .params = params };
	uint64_t least = UINT64_MAX, least_clone = UINT64_MAX, sum = 0, forks;
	cpu_set_t first;

	wl_parse(&wl, argc, argv);
	forks = wl_number(&wl, "forks");
	CPU_ZERO(&first);
	CPU_SET(0, &first);
	if (sched_setaffinity(0, sizeof(first), &first))
		wl_die(&wl, "cannot stay on CPU 0: %s", strerror(errno));
	map_all(&wl, wl_number(&wl, "vmas"));
	fork_once(&wl);
	for (uint64_t i = 0; i < forks; i++) {
		uint64_t clone_ns, ns = fork_ns(&wl, &clone_ns);

		least = ns < least ? ns : least;
		least_clone = clone_ns < least_clone ? clone_ns : least_clone;
		sum += ns;
	}
	wl_metric(&wl, "dup_mmap.min_ns", least);
	wl_metric(&wl, "dup_mmap.mean_ns", sum / forks);
	wl_metric(&wl, "clone.min_ns", least_clone);
	wl_metric(&wl, "dup_mmap.min_ns_per_vma", least / wl_number(&wl, "vmas"));
	wl_emit(&wl);
	return 0;
}
