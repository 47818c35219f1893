/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a notice lists until somebody has read it: a line a dose. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/error.h"
#include "dosed/notify.h"

struct unread {
        struct unread_line {
                char *id; /* the dose's */
                char *text;
                bool critical;
        } * lines; /* the newest last */
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
/* Sets the notice `key` where something changed; it alerts where something was added. Returns 0 or a negative errno. */
int unread_show(struct unread *unread, struct notify *notify, const char *key, const char *title, const char *heading);

/* How it ended that a button was pressed. */
enum press_end {
        PRESS_DONE,
        PRESS_REFUSED,
        PRESS_TOO_LATE, /* refused, and to be known also of a snooze */
        PRESS_IN_VAIN,  /* nobody heard it */
        PRESS_FAILED,   /* whether it did what it says is not known */
        _PRESS_END_MAX,
};

struct press {
        enum notify_answer answer;
        enum press_end end;
        const char *said; /* what is to be told of it, NULL: nothing; never NULL of one in vain */
};

/* Nobody should believe that a button did what it did not: the dose's line, where there is something to tell. `name` may be NULL.
 * Returns 0 or -ENOMEM. */
int unread_put_press(struct unread *unread, const char *id, const char *name, const struct press *press);
