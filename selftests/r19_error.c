// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: R19. Who asks for a page that cannot be read gets an error, in the end,
 * and beside a thread that maps and unmaps all the time.
 *
 * Fails in the arm eioloop, in which the access is made again after each failed read.
 * mlock() and MAP_POPULATE are in r19_mlock.
 */
#include <sys/uio.h>

#include "t.h"

#define PAGE	32UL
#define LEN	(64 * T_PAGE)

static int by_populate(char *at)
{
	return madvise(at, LEN, MADV_POPULATE_READ) ? errno : 0;
}

static int by_populate_write(char *at)
{
	return madvise(at, LEN, MADV_POPULATE_WRITE) ? errno : 0;
}

static int by_write(char *at)
{
	int fds[2], ret;

	if (pipe(fds))
		t_die("pipe");
	ret = write(fds[1], at + PAGE * T_PAGE, 8) < 0 ? errno : 0;
	close(fds[0]);
	close(fds[1]);
	return ret;
}

static int by_vm_readv(char *at)
{
	uint64_t word;
	struct iovec local = { &word, sizeof(word) };
	struct iovec remote = { at + PAGE * T_PAGE, sizeof(word) };

	return process_vm_readv(getpid(), &local, 1, &remote, 1, 0) < 0 ? errno : 0;
}

FIXTURE(unreadable) {
	int fd;
};

FIXTURE_VARIANT(unreadable) {
	int (*get)(char *at);
	int error;
};

FIXTURE_VARIANT_ADD(unreadable, madv_populate_read) { by_populate, EFAULT };
FIXTURE_VARIANT_ADD(unreadable, madv_populate_write) { by_populate_write, EFAULT };
FIXTURE_VARIANT_ADD(unreadable, write) { by_write, EFAULT };
FIXTURE_VARIANT_ADD(unreadable, process_vm_readv) { by_vm_readv, EFAULT };

FIXTURE_SETUP(unreadable)
{
	t_badblocks("bad", '+', PAGE * T_PAGE / 512, T_PAGE / 512);
	t_drop_caches();
	self->fd = open("/dev/bad", O_RDWR | O_CLOEXEC);
	T_SETUP(self->fd >= 0);
}

FIXTURE_TEARDOWN(unreadable)
{
	t_badblocks("bad", '-', PAGE * T_PAGE / 512, T_PAGE / 512);
	close(self->fd);
}

static void *map_and_unmap(void *arg)
{
	(void)arg;
	for (;;) {
		munmap(t_map(t_place(23), LEN, PROT_READ, MAP_PRIVATE | MAP_ANONYMOUS, -1),
		       LEN);
		usleep(100);
	}
	return NULL;
}

/* A child with such a thread asks, and exits with the error. */
static pid_t child_asks(int (*get)(char *at), int fd)
{
	pid_t pid = fork();
	pthread_t writer;
	char *map;

	if (pid)
		return pid;
	map = t_map(t_place(22), LEN, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (madvise(map, LEN, MADV_RANDOM))
		t_die("madvise");
	if (pthread_create(&writer, NULL, map_and_unmap, NULL))
		t_die("pthread_create");
	_exit(get(map));
}

TEST_F(unreadable, is_an_error)
{
	bool hung;
	int status = t_child_end(child_asks(variant->get, self->fd), &hung);

	ASSERT_FALSE(hung);
	ASSERT_TRUE(WIFEXITED(status));
	EXPECT_EQ(variant->error, WEXITSTATUS(status));
}

TEST_HARNESS_MAIN
