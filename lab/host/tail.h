/* SPDX-License-Identifier: GPL-2.0-only */
/* Follow a file that somebody else is writing, line by line. */
#ifndef TAIL_H
#define TAIL_H

#include <stdbool.h>
#include <stddef.h>

/**
 * struct tail - a file being followed
 * @path: the file, which need not exist yet; not owned
 * @fd: -1 until it does
 * @buf: what has been read and not yet handed out
 * @used: bytes in @buf
 * @cap: bytes allocated
 */
struct tail {
	const char *path;
	int fd;
	char *buf;
	size_t used;
	size_t cap;
};

typedef void (*tail_fn)(void *arg, char *line);

void tail_init(struct tail *t, const char *path);
int tail_poll(struct tail *t, bool last, tail_fn fn, void *arg);
void tail_free(struct tail *t);

#endif
