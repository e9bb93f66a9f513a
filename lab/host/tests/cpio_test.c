// SPDX-License-Identifier: GPL-2.0-only
/* Description: the archive that carries the jobs into the guest. */
#include "t.h"

#include "cpio.h"

static void header_and_padding(void **state)
{
	size_t size;
	char *a = cpio_pack("jobs", "hello", 5, &size);

	(void)state;
	/* 110 + "jobs\0" = 115 -> 116; 5 -> 8; trailer: 110 + 11 = 121 -> 124 */
	assert_int_equal(size, 116 + 8 + 124);
	assert_memory_equal(a, "070701", 6);
	assert_memory_equal(a + 6 + 8, "000081A4", 8);	/* mode 0100644 */
	assert_memory_equal(a + 6 + 8 * 5, "00000000", 8);	/* mtime */
	assert_memory_equal(a + 6 + 8 * 6, "00000005", 8);	/* length */
	assert_memory_equal(a + 6 + 8 * 11, "00000005", 8);	/* name */
	assert_string_equal(a + 110, "jobs");
	assert_memory_equal(a + 116, "hello\0\0\0" "070701", 14);
	assert_string_equal(a + 124 + 110, "TRAILER!!!");
	free(a);
}

static void appended_at_a_multiple_of_four(void **state)
{
	char *base = t_file("12345");
	char *out = t_file("");
	const char *culprit;
	size_t len;
	char *image;

	(void)state;
	assert_int_equal(cpio_append(base, out, "jobs", "x", 1, &culprit), 0);
	assert_int_equal(read_whole(out, &image, &len), 0);
	assert_memory_equal(image, "12345\0\0\0" "07070", 13);
	assert_int_equal(len % 4, 0);
	free(image);
	t_remove(base);
	t_remove(out);
}

static void names_the_file_at_fault(void **state)
{
	const char *culprit;
	char *base = t_file("1234");

	(void)state;
	assert_int_equal(cpio_append("/nonexistent", "/dev/null", "jobs", "", 0,
				     &culprit), -ENOENT);
	assert_string_equal(culprit, "/nonexistent");
	assert_int_equal(cpio_append(base, "/dev/full", "jobs", "", 0,
				     &culprit), -ENOSPC);
	assert_string_equal(culprit, "/dev/full");
	t_remove(base);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(header_and_padding),
		cmocka_unit_test(appended_at_a_multiple_of_four),
		cmocka_unit_test(names_the_file_at_fault),
	};

	return cmocka_run_group_tests_name("cpio", tests, NULL, NULL);
}
