/* SPDX-License-Identifier: GPL-2.0-only */
/* From records and meta.json to results.json. */
#ifndef REPORT_H
#define REPORT_H

#include <jansson.h>
#include <stddef.h>

#include "mflab.h"
#include "records.h"

/**
 * struct collection - the runs found in files of records
 * @runs: array of runs as results.json has them
 * @pending: runs of the job under way, not known good before it ends
 * @failed: array of the jobs whose runs are left out, as results.json has them
 * @words: the line of the job under way
 * @release: the kernel's release, from the guest; NULL before it is known
 * @bad: problems met, malformed lines among them
 * @path: the file being read, for messages
 * @job: the job under way; 0: none
 * @wants_run: that job is a workload and has to give a run
 * @done: the last record has been seen
 * @cut_short: that file's boot was cut short, and what it lacks is no problem
 * @cuts: how many such files there were
 */
struct collection {
	json_t *runs;
	json_t *pending;
	json_t *failed;
	char *words;
	char *release;
	unsigned int bad;
	const char *path;
	unsigned int job;
	bool wants_run;
	bool done;
	bool cut_short;
	unsigned int cuts;
};

void collection_init(struct collection *col);
int collection_read(struct collection *col, const char *path, bool cut_short);
void collection_free(struct collection *col);
enum mf_status report_write(const char *text, const char *path);
json_t *report_build(const json_t *meta, const struct collection *col,
		     char *why, size_t size);

#endif
