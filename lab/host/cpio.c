// SPDX-License-Identifier: GPL-2.0-only
#include <errno.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "cpio.h"
#include "util.h"

/*
 * The "newc" format, as Documentation/driver-api/early-userspace/
 * buffer-format.rst of the kernel has it: a header of thirteen fields of eight
 * hexadecimal digits, the name, the data; the name and the data each padded to
 * four bytes. Owner, times and inode are constants, so that equal jobs make
 * equal archives: a deterministic run depends on it.
 */
#define NEWC_HEADER	110
#define ALIGN4(n)	(((n) + 3) & ~(size_t)3)

static size_t put_entry(char *at, const char *name, unsigned int mode,
			const void *data, size_t len)
{
	size_t name_len = strlen(name) + 1;
	size_t body = ALIGN4(NEWC_HEADER + name_len);

	sprintf(at, "070701%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X%08X",
		mode ? 1u : 0u, mode, 0u, 0u, 1u, 0u, (unsigned int)len,
		0u, 0u, 0u, 0u, (unsigned int)name_len, 0u);
	memcpy(at + NEWC_HEADER, name, name_len);
	memcpy(at + body, data, len);
	return body + ALIGN4(len);
}

/**
 * cpio_pack() - an archive that holds one file
 * @name: the file's name in the archive, without a leading slash
 * @data: its contents
 * @len: their length in bytes
 * @size: the length of the archive
 *
 * Return: the archive, for the caller to free.
 */
char *cpio_pack(const char *name, const void *data, size_t len, size_t *size)
{
	char *buf = xzalloc(len + strlen(name) + 3 * NEWC_HEADER + 64);

	*size = put_entry(buf, name, 0100644, data, len);
	*size += put_entry(buf + *size, "TRAILER!!!", 0, "", 0);
	return buf;
}

/**
 * cpio_append() - copy an initramfs and append an archive with one more file
 * @base: the initramfs, compressed or not
 * @out: the copy, overwritten
 * @name: the file's name in the guest, without the leading slash
 * @data: its contents
 * @len: their length in bytes
 * @culprit: on error, the file that could not be read or written
 *
 * An archive must begin at a multiple of four bytes (init/initramfs.c,
 * unpack_to_rootfs()), zeros between archives are skipped.
 *
 * Return: 0 or a negative errno.
 */
int cpio_append(const char *base, const char *out, const char *name,
		const void *data, size_t len, const char **culprit)
{
	static const char zeros[4];
	char *archive, *image;
	size_t size, used;
	int fd, ret;

	*culprit = base;
	ret = read_whole(base, &image, &used);
	if (ret)
		return ret;
	*culprit = out;
	fd = open(out, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, 0666);
	if (fd < 0) {
		ret = -errno;
		free(image);
		return ret;
	}
	archive = cpio_pack(name, data, len, &size);
	ret = write_all(fd, image, used);
	if (!ret)
		ret = write_all(fd, zeros, ALIGN4(used) - used);
	if (!ret)
		ret = write_all(fd, archive, size);
	if (close(fd) && !ret)
		ret = -errno;
	free(archive);
	free(image);
	return ret;
}
