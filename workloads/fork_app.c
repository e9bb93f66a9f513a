// SPDX-License-Identifier: GPL-2.0-only
/*
 * fork_app: fork() in a process shaped like an application: hundreds of threads,
 * thousands of VMAs, some of the threads with faults in flight (R13, E4).
 *
 * The VMAs are, by turns, a part of the file that others fault in, private anonymous
 * memory that was written to, and an empty reservation.  Threads other than faulters
 * and forkers sleep.
 *
 * Where fork() spends its time is sampled: a thread looks at what each forker waits for
 * (/proc/self/task/TID/wchan) every sample_us=.  In a function of VMA locks, it waits
 * for one; elsewhere, for mmap_lock; nowhere, it runs: it copies, or it waits for a CPU.
 * A look stands for the time since the one before, for looks are rarer when the CPUs are
 * busy.  The parts of fork.total_ns are as those of the time looked at.  No look takes a
 * lock that fork() takes.  In 6.12 vma_start_write() is inline, and all waiting is in
 * dup_mmap(), so that it counts as mmap_lock's.
 */
#include "harness_cold.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define MAX_FAULTERS	256
#define MAX_FORKERS	16
#define STACK_BYTES	(64 * 1024)
#define PLACE_OTHERS	4096

struct forker {
	struct wl_thread thread;
	uint64_t forks;
	uint64_t pause_us;
	atomic_int wchan;	/* its file, while it is in fork(); else 0 */
};

struct sampler {
	struct wl_thread thread;
	struct forker *forkers;
	unsigned int nr_forkers;
	uint64_t pause_us;
	uint64_t looks;
	uint64_t vma_lock, mmap_lock, running, other;	/* nanoseconds */
};

struct fork_app {
	struct wl wl;
	struct wl_cold cold;
	struct wl_area *areas;
	struct wl_faulter faulters[MAX_FAULTERS];
	struct forker forkers[MAX_FORKERS];
	struct sampler sampler;
	unsigned int nr_areas, nr_faulters, nr_forkers, nr_others;
	struct wl_thread *others[MAX_FORKERS + 1];
};

static struct wl_param params[] = {
	{ .name = "threads", .value = 500, .max = 4000, .min = 2,
	  .help = "threads of the process" },
	{ .name = "vmas", .value = 8000, .max = 30000, .min = 3,
	  .help = "its mappings" },
	{ .name = "faulters", .value = 32, .max = MAX_FAULTERS, .min = 1,
	  .help = "how many threads fault" },
	{ .name = "fault_pause_us", .value = 5000, .max = 60000000,
	  .help = "a faulter's pause after each" },
	{ .name = "pages", .value = 400, .max = 65536, .min = 1,
	  .help = "pages that each can fault in, in one phase" },
	{ .name = "forkers", .value = 1, .max = MAX_FORKERS, .min = 1,
	  .help = "how many threads fork" },
	{ .name = "forks", .value = 10, .max = 100000, .min = 1,
	  .help = "of each forker, in each phase" },
	{ .name = "fork_pause_us", .value = 20000, .max = 60000000,
	  .help = "a forker's pause between two" },
	{ .name = "sample_us", .value = 200, .max = 60000000, .min = 10,
	  .help = "between two looks at what forkers wait for" },
	WL_COLD_PARAMS,
	{ 0 }
};

/* ---- the process ---- */

static void *sleeper(void *arg)
{
	(void)arg;
	for (;;)
		pause();
	return NULL;
}

static void sleepers_start(const struct fork_app *s)
{
	unsigned int busy = s->nr_faulters + s->nr_forkers + 1;
	unsigned int threads = (unsigned int)wl_number(&s->wl, "threads");
	pthread_attr_t attr;
	pthread_t id;
	int ret = 0;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (unsigned int i = busy; i < threads && !ret; i++)
		ret = pthread_create(&id, &attr, sleeper, NULL);
	pthread_attr_destroy(&attr);
	if (ret)
		wl_die(&s->wl, "cannot start %u threads: %s", threads, strerror(ret));
}

/* Next to each other, and none can become one with its neighbour. */
static void others_map(const struct fork_app *s, unsigned int nr)
{
	char *at = wl_place(PLACE_OTHERS);

	for (unsigned int i = 0; i < nr; i++, at += 4 * WL_PAGE) {
		int prot = i % 2 ? PROT_NONE : PROT_READ | PROT_WRITE;

		if (mmap(at, 4 * WL_PAGE, prot, MAP_PRIVATE | MAP_ANONYMOUS |
			 MAP_NORESERVE | MAP_FIXED_NOREPLACE, -1, 0) != at)
			wl_die(&s->wl, "cannot map VMA %u of %u: %s", i, nr, strerror(errno));
		if (prot)
			*(volatile char *)at = 1;
	}
}

static void areas_map(struct fork_app *s, unsigned int nr)
{
	uint64_t pages = wl_number(&s->wl, "pages") * s->nr_faulters;
	uint32_t each = (uint32_t)(pages / nr) + 1;
	char *at = wl_place(0);

	s->areas = wl_alloc(&s->wl, nr, sizeof(*s->areas));
	s->nr_areas = nr;
	wl_cold_open(&s->cold, &s->wl, (uint64_t)each * nr + 1);
	for (unsigned int i = 0; i < nr; i++) {
		wl_area_file(&s->cold, &s->areas[i], at, i * each, each);
		/* It is not needed further on, and there may be only so many. */
		close(s->areas[i].fd);
		s->areas[i].fd = s->cold.fd;
		at += s->areas[i].bytes;
	}
	wl_deal(&s->cold, s->faulters, s->nr_faulters, s->areas, nr);
	for (unsigned int i = 0; i < s->nr_faulters; i++)
		s->faulters[i].pause_us = wl_number(&s->wl, "fault_pause_us");
}

/* ---- forkers, and who watches them ---- */

static void forker_body(struct wl_thread *thread)
{
	struct forker *f = (struct forker *)thread;
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "/proc/self/task/%ld/wchan", syscall(SYS_gettid));
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (uint64_t i = 0; i < f->forks && !wl_stopped(thread); i++) {
		uint64_t start, ns;
		pid_t child;

		wl_pause_us(f->pause_us);
		if (fd > 0)
			atomic_store(&f->wchan, fd);
		start = wl_now();
		/* The C library's fork() would run handlers and take locks. */
		child = (pid_t)syscall(SYS_clone, SIGCHLD, 0, 0, 0, 0);
		if (!child)
			_exit(0);
		ns = wl_now() - start;
		atomic_store(&f->wchan, 0);
		if (child < 0) {
			wl_fail(thread, "fork: %s", strerror(errno));
			break;
		}
		wl_record(thread, ns);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
	}
	close(fd);
}

static void look(struct sampler *s, int fd, uint64_t ns)
{
	char text[128];
	ssize_t n = pread(fd, text, sizeof(text) - 1, 0);

	if (n <= 0)
		return;
	text[n] = '\0';
	s->looks++;
	if (text[0] == '0')
		s->running += ns;
	else if (strstr(text, "vma"))
		s->vma_lock += ns;
	else if (strstr(text, "dup_m") || strstr(text, "copy_process") ||
		 strstr(text, "clone") || strstr(text, "rwsem"))
		s->mmap_lock += ns;
	else
		s->other += ns;
}

static void sampler_body(struct wl_thread *thread)
{
	struct sampler *s = (struct sampler *)thread;

	uint64_t last = wl_now();

	s->looks = s->vma_lock = s->mmap_lock = s->running = s->other = 0;
	while (!wl_stopped(thread)) {
		uint64_t at = wl_now();

		for (unsigned int i = 0; i < s->nr_forkers; i++) {
			int fd = atomic_load(&s->forkers[i].wchan);

			if (fd)
				look(s, fd, at - last);
		}
		last = at;
		wl_pause_us(s->pause_us);
	}
}

/* ---- the run ---- */

static void set_up(struct fork_app *s)
{
	unsigned int vmas = (unsigned int)wl_number(&s->wl, "vmas");

	areas_map(s, vmas / 3);
	others_map(s, vmas - vmas / 3);
	for (unsigned int i = 0; i < s->nr_forkers; i++) {
		struct forker *f = &s->forkers[i];

		f->thread.body = forker_body;
		f->thread.leader = true;
		f->forks = wl_number(&s->wl, "forks");
		f->pause_us = wl_number(&s->wl, "fork_pause_us");
		wl_samples_init(&s->wl, &f->thread.samples, f->forks);
		s->others[s->nr_others++] = &f->thread;
	}
	s->sampler = (struct sampler){
		.thread.body = sampler_body, .forkers = s->forkers,
		.nr_forkers = s->nr_forkers,
		.pause_us = wl_number(&s->wl, "sample_us"),
	};
	s->others[s->nr_others++] = &s->sampler.thread;
	sleepers_start(s);
}

/* @ns * @of / @all, where the product may not fit. */
static uint64_t part(uint64_t ns, uint64_t of, uint64_t all)
{
	return (uint64_t)((unsigned __int128)ns * of / all);
}

static void split_report(struct fork_app *s, const char *prefix)
{
	const struct sampler *p = &s->sampler;
	uint64_t all = p->vma_lock + p->mmap_lock + p->running + p->other, ns = 0;

	for (unsigned int i = 0; i < s->nr_forkers; i++)
		for (size_t n = 0; n < s->forkers[i].thread.samples.count; n++)
			ns += s->forkers[i].thread.samples.ns[n];
	wl_metric_of(&s->wl, prefix, "total_ns", ns);
	wl_metric_of(&s->wl, prefix, "looks", p->looks);
	/* Where the kernel does not say, everybody is always running. */
	if (!all || access("/proc/self/wchan", R_OK))
		return;
	wl_metric_of(&s->wl, prefix, "vma_lock_ns", part(ns, p->vma_lock, all));
	wl_metric_of(&s->wl, prefix, "mmap_lock_ns", part(ns, p->mmap_lock, all));
	wl_metric_of(&s->wl, prefix, "copy_ns", part(ns, p->running, all));
	wl_metric_of(&s->wl, prefix, "other_ns", part(ns, p->other, all));
}

static struct wl_summary phase(struct fork_app *s, bool idle)
{
	const struct wl_samples *all[MAX_FORKERS];

	wl_cold_phase(&s->cold, idle, s->faulters, s->nr_faulters, s->areas, s->nr_areas,
		      s->others, s->nr_others);
	for (unsigned int i = 0; i < s->nr_forkers; i++)
		all[i] = &s->forkers[i].thread.samples;
	split_report(s, idle ? "fork.idle" : "fork");
	return wl_summarize(&s->wl, all, s->nr_forkers);
}

int main(int argc, char **argv)
{
	static struct fork_app s = { .wl = { .name = "fork_app", .params = params } };
	const struct wl_samples *all[MAX_FORKERS];
	struct wl_summary idle;

	wl_parse(&s.wl, argc, argv);
	s.nr_faulters = (unsigned int)wl_number(&s.wl, "faulters");
	s.nr_forkers = (unsigned int)wl_number(&s.wl, "forkers");
	set_up(&s);
	idle = phase(&s, true);
	phase(&s, false);
	for (unsigned int i = 0; i < s.nr_forkers; i++)
		all[i] = &s.forkers[i].thread.samples;
	wl_against_idle(&s.wl, "fork", &idle, all, s.nr_forkers);
	wl_faulters_report(&s.wl, "fault", s.faulters, s.nr_faulters);
	wl_meter_report(&s.wl, &s.cold.meter);
	wl_emit(&s.wl);
	return 0;
}
