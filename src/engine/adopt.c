/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A new plan comes into force: what changed, and what becomes of the doses around now. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

#define RECORDED_BY_PLAN "plan"
#define REACH (8 * USEC_PER_DAY) /* a moved weekly dose lies at most half a week away */

/* UIDs whose schedules are gone or say something else. */
struct changes {
        struct plan_change *items;
        const struct schedule **former; /* what was in force of each; NULL: nothing */
        size_t n_items;
};

static void changes_done(struct changes *changes) {
        free(changes->items);
        free(changes->former);
}

static void changes_add(struct changes *changes, enum plan_change_kind kind, const struct schedule *schedule,
                        const struct schedule *former) {
        changes->former[changes->n_items] = former;
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
        changes.former = calloc(person->n_slots + adoption->n_schedules + 1, sizeof(*changes.former));
        if (!changes.items || !changes.former) {
                changes_done(&changes);
                return -ENOMEM;
        }

        for (size_t i = 0; i < adoption->n_schedules; i++) {
                const struct schedule *schedule = adoption->schedules[i];
                const struct slot *slot = person_find_slot(person, schedule->uid);

                if (!slot)
                        changes_add(&changes, PLAN_ADDED, schedule, NULL);
                else if (slot->schedule->digest != schedule->digest)
                        changes_add(&changes, PLAN_CHANGED, schedule, slot->schedule);
        }
        for (size_t i = 0; i < person->n_slots; i++)
                if (!find_schedule(adoption->schedules, adoption->n_schedules, person->slots[i]->schedule->uid))
                        changes_add(&changes, PLAN_REMOVED, person->slots[i]->schedule, person->slots[i]->schedule);

        *ret = changes;
        return 0;
}

/* The change of a UID; NULL where it says what it said. */
static const struct plan_change *find_change(const struct changes *changes, const char *uid,
                                             const struct schedule **ret_former) {
        for (size_t i = 0; i < changes->n_items; i++)
                if (strcmp(changes->items[i].uid, uid) == 0) {
                        *ret_former = changes->former[i];
                        return &changes->items[i];
                }
        return NULL;
}

/* The medication under which the plan has the dose now: its UID says more than a name that may have been mended. */
static struct medication *medication_of(const struct person *person, const struct dose *dose) {
        const struct slot *slot = person_find_slot(person, dose->uid);

        return slot ? slot->medication : person_find_medication(person, dose->medication);
}

/*
 * Whether the plan in force still has that dose. A recorded one stays where its name stays; one that is open, where its time does:
 * that of the former plan by the same clock, since the person may have travelled since it froze.
 */
static int is_in_plan(const struct person *person, const struct dose *dose, const struct schedule *former, bool *ret) {
        const struct slot *slot = person_find_slot(person, dose->uid);
        struct occurrence occurrence, before;
        int r = SCHEDULE_NO_OCCURRENCE;

        if (slot && slot->schedule->after_taken_usec > 0) {
                *ret = true; /* what the ledger has, it made itself */
                return 0;
        }
        if (slot)
                r = slot_find(slot, dose->recurrence_id, &occurrence);
        if (r != 0) {
                *ret = false;
                return r < 0 ? r : 0;
        }
        *ret = dose->has_recorded || occurrence.due_usec == dose->due_usec;
        if (*ret || !former)
                return 0;
        r = schedule_find(former, &person->clock, dose->recurrence_id, &before);
        if (r < 0)
                return r;
        *ret = r == 0 && before.due_usec == occurrence.due_usec;
        return 0;
}

/* Whether the occurrence is as the former plan had it: then it is another dose, and nothing moves to it. */
static bool is_old(const struct changes *changes, const struct person *person, const struct occurrence *occurrence) {
        const struct schedule *former = NULL;
        char recurrence_id[CIVIL_TEXT_SIZE];
        struct occurrence before;

        if (!find_change(changes, occurrence->schedule->uid, &former))
                return true;
        return former &&
               schedule_find(former, &person->clock, occurrence_format_id(occurrence, recurrence_id), &before) == 0 &&
               before.due_usec == occurrence->due_usec;
}

/* The new occurrence of that medication that lies nearest to `due_usec`, within half the spacing, from `from_usec` on. */
static int find_nearest(struct engine *engine, struct person *person, const struct changes *changes,
                        const struct medication *medication, usec_t due_usec, usec_t spacing_usec, usec_t from_usec,
                        struct slot **ret_slot, struct occurrence *ret, struct live_dose **ret_live) {
        usec_t half_usec = spacing_usec / 2, best_usec = half_usec;
        int r;

        *ret_live = NULL;
        for (size_t i = 0; medication && i < medication->n_slots; i++) {
                struct slot *slot = medication->slots[i];
                usec_t at_usec = due_usec - half_usec > from_usec ? due_usec - half_usec : from_usec;

                for (;;) {
                        struct occurrence occurrence;
                        struct live_dose *live;

                        r = slot_next(slot, at_usec, &occurrence);
                        if (r < 0)
                                return r;
                        if (r > 0 || occurrence.due_usec - due_usec >= half_usec)
                                break;
                        at_usec = occurrence.due_usec + 1;

                        if (llabs(occurrence.due_usec - due_usec) >= best_usec || is_old(changes, person, &occurrence))
                                continue;
                        r = live_from_occurrence(engine, slot, &occurrence, &live);
                        if (r < 0)
                                return r;
                        r = live_touch(engine, live); /* let go of again where it stays without entries */
                        if (r < 0)
                                return r;
                        if (live->in_ledger && !live->is_restored)
                                continue;
                        *ret_live = live;
                        *ret_slot = slot;
                        *ret = occurrence;
                        best_usec = llabs(occurrence.due_usec - due_usec);
                }
        }
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
                .recorded_by = (char *) RECORDED_BY_PLAN,
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

/* Somebody moved this very dose (RECURRENCE-ID): it keeps its name, and rings at its new time; one in the past, now. */
static int move_in_time(struct engine *engine, struct live_dose *live, usec_t due_usec, usec_t now_usec) {
        const struct entry entry = {
                .kind = ENTRY_MOVED,
                .state = due_usec > now_usec ? DOSE_UPCOMING : DOSE_DUE,
                .recorded_usec = now_usec,
                .until_usec = due_usec > now_usec ? due_usec : now_usec,
        };
        int r;

        r = live_enter(engine, live, &entry);
        if (r >= 0)
                r = live_find_alarms(live);
        return r < 0 ? r : live_set_timer(engine, live);
}

/* Whether anything of the medication is still to be taken. */
static bool is_taken_off(const struct person *person, const struct dose *dose) {
        const struct medication *medication = medication_of(person, dose);

        for (size_t i = 0; medication && i < medication->n_slots; i++)
                if (!medication->slots[i]->schedule->stopped && !medication->slots[i]->schedule->on_hold)
                        return false;
        return true;
}

static int settle_dose(struct engine *engine, struct person *person, const struct changes *changes,
                       const struct schedule *former, const struct dose *stored, usec_t now_usec) {
        _cleanup_(free_p) char *id = NULL;
        struct live_dose *live, *nearest;
        struct occurrence occurrence;
        struct slot *slot;
        bool stays;
        int r;

        r = is_in_plan(person, stored, former, &stays);
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

        slot = person_find_slot(person, stored->uid);
        if (slot && slot_find(slot, stored->recurrence_id, &occurrence) == 0)
                return move_in_time(engine, live, occurrence.due_usec, now_usec);

        r = find_nearest(engine, person, changes, medication_of(person, live->dose), live->dose->due_usec,
                         live->dose->spacing_usec, now_usec + 1, &slot, &occurrence, &nearest);
        if (r < 0)
                return r;
        if (nearest && nearest != live)
                return carry_over(engine, live, nearest, now_usec);
        /* An open dose without a place stays what it was when it froze. */
        return 0;
}

/* What the plan itself took away or moved, and now has again as it was, is a dose again while its window lasts. */
static int restore_dose(struct engine *engine, struct person *person, const struct dose *stored, usec_t now_usec) {
        const struct slot *slot = person_find_slot(person, stored->uid);
        _cleanup_(dose_free_p) struct dose *copy = NULL;
        struct occurrence occurrence;
        struct live_dose *live;
        int r;

        if (!slot || now_usec >= stored->window_end_usec ||
            !(stored->state == DOSE_MOVED ||
              (stored->state == DOSE_SKIPPED && text_equal(stored->recorded.recorded_by, RECORDED_BY_PLAN))))
                return 0;
        r = slot_find(slot, stored->recurrence_id, &occurrence);
        if (r != 0 || occurrence.due_usec != stored->due_usec)
                return r < 0 ? r : 0;

        r = live_from_occurrence(engine, (struct slot *) slot, &occurrence, &live);
        if (r < 0)
                return r;
        {
                const struct entry entry = {
                        .kind = ENTRY_UNDONE,
                        .state = dose_state_by_time(live->dose, now_usec),
                        .recorded_usec = now_usec,
                        .recorded_by = (char *) RECORDED_BY_PLAN,
                };

                r = live_enter(engine, live, &entry);
        }
        if (r < 0)
                return r;
        live->is_restored = true;
        return live_set_timer(engine, live);
}

static int each_recent(struct engine *engine, struct person *person, const struct changes *changes,
                       const struct dose_list *recent, usec_t now_usec, bool restores) {
        for (size_t i = 0; i < recent->n_doses; i++) {
                const struct dose *dose = recent->doses[i];
                const struct schedule *former = NULL;
                int r;

                if (!find_change(changes, dose->uid, &former))
                        continue;
                if (restores)
                        r = restore_dose(engine, person, dose, now_usec);
                else
                        r = dose->state == DOSE_MOVED ? 0 :
                                                        settle_dose(engine, person, changes, former, dose, now_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}

/*
 * A dose that was still to come, and that the edit puts a little into the past: it would be neither here nor there. It is due
 * now.
 */
static int settle_coming(struct engine *engine, struct person *person, const struct changes *changes, size_t i,
                         usec_t now_usec) {
        const struct schedule *former = changes->former[i];
        const struct slot *slot = person_find_slot(person, changes->items[i].uid);
        struct occurrence coming, after, nearest;
        char recurrence_id[CIVIL_TEXT_SIZE];
        struct slot *nearest_slot;
        struct live_dose *live;
        usec_t spacing_usec;
        int r;

        if (!former || !slot || former->after_taken_usec > 0 || slot->schedule->after_taken_usec > 0)
                return 0;
        r = schedule_next(former, &person->clock, now_usec + 1, &coming);
        if (r != 0)
                return r < 0 ? r : 0;
        r = slot_find(slot, occurrence_format_id(&coming, recurrence_id), &after);
        if (r <= 0) /* it has its name still, wherever it is now */
                return r;
        r = schedule_next(former, &person->clock, coming.due_usec + 1, &after);
        if (r < 0)
                return r;
        spacing_usec = r == 0 ? after.due_usec - coming.due_usec : USEC_PER_DAY;

        r = find_nearest(engine, person, changes, slot->medication, coming.due_usec, spacing_usec,
                         coming.due_usec - spacing_usec / 2, &nearest_slot, &nearest, &live);
        if (r < 0 || !live || live->in_ledger || nearest.due_usec > now_usec)
                return r < 0 ? r : 0;
        live_free(engine, live); /* made anew, as due now */
        return occurrence_make_due(engine, nearest_slot, &nearest, now_usec);
}

static int settle_doses(struct engine *engine, struct person *person, const struct changes *changes, usec_t now_usec) {
        _cleanup_(dose_list_done) struct dose_list recent = {};
        struct live_dose *live, *next;
        int r;

        if (changes->n_items == 0)
                return 0;
        r = engine_forgive_ledger(engine, store_list_doses(engine->store, person->name, NULL, now_usec - REACH, USEC_NEVER,
                                                           SIZE_MAX >> 1, &recent));
        if (r >= 0)
                r = each_recent(engine, person, changes, &recent, now_usec, true);
        if (r >= 0)
                r = each_recent(engine, person, changes, &recent, now_usec, false);
        for (size_t i = 0; r >= 0 && i < changes->n_items; i++)
                r = settle_coming(engine, person, changes, i, now_usec);
        HASH_ITER(hh, engine->live, live, next)
                live->is_restored = false;
        return r;
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
        adoption->is_in_force = true;
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
