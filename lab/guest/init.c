// SPDX-License-Identifier: GPL-2.0-only
/*
 * PID 1 of the guest: does the jobs in /jobs, one after the other, sends a
 * record of each to the second serial line and powers the guest off.
 *
 * A job is a line, `verb key=value ...`; the verbs are in verbs[] below.
 * Whatever happens, the last thing this program does is to power off: a guest
 * that hangs tells its user nothing.
 */
#include <ctype.h>
#include <errno.h>
#include <fcntl.h>
#include <grp.h>
#include <linux/fs.h>
#include <poll.h>
#include <signal.h>
#include <stdarg.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/klog.h>
#include <sys/mount.h>
#include <sys/reboot.h>
#include <sys/stat.h>
#include <sys/swap.h>
#include <sys/utsname.h>
#include <sys/wait.h>
#include <termios.h>
#include <time.h>
#include <unistd.h>

#include "util.h"

#define JOBS_FILE	"/jobs"
#define RECORDS_TTY	"/dev/ttyS1"
#define NULLB_DIR	"/sys/kernel/config/nullb"
#define ARM_FILE	"/proc/sys/vm/fault_arm"
#define FORK_ARM_FILE	"/proc/sys/vm/fork_arm"
#define INJECT_DIR	"/sys/kernel/debug"
#define INJECT_TIMES	"1000000"

#define MAX_WORDS	64
#define LINE_BYTES	262144
#define DEFAULT_LIMIT_S	600
#define KILL_GRACE_S	30
#define KERNEL_LINES	20
/* See syslog(2); the C library has no name for it. */
#define SYSLOG_READ_ALL	3

/* Fixed, so that the same jobs give the same bytes on the device. */
#define FS_UUID		"6d616a6f-7266-4175-8c74-000000000001"
#define FS_HASH_SEED	"6d616a6f-7266-4175-8c74-000000000002"

struct guest {
	FILE *records;
	int kmsg;
};

struct job {
	unsigned int number;
	char *words;			/* the line as it was given */
	char *copy;			/* the line cut into pieces */
	const char *verb;
	struct {
		const char *key;
		const char *value;
	} word[MAX_WORDS];
	unsigned int nr_words;
	uint64_t began_ms;
	/* What came of it. */
	int status;
	int signal;
	bool timeout;
	char error[512];
};

static volatile sig_atomic_t child_changed;

static void on_child(int sig)
{
	(void)sig;
	child_changed = 1;
}

/*
 * Without ACPI the kernel makes a power-off a halt, which QEMU does not notice;
 * a reset ends it as well, by -no-reboot.
 */
static void end_guest(void)
{
	if (!access("/sys/firmware/acpi", F_OK))
		reboot(RB_POWER_OFF);
	reboot(RB_AUTOBOOT);
}

/* A fault of our own: say so and power off; PID 1 must not die. */
static void on_fatal(int sig)
{
	static const char text[] = "majorfault: init crashed, powering off\n";
	ssize_t ignored = write(STDERR_FILENO, text, sizeof(text) - 1);

	(void)ignored;
	(void)sig;
	end_guest();
	_exit(1);
}

static uint64_t now_ms(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000 + (uint64_t)ts.tv_nsec / 1000000;
}

static void sleep_ms(long ms)
{
	struct timespec ts = { ms / 1000, ms % 1000 * 1000000 };

	nanosleep(&ts, NULL);
}

__attribute__((format(printf, 3, 4)))
static int fail(struct job *job, int err, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(job->error, sizeof(job->error), fmt, ap);
	va_end(ap);
	return err < 0 ? err : -err;
}

static const char *job_key(const struct job *job, const char *key)
{
	for (unsigned int i = 0; i < job->nr_words; i++)
		if (!strcmp(job->word[i].key, key))
			return job->word[i].value;
	return NULL;
}

static int job_need(struct job *job, const char *key, const char **value)
{
	*value = job_key(job, key);
	if (*value && **value)
		return 0;
	return fail(job, -EINVAL, "%s: the key %s= is missing", job->verb, key);
}

static int job_number(struct job *job, const char *key, uint64_t preset,
		      uint64_t *value)
{
	const char *text = job_key(job, key);

	*value = preset;
	if (!text || !parse_u64(text, value))
		return 0;
	return fail(job, -EINVAL, "%s: %s=%s is not a number", job->verb, key,
		    text);
}

/* ---- records and markers ---- */

static void record_end_of_line(struct guest *g)
{
	putc('\n', g->records);
	fflush(g->records);
}

/* Guest time since it began. */
static unsigned long long job_ms(const struct job *job)
{
	return now_ms() - job->began_ms;
}

static void record_hello(struct guest *g, unsigned int jobs)
{
	struct utsname uts = { 0 };

	uname(&uts);
	fputs("{\"type\":\"hello\",\"release\":", g->records);
	json_string(g->records, uts.release);
	fprintf(g->records, ",\"jobs\":%u}", jobs);
	record_end_of_line(g);
}

static void record_begin(struct guest *g, const struct job *job)
{
	fprintf(g->records, "{\"type\":\"begin\",\"job\":%u,\"words\":",
		job->number);
	json_string(g->records, job->words);
	putc('}', g->records);
	record_end_of_line(g);
}

static void record_tap(struct guest *g, const struct job *job, const char *line)
{
	fprintf(g->records, "{\"type\":\"tap\",\"job\":%u,\"ms\":%llu,\"line\":",
		job->number, job_ms(job));
	json_string(g->records, line);
	putc('}', g->records);
	record_end_of_line(g);
}

static void record_kernel(struct guest *g, const struct job *job,
			  const char *line)
{
	fprintf(g->records, "{\"type\":\"kernel\",\"job\":%u,\"line\":",
		job->number);
	json_string(g->records, line);
	putc('}', g->records);
	record_end_of_line(g);
}

/* The end of the kernel's log: why a signal has killed a job stands there, if anywhere. */
static void record_kernel_log(struct guest *g, const struct job *job)
{
	static char log[32768];
	int len = klogctl(SYSLOG_READ_ALL, log, sizeof(log) - 1);
	unsigned int newlines = 0;
	char *rest, *line;

	if (len < 0) {
		snprintf(log, sizeof(log), "the kernel's log cannot be read: %s\n",
			 strerror(errno));
		len = (int)strlen(log);
	}
	log[len] = '\0';
	rest = log + len;
	while (rest > log && (rest[-1] != '\n' || newlines++ < KERNEL_LINES))
		rest--;
	while ((line = strsep(&rest, "\n")))
		if (*line)
			record_kernel(g, job, line);
}

static void record_end(struct guest *g, const struct job *job)
{
	fprintf(g->records,
		"{\"type\":\"end\",\"job\":%u,\"status\":%d,\"signal\":%d,\"timeout\":%s,\"ms\":%llu",
		job->number, job->status, job->signal,
		job->timeout ? "true" : "false", job_ms(job));
	if (job->error[0]) {
		fputs(",\"error\":", g->records);
		json_string(g->records, job->error);
	}
	putc('}', g->records);
	record_end_of_line(g);
}

__attribute__((format(printf, 2, 3)))
static void marker(const struct guest *g, const char *fmt, ...)
{
	char text[900];		/* the kernel takes no line over 1 KiB */
	va_list ap;
	ssize_t ignored;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	strcat(text, "\n");
	ignored = write(g->kmsg, text, strlen(text));
	(void)ignored;
}

/* ---- children ---- */

struct stream {
	int fd;
	size_t len;
	char line[LINE_BYTES];
	void (*sink)(struct guest *g, struct job *job, const char *line);
};

static void sink_console(struct guest *g, struct job *job, const char *line)
{
	(void)g;
	(void)job;
	printf("%s\n", line);
	fflush(stdout);
}

/* The last thing a program says when it fails is usually why. */
static void sink_stderr(struct guest *g, struct job *job, const char *line)
{
	sink_console(g, job, line);
	if (line[0])
		snprintf(job->error, sizeof(job->error), "%s", line);
}

static void sink_run(struct guest *g, struct job *job, const char *line)
{
	if (line[0] != '{') {
		sink_console(g, job, line);
		return;
	}
	fputs(line, g->records);
	record_end_of_line(g);
}

static void sink_tap(struct guest *g, struct job *job, const char *line)
{
	record_tap(g, job, line);
}

static void stream_flush_line(struct stream *s, struct guest *g,
			      struct job *job)
{
	s->line[s->len] = '\0';
	s->len = 0;
	s->sink(g, job, s->line);
}

/* Takes what is there. Returns false at the end of the stream. */
static bool stream_pump(struct stream *s, struct guest *g, struct job *job)
{
	char buf[4096];
	ssize_t n = read(s->fd, buf, sizeof(buf));

	if (n < 0)
		return errno == EINTR || errno == EAGAIN;
	for (ssize_t i = 0; i < n; i++) {
		if (buf[i] == '\n') {
			stream_flush_line(s, g, job);
			continue;
		}
		if (s->len == sizeof(s->line) - 1)
			stream_flush_line(s, g, job);
		s->line[s->len++] = buf[i];
	}
	if (!n && s->len)
		stream_flush_line(s, g, job);
	return n > 0;
}

/* What a child that is to be nobody may not keep; before it runs the program. */
static void become(const struct job *job)
{
	const char *uid = job_key(job, "uid");
	gid_t id = uid ? (gid_t)strtoul(uid, NULL, 10) : 0;

	if (uid && (setgroups(0, NULL) || setgid(id) || setuid((uid_t)id))) {
		dprintf(STDERR_FILENO, "cannot become user %s: %s\n", uid,
			strerror(errno));
		_exit(127);
	}
}

static void child_exec(const struct job *job, char **argv, int out, int err)
{
	sigset_t none;

	setsid();
	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	signal(SIGCHLD, SIG_DFL);
	signal(SIGSEGV, SIG_DFL);
	signal(SIGBUS, SIG_DFL);
	dup2(out, STDOUT_FILENO);
	dup2(err, STDERR_FILENO);
	become(job);
	execv(argv[0], argv);
	dprintf(STDERR_FILENO, "cannot run %s: %s\n", argv[0], strerror(errno));
	_exit(127);
}

/*
 * Nothing of a job outlives it, not even what left its process group: except
 * for PID 1 all processes of the guest are the job's.
 */
static int reap_all(pid_t child, int *wstatus, uint64_t deadline)
{
	bool seen = false;

	for (;;) {
		int st;
		pid_t pid = waitpid(-1, &st, WNOHANG);

		if (pid == child) {
			*wstatus = st;
			seen = true;
		}
		if (pid > 0)
			continue;
		if (pid < 0 && errno == ECHILD)
			return seen ? 0 : -ECHILD;
		kill(-1, SIGKILL);
		if (now_ms() > deadline)
			return -ETIMEDOUT;
		sleep_ms(1);
	}
}

static bool child_exited(pid_t child)
{
	siginfo_t info = { 0 };

	if (waitid(P_PID, (id_t)child, &info, WEXITED | WNOHANG | WNOWAIT))
		return true;
	return info.si_pid == child;
}

static void reap_orphans(pid_t child)
{
	siginfo_t info;

	/* Only looks at first: the job's own status is taken by reap_all(). */
	for (;;) {
		info.si_pid = 0;
		if (waitid(P_ALL, 0, &info, WEXITED | WNOHANG | WNOWAIT) ||
		    !info.si_pid || info.si_pid == child)
			return;
		waitpid(info.si_pid, NULL, WNOHANG);
	}
}

/* Waits for the child, its time limit or its streams; passes lines on. */
static void child_watch(struct guest *g, struct job *job, pid_t child,
			struct stream *s, unsigned int nr, uint64_t deadline)
{
	sigset_t unblocked;

	sigemptyset(&unblocked);
	while (!child_exited(child)) {
		struct pollfd pfd[2];
		struct timespec ts;
		uint64_t now = now_ms();
		int ready;

		if (now >= deadline) {
			job->timeout = true;
			return;
		}
		for (unsigned int i = 0; i < nr; i++)
			pfd[i] = (struct pollfd){ s[i].fd, POLLIN, 0 };
		ts.tv_sec = (time_t)((deadline - now) / 1000);
		ts.tv_nsec = (long)((deadline - now) % 1000 * 1000000);
		/* SIGCHLD is blocked except in here, so none is missed. */
		ready = ppoll(pfd, nr, &ts, &unblocked);
		for (unsigned int i = 0; ready > 0 && i < nr; i++)
			if (pfd[i].revents && !stream_pump(&s[i], g, job)) {
				close(s[i].fd);
				s[i].fd = -1;	/* poll() leaves it out */
			}
		if (child_changed) {
			child_changed = 0;
			reap_orphans(child);
		}
	}
}

static int stream_pair(struct job *job, struct stream *s, int child_end[2])
{
	for (int i = 0; i < 2; i++) {
		int fds[2];

		if (pipe2(fds, O_CLOEXEC)) {
			int err = -errno;

			if (i) {
				close(s[0].fd);
				close(child_end[0]);
			}
			return fail(job, err, "pipe: %s", strerror(-err));
		}
		fcntl(fds[0], F_SETFL, O_NONBLOCK);
		s[i].fd = fds[0];
		s[i].len = 0;
		child_end[i] = fds[1];
	}
	return 0;
}

/*
 * Runs a program to its end and fills in the job's outcome.
 * Returns 0 if it could be run, whatever its exit status.
 */
static int child_run(struct guest *g, struct job *job, char **argv,
		     void (*out)(struct guest *, struct job *, const char *))
{
	static struct stream s[2];
	int child_end[2], wstatus = 0, ret;
	uint64_t limit_s;
	pid_t child;

	ret = job_number(job, "timeout_s", DEFAULT_LIMIT_S, &limit_s);
	if (!ret)
		ret = stream_pair(job, s, child_end);
	if (ret)
		return ret;
	s[0].sink = out;
	s[1].sink = sink_stderr;

	child = fork();
	if (!child)
		child_exec(job, argv, child_end[0], child_end[1]);
	ret = child < 0 ? -errno : 0;
	close(child_end[0]);
	close(child_end[1]);
	if (ret) {
		fail(job, ret, "fork: %s", strerror(-ret));
		goto out_close;
	}
	child_watch(g, job, child, s, 2, now_ms() + limit_s * 1000);
	/* Anything already said counts, the dead child's last words included. */
	ret = reap_all(child, &wstatus, now_ms() + KILL_GRACE_S * 1000);
	for (int i = 0; i < 2; i++)
		while (s[i].fd >= 0 && poll(&(struct pollfd){ s[i].fd, POLLIN, 0 },
					    1, 0) > 0)
			if (!stream_pump(&s[i], g, job))
				break;
	if (ret) {
		fail(job, ret, "%s could not be killed within %d s: is it stuck in the kernel?",
		     argv[0], KILL_GRACE_S);
		goto out_close;
	}
	if (WIFSIGNALED(wstatus))
		job->signal = WTERMSIG(wstatus);
	else
		job->status = WEXITSTATUS(wstatus);
	if (job->timeout)
		fail(job, 0, "over its time limit of %llu s",
		     (unsigned long long)limit_s);
	else if (!job->signal && !job->status)
		job->error[0] = '\0';	/* warnings are no error */
out_close:
	for (int i = 0; i < 2; i++)
		if (s[i].fd >= 0)
			close(s[i].fd);
	return ret;
}

/* ---- file system ---- */

static int make_dirs(const char *path)
{
	char buf[256];

	if (snprintf(buf, sizeof(buf), "%s", path) >= (int)sizeof(buf))
		return -ENAMETOOLONG;
	for (char *p = buf + 1; ; p++) {
		char c = *p;

		if (c && c != '/')
			continue;
		*p = '\0';
		if (mkdir(buf, 0755) && errno != EEXIST)
			return -errno;
		if (!c)
			return 0;
		*p = c;
	}
}

static const struct {
	const char *type;
	const char *at;
	bool needed;
} mounts[] = {
	{ "devtmpfs",	"/dev",			true },
	{ "proc",	"/proc",		true },
	{ "sysfs",	"/sys",			true },
	{ "configfs",	"/sys/kernel/config",	false },
	{ "debugfs",	"/sys/kernel/debug",	false },
	{ "tracefs",	"/sys/kernel/tracing",	false },
	{ "cgroup2",	"/sys/fs/cgroup",	false },
	{ "tmpfs",	"/tmp",			false },
};

static int mount_all(void)
{
	int ret = 0;

	for (unsigned int i = 0; i < ARRAY_SIZE(mounts); i++) {
		make_dirs(mounts[i].at);
		if (!mount(mounts[i].type, mounts[i].at, mounts[i].type, 0, NULL))
			continue;
		if (mounts[i].needed && errno != EBUSY)
			ret = -errno;
	}
	return ret;
}

/* ---- verbs ---- */

static int nullb_set(struct job *job, const char *name, const char *attr,
		     const char *value)
{
	char path[256];
	int ret;

	snprintf(path, sizeof(path), NULLB_DIR "/%s/%s", name, attr);
	ret = file_write(path, value);
	if (ret)
		return fail(job, ret, "%s: cannot write %s: %s", path, value,
			    strerror(-ret));
	return 0;
}

static int nullb_set_number(struct job *job, const char *name, const char *attr,
			    uint64_t value)
{
	char text[32];

	snprintf(text, sizeof(text), "%llu", (unsigned long long)value);
	return nullb_set(job, name, attr, text);
}

/* Older kernels call the node nullbN, newer ones after the configfs item. */
static int device_node(struct job *job, const char *name, char *node,
		       size_t size)
{
	char path[256], index[32];
	struct stat st;

	snprintf(node, size, "/dev/%s", name);
	if (!stat(node, &st) && S_ISBLK(st.st_mode))
		return 0;
	snprintf(path, sizeof(path), NULLB_DIR "/%s/index", name);
	if (file_read(path, index, sizeof(index)) > 0) {
		snprintf(node, size, "/dev/nullb%s", index);
		if (!stat(node, &st) && S_ISBLK(st.st_mode))
			return 0;
	}
	return fail(job, -ENODEV, "no block device %s: is there a `device name=%s` job before this one?",
		    name, name);
}

static int queue_set(struct job *job, const char *node, const char *attr,
		     const char *value)
{
	char path[256];
	int ret;

	snprintf(path, sizeof(path), "/sys/block/%s/queue/%s",
		 strrchr(node, '/') + 1, attr);
	ret = file_write(path, value);
	if (ret)
		return fail(job, ret, "%s: cannot write %s: %s", path, value,
			    strerror(-ret));
	return 0;
}

static int do_device(struct guest *g, struct job *job)
{
	static const struct {
		const char *attr;
		const char *key;
		uint64_t preset;
		uint64_t scale;
	} attrs[] = {
		{ "size",		"size_mb",	256,	1 },
		{ "blocksize",		"blocksize",	4096,	1 },
		{ "completion_nsec",	"latency_us",	5000,	1000 },
		{ "hw_queue_depth",	"queue_depth",	128,	1 },
		{ "submit_queues",	"queues",	0,	1 },
		{ "irqmode",		NULL,		2,	1 },
		{ "max_sectors",	NULL,		2048,	1 },
		{ "memory_backed",	NULL,		1,	1 },
		{ "power",		NULL,		1,	1 },
	};
	const char *name;
	char path[256], node[64];
	int ret;

	(void)g;
	ret = job_need(job, "name", &name);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), NULLB_DIR "/%s", name);
	if (mkdir(path, 0755))
		return fail(job, -errno, "%s: %s: the kernel needs CONFIG_BLK_DEV_NULL_BLK and CONFIG_CONFIGFS_FS",
			    path, strerror(errno));
	for (unsigned int i = 0; i < ARRAY_SIZE(attrs); i++) {
		uint64_t value = attrs[i].preset;

		if (attrs[i].key)
			ret = job_number(job, attrs[i].key, value, &value);
		if (!strcmp(attrs[i].attr, "submit_queues") && !value)
			value = (uint64_t)sysconf(_SC_NPROCESSORS_ONLN);
		if (!ret)
			ret = nullb_set_number(job, name, attrs[i].attr,
					       value * attrs[i].scale);
		if (ret)
			return ret;
	}
	ret = device_node(job, name, node, sizeof(node));
	if (!ret)
		ret = queue_set(job, node, "scheduler", "none");
	if (!ret)
		ret = queue_set(job, node, "read_ahead_kb",
				job_key(job, "read_ahead_kb") ?: "128");
	/* As with checksums over data: a page under writeback must not change. */
	if (!ret && job_key(job, "stable_writes"))
		ret = queue_set(job, node, "stable_writes",
				job_key(job, "stable_writes"));
	return ret;
}

/* Exactly the ranges there are: the kernel's badblocks_clear() can loop on more. */
static int clear_badblocks(struct job *job, const char *name)
{
	unsigned long long first, count;
	char path[256], list[4096], text[64];
	const char *line = list;
	int ret, len;

	snprintf(path, sizeof(path), NULLB_DIR "/%s/badblocks", name);
	ret = file_read(path, list, sizeof(list));
	if (ret < 0)
		return fail(job, ret, "%s: %s", path, strerror(-ret));
	while (sscanf(line, "%llu %llu%n", &first, &count, &len) == 2 && count) {
		snprintf(text, sizeof(text), "-%llu-%llu", first,
			 first + count - 1);
		ret = nullb_set(job, name, "badblocks", text);
		if (ret)
			return ret;
		line += len;
	}
	return 0;
}

/* Units are 512-byte sectors. */
static int set_badblocks(struct job *job, const char *name, const char *range)
{
	char text[64];

	if (!strcmp(range, "none"))
		return clear_badblocks(job, name);
	snprintf(text, sizeof(text), "+%s", range);
	return nullb_set(job, name, "badblocks", text);
}

static int do_badblocks(struct guest *g, struct job *job)
{
	const char *name, *range;
	int ret;

	(void)g;
	ret = job_need(job, "device", &name);
	if (!ret)
		ret = job_need(job, "range", &range);
	return ret ? ret : set_badblocks(job, name, range);
}

/*
 * The filesystems that can be made. In the arguments, @ is the device, and a word that
 * begins with < is the directory that from= names: what it holds becomes the image. btrfs
 * and xfs do not let two devices have one UUID.
 */
static const struct fs_kind {
	const char *name;
	const char *option;		/* of the kernel */
	const char *argv[24];
	unsigned long flags;
	const char *data;
} fs_kinds[] = {
	/* No thread of its own that reads the device when somebody is measuring. */
	{ "ext4", "CONFIG_EXT4_FS", {
		"/sbin/mke2fs", "-t", "ext4", "-F", "-q", "-b", "4096",
		"-I", "256", "-N", "256", "-m", "0", "-J", "size=4",
		"-U", FS_UUID, "-E",
		"hash_seed=" FS_HASH_SEED ",lazy_itable_init=0,lazy_journal_init=0,nodiscard",
		"@" },
	  MS_NOATIME, "noinit_itable,no_prefetch_block_bitmaps,inode_readahead_blks=0" },
	{ "btrfs", "CONFIG_BTRFS_FS", {
		"/sbin/mkfs.btrfs", "-f", "-q", "-K", "@" }, MS_NOATIME, NULL },
	{ "erofs", "CONFIG_EROFS_FS", {
		"/sbin/mkfs.erofs", "-zlz4", "-T0", "-U", FS_UUID, "@", "<" }, MS_RDONLY, NULL },
	{ "f2fs", "CONFIG_F2FS_FS", {
		"/sbin/mkfs.f2fs", "-f", "-q", "-t", "0", "@" }, MS_NOATIME, NULL },
	{ "squashfs", "CONFIG_SQUASHFS", {
		"/sbin/mksquashfs", "<", "@", "-comp", "gzip", "-noappend", "-no-progress",
		"-quiet", "-processors", "1", "-mkfs-time", "0", "-all-time", "0" },
	  MS_RDONLY, NULL },
	{ "xfs", "CONFIG_XFS_FS", {
		"/sbin/mkfs.xfs", "-f", "-q", "-K", "@" },
	  MS_NOATIME, NULL },
};

static const struct fs_kind *fs_kind(struct job *job)
{
	const char *name = job_key(job, "fs") ?: "ext4";

	for (unsigned int i = 0; i < ARRAY_SIZE(fs_kinds); i++)
		if (!strcmp(name, fs_kinds[i].name))
			return &fs_kinds[i];
	fail(job, -EINVAL, "mkfs: there is no fs=%s here", name);
	return NULL;
}

static int fs_make(struct guest *g, struct job *job, const struct fs_kind *fs,
		   const char *node)
{
	const char *argv[ARRAY_SIZE(fs->argv) + 1] = { NULL };

	for (unsigned int i = 0; i < ARRAY_SIZE(fs->argv) && fs->argv[i]; i++) {
		int ret = 0;

		argv[i] = fs->argv[i];
		if (!strcmp(argv[i], "@"))
			argv[i] = node;
		else if (!strcmp(argv[i], "<"))
			ret = job_need(job, "from", &argv[i]);
		if (ret)
			return ret;
	}
	if (access(argv[0], X_OK))
		return fail(job, -errno, "%s: %s: it is not in this initramfs, see kernel/initramfs",
			    argv[0], strerror(errno));
	return child_run(g, job, (char **)argv, sink_console);
}

static int fs_mount(struct job *job, const char *type, const char *option, const char *node,
		    const char *at, unsigned long flags, const char *data)
{
	int ret = make_dirs(at);

	if (ret)
		return fail(job, ret, "cannot make %s: %s", at, strerror(-ret));
	if (!mount(node, at, type, flags, data))
		return 0;
	ret = -errno;
	return fail(job, ret, "cannot mount %s at %s: %s%s%s", node, at, strerror(-ret),
		    ret == -ENODEV ? ": the kernel needs " : "", ret == -ENODEV ? option : "");
}

static int do_mkfs(struct guest *g, struct job *job)
{
	const char *name, *at, *badblocks = job_key(job, "badblocks");
	const struct fs_kind *fs = fs_kind(job);
	char node[64];
	int ret;

	if (!fs)
		return -EINVAL;
	ret = job_need(job, "device", &name);
	if (!ret)
		ret = job_need(job, "at", &at);
	if (!ret)
		ret = device_node(job, name, node, sizeof(node));
	if (!ret)
		ret = fs_make(g, job, fs, node);
	if (ret || job->status || job->signal || job->timeout)
		return ret;
	ret = fs_mount(job, fs->name, fs->option, node, at, fs->flags, fs->data);
	if (ret)
		return ret;
	return badblocks ? set_badblocks(job, name, badblocks) : 0;
}

/* What needs no device: tmpfs; overlay, whose upper directory is made. */
static int do_mount(struct guest *g, struct job *job)
{
	const char *fs, *at, *lower, *upper;
	char data[512], dir[256];
	int ret;

	(void)g;
	ret = job_need(job, "fs", &fs);
	if (!ret)
		ret = job_need(job, "at", &at);
	if (ret)
		return ret;
	if (!strcmp(fs, "tmpfs"))
		return fs_mount(job, fs, "CONFIG_TMPFS", fs, at, 0, NULL);
	if (!strcmp(fs, "hugetlbfs"))
		return fs_mount(job, fs, "CONFIG_HUGETLBFS", fs, at, 0, NULL);
	if (strcmp(fs, "overlay"))
		return fail(job, -EINVAL, "mount: fs=%s: only tmpfs, hugetlbfs and overlay, the others are made by mkfs",
			    fs);
	ret = job_need(job, "lower", &lower);
	if (!ret)
		ret = job_need(job, "upper", &upper);
	for (unsigned int i = 0; !ret && i < 2; i++) {
		snprintf(dir, sizeof(dir), "%s/%s", upper, i ? "work" : "upper");
		ret = make_dirs(dir);
		if (ret)
			fail(job, ret, "cannot make %s: %s", dir, strerror(-ret));
	}
	if (ret)
		return ret;
	snprintf(data, sizeof(data), "lowerdir=%s,upperdir=%s/upper,workdir=%s/work", lower,
		 upper, upper);
	return fs_mount(job, fs, "CONFIG_OVERLAY_FS", fs, at, MS_NOATIME, data);
}

/* See union swap_header in include/linux/swap.h. */
struct swap_header {
	char boot[1024];
	uint32_t version;
	uint32_t last_page;
	uint32_t nr_badpages;
	unsigned char uuid[16];
	char label[16];
	char unused[4096 - 1024 - 3 * 4 - 32 - 10];
	char magic[10];
};

static int write_swap_header(struct job *job, const char *node)
{
	static struct swap_header head = { .version = 1 };
	uint64_t bytes;
	int fd, ret = 0;

	_Static_assert(sizeof(head) == 4096, "a swap header is one page");
	memcpy(head.magic, "SWAPSPACE2", sizeof(head.magic));
	fd = open(node, O_RDWR | O_EXCL | O_CLOEXEC);	/* not over a mounted one */
	if (fd < 0)
		return fail(job, -errno, "%s: %s", node, strerror(errno));
	if (ioctl(fd, BLKGETSIZE64, &bytes))
		ret = -errno;
	if (!ret) {
		head.last_page = (uint32_t)(bytes / sizeof(head) - 1);
		if (pwrite(fd, &head, sizeof(head), 0) != (ssize_t)sizeof(head) ||
		    fsync(fd))
			ret = errno ? -errno : -EIO;
	}
	close(fd);
	if (ret)
		return fail(job, ret, "%s: cannot write a swap header: %s", node,
			    strerror(-ret));
	return 0;
}

static int do_swapon(struct guest *g, struct job *job)
{
	const char *name;
	char node[64];
	int ret;

	(void)g;
	ret = job_need(job, "device", &name);
	if (!ret)
		ret = device_node(job, name, node, sizeof(node));
	if (!ret)
		ret = write_swap_header(job, node);
	if (!ret && swapon(node, 0))
		ret = fail(job, -errno, "swapon %s: %s%s", node, strerror(errno),
			   errno == ENOSYS ? ": the kernel needs CONFIG_SWAP" : "");
	return ret;
}

static int do_sysctl(struct guest *g, struct job *job)
{
	const char *key, *value;
	char path[256];
	int ret;

	(void)g;
	ret = job_need(job, "key", &key);
	if (!ret)
		ret = job_need(job, "value", &value);
	if (ret)
		return ret;
	snprintf(path, sizeof(path), "/proc/sys/%s", key);
	ret = file_write(path, value);
	if (ret)
		return fail(job, ret, "%s: cannot write %s: %s", path, value,
			    strerror(-ret));
	return 0;
}

/* Which VMAs fork() write-locks: mainline's, unless the job says fork=. */
static int set_fork_arm(struct job *job)
{
	const char *arm = job_key(job, "fork");
	int ret;

	if (!arm && access(FORK_ARM_FILE, F_OK))
		return 0;
	ret = file_write(FORK_ARM_FILE, arm ?: "full");
	if (ret)
		return fail(job, ret, FORK_ARM_FILE ": cannot choose fork=%s: %s",
			    arm ?: "full", strerror(-ret));
	return 0;
}

/*
 * Makes a kind of failure possible, whatever is allocated or asked for: from now on
 * the N-th call of a task that writes N to its fail-nth fails. Nothing else does.
 * /sys/kernel/debug/<name>/times counts down from INJECT_TIMES.
 */
static int do_inject(struct guest *g, struct job *job)
{
	static const struct {
		const char *name;
		const char *attr;
		const char *value;
	} attrs[] = {
		{ "failslab",		"ignore-gfp-wait",	"N" },
		{ "fail_page_alloc",	"ignore-gfp-wait",	"N" },
		{ "fail_page_alloc",	"ignore-gfp-highmem",	"N" },
		{ "fail_page_alloc",	"min-order",		"0" },
		{ "",			"times",		INJECT_TIMES },
		{ "",			"verbose",		"1" },
	};
	const char *name, *device = job_key(job, "device");
	const char *verbose = job_key(job, "verbose");
	char path[256], node[64];
	int ret;

	(void)g;
	ret = job_need(job, "name", &name);
	for (unsigned int i = 0; !ret && i < ARRAY_SIZE(attrs); i++) {
		const char *value = attrs[i].value;

		if (attrs[i].name[0] && strcmp(attrs[i].name, name))
			continue;
		if (verbose && !strcmp(attrs[i].attr, "verbose"))
			value = verbose;
		snprintf(path, sizeof(path), INJECT_DIR "/%s/%s", name, attrs[i].attr);
		ret = file_write(path, value);
		if (ret)
			fail(job, ret, "%s: %s: the kernel needs CONFIG_FAULT_INJECTION_DEBUG_FS and that kind of failure",
			     path, strerror(-ret));
	}
	if (!ret && device)
		ret = device_node(job, device, node, sizeof(node));
	if (ret || !device)
		return ret;
	snprintf(path, sizeof(path), "/sys/block/%s/make-it-fail", strrchr(node, '/') + 1);
	ret = file_write(path, "1");
	return ret ? fail(job, ret, "%s: %s", path, strerror(-ret)) : 0;
}

static int set_arm(struct job *job)
{
	const char *arm = job_key(job, "arm");
	int ret;

	if (!arm)
		return 0;
	/* The kernels themselves are these arms. */
	if (!strcmp(arm, "unpatched") || !strcmp(arm, "series")) {
		if (access(ARM_FILE, F_OK))
			return 0;
		return fail(job, -EINVAL, "arm=%s, but this kernel has " ARM_FILE ": boot one without arms",
			    arm);
	}
	ret = file_write(ARM_FILE, arm);
	if (ret)
		return fail(job, ret, ARM_FILE ": cannot choose the arm %s: %s%s",
			    arm, strerror(-ret), ret == -ENOENT ?
			    ": this kernel has no arms, only arm=unpatched or arm=series" : "");
	return 0;
}

static int drop_caches(struct job *job)
{
	int ret;

	sync();
	ret = file_write("/proc/sys/vm/drop_caches", "3");
	if (ret)
		return fail(job, ret, "/proc/sys/vm/drop_caches: %s", strerror(-ret));
	return 0;
}

static int program_ready(struct job *job, const char *dir, const char *key,
			 char *path, size_t size)
{
	const char *name;
	int ret;

	ret = job_need(job, key, &name);
	if (ret)
		return ret;
	snprintf(path, size, "%s/%s", dir, name);
	if (access(path, X_OK))
		return fail(job, -errno, "%s: %s: it is not in the initramfs", path,
			    strerror(errno));
	ret = set_arm(job);
	if (!ret)
		ret = set_fork_arm(job);
	return ret ? ret : drop_caches(job);
}

static int do_run(struct guest *g, struct job *job)
{
	static char words[MAX_WORDS + 1][256];
	char *argv[MAX_WORDS + 3] = { words[0] };
	int n = 1, ret;

	ret = program_ready(job, "/workloads", "workload", words[0],
			    sizeof(words[0]));
	if (ret)
		return ret;
	for (unsigned int i = 0; i < job->nr_words; i++) {
		const char *key = job->word[i].key;

		if (!strcmp(key, "workload") || !strcmp(key, "timeout_s") ||
		    !strcmp(key, "fork"))
			continue;
		snprintf(words[n], sizeof(words[n]), "%s=%s", key,
			 job->word[i].value);
		argv[n] = words[n];
		n++;
	}
	snprintf(words[n], sizeof(words[n]), "job=%u", job->number);
	argv[n] = words[n];
	return child_run(g, job, argv, sink_run);
}

/* A test gets the job's words as MAJORFAULT_<KEY>=value in its environment. */
static void words_to_env(const struct job *job, bool set)
{
	for (unsigned int i = 0; i < job->nr_words; i++) {
		char name[128];

		snprintf(name, sizeof(name), "MAJORFAULT_%s", job->word[i].key);
		for (char *p = name; *p; p++)
			*p = (char)toupper((unsigned char)*p);
		if (set)
			setenv(name, job->word[i].value, 1);
		else
			unsetenv(name);
	}
}

static int do_test(struct guest *g, struct job *job)
{
	char path[256];
	char *argv[] = { path, NULL };
	int ret;

	ret = program_ready(job, "/tests", "name", path, sizeof(path));
	if (ret)
		return ret;
	words_to_env(job, true);
	ret = child_run(g, job, argv, sink_tap);
	words_to_env(job, false);
	/* A test that ran says in TAP what failed; an error is that it did not. */
	if (!ret && !job->signal)
		job->error[0] = '\0';
	return ret;
}

/* A program that somebody else wrote: arguments as they are, an arg= each. */
static int do_program(struct guest *g, struct job *job)
{
	const char *dir = job_key(job, "dir") ?: "/tmp";
	char path[256];
	char *argv[MAX_WORDS + 2] = { path };
	int n = 1, ret;

	ret = program_ready(job, "/outside", "name", path, sizeof(path));
	if (ret)
		return ret;
	for (unsigned int i = 0; i < job->nr_words; i++)
		if (!strcmp(job->word[i].key, "arg"))
			argv[n++] = (char *)job->word[i].value;
	if (chdir(dir))
		return fail(job, -errno, "%s: %s", dir, strerror(errno));
	ret = child_run(g, job, argv, sink_tap);
	/* What it says, and its status, are for others to judge. */
	if (!ret && job->status != 127)
		job->error[0] = '\0';
	return chdir("/") ? fail(job, -errno, "/: %s", strerror(errno)) : ret;
}

static int do_shell(struct guest *g, struct job *job)
{
	static const char shell[] = "/bin/busybox";
	int wstatus = 0;
	pid_t child;

	(void)g;
	if (access(shell, X_OK))
		return fail(job, -errno, "%s: %s: it is not in the initramfs", shell,
			    strerror(errno));
	child = fork();
	if (child < 0)
		return fail(job, -errno, "fork: %s", strerror(errno));
	if (!child) {
		sigset_t none;

		setsid();
		ioctl(STDIN_FILENO, TIOCSCTTY, 1);
		sigemptyset(&none);
		sigprocmask(SIG_SETMASK, &none, NULL);
		execl(shell, "sh", "-l", (char *)NULL);
		_exit(127);
	}
	while (waitpid(child, &wstatus, 0) < 0 && errno == EINTR)
		;
	reap_all(child, &wstatus, now_ms() + KILL_GRACE_S * 1000);
	job->status = WIFEXITED(wstatus) ? WEXITSTATUS(wstatus) : 0;
	job->signal = WIFSIGNALED(wstatus) ? WTERMSIG(wstatus) : 0;
	return 0;
}

static const struct {
	const char *name;
	int (*run)(struct guest *g, struct job *job);
	const char *keys;	/* NULL: any key, the program judges */
} verbs[] = {
	{ "badblocks",	do_badblocks,	"device range" },
	{ "device",	do_device,	"name latency_us size_mb blocksize queue_depth queues read_ahead_kb stable_writes" },
	{ "inject",	do_inject,	"name device verbose" },
	{ "mkfs",	do_mkfs,	"device at badblocks timeout_s fs from" },
	{ "mount",	do_mount,	"fs at lower upper" },
	{ "program",	do_program,	"name arg arm dir timeout_s uid" },
	{ "run",	do_run,		NULL },
	{ "shell",	do_shell,	"" },
	{ "swapon",	do_swapon,	"device" },
	{ "sysctl",	do_sysctl,	"key value" },
	{ "test",	do_test,	NULL },
};

/* ---- jobs ---- */

static bool word_in(const char *list, const char *word)
{
	size_t len = strlen(word);

	for (const char *p = list; (p = strstr(p, word)); p += len)
		if ((p == list || p[-1] == ' ') && (!p[len] || p[len] == ' '))
			return true;
	return false;
}

static int job_parse(struct job *job)
{
	char *save = NULL, *word;

	job->verb = strtok_r(job->copy, " \t", &save);
	while ((word = strtok_r(NULL, " \t", &save))) {
		char *equals = strchr(word, '=');

		if (!equals || equals == word)
			return fail(job, -EINVAL, "%s: not key=value", word);
		if (job->nr_words == MAX_WORDS - 1)
			return fail(job, -E2BIG, "more than %d words", MAX_WORDS - 1);
		*equals = '\0';
		job->word[job->nr_words].key = word;
		job->word[job->nr_words].value = equals + 1;
		job->nr_words++;
	}
	return 0;
}

static int job_dispatch(struct guest *g, struct job *job)
{
	int ret = job_parse(job);

	if (ret)
		return ret;
	for (unsigned int v = 0; v < ARRAY_SIZE(verbs); v++) {
		if (strcmp(verbs[v].name, job->verb))
			continue;
		for (unsigned int i = 0; verbs[v].keys && i < job->nr_words; i++)
			if (!word_in(verbs[v].keys, job->word[i].key))
				return fail(job, -EINVAL, "%s does not know the key %s",
					    job->verb, job->word[i].key);
		return verbs[v].run(g, job);
	}
	return fail(job, -EINVAL, "no such verb: %s", job->verb);
}

static void job_do(struct guest *g, unsigned int number, char *line)
{
	static struct job job;
	int ret;

	memset(&job, 0, sizeof(job));
	job.number = number;
	job.words = line;
	job.began_ms = now_ms();
	job.copy = strdup(line);
	marker(g, "<4>majorfault: job %u begin %.700s", number, line);
	record_begin(g, &job);
	ret = job.copy ? job_dispatch(g, &job)
		       : fail(&job, -ENOMEM, "out of memory");
	if (ret) {
		job.status = -ret;
		printf("majorfault: job %u: %s\n", number, job.error);
		fflush(stdout);
	}
	if (job.signal)
		record_kernel_log(g, &job);
	record_end(g, &job);
	marker(g, "<4>majorfault: job %u end status=%d", number,
	       job.signal ? 128 + job.signal : job.status);
	free(job.copy);
}

/* The next line that is a job, or NULL; cuts the text up as it goes. */
static char *next_job(char **text)
{
	char *line;

	while ((line = strsep(text, "\n"))) {
		char *end = line + strlen(line);

		while (end > line && isspace((unsigned char)end[-1]))
			*--end = '\0';
		line += strspn(line, " \t");
		if (*line && *line != '#')
			return line;
	}
	return NULL;
}

static char *read_jobs(void)
{
	struct stat st;
	char *text;

	if (stat(JOBS_FILE, &st))
		return NULL;
	text = malloc((size_t)st.st_size + 1);
	if (text && file_read(JOBS_FILE, text, (size_t)st.st_size + 1) < 0) {
		free(text);
		text = NULL;
	}
	return text;
}

static int do_jobs(struct guest *g)
{
	char *text = read_jobs(), *copy, *rest, *line;
	unsigned int count = 0, number = 0;

	copy = text ? strdup(text) : NULL;
	if (!copy) {
		struct job none = { .status = ENOENT };

		fail(&none, -ENOENT, "cannot read " JOBS_FILE ": was it appended to the initramfs?");
		printf("majorfault: %s\n", none.error);
		record_hello(g, 0);
		record_end(g, &none);
		return -ENOENT;
	}
	for (rest = copy; next_job(&rest); )
		count++;
	record_hello(g, count);
	for (rest = text; (line = next_job(&rest)); )
		job_do(g, ++number, line);
	free(copy);
	free(text);
	fputs("{\"type\":\"done\"}", g->records);
	record_end_of_line(g);
	return 0;
}

/* ---- start and end ---- */

static void open_console(void)
{
	int fd = open("/dev/console", O_RDWR | O_NOCTTY);

	if (fd < 0)
		return;
	for (int i = 0; i <= STDERR_FILENO; i++)
		dup2(fd, i);
	if (fd > STDERR_FILENO)
		close(fd);
}

static FILE *open_records(void)
{
	struct termios tio;
	FILE *f;
	int fd = open(RECORDS_TTY, O_RDWR | O_NOCTTY | O_CLOEXEC);

	if (fd < 0)
		return NULL;
	if (!tcgetattr(fd, &tio)) {
		cfmakeraw(&tio);	/* no echo, no \r before \n */
		cfsetspeed(&tio, B115200);
		tio.c_cflag |= CLOCAL;
		tcsetattr(fd, TCSANOW, &tio);
	}
	f = fdopen(fd, "w");
	if (!f)
		close(fd);
	return f;
}

static void catch_signals(void)
{
	struct sigaction child = { .sa_handler = on_child };
	struct sigaction fatal = { .sa_handler = on_fatal };
	sigset_t block;

	sigaction(SIGCHLD, &child, NULL);
	sigaction(SIGSEGV, &fatal, NULL);
	sigaction(SIGBUS, &fatal, NULL);
	sigaction(SIGABRT, &fatal, NULL);
	sigemptyset(&block);
	sigaddset(&block, SIGCHLD);
	sigprocmask(SIG_BLOCK, &block, NULL);
}

/* A device that no longer answers must not keep the guest from ending. */
static void sync_for(unsigned int seconds)
{
	uint64_t deadline = now_ms() + seconds * 1000ULL;
	pid_t child = fork();

	if (!child) {
		sync();
		_exit(0);
	}
	while (child > 0 && !waitpid(child, NULL, WNOHANG) && now_ms() < deadline)
		sleep_ms(5);
}

__attribute__((noreturn))
static void power_off(struct guest *g)
{
	fflush(stdout);
	if (g->records) {
		fflush(g->records);
		tcdrain(fileno(g->records));
	}
	sync_for(60);
	end_guest();
	printf("majorfault: cannot power off: %s\n", strerror(errno));
	fflush(stdout);
	for (;;)
		pause();
}

int main(void)
{
	struct guest g = { .kmsg = -1 };
	int ret;

	if (getpid() != 1) {
		fputs("init: this is PID 1 of the guest; it runs nowhere else\n",
		      stderr);
		return 2;
	}
	catch_signals();
	ret = mount_all();
	open_console();
	if (ret)
		printf("majorfault: cannot mount /dev, /proc or /sys: %s\n",
		       strerror(-ret));
	setenv("PATH", "/bin:/sbin:/usr/bin:/usr/sbin", 1);
	setenv("HOME", "/", 1);
	setenv("TMPDIR", "/tmp", 1);
	setenv("TERM", "linux", 1);
	/* Markers must not be lost to /dev/kmsg's rate limit. */
	file_write("/proc/sys/kernel/printk_devkmsg", "on\n");
	g.kmsg = open("/dev/kmsg", O_WRONLY | O_CLOEXEC);
	g.records = open_records();
	if (!g.records) {
		printf("majorfault: " RECORDS_TTY ": %s: QEMU needs a second -serial, the kernel CONFIG_SERIAL_8250_NR_UARTS >= 2\n",
		       strerror(errno));
		power_off(&g);
	}
	do_jobs(&g);
	power_off(&g);
}
