/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Small helpers that PID 1 and the workloads share: whole-file reads and
 * writes of /proc and /sys files, and JSON strings.
 */
#ifndef MAJORFAULT_GUEST_UTIL_H
#define MAJORFAULT_GUEST_UTIL_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

#define ARRAY_SIZE(a) (sizeof(a) / sizeof((a)[0]))

/**
 * file_read() - read a small file as a string
 * @path: the file
 * @buf: where to put it; always terminated
 * @size: bytes in @buf, one of them for the terminator
 *
 * What does not fit is left out. One trailing newline is removed.
 *
 * Return: the length of the string, or a negative errno.
 */
int file_read(const char *path, char *buf, size_t size);

/**
 * file_write() - write a string to an existing file in one write()
 * @path: the file, for example a sysctl or a configfs attribute
 * @value: the string
 *
 * Return: 0 or a negative errno.
 */
int file_write(const char *path, const char *value);

/**
 * parse_u64() - a whole string as an unsigned decimal number
 * @text: the string
 * @value: the number, if it is one
 *
 * Return: 0, -EINVAL if @text is not just digits, -ERANGE if it is too big.
 */
int parse_u64(const char *text, uint64_t *value);

/**
 * json_string() - print a string as a JSON string, quotes included
 * @out: where to
 * @text: any bytes; what is not printable ASCII is escaped byte by byte
 */
void json_string(FILE *out, const char *text);

#endif
