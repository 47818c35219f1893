/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is configured for a person: windows, the series of reminders, quiet hours. */
#include "engine/private.h"

usec_t live_next_reminder(const struct live_dose *live) {
        const struct dose *dose = live->dose;
        usec_t next_usec;

        next_usec = reminder_next(dose, &live->person->policy, live->person->clock.zone, live->alarms_usec,
                                  live->n_alarms, dose->reminded_usec);
        if (next_usec < live->held_usec)
                next_usec = live->held_usec;
        return next_usec < dose->window_end_usec ? next_usec : USEC_NEVER;
}

bool live_rings_now(struct engine *engine, struct live_dose *live, usec_t now_usec) {
        usec_t at_usec;

        if (live_next_reminder(live) > now_usec)
                return false;
        at_usec = reminder_hold(live->dose, &live->person->policy, live->person->clock.zone, now_usec);
        if (at_usec <= now_usec)
                return true;
        live->held_usec = at_usec;
        engine->held_usec = now_usec;
        return false;
}

int engine_release_held(struct engine *engine, usec_t now_usec) {
        struct live_dose *live, *next;
        int r = 0;

        if (now_usec >= engine->held_usec)
                return 0;
        engine->held_usec = USEC_NONE;
        HASH_ITER (hh, engine->live, live, next)
                if (r >= 0 && live->held_usec != USEC_NONE) {
                        live->held_usec = USEC_NONE;
                        r = live->timer.node.position > 0 ? live_set_timer(engine, live) : 0;
                }
        return r;
}

static bool is_same_policy(const struct dose_policy *a, const struct dose_policy *b) {
        return a->window_min_usec == b->window_min_usec && a->window_max_usec == b->window_max_usec &&
               a->remind_every_usec == b->remind_every_usec && a->quiet.from_sec == b->quiet.from_sec &&
               a->quiet.until_sec == b->quiet.until_sec;
}

/* Windows of doses with entries are frozen; those of doses that only wait in hand are made anew. */
int person_set_policy(struct engine *engine, struct person *person, const struct dose_policy *policy, usec_t now_usec) {
        struct live_dose *live, *next;
        int r = 0;

        if (!is_same_policy(&person->policy, policy)) {
                person->policy = *policy;
                r = person_seek(engine, person, now_usec);
        }
        /* The clock may have changed instead: quiet hours are elsewhere now. */
        HASH_ITER (hh, engine->live, live, next)
                if (r >= 0 && live->person == person && live->timer.node.position > 0) {
                        live->held_usec = USEC_NONE;
                        r = live_set_timer(engine, live);
                }
        return r;
}
