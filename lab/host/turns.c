// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: preloaded into QEMU for deterministic runs (lab/host/qemu.c): its main
 * thread and the thread of the virtual CPUs take turns.
 *
 * QEMU's main thread wakes up at each expiry of a guest timer. If it gets QEMU's big
 * lock just when a virtual CPU has come to the next expiry, it, and not the CPUs'
 * thread, serves that, and another virtual CPU is the next to run. So it is kept from
 * that lock until the CPUs' thread waits, which it only does when all virtual CPUs are
 * idle. Nothing of the host's decides then: neither how busy it is nor what else makes
 * the CPUs' thread sleep, such as a page of its own under migration.
 *
 * The thread of the CPUs is the first but the main one that waits by a condition
 * variable, and the mutex that it gives is the big lock. From the moment that mflab
 * closes its end of the socket in $MFLAB_TURNS the threads run as they like: a guest
 * that spins until it is powered off would wait for a main thread that never may.
 */
#include <dlfcn.h>
#include <poll.h>
#include <pthread.h>
#include <stdbool.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/time.h>
#include <time.h>
#include <unistd.h>

#define LOOK_NS		20000000L

static pthread_cond_t idle = PTHREAD_COND_INITIALIZER;
/* Both written by the thread of the CPUs only; the second under the big lock. */
static pthread_mutex_t *big_lock;
static bool cpus_run;
static bool free_for_all;
static pthread_t main_thread;
static int mflab = -1;

static bool is_main(void)
{
	return pthread_equal(pthread_self(), main_thread);
}

/*
 * QEMU sizes a virtual CPU's TLB by how long ago it did so, of the host's time; and
 * from which page table entry the CPU takes what it knows is seen by the guest, in the
 * bits accessed and dirty. In the CPUs' thread it is a time that passes with each look
 * at it.
 */
int gettimeofday(struct timeval *tv, void *tz)
{
	static int64_t looks;
	struct timespec now;

	if (tz)
		memset(tz, 0, sizeof(struct timezone));
	if (is_main()) {
		clock_gettime(CLOCK_REALTIME, &now);
		tv->tv_sec = now.tv_sec;
		tv->tv_usec = now.tv_nsec / 1000;
	} else {
		looks++;
		tv->tv_sec = looks / 1000;
		tv->tv_usec = looks % 1000 * 1000;
	}
	return 0;
}

/* The C library's own. Condition variables have two versions; QEMU's is this one. */
static int lock(pthread_mutex_t *mutex)
{
	static int (*real)(pthread_mutex_t *mutex);

	if (!real)
		*(void **)&real = dlsym(RTLD_NEXT, "pthread_mutex_lock");
	return real(mutex);
}

static int wait_for(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	static int (*real)(pthread_cond_t *cond, pthread_mutex_t *mutex);

	if (!real)
		*(void **)&real = dlvsym(RTLD_NEXT, "pthread_cond_wait",
					 "GLIBC_2.3.2");
	return real(cond, mutex);
}

__attribute__((constructor)) static void begin(void)
{
	const char *fd = getenv("MFLAB_TURNS");

	main_thread = pthread_self();
	if (fd)
		mflab = atoi(fd);
	free_for_all = mflab < 0;
}

/* Nothing is ever sent to here: readable means closed. */
static bool let_go(void)
{
	struct pollfd pfd = { .fd = mflab, .events = POLLIN };

	return poll(&pfd, 1, 0) > 0;
}

static void wait_for_turn(void)
{
	struct timespec until;

	while (cpus_run && !free_for_all) {
		clock_gettime(CLOCK_REALTIME, &until);
		until.tv_nsec += LOOK_NS;
		if (until.tv_nsec >= 1000000000L) {
			until.tv_sec++;
			until.tv_nsec -= 1000000000L;
		}
		if (pthread_cond_timedwait(&idle, big_lock, &until))
			free_for_all = let_go();
	}
}

int pthread_mutex_lock(pthread_mutex_t *mutex)
{
	int err = lock(mutex);

	if (!err && mutex == __atomic_load_n(&big_lock, __ATOMIC_ACQUIRE) &&
	    !free_for_all && is_main())
		wait_for_turn();
	return err;
}

/* mflab wants to know that turns are taken. */
static void begin_turns(pthread_mutex_t *mutex)
{
	__atomic_store_n(&big_lock, mutex, __ATOMIC_RELEASE);
	if (write(mflab, "", 1) != 1)
		free_for_all = true;
}

int pthread_cond_wait(pthread_cond_t *cond, pthread_mutex_t *mutex)
{
	int err;

	if (free_for_all || is_main())
		return wait_for(cond, mutex);
	if (!big_lock)
		begin_turns(mutex);
	if (mutex != big_lock)
		return wait_for(cond, mutex);
	cpus_run = false;
	pthread_cond_signal(&idle);
	err = wait_for(cond, mutex);
	cpus_run = true;
	return err;
}
