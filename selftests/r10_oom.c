// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10, R18. A process that is killed because memory has run out, its
 * cgroup's or all, is gone before the device has answered the fault that it waits
 * for.
 *
 * Fails in the arm nokill, whose wait for a folio does not listen.
 */
#include <sys/swap.h>

#include "t.h"

#define PAGES	64UL
#define LEN	(4UL << 20)
#define LEFT	(96UL << 20)	/* of all memory */
#define CGROUP	"oom"
#define HUGEPAGES	"/proc/sys/vm/nr_hugepages"

TEST(out_of_memory_in_flight)
{
	int fd = t_file(5, PAGES), status = 0;
	char *map = t_map(t_place(7), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	pid_t pid;

	t_write(t_cgroup_file(CGROUP, "memory.swap.max"), "0");
	pid = fork();
	if (!pid) {
		t_write(t_cgroup_file(CGROUP, "cgroup.procs"), "0");
		memset(t_map(t_place(8), LEN, PROT_READ | PROT_WRITE,
			     MAP_PRIVATE | MAP_ANONYMOUS, -1), 1, LEN);
		_exit(*(volatile char *)(map + 9 * T_PAGE));
	}
	t_wait_inflight("disk");
	usleep(1000);
	t_write(t_cgroup_file(CGROUP, "memory.max"), "1M");
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_GT(t_inflight("disk"), 0);
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	t_wait_idle("disk");
	t_write(t_cgroup_file(CGROUP, "memory.max"), "max");
}

/* ---- all memory ---- */

/* The first swap device. */
static bool swap_device(char *path)
{
	char text[512], *line;

	t_read("/proc/swaps", text, sizeof(text));
	line = strchr(text, '\n');
	return line && sscanf(line, " %63s", path) == 1;
}

static size_t memory_free(void)
{
	char text[4096], *line;

	t_read("/proc/meminfo", text, sizeof(text));
	line = strstr(text, "MemFree:");
	return line ? strtoul(line + 8, NULL, 10) << 10 : 0;
}

/* Takes most of the memory at once, as huge pages that nobody uses. */
static bool take_memory(void)
{
	size_t left = memory_free();
	char text[32];

	if (left > LEFT) {
		snprintf(text, sizeof(text), "%lu", (left - LEFT) / T_PMD);
		t_write(HUGEPAGES, text);
	}
	return memory_free() < 2 * LEFT;
}

/* One thread waits for its read, this one takes what is left of the memory. */
static int hog(char *address)
{
	size_t len = 4 * LEFT;
	struct t_fault f;
	char *memory;

	t_write(t_cgroup_file(CGROUP, "cgroup.procs"), "0");
	t_write("/proc/self/oom_score_adj", "1000");
	memory = t_map(t_place(8), len, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	madvise(memory, len, MADV_NOHUGEPAGE);
	t_fault_prepare(&f, address, false);
	t_fault_go(&f);
	usleep(20000);
	memset(memory, 1, len);
	return 1;
}

/* The read takes 16 seconds: memory takes longer to run out than the device. */
TEST(out_of_all_memory_in_flight)
{
	int fd = t_file(5, PAGES), status = 0;
	char *map = t_map(t_place(7), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	long reads, kills;
	char swap[64];
	pid_t pid;

	T_NEED(!access(HUGEPAGES, W_OK), "CONFIG_HUGETLBFS");
	T_NEED_THROTTLE(CGROUP);
	/* Or all programs, and what they share, would go there first. */
	T_NEED(swap_device(swap) && !swapoff(swap), "a swap device to do without");
	reads = t_device_reads("disk");
	kills = t_vmstat("oom_kill");
	if (!take_memory()) {
		t_write(HUGEPAGES, "0");
		swapon(swap, 0);
		SKIP(return, "the memory of this machine could not be taken");
	}
	t_throttle(CGROUP, "disk", "8192");
	pid = fork();
	if (!pid)
		_exit(hog(map + 9 * T_PAGE));
	status = 0;
	EXPECT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_EQ(reads, t_device_reads("disk"));
	EXPECT_EQ(kills + 1, t_vmstat("oom_kill"));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
	t_throttle(CGROUP, "disk", "max");
	t_write(HUGEPAGES, "0");
	EXPECT_EQ(0, swapon(swap, 0));
}

TEST_HARNESS_MAIN
