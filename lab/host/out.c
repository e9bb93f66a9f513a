// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdarg.h>
#include <sys/ioctl.h>
#include <unistd.h>

#include "out.h"
#include "util.h"

#define SETTLE_S	0.2

/**
 * out_init() - prepare to talk
 * @out: what to prepare
 * @quiet: true to keep everything off the terminal
 * @live_fd: where to draw the line that says what is going on now, if that is a
 *	terminal: there may be a pipe between stderr and the terminal
 */
void out_init(struct out *out, bool quiet, int live_fd)
{
	*out = (struct out){
		.term = quiet ? NULL : stderr,
		.live_fd = live_fd,
		.tty = !quiet && isatty(live_fd),
	};
}

/* The guest has given the terminal back. */
void out_show(struct out *out)
{
	out->term = stderr;
}

int out_open_log(struct out *out, const char *path)
{
	out->log = fopen(path, "we");
	return out->log ? 0 : -errno;
}

void out_close(struct out *out)
{
	if (out->log)
		fclose(out->log);
	out->log = NULL;
}

static void out_clear_live(struct out *out)
{
	if (out->live)
		dprintf(out->live_fd, "\r\033[K");
	out->live = false;
}

/**
 * out_say() - print one line
 * @out: where
 * @fmt: printf format, without the newline
 */
void out_say(struct out *out, const char *fmt, ...)
{
	va_list args;

	if (out->term) {
		out_clear_live(out);
		out->said_s = now_s();
		va_start(args, fmt);
		vfprintf(out->term, fmt, args);
		va_end(args);
		fputc('\n', out->term);
		fflush(out->term);
	}
	if (out->log) {
		va_start(args, fmt);
		vfprintf(out->log, fmt, args);
		va_end(args);
		fputc('\n', out->log);
		if (fflush(out->log) && !out->error)
			out->error = -errno;
	}
}

static unsigned int columns(int fd)
{
	struct winsize ws;

	if (ioctl(fd, TIOCGWINSZ, &ws) || ws.ws_col < 20)
		return 80;
	return ws.ws_col;
}

/**
 * out_live() - draw the line that says what is going on now
 * @out: where; nothing happens unless that is a terminal
 * @fmt: printf format
 */
void out_live(struct out *out, const char *fmt, ...)
{
	char line[512];
	va_list args;

	/* What was said last may still be on its way through a pipe. */
	if (!out->tty || now_s() - out->said_s < SETTLE_S)
		return;
	va_start(args, fmt);
	vsnprintf(line, sizeof(line), fmt, args);
	va_end(args);
	fflush(out->term);
	dprintf(out->live_fd, "\r\033[K%.*s", (int)columns(out->live_fd) - 1, line);
	out->live = true;
}
