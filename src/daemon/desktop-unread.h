/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a notice lists until somebody has read it: a line a dose. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/error.h"

struct unread {
        struct unread_line {
                char *id; /* the dose's */
                char *text;
                bool critical;
        } *lines; /* the newest last */
        size_t n_lines;
        size_t n_forgotten; /* older ones, past LIMIT_UNREAD_LINES: only counted */
        bool is_changed;    /* since it was last shown */
        bool is_longer;     /* something was added since */
};

void unread_done(struct unread *unread);

/* The dose's line; one that it has already is replaced. Returns 0 or -ENOMEM. */
int unread_put(struct unread *unread, const char *id, const char *text, bool critical);
/* Nothing is to be said of that dose any more. */
void unread_remove(struct unread *unread, const char *id);
/* It was read. */
void unread_clear(struct unread *unread);

size_t unread_count(const struct unread *unread);
bool unread_is_critical(const struct unread *unread);
/* The newest lines first, and how many more there are. Returns 0 or -ENOMEM; the caller frees. */
int unread_format(const struct unread *unread, const char *heading, char **ret);
