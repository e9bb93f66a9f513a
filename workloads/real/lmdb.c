// SPDX-License-Identifier: GPL-2.0-only
/*
 * lmdb: the distribution's LMDB, whose readers read the database where it is mapped.
 *
 * MDB_NORDAHEAD is what its documentation says for a database that is larger than
 * memory; all else are its defaults, a commit is synchronous.
 */
#include "kv.h"

#include <lmdb.h>
#include <stdlib.h>

#define MAP_BYTES	(1UL << 30)
#define BATCH		4096

static MDB_env *env;
static MDB_dbi dbi;

/* A reader keeps its transaction and renews it for each query. */
struct handle {
	MDB_txn *txn;
};

static void must(const struct wl *wl, int ret, const char *what)
{
	if (ret)
		wl_die(wl, "%s: %s", what, mdb_strerror(ret));
}

/* Keys are compared as bytes. */
static uint64_t key_bytes(uint64_t key)
{
	return __builtin_bswap64(key);
}

static int put_in(MDB_txn *txn, const struct real_value *value, unsigned int flags)
{
	uint64_t bytes = key_bytes(value->key);
	MDB_val k = { sizeof(bytes), &bytes };
	MDB_val v = { sizeof(*value), (void *)value };

	return mdb_put(txn, dbi, &k, &v, flags);
}

static void env_open(const struct wl *wl, const char *path, unsigned int flags)
{
	MDB_txn *txn;

	must(wl, mdb_env_create(&env), "mdb_env_create");
	must(wl, mdb_env_set_mapsize(env, MAP_BYTES), "mdb_env_set_mapsize");
	must(wl, mdb_env_open(env, path, MDB_NOSUBDIR | MDB_NORDAHEAD | flags, 0644),
	     "mdb_env_open");
	must(wl, mdb_txn_begin(env, NULL, MDB_RDONLY, &txn), "mdb_txn_begin");
	must(wl, mdb_dbi_open(txn, NULL, 0, &dbi), "mdb_dbi_open");
	mdb_txn_abort(txn);
}

static void lmdb_open(const struct wl *wl, const char *path)
{
	env_open(wl, path, 0);
}

static void lmdb_close(const struct wl *wl)
{
	(void)wl;
	mdb_env_close(env);
}

static void lmdb_build(const struct wl *wl, const char *path, uint64_t keys)
{
	env_open(wl, path, MDB_NOSYNC | MDB_NOLOCK);
	for (uint64_t key = 0; key < keys; ) {
		struct real_value value;
		MDB_txn *txn;

		must(wl, mdb_txn_begin(env, NULL, 0, &txn), "mdb_txn_begin");
		for (unsigned int i = 0; i < BATCH && key < keys; i++, key++) {
			real_value_fill(&value, key, 0);
			must(wl, put_in(txn, &value, MDB_APPEND), "mdb_put");
		}
		must(wl, mdb_txn_commit(txn), "mdb_txn_commit");
	}
	must(wl, mdb_env_sync(env, 1), "mdb_env_sync");
	lmdb_close(wl);
}

static void *lmdb_attach(struct wl_thread *thread)
{
	struct handle *h = calloc(1, sizeof(*h));

	if (!h)
		wl_fail(thread, "out of memory");
	return h;
}

static void lmdb_detach(void *handle)
{
	struct handle *h = handle;

	if (h->txn)
		mdb_txn_abort(h->txn);
	free(h);
}

static bool lmdb_get(struct wl_thread *thread, void *handle, uint64_t key,
		     const void **data, size_t *size)
{
	struct handle *h = handle;
	uint64_t bytes = key_bytes(key);
	MDB_val k = { sizeof(bytes), &bytes }, v;
	int ret;

	ret = h->txn ? mdb_txn_renew(h->txn) :
		       mdb_txn_begin(env, NULL, MDB_RDONLY, &h->txn);
	if (!ret)
		ret = mdb_get(h->txn, dbi, &k, &v);
	if (ret) {
		wl_fail(thread, "key %llu: %s", (unsigned long long)key, mdb_strerror(ret));
		return false;
	}
	*data = v.mv_data;
	*size = v.mv_size;
	return true;
}

static void lmdb_done(void *handle)
{
	mdb_txn_reset(((struct handle *)handle)->txn);
}

static bool lmdb_put(struct wl_thread *thread, void *handle,
		     const struct real_value *value)
{
	MDB_txn *txn;
	int ret;

	(void)handle;
	ret = mdb_txn_begin(env, NULL, 0, &txn);
	if (!ret) {
		ret = put_in(txn, value, 0);
		if (ret)
			mdb_txn_abort(txn);
		else
			ret = mdb_txn_commit(txn);
	}
	if (ret)
		wl_fail(thread, "put key %llu: %s", (unsigned long long)value->key,
			mdb_strerror(ret));
	return !ret;
}

int main(int argc, char **argv)
{
	static const char *const beside[] = { "-lock", NULL };
	static const struct kv_store store = {
		.name = "lmdb", .file = "lmdb", .beside = beside,
		.build = lmdb_build, .open = lmdb_open, .close = lmdb_close,
		.attach = lmdb_attach, .detach = lmdb_detach,
		.get = lmdb_get, .done = lmdb_done, .put = lmdb_put,
	};

	return kv_main(&store, argc, argv);
}
