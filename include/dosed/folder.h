/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder of plan files: what is in it, and the bytes of one. It knows nothing of what the bytes mean. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/error.h"
#include "dosed/problem.h"

/* What tells whether a file has changed without reading it. All zero: unknown. */
struct file_mark {
        uint64_t device, inode;
        int64_t size;
        int64_t mtime_nsec, ctime_nsec;
};

struct folder_file {
        char *name; /* within the folder; valid UTF-8 */
        struct file_mark mark;
        int error; /* positive errno where the file cannot be looked at (a symlink loop, say); else 0 */
        bool is_regular;
};

struct folder {
        struct folder_file *files; /* by name */
        size_t n_files;
};

struct folder *folder_free(struct folder *folder);
DEFINE_CLEANUP(struct folder *, folder_free);

/*
 * Lists the entries whose names end in ".ics" (any case) and do not begin with a dot; a name that is not UTF-8, and
 * anything past LIMIT_FOLDER_FILES, becomes a problem. Folders of such a name are left out. Returns 0 or a negative errno.
 */
int folder_list(const char *path, struct folder **ret, struct problems *problems);

/* Whether it is the name of a plan file in the folder itself, in UTF-8. */
bool folder_takes(const char *name);

/* Whether there is anything of that name, readable or not. */
bool folder_has(const char *path, const char *name);

/*
 * Reads one file whole without ever blocking on a FIFO or device. What cannot be read (not a regular file, too large,
 * permission, loop, gone with its folder) becomes an error among the problems. Returns 0, FOLDER_UNREADABLE or a negative errno;
 * the caller frees the bytes, which have a NUL behind them.
 */
enum folder_outcome {
        FOLDER_UNREADABLE = 1,
};
int folder_read(const char *path, const char *name, char **ret_bytes, size_t *ret_size, struct file_mark *ret_mark,
                struct problems *problems);

bool file_mark_equal(const struct file_mark *a, const struct file_mark *b);

/*
 * Writes a file by a temporary one, fsync and rename, and syncs the folder. A new one has mode 0600, one that was there keeps its
 * own. Returns 0 or a negative errno; -ELOOP where it is a link, which would become a file.
 */
int folder_write(const char *path, const char *name, const void *bytes, size_t size);
int folder_remove(const char *path, const char *name);
