/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the sub-commands of mflab share: the exit statuses (the front door
 * documents and passes them on) and the entry points.
 */
#ifndef MFLAB_H
#define MFLAB_H

#define MFLAB_QEMU	"qemu-system-x86_64"

enum mf_status {
	MF_OK		= 0,
	MF_DIFFERS	= 1,	/* a test or comparison failed */
	MF_USAGE	= 2,
	MF_TOOL		= 3,	/* a program that is needed is not there */
	MF_NOSPACE	= 9,
	MF_HUNG		= 10,
	MF_PANIC	= 11,
	MF_QEMU		= 12,
	MF_INCOMPLETE	= 13,	/* the guest ended early, or a job failed */
	MF_NOMEM	= 14,	/* the host is out of memory */
	MF_INTERRUPTED	= 130,
};

int cmd_run(int argc, char **argv);
int cmd_probe(int argc, char **argv);
int cmd_report(int argc, char **argv);
int cmd_table(int argc, char **argv);
int cmd_diff(int argc, char **argv);
int cmd_splats(int argc, char **argv);
int cmd_get(int argc, char **argv);
int cmd_html(int argc, char **argv);
int cmd_left(int argc, char **argv);
int cmd_parity(int argc, char **argv);
int cmd_tests(int argc, char **argv);

#endif
