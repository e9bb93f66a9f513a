// SPDX-License-Identifier: GPL-2.0-only
/*
 * Description: Tracepoints. A fault that parks and resumes is one vmf_park and
 * one vmf_resume with the outcome "resumed", for its address; one whose VMA
 * has changed has the outcome "changed".
 *
 * Fails in the arm mainline, where nothing tries to resume.
 */
#include "t.h"

#define PAGES	64UL
#define TRACING	"/sys/kernel/tracing/"

static char trace[1 << 16];

/* How often an event line has the address and the words. */
static int trace_count(char *address, const char *words)
{
	char at[32], *line, *save, *copy = strdup(trace);
	int n = 0;

	snprintf(at, sizeof(at), "address=0x%lx ", (unsigned long)address);
	for (line = strtok_r(copy, "\n", &save); line;
	     line = strtok_r(NULL, "\n", &save))
		n += strstr(line, at) && strstr(line, words);
	free(copy);
	return n;
}

static void one_fault(struct __test_metadata *_metadata, bool change,
		      const char *outcome)
{
	int fd = t_file(12, PAGES);
	char *map = t_map(t_place(16), PAGES * T_PAGE, PROT_READ, MAP_SHARED, fd);
	char *address = map + 5 * T_PAGE;
	struct t_fault f;

	ASSERT_EQ(0, madvise(map, PAGES * T_PAGE, MADV_RANDOM));
	if (access(TRACING "events/vmf_park", F_OK))
		SKIP(return, "the kernel has no event tracing");
	/* Opened so, it is emptied. */
	close(open(TRACING "trace", O_WRONLY | O_TRUNC));
	t_write(TRACING "events/vmf_park/enable", "1");
	t_fault_parked(&f, address, false, "disk");
	if (change)
		ASSERT_EQ(0, mprotect(map, PAGES * T_PAGE, PROT_READ | PROT_WRITE));
	t_fault_end(&f);
	t_write(TRACING "events/vmf_park/enable", "0");
	t_read(TRACING "trace", trace, sizeof(trace));

	EXPECT_EQ(1, trace_count(address, "vmf_park:"));
	EXPECT_EQ(1, trace_count(address, "vmf_resume:"));
	EXPECT_EQ(1, trace_count(address, outcome));
}

TEST(resumed)
{
	one_fault(_metadata, false, "outcome=resumed");
}

TEST(changed)
{
	one_fault(_metadata, true, "outcome=changed");
}

TEST_HARNESS_MAIN
