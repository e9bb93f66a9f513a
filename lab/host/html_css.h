/* SPDX-License-Identifier: GPL-2.0-only */
/* html.css, built into the program. */
#ifndef HTML_CSS_H
#define HTML_CSS_H

extern const char html_css[];

#endif
