// SPDX-License-Identifier: GPL-2.0-only
/*
 * sqlite: the distribution's SQLite, reading its database through mmap_size, with a
 * connection a thread and a write-ahead log.
 */
#include "kv.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>

#define BUSY_MS	60000

static const char *database;

struct handle {
	sqlite3 *db;
	sqlite3_stmt *get;
	sqlite3_stmt *put;
};

/* A page cache of 256 KiB: what is mapped is not copied there but by writers. */
static const char settings[] =
	"PRAGMA journal_mode=wal; PRAGMA synchronous=normal;"
	"PRAGMA mmap_size=1073741824; PRAGMA cache_size=-256;";

static int connect_to(const char *path, struct handle *h)
{
	int ret = sqlite3_open_v2(path, &h->db, SQLITE_OPEN_READWRITE |
				  SQLITE_OPEN_CREATE | SQLITE_OPEN_NOMUTEX, NULL);

	if (!ret)
		ret = sqlite3_busy_timeout(h->db, BUSY_MS);
	if (!ret)
		ret = sqlite3_exec(h->db, settings, NULL, NULL, NULL);
	return ret;
}

static int prepare(struct handle *h)
{
	int ret = sqlite3_prepare_v2(h->db, "SELECT v FROM t WHERE k = ?", -1, &h->get, NULL);

	if (!ret)
		ret = sqlite3_prepare_v2(h->db, "REPLACE INTO t VALUES (?, ?)", -1,
					 &h->put, NULL);
	return ret;
}

static void disconnect(struct handle *h)
{
	sqlite3_finalize(h->get);
	sqlite3_finalize(h->put);
	sqlite3_close(h->db);
}

/* Return: SQLITE_DONE, or what went wrong. */
static int put_in(struct handle *h, const struct real_value *value)
{
	int ret;

	sqlite3_bind_int64(h->put, 1, (sqlite3_int64)value->key);
	sqlite3_bind_blob(h->put, 2, value, sizeof(*value), SQLITE_STATIC);
	ret = sqlite3_step(h->put);
	sqlite3_reset(h->put);
	return ret;
}

static void sqlite_build(const struct wl *wl, const char *path, uint64_t keys)
{
	struct handle h = { 0 };
	struct real_value value;
	int ret = connect_to(path, &h);

	if (!ret)
		ret = sqlite3_exec(h.db, "PRAGMA journal_mode=off; PRAGMA synchronous=off;"
				   "CREATE TABLE t (k INTEGER PRIMARY KEY, v BLOB); BEGIN",
				   NULL, NULL, NULL);
	if (!ret)
		ret = prepare(&h);
	for (uint64_t key = 0; !ret && key < keys; key++) {
		real_value_fill(&value, key, 0);
		ret = put_in(&h, &value);
		ret = ret == SQLITE_DONE ? 0 : ret;
	}
	if (!ret)
		ret = sqlite3_exec(h.db, "COMMIT; PRAGMA journal_mode=wal", NULL, NULL, NULL);
	if (ret)
		wl_die(wl, "cannot make %s: %s", path, sqlite3_errmsg(h.db));
	disconnect(&h);
}

static void sqlite_open(const struct wl *wl, const char *path)
{
	(void)wl;
	database = path;
}

static void sqlite_close(const struct wl *wl)
{
	(void)wl;
}

static void *sqlite_attach(struct wl_thread *thread)
{
	struct handle *h = calloc(1, sizeof(*h));
	int ret = h ? connect_to(database, h) : SQLITE_NOMEM;

	if (!ret)
		ret = prepare(h);
	if (!ret)
		return h;
	wl_fail(thread, "%s: %s", database, h ? sqlite3_errmsg(h->db) : "out of memory");
	if (h)
		disconnect(h);
	free(h);
	return NULL;
}

static void sqlite_detach(void *handle)
{
	disconnect(handle);
	free(handle);
}

static bool sqlite_get(struct wl_thread *thread, void *handle, uint64_t key,
		       const void **data, size_t *size)
{
	struct handle *h = handle;
	int ret;

	sqlite3_bind_int64(h->get, 1, (sqlite3_int64)key);
	ret = sqlite3_step(h->get);
	if (ret != SQLITE_ROW) {
		wl_fail(thread, "key %llu: %s", (unsigned long long)key,
			ret == SQLITE_DONE ? "not there" : sqlite3_errmsg(h->db));
		return false;
	}
	*data = sqlite3_column_blob(h->get, 0);
	*size = (size_t)sqlite3_column_bytes(h->get, 0);
	return true;
}

static void sqlite_done(void *handle)
{
	sqlite3_reset(((struct handle *)handle)->get);
}

static bool sqlite_put(struct wl_thread *thread, void *handle,
		       const struct real_value *value)
{
	struct handle *h = handle;
	int ret = put_in(h, value);

	if (ret != SQLITE_DONE)
		wl_fail(thread, "put key %llu: %s", (unsigned long long)value->key,
			sqlite3_errmsg(h->db));
	return ret == SQLITE_DONE;
}

int main(int argc, char **argv)
{
	static const char *const beside[] = { "-wal", "-shm", "-journal", NULL };
	static const struct kv_store store = {
		.name = "sqlite", .file = "sqlite.db", .beside = beside,
		.build = sqlite_build, .open = sqlite_open, .close = sqlite_close,
		.attach = sqlite_attach, .detach = sqlite_detach,
		.get = sqlite_get, .done = sqlite_done, .put = sqlite_put,
	};

	return kv_main(&store, argc, argv);
}
