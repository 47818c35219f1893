/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The texts that a configuration is read from: dosed.conf and its drop-ins, each by itself. They are not understood here, only
 * found, read within limits, and joined into one text to keep, from which the same ones come back.
 */
#pragma once

#include "daemon/config.h"

struct config_source {
        char *name; /* path of the file */
        char *text; /* without a byte order mark; a NUL may be in it, and one follows it */
        size_t size;
};

struct config_sources {
        struct config_source *items;
        size_t n_items, n_bytes;
        bool has_file; /* dosed.conf itself is among them */
        bool has_drop_ins;
        const char *empty; /* name of one without a single byte; NULL: there is none */
};

void config_sources_done(struct config_sources *sources);

/* What cannot be read is a problem. Returns 0 or a negative errno. */
int config_sources_read(const struct config_places *places, struct config_sources *ret, struct problems *problems);

/* The one text and back. Return 0 or -ENOMEM. */
int config_sources_join(const struct config_sources *sources, char **ret);
int config_sources_split(const struct config_places *places, const char *text, struct config_sources *ret);
