// SPDX-License-Identifier: GPL-2.0-only
/*
 * claims [--as ARM] [--dearer N] results.json: does what the README claims of the arm
 * relock hold in these runs of storm, or of cost? And in runs of the other workloads,
 * where there are any: does nobody wait for another's I/O, and is hardly anything read
 * twice?
 * --as puts another arm in its place, --dearer makes its faults that do not wait cost N
 * in a thousand more: either must be found out. Prints a line `ok` or `not ok` a claim.
 */
#include <jansson.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Sums over the rounds of one arm with one set of parameters. */
struct sums {
	json_int_t major, mmap_lock, waited, reasons, relocked, reads;
	int runs;
};

static int failed;

static json_int_t metric(json_t *run, const char *name)
{
	json_t *value = json_object_get(json_object_get(run, "metrics"), name);

	if (!json_is_integer(value)) {
		printf("not ok claims: a run has no metric %s\n", name);
		failed++;
	}
	return json_integer_value(value);
}

static json_int_t param(json_t *run, const char *name)
{
	return json_integer_value(json_object_get(json_object_get(run, "params"),
						  name));
}

/* Why faults took mmap_lock: each does for one of these. */
static const char * const reasons[] = {
	"fault_mmap_lock_waited", "fault_mmap_lock_vma_lock", "fault_mmap_lock_anon_vma",
	"fault_mmap_lock_userfault", "fault_mmap_lock_handler", "fault_mmap_lock_kernel",
};

static struct sums sum(json_t *runs, const char *arm, bool forkers, bool swappers)
{
	struct sums s = { 0 };
	json_t *run;
	size_t i;

	json_array_foreach(runs, i, run) {
		if (strcmp(json_string_value(json_object_get(run, "workload")), "storm") ||
		    strcmp(json_string_value(json_object_get(run, "arm")), arm) ||
		    !!param(run, "forkers") != forkers ||
		    !!param(run, "swappers") != swappers)
			continue;
		s.major += metric(run, "major_faults");
		s.mmap_lock += metric(run, "mmap_lock_reads_by_faults");
		s.waited += metric(run, "fault_mmap_lock_waited");
		for (size_t n = 0; n < sizeof(reasons) / sizeof(reasons[0]); n++)
			s.reasons += metric(run, reasons[n]);
		s.relocked += metric(run, "relocked");
		s.reads += metric(run, "device_reads");
		s.runs++;
	}
	return s;
}

static void claim(bool holds, const char *text, json_int_t part, json_int_t of)
{
	printf("%s claims: %s (%lld of %lld, %.2f %%)\n", holds ? "ok" : "not ok",
	       text, (long long)part, (long long)of, of ? 100.0 * part / of : 0.0);
	failed += !holds;
}

/* ---- cost: R12 ---- */

/* What 1,000 faults of a kind cost in an arm, in instructions; 0 if it was not run. */
static json_int_t cost(json_t *runs, const char *arm, const char *kind)
{
	char name[64];
	json_t *run;
	size_t i;

	snprintf(name, sizeof(name), "%s.ns_per_1000", kind);
	json_array_foreach(runs, i, run) {
		if (!strcmp(json_string_value(json_object_get(run, "arm")), arm))
			return metric(run, name);
	}
	return 0;
}

/*
 * As the claims are of a deterministic run, one round says all. An unpatched kernel
 * tells more than the arm mainline, which has the code of the series, too.
 */
static void cost_claims(json_t *runs, const char *relock, long dearer)
{
	const char *before = cost(runs, "unpatched", "anon") ? "unpatched" : "mainline";
	static const char * const minor[] = { "anon", "file_read", "file_around" };
	static const char * const major[] = { "major", "major_around", "swapin" };
	char text[96];
	json_int_t r, m;

	for (size_t i = 0; i < sizeof(minor) / sizeof(minor[0]); i++) {
		r = cost(runs, relock, minor[i]) * (1000 + dearer) / 1000;
		m = cost(runs, before, minor[i]);
		snprintf(text, sizeof(text), "%s: at most 0.5 %% more than in %s",
			 minor[i], before);
		claim(r && m && r * 1000 <= m * 1005, text, r, m);
	}
	for (size_t i = 0; i < sizeof(major) / sizeof(major[0]); i++) {
		r = cost(runs, relock, major[i]);
		m = cost(runs, before, major[i]);
		snprintf(text, sizeof(text), "%s: less than in %s", major[i], before);
		claim(r && m && r < m, text, r, m);
	}
}

/* ---- loads with a phase without faults ---- */

/* What a few interrupts may take; the device takes 25 times as long. */
#define ALLOWANCE_NS	200000

static json_int_t metric_of(json_t *run, const char *prefix, const char *name)
{
	char full[128];

	snprintf(full, sizeof(full), "%s.%s", prefix, name);
	return metric(run, full);
}

/* The operations of one run: how many were measured, how many of them waited. */
static void count_waits(json_t *run, json_int_t *all, json_int_t *bad)
{
	static const char ratio[] = ".p99_to_idle_x1000";
	const char *key;
	json_t *value;

	json_object_foreach(json_object_get(run, "metrics"), key, value) {
		size_t len = strlen(key);
		json_int_t p99, idle;
		char prefix[64];

		if (len <= sizeof(ratio) - 1 || strcmp(key + len - (sizeof(ratio) - 1), ratio))
			continue;
		snprintf(prefix, sizeof(prefix), "%.*s", (int)(len - (sizeof(ratio) - 1)), key);
		p99 = metric_of(run, prefix, "p99_ns");
		idle = metric_of(run, prefix, "idle.p99_ns");
		++*all;
		if (p99 * 10 <= idle * 12 || p99 - idle <= ALLOWANCE_NS)
			continue;
		++*bad;
		printf("# %s: %s: p99 %lld ns, with no fault in flight %lld ns\n",
		       json_string_value(json_object_get(run, "workload")), prefix,
		       (long long)p99, (long long)idle);
	}
}

static void loads(json_t *runs, const char *arm)
{
	json_int_t all = 0, bad = 0, touches = 0, twice = 0, more;
	json_t *run;
	size_t i;

	json_array_foreach(runs, i, run) {
		if (strcmp(json_string_value(json_object_get(run, "arm")), arm))
			continue;
		/* Where the CPUs are all in use, what is waited for is a CPU. */
		if (param(run, "hogs") || param(run, "latency_us") < 1000)
			continue;
		count_waits(run, &all, &bad);
		/* Beside fork() some pages are read twice in each arm, in hold, too. */
		if (strcmp(json_string_value(json_object_get(run, "workload")), "thrash") ||
		    param(run, "forkers"))
			continue;
		/*
		 * A page that is lost before the access is made again is one more
		 * major fault, so reads are held against touches.
		 */
		touches += metric(run, "touches");
		more = metric(run, "device_reads") - metric(run, "touches");
		twice += more > 0 ? more : 0;
	}
	if (all)
		claim(!bad, "who changes the address space waits at p99 at most 1.2 times as long as with no fault in flight, or 200 us longer",
		      bad, all);
	if (touches)
		claim(twice * 1000 <= touches,
		      "under memory pressure at most one of 1,000 touches needs a second read",
		      twice, touches);
}

/* ---- storm ---- */

static void storm_claims(json_t *runs, const char *relock)
{
	static const char * const rivals[] = { "mainline", "retry", "hold" };
	struct sums r, m;

	loads(runs, relock);
	r = sum(runs, relock, false, false);
	m = sum(runs, "mainline", false, false);
	claim(r.runs && m.runs && r.major, "storm ran in both arms", r.runs, m.runs);
	claim(r.mmap_lock * 100 <= r.major,
	      "at most 1 % of the major faults take mmap_lock", r.mmap_lock, r.major);
	claim(r.runs && r.waited == 0, "no fault takes mmap_lock because it waited",
	      r.waited, r.mmap_lock);
	claim(r.reasons == r.mmap_lock && m.reasons == m.mmap_lock,
	      "the reasons add up", r.reasons, r.mmap_lock);
	claim(r.relocked * 100 >= r.major * 99,
	      "at least 99 % of the major faults take their VMA lock back", r.relocked, r.major);
	claim(m.mmap_lock * 100 >= m.major * 99,
	      "mainline: all major faults take mmap_lock", m.mmap_lock, m.major);
	for (size_t i = 0; i < sizeof(rivals) / sizeof(rivals[0]); i++) {
		m = sum(runs, rivals[i], false, false);
		claim(m.runs && r.reads * m.major <= m.reads * r.major,
		      "device reads are not more than in a rival arm", r.reads, m.reads);
	}

	/* fork() write-locks every VMA: the accesses in flight are made again. */
	r = sum(runs, relock, true, false);
	claim(r.runs && r.waited == 0, "beside fork(), no fault takes mmap_lock because it waited",
	      r.waited, r.mmap_lock);
	claim(r.runs && r.mmap_lock * 10 <= r.major,
	      "beside fork(), at most 10 % of the major faults take mmap_lock",
	      r.mmap_lock, r.major);
}

int main(int argc, char **argv)
{
	const char *relock = "relock", *workload;
	json_t *root, *runs;
	json_error_t err;
	long dearer = 0;

	for (; argc > 2; argc -= 2, argv += 2) {
		if (!strcmp(argv[1], "--as"))
			relock = argv[2];
		else if (!strcmp(argv[1], "--dearer"))
			dearer = strtol(argv[2], NULL, 10);
		else
			break;
	}
	if (argc != 2) {
		fprintf(stderr, "usage: claims [--as ARM] [--dearer N] results.json\n");
		return 2;
	}
	root = json_load_file(argv[1], 0, &err);
	if (!root) {
		fprintf(stderr, "claims: %s:%d: %s\n", argv[1], err.line, err.text);
		return 2;
	}
	runs = json_object_get(root, "runs");
	workload = json_string_value(json_object_get(json_array_get(runs, 0), "workload"));
	if (workload && !strcmp(workload, "cost"))
		cost_claims(runs, relock, dearer);
	else
		storm_claims(runs, relock);
	json_decref(root);
	return failed ? 1 : 0;
}
