/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Looking: doses past, open and upcoming as one list; and the person's medications. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/window.h"
#include "engine/private.h"

int engine_visit_dose(struct engine *engine, const char *id, usec_t now_usec, dose_visitor visitor, void *userdata) {
        struct live_dose *live;
        struct dose_view view;
        int outcome, r;

        r = live_acquire(engine, id, &live);
        if (r != 0)
                return r;
        r = live_touch(engine, live);
        if (r < 0)
                return r;

        outcome = live_view(engine, live, now_usec, &view);
        if (outcome == 0)
                outcome = visitor(userdata, &view);
        r = engine_finish(engine, now_usec);
        return outcome != 0 ? outcome : r;
}

/* What is being put together for a list. Doses in hand are newer than the ledger's. */
struct collection {
        struct engine *engine;
        struct dose_list list; /* copies */
};

static int collect(struct collection *collection, const struct dose *dose) {
        struct dose *copy;
        int r;

        if (collection->list.n_doses >= LIMIT_LIST_DOSES)
                return ENGINE_BAD_OPTION;
        r = dose_copy(dose, &copy);
        if (r < 0)
                return r;
        r = dose_list_add(&collection->list, copy);
        if (r < 0)
                dose_free(copy);
        return r;
}

static int collect_ledger(struct collection *collection, const struct person *person, usec_t from_usec,
                          usec_t until_usec) {
        _cleanup_(dose_list_done) struct dose_list stored = {};
        int r;

        r = store_list_doses(collection->engine->store, person->name, NULL, from_usec, until_usec, LIMIT_LIST_DOSES + 1,
                             &stored);
        if (r < 0)
                return r;

        for (size_t i = 0; i < stored.n_doses; i++) {
                _cleanup_(free_p) char *id = NULL;

                r = dose_id(stored.doses[i], &id);
                if (r < 0)
                        return r;
                if (stored.doses[i]->state == DOSE_MOVED || live_find(collection->engine, id))
                        continue;
                r = collect(collection, stored.doses[i]);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int collect_live(struct collection *collection, const struct person *person, usec_t from_usec,
                        usec_t until_usec) {
        struct live_dose *live, *next;
        int r;

        HASH_ITER(hh, collection->engine->live, live, next) {
                const struct dose *dose = live->dose;

                if (live->person != person || dose->due_usec < from_usec || dose->due_usec >= until_usec ||
                    dose->state == DOSE_MOVED)
                        continue;
                r = collect(collection, dose);
                if (r != 0)
                        return r;
        }
        return 0;
}

/* What the plan has ahead and neither ledger nor hand know. */
static int collect_slot(struct collection *collection, struct slot *slot, usec_t from_usec, usec_t until_usec) {
        struct engine *engine = collection->engine;
        usec_t at_usec = from_usec > slot->person->mark_usec ? from_usec : slot->person->mark_usec + 1;

        for (;;) {
                struct occurrence occurrence;
                struct live_dose *live;
                bool is_new;
                int r;

                r = slot_next(slot, at_usec, &occurrence);
                if (r < 0)
                        return r;
                if (r > 0 || occurrence.due_usec >= until_usec)
                        return 0;
                at_usec = occurrence.due_usec + 1;

                r = live_from_occurrence(engine, slot, &occurrence, &live);
                if (r < 0)
                        return r;
                is_new = !live->in_ledger && !live->is_touched && live->timer.node.position == 0;
                if (is_new)
                        r = collect(collection, live->dose);
                if (!live->is_touched && live->timer.node.position == 0)
                        live_free(engine, live);
                if (r != 0)
                        return r;
        }
}

static int compare_due(const void *a, const void *b) {
        const struct dose *const *first = a, *const *second = b;

        if ((*first)->due_usec != (*second)->due_usec)
                return (*first)->due_usec < (*second)->due_usec ? -1 : 1;
        return strcmp((*first)->title, (*second)->title);
}

static int visit_collection(struct collection *collection, usec_t now_usec, dose_visitor visitor, void *userdata) {
        struct dose_list *list = &collection->list;
        int r;

        if (list->n_doses > 1)
                qsort(list->doses, list->n_doses, sizeof(*list->doses), compare_due);

        for (size_t i = 0; i < list->n_doses; i++) {
                struct dose_view view;

                r = dose_view_of(collection->engine, list->doses[i], now_usec, &view);
                if (r < 0)
                        return r;
                r = visitor(userdata, &view);
                if (r != 0)
                        return r;
        }
        return 0;
}

static void collection_done(struct collection *collection) {
        dose_list_done(&collection->list);
}

/* Calls back for one person or all. */
static int each_person(struct engine *engine, const char *name, struct collection *collection, usec_t from_usec,
                       usec_t until_usec,
                       int (*visit)(struct collection *collection, struct person *person, usec_t from_usec,
                                    usec_t until_usec)) {
        int r;

        if (name && !engine_find_person(engine, name))
                return ENGINE_NO_SUCH_PERSON;
        for (size_t i = 0; i < engine->n_people; i++)
                if (!name || strcmp(engine->people[i]->name, name) == 0) {
                        r = visit(collection, engine->people[i], from_usec, until_usec);
                        if (r != 0)
                                return r;
                }
        return 0;
}

static int collect_person(struct collection *collection, struct person *person, usec_t from_usec, usec_t until_usec) {
        int r;

        r = collect_ledger(collection, person, from_usec, until_usec);
        if (r == 0)
                r = collect_live(collection, person, from_usec, until_usec);
        for (size_t i = 0; r == 0 && i < person->n_slots; i++)
                r = collect_slot(collection, person->slots[i], from_usec, until_usec);
        return r;
}

int engine_visit_doses(struct engine *engine, const char *person, usec_t from_usec, usec_t until_usec, usec_t now_usec,
                       dose_visitor visitor, void *userdata) {
        _cleanup_(collection_done) struct collection collection = { .engine = engine };
        int r;

        r = each_person(engine, person, &collection, from_usec, until_usec, collect_person);
        if (r != 0)
                return r;
        return visit_collection(&collection, now_usec, visitor, userdata);
}

static bool is_takeable_late(const struct dose *dose, usec_t now_usec) {
        return dose_is_settled_by_time(dose) && now_usec < window_takeable_until(dose);
}

/* A missed dose is takeable until half-way to the next one. */
static int collect_person_open(struct collection *collection, struct person *person, usec_t from_usec, usec_t now_usec) {
        _cleanup_(dose_list_done) struct dose_list recent = {};
        struct live_dose *live, *next;
        int r;

        (void) from_usec;
        HASH_ITER(hh, collection->engine->live, live, next)
                if (live->person == person && (dose_is_open(live->dose) || is_takeable_late(live->dose, now_usec))) {
                        r = collect(collection, live->dose);
                        if (r != 0)
                                return r;
                }

        r = store_list_takeable(collection->engine->store, person->name, now_usec, LIMIT_LIST_DOSES, &recent);
        if (r < 0)
                return r;
        for (size_t i = 0; i < recent.n_doses; i++) {
                _cleanup_(free_p) char *id = NULL;

                r = dose_id(recent.doses[i], &id);
                if (r < 0)
                        return r;
                if (live_find(collection->engine, id)) /* in hand it is newer */
                        continue;
                r = collect(collection, recent.doses[i]);
                if (r != 0)
                        return r;
        }
        return 0;
}

int engine_visit_open(struct engine *engine, const char *person, usec_t now_usec, dose_visitor visitor, void *userdata) {
        _cleanup_(collection_done) struct collection collection = { .engine = engine };
        int r;

        r = each_person(engine, person, &collection, now_usec, now_usec, collect_person_open);
        if (r != 0)
                return r;
        return visit_collection(&collection, now_usec, visitor, userdata);
}

int engine_visit_reminded(struct engine *engine, usec_t now_usec, dose_visitor visitor, void *userdata) {
        struct live_dose *live, *next;
        int r;

        HASH_ITER(hh, engine->live, live, next) {
                struct dose_view view;

                if ((live->dose->state != DOSE_DUE && live->dose->state != DOSE_UPCOMING) || live->dose->reminders == 0 ||
                    live->dose->seen_usec >= live->dose->reminded_usec)
                        continue;
                r = live_view(engine, live, now_usec, &view);
                if (r < 0)
                        return r;
                r = visitor(userdata, &view);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int visit_medication(struct engine *engine, struct person *person, struct medication *medication,
                            usec_t now_usec, medication_visitor visitor, void *userdata) {
        _cleanup_(free_p) const struct schedule **schedules = NULL;
        struct medication_view view = { .person = person->name, .clock = &person->clock, .key = medication->key };
        int r;

        schedules = calloc(medication->n_slots, sizeof(*schedules));
        if (!schedules)
                return -ENOMEM;
        for (size_t i = 0; i < medication->n_slots; i++) {
                schedules[i] = medication->slots[i]->schedule;
                /* Stopped ones only speak where there is no other. */
                if (!view.schedule || (view.schedule->stopped && !schedules[i]->stopped))
                        view.schedule = schedules[i];
        }
        view.schedules = schedules;
        view.n_schedules = medication->n_slots;

        r = medication_next_due(medication, now_usec, &view.next_due_usec);
        if (r < 0)
                return r;
        r = engine_last_taken(engine, person->name, medication->key, &view.last_taken_usec);
        if (r < 0)
                return r;
        return visitor(userdata, &view);
}

int engine_visit_medications(struct engine *engine, const char *person, usec_t now_usec, medication_visitor visitor,
                             void *userdata) {
        struct medication *medication, *next;
        int r;

        if (person && !engine_find_person(engine, person))
                return ENGINE_NO_SUCH_PERSON;
        for (size_t i = 0; i < engine->n_people; i++) {
                if (person && strcmp(engine->people[i]->name, person) != 0)
                        continue;
                HASH_ITER(hh, engine->people[i]->medications, medication, next) {
                        r = visit_medication(engine, engine->people[i], medication, now_usec, visitor, userdata);
                        if (r != 0)
                                return r;
                }
        }
        return 0;
}

/* Whether the occurrence was recorded early: then it is not what comes next. */
static bool is_recorded(struct engine *engine, const struct slot *slot, const struct occurrence *occurrence) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        char recurrence_id[CIVIL_TEXT_SIZE];

        return store_get_dose(engine->store, slot->person->name, slot->schedule->uid,
                              occurrence_format_id(occurrence, recurrence_id), &dose) == 0 &&
               dose->state != DOSE_UPCOMING;
}

static bool want_all(void *userdata, const char *person, bool is_private) {
        (void) userdata, (void) person, (void) is_private;
        return true;
}

size_t engine_count_open(const struct engine *engine) {
        return engine_count_open_of(engine, want_all, NULL);
}

size_t engine_count_open_of(const struct engine *engine, dose_choice is_wanted, void *userdata) {
        const struct live_dose *live;
        size_t n = 0;

        for (live = engine->live; live; live = live->hh.next)
                n += dose_is_open(live->dose) &&
                     is_wanted(userdata, live->dose->person, dose_is_private(engine, live->dose));
        return n;
}

usec_t engine_next_due(struct engine *engine) {
        return engine_next_due_of(engine, want_all, NULL);
}

usec_t engine_next_due_of(struct engine *engine, dose_choice is_wanted, void *userdata) {
        usec_t next_usec = USEC_NEVER;
        const struct live_dose *live;

        /* Looked at, reminded of before its time, or undone: its slot has gone on. */
        for (live = engine->live; live; live = live->hh.next)
                if (live->dose->state == DOSE_UPCOMING && live->dose->due_usec < next_usec &&
                    is_wanted(userdata, live->dose->person, dose_is_private(engine, live->dose)))
                        next_usec = live->dose->due_usec;

        for (size_t i = 0; i < engine->n_people; i++)
                for (size_t j = 0; j < engine->people[i]->n_slots; j++) {
                        const struct slot *slot = engine->people[i]->slots[j];
                        struct occurrence occurrence = slot->next;
                        bool has_next = slot->has_next &&
                                        is_wanted(userdata, slot->person->name, slot->schedule->details.confidential);

                        for (unsigned n = 0;
                             has_next && occurrence.due_usec < next_usec &&
                             (!is_wanted(userdata, slot->person->name, occurrence.details->confidential) ||
                              is_recorded(engine, slot, &occurrence));
                             n++)
                                has_next = n < LIMIT_NEXT_DOSES &&
                                           slot_next(slot, occurrence.due_usec + 1, &occurrence) == 0;
                        if (has_next && occurrence.due_usec < next_usec)
                                next_usec = occurrence.due_usec;
                }
        return next_usec;
}
