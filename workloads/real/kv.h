/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * An embedded database under load: readers ask for keys at random, a writer gives
 * some of them new values, in a memory that is smaller than the database; beside them
 * others map memory, or fork.  Every value read is checked.
 */
#ifndef MAJORFAULT_KV_H
#define MAJORFAULT_KV_H

#include "real.h"

/**
 * struct kv_store - a database library
 * @name: of the workload
 * @file: of the database, in dir=
 * @beside: files the library makes beside it, ended by NULL: "-wal"
 * @build: make a database with all keys in version 0, and close it
 * @open: open it; once, before the threads are started
 * @close: close it
 * @attach: what a thread needs; NULL and a message by wl_fail() if it cannot
 * @detach: give it back
 * @get: find a key; the data stays until the next call of done
 * @done: the data is not needed any longer
 * @put: give a key a value, durable as far as the library's default says
 *
 * All but name and file end the program, or fail the thread, if something is wrong.
 */
struct kv_store {
	const char *name;
	const char *file;
	const char *const *beside;
	void (*build)(const struct wl *wl, const char *path, uint64_t keys);
	void (*open)(const struct wl *wl, const char *path);
	void (*close)(const struct wl *wl);
	void *(*attach)(struct wl_thread *thread);
	void (*detach)(void *handle);
	bool (*get)(struct wl_thread *thread, void *handle, uint64_t key,
		    const void **data, size_t *size);
	void (*done)(void *handle);
	bool (*put)(struct wl_thread *thread, void *handle,
		    const struct real_value *value);
};

/** kv_main() - the workload; returns the program's exit status */
int kv_main(const struct kv_store *store, int argc, char **argv);

#endif
