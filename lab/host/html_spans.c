// SPDX-License-Identifier: GPL-2.0-only
/*
 * Who held what while who waited: spans as bars on one scale of time, the same for
 * every arm.
 */
#include <stdlib.h>
#include <string.h>

#include "html.h"

struct span {
	const char *who;
	const char *what;
	long long begin;
	long long end;
	size_t first;	/* where its owner comes up first */
};

/**
 * struct chain - the spans of one run
 * @spans: by owner, in the order in which the owners begin, then by time
 * @n: how many
 * @begin: when the first begins
 * @length: until the last has ended
 */
struct chain {
	struct span *spans;
	size_t n;
	long long begin;
	long long length;
};

static int by_begin(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return (x->begin > y->begin) - (x->begin < y->begin);
}

static int by_owner(const void *a, const void *b)
{
	const struct span *x = a, *y = b;

	return x->first != y->first ? (x->first > y->first) - (x->first < y->first) :
				      by_begin(a, b);
}

static void find_owners(struct chain *c)
{
	size_t i, j;

	qsort(c->spans, c->n, sizeof(*c->spans), by_begin);
	for (i = 0; i < c->n; i++) {
		for (j = 0; strcmp(c->spans[i].who, c->spans[j].who); j++)
			;
		c->spans[i].first = j;
	}
	qsort(c->spans, c->n, sizeof(*c->spans), by_owner);
}

static void chain_of(struct chain *c, const json_t *spans)
{
	long long end = 0;
	size_t i;

	*c = (struct chain){ .n = json_array_size(spans) };
	c->spans = xzalloc((c->n + 1) * sizeof(*c->spans));
	for (i = 0; i < c->n; i++) {
		const json_t *json = json_array_get(spans, i);
		struct span *span = &c->spans[i];

		span->who = json_string_value(json_object_get(json, "who"));
		span->what = json_string_value(json_object_get(json, "what"));
		span->begin = json_integer_value(json_object_get(json, "begin_ns"));
		span->end = json_integer_value(json_object_get(json, "end_ns"));
		if (!i || span->begin < c->begin)
			c->begin = span->begin;
		if (!i || span->end > end)
			end = span->end;
	}
	c->length = end - c->begin;
	find_owners(c);
}

/* The first round tells; the others are alike, or the table shows that they are not. */
static const struct result *run_with_spans(const struct view *v, const char *arm)
{
	size_t i;

	for (i = 0; i < v->n; i++) {
		if (!strcmp(v->runs[i]->arm, arm) && json_array_size(v->runs[i]->spans))
			return v->runs[i];
	}
	return NULL;
}

static double per_cent(long long ns, long long scale)
{
	return scale ? (double)ns * 100 / (double)scale : 0;
}

static void print_span(FILE *f, const struct chain *c, const struct span *span,
		       long long scale)
{
	bool waits = strstr(span->what, "waits");
	char length[32];

	format_ns(span->end - span->begin, length, sizeof(length));
	fputs("<div class=\"span\"><div><b>", f);
	html_text(f, span->who);
	fputs("</b> ", f);
	html_text(f, span->what);
	fprintf(f, " <i>%s</i></div><div class=\"track\"><div class=\"bar%s\" "
		"style=\"margin-left:%.2f%%;width:%.2f%%\"></div></div></div>\n",
		length, waits ? " waits" : "",
		per_cent(span->begin - c->begin, scale),
		per_cent(span->end - span->begin, scale));
}

static void print_axis(FILE *f, long long scale)
{
	char half[32], whole[32];

	format_ns(scale / 2, half, sizeof(half));
	format_ns(scale, whole, sizeof(whole));
	fprintf(f, "<div class=\"axis\"><span>0</span><span>%s</span><span>%s</span></div>\n",
		half, whole);
}

static void print_chain(FILE *f, const struct chain *c, const char *arm,
			long long scale)
{
	size_t i;

	fputs("<div class=\"chain\"><h4>", f);
	html_text(f, arm);
	fputs("</h4>\n", f);
	for (i = 0; i < c->n; i++)
		print_span(f, c, &c->spans[i], scale);
	print_axis(f, scale);
	fputs("</div>\n", f);
}

/**
 * html_spans() - the waiting chains of each arm
 * @f: where to
 * @v: the workload; without spans nothing is printed
 */
void html_spans(FILE *f, const struct view *v)
{
	struct chain *chains = xzalloc((v->arms.n + 1) * sizeof(*chains));
	long long scale = 0;
	size_t i;

	for (i = 0; i < v->arms.n; i++) {
		const struct result *run = run_with_spans(v, v->arms.v[i]);

		if (run)
			chain_of(&chains[i], run->spans);
		if (chains[i].length > scale)
			scale = chains[i].length;
	}
	if (scale) {
		fputs("<h3>Who waited for whom</h3>\n"
		      "<p class=\"note\">One round, the same scale of time in every arm. "
		      "Full: works or holds; hatched: waits.</p>\n"
		      "<div class=\"chains\">\n", f);
		for (i = 0; i < v->arms.n; i++) {
			if (chains[i].n)
				print_chain(f, &chains[i], v->arms.v[i], scale);
		}
		fputs("</div>\n", f);
	}
	for (i = 0; i < v->arms.n; i++)
		free(chains[i].spans);
	free(chains);
}
