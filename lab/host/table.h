/* SPDX-License-Identifier: GPL-2.0-only */
/* results.json as a table for people. */
#ifndef TABLE_H
#define TABLE_H

#include <stdbool.h>
#include <stdio.h>

#include "results.h"

void table_print(FILE *f, const struct results *res, bool color, bool brief);

#endif
