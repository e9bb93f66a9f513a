// SPDX-License-Identifier: GPL-2.0-only
/* Description: the table's rows, columns, medians, spreads and ratios. */
#include "t_results.h"

#include "table.h"

static const char *accel = "det";
static int cut_short;
static const char *failed;

static char *print_as(const struct t_run *runs, size_t n, bool color, bool brief)
{
	struct results res;
	char *text = NULL;
	size_t size;
	FILE *f;

	f = open_memstream(&text, &size);
	assert_non_null(f);
	t_results_by(&res, runs, n, accel);
	if (cut_short)
		json_object_set_new(res.json, "cut_short", json_integer(cut_short));
	if (failed)
		t_failed(&res, failed);
	table_print(f, &res, color, brief);
	fclose(f);
	results_free(&res);
	return text;
}

static char *print(const struct t_run *runs, size_t n, bool color)
{
	return print_as(runs, n, color, false);
}

static void must_have(const char *text, const char *part)
{
	if (!strstr(text, part))
		fail_msg("lacks \"%s\":\n%s", part, text);
}

#define P	"{\"p\":1}"
#define M(l, r)	"{\"major_faults\":1000,\"device_reads\":1000," \
		"\"fault.p50_ns\":5020000,\"odd\":0," \
		"\"mmap_lock_reads_by_faults\":" l ",\"relocked\":" r "}"

static const struct t_run runs[] = {
	{ "relock", 1, P, M("2", "990") },
	{ "zzz", 1, P, M("2", "0") },
	{ "mainline", 1, P, M("1000", "0") },
	{ "hold", 1, P, M("3", "0") },
	{ "relock", 2, P, M("4", "991") },
	{ "relock", 3, P, M("9", "992") },
};

static void whole(void **state)
{
	char *text = print(runs, 6, false);
	char *line, *save;

	(void)state;
	must_have(text, "deterministic TCG (det), 4 vcpus, kernel 7.3.4-lab");
	must_have(text, "\nw p=1\nmedian of 3 rounds");
	must_have(text, "  mainline                hold              relock"
		  "                 zzz\n");
	must_have(text, "\nfault.p50                    5.02 ms"
		  "             5.02 ms        =    5.02 ms        =");
	must_have(text, "\nmmap_lock_reads_by_faults      1,000"
		  "                   3 -99.70 %          4 -99.60 %");
	must_have(text, "                2..9\n");
	must_have(text, "  mmap_lock reads           100.00 %"
		  "              0.30 %              0.50 %");
	must_have(text, "  relocked                    0.00 %"
		  "              0.00 %             99.10 %");
	must_have(text, "\nzero everywhere: odd\n");
	assert_null(strchr(text, '\033'));
	for (line = strtok_r(text, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save)) {
		assert_true(strlen(line) <= 110);
		assert_true(line[strlen(line) - 1] != ' ');
	}
	free(text);
}

static void other_parameters(void **state)
{
	const struct t_run two[] = {
		{ "mainline", 1, "{\"p\":1}", "{\"x\":10}" },
		{ "mainline", 1, "{\"p\":2}", "{\"x\":30}" },
	};
	char *text = print(two, 2, false);

	(void)state;
	must_have(text, "\nw p=1\none round");
	must_have(text, "\nw p=2\none round");
	must_have(text, "        10\n");
	must_have(text, "        30\n");
	free(text);
}

static void reads_of_both_devices(void **state)
{
	const struct t_run one[] = {
		{ "hold", 1, P, "{\"major_faults\":200,\"device_reads\":150,"
		  "\"swap_device_reads\":50}" },
	};
	char *text = print(one, 1, false);

	(void)state;
	must_have(text, "  device reads             1.0000");
	must_have(text, "  relocked                      -");
	free(text);
}

static void colors(void **state)
{
	char *text = print(runs, 6, true);

	(void)state;
	assert_non_null(strchr(text, '\033'));
	free(text);
}

/* Fewer rows, the same values and ratios. */
static void brief(void **state)
{
	const struct t_run one[] = {
		{ "mainline", 1, P, "{\"major_faults\":200,\"device_reads\":150,"
		  "\"fault.p50_ns\":5020000,\"fault.p90_ns\":6020000,"
		  "\"minor_faults\":77,\"odd\":0}" },
	};
	char *text = print_as(one, 1, false, true);

	(void)state;
	must_have(text, "\nfault.p50 ");
	must_have(text, "\nmajor_faults ");
	must_have(text, "  device reads             0.7500");
	assert_null(strstr(text, "p90"));
	assert_null(strstr(text, "minor_faults"));
	assert_null(strstr(text, "odd"));
	free(text);
}

#define COST(ns) "{\"anon.faults\":512,\"anon.mean_ns_per_1000\":2000000," \
		 "\"file_cow.ns_per_1000\":9949,\"anon.ns_per_1000\":" ns "}"

/* Per fault, two digits of change; the plain kernel is the base where it was run. */
static void costs(void **state)
{
	const struct t_run two[] = {
		{ "mainline", 1, P, COST("1979200") },
		{ "relock", 1, P, COST("1983160") },
	};
	const struct t_run three[] = {
		{ "mainline", 1, P, COST("1979200") },
		{ "relock", 1, P, COST("1983160") },
		{ "unpatched", 1, P, COST("1979950") },
	};
	char *text = print(two, 2, false);

	(void)state;
	must_have(text, "\none round, change against mainline\n");
	must_have(text, "\nanon.ns                   1,979.2"
		  "             1,983.2  +0.20 %\n");
	must_have(text, "\nanon.mean_ns              2,000.0             2,000.0        =\n"
		  "anon.faults                   512");
	must_have(text, "\nfile_cow.ns                   9.9");
	assert_true(strstr(text, "anon.ns") < strstr(text, "file_cow.ns"));
	assert_null(strstr(text, "per major fault"));
	free(text);

	text = print_as(three, 3, false, true);
	must_have(text, "\none round, change against unpatched\n");
	must_have(text, "\nanon.ns                   1,979.2  -0.04 %"
		  "    1,983.2  +0.16 %    1,980.0\n");
	assert_null(strstr(text, "faults"));
	assert_null(strstr(text, "mean"));
	free(text);
}

static void six_rounds(struct t_run *r, const char * const *base,
		       const char * const *other)
{
	int i;

	for (i = 0; i < 6; i++) {
		r[2 * i] = (struct t_run){ "mainline", i + 1, P, base[i] };
		r[2 * i + 1] = (struct t_run){ "hold", i + 1, P, other[i] };
	}
}

/* The machine gets slower from round to round; only within a round can be compared. */
static void parallel(void **state)
{
	static const char * const base[] = {
		"{\"x\":100,\"y\":100}", "{\"x\":200,\"y\":200}",
		"{\"x\":300,\"y\":300}", "{\"x\":400,\"y\":400}",
		"{\"x\":500,\"y\":500}", "{\"x\":600,\"y\":600}",
	};
	static const char * const other[] = {
		"{\"x\":110,\"y\":110}", "{\"x\":222,\"y\":222}",
		"{\"x\":330,\"y\":330}", "{\"x\":440,\"y\":440}",
		"{\"x\":550,\"y\":550}", "{\"x\":672,\"y\":594}",
	};
	struct t_run r[12];
	char *text;

	(void)state;
	six_rounds(r, base, other);
	accel = "tcg";
	text = print(r, 12, false);
	must_have(text, "\nx                             350                 385  +10.0 %\n");
	must_have(text, "100..600      +10.0..+12.0 %\n");
	must_have(text, "\ny                             350                 385        ~\n");
	must_have(text, "100..600       -1.0..+11.0 %\n");
	must_have(text, "sign test");
	free(text);
	six_rounds(r, base, other);
	text = print(r, 10, false);	/* five rounds */
	must_have(text, "\nx                             300                 330        ~\n");
	free(text);
	text = print(r, 2, false);
	must_have(text, "nothing can be claimed from it");
	free(text);
	accel = "det";
	text = print(r, 12, false);
	must_have(text, "385  +10.0 %\n");
	assert_null(strchr(text, '~'));
	free(text);
}

/* A ratio of 1 on the median that goes up and down is no sameness; "=" is. */
static void no_sameness(void **state)
{
	static const char * const base[] = {
		"{\"x\":100,\"y\":7,\"z\":100}", "{\"x\":200,\"y\":7,\"z\":200}",
		"{\"x\":100,\"y\":7,\"z\":100}",
		"{\"x\":200,\"y\":7,\"z\":200}", "{\"x\":100,\"y\":7,\"z\":100}", "{\"x\":200,\"y\":7,\"z\":200}",
	};
	static const char * const other[] = {
		"{\"x\":200,\"y\":7,\"z\":200}", "{\"x\":100,\"y\":7,\"z\":400}", "{\"x\":100,\"y\":7,\"z\":200}",
		"{\"x\":200,\"y\":7,\"z\":400}", "{\"x\":200,\"y\":7,\"z\":200}", "{\"x\":100,\"y\":7,\"z\":400}",
	};
	struct t_run r[12];
	char *text;

	(void)state;
	six_rounds(r, base, other);
	accel = "tcg";
	text = print(r, 12, false);
	must_have(text, "\nx                             150                 150        ~\n");
	must_have(text, "100..200       -50.0..+100 %\n");
	must_have(text, "\ny                               7                   7        =\n");
	/* Twice as much in each round: an interval of one point is none to print. */
	must_have(text, "300   +100 %\n                                  100..200\n");
	free(text);
	accel = "det";
}

/* A run a seed: one table, and the spread over them. */
static void seeds(void **state)
{
	const struct t_run r[] = {
		{ "mainline", 1, "{\"seed\":5,\"p\":1}", "{\"x\":10}" },
		{ "mainline", 2, "{\"seed\":6,\"p\":1}", "{\"x\":30}" },
		{ "mainline", 3, "{\"seed\":7,\"p\":1}", "{\"x\":20}" },
	};
	char *text = print(r, 3, false);

	(void)state;
	must_have(text, "\nw p=1\nmedian of 3 seeds, ");
	must_have(text, "\nx                              20\n");
	must_have(text, "10..30\n");
	free(text);
	text = print(r, 1, false);
	must_have(text, "\nw seed=5 p=1\none round");
	free(text);
}

static void continued(void **state)
{
	char *text;

	(void)state;
	text = print(runs, 6, false);
	assert_null(strstr(text, "cut short"));
	free(text);
	cut_short = 2;
	text = print(runs, 6, false);
	must_have(text, "\nNot one boot: cut short 2 times and continued");
	free(text);
	cut_short = 0;
}

static void a_run_that_failed(void **state)
{
	char *text;

	(void)state;
	text = print(runs, 6, false);
	assert_null(strstr(text, "failed"));
	free(text);
	failed = "hold";
	text = print(runs, 6, false);
	must_have(text, "\n1 run failed, and is not in the numbers:\n"
		  "  run workload=w arm=hold round=2: failed: status 1\n");
	free(text);
	failed = NULL;
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(a_run_that_failed),
		cmocka_unit_test(whole),
		cmocka_unit_test(other_parameters),
		cmocka_unit_test(reads_of_both_devices),
		cmocka_unit_test(colors),
		cmocka_unit_test(brief),
		cmocka_unit_test(costs),
		cmocka_unit_test(parallel),
		cmocka_unit_test(no_sameness),
		cmocka_unit_test(seeds),
		cmocka_unit_test(continued),
	};

	return cmocka_run_group_tests_name("table", tests, NULL, NULL);
}
