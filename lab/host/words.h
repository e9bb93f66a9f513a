/* SPDX-License-Identifier: GPL-2.0-only */
/* A job line of the guest: "verb key=value ...". */
#ifndef WORDS_H
#define WORDS_H

#include <stdbool.h>
#include <stddef.h>

bool words_verb_is(const char *words, const char *verb);
bool words_get(const char *words, const char *key, char *buf, size_t size);
void words_program(const char *words, char *buf, size_t size);
void words_title(const char *words, char *buf, size_t size);

#endif
