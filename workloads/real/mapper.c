// SPDX-License-Identifier: GPL-2.0-only
/*
 * mapper.so: a thread that maps, touches and unmaps memory in the program that loads
 * this with LD_PRELOAD, from its first moment to its last.
 */
#include <errno.h>
#include <pthread.h>
#include <sys/mman.h>
#include <unistd.h>

#include "../harness_beside.h"
#include "mapper.h"

#define MAPPER_ADDR	((char *)0x100000000000UL)

static struct mapper_shared *shared;

static void *mapper_main(void *arg)
{
	struct timespec pause = {
		(time_t)(shared->pause_us / 1000000),
		(long)(shared->pause_us % 1000000 * 1000)
	};

	while (shared->count < MAPPER_ROOM) {
		uint64_t ns;

		if (wl_map_once(MAPPER_ADDR, MAPPER_BYTES, &ns)) {
			shared->error = (uint64_t)errno;
			break;
		}
		shared->ns[shared->count++] = ns;
		nanosleep(&pause, NULL);
	}
	return arg;
}

__attribute__((constructor))
static void mapper_start(void)
{
	pthread_t id;
	void *p = mmap(NULL, sizeof(*shared), PROT_READ | PROT_WRITE,
		       MAP_SHARED | MAP_POPULATE, MAPPER_FD, 0);

	close(MAPPER_FD);
	if (p == MAP_FAILED)
		_exit(126);
	shared = p;
	if (pthread_create(&id, NULL, mapper_main, NULL))
		_exit(126);
	pthread_detach(id);
}
