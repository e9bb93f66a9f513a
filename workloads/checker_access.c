// SPDX-License-Identifier: GPL-2.0-only
/*
 * How the checker looks at a page and writes to it: through the mapping, by the kernel
 * on its behalf, through the file; and what children of fork() do.
 */
#include "checker.h"

#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/uio.h>
#include <sys/wait.h>
#include <unistd.h>

enum ck_fault ck_fault;
_Thread_local struct ck_access_state ck_access;

/* ---- signals ---- */

static void on_signal(int sig, siginfo_t *info, void *context)
{
	char *at = info->si_addr;

	(void)context;
	/* Where it was goes missing if it is the signal's own memory that fails. */
	if (!at && ck_access.failed)
		at = ck_access.page;
	if (!ck_access.armed || at < ck_access.page || at >= ck_access.page + WL_PAGE) {
		char text[96];
		int n = snprintf(text, sizeof(text), "checker: seed %llu: signal %d at %p, where nothing should fault\n",
				 (unsigned long long)ck->seed, sig, (void *)at);
		ssize_t ignored = write(STDERR_FILENO, text, (size_t)n);

		(void)ignored;
		_exit(CK_VIOLATION);
	}
	ck_access.sig = sig;
	ck_access.armed = false;
	siglongjmp(ck_access.jump, 1);
}

void ck_signals(void)
{
	struct sigaction sa = {
		.sa_sigaction = on_signal,
		.sa_flags = SA_SIGINFO | SA_NODEFER | SA_ONSTACK,
	};

	sigaction(SIGSEGV, &sa, NULL);
	sigaction(SIGBUS, &sa, NULL);
}

/* ---- inject= ---- */

#define FAIL_NTH	"/proc/thread-self/fail-nth"
#define FAIL_BELOW	16U	/* a fault allocates and asks for less than that */
#define STACK_BYTES	65536UL

/*
 * Signals come on a stack that fork() does not share: if the page below the stack
 * pointer had to be copied, and that failed, the signal would end the program.
 */
static void signal_stack(void)
{
	stack_t stack = { .ss_size = STACK_BYTES };

	stack.ss_sp = mmap(NULL, STACK_BYTES, PROT_READ | PROT_WRITE,
			   MAP_PRIVATE | MAP_ANONYMOUS | MAP_POPULATE, -1, 0);
	if (stack.ss_sp == MAP_FAILED || madvise(stack.ss_sp, STACK_BYTES, MADV_DONTFORK) ||
	    mlock(stack.ss_sp, STACK_BYTES) || sigaltstack(&stack, NULL))
		wl_die(&ck_wl, "no stack for signals: %s", strerror(errno));
}

void ck_inject_thread(uint64_t seed, unsigned int number)
{
	if (!wl_number(&ck_wl, "inject"))
		return;
	wl_random_init(&ck_access.random, seed, 2000 + number);
	signal_stack();
	ck_access.fail_fd = open(FAIL_NTH, O_RDWR | O_CLOEXEC);
	if (ck_access.fail_fd < 0)
		wl_die(&ck_wl, FAIL_NTH ": %s; inject= needs CONFIG_FAULT_INJECTION",
		       strerror(errno));
}

void ck_inject_end(void)
{
	stack_t stack = { 0 }, none = { .ss_flags = SS_DISABLE };

	if (!ck_access.fail_fd)
		return;
	sigaltstack(&none, &stack);
	munmap(stack.ss_sp, STACK_BYTES);
	close(ck_access.fail_fd);
	ck_access.fail_fd = 0;
}

static void fail_nth(unsigned int nth)
{
	char text[16];
	int len = snprintf(text, sizeof(text), "%u", nth);

	if (pwrite(ck_access.fail_fd, text, (size_t)len, 0) != len)
		wl_die(&ck_wl, FAIL_NTH ": %s", strerror(errno));
}

/* Of what this access is about to allocate and to ask for, one thing fails. */
static void fail_begin(void)
{
	ck_access.failed = false;
	if (!ck_access.fail_fd ||
	    wl_random_below(&ck_access.random, 1000) >= wl_number(&ck_wl, "inject"))
		return;
	fail_nth(1 + wl_random_below(&ck_access.random, FAIL_BELOW));
	ck_access.failed = true;	/* unless it is still to come, see fail_end() */
}

static void fail_end(void)
{
	char text[16] = "";

	if (!ck_access.failed)
		return;
	if (pread(ck_access.fail_fd, text, sizeof(text) - 1, 0) < 1)
		wl_die(&ck_wl, FAIL_NTH ": %s", strerror(errno));
	if (atoi(text)) {
		ck_access.failed = false;
		fail_nth(0);
	} else {
		atomic_fetch_add(&ck->injected, 1);
	}
}

/* Functions of their own, so that sigsetjmp() has no variables of theirs to lose. */
__attribute__((noinline))
static void copy_out(const char *page, uint64_t *words)
{
	const volatile uint64_t *from = (const volatile uint64_t *)page;

	for (unsigned int i = 0; i < CK_WORDS; i++)
		words[i] = from[i];
}

__attribute__((noinline))
static void fill(char *page, uint64_t stamp)
{
	volatile uint64_t *to = (volatile uint64_t *)page;

	for (unsigned int i = 0; i < CK_WORDS; i++)
		to[i] = stamp + i;
}

int ck_get(const char *page, uint64_t *words)
{
	ck_access.page = (char *)page;
	ck_access.sig = 0;
	if (!sigsetjmp(ck_access.jump, 0)) {
		fail_begin();
		ck_access.armed = true;
		copy_out(page, words);
		ck_access.armed = false;
	}
	fail_end();
	return ck_access.sig;
}

int ck_put(char *page, uint64_t stamp)
{
	ck_access.page = page;
	ck_access.sig = 0;
	if (!sigsetjmp(ck_access.jump, 0)) {
		fail_begin();
		ck_access.armed = true;
		fill(page, stamp);
		ck_access.armed = false;
	}
	fail_end();
	return ck_access.sig;
}

/* ---- through the mapping ---- */

uint64_t ck_doing(struct ck_thread *t, enum ck_op op, struct ck_region *r, unsigned int slot)
{
	struct ck_now *now = &ck->now[t->number];
	uint64_t step = ck_step();

	atomic_store(&now->op, op);
	atomic_store(&now->region, r->kind);
	atomic_store(&now->slot, slot);
	atomic_store(&now->begin, step);
	atomic_fetch_add(&now->count, 1);
	atomic_fetch_add(&ck->count[op], 1);
	return step;
}

static uint64_t signal_note(int sig)
{
	return sig == SIGBUS ? CK_SIGBUS : sig == SIGSEGV ? CK_SIGSEGV : CK_DONE + EFAULT;
}

/* What was seen, or how it ended; sig < 0: with EFAULT. */
static void judge(struct ck_thread *t, struct ck_region *r, unsigned int slot, int sig,
		  const uint64_t *words, uint64_t t0, uint64_t t1, enum ck_op op)
{
	struct ck_seen mine = { .lo = t0, .hi = t1 };
	const struct ck_seen *seen = t->seen ?: &mine;

	if (sig) {
		ck_check_signal(seen, r, slot, sig < 0 ? 0 : sig, false, t0, t1, t->number, op);
		ck_note(r, slot, slot, t->number, op, t0, signal_note(sig));
		return;
	}
	ck_check_access(seen, r, slot, false, words[0], t0, t1, t->number, op);
	ck_check_page(seen, r, slot, words, t0, t1, t->number, op);
	ck_note(r, slot, slot, t->number, op, t0, words[0]);
}

void ck_read(struct ck_thread *t, struct ck_region *r, unsigned int slot, enum ck_op op)
{
	uint64_t t0 = ck_doing(t, op, r, slot);
	int sig = ck_get(ck_page(r, slot), t->words);

	judge(t, r, slot, sig, t->words, t0, ck_step(), op);
}

void ck_vmread(struct ck_thread *t, struct ck_region *r, unsigned int slot)
{
	uint64_t t0 = ck_doing(t, CK_VMREAD, r, slot);
	struct iovec to = { t->words, WL_PAGE }, from = { ck_page(r, slot), WL_PAGE };
	ssize_t n = process_vm_readv(getpid(), &to, 1, &from, 1, 0);

	if (n != (ssize_t)WL_PAGE && errno != EFAULT) {
		atomic_fetch_add(&ck->failed[CK_VMREAD], 1);
		return;
	}
	judge(t, r, slot, n == (ssize_t)WL_PAGE ? 0 : -1, t->words, t0, ck_step(), CK_VMREAD);
}

void ck_pipe(struct ck_thread *t, struct ck_region *r, unsigned int slot)
{
	uint64_t t0 = ck_doing(t, CK_PIPE, r, slot);
	ssize_t n = write(t->pipe[1], ck_page(r, slot), WL_PAGE);
	uint64_t t1 = ck_step();

	if (n > 0 && read(t->pipe[0], t->words, (size_t)n) != n)
		n = 0;
	if (n == (ssize_t)WL_PAGE || (n < 0 && errno == EFAULT))
		judge(t, r, slot, n < 0 ? -1 : 0, t->words, t0, t1, CK_PIPE);
	else
		atomic_fetch_add(&ck->failed[CK_PIPE], 1);
}

/* ---- selfcheck= ---- */

static bool inject(struct ck_thread *t, enum ck_fault fault)
{
	return ck_fault == fault && !t->injected && t->number == 0 && t->count > CK_FAULT_AFTER;
}

static void inject_byte(struct ck_thread *t, struct ck_region *r, unsigned int slot)
{
	char *page = ck_page(r, slot);

	ck_access.page = page;
	if (sigsetjmp(ck_access.jump, 0))
		return;
	ck_access.armed = true;
	*(volatile char *)(page + 1234) ^= 0x10;
	ck_access.armed = false;
	t->injected = true;
	ck_read(t, r, slot, CK_READ);
}

/* ---- writing ---- */

static unsigned int views_seen(struct ck_region *r, uint64_t t0, uint64_t t1, bool *may)
{
	unsigned int n = 0;

	for (unsigned int view = 0; view < ck_views(r); view++) {
		may[view] = r->kind != CK_FILE || ck_allows(&r->view, view, t0, t1);
		n += may[view];
	}
	return n;
}

/* Rules 2 to 4 of checker_model.c. */
static void write_page(struct ck_thread *t, struct ck_region *r, unsigned int slot)
{
	uint64_t t0 = ck_doing(t, CK_WRITE, r, slot), t1;
	uint64_t stamp = ck_stamp(r->kind, slot, t0);
	struct ck_value *value[CK_VIEWS];
	bool may[CK_VIEWS], lose = inject(t, CK_LOST);
	struct ck_seen seen;
	unsigned int views;
	int sig = 0;

	for (unsigned int view = 0; view < ck_views(r); view++)
		value[view] = ck_begin(ck_reg_of(r, view, slot), stamp, t0, t->number, CK_WRITE);
	if (!lose)
		sig = ck_put(ck_page(r, slot), stamp);
	t1 = ck_step();
	views = views_seen(r, t0, t1, may);
	for (unsigned int view = 0; view < ck_views(r); view++)
		ck_end(ck_reg_of(r, view, slot), value[view],
		       !may[view] ? CK_DID_NOT : sig || views > 1 ? CK_MAY : CK_DID, t1);
	ck_note(r, slot, slot, t->number, CK_WRITE, t0, sig ? signal_note(sig) : stamp);
	seen = (struct ck_seen) { .lo = t0, .hi = t1 };
	if (sig)
		ck_check_signal(&seen, r, slot, sig, true, t0, t1, t->number, CK_WRITE);
	else
		ck_check_access(&seen, r, slot, true, stamp, t0, t1, t->number, CK_WRITE);
	/* Again and again: one that a change of the page may account for does not show. */
	if (lose)
		ck_read(t, r, slot, CK_READ);
	if (!sig && inject(t, CK_BYTE))
		inject_byte(t, r, slot);
}

void ck_write(struct ck_thread *t, struct ck_region *r, unsigned int slot)
{
	/* Two at a time are allowed for, but then neither is known to be the last. */
	if (atomic_flag_test_and_set(&r->busy[slot])) {
		ck_read(t, r, slot, CK_READ);
		return;
	}
	write_page(t, r, slot);
	atomic_flag_clear(&r->busy[slot]);
}

/* ---- through the file ---- */

static struct ck_object *object_of(struct ck_thread *t, struct ck_region *r, unsigned int slot,
				   unsigned int *page)
{
	*page = slot;
	switch (r->kind) {
	case CK_TRUNC:
		return &ck->file[CK_T];
	case CK_SHMEM:
		return &ck->file[CK_M];
	case CK_FILE:
		if (!wl_random_below(&t->random, 3))
			return &ck->file[CK_C];
		*page += wl_random_below(&t->random, 2) * CK_SLOTS;
		return &ck->file[CK_A];
	case CK_PRIVATE:
		return &ck->file[CK_A];
	default:
		return NULL;
	}
}

static off_t offset_of(const struct ck_object *o, unsigned int page)
{
	return (off_t)((size_t)page * o->stride * WL_PAGE);
}

void ck_file_read(struct ck_thread *t, struct ck_region *r, unsigned int slot)
{
	unsigned int page;
	struct ck_object *o = object_of(t, r, slot, &page);
	uint64_t t0;
	ssize_t n;

	if (!o)
		return;
	t0 = ck_doing(t, CK_PREAD, r, slot);
	n = pread(o->fd, t->words, WL_PAGE, offset_of(o, page));
	ck_check_file(r, slot, o, page, n == (ssize_t)WL_PAGE ? t->words : NULL, t0, ck_step(),
		      t->number);
}

void ck_file_write(struct ck_thread *t, struct ck_region *r, unsigned int slot)
{
	unsigned int page;
	struct ck_object *o = object_of(t, r, slot, &page);
	struct ck_value *value;
	uint64_t t0, stamp;
	ssize_t n;

	if (!o)
		return;
	/* Beyond the end it would make the file longer. */
	pthread_mutex_lock(&o->resize);
	if (page >= o->size)
		goto out;
	t0 = ck_doing(t, CK_PWRITE, r, slot);
	stamp = ck_stamp(CK_FROM_PWRITE, page, t0);
	for (unsigned int i = 0; i < CK_WORDS; i++)
		t->out[i] = stamp + i;
	value = ck_begin(&o->reg[page], stamp, t0, t->number, CK_PWRITE);
	n = pwrite(o->fd, t->out, WL_PAGE, offset_of(o, page));
	ck_end(&o->reg[page], value, n == (ssize_t)WL_PAGE ? CK_DID : CK_MAY, ck_step());
	ck_note(r, slot, slot, t->number, CK_PWRITE, t0, stamp);
	if (n != (ssize_t)WL_PAGE)
		atomic_fetch_add(&ck->failed[CK_PWRITE], 1);
out:
	pthread_mutex_unlock(&o->resize);
}

/* ---- children ---- */

static void child_write(struct ck_thread *t, struct ck_region *r, unsigned int slot)
{
	uint64_t t0 = ck_doing(t, CK_WRITE, r, slot), t1;
	uint64_t stamp = ck_stamp(CK_FROM_CHILD, slot, t0);
	int sig = ck_put(ck_page(r, slot), stamp);

	t1 = ck_step();
	if (sig) {
		ck_check_signal(t->seen, r, slot, sig, true, t0, t1, t->number, CK_WRITE);
		return;
	}
	ck_check_access(t->seen, r, slot, true, stamp, t0, t1, t->number, CK_WRITE);
	if (ck_get(ck_page(r, slot), t->words))
		ck_violation(r, slot, t0, t1, t->number, "a child cannot read what it wrote");
	for (unsigned int i = 0; i < CK_WORDS; i++)
		if (t->words[i] != stamp + i)
			ck_violation(r, slot, t0, t1, t->number, "a child's own write: word %u is %#llx",
				     i, (unsigned long long)t->words[i]);
}

static bool child_can_check(struct ck_region *r, const struct ck_seen *seen)
{
	/* What was anonymous shared memory then may be another one by now. */
	return r->used &&
	       !(r->kind == CK_FILE && ck_allows(&r->view, 3, seen->lo, seen->hi));
}

static void child_inject(struct ck_thread *t)
{
	struct ck_region *r = &ck->region[ck_fault == CK_STALE ? CK_ANON : CK_TRUNC];

	if (inject(t, CK_STALE))
		for (unsigned int i = 0; i < CK_SLOTS; i++)
			ck_put(ck_page(r, i), ck_stamp(r->kind, i, 1));
	if (inject(t, CK_LEAK))
		for (unsigned int i = 0; i < CK_SLOTS; i++)
			ck_put(ck_page(r, i), ck_stamp(CK_FROM_CHILD, i, 1));
}

__attribute__((noreturn))
static void child(struct ck_thread *t, uint64_t before)
{
	struct ck_seen seen = { .lo = before, .hi = ck_step(), .copy = t->copy };

	for (unsigned int i = 0; i < CK_REGIONS; i++)
		for (unsigned int slot = 0; slot < CK_SLOTS; slot++)
			ck_copy(&t->copy[i][slot], &ck->region[i].own[slot]);
	t->seen = &seen;
	ck_inject_thread(before, t->number);
	child_inject(t);
	for (unsigned int i = 0; i < CK_REGIONS; i++) {
		struct ck_region *r = &ck->region[i];
		bool private = i == CK_PRIVATE || i == CK_ANON;
		unsigned int first = wl_random_below(&t->random, CK_SLOTS);

		if (!child_can_check(r, &seen))
			continue;
		for (unsigned int n = 0; n < (r == t->focus ? 12U : 3U); n++)
			ck_read(t, r, (first + n) % CK_SLOTS, CK_READ);
		for (unsigned int n = 0; private && n < 3; n++)
			child_write(t, r, (first + n) % CK_SLOTS);
	}
	_exit(0);
}

void ck_fork(struct ck_thread *t)
{
	struct ck_region *r = t->focus;
	uint64_t before = ck_doing(t, CK_FORK, r, 0);
	int status = 0;
	pid_t pid = fork();

	if (!pid)
		child(t, before);
	if (pid < 0) {
		atomic_fetch_add(&ck->failed[CK_FORK], 1);
		return;
	}
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	atomic_fetch_add(&ck->children, 1);
	ck_note(r, 0, CK_SLOTS - 1, t->number, CK_FORK, before, CK_DONE);
	if (WIFEXITED(status) && WEXITSTATUS(status))
		_exit(WEXITSTATUS(status));	/* the child has said why */
	if (WIFSIGNALED(status))
		ck_violation(r, 0, before, ck_step(), t->number, "a child died of signal %d",
			     WTERMSIG(status));
}
