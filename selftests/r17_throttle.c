// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R17. A task whose reads are throttled (cgroup v2 io.max) waits in
 * a fault for as long as its cgroup likes. Whoever changes the VMA under that
 * fault does not wait for it.
 *
 * The task shares the mm of the test, not its cgroup: the io controller knows no
 * threads. Its read never gets to the device before the limit is taken away, so
 * that a writer who returns at all has not waited.
 *
 * Fails in the arm hold; in mainline where the memory is shared and on the swap
 * device.
 */
#include "t.h"

#define PAGES	64UL
#define LEN	(PAGES * T_PAGE)
#define PAGE	5UL
#define CGROUP	"throttled"

/* Two seconds a page: in an arm that waits the test ends, too. */
#define SLOW	"2048"

static int do_mprotect(char *map)
{
	return mprotect(map, LEN, PROT_READ | PROT_WRITE | PROT_EXEC);
}

static int do_mprotect_split(char *map)
{
	return mprotect(map + LEN / 2, LEN / 2, PROT_READ);
}

static int do_munmap_part(char *map)
{
	return munmap(map + LEN / 2, LEN / 2);
}

FIXTURE(throttled) {
	char *map;
};

FIXTURE_VARIANT(throttled) {
	enum t_kind kind;
	int (*op)(char *map);
};

#define THROTTLED(name, fn)						\
	FIXTURE_VARIANT_ADD(throttled, name##_file) { .kind = T_FILE, .op = fn };	\
	FIXTURE_VARIANT_ADD(throttled, name##_swap) { .kind = T_SWAP, .op = fn };	\
	FIXTURE_VARIANT_ADD(throttled, name##_shmem) { .kind = T_SHMEM, .op = fn }

THROTTLED(mprotect, do_mprotect);
THROTTLED(mprotect_split, do_mprotect_split);
THROTTLED(munmap_part, do_munmap_part);

FIXTURE_SETUP(throttled)
{
	T_NEED_THROTTLE(CGROUP);
	self->map = t_memory(variant->kind, t_place(33), PAGES);
}

FIXTURE_TEARDOWN(throttled)
{
	if (self->map)
		munmap(self->map, LEN);
}

/* Shares the address space; touches little, as it shares the thread's data, too. */
static int faulter(void *arg)
{
	t_fault_thread(arg);
	return 0;
}

static pid_t faulter_start(struct t_fault *f, char *address)
{
	static char stack[65536] __attribute__((aligned(16)));
	char pid_text[16];
	pid_t pid;

	*f = (struct t_fault) { .address = (void *)address };
	pid = clone(faulter, stack + sizeof(stack), CLONE_VM | SIGCHLD, f);
	if (pid < 0)
		t_die("clone");
	snprintf(pid_text, sizeof(pid_text), "%d", pid);
	t_write(t_cgroup_file(CGROUP, "cgroup.procs"), pid_text);
	while (!atomic_load(&f->ready))
		usleep(100);
	return pid;
}

TEST_F(throttled, writer_does_not_wait)
{
	const char *device = t_device_of(variant->kind);
	long reads = t_device_reads(device);
	bool throttled, waits;
	int status = 0, ret;
	struct t_fault f;
	pid_t pid;

	ASSERT_TRUE(t_throttle(CGROUP, device, SLOW));
	pid = faulter_start(&f, self->map + PAGE * T_PAGE);
	t_fault_go(&f);
	t_wait_blocked(pid);
	throttled = !t_inflight(device);
	ret = variant->op(self->map);
	waits = !atomic_load(&f.done) && !t_inflight(device) &&
		t_device_reads(device) == reads;
	t_throttle(CGROUP, device, "max");
	ASSERT_EQ(pid, waitpid(pid, &status, 0));

	EXPECT_TRUE(throttled);
	EXPECT_EQ(0, ret);
	EXPECT_TRUE(waits);
	EXPECT_EQ(0, status);
	EXPECT_EQ(t_word(t_file_of(variant->kind), PAGE), f.seen);
}

TEST_HARNESS_MAIN
