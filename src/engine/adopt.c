/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A new plan comes into force: what changed, and what becomes of the doses around now. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

#define REACH (8 * USEC_PER_DAY) /* a moved weekly dose lies at most half a week away */

/* UIDs whose schedules are gone or say something else. */
struct changes {
        struct plan_change *items;
        size_t n_items;
};

static void changes_done(struct changes *changes) {
        free(changes->items);
}

static void changes_add(struct changes *changes, enum plan_change_kind kind, const struct schedule *schedule) {
        changes->items[changes->n_items++] = (struct plan_change){
                .kind = kind,
                .uid = schedule->uid,
                .medication = schedule->medication,
                .title = schedule->details.summary ? schedule->details.summary : schedule->medication,
                .file = schedule->file ? schedule->file : "",
        };
}

static int find_changes(const struct person *person, const struct plan_adoption *adoption, struct changes *ret) {
        struct changes changes = {};

        changes.items = calloc(person->n_slots + adoption->n_schedules + 1, sizeof(*changes.items));
        if (!changes.items)
                return -ENOMEM;

        for (size_t i = 0; i < adoption->n_schedules; i++) {
                const struct schedule *schedule = adoption->schedules[i];
                const struct slot *slot = person_find_slot(person, schedule->uid);

                if (!slot)
                        changes_add(&changes, PLAN_ADDED, schedule);
                else if (slot->schedule->digest != schedule->digest)
                        changes_add(&changes, PLAN_CHANGED, schedule);
        }
        for (size_t i = 0; i < person->n_slots; i++)
                if (!find_schedule(adoption->schedules, adoption->n_schedules, person->slots[i]->schedule->uid))
                        changes_add(&changes, PLAN_REMOVED, person->slots[i]->schedule);

        *ret = changes;
        return 0;
}

static bool is_changed(const struct changes *changes, const char *uid) {
        for (size_t i = 0; i < changes->n_items; i++)
                if (changes->items[i].kind != PLAN_ADDED && strcmp(changes->items[i].uid, uid) == 0)
                        return true;
        return false;
}

/* Whether the plan in force still has that dose at that time. */
static int is_in_plan(const struct person *person, const struct dose *dose, bool *ret) {
        const struct slot *slot = person_find_slot(person, dose->uid);
        struct occurrence occurrence;
        int r = SCHEDULE_NO_OCCURRENCE;

        if (slot && slot->schedule->after_taken_usec > 0) {
                *ret = true; /* what the ledger has, it made itself */
                return 0;
        }
        if (slot)
                r = schedule_find(slot->schedule, &person->clock, dose->recurrence_id, &occurrence);
        if (r < 0)
                return r;
        *ret = r == 0 && occurrence.due_usec == dose->due_usec;
        return 0;
}

/* The new occurrence of that medication that lies nearest, within half the spacing and not past yet. */
static int find_nearest(struct engine *engine, struct person *person, const struct dose *dose, usec_t now_usec,
                        struct live_dose **ret) {
        struct medication *medication = person_find_medication(person, dose->medication);
        usec_t half_usec = dose->spacing_usec / 2, best_usec = half_usec;
        usec_t from_usec = dose->due_usec - half_usec > now_usec ? dose->due_usec - half_usec : now_usec + 1;
        struct live_dose *best = NULL;
        int r;

        for (size_t i = 0; medication && i < medication->n_slots; i++) {
                struct slot *slot = medication->slots[i];
                usec_t at_usec = from_usec;

                for (;;) {
                        struct occurrence occurrence;
                        struct live_dose *live;
                        usec_t distance_usec;

                        r = slot_next(slot, at_usec, &occurrence);
                        if (r < 0)
                                return r;
                        if (r > 0 || occurrence.due_usec - dose->due_usec >= half_usec)
                                break;
                        at_usec = occurrence.due_usec + 1;

                        distance_usec = llabs(occurrence.due_usec - dose->due_usec);
                        if (distance_usec >= best_usec)
                                continue;
                        r = live_from_occurrence(engine, slot, &occurrence, &live);
                        if (r < 0)
                                return r;
                        r = live_touch(engine, live); /* let go of again where it stays without entries */
                        if (r < 0)
                                return r;
                        if (live->in_ledger)
                                continue;
                        best = live;
                        best_usec = distance_usec;
                }
        }

        *ret = best;
        return 0;
}

static int carry_over(struct engine *engine, struct live_dose *from, struct live_dose *to, usec_t now_usec) {
        struct entry carried = from->dose->recorded;
        const struct entry moved = {
                .kind = ENTRY_MOVED,
                .state = DOSE_MOVED,
                .recorded_usec = now_usec,
                .other = to->id,
        };
        int r;

        if (from->dose->has_recorded && dose_allows(from->dose->state, ENTRY_UNDONE)) {
                carried.kind = ENTRY_CARRIED;
                carried.state = from->dose->state;
                carried.other = from->id;
                r = live_enter(engine, to, &carried);
                if (r < 0)
                        return r;
        }
        r = live_enter(engine, from, &moved);
        if (r < 0)
                return r;
        return live_set_timer(engine, from);
}

static int withdraw(struct engine *engine, struct live_dose *live, usec_t now_usec) {
        const struct entry entry = {
                .kind = ENTRY_SKIPPED,
                .state = DOSE_SKIPPED,
                .recorded_usec = now_usec,
                .recorded_by = (char *) "plan",
                .note = (char *) "taken off the plan",
        };
        int r;

        r = live_enter(engine, live, &entry);
        if (r < 0)
                return r;
        return live_set_timer(engine, live);
}

/* EXDATE or a cancelled override names this very dose: that is no move, it is called off. */
static bool is_called_off(const struct person *person, const struct dose *dose) {
        const struct slot *slot = person_find_slot(person, dose->uid);
        const struct schedule *schedule = slot ? slot->schedule : NULL;
        char text[CIVIL_TEXT_SIZE];

        for (size_t i = 0; schedule && i < schedule->n_overrides; i++) {
                const struct occurrence original = {
                        .schedule = schedule,
                        .recurrence_id = schedule->overrides[i].recurrence_id,
                };

                if (schedule->overrides[i].cancelled &&
                    strcmp(occurrence_format_id(&original, text), dose->recurrence_id) == 0)
                        return true;
        }
        for (size_t i = 0; schedule && i < schedule->n_exception_dates; i++) {
                const struct stamp *stamp = &schedule->exception_dates[i];

                /* A day without a time removes all of that day; its digits are those of the dose's id. */
                if (stamp->is_date ? strncmp(civil_format(text, stamp->wall_sec, true, false), dose->recurrence_id, 8) == 0 :
                                     stamp_to_usec(stamp, &person->clock, NULL) == dose->due_usec)
                        return true;
        }
        return false;
}

/* Whether anything of the medication is still to be taken. */
static bool is_taken_off(const struct person *person, const struct dose *dose) {
        const struct medication *medication = person_find_medication(person, dose->medication);

        for (size_t i = 0; medication && i < medication->n_slots; i++)
                if (!medication->slots[i]->schedule->stopped && !medication->slots[i]->schedule->on_hold)
                        return false;
        return true;
}

static int settle_dose(struct engine *engine, struct person *person, const struct dose *stored, usec_t now_usec) {
        _cleanup_(free_p) char *id = NULL;
        struct live_dose *live, *nearest;
        bool stays;
        int r;

        r = is_in_plan(person, stored, &stays);
        if (r < 0 || stays)
                return r;
        r = dose_id(stored, &id);
        if (r < 0)
                return r;
        r = live_acquire(engine, id, &live);
        if (r != 0)
                return r < 0 ? r : 0;
        r = live_touch(engine, live);
        if (r < 0)
                return r;

        if ((dose_is_open(live->dose) || live->dose->state == DOSE_UPCOMING) &&
            (is_taken_off(person, live->dose) || is_called_off(person, live->dose)))
                return withdraw(engine, live, now_usec);

        r = find_nearest(engine, person, live->dose, now_usec, &nearest);
        if (r < 0)
                return r;
        if (nearest)
                return carry_over(engine, live, nearest, now_usec);
        /* An open dose without a place stays what it was when it froze. */
        return 0;
}

static int settle_doses(struct engine *engine, struct person *person, const struct changes *changes, usec_t now_usec) {
        _cleanup_(dose_list_done) struct dose_list recent = {};
        int r;

        if (changes->n_items == 0)
                return 0;
        r = store_list_doses(engine->store, person->name, NULL, now_usec - REACH, USEC_NEVER, SIZE_MAX >> 1, &recent);
        if (r < 0)
                return r;
        for (size_t i = 0; i < recent.n_doses; i++) {
                const struct dose *dose = recent.doses[i];

                if (dose->state == DOSE_MOVED || !is_changed(changes, dose->uid))
                        continue;
                r = settle_dose(engine, person, dose, now_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Also where nothing else has changed: another client may have acknowledged an alarm, or put it off. */
static int renew_alarms(struct engine *engine, const struct person *person) {
        struct live_dose *live, *next;
        int r;

        HASH_ITER(hh, engine->live, live, next) {
                if (live->person != person || live->timer.node.position == 0)
                        continue;
                r = live_find_alarms(live);
                if (r >= 0)
                        r = live_set_timer(engine, live);
                if (r < 0)
                        return r;
        }
        return 0;
}

int person_adopt(struct engine *engine, struct person *person, struct plan_adoption *adoption, usec_t now_usec) {
        _cleanup_(changes_done) struct changes changes = {};
        int r;

        r = engine_catch_up(engine, now_usec);
        if (r < 0)
                return r;
        r = find_changes(person, adoption, &changes);
        if (r < 0)
                return r;

        adoption->update.changes = changes.items;
        adoption->update.n_changes = changes.n_items;
        r = person_set_schedules(engine, person, adoption->schedules, adoption->n_schedules, engine->mark_usec);
        if (r < 0)
                return r;
        r = settle_doses(engine, person, &changes, now_usec);
        if (r >= 0)
                r = renew_alarms(engine, person);
        if (r < 0)
                return r;

        if (changes.n_items + adoption->update.n_put + adoption->update.n_remove == 0)
                return 0;
        store_set_mark(engine->store, engine->mark_usec);
        r = store_write_plan(engine->store, &adoption->update);
        if (r < 0 && r != -EIO)
                return r;
        r = engine_finish(engine, now_usec);
        if (r < 0)
                return r;
        if (changes.n_items > 0)
                engine->observer.plan_changed(engine->userdata, person->name);
        return 0;
}
