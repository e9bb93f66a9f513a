// SPDX-License-Identifier: GPL-2.0-only
/* Description: what is asked of a job is found whatever the order of the keys, and only there. */
#include "t.h"

#include "get.h"

static const char records[] =
	"{\"type\":\"hello\",\"release\":\"7.3.4\",\"jobs\":4}\n"
	"{\"type\":\"end\",\"job\":1,\"status\":0,\"signal\":0,\"timeout\":false,\"ms\":3}\n"
	"{\"type\":\"run\",\"job\":2,\"workload\":\"w\",\"arm\":\"a\",\"round\":1,"
	"\"params\":{\"checks\":5},\"metrics\":{\"checks\":70,\"more.checks\":8}}\n"
	"{\"error\":\"say \\\"no\\\", 50%\",\"status\":3,\"job\":2,\"type\":\"end\"}\n"
	"{\"type\":\"tap\",\"job\":3,\"line\":\"a 1\"}\n"
	"{\"type\":\"tap\",\"job\":3,\"line\":\"\\u001b[2Jb\"}\n"
	"{\"type\":\"end\",\"job\":3,\"status\":0,\"signal\":9,\"timeout\":false}\n"
	"{\"type\":\"end\",\"job\":4,\"status\":0,\"signal\":9,\"timeout\":true}\n"
	"{\"type\":\"end\",\"job\":5,\"sta";

static void expect(unsigned int job, const char *key, const char *text)
{
	char *path = t_file(records);
	char *printed = NULL;
	int lines, n = 0;
	size_t size, i;
	FILE *f = open_memstream(&printed, &size);

	lines = get_print(f, path, job, key);
	fclose(f);
	assert_string_equal(printed, text);
	for (i = 0; i < size; i++)
		n += printed[i] == '\n';
	assert_int_equal(lines, n);
	free(printed);
	t_remove(path);
}

static void values(void **state)
{
	(void)state;
	expect(0, "release", "7.3.4\n");
	expect(1, "status", "0\n");
	expect(1, "timeout", "false\n");
	expect(2, "status", "3\n");
	expect(2, "error", "say \"no\", 50%\n");
	expect(2, "checks", "70\n");
	expect(3, "line", "a 1\n?[2Jb\n");
}

static void outcomes(void **state)
{
	(void)state;
	expect(1, "outcome", "status 0\n");
	expect(2, "outcome", "status 3 (say \"no\", 50%)\n");
	expect(3, "outcome", "signal 9\n");
	expect(4, "outcome", "over its time limit\n");
}

static void nothing(void **state)
{
	(void)state;
	expect(1, "error", "");
	expect(2, "line", "");
	expect(5, "outcome", "");
	expect(6, "status", "");
	assert_int_equal(get_print(stdout, "/nonexistent", 1, "status"), -ENOENT);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(values),
		cmocka_unit_test(outcomes),
		cmocka_unit_test(nothing),
	};

	return cmocka_run_group_tests_name("get", tests, NULL, NULL);
}
