/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine as a whole: who is looked after, and what does not work. */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

static const char *const outcome_names[_ENGINE_OUTCOME_MAX] = {
        [ENGINE_NO_SUCH_DOSE] = "NoSuchDose", [ENGINE_NO_SUCH_PERSON] = "NoSuchPerson",
        [ENGINE_TOO_EARLY] = "TooEarly",      [ENGINE_TOO_LATE] = "TooLate",
        [ENGINE_TOO_SOON] = "TooSoon",        [ENGINE_NOT_OPEN] = "NotOpen",
        [ENGINE_BAD_OPTION] = "BadOption",    [ENGINE_NO_MESSAGE] = "NoSuchMessage",
        [ENGINE_UNWRITABLE] = "Degraded",
};

const char *engine_outcome_to_string(enum engine_outcome outcome) {
        return outcome_names[outcome];
}

int engine_new(struct store *store, struct zones *zones, const struct engine_observer *observer, void *userdata,
               struct engine **ret) {
        struct engine *engine = calloc(1, sizeof(*engine));

        if (!engine)
                return -ENOMEM;
        engine->store = store;
        engine->zones = zones;
        engine->snooze_usec = 10 * USEC_PER_MINUTE;
        engine->observer = *observer;
        engine->userdata = userdata;
        *ret = engine;
        return 0;
}

void engine_set_snooze(struct engine *engine, usec_t snooze_usec) {
        engine->snooze_usec = snooze_usec;
}

struct person *person_free(struct engine *engine, struct person *person) {
        struct live_dose *live, *next;

        if (!person)
                return NULL;

        HASH_ITER (hh, engine->live, live, next)
                if (live->person == person)
                        live_free(engine, live);
        person_clear_schedules(engine, person);
        person_forget_degraded(engine, person);
        plan_done(&person->plan);
        for (size_t i = 0; i < person->n_folders; i++)
                free(person->folders[i]);
        free(person->folders);
        free(person->category);
        free(person->name);
        free(person);
        return NULL;
}

struct engine *engine_free(struct engine *engine) {
        if (!engine)
                return NULL;

        outbox_done(engine);
        for (size_t i = 0; i < engine->n_people; i++)
                person_free(engine, engine->people[i]);
        free(engine->people);
        heap_done(&engine->heap);
        free(engine->touched);
        for (size_t i = 0; i < engine->n_degraded; i++) {
                free(engine->degraded[i].key);
                free(engine->degraded[i].text);
        }
        free(engine->degraded);
        free(engine);
        return NULL;
}

struct person *engine_find_person(const struct engine *engine, const char *name) {
        for (size_t i = 0; i < engine->n_people; i++)
                if (strcmp(engine->people[i]->name, name) == 0)
                        return engine->people[i];
        return NULL;
}

static int person_set_folders(struct person *person, const struct engine_person *wanted) {
        char **folders = calloc(wanted->n_folders + 1, sizeof(*folders));
        int r = folders ? 0 : -ENOMEM;

        for (size_t i = 0; r >= 0 && i < wanted->n_folders; i++)
                r = text_copy(wanted->folders[i], &folders[i]);
        if (r < 0) {
                for (size_t i = 0; folders && i < wanted->n_folders; i++)
                        free(folders[i]);
                free(folders);
                return r;
        }

        for (size_t i = 0; i < person->n_folders; i++)
                free(person->folders[i]);
        free(person->folders);
        person->folders = folders;
        person->n_folders = wanted->n_folders;
        return 0;
}

static int person_add(struct engine *engine, const struct engine_person *wanted, struct person **ret) {
        struct person **people = reallocarray(engine->people, engine->n_people + 1, sizeof(*people));
        struct person *person;
        int r;

        if (!people)
                return -ENOMEM;
        engine->people = people;
        person = calloc(1, sizeof(*person));
        if (!person)
                return -ENOMEM;
        r = text_copy(wanted->name, &person->name);
        if (r < 0) {
                free(person);
                return r;
        }
        people[engine->n_people++] = person;
        *ret = person;
        return 0;
}

static int person_load_open(struct engine *engine, struct person *person, usec_t now_usec) {
        _cleanup_(dose_list_done) struct dose_list open = {};
        int r;

        r = engine_forgive_ledger(engine, store_list_open(engine->store, person->name, &open));
        if (r < 0)
                return r;

        for (size_t i = 0; i < open.n_doses; i++) {
                struct live_dose *live;

                r = live_from_ledger(engine, TAKE(open.doses[i]), &live);
                if (r < 0)
                        return r;
                live->group_usec = group_of(live->dose->due_usec, now_usec);
                if (now_usec >= engine->hold_usec)
                        live_clamp(live, now_usec);
                r = live_set_timer(engine, live);
                if (r < 0)
                        return r;
                if (!live_waits(live))
                        live_free(engine, live);
        }
        return 0;
}

static int engine_start(struct engine *engine) {
        int r;

        if (engine->is_started)
                return 0;
        r = store_get_reading(engine->store, &engine->suspect_digest);
        if (r == -ENOMEM)
                return r;
        engine->has_suspect = r == 0;
        engine->is_started = true;
        return 0;
}

/*
 * A person's doses since the mark are still to be looked at: the former process, or a configuration without this person, left
 * them. While dosed was away the plan went by the clock that it knew.
 */
static int person_load(struct engine *engine, struct person *person, usec_t now_usec) {
        int r;

        r = person_load_mark(engine, person, now_usec);
        if (r >= 0)
                r = person_load_plan(engine, person, now_usec);
        return r < 0 ? r : person_load_open(engine, person, now_usec);
}

static int person_set(struct engine *engine, const struct engine_person *wanted, usec_t now_usec) {
        struct person *person = engine_find_person(engine, wanted->name);
        bool is_new = !person;
        int r = 0;

        if (is_new)
                r = person_add(engine, wanted, &person);
        if (r < 0)
                return r;
        r = person_set_folders(person, wanted);
        if (r >= 0)
                r = text_set(&person->category, wanted->category);
        if (r >= 0 && is_new) {
                person->clock = wanted->clock;
                person->policy = wanted->policy;
                r = person_load(engine, person, now_usec);
        }
        if (r < 0 && is_new) /* half a person looks after nobody */
                engine->people[--engine->n_people] = person_free(engine, person);
        if (r < 0)
                return r;
        person->is_wanted = true;
        return 0;
}

/* What the former clock left undone is carried over to the new one; for that everybody's plan must be there. */
static int set_clocks(struct engine *engine, const struct engine_person *people, size_t n_people, usec_t now_usec) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n_people; i++)
                r = person_set_clock(engine, engine_find_person(engine, people[i].name), &people[i].clock, now_usec);
        return r;
}

static void drop_unwanted(struct engine *engine) {
        size_t kept = 0;

        for (size_t i = 0; i < engine->n_people; i++) {
                struct person *person = engine->people[i];

                if (person->is_wanted)
                        engine->people[kept++] = person;
                else
                        person_free(engine, person);
        }
        engine->n_people = kept;
}

int engine_set_people(struct engine *engine, const struct engine_person *people, size_t n_people, usec_t now_usec) {
        int r;

        r = engine_start(engine);
        if (r < 0)
                return r;

        for (size_t i = 0; i < engine->n_people; i++)
                engine->people[i]->is_wanted = false;
        for (size_t i = 0; i < n_people; i++) {
                r = person_set(engine, &people[i], now_usec);
                if (r < 0)
                        return r;
        }
        /* What is left out is carried out up to now, and gone on with when the person is back. */
        r = engine_catch_up(engine, now_usec);
        if (r < 0)
                return r;
        drop_unwanted(engine);
        r = set_clocks(engine, people, n_people, now_usec);
        for (size_t i = 0; r >= 0 && i < n_people; i++)
                r = person_set_policy(engine, engine_find_person(engine, people[i].name), &people[i].policy, now_usec);
        if (r >= 0)
                r = engine_say_left_out(engine);
        if (r >= 0)
                r = recipients_catch_up(engine, now_usec);
        return r < 0 ? r : engine_finish(engine, now_usec);
}

int engine_reload(struct engine *engine, const char *person, enum engine_belief belief, usec_t now_usec) {
        int r;

        if (person && !engine_find_person(engine, person)) {
                if (belief != BELIEVE_ANYTHING || !engine_is_left_out(engine, person))
                        return ENGINE_NO_SUCH_PERSON;
                r = engine_accept_left_out(engine, person, now_usec);
                return r != 0 ? r : engine_finish(engine, now_usec);
        }
        for (size_t i = 0; i < engine->n_people; i++)
                if (!person || strcmp(engine->people[i]->name, person) == 0) {
                        r = person_reload(engine, engine->people[i], belief, now_usec);
                        if (r < 0)
                                return r;
                }
        return engine_finish(engine, now_usec);
}

int engine_take_plan(struct engine *engine, const char *name, struct schedule *const *schedules, size_t n_schedules,
                     usec_t now_usec) {
        _cleanup_(free_p) const struct schedule **sorted = NULL;
        struct person *person = engine_find_person(engine, name);
        struct plan_adoption adoption = {
                .n_schedules = n_schedules,
                .update = { .person = name, .at_usec = now_usec },
        };
        int r;

        if (!person)
                return ENGINE_NO_SUCH_PERSON;
        sorted = calloc(n_schedules + 1, sizeof(*sorted));
        if (!sorted)
                return -ENOMEM;
        for (size_t i = 0; i < n_schedules; i++)
                sorted[i] = schedules[i];
        qsort(sorted, n_schedules, sizeof(*sorted), compare_schedules);
        adoption.schedules = sorted;
        r = person_adopt(engine, person, &adoption, now_usec);
        if (r < 0)
                return r;
        return engine_finish(engine, now_usec);
}

size_t engine_count_people(const struct engine *engine) {
        return engine->n_people;
}

const char *engine_person_name(const struct engine *engine, size_t i) {
        return engine->people[i]->name;
}

bool engine_has_person(const struct engine *engine, const char *name) {
        return engine_find_person(engine, name);
}

const char *engine_person_folder(const struct engine *engine, const char *name, size_t i) {
        const struct person *person = engine_find_person(engine, name);

        return person && i < person->n_folders ? person->folders[i] : NULL;
}
