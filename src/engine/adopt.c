/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A new plan comes into force: what changed, and that it is kept. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

/* Without a ledger nobody knows what is open: the plan is looked at from so far back, longer than most windows. */
#define LOST_REACH (2 * USEC_PER_DAY)

static void changes_done(struct changes *changes) {
        free(changes->items);
        free(changes->former);
}

struct plan_change plan_change_of(enum plan_change_kind kind, const struct schedule *schedule) {
        return (struct plan_change){
                .kind = kind,
                .uid = schedule->uid,
                .medication = schedule->medication,
                .title = schedule->details.summary ? schedule->details.summary : schedule->medication,
                .file = schedule->file ? schedule->file : "",
        };
}

static void changes_add(struct changes *changes, enum plan_change_kind kind, const struct schedule *schedule,
                        const struct schedule *former) {
        changes->former[changes->n_items] = former;
        changes->items[changes->n_items++] = plan_change_of(kind, schedule);
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

/* While the new plan is settled its slots know what they said before. */
static void mark_changes(const struct person *person, const struct changes *changes, bool is_changed) {
        for (size_t i = 0; i < changes->n_items; i++) {
                struct slot *slot = person_find_slot(person, changes->items[i].uid);

                if (!slot)
                        continue;
                slot->is_changed = is_changed;
                slot->former = is_changed ? changes->former[i] : NULL;
        }
}

/* One that becomes private was seen before, and one that no longer is will be. */
static bool is_seen(const struct person *person, const struct changes *changes) {
        for (size_t i = 0; i < changes->n_items; i++) {
                const struct schedule *former = changes->former[i];
                const struct slot *slot = person_find_slot(person, changes->items[i].uid);

                if ((former && !former->details.confidential) || (slot && !slot->schedule->details.confidential))
                        return true;
        }
        return false;
}

/* Also where nothing else has changed: another client may have acknowledged an alarm, or put it off. */
static int renew_alarms(struct engine *engine, const struct person *person, usec_t now_usec) {
        struct live_dose *live, *next;
        int r;

        HASH_ITER(hh, engine->live, live, next) {
                if (live->person != person || live->timer.node.position == 0)
                        continue;
                r = live_find_alarms(live);
                if (r >= 0)
                        r = live_set_timer(engine, live);
                if (r >= 0)
                        r = ladder_alarms(engine, live, now_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int put_in_force(struct engine *engine, struct person *person, struct plan_adoption *adoption,
                        const struct changes *changes, usec_t now_usec) {
        usec_t after_usec = person->is_lost ? now_usec - LOST_REACH : person->mark_usec;
        int r;

        r = person_set_schedules(engine, person, adoption->schedules, adoption->n_schedules, after_usec, now_usec);
        if (r < 0)
                return r;
        adoption->is_in_force = true;
        person->is_lost = false;
        mark_changes(person, changes, true);
        r = person_settle(engine, person, changes, now_usec);
        if (r >= 0)
                r = outbox_look_at_private(engine, person, now_usec);
        mark_changes(person, changes, false);
        return r < 0 ? r : renew_alarms(engine, person, now_usec);
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
        r = put_in_force(engine, person, adoption, &changes, now_usec);
        if (r < 0)
                return r;

        if (changes.n_items + adoption->update.n_put + adoption->update.n_remove == 0)
                return 0;
        r = store_add_plan(engine->store, &adoption->update);
        if (r >= 0)
                r = announce_plan(engine, person, &changes, now_usec);
        if (r >= 0)
                r = engine_finish(engine, now_usec);
        if (r < 0)
                return r;
        if (changes.n_items > 0)
                engine->observer.plan_changed(engine->userdata, person->name, !is_seen(person, &changes));
        return 0;
}
