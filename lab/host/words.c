// SPDX-License-Identifier: GPL-2.0-only
#include <stdio.h>
#include <string.h>

#include "util.h"
#include "words.h"

#define BLANKS	" \t"

/**
 * words_verb_is() - does a job line begin with this verb?
 * @words: the job line
 * @verb: the verb
 */
bool words_verb_is(const char *words, const char *verb)
{
	size_t len = strlen(verb);

	words += strspn(words, BLANKS);
	return !strncmp(words, verb, len) &&
	       (!words[len] || strchr(BLANKS, words[len]));
}

/**
 * words_get() - the value of key=value in a job line
 * @words: the job line
 * @key: the key
 * @buf: the value, cut to fit; empty when there is none
 * @size: bytes in @buf
 *
 * Return: true if the key is there.
 */
bool words_get(const char *words, const char *key, char *buf, size_t size)
{
	size_t len = strlen(key);

	*buf = '\0';
	while (*words) {
		size_t word = strcspn(words, BLANKS);

		if (word > len && !strncmp(words, key, len) &&
		    words[len] == '=') {
			snprintf(buf, size, "%.*s", (int)(word - len - 1),
				 words + len + 1);
			return true;
		}
		words += word;
		words += strspn(words, BLANKS);
	}
	return false;
}

/**
 * words_program() - what a job line runs, as one would type it
 * @words: a job line of the verb program
 * @buf: "mm/khugepaged -s 2"; the arm and the time limit are left out
 * @size: bytes in @buf; the line is cut to fit
 */
void words_program(const char *words, char *buf, size_t size)
{
	char word[256];
	size_t used;

	words_get(words, "name", buf, size);
	while (*words) {
		size_t len = strcspn(words, BLANKS);

		snprintf(word, sizeof(word), "%.*s", (int)len, words);
		used = strlen(buf);
		if (starts_with(word, "arg="))
			snprintf(buf + used, size - used, " %s", word + 4);
		words += len;
		words += strspn(words, BLANKS);
	}
}

/**
 * words_title() - a job line, short enough for a progress line
 * @words: the job line
 * @buf: "storm arm=hold round=2", "test r1_file arm=hold", or the line itself
 * @size: bytes in @buf; the title is cut to fit
 */
void words_title(const char *words, char *buf, size_t size)
{
	static const char * const keys[] = { "arm", "round", "expect" };
	bool test = words_verb_is(words, "test");
	char value[64];
	size_t used;
	size_t i;

	words += strspn(words, BLANKS);
	if (words_verb_is(words, "program")) {
		words_program(words, buf, size);
		used = strlen(buf);
		if (words_get(words, "arm", value, sizeof(value)))
			snprintf(buf + used, size - used, " arm=%s", value);
		return;
	}
	if (!test && !words_verb_is(words, "run")) {
		snprintf(buf, size, "%s", words);
		return;
	}
	words_get(words, test ? "name" : "workload", value, sizeof(value));
	snprintf(buf, size, "%s%s", test ? "test " : "", value);
	for (i = 0; i < sizeof(keys) / sizeof(keys[0]); i++) {
		used = strlen(buf);
		if (words_get(words, keys[i], value, sizeof(value)))
			snprintf(buf + used, size - used, " %s=%s", keys[i],
				 value);
	}
}
