/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the workloads share that run programs and libraries of the distribution, as
 * it has built them: memory that is smaller than the data, and the threads beside.
 */
#ifndef MAJORFAULT_REAL_H
#define MAJORFAULT_REAL_H

#include <stdatomic.h>
#include <sys/types.h>

#include "../harness_beside.h"

#define REAL_MAX_BESIDE	16

/** REAL_PARAMS - the parameters that these functions read */
#define REAL_PARAMS							\
	{ .name = "mmappers", .value = 1, .max = REAL_MAX_BESIDE,	\
	  .help = "threads that mmap, touch and munmap elsewhere" },	\
	{ .name = "mmap_pause_us", .value = 200, .max = 60000000,	\
	  .help = "their pause between two" },				\
	{ .name = "dir", .text = "/mnt",				\
	  .help = "directory on the slow device" },			\
	{ .name = "latency_us", .derived = true,			\
	  .help = "of the device" }

/**
 * real_cage() - a cgroup whose processes have so much memory
 * @wl: the run; the program ends if there can be no such cgroup
 * @g: the cgroup; who is to be kept in it writes 0 to its cgroup.procs
 * @mb: memory.max
 *
 * What a process has touched before it came is not counted.
 */
void real_cage(const struct wl *wl, struct wl_cgroup *g, uint64_t mb);

/** real_devices() - find the device of dir= and that of the swap area */
void real_devices(struct wl *wl, struct wl_meter *m);

/** real_copy() - copy a file; ends the program if it cannot */
void real_copy(const struct wl *wl, const char *from, const char *to, mode_t mode);

/**
 * real_on_sigbus() - let SIGBUS end the program only after it has told where it was
 *
 * The mapping, the size of its file, and whether read() gets that page: a page behind
 * the end of the file is the program's own mistake, or its library's, a page that can
 * be read is the kernel's.
 */
void real_on_sigbus(void);

/** real_drop_caches() - write back and forget all that nobody holds */
void real_drop_caches(void);

/**
 * real_mmappers() - as many as mmappers= says
 * @wl: the run
 * @m: gets them ready to run
 * Return: how many.
 */
unsigned int real_mmappers(const struct wl *wl, struct wl_allocator *m);

/**
 * real_report() - the counters, and whether the device was read
 * @wl: the run; ends if there was no major fault, or were fewer reads than these
 * @m: of the measured phase
 * @done: how many operations it was for
 * @rate: name of the metric for operations a second; NULL: none
 */
void real_report(struct wl *wl, const struct wl_meter *m, uint64_t done,
		 const char *rate);

/* ---- values that can be checked ---- */

#define REAL_VALUE_WORDS	123

/** struct real_value - a value in a database: 1,000 bytes */
struct real_value {
	uint64_t key;
	uint64_t version;
	uint64_t words[REAL_VALUE_WORDS];
};

/** real_value_fill() - what a key holds in a version */
void real_value_fill(struct real_value *v, uint64_t key, uint64_t version);

/**
 * real_value_check() - is it what was written?
 * @thread: fails if not
 * @data: the value that was read, of any alignment
 * @size: its bytes
 * @key: that was asked for
 * @from: the version that was complete before it was asked for
 * @to: the last one that was begun before the answer came
 */
bool real_value_check(struct wl_thread *thread, const void *data, size_t size,
		      uint64_t key, uint64_t from, uint64_t to);

#endif
