// SPDX-License-Identifier: GPL-2.0-only
/*
 * What the checker says when something is wrong: what was seen, what would have been
 * right, what happened to the page, and what everybody is doing.
 *
 * Also used in children of fork(), so it goes to file descriptor 2 without stdio.
 */
#include "checker.h"

#include <fcntl.h>
#include <inttypes.h>
#include <sched.h>
#include <stdarg.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

const char *const ck_op_names[CK_NR_OPS] = {
	[CK_READ] = "read", [CK_WRITE] = "write", [CK_VMREAD] = "vmread",
	[CK_PIPE] = "pipe", [CK_PREAD] = "pread", [CK_PWRITE] = "pwrite",
	[CK_FORK] = "fork", [CK_DONTNEED] = "dontneed", [CK_FREE] = "free",
	[CK_PAGEOUT] = "pageout", [CK_COLD] = "cold",
	[CK_POPULATE_READ] = "populate_read", [CK_POPULATE_WRITE] = "populate_write",
	[CK_COLLAPSE] = "collapse", [CK_ADVICE] = "advice", [CK_GUARD] = "guard",
	[CK_MPROTECT] = "mprotect", [CK_MREMAP] = "mremap", [CK_REMAP] = "remap",
	[CK_TABLES] = "tables", [CK_TRUNCATE] = "truncate", [CK_EXTEND] = "extend",
	[CK_PUNCH] = "punch", [CK_MLOCK] = "mlock", [CK_MUNLOCK] = "munlock",
	[CK_DROP] = "drop", [CK_RECLAIM] = "reclaim", [CK_COMPACT] = "compact",
	[CK_SETUP] = "setup", [CK_SERVE] = "serve", [CK_EVICT] = "evict",
	[CK_FINAL] = "final",
};

__attribute__((format(printf, 1, 2)))
static void line(const char *fmt, ...)
{
	char text[256];
	va_list ap;
	ssize_t ignored;
	int n;

	va_start(ap, fmt);
	n = vsnprintf(text, sizeof(text) - 1, fmt, ap);
	va_end(ap);
	if (n < 0)
		return;
	if ((size_t)n > sizeof(text) - 2)
		n = sizeof(text) - 2;
	text[n++] = '\n';
	ignored = write(STDERR_FILENO, text, (size_t)n);
	(void)ignored;
}

static const char *source_name(unsigned int source)
{
	static const char *const files[] = { "A", "C", "T", "M" };

	if (source < CK_REGIONS)
		return ck->region[source].name;
	switch (source & 0xf0) {
	case CK_FROM_FILE:
		return source - CK_FROM_FILE < CK_FILES ? files[source & 0xf] : "?";
	case CK_FROM_PWRITE:
		return "pwrite";
	case CK_FROM_UFFD:
		return "monitor";
	case CK_FROM_CHILD:
		return "a child";
	}
	return "?";
}

const char *ck_describe(uint64_t value, char *text, size_t size)
{
	static const char *const special[] = {
		"zero", "SIGBUS", "the file's", "missing", "SIGSEGV"
	};

	if (value >= CK_DONE && value < CK_WORDS)
		snprintf(text, size, "%s", value == CK_DONE ? "done" :
			 strerror((int)(value - CK_DONE)));
	else if (value <= CK_SIGSEGV)
		snprintf(text, size, "%s", special[value]);
	else if (value >> 56 != 0xc5)
		snprintf(text, size, "%#llx, no stamp", (unsigned long long)value);
	else
		snprintf(text, size, "of %s, page %u, step %llu",
			 source_name((unsigned int)(value >> 48) & 0xff),
			 (unsigned int)(value >> 41) & 0x7f,
			 (unsigned long long)(value >> 9 & 0xffffffff));
	return text;
}

static const char *step_text(uint64_t step, char *text, size_t size)
{
	if (step == CK_NEVER)
		snprintf(text, size, "...");
	else
		snprintf(text, size, "%llu", (unsigned long long)step);
	return text;
}

static void report_register(const char *what, const struct ck_reg *reg)
{
	char value[96], done[24], end[24];

	line("  %s may be:", what);
	for (unsigned int i = 0; i < reg->nr; i++) {
		const struct ck_value *v = &reg->values[i];

		line("    %-34s steps %llu to %s by %s of thread %u, done %s",
		     ck_describe(v->value, value, sizeof(value)),
		     (unsigned long long)v->begin, step_text(v->end, end, sizeof(end)),
		     ck_op_names[v->op], v->who, step_text(v->done, done, sizeof(done)));
	}
	if (reg->lost_end)
		line("    what was before step %s is forgotten",
		     step_text(reg->lost_end, end, sizeof(end)));
}

static void report_history(const struct ck_region *r, unsigned int slot)
{
	unsigned int n = atomic_load(&r->nr_history[slot]);
	unsigned int first = n > CK_HISTORY ? n - CK_HISTORY : 0;
	char text[96];

	line("  its last operations, by their end:");
	for (; first < n; first++) {
		const struct ck_note *h = &r->history[slot][first % CK_HISTORY];

		line("    steps %llu to %llu thread %u %s: %s",
		     (unsigned long long)h->begin, (unsigned long long)h->end, h->who,
		     ck_op_names[h->op], ck_describe(h->result, text, sizeof(text)));
	}
}

static void report_windows(const struct ck_region *r)
{
	char firm[24], ending[24], end[24];

	line("  last times without access, pages, steps (begins, firm, ends, over):");
	for (unsigned int i = 0; i < CK_WINDOWS && i < r->nr_windows; i++) {
		const struct ck_window *w = &r->windows[i];

		line("    %s pages %u to %u: %llu %s %s %s",
		     w->access == CK_NO_WRITE ? "no write" : "no access", w->first, w->last,
		     (unsigned long long)w->begin, step_text(w->firm, firm, sizeof(firm)),
		     step_text(w->firm_end, ending, sizeof(ending)),
		     step_text(w->end, end, sizeof(end)));
	}
}

static void report_threads(void)
{
	line("  threads:");
	for (unsigned int i = 0; i <= CK_THREADS; i++) {
		const struct ck_now *now = &ck->now[i];

		if (!atomic_load(&now->count))
			continue;
		line("    thread %u: %s of %s page %u since step %llu%s", i,
		     ck_op_names[atomic_load(&now->op)],
		     ck->region[atomic_load(&now->region)].name, atomic_load(&now->slot),
		     (unsigned long long)atomic_load(&now->begin),
		     atomic_load(&now->idle) ? ", done" : "");
	}
}

static void report_replay(void)
{
	char text[200];
	int n = snprintf(text, sizeof(text), "  replay: seed=%llu seeds=1", (unsigned long long)ck->seed);

	for (const struct wl_param *p = ck_wl.params; p->name && n < (int)sizeof(text) - 40; p++) {
		if (!strncmp(p->name, "seed", 4))
			continue;
		if (p->text)
			n += snprintf(text + n, sizeof(text) - (size_t)n, " %s=%s", p->name, p->text);
		else
			n += snprintf(text + n, sizeof(text) - (size_t)n, " %s=%llu", p->name,
				      (unsigned long long)p->value);
	}
	line("%s", text);
}

/*
 * Whether it can be read now, this CPU first: an entry of the page table is there for all
 * of them, one of a TLB for one.
 */
static void report_again(const char *page)
{
	int here = sched_getcpu(), nr = (int)sysconf(_SC_NPROCESSORS_ONLN);

	ck_access.fail_fd = 0;		/* nothing is to fail here */
	for (int i = 0; i < nr; i++) {
		int cpu = (here + i) % nr;
		uint64_t words[CK_WORDS];
		cpu_set_t set;
		char text[96];
		int sig;

		CPU_ZERO(&set);
		CPU_SET(cpu, &set);
		if (sched_setaffinity(0, sizeof(set), &set))
			continue;
		sig = ck_get(page, words);
		line("  read again on CPU %d%s: %s", cpu, i ? "" : ", where this thread is",
		     sig ? strsignal(sig) : ck_describe(words[0], text, sizeof(text)));
	}
}

/*
 * The mapping as the kernel has it now, and whether the page is in the page table; an entry
 * with no right is, too.
 */
static void report_mapping(const char *page)
{
	uint64_t from, to, entry = 0;
	char text[256];
	FILE *f = fopen("/proc/self/maps", "r");
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);

	while (f && fgets(text, sizeof(text), f)) {
		if (sscanf(text, "%" SCNx64 "-%" SCNx64, &from, &to) != 2 ||
		    (uintptr_t)page < from || (uintptr_t)page >= to)
			continue;
		text[strcspn(text, "\n")] = '\0';
		line("  mapped now: %s", text);
	}
	if (fd >= 0 && pread(fd, &entry, 8, (off_t)((uintptr_t)page / WL_PAGE * 8)) == 8)
		line("  its page table entry: %s (pagemap %#llx)", entry >> 63 ? "present" :
		     entry >> 62 ? "swapped" : "none", (unsigned long long)entry);
	if (f)
		fclose(f);
	if (fd >= 0)
		close(fd);
}

static void report_page(struct ck_region *r, unsigned int slot)
{
	static const char *const views[] = { "file A", "file A, second half", "file C", "anonymous" };

	if (r->kind == CK_FILE) {
		for (unsigned int i = 0; i < r->view.nr; i++) {
			const struct ck_value *v = &r->view.values[i];
			char end[24];

			line("  mapped there: %s, steps %llu to %s", views[v->value],
			     (unsigned long long)v->begin, step_text(v->end, end, sizeof(end)));
		}
	}
	for (unsigned int view = 0; view < ck_views(r); view++)
		report_register(r->kind == CK_FILE ? views[view] : "the page",
				ck_reg_of(r, view, slot));
	if (r->kind == CK_PRIVATE)
		report_register("the file's page", &ck->file[CK_A].reg[slot]);
	report_history(r, slot);
	report_windows(r);
}

/* The first reports, the others wait for it to end the program. */
static void report_once(void)
{
	if (!atomic_flag_test_and_set(&ck->reporting))
		return;
	wl_pause_us(10000000);
	_exit(CK_VIOLATION);
}

void ck_violation(struct ck_region *r, unsigned int slot, uint64_t t0, uint64_t t1,
		  unsigned int who, const char *fmt, ...)
{
	char text[160];
	va_list ap;

	report_once();
	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	line("checker: VIOLATION, seed %llu: %s", (unsigned long long)ck->seed, text);
	line("  region %s, page %u (%p), seen by thread %u between steps %llu and %llu", r->name,
	     slot, (void *)ck_page(r, slot), who, (unsigned long long)t0, (unsigned long long)t1);
	report_mapping(ck_page(r, slot));
	report_again(ck_page(r, slot));
	report_page(r, slot);
	report_threads();
	report_replay();
	/* The last line is what the lab shows. */
	line("checker: seed %llu, step %llu: %s page %u: %s", (unsigned long long)ck->seed,
	     (unsigned long long)t1, r->name, slot, text);
	_exit(CK_VIOLATION);
}

static void report_stuck(unsigned int who, unsigned int seconds)
{
	const struct ck_now *now = &ck->now[who];
	struct ck_region *r = &ck->region[atomic_load(&now->region)];
	unsigned int slot = atomic_load(&now->slot);

	report_once();
	line("checker: VIOLATION, seed %llu: thread %u is stuck in %s for %u s",
	     (unsigned long long)ck->seed, who, ck_op_names[atomic_load(&now->op)], seconds);
	line("  region %s, page %u (%p)", r->name, slot, (void *)ck_page(r, slot));
	report_page(r, slot);
	report_threads();
	report_replay();
	line("checker: seed %llu: thread %u is stuck in %s of %s page %u",
	     (unsigned long long)ck->seed, who, ck_op_names[atomic_load(&now->op)], r->name, slot);
	_exit(CK_VIOLATION);
}

void *ck_watchdog(void *seconds)
{
	unsigned int limit = *(unsigned int *)seconds;
	unsigned int for_s[CK_THREADS] = { 0 };
	uint64_t last[CK_THREADS] = { 0 };

	for (;;) {
		wl_pause_us(1000000);
		for (unsigned int i = 0; i < CK_THREADS; i++) {
			uint64_t count = atomic_load(&ck->now[i].count);

			if (count != last[i] || atomic_load(&ck->now[i].idle))
				for_s[i] = 0;
			else if (count && ++for_s[i] >= limit)
				report_stuck(i, limit);
			last[i] = count;
		}
	}
	return NULL;
}
