// SPDX-License-Identifier: GPL-2.0-only
/*
 * redis: the distribution's Redis, with more data than memory, saving in the background
 * (fork() and a child that reads everything) while clients ask and set.
 *
 * The clients go on until the saves are done.  What they read is checked, and so is
 * what was saved: each key once, in a version that was there when the child was forked.
 */
#include <errno.h>
#include <fcntl.h>
#include <hiredis/hiredis.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>
#include <unistd.h>

#include "real.h"
#include "util.h"

#define SERVER		"/bin/redis-server"
#define SOCKET		"/tmp/redis.sock"
#define LOG		"/tmp/redis.log"
#define RDB		"redis.rdb"
#define MAX_CLIENTS	32
#define MAX_SAVES	16
#define SAMPLES		(1 << 18)
#define PIPELINE	64
#define START_S		60
/* In an RDB file a string of 1,000 bytes begins with its length, so. */
#define RDB_LENGTH_0	(0x40 | sizeof(struct real_value) >> 8)
#define RDB_LENGTH_1	(sizeof(struct real_value) & 0xff)

/* A version that is complete, and one that was begun: equal when nobody writes. */
struct version {
	atomic_uint complete;
	atomic_uint begun;
	unsigned int oldest, newest;	/* that a save may hold */
	unsigned int saved;		/* how often it is in the file */
};

struct load {
	struct wl wl;
	char rdb[300];
	pid_t server;
	struct wl_cgroup cage;
	uint64_t keys;
	struct version *versions;
	struct wl_meter meter;
};

struct client {
	struct wl_thread thread;
	struct wl_samples sets;
	struct load *load;
	unsigned int index, nr;
	uint64_t set_percent;
	uint64_t pause_us;
	struct wl_random random;
};

struct saver {
	struct wl_thread thread;
	struct load *load;
	uint64_t saves;
	uint64_t fork_ns[MAX_SAVES];
};

static struct wl_param params[] = {
	{ .name = "clients", .value = 4, .max = MAX_CLIENTS, .min = 1,
	  .help = "threads that ask for keys and set them at random" },
	{ .name = "client_pause_us", .value = 500, .max = 60000000,
	  .help = "their pause between two" },
	{ .name = "set_percent", .value = 10, .max = 100,
	  .help = "of the queries set a key" },
	{ .name = "saves", .value = 1, .max = MAX_SAVES, .min = 1,
	  .help = "how often all of it is saved" },
	{ .name = "keys", .value = 20 * 1024, .max = 1 << 30, .min = MAX_CLIENTS,
	  .help = "of 1,000 bytes each" },
	{ .name = "memory_mb", .value = 16, .max = 1 << 20, .min = 8,
	  .help = "what the server may use" },
	{ .name = "seed", .value = 4711, .max = UINT32_MAX,
	  .help = "of all random choices" },
	{ .name = "dir", .text = "/mnt",
	  .help = "directory on the slow device" },
	{ .name = "latency_us", .derived = true,
	  .help = "of the device" },
	{ 0 }
};

/* ---- the server ---- */

__attribute__((noreturn))
static void become_server(const struct load *l)
{
	char *argv[] = {
		"redis-server", "--port", "0", "--unixsocket", SOCKET, "--save", "",
		"--dir", (char *)wl_text(&l->wl, "dir"), "--dbfilename", RDB,
		"--rdbcompression", "no", "--logfile", LOG, NULL
	};

	wl_cgroup_write(&l->cage, "cgroup.procs", "0");
	execv(SERVER, argv);
	wl_die(&l->wl, "cannot run " SERVER ": %s", strerror(errno));
}

static redisContext *connect_to(const struct wl *wl)
{
	redisContext *c = redisConnectUnix(SOCKET);

	if (!c)
		wl_die(wl, "out of memory");
	return c;
}

/* The last line of the server's log is usually why. */
static void server_failed(const struct wl *wl)
{
	static char log[16384];
	char *line;

	if (file_read(LOG, log, sizeof(log)) <= 0)
		wl_die(wl, "redis-server does not answer, and logs nothing: does the kernel have CONFIG_UNIX?");
	line = strrchr(log, '\n');
	wl_die(wl, "redis-server does not answer; it says: %s", line ? line + 1 : log);
}

static void server_start(struct load *l)
{
	unlink(SOCKET);
	unlink(LOG);
	unlink(l->rdb);
	real_cage(&l->wl, &l->cage, wl_number(&l->wl, "memory_mb"));
	l->server = fork();
	if (!l->server)
		become_server(l);
	if (l->server < 0)
		wl_die(&l->wl, "fork: %s", strerror(errno));
	for (int i = 0; i < START_S * 100; i++) {
		redisContext *c = connect_to(&l->wl);
		bool up = !c->err;

		redisFree(c);
		if (up)
			return;
		if (waitpid(l->server, NULL, WNOHANG))
			break;
		wl_pause_us(10000);
	}
	server_failed(&l->wl);
}

static void server_stop(struct load *l)
{
	kill(l->server, SIGKILL);
	while (waitpid(l->server, NULL, 0) < 0 && errno == EINTR)
		;
}

/* ---- commands ---- */

struct command {
	const char *argv[3];
	size_t len[3];
	int argc;
	char key[24];
};

static void command_get(struct command *c, uint64_t key)
{
	int len = snprintf(c->key, sizeof(c->key), "key:%llu", (unsigned long long)key);

	*c = (struct command){ .argv = { "GET" }, .len = { 3, (size_t)len }, .argc = 2 };
	snprintf(c->key, sizeof(c->key), "key:%llu", (unsigned long long)key);
	c->argv[1] = c->key;
}

static void command_set(struct command *c, const struct real_value *value)
{
	command_get(c, value->key);
	c->argv[0] = "SET";
	c->argv[2] = (const char *)value;
	c->len[2] = sizeof(*value);
	c->argc = 3;
}

/* Return: the reply, or NULL, and the thread has failed. */
static redisReply *ask(struct wl_thread *thread, redisContext *c,
		       const struct command *command, int type)
{
	redisReply *reply = redisCommandArgv(c, command->argc,
					     (const char **)command->argv, command->len);

	if (reply && reply->type == type)
		return reply;
	wl_fail(thread, "%s %s: %s", command->argv[0],
		command->argc > 1 ? command->argv[1] : "",
		!reply ? c->errstr : reply->str ? reply->str : "not there");
	if (reply)
		freeReplyObject(reply);
	return NULL;
}

static void fill(const struct load *l)
{
	redisContext *c = connect_to(&l->wl);
	redisReply *reply;

	for (uint64_t key = 0; key < l->keys; ) {
		struct real_value value;
		struct command command;
		unsigned int n = 0;

		for (; n < PIPELINE && key < l->keys; n++, key++) {
			real_value_fill(&value, key, 0);
			command_set(&command, &value);
			redisAppendCommandArgv(c, command.argc, command.argv, command.len);
		}
		while (n--) {
			if (redisGetReply(c, (void **)&reply) ||
			    reply->type != REDIS_REPLY_STATUS)
				wl_die(&l->wl, "cannot fill the server: %s",
				       c->err ? c->errstr : reply->str);
			freeReplyObject(reply);
		}
	}
	redisFree(c);
}

/* ---- clients ---- */

static bool client_get(struct client *cl, redisContext *c, uint32_t key)
{
	struct version *v = &cl->load->versions[key];
	unsigned int from = atomic_load(&v->complete);
	struct command command;
	redisReply *reply;
	uint64_t start;
	bool right;

	command_get(&command, key);
	start = wl_now();
	reply = ask(&cl->thread, c, &command, REDIS_REPLY_STRING);
	if (!reply)
		return false;
	wl_record(&cl->thread, wl_now() - start);
	right = real_value_check(&cl->thread, reply->str, (size_t)reply->len, key, from,
				 atomic_load(&v->begun));
	freeReplyObject(reply);
	return right;
}

static bool client_set(struct client *cl, redisContext *c, uint32_t key)
{
	struct version *v = &cl->load->versions[key];
	struct real_value value;
	struct command command;
	redisReply *reply;
	uint64_t start;

	real_value_fill(&value, key, atomic_fetch_add(&v->begun, 1) + 1);
	command_set(&command, &value);
	start = wl_now();
	reply = ask(&cl->thread, c, &command, REDIS_REPLY_STATUS);
	if (!reply)
		return false;
	wl_sample(&cl->sets, wl_now() - start);
	atomic_fetch_add(&v->complete, 1);
	freeReplyObject(reply);
	return true;
}

/* A key has one client that sets it, so that its versions come in order. */
static void client_body(struct wl_thread *thread)
{
	struct client *cl = (struct client *)thread;
	uint32_t keys = (uint32_t)cl->load->keys;
	redisContext *c = connect_to(&cl->load->wl);
	bool going = true;

	while (going && !wl_stopped(thread)) {
		bool set = wl_random_below(&cl->random, 100) < cl->set_percent;
		uint32_t key = wl_random_below(&cl->random, keys);

		if (set)
			going = client_set(cl, c, key / cl->nr * cl->nr + cl->index);
		else
			going = client_get(cl, c, key);
		wl_pause_us(cl->pause_us);
	}
	redisFree(c);
}

/* ---- saves ---- */

/* Return: what INFO says of a field, or NULL. */
static char *info_field(redisReply *info, const char *field)
{
	char *at = strstr(info->str, field);

	return at ? at + strlen(field) : NULL;
}

/* Return: false, and the thread has failed, unless the save was a success. */
static bool save_done(struct saver *s, redisContext *c, uint64_t n)
{
	static const struct command command = { { "INFO" }, { 4 }, 1, "" };
	bool done = false, right = true;

	while (!done && right) {
		redisReply *info = ask(&s->thread, c, &command, REDIS_REPLY_STRING);
		char *running, *status, *usec;

		if (!info)
			return false;
		running = info_field(info, "rdb_bgsave_in_progress:");
		status = info_field(info, "rdb_last_bgsave_status:");
		usec = info_field(info, "latest_fork_usec:");
		done = running && *running == '0';
		if (done && (!status || strncmp(status, "ok", 2) || !usec)) {
			wl_fail(&s->thread, "the save failed: see " LOG);
			right = false;
		} else if (done) {
			s->fork_ns[n] = strtoull(usec, NULL, 10) * 1000;
		}
		freeReplyObject(info);
		if (!done)
			wl_pause_us(1000);
	}
	return right;
}

static bool save(struct saver *s, redisContext *c, uint64_t n)
{
	static const struct command command = { { "BGSAVE" }, { 6 }, 1, "" };
	struct load *l = s->load;
	redisReply *reply;
	uint64_t start;

	unlink(l->rdb);
	for (uint64_t key = 0; key < l->keys; key++)
		l->versions[key].oldest = atomic_load(&l->versions[key].complete);
	start = wl_now();
	reply = ask(&s->thread, c, &command, REDIS_REPLY_STATUS);
	if (!reply)
		return false;
	freeReplyObject(reply);
	for (uint64_t key = 0; key < l->keys; key++)
		l->versions[key].newest = atomic_load(&l->versions[key].begun);
	/* The child renames the file to this when all of it is on the device. */
	while (access(l->rdb, F_OK)) {
		if (wl_stopped(&s->thread))
			return false;
		wl_pause_us(1000);
	}
	wl_record(&s->thread, wl_now() - start);
	return save_done(s, c, n);
}

static void saver_body(struct wl_thread *thread)
{
	struct saver *s = (struct saver *)thread;
	redisContext *c = connect_to(&s->load->wl);

	for (uint64_t i = 0; i < s->saves; i++)
		if (!save(s, c, i))
			break;
	redisFree(c);
}

static void check_value(struct load *l, const struct real_value *v)
{
	struct wl_thread none = { .team = &(struct wl_team){ .wl = &l->wl } };
	struct version *version;

	if (v->key >= l->keys)
		wl_die(&l->wl, "the save holds a key %llu that there is not",
		       (unsigned long long)v->key);
	version = &l->versions[v->key];
	if (version->saved++)
		wl_die(&l->wl, "the save holds key %llu twice", (unsigned long long)v->key);
	if (!real_value_check(&none, v, sizeof(*v), v->key, version->oldest,
			      version->newest))
		wl_die(&l->wl, "the save is wrong: %s", none.error);
}

/* Walks the last file from value to value; what is between them are the keys. */
static void check_save(struct load *l)
{
	int fd = open(l->rdb, O_RDONLY | O_CLOEXEC);
	uint64_t found = 0;
	unsigned char *buf;
	struct stat st;
	size_t size, at = 0;

	if (fd < 0 || fstat(fd, &st))
		wl_die(&l->wl, "%s: %s", l->rdb, strerror(errno));
	size = (size_t)st.st_size;
	buf = wl_alloc(&l->wl, 1, size);
	while (at < size) {
		ssize_t n = read(fd, buf + at, size - at);

		if (n <= 0)
			wl_die(&l->wl, "%s: cannot be read", l->rdb);
		at += (size_t)n;
	}
	close(fd);
	for (at = 0; at + 2 + sizeof(struct real_value) <= size; at++) {
		struct real_value value;

		if (buf[at] != RDB_LENGTH_0 || buf[at + 1] != RDB_LENGTH_1)
			continue;
		memcpy(&value, buf + at + 2, sizeof(value));
		check_value(l, &value);
		at += 1 + sizeof(value);
		found++;
	}
	if (found != l->keys)
		wl_die(&l->wl, "the save holds %llu keys of %llu", (unsigned long long)found,
		       (unsigned long long)l->keys);
	free(buf);
}

/* ---- the run ---- */

static void run(struct load *l)
{
	static struct client clients[MAX_CLIENTS];
	static struct saver saver;
	static struct wl_thread *threads[MAX_CLIENTS + 1];
	const struct wl_samples *gets[MAX_CLIENTS] = { 0 }, *sets[MAX_CLIENTS] = { 0 };
	const struct wl_samples *saves = &saver.thread.samples;
	struct wl *wl = &l->wl;
	unsigned int nr = (unsigned int)wl_number(wl, "clients");
	uint64_t queries = 0, fork_ns = 0;

	for (unsigned int i = 0; i < nr; i++) {
		clients[i] = (struct client){
			.thread = { client_body }, .load = l, .index = i, .nr = nr,
			.set_percent = wl_number(wl, "set_percent"),
			.pause_us = wl_number(wl, "client_pause_us"),
		};
		wl_random_init(&clients[i].random, wl_number(wl, "seed"), i);
		wl_samples_init(wl, &clients[i].thread.samples, SAMPLES / nr);
		wl_samples_init(wl, &clients[i].sets, SAMPLES / nr);
		gets[i] = &clients[i].thread.samples;
		sets[i] = &clients[i].sets;
		threads[i] = &clients[i].thread;
	}
	saver = (struct saver){ .thread = { saver_body, true }, .load = l,
				.saves = wl_number(wl, "saves") };
	wl_samples_init(wl, &saver.thread.samples, MAX_SAVES);
	threads[nr] = &saver.thread;
	wl_phase(wl, &l->meter, threads, nr + 1);

	wl_samples_report(wl, "get", gets, nr);
	wl_samples_report(wl, "set", sets, nr);
	wl_samples_report(wl, "save", &saves, 1);
	for (unsigned int i = 0; i < nr; i++)
		queries += gets[i]->count + sets[i]->count;
	for (uint64_t i = 0; i < saver.saves; i++)
		fork_ns = saver.fork_ns[i] > fork_ns ? saver.fork_ns[i] : fork_ns;
	wl_metric(wl, "fork.max_ns", fork_ns);
	real_report(wl, &l->meter, queries, "queries_per_s");
}

int main(int argc, char **argv)
{
	static struct load l = { .wl = { .name = "redis", .params = params } };

	wl_parse(&l.wl, argc, argv);
	l.keys = wl_number(&l.wl, "keys");
	/* A multiple, so that each client has as many keys to set. */
	l.keys -= l.keys % wl_number(&l.wl, "clients");
	l.versions = wl_alloc(&l.wl, l.keys, sizeof(*l.versions));
	real_devices(&l.wl, &l.meter);
	if (!l.meter.swap.path[0])
		wl_die(&l.wl, "there is no swap area: is there a `swapon` job?");
	snprintf(l.rdb, sizeof(l.rdb), "%s/" RDB, wl_text(&l.wl, "dir"));
	signal(SIGPIPE, SIG_IGN);
	server_start(&l);
	fill(&l);
	run(&l);
	check_save(&l);
	server_stop(&l);
	wl_cgroup_end(&l.cage);
	unlink(l.rdb);
	wl_emit(&l.wl);
	return 0;
}
