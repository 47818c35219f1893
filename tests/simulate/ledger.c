/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The ledger as it is written: what follows what, whatever the engine meant by it. */
#include <string.h>

#include "dosed/text.h"
#include "simulate.h"
#include "store/database.h"

/* The machine never loses its power here: the files of SQLite need no disk, and no thread but ours is there. */
void ledger_begin(void) {
        sqlite3_vfs *memory;

        if (sqlite3_config(SQLITE_CONFIG_SINGLETHREAD) != SQLITE_OK ||
            sqlite3_config(SQLITE_CONFIG_MEMSTATUS, 0) != SQLITE_OK || sqlite3_initialize() != SQLITE_OK)
                abort();
        memory = sqlite3_vfs_find("memdb");
        if (memory && sqlite3_vfs_register(memory, 1) != SQLITE_OK)
                abort();
}

void ledger_open(struct world *world) {
        _cleanup_(free_p) char *path = NULL;
        pid_t holder;

        must(world, store_open(world->place, &world->store, &holder), "store_open");
        world->n_changes = -1;
        if (sqlite3_exec(world->store->database, "PRAGMA synchronous = OFF; PRAGMA journal_mode = MEMORY", NULL, NULL,
                         NULL) != SQLITE_OK)
                fail(world, "the store cannot be set up");
        /* A file in memory is there as long as somebody has it open: also while dosed is stopped. */
        if (!world->keeper && (text_format(&path, "%s/dosed.db", world->place) < 0 ||
                               sqlite3_open_v2(path, &world->keeper, SQLITE_OPEN_READWRITE, NULL) != SQLITE_OK))
                fail(world, "the store cannot be kept");
}

void ledger_close(struct world *world) {
        for (enum ledger_query which = 0; which < _LEDGER_QUERY_MAX; which++) {
                (void) sqlite3_finalize(world->queries[which]);
                world->queries[which] = NULL;
        }
        world->store = store_free(world->store);
}

void ledger_end(struct world *world) {
        ledger_close(world);
        (void) sqlite3_close(world->keeper);
        world->keeper = NULL;
}

#define ID "d.person || '/' || d.uid || '/' || d.recurrence_id"
#define STANDINGS " FROM standing s JOIN dose d ON d.id = s.dose "

static const char *const sql[_LEDGER_QUERY_MAX] = {
        [LEDGER_FOLLOW] = "SELECT e.id, " ID ", e.kind, e.state, e.recorded_usec, e.recorded_by, e.other"
                          " FROM entry e JOIN dose d ON d.id = e.dose WHERE e.id > ?1 ORDER BY e.id",
        /* No window is longer than a day. */
        [LEDGER_LATE] = "SELECT " ID ", s.state" STANDINGS
                        "WHERE s.person = ?1 AND s.window_end_usec BETWEEN ?3 AND ?2 + 86400000000"
                        " AND ((s.state = 'due' OR s.state = 'snoozed') AND s.window_end_usec <= ?2"
                        " OR s.state = 'upcoming' AND s.due_usec <= ?2)",
        [LEDGER_SETTLED_EARLY] =
                "SELECT " ID ", s.state, NULL" STANDINGS "WHERE s.person = ?1 AND s.due_usec > ?2 - 86400000000"
                " AND s.state IN ('missed', 'unattended') AND s.window_end_usec > ?2",
        [LEDGER_STANDING] =
                "SELECT " ID ", s.state, (SELECT e.state || coalesce(' to ' || e.other, '') FROM entry e"
                " WHERE e.dose = s.dose ORDER BY e.id DESC LIMIT 1) AS last" STANDINGS
                "WHERE s.person = ?1 AND s.due_usec > ?2 - 5184000000000"
                " AND last IS NOT s.state || coalesce(' to ' || s.moved_to, '')"
                " AND last IS NOT s.state || ' to ' || (SELECT e.other FROM entry e WHERE e.id = s.recorded)",
};

static sqlite3_stmt *query(struct world *world, enum ledger_query which) {
        sqlite3_stmt **statement = &world->queries[which];

        if (!*statement && sqlite3_prepare_v3(world->store->database, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                              statement, NULL) != SQLITE_OK)
                fail(world, "the ledger cannot be queried: %s", sqlite3_errmsg(world->store->database));
        return *statement;
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

/* One edit may bring a dose back and give it the record of another: what it came to is known before its entries are read. */
static bool is_recorded_in_the_end(struct world *world, const char *id) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;

        return ledger_get(world, id, &dose) == 0 && is_recorded_state(dose->state) && !dose_is_off_plan(dose);
}

static bool is_moved_in_the_end(struct world *world, const char *id) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;

        return ledger_get(world, id, &dose) == 0 && dose->state == DOSE_MOVED;
}

static void follow_record(struct world *world, const struct line_read *read) {
        bool by_plan = read->recorded_by && strcmp(read->recorded_by, "plan") == 0;
        const struct expected *expected = oracle_find(&world->oracle, read->id);

        if (strcmp(read->kind, "carried") == 0) {
                if (by_plan || !read->other)
                        fail(world, "%s carries what nobody recorded", read->id);
                oracle_carry(world, read->other, read->id);
        } else if (!expected || !expected->is_recorded)
                return;
        else if (by_plan && read->state == DOSE_SKIPPED)
                fail(world, "%s was recorded by a person, and the plan skips it", read->id);
        else if ((is_open_state(read->state) || read->state == DOSE_MISSED || read->state == DOSE_UNATTENDED) &&
                 !is_recorded_in_the_end(world, read->id))
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

/* A journey makes nothing missed that was not so before it. */
static void follow_settled(struct world *world, struct expected *expected, const struct line_read *read) {
        bool is_settled = read->state == DOSE_MISSED || read->state == DOSE_UNATTENDED;
        bool is_journey = strcmp(read->kind, "travelled") == 0;

        if (is_journey && is_settled && expected->has_state && !expected->was_settled)
                fail(world, "%s had not come, and is made %s", read->id, dose_state_to_string(read->state));
        if (is_settled)
                expected->was_settled = true;
        else if (read->state != DOSE_UPCOMING || !(is_journey || strcmp(read->kind, "reminded") == 0))
                expected->was_settled = false;
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
        if (read->state == DOSE_MOVED && is_moved_in_the_end(world, read->id))
                told_moved(world, read->id);

        expected = oracle_find(oracle, read->id);
        if (!expected)
                return;
        follow_settled(world, expected, read);
        if (part_is_on(PART_REOPEN) && !may_reopen && !world->has_lag && expected->has_state &&
            expected->again_usec == USEC_NONE &&
            !is_open_state(expected->state) && is_open_state(read->state))
                fail(world, "%s was %s, and is %s again (%s) without a cause", read->id,
                     dose_state_to_string(expected->state), dose_state_to_string(read->state), read->kind);
        expected->state = read->state;
        expected->has_state = true;
}

void ledger_follow(struct world *world, bool may_reopen) {
        sqlite3_stmt *statement;
        int r;

        if (world->is_unwritable)
                return;
        if (!store_is_flushed(world->store))
                fail(world, "the store can be written, and was not");
        if (sqlite3_total_changes(world->store->database) == world->n_changes) {
                world->has_lag = false;
                return;
        }
        world->n_changes = sqlite3_total_changes(world->store->database);
        statement = query(world, LEDGER_FOLLOW);
        (void) sqlite3_bind_int64(statement, 1, world->oracle.entry_id);
        while ((r = sqlite3_step(statement)) == SQLITE_ROW) {
                struct line_read read = {
                        .id = text_at(statement, 1),
                        .kind = text_at(statement, 2),
                        .recorded_usec = sqlite3_column_int64(statement, 4),
                        .recorded_by = text_at(statement, 5),
                        .other = text_at(statement, 6),
                };

                if (dose_state_from_string(text_at(statement, 3), &read.state) < 0)
                        fail(world, "%s is %s", read.id, text_at(statement, 3));
                world->oracle.entry_id = sqlite3_column_int64(statement, 0);
                follow_entry(world, &read, may_reopen);
        }
        if (r != SQLITE_DONE)
                fail(world, "the ledger cannot be followed: %s", sqlite3_errmsg(world->store->database));
        (void) sqlite3_reset(statement);
        world->has_lag = false;
}

static void check_late(struct world *world, const struct person *person, usec_t from_usec) {
        sqlite3_stmt *statement = query(world, LEDGER_LATE);

        (void) sqlite3_bind_text(statement, 1, person->name, -1, SQLITE_STATIC);
        (void) sqlite3_bind_int64(statement, 2, world->now_usec);
        (void) sqlite3_bind_int64(statement, 3, from_usec);
        while (sqlite3_step(statement) == SQLITE_ROW)
                if (!oracle_is_ahead(world, text_at(statement, 0)))
                        fail(world, "%s is %s, and its time for that is over", text_at(statement, 0),
                             text_at(statement, 1));
        (void) sqlite3_reset(statement);
}

void ledger_check_open(struct world *world) {
        if (!part_is_on(PART_WINDOW) || world->is_unwritable)
                return;
        for (size_t i = 0; i < world->n_people; i++) {
                struct person *person = &world->people[i];

                if (person->is_out)
                        continue;
                check_late(world, person, person->looked_usec - USEC_PER_DAY);
                person->looked_usec = world->now_usec;
        }
}

static void check_none(struct world *world, const struct person *person, enum ledger_query which, const char *what) {
        sqlite3_stmt *statement = query(world, which);

        (void) sqlite3_bind_text(statement, 1, person->name, -1, SQLITE_STATIC);
        (void) sqlite3_bind_int64(statement, 2, world->now_usec);
        if (sqlite3_step(statement) == SQLITE_ROW)
                fail(world, "%s is %s, and %s %s", text_at(statement, 0), text_at(statement, 1), what,
                     text_at(statement, 2) ? text_at(statement, 2) : "");
        (void) sqlite3_reset(statement);
}

void ledger_check_settled(struct world *world) {
        for (size_t i = 0; part_is_on(PART_WINDOW) && !world->is_unwritable && i < world->n_people; i++)
                if (!world->people[i].is_out)
                        check_none(world, &world->people[i], LEDGER_SETTLED_EARLY, "its window lasts");
}

void ledger_check_standing(struct world *world) {
        for (size_t i = 0; i < world->n_people; i++) {
                check_none(world, &world->people[i], LEDGER_STANDING, "its last entry says");
                if (part_is_on(PART_WINDOW) && !world->people[i].is_out)
                        check_late(world, &world->people[i], INT64_MIN);
        }
}
