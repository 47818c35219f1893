/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every statement of SQL, and the ways it runs. */
#include <stdarg.h>
#include <string.h>

#include "store/database.h"

/* How far back a dose may lie that is still taken late: half-way to the next one of a yearly medication, and some. */
#define TAKEABLE_REACH "34560000000000"
#define NEVER "9223372036854775807"

static const char *const sql[_STATEMENT_MAX] = {
        [STATEMENT_BEGIN] = "BEGIN IMMEDIATE",
        [STATEMENT_COMMIT] = "COMMIT",
        [STATEMENT_ROLLBACK] = "ROLLBACK",
        [STATEMENT_INSERT_DOSE] =
                "INSERT INTO dose(person, uid, recurrence_id, medication, title, amount, instructions, purpose, if_missed,"
                " due_usec, window_end_usec, early_usec, next_due_usec, spacing_usec, min_interval_usec, critical,"
                " confidential, asks_amount, stands_alone)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15, ?16, ?17, ?18, ?19)"
                " ON CONFLICT (person, uid, recurrence_id) DO NOTHING",
        [STATEMENT_FIND_DOSE] = "SELECT id FROM dose WHERE person = ?1 AND uid = ?2 AND recurrence_id = ?3",
        [STATEMENT_INSERT_ENTRY] =
                "INSERT INTO entry(dose, kind, state, recorded_usec, taken_usec, until_usec, later, recorded_by, given_by,"
                " amount, measurement, note, other) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)",
/* The person (?2), the medication (?3) and the UID (?13) of a dose never change. */
#define STANDS_NOW                                                                                               \
        "state = ?4, snoozed_until_usec = ?5, reminders = ?6, reminded_usec = ?7, was_unattended = ?8,"          \
        " recorded = iif(?11, iif(?12, ?9, NULL), recorded), taken_usec = ?10, early_usec = ?16,"                \
        " next_due_usec = ?17, spacing_usec = ?18, min_interval_usec = ?19, snoozed_usec = ?20, moved_to = ?21," \
        " first_due_usec = ?22"
        /* Most of what is written is of a dose whose times stay: four indexes are left alone then. */
        [STATEMENT_UPDATE_STANDING] =
                "UPDATE standing SET " STANDS_NOW " WHERE dose = ?1 AND due_usec = ?14 AND window_end_usec = ?15",
        [STATEMENT_SET_STANDING] =
                "INSERT INTO standing(dose, person, medication, state, snoozed_until_usec, reminders, reminded_usec,"
                " was_unattended, recorded, taken_usec, uid, due_usec, window_end_usec, early_usec, next_due_usec,"
                " spacing_usec, min_interval_usec, snoozed_usec, moved_to, first_due_usec)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(?12, ?9, NULL), ?10, ?13, ?14, ?15, ?16, ?17, ?18, ?19, ?20,"
                " ?21, ?22) ON CONFLICT (dose) DO UPDATE SET due_usec = ?14, window_end_usec = ?15, " STANDS_NOW,
        [STATEMENT_SET_MARK] = "INSERT INTO mark(person, until_usec, clock) VALUES (?1, ?2, ?3)"
                               " ON CONFLICT (person) DO UPDATE SET until_usec = ?2, clock = ?3",
        [STATEMENT_GET_MARK] = "SELECT until_usec, clock FROM mark WHERE person = ?1",
#define DOSE_COLUMNS                                                                                            \
        "SELECT d.person, d.uid, d.recurrence_id, d.medication, d.title, d.amount, d.instructions, d.purpose,"  \
        " d.if_missed, s.moved_to, s.due_usec, s.window_end_usec, s.early_usec, s.next_due_usec,"               \
        " s.spacing_usec, s.min_interval_usec, d.critical, d.confidential, d.asks_amount, d.stands_alone,"      \
        " s.state, s.snoozed_usec, s.snoozed_until_usec, s.reminders, s.reminded_usec, s.was_unattended,"       \
        " s.first_due_usec,"                                                                                    \
        " e.kind, e.state, e.recorded_usec, e.taken_usec, e.later, e.recorded_by, e.given_by, e.amount,"        \
        " e.measurement, e.note, e.other"                                                                       \
        " FROM standing s JOIN dose d ON d.id = s.dose LEFT JOIN entry e ON e.id = s.recorded "
        [STATEMENT_GET_DOSE] = DOSE_COLUMNS "WHERE d.person = ?1 AND d.uid = ?2 AND d.recurrence_id = ?3",
/* Of those whose taking has come (?4); and only what was due after it is looked through for the others. */
#define LAST_TAKEN                                                                                     \
        " FROM standing t WHERE t.state = 'taken' AND t.person = ?1 AND t.uid = ?2"                    \
        " AND t.taken_usec <= ?4 AND t.taken_usec < ?3 ORDER BY t.taken_usec DESC LIMIT 1"
        [STATEMENT_LAST_DOSE] =
                DOSE_COLUMNS "WHERE s.dose IN ((SELECT t.dose" LAST_TAKEN "),"
                             " (SELECT o.dose FROM standing o LEFT JOIN entry w ON w.id = o.recorded"
                             " WHERE o.person = ?1 AND o.uid = ?2 AND o.state <> 'moved' AND w.kind IS NOT 'withdrawn'"
                             " AND (o.state <> 'taken' OR o.taken_usec > ?4) AND o.due_usec < ?3"
                             " AND o.due_usec > coalesce((SELECT t.taken_usec" LAST_TAKEN "), -" NEVER ")"
                             " ORDER BY o.due_usec DESC LIMIT 1))"
                             " ORDER BY iif(s.state = 'taken' AND s.taken_usec <= ?4, s.taken_usec, s.due_usec) DESC LIMIT 1",
        /* The journeys on which it went along come after that. */
        [STATEMENT_LAST_SETTLED] =
                "SELECT e.state FROM entry e JOIN dose d ON d.id = e.dose"
                " WHERE d.person = ?1 AND d.uid = ?2 AND d.recurrence_id = ?3"
                " AND NOT (e.state = 'upcoming' AND e.kind IN ('travelled', 'reminded')) ORDER BY e.id DESC LIMIT 1",
        [STATEMENT_LIST_OPEN] = DOSE_COLUMNS "WHERE s.state IN ('due', 'snoozed', 'upcoming') AND s.person = ?1"
                                             " ORDER BY s.due_usec, d.id",
        [STATEMENT_LIST_DOSES] = DOSE_COLUMNS "WHERE s.person = ?1 AND s.due_usec >= ?3 AND s.due_usec < ?4"
                                              " AND (?2 IS NULL OR s.uid = ?2) ORDER BY s.due_usec, d.id LIMIT ?5",
        /* Ahead of the clock: settled before its window ends, open before it is due, or reminded of later than now. */
        [STATEMENT_LIST_AHEAD] =
                DOSE_COLUMNS "WHERE s.person = ?1 AND s.window_end_usec > ?2 AND (s.state IN ('missed', 'unattended')"
                             " OR (s.state IN ('due', 'snoozed') AND s.due_usec > ?2)"
                             " OR (s.state = 'upcoming' AND s.reminded_usec > ?2))"
                             " ORDER BY s.due_usec, d.id LIMIT ?3",
        /* As window_takeable_until() says, the newest first. */
        [STATEMENT_LIST_TAKEABLE] =
                DOSE_COLUMNS "WHERE s.person = ?1 AND s.due_usec > ?2 - " TAKEABLE_REACH
                             " AND s.due_usec <= ?2 AND s.state IN ('missed', 'unattended')"
                             " AND ?2 < max(s.window_end_usec, s.due_usec + iif(s.next_due_usec = " NEVER
                             ", s.spacing_usec, s.next_due_usec - s.due_usec) / 2)"
                             " ORDER BY s.due_usec DESC, d.id LIMIT ?3",
        [STATEMENT_LAST_TAKEN] =
                "SELECT max(taken_usec) FROM standing WHERE state = 'taken' AND person = ?1 AND medication = ?2",
        [STATEMENT_LAST_TAKEN_UID] =
                "SELECT max(taken_usec) FROM standing WHERE state = 'taken' AND person = ?1 AND uid = ?2",
        [STATEMENT_LOAD_FILES] = "SELECT name, bytes, device, inode, size, mtime_nsec, ctime_nsec, taken_usec"
                                 " FROM plan_file WHERE person = ?1 ORDER BY name",
        [STATEMENT_LIST_FILES] = "SELECT person, name FROM plan_file ORDER BY person, name",
        [STATEMENT_PUT_FILE] =
                "INSERT INTO plan_file(person, name, bytes, device, inode, size, mtime_nsec, ctime_nsec, taken_usec)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (person, name) DO UPDATE SET bytes = ?3,"
                " device = ?4, inode = ?5, size = ?6, mtime_nsec = ?7, ctime_nsec = ?8, taken_usec = ?9",
        [STATEMENT_REMOVE_FILE] = "DELETE FROM plan_file WHERE person = ?1 AND name = ?2",
        [STATEMENT_INSERT_CHANGE] = "INSERT INTO plan_change(person, at_usec, kind, uid, medication, title, file)"
                                    " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        [STATEMENT_QUARANTINE] = "INSERT INTO quarantine(digest, since_usec) VALUES (?1, ?2)"
                                 " ON CONFLICT (digest) DO NOTHING",
        [STATEMENT_IS_QUARANTINED] = "SELECT 1 FROM quarantine WHERE digest = ?1",
        [STATEMENT_PUT_TEXT] = "INSERT INTO kept(name, text) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET text = ?2"
                               " WHERE text <> ?2",
        [STATEMENT_GET_TEXT] = "SELECT text FROM kept WHERE name = ?1",
        [STATEMENT_LIST_LATEST] =
                DOSE_COLUMNS "WHERE s.person = ?1 AND s.medication = ?2 AND s.due_usec <= ?3"
                             " AND s.state NOT IN ('moved', 'upcoming') ORDER BY s.due_usec DESC, d.id DESC LIMIT ?4",
        [STATEMENT_PUT_TELLING] =
                "INSERT INTO telling(id, recipient, event, person, uid, recurrence_id, text, happened_usec, not_before_usec,"
                " in_summary, state, message, discreet) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13)"
                " ON CONFLICT (id) DO UPDATE SET happened_usec = ?8, not_before_usec = ?9,"
                " in_summary = ?10, state = ?11, message = ?12, discreet = ?13",
        [STATEMENT_PUT_MESSAGE] =
                "INSERT INTO message(id, recipient, token, made_usec, next_usec, expires_usec, attempts, state, perhaps,"
                " answer, body) VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)"
                " ON CONFLICT (id) DO UPDATE SET next_usec = ?5, expires_usec = ?6, attempts = ?7, state = ?8, perhaps = ?9,"
                " answer = ?10, body = ?11",
#define TELLING_COLUMNS                                                                                 \
        "SELECT id, recipient, event, person, uid, recurrence_id, text, happened_usec, not_before_usec," \
        " in_summary, state, message, discreet FROM telling "
#define MESSAGE_COLUMNS                                                                              \
        "SELECT id, recipient, token, made_usec, next_usec, expires_usec, attempts, state, perhaps," \
        " answer, body FROM message "
        [STATEMENT_OPEN_TELLINGS] = TELLING_COLUMNS "WHERE state IN ('waits', 'sealed') ORDER BY id",
        /* What failed is mended where something arrived since. */
        [STATEMENT_OPEN_MESSAGES] =
                MESSAGE_COLUMNS "m WHERE state = 'waits' OR (state = 'failed' AND NOT EXISTS (SELECT 1 FROM message n"
                                " WHERE n.recipient = m.recipient AND n.state = 'done' AND n.id > m.id)) ORDER BY id",
        /* What a clock told that was years ahead goes with what took it back: that alone would be taken for news one day. */
        [STATEMENT_PRUNE_TELLINGS] =
                "DELETE FROM telling WHERE state NOT IN ('waits', 'sealed') AND id < (SELECT max(id) FROM telling)"
                " AND (happened_usec < ?1 OR uid IS NOT NULL AND EXISTS (SELECT 1 FROM telling n WHERE"
                " n.person = telling.person AND n.uid = telling.uid AND n.recurrence_id = telling.recurrence_id"
                " AND n.recipient = telling.recipient AND n.id > telling.id AND n.happened_usec < ?1))",
        [STATEMENT_PRUNE_MESSAGES] = "DELETE FROM message WHERE made_usec < ?1 AND state <> 'waits'"
                                     " AND id < (SELECT max(id) FROM message)",
        [STATEMENT_LAST_NUMBERS] = "SELECT coalesce((SELECT max(id) FROM telling), 0),"
                                   " coalesce((SELECT max(id) FROM message), 0)",
        [STATEMENT_TELLINGS_OF_DOSE] = TELLING_COLUMNS "WHERE person = ?1 AND uid = ?2 AND recurrence_id = ?3"
                                                       " AND (?4 IS NULL OR recipient = ?4) ORDER BY id",
        /* Of what says nothing of the medication, see says_nothing() of the engine. */
        [STATEMENT_ROW_START] =
                "SELECT due_usec FROM standing WHERE person = ?1 AND medication = ?2 AND state = 'missed' AND due_usec <= ?3"
                " AND due_usec > coalesce((SELECT s.due_usec FROM standing s LEFT JOIN entry e ON e.id = s.recorded"
                " WHERE s.person = ?1 AND s.medication = ?2 AND s.due_usec < ?3"
                " AND s.state NOT IN ('missed', 'unattended', 'away', 'upcoming', 'moved') AND e.kind IS NOT 'withdrawn'"
                " ORDER BY s.due_usec DESC LIMIT 1), 0) ORDER BY due_usec LIMIT 1",
        [STATEMENT_ASKED] =
                TELLING_COLUMNS "WHERE event = 'stopped' AND person = ?1 AND text = ?2 AND happened_usec > ?3"
                                " AND state <> 'dropped'",
        [STATEMENT_TELLINGS_OF_MESSAGE] = TELLING_COLUMNS "WHERE message > 0 AND message = ?1 ORDER BY id",
        [STATEMENT_TELLINGS_OF_EVENT] = TELLING_COLUMNS "WHERE recipient = ?1 AND event = ?2 AND state <> 'dropped'"
                                                        " AND (?3 IS NULL OR person = ?3)"
                                                        " AND (?4 IS NULL OR text = ?4)"
                                                        " ORDER BY happened_usec DESC, id DESC LIMIT ?5",
        [STATEMENT_LIST_MESSAGES] = MESSAGE_COLUMNS "WHERE made_usec >= ?1 AND made_usec < ?2"
                                                    " ORDER BY made_usec DESC, id DESC LIMIT ?3",
        [STATEMENT_LIST_OPEN_MESSAGES] = MESSAGE_COLUMNS "WHERE state IN ('waits', 'failed')"
                                                         " ORDER BY made_usec DESC, id DESC LIMIT ?1",
        [STATEMENT_GET_MESSAGE] = MESSAGE_COLUMNS "WHERE id = ?1",
};

static int error_of(int code) {
        switch (code & 0xFF) {
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_FULL:
        case SQLITE_IOERR:
        case SQLITE_READONLY:
        case SQLITE_CANTOPEN:
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
        case SQLITE_CORRUPT:
        case SQLITE_NOTADB:
                return STORE_UNWRITABLE;
        default:
                return -EIO;
        }
}

/* clang-tidy 14 forgets va_start() where it looks at several files: NOLINTBEGIN(clang-analyzer-valist.Uninitialized) */
static void bind(sqlite3_stmt *statement, const char *types, va_list values) {
        for (int at = 1; *types != '\0'; types++, at++) {
                const void *bytes;
                const char *text;

                switch (*types) {
                case 's':
                        text = va_arg(values, const char *);
                        (void) (text ? sqlite3_bind_text(statement, at, text, -1, SQLITE_STATIC) :
                                       sqlite3_bind_null(statement, at));
                        break;
                case 'i':
                        (void) sqlite3_bind_int64(statement, at, va_arg(values, int64_t));
                        break;
                case 'b':
                        bytes = va_arg(values, const void *);
                        (void) sqlite3_bind_blob64(statement, at, bytes ? bytes : "", va_arg(values, size_t),
                                                   SQLITE_STATIC);
                        break;
                }
        }
}
/* NOLINTEND(clang-analyzer-valist.Uninitialized) */

static int query_values(struct store *store, enum statement which, sqlite3_stmt **ret, const char *types, va_list values) {
        if (!store->statements[which]) {
                int r = sqlite3_prepare_v3(store->database, sql[which], -1, SQLITE_PREPARE_PERSISTENT,
                                           &store->statements[which], NULL);
                if (r != SQLITE_OK)
                        return r == SQLITE_NOMEM ? -ENOMEM : -EIO;
        }
        (void) sqlite3_clear_bindings(store->statements[which]);
        bind(store->statements[which], types, values);
        *ret = store->statements[which];
        return 0;
}

int store_query(struct store *store, enum statement which, sqlite3_stmt **ret, const char *types, ...) {
        va_list values;
        int r;

        va_start(values, types);
        r = query_values(store, which, ret, types, values);
        va_end(values);
        return r;
}

int store_execute(struct store *store, enum statement which, const char *types, ...) {
        sqlite3_stmt *statement;
        va_list values;
        int r;

        va_start(values, types);
        r = query_values(store, which, &statement, types, values);
        va_end(values);
        if (r < 0)
                return r;

        r = sqlite3_step(statement);
        r = r == SQLITE_DONE || r == SQLITE_ROW ? 0 : error_of(sqlite3_extended_errcode(store->database));
        (void) sqlite3_reset(statement);
        return r;
}

int store_step(struct store *store, sqlite3_stmt *statement) {
        int r = sqlite3_step(statement);

        if (r == SQLITE_ROW)
                return 1;
        r = r == SQLITE_DONE ? 0 : sqlite3_errcode(store->database) == SQLITE_NOMEM ? -ENOMEM : -EIO;
        (void) sqlite3_reset(statement);
        return r;
}

int column_text(sqlite3_stmt *statement, int at, char **ret) {
        const char *text = (const char *) sqlite3_column_text(statement, at);
        char *copy = NULL;

        if (text) {
                copy = strdup(text);
                if (!copy)
                        return -ENOMEM;
        }
        *ret = copy;
        return 0;
}
