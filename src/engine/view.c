/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dose as it is told of: with what follows from the rest of the medication, and from the clock. */
#include <string.h>

#include "dosed/window.h"
#include "engine/private.h"

int engine_last_taken(struct engine *engine, const char *person, const char *medication, usec_t *ret_usec) {
        const struct medication *in_force;
        usec_t last_usec = USEC_NONE;
        int r;

        r = engine_forgive_ledger(engine, store_last_taken(engine->store, person, medication, &last_usec));
        if (r < 0)
                return r;

        /* A name may have been mended since: its schedules are the same. */
        in_force = person_find_medication(engine_find_person(engine, person), medication);
        for (size_t i = 0; in_force && i < in_force->n_slots; i++) {
                usec_t usec = USEC_NONE;

                r = engine_forgive_ledger(engine, store_last_taken_uid(engine->store, person,
                                                                       in_force->slots[i]->schedule->uid, &usec));
                if (r < 0)
                        return r;
                if (usec > last_usec)
                        last_usec = usec;
        }

        *ret_usec = last_usec;
        return 0;
}

bool dose_record_is_lost(const struct engine *engine, const struct dose *dose) {
        const struct person *person = engine_find_person(engine, dose->person);

        return person->lost_usec != USEC_NONE && dose->due_usec - dose->early_usec <= person->lost_usec &&
               !dose_is_recorded(dose) && dose->state != DOSE_MOVED;
}

bool schedule_has_private(const struct schedule *schedule) {
        bool hides = schedule->details.confidential;

        for (size_t i = 0; i < schedule->n_overrides; i++)
                hides |= schedule->overrides[i].details.confidential;
        return hides;
}

/* An occurrence of its own may be hidden where the others are not. What cannot be looked up is. */
bool slot_is_private(const struct slot *slot, const char *recurrence_id) {
        struct occurrence occurrence;
        int r;

        if (slot->schedule->details.confidential || !schedule_has_private(slot->schedule))
                return slot->schedule->details.confidential;
        r = slot_find(slot, recurrence_id, &occurrence);
        return r < 0 || (r == 0 && occurrence.details->confidential);
}

bool dose_is_private(const struct engine *engine, const struct dose *dose) {
        const struct person *person = engine_find_person(engine, dose->person);
        const struct slot *slot = person ? person_find_slot(person, dose->uid) : NULL;

        return dose->confidential || (slot && slot_is_private(slot, dose->recurrence_id));
}

static bool is_takeable(const struct dose *dose, usec_t now_usec) {
        switch (dose->state) {
        case DOSE_UPCOMING:
                return now_usec >= dose->due_usec - dose->early_usec;
        case DOSE_DUE:
        case DOSE_SNOOZED:
                return true;
        case DOSE_MISSED:
        case DOSE_UNATTENDED:
        case DOSE_AWAY:
                return now_usec < window_takeable_until(dose);
        case DOSE_TAKEN:
        case DOSE_SKIPPED:
        case DOSE_MOVED:
        case _DOSE_STATE_MAX:
                break;
        }
        return false;
}

static int make_view(struct engine *engine, const struct dose *dose, usec_t now_usec, bool in_hand,
                     struct dose_view *ret) {
        struct person *person = engine_find_person(engine, dose->person);
        struct dose_view view = {
                .dose = dose,
                .clock = &person->clock,
                .group_usec = group_of(dose->due_usec, dose->due_usec),
                .takeable = is_takeable(dose, now_usec),
                .is_private = dose_is_private(engine, dose),
        };
        usec_t last_usec;
        int r;

        /* Only where it may be taken, or is reminded of, does it have to be looked up. */
        if (view.takeable || (in_hand && dose->state == DOSE_UPCOMING)) {
                r = engine_last_taken(engine, dose->person, dose->medication, &last_usec);
                if (r < 0)
                        return r;
                if (last_usec != USEC_NONE && now_usec - last_usec < dose->min_interval_usec) {
                        view.taken_before_usec = last_usec;
                        view.takeable = false;
                }
                view.record_lost = dose_record_is_lost(engine, dose);
                view.takeable = view.takeable && !view.record_lost;
        }

        *ret = view;
        return 0;
}

int dose_view_of(struct engine *engine, const struct dose *dose, usec_t now_usec, struct dose_view *ret) {
        return make_view(engine, dose, now_usec, false, ret);
}

int live_view(struct engine *engine, const struct live_dose *live, usec_t now_usec, struct dose_view *ret) {
        int r;

        r = make_view(engine, live->dose, now_usec, true, ret);
        if (r >= 0)
                ret->group_usec = live->group_usec;
        return r;
}
