// SPDX-License-Identifier: GPL-2.0-only
/* mflab: run guests, collect what they measured, compare, report. */
#include <err.h>
#include <stdio.h>
#include <string.h>

#include "mflab.h"
#include "util.h"

static const char help[] =
"usage: mflab COMMAND ...\n"
"\n"
"  run --kernel F --initrd F --jobs F --out DIR [options]\n"
"      boot a guest, see its jobs through, watch it for panics and hangs\n"
"        --accel det|tcg|kvm   deterministic (default), parallel, hardware\n"
"        --vcpus N             virtual CPUs (4)\n"
"        --mem MB              memory (1024)\n"
"        --timeout S           host seconds for everything, 0: no limit (3600)\n"
"        --idle-timeout S      host seconds without any output (180)\n"
"        --append STR          more words for the kernel command line\n"
"        --qemu BIN            instead of " MFLAB_QEMU "\n"
"        --live FD             where to draw what is going on now (2)\n"
"        --interactive         the console on this terminal, no time limits;\n"
"                              without --jobs: a shell. Ctrl-A X ends it\n"
"        --verbose             show QEMU's command line and the console\n"
"  probe --kernel F --initrd F --accel A [options of run]\n"
"      does this accelerator work here? 0 if a guest boots within 10 s\n"
"  left --jobs F [RECORDS...]\n"
"      the jobs that boots which were cut short have not done\n"
"  parity [--known FILE] DIR_A DIR_B\n"
"      do the programs of run B end as those of run A did, result by result?\n"
"  report --records FILE... [--cut-short FILE] --meta meta.json --out results.json\n"
"      results of whole boots, and of what those that were cut short have done\n"
"  table [--brief] [--color auto|always|never] results.json\n"
"  html [--gnuplot BIN] --out report.html results.json\n"
"      the report: verdict, tables, plots; one page that needs nothing else\n"
"  diff [--metrics a,b,c] [--arms x=y] A.json B.json\n"
"      compare the runs digit for digit; arm x of A with arm y of B\n"
"  tests --records FILE --console FILE\n"
"      judge the tests of a run; a splat in the kernel log fails its test\n"
"  get RECORDS JOB KEY\n"
"      what the records of job number JOB say of KEY, a line each; 1 if nothing. KEY:\n"
"      a metric; line (of a test); status, error; outcome: how it ended, in words\n"
"  splats CONSOLE\n"
"      the splats in a kernel log, a line each; 1 if there is one\n"
"\n"
"exit status: 0 done; 1 a test or comparison failed; 2 usage; 3 a tool is missing; 9 no disk space;\n"
"10 the guest hung; 11 its kernel panicked; 12 QEMU failed; 13 it ended before\n"
"its jobs did, or a job or record was bad; 14 out of memory; 130 interrupted\n";

static int cmd_help(int argc, char **argv)
{
	(void)argc;
	(void)argv;
	fputs(help, stdout);
	return MF_OK;
}

static const struct {
	const char *name;
	int (*run)(int argc, char **argv);
} commands[] = {
	{ "diff", cmd_diff },
	{ "get", cmd_get },
	{ "help", cmd_help },
	{ "--help", cmd_help },
	{ "html", cmd_html },
	{ "left", cmd_left },
	{ "parity", cmd_parity },
	{ "probe", cmd_probe },
	{ "report", cmd_report },
	{ "run", cmd_run },
	{ "splats", cmd_splats },
	{ "table", cmd_table },
	{ "tests", cmd_tests },
};

/* What a command prints is its answer: half of one is none, whatever it was. */
static int printed(int status)
{
	if (!fflush(stdout) && !ferror(stdout))
		return status;
	warnx("the output could not be written in full; free some space where it goes and run again");
	return MF_NOSPACE;
}

int main(int argc, char **argv)
{
	size_t i;

	for (i = 0; argc > 1 && i < ARRAY_SIZE(commands); i++) {
		if (!strcmp(argv[1], commands[i].name))
			return printed(commands[i].run(argc - 1, argv + 1));
	}
	if (argc > 1)
		warnx("%s: no such command", argv[1]);
	fputs(help, stderr);
	return MF_USAGE;
}
