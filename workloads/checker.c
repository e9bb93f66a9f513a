// SPDX-License-Identifier: GPL-2.0-only
/*
 * checker: stress with a memory.
 *
 * Threads read and write pages of several mappings while others change the mappings,
 * the files behind them, and what of them is in memory, and fork.  A model says what
 * each page may hold (checker_model.c), and whatever it does not allow ends the program
 * with a report.
 *
 * The threads go round by round.  In each round one region is in focus: its pages are
 * put out of memory, and then most operations of all threads are on it, so that faults
 * that wait for the device meet changes of what they wait for.  The operations of a
 * thread come from the seed and its number, never from time.
 */
#include "checker.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "util.h"

static struct wl_param params[] = {
	{ .name = "seed", .value = 4711, .max = UINT32_MAX,
	  .help = "of all random choices; the first of seeds=" },
	{ .name = "seeds", .value = 1, .min = 1, .max = 1000000,
	  .help = "how many seeds, one after the other" },
	{ .name = "threads", .value = 6, .min = 2, .max = CK_THREADS - 1,
	  .help = "threads; every third changes mappings, the others access them" },
	{ .name = "steps", .value = 400, .min = 1, .max = 100000000,
	  .help = "operations of a thread for a seed" },
	{ .name = "burst", .value = 16, .min = 1, .max = 1000000,
	  .help = "operations of a thread in a round" },
	{ .name = "regions", .text = "all",
	  .help = "file,trunc,private,anon,shmem,uffd" },
	{ .name = "dir", .text = "/mnt",
	  .help = "directory on the slow device, of any filesystem" },
	{ .name = "files", .text = "own", .choices = "own make given",
	  .help = "make: only make file A in dir, for an image; given: it is there, and is only read" },
	{ .name = "swap", .value = 1, .max = 1,
	  .help = "0: there is no swap area, anonymous memory stays" },
	{ .name = "watchdog_s", .value = 60, .min = 1, .max = 86400,
	  .help = "a thread that does not get on for so long is stuck" },
	{ .name = "limit_s", .value = 0, .max = 86400,
	  .help = "no new seed after so many seconds; 0: no limit" },
	{ .name = "selfcheck", .text = "none", .choices = "none byte lost stale leak stuck open",
	  .help = "do something wrong, which must be reported" },
	{ .name = "inject", .value = 0, .max = 1000,
	  .help = "of 1000 accesses, in how many something fails; takes the jobs inject" },
	{ .name = "seeds_done", .derived = true,
	  .help = "how many seeds were done" },
	{ 0 }
};

struct wl ck_wl = { .name = "checker", .params = params };

/* Too large for a stack. */
struct checker {
	struct ck_thread threads[CK_THREADS];
	struct wl_thread monitor;
	struct wl_counters before;
	struct wl_counters after;
	uint64_t steps;
};

/* ---- a round ---- */

static struct ck_region *next_focus(struct ck_thread *t)
{
	struct ck_region *r;

	do
		r = &ck->region[wl_random_below(&t->rounds, CK_REGIONS)];
	while (!r->used);
	return r;
}

static void meet(struct ck_thread *t)
{
	struct ck_now *now = &ck->now[t->number];

	atomic_store(&now->idle, true);
	pthread_barrier_wait(&ck->round);
	atomic_store(&now->idle, false);
}

static void begin_round(struct ck_thread *t, uint64_t round)
{
	t->focus = next_focus(t);
	meet(t);
	if (round % t->threads == t->number) {
		ck_doing(t, CK_EVICT, t->focus, 0);
		ck_evict(t, t->focus, t->swap);
	}
	meet(t);
}

static void thread_body(struct wl_thread *thread)
{
	struct ck_thread *t = (struct ck_thread *)thread;

	ck_inject_thread(ck->seed, t->number);
	for (uint64_t step = 0; step < t->steps; step++) {
		if (step % t->burst == 0)
			begin_round(t, step / t->burst);
		ck_do(t, t->number % 3 == 2);
	}
	ck_inject_end();
	atomic_store(&ck->now[t->number].idle, true);
}

/* ---- a seed ---- */

static void thread_prepare(struct ck_thread *t, unsigned int number, uint64_t seed)
{
	t->thread.body = thread_body;
	t->thread.leader = true;
	t->number = number;
	wl_random_init(&t->random, seed, number);
	wl_random_init(&t->rounds, seed, CK_THREADS);
	t->count = 0;
	t->steps = wl_number(&ck_wl, "steps");
	t->burst = (unsigned int)wl_number(&ck_wl, "burst");
	t->threads = (unsigned int)wl_number(&ck_wl, "threads");
	t->swap = wl_number(&ck_wl, "swap");
	atomic_store(&ck->now[number].idle, false);
}

static void nothing(void *arg)
{
	(void)arg;
}

static void run_seed(struct checker *c, uint64_t seed)
{
	unsigned int n = (unsigned int)wl_number(&ck_wl, "threads");
	struct wl_thread *list[CK_THREADS + 1];
	struct wl_team team = { .wl = &ck_wl, .threads = list, .nr = n };

	ck_mem_setup(seed, n);
	for (unsigned int i = 0; i < n; i++) {
		thread_prepare(&c->threads[i], i, seed);
		list[i] = &c->threads[i].thread;
	}
	if (ck->region[CK_UFFD].used) {
		c->monitor.body = ck_monitor;
		list[team.nr++] = &c->monitor;
	}
	wl_team_run(&team, nothing, nothing, NULL);
	ck_final(&c->threads[0]);
	atomic_store(&ck->now[0].idle, true);
	c->steps += atomic_load(&ck->step);
	ck_mem_teardown();
}

static void run_seeds(struct checker *c)
{
	uint64_t first = wl_number(&ck_wl, "seed"), seeds = wl_number(&ck_wl, "seeds");
	uint64_t limit = wl_number(&ck_wl, "limit_s") * 1000000000, begin = wl_now(), said = begin;
	uint64_t i;

	for (i = 0; i < seeds && !(limit && wl_now() - begin > limit); i++) {
		run_seed(c, first + i);
		if (wl_now() - said < 10000000000ULL)
			continue;
		said = wl_now();
		fprintf(stderr, "checker: seed %llu done, %llu of %llu, %llu checks\n",
			(unsigned long long)(first + i), (unsigned long long)(i + 1),
			(unsigned long long)seeds, (unsigned long long)atomic_load(&ck->checks));
	}
	wl_derive(&ck_wl, "seeds_done", i);
}

/* ---- the record ---- */

static void report(struct checker *c)
{
	char name[64];

	wl_metric(&ck_wl, "steps", c->steps);
	wl_metric(&ck_wl, "checks", atomic_load(&ck->checks));
	wl_metric(&ck_wl, "checks_exact", atomic_load(&ck->exact));
	wl_metric(&ck_wl, "checks_left_out", atomic_load(&ck->unchecked));
	wl_metric(&ck_wl, "words_torn", atomic_load(&ck->torn));
	wl_metric(&ck_wl, "children", atomic_load(&ck->children));
	wl_metric(&ck_wl, "segv", atomic_load(&ck->segv));
	wl_metric(&ck_wl, "sigbus", atomic_load(&ck->sigbus));
	wl_metric(&ck_wl, "efault", atomic_load(&ck->efault));
	wl_metric(&ck_wl, "injected", atomic_load(&ck->injected));
	wl_metric(&ck_wl, "injected_sigbus", atomic_load(&ck->injected_sigbus));
	for (unsigned int i = 0; i < CK_NR_OPS; i++) {
		snprintf(name, sizeof(name), "op.%s", ck_op_names[i]);
		wl_metric(&ck_wl, name, atomic_load(&ck->count[i]));
		snprintf(name, sizeof(name), "op.%s.failed", ck_op_names[i]);
		if (atomic_load(&ck->failed[i]))
			wl_metric(&ck_wl, name, atomic_load(&ck->failed[i]));
		snprintf(name, sizeof(name), "op.%s.skipped", ck_op_names[i]);
		if (atomic_load(&ck->skipped[i]))
			wl_metric(&ck_wl, name, atomic_load(&ck->skipped[i]));
	}
	wl_counters_report(&ck_wl, &c->before, &c->after);
}

static void choose_files(void)
{
	const char *files = wl_text(&ck_wl, "files");

	ck_files = !strcmp(files, "make") ? CK_MAKE : !strcmp(files, "given") ? CK_GIVEN : CK_OWN;
}

static void choose_fault(void)
{
	static const char *const faults[] = { "none", "byte", "lost", "stale", "leak", "stuck", "open" };

	for (unsigned int i = 0; i < ARRAY_SIZE(faults); i++)
		if (!strcmp(wl_text(&ck_wl, "selfcheck"), faults[i]))
			ck_fault = i;
}

int main(int argc, char **argv)
{
	static struct checker c;
	static unsigned int patience;
	pthread_t watchdog;

	wl_parse(&ck_wl, argc, argv);
	choose_fault();
	choose_files();
	ck_mem_init(wl_text(&ck_wl, "dir"), wl_text(&ck_wl, "regions"));
	if (ck_files == CK_MAKE) {
		wl_derive(&ck_wl, "seeds_done", 0);
		wl_emit(&ck_wl);
		return 0;
	}
	for (unsigned int i = 0; i < CK_THREADS; i++)
		if (pipe(c.threads[i].pipe))
			wl_die(&ck_wl, "no pipe");
	ck_signals();
	patience = (unsigned int)wl_number(&ck_wl, "watchdog_s");
	if (pthread_create(&watchdog, NULL, ck_watchdog, &patience))
		wl_die(&ck_wl, "no thread for the watchdog");
	wl_counters_read(&c.before);
	run_seeds(&c);
	wl_counters_read(&c.after);
	report(&c);
	wl_emit(&ck_wl);
	return 0;
}
