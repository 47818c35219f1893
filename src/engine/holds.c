/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what is to be told is still so. One rule for every event: what is not so is told to nobody. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

static bool is_so(enum telling_event event, const struct dose *dose) {
        switch (event) {
        case EVENT_DUE:
                return dose->state == DOSE_DUE;
        case EVENT_SNOOZED:
                return dose->state == DOSE_SNOOZED;
        case EVENT_TAKEN:
                return dose->state == DOSE_TAKEN;
        case EVENT_SKIPPED:
                return dose->state == DOSE_SKIPPED && !dose_is_off_plan(dose);
        case EVENT_MISSED:
        case EVENT_UNATTENDED:
        case EVENT_STOPPED:
                return dose_is_settled_by_time(dose);
        case EVENT_ALARM:
                return !dose_is_recorded(dose) && dose->state != DOSE_MOVED && dose->state != DOSE_AWAY;
        case EVENT_RESOLVED: /* see resolves() */
        case EVENT_SUMMARY:
        case EVENT_PLAN:
        case EVENT_STOCK:
        case EVENT_FINDING:
        case EVENT_SYMPTOM:
        case EVENT_DEGRADED:
        case EVENT_REHEARSAL:
        case EVENT_HEARTBEAT:
        case _EVENT_MAX:
                return true;
        }
        return true;
}

/* They knew something of it that is not so any more, and are told nothing else that is. */
static bool resolves(const struct engine *engine, const struct recipient *recipient, const struct dose *dose) {
        return !dose_is_settled_by_time(dose) || dose_is_private(engine, dose) ||
               !recipient_asks_for(recipient, EVENT_MISSED, dose);
}

/* A change of the plan is told with the name of the medicine, and is of no dose. */
static bool names_private(const struct person *person, const char *text) {
        const char *name = text ? strchr(text, ' ') : NULL;

        for (size_t i = 0; name && i < person->n_slots; i++) {
                const struct schedule *schedule = person->slots[i]->schedule;

                if (schedule->details.confidential &&
                    (text_equal(name + 1, schedule->details.summary) || text_equal(name + 1, schedule->medication)))
                        return true;
        }
        return false;
}

bool telling_is_private(const struct engine *engine, const struct telling *telling, const struct dose *dose) {
        const struct person *person = telling->person ? engine_find_person(engine, telling->person) : NULL;

        if (telling->event == EVENT_PLAN)
                return person && names_private(person, telling->text);
        return dose && dose_is_private(engine, dose);
}

enum holding telling_holds(const struct engine *engine, const struct telling *telling, const struct dose *dose) {
        const struct recipient *recipient = outbox_find_recipient(&engine->outbox, telling->recipient);

        if (!recipient || !recipient->is_wanted)
                return HOLDS_NO_MORE;
        if (telling->person && !recipient_cares_for(recipient, telling->person))
                return HOLDS_NO_MORE;
        if (!recipient_asks_for(recipient, telling->event, dose))
                return HOLDS_NO_MORE;
        /* Who is left out of the configuration for a while is gone on with when he is back. */
        if (telling->person && !engine_find_person(engine, telling->person))
                return HOLDS_LATER;
        if (!telling->uid)
                return telling_is_private(engine, telling, NULL) ? HOLDS_NO_MORE : HOLDS;
        /* Where the plan has no such dose any more, whoever knew of it hears that. */
        if (!dose)
                return telling->event == EVENT_RESOLVED ? HOLDS : HOLDS_NO_MORE;
        if (telling->event == EVENT_RESOLVED)
                return resolves(engine, recipient, dose) ? HOLDS : HOLDS_NO_MORE;
        if (dose_is_private(engine, dose))
                return HOLDS_NO_MORE;
        return is_so(telling->event, dose) ? HOLDS : HOLDS_NO_MORE;
}
