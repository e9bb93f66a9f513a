// SPDX-License-Identifier: GPL-2.0-only
#include "harness_beside.h"

#include <errno.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

void wl_allocator_body(struct wl_thread *thread)
{
	struct wl_allocator *m = (struct wl_allocator *)thread;

	while (!wl_stopped(thread)) {
		uint64_t ns;
		const char *failed = wl_map_once(m->addr, m->bytes, &ns);

		if (failed) {
			wl_fail(thread, "%s: %s", failed, strerror(errno));
			return;
		}
		wl_record(thread, ns);
		wl_pause_us(m->pause_us);
	}
}

void wl_forker_body(struct wl_thread *thread)
{
	struct wl_forker *f = (struct wl_forker *)thread;

	while (!wl_stopped(thread)) {
		uint64_t start = wl_now(), ns;
		pid_t child = fork();

		if (!child)
			_exit(0);
		ns = wl_now() - start;
		if (child < 0) {
			wl_fail(thread, "fork: %s", strerror(errno));
			return;
		}
		wl_record(thread, ns);
		while (waitpid(child, NULL, 0) < 0 && errno == EINTR)
			;
		wl_pause_us(f->pause_us);
	}
}
