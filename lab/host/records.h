/* SPDX-License-Identifier: GPL-2.0-only */
/* The records that the guest sends, one JSON object a line. */
#ifndef RECORDS_H
#define RECORDS_H

#include <jansson.h>
#include <stdbool.h>

enum record_type {
	REC_HELLO,
	REC_BEGIN,
	REC_RUN,
	REC_TAP,
	REC_KERNEL,
	REC_END,
	REC_DONE,
};

/**
 * struct record - one record
 * @type: which
 * @job: the job it belongs to, from 1; 0: hello and done belong to none
 * @jobs: hello: how many jobs there are
 * @ms: tap, end: guest time since the job began
 * @text: hello: the kernel's release; begin: the job line; tap: the line;
 *	kernel: a line of the kernel's log; end: the error, or NULL; safe to
 *	print
 * @status: end: the job's exit status
 * @signal: end: the signal that killed it, or 0
 * @timeout: end: it was over its time limit
 * @json: the whole object; owns @text
 */
struct record {
	enum record_type type;
	unsigned int job;
	unsigned int jobs;
	unsigned int ms;
	const char *text;
	int status;
	int signal;
	bool timeout;
	json_t *json;
};

typedef int (*record_fn)(void *arg, struct record *rec);

int record_parse(const char *line, struct record *rec, char *why, size_t size);
int record_check_more(const json_t *run, char *why, size_t size);
void record_free(struct record *rec);
bool record_failed(const struct record *end);
void record_outcome(const struct record *end, char *buf, size_t size);
int records_read(const char *path, record_fn fn, void *arg,
		 unsigned int *malformed);

#endif
