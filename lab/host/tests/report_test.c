// SPDX-License-Identifier: GPL-2.0-only
/* Description: records become results.json; what did not end well is left out. */
#include "t.h"

#include "report.h"
#include "results.h"

#define HELLO	"{\"type\":\"hello\",\"release\":\"7.3.4-lab\",\"jobs\":1}\n"
#define BEGIN	"{\"type\":\"begin\",\"job\":1,\"words\":\"run workload=w\"}\n"
#define RUN	"{\"type\":\"run\",\"job\":1,\"workload\":\"w\",\"arm\":\"hold\"," \
		"\"round\":2,\"params\":{\"a\":1},\"metrics\":{\"x\":7}}\n"
#define END(s)	"{\"type\":\"end\",\"job\":1,\"status\":" s "}\n"
#define OTHER	"{\"type\":\"run\",\"job\":2,\"workload\":\"w\",\"arm\":\"hold\"," \
		"\"round\":2,\"params\":{\"a\":1},\"metrics\":{\"x\":8}}\n"
#define OTHER_END(s) "{\"type\":\"end\",\"job\":2,\"status\":" s "}\n"
#define LOST	"gave a run, but its beginning is lost"
#define DONE	"{\"type\":\"done\"}\n"
#define META	"{\"project_commit\":\"c\",\"base\":\"7.3.4\"," \
		"\"kernel\":{\"series_sha256\":\"s\",\"config_sha256\":\"k\"}," \
		"\"machine\":{\"accel\":\"det\",\"vcpus\":4,\"qemu\":\"7.2\"," \
		"\"compiler\":\"gcc\"},\"more\":1}"

static void read_text(struct collection *col, const char *text)
{
	char *path = t_file(text);

	collection_init(col);
	assert_int_equal(collection_read(col, path, false), 0);
	t_remove(path);
}

static void the_schema(void **state)
{
	json_t *meta = json_loads(META, 0, NULL);
	struct collection col;
	json_t *res;
	char why[160];
	char *text;

	(void)state;
	read_text(&col, HELLO BEGIN RUN END("0") DONE);
	assert_int_equal(col.bad, 0);
	res = report_build(meta, &col, why, sizeof(why));
	assert_non_null(res);
	text = json_dumps(res, JSON_COMPACT);
	assert_string_equal(text,
		"{\"schema\":1,\"project_commit\":\"c\",\"base\":\"7.3.4\","
		"\"kernel\":{\"release\":\"7.3.4-lab\",\"series_sha256\":\"s\","
		"\"config_sha256\":\"k\"},"
		"\"machine\":{\"accel\":\"det\",\"vcpus\":4,\"qemu\":\"7.2\","
		"\"compiler\":\"gcc\"},"
		"\"runs\":[{\"workload\":\"w\",\"params\":{\"a\":1},"
		"\"arm\":\"hold\",\"round\":2,\"metrics\":{\"x\":7}}]}");
	free(text);
	json_decref(res);
	json_decref(meta);
	collection_free(&col);
}

/* What a run has beside its metrics arrives whole; what is wrong, not at all. */
static void distributions_and_spans(void **state)
{
	static const char * const good[] = {
		"\"histograms\":{\"f\":[[31,2],[33,5]]}",
		"\"spans\":[{\"who\":\"B\",\"what\":\"x\",\"begin_ns\":7,\"end_ns\":7}]",
	};
	static const char * const bad[] = {
		"\"histograms\":[]",
		"\"histograms\":{\"f\":[]}",
		"\"histograms\":{\"f\":[[31]]}",
		"\"histograms\":{\"f\":[[31,2],[31,5]]}",
		"\"histograms\":{\"f\":[[31,0]]}",
		"\"histograms\":{\"f\":[[31.5,1]]}",
		"\"spans\":{}",
		"\"spans\":[{\"who\":\"B\",\"what\":\"x\",\"begin_ns\":7,\"end_ns\":6}]",
		"\"spans\":[{\"who\":\"B\",\"begin_ns\":7,\"end_ns\":8}]",
		"\"spans\":[{\"what\":\"x\",\"begin_ns\":7,\"end_ns\":8}]",
	};
	struct collection col;
	char *text, *dump;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(good) + ARRAY_SIZE(bad); i++) {
		bool is_good = i < ARRAY_SIZE(good);
		const char *more = is_good ? good[i] : bad[i - ARRAY_SIZE(good)];

		text = xasprintf(HELLO BEGIN "%.*s,%s}\n" END("0") DONE,
				 (int)strlen(RUN) - 2, RUN, more);
		read_text(&col, text);
		dump = json_dumps(col.runs, JSON_COMPACT);
		if (is_good ? !strstr(dump, more) || col.bad : !col.bad)
			fail_msg("%s: %u bad, %s", more, col.bad, dump);
		free(dump);
		free(text);
		collection_free(&col);
	}
}

static const char *failed_text(const struct collection *col, const char *key)
{
	return json_string_value(json_object_get(json_array_get(col->failed, 0), key));
}

static void what_is_left_out(void **state)
{
	static const struct {
		const char *text;
		size_t runs;
		unsigned int bad;
		const char *why;	/* of the job that has failed */
	} cases[] = {
		{ HELLO BEGIN RUN END("0") DONE, 1, 0, NULL },
		{ HELLO BEGIN RUN END("1") DONE, 0, 1, "failed: status 1" },
		{ HELLO BEGIN END("0") DONE, 0, 1, "gave no run" },
		{ HELLO BEGIN RUN, 0, 2, "did not end" },	/* nor is there a done */
		{ HELLO BEGIN RUN END("0"), 1, 1, NULL },
		{ HELLO BEGIN RUN "junk\n" END("0") DONE, 1, 1, NULL },
		{ HELLO BEGIN RUN BEGIN RUN END("0") DONE, 1, 1, "did not end" },
		{ HELLO "{\"type\":\"begin\",\"job\":1,\"words\":\"mkfs\"}\n"
		  END("0") DONE, 0, 0, NULL },
		/* A begin is lost: nobody knows whether what ends is what gave the run. */
		{ HELLO RUN END("1") BEGIN RUN END("0") DONE, 1, 2, LOST },
		{ HELLO RUN BEGIN RUN END("0") DONE, 1, 1, LOST },
		{ HELLO BEGIN RUN END("0") OTHER OTHER_END("1") DONE, 1, 2, LOST },
		{ HELLO BEGIN OTHER OTHER_END("0") DONE, 0, 3, LOST },
		/* An end and a begin are. */
		{ HELLO BEGIN RUN OTHER_END("0") DONE, 0, 2, "did not end" },
		{ HELLO BEGIN RUN END("0") END("0") DONE, 1, 1, NULL },
	};
	struct collection col;
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		read_text(&col, cases[i].text);
		if (json_array_size(col.runs) != cases[i].runs ||
		    col.bad != cases[i].bad)
			fail_msg("case %zu: %zu runs, %u bad", i,
				 json_array_size(col.runs), col.bad);
		assert_int_equal(!!json_array_size(col.failed), !!cases[i].why);
		if (cases[i].why)
			assert_string_equal(failed_text(&col, "why"), cases[i].why);
		collection_free(&col);
	}
}

/* A boot that was cut short gives what it finished, and the results say so. */
static void cut_short(void **state)
{
	json_t *meta = json_loads(META, 0, NULL);
	char *cut = t_file(HELLO BEGIN RUN END("0") OTHER OTHER_END("0")
			   BEGIN RUN "{\"type\":\"ru");
	char *whole = t_file(HELLO BEGIN RUN END("0") DONE);
	struct collection col;
	json_t *res;
	char why[160];

	(void)state;
	json_object_set_new(meta, "command", json_string("./majorfault compare"));
	collection_init(&col);
	assert_int_equal(collection_read(&col, cut, true), 0);
	assert_int_equal(collection_read(&col, whole, false), 0);
	assert_int_equal(col.bad, 0);
	assert_int_equal(json_array_size(col.runs), 2);
	res = report_build(meta, &col, why, sizeof(why));
	assert_non_null(res);
	assert_int_equal(json_integer_value(json_object_get(res, "cut_short")), 1);
	assert_string_equal(json_string_value(json_object_get(res, "command")),
			    "./majorfault compare");
	json_decref(res);
	collection_free(&col);
	collection_init(&col);
	assert_int_equal(collection_read(&col, cut, false), 0);
	assert_int_equal(col.bad, 5);	/* torn line, unended job, no end; no beginning: 2 */
	collection_free(&col);
	json_decref(meta);
	t_remove(cut);
	t_remove(whole);
}

static void incomplete_meta(void **state)
{
	static const char * const names[] = {
		"project_commit", "base", "kernel", "machine"
	};
	struct collection col;
	char why[160];
	size_t i;

	(void)state;
	read_text(&col, HELLO BEGIN RUN END("0") DONE);
	for (i = 0; i < ARRAY_SIZE(names); i++) {
		json_t *meta = json_loads(META, 0, NULL);

		json_object_del(meta, names[i]);
		assert_null(report_build(meta, &col, why, sizeof(why)));
		assert_non_null(strstr(why, names[i]));
		json_decref(meta);
	}
	collection_free(&col);
}

static void results_are_checked(void **state)
{
	static const char * const bad[] = {
		"{\"schema\":2,\"runs\":[]}",
		"{\"schema\":1}",
		"{\"schema\":1,\"runs\":[{}]}",
		"{\"schema\":1,\"runs\":[{\"workload\":\"w\",\"arm\":\"a\","
		"\"round\":1,\"params\":{},\"metrics\":{\"x\":1.5}}]}",
		"{\"schema\":1,\"runs\":[{\"workload\":\"w\",\"arm\":\"a\","
		"\"round\":1,\"params\":{},\"metrics\":{},\"spans\":1}]}",
	};
	struct results res;
	char why[160];
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(bad); i++) {
		json_t *json = json_loads(bad[i], 0, NULL);

		assert_non_null(json);
		assert_int_equal(results_parse(json, &res, why, sizeof(why)),
				 -EINVAL);
		json_decref(json);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(the_schema),
		cmocka_unit_test(distributions_and_spans),
		cmocka_unit_test(what_is_left_out),
		cmocka_unit_test(cut_short),
		cmocka_unit_test(incomplete_meta),
		cmocka_unit_test(results_are_checked),
	};

	return cmocka_run_group_tests_name("report", tests, NULL, NULL);
}
