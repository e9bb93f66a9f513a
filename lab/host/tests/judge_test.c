// SPDX-License-Identifier: GPL-2.0-only
/* Description: what the verdict says comes from the numbers, bad news first. */
#include "t_results.h"

#include "judge.h"

#define P "{\"p\":1}"

static const char *accel = "det";
static const char *failed;
static enum tone tone;

/* The verdict's sentences, a line each. */
static char *verdict(const struct t_run *runs, size_t n)
{
	struct strv sentences = { 0 };
	struct results res;
	char *text = xstrdup("");
	size_t i;

	t_results_by(&res, runs, n, accel);
	if (failed)
		t_failed(&res, failed);
	judge_verdict(&res, &sentences, &tone);
	for (i = 0; i < sentences.n; i++) {
		char *more = xasprintf("%s%s\n", text, sentences.v[i]);

		free(text);
		text = more;
	}
	strv_free(&sentences);
	results_free(&res);
	return text;
}

static void must_have(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("lacks \"%s\":\n%s", part, text);
}

static void must_begin(const char *text, const char *part)
{
	if (!starts_with(text, part))
		fail_msg("does not begin with \"%s\":\n%s", part, text);
}

#define RUN(arm, round, ns, reads) { arm, round, P, "{\"fork.p50_ns\":" ns ",\"major_faults\":100," \
	"\"mmap_lock_reads_by_faults\":" reads ",\"fork.count\":9,\"odd\":" ns "}" }

static const struct t_run good[] = {
	RUN("mainline", 1, "1000", "100"), RUN("retry", 1, "1100", "5"),
	RUN("hold", 1, "9000", "7"), RUN("relock", 1, "900", "5"),
	RUN("mainline", 2, "1010", "101"), RUN("retry", 2, "1110", "6"),
	RUN("hold", 2, "9100", "8"), RUN("relock", 2, "910", "6"),
	RUN("mainline", 3, "1005", "101"), RUN("retry", 3, "1105", "6"),
	RUN("hold", 3, "9050", "8"), RUN("relock", 3, "905", "6"),
};

static void good_news(void **state)
{
	char *text = verdict(good, 12);

	(void)state;
	must_begin(text, "In none of 2 numbers is relock worse than both mainline and retry.\n"
		   "Of 100 major faults took mmap_lock: 100.7 in mainline, 5.7 in retry, "
		   "7.7 in hold, 5.7 in relock.\n");
	must_have(text, "relock against mainline: worse in 0 of 2 numbers, better in 2. "
		  "Most gained: w: mmap_lock_reads_by_faults 6, mainline 101 (-94.1 %).\n");
	must_have(text, "hold against mainline: worse in 1 of 2 numbers, better in 1. "
		  "Most lost: w: fork.p50 9.05 us, mainline 1.00 us (9.0 times).");
	must_have(text, "every one of 3 rounds");
	must_have(text, "One in 10 ");
	assert_int_equal(tone, TONE_GOOD);
	free(text);
}

/* Worse than one of them is in the balance; worse than both comes first of all. */
static void bad_news(void **state)
{
	struct t_run r[ARRAY_SIZE(good)];
	char *text;

	(void)state;
	memcpy(r, good, sizeof(r));
	r[3].metrics = "{\"fork.p50_ns\":1050}";
	r[7].metrics = r[11].metrics = "{\"fork.p50_ns\":1060}";
	text = verdict(r, 12);
	must_begin(text, "In none of 1 numbers");
	must_have(text, "relock against mainline: worse in 1 of 1 numbers");
	free(text);
	r[3].metrics = "{\"fork.p50_ns\":2200}";
	r[7].metrics = r[11].metrics = "{\"fork.p50_ns\":2400}";
	text = verdict(r, 12);
	must_begin(text, "relock is worse than both mainline and retry in 1 of 1 numbers:\n"
		   "- w: fork.p50 2.40 us, mainline 1.00 us (2.4 times), retry 1.10 us (2.2 times)\n");
	assert_int_equal(tone, TONE_BAD);
	free(text);
	r[7].metrics = "{\"fork.p50_ns\":1105}";	/* one round is not */
	text = verdict(r, 12);
	must_begin(text, "In none of 1 numbers");
	free(text);
}

/* A run that failed comes before all numbers; one of the series' own is bad news. */
static void failed_runs(void **state)
{
	char *text;

	(void)state;
	failed = "mainline";
	text = verdict(good, 12);
	must_begin(text, "1 run failed, and is not in the numbers:\n"
		   "- run workload=w arm=mainline round=2: failed: status 1\n"
		   "In none of 2 numbers");
	assert_int_equal(tone, TONE_GOOD);
	free(text);
	failed = "relock";
	text = verdict(good, 12);
	must_have(text, "In none of 2 numbers");
	assert_int_equal(tone, TONE_BAD);
	free(text);
	text = verdict(good, 4);	/* too few rounds to tell anything else */
	must_have(text, "- run workload=w arm=relock");
	must_have(text, "Too few rounds to tell");
	assert_int_equal(tone, TONE_BAD);
	free(text);
	failed = NULL;
}

#define ROUNDS(arm, metrics) { arm, 1, P, metrics }, { arm, 2, P, metrics }, { arm, 3, P, metrics }

/* Less than 0.1 % is no difference; more is not better where more is good. */
static void not_judged(void **state)
{
	const struct t_run r[] = {
		ROUNDS("mainline", "{\"f.p50_ns\":1000000,\"f.count\":5,\"relocked\":0}"),
		ROUNDS("retry", "{\"f.p50_ns\":1000000,\"f.count\":5,\"relocked\":0}"),
		ROUNDS("relock", "{\"f.p50_ns\":1000900,\"f.count\":9,\"relocked\":7}"),
	};
	char *text = verdict(r, 9);

	(void)state;
	must_begin(text, "In none of 1 numbers is relock worse than both");
	must_have(text, "relock against mainline: worse in 0 of 1 numbers, better in 0.\n");
	free(text);
}

/* What is named as the greatest gain is one for sure, not the lowest ratio. */
static void most_gained(void **state)
{
	const struct t_run r[] = {
		{ "mainline", 1, P, "{\"a_ns\":100,\"b_ns\":100,\"c_ns\":100}" },
		{ "mainline", 2, P, "{\"a_ns\":100,\"b_ns\":100,\"c_ns\":100}" },
		{ "mainline", 3, P, "{\"a_ns\":100,\"b_ns\":100,\"c_ns\":100}" },
		{ "hold", 1, P, "{\"a_ns\":90,\"b_ns\":10,\"c_ns\":95}" },
		{ "hold", 2, P, "{\"a_ns\":90,\"b_ns\":10,\"c_ns\":95}" },
		{ "hold", 3, P, "{\"a_ns\":90,\"b_ns\":200,\"c_ns\":95}" },
		{ "relock", 1, P, "{\"a_ns\":100}" }, { "relock", 2, P, "{\"a_ns\":100}" },
		{ "relock", 3, P, "{\"a_ns\":100}" },
	};
	char *text = verdict(r, 9);

	(void)state;
	must_have(text, "hold against mainline: worse in 0 of 3 numbers, better in 2. "
		  "Most gained: w: a 90 ns, mainline 100 ns (-10.0 %).\n");
	free(text);
}

/* Silence would look like good news. */
static void too_few_rounds(void **state)
{
	const struct t_run r[] = {
		RUN("mainline", 1, "1000", "100"), RUN("retry", 1, "1000", "5"),
		RUN("relock", 1, "2000", "5"),
		RUN("mainline", 2, "1000", "100"), RUN("retry", 2, "1000", "5"),
		RUN("relock", 2, "2000", "5"),
	};
	char *text = verdict(r, 6);

	(void)state;
	must_begin(text, "Too few rounds to tell: 2, and it takes 3. In 1 of 2 numbers relock is "
		   "above both mainline and retry, which may be chance.\n"
		   "Of 100 major faults took mmap_lock: 100.0 in mainline");
	assert_null(strstr(text, "better"));
	assert_int_equal(tone, TONE_NONE);
	free(text);
	accel = "tcg";
	text = verdict(r, 6);
	must_begin(text, "Too few rounds to tell: 2, and it takes 6.");
	free(text);
	accel = "det";
}

static void what_was_not_run(void **state)
{
	const struct t_run r[] = {
		RUN("mainline", 1, "1000", "100"), RUN("mainline", 2, "1000", "100"),
		RUN("mainline", 3, "1000", "100"), RUN("relock", 1, "2000", "5"),
		RUN("relock", 2, "2000", "5"), RUN("relock", 3, "2000", "5"),
	};
	char *text = verdict(r, 6);

	(void)state;
	must_begin(text, "relock is worse than mainline in 1 of 2 numbers:\n- w: fork.p50 2.00 us, "
		   "mainline 1.00 us (2.0 times)\nretry was not run, so nothing is said of it.\n");
	free(text);
	text = verdict(r, 3);
	must_begin(text, "Nothing can be said of relock: it was not run.");
	free(text);
	text = verdict(r + 3, 3);
	must_begin(text, "Nothing can be said of relock: what it is compared with was not run.");
	free(text);
}

/* In parallel runs the interval decides, and too few rounds decide nothing. */
static void parallel(void **state)
{
	struct t_run r[18];
	char *text;
	int i;

	(void)state;
	for (i = 0; i < 6; i++) {
		r[3 * i] = (struct t_run){ "mainline", i, P, "{\"f.p50_ns\":1000}" };
		r[3 * i + 1] = (struct t_run){ "retry", i, P, "{\"f.p50_ns\":1000}" };
		r[3 * i + 2] = (struct t_run){ "relock", i, P, "{\"f.p50_ns\":1500}" };
	}
	accel = "tcg";
	text = verdict(r, 18);
	must_begin(text, "relock is worse than both mainline and retry in 1 of 1 numbers");
	must_have(text, "Parallel: ");
	free(text);
	text = verdict(r, 15);
	must_begin(text, "Too few rounds");
	free(text);
	r[17].metrics = "{\"f.p50_ns\":999}";
	text = verdict(r, 18);
	must_begin(text, "In none of 1 numbers");
	must_have(text, "1 of 1 numbers of relock differ from those of mainline, but not so");
	free(text);
	accel = "det";
}

/* The patched kernel is held against the one without the series in the same way. */
static void series(void **state)
{
	const struct t_run r[] = {
		ROUNDS("unpatched", "{\"a.ns_per_1000\":1000000,\"a.mean_ns_per_1000\":1}"),
		ROUNDS("series", "{\"a.ns_per_1000\":1004000,\"a.mean_ns_per_1000\":2}"),
	};
	char *text = verdict(r, 6);

	(void)state;
	must_have(text, "series is worse than unpatched in 1 of 1 numbers:\n- w: a.ns 1,004.0, "
		  "unpatched 1,000.0 (+0.4 %)\n");
	assert_int_equal(tone, TONE_BAD);
	free(text);
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(good_news),
		cmocka_unit_test(bad_news),
		cmocka_unit_test(failed_runs),
		cmocka_unit_test(not_judged),
		cmocka_unit_test(most_gained),
		cmocka_unit_test(too_few_rounds),
		cmocka_unit_test(what_was_not_run),
		cmocka_unit_test(parallel),
		cmocka_unit_test(series),
	};

	return cmocka_run_group_tests_name("judge", tests, NULL, NULL);
}
