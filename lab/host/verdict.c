// SPDX-License-Identifier: GPL-2.0-only
#include <sys/wait.h>

#include "verdict.h"

/**
 * run_verdict() - mflab's exit status for a run
 * @facts: what is known
 *
 * The first cause counts: a full disk makes QEMU die, a panic makes it exit
 * without its jobs done, a hung guest is killed.
 */
enum mf_status run_verdict(const struct run_facts *facts)
{
	int status = facts->wait_status;

	if (facts->interrupted)
		return MF_INTERRUPTED;
	if (facts->disk_full)
		return MF_NOSPACE;
	if (facts->spawn_error)
		return MF_QEMU;
	if (facts->panicked)
		return MF_PANIC;
	if (facts->timed_out || facts->idle)
		return MF_HUNG;
	if (!WIFEXITED(status) || WEXITSTATUS(status))
		return MF_QEMU;
	if (!facts->done && !facts->interactive)
		return MF_INCOMPLETE;
	return facts->failed_jobs ? MF_INCOMPLETE : MF_OK;
}
