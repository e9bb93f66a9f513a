// SPDX-License-Identifier: GPL-2.0-only
#include "kv.h"

#include <errno.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "util.h"

#define MAX_READERS	64
#define PUT_SAMPLES	(1 << 16)

/* A version that is complete, and one that was begun: equal when nobody writes. */
struct version {
	atomic_uint complete;
	atomic_uint begun;
};

struct kv {
	struct wl wl;
	const struct kv_store *store;
	uint64_t keys;
	struct version *versions;
	struct wl_meter meter;
};

struct reader {
	struct wl_thread thread;
	struct kv *kv;
	uint64_t queries;
	struct wl_random random;
};

struct writer {
	struct wl_thread thread;
	struct kv *kv;
	uint64_t pause_us;
	struct wl_random random;
};

static struct wl_param params[] = {
	{ .name = "readers", .value = 4, .max = MAX_READERS, .min = 1,
	  .help = "threads that ask for keys at random" },
	{ .name = "queries", .value = 1000, .max = 10000000, .min = 1,
	  .help = "of each reader" },
	{ .name = "writers", .value = 1, .max = 1,
	  .help = "threads that give keys new values" },
	{ .name = "write_pause_us", .value = 1000, .max = 60000000,
	  .help = "its pause between two" },
	{ .name = "forkers", .value = 0, .max = REAL_MAX_BESIDE,
	  .help = "threads that fork" },
	{ .name = "fork_pause_us", .value = 20000, .max = 60000000,
	  .help = "their pause between two" },
	{ .name = "keys", .value = 48 * 1024, .max = 1 << 30, .min = 1,
	  .help = "in the database, of 1,000 bytes each" },
	{ .name = "memory_mb", .value = 16, .max = 1 << 20, .min = 4,
	  .help = "what all of it may use" },
	{ .name = "seed", .value = 4711, .max = UINT32_MAX,
	  .help = "of all random choices" },
	REAL_PARAMS,
	{ 0 }
};

static void reader_body(struct wl_thread *thread)
{
	struct reader *r = (struct reader *)thread;
	const struct kv_store *store = r->kv->store;
	void *handle = store->attach(thread);

	for (uint64_t i = 0; handle && i < r->queries && !wl_stopped(thread); i++) {
		uint32_t key = wl_random_below(&r->random, (uint32_t)r->kv->keys);
		struct version *v = &r->kv->versions[key];
		unsigned int from = atomic_load(&v->complete);
		uint64_t start = wl_now();
		const void *data;
		size_t size;
		bool right;

		if (!store->get(thread, handle, key, &data, &size))
			break;
		right = real_value_check(thread, data, size, key, from,
					 atomic_load(&v->begun));
		store->done(handle);
		wl_record(thread, wl_now() - start);
		if (!right)
			break;
	}
	if (handle)
		store->detach(handle);
}

static void writer_body(struct wl_thread *thread)
{
	struct writer *w = (struct writer *)thread;
	const struct kv_store *store = w->kv->store;
	void *handle = store->attach(thread);

	while (handle && !wl_stopped(thread)) {
		uint32_t key = wl_random_below(&w->random, (uint32_t)w->kv->keys);
		struct version *v = &w->kv->versions[key];
		struct real_value value;
		uint64_t start;

		real_value_fill(&value, key, atomic_fetch_add(&v->begun, 1) + 1);
		start = wl_now();
		if (!store->put(thread, handle, &value))
			break;
		wl_record(thread, wl_now() - start);
		atomic_fetch_add(&v->complete, 1);
		wl_pause_us(w->pause_us);
	}
	if (handle)
		store->detach(handle);
}

/* ---- the database ---- */

/*
 * Each run gets a copy of the same database, which the first one makes.  It gets its
 * name only when it is complete.
 */
static void prepare(const struct kv *kv, char *path, size_t size)
{
	const char *dir = wl_text(&kv->wl, "dir");
	char master[256], draft[256], beside[320];

	snprintf(master, sizeof(master), "%s/%s.%llu", dir, kv->store->file,
		 (unsigned long long)kv->keys);
	if (access(master, R_OK)) {
		snprintf(draft, sizeof(draft), "%s/%s.new", dir, kv->store->file);
		unlink(draft);
		kv->store->build(&kv->wl, draft, kv->keys);
		if (rename(draft, master))
			wl_die(&kv->wl, "cannot rename %s: %s", draft, strerror(errno));
	}
	snprintf(path, size, "%s/%s", dir, kv->store->file);
	for (const char *const *b = kv->store->beside; *b; b++) {
		snprintf(beside, sizeof(beside), "%s%s", path, *b);
		unlink(beside);
	}
	real_copy(&kv->wl, master, path, 0644);
}

/* ---- the run ---- */

#define REPORT(kv, prefix, group, nr)						\
	do {									\
		const struct wl_samples *all_[MAX_READERS];			\
										\
		for (unsigned int i_ = 0; i_ < (nr); i_++)			\
			all_[i_] = &(group)[i_].thread.samples;			\
		wl_samples_report(&(kv)->wl, prefix, all_, nr);			\
	} while (0)

static void run(struct kv *kv)
{
	static struct reader readers[MAX_READERS];
	static struct writer writers[1];
	static struct wl_allocator mmappers[REAL_MAX_BESIDE];
	static struct wl_forker forkers[REAL_MAX_BESIDE];
	static struct wl_thread *threads[MAX_READERS + 1 + 2 * REAL_MAX_BESIDE];
	struct wl *wl = &kv->wl;
	unsigned int nr_readers = (unsigned int)wl_number(wl, "readers");
	unsigned int nr_writers = (unsigned int)wl_number(wl, "writers");
	unsigned int nr_mmappers = real_mmappers(wl, mmappers);
	unsigned int nr_forkers = (unsigned int)wl_number(wl, "forkers");
	uint64_t queries = wl_number(wl, "queries");
	unsigned int nr = 0;

	for (unsigned int i = 0; i < nr_readers; i++) {
		readers[i] = (struct reader){ .thread = { reader_body, true }, .kv = kv,
					      .queries = queries };
		wl_random_init(&readers[i].random, wl_number(wl, "seed"), i);
		wl_samples_init(wl, &readers[i].thread.samples, queries);
		threads[nr++] = &readers[i].thread;
	}
	for (unsigned int i = 0; i < nr_writers; i++) {
		writers[i] = (struct writer){ .thread = { writer_body }, .kv = kv,
					      .pause_us = wl_number(wl, "write_pause_us") };
		wl_random_init(&writers[i].random, wl_number(wl, "seed"), MAX_READERS + i);
		wl_samples_init(wl, &writers[i].thread.samples, PUT_SAMPLES);
		threads[nr++] = &writers[i].thread;
	}
	for (unsigned int i = 0; i < nr_mmappers; i++)
		threads[nr++] = &mmappers[i].thread;
	for (unsigned int i = 0; i < nr_forkers; i++) {
		forkers[i] = (struct wl_forker){ .thread = { wl_forker_body },
						 .pause_us = wl_number(wl, "fork_pause_us") };
		wl_samples_init(wl, &forkers[i].thread.samples, PUT_SAMPLES);
		threads[nr++] = &forkers[i].thread;
	}
	wl_phase(wl, &kv->meter, threads, nr);
	REPORT(kv, "get", readers, nr_readers);
	REPORT(kv, "put", writers, nr_writers);
	REPORT(kv, "mmap", mmappers, nr_mmappers);
	REPORT(kv, "fork", forkers, nr_forkers);
	real_report(wl, &kv->meter, nr_readers * queries, "queries_per_s");
}

int kv_main(const struct kv_store *store, int argc, char **argv)
{
	static struct kv kv = { .wl = { .params = params } };
	struct wl_cgroup cage;
	char path[256];

	kv.wl.name = store->name;
	kv.store = store;
	wl_parse(&kv.wl, argc, argv);
	real_on_sigbus();
	kv.keys = wl_number(&kv.wl, "keys");
	kv.versions = wl_alloc(&kv.wl, kv.keys, sizeof(*kv.versions));
	memset(kv.versions, 0, kv.keys * sizeof(*kv.versions));	/* touched, not counted */
	real_devices(&kv.wl, &kv.meter);
	prepare(&kv, path, sizeof(path));
	real_drop_caches();
	real_cage(&kv.wl, &cage, wl_number(&kv.wl, "memory_mb"));
	wl_cgroup_write(&cage, "cgroup.procs", "0");
	store->open(&kv.wl, path);
	run(&kv);
	store->close(&kv.wl);
	wl_cgroup_end(&cage);
	wl_emit(&kv.wl);
	return 0;
}
