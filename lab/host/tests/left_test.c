// SPDX-License-Identifier: GPL-2.0-only
/* Description: a job that did not end well, or gave nothing, is done again; others not. */
#include "t.h"

#include "left.h"

#define BEGIN(w) "{\"type\":\"begin\",\"job\":1,\"words\":\"" w "\"}\n"
#define RUN	"{\"type\":\"run\",\"job\":1,\"workload\":\"w\",\"arm\":\"a\",\"round\":1," \
		"\"metrics\":{}}\n"
#define END(s)	"{\"type\":\"end\",\"job\":1,\"status\":" s "}\n"
#define OTHER	"{\"type\":\"run\",\"job\":2,\"workload\":\"w\",\"arm\":\"a\",\"round\":1," \
		"\"metrics\":{}}\n"
#define OTHER_END "{\"type\":\"end\",\"job\":2,\"status\":0}\n"

static const char jobs[] =
	"device name=disk\n"
	"run workload=w arm=a\n"
	"run workload=w arm=b\n"
	"run workload=w arm=b\n"
	"swapon device=swap\n";

static void expect(const char *records, size_t left, const char *text)
{
	char *path = t_file(records);
	struct strv done = { 0 };
	char *printed = NULL;
	size_t size;
	FILE *f = open_memstream(&printed, &size);

	assert_int_equal(left_read(path, &done), 0);
	assert_int_equal(left_print(f, jobs, &done), left);
	fclose(f);
	assert_string_equal(printed, text);
	free(printed);
	strv_free(&done);
	t_remove(path);
}

static void what_is_left(void **state)
{
	(void)state;
	expect("", 3, jobs);
	expect(BEGIN("device name=disk") END("0")
	       BEGIN("run workload=w arm=a") RUN END("0")
	       BEGIN("run workload=w arm=b") RUN "{\"type\":\"e", 2,
	       "device name=disk\nrun workload=w arm=b\nrun workload=w arm=b\n"
	       "swapon device=swap\n");
	expect(BEGIN("run workload=w arm=b") RUN END("0"), 2,
	       "device name=disk\nrun workload=w arm=a\nrun workload=w arm=b\n"
	       "swapon device=swap\n");
	expect(BEGIN("run workload=w arm=a") RUN END("1"), 3, jobs);
	expect(BEGIN("run workload=w arm=a") END("0"), 3, jobs);
	expect(BEGIN("run workload=w arm=a") RUN BEGIN("run workload=w arm=b") END("0"),
	       3, jobs);
	expect(BEGIN("run workload=w arm=a") RUN OTHER_END, 3, jobs);
	expect(BEGIN("run workload=w arm=a") OTHER END("0"), 3, jobs);
	expect(BEGIN("run workload=w arm=a round=1") RUN END("0"), 3, jobs);
	expect(BEGIN("run workload=w arm=b") RUN END("0")
	       BEGIN("run workload=w arm=a") RUN END("0")
	       BEGIN("run workload=w arm=b") RUN END("0"), 0,
	       "device name=disk\nswapon device=swap\n");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(what_is_left),
	};

	return cmocka_run_group_tests_name("left", tests, NULL, NULL);
}
