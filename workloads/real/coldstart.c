// SPDX-License-Identifier: GPL-2.0-only
/*
 * coldstart: the distribution's Python, with its libraries and modules on the slow
 * device and nothing of them in memory, started several times at once.
 *
 * A start is over when the program has ended; it must have printed what it printed on
 * the host.  In each of them a thread maps and unmaps memory all the time (mapper.so),
 * as programs do that begin to work while they load.
 */
#include <errno.h>
#include <fcntl.h>
#include <ftw.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mapper.h"
#include "real.h"
#include "util.h"

#define SOURCE		"/real/python"	/* of the initramfs; see kernel/initramfs */
#define MAX_STARTS	16

struct start {
	struct wl_thread thread;
	const char *root;
	const char *expected;
	bool mapper;
	int shared_fd;
	struct mapper_shared *shared;
};

static struct wl_param params[] = {
	{ .name = "starts", .value = 4, .max = MAX_STARTS, .min = 1,
	  .help = "programs started at once" },
	{ .name = "mappers", .value = 1, .max = 1,
	  .help = "1: with a thread in each that maps memory" },
	{ .name = "mmap_pause_us", .value = 200, .max = 60000000,
	  .help = "its pause between two" },
	{ .name = "dir", .text = "/mnt",
	  .help = "directory on the slow device" },
	{ .name = "latency_us", .derived = true,
	  .help = "of the device" },
	{ 0 }
};

/* ---- the program on the slow device ---- */

static struct wl *copying;
static char copy_to[256];

static int copy_one(const char *path, const struct stat *st, int type, struct FTW *ftw)
{
	char to[1024];

	(void)ftw;
	snprintf(to, sizeof(to), "%s%s", copy_to, path + strlen(SOURCE));
	if (type == FTW_F)
		real_copy(copying, path, to, st->st_mode & 0777);
	else if (type != FTW_D || (mkdir(to, 0755) && errno != EEXIST))
		wl_die(copying, "cannot copy %s to %s: %s", path, to, strerror(errno));
	return 0;
}

/* Gets its name only when it is complete. */
static void install(struct wl *wl, const char *root)
{
	if (!access(root, X_OK))
		return;
	copying = wl;
	snprintf(copy_to, sizeof(copy_to), "%s.new", root);
	if (nftw(SOURCE, copy_one, 16, FTW_PHYS))
		wl_die(wl, SOURCE ": %s: this is not the initramfs for real programs",
		       strerror(errno));
	if (rename(copy_to, root))
		wl_die(wl, "cannot rename %s: %s", copy_to, strerror(errno));
}

/* ---- a start ---- */

__attribute__((noreturn))
static void become_program(const struct start *s, int out)
{
	char *argv[] = { "python3", "/coldstart.py", NULL };
	char *env[] = {
		"PYTHONHASHSEED=0", "PYTHONDONTWRITEBYTECODE=1", "PYTHONNOUSERSITE=1",
		"LC_ALL=C.UTF-8", s->mapper ? "LD_PRELOAD=/mapper.so" : NULL, NULL
	};

	dup2(out, STDOUT_FILENO);
	/* dup2() to itself would leave it closed on exec. */
	if (s->mapper && (s->shared_fd == MAPPER_FD ? fcntl(MAPPER_FD, F_SETFD, 0) :
			  dup2(s->shared_fd, MAPPER_FD)) < 0)
		_exit(125);
	if (chroot(s->root) || chdir("/"))
		_exit(125);
	execve("/usr/bin/python3", argv, env);
	_exit(127);
}

/* All it prints: less than a pipe holds. Returns at its end. */
static void read_all(int fd, char *buf, size_t size)
{
	size_t len = 0;
	ssize_t n;

	while (len + 1 < size && (n = read(fd, buf + len, size - len - 1)) > 0)
		len += (size_t)n;
	buf[len] = '\0';
}

static void start_body(struct wl_thread *thread)
{
	struct start *s = (struct start *)thread;
	char printed[1024];
	int fds[2], status = 0;
	uint64_t start;
	pid_t child;

	if (pipe2(fds, O_CLOEXEC)) {
		wl_fail(thread, "pipe: %s", strerror(errno));
		return;
	}
	start = wl_now();
	child = fork();
	if (!child)
		become_program(s, fds[1]);
	close(fds[1]);
	if (child < 0) {
		wl_fail(thread, "fork: %s", strerror(errno));
		return;
	}
	read_all(fds[0], printed, sizeof(printed));
	while (waitpid(child, &status, 0) < 0 && errno == EINTR)
		;
	wl_record(thread, wl_now() - start);
	close(fds[0]);
	if (status)
		wl_fail(thread, "python3 ended with status %d, signal %d",
			WEXITSTATUS(status), WTERMSIG(status));
	else if (strcmp(printed, s->expected))
		wl_fail(thread, "python3 printed '%s' and must print '%s'", printed,
			s->expected);
	else if (s->shared && s->shared->error)
		wl_fail(thread, "mapping memory in python3: %s",
			strerror((int)s->shared->error));
	else if (s->shared && s->shared->count == MAPPER_ROOM)
		wl_fail(thread, "more than %d latencies: give a larger mmap_pause_us=",
			MAPPER_ROOM);
}

static void share(const struct wl *wl, struct start *s)
{
	s->shared_fd = memfd_create("mapper", MFD_CLOEXEC);
	if (s->shared_fd < 0 || ftruncate(s->shared_fd, sizeof(*s->shared)))
		wl_die(wl, "memfd_create: %s", strerror(errno));
	s->shared = mmap(NULL, sizeof(*s->shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_POPULATE, s->shared_fd, 0);
	if (s->shared == MAP_FAILED)
		wl_die(wl, "mmap: %s", strerror(errno));
	s->shared->pause_us = wl_number(wl, "mmap_pause_us");
}

/* ---- the run ---- */

static void report(struct wl *wl, const struct start *starts, unsigned int nr,
		   const struct wl_meter *meter)
{
	const struct wl_samples *samples[MAX_STARTS] = { 0 };
	struct wl_samples mmaps[MAX_STARTS];

	for (unsigned int i = 0; i < nr; i++)
		samples[i] = &starts[i].thread.samples;
	wl_samples_report(wl, "start", samples, nr);
	for (unsigned int i = 0; starts[0].mapper && i < nr; i++) {
		mmaps[i].ns = starts[i].shared->ns;
		mmaps[i].count = starts[i].shared->count;
		samples[i] = &mmaps[i];
	}
	wl_samples_report(wl, "mmap", samples, starts[0].mapper ? nr : 0);
	real_report(wl, meter, nr, NULL);
}

int main(int argc, char **argv)
{
	static struct wl wl = { .name = "coldstart", .params = params };
	static struct start starts[MAX_STARTS];
	static struct wl_thread *threads[MAX_STARTS];
	static struct wl_meter meter;
	static char expected[1024], root[200];
	unsigned int nr;

	wl_parse(&wl, argc, argv);
	nr = (unsigned int)wl_number(&wl, "starts");
	real_devices(&wl, &meter);
	snprintf(root, sizeof(root), "%s/python", wl_text(&wl, "dir"));
	install(&wl, root);
	if (file_read(SOURCE "/expected", expected, sizeof(expected) - 1) <= 0)
		wl_die(&wl, SOURCE "/expected: %s", strerror(errno));
	strcat(expected, "\n");
	for (unsigned int i = 0; i < nr; i++) {
		starts[i] = (struct start){ .thread = { start_body, true }, .root = root,
					    .expected = expected,
					    .mapper = wl_number(&wl, "mappers") };
		wl_samples_init(&wl, &starts[i].thread.samples, 1);
		if (starts[i].mapper)
			share(&wl, &starts[i]);
		threads[i] = &starts[i].thread;
	}
	real_drop_caches();
	wl_phase(&wl, &meter, threads, nr);
	report(&wl, starts, nr, &meter);
	wl_emit(&wl);
	return 0;
}
