/* SPDX-License-Identifier: GPL-2.0-only */
/* How a guest run ended. No I/O here: the tests feed it every case. */
#ifndef VERDICT_H
#define VERDICT_H

#include <stdbool.h>

#include "mflab.h"

/**
 * struct run_facts - what is known when a run is over
 * @interrupted: a signal ended it
 * @disk_full: a write failed for want of space, or none is left and the
 *	guest did not finish
 * @spawn_error: negative errno, if QEMU could not be started
 * @timed_out: over the time limit
 * @idle: nothing was printed for too long
 * @panicked: the console shows a panic
 * @done: the guest sent its last record
 * @interactive: somebody sat at the console
 * @wait_status: QEMU's, from waitpid()
 * @failed_jobs: jobs (not tests) that failed
 */
struct run_facts {
	bool interrupted;
	bool disk_full;
	int spawn_error;
	bool timed_out;
	bool idle;
	bool panicked;
	bool done;
	bool interactive;
	int wait_status;
	unsigned int failed_jobs;
};

enum mf_status run_verdict(const struct run_facts *facts);

#endif
