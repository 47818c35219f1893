/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What there is to tell, in the order in which a letter tells it, the gravest first: our words for each. */
#pragma once

#include "deliver/prose.h"

struct topic {
        enum telling_event event;
        const char *headline, *headline_many; /* of one and of # events: names nobody and nothing */
        const char *intro, *intro_many;       /* before the list, as prose_fill() takes it; NULL: there is none */
        const char *before;                   /* a paragraph above the lists, one below them; or NULL */
        const char *after;
        bool needs_advice; /* somebody might now give the dose: ask first */
};

/* NULL behind the last. */
const struct topic *topic_at(size_t i);
const struct topic *topic_of(enum telling_event event);

/* "Summary of the day", or of the week. */
const char *summary_headline(const struct message_view *view);

/* "2 doses were not confirmed, and more": of the gravest. Only our words. */
void headline_put(struct prose *prose, const struct message_view *view);
