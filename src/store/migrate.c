/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The tables, version by version. A version that was released is never edited: the next one is added below it. */
#include "store/database.h"

#define APPLICATION_ID "0x646f7365" /* "dose" */

/* Ledger and history only ever grow; the triggers hold that even against a mistake of ours. */
#define APPEND_ONLY(table)                                                                                    \
        "CREATE TRIGGER " table "_no_update BEFORE UPDATE ON " table                                          \
        " BEGIN SELECT raise(ABORT, '" table " is append-only'); END;"                                        \
        "CREATE TRIGGER " table "_no_delete BEFORE DELETE ON " table                                          \
        " BEGIN SELECT raise(ABORT, '" table " is append-only'); END;"

static const char *const versions[] = {
        /* 1: doses and their ledger, what each dose stands at, the plan as last good, its history. */
        "CREATE TABLE dose("
        " id INTEGER PRIMARY KEY, person TEXT NOT NULL, uid TEXT NOT NULL, recurrence_id TEXT NOT NULL,"
        " medication TEXT NOT NULL, title TEXT NOT NULL, amount TEXT, instructions TEXT, purpose TEXT, if_missed TEXT,"
        " due_usec INTEGER NOT NULL, window_end_usec INTEGER NOT NULL, early_usec INTEGER NOT NULL,"
        " next_due_usec INTEGER NOT NULL, spacing_usec INTEGER NOT NULL, min_interval_usec INTEGER NOT NULL,"
        " critical INTEGER NOT NULL, confidential INTEGER NOT NULL, asks_amount INTEGER NOT NULL,"
        " stands_alone INTEGER NOT NULL, UNIQUE (person, uid, recurrence_id)) STRICT;"
        "CREATE TABLE entry("
        " id INTEGER PRIMARY KEY, dose INTEGER NOT NULL REFERENCES dose(id), kind TEXT NOT NULL, state TEXT NOT NULL,"
        " recorded_usec INTEGER NOT NULL, taken_usec INTEGER NOT NULL, until_usec INTEGER NOT NULL,"
        " later INTEGER NOT NULL, recorded_by TEXT, given_by TEXT, amount TEXT, measurement TEXT, note TEXT,"
        " other TEXT) STRICT;"
        "CREATE INDEX entry_by_dose ON entry(dose);" APPEND_ONLY("dose") APPEND_ONLY("entry")
        /* Follows from entry, and can be made anew from it. */
        "CREATE TABLE standing("
        " dose INTEGER PRIMARY KEY REFERENCES dose(id), person TEXT NOT NULL, uid TEXT NOT NULL, medication TEXT NOT NULL,"
        " state TEXT NOT NULL, due_usec INTEGER NOT NULL, window_end_usec INTEGER NOT NULL,"
        " snoozed_until_usec INTEGER NOT NULL, reminders INTEGER NOT NULL,"
        " reminded_usec INTEGER NOT NULL, was_unattended INTEGER NOT NULL,"
        " recorded INTEGER REFERENCES entry(id), taken_usec INTEGER NOT NULL) STRICT;"
        "CREATE INDEX standing_open ON standing(state) WHERE state IN ('due', 'snoozed', 'upcoming');"
        "CREATE INDEX standing_by_due ON standing(person, due_usec);"
        "CREATE INDEX standing_by_uid ON standing(person, uid, due_usec);"
        "CREATE INDEX standing_taken_uid ON standing(person, uid, taken_usec) WHERE state = 'taken';"
        "CREATE INDEX standing_taken ON standing(person, medication, taken_usec) WHERE state = 'taken';"
        "CREATE TABLE mark(id INTEGER PRIMARY KEY CHECK (id = 1), until_usec INTEGER NOT NULL) STRICT;"
        "CREATE TABLE plan_file("
        " person TEXT NOT NULL, name TEXT NOT NULL, bytes BLOB NOT NULL, device INTEGER NOT NULL,"
        " inode INTEGER NOT NULL, size INTEGER NOT NULL, mtime_nsec INTEGER NOT NULL, ctime_nsec INTEGER NOT NULL,"
        " taken_usec INTEGER NOT NULL, PRIMARY KEY (person, name)) STRICT;"
        "CREATE TABLE plan_change("
        " id INTEGER PRIMARY KEY, person TEXT NOT NULL, at_usec INTEGER NOT NULL, kind TEXT NOT NULL,"
        " uid TEXT NOT NULL, medication TEXT NOT NULL, title TEXT NOT NULL, file TEXT NOT NULL) STRICT;" APPEND_ONLY(
                "plan_change") "CREATE TABLE quarantine(digest INTEGER PRIMARY KEY, since_usec INTEGER NOT NULL) STRICT;"
                               "CREATE TABLE kept(name TEXT PRIMARY KEY, text TEXT NOT NULL) STRICT;",
        /*
         * 2: a dose can be moved with all its times, knows what took its place, and when the first dose was due whose place it
         * took; a snooze knows since when; how far the plan was carried out is known of each person, and by which clock.
         */
        "ALTER TABLE standing ADD COLUMN early_usec INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE standing ADD COLUMN next_due_usec INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE standing ADD COLUMN spacing_usec INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE standing ADD COLUMN min_interval_usec INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE standing ADD COLUMN snoozed_usec INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE standing ADD COLUMN first_due_usec INTEGER NOT NULL DEFAULT 0;"
        "ALTER TABLE standing ADD COLUMN moved_to TEXT;"
        "UPDATE standing SET (early_usec, next_due_usec, spacing_usec, min_interval_usec) ="
        " (SELECT early_usec, next_due_usec, spacing_usec, min_interval_usec FROM dose WHERE dose.id = standing.dose);"
        "UPDATE standing SET moved_to = (SELECT other FROM entry WHERE entry.dose = standing.dose AND entry.kind = 'moved'"
        " ORDER BY entry.id DESC LIMIT 1) WHERE state = 'moved';"
        "CREATE INDEX standing_by_window_end ON standing(person, window_end_usec);"
        "ALTER TABLE mark RENAME TO former_mark;"
        "CREATE TABLE mark(person TEXT PRIMARY KEY, until_usec INTEGER NOT NULL, clock TEXT NOT NULL) STRICT;"
        "INSERT INTO mark SELECT person, until_usec, coalesce((SELECT text FROM kept WHERE name = 'clock of ' || person), '')"
        " FROM (SELECT DISTINCT person FROM plan_file), former_mark;"
        "DROP TABLE former_mark;"
        "DELETE FROM kept WHERE name LIKE 'clock of %';",
        /* 3: who is told what, and the messages that carry it. */
        "CREATE TABLE telling("
        " id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, event TEXT NOT NULL, person TEXT, uid TEXT, recurrence_id TEXT,"
        " text TEXT, happened_usec INTEGER NOT NULL, not_before_usec INTEGER NOT NULL, in_summary INTEGER NOT NULL,"
        " state TEXT NOT NULL, message INTEGER NOT NULL) STRICT;"
        "CREATE INDEX telling_open ON telling(state) WHERE state IN ('waits', 'sealed');"
        "CREATE INDEX telling_by_dose ON telling(person, uid, recurrence_id) WHERE uid IS NOT NULL;"
        "CREATE INDEX telling_by_message ON telling(message) WHERE message > 0;"
        "CREATE INDEX telling_by_event ON telling(recipient, event, happened_usec);"
        "CREATE TABLE message("
        " id INTEGER PRIMARY KEY, recipient TEXT NOT NULL, token TEXT NOT NULL, made_usec INTEGER NOT NULL,"
        " next_usec INTEGER NOT NULL, expires_usec INTEGER NOT NULL, attempts INTEGER NOT NULL, state TEXT NOT NULL,"
        " perhaps INTEGER NOT NULL, answer TEXT, body BLOB) STRICT;"
        "CREATE INDEX message_open ON message(state) WHERE state IN ('waits', 'failed');"
        "CREATE INDEX message_by_time ON message(made_usec);"
        "CREATE INDEX standing_by_medication ON standing(person, medication, due_usec);",
        /* 4: who was asked whether a medication was stopped is looked up with each dose that is missed. */
        "CREATE INDEX telling_asks ON telling(person, text, happened_usec) WHERE event = 'stopped';",
        /* 5: whether it was said without a name, which is not said again in words that name it. */
        "ALTER TABLE telling ADD COLUMN discreet INTEGER NOT NULL DEFAULT 0;",
};

static int get_number(struct store *store, const char *pragma, int64_t *ret) {
        sqlite3_stmt *statement;
        int r;

        r = sqlite3_prepare_v2(store->database, pragma, -1, &statement, NULL);
        if (r != SQLITE_OK)
                return store_open_outcome(store, r);
        r = sqlite3_step(statement);
        if (r == SQLITE_ROW)
                *ret = sqlite3_column_int64(statement, 0);
        (void) sqlite3_finalize(statement);
        return r == SQLITE_ROW ? 0 : store_open_outcome(store, r);
}

static int run(struct store *store, const char *statements) {
        return store_open_outcome(store, sqlite3_exec(store->database, statements, NULL, NULL, NULL));
}

int store_migrate(struct store *store) {
        int64_t version, application;
        int r;

        r = get_number(store, "PRAGMA user_version", &version);
        if (r != 0)
                return r;
        r = get_number(store, "PRAGMA application_id", &application);
        if (r != 0)
                return r;
        if (version > (int64_t) ELEMENTS(versions))
                return STORE_TOO_NEW;
        /* Somebody else's database that happens to lie here. */
        if (version < 0 || (version > 0 && application != 0x646f7365))
                return STORE_UNUSABLE;

        for (size_t i = (size_t) version; i < ELEMENTS(versions); i++) {
                char set_version[96];

                (void) snprintf(set_version, sizeof(set_version),
                                "PRAGMA application_id = " APPLICATION_ID "; PRAGMA user_version = %zu; COMMIT", i + 1);
                r = run(store, "BEGIN EXCLUSIVE");
                if (r == 0)
                        r = run(store, versions[i]);
                if (r == 0)
                        r = run(store, set_version);
                if (r != 0) {
                        if (!sqlite3_get_autocommit(store->database))
                                (void) run(store, "ROLLBACK");
                        return r;
                }
        }
        return 0;
}
