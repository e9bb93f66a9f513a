/* SPDX-License-Identifier: GPL-2.0-only */
/* Memory, strings and files: what every part of mflab needs. */
#ifndef UTIL_H
#define UTIL_H

#include <stdbool.h>
#include <stddef.h>

#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

/* These never return NULL: out of memory ends the program. */
void *xrealloc(void *old, size_t size);
void *xzalloc(size_t size);
char *xstrdup(const char *s);
char *xasprintf(const char *fmt, ...) __attribute__((format(printf, 1, 2)));

double now_s(void);
bool is_nospace(int err);
int write_all(int fd, const void *buf, size_t len);
int read_whole(const char *path, char **buf, size_t *len);
int make_dirs(const char *path);
long long free_bytes(const char *path);
bool parse_uint(const char *s, unsigned int max, unsigned int *value);
bool starts_with(const char *s, const char *prefix);
void printable(char *s);

/**
 * struct strv - a growing list of strings that it owns
 * @v: the strings, NULL-terminated once there is one
 * @n: how many
 */
struct strv {
	char **v;
	size_t n;
};

void strv_add(struct strv *sv, char *owned);
void strv_addf(struct strv *sv, const char *fmt, ...)
	__attribute__((format(printf, 2, 3)));
void strv_split(struct strv *sv, const char *s, char sep);
bool strv_has(const struct strv *sv, const char *s);
void strv_free(struct strv *sv);

#endif
