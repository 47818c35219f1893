/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one next step of a notification. */
#include "notify/reconcile.h"

enum change reconcile_change(const struct content *wished, const struct content *said) {
        if (!wished)
                return CHANGE_GONE;
        if (!said)
                return CHANGE_REMINDER;

        for (size_t i = 0; i < wished->n_doses; i++)
                if (wished->doses[i].reminders > content_reminders(said, wished->doses[i].id))
                        return CHANGE_REMINDER;

        return content_equal(wished, said) ? CHANGE_NONE : CHANGE_CONTENT;
}

/*
 * While a call is unanswered there is never a second one: a slow server would show both, one of them with an id that
 * nobody knows and buttons that do nothing. What was closed stays closed until the next reminder.
 */
static const enum step steps[_SHOWN_MAX][_CHANGE_MAX] = {
        /*                     the same       other words           a new reminder  gone */
        [SHOWN_NOT] =        { STEP_POST,     STEP_POST,            STEP_POST,      STEP_WITHDRAW },
        [SHOWN_UNANSWERED] = { STEP_NOTHING,  STEP_NOTHING,         STEP_NOTHING,   STEP_WITHDRAW },
        [SHOWN_OVERDUE] =    { STEP_NOTHING,  STEP_NOTHING,         STEP_REPLACE,   STEP_WITHDRAW },
        [SHOWN_UP] =         { STEP_NOTHING,  STEP_REPLACE_QUIETLY, STEP_REPLACE,   STEP_WITHDRAW },
        [SHOWN_CLOSED] =     { STEP_NOTHING,  STEP_NOTHING,         STEP_POST,      STEP_WITHDRAW },
        [SHOWN_EXPIRED] =    { STEP_NOTHING,  STEP_NOTHING,         STEP_POST,      STEP_WITHDRAW },
        [SHOWN_REFUSED] =    { STEP_NOTHING,  STEP_NOTHING,         STEP_NOTHING,   STEP_WITHDRAW },
};

enum step reconcile_step(enum shown shown, enum change change) {
        return steps[shown][change];
}
