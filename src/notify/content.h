/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the notifications are to say: the open doses, grouped. No bus, no time. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/error.h"
#include "dosed/notify.h"

enum button {
        BUTTON_TAKEN,
        BUTTON_ALL_TAKEN,
        BUTTON_ONE_BY_ONE,
        BUTTON_SNOOZE,
        BUTTON_LATER,
        BUTTON_SKIP,
        _BUTTON_MAX,
};

const char *button_to_string(enum button button);           /* "one-by-one" */
int button_from_string(const char *text, enum button *ret); /* 0 or -EINVAL */

/* A dose that a notification names, or the key of a notice. */
struct content_dose {
        char *id;
        unsigned reminders;
};

/* One notification: all that it says, and whom its buttons are about. */
struct content {
        char *key; /* what stays the same while the rest changes: a group, a dose that stands alone, a notice */
        char *title, *body; /* plain text */
        bool critical;
        unsigned buttons; /* bit per enum button */
        struct content_dose *doses;
        size_t n_doses;
        unsigned n_references; /* what is wished is also what was said */
};

struct content *content_ref(struct content *content);
struct content *content_unref(struct content *content);
DEFINE_CLEANUP(struct content *, content_unref);

/* A notice without buttons; `revision` grows with each new text. Returns 0 or -ENOMEM. */
int content_new_notice(const char *key, const char *title, const char *text, bool critical, unsigned revision,
                       struct content **ret);

/* How many reminders of that dose it tells; 0 where it does not name the dose. */
unsigned content_reminders(const struct content *content, const char *id);

/* They say the same and have the same buttons about the same doses. */
bool content_equal(const struct content *a, const struct content *b);

struct contents {
        struct content **items;
        size_t n_items;
};

void contents_done(struct contents *contents);

/* Doses that somebody wants to see one by one: the last LIMIT_NOTIFY_SPLIT of them. */
struct split {
        char **ids;
        size_t n_ids;
};

void split_done(struct split *split);
int split_add(struct split *split, const char *id); /* 0 or -ENOMEM */
bool split_has(const struct split *split, const char *id);

/* The doses in their order, at most LIMIT_NOTIFICATIONS notifications. `ret` starts zeroed. Returns 0 or -ENOMEM. */
int contents_make(const struct notify_dose *doses, size_t n_doses, const struct split *split, struct contents *ret);
