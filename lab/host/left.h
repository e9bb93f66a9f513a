/* SPDX-License-Identifier: GPL-2.0-only */
/* Which jobs of a run that was cut short are still to be done. */
#ifndef LEFT_H
#define LEFT_H

#include <stdio.h>

#include "util.h"

int left_read(const char *path, struct strv *done);
size_t left_print(FILE *f, const char *jobs, struct strv *done);

#endif
