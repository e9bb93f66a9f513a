// SPDX-License-Identifier: GPL-2.0-only
/* `mflab get`: values out of records, for scripts. */
#include <err.h>
#include <limits.h>
#include <stdlib.h>
#include <string.h>

#include "get.h"
#include "mflab.h"
#include "records.h"
#include "util.h"

struct query {
	FILE *f;
	unsigned int job;
	const char *key;
	int found;
};

/* A string as it is, in one line; anything else as JSON. */
static char *value_text(const json_t *value)
{
	const char *text = json_string_value(value);

	return text ? xstrdup(text) : json_dumps(value, JSON_ENCODE_ANY | JSON_COMPACT);
}

static char *find(const struct record *rec, const char *key)
{
	const json_t *value = json_object_get(rec->json, key);
	char outcome[640];

	if (!value)
		value = json_object_get(json_object_get(rec->json, "metrics"), key);
	if (value)
		return value_text(value);
	if (rec->type != REC_END || strcmp(key, "outcome"))
		return NULL;
	record_outcome(rec, outcome, sizeof(outcome));
	return xstrdup(outcome);
}

static int print_value(void *arg, struct record *rec)
{
	struct query *q = arg;
	char *text = rec->job == q->job ? find(rec, q->key) : NULL;

	if (!text)
		return 0;
	printable(text);
	fprintf(q->f, "%s\n", text);
	q->found++;
	free(text);
	return 0;
}

/**
 * get_print() - what the records of a job say
 * @f: where to, a line each
 * @path: file of records
 * @job: the job's number; 0: records of no job
 * @key: a key of the records or of their metrics; "outcome": how the job ended, in the
 *	words of record_outcome()
 *
 * Return: how many lines; a negative errno after it has said why the file cannot be read.
 */
int get_print(FILE *f, const char *path, unsigned int job, const char *key)
{
	struct query q = { .f = f, .job = job, .key = key };
	unsigned int malformed = 0;
	int ret = records_read(path, print_value, &q, &malformed);

	return ret ? ret : q.found;
}

int cmd_get(int argc, char **argv)
{
	unsigned int job;
	int found;

	if (argc != 4 || !parse_uint(argv[2], INT_MAX, &job)) {
		warnx("get needs a file of records, a job's number and a key; see `mflab help`");
		return MF_USAGE;
	}
	found = get_print(stdout, argv[1], job, argv[3]);
	if (fflush(stdout))
		return MF_NOSPACE;
	if (found < 0)
		return MF_USAGE;
	return found ? MF_OK : MF_DIFFERS;
}
