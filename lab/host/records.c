// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "records.h"
#include "util.h"

static const char * const type_names[] = {
	[REC_HELLO] = "hello",
	[REC_BEGIN] = "begin",
	[REC_RUN] = "run",
	[REC_TAP] = "tap",
	[REC_KERNEL] = "kernel",
	[REC_END] = "end",
	[REC_DONE] = "done",
};

__attribute__((format(printf, 3, 4)))
static int refuse(char *why, size_t size, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	vsnprintf(why, size, fmt, args);
	va_end(args);
	printable(why);
	return -EINVAL;
}

static int find_type(const json_t *json, enum record_type *type)
{
	const char *name = json_string_value(json_object_get(json, "type"));
	size_t i;

	for (i = 0; name && i < ARRAY_SIZE(type_names); i++) {
		if (!strcmp(name, type_names[i])) {
			*type = (enum record_type)i;
			return 0;
		}
	}
	return -EINVAL;
}

static int check_integers(const json_t *metrics, char *why, size_t size)
{
	void *iter;

	for (iter = json_object_iter((json_t *)metrics); iter;
	     iter = json_object_iter_next((json_t *)metrics, iter)) {
		if (!json_is_integer(json_object_iter_value(iter)))
			return refuse(why, size, "metric %s is no integer",
				      json_object_iter_key(iter));
	}
	return 0;
}

/* Classes from the least bound to the greatest, none of them empty. */
static bool is_histogram(const json_t *classes)
{
	json_int_t last = -1;
	size_t i;

	for (i = 0; i < json_array_size(classes); i++) {
		const json_t *class = json_array_get(classes, i);
		const json_t *bound = json_array_get(class, 0);
		const json_t *count = json_array_get(class, 1);

		if (json_array_size(class) != 2 || !json_is_integer(bound) ||
		    !json_is_integer(count) || json_integer_value(bound) <= last ||
		    json_integer_value(count) <= 0)
			return false;
		last = json_integer_value(bound);
	}
	return i;
}

static bool is_span(const json_t *span)
{
	const json_t *begin = json_object_get(span, "begin_ns");
	const json_t *end = json_object_get(span, "end_ns");

	return json_is_string(json_object_get(span, "who")) &&
	       json_is_string(json_object_get(span, "what")) &&
	       json_is_integer(begin) && json_is_integer(end) &&
	       json_integer_value(begin) <= json_integer_value(end);
}

/**
 * record_check_more() - check what a run may have beside its metrics
 * @run: a run, in a record or in results.json
 * @why: on error, what is wrong
 * @size: bytes in @why
 *
 * Return: 0 or -EINVAL.
 */
int record_check_more(const json_t *run, char *why, size_t size)
{
	json_t *histograms = json_object_get(run, "histograms");
	const json_t *spans = json_object_get(run, "spans");
	const char *key;
	json_t *value;
	size_t i;

	if (histograms && !json_is_object(histograms))
		return refuse(why, size, "\"histograms\" is no object");
	json_object_foreach(histograms, key, value) {
		if (!is_histogram(value))
			return refuse(why, size,
				      "histogram %s is no list of [bound, count], bounds rising",
				      key);
	}
	if (spans && !json_is_array(spans))
		return refuse(why, size, "\"spans\" is no array");
	for (i = 0; i < json_array_size(spans); i++) {
		if (!is_span(json_array_get(spans, i)))
			return refuse(why, size,
				      "span %zu lacks who, what, begin_ns or end_ns, or ends before it begins",
				      i);
	}
	return 0;
}

static int check_run(const json_t *json, char *why, size_t size)
{
	const json_t *metrics = json_object_get(json, "metrics");
	const json_t *params = json_object_get(json, "params");
	int ret;

	if (!json_is_string(json_object_get(json, "workload")))
		return refuse(why, size, "a run without \"workload\"");
	if (!json_is_string(json_object_get(json, "arm")))
		return refuse(why, size, "a run without \"arm\"");
	if (!json_is_integer(json_object_get(json, "round")))
		return refuse(why, size, "a run without \"round\"");
	if (params && !json_is_object(params))
		return refuse(why, size, "\"params\" is no object");
	if (!json_is_object(metrics))
		return refuse(why, size, "a run without \"metrics\"");
	ret = check_integers(metrics, why, size);
	return ret ? ret : record_check_more(json, why, size);
}

static int get_text(struct record *rec, const char *key, bool must, char *why,
		    size_t size)
{
	json_t *value = json_object_get(rec->json, key);
	char *text;

	if (json_is_string(value)) {
		text = xstrdup(json_string_value(value));
		printable(text);
		json_string_set(value, text);
		free(text);
		rec->text = json_string_value(value);
		return 0;
	}
	if (!must && (!value || json_is_null(value)))
		return 0;
	return refuse(why, size, "%s without the string \"%s\"",
		      type_names[rec->type], key);
}

static int get_uint(const struct record *rec, const char *key, bool must,
		    unsigned int *value, char *why, size_t size)
{
	const json_t *number = json_object_get(rec->json, key);
	json_int_t v = json_integer_value(number);

	if (json_is_integer(number) && v >= 0 && v <= 1000000000) {
		*value = (unsigned int)v;
		return 0;
	}
	if (!number && !must)
		return 0;
	return refuse(why, size, "%s without the number \"%s\"",
		      type_names[rec->type], key);
}

static int get_end(struct record *rec, char *why, size_t size)
{
	unsigned int status, signal = 0;
	int ret;

	ret = get_uint(rec, "status", true, &status, why, size);
	if (!ret)
		ret = get_uint(rec, "signal", false, &signal, why, size);
	if (ret)
		return ret;
	rec->status = (int)status;
	rec->signal = (int)signal;
	rec->timeout = json_is_true(json_object_get(rec->json, "timeout"));
	return get_text(rec, "error", false, why, size);
}

static int get_fields(struct record *rec, char *why, size_t size)
{
	bool of_job = rec->type != REC_HELLO && rec->type != REC_DONE;
	int ret;

	ret = get_uint(rec, "job", of_job, &rec->job, why, size);
	if (!ret)
		ret = get_uint(rec, "ms", false, &rec->ms, why, size);
	if (ret)
		return ret;
	switch (rec->type) {
	case REC_HELLO:
		ret = get_uint(rec, "jobs", true, &rec->jobs, why, size);
		return ret ? ret : get_text(rec, "release", true, why, size);
	case REC_BEGIN:
		return get_text(rec, "words", true, why, size);
	case REC_RUN:
		return check_run(rec->json, why, size);
	case REC_TAP:
	case REC_KERNEL:
		return get_text(rec, "line", true, why, size);
	case REC_END:
		return get_end(rec, why, size);
	case REC_DONE:
		return 0;
	}
	return -EINVAL;
}

/**
 * record_parse() - read one line
 * @line: the line
 * @rec: on success the record, for record_free()
 * @why: on failure what is wrong with the line
 * @size: bytes in @why
 *
 * Return: 0 or -EINVAL.
 */
int record_parse(const char *line, struct record *rec, char *why, size_t size)
{
	json_error_t error;
	int ret;

	*rec = (struct record){ 0 };
	rec->json = json_loads(line, JSON_REJECT_DUPLICATES, &error);
	if (!rec->json)
		return refuse(why, size, "no JSON: %s", error.text);
	if (find_type(rec->json, &rec->type))
		ret = refuse(why, size, "no record of a known \"type\"");
	else
		ret = get_fields(rec, why, size);
	if (ret)
		record_free(rec);
	return ret;
}

void record_free(struct record *rec)
{
	json_decref(rec->json);
	*rec = (struct record){ 0 };
}

/**
 * record_failed() - does this end record tell of a failure?
 * @end: an end record
 */
bool record_failed(const struct record *end)
{
	return end->status || end->signal || end->timeout || end->text;
}

/**
 * record_outcome() - how a job ended, in words
 * @end: an end record of which record_failed() holds
 * @buf: for example "over its time limit", "signal 11", "status 3 (no disk)"
 * @size: bytes in @buf
 */
void record_outcome(const struct record *end, char *buf, size_t size)
{
	char how[64];

	if (end->timeout)
		snprintf(how, sizeof(how), "over its time limit");
	else if (end->signal)
		snprintf(how, sizeof(how), "signal %d", end->signal);
	else
		snprintf(how, sizeof(how), "status %d", end->status);
	if (end->text)
		snprintf(buf, size, "%s (%s)", how, end->text);
	else
		snprintf(buf, size, "%s", how);
}

static bool is_blank(const char *line)
{
	while (isspace((unsigned char)*line))
		line++;
	return !*line;
}

/**
 * records_read() - read a file of records
 * @path: the file
 * @fn: called with each record; what it wants to keep of it, it must
 *	reference or copy; an error it returns ends the reading
 * @arg: passed to @fn
 * @malformed: raised by one for each line that is no record; such lines are
 *	skipped with a warning that names file and line
 *
 * Return: 0, a negative errno if the file cannot be read, or what @fn returned.
 */
int records_read(const char *path, record_fn fn, void *arg,
		 unsigned int *malformed)
{
	unsigned int number = 1;
	char *buf, *line, *end;
	size_t len;
	int ret;

	ret = read_whole(path, &buf, &len);
	if (ret) {
		warnx("%s: %s; give the records file of a run", path,
		      strerror(-ret));
		return ret;
	}
	for (line = buf; line < buf + len && !ret; line = end + 1, number++) {
		struct record rec;
		char why[160];

		end = memchr(line, '\n', (size_t)(buf + len - line));
		if (!end)
			end = buf + len;
		*end = '\0';
		if (is_blank(line) && strlen(line) == (size_t)(end - line))
			continue;
		if (record_parse(line, &rec, why, sizeof(why))) {
			warnx("%s:%u: skipped: %s%s", path, number, why,
			      end == buf + len ? " (the last line, cut off)" :
						 "");
			++*malformed;
			continue;
		}
		ret = fn(arg, &rec);
		record_free(&rec);
	}
	free(buf);
	return ret;
}
