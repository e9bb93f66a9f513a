// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R18. The OOM killer's reaper is not delayed by faults in flight,
 * even if somebody has meanwhile written to the VMA under fault: it takes the
 * memory of a process that cannot end, before any of its reads is done.
 *
 * The kernel gives a victim two seconds to end by itself, so one thread of this one
 * is in a read that no signal ends, and the reads are throttled.
 *
 * Fails in the arm mainline, where a swap-in fault in shared memory holds the VMA
 * lock, so that a munmap() holds mmap_lock and the reaper gives up.
 */
#include "t.h"

#define PAGES	8UL
#define LEN	(PAGES * T_PAGE)
#define MEMORY	(16UL << 20)
#define CGROUP	"reaper"

static void *read_thread(void *reading)
{
	char *page = t_map(t_place(37), T_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1);
	int fd = open("/dev/bad", O_RDONLY | O_DIRECT | O_CLOEXEC);

	*page = 1;
	atomic_store((atomic_bool *)reading, true);
	if (fd < 0 || pread(fd, page, T_PAGE, 0) != (ssize_t)T_PAGE)
		t_die("/dev/bad");
	return NULL;
}

static void *unmap_thread(void *map)
{
	munmap(map, LEN);
	return NULL;
}

/* Waits for two reads, unmaps what it faults in, and runs out of memory. */
static int victim(char *map)
{
	atomic_bool reading = false;
	pthread_t thread;
	struct t_fault f;
	char *memory;

	t_write(t_cgroup_file(CGROUP, "cgroup.procs"), "0");
	t_populate_text();
	/* Nothing below must need mmap_lock but munmap(). */
	memory = t_map(t_place(36), MEMORY, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS, -1);
	*memory = 1;
	if (pthread_create(&thread, NULL, read_thread, &reading))
		t_die("pthread_create");
	while (!atomic_load(&reading))
		usleep(100);
	t_fault_prepare(&f, map + T_PAGE, false);
	t_fault_go(&f);
	usleep(20000);
	if (pthread_create(&thread, NULL, unmap_thread, map))
		t_die("pthread_create");
	usleep(20000);
	memset(memory, 1, MEMORY);
	return 1;
}

/*
 * What the reaper says of the process. It has said something long before the end
 * of this loop, if ever it does.
 */
static const char *reaper_says(int kmsg, pid_t pid)
{
	static char line[1024];
	char who[32];
	ssize_t n;

	snprintf(who, sizeof(who), "%d (", pid);
	for (int i = 0; i < 1500; i++) {
		n = read(kmsg, line, sizeof(line) - 1);
		if (n > 0) {
			line[n] = '\0';
			line[strcspn(line, "\n")] = '\0';
			if (strstr(line, "oom_reaper: ") && strstr(line, who))
				return strstr(line, "oom_reaper: ");
		} else if (errno != EAGAIN && errno != EPIPE) {
			t_die("/dev/kmsg");
		} else if (waitpid(pid, NULL, WNOHANG)) {
			return "gone";
		} else {
			usleep(10000);
		}
	}
	return "nothing";
}

static void throttle(const char *rbps)
{
	t_throttle(CGROUP, "bad", rbps);
	t_throttle(CGROUP, "disk", rbps);
	t_throttle(CGROUP, "swap", rbps);
}

FIXTURE(reaper) {
	char *map;
};

FIXTURE_VARIANT(reaper) {
	enum t_kind kind;
};

FIXTURE_VARIANT_ADD(reaper, file) { .kind = T_FILE };
FIXTURE_VARIANT_ADD(reaper, swap) { .kind = T_SWAP };
FIXTURE_VARIANT_ADD(reaper, shmem) { .kind = T_SHMEM };

FIXTURE_SETUP(reaper)
{
	T_NEED_THROTTLE(CGROUP);
	self->map = t_memory(variant->kind, t_place(35), PAGES);
	t_write(t_cgroup_file(CGROUP, "memory.swap.max"), "0");
	t_write(t_cgroup_file(CGROUP, "memory.max"), "4M");
	throttle("2");
}

FIXTURE_TEARDOWN(reaper)
{
	if (!self->map)
		return;
	throttle("max");
	munmap(self->map, LEN);
}

TEST_F(reaper, is_not_delayed)
{
	long bad = t_device_reads("bad");
	long reads = t_device_reads(t_device_of(variant->kind));
	int kmsg = open("/dev/kmsg", O_RDONLY | O_NONBLOCK | O_CLOEXEC);
	const char *says;
	pid_t pid;

	ASSERT_GE(kmsg, 0);
	ASSERT_EQ(0, lseek(kmsg, 0, SEEK_END));
	pid = fork();
	if (!pid)
		_exit(victim(self->map));
	says = reaper_says(kmsg, pid);
	EXPECT_EQ(0, strncmp(says, "oom_reaper: reaped", 18)) {
		TH_LOG("%s", says);
	}
	EXPECT_EQ(bad, t_device_reads("bad"));
	EXPECT_EQ(reads, t_device_reads(t_device_of(variant->kind)));
	throttle("max");
	waitpid(pid, NULL, 0);
	close(kmsg);
}

TEST_HARNESS_MAIN
