// SPDX-License-Identifier: GPL-2.0-only
/* Description: QEMU's command line for each accelerator; one that does not start leaks nothing. */
#include <dirent.h>
#include <sys/syscall.h>
#include <sys/wait.h>

#include "t.h"

#include "qemu.h"

static struct qemu_spec spec(const char *accel)
{
	return (struct qemu_spec){
		.bin = "qemu",
		.kernel = "bzImage",
		.initrd = "initrd.img",
		.accel = accel,
		.append = "x='y z'",
		.console = "a,b/console.log",
		.records = "records.jsonl",
		.vcpus = 3,
		.mem_mb = 512,
	};
}

static char *command(const struct qemu_spec *s)
{
	struct strv argv = { 0 };
	char *line;

	qemu_command(s, &argv);
	line = qemu_quote(&argv);
	strv_free(&argv);
	return line;
}

static void deterministic(void **state)
{
	struct qemu_spec s = spec("det");
	char *line = command(&s);

	(void)state;
	assert_string_equal(line,
		"qemu -machine q35 -accel tcg,thread=single "
		"-icount shift=0,align=off,sleep=off -cpu max,-rdrand,-rdseed "
		"-seed 1 -rtc base=2026-01-01T00:00:00,clock=vm -smp 3 -m 512 "
		"-nodefaults -display none -no-reboot "
		"-chardev file,id=console,path=a,,b/console.log "
		"-serial chardev:console "
		"-chardev file,id=records,path=records.jsonl "
		"-serial chardev:records -kernel bzImage -initrd initrd.img "
		"-append 'console=ttyS0 loglevel=7 panic=-1 nokaslr "
		"norandmaps rdinit=/init x='\\''y z'\\'''\n");
	free(line);
}

static void parallel(void **state)
{
	struct qemu_spec s = spec("tcg");
	char *line = command(&s);

	(void)state;
	assert_non_null(strstr(line, " -accel tcg,thread=multi -cpu max -smp"));
	assert_null(strstr(line, "icount"));
	free(line);
	s = spec("kvm");
	line = command(&s);
	assert_non_null(strstr(line, " -accel kvm -cpu host -smp"));
	free(line);
}

static void interactive(void **state)
{
	struct qemu_spec s = spec("tcg");
	char *line;

	(void)state;
	s.interactive = true;
	line = command(&s);
	assert_non_null(strstr(line, "-chardev stdio,id=console,mux=on,"
			       "signal=off,logfile=a,,b/console.log"));
	assert_non_null(strstr(line, "-chardev file,id=records"));
	free(line);
}

static void unknown(void **state)
{
	(void)state;
	assert_false(qemu_accel_known("hvf"));
	assert_true(qemu_accel_known("kvm"));
}

static bool no_pipe, no_fork;

/* In place of the C library's. */
int pipe2(int fds[2], int flags)
{
	if (no_pipe) {
		errno = EMFILE;
		return -1;
	}
	return (int)syscall(SYS_pipe2, fds, flags);
}

pid_t fork(void)
{
	if (no_fork) {
		errno = EAGAIN;
		return -1;
	}
	return _Fork();
}

static unsigned int open_files(void)
{
	DIR *dir = opendir("/proc/self/fd");
	unsigned int n = 0;

	assert_non_null(dir);
	while (readdir(dir))
		n++;
	closedir(dir);
	return n;
}

/* Spawn @name: @error, or 0 if that must work, and what is open, apart from @turns. */
static void spawn(const char *name, int error)
{
	unsigned int before = open_files();
	struct strv argv = { 0 };
	int turns = -1;
	pid_t pid;

	strv_add(&argv, xstrdup(name));
	pid = qemu_spawn(&argv, "/dev/null", false, &turns);
	strv_free(&argv);
	if (error) {
		assert_int_equal(pid, -error);
		assert_int_equal(turns, -1);
	} else {
		assert_true(pid > 0);
		assert_true(turns >= 0);
		close(turns);
		assert_int_equal(waitpid(pid, NULL, 0), pid);
	}
	assert_int_equal(open_files(), before);
}

static void started(void **state)
{
	(void)state;
	spawn("true", 0);
	spawn("/nonexistent/qemu", ENOENT);
	no_pipe = true;
	spawn("true", EMFILE);
	no_pipe = false;
	no_fork = true;
	spawn("true", EAGAIN);
	no_fork = false;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(deterministic),
		cmocka_unit_test(parallel),
		cmocka_unit_test(interactive),
		cmocka_unit_test(unknown),
		cmocka_unit_test(started),
	};

	return cmocka_run_group_tests_name("qemu", tests, NULL, NULL);
}
