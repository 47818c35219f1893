/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger as it is written: what follows what, whatever the engine meant by it. */
#include <string.h>

#include "simulate.h"
#include "store/database.h"

/* The machine never loses its power here: nothing need be waited for until it is on the disk. */
void ledger_open(struct world *world) {
        pid_t holder;

        must(world, store_open(world->place, &world->store, &holder), "store_open");
        if (sqlite3_exec(world->store->database, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY", NULL, NULL,
                         NULL) != SQLITE_OK)
                fail(world, "the store cannot be set up");
}

void ledger_close(struct world *world) {
        (void) sqlite3_finalize(world->follow);
        (void) sqlite3_finalize(world->late);
        world->follow = world->late = NULL;
        world->store = store_free(world->store);
}

static sqlite3_stmt *prepare(struct world *world, const char *query) {
        sqlite3_stmt *statement;

        if (sqlite3_prepare_v2(world->store->database, query, -1, &statement, NULL) != SQLITE_OK)
                fail(world, "the ledger cannot be queried: %s", sqlite3_errmsg(world->store->database));
        return statement;
}

static const char *text_at(sqlite3_stmt *statement, int at) {
        return (const char *) sqlite3_column_text(statement, at);
}

int ledger_get(struct world *world, const char *id, struct dose **ret) {
        _cleanup_(free_p) char *person = NULL, *uid = NULL, *recurrence_id = NULL;
        int r;

        if (dose_id_parse(id, &person, &uid, &recurrence_id) != 0)
                fail(world, "%s is no id", id);
        r = store_get_dose(world->store, person, uid, recurrence_id, ret);
        if (r < 0)
                fail(world, "the ledger cannot be read: %d", r);
        return r;
}

char *ledger_other(struct world *world, const struct dose *dose) {
        static const char query[] =
                "SELECT e.other FROM dose d JOIN entry e ON e.dose = d.id WHERE d.person = ?1 AND d.uid = ?2"
                " AND d.recurrence_id = ?3 AND e.state = 'moved' ORDER BY e.id DESC LIMIT 1";
        sqlite3_stmt *statement = prepare(world, query);
        char *other = NULL;

        (void) sqlite3_bind_text(statement, 1, dose->person, -1, SQLITE_STATIC);
        (void) sqlite3_bind_text(statement, 2, dose->uid, -1, SQLITE_STATIC);
        (void) sqlite3_bind_text(statement, 3, dose->recurrence_id, -1, SQLITE_STATIC);
        if (sqlite3_step(statement) == SQLITE_ROW && text_at(statement, 0))
                other = strdup(text_at(statement, 0));
        (void) sqlite3_finalize(statement);
        return other;
}

static bool is_open_state(enum dose_state state) {
        return state == DOSE_UPCOMING || state == DOSE_DUE || state == DOSE_SNOOZED;
}

static bool is_recorded_state(enum dose_state state) {
        return state == DOSE_TAKEN || state == DOSE_SKIPPED;
}

struct line_read {
        const char *id, *kind, *recorded_by, *other;
        enum dose_state state;
        usec_t recorded_usec;
};

static void follow_record(struct world *world, const struct line_read *read) {
        bool by_plan = read->recorded_by && strcmp(read->recorded_by, "plan") == 0;
        const struct expected *expected = oracle_find(&world->oracle, read->id);

        if (strcmp(read->kind, "carried") == 0) {
                if (by_plan || !read->other)
                        fail(world, "%s carries what nobody recorded", read->id);
                oracle_carry(world, read->other, read->id);
        } else if (expected && expected->is_recorded && by_plan && read->state == DOSE_SKIPPED)
                fail(world, "%s was recorded by a person, and the plan skips it", read->id);
        else if (expected && expected->is_recorded &&
                 (is_open_state(read->state) || read->state == DOSE_MISSED || read->state == DOSE_UNATTENDED))
                fail(world, "%s was recorded by a person, and is made %s (%s)", read->id,
                     dose_state_to_string(read->state), read->kind);
}

/* A record that moves is there, where it moved to; it may have been written before or after. */
static void follow_move(struct world *world, const struct line_read *read) {
        const struct expected *expected = oracle_find(&world->oracle, read->id);
        _cleanup_(dose_free_p) struct dose *other = NULL;

        if (!expected || !expected->is_recorded || read->state != DOSE_MOVED)
                return;
        if (!read->other || ledger_get(world, read->other, &other) != 0 || !is_recorded_state(other->state))
                fail(world, "%s was recorded by a person, and %s takes its place without the record", read->id,
                     read->other ? read->other : "nothing");
        oracle_carry(world, read->id, read->other);
}

static void follow_entry(struct world *world, const struct line_read *read, bool may_reopen) {
        struct oracle *oracle = &world->oracle;
        struct expected *expected;

        if (!world->has_lag) {
                if (part_is_on(PART_ORDER) &&
                    (read->recorded_usec < oracle->recorded_usec || read->recorded_usec > world->now_usec))
                        fail(world, "%s: its entry (%s) was recorded at another time than it was made", read->id,
                             read->kind);
                follow_record(world, read);
                follow_move(world, read);
        }
        oracle->recorded_usec = read->recorded_usec;

        expected = oracle_find(oracle, read->id);
        if (!expected)
                return;
        if (part_is_on(PART_REOPEN) && !may_reopen && !world->has_lag && expected->has_state &&
            !is_open_state(expected->state) && is_open_state(read->state))
                fail(world, "%s was %s, and is %s again (%s) without a cause", read->id,
                     dose_state_to_string(expected->state), dose_state_to_string(read->state), read->kind);
        expected->state = read->state;
        expected->has_state = true;
}

void ledger_follow(struct world *world, bool may_reopen) {
        static const char query[] = "SELECT e.id, d.person || '/' || d.uid || '/' || d.recurrence_id, e.kind, e.state,"
                                    " e.recorded_usec, e.recorded_by, e.other FROM entry e JOIN dose d ON d.id = e.dose"
                                    " WHERE e.id > ?1 ORDER BY e.id";
        int r;

        if (world->is_unwritable)
                return;
        if (!store_is_flushed(world->store))
                fail(world, "the store can be written, and was not");
        if (!world->follow)
                world->follow = prepare(world, query);
        (void) sqlite3_bind_int64(world->follow, 1, world->oracle.entry_id);
        while ((r = sqlite3_step(world->follow)) == SQLITE_ROW) {
                struct line_read read = {
                        .id = text_at(world->follow, 1),
                        .kind = text_at(world->follow, 2),
                        .recorded_usec = sqlite3_column_int64(world->follow, 4),
                        .recorded_by = text_at(world->follow, 5),
                        .other = text_at(world->follow, 6),
                };

                if (dose_state_from_string(text_at(world->follow, 3), &read.state) < 0)
                        fail(world, "%s is %s", read.id, text_at(world->follow, 3));
                world->oracle.entry_id = sqlite3_column_int64(world->follow, 0);
                follow_entry(world, &read, may_reopen);
        }
        if (r != SQLITE_DONE)
                fail(world, "the ledger cannot be followed: %s", sqlite3_errmsg(world->store->database));
        (void) sqlite3_reset(world->follow);
        world->has_lag = false;
}

void ledger_check_open(struct world *world) {
        static const char query[] =
                "SELECT d.person || '/' || d.uid || '/' || d.recurrence_id, s.state FROM standing s JOIN dose d"
                " ON d.id = s.dose WHERE s.state IN ('due', 'snoozed', 'upcoming')"
                " AND iif(s.state = 'upcoming', s.due_usec, s.window_end_usec) <= ?1";

        if (!part_is_on(PART_WINDOW) || world->is_unwritable)
                return;
        if (!world->late)
                world->late = prepare(world, query);
        (void) sqlite3_bind_int64(world->late, 1, world->now_usec);
        while (sqlite3_step(world->late) == SQLITE_ROW)
                if (!person_of(world, text_at(world->late, 0))->is_out &&
                    !oracle_is_ahead(world, text_at(world->late, 0)))
                        fail(world, "%s is %s, and its time for that is over", text_at(world->late, 0),
                             text_at(world->late, 1));
        (void) sqlite3_reset(world->late);
}

static void check_none(struct world *world, const struct person *person, const char *query, const char *what) {
        sqlite3_stmt *statement = prepare(world, query);

        (void) sqlite3_bind_text(statement, 1, person->name, -1, SQLITE_STATIC);
        (void) sqlite3_bind_int64(statement, 2, world->now_usec);
        if (sqlite3_step(statement) == SQLITE_ROW)
                fail(world, "%s is %s, and %s %s", text_at(statement, 0), text_at(statement, 1), what,
                     text_at(statement, 2) ? text_at(statement, 2) : "");
        (void) sqlite3_finalize(statement);
}

void ledger_check_settled(struct world *world) {
        /* No window is longer than a day. */
        static const char query[] =
                "SELECT d.person || '/' || d.uid || '/' || d.recurrence_id, s.state, NULL FROM standing s JOIN dose d"
                " ON d.id = s.dose WHERE s.person = ?1 AND s.due_usec > ?2 - 86400000000"
                " AND s.state IN ('missed', 'unattended') AND s.window_end_usec > ?2";

        for (size_t i = 0; part_is_on(PART_WINDOW) && !world->is_unwritable && i < world->n_people; i++)
                if (!world->people[i].is_out)
                        check_none(world, &world->people[i], query, "its window lasts");
}

void ledger_check_standing(struct world *world) {
        static const char query[] =
                "SELECT d.person || '/' || d.uid || '/' || d.recurrence_id, s.state, (SELECT e.state FROM entry e WHERE"
                " e.dose = s.dose ORDER BY e.id DESC LIMIT 1) AS last FROM standing s JOIN dose d"
                " ON d.id = s.dose WHERE s.person = ?1 AND s.due_usec > ?2 - 5184000000000 AND s.state IS NOT last";

        for (size_t i = 0; i < world->n_people; i++)
                check_none(world, &world->people[i], query, "its last entry says");
}
