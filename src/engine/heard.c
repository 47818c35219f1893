/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * When it was first heard of what other clients have acknowledged: nobody has seen what came after that, whatever their clocks
 * say. Restarts and edits of other things tell nothing new.
 */
#include "engine/private.h"

static bool says_seen(const struct schedule *schedule, usec_t seen_usec) {
        if (schedule->details.seen_usec == seen_usec)
                return true;
        for (size_t i = 0; i < schedule->n_overrides; i++)
                if (schedule->overrides[i].details.seen_usec == seen_usec)
                        return true;
        return false;
}

static bool has_news(const struct schedule *schedule, const struct schedule *former) {
        if (schedule->details.seen_usec != USEC_NONE && !says_seen(former, schedule->details.seen_usec))
                return true;
        for (size_t i = 0; i < schedule->n_overrides; i++) {
                usec_t seen_usec = schedule->overrides[i].details.seen_usec;

                if (seen_usec != USEC_NONE && !says_seen(former, seen_usec))
                        return true;
        }
        return false;
}

static bool has_seen(const struct schedule *schedule) {
        static const struct schedule nothing = {};

        return has_news(schedule, &nothing);
}

/* By another clock, which was ahead. */
static bool has_seen_after(const struct schedule *schedule, usec_t heard_usec) {
        if (schedule->details.seen_usec > heard_usec)
                return true;
        for (size_t i = 0; i < schedule->n_overrides; i++)
                if (schedule->overrides[i].details.seen_usec > heard_usec)
                        return true;
        return false;
}

usec_t person_hear(const struct person *person, struct calendar *calendar, usec_t at_usec) {
        usec_t newest_usec = USEC_NONE, bound_usec = USEC_NEVER;

        for (size_t i = 0; i < calendar->n_schedules; i++) {
                struct schedule *schedule = calendar->schedules[i];
                const struct slot *slot = person ? person_find_slot(person, schedule->uid) : NULL;

                if (!has_seen(schedule))
                        continue;
                schedule->heard_usec = slot && !has_news(schedule, slot->schedule) ? slot->schedule->heard_usec : at_usec;
                if (schedule->heard_usec > newest_usec)
                        newest_usec = schedule->heard_usec;
                if (schedule->heard_usec < bound_usec && has_seen_after(schedule, schedule->heard_usec))
                        bound_usec = schedule->heard_usec;
        }
        if (bound_usec != USEC_NEVER)
                return bound_usec;
        return newest_usec != USEC_NONE ? newest_usec : at_usec;
}
