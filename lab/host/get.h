/* SPDX-License-Identifier: GPL-2.0-only */
/* What the records of a run say of one job. */
#ifndef GET_H
#define GET_H

#include <stdio.h>

int get_print(FILE *f, const char *path, unsigned int job, const char *key);

#endif
