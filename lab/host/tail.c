// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "tail.h"
#include "util.h"

#define TAIL_CHUNK	65536

/* A guest that never ends its line must not take the host's memory. */
#define TAIL_LINE_MAX	(1024 * 1024)

void tail_init(struct tail *t, const char *path)
{
	*t = (struct tail){ .path = path, .fd = -1 };
}

/* Bytes from a guest can be anything; a NUL must not end the line early. */
static void hand_out(char *line, size_t len, tail_fn fn, void *arg)
{
	size_t i;

	for (i = 0; i < len; i++) {
		if (!line[i])
			line[i] = '?';
	}
	line[len] = '\0';
	fn(arg, line);
}

static void hand_out_lines(struct tail *t, bool last, tail_fn fn, void *arg)
{
	size_t start = 0;
	char *nl;

	while ((nl = memchr(t->buf + start, '\n', t->used - start))) {
		size_t len = (size_t)(nl - (t->buf + start));

		hand_out(t->buf + start, len, fn, arg);
		start += len + 1;
	}
	if ((last && start < t->used) || t->used - start >= TAIL_LINE_MAX) {
		hand_out(t->buf + start, t->used - start, fn, arg);
		start = t->used;
	}
	t->used -= start;
	memmove(t->buf, t->buf + start, t->used);
}

/**
 * tail_poll() - hand out the lines that have come since the last call
 * @t: the file
 * @last: nobody writes any more: hand out an unfinished last line, too
 * @fn: called with each line, without its newline; it may change the line; one of
 *	more than a mebibyte comes in parts
 * @arg: passed to @fn
 *
 * Return: 1 if the file has grown, 0 if not, or a negative errno. A file that
 * does not exist yet has not grown.
 */
int tail_poll(struct tail *t, bool last, tail_fn fn, void *arg)
{
	bool grown = false;
	ssize_t n;

	if (t->fd < 0)
		t->fd = open(t->path, O_RDONLY | O_CLOEXEC);
	if (t->fd < 0)
		return errno == ENOENT ? 0 : -errno;
	do {
		if (t->cap - t->used < TAIL_CHUNK + 1) {
			t->cap = t->used + 2 * TAIL_CHUNK;
			t->buf = xrealloc(t->buf, t->cap);
		}
		n = read(t->fd, t->buf + t->used, TAIL_CHUNK);
		if (n < 0)
			return errno == EINTR ? grown : -errno;
		if (n > 0) {
			t->used += (size_t)n;
			grown = true;
			hand_out_lines(t, false, fn, arg);
		}
	} while (n > 0);
	if (last)
		hand_out_lines(t, true, fn, arg);
	return grown;
}

void tail_free(struct tail *t)
{
	if (t->fd >= 0)
		close(t->fd);
	free(t->buf);
	tail_init(t, NULL);
}
