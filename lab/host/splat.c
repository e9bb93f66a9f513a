// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "splat.h"
#include "util.h"

/*
 * A message starts a line or follows its time stamp. The stamp can stand in
 * the middle of a line: what programs print to the console shares it.
 */
#define MESSAGE_START	"(^|\\] )-*"
#define MARKER		"majorfault: job "

static const struct {
	const char *word;
	enum splat_kind kind;
} kinds[] = {
	{ "panic ", SPLAT_PANIC },
	{ "splat ", SPLAT_SPLAT },
	{ "known ", SPLAT_NONE },
};

static int add_rule(struct splat_rules *set, const char *line, char *why,
		    size_t size)
{
	struct splat_rule rule = { SPLAT_NONE };
	char *pattern;
	size_t i;
	int ret;

	for (i = 0; i < ARRAY_SIZE(kinds); i++) {
		if (starts_with(line, kinds[i].word))
			break;
	}
	if (i == ARRAY_SIZE(kinds)) {
		snprintf(why, size, "neither panic nor splat nor known: %s", line);
		return -EINVAL;
	}
	rule.kind = kinds[i].kind;
	pattern = xasprintf(MESSAGE_START "(%s)", line + strlen(kinds[i].word));
	ret = regcomp(&rule.regex, pattern, REG_EXTENDED | REG_NOSUB);
	free(pattern);
	if (ret) {
		regerror(ret, &rule.regex, why, size);
		return -EINVAL;
	}
	set->rules = xrealloc(set->rules, (set->n + 1) * sizeof(rule));
	set->rules[set->n++] = rule;
	return 0;
}

/**
 * splat_rules_load() - read the rules
 * @set: where to put them; for splat_rules_free(), also after an error
 * @text: the contents of splats.txt or of a file like it
 * @why: on error, what is wrong
 * @size: bytes in @why
 *
 * Return: 0 or -EINVAL.
 */
int splat_rules_load(struct splat_rules *set, const char *text, char *why,
		     size_t size)
{
	struct strv lines = { 0 };
	int ret = 0;
	size_t i;

	*set = (struct splat_rules){ 0 };
	strv_split(&lines, text, '\n');
	for (i = 0; i < lines.n && !ret; i++) {
		if (lines.v[i][0] != '#')
			ret = add_rule(set, lines.v[i], why, size);
	}
	strv_free(&lines);
	return ret;
}

void splat_rules_free(struct splat_rules *set)
{
	size_t i;

	for (i = 0; i < set->n; i++)
		regfree(&set->rules[i].regex);
	free(set->rules);
	*set = (struct splat_rules){ 0 };
}

/**
 * splat_match() - is this line of the kernel log a splat?
 * @set: the rules
 * @line: the line
 *
 * A rule "known" excuses a line, whatever the others say.
 *
 * Return: SPLAT_PANIC, SPLAT_SPLAT or SPLAT_NONE.
 */
enum splat_kind splat_match(const struct splat_rules *set, const char *line)
{
	enum splat_kind found = SPLAT_NONE;
	size_t i;

	for (i = 0; i < set->n; i++) {
		const struct splat_rule *rule = &set->rules[i];

		if (regexec(&rule->regex, line, 0, NULL, 0))
			continue;
		if (rule->kind == SPLAT_NONE)
			return SPLAT_NONE;
		if (rule->kind > found)
			found = rule->kind;
	}
	return found;
}

/**
 * klog_line() - read the next line of the kernel log
 * @log: where the reader is; @log->job is the job that the line belongs to
 * @line: the line
 *
 * PID 1 marks in the log where a job begins: "majorfault: job N begin ...".
 * The job's words follow, so that a marker is never a splat itself.
 *
 * Return: SPLAT_PANIC, SPLAT_SPLAT or SPLAT_NONE.
 */
enum splat_kind klog_line(struct klog *log, const char *line)
{
	const char *marker = strstr(line, MARKER);
	unsigned int job;
	char verb[8];

	if (!marker)
		return splat_match(log->rules, line);
	if (sscanf(marker, MARKER "%u %7s", &job, verb) == 2 &&
	    !strcmp(verb, "begin"))
		log->job = job;
	return SPLAT_NONE;
}
