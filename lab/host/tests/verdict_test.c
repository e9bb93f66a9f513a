// SPDX-License-Identifier: GPL-2.0-only
/* Description: every way in which a run can end has its own status. */
#include "t.h"

#include "verdict.h"

#define EXITED(code)	((code) << 8)
#define KILLED(sig)	(sig)

static const struct {
	enum mf_status status;
	struct run_facts facts;
} cases[] = {
	{ MF_OK, { .done = true } },
	{ MF_OK, { .interactive = true } },
	{ MF_INCOMPLETE, { 0 } },
	{ MF_INCOMPLETE, { .done = true, .failed_jobs = 1 } },
	{ MF_QEMU, { .wait_status = EXITED(1) } },
	{ MF_QEMU, { .wait_status = KILLED(9) } },
	{ MF_QEMU, { .done = true, .wait_status = EXITED(1) } },
	{ MF_QEMU, { .spawn_error = -ENOENT } },
	{ MF_HUNG, { .timed_out = true, .wait_status = KILLED(15) } },
	{ MF_HUNG, { .idle = true, .wait_status = KILLED(15) } },
	{ MF_HUNG, { .done = true, .timed_out = true } },
	{ MF_PANIC, { .panicked = true } },
	{ MF_PANIC, { .panicked = true, .timed_out = true } },
	{ MF_PANIC, { .panicked = true, .done = true } },
	{ MF_NOSPACE, { .disk_full = true, .wait_status = EXITED(1) } },
	{ MF_NOSPACE, { .disk_full = true, .panicked = true } },
	{ MF_INTERRUPTED, { .interrupted = true, .wait_status = KILLED(15) } },
	{ MF_INTERRUPTED, { .interrupted = true, .panicked = true } },
};

static void every_case(void **state)
{
	size_t i;

	(void)state;
	for (i = 0; i < ARRAY_SIZE(cases); i++) {
		if (run_verdict(&cases[i].facts) != cases[i].status)
			fail_msg("case %zu: %d instead of %d", i,
				 run_verdict(&cases[i].facts),
				 cases[i].status);
	}
}

int main(void)
{
	const struct CMUnitTest tests[] = {
		cmocka_unit_test(every_case),
	};

	return cmocka_run_group_tests_name("verdict", tests, NULL, NULL);
}
