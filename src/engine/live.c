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

/* The alarms are those of the schedule in force; a dose whose schedule is gone has the plain series. */
int live_find_alarms(struct live_dose *live) {
        struct slot *slot = person_find_slot(live->person, live->dose->uid);
        struct occurrence occurrence;
        int r;

        if (!slot)
                return 0;
        r = slot_find(slot, live->dose->recurrence_id, &occurrence);
        if (r != 0)
                return r < 0 ? r : 0;

        free(live->alarms_usec);
        live->alarms_usec = NULL;
        live->n_alarms = 0;
        live->dose->seen_usec = occurrence.details->seen_usec;
        return occurrence_alarms(&occurrence, &live->person->clock, &live->alarms_usec, &live->n_alarms);
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

static usec_t earlier(usec_t a, usec_t b) {
        return a < b ? a : b;
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
                next_usec = earlier(next_usec, occurrence->due_usec + slot->schedule->after_taken_usec);
                if (previous_usec < occurrence->due_usec - slot->schedule->after_taken_usec)
                        previous_usec = occurrence->due_usec - slot->schedule->after_taken_usec;
        }

        dose = calloc(1, sizeof(*dose));
        if (!dose)
                return -ENOMEM;
        window_freeze(dose, slot->schedule, details, occurrence->due_usec, occurrence->end_usec, previous_usec,
                      next_usec);
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

        r = store_get_dose(engine->store, slot->person->name, slot->schedule->uid, recurrence_id, &dose);
        r = r < 0 ? engine_forgive_ledger(engine, r) : r;
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
                r = live_new(engine, dose, &live);
                if (r < 0)
                        return r;
                (void) TAKE(dose);
                live->in_ledger = true;
                *ret = live;
                return 0;
        }

        slot = person_find_slot(person, uid);
        if (!slot)
                return ENGINE_NO_SUCH_DOSE;
        r = slot_find(slot, recurrence_id, &occurrence);
        if (r != 0)
                return r < 0 ? r : ENGINE_NO_SUCH_DOSE;
        /* What was due before its schedule came into force is no dose. */
        if (occurrence.due_usec <= engine->mark_usec)
                return ENGINE_NO_SUCH_DOSE;
        return live_from_occurrence(engine, slot, &occurrence, ret);
}

int live_set_timer(struct engine *engine, struct live_dose *live) {
        const struct dose *dose = live->dose;
        usec_t at_usec = USEC_NEVER;

        switch (dose->state) {
        case DOSE_UPCOMING:
                at_usec = earlier(dose->due_usec, reminder_next(dose, live->alarms_usec, live->n_alarms,
                                                                dose->reminded_usec));
                break;
        case DOSE_DUE:
                at_usec = earlier(dose->window_end_usec, reminder_next(dose, live->alarms_usec, live->n_alarms,
                                                                       dose->reminded_usec));
                break;
        case DOSE_SNOOZED:
                at_usec = earlier(dose->window_end_usec, dose->snoozed_until_usec);
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

int live_enter(struct engine *engine, struct live_dose *live, const struct entry *entry) {
        enum dose_state before = live->dose->state;
        struct slot *slot;
        int r;

        r = live_touch(engine, live);
        if (r < 0)
                return r;
        r = dose_apply(live->dose, entry);
        if (r != 0)
                return r < 0 ? r : -EPROTO;
        r = store_add_entry(engine->store, live->dose, entry);
        if (r < 0)
                return r;

        live->in_ledger = true;
        slot = live->person ? person_find_slot(live->person, live->dose->uid) : NULL;
        if (slot && slot->schedule->after_taken_usec > 0) {
                r = slot_seek(engine, slot, engine->mark_usec + 1);
                if (r < 0)
                        return r;
        }
        live->changed = live->changed || live->dose->state != before || entry->kind == ENTRY_TAKEN ||
                        entry->kind == ENTRY_SKIPPED || entry->kind == ENTRY_SNOOZED;
        live->rings = live->rings || entry->kind == ENTRY_REMINDED;
        return 0;
}

int engine_last_taken(struct engine *engine, const char *person, const char *medication, usec_t *ret_usec) {
        const struct medication *in_force;
        struct live_dose *live, *next;
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

        /* What is only in hand counts too: not written yet, or not writable. */
        if (!store_is_flushed(engine->store))
                HASH_ITER(hh, engine->live, live, next)
                        if (live->dose->state == DOSE_TAKEN && strcmp(live->dose->person, person) == 0 &&
                            strcmp(live->dose->medication, medication) == 0 &&
                            live->dose->recorded.taken_usec > last_usec)
                                last_usec = live->dose->recorded.taken_usec;

        *ret_usec = last_usec;
        return 0;
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
