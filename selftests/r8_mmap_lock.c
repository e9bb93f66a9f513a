// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R8. A fault that began under mmap_lock lets go of it and waits. If it is one
 * of kernel code the access is made again afterwards; get_user_pages() starts over as
 * ever. Errors are found as before.
 *
 * Fails in the arm mainline, where nothing is made again.
 */
#include <sys/uio.h>

#include "t.h"

#define PAGES	64UL
#define PAGE	9UL
#define LEN	(PAGES * T_PAGE)

/* Copies a word out of the mapping: 0, or -errno. */
static int by_write(char *at, uint64_t *word)
{
	int fds[2], ret = 0;

	if (pipe(fds))
		t_die("pipe");
	if (write(fds[1], at, sizeof(*word)) != sizeof(*word))
		ret = -errno;
	else if (read(fds[0], word, sizeof(*word)) != sizeof(*word))
		t_die("pipe");
	close(fds[0]);
	close(fds[1]);
	return ret;
}

static int by_vm_readv(char *at, uint64_t *word)
{
	struct iovec local = { word, sizeof(*word) };
	struct iovec remote = { at, sizeof(*word) };

	if (process_vm_readv(getpid(), &local, 1, &remote, 1, 0) == sizeof(*word))
		return 0;
	return -errno;
}

static int populate(char *at, uint64_t *word, int advice)
{
	if (madvise(at, T_PAGE, advice))
		return -errno;
	*word = *(uint64_t *)at;
	return 0;
}

static int by_populate_read(char *at, uint64_t *word)
{
	return populate(at, word, MADV_POPULATE_READ);
}

static int by_populate_write(char *at, uint64_t *word)
{
	return populate(at, word, MADV_POPULATE_WRITE);
}

FIXTURE(kernel_fault) {
	char *map;
	int fd;
};

FIXTURE_VARIANT(kernel_fault) {
	int (*get)(char *at, uint64_t *word);
	int lock_reads;		/* by faults; get_user_pages() is none */
	int again;
};

FIXTURE_VARIANT_ADD(kernel_fault, write) { .get = by_write, .lock_reads = 2,
						.again = 1 };
FIXTURE_VARIANT_ADD(kernel_fault, process_vm_readv) { .get = by_vm_readv };
FIXTURE_VARIANT_ADD(kernel_fault, populate_read) { .get = by_populate_read };
FIXTURE_VARIANT_ADD(kernel_fault, populate_write) { .get = by_populate_write };

FIXTURE_SETUP(kernel_fault)
{
	self->fd = t_file(10, PAGES);
	self->map = t_map(t_place(19), LEN, PROT_READ | PROT_WRITE, MAP_SHARED,
			  self->fd);
	T_SETUP(!madvise(self->map, LEN, MADV_RANDOM));
}

FIXTURE_TEARDOWN(kernel_fault)
{
	munmap(self->map, LEN);
	close(self->fd);
}

struct getter {
	int (*get)(char *at, uint64_t *word);
	char *at;
	uint64_t word;
	int ret;
	long maj_flt;
	atomic_bool ready, go, done;
	pthread_t thread;
};

static void *get_thread(void *arg)
{
	struct getter *g = arg;
	struct rusage before, after;

	/* All that the thread itself needs is there before it is counted. */
	by_write((char *)&g->word, &g->word);
	by_vm_readv((char *)&g->word, &g->word);
	getrusage(RUSAGE_THREAD, &after);
	getrusage(RUSAGE_THREAD, &before);
	atomic_store(&g->ready, true);
	while (!atomic_load(&g->go))
		usleep(100);
	g->ret = g->get(g->at, &g->word);
	getrusage(RUSAGE_THREAD, &after);
	g->maj_flt = after.ru_majflt - before.ru_majflt;
	atomic_store(&g->done, true);
	return NULL;
}

static void get_prepare(struct getter *g)
{
	if (pthread_create(&g->thread, NULL, get_thread, g))
		t_die("pthread_create");
	while (!atomic_load(&g->ready))
		usleep(100);
}

TEST_F(kernel_fault, made_again)
{
	struct getter g = { .get = variant->get, .at = self->map + PAGE * T_PAGE };
	struct t_counts before, diff;

	/* What a stock kernel counts leaves faults of kernel code out. */
	T_NEED(t_vmstat_if("fault_mmap_lock") >= 0,
	       "fault_mmap_lock in /proc/vmstat, of the lab kernel");
	t_counts("disk");
	get_prepare(&g);
	before = t_counts("disk");
	atomic_store(&g.go, true);
	pthread_join(g.thread, NULL);
	diff = t_since(before, "disk");

	EXPECT_EQ(0, g.ret);
	EXPECT_EQ(t_word(10, PAGE), g.word);
	EXPECT_EQ(1, g.maj_flt);
	EXPECT_EQ(1, diff.major);
	EXPECT_EQ(variant->again, diff.again);
	EXPECT_EQ(0, diff.relocked);
	EXPECT_EQ(variant->lock_reads, diff.mmap_lock);
}

TEST_F(kernel_fault, writer_does_not_wait)
{
	struct getter g = { .get = variant->get, .at = self->map + PAGE * T_PAGE };
	bool waits;

	get_prepare(&g);
	atomic_store(&g.go, true);
	t_wait_inflight("disk");
	usleep(1000);
	ASSERT_EQ(0, mprotect(self->map, LEN, PROT_READ | PROT_WRITE | PROT_EXEC));
	waits = !atomic_load(&g.done) && t_inflight("disk");
	pthread_join(g.thread, NULL);
	EXPECT_TRUE(waits);
	EXPECT_EQ(0, g.ret);
	EXPECT_EQ(t_word(10, PAGE), g.word);
}

/* VM_FAULT_COMPLETED has no room for an error: it must not get lost, or loop. */
TEST_F(kernel_fault, read_error)
{
	struct getter g = { .get = variant->get };
	struct t_counts before, diff;
	char *map;
	int fd;

	fd = open("/dev/bad", O_RDWR | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	map = t_map(t_place(20), LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	ASSERT_EQ(0, madvise(map, LEN, MADV_RANDOM));
	t_badblocks("bad", '+', 256, 8);
	t_drop_caches();
	g.at = map + 32 * T_PAGE;
	get_prepare(&g);
	before = t_counts("bad");
	atomic_store(&g.go, true);
	pthread_join(g.thread, NULL);
	diff = t_since(before, "bad");
	t_badblocks("bad", '-', 256, 8);
	EXPECT_EQ(-EFAULT, g.ret);
	EXPECT_LE(diff.reads, 4);
	munmap(map, LEN);
	close(fd);
}

TEST_HARNESS_MAIN
