/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* X-DOSED-AFTER-TAKEN: the next dose is due so long after the last one was taken; after one that was not, after it was due. */
#include <string.h>

#include "engine/private.h"

/* A chain as it is looked at: what was recorded up to then has come, by whatever clock. */
struct chain {
        struct engine *engine;
        struct slot *slot;
        usec_t come_usec;
        bool ignores_waiting; /* as if no dose that is still to come had been reminded of */
};

static struct chain chain_of(struct engine *engine, struct slot *slot, usec_t now_usec) {
        usec_t mark_usec = slot->person->mark_usec;

        /* A clock that nobody has set yet may be behind what was carried out. */
        return (struct chain){
                .engine = engine,
                .slot = slot,
                .come_usec = (now_usec > mark_usec ? now_usec : mark_usec) + FUTURE_TOLERANCE,
        };
}

/* Its place in the chain: when it was taken, unless that lies ahead. */
static usec_t place_of(const struct chain *chain, const struct dose *dose) {
        bool has_come = dose->state == DOSE_TAKEN && dose->recorded.taken_usec <= chain->come_usec;

        return has_come ? dose->recorded.taken_usec : dose->due_usec;
}

/* From when the next one is counted: a taking that lies ahead, but before the next one would be due, is as good as known. */
static usec_t counted_from(const struct chain *chain, const struct dose *dose) {
        usec_t taken_usec = dose->recorded.taken_usec;
        bool is_near = taken_usec > dose->due_usec && taken_usec - dose->due_usec < chain->slot->schedule->after_taken_usec;

        return dose->state == DOSE_TAKEN && is_near ? taken_usec : place_of(chain, dose);
}

/* A dose that is due later cannot be the next one: only a wrong clock made it. */
static usec_t reach_of(const struct chain *chain) {
        usec_t start_usec = stamp_to_usec(&chain->slot->schedule->start, &chain->slot->person->clock, NULL);

        return (start_usec > chain->come_usec ? start_usec : chain->come_usec) + chain->slot->schedule->after_taken_usec;
}

/* Of what lies ahead, only the next one may be skipped or reminded of already. */
static bool counts(const struct chain *chain, const struct dose *dose) {
        if (dose->state == DOSE_MOVED || dose_is_off_plan(dose))
                return false;
        if (dose->state == DOSE_UPCOMING)
                return !chain->ignores_waiting;
        if (place_of(chain, dose) <= chain->come_usec)
                return true;
        return dose->state == DOSE_SKIPPED && dose->recorded.recorded_usec <= chain->come_usec &&
               dose->due_usec <= reach_of(chain);
}

/* The last one in the ledger that is not in hand. NULL: none. */
static int find_last_stored(const struct chain *chain, struct dose **ret) {
        const struct slot *slot = chain->slot;
        usec_t before_usec = reach_of(chain) + 1;

        for (;;) {
                _cleanup_(dose_free_p) struct dose *dose = NULL;
                _cleanup_(free_p) char *id = NULL;
                int r;

                r = store_last_dose(chain->engine->store, slot->person->name, slot->schedule->uid, before_usec,
                                    chain->come_usec, &dose);
                r = r < 0 ? engine_forgive_ledger(chain->engine, r) : 0;
                if (r < 0 || !dose)
                        return r;
                r = dose_id(dose, &id);
                if (r < 0)
                        return r;
                if (counts(chain, dose) && !live_find(chain->engine, id)) {
                        *ret = TAKE(dose);
                        return 0;
                }
                before_usec = place_of(chain, dose);
        }
}

/* The dose of the UID that the next one follows, from the ledger or, newer, from hand. NULL: there was none yet. */
static int find_last(const struct chain *chain, struct dose **ret) {
        const struct slot *slot = chain->slot;
        _cleanup_(dose_free_p) struct dose *stored = NULL;
        const struct dose *last;
        struct live_dose *live, *next;
        int r;

        r = find_last_stored(chain, &stored);
        if (r < 0)
                return r;
        last = stored;

        HASH_ITER(hh, chain->engine->live, live, next) {
                const struct dose *dose = live->dose;

                if (live->person != slot->person || !live->in_ledger || strcmp(dose->uid, slot->schedule->uid) != 0 ||
                    !counts(chain, dose) || (last && place_of(chain, dose) < place_of(chain, last)))
                        continue;
                last = dose;
        }
        if (last == stored) {
                *ret = TAKE(stored);
                return 0;
        }
        return dose_copy(last, ret);
}

/*
 * In whole seconds, since the id of the dose has no more; and never in what was carried out already: where it was on hold
 * meanwhile, or is recorded late, the next is due at once, and none between.
 */
static usec_t due_after(const struct slot *slot, usec_t since_usec, usec_t from_usec) {
        usec_t due_usec = since_usec - since_usec % USEC_PER_SEC + slot->schedule->after_taken_usec;

        if (due_usec < from_usec)
                due_usec = from_usec - from_usec % USEC_PER_SEC + USEC_PER_SEC;
        return due_usec;
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

int after_taken_occurrence(const struct slot *slot, const struct dose *dose, struct occurrence *ret) {
        int r;

        r = schedule_find(slot->schedule, &slot->person->clock, dose->recurrence_id, ret);
        if (r < 0 || (r == 0 && ret->due_usec == dose->due_usec))
                return r;
        *ret = make_occurrence(slot, dose->due_usec);
        return 0;
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

/* The dose of that name, if somebody has recorded it: in whichever order, its time is not to come any more. NULL: not so. */
static int find_recorded(const struct chain *chain, const struct occurrence *occurrence, struct dose **ret) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        int r;

        r = live_copy_known(chain->engine, chain->slot, occurrence, &dose);
        if (r >= 0 && dose && dose_is_recorded(dose) && !dose_is_off_plan(dose))
                *ret = TAKE(dose);
        return r;
}

static bool has_name(const struct dose *dose, const struct occurrence *occurrence) {
        char text[CIVIL_TEXT_SIZE];

        return strcmp(occurrence_format_id(occurrence, text), dose->recurrence_id) == 0;
}

/* What follows from what is recorded, has come or waits. While the last one is not answered nobody knows. */
static int find_next(const struct chain *chain, usec_t from_usec, struct occurrence *ret) {
        const struct schedule *schedule = chain->slot->schedule;
        _cleanup_(dose_free_p) struct dose *last = NULL;
        struct occurrence next;
        usec_t since_usec;
        bool begins;
        int r;

        r = find_last(chain, &last);
        if (r < 0)
                return r;
        /* A start that was moved ahead begins anew; but not because the person has travelled. */
        begins = !last || last->due_usec < stamp_to_usec(&schedule->start, &chain->slot->person->clock, NULL) - ZONE_REACH;
        if (!begins && (schedule->stopped || schedule->on_hold || dose_is_open(last) || last->state == DOSE_UPCOMING))
                return SCHEDULE_NO_OCCURRENCE;
        if (begins) {
                r = first_occurrence(chain->slot, from_usec, &next);
                if (r != 0)
                        return r;
        } else {
                since_usec = counted_from(chain, last);
                next = make_occurrence(chain->slot, due_after(chain->slot, since_usec, from_usec));
                if (has_name(last, &next))
                        next = make_occurrence(chain->slot, next.due_usec + USEC_PER_SEC);
        }

        /* Recorded by a clock that was ahead or behind, it is the next one all the same, and others follow it. */
        for (;;) {
                last = dose_free(last);
                r = find_recorded(chain, &next, &last);
                if (r < 0)
                        return r;
                if (!last)
                        break;
                since_usec = counted_from(chain, last);
                if (since_usec < next.due_usec)
                        since_usec = next.due_usec;
                next = make_occurrence(chain->slot, due_after(chain->slot, since_usec, from_usec));
        }
        *ret = next;
        return 0;
}

int after_taken_seek(struct engine *engine, struct slot *slot, usec_t from_usec, usec_t now_usec) {
        const struct chain chain = chain_of(engine, slot, now_usec);
        int r;

        r = find_next(&chain, from_usec, &slot->next);
        slot->has_next = r == 0;
        return r < 0 ? r : 0;
}

int after_taken_following(struct engine *engine, struct slot *slot, usec_t now_usec, char *ret_recurrence_id) {
        struct chain chain = chain_of(engine, slot, now_usec);
        struct occurrence next;
        int r;

        chain.ignores_waiting = true;
        r = find_next(&chain, slot->person->mark_usec + 1, &next);
        if (r == 0)
                (void) occurrence_format_id(&next, ret_recurrence_id);
        else
                *ret_recurrence_id = '\0';
        return r < 0 ? r : 0;
}

int after_taken_awaits_start(struct engine *engine, struct slot *slot, usec_t now_usec, bool *ret) {
        const struct chain chain = chain_of(engine, slot, now_usec);
        _cleanup_(dose_free_p) struct dose *last = NULL;
        int r;

        r = find_last(&chain, &last);
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
