// SPDX-License-Identifier: GPL-2.0-only
/*
 * exiting: how long a process lives that was killed while its threads had faults in
 * flight, and how long process_mrelease() of it takes (R18).
 *
 * Each time a child is made whose threads fault, a page each, and one thread of which
 * changes the mapping that they fault in.  When all its reads are with the device, it is
 * killed; the parent waits for its death (exit.*), or releases its memory (release.*) and
 * waits for its death then.  With idle, the threads sleep and have no fault in flight.
 *
 * The faults are in a file (file), in anonymous memory (swap) and in shared memory that
 * is swapped out (shmem).
 */
#include "harness_cold.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/syscall.h>
#include <sys/wait.h>
#include <unistd.h>

#include "util.h"

#define MAX_FAULTERS	64
#define MAX_IN_VAIN	100
#define STACK_BYTES	(64 * 1024)

#ifndef SYS_process_mrelease
#define SYS_process_mrelease	448
#endif

enum { KIND_FILE, KIND_SWAP, KIND_SHMEM, NR_KINDS };

static const char *const kinds[NR_KINDS] = { "file", "swap", "shmem" };

/* What parent and child both see. */
struct shared {
	atomic_uint ready;
	atomic_uint wrong;
};

struct exiting {
	struct wl wl;
	struct wl_cold cold;
	struct wl_cgroup group;
	struct wl_area areas[NR_KINDS];
	struct shared *shared;
	unsigned int nr_faulters;
	unsigned int kind;
	unsigned int in_vain;
	bool idle;
	struct wl_samples exits, releases;
};

struct fault {
	struct exiting *s;
	uint32_t item;
};

static struct wl_param params[] = {
	{ .name = "faulters", .value = 8, .max = MAX_FAULTERS, .min = 1,
	  .help = "threads of the child that fault" },
	{ .name = "kills", .value = 10, .max = 10000, .min = 1,
	  .help = "children killed, of each kind, in each way" },
	WL_COLD_PARAMS,
	{ 0 }
};

/* ---- the child ---- */

static void *fault_once(void *arg)
{
	struct fault *f = arg;
	struct exiting *s = f->s;
	struct wl_area *a = &s->areas[s->kind];
	char *addr = wl_area_page(a, f->item);

	atomic_fetch_add(&s->shared->ready, 1);
	if (!s->idle && wl_page_wrong(addr, a->first + f->item, WL_PAGE / 8) != WL_PAGE / 8)
		atomic_fetch_add(&s->shared->wrong, 1);
	for (;;)
		pause();
	return NULL;
}

/* Write-locks the VMA that the others fault in, when they wait. */
static void *change(void *arg)
{
	struct exiting *s = arg;
	struct wl_area *a = &s->areas[s->kind];

	atomic_fetch_add(&s->shared->ready, 1);
	wl_pause_us(s->cold.latency_us / 5);
	munmap(a->addr + a->tail, a->bytes - a->tail);
	for (;;)
		pause();
	return NULL;
}

static void child(struct exiting *s)
{
	static struct fault faults[MAX_FAULTERS];
	pthread_attr_t attr;
	pthread_t id;

	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (unsigned int i = 0; i < s->nr_faulters; i++) {
		faults[i] = (struct fault){ s, i };
		if (pthread_create(&id, &attr, fault_once, &faults[i]))
			_exit(1);
	}
	if (pthread_create(&id, &attr, change, s))
		_exit(1);
	for (;;)
		pause();
}

/* ---- making it cold ---- */

/* The pages of shared memory are charged to a cgroup in which nothing else is. */
static void shmem_make(struct exiting *s, struct wl_area *a)
{
	pid_t pid;
	int status;

	a->fd = -1;
	a->first = 3ULL << 32;
	a->items = s->nr_faulters;
	a->tail = a->items * WL_PAGE;
	a->bytes = a->tail + WL_SLOT_BYTES;
	a->addr = mmap(wl_place(KIND_SHMEM), a->bytes, PROT_READ | PROT_WRITE, MAP_SHARED |
		       MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);
	if (a->addr == MAP_FAILED)
		wl_die(&s->wl, "cannot map shared memory: %s", strerror(errno));
	wl_cgroup_make(&s->wl, &s->group, "exiting", "+memory");
	pid = fork();
	if (!pid) {
		wl_cgroup_write(&s->group, "cgroup.procs", "0");
		for (uint32_t i = 0; i < a->items; i++)
			wl_page_fill(a->addr + i * WL_PAGE, a->first + i);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		wl_die(&s->wl, "the shared memory could not be made");
}

static void shmem_cold(struct exiting *s, struct wl_area *a)
{
	char path[192];

	snprintf(path, sizeof(path), "%s/memory.reclaim", s->group.dir);
	for (int try = 0; try < 100; try++) {
		if (!wl_resident_pages(&s->wl, a->addr, a->items))
			return;
		if (try)
			file_write("/proc/sys/vm/drop_caches", "1");
		file_write(path, "4M");		/* says EAGAIN when there is less */
		/* Until it is written. */
		wl_pause_us(2 * s->cold.latency_us + 10000);
	}
	wl_die(&s->wl, "shared memory cannot be swapped out: is there a `swapon` job?");
}

static void make_cold(struct exiting *s)
{
	struct wl_area *a = &s->areas[s->kind];

	if (s->kind == KIND_SHMEM)
		shmem_cold(s, a);
	else
		wl_areas_cold(&s->cold, a, 1);
}

/* ---- killing ---- */

static unsigned int in_flight(struct exiting *s)
{
	const struct wl_disk *disk = s->kind == KIND_FILE ? &s->cold.meter.disk :
							    &s->cold.meter.swap;
	char path[128], text[64];
	unsigned int reads = 0;

	snprintf(path, sizeof(path), "%s/inflight", disk->path);
	if (file_read(path, text, sizeof(text)) <= 0 || sscanf(text, "%u", &reads) != 1)
		wl_die(&s->wl, "cannot read %s", path);
	return reads;
}

/* A kill while no read is in flight, which takes a host that is busy, does not count. */
static bool kill_one(struct exiting *s, bool release)
{
	uint64_t start, ns;
	int pidfd, status;
	bool counts;
	pid_t pid;

	make_cold(s);
	atomic_store(&s->shared->ready, 0);
	pid = fork();
	if (!pid)
		child(s);
	pidfd = (int)syscall(SYS_pidfd_open, pid, 0);
	if (pid < 0 || pidfd < 0)
		wl_die(&s->wl, "fork: %s", strerror(errno));
	while (atomic_load(&s->shared->ready) <= s->nr_faulters && !waitpid(pid, &status, WNOHANG))
		wl_pause_us(100);
	/* Late enough for the change to have begun, and before the device answers. */
	wl_pause_us(2 * s->cold.latency_us / 5);
	counts = s->idle || in_flight(s);
	start = wl_now();
	kill(pid, SIGKILL);
	if (release) {
		/* ESRCH: it was so quick that nothing was left to release. */
		if (syscall(SYS_process_mrelease, pidfd, 0) && errno != ESRCH)
			wl_die(&s->wl, "process_mrelease: %s", strerror(errno));
		ns = wl_now() - start;
		if (counts)
			wl_sample(&s->releases, ns);
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	ns = wl_now() - start;
	if (!release && counts)
		wl_sample(&s->exits, ns);
	close(pidfd);
	while (in_flight(s))
		wl_pause_us(1000);
	return counts;
}

static void kill_all(struct exiting *s, bool idle)
{
	s->idle = idle;
	s->exits.count = 0;
	s->releases.count = 0;
	for (uint64_t i = 0; i < 2 * wl_number(&s->wl, "kills"); ) {
		if (kill_one(s, i % 2))
			i++;
		else if (++s->in_vain > MAX_IN_VAIN)
			wl_die(&s->wl, "%s: no read is in flight when the child is killed, %u times",
			       kinds[s->kind], s->in_vain);
	}
}

static void measure(struct exiting *s)
{
	const struct wl_samples *exits = &s->exits, *releases = &s->releases;
	struct wl_summary idle_exit, idle_release;
	char prefix[32];

	kill_all(s, true);
	idle_exit = wl_summarize(&s->wl, &exits, 1);
	idle_release = wl_summarize(&s->wl, &releases, 1);
	kill_all(s, false);
	snprintf(prefix, sizeof(prefix), "exit.%s", kinds[s->kind]);
	wl_against_idle(&s->wl, prefix, &idle_exit, &exits, 1);
	snprintf(prefix, sizeof(prefix), "release.%s", kinds[s->kind]);
	wl_against_idle(&s->wl, prefix, &idle_release, &releases, 1);
}

int main(int argc, char **argv)
{
	static struct exiting s = { .wl = { .name = "exiting", .params = params } };
	uint64_t kills;

	wl_parse(&s.wl, argc, argv);
	s.nr_faulters = (unsigned int)wl_number(&s.wl, "faulters");
	kills = wl_number(&s.wl, "kills");
	wl_samples_init(&s.wl, &s.exits, kills);
	wl_samples_init(&s.wl, &s.releases, kills);
	s.shared = mmap(NULL, WL_PAGE, PROT_READ | PROT_WRITE, MAP_SHARED | MAP_ANONYMOUS,
			-1, 0);
	if (s.shared == MAP_FAILED)
		wl_die(&s.wl, "no shared memory: %s", strerror(errno));
	wl_cold_open(&s.cold, &s.wl, s.nr_faulters + 1);
	wl_area_file(&s.cold, &s.areas[KIND_FILE], wl_place(KIND_FILE), 0, s.nr_faulters);
	wl_area_anon(&s.cold, &s.areas[KIND_SWAP], wl_place(KIND_SWAP), 2ULL << 32,
		     s.nr_faulters);
	shmem_make(&s, &s.areas[KIND_SHMEM]);
	for (s.kind = 0; s.kind < NR_KINDS; s.kind++)
		measure(&s);
	if (atomic_load(&s.shared->wrong))
		wl_die(&s.wl, "wrong contents in a child");
	wl_cgroup_end(&s.group);
	wl_metric(&s.wl, "in_vain", s.in_vain);
	wl_emit(&s.wl);
	return 0;
}
