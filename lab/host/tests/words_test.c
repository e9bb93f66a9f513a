// SPDX-License-Identifier: GPL-2.0-only
/* Description: job lines are taken apart and made into titles. */
#include "t.h"

#include "words.h"

static void verb(void **state)
{
	(void)state;
	assert_true(words_verb_is("run workload=storm", "run"));
	assert_true(words_verb_is("  shell", "shell"));
	assert_false(words_verb_is("runner workload=storm", "run"));
	assert_false(words_verb_is("ru", "run"));
}

static void value(void **state)
{
	char buf[8];

	(void)state;
	assert_true(words_get("run arm=hold round=2", "arm", buf, sizeof(buf)));
	assert_string_equal(buf, "hold");
	assert_true(words_get("run\tround=2", "round", buf, sizeof(buf)));
	assert_string_equal(buf, "2");
	assert_true(words_get("x a=", "a", buf, sizeof(buf)));
	assert_string_equal(buf, "");
	assert_false(words_get("run charm=hold", "arm", buf, sizeof(buf)));
	assert_false(words_get("run armx=hold", "arm", buf, sizeof(buf)));
	assert_true(words_get("a=123456789", "a", buf, sizeof(buf)));
	assert_string_equal(buf, "1234567");
}

static void title(void **state)
{
	char buf[64];

	(void)state;
	words_title("run workload=storm faulters=8 arm=hold round=2", buf, 64);
	assert_string_equal(buf, "storm arm=hold round=2");
	words_title("test name=r1 arm=retry expect=fail", buf, 64);
	assert_string_equal(buf, "test r1 arm=retry expect=fail");
	words_title("mkfs device=disk at=/mnt", buf, 64);
	assert_string_equal(buf, "mkfs device=disk at=/mnt");
	words_title("run workload=storm arm=hold", buf, 8);
	assert_string_equal(buf, "storm a");
	words_title("program name=mm/x dir=/mnt arm=hold arg=-s arg=a=b", buf, 64);
	assert_string_equal(buf, "mm/x -s a=b arm=hold");
	words_program("program name=mm/x arm=hold arg=-s", buf, 64);
	assert_string_equal(buf, "mm/x -s");
	words_program("program name=mm/x arg=-s arg=2", buf, 8);
	assert_string_equal(buf, "mm/x -s");
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(verb),
		cmocka_unit_test(value),
		cmocka_unit_test(title),
	};

	return cmocka_run_group_tests_name("words", tests, NULL, NULL);
}
