// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/signalfd.h>
#include <sys/wait.h>
#include <termios.h>
#include <unistd.h>

#include "cpio.h"
#include "out.h"
#include "progress.h"
#include "qemu.h"
#include "records.h"
#include "run.h"
#include "splat.h"
#include "tail.h"
#include "util.h"
#include "verdict.h"

#define TAIL_LINES	30
#define TICK_MS		100
#define STOP_GRACE_S	2.0
/* What a panicked or finished guest may take until its QEMU has exited. */
#define PANIC_GRACE_S	10.0
#define DONE_GRACE_S	60.0
/* So long before it is killed for its silence, a guest that has ended gets to say so. */
#define SILENT_END_S	20.0
/* A file system with less than this cannot hold the rest of a run. */
#define MIN_FREE_BYTES	65536

/**
 * struct run - a guest being run
 * @opt: what was asked for
 * @out: where messages go
 * @pg: the jobs
 * @facts: what the verdict will be made of
 * @rules: what counts as a splat
 * @klog: where in the console's log the reader is
 * @console: the console's log
 * @records: the records
 * @last: the console's last lines, a ring
 * @lines: how many lines the console has printed
 * @malformed: lines that were no records
 * @panic: the line that told of a panic
 * @path: the files of the run
 * @qemu: QEMU's process id
 * @turns: QEMU's threads take turns until qemu_let_go() of this; or -1
 * @let_go: they no longer do, though the guest was not known to end
 * @exited: QEMU has been waited for
 * @grown_s: when console or records last grew
 * @stop_s: when a guest that should be ending is killed; 0: not ending
 */
struct run {
	const struct run_options *opt;
	struct out out;
	struct progress pg;
	struct run_facts facts;
	struct splat_rules rules;
	struct klog klog;
	struct tail console;
	struct tail records;
	char *last[TAIL_LINES];
	unsigned int lines;
	unsigned int malformed;
	char *panic;
	struct {
		char *console;
		char *records;
		char *initrd;
		char *cmd;
		char *err;
		char *log;
	} path;
	pid_t qemu;
	int turns;
	bool let_go;
	bool exited;
	double grown_s;
	double stop_s;
};

static void set_paths(struct run *run)
{
	const char *dir = run->opt->out;

	run->path.console = xasprintf("%s/console.log", dir);
	run->path.records = xasprintf("%s/records.jsonl", dir);
	run->path.initrd = xasprintf("%s/initrd.img", dir);
	run->path.cmd = xasprintf("%s/qemu.cmd", dir);
	run->path.err = xasprintf("%s/qemu.err", dir);
	run->path.log = xasprintf("%s/run.log", dir);
}

static void free_run(struct run *run)
{
	size_t i;

	tail_free(&run->console);
	tail_free(&run->records);
	splat_rules_free(&run->rules);
	for (i = 0; i < TAIL_LINES; i++)
		free(run->last[i]);
	if (run->turns >= 0)
		close(run->turns);
	free(run->panic);
	progress_free(&run->pg);
	free(run->path.console);
	free(run->path.records);
	free(run->path.initrd);
	free(run->path.cmd);
	free(run->path.err);
	free(run->path.log);
	out_close(&run->out);
}

/* A file that could not be read or written: which status, and say so. */
static enum mf_status file_error(struct run *run, const char *path, int err)
{
	if (is_nospace(err)) {
		out_say(&run->out,
			"%s: no space left; free some on that file system and run again",
			path);
		return MF_NOSPACE;
	}
	out_say(&run->out, "%s: %s; check the path and its permissions", path,
		strerror(-err));
	return MF_USAGE;
}

/* The guest should be ending: from now on its QEMU may take @grace_s. */
static void expect_end(struct run *run, double grace_s)
{
	run->stop_s = now_s() + grace_s;
	qemu_let_go(run->turns);
}

static void console_line(void *arg, char *line)
{
	struct run *run = arg;
	char **slot = &run->last[run->lines++ % TAIL_LINES];
	enum splat_kind kind;

	printable(line);
	free(*slot);
	*slot = xstrdup(line);
	if (run->opt->verbose)
		out_say(&run->out, "| %s", line);
	kind = klog_line(&run->klog, line);
	if (kind == SPLAT_NONE)
		return;
	if (kind == SPLAT_PANIC && !run->panic) {
		run->panic = xstrdup(line);
		run->facts.panicked = true;
		expect_end(run, PANIC_GRACE_S);
	}
	progress_splat(&run->pg, run->klog.job, line, kind == SPLAT_PANIC);
}

static void record_line(void *arg, char *line)
{
	struct run *run = arg;
	struct record rec;
	char why[160];

	if (!line[strspn(line, " \t\r")])
		return;
	if (record_parse(line, &rec, why, sizeof(why))) {
		if (!run->malformed++)
			out_say(&run->out,
				"%s: a line is no record (%s); such lines are skipped",
				run->path.records, why);
		return;
	}
	progress_record(&run->pg, &rec);
	if (rec.type == REC_DONE && !run->stop_s)
		expect_end(run, DONE_GRACE_S);
	record_free(&rec);
}

static void read_guest(struct run *run, bool last)
{
	int console, records;

	console = tail_poll(&run->console, last, console_line, run);
	records = tail_poll(&run->records, last, record_line, run);
	if (console > 0 || records > 0)
		run->grown_s = now_s();
}

static void reap(struct run *run)
{
	if (!run->exited &&
	    waitpid(run->qemu, &run->facts.wait_status, WNOHANG) == run->qemu)
		run->exited = true;
}

static void check_limits(struct run *run)
{
	const struct run_options *opt = run->opt;
	struct run_facts *facts = &run->facts;
	double now = now_s();
	long long left = free_bytes(opt->out);

	if (left >= 0 && left < MIN_FREE_BYTES)
		facts->disk_full = true;
	if (run->stop_s && now > run->stop_s)
		facts->timed_out = true;
	if (opt->interactive)
		return;
	if (opt->timeout_s && now - run->pg.started_s > opt->timeout_s)
		facts->timed_out = true;
	if (!opt->idle_s)
		return;
	/* Ended without a word, and QEMU's main thread has no turn to say so? */
	if (now - run->grown_s > opt->idle_s - SILENT_END_S) {
		run->let_go = true;
		qemu_let_go(run->turns);
	}
	if (now - run->grown_s > opt->idle_s)
		facts->idle = true;
}

static bool must_stop(const struct run_facts *facts)
{
	return facts->interrupted || facts->disk_full || facts->timed_out ||
	       facts->idle;
}

/* SIGCHLD and the signals that end a run arrive here. */
static void wait_for_news(struct run *run, int sigfd)
{
	struct pollfd pfd = { .fd = sigfd, .events = POLLIN };
	struct signalfd_siginfo info;

	if (poll(&pfd, 1, TICK_MS) <= 0)
		return;
	while (read(sigfd, &info, sizeof(info)) == sizeof(info)) {
		if (info.ssi_signo != SIGCHLD)
			run->facts.interrupted = true;
	}
}

static void watch(struct run *run, int sigfd)
{
	double next_s = 0;

	while (!run->exited && !must_stop(&run->facts)) {
		wait_for_news(run, sigfd);
		reap(run);
		read_guest(run, run->exited);
		if (run->exited || now_s() < next_s)
			continue;
		check_limits(run);
		progress_live(&run->pg);
		next_s = now_s() + 1;
	}
	if (!run->exited) {
		qemu_let_go(run->turns);
		run->facts.wait_status = qemu_stop(run->qemu,
						   !run->opt->interactive,
						   STOP_GRACE_S);
		read_guest(run, true);
	}
}

/*
 * Take the signals that matter through a file descriptor. A blocked signal
 * arrives there even where it is ignored, as SIGINT is in a script's background
 * jobs. @old is the signal mask to go back to.
 */
static int signals_open(sigset_t *old)
{
	struct sigaction hup;
	sigset_t set;
	int fd;

	/* Under nohup, a terminal that goes away must not end the run. */
	sigaction(SIGHUP, NULL, &hup);
	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	if (hup.sa_handler != SIG_IGN)
		sigaddset(&set, SIGHUP);
	sigaddset(&set, SIGCHLD);
	sigprocmask(SIG_BLOCK, &set, old);
	fd = signalfd(-1, &set, SFD_CLOEXEC | SFD_NONBLOCK);
	return fd < 0 ? -errno : fd;
}

static int write_command(struct run *run, const struct strv *argv)
{
	char *line = qemu_quote(argv);
	FILE *f = fopen(run->path.cmd, "we");
	int ret = 0;

	if (run->opt->verbose)
		out_say(&run->out, "%.*s", (int)strcspn(line, "\n"), line);
	if (!f)
		ret = -errno;
	if (f && fputs(line, f) == EOF)
		ret = -errno;
	if (f && fclose(f) && !ret)
		ret = -errno;
	free(line);
	return ret;
}

/* Boot, watch, end. Nothing is left running afterwards. */
static void run_qemu(struct run *run, const struct strv *argv)
{
	bool det = !strcmp(run->opt->accel, "det");
	struct termios tio;
	sigset_t old;
	bool saved;
	int sigfd;

	sigfd = signals_open(&old);
	if (sigfd < 0) {
		run->facts.spawn_error = sigfd;
		return;
	}
	saved = run->opt->interactive && !tcgetattr(STDIN_FILENO, &tio);
	run->pg.started_s = run->grown_s = now_s();
	run->qemu = qemu_spawn(argv, run->path.err, run->opt->interactive,
			       det && !run->opt->interactive ?
				       &run->turns : NULL);
	if (run->qemu < 0)
		run->facts.spawn_error = run->qemu;
	else
		watch(run, sigfd);
	if (saved)
		tcsetattr(STDIN_FILENO, TCSADRAIN, &tio);
	close(sigfd);
	sigprocmask(SIG_SETMASK, &old, NULL);
}

static void collect_facts(struct run *run)
{
	struct run_facts *facts = &run->facts;
	long long left = free_bytes(run->opt->out);

	facts->done = run->pg.done;
	facts->interactive = run->opt->interactive;
	facts->failed_jobs = progress_failed(&run->pg);
	if (is_nospace(run->out.error) || is_nospace(facts->spawn_error))
		facts->disk_full = true;
	if (!facts->done && left >= 0 && left < MIN_FREE_BYTES)
		facts->disk_full = true;
}

static void say_qemu_err(struct run *run)
{
	struct strv lines = { 0 };
	char *text;
	size_t len;
	size_t i;

	if (read_whole(run->path.err, &text, &len))
		return;
	strv_split(&lines, text, '\n');
	for (i = lines.n > TAIL_LINES ? lines.n - TAIL_LINES : 0; i < lines.n;
	     i++) {
		printable(lines.v[i]);
		out_say(&run->out, "  %s", lines.v[i]);
	}
	strv_free(&lines);
	free(text);
}

static void say_console_tail(struct run *run)
{
	unsigned int n = run->lines < TAIL_LINES ? run->lines : TAIL_LINES;
	unsigned int i;

	if (!n) {
		out_say(&run->out, "the console printed nothing at all");
		return;
	}
	out_say(&run->out, "the console's last %u lines (all of it: %s):", n,
		run->path.console);
	for (i = run->lines - n; i < run->lines; i++)
		out_say(&run->out, "  %s", run->last[i % TAIL_LINES]);
}

static void say_qemu_failed(struct run *run)
{
	int status = run->facts.wait_status;

	if (run->facts.spawn_error)
		out_say(&run->out,
			"cannot start %s: %s; install qemu-system-x86, or name another with --qemu",
			run->opt->qemu, strerror(-run->facts.spawn_error));
	else if (WIFSIGNALED(status))
		out_say(&run->out,
			"QEMU was killed by signal %d; %s. Its messages (%s):",
			WTERMSIG(status),
			WTERMSIG(status) == SIGKILL ?
				"perhaps the machine is out of memory: give less --mem" :
				"another --accel may work",
			run->path.err);
	else
		out_say(&run->out,
			"QEMU failed with status %d; what it says below tells why (%s):",
			WEXITSTATUS(status), run->path.err);
	say_qemu_err(run);
}

static void say_hung(struct run *run, const char *where)
{
	if (run->pg.done)
		out_say(&run->out,
			"the guest did not power off after its last job and was killed; look at the console below");
	else if (run->facts.idle)
		out_say(&run->out,
			"the guest hung %s: nothing was printed for %u s, so it was killed; on a slow machine give a longer --idle-timeout",
			where, run->opt->idle_s);
	else
		out_say(&run->out,
			"the guest hung %s: not done after %u s, so it was killed; on a slow machine give a longer --timeout",
			where, run->opt->timeout_s);
}

static void say_incomplete(struct run *run, const char *where)
{
	if (run->pg.done)
		out_say(&run->out,
			"%u of %u jobs failed (marked FAILED above); the console tells why",
			run->facts.failed_jobs, run->pg.jobs);
	else
		out_say(&run->out,
			"the guest ended %s without its jobs done; the console tells why",
			where);
}

static void say_verdict(struct run *run, enum mf_status status)
{
	char where[192];

	progress_where(&run->pg, where, sizeof(where));
	switch (status) {
	case MF_OK:
		out_say(&run->out, "%u jobs done in %.1f s", run->pg.ended,
			now_s() - run->pg.started_s);
		if (run->turns >= 0 && (run->let_go || !qemu_turns(run->turns)))
			out_say(&run->out,
				"QEMU's threads did not take turns all the time (turns.so is not beside mflab, this QEMU cannot preload it, or the guest was silent for too long): digits may not repeat");
		return;
	case MF_INTERRUPTED:
		out_say(&run->out, "interrupted %s; QEMU has been ended",
			where);
		return;
	case MF_NOSPACE:
		out_say(&run->out,
			"%s: no space left; free some on that file system and run again",
			run->opt->out);
		return;
	case MF_QEMU:
		say_qemu_failed(run);
		break;
	case MF_PANIC:
		out_say(&run->out,
			"the guest kernel panicked %s: %s; this is a bug in the kernel or the series, the console shows where",
			where, run->panic);
		break;
	case MF_HUNG:
		say_hung(run, where);
		break;
	default:
		say_incomplete(run, where);
		break;
	}
	if (!run->facts.spawn_error)
		say_console_tail(run);
}

static int read_jobs(const struct run_options *opt, char **text, size_t *len)
{
	if (opt->jobs)
		return read_whole(opt->jobs, text, len);
	*text = xstrdup(opt->jobs_text);
	*len = strlen(*text);
	return 0;
}

static enum mf_status make_initrd(struct run *run)
{
	const char *culprit = run->opt->jobs;
	char *jobs;
	size_t len;
	int ret;

	ret = read_jobs(run->opt, &jobs, &len);
	if (ret)
		return file_error(run, culprit, ret);
	ret = cpio_append(run->opt->initrd, run->path.initrd, "jobs", jobs, len,
			  &culprit);
	free(jobs);
	return ret ? file_error(run, culprit, ret) : MF_OK;
}

/* Leftovers of an earlier run must not be taken for this one's. */
static void remove_old(const struct run *run)
{
	unlink(run->path.console);
	unlink(run->path.records);
	unlink(run->path.err);
}

static enum mf_status prepare(struct run *run, struct strv *argv)
{
	const struct run_options *opt = run->opt;
	const struct qemu_spec spec = {
		.bin = opt->qemu,
		.kernel = opt->kernel,
		.initrd = run->path.initrd,
		.accel = opt->accel,
		.append = opt->append,
		.console = run->path.console,
		.records = run->path.records,
		.vcpus = opt->vcpus,
		.mem_mb = opt->mem_mb,
		.interactive = opt->interactive,
	};
	enum mf_status status;
	char why[160];
	int ret;

	ret = make_dirs(opt->out);
	if (ret)
		return file_error(run, opt->out, ret);
	ret = out_open_log(&run->out, run->path.log);
	if (ret)
		return file_error(run, run->path.log, ret);
	remove_old(run);
	if (access(opt->kernel, R_OK))
		return file_error(run, opt->kernel, -errno);
	status = make_initrd(run);
	if (status)
		return status;
	if (splat_rules_load(&run->rules, splats_txt, why, sizeof(why))) {
		out_say(&run->out, "splats.txt: %s; mend it and rebuild", why);
		return MF_USAGE;
	}
	qemu_command(&spec, argv);
	ret = write_command(run, argv);
	return ret ? file_error(run, run->path.cmd, ret) : MF_OK;
}

/**
 * run_guest() - boot a guest and see its jobs through
 * @opt: what to boot and for how long
 *
 * Writes console.log, records.jsonl, qemu.cmd, qemu.err, initrd.img and run.log
 * into @opt->out.
 *
 * Return: mflab's exit status. QEMU has ended in any case.
 */
enum mf_status run_guest(const struct run_options *opt)
{
	struct run run = { .opt = opt, .turns = -1, .pg = { .out = &run.out } };
	struct strv argv = { 0 };
	enum mf_status status;

	out_init(&run.out, opt->quiet || opt->interactive, opt->live_fd);
	set_paths(&run);
	run.klog.rules = &run.rules;
	tail_init(&run.console, run.path.console);
	tail_init(&run.records, run.path.records);
	status = prepare(&run, &argv);
	if (!status) {
		run_qemu(&run, &argv);
		collect_facts(&run);
		status = run_verdict(&run.facts);
		if (opt->interactive && status)
			out_show(&run.out);
		say_verdict(&run, status);
	}
	strv_free(&argv);
	free_run(&run);
	return status;
}
