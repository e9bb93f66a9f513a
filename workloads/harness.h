/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What every workload needs and no workload should write twice: key=value
 * parameters, threads that start together, latencies, the kernel's counters
 * and the record that comes of them.
 *
 * The measured phase allocates nothing: sample arrays are mapped and touched
 * before it starts, and text that is read during it goes to static buffers.
 */
#ifndef MAJORFAULT_HARNESS_H
#define MAJORFAULT_HARNESS_H

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <sys/resource.h>
#include <sys/types.h>
#include <time.h>

#define WL_PAGE		4096UL
#define WL_MAX_METRICS	256
#define WL_MAX_PARAMS	32
#define WL_MAX_HISTOGRAMS	64
#define WL_MAX_SPANS	64
#define WL_NO_SAMPLE	SIZE_MAX
#define WL_MAX_CLASSES	(59 * 64)	/* of wl_bound() */

/* ---- parameters ---- */

/**
 * struct wl_param - a parameter of a workload
 * @name: the key
 * @value: its value if it is a number; the default, until the user's is read
 * @min: the least a number may be
 * @max: the most; 0 together with @choices for a text
 * @text: its value if it is a text, else NULL
 * @choices: the texts allowed, blank separated; NULL: any
 * @derived: not for the user to set: found out by the workload, then reported
 * @help: one line for the user
 */
struct wl_param {
	const char *name;
	uint64_t value;
	uint64_t min;
	uint64_t max;
	const char *text;
	const char *choices;
	bool derived;
	const char *help;
};

struct wl_metric {
	char name[64];
	uint64_t value;
};

/**
 * struct wl_histogram - how the latencies of one operation are distributed
 * @name: the operation
 * @bound: for each class that is not empty, the greatest value it takes
 * @count: how many latencies are in it
 * @nr: how many classes
 */
struct wl_histogram {
	char name[32];
	uint64_t *bound;
	uint64_t *count;
	unsigned int nr;
};

/** struct wl_interval - who did what, and when; see wl_span() */
struct wl_interval {
	char who[24];
	char what[104];
	uint64_t begin;
	uint64_t end;
};

/**
 * struct wl - a run of a workload
 * @name: of the workload
 * @params: its parameters, ended by one without a name
 * @job: the job's number, from the key job=
 * @round: from the key round=
 * @arm: from the key arm=
 * @metrics: what was measured
 * @nr_metrics: how many of them
 * @histograms: distributions of latencies
 * @nr_histograms: how many of them
 * @spans: who held what, and who waited for it
 * @nr_spans: how many of them
 */
struct wl {
	const char *name;
	struct wl_param *params;
	uint64_t job;
	uint64_t round;
	const char *arm;
	struct wl_metric metrics[WL_MAX_METRICS];
	unsigned int nr_metrics;
	struct wl_histogram histograms[WL_MAX_HISTOGRAMS];
	unsigned int nr_histograms;
	struct wl_interval spans[WL_MAX_SPANS];
	unsigned int nr_spans;
};

/**
 * wl_parse() - read the command line: words of the form key=value
 * @wl: with name and params set; gets the rest
 * @argc: as main() got it
 * @argv: as main() got it
 *
 * The keys job, round and arm belong to every workload. A word that is not
 * key=value, an unknown key or a value out of range ends the program with
 * status 2 and a message; the word `help` lists the keys and ends it with 0.
 */
void wl_parse(struct wl *wl, int argc, char **argv);

/** wl_number() - value of a number parameter; the name must exist */
uint64_t wl_number(const struct wl *wl, const char *name);

/** wl_text() - value of a text parameter; the name must exist */
const char *wl_text(const struct wl *wl, const char *name);

/** wl_derive() - set a derived parameter; the name must exist */
void wl_derive(struct wl *wl, const char *name, uint64_t value);

/**
 * wl_die() - end the program with status 1 and a message on stderr
 * @wl: whose name comes first
 * @fmt: as printf()
 */
__attribute__((format(printf, 2, 3), noreturn))
void wl_die(const struct wl *wl, const char *fmt, ...);

/** wl_alloc() - zeroed memory; ends the program if there is none */
void *wl_alloc(const struct wl *wl, size_t count, size_t size);

/* ---- pseudo-random numbers: the same everywhere, for ever ---- */

/** struct wl_random - state of a xorshift64* generator, never 0 */
struct wl_random {
	uint64_t state;
};

/** wl_random_init() - a generator for a seed and a stream within it */
void wl_random_init(struct wl_random *r, uint64_t seed, uint64_t stream);

/** wl_random_below() - a number in [0, limit), limit > 0 */
uint32_t wl_random_below(struct wl_random *r, uint32_t limit);

/** wl_shuffle() - the numbers below @n in random order */
void wl_shuffle(uint32_t *order, uint32_t n, struct wl_random *r);

/* ---- page contents ---- */

/**
 * wl_word() - what word number @word of page @page must hold
 * @page: a number that no two pages share
 * @word: 0 to WL_PAGE / 8 - 1
 */
static inline uint64_t wl_word(uint64_t page, unsigned int word)
{
	uint64_t x = (page << 9 | word) + 0x9e3779b97f4a7c15ULL;

	x *= 0xd6e8feb86659fd93ULL;
	return x ^ x >> 32;
}

/** wl_page_fill() - write the contents of page number @page */
void wl_page_fill(void *addr, uint64_t page);

/**
 * wl_page_wrong() - look for a wrong word
 * @addr: the page
 * @page: its number
 * @words: how many words to look at, from the start
 *
 * Return: the number of the first wrong word, or @words if all are right.
 */
unsigned int wl_page_wrong(const void *addr, uint64_t page, unsigned int words);

/* ---- latencies ---- */

/** wl_now() - CLOCK_MONOTONIC in nanoseconds */
static inline uint64_t wl_now(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * 1000000000 + (uint64_t)ts.tv_nsec;
}

/**
 * struct wl_samples - latencies of one thread, in nanoseconds
 * @ns: the array, touched beforehand and not inherited by children
 * @end: for each, wl_now() when it was recorded; NULL: not kept
 * @count: how many there are
 * @room: how many there can be
 */
struct wl_samples {
	uint64_t *ns;
	uint64_t *end;
	size_t count;
	size_t room;
};

/** wl_samples_init() - make room; ends the program if there is no memory */
void wl_samples_init(const struct wl *wl, struct wl_samples *s, size_t room);

/** wl_samples_keep_ends() - from now on note when each was over, too; after init */
void wl_samples_keep_ends(const struct wl *wl, struct wl_samples *s);

/**
 * wl_samples_during() - the longest that was under way between two moments
 * @s: samples whose ends are kept
 * @begin: the first moment; 0 and UINT64_MAX: of all
 * @end: the second
 *
 * Return: its index, or WL_NO_SAMPLE.
 */
size_t wl_samples_during(const struct wl_samples *s, uint64_t begin, uint64_t end);

/**
 * wl_sample() - record one latency
 * Return: false if there was no room; nothing is ever left out silently.
 */
static inline bool wl_sample(struct wl_samples *s, uint64_t ns)
{
	if (s->count == s->room)
		return false;
	if (s->end)
		s->end[s->count] = wl_now();
	s->ns[s->count++] = ns;
	return true;
}

/**
 * wl_bound() - the class of a latency: the greatest value that is in it
 * @ns: a latency
 *
 * The classes are the same everywhere and for ever, or runs could not be
 * compared: 64 to a power of two, so that a class is at most 1.6 % wide.
 */
static inline uint64_t wl_bound(uint64_t ns)
{
	unsigned int low = ns < 128 ? 0 : 57 - (unsigned int)__builtin_clzll(ns);

	return ns | (((uint64_t)1 << low) - 1);
}

/**
 * struct wl_summary - latencies of several threads in few numbers
 * @count: how many; with 0 the others mean nothing
 * @p50: nearest rank, as are the following
 * @p90: in nanoseconds
 * @p99: in nanoseconds
 * @p999: in nanoseconds
 * @max: in nanoseconds
 */
struct wl_summary {
	uint64_t count;
	uint64_t p50, p90, p99, p999, max;
};

/** wl_summarize() - the summary of several threads' samples */
struct wl_summary wl_summarize(const struct wl *wl,
			       const struct wl_samples *const *s, unsigned int nr);

/** wl_summary_report() - as wl_samples_report(), of a summary */
void wl_summary_report(struct wl *wl, const char *prefix,
		       const struct wl_summary *sum);

/**
 * wl_against_idle() - how latencies differ from those with no fault in flight
 * @wl: gets all of wl_samples_report() for <prefix>; for <prefix>.idle that of @idle;
 *	<prefix>.p99_to_idle_x1000, the ratio of both p99; <prefix>.waited, how many
 *	took longer than the longest of @idle, and <prefix>.waited_ns, what these took
 *	in all beyond the median of @idle
 * @prefix: the operation
 * @idle: the same operation, measured with no fault in flight
 * @s: the threads' samples
 * @nr: how many threads
 */
void wl_against_idle(struct wl *wl, const char *prefix,
		     const struct wl_summary *idle,
		     const struct wl_samples *const *s, unsigned int nr);

/**
 * wl_samples_report() - count, percentiles, maximum, distribution of several threads
 * @wl: gets <prefix>.count, and if that is not 0 .p50_ns, .p90_ns, .p99_ns,
 *	.p999_ns and .max_ns; percentiles are by nearest rank; and a histogram
 * @prefix: the operation
 * @s: the threads' samples
 * @nr: how many threads; with 0 nothing is reported
 */
void wl_samples_report(struct wl *wl, const char *prefix,
		       const struct wl_samples *const *s, unsigned int nr);

/* ---- threads ---- */

struct wl_team;

/**
 * struct wl_thread - a thread of the measured phase
 * @body: what it does
 * @leader: the phase ends when every leader's body has returned; the others'
 *	bodies must return soon after wl_stopped() says so
 * @samples: latencies of its operation
 * @error: why it failed; "" if it did not
 * @major: its major faults (ru_majflt) in the phase
 * @minor: its minor faults (ru_minflt) in the phase
 */
struct wl_thread {
	void (*body)(struct wl_thread *thread);
	bool leader;
	struct wl_samples samples;
	char error[192];
	uint64_t major;
	uint64_t minor;
	/* private: */
	struct wl_team *team;
	pthread_t id;
};

/**
 * struct wl_team - threads that start together
 * @wl: the run
 * @threads: the threads
 * @nr: how many
 * @elapsed_ns: length of the measured phase, when it is over
 */
struct wl_team {
	struct wl *wl;
	struct wl_thread **threads;
	unsigned int nr;
	uint64_t elapsed_ns;
	/* private: */
	pthread_barrier_t barrier;
	atomic_uint leaders;
	atomic_bool stop;
};

/**
 * wl_team_run() - run the measured phase
 * @team: with wl, threads and nr set
 * @before: called when all threads are ready and none has started
 * @after: called when all are done and none has exited
 * @arg: for @before and @after
 *
 * Ends the program with a message if a thread failed.
 */
void wl_team_run(struct wl_team *team, void (*before)(void *arg),
		 void (*after)(void *arg), void *arg);

/** wl_stopped() - true when the thread should come to an end */
static inline bool wl_stopped(const struct wl_thread *thread)
{
	return atomic_load_explicit(&thread->team->stop, memory_order_relaxed);
}

/** wl_fail() - note why a thread failed and end the phase early */
__attribute__((format(printf, 2, 3)))
void wl_fail(struct wl_thread *thread, const char *fmt, ...);

/** wl_record() - wl_sample(), and an error if there is no room */
void wl_record(struct wl_thread *thread, uint64_t ns);

/** wl_check_page() - an error if a page does not hold what it must, up to @words */
bool wl_check_page(struct wl_thread *thread, const void *addr, uint64_t page,
		   unsigned int words, const char *what);

/** wl_pause_us() - sleep; 0 does not even yield */
void wl_pause_us(uint64_t us);

/* ---- what is in memory ---- */

/** wl_cache_extents() - read where the file's blocks are, if the file system can say */
void wl_cache_extents(int fd);

/** wl_resident_pages() - how many pages of a mapping are in memory, or cached */
uint64_t wl_resident_pages(const struct wl *wl, void *addr, uint64_t pages);

/**
 * wl_page_out() - page out one anonymous page
 *
 * A page that was just written to swap stays in the swap cache, and its next
 * fault is a minor one.  Mapped again, by a read that leaves it clean, it can
 * be paged out a second time, and then it is gone.
 * Return: as madvise().
 */
int wl_page_out(char *addr);

/** wl_swap_out() - page out until all is gone; ends the program if it will not go */
void wl_swap_out(const struct wl *wl, char *addr, uint64_t pages);

/* ---- the kernel's counters ---- */

/**
 * struct wl_disk - counters of a block device
 * @path: its directory in /sys; "" if it has none
 * @reads: read I/Os completed
 * @sectors: 512-byte sectors read
 */
struct wl_disk {
	char path[64];
	uint64_t reads;
	uint64_t sectors;
};

/** wl_disk_find() - the device with this number, if /sys knows it */
void wl_disk_find(struct wl_disk *disk, dev_t dev);

/** wl_disk_number() - a number in a file of the device's directory */
bool wl_disk_number(const struct wl_disk *disk, const char *file,
		    uint64_t *value);

/**
 * wl_disk_read() - read the counters, when nothing is in flight
 * Return: true if the device has them.
 */
bool wl_disk_read(struct wl_disk *disk);

/** wl_disk_latency_us() - how long the device takes; 0 if it does not say */
uint64_t wl_disk_latency_us(const struct wl_disk *disk);

/** wl_swap_find() - the device of the first swap area, if there is one */
void wl_swap_find(struct wl_disk *disk);

/** struct wl_counters - the kernel's and the process's counters at a moment */
struct wl_counters {
	char vmstat[32768];
	struct rusage usage;
};

/** wl_counters_read() - take them */
void wl_counters_read(struct wl_counters *c);

/**
 * wl_counters_report() - what happened between two moments
 * @wl: gets major_faults, major_faults_task, minor_faults, vma_lock_*,
 *	fault_*, mmap_lock_reads_by_faults, relocked and again, each if
 *	the kernel has it
 * @before: the first moment
 * @after: the second
 */
void wl_counters_report(struct wl *wl, const struct wl_counters *before,
			const struct wl_counters *after);

/** wl_vmstat_delta() - change of one line of /proc/vmstat, if it is there */
bool wl_vmstat_delta(const struct wl_counters *before,
		     const struct wl_counters *after, const char *name,
		     uint64_t *delta);

/**
 * struct wl_meter - what happened in a phase
 * @disk: the device of the file; path "" if it does not matter
 * @swap: that of the swap area
 * @disk_reads: its reads in the phase
 * @disk_sectors: the sectors that it read
 * @swap_reads: the swap device's
 * @elapsed_ns: length of the phase
 * @ready: if set, called when all threads are there and none has started
 * @arg: for @ready
 * @before: counters at its start
 * @after: at its end
 */
struct wl_meter {
	struct wl_disk disk, swap;
	uint64_t disk_reads, disk_sectors, swap_reads;
	uint64_t elapsed_ns;
	void (*ready)(void *arg);
	void *arg;
	struct wl_counters before, after;
};

/**
 * wl_phase() - run threads for a phase and meter it
 * @wl: the run
 * @m: with disk and swap found; gets the rest
 * @threads: the threads; their samples and errors start anew
 * @nr: how many
 */
void wl_phase(struct wl *wl, struct wl_meter *m, struct wl_thread **threads,
	      unsigned int nr);

/** wl_meter_report() - the counters, device_reads, device_sectors_read, swap_device_reads, elapsed_ns */
void wl_meter_report(struct wl *wl, const struct wl_meter *m);

/* ---- cgroups ---- */

/**
 * struct wl_cgroup - a cgroup of our own, right below the root
 * @wl: the run
 * @dir: its directory
 */
struct wl_cgroup {
	const struct wl *wl;
	char dir[128];
};

/**
 * wl_cgroup_make() - make it
 * @wl: the run
 * @g: the cgroup
 * @name: of its directory
 * @controllers: as for cgroup.subtree_control: "+memory"
 *
 * Ends the program with a message if the guest has none of this.
 */
void wl_cgroup_make(const struct wl *wl, struct wl_cgroup *g, const char *name,
		    const char *controllers);

/** wl_cgroup_write() - write one of its files; ends the program if it cannot */
void wl_cgroup_write(const struct wl_cgroup *g, const char *file, const char *text);

/** wl_cgroup_number() - a number, or the one in the line that begins with @key */
uint64_t wl_cgroup_number(const struct wl_cgroup *g, const char *file, const char *key);

/**
 * wl_cgroup_limit() - limit its memory to what it holds now and room for more
 * @g: the cgroup, with the controller memory
 * @file: memory.max or memory.high
 * @room_kb: that room
 *
 * Each CPU holds up to 64 pages that were charged and not used. They are given back
 * before, and so is all that can be reclaimed.
 * Return: the limit in bytes.
 */
uint64_t wl_cgroup_limit(const struct wl_cgroup *g, const char *file, uint64_t room_kb);

/** wl_cgroup_end() - this process goes back to the root; the cgroup is removed */
void wl_cgroup_end(const struct wl_cgroup *g);

/* ---- the record ---- */

/** wl_metric() - add a metric */
void wl_metric(struct wl *wl, const char *name, uint64_t value);

/**
 * wl_span() - tell that somebody did something from one moment to another
 * @wl: gets it; call it when the measured phase is over, from one thread
 * @who: who it was, for example "B"
 * @what: what it did, for example "mprotect, waits for A's VMA lock"; with the
 *	word "waits" it is drawn as waiting, without it as holding or working
 * @begin: wl_now() when it began
 * @end: wl_now() when it was over; not before @begin
 *
 * The report draws them below each other on one scale of time. They are for a
 * handful of steps that show who waits for whom, not for every operation: at
 * most WL_MAX_SPANS.
 */
void wl_span(struct wl *wl, const char *who, const char *what, uint64_t begin,
	     uint64_t end);

/** wl_metric_of() - add the metric <prefix>.<name> */
void wl_metric_of(struct wl *wl, const char *prefix, const char *name, uint64_t value);

/** wl_emit() - print the record, one line of JSON, to stdout */
void wl_emit(const struct wl *wl);

#endif
