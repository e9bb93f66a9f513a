// SPDX-License-Identifier: GPL-2.0-only
#include <ctype.h>
#include <err.h>
#include <errno.h>
#include <fcntl.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/statvfs.h>
#include <time.h>
#include <unistd.h>

#include "mflab.h"
#include "util.h"

static _Noreturn void out_of_memory(void)
{
	errx(MF_NOMEM, "out of memory; end other programs, or run where there is more of it");
}

void *xrealloc(void *old, size_t size)
{
	void *p = realloc(old, size ? size : 1);

	if (!p)
		out_of_memory();
	return p;
}

void *xzalloc(size_t size)
{
	return memset(xrealloc(NULL, size), 0, size);
}

char *xstrdup(const char *s)
{
	size_t size = strlen(s) + 1;

	return memcpy(xrealloc(NULL, size), s, size);
}

static char *xvasprintf(const char *fmt, va_list args)
{
	char *s;

	if (vasprintf(&s, fmt, args) < 0)
		out_of_memory();
	return s;
}

char *xasprintf(const char *fmt, ...)
{
	va_list args;
	char *s;

	va_start(args, fmt);
	s = xvasprintf(fmt, args);
	va_end(args);
	return s;
}

/**
 * now_s() - the host's monotonic clock
 *
 * Return: seconds since some fixed point.
 */
double now_s(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (double)ts.tv_sec + (double)ts.tv_nsec / 1e9;
}

/**
 * is_nospace() - is this errno the disk's fault?
 * @err: an errno, of either sign
 */
bool is_nospace(int err)
{
	if (err < 0)
		err = -err;
	return err == ENOSPC || err == EDQUOT;
}

int write_all(int fd, const void *buf, size_t len)
{
	const char *p = buf;

	while (len) {
		ssize_t n = write(fd, p, len);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			return -errno;
		p += n;
		len -= (size_t)n;
	}
	return 0;
}

/**
 * read_whole() - read a file into memory
 * @path: the file
 * @buf: on success the contents, NUL-terminated, for the caller to free
 * @len: on success their length in bytes
 *
 * Return: 0, or a negative errno with nothing to free.
 */
int read_whole(const char *path, char **buf, size_t *len)
{
	size_t cap = 65536;
	size_t used = 0;
	char *data;
	int ret = 0;
	int fd;

	fd = open(path, O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	data = xrealloc(NULL, cap);
	for (;;) {
		ssize_t n = read(fd, data + used, cap - used - 1);

		if (n < 0 && errno == EINTR)
			continue;
		if (n < 0)
			ret = -errno;
		if (n <= 0)
			break;
		used += (size_t)n;
		if (cap - used < 2)
			data = xrealloc(data, cap *= 2);
	}
	close(fd);
	if (ret) {
		free(data);
		return ret;
	}
	data[used] = '\0';
	*buf = data;
	*len = used;
	return 0;
}

static int make_dir(const char *path)
{
	if (!mkdir(path, 0777) || errno == EEXIST)
		return 0;
	return -errno;
}

/**
 * make_dirs() - make a directory and those above it
 * @path: the directory; that it exists already is no error
 */
int make_dirs(const char *path)
{
	char *copy = xstrdup(path);
	int ret = 0;
	char *p;

	for (p = copy + 1; *copy && *p && !ret; p++) {
		if (*p != '/')
			continue;
		*p = '\0';
		ret = make_dir(copy);
		*p = '/';
	}
	if (!ret)
		ret = make_dir(copy);
	free(copy);
	return ret;
}

/**
 * free_bytes() - what this user may still write
 * @path: a file or directory on the file system meant
 *
 * Return: bytes, or a negative errno.
 */
long long free_bytes(const char *path)
{
	struct statvfs st;

	if (statvfs(path, &st))
		return -errno;
	return (long long)(geteuid() ? st.f_bavail : st.f_bfree) *
	       (long long)st.f_frsize;
}

bool parse_uint(const char *s, unsigned int max, unsigned int *value)
{
	unsigned long v;
	char *end;

	if (!isdigit((unsigned char)*s))
		return false;
	errno = 0;
	v = strtoul(s, &end, 10);
	if (errno || *end || v > max)
		return false;
	*value = (unsigned int)v;
	return true;
}

bool starts_with(const char *s, const char *prefix)
{
	return !strncmp(s, prefix, strlen(prefix));
}

/**
 * printable() - make a line from the guest safe to print
 * @s: changed in place; all but tabs and printable ASCII becomes '?', a final CR goes
 *
 * Beyond ASCII a terminal may take a byte, or a pair of them, for an escape, too.
 */
void printable(char *s)
{
	size_t len = strlen(s);

	while (len && s[len - 1] == '\r')
		s[--len] = '\0';
	for (; *s; s++) {
		if (*s != '\t' && !isprint((unsigned char)*s))
			*s = '?';
	}
}

void strv_add(struct strv *sv, char *owned)
{
	sv->v = xrealloc(sv->v, (sv->n + 2) * sizeof(*sv->v));
	sv->v[sv->n++] = owned;
	sv->v[sv->n] = NULL;
}

void strv_addf(struct strv *sv, const char *fmt, ...)
{
	va_list args;

	va_start(args, fmt);
	strv_add(sv, xvasprintf(fmt, args));
	va_end(args);
}

/**
 * strv_split() - add the non-empty parts of a string
 * @sv: where to add them
 * @s: the string
 * @sep: what parts them
 */
void strv_split(struct strv *sv, const char *s, char sep)
{
	while (*s) {
		const char *end = strchrnul(s, sep);

		if (end > s)
			strv_addf(sv, "%.*s", (int)(end - s), s);
		s = *end ? end + 1 : end;
	}
}

bool strv_has(const struct strv *sv, const char *s)
{
	size_t i;

	for (i = 0; i < sv->n; i++) {
		if (!strcmp(sv->v[i], s))
			return true;
	}
	return false;
}

void strv_free(struct strv *sv)
{
	size_t i;

	for (i = 0; i < sv->n; i++)
		free(sv->v[i]);
	free(sv->v);
	*sv = (struct strv){ 0 };
}
