/* SPDX-License-Identifier: GPL-2.0-only */
/* results.json as one page that needs nothing else. */
#ifndef HTML_H
#define HTML_H

#include <stdio.h>

#include "results.h"
#include "view.h"

int html_page(FILE *f, const struct results *res, const char *gnuplot);
void html_text(FILE *f, const char *text);
void html_spans(FILE *f, const struct view *v);

#endif
