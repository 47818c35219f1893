/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What rings for a dose beyond its own reminders, and what another client has seen of it. */
#include "engine/private.h"

/* Another client's snooze ends at an instant. */
static bool has_instant(const struct details *details, usec_t at_usec) {
        for (size_t i = 0; i < details->n_alarms; i++)
                if (details->alarms[i].anchor == ALARM_ABSOLUTE && details->alarms[i].at_usec == at_usec)
                        return true;
        return false;
}

/*
 * Alarms of before the schedule was in force have passed. What an acknowledged one was put off to is overdue where it was heard
 * of too late: reminder_next() has it come at once, unless something rang since or that was seen too.
 */
static bool is_to_come(const struct live_dose *live, const struct slot *slot, const struct details *details, usec_t at_usec) {
        return at_usec > slot->since_usec || (live->dose->seen_usec != USEC_NONE && has_instant(details, at_usec));
}

/* What was seen elsewhere was seen before it was heard of, by a clock that may have been ahead itself. */
static usec_t heard_usec(const struct slot *slot) {
        return usec_earlier(slot->schedule->heard_usec, slot->since_usec);
}

/* The alarms are those of the schedule in force; a dose whose schedule is gone keeps what it had. */
int live_find_alarms(struct live_dose *live) {
        struct slot *slot = person_find_slot(live->person, live->dose->uid);
        struct occurrence occurrence;
        size_t kept = 0;
        int r;

        if (!slot)
                return 0;
        if (slot->schedule->after_taken_usec > 0)
                r = after_taken_occurrence(slot, live->dose, &occurrence);
        else
                r = slot_find(slot, live->dose->recurrence_id, &occurrence);
        if (r != 0)
                return r < 0 ? r : 0;

        free(live->alarms_usec);
        live->alarms_usec = NULL;
        live->n_alarms = 0;
        r = occurrence_seen(&occurrence, &live->person->clock, heard_usec(slot), &live->dose->seen_usec);
        if (r >= 0)
                r = occurrence_alarms(&occurrence, &live->person->clock, &live->alarms_usec, &live->n_alarms);
        if (r < 0)
                return r;
        for (size_t i = 0; i < live->n_alarms; i++)
                if (is_to_come(live, slot, occurrence.details, live->alarms_usec[i]))
                        live->alarms_usec[kept++] = live->alarms_usec[i];
        live->n_alarms = kept;
        return 0;
}
