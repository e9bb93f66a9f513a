/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Threads beside those that fault: what a program does to its address space
 * meanwhile.  They run until the measured phase is stopped.
 */
#ifndef MAJORFAULT_HARNESS_BESIDE_H
#define MAJORFAULT_HARNESS_BESIDE_H

#include "harness.h"

#include <sys/mman.h>

/**
 * wl_map_once() - map anonymous memory, touch it, unmap it
 * @addr: where; nothing else may be mapped there
 * @bytes: how much
 * @ns: how long mmap() and munmap() took together, in nanoseconds
 *
 * Return: NULL, or the name of the call that failed, with errno.
 */
static inline const char *wl_map_once(char *addr, size_t bytes, uint64_t *ns)
{
	uint64_t start = wl_now();
	char *p = mmap(addr, bytes, PROT_READ | PROT_WRITE,
		       MAP_PRIVATE | MAP_ANONYMOUS | MAP_FIXED_NOREPLACE, -1, 0);

	*ns = wl_now() - start;
	if (p != addr)
		return "mmap";
	for (size_t i = 0; i < bytes; i += WL_PAGE)
		*(volatile char *)(p + i) = 1;
	start = wl_now();
	if (munmap(p, bytes))
		return "munmap";
	*ns += wl_now() - start;
	return NULL;
}

/**
 * struct wl_allocator - maps, touches and unmaps anonymous memory
 * @thread: its body is wl_allocator_body(); its samples are those of mmap() and munmap()
 * @addr: where; nothing else may be mapped there
 * @bytes: how much
 * @pause_us: between two
 */
struct wl_allocator {
	struct wl_thread thread;
	char *addr;
	size_t bytes;
	uint64_t pause_us;
};

/** wl_allocator_body() - map, touch, unmap until stopped */
void wl_allocator_body(struct wl_thread *thread);

/**
 * struct wl_forker - forks children that exit at once
 * @thread: its body is wl_forker_body(); its samples are those of fork() in the parent
 * @pause_us: between two
 */
struct wl_forker {
	struct wl_thread thread;
	uint64_t pause_us;
};

/** wl_forker_body() - fork until stopped */
void wl_forker_body(struct wl_thread *thread);

#endif
