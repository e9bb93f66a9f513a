// SPDX-License-Identifier: GPL-2.0-only
/*
 * forkcase: is what fork() copies a moment of its process, while others go on changing
 * it (issue "fork, judged by experiment"; forkcase.h says what a case is)?
 *
 * What the child must find, in each round:
 *	- the first cells changed, the others not, and nothing else in any of them;
 *	- what was done when fork() was called, nothing that began after it returned;
 *	- the same when it looks again, after the parent has done all its changes;
 *	- FC_COUNTED: no write of the parent's that the parent has lost.
 *
 * Which VMAs fork() write-locks says the job's fork=. The first round that breaks one of
 * these ends the program with status 1 and the round's history.
 *
 * A seed gives the pauses of a round's steps, and the length of the virtual CPUs' turns
 * where they take turns.
 */
#include "forkcase.h"

#include <errno.h>
#include <linux/perf_event.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define CPU_FORKER	0
#define CPU_WRITER	2	/* not 1: see turns_short() */
#define CPU_OTHER	4
#define MIN_PERIOD_NS	40000	/* shorter, and the turns are all spent on the clocks */

struct writer {
	struct wl_random random;
	uint64_t spread;
	int error;
};

static struct fc fc = { .wl = { .name = "forkcase" } };

static struct wl_param params[] = {
	{ .name = "case", .text = "anon", .help = "what is changed while fork() runs" },
	{ .name = "seed", .value = 1, .max = 1000000000, .min = 1, .help = "the first" },
	{ .name = "seeds", .value = 1, .max = 100000, .min = 1, .help = "how many" },
	{ .name = "rounds", .value = 20, .max = 100000, .min = 1,
	  .help = "forks, for each seed" },
	{ .name = "filler", .value = 512, .max = 60000, .min = 1,
	  .help = "pages between two VMAs, for fork() to copy" },
	{ .name = "spread", .value = 120000, .max = 100000000, .min = 1,
	  .help = "turns of a loop that a pause can take" },
	{ .name = "period_us", .value = 60, .max = 1000000, .min = 1,
	  .help = "of each CPU's clock, which ends turns: up to 40 more" },
	{ 0 }
};

/* ---- the history of a round ---- */

static void note(enum fc_what what, unsigned int cell)
{
	struct fc_shared *sh = fc.shared;
	unsigned int at = atomic_fetch_add(&sh->events, 1);

	if (at >= FC_LOG)
		return;
	sh->log[at].cell = (uint8_t)cell;
	atomic_store(&sh->log[at].what, (uint8_t)(what + 1));
}

static void print_event(const struct fc_event *e)
{
	static const char *const text[] = {
		[FC_BEGINS] = "writer: begins to change cell %u\n",
		[FC_DONE] = "writer: has changed cell %u\n",
		[FC_FORK] = "forker: calls fork()\n",
		[FC_FORKED] = "forker: fork() has returned\n",
		[FC_MAY_WRITE] = "writer: mprotect(PROT_WRITE)\n",
	};

	if (e->what)
		fprintf(stderr, text[e->what - 1], e->cell);
}

static void print_view(const char *who, const struct fc_view *view)
{
	static const char *const state[] = {
		[FC_OLD] = "as before", [FC_NEW] = "changed", [FC_WRONG] = "WRONG",
	};

	for (unsigned int i = 0; i < FC_CELLS; i++) {
		fprintf(stderr, "%s: cell %u at %p: %s (%#lx", who, i, fc_cell(&fc, i),
			state[view->state[i]], view->word[i]);
		if (fc.kase->flags & FC_COUNTED)
			fprintf(stderr, ", counter %lu", view->count[i]);
		fprintf(stderr, ")\n");
	}
}

static void print_history(void)
{
	struct fc_shared *sh = fc.shared;

	for (unsigned int i = 0; i < FC_LOG; i++)
		print_event(&sh->log[i]);
	print_view("child", &sh->first);
	if (memcmp(&sh->first, &sh->second, sizeof(sh->first)))
		print_view("child, later", &sh->second);
	if (fc.kase->flags & FC_GRANDCHILD &&
	    memcmp(&sh->first, &sh->grandchild, sizeof(sh->first)))
		print_view("its child", &sh->grandchild);
}

/* ---- threads ---- */

static void on_cpu(int cpu)
{
	cpu_set_t set;

	CPU_ZERO(&set);
	CPU_SET(cpu, &set);
	if (sched_setaffinity(0, sizeof(set), &set))
		wl_die(&fc.wl, "needs 5 CPUs: CPU %d: %s", cpu, strerror(errno));
}

/* Not a clock: the same number of instructions each time. */
static void spin(uint64_t turns)
{
	for (volatile uint64_t i = 0; i < turns; i++)
		;
}

static void write_round(struct writer *w)
{
	struct fc_shared *sh = fc.shared;
	/* A change is missed only if the writer overtakes fork(): in some rounds it must run. */
	uint32_t pause = ((uint32_t)w->spread / FC_CELLS >> wl_random_below(&w->random, 12)) + 1;

	spin(wl_random_below(&w->random, (uint32_t)w->spread));
	if (fc.kase->flags & FC_LATER) {
		fc_may_write(&fc);
		note(FC_MAY_WRITE, 0);
	}
	for (unsigned int i = 0; i < FC_CELLS; i++) {
		int ret;

		atomic_fetch_add(&sh->begun, 1);
		note(FC_BEGINS, i);
		ret = fc_change(&fc, i);
		if (ret && !w->error)
			w->error = ret;
		atomic_fetch_add(&sh->done, 1);
		note(FC_DONE, i);
		spin(wl_random_below(&w->random, pause));
	}
}

static void *writer_thread(void *arg)
{
	struct writer *w = arg;
	struct fc_shared *sh = fc.shared;

	on_cpu(CPU_WRITER);
	for (unsigned int seen = 0; !atomic_load(&sh->stop);) {
		unsigned int now = atomic_load(&sh->round);

		if (now == seen) {
			if (fc.kase->flags & FC_MIGRATED)
				wl_pause_us(20);
			continue;
		}
		seen = now;
		write_round(w);
		atomic_store(&sh->finished, seen);
	}
	return NULL;
}

/* Writes all the time, and so has TLB entries that may be written through. */
static void *counter_thread(void *arg)
{
	static uint64_t last[FC_CELLS];
	struct fc_shared *sh = fc.shared;

	on_cpu(CPU_OTHER);
	while (!atomic_load(&sh->stop)) {
		for (unsigned int i = 0; i < FC_CELLS; i++) {
			volatile uint64_t *count = (volatile uint64_t *)fc_cell(&fc, i) + 1;

			if (*count != last[i])
				atomic_fetch_add(&sh->lost, 1);
			*count = last[i] = *count + 1;
		}
		atomic_fetch_add(&sh->counted, 1);
	}
	return arg;
}

static void *migrator_thread(void *arg)
{
	on_cpu(CPU_OTHER);
	fc_migrate(&fc);
	return arg;
}

static void *follower_thread(void *arg)
{
	on_cpu(CPU_OTHER);
	fc_follow_forks(&fc);
	return arg;
}

/*
 * Where virtual CPUs take turns, a turn ends when the next timer expires. A clock of
 * perf's on each CPU starts itself anew, in the kernel, too: so the turns are short. The
 * CPU that is next then has no turn, and so every other is left idle.
 */
static void turns_short(void)
{
	struct wl_random random;
	uint32_t longest = (uint32_t)wl_number(&fc.wl, "period_us") * 1000;
	struct perf_event_attr attr = {
		.size = sizeof(attr), .type = PERF_TYPE_SOFTWARE,
		.config = PERF_COUNT_SW_CPU_CLOCK,
	};

	wl_random_init(&random, wl_number(&fc.wl, "seed"), 2);
	for (int cpu = CPU_FORKER; cpu <= CPU_OTHER; cpu += 2) {
		attr.sample_period = MIN_PERIOD_NS + wl_random_below(&random, longest);
		if (syscall(SYS_perf_event_open, &attr, -1, cpu, -1, PERF_FLAG_FD_CLOEXEC) < 0)
			wl_die(&fc.wl, "needs 5 CPUs and PERF_EVENTS: CPU %d: %s", cpu,
			       strerror(errno));
	}
}

/* ---- the child ---- */

static void child_main(unsigned int round)
{
	struct fc_shared *sh = fc.shared;
	uint64_t counted;

	fc_look(&fc, &sh->first);
	if (fc.kase->flags & FC_GRANDCHILD) {
		pid_t pid = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);

		if (!pid) {
			fc_look(&fc, &sh->grandchild);
			_exit(0);
		}
		if (pid < 0 || waitpid(pid, NULL, 0) != pid)
			_exit(1);
	}
	while (atomic_load(&sh->finished) != round)
		;
	counted = atomic_load(&sh->counted);
	while (fc.kase->flags & FC_COUNTED && atomic_load(&sh->counted) < counted + 2)
		;
	fc_look(&fc, &sh->second);
	sh->looked = true;
	_exit(0);
}

/* ---- judging ---- */

/* How many cells are changed, or -1 if it is not the first ones. */
static int prefix_of(const struct fc_view *view)
{
	unsigned int n = 0;

	while (n < FC_CELLS && view->state[n] == FC_NEW)
		n++;
	for (unsigned int i = n; i < FC_CELLS; i++)
		if (view->state[i] == FC_NEW)
			return -1;
	return (int)n;
}

static bool has_wrong(const struct fc_view *view)
{
	for (unsigned int i = 0; i < FC_CELLS; i++)
		if (view->state[i] == FC_WRONG)
			return true;
	return false;
}

/* Memory that is everybody's is no moment's; only in the end it is what was written. */
static const char *judge_shared(const struct fc_shared *sh)
{
	if (has_wrong(&sh->first) || has_wrong(&sh->second))
		return "the child sees what nobody wrote there";
	if (prefix_of(&sh->second) != FC_CELLS)
		return "the child does not see what was written to shared memory";
	return NULL;
}

static const char *judge(const struct fc_shared *sh, unsigned int done, unsigned int begun)
{
	unsigned int flags = fc.kase->flags;
	int n = prefix_of(&sh->first);

	if (atomic_load(&sh->lost))
		return "the parent has lost a write of its own";
	if (flags & FC_SHARED && fc.kase->change == FC_WRITE)
		return judge_shared(sh);
	if (has_wrong(&sh->first) || has_wrong(&sh->second))
		return "the child sees what nobody wrote there";
	if (flags & (FC_DONTFORK | FC_WIPEONFORK))
		return NULL;
	if (n < 0)
		return "the child sees a later change without an earlier one";
	if ((unsigned int)n < done)
		return "the child does not see what was done before fork()";
	if ((unsigned int)n > begun)
		return "the child sees what began after fork() had returned";
	if (memcmp(&sh->first, &sh->second, sizeof(sh->first)))
		return "the child's memory changed after fork() had returned";
	if (flags & FC_GRANDCHILD && memcmp(&sh->first, &sh->grandchild, sizeof(sh->first)))
		return "the child's child does not see what the child sees";
	return NULL;
}

/* ---- rounds ---- */

struct met {
	uint64_t rounds, overlapped, split;
};

static void fork_round(const struct writer *w, struct wl_random *random, unsigned int round,
		       uint64_t seed, struct met *met)
{
	struct fc_shared *sh = fc.shared;
	unsigned int done, begun, migrating;
	const char *why;
	pid_t child;

	fc.stamp++;
	fc_before(&fc);
	sh->looked = false;
	memset(&sh->first, 0, sizeof(sh->first) * 3);
	memset(sh->log, 0, sizeof(sh->log));
	sh->events = sh->begun = sh->done = 0;
	atomic_store(&sh->round, round);

	spin(wl_random_below(random, (uint32_t)w->spread));
	migrating = fc_migrating(&fc);
	done = atomic_load(&sh->done);
	note(FC_FORK, 0);
	child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
	if (!child)
		child_main(round);
	note(FC_FORKED, 0);
	begun = atomic_load(&sh->begun);
	migrating &= fc_migrating(&fc);
	if (child < 0 || waitpid(child, NULL, 0) != child || !sh->looked)
		wl_die(&fc.wl, "seed %lu: the child could not be made, or has died", seed);
	if (w->error)
		wl_die(&fc.wl, "%s: changing a cell: %s", fc.kase->name, strerror(-w->error));

	met->rounds++;
	met->overlapped += begun && done < FC_CELLS &&
			   (migrating || !(fc.kase->flags & FC_MIGRATED));
	met->split += prefix_of(&sh->first) > 0 && prefix_of(&sh->first) < (int)FC_CELLS;
	why = judge(sh, done, begun);
	if (!why)
		return;
	print_history();
	wl_die(&fc.wl, "%s: broken by seed %lu, fork %u of it: %s", fc.kase->name, seed,
	       (unsigned int)((round - 1) % wl_number(&fc.wl, "rounds")) + 1, why);
}

static void threads_start(struct writer *w)
{
	void *(*other)(void *) = NULL;
	pthread_t id;
	int ret;

	if (fc.kase->flags & FC_COUNTED)
		other = counter_thread;
	else if (fc.kase->flags & FC_MIGRATED)
		other = migrator_thread;
	else if (fc.uffd > 0)
		other = follower_thread;
	ret = pthread_create(&id, NULL, writer_thread, w);
	if (!ret && other)
		ret = pthread_create(&id, NULL, other, NULL);
	if (ret)
		wl_die(&fc.wl, "pthread_create: %s", strerror(ret));
}

static void all_seeds(struct writer *w, struct met *met)
{
	uint64_t first = wl_number(&fc.wl, "seed"), seeds = wl_number(&fc.wl, "seeds");
	uint64_t rounds = wl_number(&fc.wl, "rounds");
	struct wl_random random;
	unsigned int round = 0;

	for (uint64_t seed = first; seed < first + seeds; seed++) {
		wl_random_init(&random, seed, 0);
		wl_random_init(&w->random, seed, 1);
		for (uint64_t i = 0; i < rounds; i++)
			fork_round(w, &random, ++round, seed, met);
	}
}

int main(int argc, char **argv)
{
	static struct writer writer;
	struct met met = { 0 };

	fc.wl.params = params;
	params[0].choices = fc_case_names();
	wl_parse(&fc.wl, argc, argv);
	fc.kase = fc_case_find(wl_text(&fc.wl, "case"));
	fc.filler_pages = wl_number(&fc.wl, "filler");
	fc.stamp = 256;	/* the first round's is odd, and nothing that a page holds before */
	writer.spread = wl_number(&fc.wl, "spread");
	fc.shared = mmap(NULL, sizeof(*fc.shared), PROT_READ | PROT_WRITE,
			 MAP_SHARED | MAP_ANONYMOUS, -1, 0);
	if (fc.shared == MAP_FAILED)
		wl_die(&fc.wl, "mmap: %s", strerror(errno));
	memset(fc.shared, 0, sizeof(*fc.shared));
	on_cpu(CPU_FORKER);
	fc_map(&fc);
	threads_start(&writer);
	turns_short();
	all_seeds(&writer, &met);
	atomic_store(&fc.shared->stop, true);
	wl_metric(&fc.wl, "forks", met.rounds);
	wl_metric(&fc.wl, "forks_overlapped", met.overlapped);
	wl_metric(&fc.wl, "forks_split", met.split);
	wl_emit(&fc.wl);
	return 0;
}
