// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: for LD_PRELOAD into QEMU: its main loop is late, now more, now less,
 * with QEMU's lock held, and its clock stands still for seconds. A deterministic run
 * must not notice: what mflab preloads comes first.
 */
#define _GNU_SOURCE
#include <dlfcn.h>
#include <stdlib.h>
#include <sys/time.h>
#include <time.h>

#define LATEST_NS	60000

/* glib's; interposed */
void g_main_context_dispatch(void *context);

static long ns_since(const struct timespec *from)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (now.tv_sec - from->tv_sec) * 1000000000L + now.tv_nsec -
	       from->tv_nsec;
}

void g_main_context_dispatch(void *context)
{
	static void (*dispatch)(void *context);
	struct timespec begun;
	long late;

	if (!dispatch)
		*(void **)&dispatch = dlsym(RTLD_NEXT, "g_main_context_dispatch");
	clock_gettime(CLOCK_MONOTONIC, &begun);
	late = begun.tv_nsec % LATEST_NS;
	while (ns_since(&begun) < late)
		;
	dispatch(context);
}

int gettimeofday(struct timeval *tv, void *tz)
{
	struct timespec now;

	(void)tz;
	clock_gettime(CLOCK_REALTIME, &now);
	tv->tv_sec = now.tv_sec & ~7;
	tv->tv_usec = 0;
	return 0;
}
