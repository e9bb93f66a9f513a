/* SPDX-License-Identifier: GPL-2.0-only */
/* What `mflab run` tells the user: stderr, and the same in run.log. */
#ifndef OUT_H
#define OUT_H

#include <stdbool.h>
#include <stdio.h>

/**
 * struct out - where messages go
 * @term: stderr, or NULL when the guest has the terminal
 * @log: run.log, or NULL before it is open
 * @live_fd: where the live line is drawn
 * @tty: @live_fd is a terminal, so that it may be
 * @live: a live line stands on the terminal now
 * @said_s: when a line was printed last
 * @error: the first negative errno that writing the log met
 */
struct out {
	FILE *term;
	FILE *log;
	int live_fd;
	bool tty;
	bool live;
	double said_s;
	int error;
};

void out_init(struct out *out, bool quiet, int live_fd);
int out_open_log(struct out *out, const char *path);
void out_show(struct out *out);
void out_close(struct out *out);
void out_say(struct out *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void out_live(struct out *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
