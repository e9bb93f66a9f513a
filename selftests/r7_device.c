// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R7. A fault on a page that a device has, or has to itself, and that
 * another fault is just getting back, waits without a lock.
 *
 * The device is the kernel's own pretence (lib/test_hmm.c). The fault that gets the page
 * back tells the devices, and one of them is busy: it copies, with its mutex held, what
 * it has of another mapping. So the page stays locked for a while.
 *
 * Fails in the arm mainline: there the second fault waits with its lock held, or starts
 * over under mmap_lock.
 */
#include <linux/types.h>
#include <sys/ioctl.h>

#include "t.h"

/* See lib/test_hmm_uapi.h. */
struct device_cmd {
	__u64 addr;
	__u64 ptr;
	__u64 npages;
	__u64 cpages;
	__u64 faults;
};

#define DEVICE_READ		_IOWR('H', 0x00, struct device_cmd)
#define DEVICE_MIGRATE_TO	_IOWR('H', 0x02, struct device_cmd)
#define DEVICE_EXCLUSIVE	_IOWR('H', 0x05, struct device_cmd)

#define PAGES	32UL
#define COPIED	2048UL	/* pages: some milliseconds of copying */

static int device(int fd, unsigned long request, void *addr, void *buffer, unsigned long pages)
{
	struct device_cmd cmd = {
		.addr = (uintptr_t)addr, .ptr = (uintptr_t)buffer, .npages = pages,
	};

	if (ioctl(fd, request, &cmd))
		return -errno;
	return cmd.cpages == pages ? 0 : -EIO;
}

struct busy {
	int fd;
	char *copied;
	char *buffer;
	int ret;
	atomic_bool stop;
	pthread_t thread;
};

static void *busy_thread(void *arg)
{
	struct busy *b = arg;

	while (!atomic_load(&b->stop) && !b->ret)
		b->ret = device(b->fd, DEVICE_READ, b->copied, b->buffer, COPIED);
	return NULL;
}

FIXTURE(device) {
	int fd;			/* the device that has the page */
	struct busy busy;
	char *map;
	char *buffer;
};

FIXTURE_VARIANT(device) {
	unsigned long request;
	bool other;		/* the one that is busy is another device */
};

FIXTURE_VARIANT_ADD(device, private_page) {
	.request = DEVICE_MIGRATE_TO, .other = true
};
FIXTURE_VARIANT_ADD(device, exclusive) { .request = DEVICE_EXCLUSIVE };

static char *memory(unsigned int place, unsigned long pages)
{
	char *p = t_map(t_place(place), pages * T_PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1);

	madvise(p, pages * T_PAGE, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < pages; i++)
		*(uint64_t *)(p + i * T_PAGE) = t_word(place, i);
	return p;
}

FIXTURE_SETUP(device)
{
	if (access("/dev/hmm_dmirror0", R_OK | W_OK))
		SKIP(return, "this kernel has no CONFIG_TEST_HMM");
	self->fd = open("/dev/hmm_dmirror0", O_RDWR | O_CLOEXEC);
	self->busy.fd = variant->other ? open("/dev/hmm_dmirror1", O_RDWR | O_CLOEXEC) : self->fd;
	if (self->fd < 0 || self->busy.fd < 0)
		t_die("/dev/hmm_dmirror");
	self->buffer = memory(40, PAGES);
	self->busy.copied = memory(41, COPIED);
	self->busy.buffer = memory(42, COPIED);
	self->map = memory(43, PAGES);
	/* The first time it faults everything in. */
	T_SETUP(!device(self->busy.fd, DEVICE_READ, self->busy.copied, self->busy.buffer,
			COPIED));
}

FIXTURE_TEARDOWN(device)
{
	if (!self->map)
		return;
	munmap(self->map, PAGES * T_PAGE);
	close(self->fd);
}

/* Two faults on each page at once; how many of them had to wait is in the counters. */
TEST_F(device, second_fault_waits)
{
	long waited = 0, again = t_vmstat("fault_mmap_lock_waited");

	ASSERT_EQ(0, device(self->fd, variant->request, self->map, self->buffer, PAGES));
	for (unsigned long i = 0; i < PAGES; i++)
		EXPECT_EQ(t_word(43, i), *(uint64_t *)(self->buffer + i * T_PAGE));
	ASSERT_EQ(0, pthread_create(&self->busy.thread, NULL, busy_thread, &self->busy));
	for (unsigned long i = 0; i < PAGES; i++) {
		char *page = self->map + i * T_PAGE;
		struct t_counts before, diff;
		struct t_fault a, b;

		t_fault_prepare(&a, page, false);
		t_fault_prepare(&b, page, true);
		before = t_counts("swap");
		t_fault_go(&a);
		usleep(500);
		t_fault_go(&b);
		t_fault_end(&a);
		t_fault_end(&b);
		diff = t_since(before, "swap");
		waited += diff.relocked + diff.again;
		EXPECT_EQ(t_word(43, i), a.seen);
		EXPECT_EQ(t_word(43, i), b.seen);
		EXPECT_EQ(1, ((volatile uint64_t *)page)[1]);
	}
	atomic_store(&self->busy.stop, true);
	pthread_join(self->busy.thread, NULL);
	EXPECT_EQ(0, self->busy.ret);
	EXPECT_GT(waited, 0);
	/* None started over after its wait. */
	EXPECT_EQ(again, t_vmstat("fault_mmap_lock_waited"));
	TH_LOG("%ld of %lu second faults waited", waited, PAGES);
}

TEST_HARNESS_MAIN
