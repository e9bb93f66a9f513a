/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Memory that is not there yet, and threads that fault in it: pages of a file on
 * a slow device, or anonymous pages that are swapped out.  Each fault is a major
 * fault with a read of its own, and what it brings in is checked.
 *
 * The file is sparse: each fault-around window of 16 pages (a slot) has one page
 * with contents, and only that is touched.  So no fault maps what another one is
 * to find absent, and the file is a sixteenth of what is mapped.
 *
 * A workload runs each of its phases twice, with faults in flight and without
 * ("idle").  In an idle phase the same threads touch the same pages in the same
 * rhythm; but the pages are in memory, and the threads sleep as long as the device
 * would take.  So the two differ by the faults in flight, and not by how busy the
 * CPUs are.
 */
#ifndef MAJORFAULT_HARNESS_COLD_H
#define MAJORFAULT_HARNESS_COLD_H

#include "harness.h"

#define WL_SLOT_PAGES	16UL
#define WL_SLOT_BYTES	(WL_SLOT_PAGES * WL_PAGE)

/** WL_COLD_PARAMS - the parameters that these functions read */
#define WL_COLD_PARAMS							\
	{ .name = "seed", .value = 4711, .max = UINT32_MAX,		\
	  .help = "of all random choices" },				\
	{ .name = "dir", .text = "/mnt",				\
	  .help = "directory on the slow device" },			\
	{ .name = "latency_us", .derived = true,			\
	  .help = "of the device" }

/**
 * struct wl_cold - the file, and the devices
 * @wl: the run
 * @path: of the file
 * @fd: the file
 * @slots: how many it has
 * @latency_us: of the device
 * @meter: with both devices found
 */
struct wl_cold {
	struct wl *wl;
	char path[512];
	int fd;
	uint64_t slots;
	uint64_t latency_us;
	struct wl_meter meter;
};

/**
 * struct wl_area - a mapping with pages to fault in
 * @addr: where it is
 * @bytes: all of it
 * @tail: offset of its last WL_SLOT_BYTES, which nobody faults in
 * @first: number of the first page's contents
 * @items: how many pages there are to fault in
 * @fd: of the file, opened for this mapping; -1 if anonymous
 * @in_flight: how many faults are in flight in it
 */
struct wl_area {
	char *addr;
	size_t bytes;
	size_t tail;
	uint64_t first;
	uint32_t items;
	int fd;
	atomic_uint in_flight;
};

/** struct wl_target - a page to fault in */
struct wl_target {
	struct wl_area *area;
	uint32_t item;
};

/**
 * struct wl_faulter - a thread that faults
 * @thread: its body is wl_faulter_body(); a leader has to make all its faults
 * @targets: the pages, in order; no other faulter has them
 * @nr: how many
 * @next: the next one; a phase begins with 0
 * @idle_us: sleep so long before each touch: the page is there (an idle phase)
 * @pause_us: sleep so long after each touch
 * @write: write to the page's last word
 */
struct wl_faulter {
	struct wl_thread thread;
	struct wl_target *targets;
	uint32_t nr;
	uint32_t next;
	uint64_t idle_us;
	uint64_t pause_us;
	bool write;
};

/** wl_cold_open() - the file with so many slots, and the devices */
void wl_cold_open(struct wl_cold *c, struct wl *wl, uint64_t slots);

/** wl_place() - an address for a mapping: far from all others; below 8192 */
char *wl_place(unsigned int n);

/**
 * wl_area_file() - map slots of the file, MADV_RANDOM, shared, for reading
 * @c: the file
 * @a: the mapping
 * @at: its address, aligned to WL_SLOT_BYTES
 * @first: the first slot
 * @items: how many, and one more for the tail
 */
void wl_area_file(struct wl_cold *c, struct wl_area *a, char *at, uint64_t first,
		  uint32_t items);

/** wl_area_anon() - make anonymous pages; and WL_SLOT_BYTES more for the tail */
void wl_area_anon(struct wl_cold *c, struct wl_area *a, char *at, uint64_t first,
		  uint32_t items);

/** wl_area_page() - the address of a page */
char *wl_area_page(const struct wl_area *a, uint32_t item);

/** wl_areas_cold() - nothing of it is in memory */
void wl_areas_cold(struct wl_cold *c, struct wl_area *a, unsigned int nr);

/** wl_areas_warm() - all is in memory; pages of the file are not mapped */
void wl_areas_warm(struct wl_cold *c, struct wl_area *a, unsigned int nr);

/** wl_area_unmap() - unmap it and close its file */
void wl_area_unmap(struct wl_area *a);

/**
 * wl_deal() - deal the pages of all areas, shuffled, to faulters
 *
 * Makes room for their samples as well.
 */
void wl_deal(struct wl_cold *c, struct wl_faulter *f, unsigned int nr_faulters,
	     struct wl_area *a, unsigned int nr_areas);

/** wl_faulter_body() - fault until stopped, or until all is there */
void wl_faulter_body(struct wl_thread *thread);

/**
 * wl_cold_phase() - a phase: faulters from their first page on, and others
 * @c: the file; its meter gets what happened
 * @idle: as described above
 * @f: faulters
 * @nr_faulters: how many
 * @a: their areas
 * @nr_areas: how many
 * @others: threads besides
 * @nr_others: how many
 *
 * Ends the program if there were fewer reads than major faults.
 */
void wl_cold_phase(struct wl_cold *c, bool idle, struct wl_faulter *f,
		   unsigned int nr_faulters, struct wl_area *a, unsigned int nr_areas,
		   struct wl_thread **others, unsigned int nr_others);

/** wl_faulters_report() - wl_samples_report() of all faulters */
void wl_faulters_report(struct wl *wl, const char *prefix,
			const struct wl_faulter *f, unsigned int nr);

/** wl_faulters_done() - how many faults they have made in the last phase */
uint64_t wl_faulters_done(const struct wl_faulter *f, unsigned int nr);

#endif
