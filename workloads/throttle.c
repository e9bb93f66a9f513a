// SPDX-License-Identifier: GPL-2.0-only
/*
 * throttle: can a thread of low priority, whose I/O is throttled, stall those that
 * change the address space it shares with them (R17)?
 *
 * The faulter is a process of its own that shares the memory (CLONE_VM), as the io
 * controller knows no threads: nice 19, in a cgroup whose io.max allows riops= reads a
 * second.  Of the others, one changes the protection of a part of the mapping that the
 * faulter faults in (write), one maps and unmaps elsewhere (mmap).
 */
#include "harness_cold.h"

#include <errno.h>
#include <sched.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define PLACE_MAPPER	100
#define STACK_BYTES	(256 * 1024)

struct throttle {
	struct wl wl;
	struct wl_cold cold;
	struct wl_cgroup group;
	struct wl_area area;
	struct wl_faulter faulter;
	struct wl_writer writer;
	struct wl_mapper mapper;
	struct wl_team team;	/* of the faulter alone: its stop flag */
	char *stack;
	atomic_int ready;
	uint64_t reads;		/* of the faulter, which lives longer than the phase */
};

static struct wl_param params[] = {
	{ .name = "riops", .value = 20, .max = 1000000, .min = 1,
	  .help = "reads a second that the faulter may make" },
	{ .name = "pages", .value = 512, .max = 65536, .min = 1,
	  .help = "pages that it can fault in, in one phase" },
	{ .name = "ops", .value = 200, .max = 1000000, .min = 2,
	  .help = "of the writer and of the mapper, in each phase; even" },
	{ .name = "pause_us", .value = 1000, .max = 60000000,
	  .help = "their pause between two" },
	WL_COLD_PARAMS,
	{ 0 }
};

/* It shares the memory, and the C library's thread data with who has started it. */
static int faulter_main(void *arg)
{
	struct throttle *s = arg;

	wl_cgroup_write(&s->group, "cgroup.procs", "0");
	setpriority(PRIO_PROCESS, 0, 19);
	atomic_store(&s->ready, 1);
	wl_faulter_body(&s->faulter.thread);
	_exit(0);
}

static pid_t faulter_start(struct throttle *s, bool idle)
{
	pid_t pid;

	s->faulter.next = 0;
	s->faulter.thread.samples.count = 0;
	s->faulter.thread.error[0] = '\0';
	s->faulter.thread.team = &s->team;
	/* As rare as they are when the reads are throttled. */
	s->faulter.idle_us = idle ? 1000000 / wl_number(&s->wl, "riops") : 0;
	atomic_store(&s->team.stop, false);
	atomic_store(&s->ready, 0);
	pid = clone(faulter_main, s->stack + STACK_BYTES,
		    CLONE_VM | CLONE_FS | CLONE_FILES | SIGCHLD, s);
	if (pid < 0)
		wl_die(&s->wl, "clone: %s", strerror(errno));
	while (!atomic_load(&s->ready) && waitpid(pid, NULL, WNOHANG) == 0)
		wl_pause_us(1000);
	return pid;
}

static void faulter_end(struct throttle *s, pid_t pid)
{
	int status = 0;

	atomic_store(&s->team.stop, true);
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	if (s->faulter.thread.error[0] || status)
		wl_die(&s->wl, "the faulter failed: %s", s->faulter.thread.error);
}

static void phase(struct throttle *s, bool idle)
{
	struct wl_thread *threads[] = { &s->writer.thread, &s->mapper.thread };
	pid_t pid;

	if (idle)
		wl_areas_warm(&s->cold, &s->area, 1);
	else
		wl_areas_cold(&s->cold, &s->area, 1);
	wl_disk_read(&s->cold.meter.disk);
	s->reads = s->cold.meter.disk.reads;
	pid = faulter_start(s, idle);
	wl_phase(&s->wl, &s->cold.meter, threads, 2);
	faulter_end(s, pid);
	wl_disk_read(&s->cold.meter.disk);
	s->reads = s->cold.meter.disk.reads - s->reads;
}

static void set_up(struct throttle *s)
{
	uint32_t pages = (uint32_t)wl_number(&s->wl, "pages");
	uint64_t ops = wl_number(&s->wl, "ops") & ~1ULL;
	uint64_t pause = wl_number(&s->wl, "pause_us");
	char text[128], number[32];

	wl_cold_open(&s->cold, &s->wl, pages + 1);
	wl_area_file(&s->cold, &s->area, wl_place(0), 0, pages);
	wl_deal(&s->cold, &s->faulter, 1, &s->area, 1);
	wl_writer_init(&s->wl, &s->writer, &s->area, 1, ops, pause, ops);
	wl_mapper_init(&s->wl, &s->mapper, wl_place(PLACE_MAPPER), ops, pause, ops);
	s->writer.thread.leader = true;
	s->mapper.thread.leader = true;
	s->stack = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (s->stack == MAP_FAILED)
		wl_die(&s->wl, "no memory for a stack: %s", strerror(errno));
	wl_cgroup_make(&s->wl, &s->group, "throttle", "+io");
	snprintf(text, sizeof(text), "%s/dev", s->cold.meter.disk.path);
	if (file_read(text, number, sizeof(number)) <= 0)
		wl_die(&s->wl, "cannot read %s", text);
	snprintf(text, sizeof(text), "%s riops=%llu", number,
		 (unsigned long long)wl_number(&s->wl, "riops"));
	wl_cgroup_write(&s->group, "io.max", text);
}

int main(int argc, char **argv)
{
	static struct throttle s = { .wl = { .name = "throttle", .params = params } };
	const struct wl_samples *w = &s.writer.thread.samples;
	const struct wl_samples *m = &s.mapper.thread.samples;
	struct wl_summary idle_w, idle_m;

	wl_parse(&s.wl, argc, argv);
	set_up(&s);
	phase(&s, true);
	idle_w = wl_summarize(&s.wl, &w, 1);
	idle_m = wl_summarize(&s.wl, &m, 1);
	phase(&s, false);
	wl_faulters_report(&s.wl, "fault", &s.faulter, 1);
	wl_against_idle(&s.wl, "write", &idle_w, &w, 1);
	wl_against_idle(&s.wl, "mmap", &idle_m, &m, 1);
	wl_metric(&s.wl, "write.met", s.writer.met);
	wl_meter_report(&s.wl, &s.cold.meter);
	if (s.reads < wl_faulters_done(&s.faulter, 1))
		wl_die(&s.wl, "%llu reads for %llu faults: something was cached",
		       (unsigned long long)s.reads,
		       (unsigned long long)wl_faulters_done(&s.faulter, 1));
	wl_cgroup_end(&s.group);
	wl_emit(&s.wl);
	return 0;
}
