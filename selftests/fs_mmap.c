// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: mappings of files of any filesystem, whose ->fault is, or wraps,
 * filemap_fault(). What the job gives:
 *
 *	dir	where the files are
 *	device	what they are read from: the swap area for tmpfs
 *	source	dir holds an image of this directory, which cannot be written to
 *
 * Fails in the arms mainline (no fault carries on), nosize (a page is mapped that has
 * been truncated away; not where nothing can be truncated) and eioloop (a page that
 * cannot be read; not in tmpfs).
 */
#include "t.h"

#include <sys/vfs.h>
#include <linux/magic.h>

#define PAGES		T_CHILD_PAGES
#define PAGE		40UL		/* the one that faults are about */
#define GIVEN		"checker.A"	/* of the source */
/* As many of the device's requests at once: its latency is that of one. */
#define SCAN		(32UL << 20)
/* All of an image: more than it can be. */
#define IMAGE_SECTORS	8192UL

static const char *word_of_job(const char *name, const char *preset)
{
	const char *value = getenv(name);

	return value ? value : preset;
}

static const char *dir(void) { return word_of_job("MAJORFAULT_DIR", "/mnt"); }
static const char *device(void) { return word_of_job("MAJORFAULT_DEVICE", "disk"); }
static const char *source(void) { return word_of_job("MAJORFAULT_SOURCE", NULL); }

static bool in_memory(void)
{
	struct statfs st;

	if (statfs(dir(), &st))
		t_die("%s", dir());
	return st.f_type == TMPFS_MAGIC;
}

/* What the file's pages hold, page by page. */
static uint64_t expected[PAGES];

static int given_file(void)
{
	char path[128];
	int fd;

	snprintf(path, sizeof(path), "%s/" GIVEN, source());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	for (unsigned long i = 0; i < PAGES; i++)
		if (fd < 0 || pread(fd, &expected[i], 8, i * T_PAGE) != 8)
			t_die("%s", path);
	close(fd);
	snprintf(path, sizeof(path), "%s/" GIVEN, dir());
	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		t_die("%s", path);
	t_drop_caches();
	return fd;
}

/*
 * A file whose pages are on the device and in no cache, but page 0: where the others
 * are the filesystem knows then, so that a fault reads them and nothing else.
 */
static int cold_file(unsigned int file)
{
	uint64_t word;
	int fd;

	for (unsigned long i = 0; i < PAGES; i++)
		expected[i] = t_word(file, i);
	if (source())
		fd = given_file();
	else if (in_memory())
		return t_shmem_swapped_in(dir(), file, PAGES);
	else
		fd = t_file_in(dir(), file, PAGES);
	posix_fadvise(fd, 0, 0, POSIX_FADV_RANDOM);
	if (pread(fd, &word, 8, 0) != 8 || word != expected[0])
		t_die("page 0 is %#llx", (unsigned long long)word);
	posix_fadvise(fd, 0, 0, POSIX_FADV_NORMAL);
	return fd;
}

/* Page tables and anon_vma are there, so that a fault has nothing else to ask for. */
static char *map_file(unsigned int place, int flags, int advice, int fd)
{
	bool private = flags & MAP_PRIVATE;
	int prot = PROT_READ | (private || !source() ? PROT_WRITE : 0);
	char *map = t_map(t_place(place), PAGES * T_PAGE, prot, flags, fd);

	madvise(map, PAGES * T_PAGE, MADV_RANDOM);
	if (private)
		*(volatile uint64_t *)map = expected[0];
	else
		(void)*(volatile uint64_t *)map;
	madvise(map, PAGES * T_PAGE, advice);
	return map;
}

FIXTURE(fault) {
	int fd;
	char *map;
};

FIXTURE_VARIANT(fault) {
	int flags;
	bool write;
	int advice;
};

FIXTURE_VARIANT_ADD(fault, read_random) {
	.flags = MAP_SHARED, .write = false, .advice = MADV_RANDOM };
FIXTURE_VARIANT_ADD(fault, read_ahead) {
	.flags = MAP_SHARED, .write = false, .advice = MADV_NORMAL };
FIXTURE_VARIANT_ADD(fault, cow_random) {
	.flags = MAP_PRIVATE, .write = true, .advice = MADV_RANDOM };
FIXTURE_VARIANT_ADD(fault, cow_ahead) {
	.flags = MAP_PRIVATE, .write = true, .advice = MADV_NORMAL };
FIXTURE_VARIANT_ADD(fault, shared_write_random) {
	.flags = MAP_SHARED, .write = true, .advice = MADV_RANDOM };
FIXTURE_VARIANT_ADD(fault, shared_write_ahead) {
	.flags = MAP_SHARED, .write = true, .advice = MADV_NORMAL };

FIXTURE_SETUP(fault)
{
	if (source() && variant->write && variant->flags == MAP_SHARED)
		SKIP(return, "nothing can be written here");
	self->fd = cold_file(1);
	self->map = map_file(10, variant->flags, variant->advice, self->fd);
}

FIXTURE_TEARDOWN(fault)
{
	if (self->map)
		munmap(self->map, PAGES * T_PAGE);
	close(self->fd);
}

/* What the fault mapped is right. */
static void expect_contents(struct __test_metadata *_metadata, FIXTURE_DATA(fault) *self,
			    const FIXTURE_VARIANT(fault) *variant, const struct t_fault *f)
{
	volatile uint64_t *mapped = (volatile uint64_t *)(self->map + PAGE * T_PAGE);
	uint64_t in_file[2] = { 0 };

	EXPECT_EQ(16, pread(self->fd, in_file, 16, PAGE * T_PAGE));
	EXPECT_EQ(expected[PAGE], in_file[0]);
	EXPECT_EQ(expected[PAGE], f->seen);
	EXPECT_EQ(expected[PAGE], mapped[0]);
	if (variant->write) {
		EXPECT_EQ(1, mapped[1]);
		EXPECT_EQ(variant->flags == MAP_SHARED, in_file[1] == 1);
	}
}

TEST_F(fault, relocks)
{
	struct t_counts diff;
	struct t_fault f;

	diff = t_fault_counted(&f, self->map + PAGE * T_PAGE, variant->write, device());

	EXPECT_GE(diff.reads, 1);
	EXPECT_GE(diff.relocked, 1);
	EXPECT_EQ(0, diff.mmap_lock);
	expect_contents(_metadata, self, variant, &f);
}

/* A fault, and what @other does beside it, which returns 0 and does not wait for the read. */
static struct t_counts fault_beside(struct __test_metadata *_metadata, FIXTURE_DATA(fault) *self,
				    const FIXTURE_VARIANT(fault) *variant, int (*other)(char *map))
{
	struct t_counts before = t_counts(device()), diff;
	struct t_fault f;

	t_fault_in_flight(&f, self->map + PAGE * T_PAGE, variant->write, device());
	EXPECT_EQ(0, other(self->map));
	EXPECT_TRUE(t_fault_waits(&f, device()));
	t_fault_end(&f);
	diff = t_since(before, device());
	expect_contents(_metadata, self, variant, &f);
	return diff;
}

static int fork_a_child(char *map)
{
	pid_t pid = fork();
	int status;

	(void)map;
	if (!pid)
		_exit(0);
	return pid < 0 || waitpid(pid, &status, 0) != pid ? -1 : status;
}

static int protect_other_pages(char *map)
{
	return mprotect(map, 8 * T_PAGE, PROT_READ);
}

/* fork() write-locks the VMA, so the access is made again. */
TEST_F(fault, beside_fork)
{
	struct t_counts diff = fault_beside(_metadata, self, variant, fork_a_child);

	EXPECT_GE(diff.again, 1);
}

/* So does mprotect(), if it changes anything; what is mapped then is right. */
TEST_F(fault, beside_mprotect)
{
	struct t_counts diff = fault_beside(_metadata, self, variant, protect_other_pages);

	EXPECT_GE(diff.relocked + diff.again, 1);
}

/* For a child to read. */
static struct t_page page_of(int fd, unsigned long page)
{
	return (struct t_page) { .fd = fd, .device = device(), .page = page,
				 .word = expected[page], .advice = MADV_RANDOM };
}

TEST(truncated)
{
	struct t_page p;

	if (source())
		SKIP(return, "nothing can be truncated here");
	p = page_of(cold_file(4), 9);
	t_truncated(_metadata, &p);
	close(p.fd);
}

/* ---- errors ---- */

/*
 * Sector of the block that begins with this word. The device must hold no other such
 * block, not even one of a file that is gone.
 */
static unsigned long find_on_device(uint64_t word)
{
	char path[64], *block;
	unsigned long found = 0;
	off_t at = 0;
	ssize_t n;
	int fd;

	snprintf(path, sizeof(path), "/dev/%s", device());
	fd = open(path, O_RDONLY | O_DIRECT | O_CLOEXEC);
	block = mmap(NULL, SCAN, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (fd < 0 || block == MAP_FAILED)
		t_die("%s", path);
	while (!found && (n = pread(fd, block, SCAN, at)) > 0) {
		for (ssize_t i = 0; i < n && !found; i += T_PAGE)
			if (*(uint64_t *)(block + i) == word)
				found = (unsigned long)(at + i) / 512;
		at += n;
	}
	if (!found)
		t_die("%s: the page is nowhere", path);
	munmap(block, SCAN);
	close(fd);
	return found;
}

TEST(cannot_be_read)
{
	unsigned int file = 1000 + (unsigned int)getpid();	/* never there before */
	unsigned long first = 0, count = IMAGE_SECTORS;
	struct t_counts before, diff;
	struct t_page p;
	bool hung;
	int status;

	if (in_memory())
		SKIP(return, "nothing is read from a file here");
	p = page_of(cold_file(file), PAGE);
	if (!source()) {
		first = find_on_device(p.word);
		count = T_PAGE / 512;
	}
	t_badblocks(device(), '+', first, count);
	before = t_counts(device());
	status = t_child_end(t_child_reads(&p, 0), &hung);
	diff = t_since(before, device());
	t_badblocks(device(), '-', first, count);

	EXPECT_FALSE(hung);
	t_expect_signal(_metadata, status, SIGBUS);
	TH_LOG("reads that failed: %ld, faults that carried on: %ld", diff.reads, diff.relocked);
	EXPECT_LE(diff.reads, 4);
	EXPECT_EQ(2, diff.relocked);

	status = t_child_end(t_child_reads(&p, 0), &hung);
	EXPECT_FALSE(hung);
	EXPECT_TRUE(WIFEXITED(status));
	EXPECT_EQ(1, WEXITSTATUS(status));
	close(p.fd);
}

/* ---- longer than a fault ---- */

/* A private copy that goes to swap and comes back is still the copy. */
TEST(copy_paged_out)
{
	int fd = cold_file(6);
	char *map = map_file(11, MAP_PRIVATE, MADV_RANDOM, fd);

	for (unsigned long i = 1; i < 9; i++)
		((volatile uint64_t *)(map + i * T_PAGE))[1] = i;
	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, MADV_PAGEOUT));
	t_drop_caches();
	for (unsigned long i = 1; i < 17; i++) {
		volatile uint64_t *words = (volatile uint64_t *)(map + i * T_PAGE);

		EXPECT_EQ(expected[i], words[0]);
		if (i < 9)
			EXPECT_EQ(i, words[1]);
	}
	munmap(map, PAGES * T_PAGE);
	close(fd);
}

/* The line of /proc/mounts for @dir(); cut into its words. */
static bool find_mount(char *line, size_t size, char *word[4])
{
	FILE *f = fopen("/proc/mounts", "r");
	bool found = false;

	while (f && !found && fgets(line, (int)size, f)) {
		char *save = NULL;

		for (int i = 0; i < 4; i++)
			word[i] = strtok_r(i ? NULL : line, " ", &save);
		found = word[3] && !strcmp(word[1], dir());
	}
	if (f)
		fclose(f);
	return found;
}

/* "ro" and the like are flags, not options of the filesystem. */
static unsigned long take_flags(char *options, char *rest, size_t size)
{
	static const struct {
		const char *name;
		unsigned long flag;
	} known[] = {
		{ "rw", 0 }, { "ro", MS_RDONLY }, { "noatime", MS_NOATIME },
		{ "relatime", MS_RELATIME },
	};
	unsigned long flags = 0;
	char *save = NULL;

	rest[0] = '\0';
	for (char *o = strtok_r(options, ",", &save); o; o = strtok_r(NULL, ",", &save)) {
		bool is_flag = false;

		for (unsigned int i = 0; i < sizeof(known) / sizeof(known[0]); i++) {
			if (strcmp(o, known[i].name))
				continue;
			is_flag = true;
			flags |= known[i].flag;
		}
		if (!is_flag)
			snprintf(rest + strlen(rest), size - strlen(rest), "%s%s",
				 rest[0] ? "," : "", o);
	}
	return flags;
}

static void remount(void)
{
	char line[1024], rest[1024], *word[4];
	unsigned long flags;

	if (!find_mount(line, sizeof(line), word))
		t_die("%s is not mounted", dir());
	flags = take_flags(word[3], rest, sizeof(rest));
	if (umount(dir()))
		t_die("umount %s", dir());
	if (mount(word[0], dir(), word[2], flags, rest))
		t_die("mount %s at %s: %s", word[0], dir(), rest);
	t_drop_caches();
}

/* What was written through a mapping is there after the filesystem is mounted again. */
TEST(mounted_again)
{
	char path[128];
	char *map;
	int fd;

	if (in_memory())
		SKIP(return, "nothing is left of it when it is unmounted");
	fd = cold_file(7);
	map = map_file(12, MAP_SHARED, MADV_RANDOM, fd);
	for (unsigned long i = 1; i < PAGES && !source(); i += 3)
		((volatile uint64_t *)(map + i * T_PAGE))[1] = i;
	munmap(map, PAGES * T_PAGE);
	close(fd);
	remount();

	snprintf(path, sizeof(path), "%s/%s", dir(), source() ? GIVEN : "selftest.7");
	fd = open(path, O_RDONLY | O_CLOEXEC);
	ASSERT_GE(fd, 0);
	map = t_map(t_place(12), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	for (unsigned long i = 0; i < PAGES; i++) {
		volatile uint64_t *words = (volatile uint64_t *)(map + i * T_PAGE);

		EXPECT_EQ(expected[i], words[0]);
		if (!source() && i % 3 == 1)
			EXPECT_EQ(i, words[1]);
	}
	munmap(map, PAGES * T_PAGE);
	close(fd);
}

TEST_HARNESS_MAIN
