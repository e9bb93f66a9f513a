/* SPDX-License-Identifier: GPL-2.0-only */
/* What coldstart and the thread that it puts into a program share. */
#ifndef MAJORFAULT_MAPPER_H
#define MAJORFAULT_MAPPER_H

#include <stdint.h>

#define MAPPER_FD	3	/* inherited by the program: struct mapper_shared */
#define MAPPER_ROOM	65536
#define MAPPER_BYTES	(64 * 1024)

/**
 * struct mapper_shared - latencies of the thread
 * @pause_us: between two
 * @count: how many there are
 * @error: errno of what went wrong
 * @ns: each mmap() and munmap(), in nanoseconds
 */
struct mapper_shared {
	uint64_t pause_us;
	uint64_t count;
	uint64_t error;
	uint64_t ns[MAPPER_ROOM];
};

#endif
