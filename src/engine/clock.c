/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks that change: the system's was ahead, or the person is in another zone. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

#define SNOOZE_MAX (4 * USEC_PER_HOUR) /* the longest window that follows from spacing */

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

void live_clamp(struct engine *engine, struct live_dose *live, usec_t now_usec) {
        struct dose *dose = live->dose;

        if (dose->reminded_usec > now_usec)
                dose->reminded_usec = now_usec;
        if (dose->state == DOSE_SNOOZED && dose->snoozed_until_usec > now_usec + SNOOZE_MAX)
                dose->snoozed_until_usec = now_usec + engine->snooze_usec;
}

static int clamp_person(struct engine *engine, const struct person *person, usec_t now_usec) {
        struct live_dose *live, *next;
        int r;

        HASH_ITER(hh, engine->live, live, next) {
                if (live->person != person || live->timer.node.position == 0)
                        continue;
                live_clamp(engine, live, now_usec);
                r = live_set_timer(engine, live);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int correct_person(struct engine *engine, struct person *person, usec_t now_usec) {
        _cleanup_(dose_list_done) struct dose_list later = {};
        int r;

        r = engine_forgive_ledger(engine, store_list_doses(engine->store, person->name, NULL, now_usec + 1, USEC_NEVER,
                                                           SIZE_MAX >> 1, &later));
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
        return clamp_person(engine, person, now_usec);
}

int engine_correct_clock(struct engine *engine, usec_t now_usec) {
        int r;

        /* While nobody has set the clock it is more likely behind now than that it was ahead before. */
        if (engine->mark_usec - now_usec <= STEP_TOLERANCE || now_usec < engine->hold_usec)
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

int occurrence_make_due(struct engine *engine, struct slot *slot, struct occurrence *occurrence, usec_t now_usec) {
        struct live_dose *live;
        int r;

        occurrence->end_usec += now_usec - occurrence->due_usec;
        occurrence->due_usec = now_usec;
        r = live_from_occurrence(engine, slot, occurrence, &live);
        if (r < 0)
                return r;
        r = live_touch(engine, live);
        if (r < 0 || live->in_ledger)
                return r;
        return live_step(engine, live, now_usec);
}

static int make_overdue_due(struct engine *engine, struct slot *slot, const struct wall_clock *former, usec_t now_usec) {
        usec_t at_usec = now_usec - ZONE_REACH;

        for (;;) {
                char recurrence_id[CIVIL_TEXT_SIZE];
                struct occurrence occurrence, before;
                int r;

                r = schedule_next(slot->schedule, &slot->person->clock, at_usec, &occurrence);
                if (r < 0)
                        return r;
                if (r > 0 || occurrence.due_usec > now_usec)
                        return 0;
                at_usec = occurrence.due_usec + 1;

                r = schedule_find(slot->schedule, former, occurrence_format_id(&occurrence, recurrence_id), &before);
                if (r < 0)
                        return r;
                if (r == 0 && before.due_usec > now_usec) {
                        r = occurrence_make_due(engine, slot, &occurrence, now_usec);
                        if (r < 0)
                                return r;
                }
        }
}

/* Loaded twice, a zone is another object; but a copy at /etc/localtime has no name of its own. */
static bool is_same_zone(const struct zone *a, const struct zone *b) {
        return a == b || (strcmp(zone_name(a), zone_name(b)) == 0 && strcmp(zone_name(a), "localtime") != 0);
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
        for (size_t i = 0; i < person->n_slots; i++) {
                r = make_overdue_due(engine, person->slots[i], &former, now_usec);
                if (r >= 0)
                        r = slot_seek(engine, person->slots[i], engine->mark_usec + 1);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* What waited for the former time waits for nothing it need not wait for: it is looked at by the next step. */
int engine_hold_windows(struct engine *engine, usec_t until_usec) {
        struct live_dose *live, *next;
        int r;

        engine->hold_usec = until_usec;
        HASH_ITER(hh, engine->live, live, next)
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

/* A name that nobody may use for a file of his own. */
static int clock_key(const struct person *person, char **ret) {
        return text_format(ret, "clock of %s", person->name);
}

int person_keep_clock(struct engine *engine, const struct person *person) {
        _cleanup_(free_p) char *key = NULL, *text = NULL;
        int r;

        r = clock_key(person, &key);
        if (r >= 0)
                r = text_format(&text, "%d %s", (int) person->clock.all_day_sec, zone_name(person->clock.zone));
        if (r < 0)
                return r;
        r = engine_forgive_ledger(engine, store_put_text(engine->store, key, text));
        return r < 0 ? r : 0; /* unwritable: the next start knows the clock of before */
}

int person_load_clock(struct engine *engine, struct person *person) {
        _cleanup_(free_p) char *key = NULL, *text = NULL;
        const struct zone *zone;
        int all_day_sec, at = 0, r;

        r = clock_key(person, &key);
        if (r < 0)
                return r;
        r = engine_forgive_ledger(engine, store_get_text(engine->store, key, &text));
        if (r < 0 || !text)
                return r < 0 ? r : 0;
        if (sscanf(text, "%d %n", &all_day_sec, &at) != 1 || at == 0 || all_day_sec < 0 || all_day_sec >= SEC_PER_DAY)
                return 0;
        /* A zone that has no name any more is that of now. */
        r = zones_get(engine->zones, text + at, &zone);
        if (r != 0)
                return r < 0 ? r : 0;
        person->clock = (struct wall_clock){ .zone = zone, .all_day_sec = all_day_sec };
        return 0;
}
