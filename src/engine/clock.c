/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The clock was ahead: what time alone had decided is undone, what a person recorded stands. */
#include "engine/private.h"

/* Smaller steps back are the daily work of time synchronisation: nothing rings twice for them. */
#define STEP_TOLERANCE USEC_PER_MINUTE

static int void_dose(struct engine *engine, struct live_dose *live, usec_t now_usec) {
        const struct entry entry = {
                .kind = ENTRY_CLOCK_CORRECTED,
                .state = DOSE_UPCOMING,
                .recorded_usec = now_usec,
        };
        int r;

        if (!dose_allows(live->dose->state, ENTRY_CLOCK_CORRECTED))
                return 0;
        r = live_enter(engine, live, &entry);
        if (r < 0)
                return r;
        return live_set_timer(engine, live);
}

static int correct_person(struct engine *engine, struct person *person, usec_t now_usec) {
        _cleanup_(dose_list_done) struct dose_list later = {};
        int r;

        r = store_list_doses(engine->store, person->name, NULL, now_usec + 1, USEC_NEVER, SIZE_MAX >> 1, &later);
        if (r < 0)
                return r;
        for (size_t i = 0; i < later.n_doses; i++) {
                _cleanup_(free_p) char *id = NULL;
                struct live_dose *live;

                if (!dose_allows(later.doses[i]->state, ENTRY_CLOCK_CORRECTED))
                        continue;
                r = dose_id(later.doses[i], &id);
                if (r < 0)
                        return r;
                r = live_acquire(engine, id, &live);
                if (r < 0)
                        return r;
                if (r == 0)
                        r = void_dose(engine, live, now_usec);
                if (r < 0)
                        return r;
        }

        for (size_t i = 0; i < person->n_slots; i++) {
                r = slot_seek(engine, person->slots[i], now_usec + 1);
                if (r < 0)
                        return r;
        }
        return 0;
}

int engine_correct_clock(struct engine *engine, usec_t now_usec) {
        int r;

        if (engine->mark_usec - now_usec <= STEP_TOLERANCE)
                return 0;

        engine->mark_usec = now_usec;
        store_set_mark(engine->store, now_usec);
        for (size_t i = 0; i < engine->n_people; i++) {
                r = correct_person(engine, engine->people[i], now_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}
