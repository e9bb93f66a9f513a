/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Shared by the guest self tests. Each of them does its faults on devices that
 * take a long time to answer (/mnt on "disk", the swap area on "swap", see
 * tests/run.sh), so that a fault in flight is in flight for as long as a test
 * may need. Nothing here looks at a clock: what is asked is what had happened
 * by the time that something else returned, and what the counters say.
 *
 * The tests run on any kernel, and tell what it does. What only a lab kernel
 * has is asked for by T_NEED(): a case that cannot do without is skipped.
 */
#ifndef SELFTESTS_T_H
#define SELFTESTS_T_H

#include <fcntl.h>
#include <linux/mempolicy.h>
#include <pthread.h>
#include <sched.h>
#include <signal.h>
#include <stdatomic.h>
#include <sys/mman.h>
#include <sys/mount.h>
#include <sys/prctl.h>
#include <sys/resource.h>
#include <sys/stat.h>
#include <sys/syscall.h>

#include "kselftest_harness.h"

#define T_PAGE	4096UL
#define T_PMD	(2UL << 20)

#ifndef MADV_POPULATE_READ
#define MADV_POPULATE_READ	22
#define MADV_POPULATE_WRITE	23
#endif

/* What the words of a page say: which file, which page. */
static inline uint64_t t_word(unsigned int file, unsigned long page)
{
	return 0x6d616a6f72000000ULL + (uint64_t)file * 1000000 + page;
}

/*
 * The test cannot be done. It has then failed even where it has to fail, for nothing
 * has been asked of the kernel: lab/host/tap.c.
 */
__attribute__((noreturn, format(printf, 1, 2)))
static void t_die(const char *fmt, ...)
{
	va_list ap;

	printf("Bail out! ");
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	printf(": %s\n", strerror(errno));
	fflush(stdout);
	_exit(KSFT_FAIL);
}

/* What must be so before a test can begin. */
#define T_SETUP(condition)						\
	do {								\
		if (!(condition))					\
			t_die("%s", #condition);			\
	} while (0)

static inline void t_write(const char *path, const char *text)
{
	int fd = open(path, O_WRONLY | O_CLOEXEC);

	if (fd < 0 || write(fd, text, strlen(text)) != (ssize_t)strlen(text))
		t_die("%s: cannot write %s", path, text);
	close(fd);
}

static inline void t_read(const char *path, char *text, size_t size)
{
	int fd = open(path, O_RDONLY | O_CLOEXEC);
	size_t len = 0;
	ssize_t n;

	if (fd < 0)
		t_die("%s", path);
	while ((n = read(fd, text + len, size - 1 - len)) > 0)
		len += n;
	close(fd);
	text[len] = '\0';
}

static inline void t_drop_caches(void)
{
	sync();
	t_write("/proc/sys/vm/drop_caches", "3");
}

/* Skips the case on a kernel that lacks what it needs. */
#define T_NEED(there, what)						\
	do {								\
		if (!(there))						\
			SKIP(return, "needs " what);			\
	} while (0)

/* The lab kernel's own knobs: they widen a window, or draw something out. */
#define T_NEED_KNOB(name)						\
	T_NEED(!access("/proc/sys/vm/" name, F_OK), "vm." name ", of the lab kernel")

/* A line of /proc/vmstat, or -1. */
static inline long t_vmstat_if(const char *name)
{
	static char text[65536];
	size_t len = strlen(name);
	char *line;

	t_read("/proc/vmstat", text, sizeof(text));
	for (line = strtok(text, "\n"); line; line = strtok(NULL, "\n"))
		if (!strncmp(line, name, len) && line[len] == ' ')
			return atol(line + len);
	return -1;
}

static inline long t_vmstat(const char *name)
{
	long value = t_vmstat_if(name);

	if (value < 0)
		t_die("/proc/vmstat has no %s", name);
	return value;
}

/* Reads that the device has completed. */
static inline long t_device_reads(const char *device)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/sys/block/%s/stat", device);
	t_read(path, text, sizeof(text));
	return atol(text);
}

/* Reads that are with the device now. */
static inline long t_inflight(const char *device)
{
	char path[64], text[256];

	snprintf(path, sizeof(path), "/sys/block/%s/inflight", device);
	t_read(path, text, sizeof(text));
	return atol(text);
}

static inline long t_inflight_writes(const char *device)
{
	char path[64], text[256];
	long reads, writes;

	snprintf(path, sizeof(path), "/sys/block/%s/inflight", device);
	t_read(path, text, sizeof(text));
	if (sscanf(text, "%ld %ld", &reads, &writes) != 2)
		t_die("%s", path);
	return writes;
}

static inline void t_wait_inflight(const char *device)
{
	for (int i = 0; i < 100000; i++) {
		if (t_inflight(device))
			return;
		usleep(100);
	}
	t_die("no read ever reached %s", device);
}

static inline void t_wait_idle(const char *device)
{
	while (t_inflight(device))
		usleep(1000);
}

/* Sectors that cannot be read from now on ('+'), or that can again ('-'). */
static inline void t_badblocks(const char *device, char sign, unsigned long first,
			       unsigned long count)
{
	const unsigned long most = 512;		/* that one range can have */
	char path[96], text[64];

	snprintf(path, sizeof(path), "/sys/kernel/config/nullb/%s/badblocks", device);
	for (unsigned long end = first + count, next; first < end; first = next) {
		next = end - first < most ? end : first + most;
		snprintf(text, sizeof(text), "%c%lu-%lu", sign, first, next - 1);
		t_write(path, text);
	}
}

static inline void t_fill(int fd, unsigned int file, unsigned long pages)
{
	static uint64_t page[T_PAGE / sizeof(uint64_t)];

	for (unsigned long i = 0; i < pages; i++) {
		for (unsigned long w = 0; w < T_PAGE / sizeof(uint64_t); w++)
			page[w] = t_word(file, i);
		if (pwrite(fd, page, sizeof(page), i * sizeof(page)) !=
		    (ssize_t)sizeof(page))
			t_die("file %u: write", file);
	}
}

static inline int t_open_in(const char *dir, unsigned int file)
{
	char path[64];
	int fd;

	snprintf(path, sizeof(path), "%s/selftest.%u", dir, file);
	fd = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0600);
	if (fd < 0)
		t_die("%s", path);
	return fd;
}

/* Makes a file that is on the device of @dir and in no cache, and opens it. */
static inline int t_file_in(const char *dir, unsigned int file, unsigned long pages)
{
	int fd = t_open_in(dir, file);

	t_fill(fd, file, pages);
	if (fsync(fd))
		t_die("%s/selftest.%u: fsync", dir, file);
	t_drop_caches();
	return fd;
}

static inline int t_file(unsigned int file, unsigned long pages)
{
	return t_file_in("/mnt", file, pages);
}

/* Here, what is freed is what is allocated next: a VMA, a page table. */
static inline void t_one_cpu(void)
{
	cpu_set_t one;

	CPU_ZERO(&one);
	CPU_SET(0, &one);
	if (sched_setaffinity(0, sizeof(one), &one))
		t_die("sched_setaffinity");
}

/* The calling thread runs on the one CPU, before all others there of a lower priority. */
static inline void t_real_time(int priority)
{
	struct sched_param param = { .sched_priority = priority };

	t_one_cpu();
	if (sched_setscheduler(0, SCHED_FIFO, &param))
		t_die("sched_setscheduler");
}

/* Where a test maps: a range of its own, whole page tables, nobody near. */
static inline char *t_place(unsigned int n)
{
	return (char *)0x200000000000UL + n * (64UL << 20);
}

static inline char *t_map(char *at, size_t len, int prot, int flags, int fd)
{
	char *p = mmap(at, len, prot, flags | MAP_FIXED, fd, 0);

	if (p != at)
		t_die("mmap");
	return p;
}

/* Anonymous memory, written, then paged out to the swap device. */
static inline char *t_swapped(char *at, unsigned long pages)
{
	char *p = t_map(at, pages * T_PAGE, PROT_READ | PROT_WRITE,
			MAP_PRIVATE | MAP_ANONYMOUS, -1);
	unsigned char core[64];

	t_write("/proc/sys/vm/page-cluster", "0");
	madvise(p, pages * T_PAGE, MADV_NOHUGEPAGE);
	for (unsigned long i = 0; i < pages; i++)
		*(uint64_t *)(p + i * T_PAGE) = t_word(0, i);
	for (int tries = 0; tries < 50; tries++) {
		bool in = false;

		if (madvise(p, pages * T_PAGE, MADV_PAGEOUT))
			t_die("MADV_PAGEOUT");
		/* Until it is written, and then some. */
		usleep(500000);
		if (pages > sizeof(core) || mincore(p, pages * T_PAGE, core))
			t_die("mincore");
		/*
		 * What was just written is still in the swap cache. Mapped
		 * again, and clean, it can be paged out once more, and goes.
		 */
		for (unsigned long i = 0; i < pages; i++) {
			if (!(core[i] & 1))
				continue;
			in = true;
			(void)*(volatile char *)(p + i * T_PAGE);
		}
		if (!in)
			return p;
	}
	t_die("the memory would not go out");
}

/* A cgroup for memory, made if it is not there; its directory. */
static inline const char *t_cgroup(const char *name)
{
	static char dir[64];

	snprintf(dir, sizeof(dir), "/tmp/cgroup/%s", name);
	if (!access(dir, X_OK))
		return dir;
	mkdir("/tmp", 0755);
	if (mkdir("/tmp/cgroup", 0755) == 0 &&
	    mount("none", "/tmp/cgroup", "cgroup2", 0, NULL))
		t_die("cgroup2");
	t_write("/tmp/cgroup/cgroup.subtree_control", "+memory");
	if (mkdir(dir, 0755))
		t_die("%s", dir);
	return dir;
}

/* A file of that cgroup. */
static inline const char *t_cgroup_file(const char *name, const char *file)
{
	static char path[96];

	snprintf(path, sizeof(path), "%s/%s", t_cgroup(name), file);
	return path;
}

/* Reclaims there what can be reclaimed. */
static inline void t_reclaim(const char *name)
{
	int to = open(t_cgroup_file(name, "memory.reclaim"), O_WRONLY | O_CLOEXEC);

	if (to < 0)
		t_die("memory.reclaim");
	/* Says EAGAIN when there is less to reclaim than that. */
	if (write(to, "4M", 2) != 2 && errno != EAGAIN)
		t_die("memory.reclaim");
	close(to);
}

/*
 * An empty file in tmpfs whose pages are then made, and are on the swap device and
 * nowhere else. What was just written there is still in the swap cache, where only
 * reclaim finds it; so the pages have a cgroup of their own, in which nothing else
 * can be reclaimed. Returns the file.
 */
static inline int t_shmem_swap_out(int fd, unsigned int file, unsigned long pages)
{
	unsigned char core[64];
	int status;
	pid_t pid;
	char *p;

	if (fd < 0)
		t_die("a file in tmpfs");
	t_write("/proc/sys/vm/page-cluster", "0");
	t_cgroup("memfd");
	pid = fork();
	if (!pid) {
		t_write(t_cgroup_file("memfd", "cgroup.procs"), "0");
		t_fill(fd, file, pages);
		_exit(0);
	}
	if (pid < 0 || waitpid(pid, &status, 0) != pid || status)
		t_die("the pages could not be made");
	p = mmap(NULL, pages * T_PAGE, PROT_READ, MAP_SHARED, fd, 0);
	if (p == MAP_FAILED || pages > sizeof(core))
		t_die("mmap");
	for (int tries = 0; tries < 50; tries++) {
		bool in = false;

		t_reclaim("memfd");
		/* Until it is written, and then some. */
		usleep(500000);
		/* Says of the swap cache, too, that it is memory. */
		if (mincore(p, pages * T_PAGE, core))
			t_die("mincore");
		for (unsigned long i = 0; i < pages; i++)
			in |= core[i] & 1;
		if (!in) {
			munmap(p, pages * T_PAGE);
			return fd;
		}
	}
	t_die("the memory would not go out");
}

static inline int t_shmem_swapped(unsigned int file, unsigned long pages)
{
	return t_shmem_swap_out(memfd_create("selftest", MFD_CLOEXEC), file, pages);
}

static inline int t_shmem_swapped_in(const char *dir, unsigned int file, unsigned long pages)
{
	return t_shmem_swap_out(t_open_in(dir, file), file, pages);
}

/* Memory whose pages are on a slow device and nowhere else. */
enum t_kind { T_FILE, T_SWAP, T_SHMEM };

static inline const char *t_device_of(enum t_kind kind)
{
	return kind == T_FILE ? "disk" : "swap";
}

/* Page n of it holds t_word(t_file_of(kind), n). No more than 64 pages. */
static inline unsigned int t_file_of(enum t_kind kind)
{
	return kind == T_SWAP ? 0 : 16;
}

static inline char *t_memory(enum t_kind kind, char *at, unsigned long pages)
{
	size_t len = pages * T_PAGE;
	int fd;

	if (kind == T_SWAP)
		return t_swapped(at, pages);
	fd = kind == T_FILE ? t_file(16, pages) : t_shmem_swapped(16, pages);
	t_map(at, len, PROT_READ | PROT_WRITE, MAP_SHARED, fd);
	if (madvise(at, len, MADV_RANDOM))
		t_die("madvise");
	close(fd);
	return at;
}

/*
 * What a cgroup may read from a device, in bytes per second, or "max". A read
 * beyond that does not get to the device; with "2", the least that Linux 6.12 takes,
 * a page takes half an hour.
 * Returns false on a kernel that cannot do that.
 */
/*
 * On one CPU: blkg_conf_prep() fills that CPU's radix_tree_preloads with blkcg_mutex held,
 * which lockdep takes for a deadlock once the device is throttled. Later calls there find
 * them full.
 */
static inline bool t_throttle(const char *cgroup, const char *device, const char *rbps)
{
	char path[64], limit[64], dev[32];
	cpu_set_t before;
	int fd;

	t_cgroup(cgroup);
	fd = open("/tmp/cgroup/cgroup.subtree_control", O_WRONLY | O_CLOEXEC);
	if (fd < 0 || write(fd, "+io", 3) != 3 ||
	    access(t_cgroup_file(cgroup, "io.max"), W_OK)) {
		close(fd);
		return false;
	}
	close(fd);
	snprintf(path, sizeof(path), "/sys/block/%s/dev", device);
	t_read(path, dev, sizeof(dev));
	dev[strcspn(dev, "\n")] = '\0';
	snprintf(limit, sizeof(limit), "%s rbps=%s", dev, rbps);
	if (sched_getaffinity(0, sizeof(before), &before))
		t_die("sched_getaffinity");
	t_one_cpu();
	t_write(t_cgroup_file(cgroup, "io.max"), limit);
	if (sched_setaffinity(0, sizeof(before), &before))
		t_die("sched_setaffinity");
	return true;
}

#define T_NEED_THROTTLE(cgroup)						\
	T_NEED(t_throttle(cgroup, "disk", "max"), "CONFIG_BLK_DEV_THROTTLING")

/* Until a task sleeps where no signal but a fatal one wakes it. */
static inline void t_wait_blocked(pid_t tid)
{
	char path[64], text[512], *state;

	snprintf(path, sizeof(path), "/proc/%d/stat", tid);
	for (int i = 0; i < 100000; i++) {
		t_read(path, text, sizeof(text));
		state = strrchr(text, ')');
		if (state && state[1] && state[2] == 'D')
			return;
		usleep(100);
	}
	t_die("task %d never waited", tid);
}

/* Nodes of memory there are; without NUMA it is one. */
static inline unsigned int t_nodes(void)
{
	unsigned int n = 0;
	char path[64];

	do
		snprintf(path, sizeof(path), "/sys/devices/system/node/node%u", n);
	while (!access(path, X_OK) && ++n);
	return n ?: 1;
}

/* Moves a page, or the huge page that it is of. Returns 0 or a negative errno. */
static inline int t_move_page(void *page, int node)
{
	int status = 0;

	if (syscall(SYS_move_pages, 0, 1UL, &page, &node, &status, MPOL_MF_MOVE))
		return -errno;
	return status == node ? 0 : status < 0 ? status : -EAGAIN;
}

static inline int t_node_of(void *page)
{
	int status = 0;

	if (syscall(SYS_move_pages, 0, 1UL, &page, NULL, &status, 0) || status < 0)
		t_die("move_pages");
	return status;
}

/*
 * A fault in a thread of its own.
 */
struct t_fault {
	volatile uint64_t *address;
	bool write;
	uint64_t seen;			/* the word that was read */
	long maj_flt;			/* major faults it took */
	atomic_bool ready;
	atomic_bool go;
	atomic_bool done;
	pthread_t thread;
};

static inline void *t_fault_thread(void *arg)
{
	struct t_fault *f = arg;
	struct rusage before, after;

	/* All that the thread itself needs is there before it is counted. */
	getrusage(RUSAGE_THREAD, &after);
	getrusage(RUSAGE_THREAD, &before);
	atomic_store(&f->ready, true);
	while (!atomic_load(&f->go))
		usleep(100);
	if (f->write)
		f->address[1] = 1;
	f->seen = f->address[0];
	getrusage(RUSAGE_THREAD, &after);
	f->maj_flt = after.ru_majflt - before.ru_majflt;
	atomic_store(&f->done, true);
	return NULL;
}

static inline void t_fault_prepare(struct t_fault *f, void *address, bool write)
{
	*f = (struct t_fault) { .address = address, .write = write };
	if (pthread_create(&f->thread, NULL, t_fault_thread, f))
		t_die("pthread_create");
	while (!atomic_load(&f->ready))
		usleep(100);
}

static inline void t_fault_go(struct t_fault *f)
{
	atomic_store(&f->go, true);
}

/* The fault is on its way, and its read is with the device. */
static inline void t_fault_in_flight(struct t_fault *f, void *address, bool write,
				     const char *device)
{
	t_fault_prepare(f, address, write);
	t_fault_go(f);
	t_wait_inflight(device);
	/* The read is submitted just before the thread goes to sleep. */
	usleep(1000);
}

static inline void t_fault_end(struct t_fault *f)
{
	pthread_join(f->thread, NULL);
}

/* In the middle of a fault: has it got anywhere? */
static inline bool t_fault_waits(struct t_fault *f, const char *device)
{
	return !atomic_load(&f->done) && t_inflight(device);
}

/*
 * What faults did to the counters of the whole guest. Only faults of user mode
 * take part; the test's own are all there are.
 */
struct t_counts {
	long mmap_lock;		/* faults that took mmap_lock */
	long relocked;		/* carried on in place; 0 where not counted, see t_relocks() */
	long again;		/* the access was made again */
	long major;
	long reads;
};

/*
 * Two threads that fault in the same page of this program can meet at its folio
 * lock, and one of them waits. So let the program be there before it is counted.
 */
static inline void t_populate_text(void)
{
	extern const char __executable_start[], etext[];
	uintptr_t from = (uintptr_t)__executable_start & ~(T_PAGE - 1);

	madvise((void *)from, (uintptr_t)etext - from, MADV_POPULATE_READ);
}

/* Does the kernel count faults that take their VMA lock back? */
static inline bool t_relocks(void)
{
	return t_vmstat_if("fault_relocked") >= 0;
}

/* A kernel that does not count them need not show it. */
#define T_EXPECT_RELOCKED(n, diff)					\
	do {								\
		if (t_relocks())					\
			EXPECT_EQ(n, (diff).relocked);			\
	} while (0)

static inline long t_vmstat_or_0(const char *name)
{
	long n = t_vmstat_if(name);

	return n >= 0 ? n : 0;
}

/*
 * Faults that took mmap_lock. A kernel that does not count them may count those
 * that did so because their VMA lock was not to be had, or because they had
 * it and were sent back; what is missing then is faults of kernel code.
 */
static inline long t_mmap_lock(void)
{
	long n = t_vmstat_if("fault_mmap_lock");

	return n >= 0 ? n : t_vmstat_or_0("vma_lock_abort") +
			    t_vmstat_or_0("vma_lock_retry");
}

/* Of those, the ones that were sent back because they had waited. */
static inline long t_mmap_lock_waited(void)
{
	long n = t_vmstat_if("fault_mmap_lock_waited");

	return n >= 0 ? n : t_vmstat_or_0("vma_lock_retry");
}

/* Whoever asks which lock a fault took must ask for this first. */
#define T_NEED_COUNTS()							\
	T_NEED(t_vmstat_if("fault_mmap_lock") >= 0 ||			\
	       t_vmstat_if("vma_lock_retry") >= 0, "CONFIG_PER_VMA_LOCK_STATS")

static inline struct t_counts t_counts(const char *device)
{
	t_populate_text();
	return (struct t_counts) {
		.mmap_lock = t_mmap_lock(),
		.relocked = t_vmstat_or_0("fault_relocked"),
		.again = t_vmstat_or_0("fault_again_busy") +
			 t_vmstat_or_0("fault_again_written") +
			 t_vmstat_or_0("fault_again_other"),
		.major = t_vmstat("pgmajfault"),
		.reads = t_device_reads(device),
	};
}

static inline struct t_counts t_since(struct t_counts a, const char *device)
{
	struct t_counts b = t_counts(device);

	return (struct t_counts) {
		.mmap_lock = b.mmap_lock - a.mmap_lock,
		.relocked = b.relocked - a.relocked,
		.again = b.again - a.again,
		.major = b.major - a.major,
		.reads = b.reads - a.reads,
	};
}

/* One fault from beginning to end, and what it did to the counters. */
static inline struct t_counts t_fault_counted(struct t_fault *f, void *address,
					      bool write, const char *device)
{
	struct t_counts before;

	t_counts(device);
	t_fault_prepare(f, address, write);
	before = t_counts(device);
	t_fault_go(f);
	t_fault_end(f);
	return t_since(before, device);
}

/* The child has ended by that signal. */
static inline void t_expect_signal(struct __test_metadata *_metadata, int status, int sig)
{
	EXPECT_TRUE(WIFSIGNALED(status)) {
		TH_LOG("status %x", status);
	}
	EXPECT_EQ(sig, WTERMSIG(status));
}

/*
 * A page of a file, for a child that reads it through a mapping of its own. It exits with
 * 1 if the page begins with that word, else with 0.
 */
struct t_page {
	int fd;
	const char *device;
	unsigned long page;		/* less than T_CHILD_PAGES */
	uint64_t word;
	int advice;
};

#define T_CHILD_PAGES	64UL

/* Where @priority is not 0, the child is on the one CPU and has that priority. */
static inline pid_t t_child_reads(const struct t_page *p, int priority)
{
	size_t len = T_CHILD_PAGES * T_PAGE;
	pid_t pid = fork();
	char *map;

	if (pid)
		return pid;
	if (priority)
		t_real_time(priority);
	map = t_map(t_place(5), len, PROT_READ, MAP_SHARED, p->fd);
	if (madvise(map, len, p->advice))
		t_die("madvise");
	_exit(*(volatile uint64_t *)(map + p->page * T_PAGE) == p->word ? 1 : 0);
}

/* The same, and the read is with the device. */
static inline pid_t t_child_in_flight(const struct t_page *p, int priority)
{
	pid_t pid = t_child_reads(p, priority);

	t_wait_inflight(p->device);
	usleep(20000);
	return pid;
}

/* The wait status of such a child; it is killed if it does not come to its end. */
static inline int t_child_end(pid_t pid, bool *hung)
{
	int status = 0;

	*hung = false;
	/* Many reads' time. It ends a loop, it measures nothing; the harness waits 30 s. */
	for (int i = 0; i < 1000; i++) {
		if (waitpid(pid, &status, WNOHANG) == pid)
			return status;
		usleep(10000);
	}
	*hung = true;
	kill(pid, SIGKILL);
	waitpid(pid, &status, 0);
	return status;
}

/*
 * The first fault is reading, the truncation comes, and then the second fault, which
 * finds the folio. Where the filesystem reads with invalidate_lock held, the truncation
 * waits for that; when the folio has been read, the truncation goes before both faults,
 * and they come back to a page that is not in the file. Who goes first is a matter of
 * priority, not of luck; the first fault may see the page all the same.
 */
static inline void t_truncated(struct __test_metadata *_metadata, const struct t_page *p)
{
	pid_t first, second, truncation;
	int status = 0;

	first = t_child_in_flight(p, 20);
	truncation = fork();
	if (!truncation) {
		t_real_time(30);
		_exit(ftruncate(p->fd, p->page / 2 * T_PAGE) ? 1 : 0);
	}
	usleep(20000);
	second = t_child_in_flight(p, 10);

	ASSERT_EQ(first, waitpid(first, &status, 0));
	TH_LOG("the first fault: %s", WIFSIGNALED(status) ? "SIGBUS" : "the page");
	if (WIFSIGNALED(status)) {
		EXPECT_EQ(SIGBUS, WTERMSIG(status));
	} else {
		EXPECT_EQ(1, WEXITSTATUS(status));
	}
	ASSERT_EQ(truncation, waitpid(truncation, &status, 0));
	EXPECT_EQ(0, status);
	ASSERT_EQ(second, waitpid(second, &status, 0));
	t_expect_signal(_metadata, status, SIGBUS);
}

/* A child whose fault is with the device: SIGKILL ends it before the device answers. */
static inline void t_kill_in_flight(struct __test_metadata *_metadata, pid_t pid,
				    const char *device)
{
	int status = 0;

	t_wait_inflight(device);
	usleep(1000);
	ASSERT_EQ(0, kill(pid, SIGKILL));
	ASSERT_EQ(pid, waitpid(pid, &status, 0));
	EXPECT_GT(t_inflight(device), 0);
	t_expect_signal(_metadata, status, SIGKILL);
	t_wait_idle(device);
}

#endif /* SELFTESTS_T_H */
