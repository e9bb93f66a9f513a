/* SPDX-License-Identifier: GPL-2.0-only */
/* What every cmocka test here includes, in the order that cmocka wants. */
#ifndef T_H
#define T_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#include <errno.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "util.h"

/* A file that holds text; the caller unlinks and frees the name. */
static inline char *t_file(const char *text)
{
	char *path = xstrdup("/tmp/mflab-test.XXXXXX");
	int fd = mkstemp(path);

	assert_true(fd >= 0);
	assert_int_equal(write_all(fd, text, strlen(text)), 0);
	close(fd);
	return path;
}

static inline void t_remove(char *path)
{
	unlink(path);
	free(path);
}

#endif
