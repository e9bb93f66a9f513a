// SPDX-License-Identifier: GPL-2.0-only
/* Description: a growing file is handed out in whole lines, each once. */
#include <fcntl.h>

#include "t.h"

#include "tail.h"

static void take(void *arg, char *line)
{
	strv_add(arg, xstrdup(line));
}

static void append(const char *path, const char *bytes, size_t len)
{
	int fd = open(path, O_WRONLY | O_APPEND);

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, bytes, len), 0);
	close(fd);
}

static void grows(void **state)
{
	char *path = t_file("one\ntw");
	struct strv got = { 0 };
	struct tail t;

	(void)state;
	tail_init(&t, path);
	assert_int_equal(tail_poll(&t, false, take, &got), 1);
	assert_int_equal(got.n, 1);
	assert_string_equal(got.v[0], "one");
	assert_int_equal(tail_poll(&t, false, take, &got), 0);
	append(path, "o\nth\0ree", 8);
	assert_int_equal(tail_poll(&t, false, take, &got), 1);
	assert_int_equal(got.n, 2);
	assert_string_equal(got.v[1], "two");
	assert_int_equal(tail_poll(&t, true, take, &got), 0);
	assert_int_equal(got.n, 3);
	assert_string_equal(got.v[2], "th?ree");
	tail_free(&t);
	strv_free(&got);
	t_remove(path);
}

static void longer_than_a_read(void **state)
{
	size_t len = 300000;
	char *big = xzalloc(len + 2);
	struct strv got = { 0 };
	struct tail t;
	char *path;

	(void)state;
	memset(big, 'x', len);
	big[len] = '\n';
	path = t_file(big);
	tail_init(&t, path);
	assert_int_equal(tail_poll(&t, false, take, &got), 1);
	assert_int_equal(got.n, 1);
	assert_int_equal(strlen(got.v[0]), len);
	tail_free(&t);
	strv_free(&got);
	t_remove(path);
	free(big);
}

static void not_there_yet(void **state)
{
	struct strv got = { 0 };
	struct tail t;

	(void)state;
	tail_init(&t, "/nonexistent/file");
	assert_int_equal(tail_poll(&t, false, take, &got), 0);
	tail_free(&t);
	assert_int_equal(got.n, 0);
}

/* A guest that prints 8 MiB and never ends the line does not take them of the host's. */
static void without_an_end(void **state)
{
	size_t len = 8 * 1024 * 1024, got_len = 0, i;
	char *big = xzalloc(len + 1);
	struct strv got = { 0 };
	struct tail t;
	char *path;

	(void)state;
	memset(big, 'x', len);
	path = t_file(big);
	tail_init(&t, path);
	assert_int_equal(tail_poll(&t, false, take, &got), 1);
	assert_in_range(got.n, 7, 8);
	assert_in_range(t.cap, 1, 2 * 1024 * 1024);
	append(path, "y\nnext\n", 7);
	assert_int_equal(tail_poll(&t, false, take, &got), 1);
	assert_string_equal(got.v[got.n - 1], "next");
	for (i = 0; i < got.n - 1; i++)
		got_len += strlen(got.v[i]);
	assert_int_equal(got_len, len + 1);
	tail_free(&t);
	strv_free(&got);
	t_remove(path);
	free(big);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(grows),
		cmocka_unit_test(longer_than_a_read),
		cmocka_unit_test(without_an_end),
		cmocka_unit_test(not_there_yet),
	};

	return cmocka_run_group_tests_name("tail", tests, NULL, NULL);
}
