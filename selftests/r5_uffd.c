// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R5. A fault that userfaultfd has served ends without mmap_lock,
 * and counts as it always did. A signal still ends the wait.
 *
 * Fails in the arm mainline, where the fault starts over under mmap_lock.
 */
#include <linux/userfaultfd.h>
#include <sys/ioctl.h>

#include "t.h"

#define PAGES	4UL
#define PAGE	2UL
#define LEN	(PAGES * T_PAGE)

FIXTURE(uffd) {
	char *map;
	char *page;
	int fd;
	int memfd;
};

FIXTURE_VARIANT(uffd) {
	unsigned long mode;
	bool shmem;
};

FIXTURE_VARIANT_ADD(uffd, missing_anon) { .mode = UFFDIO_REGISTER_MODE_MISSING };
FIXTURE_VARIANT_ADD(uffd, missing_shmem) {
	.mode = UFFDIO_REGISTER_MODE_MISSING, .shmem = true };
FIXTURE_VARIANT_ADD(uffd, minor_shmem) {
	.mode = UFFDIO_REGISTER_MODE_MINOR, .shmem = true };
FIXTURE_VARIANT_ADD(uffd, wp_anon) { .mode = UFFDIO_REGISTER_MODE_WP };

FIXTURE_SETUP(uffd)
{
	struct uffdio_api api = {
		.api = UFFD_API,
		.features = variant->shmem ? UFFD_FEATURE_MISSING_SHMEM |
					     UFFD_FEATURE_MINOR_SHMEM : 0,
	};
	struct uffdio_register reg = { .mode = variant->mode };

	self->memfd = -1;
	self->page = t_map(t_place(15), T_PAGE, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS, -1);
	*(uint64_t *)self->page = t_word(1, PAGE);
	if (variant->shmem) {
		self->memfd = memfd_create("uffd", MFD_CLOEXEC);
		T_SETUP(self->memfd >= 0);
		T_SETUP(!ftruncate(self->memfd, LEN));
		if (variant->mode == UFFDIO_REGISTER_MODE_MINOR)
			t_fill(self->memfd, 1, PAGES);
	}
	self->map = t_map(t_place(14), LEN, PROT_READ | PROT_WRITE,
			  variant->shmem ? MAP_SHARED : MAP_PRIVATE | MAP_ANONYMOUS,
			  self->memfd);
	madvise(self->map, LEN, MADV_NOHUGEPAGE);
	if (variant->mode == UFFDIO_REGISTER_MODE_WP)
		for (unsigned long i = 0; i < PAGES; i++)
			*(uint64_t *)(self->map + i * T_PAGE) = t_word(1, i);
	reg.range.start = (unsigned long)self->map;
	reg.range.len = LEN;
	self->fd = syscall(SYS_userfaultfd, O_CLOEXEC);
	T_SETUP(self->fd >= 0);
	T_SETUP(!ioctl(self->fd, UFFDIO_API, &api));
	T_SETUP(!ioctl(self->fd, UFFDIO_REGISTER, &reg));
	if (variant->mode == UFFDIO_REGISTER_MODE_WP) {
		struct uffdio_writeprotect wp = {
			.range = reg.range, .mode = UFFDIO_WRITEPROTECT_MODE_WP };

		T_SETUP(!ioctl(self->fd, UFFDIO_WRITEPROTECT, &wp));
	}
}

FIXTURE_TEARDOWN(uffd)
{
	munmap(self->map, LEN);
	munmap(self->page, T_PAGE);
	close(self->fd);
	close(self->memfd);
}

static int serve(int fd, unsigned long mode, char *page)
{
	struct uffd_msg msg;
	unsigned long at;

	if (read(fd, &msg, sizeof(msg)) != sizeof(msg) ||
	    msg.event != UFFD_EVENT_PAGEFAULT)
		return -1;
	at = msg.arg.pagefault.address & ~(T_PAGE - 1);
	if (mode == UFFDIO_REGISTER_MODE_MISSING) {
		struct uffdio_copy copy = {
			.dst = at, .src = (unsigned long)page, .len = T_PAGE };

		return ioctl(fd, UFFDIO_COPY, &copy);
	}
	if (mode == UFFDIO_REGISTER_MODE_MINOR) {
		struct uffdio_continue go = { .range = { at, T_PAGE } };

		return ioctl(fd, UFFDIO_CONTINUE, &go);
	} else {
		struct uffdio_writeprotect wp = { .range = { at, T_PAGE } };

		return ioctl(fd, UFFDIO_WRITEPROTECT, &wp);
	}
}

TEST_F(uffd, served_without_mmap_lock)
{
	struct t_counts before, diff;
	struct t_fault f;

	T_NEED_COUNTS();
	t_counts("swap");
	t_fault_prepare(&f, self->map + PAGE * T_PAGE,
			variant->mode == UFFDIO_REGISTER_MODE_WP);
	before = t_counts("swap");
	t_fault_go(&f);
	EXPECT_EQ(0, serve(self->fd, variant->mode, self->page));
	t_fault_end(&f);
	diff = t_since(before, "swap");

	EXPECT_EQ(t_word(1, PAGE), f.seen);
	EXPECT_EQ(0, f.maj_flt);
	EXPECT_EQ(0, diff.mmap_lock);
}

static atomic_int signals;

static void on_signal(int signal)
{
	(void)signal;
	atomic_fetch_add(&signals, 1);
}

/* The handler runs although nobody has served the fault; then it waits again. */
TEST_F(uffd, signal_is_delivered)
{
	struct sigaction action = { .sa_handler = on_signal };
	struct t_fault f;

	atomic_store(&signals, 0);
	ASSERT_EQ(0, sigaction(SIGUSR1, &action, NULL));
	t_fault_prepare(&f, self->map + PAGE * T_PAGE,
			variant->mode == UFFDIO_REGISTER_MODE_WP);
	t_fault_go(&f);
	usleep(20000);
	ASSERT_EQ(0, pthread_kill(f.thread, SIGUSR1));
	for (int i = 0; i < 1000 && !atomic_load(&signals); i++)
		usleep(1000);
	EXPECT_EQ(1, atomic_load(&signals));
	EXPECT_FALSE(atomic_load(&f.done));
	EXPECT_EQ(0, serve(self->fd, variant->mode, self->page));
	t_fault_end(&f);
	EXPECT_EQ(t_word(1, PAGE), f.seen);
}

TEST_F(uffd, is_killed)
{
	int status = 0;
	pid_t pid;

	/* The mapping goes to the child, the registration only if it is asked for. */
	pid = fork();
	if (!pid) {
		struct uffdio_api api = { .api = UFFD_API };
		struct uffdio_register reg = {
			.range = { (unsigned long)t_place(16), T_PAGE },
			.mode = UFFDIO_REGISTER_MODE_MISSING,
		};
		int fd = syscall(SYS_userfaultfd, O_CLOEXEC);

		t_map(t_place(16), T_PAGE, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1);
		if (ioctl(fd, UFFDIO_API, &api) || ioctl(fd, UFFDIO_REGISTER, &reg))
			_exit(1);
		_exit(*(volatile char *)t_place(16));
	}
	usleep(50000);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_TRUE(WIFSIGNALED(status));
	EXPECT_EQ(SIGKILL, WTERMSIG(status));
}

TEST_HARNESS_MAIN
