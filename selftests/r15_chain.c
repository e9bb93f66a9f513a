// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R15. Nobody waits for a fault's I/O through somebody else: A
 * faults in a VMA and waits, B changes that VMA, C does something in another
 * place of the address space. C returns while A's read is with the device, and
 * so does B.
 *
 * Fails in the arm hold, where B waits for A with mmap_lock held, and C for B;
 * in mainline where the memory is shared and on the swap device.
 */
#include "t.h"

#define PAGES	64UL
#define LEN	(PAGES * T_PAGE)
#define PAGE	5UL

#define ELSEWHERE	t_place(30)

static int map_and_unmap(void)
{
	return munmap(t_map(ELSEWHERE, LEN, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS,
			    -1), LEN);
}

static int map_and_fault(void)
{
	char *map = t_map(ELSEWHERE, LEN, PROT_READ | PROT_WRITE,
			  MAP_PRIVATE | MAP_ANONYMOUS, -1);

	*(volatile char *)map = 1;
	return munmap(map, LEN);
}

static int read_maps(void)
{
	static char text[65536];

	t_read("/proc/self/maps", text, sizeof(text));
	return !text[0];
}

static int fork_and_wait(void)
{
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		_exit(0);
	return waitpid(pid, &status, 0) != pid || status;
}

struct writer {
	char *map;
	int ret;
	pthread_t thread;
};

/* B */
static void *writer_thread(void *arg)
{
	struct writer *w = arg;

	w->ret = mprotect(w->map + LEN / 2, LEN / 2, PROT_READ);
	return NULL;
}

FIXTURE(chain) {
	char *map;
};

FIXTURE_VARIANT(chain) {
	enum t_kind kind;
	int (*op)(void);
};

#define CHAIN(name, fn)							\
	FIXTURE_VARIANT_ADD(chain, name##_file) { .kind = T_FILE, .op = fn };	\
	FIXTURE_VARIANT_ADD(chain, name##_swap) { .kind = T_SWAP, .op = fn };	\
	FIXTURE_VARIANT_ADD(chain, name##_shmem) { .kind = T_SHMEM, .op = fn }

CHAIN(mmap, map_and_unmap);
CHAIN(fault, map_and_fault);
CHAIN(maps, read_maps);
CHAIN(fork, fork_and_wait);

FIXTURE_SETUP(chain)
{
	self->map = t_memory(variant->kind, t_place(29), PAGES);
}

FIXTURE_TEARDOWN(chain)
{
	munmap(self->map, LEN);
}

TEST_F(chain, nobody_waits)
{
	const char *device = t_device_of(variant->kind);
	struct writer b = { .map = self->map };
	bool c_while_waiting, b_while_waiting;
	struct t_fault a;
	int ret;

	t_fault_in_flight(&a, self->map + PAGE * T_PAGE, false, device);
	ASSERT_EQ(0, pthread_create(&b.thread, NULL, writer_thread, &b));
	/* It has returned by now, or it waits. */
	usleep(20000);
	ret = variant->op();
	c_while_waiting = t_fault_waits(&a, device);
	pthread_join(b.thread, NULL);
	b_while_waiting = t_fault_waits(&a, device);
	t_fault_end(&a);

	EXPECT_EQ(0, ret);
	EXPECT_EQ(0, b.ret);
	EXPECT_TRUE(c_while_waiting);
	EXPECT_TRUE(b_while_waiting);
	EXPECT_EQ(t_word(t_file_of(variant->kind), PAGE), a.seen);
}

TEST_HARNESS_MAIN
