// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: splats.txt against the examples in tests/splats/: bad-*.txt
 * holds a splat, panic-*.txt a panic, good-*.txt neither in any line.
 */
#include <dirent.h>

#include "t.h"

#include "splat.h"

static enum splat_kind worst_of(const char *path, struct klog *log)
{
	enum splat_kind worst = SPLAT_NONE;
	struct strv lines = { 0 };
	char *text;
	size_t len;
	size_t i;

	assert_int_equal(read_whole(path, &text, &len), 0);
	strv_split(&lines, text, '\n');
	assert_true(lines.n > 0);
	for (i = 0; i < lines.n; i++) {
		enum splat_kind kind = klog_line(log, lines.v[i]);

		if (kind > worst)
			worst = kind;
	}
	strv_free(&lines);
	free(text);
	return worst;
}

static enum splat_kind named(const char *name)
{
	if (starts_with(name, "bad-"))
		return SPLAT_SPLAT;
	if (starts_with(name, "panic-"))
		return SPLAT_PANIC;
	assert_true(starts_with(name, "good-"));
	return SPLAT_NONE;
}

static void examples(void **state)
{
	unsigned int seen[SPLAT_PANIC + 1] = { 0 };
	struct splat_rules rules;
	struct klog log = { .rules = &rules };
	struct dirent *entry;
	char why[160];
	DIR *dir;

	(void)state;
	assert_int_equal(splat_rules_load(&rules, splats_txt, why, 160), 0);
	dir = opendir(TESTS_DIR "/splats");
	assert_non_null(dir);
	while ((entry = readdir(dir))) {
		enum splat_kind kind;
		char *path;

		if (entry->d_name[0] == '.')
			continue;
		kind = named(entry->d_name);
		path = xasprintf(TESTS_DIR "/splats/%s", entry->d_name);
		if (worst_of(path, &log) != kind)
			fail_msg("%s: %d", entry->d_name, worst_of(path, &log));
		seen[kind]++;
		free(path);
	}
	closedir(dir);
	assert_true(seen[SPLAT_NONE] && seen[SPLAT_SPLAT] && seen[SPLAT_PANIC]);
	splat_rules_free(&rules);
}

static void markers(void **state)
{
	struct splat_rules rules;
	struct klog log = { .rules = &rules };
	char why[160];

	(void)state;
	assert_int_equal(splat_rules_load(&rules, "splat job", why, 160), 0);
	assert_int_equal(log.job, 0);
	klog_line(&log, "[ 1.0] majorfault: job 12 begin test name=x");
	assert_int_equal(log.job, 12);
	klog_line(&log, "[ 1.0] majorfault: job 12 end status=0");
	assert_int_equal(log.job, 12);
	klog_line(&log, "[ 1.0] majorfault: job nonsense");
	assert_int_equal(log.job, 12);
	klog_line(&log, "# text[ 1.0] majorfault: job 13 begin shell");
	assert_int_equal(log.job, 13);
	splat_rules_free(&rules);
}

static void known_ones(void **state)
{
	static const char text[] = "known BUG: KCSAN: data-race in a / b$\n"
				   "splat BUG: \n"
				   "known BUG: KCSAN: data-race in c$\n";
	struct splat_rules rules;
	char why[160];

	(void)state;
	assert_int_equal(splat_rules_load(&rules, text, why, sizeof(why)), 0);
	assert_int_equal(splat_match(&rules, "[ 1.0] BUG: KCSAN: data-race in a / b"), SPLAT_NONE);
	assert_int_equal(splat_match(&rules, "[ 1.0] BUG: KCSAN: data-race in c"), SPLAT_NONE);
	assert_int_equal(splat_match(&rules, "[ 1.0] BUG: KCSAN: data-race in a / bc"), SPLAT_SPLAT);
	assert_int_equal(splat_match(&rules, "[ 1.0] BUG: KCSAN: data-race in b / a"), SPLAT_SPLAT);
	splat_rules_free(&rules);
}

static void bad_rules(void **state)
{
	struct splat_rules rules;
	char why[160];

	(void)state;
	assert_int_equal(splat_rules_load(&rules, "# c\n\nsplat x\nfoo y\n",
					  why, sizeof(why)), -EINVAL);
	assert_non_null(strstr(why, "foo y"));
	splat_rules_free(&rules);
	assert_int_equal(splat_rules_load(&rules, "splat (\n", why,
					  sizeof(why)), -EINVAL);
	splat_rules_free(&rules);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(examples),
		cmocka_unit_test(markers),
		cmocka_unit_test(known_ones),
		cmocka_unit_test(bad_rules),
	};

	return cmocka_run_group_tests_name("splat", tests, NULL, NULL);
}
