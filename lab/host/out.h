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
 * @tty: @term is a terminal, so that a live line may be drawn
 * @live: a live line stands on the terminal now
 * @error: the first negative errno that writing the log met
 */
struct out {
	FILE *term;
	FILE *log;
	bool tty;
	bool live;
	int error;
};

void out_init(struct out *out, bool quiet);
int out_open_log(struct out *out, const char *path);
void out_show(struct out *out);
void out_close(struct out *out);
void out_say(struct out *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void out_live(struct out *out, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));

#endif
