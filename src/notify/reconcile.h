/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From what a notification should say and what became of it: the one next step. No bus, no time. */
#pragma once

#include "notify/content.h"

/* What became of one notification on the server that is there now. */
enum shown {
        SHOWN_NOT,        /* it never said anything there */
        SHOWN_UNANSWERED, /* said, and the server has not answered yet */
        SHOWN_OVERDUE,    /* said so long ago that the answer is given up when there is something new to say */
        SHOWN_UP,
        SHOWN_CLOSED,  /* by the person, which says nothing about the dose */
        SHOWN_EXPIRED, /* by the server, unasked: it has no room, and shows it again when one of ours goes */
        SHOWN_REFUSED, /* the server did not take it: tried again with a later wish */
        _SHOWN_MAX,
};

/* How the wish differs from what the notification said last. */
enum change {
        CHANGE_NONE,
        CHANGE_CONTENT,  /* other words, buttons or fewer doses */
        CHANGE_REMINDER, /* a dose has a new reminder, or is named for the first time */
        CHANGE_GONE,     /* not wished any more */
        _CHANGE_MAX,
};

enum step {
        STEP_NOTHING,
        STEP_POST,            /* as a new notification */
        STEP_REPLACE,         /* in the place of what is up, alerting anew */
        STEP_REPLACE_QUIETLY,
        STEP_WITHDRAW,
        _STEP_MAX,
};

/* Either may be NULL: not wished; nothing said yet. */
enum change reconcile_change(const struct content *wished, const struct content *said);

enum step reconcile_step(enum shown shown, enum change change);
