// SPDX-License-Identifier: GPL-2.0-only
/*
 * What each page must contain.
 *
 * Nothing holds a lock while it faults, so a page seldom has one right value.  It has
 * a register: a set of values, each with the steps between which the page may have
 * had it.  Steps come from one counter (ck_step()), so they order all that happens
 * as it really happened.  The rules, each with the reason why it allows enough and
 * no more:
 *
 * 1. An operation that gives a page a value notes it *before* its first store or
 *    system call (begin) and again *after* the last one (done).  Its effect is
 *    somewhere in between, so a reader may see the value if its read ended after
 *    begin.
 * 2. When an operation X that surely replaces the contents (a whole page written
 *    without a signal, a DONTNEED that returned 0, ...) is done, all values whose
 *    operations were done before X began end there: their stores came before those
 *    of X, in every order that there can have been.  A read that begins later and
 *    sees such a value has seen a stale page, or a lost write.
 * 3. Values of operations that overlap X stay: their stores may have come after
 *    those of X.  The next operation that overlaps neither ends both.
 * 4. An operation that may have had its effect, or part of it (a signal in the middle
 *    of a page, madvise() with an error after some of its VMAs, MADV_FREE whose effect
 *    comes when it pleases), adds its value and ends none.
 * 5. A reader looks at each word on its own: a word is right if the register allows
 *    its value at some time between the steps before and after the read.  As a page is
 *    written word by word, a reader may see half of it new.  Where the kernel copies,
 *    see word_torn().
 *
 * What is mapped at a place (a view) is a register, too: the reader takes all views of
 * that time, and a writer, which cannot know which file its store will go to, adds its
 * value to all before, and takes it back afterwards from those that were not mapped at
 * any time of the write.  If there was more than one, rule 4.
 *
 * Private file mappings: the page's own register says what was written to it, or
 * CK_THROUGH for the file's page.  A copy-on-write copies the file's page at some time
 * within a write; what of it is not overwritten (a signal, a DONTNEED in the middle)
 * stays as it was then.  So if both a write and CK_THROUGH are possible, the file's
 * page may be as old as that write's begin.
 *
 * Signals: a SIGSEGV needs a window (munmap to mmap, PROT_NONE, guard region, moved
 * away) that overlaps the access; SIGBUS needs CK_SIGBUS in the register.  The other
 * way round, an access that succeeded though it lies between the return of the call
 * that took the permission and the call that gives it back is wrong.
 *
 * A child of fork() has the private memory of some time between the steps before and
 * after fork(), by rule 5 on a copy of the registers that is made first of all.  Shared
 * memory and files it sees as they are, and checks them as anybody does.  What the
 * child writes has its own source in the stamp, which no register of the parent ever
 * allows.
 *
 * Registers have room for CK_RING values.  What does not fit is remembered as a step
 * before which nothing is known, and a check that would fail because of that is counted
 * as unchecked.
 */
#include "checker.h"

#include <errno.h>
#include <sched.h>
#include <string.h>

struct ck_world *ck;

static void lock(atomic_flag *flag)
{
	while (atomic_flag_test_and_set_explicit(flag, memory_order_acquire))
		sched_yield();
}

static void unlock(atomic_flag *flag)
{
	atomic_flag_clear_explicit(flag, memory_order_release);
}

/* ---- registers ---- */

static uint64_t later(uint64_t a, uint64_t b)
{
	return a > b ? a : b;
}

/* The place of the value that ended first, or else of the oldest that is not at work. */
static struct ck_value *reg_evict(struct ck_reg *reg)
{
	struct ck_value *best = NULL;

	for (unsigned int i = 0; i < CK_RING; i++) {
		struct ck_value *v = &reg->values[i];

		if (v->done == CK_NEVER)
			continue;
		if (!best || v->end < best->end ||
		    (v->end == best->end && v->done < best->done))
			best = v;
	}
	if (!best)	/* more operations at work than threads: cannot be */
		return &reg->values[0];
	reg->lost_end = later(reg->lost_end, best->end);
	if (best->end == CK_NEVER)
		reg->lost_done = later(reg->lost_done, best->done);
	return best;
}

struct ck_value *ck_begin(struct ck_reg *reg, uint64_t value, uint64_t step,
			  unsigned int who, enum ck_op op)
{
	struct ck_value *v;

	lock(&reg->lock);
	v = reg->nr < CK_RING ? &reg->values[reg->nr++] : reg_evict(reg);
	*v = (struct ck_value) {
		.value = value, .begin = step, .done = CK_NEVER, .end = CK_NEVER,
		.who = (uint16_t)who, .op = (uint16_t)op,
	};
	unlock(&reg->lock);
	return v;
}

void ck_end(struct ck_reg *reg, struct ck_value *value, enum ck_outcome outcome,
	    uint64_t step)
{
	lock(&reg->lock);
	value->done = step;
	if (outcome == CK_DID_NOT)
		value->end = value->begin;
	for (unsigned int i = 0; outcome == CK_DID && i < reg->nr; i++) {
		struct ck_value *v = &reg->values[i];

		if (v->end == CK_NEVER && v->done < value->begin)
			v->end = step;
	}
	if (outcome == CK_DID && reg->lost_end == CK_NEVER &&
	    reg->lost_done < value->begin)
		reg->lost_end = step;
	unlock(&reg->lock);
}

void ck_reset(struct ck_reg *reg, uint64_t value)
{
	uint64_t step = ck_step();

	memset(reg, 0, sizeof(*reg));
	ck_end(reg, ck_begin(reg, value, step, 0, CK_SETUP), CK_DID, step);
}

static bool overlaps(const struct ck_value *v, uint64_t lo, uint64_t hi)
{
	return v->begin < hi && v->end > lo;
}

bool ck_allows(struct ck_reg *reg, uint64_t value, uint64_t lo, uint64_t hi)
{
	bool allowed = false;

	lock(&reg->lock);
	for (unsigned int i = 0; i < reg->nr && !allowed; i++)
		allowed = reg->values[i].value == value &&
			  overlaps(&reg->values[i], lo, hi);
	unlock(&reg->lock);
	return allowed;
}

void ck_copy(struct ck_reg *to, struct ck_reg *from)
{
	lock(&from->lock);
	*to = *from;
	unlock(&from->lock);
	atomic_flag_clear(&to->lock);
}

/* Since when a page that shows through may be as it was: see above. */
static uint64_t through_since(struct ck_reg *reg, uint64_t lo, uint64_t hi, uint64_t now)
{
	uint64_t since = now;

	lock(&reg->lock);
	for (unsigned int i = 0; i < reg->nr; i++) {
		struct ck_value *v = &reg->values[i];

		if (v->value > CK_MISSING && overlaps(v, lo, hi) && v->begin < since)
			since = v->begin;
	}
	unlock(&reg->lock);
	return since;
}

/* ---- windows ---- */

struct ck_window *ck_window_begin(struct ck_region *r, enum ck_access access,
				  unsigned int first, unsigned int last)
{
	struct ck_window *w;

	lock(&r->lock);
	w = &r->windows[r->nr_windows++ % CK_WINDOWS];
	*w = (struct ck_window) {
		.access = access, .first = first, .last = last,
		.begin = ck_step(), .firm = CK_NEVER, .firm_end = CK_NEVER,
		.end = CK_NEVER,
	};
	unlock(&r->lock);
	return w;
}

void ck_window_firm(struct ck_region *r, struct ck_window *w)
{
	lock(&r->lock);
	w->firm = ck_step();
	unlock(&r->lock);
}

void ck_window_ending(struct ck_region *r, struct ck_window *w)
{
	lock(&r->lock);
	w->firm_end = ck_step();
	unlock(&r->lock);
}

void ck_window_end(struct ck_region *r, struct ck_window *w)
{
	lock(&r->lock);
	w->end = ck_step();
	unlock(&r->lock);
}

/*
 * firm: all of [lo, hi] must lie between the two calls; else some of it between begin and
 * end. The lock is held.
 */
static bool find_window(struct ck_region *r, unsigned int slot, bool write, bool firm,
			uint64_t lo, uint64_t hi)
{
	bool found = false;

	for (unsigned int i = 0; i < CK_WINDOWS && i < r->nr_windows; i++) {
		const struct ck_window *w = &r->windows[i];

		if (slot < w->first || slot > w->last)
			continue;
		if (w->access == CK_NO_WRITE && !write)
			continue;
		if (firm ? w->firm < lo && w->firm_end > hi
			 : w->begin < hi && w->end > lo)
			found = true;
	}
	/* Forgotten ones: the oldest remembered tells until when they were. */
	if (!firm && r->nr_windows > CK_WINDOWS &&
	    r->windows[r->nr_windows % CK_WINDOWS].begin > lo)
		found = true;
	return found;
}

static bool in_window(struct ck_region *r, unsigned int slot, bool write, uint64_t lo, uint64_t hi)
{
	bool found;

	lock(&r->lock);
	found = find_window(r, slot, write, false, lo, hi);
	unlock(&r->lock);
	return found;
}

/* ---- pages ---- */

unsigned int ck_views(const struct ck_region *r)
{
	return r->kind == CK_FILE ? CK_VIEWS : 1;
}

struct ck_reg *ck_reg_of(struct ck_region *r, unsigned int view, unsigned int slot)
{
	switch (r->kind) {
	case CK_TRUNC:
		return &ck->file[CK_T].reg[slot];
	case CK_SHMEM:
		return &ck->file[CK_M].reg[slot];
	case CK_FILE:
		if (view < 2)
			return &ck->file[CK_A].reg[view * CK_SLOTS + slot];
		if (view == 2)
			return &ck->file[CK_C].reg[slot];
		return &r->own[slot];
	default:
		return &r->own[slot];
	}
}

void ck_note(struct ck_region *r, unsigned int first, unsigned int last,
	     unsigned int who, enum ck_op op, uint64_t begin, uint64_t result)
{
	for (unsigned int i = first; i <= last; i++) {
		unsigned int n = atomic_fetch_add(&r->nr_history[i], 1);

		r->history[i][n % CK_HISTORY] = (struct ck_note) {
			.begin = begin, .end = atomic_load(&ck->step), .result = result,
			.who = (uint16_t)who, .op = (uint16_t)op,
		};
	}
}

static bool is_lost(const struct ck_reg *reg, uint64_t lo)
{
	return reg->lost_end > lo;
}

/* Private memory: in a child what it was forked with, else what it is now. */
static struct ck_reg *private_reg(const struct ck_seen *seen, struct ck_region *r,
				  unsigned int slot)
{
	return seen->copy ? &seen->copy[r->kind][slot] : &r->own[slot];
}

/* Where a page's contents can come from: a register, and since and until when. */
struct source {
	struct ck_reg *reg;
	uint64_t lo;
	uint64_t hi;
};

struct sources {
	struct source list[CK_VIEWS + 1];
	unsigned int nr;
	bool zero;		/* and from nowhere */
	bool unknown;		/* and from where nobody knows any more */
};

static void add_source(struct sources *s, struct ck_reg *reg, uint64_t lo, uint64_t hi)
{
	s->list[s->nr++] = (struct source) { reg, lo, hi };
	s->unknown |= is_lost(reg, lo);
}

static void private_sources(struct sources *s, const struct ck_seen *seen, struct ck_region *r,
			    unsigned int slot, uint64_t t0, uint64_t t1)
{
	struct ck_reg *reg = private_reg(seen, r, slot);
	uint64_t lo = seen->copy ? seen->lo : t0, hi = seen->copy ? seen->hi : t1;

	add_source(s, reg, lo, hi);
	if (r->kind == CK_PRIVATE && ck_allows(reg, CK_THROUGH, lo, hi))
		add_source(s, &ck->file[CK_A].reg[slot], through_since(reg, lo, hi, t0), t1);
	/* Nobody is asked in a child. */
	s->zero = r->kind == CK_UFFD && seen->copy && ck_allows(reg, CK_MISSING, lo, hi);
}

static void find_sources(struct sources *s, const struct ck_seen *seen, struct ck_region *r,
			 unsigned int slot, uint64_t t0, uint64_t t1)
{
	*s = (struct sources) { .nr = 0 };
	if (r->kind == CK_PRIVATE || r->kind == CK_ANON || r->kind == CK_UFFD) {
		private_sources(s, seen, r, slot, t0, t1);
		return;
	}
	for (unsigned int view = 0; view < ck_views(r); view++)
		if (r->kind != CK_FILE || ck_allows(&r->view, view, seen->lo, seen->hi))
			add_source(s, ck_reg_of(r, view, slot), t0, t1);
	s->unknown |= r->kind == CK_FILE && is_lost(&r->view, seen->lo);
}

static bool sources_allow(const struct sources *s, uint64_t value)
{
	if (value == CK_ZERO && s->zero)
		return true;
	for (unsigned int i = 0; i < s->nr; i++)
		if (ck_allows(s->list[i].reg, value, s->list[i].lo, s->list[i].hi))
			return true;
	return false;
}

/*
 * The values that can be seen; at most @max. *torn: one of them was being written by the
 * kernel, see word_torn().
 */
static unsigned int values_of(const struct sources *s, uint64_t *values, unsigned int max, bool *torn)
{
	unsigned int n = 0;

	if (s->zero)
		values[n++] = CK_ZERO;
	for (unsigned int i = 0; i < s->nr; i++) {
		const struct source *src = &s->list[i];

		lock(&src->reg->lock);
		for (unsigned int j = 0; j < src->reg->nr && n < max; j++) {
			const struct ck_value *v = &src->reg->values[j];

			if (!overlaps(v, src->lo, src->hi) ||
			    (v->value != CK_ZERO && v->value < CK_WORDS))
				continue;
			values[n++] = v->value;
			*torn |= v->op == CK_PWRITE && v->done > src->lo;
		}
		unlock(&src->reg->lock);
	}
	return n;
}

#define MAX_VALUES	((CK_VIEWS + 1) * CK_RING + 1)

/*
 * Rule 5 is for words that are loaded and stored as such.  The kernel copies byte by
 * byte, so what it has read, or is writing, can be made of bytes of several values.
 */
static bool word_torn(const struct sources *s, uint64_t word, unsigned int at, enum ck_op op)
{
	bool torn = op == CK_VMREAD || op == CK_PIPE || op == CK_PREAD;
	uint64_t values[MAX_VALUES];
	unsigned int n = values_of(s, values, MAX_VALUES, &torn);

	if (!torn || n < 2)
		return false;
	for (unsigned int shift = 0; shift < 64; shift += 8) {
		bool found = false;

		for (unsigned int i = 0; i < n && !found; i++) {
			uint64_t value = values[i] ? values[i] + at : 0;

			found = (value >> shift & 0xff) == (word >> shift & 0xff);
		}
		if (!found)
			return false;
	}
	return true;
}

/* The value that a word says the page has; CK_NEVER if it is in the wrong place. */
static uint64_t value_of(uint64_t word, unsigned int at)
{
	uint64_t value = word & ~(CK_WORDS - 1ULL);

	if (!word)
		return CK_ZERO;
	return value && word - value == at ? value : CK_NEVER;
}

/* The first word that is not allowed, or CK_WORDS. */
static unsigned int wrong_word(const struct sources *s, const uint64_t *words, enum ck_op op)
{
	uint64_t values[MAX_VALUES], last = CK_NEVER;
	bool torn = false;

	atomic_fetch_add(&ck->checks, 1);
	/* How many checks had one right answer says how strong the others are. */
	if (values_of(s, values, MAX_VALUES, &torn) == 1)
		atomic_fetch_add(&ck->exact, 1);
	for (unsigned int i = 0; i < CK_WORDS; i++) {
		uint64_t value = value_of(words[i], i);

		if (value == last && last != CK_NEVER)
			continue;
		last = value;
		if (value != CK_NEVER && sources_allow(s, value))
			continue;
		if (word_torn(s, words[i], i, op)) {
			atomic_fetch_add(&ck->torn, 1);
			continue;
		}
		if (!s->unknown)
			return i;
		atomic_fetch_add(&ck->unchecked, 1);
	}
	return CK_WORDS;
}

void ck_check_page(const struct ck_seen *seen, struct ck_region *r, unsigned int slot,
		   const uint64_t *words, uint64_t t0, uint64_t t1,
		   unsigned int who, enum ck_op op)
{
	struct sources s;
	unsigned int wrong;
	char text[96];

	find_sources(&s, seen, r, slot, t0, t1);
	wrong = wrong_word(&s, words, op);
	if (wrong == CK_WORDS)
		return;
	ck_note(r, slot, slot, who, op, t0, words[wrong]);
	ck_violation(r, slot, t0, t1, who, "%s: word %u is %#llx (%s)",
		     seen->copy ? "wrong contents in a child" : "wrong contents", wrong,
		     (unsigned long long)words[wrong],
		     ck_describe(words[wrong], text, sizeof(text)));
}

void ck_check_signal(const struct ck_seen *seen, struct ck_region *r, unsigned int slot,
		     int sig, bool write, uint64_t t0, uint64_t t1,
		     unsigned int who, enum ck_op op)
{
	uint64_t lo = seen->copy ? seen->lo : t0, hi = seen->copy ? seen->hi : t1;
	struct sources s;

	if (sig != SIGBUS && in_window(r, slot, write, lo, hi)) {
		atomic_fetch_add(sig ? &ck->segv : &ck->efault, 1);
		return;
	}
	find_sources(&s, seen, r, slot, t0, t1);
	if (sig != SIGSEGV && (s.unknown || sources_allow(&s, CK_SIGBUS))) {
		atomic_fetch_add(sig ? &ck->sigbus : &ck->efault, 1);
		return;
	}
	/* inject=: this access's own read of the device may be what failed. */
	if (sig == SIGBUS && ck_access.failed &&
	    (r->kind == CK_FILE || r->kind == CK_TRUNC || r->kind == CK_PRIVATE)) {
		atomic_fetch_add(&ck->injected_sigbus, 1);
		return;
	}
	ck_note(r, slot, slot, who, op, t0, (uint64_t)sig);
	ck_violation(r, slot, t0, t1, who, "%s that nothing allows, when %s",
		     sig == SIGSEGV ? "SIGSEGV" : sig == SIGBUS ? "SIGBUS" : "EFAULT",
		     write ? "writing" : "reading");
}

void ck_check_access(const struct ck_seen *seen, struct ck_region *r, unsigned int slot,
		     bool write, uint64_t word, uint64_t t0, uint64_t t1, unsigned int who,
		     enum ck_op op)
{
	uint64_t lo = seen->copy ? seen->lo : t0, hi = seen->copy ? seen->hi : t1;
	char text[96];

	lock(&r->lock);
	if (!find_window(r, slot, write, true, lo, hi)) {
		unlock(&r->lock);
		return;
	}
	/* The lock stays: nobody gives the access back before all is reported. */
	ck_note(r, slot, slot, who, op, t0, word);
	ck_violation(r, slot, t0, t1, who, "%s%s what cannot be accessed%s (%s)",
		     seen->copy ? "a child " : "", write ? "could write" : "could read",
		     seen->copy ? " since fork()" : "", ck_describe(word, text, sizeof(text)));
}

void ck_check_file(struct ck_region *r, unsigned int slot, struct ck_object *o,
		   unsigned int page, const uint64_t *words, uint64_t t0, uint64_t t1,
		   unsigned int who)
{
	struct sources s = { .nr = 0 };
	unsigned int wrong = 0;
	char text[96];

	add_source(&s, &o->reg[page], t0, t1);
	if (words)
		wrong = wrong_word(&s, words, CK_PREAD);
	if (words ? wrong == CK_WORDS : s.unknown || sources_allow(&s, CK_SIGBUS))
		return;
	ck_violation(r, slot, t0, t1, who, "page %u of file %s: word %u is %#llx (%s)", page,
		     o->name, wrong, words ? (unsigned long long)words[wrong] : 0ULL,
		     ck_describe(words ? words[wrong] : CK_SIGBUS, text, sizeof(text)));
}
