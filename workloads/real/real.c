// SPDX-License-Identifier: GPL-2.0-only
#include "real.h"

#include <errno.h>
#include <fcntl.h>
#include <signal.h>
#include <stdio.h>
#include <string.h>
#include <sys/sendfile.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#define MMAP_BYTES	(64 * 1024)
/* Far from what the C library and the kernel choose. */
#define MMAP_BASE	0x100000000000UL
#define MMAP_STEP	0x1000000000UL
#define SAMPLES		(1 << 17)

void real_cage(const struct wl *wl, struct wl_cgroup *g, uint64_t mb)
{
	char text[32];

	wl_cgroup_make(wl, g, "real", "+memory");
	snprintf(text, sizeof(text), "%llu", (unsigned long long)mb << 20);
	wl_cgroup_write(g, "memory.max", text);
}

void real_devices(struct wl *wl, struct wl_meter *m)
{
	const char *dir = wl_text(wl, "dir");
	struct stat st;

	if (stat(dir, &st))
		wl_die(wl, "%s: %s", dir, strerror(errno));
	wl_disk_find(&m->disk, st.st_dev);
	if (!wl_disk_read(&m->disk))
		wl_die(wl, "dir=%s is on no block device with counters in /sys", dir);
	wl_swap_find(&m->swap);
	wl_derive(wl, "latency_us", wl_disk_latency_us(&m->disk));
}

void real_copy(const struct wl *wl, const char *from, const char *to, mode_t mode)
{
	int in = open(from, O_RDONLY | O_CLOEXEC);
	int out = open(to, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode);
	ssize_t n = -1;

	if (in >= 0 && out >= 0)
		while ((n = sendfile(out, in, NULL, 1 << 20)) > 0)
			;
	if (n < 0)
		wl_die(wl, "cannot copy %s to %s: %s (is the device large enough?)", from,
		       to, strerror(errno));
	close(in);
	close(out);
}

void real_drop_caches(void)
{
	for (int i = 0; i < 2; i++) {
		sync();
		file_write("/proc/sys/vm/drop_caches", "3");
	}
}

/* One line of /proc/self/maps: the mapping with @addr, and where in its file that is. */
static bool mapping_of(const char *line, unsigned long addr, unsigned long *at,
		       char *path, size_t size)
{
	unsigned long from, to, offset;
	int name = 0;

	if (sscanf(line, "%lx-%lx %*s %lx %*s %*s %n", &from, &to, &offset, &name) < 3 ||
	    addr < from || addr >= to)
		return false;
	*at = offset + (addr - from);
	snprintf(path, size, "%.*s", (int)strcspn(line + name, "\n"), line + name);
	return true;
}

/* It ends the process, so what it calls need not be safe in a handler. */
static void tell_sigbus(int sig, siginfo_t *info, void *context)
{
	FILE *maps = fopen("/proc/self/maps", "re");
	char line[512], path[256] = "";
	struct stat st = { 0 };
	unsigned long at = 0;
	char byte;
	ssize_t n;
	int fd;

	(void)context;
	while (maps && fgets(line, sizeof(line), maps))
		if (mapping_of(line, (unsigned long)info->si_addr, &at, path, sizeof(path)))
			break;
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd >= 0)
		fstat(fd, &st);
	n = pread(fd, &byte, 1, (off_t)at);
	fprintf(stderr, "SIGBUS, code %d, at %p: offset %lu of \"%s\", which has %lld bytes; read() there: %s\n",
		info->si_code, info->si_addr, at, path, (long long)st.st_size,
		n == 1 ? "fine" : n ? strerror(errno) : "end of file");
	signal(sig, SIG_DFL);
	raise(sig);
}

void real_on_sigbus(void)
{
	struct sigaction action = { .sa_sigaction = tell_sigbus, .sa_flags = SA_SIGINFO };

	sigaction(SIGBUS, &action, NULL);
}

unsigned int real_mmappers(const struct wl *wl, struct wl_allocator *m)
{
	unsigned int nr = (unsigned int)wl_number(wl, "mmappers");

	for (unsigned int i = 0; i < nr; i++) {
		m[i].thread.body = wl_allocator_body;
		m[i].addr = (char *)(MMAP_BASE + i * MMAP_STEP);
		m[i].bytes = MMAP_BYTES;
		m[i].pause_us = wl_number(wl, "mmap_pause_us");
		wl_samples_init(wl, &m[i].thread.samples, SAMPLES);
	}
	return nr;
}

void real_report(struct wl *wl, const struct wl_meter *m, uint64_t done,
		 const char *rate)
{
	uint64_t reads = m->disk_reads + m->swap_reads, major = 0;

	if (rate)
		wl_metric(wl, rate, done * 1000000000 / m->elapsed_ns);
	wl_meter_report(wl, m);
	wl_vmstat_delta(&m->before, &m->after, "pgmajfault", &major);
	if (!major)
		wl_die(wl, "no major fault in the whole run: everything was in memory; give less memory_mb=");
	/* Two threads that miss the same page at once are two faults, and one read. */
	if (reads * 100 < major * 99)
		wl_die(wl, "the devices completed %llu reads for %llu major faults: something was cached",
		       (unsigned long long)reads, (unsigned long long)major);
}

void real_value_fill(struct real_value *v, uint64_t key, uint64_t version)
{
	v->key = key;
	v->version = version;
	for (unsigned int i = 0; i < REAL_VALUE_WORDS; i++)
		v->words[i] = wl_word(key << 20 | version, i);
}

bool real_value_check(struct wl_thread *thread, const void *data, size_t size,
		      uint64_t key, uint64_t from, uint64_t to)
{
	struct real_value v;

	if (size != sizeof(v)) {
		wl_fail(thread, "key %llu has %zu bytes, not %zu",
			(unsigned long long)key, size, sizeof(v));
		return false;
	}
	memcpy(&v, data, sizeof(v));
	if (v.key != key || v.version < from || v.version > to) {
		wl_fail(thread, "key %llu holds key %llu, version %llu; must be version %llu to %llu",
			(unsigned long long)key, (unsigned long long)v.key,
			(unsigned long long)v.version, (unsigned long long)from,
			(unsigned long long)to);
		return false;
	}
	for (unsigned int i = 0; i < REAL_VALUE_WORDS; i++) {
		if (v.words[i] == wl_word(key << 20 | v.version, i))
			continue;
		wl_fail(thread, "key %llu, version %llu: word %u is wrong",
			(unsigned long long)key, (unsigned long long)v.version, i);
		return false;
	}
	return true;
}
