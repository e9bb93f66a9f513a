/* SPDX-License-Identifier: GPL-2.0-only */
/* Boot a guest, see its jobs through, and say how it went. */
#ifndef RUN_H
#define RUN_H

#include <stdbool.h>

#include "mflab.h"

/**
 * struct run_options - what to boot and for how long
 * @qemu: QEMU's program
 * @kernel: the kernel image
 * @initrd: the initramfs without its jobs
 * @jobs: file of jobs, or NULL for @jobs_text
 * @jobs_text: the jobs themselves
 * @out: directory for everything that the run writes
 * @accel: det, tcg or kvm
 * @append: more words for the kernel command line, or NULL
 * @vcpus: virtual CPUs
 * @mem_mb: memory in MiB
 * @timeout_s: seconds on the host before the guest counts as hung; 0: for ever
 * @idle_s: the same for seconds without any output
 * @live_fd: where to draw the line that says what is going on now
 * @interactive: put the console on the terminal, no time limits
 * @verbose: show QEMU's command line and the console
 * @quiet: no messages on the terminal
 */
struct run_options {
	const char *qemu;
	const char *kernel;
	const char *initrd;
	const char *jobs;
	const char *jobs_text;
	const char *out;
	const char *accel;
	const char *append;
	unsigned int vcpus;
	unsigned int mem_mb;
	unsigned int timeout_s;
	unsigned int idle_s;
	int live_fd;
	bool interactive;
	bool verbose;
	bool quiet;
};

enum mf_status run_guest(const struct run_options *opt);

#endif
