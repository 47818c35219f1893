/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The oracle: what must be in the ledger, by brute force. */
#include <sqlite3.h>
#include <string.h>

#include "simulate.h"
#include "store/database.h"

/* No zone change moves a wall-clock time by more (Kiritimati to Samoa: 25 h). */
#define ZONE_REACH (27 * USEC_PER_HOUR)
/* A window ends at the latest so long after its dose was due; the drawn ones are shorter than 6 h. */
#define SETTLED_AFTER (2 * USEC_PER_DAY)

static struct wall_clock clock_of(const struct world *world) {
        return (struct wall_clock){ .zone = world->zone, .all_day_sec = 8 * 3600 };
}

struct expected *oracle_find(struct oracle *oracle, const char *id) {
        struct expected *expected;

        HASH_FIND_STR(oracle->expected, id, expected);
        return expected;
}

static char *id_of(const struct occurrence *occurrence) {
        char text[CIVIL_TEXT_SIZE], *id;

        if (dose_id_format(PERSON, occurrence->schedule->uid, occurrence_format_id(occurrence, text), &id) < 0)
                abort();
        return id;
}

static bool is_in_ledger(struct world *world, const char *id) {
        _cleanup_(free_p) char *person = NULL, *uid = NULL, *recurrence_id = NULL;
        _cleanup_(dose_free_p) struct dose *dose = NULL;

        return dose_id_parse(id, &person, &uid, &recurrence_id) == 0 &&
               store_get_dose(world->store, person, uid, recurrence_id, &dose) == 0;
}

/*
 * Where the person came from it had been one dose with another of the schedule, due at the same instant: in Apia the times of
 * 30 December 2011, a day that never was, are those of the 31st.
 */
static bool was_one_with_another(const struct world *world, const struct schedule *schedule, const char *id) {
        const struct wall_clock former = { .zone = world->former_zone, .all_day_sec = 8 * 3600 };
        _cleanup_(free_p) char *person = NULL, *uid = NULL, *recurrence_id = NULL, *other_id = NULL;
        struct occurrence before, other;

        if (!world->former_zone || dose_id_parse(id, &person, &uid, &recurrence_id) != 0 ||
            schedule_find(schedule, &former, recurrence_id, &before) != 0 || before.due_usec > world->now_usec ||
            schedule_next(schedule, &former, before.due_usec, &other) != 0)
                return false;
        other_id = id_of(&other);
        return other.due_usec == before.due_usec && strcmp(other_id, id) != 0;
}

static void expect(struct world *world, const struct schedule *schedule, usec_t from_usec, usec_t until_usec,
                   bool is_excluded) {
        const struct wall_clock clock = clock_of(world);
        struct occurrence occurrence;

        while (schedule_next(schedule, &clock, from_usec, &occurrence) == 0 && occurrence.due_usec <= until_usec) {
                _cleanup_(free_p) char *id = id_of(&occurrence);
                struct expected *expected = oracle_find(&world->oracle, id);

                from_usec = occurrence.due_usec + 1;
                if (expected)
                        continue;
                /* An older version had it, and it was looked at and forgotten. */
                if (is_excluded && is_in_ledger(world, id))
                        continue;
                expected = calloc(1, sizeof(*expected));
                if (!expected)
                        abort();
                expected->id = TAKE(id);
                expected->due_usec = occurrence.due_usec;
                expected->is_excluded = is_excluded || was_one_with_another(world, schedule, expected->id);
                HASH_ADD_KEYPTR(hh, world->oracle.expected, expected->id, strlen(expected->id), expected);
                world->n_doses += !expected->is_excluded;
        }
}

void oracle_begin(struct world *world, const struct schedule *schedule) {
        expect(world, schedule, world->now_usec - 2 * ZONE_REACH, world->now_usec, true);
}

void oracle_advance(struct world *world) {
        for (size_t i = 0; i < MAX_SCHEDULES; i++)
                if (world->calendars[i])
                        expect(world, world->calendars[i]->schedules[0], world->oracle.until_usec - ZONE_REACH,
                               world->now_usec, false);
        world->oracle.until_usec = world->now_usec;
}

/* What was due before its schedule came into force may fall due after it, by the new clock. */
void oracle_travel(struct world *world) {
        const struct wall_clock clock = clock_of(world);
        struct expected *expected, *next;

        HASH_ITER(hh, world->oracle.expected, expected, next) {
                bool is_ahead = false;

                for (size_t i = 0; expected->is_excluded && i < MAX_SCHEDULES; i++) {
                        _cleanup_(free_p) char *person = NULL, *uid = NULL, *recurrence_id = NULL;
                        struct occurrence occurrence;

                        if (!world->calendars[i] || dose_id_parse(expected->id, &person, &uid, &recurrence_id) != 0 ||
                            strcmp(world->calendars[i]->schedules[0]->uid, uid) != 0)
                                continue;
                        is_ahead = schedule_find(world->calendars[i]->schedules[0], &clock, recurrence_id, &occurrence) == 0 &&
                                   occurrence.due_usec > world->now_usec;
                }
                if (is_ahead) {
                        HASH_DEL(world->oracle.expected, expected);
                        free(expected->id);
                        free(expected);
                }
        }
}

void oracle_set_back(struct world *world) {
        struct expected *expected, *next;

        HASH_ITER(hh, world->oracle.expected, expected, next)
                if (!expected->is_excluded && !expected->is_recorded && expected->due_usec > world->now_usec) {
                        HASH_DEL(world->oracle.expected, expected);
                        free(expected->id);
                        free(expected);
                }
        world->oracle.until_usec = world->now_usec;
}

void oracle_record(struct world *world, const char *id, bool is_recorded) {
        struct expected *expected = oracle_find(&world->oracle, id);

        if (!expected) { /* taken early */
                expected = calloc(1, sizeof(*expected));
                if (!expected)
                        abort();
                expected->id = strdup(id);
                expected->due_usec = world->now_usec;
                HASH_ADD_KEYPTR(hh, world->oracle.expected, expected->id, strlen(expected->id), expected);
        }
        expected->is_recorded = is_recorded;
}

static void check_dose(struct world *world, const struct expected *expected) {
        _cleanup_(free_p) char *person = NULL, *uid = NULL, *recurrence_id = NULL;
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        int r;

        if (dose_id_parse(expected->id, &person, &uid, &recurrence_id) != 0)
                fail(world, "%s is no id", expected->id);
        r = store_get_dose(world->store, person, uid, recurrence_id, &dose);
        if (r < 0)
                fail(world, "the ledger cannot be read");
        if (expected->is_excluded) {
                if (r == 0)
                        fail(world, "%s was due before its schedule came into force, and is in the ledger", expected->id);
                return;
        }
        if (r == STORE_NOTHING)
                fail(world, "%s is not in the ledger: a dose is lost", expected->id);
        if (dose_is_open(dose) || dose->state == DOSE_UPCOMING)
                fail(world, "%s is still %s long after its window", expected->id, dose_state_to_string(dose->state));
        if (expected->is_recorded && dose->state != DOSE_TAKEN && dose->state != DOSE_SKIPPED && dose->state != DOSE_MOVED)
                fail(world, "%s was recorded by a person, and the ledger says %s", expected->id,
                     dose_state_to_string(dose->state));
}

/* The last entry of a dose says what it stands at; recording an entry is never before the one it follows, but for a clock
 * that was set back. */
static void check_ledger(struct world *world) {
        static const char query[] = "SELECT d.uid || '/' || d.recurrence_id, s.state, (SELECT e.state FROM entry e WHERE"
                                    " e.dose = s.dose ORDER BY e.id DESC LIMIT 1) AS last FROM standing s JOIN dose d"
                                    " ON d.id = s.dose WHERE s.state IS NOT last";
        sqlite3_stmt *statement;

        if (sqlite3_prepare_v2(world->store->database, query, -1, &statement, NULL) != SQLITE_OK)
                fail(world, "the ledger cannot be queried");
        if (sqlite3_step(statement) == SQLITE_ROW)
                fail(world, "%s stands at %s, and its last entry says %s", (const char *) sqlite3_column_text(statement, 0),
                     (const char *) sqlite3_column_text(statement, 1), (const char *) sqlite3_column_text(statement, 2));
        sqlite3_finalize(statement);
}

void oracle_check(struct world *world) {
        struct expected *expected, *next;

        HASH_ITER(hh, world->oracle.expected, expected, next) {
                if (expected->due_usec + SETTLED_AFTER > world->now_usec)
                        continue;
                check_dose(world, expected);
                HASH_DEL(world->oracle.expected, expected);
                free(expected->id);
                free(expected);
        }
        check_ledger(world);
}

void oracle_done(struct oracle *oracle) {
        struct expected *expected, *next;
        struct taken *taken, *next_taken;

        HASH_ITER(hh, oracle->expected, expected, next) {
                HASH_DEL(oracle->expected, expected);
                free(expected->id);
                free(expected);
        }
        HASH_ITER(hh, oracle->taken, taken, next_taken) {
                HASH_DEL(oracle->taken, taken);
                free(taken->medication);
                free(taken);
        }
}
