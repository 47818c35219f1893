/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks that change: the system's was ahead, or the person is in another zone. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "dosed/window.h"
#include "engine/private.h"

/* Smaller steps back are the daily work of time synchronisation: nothing rings twice for them. */
#define STEP_TOLERANCE USEC_PER_MINUTE

/* By this clock it is too early for what time alone has decided. */
static bool is_ahead(const struct dose *dose, usec_t now_usec) {
        if (dose_is_settled_by_time(dose))
                return dose->window_end_usec > now_usec;
        if (dose->state == DOSE_UPCOMING) /* reminded of ahead of its time */
                return dose->reminded_usec > now_usec;
        return dose_is_open(dose) && dose->due_usec > now_usec;
}

/* The slot of a schedule that follows what was taken; NULL: of another one, or gone. */
static struct slot *find_chain(const struct live_dose *live) {
        struct slot *slot = person_find_slot(live->person, live->dose->uid);

        return slot && slot->schedule->after_taken_usec > 0 ? slot : NULL;
}

/* One that had come by the right clock as well is open again, and was reminded of; the others are still to come. */
static int void_dose(struct engine *engine, struct live_dose *live, usec_t now_usec) {
        bool had_come = live->dose->state == DOSE_MISSED && live->dose->due_usec <= now_usec;
        struct slot *slot = person_find_slot(live->person, live->dose->uid);
        bool has_name = slot && slot->schedule->after_taken_usec == 0;
        const struct entry entry = {
                .kind = ENTRY_CLOCK_CORRECTED,
                .state = had_come ? DOSE_DUE : DOSE_UPCOMING,
                .recorded_usec = now_usec,
        };
        struct occurrence occurrence;
        int r;

        r = live_enter(engine, live, &entry);
        if (r < 0)
                return r;
        live->group_usec = group_of(live->dose->due_usec, now_usec);
        if (had_come)
                return live_set_timer(engine, live);

        /* The plan may have lost it while the clock was ahead, or have put it elsewhere. */
        if (has_name)
                r = slot_find(slot, live->dose->recurrence_id, &occurrence);
        if (r < 0)
                return r;
        if (!slot || r == SCHEDULE_NO_OCCURRENCE)
                return live_withdraw(engine, live, "taken off the plan", now_usec);
        if (has_name && occurrence.due_usec != live->dose->due_usec)
                return live_move(engine, live, slot, &occurrence, now_usec);
        return live_set_timer(engine, live);
}

void live_clamp(struct live_dose *live, usec_t now_usec) {
        struct dose *dose = live->dose;

        if (dose->reminded_usec > now_usec)
                dose->reminded_usec = now_usec;
        if (dose->state == DOSE_SNOOZED && dose->snoozed_usec > now_usec) {
                dose->snoozed_until_usec -= dose->snoozed_usec - now_usec;
                dose->snoozed_usec = now_usec;
        }
}

/* The plan is gone on with from now on; what is in hand is newer than the ledger, which follows in batches. */
static int set_person_back(struct engine *engine, struct person *person, usec_t now_usec) {
        struct live_dose *live, *next;
        int r;

        person->mark_usec = now_usec;
        person->corrects = true;
        for (size_t i = 0; i < person->n_slots; i++)
                if (person->slots[i]->since_usec > now_usec)
                        person->slots[i]->since_usec = now_usec;
        r = person_seek(engine, person, now_usec);
        if (r < 0)
                return r;

        HASH_ITER (hh, engine->live, live, next) {
                if (live->person != person)
                        continue;
                if (is_ahead(live->dose, now_usec))
                        r = void_dose(engine, live, now_usec);
                else {
                        live_clamp(live, now_usec);
                        r = live_set_timer(engine, live);
                }
                if (r < 0)
                        return r;
        }
        return 0;
}

/* A schedule that follows what was taken knows one dose ahead: the others only the wrong clock made. */
static int drop_invented_of(struct engine *engine, struct slot *slot, usec_t now_usec) {
        char following[CIVIL_TEXT_SIZE];
        struct live_dose *live, *next;
        int r;

        r = after_taken_following(engine, slot, now_usec, following);
        if (r < 0)
                return r;
        HASH_ITER (hh, engine->live, live, next) {
                if (live->person != slot->person || find_chain(live) != slot || !live->in_ledger ||
                    live->dose->state != DOSE_UPCOMING || live->dose->due_usec <= now_usec)
                        continue;
                r = strcmp(live->dose->recurrence_id, following) == 0 ? live_touch(engine, live)
                                                                      : live_drop(engine, live, now_usec);
                if (r < 0)
                        return r;
                live->changed = true; /* it was not told before */
        }
        return slot_seek(engine, slot, slot->person->mark_usec + 1, now_usec);
}

static int drop_invented(struct engine *engine, struct person *person, usec_t now_usec) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < person->n_slots; i++)
                if (person->slots[i]->schedule->after_taken_usec > 0)
                        r = drop_invented_of(engine, person->slots[i], now_usec);
        return r;
}

/* A bounded part of what the ledger holds, the first to come first; the mark in the ledger follows when nothing is left. */
static int correct_person(struct engine *engine, struct person *person, usec_t now_usec) {
        _cleanup_(dose_list_done) struct dose_list ahead = {};
        int r;

        r = engine_forgive_ledger(engine,
                                  store_list_ahead(engine->store, person->name, now_usec, LIMIT_STEP_CHANGES, &ahead));
        if (r < 0)
                return r;
        for (size_t i = 0; i < ahead.n_doses; i++) {
                struct live_dose *live;

                r = live_take(engine, TAKE(ahead.doses[i]), &live);
                if (r >= 0 && is_ahead(live->dose, now_usec))
                        r = void_dose(engine, live, now_usec);
                if (r < 0)
                        return r;
        }

        person->corrects = ahead.n_doses == LIMIT_STEP_CHANGES;
        if (person->corrects)
                return 0;
        r = drop_invented(engine, person, now_usec);
        return r < 0 ? r : person_keep_mark(engine, person);
}

int engine_correct_clock(struct engine *engine, usec_t now_usec) {
        int r = 0;

        /* While nobody has set the clock it is more likely behind now than that it was ahead before. */
        if (now_usec < engine->hold_usec)
                return 0;

        for (size_t i = 0; r >= 0 && i < engine->n_people; i++) {
                struct person *person = engine->people[i];

                if (person->mark_usec - now_usec > STEP_TOLERANCE)
                        r = set_person_back(engine, person, now_usec);
                if (r >= 0 && person->corrects)
                        r = correct_person(engine, person, now_usec);
        }
        return r;
}

/* Loaded twice, a zone is another object; but a copy at /etc/localtime has no name of its own. */
static bool is_same_zone(const struct zone *a, const struct zone *b) {
        return a == b || (strcmp(zone_name(a), zone_name(b)) == 0 && strcmp(zone_name(a), "localtime") != 0);
}

/* Two wall-clock times are one instant here, and the other one gives both their name: no slot comes to this one. */
static bool is_shadowed(const struct person *person, const struct dose *dose) {
        const struct slot *slot = person_find_slot(person, dose->uid);
        struct occurrence occurrence;

        return slot && slot->schedule->after_taken_usec == 0 &&
               slot_find(slot, dose->recurrence_id, &occurrence) == SCHEDULE_NO_OCCURRENCE;
}

/*
 * What the ledger has around now, and the first of what it has to come: a clock far ahead may once have left more, and each of
 * those follows when its slot comes to it.
 */
static int take_in_hand(struct engine *engine, const struct person *person, usec_t now_usec) {
        _cleanup_(dose_list_done) struct dose_list open = {}, around = {};
        struct live_dose *live;
        int r;

        r = engine_forgive_ledger(engine, store_list_open(engine->store, person->name, &open));
        if (r >= 0)
                r = engine_forgive_ledger(engine,
                                          store_list_doses(engine->store, person->name, NULL, now_usec - ZONE_REACH,
                                                           now_usec + ZONE_REACH, LIMIT_STEP_CHANGES, &around));
        for (size_t i = 0; r >= 0 && i < open.n_doses; i++)
                if (i < LIMIT_STEP_CHANGES || is_shadowed(person, open.doses[i]))
                        r = live_take(engine, TAKE(open.doses[i]), &live);
        for (size_t i = 0; r >= 0 && i < around.n_doses; i++) {
                if (!dose_is_off_plan(around.doses[i]) && !dose_is_settled_by_time(around.doses[i]))
                        continue;
                r = live_take(engine, TAKE(around.doses[i]), &live);
        }
        return r < 0 ? r : 0;
}

/* Time or an earlier journey alone had made it what it is, and this journey puts its time ahead again. */
static bool comes_again(const struct live_dose *live, const struct slot *slot, const struct wall_clock *former,
                        const struct occurrence *occurrence) {
        bool is_settled = dose_is_settled_by_time(live->dose);
        struct occurrence before;

        if (dose_is_off_plan(live->dose))
                return true;
        if ((!is_settled && !dose_is_open(live->dose)) ||
            schedule_find(slot->schedule, former, live->dose->recurrence_id, &before) != 0)
                return false;
        return before.due_usec != (is_settled ? occurrence->due_usec : live->dose->due_usec);
}

/* What time had made of it before it came again, where it is over by this clock, too; else upcoming. */
static int find_former_state(struct engine *engine, const struct live_dose *live, const struct slot *slot,
                             const struct occurrence *occurrence, usec_t now_usec, enum dose_state *ret) {
        const struct dose *dose = live->dose;
        enum dose_state state = DOSE_UPCOMING;
        usec_t next_usec;
        int r;

        r = engine_forgive_ledger(
                engine, store_find_settled(engine->store, dose->person, dose->uid, dose->recurrence_id, &state));
        if (r >= 0)
                r = medication_next_due(slot->medication, occurrence->due_usec + 1, &next_usec);
        if (r < 0)
                return r;
        if (window_end(&live->person->policy, occurrence->details, occurrence->due_usec, occurrence->end_usec,
                       next_usec) > now_usec)
                state = DOSE_UPCOMING;
        *ret = state;
        return 0;
}

static int move_one(struct engine *engine, struct live_dose *live, struct slot *slot, const struct wall_clock *former,
                    usec_t now_usec) {
        enum dose_state state = DOSE_UPCOMING;
        bool waits = live->dose->state == DOSE_UPCOMING, has_come;
        struct occurrence occurrence;
        int r;

        r = slot_find(slot, live->dose->recurrence_id, &occurrence);
        if (r < 0)
                return r;
        if (r > 0) /* until its time: the next journey may bring it back */
                return waits ? live_set_timer(engine, live) : 0;
        if (occurrence.due_usec == live->dose->due_usec)
                return 0;
        has_come = occurrence.due_usec <= now_usec;
        if (!waits && (has_come || !comes_again(live, slot, former, &occurrence)))
                return 0;
        if (has_come) {
                r = find_former_state(engine, live, slot, &occurrence, now_usec, &state);
                if (r < 0)
                        return r;
                if (state == DOSE_UPCOMING)
                        return live_move(engine, live, slot, &occurrence, now_usec);
        }
        return live_travel(engine, live, slot, &occurrence, state, now_usec);
}

/* What was reminded of, undone, or settled by time alone goes with the clock on the wall as all that is to come. */
static int move_coming(struct engine *engine, struct person *person, const struct wall_clock *former, usec_t now_usec) {
        struct live_dose *live, *next;
        int r;

        r = take_in_hand(engine, person, now_usec);
        if (r < 0)
                return r;
        HASH_ITER (hh, engine->live, live, next) {
                struct slot *slot = person_find_slot(person, live->dose->uid);

                if (live->person != person || !slot || slot->schedule->after_taken_usec > 0)
                        continue;
                r = move_one(engine, live, slot, former, now_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}

int person_set_clock(struct engine *engine, struct person *person, const struct wall_clock *clock, usec_t now_usec) {
        const struct wall_clock former = person->clock;
        int r;

        if (is_same_zone(clock->zone, former.zone) && clock->all_day_sec == former.all_day_sec) {
                person->clock = *clock;
                return 0;
        }
        r = engine_catch_up(engine, now_usec);
        if (r < 0)
                return r;

        person->clock = *clock;
        r = person_seek(engine, person, now_usec);
        if (r >= 0)
                r = move_coming(engine, person, &former, now_usec);
        for (size_t i = 0; i < person->n_slots; i++) {
                person->slots[i]->is_changed = true;
                person->slots[i]->former = person->slots[i]->schedule;
        }
        if (r >= 0)
                r = person_make_overdue_due(engine, person, &former, now_usec);
        for (size_t i = 0; i < person->n_slots; i++) {
                person->slots[i]->is_changed = false;
                person->slots[i]->former = NULL;
        }
        return r < 0 ? r : person_keep_mark(engine, person);
}

/* What waited for the former time waits for nothing it need not wait for: it is looked at by the next step. */
int engine_hold_windows(struct engine *engine, usec_t until_usec) {
        struct live_dose *live, *next;
        int r;

        engine->hold_usec = until_usec;
        HASH_ITER (hh, engine->live, live, next)
                if (live->timer.node.position > 0) {
                        r = live_set_timer(engine, live);
                        if (r < 0)
                                return r;
                }
        for (size_t i = 0; i < engine->n_people; i++)
                for (size_t j = 0; j < engine->people[i]->n_slots; j++) {
                        struct slot *slot = engine->people[i]->slots[j];

                        if (!slot->has_next)
                                continue;
                        r = heap_set(&engine->heap, &slot->timer.node, slot->next.due_usec - slot->lead_usec);
                        if (r < 0)
                                return r;
                }
        return 0;
}

int person_keep_mark(struct engine *engine, const struct person *person) {
        _cleanup_(free_p) char *clock = NULL;
        int r;

        r = text_format(&clock, "%d %s", (int) person->clock.all_day_sec, zone_name(person->clock.zone));
        return r < 0 ? r : store_set_mark(engine->store, person->name, person->mark_usec, clock);
}

int person_load_mark(struct engine *engine, struct person *person, usec_t now_usec) {
        _cleanup_(free_p) char *clock = NULL;
        const struct zone *zone;
        int all_day_sec, at = 0, r;

        person->mark_usec = now_usec;
        r = engine_forgive_ledger(engine, store_get_mark(engine->store, person->name, &person->mark_usec, &clock));
        if (r < 0)
                return r;
        if (!clock) {
                /* A ledger in memory takes the place of one that is not to be had. */
                person->is_lost = !store_is_durable(engine->store);
                person->lost_usec = person->is_lost ? now_usec : USEC_NONE;
                return 0;
        }
        if (sscanf(clock, "%d %n", &all_day_sec, &at) != 1 || at == 0 || all_day_sec < 0 || all_day_sec >= SEC_PER_DAY)
                return 0;
        /* A zone that has no name any more is that of now. */
        r = zones_get(engine->zones, clock + at, &zone);
        if (r != 0)
                return r < 0 ? r : 0;
        person->clock = (struct wall_clock){ .zone = zone, .all_day_sec = all_day_sec };
        return 0;
}
