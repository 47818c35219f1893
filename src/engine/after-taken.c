/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* X-DOSED-AFTER-TAKEN: the next dose is due so long after the last one was taken; after one that was not, after it was due. */
#include <string.h>

#include "engine/private.h"

/* The last one in the ledger that is not in hand. NULL: none. */
static int find_last_stored(struct engine *engine, const struct slot *slot, struct dose **ret) {
        usec_t before_usec = USEC_NEVER;

        for (;;) {
                _cleanup_(dose_free_p) struct dose *dose = NULL;
                _cleanup_(free_p) char *id = NULL;
                int r;

                r = store_last_dose(engine->store, slot->person->name, slot->schedule->uid, before_usec, &dose);
                r = r < 0 ? engine_forgive_ledger(engine, r) : 0;
                if (r < 0 || !dose)
                        return r;
                r = dose_id(dose, &id);
                if (r < 0)
                        return r;
                if (!live_find(engine, id)) {
                        *ret = TAKE(dose);
                        return 0;
                }
                before_usec = dose->due_usec;
        }
}

/* The dose of the UID that was due last, from the ledger or, newer, from hand. NULL: there was none yet. */
static int find_last(struct engine *engine, const struct slot *slot, struct dose **ret) {
        _cleanup_(dose_free_p) struct dose *last = NULL;
        struct live_dose *live, *next;
        int r;

        r = find_last_stored(engine, slot, &last);
        if (r < 0)
                return r;

        HASH_ITER(hh, engine->live, live, next) {
                const struct dose *dose = live->dose;

                if (live->person != slot->person || !live->in_ledger || strcmp(dose->uid, slot->schedule->uid) != 0 ||
                    dose->state == DOSE_MOVED || dose_is_off_plan(dose) || (last && dose->due_usec < last->due_usec))
                        continue;
                last = dose_free(last);
                r = dose_copy(dose, &last);
                if (r < 0)
                        return r;
        }
        *ret = TAKE(last);
        return 0;
}

/*
 * In whole seconds, since the id of the dose has no more; later than the last one, however early that was taken; and never in
 * what was carried out already: where it was on hold meanwhile, or is recorded late, the next is due at once, and none between.
 */
static usec_t due_after(const struct slot *slot, const struct dose *last, usec_t from_usec) {
        usec_t since_usec = last->state == DOSE_TAKEN ? last->recorded.taken_usec : last->due_usec;
        usec_t due_usec = since_usec - since_usec % USEC_PER_SEC + slot->schedule->after_taken_usec;

        if (due_usec < from_usec)
                due_usec = from_usec - from_usec % USEC_PER_SEC + USEC_PER_SEC;
        return due_usec > last->due_usec ? due_usec : last->due_usec + USEC_PER_SEC;
}

static struct occurrence make_occurrence(const struct slot *slot, usec_t due_usec) {
        struct stamp asked = slot->schedule->start;

        asked.wall_sec = stamp_wall_of(&asked, due_usec, &slot->person->clock);

        return (struct occurrence){
                .schedule = slot->schedule,
                .details = &slot->schedule->details,
                .recurrence_id = { .wall_sec = due_usec / USEC_PER_SEC, .kind = STAMP_UTC },
                .asked = asked,
                .span = slot->schedule->details.span,
                .due_usec = due_usec,
                .end_usec = usec_add_duration(due_usec, slot->schedule->details.span, slot->person->clock.zone),
        };
}

/* A start in the past begins with the first of its steps that lies ahead. */
static int first_occurrence(const struct slot *slot, usec_t from_usec, struct occurrence *ret) {
        usec_t step_usec = slot->schedule->after_taken_usec, start_usec;
        int r;

        r = schedule_next(slot->schedule, &slot->person->clock, from_usec, ret);
        if (r != SCHEDULE_NO_OCCURRENCE || slot->schedule->stopped || slot->schedule->on_hold)
                return r;
        start_usec = stamp_to_usec(&slot->schedule->start, &slot->person->clock, NULL);
        *ret = make_occurrence(slot, start_usec + ((from_usec - start_usec) / step_usec + 1) * step_usec);
        return 0;
}

int after_taken_seek(struct engine *engine, struct slot *slot, usec_t from_usec) {
        _cleanup_(dose_free_p) struct dose *last = NULL;
        int r;

        r = find_last(engine, slot, &last);
        if (r < 0)
                return r;
        /* A start that was moved ahead begins anew; but not because the person has travelled. */
        if (!last || last->due_usec < stamp_to_usec(&slot->schedule->start, &slot->person->clock, NULL) - ZONE_REACH) {
                r = first_occurrence(slot, from_usec, &slot->next);
                slot->has_next = r == 0;
                return r < 0 ? r : 0;
        }

        /* While that one is open nobody knows when the next is due. */
        slot->has_next = !slot->schedule->stopped && !slot->schedule->on_hold && !dose_is_open(last) &&
                         last->state != DOSE_UPCOMING;
        if (slot->has_next)
                slot->next = make_occurrence(slot, due_after(slot, last, from_usec));
        return 0;
}

int after_taken_awaits_start(struct engine *engine, const struct slot *slot, bool *ret) {
        _cleanup_(dose_free_p) struct dose *last = NULL;
        int r;

        r = find_last(engine, slot, &last);
        if (r < 0)
                return r;
        *ret = !last;
        return 0;
}

int slot_next(const struct slot *slot, usec_t from_usec, struct occurrence *ret) {
        if (slot->schedule->after_taken_usec == 0)
                return schedule_next(slot->schedule, &slot->person->clock, from_usec, ret);
        if (!slot->has_next || slot->next.due_usec < from_usec)
                return SCHEDULE_NO_OCCURRENCE;
        *ret = slot->next;
        return 0;
}

int slot_find(const struct slot *slot, const char *recurrence_id, struct occurrence *ret) {
        char text[CIVIL_TEXT_SIZE];

        if (slot->schedule->after_taken_usec == 0)
                return schedule_find(slot->schedule, &slot->person->clock, recurrence_id, ret);
        if (!slot->has_next || strcmp(occurrence_format_id(&slot->next, text), recurrence_id) != 0)
                return SCHEDULE_NO_OCCURRENCE;
        *ret = slot->next;
        return 0;
}
