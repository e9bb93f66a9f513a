// SPDX-License-Identifier: GPL-2.0-only
/* The command lines of `mflab run` and `mflab probe`. */
#include <err.h>
#include <errno.h>
#include <ftw.h>
#include <getopt.h>
#include <stdlib.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "qemu.h"
#include "run.h"
#include "util.h"

#define DEFAULT_TIMEOUT_S	3600
#define DEFAULT_IDLE_S		180
#define PROBE_TIMEOUT_S		10

enum {
	OPT_KERNEL = 1,
	OPT_INITRD,
	OPT_JOBS,
	OPT_OUT,
	OPT_ACCEL,
	OPT_VCPUS,
	OPT_MEM,
	OPT_TIMEOUT,
	OPT_IDLE,
	OPT_APPEND,
	OPT_QEMU,
	OPT_LIVE,
	OPT_INTERACTIVE,
	OPT_VERBOSE,
};

static const struct option options[] = {
	{ "kernel", required_argument, NULL, OPT_KERNEL },
	{ "initrd", required_argument, NULL, OPT_INITRD },
	{ "jobs", required_argument, NULL, OPT_JOBS },
	{ "out", required_argument, NULL, OPT_OUT },
	{ "accel", required_argument, NULL, OPT_ACCEL },
	{ "vcpus", required_argument, NULL, OPT_VCPUS },
	{ "mem", required_argument, NULL, OPT_MEM },
	{ "timeout", required_argument, NULL, OPT_TIMEOUT },
	{ "idle-timeout", required_argument, NULL, OPT_IDLE },
	{ "append", required_argument, NULL, OPT_APPEND },
	{ "qemu", required_argument, NULL, OPT_QEMU },
	{ "live", required_argument, NULL, OPT_LIVE },
	{ "interactive", no_argument, NULL, OPT_INTERACTIVE },
	{ "verbose", no_argument, NULL, OPT_VERBOSE },
	{ 0 }
};

static int set_number(const char *name, const char *text, unsigned int min,
		      unsigned int max, unsigned int *value)
{
	if (parse_uint(text, max, value) && *value >= min)
		return 0;
	warnx("--%s %s: give a number from %u to %u", name, text, min, max);
	return -EINVAL;
}

static int set_live(struct run_options *opt, const char *arg)
{
	unsigned int fd;
	int ret = set_number("live", arg, 0, 1023, &fd);

	if (!ret)
		opt->live_fd = (int)fd;
	return ret;
}

static int set_option(struct run_options *opt, int key, const char *arg)
{
	switch (key) {
	case OPT_KERNEL:
		opt->kernel = arg;
		return 0;
	case OPT_INITRD:
		opt->initrd = arg;
		return 0;
	case OPT_JOBS:
		opt->jobs = arg;
		return 0;
	case OPT_OUT:
		opt->out = arg;
		return 0;
	case OPT_ACCEL:
		opt->accel = arg;
		if (qemu_accel_known(arg))
			return 0;
		warnx("--accel %s: give det, tcg or kvm", arg);
		return -EINVAL;
	case OPT_VCPUS:
		return set_number("vcpus", arg, 1, 255, &opt->vcpus);
	case OPT_MEM:
		return set_number("mem", arg, 32, 1 << 20, &opt->mem_mb);
	case OPT_TIMEOUT:
		return set_number("timeout", arg, 0, 1 << 30, &opt->timeout_s);
	case OPT_IDLE:
		return set_number("idle-timeout", arg, 0, 1 << 30,
				  &opt->idle_s);
	case OPT_APPEND:
		opt->append = arg;
		return 0;
	case OPT_QEMU:
		opt->qemu = arg;
		return 0;
	case OPT_LIVE:
		return set_live(opt, arg);
	case OPT_INTERACTIVE:
		opt->interactive = true;
		return 0;
	case OPT_VERBOSE:
		opt->verbose = true;
		return 0;
	default:	/* getopt has said what is wrong */
		return -EINVAL;
	}
}

static int parse(struct run_options *opt, int argc, char **argv)
{
	int key, ret;

	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		ret = set_option(opt, key, optarg);
		if (ret)
			return ret;
	}
	if (optind < argc) {
		warnx("%s: not an option; see `mflab help`", argv[optind]);
		return -EINVAL;
	}
	return 0;
}

static int require(const char *name, const char *value)
{
	if (value)
		return 0;
	warnx("--%s is missing; see `mflab help`", name);
	return -EINVAL;
}

static struct run_options defaults(void)
{
	return (struct run_options){
		.qemu = MFLAB_QEMU,
		.accel = "det",
		.vcpus = 4,
		.mem_mb = 1024,
		.live_fd = STDERR_FILENO,
		.timeout_s = DEFAULT_TIMEOUT_S,
		.idle_s = DEFAULT_IDLE_S,
	};
}

int cmd_run(int argc, char **argv)
{
	struct run_options opt = defaults();

	if (parse(&opt, argc, argv) || require("kernel", opt.kernel) ||
	    require("initrd", opt.initrd) || require("out", opt.out))
		return MF_USAGE;
	if (!opt.jobs && opt.interactive)
		opt.jobs_text = "shell\n";
	else if (require("jobs", opt.jobs))
		return MF_USAGE;
	if (opt.interactive && opt.verbose) {
		warnx("--interactive shows the console already; leave out --verbose");
		return MF_USAGE;
	}
	return run_guest(&opt);
}

static int remove_entry(const char *path, const struct stat *st, int type,
			struct FTW *ftw)
{
	(void)st;
	(void)type;
	(void)ftw;
	return remove(path);
}

/**
 * cmd_probe() - does this accelerator work here?
 * @argc: as main() gets it
 * @argv: the options of run; --jobs is not used, --out is optional
 *
 * /dev/kvm being there proves nothing: only a guest that has booted does.
 *
 * Return: as run; 0 if the guest came as far as its last record.
 */
int cmd_probe(int argc, char **argv)
{
	struct run_options opt = defaults();
	const char *tmp = getenv("TMPDIR");
	enum mf_status status;
	char *dir;

	opt.timeout_s = PROBE_TIMEOUT_S;
	opt.vcpus = 1;
	if (parse(&opt, argc, argv) || require("kernel", opt.kernel) ||
	    require("initrd", opt.initrd))
		return MF_USAGE;
	opt.jobs = NULL;
	opt.jobs_text = "# nothing to do\n";
	opt.interactive = false;
	opt.quiet = !opt.verbose;
	if (opt.out)
		return run_guest(&opt);
	dir = xasprintf("%s/mflab-probe.XXXXXX", tmp && *tmp ? tmp : "/tmp");
	if (!mkdtemp(dir)) {
		warn("%s: cannot make a directory; set TMPDIR to one that can be written",
		     dir);
		status = is_nospace(errno) ? MF_NOSPACE : MF_USAGE;
	} else {
		opt.out = dir;
		status = run_guest(&opt);
		nftw(dir, remove_entry, 8, FTW_DEPTH | FTW_PHYS);
	}
	free(dir);
	return status;
}
