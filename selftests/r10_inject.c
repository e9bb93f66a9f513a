// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R10. Of everything that a fault allocates and reads, one thing fails,
 * in each two faults the next one. The fault ends all the same: with the page, for
 * allocations and reads of files are tried again; or, if its read of the swap device
 * failed, with SIGBUS. No lock is left behind, and the page can be had afterwards.
 *
 * The kernel fails the N-th of a task's allocations and requests (fail-nth). The jobs
 * `inject` before this test say what can fail.
 *
 * Fails in the arm eioonce, which does not try a read again.
 */
#include <setjmp.h>

#include "t.h"

#define INJECT	"/sys/kernel/debug"
#define PAGES	64UL
#define AROUND	16UL	/* for readahead, which allocates for all of them */
#define MOST	40U	/* more than a fault, readahead included, allocates and asks for */
#define TRIES	2U	/* for each number: how much is allocated differs between faults */
#define SLOW	200	/* waits of 50 ms that no fault here takes */

static const char *const kinds[] = { "failslab", "fail_page_alloc", "fail_make_request" };

enum { SLAB, PAGE, REQUEST, KINDS };

struct attempt {
	char *address;
	bool write;
	bool kernel;		/* the fault is one of get_user_pages() */
	unsigned int nth;
	bool failed;		/* something did */
	int sig;
	int err;
	uint64_t seen;
	atomic_bool done;
};

static sigjmp_buf jump;

static void on_sigbus(int sig)
{
	siglongjmp(jump, sig);
}

static long left(unsigned int kind)
{
	char path[64], text[32];

	snprintf(path, sizeof(path), INJECT "/%s/times", kinds[kind]);
	t_read(path, text, sizeof(text));
	return atol(text);
}

static void arm(int fd, unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(fd, text, len, 0) != len)
		t_die("fail-nth");
}

/* Is what was asked to fail still to come? */
static bool still_armed(int fd)
{
	char text[16] = "";

	if (pread(fd, text, sizeof(text) - 1, 0) < 1)
		t_die("fail-nth");
	return atoi(text);
}

__attribute__((noinline))
static void touch(struct attempt *a)
{
	volatile uint64_t *word = (volatile uint64_t *)a->address;

	if (a->write)
		word[1] = 1;
	a->seen = word[0];
}

static void *attempt_thread(void *arg)
{
	struct attempt *a = arg;
	int fd = open("/proc/thread-self/fail-nth", O_RDWR | O_CLOEXEC);

	if (fd < 0)
		t_die("fail-nth");
	a->sig = sigsetjmp(jump, 1);
	if (!a->sig) {
		arm(fd, a->nth);
		if (!a->kernel)
			touch(a);
		else if (madvise(a->address, T_PAGE, MADV_POPULATE_READ))
			a->err = errno;
	}
	a->failed = !still_armed(fd);
	arm(fd, 0);
	close(fd);
	atomic_store(&a->done, true);
	return NULL;
}

static void attempt(struct attempt *a)
{
	pthread_t thread;

	if (pthread_create(&thread, NULL, attempt_thread, a))
		t_die("pthread_create");
	for (int i = 0; !atomic_load(&a->done); i++) {
		if (i == SLOW)
			t_die("the fault in which number %u failed does not end", a->nth);
		usleep(50000);
	}
	pthread_join(thread, NULL);
}

FIXTURE(injection) {
	char *map;
	int fd;
	unsigned int file;
	unsigned long pages;
	long left[KINDS];
};

FIXTURE_VARIANT(injection) {
	int prot;
	int flags;
	bool swap;
	bool shmem;
	bool write;
	bool around;		/* readahead: its read is not the fault's own */
	bool kernel;
	bool sigbus;		/* a read that fails is the end */
};

FIXTURE_VARIANT_ADD(injection, read) { .flags = MAP_SHARED };
FIXTURE_VARIANT_ADD(injection, readahead) { .flags = MAP_SHARED, .around = true };
FIXTURE_VARIANT_ADD(injection, populate) { .flags = MAP_SHARED, .kernel = true };
FIXTURE_VARIANT_ADD(injection, private_write) { .flags = MAP_PRIVATE, .write = true };
FIXTURE_VARIANT_ADD(injection, shared_write) { .flags = MAP_SHARED, .write = true };
FIXTURE_VARIANT_ADD(injection, anonymous) { .flags = MAP_PRIVATE | MAP_ANONYMOUS, .write = true };
FIXTURE_VARIANT_ADD(injection, swap) { .swap = true, .sigbus = true };
FIXTURE_VARIANT_ADD(injection, swap_write) { .swap = true, .write = true, .sigbus = true };
FIXTURE_VARIANT_ADD(injection, shmem) { .flags = MAP_SHARED, .shmem = true, .sigbus = true };

FIXTURE_SETUP(injection)
{
	struct sigaction sa = { .sa_handler = on_sigbus };
	size_t len;

	if (access("/proc/self/fail-nth", W_OK) || access(INJECT "/failslab", X_OK))
		SKIP(return, "this kernel has no fault injection");
	self->fd = -1;
	self->pages = variant->around ? AROUND : PAGES;
	len = self->pages * T_PAGE;
	if (variant->swap) {
		self->map = t_swapped(t_place(30), self->pages);
	} else {
		if (variant->shmem)
			self->fd = t_shmem_swapped(self->file = 4, self->pages);
		else if (!(variant->flags & MAP_ANONYMOUS))
			self->fd = t_file(self->file = 3, self->pages);
		self->map = t_map(t_place(30), len, PROT_READ | PROT_WRITE,
				  variant->flags, self->fd);
	}
	if (!variant->around)
		madvise(self->map, len, MADV_RANDOM);
	madvise(self->map, len, MADV_NOHUGEPAGE);
	sigaction(SIGBUS, &sa, NULL);
	/* What the threads themselves need is there. */
	t_populate_text();
	for (unsigned int kind = 0; kind < KINDS; kind++)
		self->left[kind] = left(kind);
}

FIXTURE_TEARDOWN(injection)
{
	if (self->map)
		munmap(self->map, self->pages * T_PAGE);
	if (self->fd >= 0)
		close(self->fd);
}

TEST_F(injection, ends)
{
	unsigned int sigbus = 0, i, in_vain = 0;
	long failed[KINDS];

	for (i = 0; i < MOST * TRIES && in_vain < TRIES; i++) {
		unsigned int n = 1 + i / TRIES;
		unsigned long page = i * 7 % self->pages;
		struct attempt a = {
			.address = self->map + page * T_PAGE, .nth = n,
			.write = variant->write, .kernel = variant->kernel,
		};
		uint64_t word = variant->flags & MAP_ANONYMOUS ? 0 : t_word(self->file, page);
		long requests = left(REQUEST);

		/* All of it must go, also what was mapped around. */
		if (variant->around) {
			madvise(self->map, self->pages * T_PAGE, MADV_DONTNEED);
			t_drop_caches();
		}
		attempt(&a);
		requests -= left(REQUEST);
		TH_LOG("%u: %s%s, signal %d, errno %d", n, a.failed ? "failed" : "none failed",
		       requests ? " (a request)" : "", a.sig, a.err);
		if (a.sig)
			sigbus++;
		EXPECT_EQ(variant->sigbus && requests ? SIGBUS : 0, a.sig);
		EXPECT_NE(EFAULT, a.err);
		if (!a.sig && !variant->kernel)
			EXPECT_EQ(word, a.seen);
		/* No lock is left behind. */
		EXPECT_EQ(0, mprotect(self->map, self->pages * T_PAGE, PROT_READ));
		EXPECT_EQ(0, mprotect(self->map, self->pages * T_PAGE, PROT_READ | PROT_WRITE));
		/* What a swap read left behind is not uptodate, and stays so for a while. */
		if (!requests || self->fd >= 0 || (variant->flags & MAP_ANONYMOUS)) {
			struct attempt again = { .address = a.address };

			if (!(requests && variant->shmem)) {
				attempt(&again);
				EXPECT_EQ(0, again.sig);
				EXPECT_EQ(word, again.seen);
			}
		}
		in_vain = a.failed ? 0 : in_vain + 1;
	}
	/* Everything that a fault needs has failed once. */
	EXPECT_EQ(TRIES, in_vain);
	for (unsigned int kind = 0; kind < KINDS; kind++)
		failed[kind] = self->left[kind] - left(kind);
	TH_LOG("failed: %ld slab, %ld pages, %ld requests; SIGBUS %u", failed[SLAB],
	       failed[PAGE], failed[REQUEST], sigbus);
	/* Mempools can fail, too, in 7.3, and have a reserve. */
	EXPECT_LE(failed[SLAB] + failed[PAGE] + failed[REQUEST], i - in_vain);
	EXPECT_GT(failed[PAGE], 0);
	if (!(variant->flags & MAP_ANONYMOUS))
		EXPECT_GT(failed[REQUEST], 0);
}

TEST_HARNESS_MAIN
