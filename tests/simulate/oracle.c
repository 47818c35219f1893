/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The oracle: what must be in the ledger, by brute force. */
#include <string.h>

#include "simulate.h"

/* No zone change moves a wall-clock time by more (Kiritimati to Samoa: 25 h). */
#define ZONE_REACH (27 * USEC_PER_HOUR)
/* What was to come when it was put into the past is a dose for so long; just below, the oracle does not know. */
#define PASSED_REACH (26 * USEC_PER_HOUR)
/* A dose is dragged by at most a day, and its zone may change besides. */
#define EDIT_REACH (60 * USEC_PER_HOUR)
/* A window ends at the latest so long after its dose was due; the drawn ones are shorter than 6 h. */
#define SETTLED_AFTER (2 * USEC_PER_DAY)
/* Older doses no edit of ours puts anywhere. */
#define FORGOTTEN_AFTER (10 * USEC_PER_DAY)

struct expected *oracle_find(struct oracle *oracle, const char *id) {
        struct expected *expected;

        HASH_FIND_STR(oracle->expected, id, expected);
        return expected;
}

static struct expected *expect_one(struct oracle *oracle, const char *id, usec_t due_usec) {
        struct expected *expected = calloc(1, sizeof(*expected));

        if (!expected)
                abort();
        expected->id = strdup(id);
        expected->due_usec = due_usec;
        HASH_ADD_KEYPTR(hh, oracle->expected, expected->id, strlen(expected->id), expected);
        return expected;
}

static void forget(struct oracle *oracle, struct expected *expected) {
        HASH_DEL(oracle->expected, expected);
        free(expected->id);
        free(expected->carried_to);
        free(expected);
}

/* Whether it is a dose of that schedule, and which. */
static bool is_of(const char *id, const struct person *person, const struct schedule *schedule,
                  const char **ret_recurrence_id) {
        size_t length = strlen(person->name), uid_length = strlen(schedule->uid);

        if (strncmp(id, person->name, length) != 0 || id[length] != '/' ||
            strncmp(id + length + 1, schedule->uid, uid_length) != 0 || id[length + 1 + uid_length] != '/')
                return false;
        *ret_recurrence_id = id + length + uid_length + 2;
        return true;
}

static bool is_in_ledger(struct world *world, const char *id) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;

        return ledger_get(world, id, &dose) == 0;
}

/*
 * Where the person came from it had been one dose with another of the schedule, due at the same instant, and that one had come
 * or was recorded early: in Apia the times of 30 December 2011, a day that never was, are those of the 31st.
 */
static bool was_one_with_another(struct world *world, const struct person *person, const struct schedule *schedule,
                                 const struct occurrence *occurrence, const char *id) {
        const struct wall_clock former = { .zone = person->former_zone, .all_day_sec = 8 * 3600 };
        const struct wall_clock clock = clock_of(person);
        _cleanup_(free_p) char *other_id = NULL;
        struct occurrence before, other;
        const char *recurrence_id;
        usec_t due_usec;

        if (!person->former_zone || !is_of(id, person, schedule, &recurrence_id))
                return false;
        if (schedule_find(schedule, &former, recurrence_id, &before) == 0)
                due_usec = before.due_usec;
        else /* the other one alone is to be found there */
                due_usec = zone_from_wall(former.zone, zone_to_wall(clock.zone, occurrence->due_usec), NULL);
        if (schedule_next(schedule, &former, due_usec, &other) != 0)
                return false;
        other_id = id_of(person, &other);
        return other.due_usec == due_usec && strcmp(other_id, id) != 0 &&
               (due_usec <= world->now_usec || oracle_is_recorded(world, other_id));
}

static void expect(struct world *world, const struct person *person, const struct schedule *schedule, usec_t from_usec,
                   usec_t until_usec, bool is_excluded) {
        const struct wall_clock clock = clock_of(person);
        struct occurrence occurrence;

        while (schedule_next(schedule, &clock, from_usec, &occurrence) == 0 && occurrence.due_usec <= until_usec) {
                _cleanup_(free_p) char *id = id_of(person, &occurrence);
                struct expected *expected = oracle_find(&world->oracle, id);

                from_usec = occurrence.due_usec + 1;
                if (expected)
                        continue;
                /* An older version had it. */
                if (is_excluded && is_in_ledger(world, id))
                        continue;
                expected = expect_one(&world->oracle, id, occurrence.due_usec);
                expected->since_usec = world->now_usec;
                expected->is_excluded = is_excluded || was_one_with_another(world, person, schedule, &occurrence, id);
                expected->is_unsure = expected->is_excluded && world->is_unwritable;
                world->n_doses += !expected->is_excluded;
        }
}

void oracle_begin(struct world *world, struct person *person, const struct schedule *schedule) {
        expect(world, person, schedule, world->now_usec - 2 * ZONE_REACH, world->now_usec, true);
}

/* When something is due next by the plan of now. */
static usec_t find_next(const struct world *world, const struct person *person) {
        const struct wall_clock clock = clock_of(person);
        usec_t next_usec = USEC_NEVER;

        for (size_t i = 0; i < MAX_LINES; i++) {
                struct occurrence next;

                if (person->lines[i].calendar &&
                    schedule_next(person->lines[i].calendar->schedules[0], &clock, world->now_usec + 1, &next) == 0 &&
                    next.due_usec < next_usec)
                        next_usec = next.due_usec;
        }
        return next_usec;
}

void oracle_advance(struct world *world) {
        for (size_t i = 0; i < world->n_people; i++) {
                struct person *person = &world->people[i];

                if (person->is_out)
                        continue;
                if (world->now_usec >= person->next_usec) {
                        for (size_t j = 0; j < MAX_LINES; j++)
                                if (person->lines[j].calendar)
                                        expect(world, person, person->lines[j].calendar->schedules[0],
                                               person->until_usec - ZONE_REACH, world->now_usec, false);
                        person->next_usec = find_next(world, person);
                }
                person->until_usec = world->now_usec;
        }
}

/* By the plan of now, where it has that dose; the name that a search gives is asked for with `by_search`. */
static bool find_time(struct world *world, const char *id, bool by_search, struct occurrence *ret) {
        const struct person *person = person_of(world, id);
        const struct wall_clock clock = clock_of(person);

        for (size_t i = 0; i < MAX_LINES; i++) {
                const struct calendar *calendar = person->lines[i].calendar;
                _cleanup_(free_p) char *found = NULL;
                const char *recurrence_id;

                if (!calendar || !is_of(id, person, calendar->schedules[0], &recurrence_id))
                        continue;
                if (schedule_find(calendar->schedules[0], &clock, recurrence_id, ret) != 0)
                        return false;
                if (!by_search)
                        return true;
                if (calendar->schedules[0]->after_taken_usec > 0 ||
                    schedule_next(calendar->schedules[0], &clock, ret->due_usec, ret) != 0)
                        return false;
                found = id_of(person, ret);
                return strcmp(found, id) == 0;
        }
        return false;
}

bool oracle_is_ahead(struct world *world, const char *id) {
        struct occurrence occurrence;

        return find_time(world, id, false, &occurrence) && occurrence.due_usec > world->now_usec;
}

/* Nobody answered, and what time made of it is not of when it came again. */
static void check_again(struct world *world, const struct expected *expected) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;

        if (expected->again_usec == USEC_NONE || expected->again_usec > world->now_usec || world->is_unwritable ||
            expected->is_recorded || expected->is_unsure || ledger_get(world, expected->id, &dose) != 0)
                return;
        /* One that was open by then was up already. */
        if (dose_is_settled_by_time(dose) && dose->due_usec < expected->again_usec &&
            dose->window_end_usec <= expected->again_usec)
                fail(world, "%s is %s, and after a journey its time came again: it did not ring then", expected->id,
                     dose_state_to_string(dose->state));
}

/*
 * What was due before its schedule came into force may fall due after it, by the new clock; and what had come, and nobody
 * recorded, comes again.
 */
void oracle_travel(struct world *world, struct person *person) {
        struct expected *expected, *next;

        person->next_usec = USEC_NONE;
        HASH_ITER(hh, world->oracle.expected, expected, next) {
                struct occurrence occurrence;

                if (expected->due_usec <= world->now_usec - FORGOTTEN_AFTER ||
                    person_of(world, expected->id) != person)
                        continue;
                if (expected->is_excluded) {
                        if (oracle_is_ahead(world, expected->id))
                                forget(&world->oracle, expected);
                        continue;
                }
                check_again(world, expected);
                expected->again_usec = USEC_NONE;
                if (find_time(world, expected->id, true, &occurrence) && occurrence.due_usec > world->now_usec)
                        expected->again_usec = occurrence.due_usec;
        }
}

/* What had come, or was recorded early, and is to come or has come by the new version. */
static void edit_expected(struct world *world, struct person *person, const struct schedule *schedule) {
        const struct wall_clock clock = clock_of(person);
        struct expected *expected, *next;

        HASH_ITER(hh, world->oracle.expected, expected, next) {
                struct occurrence occurrence;
                const char *recurrence_id;

                if (expected->due_usec < world->now_usec - FORGOTTEN_AFTER ||
                    !is_of(expected->id, person, schedule, &recurrence_id) ||
                    schedule_find(schedule, &clock, recurrence_id, &occurrence) != 0)
                        continue;
                if (occurrence.due_usec > world->now_usec && !oracle_is_recorded(world, expected->id)) {
                        forget(&world->oracle, expected);
                        continue;
                }
                /* It may have moved in time, and be due now at the earliest. */
                if (expected->is_excluded)
                        expected->since_usec = world->now_usec;
                else if (occurrence.due_usec > world->now_usec)
                        expected->due_usec = occurrence.due_usec;
                else
                        expected->due_usec = world->now_usec;
                expected->is_checked = false;
        }
}

/* What was to come, and has come all at once. */
static void expect_passed(struct world *world, struct person *person, const struct schedule *former,
                          const struct schedule *schedule) {
        const struct wall_clock clock = clock_of(person);
        usec_t from_usec = world->now_usec + 1;
        struct occurrence before, after;

        while (schedule_next(former, &clock, from_usec, &before) == 0 &&
               before.due_usec < world->now_usec + EDIT_REACH) {
                _cleanup_(free_p) char *id = id_of(person, &before);
                char recurrence_id[CIVIL_TEXT_SIZE];
                struct expected *expected;

                from_usec = before.due_usec + 1;
                if (strcmp(former->uid, schedule->uid) != 0 || oracle_find(&world->oracle, id) ||
                    schedule_find(schedule, &clock, occurrence_format_id(&before, recurrence_id), &after) != 0 ||
                    after.due_usec > world->now_usec)
                        continue;
                expected = expect_one(&world->oracle, id, world->now_usec);
                expected->is_unsure = after.due_usec < world->now_usec - PASSED_REACH;
                world->n_doses++;
        }
}

void oracle_set_back(struct world *world) {
        struct expected *expected, *next;

        HASH_ITER(hh, world->oracle.expected, expected, next)
                if (!expected->is_excluded && !oracle_is_recorded(world, expected->id) &&
                    expected->due_usec > world->now_usec)
                        forget(&world->oracle, expected);
        for (size_t i = 0; i < world->n_people; i++) {
                world->people[i].until_usec = world->now_usec;
                world->people[i].next_usec = USEC_NONE;
        }
        world->oracle.recorded_usec = USEC_NONE;
}

void oracle_record(struct world *world, const char *id, usec_t due_usec, bool is_recorded) {
        struct expected *expected = oracle_find(&world->oracle, id);

        if (!expected) /* taken early */
                expected = expect_one(&world->oracle, id, due_usec);
        expected->is_recorded = is_recorded;
        /* What is undone after it came again is by its former time what it would be. */
        if (!is_recorded && expected->again_usec <= world->now_usec)
                expected->again_usec = USEC_NONE;
}

bool oracle_is_recorded(struct world *world, const char *id) {
        const struct expected *expected = oracle_find(&world->oracle, id);

        for (unsigned i = 0; expected && expected->carried_to && i < 10; i++)
                expected = oracle_find(&world->oracle, expected->carried_to);
        return expected && expected->is_recorded;
}

static struct taken *find_taken(struct world *world, const char *person, const char *medication, char *key,
                                size_t size) {
        struct taken *taken;

        (void) snprintf(key, size, "%s/%s", person, medication);
        HASH_FIND_STR(world->oracle.taken, key, taken);
        return taken;
}

void oracle_note_taken(struct world *world, const struct dose *dose, usec_t at_usec) {
        char key[128];
        struct taken *taken = find_taken(world, dose->person, dose->medication, key, sizeof(key));

        if (!taken) {
                taken = calloc(1, sizeof(*taken));
                if (!taken)
                        abort();
                taken->key = strdup(key);
                HASH_ADD_KEYPTR(hh, world->oracle.taken, taken->key, strlen(taken->key), taken);
        }
        taken->at_usec = at_usec;
}

usec_t oracle_last_taken(struct world *world, const struct dose *dose) {
        char key[128];
        const struct taken *taken = find_taken(world, dose->person, dose->medication, key, sizeof(key));

        return taken ? taken->at_usec : USEC_NONE;
}

/* The record of what the ledger had under another name counts for that one no more. */
static void forget_other_name(struct world *world, const char *from, const char *to) {
        _cleanup_(dose_free_p) struct dose *former = NULL, *carrier = NULL;
        char key[128];
        struct taken *taken;

        if (ledger_get(world, from, &former) != 0 || ledger_get(world, to, &carrier) != 0 ||
            strcmp(former->medication, carrier->medication) == 0)
                return;
        taken = find_taken(world, former->person, former->medication, key, sizeof(key));
        if (taken)
                taken->at_usec = USEC_NONE;
}

void oracle_carry(struct world *world, const char *from, const char *to) {
        struct expected *carrier = oracle_find(&world->oracle, to), *former = oracle_find(&world->oracle, from);

        if (!carrier)
                carrier = expect_one(&world->oracle, to, world->now_usec);
        carrier->is_recorded = true;
        carrier->is_excluded = false;
        free(carrier->carried_to);
        carrier->carried_to = NULL;
        forget_other_name(world, from, to);
        if (!former)
                return;
        if (!former->is_recorded && !(former->carried_to && strcmp(former->carried_to, to) == 0))
                fail(world, "%s carries the record of %s, which nobody recorded", to, from);
        former->is_recorded = false;
        free(former->carried_to);
        former->carried_to = strdup(to);
}

/* A medication that another name is given to goes by that: what was taken under the former one may count as either. */
static void forget_taken(struct world *world, const struct person *person, const struct schedule *former,
                         const struct schedule *schedule) {
        char key[128];
        struct taken *taken = find_taken(world, person->name, former->medication, key, sizeof(key));

        if (taken && strcmp(former->medication, schedule->medication) != 0)
                taken->at_usec = USEC_NONE;
}

/* When it comes is for the rules for edits to say. */
static void forget_again(struct world *world, const struct person *person, const struct schedule *schedule) {
        struct expected *expected;
        const char *recurrence_id;

        for (expected = world->oracle.expected; schedule && expected; expected = expected->hh.next)
                if (expected->again_usec != USEC_NONE && is_of(expected->id, person, schedule, &recurrence_id))
                        expected->again_usec = USEC_NONE;
}

void oracle_edit(struct world *world, struct person *person, const struct schedule *former,
                 const struct schedule *schedule) {
        person->next_usec = USEC_NONE;
        forget_again(world, person, former);
        forget_again(world, person, schedule);
        if (!schedule)
                return;
        edit_expected(world, person, schedule);
        if (former) {
                expect_passed(world, person, former, schedule);
                forget_taken(world, person, former, schedule);
        }
        oracle_begin(world, person, schedule);
}

static void check_dose(struct world *world, const struct expected *expected) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        int r;

        if (expected->is_unsure)
                return;
        r = ledger_get(world, expected->id, &dose);
        if (expected->is_excluded) {
                if (r == 0)
                        fail(world, "%s was due before its schedule came into force, and is in the ledger as %s",
                             expected->id, dose_state_to_string(dose->state));
                return;
        }
        if (r == STORE_NOTHING)
                fail(world, "%s is not in the ledger: a dose is lost", expected->id);
        if (dose_is_open(dose) || dose->state == DOSE_UPCOMING)
                fail(world, "%s is still %s long after its window", expected->id, dose_state_to_string(dose->state));
        check_again(world, expected);
        if (expected->is_recorded && dose->state != DOSE_TAKEN && dose->state != DOSE_SKIPPED)
                fail(world, "%s was recorded by a person, and the ledger says %s", expected->id,
                     dose_state_to_string(dose->state));
}

void oracle_check(struct world *world) {
        struct expected *expected, *next;

        if (world->is_unwritable)
                return;
        HASH_ITER(hh, world->oracle.expected, expected, next) {
                if (expected->is_checked || expected->due_usec + SETTLED_AFTER > world->now_usec ||
                    person_of(world, expected->id)->is_out)
                        continue;
                if (part_is_on(PART_DEBT))
                        check_dose(world, expected);
                expected->is_checked = true;
        }
        ledger_check_settled(world);
        ledger_check_standing(world);
}

void oracle_done(struct oracle *oracle) {
        struct expected *expected, *next;
        struct taken *taken, *next_taken;

        HASH_ITER(hh, oracle->expected, expected, next)
                forget(oracle, expected);
        HASH_ITER(hh, oracle->taken, taken, next_taken) {
                HASH_DEL(oracle->taken, taken);
                free(taken->key);
                free(taken);
        }
}
