/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Bytes that go into a file whole and come out of it; and sealed files, handed to another process and changed by nobody. */
#pragma once

#include <stddef.h>

#include "dosed/error.h"

/* Writes all of it where the descriptor stands. Returns 0 or a negative errno, and then some of it may be written. */
int file_write(int fd, const void *bytes, size_t size);

/* Reads a regular file from its beginning, to its end or to so many bytes. Returns 0 or a negative errno. */
int file_read(int fd, void *bytes, size_t most_bytes, size_t *ret_size);

/* A sealed file with these bytes, read from its beginning. The caller closes it. Returns 0 or a negative errno. */
int sealed_file_new(const void *bytes, size_t size, int *ret_fd);

enum sealed_file_outcome {
        SEALED_FILE_OPEN = 1, /* no memfd, or one that may still be written, grown or shrunk */
        SEALED_FILE_TOO_LARGE,
};

/*
 * Reads a sealed file whole, wherever it stands. Only such a one is looked at: any other may lie on what answers late or never,
 * or become another while it is read. The caller frees the bytes, which have a NUL behind them. Returns 0, a
 * sealed_file_outcome or a negative errno.
 */
int sealed_file_read(int fd, size_t most_bytes, char **ret_bytes, size_t *ret_size);
