/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file that remembers which notifications are up on which server, for the process that comes after a crash. */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "dosed/error.h"

/* Unique names are never given twice on one bus; the bus's id tells one login session from another. */
struct memory {
        char *bus_id, *owner;
        uint32_t *ids;
        size_t n_ids;
};

void memory_done(struct memory *memory);

enum memory_outcome {
        MEMORY_NOTHING = 1, /* there is no such file, or it is not one that memory_write() wrote */
};

/* Returns 0, MEMORY_NOTHING or a negative errno. */
int memory_read(const char *path, struct memory *ret);

/* Replaces the file, mode 0600; without ids, removes it. Returns 0 or a negative errno. */
int memory_write(const char *path, const char *bus_id, const char *owner, const uint32_t *ids, size_t n_ids);
