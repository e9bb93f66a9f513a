// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <libgen.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/socket.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "qemu.h"

/* Descriptors that a wrapper of QEMU's, a shell script, has no use for. */
#define FD_MIN	64

/*
 * det: CPUs take turns in one thread and a guest nanosecond is an instruction,
 * so that nothing depends on the host's timing; no source of randomness, no
 * clock of the host's.
 */
static const char * const det[] = {
	"-accel", "tcg,thread=single",
	"-icount", "shift=0,align=off,sleep=off",
	"-cpu", "max,-rdrand,-rdseed",
	"-seed", "1",
	"-rtc", "base=2026-01-01T00:00:00,clock=vm",
	NULL
};
static const char * const tcg[] = {
	"-accel", "tcg,thread=multi", "-cpu", "max", NULL
};
static const char * const kvm[] = {
	"-accel", "kvm", "-cpu", "host", NULL
};

static const char * const *accel_args(const char *accel)
{
	if (!strcmp(accel, "det"))
		return det;
	if (!strcmp(accel, "tcg"))
		return tcg;
	if (!strcmp(accel, "kvm"))
		return kvm;
	return NULL;
}

bool qemu_accel_known(const char *accel)
{
	return accel_args(accel);
}

/* QEMU parts options at commas; a comma in a file's name is written twice. */
static char *double_commas(const char *path)
{
	char *out = xzalloc(2 * strlen(path) + 1);
	char *p = out;

	for (; *path; path++) {
		*p++ = *path;
		if (*path == ',')
			*p++ = ',';
	}
	return out;
}

static void add_serial(struct strv *argv, const char *id, const char *path,
		       bool stdio)
{
	char *quoted = double_commas(path);

	strv_add(argv, xstrdup("-chardev"));
	if (stdio)
		strv_addf(argv,
			  "stdio,id=%s,mux=on,signal=off,logfile=%s,logappend=off",
			  id, quoted);
	else
		strv_addf(argv, "file,id=%s,path=%s", id, quoted);
	strv_add(argv, xstrdup("-serial"));
	strv_addf(argv, "chardev:%s", id);
	free(quoted);
}

/**
 * qemu_command() - QEMU's command line
 * @spec: the machine
 * @argv: where to add the words
 */
void qemu_command(const struct qemu_spec *spec, struct strv *argv)
{
	const char * const *arg;

	strv_add(argv, xstrdup(spec->bin));
	strv_add(argv, xstrdup("-machine"));
	strv_add(argv, xstrdup("q35"));
	for (arg = accel_args(spec->accel); *arg; arg++)
		strv_add(argv, xstrdup(*arg));
	strv_add(argv, xstrdup("-smp"));
	strv_addf(argv, "%u", spec->vcpus);
	strv_add(argv, xstrdup("-m"));
	strv_addf(argv, "%u", spec->mem_mb);
	strv_split(argv, "-nodefaults -display none -no-reboot", ' ');
	add_serial(argv, "console", spec->console, spec->interactive);
	add_serial(argv, "records", spec->records, false);
	strv_add(argv, xstrdup("-kernel"));
	strv_add(argv, xstrdup(spec->kernel));
	strv_add(argv, xstrdup("-initrd"));
	strv_add(argv, xstrdup(spec->initrd));
	strv_add(argv, xstrdup("-append"));
	strv_addf(argv,
		  "console=ttyS0 loglevel=7 panic=-1 nokaslr norandmaps rdinit=/init%s%s",
		  spec->append ? " " : "", spec->append ? spec->append : "");
}

static bool needs_quotes(const char *word)
{
	return !*word || word[strspn(word,
			"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ"
			"0123456789_-+=./,:@%")];
}

/**
 * qemu_quote() - a command line that a shell reads back as it is
 * @argv: the words
 *
 * Return: one line with its newline, for the caller to free.
 */
char *qemu_quote(const struct strv *argv)
{
	size_t size = 2;
	char *line, *to;
	size_t i;

	for (i = 0; i < argv->n; i++)
		size += 4 * strlen(argv->v[i]) + 3;
	line = to = xzalloc(size);
	for (i = 0; i < argv->n; i++) {
		const char *from = argv->v[i];
		bool quote = needs_quotes(from);

		if (i)
			*to++ = ' ';
		if (quote)
			*to++ = '\'';
		for (; *from; from++) {
			if (*from == '\'')
				to = stpcpy(to, "'\\'");
			*to++ = *from;
		}
		if (quote)
			*to++ = '\'';
	}
	*to = '\n';
	return line;
}

static void redirect(const char *path, int flags, int fd)
{
	int from = open(path, flags, 0666);

	if (from >= 0 && from != fd) {
		dup2(from, fd);
		close(from);
	}
}

/*
 * turns.so, beside this program, is preloaded by its descriptor: a path may have
 * characters that the dynamic linker takes for the end of it.
 */
static int open_turns(void)
{
	char *self = realpath("/proc/self/exe", NULL);
	char *path;
	int fd;

	if (!self)
		return -1;
	path = xasprintf("%s/turns.so", dirname(self));
	fd = open(path, O_RDONLY);
	free(path);
	free(self);
	return fd;
}

/* In the child. Without turns.so it goes on: qemu_turns() tells. */
static void take_turns(int mflab)
{
	const char *others = getenv("LD_PRELOAD");
	int so = open_turns();
	char *value;

	if (so < 0)
		return;
	so = fcntl(so, F_DUPFD, FD_MIN);
	mflab = fcntl(mflab, F_DUPFD, FD_MIN);
	value = xasprintf("/proc/self/fd/%d%s%s", so, others ? ":" : "",
			  others ? others : "");
	setenv("LD_PRELOAD", value, true);
	free(value);
	value = xasprintf("%d", mflab);
	setenv("MFLAB_TURNS", value, true);
	free(value);
}

/**
 * qemu_turns() - do QEMU's threads take turns?
 * @turns: what qemu_spawn() gave
 *
 * Return: true as soon as they do, for the rest of a run.
 */
bool qemu_turns(int turns)
{
	char byte;

	return recv(turns, &byte, 1, MSG_DONTWAIT | MSG_PEEK) == 1;
}

/**
 * qemu_let_go() - let QEMU's main thread run beside its virtual CPUs
 * @turns: what qemu_spawn() gave, or -1
 *
 * After the last job: virtual CPUs that spin, waiting to be powered off, would
 * keep the main thread from doing it.
 */
void qemu_let_go(int turns)
{
	if (turns >= 0)
		shutdown(turns, SHUT_WR);
}

/* In the child. Reports the errno of a failed exec through @report. */
static void become_qemu(const struct strv *argv, const char *err_path,
			bool interactive, pid_t parent, int report)
{
	sigset_t none;
	int err;

	sigemptyset(&none);
	sigprocmask(SIG_SETMASK, &none, NULL);
	prctl(PR_SET_PDEATHSIG, SIGKILL);
	if (getppid() != parent)
		_exit(127);
	redirect(err_path, O_WRONLY | O_CREAT | O_TRUNC, STDERR_FILENO);
	if (!interactive) {
		redirect("/dev/null", O_RDONLY, STDIN_FILENO);
		dup2(STDERR_FILENO, STDOUT_FILENO);
	}
	execvp(argv->v[0], argv->v);
	err = errno;
	if (write(report, &err, sizeof(err)) < 0)
		_exit(126);
	_exit(127);
}

static void close_fd(int *fd)
{
	if (*fd >= 0)
		close(*fd);
	*fd = -1;
}

/**
 * qemu_spawn() - start QEMU
 * @argv: its command line
 * @err_path: file for what it prints
 * @interactive: leave it the terminal; else it gets a process group of its
 *	own, so that Ctrl-C reaches mflab only
 * @turns: for deterministic runs: its threads take turns until qemu_let_go() is
 *	called for the descriptor that is returned here, if QEMU was started, and
 *	that the caller closes; or NULL
 *
 * QEMU is killed by the kernel should this process die.
 *
 * Return: its process id, or a negative errno if it could not be started.
 */
pid_t qemu_spawn(const struct strv *argv, const char *err_path,
		 bool interactive, int *turns)
{
	int pair[2] = { -1, -1 }, report[2] = { -1, -1 };
	pid_t parent = getpid(), pid = -1;
	int err = 0;

	if ((turns && socketpair(AF_UNIX, SOCK_STREAM | SOCK_CLOEXEC, 0, pair)) ||
	    pipe2(report, O_CLOEXEC)) {
		err = errno;
		goto out;
	}
	pid = fork();
	if (pid < 0) {
		err = errno;
		goto out;
	}
	if (!pid) {
		if (!interactive)
			setpgid(0, 0);
		if (turns)
			take_turns(pair[1]);
		become_qemu(argv, err_path, interactive, parent, report[1]);
	}
	if (!interactive)
		setpgid(pid, pid);
	close_fd(&report[1]);
	while (read(report[0], &err, sizeof(err)) < 0 && errno == EINTR)
		;
	if (err) {
		waitpid(pid, NULL, 0);
	} else if (turns) {
		*turns = pair[0];
		pair[0] = -1;
	}
out:
	close_fd(&report[0]);
	close_fd(&report[1]);
	close_fd(&pair[0]);
	close_fd(&pair[1]);
	return err ? -err : pid;
}

static void send_signal(pid_t pid, bool group, int sig)
{
	if (!group || kill(-pid, sig))
		kill(pid, sig);
}

/**
 * qemu_stop() - end QEMU and wait for it
 * @pid: its process id; not yet waited for
 * @group: it has a process group of its own
 * @grace_s: seconds it may take to end by itself
 *
 * Return: its status as waitpid() gives it.
 */
int qemu_stop(pid_t pid, bool group, double grace_s)
{
	const struct timespec step = { .tv_nsec = 20 * 1000 * 1000 };
	double end = now_s() + grace_s;
	int status = 0;

	send_signal(pid, group, SIGTERM);
	do {
		if (waitpid(pid, &status, WNOHANG) == pid)
			goto out;
		nanosleep(&step, NULL);
	} while (now_s() < end);
	send_signal(pid, group, SIGKILL);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
out:
	/* Helpers that QEMU left behind, if any. */
	if (group)
		kill(-pid, SIGKILL);
	return status;
}
