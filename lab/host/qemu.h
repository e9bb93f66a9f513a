/* SPDX-License-Identifier: GPL-2.0-only */
/* Start and stop QEMU. */
#ifndef QEMU_H
#define QEMU_H

#include <stdbool.h>
#include <sys/types.h>

#include "util.h"

/**
 * struct qemu_spec - the virtual machine wanted
 * @bin: QEMU's program
 * @kernel: the kernel image
 * @initrd: the complete initramfs
 * @accel: det, tcg or kvm
 * @append: more words for the kernel command line, or NULL
 * @console: file for the console
 * @records: file for the records
 * @vcpus: virtual CPUs
 * @mem_mb: memory in MiB
 * @interactive: put the console on the terminal as well
 */
struct qemu_spec {
	const char *bin;
	const char *kernel;
	const char *initrd;
	const char *accel;
	const char *append;
	const char *console;
	const char *records;
	unsigned int vcpus;
	unsigned int mem_mb;
	bool interactive;
};

bool qemu_accel_known(const char *accel);
void qemu_command(const struct qemu_spec *spec, struct strv *argv);
char *qemu_quote(const struct strv *argv);
pid_t qemu_spawn(const struct strv *argv, const char *err_path,
		 bool interactive, int *turns);
bool qemu_turns(int turns);
void qemu_let_go(int turns);
int qemu_stop(pid_t pid, bool group, double grace_s);

#endif
