/* SPDX-License-Identifier: GPL-2.0-only */
/* A small file for the guest, as a cpio archive appended to its initramfs. */
#ifndef CPIO_H
#define CPIO_H

#include <stddef.h>

char *cpio_pack(const char *name, const void *data, size_t len, size_t *size);
int cpio_append(const char *base, const char *out, const char *name,
		const void *data, size_t len, const char **culprit);

#endif
