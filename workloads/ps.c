// SPDX-License-Identifier: GPL-2.0-only
/*
 * ps: how long one process waits who only wants to read another's command line.
 *
 * The threads of a program fault in a file on a slow device, and its memory cgroup
 * holds a fraction of it (as in thrash).  Every other page they hand to a system call
 * (write()), so that it is kernel code that faults: on x86 that takes mmap_lock.  If
 * such a fault starts over and its page has been reclaimed meanwhile, it reads with
 * mmap_lock held; a thread that forks waits for that, and behind it everybody who wants
 * mmap_lock for reading, as does the reader of /proc/PID/cmdline.
 */
#include "harness_beside.h"
#include "harness_cold.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/wait.h>
#include <unistd.h>

#define MAX_THREADS	256
#define CHECKED_WORDS	64
#define ROOM_FORK	(1 << 16)
#define ROOM_LOOKS	(1 << 19)

struct toucher {
	struct wl_thread thread;
	const struct wl_faulter *share;
	uint64_t rounds;
	int sink;
};

/* What the process that looks shares with the one that it looks at. */
struct looks {
	atomic_bool begin;
	size_t count;
	uint64_t ns[ROOM_LOOKS];
};

struct ps {
	struct wl wl;
	struct wl_cold cold;
	struct wl_cgroup group;
	struct wl_area area;
	struct wl_faulter shares[MAX_THREADS];
	struct toucher touchers[MAX_THREADS];
	struct wl_forker forker;
	struct looks *looks;
	pid_t looker;
	struct wl_thread *threads[MAX_THREADS + 1];
	unsigned int nr_touchers, nr_threads;
};

static struct wl_param params[] = {
	{ .name = "threads", .value = 8, .max = MAX_THREADS, .min = 1,
	  .help = "threads that fault" },
	{ .name = "pages", .value = 128, .max = 65536, .min = 1,
	  .help = "pages of each" },
	{ .name = "rounds", .value = 3, .max = 1000, .min = 1,
	  .help = "how often each touches its pages" },
	{ .name = "room_kb", .value = 768, .max = 1 << 24, .min = 64,
	  .help = "room for the page cache" },
	{ .name = "forkers", .value = 1, .max = 1,
	  .help = "a thread that forks" },
	{ .name = "fork_pause_us", .value = 5000, .max = 60000000,
	  .help = "its pause between two" },
	{ .name = "look_pause_us", .value = 500, .max = 60000000,
	  .help = "the pause of the process that looks" },
	WL_COLD_PARAMS,
	{ 0 }
};

static void toucher_body(struct wl_thread *thread)
{
	struct toucher *t = (struct toucher *)thread;

	for (uint64_t round = 0; round < t->rounds; round++) {
		for (uint32_t i = 0; i < t->share->nr && !wl_stopped(thread); i++) {
			const struct wl_target *target = &t->share->targets[i];
			char *addr = wl_area_page(target->area, target->item);
			uint64_t start = wl_now();

			if (i % 2 == 0) {
				(void)*(volatile char *)addr;
			} else if (pwrite(t->sink, addr, WL_PAGE, 0) != (ssize_t)WL_PAGE) {
				wl_fail(thread, "pwrite: %s", strerror(errno));
				return;
			}
			wl_record(thread, wl_now() - start);
			if (i % 2 == 0 &&
			    !wl_check_page(thread, addr, target->area->first + target->item,
					   CHECKED_WORDS, "file"))
				return;
		}
	}
}

/* The process that looks: until it is killed. */
static void look(struct ps *s, pid_t pid)
{
	char path[64], text[4096];

	snprintf(path, sizeof(path), "/proc/%d/cmdline", (int)pid);
	while (!atomic_load(&s->looks->begin))
		wl_pause_us(1000);
	for (size_t i = 0; i < ROOM_LOOKS; i++) {
		int fd = open(path, O_RDONLY | O_CLOEXEC);
		uint64_t start = wl_now();

		if (fd < 0 || read(fd, text, sizeof(text)) <= 0)
			_exit(1);
		s->looks->ns[i] = wl_now() - start;
		s->looks->count = i + 1;
		close(fd);
		wl_pause_us(wl_number(&s->wl, "look_pause_us"));
	}
	_exit(0);
}

/* Before there are threads, and outside of the cgroup. */
static void start_looker(struct ps *s)
{
	pid_t pid = getpid();

	s->looks = mmap(NULL, sizeof(*s->looks), PROT_READ | PROT_WRITE,
			MAP_SHARED | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s->looks == MAP_FAILED)
		wl_die(&s->wl, "mmap: %s", strerror(errno));
	s->looker = fork();
	if (s->looker < 0)
		wl_die(&s->wl, "fork: %s", strerror(errno));
	if (!s->looker)
		look(s, pid);
}

static void set_up(struct ps *s)
{
	uint64_t rounds = wl_number(&s->wl, "rounds");
	uint32_t pages = (uint32_t)wl_number(&s->wl, "pages") * s->nr_touchers;

	wl_cold_open(&s->cold, &s->wl, pages + 1);
	wl_area_file(&s->cold, &s->area, wl_place(0), 0, pages);
	wl_deal(&s->cold, s->shares, s->nr_touchers, &s->area, 1);
	for (unsigned int i = 0; i < s->nr_touchers; i++) {
		struct toucher *t = &s->touchers[i];

		*t = (struct toucher){ .thread = { .body = toucher_body, .leader = true },
				       .share = &s->shares[i], .rounds = rounds };
		t->sink = memfd_create("sink", MFD_CLOEXEC);
		if (t->sink < 0)
			wl_die(&s->wl, "memfd_create: %s", strerror(errno));
		wl_samples_init(&s->wl, &t->thread.samples, s->shares[i].nr * rounds);
		s->threads[s->nr_threads++] = &t->thread;
	}
	if (wl_number(&s->wl, "forkers")) {
		s->forker = (struct wl_forker){ .thread.body = wl_forker_body,
			.pause_us = wl_number(&s->wl, "fork_pause_us") };
		wl_samples_init(&s->wl, &s->forker.thread.samples, ROOM_FORK);
		s->threads[s->nr_threads++] = &s->forker.thread;
	}
}

static void limit(void *arg)
{
	struct ps *s = arg;

	wl_metric(&s->wl, "limit_bytes", wl_cgroup_limit(&s->group, "memory.max",
			  wl_number(&s->wl, "room_kb")));
	atomic_store(&s->looks->begin, true);
}

/* As in thrash: what is charged without a limit is not to come under it. */
static void charge_all_else(struct ps *s)
{
	wl_cgroup_make(&s->wl, &s->group, "ps", "+memory");
	wl_cgroup_write(&s->group, "memory.swap.max", "0");
	wl_cgroup_write(&s->group, "cgroup.procs", "0");
	wl_areas_warm(&s->cold, &s->area, 1);
	wl_phase(&s->wl, &s->cold.meter, s->threads, s->nr_threads);
	wl_areas_cold(&s->cold, &s->area, 1);
}

static void report(struct ps *s)
{
	struct wl_samples looks = { .ns = s->looks->ns, .count = s->looks->count,
				    .room = ROOM_LOOKS };
	const struct wl_samples *all[MAX_THREADS] = { &looks };
	const struct wl_samples *forks = &s->forker.thread.samples;
	uint64_t faults = 0, touches = 0, reads = s->cold.meter.disk_reads;

	wl_samples_report(&s->wl, "cmdline", all, 1);
	wl_samples_report(&s->wl, "fork", &forks, (unsigned int)wl_number(&s->wl, "forkers"));
	for (unsigned int i = 0; i < s->nr_touchers; i++) {
		all[i] = &s->touchers[i].thread.samples;
		faults += s->touchers[i].thread.major;
		touches += all[i]->count;
	}
	wl_samples_report(&s->wl, "touch", all, s->nr_touchers);
	wl_metric(&s->wl, "touches", touches);
	wl_metric(&s->wl, "faults", faults);
	wl_metric(&s->wl, "oom_kills",
		  wl_cgroup_number(&s->group, "memory.events", "oom_kill"));
	wl_metric(&s->wl, "limit_hits", wl_cgroup_number(&s->group, "memory.events", "max"));
	wl_meter_report(&s->wl, &s->cold.meter);
	if (reads < touches / 4)
		wl_die(&s->wl, "only %llu reads for %llu touches: give less room_kb=",
		       (unsigned long long)reads, (unsigned long long)touches);
}

int main(int argc, char **argv)
{
	static struct ps s = { .wl = { .name = "ps", .params = params } };
	int status;

	wl_parse(&s.wl, argc, argv);
	s.nr_touchers = (unsigned int)wl_number(&s.wl, "threads");
	start_looker(&s);
	set_up(&s);
	charge_all_else(&s);
	s.cold.meter.ready = limit;
	s.cold.meter.arg = &s;
	wl_phase(&s.wl, &s.cold.meter, s.threads, s.nr_threads);
	kill(s.looker, SIGKILL);
	if (waitpid(s.looker, &status, 0) != s.looker || !WIFSIGNALED(status))
		wl_die(&s.wl, "the process that looks has ended before");
	report(&s);
	wl_cgroup_end(&s.group);
	wl_emit(&s.wl);
	return 0;
}
