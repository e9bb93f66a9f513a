// SPDX-License-Identifier: GPL-2.0-only
#include <err.h>
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "mflab.h"
#include "report.h"
#include "results.h"
#include "util.h"
#include "words.h"

void collection_init(struct collection *col)
{
	*col = (struct collection){
		.runs = json_array(),
		.pending = json_array(),
		.failed = json_array(),
	};
}

void collection_free(struct collection *col)
{
	json_decref(col->runs);
	json_decref(col->pending);
	json_decref(col->failed);
	free(col->words);
	free(col->release);
	*col = (struct collection){ 0 };
}

static void hello(struct collection *col, const struct record *rec)
{
	if (!col->release)
		col->release = xstrdup(rec->text);
	else if (strcmp(col->release, rec->text))
		warnx("%s: kernel %s, but an earlier file has %s", col->path,
		      rec->text, col->release);
}

static void leave_out(struct collection *col, unsigned int job, const char *words,
		      const char *why)
{
	warnx("%s: job %u %s; its runs are left out", col->path, job, why);
	json_array_append_new(col->failed, json_pack("{s:s, s:s}", "job", words,
						     "why", why));
	col->bad++;
}

/* A job without an end, for example because the guest died in it. */
static void drop_pending(struct collection *col)
{
	if (col->job && !col->cut_short)
		leave_out(col, col->job, col->words, "did not end");
	col->job = 0;
	json_array_clear(col->pending);
}

static void begin(struct collection *col, const struct record *rec)
{
	drop_pending(col);
	col->job = rec->job;
	free(col->words);
	col->words = xstrdup(rec->text);
	col->wants_run = words_verb_is(rec->text, "run");
}

/* The order of the keys is that of the documented schema. */
static json_t *run_json(json_t *rec)
{
	static const char * const keys[] = {
		"workload", "params", "arm", "round", "metrics"
	};
	static const char * const more[] = { "histograms", "spans" };
	json_t *run = json_object();
	size_t i;

	for (i = 0; i < ARRAY_SIZE(keys); i++) {
		json_t *value = json_object_get(rec, keys[i]);

		if (value)
			json_object_set(run, keys[i], value);
		else
			json_object_set_new(run, keys[i], json_object());
	}
	for (i = 0; i < ARRAY_SIZE(more); i++) {
		if (json_object_get(rec, more[i]))
			json_object_set(run, more[i], json_object_get(rec, more[i]));
	}
	return run;
}

/* A run counts between the beginning and the end of its own job: each may be lost. */
static void run(struct collection *col, const struct record *rec)
{
	char words[32];

	if (col->job && rec->job == col->job) {
		json_array_append_new(col->pending, run_json(rec->json));
	} else if (!col->cut_short) {
		snprintf(words, sizeof(words), "job %u", rec->job);
		leave_out(col, rec->job, words, "gave a run, but its beginning is lost");
	}
}

static void end(struct collection *col, const struct record *rec)
{
	char outcome[256], why[sizeof(outcome) + sizeof("failed: ")];

	if (rec->job != col->job) {
		drop_pending(col);
		if (!col->cut_short) {
			warnx("%s: job %u ended, but its beginning is lost", col->path,
			      rec->job);
			col->bad++;
		}
		return;
	}
	if (col->wants_run && record_failed(rec)) {
		record_outcome(rec, outcome, sizeof(outcome));
		snprintf(why, sizeof(why), "failed: %s", outcome);
		leave_out(col, col->job, col->words, why);
	} else if (col->wants_run && !json_array_size(col->pending)) {
		leave_out(col, col->job, col->words, "gave no run");
	} else {
		json_array_extend(col->runs, col->pending);
	}
	json_array_clear(col->pending);
	col->wants_run = false;
	col->job = 0;
}

static int collect(void *arg, struct record *rec)
{
	struct collection *col = arg;

	switch (rec->type) {
	case REC_HELLO:
		hello(col, rec);
		break;
	case REC_BEGIN:
		begin(col, rec);
		break;
	case REC_RUN:
		run(col, rec);
		break;
	case REC_TAP:
	case REC_KERNEL:
		break;
	case REC_END:
		end(col, rec);
		break;
	case REC_DONE:
		col->done = true;
		break;
	}
	return 0;
}

/**
 * collection_read() - add the runs of a file of records
 * @col: where to add them; @col->bad tells of problems, each with a warning
 * @path: the file
 * @cut_short: its boot was cut short, and another one has done the jobs that it lacks
 *
 * Only runs of jobs that ended well count.
 *
 * Return: 0, or a negative errno after a message if it cannot be read.
 */
int collection_read(struct collection *col, const char *path, bool cut_short)
{
	unsigned int torn = 0;
	int ret;

	col->path = path;
	col->done = false;
	col->cut_short = cut_short;
	col->cuts += cut_short;
	ret = records_read(path, collect, col, cut_short ? &torn : &col->bad);
	if (ret)
		return ret;
	drop_pending(col);
	if (!col->done && !cut_short) {
		warnx("%s: the guest ended before its jobs did", path);
		col->bad++;
	}
	return 0;
}

static int copy_fields(json_t *to, const json_t *from, const char *in,
		       const char * const *keys, size_t n, char *why,
		       size_t size)
{
	size_t i;

	for (i = 0; i < n; i++) {
		json_t *value = json_object_get(from, keys[i]);
		bool number = !strcmp(keys[i], "vcpus");

		if (number ? !json_is_integer(value) : !json_is_string(value)) {
			snprintf(why, size, "no %s \"%s%s\"",
				 number ? "number" : "string", in, keys[i]);
			return -EINVAL;
		}
		json_object_set(to, keys[i], value);
	}
	return 0;
}

static json_t *kernel_json(const json_t *meta, const char *release, char *why,
			   size_t size)
{
	static const char * const keys[] = {
		"release", "series_sha256", "config_sha256"
	};
	json_t *given = json_object_get(meta, "kernel");
	json_t *from = given ? json_copy(given) : json_object();
	const char *named = json_string_value(json_object_get(from, "release"));
	json_t *kernel = json_object();

	if (named && release && strcmp(named, release))
		warnx("the guest ran kernel %s, not %s as the meta data says",
		      release, named);
	if (release)
		json_object_set_new(from, "release", json_string(release));
	if (copy_fields(kernel, from, "kernel.", keys, ARRAY_SIZE(keys), why,
			size)) {
		json_decref(kernel);
		kernel = NULL;
	}
	json_decref(from);
	return kernel;
}

/**
 * report_build() - make results.json
 * @meta: the contents of meta.json
 * @col: the runs
 * @why: on error, what @meta lacks
 * @size: bytes in @why
 *
 * The kernel's release is what the guest says that it runs. The command is in
 * @meta if the front door made it.
 *
 * Return: the results, or NULL.
 */
json_t *report_build(const json_t *meta, const struct collection *col,
		     char *why, size_t size)
{
	static const char * const top[] = { "project_commit", "base" };
	static const char * const of_machine[] = {
		"accel", "vcpus", "qemu", "compiler"
	};
	json_t *res = json_object();
	json_t *machine = json_object();
	json_t *kernel = NULL;

	json_object_set_new(res, "schema", json_integer(RESULTS_SCHEMA));
	if (copy_fields(res, meta, "", top, ARRAY_SIZE(top), why, size))
		goto fail;
	kernel = kernel_json(meta, col->release, why, size);
	if (!kernel)
		goto fail;
	if (copy_fields(machine, json_object_get(meta, "machine"), "machine.",
			of_machine, ARRAY_SIZE(of_machine), why, size))
		goto fail;
	if (json_object_get(meta, "command"))
		json_object_set(res, "command", json_object_get(meta, "command"));
	if (col->cuts)
		json_object_set_new(res, "cut_short", json_integer(col->cuts));
	if (json_array_size(col->failed))
		json_object_set(res, "failed", col->failed);
	json_object_set_new(res, "kernel", kernel);
	json_object_set_new(res, "machine", machine);
	json_object_set(res, "runs", col->runs);
	return res;
fail:
	json_decref(kernel);
	json_decref(machine);
	json_decref(res);
	return NULL;
}

/**
 * report_write() - write a file, completely or not at all
 * @text: what is to be in it
 * @path: the file; what there is of that name stays until the new one is complete
 *
 * Return: mflab's exit status, after a message if it is not 0.
 */
enum mf_status report_write(const char *text, const char *path)
{
	char *tmp = xasprintf("%s.tmp", path);
	FILE *f = fopen(tmp, "we");
	int err = 0;

	if (!f || fputs(text, f) == EOF)
		err = errno;
	if (f && fclose(f) && !err)
		err = errno;
	if (!err && rename(tmp, path))
		err = errno;
	if (err) {
		unlink(tmp);
		warnx("%s: %s; %s", path, strerror(err),
		      is_nospace(err) ? "free some space there and run again" :
					"check the path and its permissions");
	}
	free(tmp);
	if (!err)
		return MF_OK;
	return is_nospace(err) ? MF_NOSPACE : MF_USAGE;
}

/* A line for each run: distributions are long, and a line of them is enough. */
static char *results_dump(const json_t *res)
{
	json_t *head = json_copy((json_t *)res);
	const json_t *runs = json_object_get(res, "runs");
	char *text = NULL;
	size_t size, i;
	char *dump;
	FILE *f;

	json_object_del(head, "runs");
	dump = json_dumps(head, JSON_INDENT(1));
	f = open_memstream(&text, &size);
	/* Without its last line, the brace. */
	fprintf(f, "%.*s,\n \"runs\": [", (int)(strlen(dump) - 2), dump);
	free(dump);
	for (i = 0; i < json_array_size(runs); i++) {
		dump = json_dumps(json_array_get(runs, i), 0);
		fprintf(f, "%s\n  %s", i ? "," : "", dump);
		free(dump);
	}
	fputs("\n ]\n}\n", f);
	fclose(f);
	json_decref(head);
	return text;
}

static enum mf_status write_results(const json_t *res, const char *path)
{
	char *text = results_dump(res);
	enum mf_status status = report_write(text, path);

	free(text);
	return status;
}

static enum mf_status report(const struct strv *records, const struct strv *cut,
			     const char *meta_path, const char *out)
{
	enum mf_status status = MF_USAGE;
	struct collection col;
	json_error_t error;
	json_t *meta, *res;
	char why[160];
	size_t i;

	meta = json_load_file(meta_path, 0, &error);
	if (!meta) {
		warnx("%s:%d: %s", meta_path, error.line, error.text);
		return MF_USAGE;
	}
	collection_init(&col);
	for (i = 0; i < cut->n; i++) {
		if (collection_read(&col, cut->v[i], true))
			goto out;
	}
	for (i = 0; i < records->n; i++) {
		if (collection_read(&col, records->v[i], false))
			goto out;
	}
	res = report_build(meta, &col, why, sizeof(why));
	if (!res) {
		warnx("%s: %s; add it and run again", meta_path, why);
		goto out;
	}
	status = write_results(res, out);
	json_decref(res);
	if (!status && col.bad) {
		warnx("%s: written, but the records had %u problems (above)",
		      out, col.bad);
		status = MF_INCOMPLETE;
	}
out:
	collection_free(&col);
	json_decref(meta);
	return status;
}

int cmd_report(int argc, char **argv)
{
	static const struct option options[] = {
		{ "records", required_argument, NULL, 'r' },
		{ "cut-short", required_argument, NULL, 'c' },
		{ "meta", required_argument, NULL, 'm' },
		{ "out", required_argument, NULL, 'o' },
		{ 0 }
	};
	struct strv records = { 0 };
	struct strv cut = { 0 };
	const char *meta = NULL;
	const char *out = NULL;
	enum mf_status status;
	int key;

	while ((key = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (key) {
		case 'r':
			strv_add(&records, xstrdup(optarg));
			break;
		case 'c':
			strv_add(&cut, xstrdup(optarg));
			break;
		case 'm':
			meta = optarg;
			break;
		case 'o':
			out = optarg;
			break;
		default:
			strv_free(&records);
			strv_free(&cut);
			return MF_USAGE;
		}
	}
	/* --records takes several files: getopt leaves the others over. */
	while (optind < argc)
		strv_add(&records, xstrdup(argv[optind++]));
	if ((records.n || cut.n) && meta && out) {
		status = report(&records, &cut, meta, out);
	} else {
		warnx("report needs --records, --meta and --out; see `mflab help`");
		status = MF_USAGE;
	}
	strv_free(&records);
	strv_free(&cut);
	return status;
}
