/* SPDX-License-Identifier: GPL-2.0-only */
/* Reading the files of a run, for whoever judges its tests. */
#ifndef TESTS_CMD_H
#define TESTS_CMD_H

#include "tap.h"

int test_run_read(struct test_run *run, const char *records,
		  const char *console);

#endif
