// SPDX-License-Identifier: GPL-2.0-only
#include "harness.h"

#include <errno.h>
#include <linux/fiemap.h>
#include <linux/fs.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <sys/mman.h>
#include <sys/stat.h>
#include <sys/sysmacros.h>
#include <unistd.h>

#include "util.h"

#define STACK_BYTES	(256 * 1024)
#define STACK_TOUCHED	(64 * 1024)

/* ---- parameters ---- */

static struct wl_param *param_find(const struct wl *wl, const char *name)
{
	for (struct wl_param *p = wl->params; p->name; p++)
		if (!strcmp(p->name, name))
			return p;
	return NULL;
}

/* A name that the workload's own code got wrong is a bug of that code. */
static struct wl_param *param_get(const struct wl *wl, const char *name)
{
	struct wl_param *p = param_find(wl, name);

	if (!p)
		wl_die(wl, "internal error: no parameter %s", name);
	return p;
}

uint64_t wl_number(const struct wl *wl, const char *name)
{
	return param_get(wl, name)->value;
}

const char *wl_text(const struct wl *wl, const char *name)
{
	return param_get(wl, name)->text;
}

void wl_derive(struct wl *wl, const char *name, uint64_t value)
{
	param_get(wl, name)->value = value;
}

static void params_help(const struct wl *wl)
{
	printf("usage: %s [key=value]...\n", wl->name);
	for (const struct wl_param *p = wl->params; p->name; p++) {
		if (p->derived)
			continue;
		if (p->text)
			printf("  %s=%s  %s%s%s%s\n", p->name, p->text, p->help,
			       p->choices ? " (" : "", p->choices ?: "",
			       p->choices ? ")" : "");
		else
			printf("  %s=%llu  %s\n", p->name,
			       (unsigned long long)p->value, p->help);
	}
	printf("  job=N round=N arm=NAME  copied to the record\n");
}

__attribute__((format(printf, 2, 3), noreturn))
static void usage(const struct wl *wl, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", wl->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	fprintf(stderr, " (`%s help` lists the keys)\n", wl->name);
	exit(2);
}

static bool is_choice(const char *choices, const char *text)
{
	size_t len = strlen(text);

	for (const char *p = choices; *p; p += strspn(p, " ")) {
		size_t n = strcspn(p, " ");

		if (n == len && !strncmp(p, text, n))
			return true;
		p += n;
	}
	return false;
}

static void param_set(struct wl *wl, const char *name, const char *value)
{
	struct wl_param *p = param_find(wl, name);

	if (!p || p->derived)
		usage(wl, "no such key: %s", name);
	if (p->text) {
		if (!*value || (p->choices && !is_choice(p->choices, value)))
			usage(wl, "%s=%s is none of: %s", name, value,
			      p->choices ?: "(anything but nothing)");
		p->text = value;
		return;
	}
	if (parse_u64(value, &p->value) || p->value < p->min || p->value > p->max)
		usage(wl, "%s=%s is not a number from %llu to %llu", name, value,
		      (unsigned long long)p->min, (unsigned long long)p->max);
}

void wl_parse(struct wl *wl, int argc, char **argv)
{
	wl->arm = "";
	for (int i = 1; i < argc; i++) {
		char *word = argv[i], *value = strchr(word, '=');

		if (!strcmp(word, "help")) {
			params_help(wl);
			exit(0);
		}
		if (!value || value == word)
			usage(wl, "%s is not key=value", word);
		*value++ = '\0';
		if (!strcmp(word, "arm"))
			wl->arm = value;
		else if (strcmp(word, "job") && strcmp(word, "round"))
			param_set(wl, word, value);
		else if (parse_u64(value, *word == 'j' ? &wl->job : &wl->round))
			usage(wl, "%s=%s is not a number", word, value);
	}
}

void wl_die(const struct wl *wl, const char *fmt, ...)
{
	va_list ap;

	fprintf(stderr, "%s: ", wl->name);
	va_start(ap, fmt);
	vfprintf(stderr, fmt, ap);
	va_end(ap);
	putc('\n', stderr);
	exit(1);
}

void *wl_alloc(const struct wl *wl, size_t count, size_t size)
{
	void *p = calloc(count ? count : 1, size);

	if (!p)
		wl_die(wl, "no memory for %zu objects of %zu bytes", count, size);
	return p;
}

/* ---- pseudo-random numbers ---- */

static uint64_t random_next(struct wl_random *r)
{
	uint64_t x = r->state;

	x ^= x >> 12;
	x ^= x << 25;
	x ^= x >> 27;
	r->state = x;
	return x * 0x2545f4914f6cdd1dULL;
}

void wl_random_init(struct wl_random *r, uint64_t seed, uint64_t stream)
{
	r->state = (seed * 0x9e3779b97f4a7c15ULL) ^ (stream + 1);
	if (!r->state)
		r->state = 1;
	for (int i = 0; i < 8; i++)
		random_next(r);
}

uint32_t wl_random_below(struct wl_random *r, uint32_t limit)
{
	return (uint32_t)((random_next(r) >> 32) * limit >> 32);
}

void wl_shuffle(uint32_t *order, uint32_t n, struct wl_random *r)
{
	for (uint32_t i = 0; i < n; i++)
		order[i] = i;
	for (uint32_t i = n; i > 1; i--) {
		uint32_t j = wl_random_below(r, i), t = order[j];

		order[j] = order[i - 1];
		order[i - 1] = t;
	}
}

/* ---- page contents ---- */

void wl_page_fill(void *addr, uint64_t page)
{
	uint64_t *word = addr;

	for (unsigned int i = 0; i < WL_PAGE / sizeof(*word); i++)
		word[i] = wl_word(page, i);
}

unsigned int wl_page_wrong(const void *addr, uint64_t page, unsigned int words)
{
	const uint64_t *word = addr;

	for (unsigned int i = 0; i < words; i++)
		if (word[i] != wl_word(page, i))
			return i;
	return words;
}

/* ---- latencies ---- */

static uint64_t *samples_room(const struct wl *wl, size_t room)
{
	size_t bytes = (room * sizeof(uint64_t) + WL_PAGE - 1) & ~(WL_PAGE - 1);
	uint64_t *p = mmap(NULL, bytes, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);

	if (p == MAP_FAILED)
		wl_die(wl, "no memory for %zu samples: %s", room, strerror(errno));
	/* Else each fork would make the next sample a copy-on-write fault. */
	madvise(p, bytes, MADV_DONTFORK);
	return p;
}

void wl_samples_init(const struct wl *wl, struct wl_samples *s, size_t room)
{
	*s = (struct wl_samples){ .ns = samples_room(wl, room), .room = room };
}

void wl_samples_keep_ends(const struct wl *wl, struct wl_samples *s)
{
	s->end = samples_room(wl, s->room);
}

size_t wl_samples_during(const struct wl_samples *s, uint64_t begin, uint64_t end)
{
	size_t longest = WL_NO_SAMPLE;

	for (size_t i = 0; i < s->count; i++) {
		if (s->end[i] < begin || s->end[i] - s->ns[i] > end)
			continue;
		if (longest == WL_NO_SAMPLE || s->ns[i] > s->ns[longest])
			longest = i;
	}
	return longest;
}

static int compare_ns(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return x < y ? -1 : x > y;
}

/* Of sorted latencies: they fall into the classes one after the other. */
static void add_histogram(struct wl *wl, const char *name, const uint64_t *sorted,
			  size_t count)
{
	struct wl_histogram *h;

	if (wl->nr_histograms == WL_MAX_HISTOGRAMS)
		wl_die(wl, "more than %d histograms", WL_MAX_HISTOGRAMS);
	h = &wl->histograms[wl->nr_histograms++];
	snprintf(h->name, sizeof(h->name), "%s", name);
	h->bound = calloc(WL_MAX_CLASSES, sizeof(*h->bound));
	h->count = calloc(WL_MAX_CLASSES, sizeof(*h->count));
	if (!h->bound || !h->count)
		wl_die(wl, "no memory for a histogram");
	for (size_t i = 0; i < count; i++) {
		uint64_t bound = wl_bound(sorted[i]);

		if (!h->nr || h->bound[h->nr - 1] != bound)
			h->bound[h->nr++] = bound;
		h->count[h->nr - 1]++;
	}
}

/* All threads' samples in order; the caller frees them. */
static uint64_t *samples_sorted(const struct wl *wl,
				const struct wl_samples *const *s,
				unsigned int nr, size_t *count)
{
	size_t at = 0;
	uint64_t *all;

	*count = 0;
	for (unsigned int i = 0; i < nr; i++)
		*count += s[i]->count;
	all = wl_alloc(wl, *count, sizeof(*all));
	for (unsigned int i = 0; i < nr; i++) {
		memcpy(all + at, s[i]->ns, s[i]->count * sizeof(*all));
		at += s[i]->count;
	}
	qsort(all, *count, sizeof(*all), compare_ns);
	return all;
}

static uint64_t nearest_rank(const uint64_t *sorted, size_t count,
			     unsigned int per_mille)
{
	return count ? sorted[(count * per_mille + 999) / 1000 - 1] : 0;
}

static struct wl_summary summary_of(const uint64_t *sorted, size_t count)
{
	return (struct wl_summary) {
		.count = count,
		.p50 = nearest_rank(sorted, count, 500),
		.p90 = nearest_rank(sorted, count, 900),
		.p99 = nearest_rank(sorted, count, 990),
		.p999 = nearest_rank(sorted, count, 999),
		.max = nearest_rank(sorted, count, 1000),
	};
}

struct wl_summary wl_summarize(const struct wl *wl,
			       const struct wl_samples *const *s, unsigned int nr)
{
	size_t count;
	uint64_t *all = samples_sorted(wl, s, nr, &count);
	struct wl_summary sum = summary_of(all, count);

	free(all);
	return sum;
}

void wl_summary_report(struct wl *wl, const char *prefix,
		       const struct wl_summary *sum)
{
	wl_metric_of(wl, prefix, "count", sum->count);
	if (!sum->count)
		return;
	wl_metric_of(wl, prefix, "p50_ns", sum->p50);
	wl_metric_of(wl, prefix, "p90_ns", sum->p90);
	wl_metric_of(wl, prefix, "p99_ns", sum->p99);
	wl_metric_of(wl, prefix, "p999_ns", sum->p999);
	wl_metric_of(wl, prefix, "max_ns", sum->max);
}

static struct wl_summary report_all(struct wl *wl, const char *prefix,
				    const struct wl_samples *const *s,
				    unsigned int nr)
{
	size_t count;
	uint64_t *all = samples_sorted(wl, s, nr, &count);
	struct wl_summary sum = summary_of(all, count);

	wl_summary_report(wl, prefix, &sum);
	if (count)
		add_histogram(wl, prefix, all, count);
	free(all);
	return sum;
}

void wl_samples_report(struct wl *wl, const char *prefix,
		       const struct wl_samples *const *s, unsigned int nr)
{
	if (nr)
		report_all(wl, prefix, s, nr);
}

void wl_against_idle(struct wl *wl, const char *prefix,
		     const struct wl_summary *idle,
		     const struct wl_samples *const *s, unsigned int nr)
{
	struct wl_summary busy = report_all(wl, prefix, s, nr);
	uint64_t waited = 0, ns = 0;
	char name[64];

	for (unsigned int i = 0; i < nr; i++) {
		for (size_t n = 0; n < s[i]->count; n++) {
			if (s[i]->ns[n] <= idle->max)
				continue;
			waited++;
			ns += s[i]->ns[n] - idle->p50;
		}
	}
	snprintf(name, sizeof(name), "%s.idle", prefix);
	wl_summary_report(wl, name, idle);
	if (!idle->count || !busy.count)
		return;
	wl_metric_of(wl, prefix, "p99_to_idle_x1000",
		     busy.p99 * 1000 / (idle->p99 ? idle->p99 : 1));
	wl_metric_of(wl, prefix, "waited", waited);
	wl_metric_of(wl, prefix, "waited_ns", ns);
}

/* ---- threads ---- */

/* So that no thread meets its stack's first faults in the measured phase. */
__attribute__((noinline))
static void touch_stack(void)
{
	volatile char stack[STACK_TOUCHED];

	for (size_t i = 0; i < sizeof(stack); i += WL_PAGE)
		stack[i] = 0;
}

static void *thread_main(void *arg)
{
	struct wl_thread *thread = arg;
	struct wl_team *team = thread->team;
	struct rusage before, after;

	touch_stack();
	pthread_barrier_wait(&team->barrier);	/* ready */
	pthread_barrier_wait(&team->barrier);	/* go */
	getrusage(RUSAGE_THREAD, &before);
	thread->body(thread);
	getrusage(RUSAGE_THREAD, &after);
	thread->major = (uint64_t)(after.ru_majflt - before.ru_majflt);
	thread->minor = (uint64_t)(after.ru_minflt - before.ru_minflt);
	if (thread->leader && atomic_fetch_sub(&team->leaders, 1) == 1)
		atomic_store(&team->stop, true);
	pthread_barrier_wait(&team->barrier);	/* done */
	pthread_barrier_wait(&team->barrier);	/* leave */
	return NULL;
}

void wl_team_run(struct wl_team *team, void (*before)(void *arg),
		 void (*after)(void *arg), void *arg)
{
	const char *error = NULL;
	pthread_attr_t attr;
	uint64_t start;
	int ret;

	atomic_init(&team->leaders, 0);
	atomic_init(&team->stop, false);
	pthread_barrier_init(&team->barrier, NULL, team->nr + 1);
	pthread_attr_init(&attr);
	pthread_attr_setstacksize(&attr, STACK_BYTES);
	for (unsigned int i = 0; i < team->nr; i++) {
		team->threads[i]->team = team;
		if (team->threads[i]->leader)
			atomic_fetch_add(&team->leaders, 1);
	}
	for (unsigned int i = 0; i < team->nr; i++) {
		ret = pthread_create(&team->threads[i]->id, &attr, thread_main,
				     team->threads[i]);
		if (ret)
			wl_die(team->wl, "cannot start thread %u of %u: %s",
			       i + 1, team->nr, strerror(ret));
	}
	pthread_attr_destroy(&attr);

	pthread_barrier_wait(&team->barrier);	/* ready */
	before(arg);
	start = wl_now();
	pthread_barrier_wait(&team->barrier);	/* go */
	pthread_barrier_wait(&team->barrier);	/* done */
	team->elapsed_ns = wl_now() - start;
	after(arg);
	pthread_barrier_wait(&team->barrier);	/* leave */
	for (unsigned int i = 0; i < team->nr; i++) {
		pthread_join(team->threads[i]->id, NULL);
		if (!error && team->threads[i]->error[0])
			error = team->threads[i]->error;
	}
	pthread_barrier_destroy(&team->barrier);
	if (error)
		wl_die(team->wl, "%s", error);
}

void wl_fail(struct wl_thread *thread, const char *fmt, ...)
{
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(thread->error, sizeof(thread->error), fmt, ap);
	va_end(ap);
	atomic_store(&thread->team->stop, true);
}

void wl_record(struct wl_thread *thread, uint64_t ns)
{
	if (!wl_sample(&thread->samples, ns))
		wl_fail(thread, "more than %zu latencies: give a larger samples=",
			thread->samples.room);
}

bool wl_check_page(struct wl_thread *thread, const void *addr, uint64_t page,
		   unsigned int words, const char *what)
{
	unsigned int word = wl_page_wrong(addr, page, words);

	if (word == words)
		return true;
	wl_fail(thread, "wrong contents: %s page %llu, word %u is %#llx and must be %#llx",
		what, (unsigned long long)page, word,
		(unsigned long long)((const uint64_t *)addr)[word],
		(unsigned long long)wl_word(page, word));
	return false;
}

void wl_pause_us(uint64_t us)
{
	struct timespec ts = {
		(time_t)(us / 1000000), (long)(us % 1000000 * 1000)
	};

	if (us)
		nanosleep(&ts, NULL);
}

/* ---- what is in memory ---- */

void wl_cache_extents(int fd)
{
	struct fiemap map = {
		.fm_length = FIEMAP_MAX_OFFSET,
		.fm_flags = FIEMAP_FLAG_CACHE,
	};

	ioctl(fd, FS_IOC_FIEMAP, &map);	/* best effort */
}

uint64_t wl_resident_pages(const struct wl *wl, void *addr, uint64_t pages)
{
	unsigned char *vec = malloc(pages);
	uint64_t n = 0;

	if (!vec || mincore(addr, pages * WL_PAGE, vec))
		wl_die(wl, "mincore: %s", strerror(errno));
	for (uint64_t i = 0; i < pages; i++)
		n += vec[i] & 1;
	free(vec);
	return n;
}

int wl_page_out(char *addr)
{
	(void)*(volatile char *)addr;
	return madvise(addr, WL_PAGE, MADV_PAGEOUT);
}

void wl_swap_out(const struct wl *wl, char *addr, uint64_t pages)
{
	uint64_t left = pages;

	for (int try = 0; left && try < 100; try++) {
		left = 0;
		/* A page in another CPU's batch for the LRU lists is passed over: drain them. */
		if (try)
			file_write("/proc/sys/vm/drop_caches", "1");
		for (uint64_t p = 0; p < pages; p++) {
			char *page = addr + p * WL_PAGE;

			if (!wl_resident_pages(wl, page, 1))
				continue;
			left++;
			if (wl_page_out(page))
				wl_die(wl, "MADV_PAGEOUT: %s", strerror(errno));
		}
		if (left)
			wl_pause_us(10000);
	}
	if (left)
		wl_die(wl, "%llu of %llu pages cannot be swapped out: is there a `swapon` job, and is the swap area large enough?",
		       (unsigned long long)left, (unsigned long long)pages);
}

/* ---- the kernel's counters ---- */

void wl_disk_find(struct wl_disk *disk, dev_t dev)
{
	snprintf(disk->path, sizeof(disk->path), "/sys/dev/block/%u:%u",
		 major(dev), minor(dev));
	if (access(disk->path, F_OK))
		disk->path[0] = '\0';
}

bool wl_disk_number(const struct wl_disk *disk, const char *file,
		    uint64_t *value)
{
	char path[128], text[32];

	if (!disk->path[0])
		return false;
	snprintf(path, sizeof(path), "%s/%s", disk->path, file);
	return file_read(path, text, sizeof(text)) > 0 && !parse_u64(text, value);
}

bool wl_disk_read(struct wl_disk *disk)
{
	char path[128], text[256];
	unsigned long long reads, sectors, in_flight;

	if (!disk->path[0])
		return false;
	snprintf(path, sizeof(path), "%s/stat", disk->path);
	/* A waiter can run before the block layer has counted its I/O. */
	for (int i = 0; i < 100; i++) {
		if (file_read(path, text, sizeof(text)) <= 0 ||
		    sscanf(text, "%llu %*u %llu %*u %*u %*u %*u %*u %llu",
			   &reads, &sectors, &in_flight) != 3)
			return false;
		if (!in_flight)
			break;
		wl_pause_us(1000);
	}
	disk->reads = reads;
	disk->sectors = sectors;
	return true;
}

uint64_t wl_disk_latency_us(const struct wl_disk *disk)
{
	char path[512], target[256];
	uint64_t ns;
	ssize_t len;

	len = disk->path[0] ? readlink(disk->path, target, sizeof(target) - 1) : -1;
	if (len <= 0)
		return 0;
	target[len] = '\0';
	snprintf(path, sizeof(path), "/sys/kernel/config/nullb/%s/completion_nsec",
		 strrchr(target, '/') + 1);
	if (file_read(path, target, sizeof(target)) <= 0 || parse_u64(target, &ns))
		return 0;
	return ns / 1000;
}

void wl_swap_find(struct wl_disk *disk)
{
	char text[1024], path[256];
	const char *line;
	struct stat st;

	if (file_read("/proc/swaps", text, sizeof(text)) <= 0)
		return;
	line = strchr(text, '\n');
	if (line && sscanf(line, " %255s", path) == 1 && !stat(path, &st) &&
	    S_ISBLK(st.st_mode))
		wl_disk_find(disk, st.st_rdev);
}

void wl_counters_read(struct wl_counters *c)
{
	if (file_read("/proc/vmstat", c->vmstat, sizeof(c->vmstat)) < 0)
		c->vmstat[0] = '\0';
	getrusage(RUSAGE_SELF, &c->usage);
}

/* The value in the line that starts with this name and a blank. */
static bool vmstat_value(const char *text, const char *name, size_t len,
			 uint64_t *value)
{
	for (const char *line = text; line; line = strchr(line, '\n')) {
		line += *line == '\n';
		if (strncmp(line, name, len) || line[len] != ' ')
			continue;
		*value = strtoull(line + len + 1, NULL, 10);
		return true;
	}
	return false;
}

bool wl_vmstat_delta(const struct wl_counters *before,
		     const struct wl_counters *after, const char *name,
		     uint64_t *delta)
{
	uint64_t from, to;

	if (!vmstat_value(before->vmstat, name, strlen(name), &from) ||
	    !vmstat_value(after->vmstat, name, strlen(name), &to))
		return false;
	*delta = to - from;
	return true;
}

static bool starts_with(const char *text, const char *prefix)
{
	return !strncmp(text, prefix, strlen(prefix));
}

void wl_counters_report(struct wl *wl, const struct wl_counters *before,
			const struct wl_counters *after)
{
	uint64_t delta, mmap_lock = 0, abort = 0, retry = 0, again = 0;
	bool has_mmap_lock = false, has_again = false;

	if (wl_vmstat_delta(before, after, "pgmajfault", &delta))
		wl_metric(wl, "major_faults", delta);
	wl_metric(wl, "major_faults_task", (uint64_t)(after->usage.ru_majflt -
						      before->usage.ru_majflt));
	wl_metric(wl, "minor_faults", (uint64_t)(after->usage.ru_minflt -
						 before->usage.ru_minflt));

	for (const char *line = after->vmstat; line && *line;
	     line = strchr(line, '\n')) {
		char name[64];

		line += *line == '\n';
		if (!starts_with(line, "fault_") && !starts_with(line, "vma_lock_"))
			continue;
		snprintf(name, sizeof(name), "%.*s", (int)strcspn(line, " "), line);
		if (!wl_vmstat_delta(before, after, name, &delta))
			continue;
		wl_metric(wl, name, delta);
		if (!strcmp(name, "fault_relocked"))
			wl_metric(wl, "relocked", delta);
		if (!strcmp(name, "fault_mmap_lock")) {
			mmap_lock = delta;
			has_mmap_lock = true;
		}
		if (starts_with(name, "fault_again_")) {
			again += delta;
			has_again = true;
		}
	}
	if (has_again)
		wl_metric(wl, "again", again);
	/* An unpatched kernel only says how often the VMA lock did not do. */
	if (!has_mmap_lock &&
	    wl_vmstat_delta(before, after, "vma_lock_abort", &abort) &&
	    wl_vmstat_delta(before, after, "vma_lock_retry", &retry)) {
		mmap_lock = abort + retry;
		has_mmap_lock = true;
	}
	if (has_mmap_lock)
		wl_metric(wl, "mmap_lock_reads_by_faults", mmap_lock);
}

/* The device's counters are read last before the phase, and first after it. */
static void meter_begins(void *arg)
{
	struct wl_meter *m = arg;

	if (m->ready)
		m->ready(m->arg);
	wl_counters_read(&m->before);
	wl_disk_read(&m->disk);
	wl_disk_read(&m->swap);
	m->disk_reads = m->disk.reads;
	m->disk_sectors = m->disk.sectors;
	m->swap_reads = m->swap.reads;
}

static void meter_ends(void *arg)
{
	struct wl_meter *m = arg;

	wl_disk_read(&m->disk);
	wl_disk_read(&m->swap);
	m->disk_reads = m->disk.reads - m->disk_reads;
	m->disk_sectors = m->disk.sectors - m->disk_sectors;
	m->swap_reads = m->swap.reads - m->swap_reads;
	wl_counters_read(&m->after);
}

void wl_phase(struct wl *wl, struct wl_meter *m, struct wl_thread **threads,
	      unsigned int nr)
{
	struct wl_team team = { .wl = wl, .threads = threads, .nr = nr };

	for (unsigned int i = 0; i < nr; i++) {
		threads[i]->samples.count = 0;
		threads[i]->error[0] = '\0';
	}
	wl_team_run(&team, meter_begins, meter_ends, m);
	m->elapsed_ns = team.elapsed_ns;
}

void wl_meter_report(struct wl *wl, const struct wl_meter *m)
{
	wl_counters_report(wl, &m->before, &m->after);
	if (m->disk.path[0]) {
		wl_metric(wl, "device_reads", m->disk_reads);
		wl_metric(wl, "device_sectors_read", m->disk_sectors);
	}
	if (m->swap.path[0])
		wl_metric(wl, "swap_device_reads", m->swap_reads);
	wl_metric(wl, "elapsed_ns", m->elapsed_ns);
}

/* ---- cgroups ---- */

#define CGROUP_ROOT	"/sys/fs/cgroup"

void wl_cgroup_write(const struct wl_cgroup *g, const char *file, const char *text)
{
	char path[192];
	int ret;

	snprintf(path, sizeof(path), "%s/%s", g->dir, file);
	ret = file_write(path, text);
	if (ret)
		wl_die(g->wl, "%s: cannot write %s: %s", path, text, strerror(-ret));
}

void wl_cgroup_make(const struct wl *wl, struct wl_cgroup *g, const char *name,
		    const char *controllers)
{
	struct wl_cgroup root = { wl, CGROUP_ROOT };

	g->wl = wl;
	wl_cgroup_write(&root, "cgroup.subtree_control", controllers);
	snprintf(g->dir, sizeof(g->dir), CGROUP_ROOT "/%s", name);
	/* One that a run left behind goes, with its limits. */
	rmdir(g->dir);
	if (mkdir(g->dir, 0755))
		wl_die(wl, "%s: %s", g->dir, strerror(errno));
}

uint64_t wl_cgroup_number(const struct wl_cgroup *g, const char *file, const char *key)
{
	char path[192], text[8192];
	uint64_t value;
	int ret;

	snprintf(path, sizeof(path), "%s/%s", g->dir, file);
	ret = file_read(path, text, sizeof(text));
	if (ret < 0)
		wl_die(g->wl, "%s: %s", path, strerror(-ret));
	if (!key)
		return strtoull(text, NULL, 10);
	if (!vmstat_value(text, key, strlen(key), &value))
		wl_die(g->wl, "%s has no %s", path, key);
	return value;
}

uint64_t wl_cgroup_limit(const struct wl_cgroup *g, const char *file, uint64_t room_kb)
{
	uint64_t bytes;
	char text[32];

	wl_cgroup_write(g, "memory.high", "0");
	wl_cgroup_write(g, "memory.high", "max");
	bytes = wl_cgroup_number(g, "memory.current", NULL) + room_kb * 1024;
	snprintf(text, sizeof(text), "%llu", (unsigned long long)bytes);
	wl_cgroup_write(g, file, text);
	return bytes;
}

void wl_cgroup_end(const struct wl_cgroup *g)
{
	file_write(CGROUP_ROOT "/cgroup.procs", "0");
	/* What has just left it may still be on its way. */
	for (int try = 0; rmdir(g->dir) && errno == EBUSY && try < 100; try++)
		wl_pause_us(1000);
}

/* ---- the record ---- */

void wl_metric(struct wl *wl, const char *name, uint64_t value)
{
	struct wl_metric *m;

	if (wl->nr_metrics == WL_MAX_METRICS)
		wl_die(wl, "more than %d metrics", WL_MAX_METRICS);
	m = &wl->metrics[wl->nr_metrics++];
	snprintf(m->name, sizeof(m->name), "%s", name);
	m->value = value;
}

void wl_span(struct wl *wl, const char *who, const char *what, uint64_t begin,
	     uint64_t end)
{
	struct wl_interval *span;

	if (wl->nr_spans == WL_MAX_SPANS)
		wl_die(wl, "more than %d spans", WL_MAX_SPANS);
	if (end < begin)
		wl_die(wl, "internal error: %s, %s ends before it begins", who, what);
	span = &wl->spans[wl->nr_spans++];
	snprintf(span->who, sizeof(span->who), "%s", who);
	snprintf(span->what, sizeof(span->what), "%s", what);
	span->begin = begin;
	span->end = end;
}

void wl_metric_of(struct wl *wl, const char *prefix, const char *name, uint64_t value)
{
	char full[64];

	snprintf(full, sizeof(full), "%.31s.%.31s", prefix, name);
	wl_metric(wl, full, value);
}

static void emit_params(const struct wl *wl)
{
	const char *comma = "";

	for (const struct wl_param *p = wl->params; p->name; p++) {
		printf("%s\"%s\":", comma, p->name);
		if (p->text)
			json_string(stdout, p->text);
		else
			printf("%llu", (unsigned long long)p->value);
		comma = ",";
	}
}

static void emit_metrics(const struct wl *wl)
{
	for (unsigned int i = 0; i < wl->nr_metrics; i++)
		printf("%s\"%s\":%llu", i ? "," : "", wl->metrics[i].name,
		       (unsigned long long)wl->metrics[i].value);
}

static void emit_histograms(const struct wl *wl)
{
	printf(",\"histograms\":{");
	for (unsigned int i = 0; i < wl->nr_histograms; i++) {
		const struct wl_histogram *h = &wl->histograms[i];

		printf("%s\"%s\":[", i ? "," : "", h->name);
		for (unsigned int j = 0; j < h->nr; j++)
			printf("%s[%llu,%llu]", j ? "," : "",
			       (unsigned long long)h->bound[j],
			       (unsigned long long)h->count[j]);
		printf("]");
	}
	printf("}");
}

static void emit_spans(const struct wl *wl)
{
	printf(",\"spans\":[");
	for (unsigned int i = 0; i < wl->nr_spans; i++) {
		const struct wl_interval *span = &wl->spans[i];

		printf("%s{\"who\":", i ? "," : "");
		json_string(stdout, span->who);
		printf(",\"what\":");
		json_string(stdout, span->what);
		printf(",\"begin_ns\":%llu,\"end_ns\":%llu}",
		       (unsigned long long)span->begin,
		       (unsigned long long)span->end);
	}
	printf("]");
}

void wl_emit(const struct wl *wl)
{
	printf("{\"type\":\"run\",\"job\":%llu,\"workload\":",
	       (unsigned long long)wl->job);
	json_string(stdout, wl->name);
	printf(",\"arm\":");
	json_string(stdout, wl->arm);
	printf(",\"round\":%llu,\"params\":{", (unsigned long long)wl->round);
	emit_params(wl);
	printf("},\"metrics\":{");
	emit_metrics(wl);
	printf("}");
	if (wl->nr_histograms)
		emit_histograms(wl);
	if (wl->nr_spans)
		emit_spans(wl);
	printf("}\n");
	if (fflush(stdout))
		wl_die(wl, "cannot print the record: %s", strerror(errno));
}
