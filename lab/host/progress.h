/* SPDX-License-Identifier: GPL-2.0-only */
/* The guest's jobs as they come and go: one line for each. */
#ifndef PROGRESS_H
#define PROGRESS_H

#include <stdbool.h>

#include "out.h"
#include "records.h"
#include "util.h"

/**
 * struct progress_job - what is known of one job
 * @begun: it has begun
 * @elsewhere: mflab run does not judge it: a test, a shell
 * @failed: it ended badly
 * @splat: it has a splat in the kernel log
 */
struct progress_job {
	bool begun;
	bool elsewhere;
	bool failed;
	bool splat;
};

/**
 * struct progress - what the records have told so far
 * @out: where to say it
 * @started_s: when the guest was started, on the host's clock
 * @begun_s: when the running job began
 * @jobs: how many jobs there are; 0 before the guest says it
 * @job: the job running now; 0 between jobs
 * @last: the job that began last; 0 before the first
 * @words: its job line
 * @of: what is known of each job, by its number
 * @of_n: how many entries @of has
 * @ended: how many have ended
 * @timed: how many of these were workloads
 * @took_s: how long these took in all
 * @kernel: the end of the kernel's log, if a signal killed the running job
 * @done: the guest has sent its last record
 *
 * Records and kernel log reach the host by two ways, so that a job's splat can
 * be seen before its beginning and after its end.
 */
struct progress {
	struct out *out;
	double started_s;
	double begun_s;
	unsigned int jobs;
	unsigned int job;
	unsigned int last;
	char *words;
	struct progress_job *of;
	unsigned int of_n;
	unsigned int ended;
	unsigned int timed;
	double took_s;
	struct strv kernel;
	bool done;
};

void progress_record(struct progress *pg, const struct record *rec);
void progress_splat(struct progress *pg, unsigned int job, const char *line,
		    bool panic);
unsigned int progress_failed(const struct progress *pg);
void progress_left(double seconds, char *buf, size_t size);
void progress_free(struct progress *pg);
void progress_live(const struct progress *pg);
void progress_where(const struct progress *pg, char *buf, size_t size);

#endif
