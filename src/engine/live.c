/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doses in hand: made from an occurrence or read from the ledger, until nothing of them is open any more. */
#include <string.h>

#include "dosed/text.h"
#include "dosed/window.h"
#include "engine/private.h"

#define WEEKLY_SPACING (6 * USEC_PER_DAY + 12 * USEC_PER_HOUR) /* a week, whatever DST does */

struct live_dose *live_find(const struct engine *engine, const char *id) {
        struct live_dose *live;

        HASH_FIND_STR(engine->live, id, live);
        return live;
}

usec_t group_of(usec_t due_usec, usec_t now_usec) {
        /* What is found later than in its own minute is caught up with, as one group. */
        usec_t at_usec = now_usec - due_usec < USEC_PER_MINUTE ? due_usec : now_usec;

        return at_usec - at_usec % USEC_PER_MINUTE;
}

void live_free(struct engine *engine, struct live_dose *live) {
        if (!live)
                return;

        for (size_t i = 0; live->is_touched && i < engine->n_touched; i++)
                if (engine->touched[i] == live) {
                        engine->touched[i] = engine->touched[--engine->n_touched];
                        break;
                }
        heap_remove(&engine->heap, &live->timer.node);
        if (live->hh.tbl)
                HASH_DEL(engine->live, live);
        dose_free(live->dose);
        free(live->id);
        free(live->alarms_usec);
        free(live);
}

int live_new(struct engine *engine, struct dose *dose, struct live_dose **ret) {
        struct live_dose *live;
        int r;

        live = calloc(1, sizeof(*live));
        if (!live)
                return -ENOMEM;
        live->timer.kind = TIMER_DOSE;
        live->person = engine_find_person(engine, dose->person);
        live->group_usec = group_of(dose->due_usec, dose->due_usec);
        live->dose = dose;

        r = dose_id(dose, &live->id);
        if (r >= 0)
                r = live_find_alarms(live);
        if (r < 0) {
                live->dose = NULL;
                live_free(engine, live);
                return r;
        }

        HASH_ADD_KEYPTR(hh, engine->live, live->id, strlen(live->id), live);
        *ret = live;
        return 0;
}

static int dose_from_occurrence(struct slot *slot, const struct occurrence *occurrence, struct dose **ret) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        const struct details *details = occurrence->details;
        char recurrence_id[CIVIL_TEXT_SIZE];
        usec_t previous_usec, next_usec;
        int r;

        r = medication_next_due(slot->medication, occurrence->due_usec + 1, &next_usec);
        if (r < 0)
                return r;
        r = medication_previous_due(slot->medication, occurrence->due_usec, &previous_usec);
        if (r < 0)
                return r;
        if (slot->schedule->after_taken_usec > 0) {
                next_usec = usec_earlier(next_usec, occurrence->due_usec + slot->schedule->after_taken_usec);
                if (previous_usec < occurrence->due_usec - slot->schedule->after_taken_usec)
                        previous_usec = occurrence->due_usec - slot->schedule->after_taken_usec;
        }

        dose = calloc(1, sizeof(*dose));
        if (!dose)
                return -ENOMEM;
        window_freeze(dose, &slot->person->policy, slot->schedule, details, occurrence->due_usec, occurrence->end_usec,
                      previous_usec, next_usec);
        dose->critical = details->critical;
        dose->confidential = details->confidential;
        dose->asks_amount = details->asks_amount;
        dose->stands_alone = dose->critical || dose->asks_amount ||
                             (next_usec != USEC_NEVER && dose->spacing_usec >= WEEKLY_SPACING);

        r = text_copy(slot->person->name, &dose->person);
        if (r >= 0)
                r = text_copy(slot->schedule->uid, &dose->uid);
        if (r >= 0)
                r = text_copy(occurrence_format_id(occurrence, recurrence_id), &dose->recurrence_id);
        if (r >= 0)
                r = text_copy(slot->schedule->medication, &dose->medication);
        if (r >= 0)
                r = text_copy(details->summary, &dose->title);
        if (r >= 0)
                r = text_copy(details->amount, &dose->amount);
        if (r >= 0)
                r = text_copy(details->instructions, &dose->instructions);
        if (r >= 0)
                r = text_copy(details->purpose, &dose->purpose);
        if (r >= 0)
                r = text_copy(details->if_missed, &dose->if_missed);
        if (r < 0)
                return r;

        *ret = TAKE(dose);
        return 0;
}

int engine_read_dose(struct engine *engine, const char *person, const char *uid, const char *recurrence_id,
                     struct dose **ret) {
        int r = store_get_dose(engine->store, person, uid, recurrence_id, ret);

        return r < 0 ? engine_forgive_ledger(engine, r) : 0;
}

int live_copy_known(struct engine *engine, const struct slot *slot, const struct occurrence *occurrence,
                    struct dose **ret) {
        const char *person = slot->person->name, *uid = slot->schedule->uid;
        _cleanup_(free_p) char *id = NULL;
        char recurrence_id[CIVIL_TEXT_SIZE];
        const struct live_dose *live;
        int r;

        (void) occurrence_format_id(occurrence, recurrence_id);
        r = dose_id_format(person, uid, recurrence_id, &id);
        if (r < 0)
                return r;
        live = live_find(engine, id);
        return live ? dose_copy(live->dose, ret) : engine_read_dose(engine, person, uid, recurrence_id, ret);
}

/* The dose as hand or ledger know it already; else a new one, upcoming. */
int live_from_occurrence(struct engine *engine, struct slot *slot, const struct occurrence *occurrence,
                         struct live_dose **ret) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        _cleanup_(free_p) char *id = NULL;
        char recurrence_id[CIVIL_TEXT_SIZE];
        struct live_dose *live;
        bool in_ledger;
        int r;

        (void) occurrence_format_id(occurrence, recurrence_id);
        r = dose_id_format(slot->person->name, slot->schedule->uid, recurrence_id, &id);
        if (r < 0)
                return r;
        live = live_find(engine, id);
        if (live) {
                *ret = live;
                return 0;
        }

        r = engine_read_dose(engine, slot->person->name, slot->schedule->uid, recurrence_id, &dose);
        if (r < 0)
                return r;
        in_ledger = dose;
        if (!in_ledger) {
                r = dose_from_occurrence(slot, occurrence, &dose);
                if (r < 0)
                        return r;
        }

        r = live_new(engine, dose, &live);
        if (r < 0)
                return r;
        (void) TAKE(dose);
        live->in_ledger = in_ledger;
        *ret = live;
        return 0;
}

int live_from_ledger(struct engine *engine, struct dose *dose, struct live_dose **ret) {
        _cleanup_(dose_free_p) struct dose *owned = dose;
        _cleanup_(free_p) char *id = NULL;
        struct live_dose *live;
        int r;

        r = dose_id(dose, &id);
        if (r < 0)
                return r;
        live = live_find(engine, id);
        if (!live) {
                r = live_new(engine, owned, &live);
                if (r < 0)
                        return r;
                (void) TAKE(owned);
                live->in_ledger = true;
        }
        *ret = live;
        return 0;
}

int live_take(struct engine *engine, struct dose *dose, struct live_dose **ret) {
        int r = live_from_ledger(engine, dose, ret);

        return r < 0 ? r : live_touch(engine, *ret);
}

int live_acquire(struct engine *engine, const char *id, struct live_dose **ret) {
        _cleanup_(free_p) char *name = NULL, *uid = NULL, *recurrence_id = NULL;
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        struct occurrence occurrence;
        struct person *person;
        struct live_dose *live;
        struct slot *slot;
        int r;

        live = live_find(engine, id);
        if (live) {
                if (live->dose->state == DOSE_MOVED)
                        return ENGINE_NO_SUCH_DOSE;
                *ret = live;
                return 0;
        }

        r = dose_id_parse(id, &name, &uid, &recurrence_id);
        if (r != 0)
                return r < 0 ? r : ENGINE_NO_SUCH_DOSE;
        person = engine_find_person(engine, name);
        if (!person)
                return ENGINE_NO_SUCH_DOSE;

        r = store_get_dose(engine->store, name, uid, recurrence_id, &dose);
        if (r < 0)
                return r;
        if (r == 0) {
                if (dose->state == DOSE_MOVED)
                        return ENGINE_NO_SUCH_DOSE;
                return live_from_ledger(engine, TAKE(dose), ret);
        }

        slot = person_find_slot(person, uid);
        if (!slot)
                return ENGINE_NO_SUCH_DOSE;
        r = slot_find(slot, recurrence_id, &occurrence);
        if (r != 0)
                return r < 0 ? r : ENGINE_NO_SUCH_DOSE;
        /* What was due before its schedule came into force is no dose. */
        if (occurrence.due_usec <= person->mark_usec)
                return ENGINE_NO_SUCH_DOSE;
        return live_from_occurrence(engine, slot, &occurrence, ret);
}

int live_set_timer(struct engine *engine, struct live_dose *live) {
        const struct dose *dose = live->dose;
        usec_t at_usec = USEC_NEVER;

        switch (dose->state) {
        case DOSE_UPCOMING:
                at_usec = usec_earlier(dose->due_usec, live_next_reminder(live));
                break;
        case DOSE_DUE:
                at_usec = usec_earlier(dose->window_end_usec, live_next_reminder(live));
                break;
        case DOSE_SNOOZED:
                at_usec = usec_earlier(dose->window_end_usec, dose->snoozed_until_usec);
                break;
        case DOSE_TAKEN:
        case DOSE_SKIPPED:
        case DOSE_MISSED:
        case DOSE_UNATTENDED:
        case DOSE_AWAY:
        case DOSE_MOVED:
        case _DOSE_STATE_MAX:
                heap_remove(&engine->heap, &live->timer.node);
                return 0;
        }
        return heap_set(&engine->heap, &live->timer.node, at_usec);
}

int live_touch(struct engine *engine, struct live_dose *live) {
        if (live->is_touched)
                return 0;
        if (engine->n_touched == engine->touched_allocated) {
                size_t n = engine->touched_allocated ? 2 * engine->touched_allocated : 32;
                struct live_dose **touched = reallocarray(engine->touched, n, sizeof(*touched));

                if (!touched)
                        return -ENOMEM;
                engine->touched = touched;
                engine->touched_allocated = n;
        }
        engine->touched[engine->n_touched++] = live;
        live->is_touched = true;
        return 0;
}

/* Applied to a copy first: what the ledger refuses has not happened. */
static int enter(struct engine *engine, struct live_dose *live, const struct entry *entry, const struct dose *times) {
        _cleanup_(dose_free_p) struct dose *after = NULL;
        struct dose former;
        int r;

        r = live_touch(engine, live);
        if (r < 0)
                return r;
        r = dose_copy(live->dose, &after);
        if (r < 0)
                return r;
        if (times)
                dose_set_times(after, times);
        r = dose_apply(after, entry);
        if (r != 0)
                return r < 0 ? r : -EPROTO;
        r = store_add_entry(engine->store, after, entry);
        if (r < 0)
                return r;

        former = *live->dose;
        *live->dose = *after;
        *after = former;
        live->in_ledger = true;
        return 0;
}

static int enter_and_note(struct engine *engine, struct live_dose *live, const struct entry *entry,
                          const struct dose *times) {
        enum dose_state before = live->dose->state;
        struct slot *slot;
        int r;

        r = enter(engine, live, entry, times);
        if (r < 0)
                return r;
        slot = person_find_slot(live->person, live->dose->uid);
        if (slot && slot->schedule->after_taken_usec > 0) {
                r = slot_seek(engine, slot, live->person->mark_usec + 1, entry->recorded_usec);
                if (r < 0)
                        return r;
        }
        live->changed = live->changed || live->dose->state != before || entry->kind == ENTRY_TAKEN ||
                        entry->kind == ENTRY_SKIPPED || entry->kind == ENTRY_SNOOZED;
        live->rings = live->rings || entry->kind == ENTRY_REMINDED;
        return 0;
}

int live_enter(struct engine *engine, struct live_dose *live, const struct entry *entry) {
        return enter_and_note(engine, live, entry, NULL);
}

static int retime(struct engine *engine, struct live_dose *live, struct slot *slot, const struct occurrence *occurrence,
                  usec_t first_due_usec, enum entry_kind kind, enum dose_state state, usec_t now_usec) {
        _cleanup_(dose_free_p) struct dose *times = NULL;
        const struct entry entry = {
                .kind = kind,
                .state = state,
                .recorded_usec = now_usec,
                .until_usec = occurrence->due_usec,
        };
        int r;

        r = dose_from_occurrence(slot, occurrence, &times);
        if (r < 0)
                return r;
        times->first_due_usec = first_due_usec;
        r = enter_and_note(engine, live, &entry, times);
        if (r < 0)
                return r;
        live->group_usec = group_of(occurrence->due_usec, now_usec);
        r = live_find_alarms(live);
        return r < 0 ? r : live_set_timer(engine, live);
}

int live_retime(struct engine *engine, struct live_dose *live, struct slot *slot, const struct occurrence *occurrence,
                enum dose_state state, usec_t now_usec) {
        return retime(engine, live, slot, occurrence, USEC_NONE, ENTRY_MOVED, state, now_usec);
}

int live_travel(struct engine *engine, struct live_dose *live, struct slot *slot, const struct occurrence *occurrence,
                enum dose_state state, usec_t now_usec) {
        return retime(engine, live, slot, occurrence, USEC_NONE, ENTRY_TRAVELLED, state, now_usec);
}

int live_replace(struct engine *engine, struct live_dose *live, struct slot *slot, const struct occurrence *occurrence,
                 usec_t first_due_usec, usec_t now_usec) {
        struct occurrence place = *occurrence;

        if (place.due_usec > now_usec)
                return retime(engine, live, slot, &place, first_due_usec, ENTRY_MOVED, DOSE_UPCOMING, now_usec);
        place.end_usec += now_usec - place.due_usec;
        place.due_usec = now_usec;
        return retime(engine, live, slot, &place, first_due_usec, ENTRY_MOVED, DOSE_DUE, now_usec);
}

int live_move(struct engine *engine, struct live_dose *live, struct slot *slot, const struct occurrence *occurrence,
              usec_t now_usec) {
        return live_replace(engine, live, slot, occurrence, USEC_NONE, now_usec);
}

int live_drop(struct engine *engine, struct live_dose *live, usec_t now_usec) {
        const struct entry never_was = { .kind = ENTRY_MOVED, .state = DOSE_MOVED, .recorded_usec = now_usec };
        int r;

        r = enter(engine, live, &never_was, NULL);
        if (r < 0)
                return r;
        live->changed = true;
        return live_set_timer(engine, live);
}

int live_withdraw(struct engine *engine, struct live_dose *live, const char *note, usec_t now_usec) {
        const struct entry entry = {
                .kind = ENTRY_WITHDRAWN,
                .state = DOSE_SKIPPED,
                .recorded_usec = now_usec,
                .recorded_by = (char *) RECORDED_BY_PLAN,
                .note = (char *) note,
        };
        int r;

        r = live_enter(engine, live, &entry);
        return r < 0 ? r : live_set_timer(engine, live);
}

int live_is_lost(const struct live_dose *live, bool *ret) {
        const struct slot *slot = person_find_slot(live->person, live->dose->uid);
        struct occurrence occurrence;
        int r = 0;

        *ret = !slot;
        if (!slot || slot->schedule->after_taken_usec > 0) /* what the ledger has of that, it made itself */
                return 0;
        r = slot_find(slot, live->dose->recurrence_id, &occurrence);
        *ret = r == SCHEDULE_NO_OCCURRENCE;
        return r < 0 ? r : 0;
}

enum dose_state live_state_by_time(const struct engine *engine, const struct live_dose *live, usec_t now_usec) {
        enum dose_state state = dose_state_by_time(live->dose, now_usec);

        if (now_usec < engine->hold_usec && (state == DOSE_MISSED || state == DOSE_UNATTENDED))
                return DOSE_DUE;
        return state;
}

/* The slot stands before it, and will find it in the ledger when its time comes; a chain has no next while this one waits. */
static bool slot_comes_to(const struct live_dose *live) {
        const struct slot *slot = person_find_slot(live->person, live->dose->uid);
        struct occurrence occurrence;

        return slot && slot->schedule->after_taken_usec == 0 && slot->has_next &&
               slot_find(slot, live->dose->recurrence_id, &occurrence) == 0 && occurrence.due_usec >= slot->next.due_usec;
}

bool live_waits(const struct live_dose *live) {
        if (dose_is_open(live->dose))
                return true;
        return live->dose->state == DOSE_UPCOMING && live->timer.node.position > 0 &&
               !(live->in_ledger && slot_comes_to(live));
}
