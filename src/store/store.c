/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Opening the store: one process, one file, no surprises; and the ways every statement runs. */
#include <fcntl.h>
#include <stdarg.h>
#include <string.h>
#include <sys/stat.h>

#include "store/database.h"

#define BUSY_TIMEOUT_MSEC 2000 /* far below the service manager's watchdog */
#define FILE_NAME "dosed.db"
#define LOCK_NAME "dosed.lock"

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
        [STATEMENT_SET_STANDING] =
                "INSERT INTO standing(dose, person, medication, state, snoozed_until_usec, reminders, reminded_usec,"
                " was_unattended, recorded, taken_usec, uid, due_usec, window_end_usec)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, iif(?12, ?9, NULL), ?10, ?13, ?14, ?15)"
                " ON CONFLICT (dose) DO UPDATE SET state = ?4, snoozed_until_usec = ?5, reminders = ?6,"
                " reminded_usec = ?7, was_unattended = ?8, recorded = iif(?11, iif(?12, ?9, NULL), recorded),"
                " taken_usec = ?10, due_usec = ?14, window_end_usec = ?15",
        [STATEMENT_SET_MARK] = "INSERT INTO mark(id, until_usec) VALUES (1, ?1)"
                               " ON CONFLICT (id) DO UPDATE SET until_usec = ?1",
        [STATEMENT_GET_MARK] = "SELECT until_usec FROM mark",
#define DOSE_COLUMNS                                                                                            \
        "SELECT d.person, d.uid, d.recurrence_id, d.medication, d.title, d.amount, d.instructions, d.purpose,"  \
        " d.if_missed, s.due_usec, s.window_end_usec, d.early_usec, d.next_due_usec, d.spacing_usec,"           \
        " d.min_interval_usec, d.critical, d.confidential, d.asks_amount, d.stands_alone, s.state,"             \
        " s.snoozed_until_usec, s.reminders, s.reminded_usec, s.was_unattended, e.kind, e.state,"               \
        " e.recorded_usec, e.taken_usec, e.later, e.recorded_by, e.given_by, e.amount, e.measurement, e.note,"  \
        " e.other FROM standing s JOIN dose d ON d.id = s.dose LEFT JOIN entry e ON e.id = s.recorded "
        [STATEMENT_GET_DOSE] = DOSE_COLUMNS "WHERE d.person = ?1 AND d.uid = ?2 AND d.recurrence_id = ?3",
        [STATEMENT_LAST_DOSE] = DOSE_COLUMNS "WHERE s.person = ?1 AND s.uid = ?2 AND s.state <> 'moved'"
                                             " ORDER BY s.due_usec DESC LIMIT 1",
        [STATEMENT_LIST_OPEN] =
                DOSE_COLUMNS "WHERE s.state IN ('due', 'snoozed', 'upcoming') ORDER BY s.due_usec, d.id",
        [STATEMENT_LIST_DOSES] =
                DOSE_COLUMNS "WHERE s.person = ?1 AND s.due_usec >= ?3 AND s.due_usec < ?4"
                             " AND (?2 IS NULL OR s.medication = ?2) ORDER BY s.due_usec, d.id LIMIT ?5",
        [STATEMENT_LAST_TAKEN] =
                "SELECT max(taken_usec) FROM standing WHERE state = 'taken' AND person = ?1 AND medication = ?2",
        [STATEMENT_LAST_TAKEN_UID] =
                "SELECT max(taken_usec) FROM standing WHERE state = 'taken' AND person = ?1 AND uid = ?2",
        [STATEMENT_LOAD_FILES] = "SELECT name, bytes, device, inode, size, mtime_nsec, ctime_nsec FROM plan_file"
                                 " WHERE person = ?1 ORDER BY name",
        [STATEMENT_PUT_FILE] =
                "INSERT INTO plan_file(person, name, bytes, device, inode, size, mtime_nsec, ctime_nsec, taken_usec)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9) ON CONFLICT (person, name) DO UPDATE SET bytes = ?3,"
                " device = ?4, inode = ?5, size = ?6, mtime_nsec = ?7, ctime_nsec = ?8, taken_usec = ?9",
        [STATEMENT_REMOVE_FILE] = "DELETE FROM plan_file WHERE person = ?1 AND name = ?2",
        [STATEMENT_INSERT_CHANGE] =
                "INSERT INTO plan_change(person, at_usec, kind, uid, medication, title, file)"
                " VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7)",
        [STATEMENT_QUARANTINE] = "INSERT INTO quarantine(digest, since_usec) VALUES (?1, ?2)"
                                 " ON CONFLICT (digest) DO NOTHING",
        [STATEMENT_IS_QUARANTINED] = "SELECT 1 FROM quarantine WHERE digest = ?1",
        [STATEMENT_PUT_TEXT] = "INSERT INTO kept(name, text) VALUES (?1, ?2) ON CONFLICT (name) DO UPDATE SET text = ?2"
                               " WHERE text <> ?2",
        [STATEMENT_GET_TEXT] = "SELECT text FROM kept WHERE name = ?1",
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

static int query(struct store *store, enum statement which, sqlite3_stmt **ret, const char *types, va_list values) {
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
        r = query(store, which, ret, types, values);
        va_end(values);
        return r;
}

int store_execute(struct store *store, enum statement which, const char *types, ...) {
        sqlite3_stmt *statement;
        va_list values;
        int r;

        va_start(values, types);
        r = query(store, which, &statement, types, values);
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

int store_transact(struct store *store, int (*write)(struct store *store, const void *data), const void *data) {
        int r;

        r = store_execute(store, STATEMENT_BEGIN, "");
        if (r != 0)
                return r;

        r = ledger_write_pending(store);
        if (r == 0 && write)
                r = write(store, data);
        if (r == 0)
                r = store_execute(store, STATEMENT_COMMIT, "");
        if (r != 0) {
                /* Some failures have rolled back by themselves. */
                if (!sqlite3_get_autocommit(store->database))
                        (void) store_execute(store, STATEMENT_ROLLBACK, "");
                return r;
        }

        ledger_drop_pending(store);
        return 0;
}

int store_flush(struct store *store) {
        if (store_is_flushed(store))
                return 0;
        return store_transact(store, NULL, NULL);
}

bool store_is_flushed(const struct store *store) {
        return store->n_pending == 0 && !store->mark_is_pending;
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

uint64_t store_digest(const void *bytes, size_t size) {
        const unsigned char *p = bytes;
        uint64_t hash = 0xcbf29ce484222325u;

        for (size_t i = 0; i < size; i++)
                hash = (hash ^ p[i]) * 0x100000001b3u;
        return hash;
}

static int store_new(struct store **ret) {
        struct store *store = calloc(1, sizeof(*store));

        if (!store)
                return -ENOMEM;
        store->folder_fd = store->lock_fd = -1;
        *ret = store;
        return 0;
}

struct store *store_free(struct store *store) {
        if (!store)
                return NULL;

        for (size_t i = 0; i < _STATEMENT_MAX; i++)
                (void) sqlite3_finalize(store->statements[i]);
        (void) sqlite3_close(store->database);
        ledger_drop_pending(store);
        free(store->pending);
        close_p(&store->folder_fd);
        close_p(&store->lock_fd);
        free(store);
        return NULL;
}

/* A POSIX record lock: the kernel names its holder, and drops it when the holder dies. */
static int store_lock(struct store *store, pid_t *ret_holder) {
        struct flock lock = { .l_type = F_WRLCK, .l_whence = SEEK_SET };

        store->lock_fd = openat(store->folder_fd, LOCK_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (store->lock_fd < 0)
                return -errno;

        if (fcntl(store->lock_fd, F_SETLK, &lock) >= 0)
                return 0;
        if (errno != EAGAIN && errno != EACCES)
                return -errno;

        if (fcntl(store->lock_fd, F_GETLK, &lock) < 0)
                return -errno;
        *ret_holder = lock.l_type == F_UNLCK ? 0 : lock.l_pid;
        return STORE_HELD;
}

/* Somebody looking into the file with another program is no damage: it will be free again. */
int store_open_outcome(int code) {
        switch (code & 0xFF) {
        case SQLITE_OK:
                return 0;
        case SQLITE_NOMEM:
                return -ENOMEM;
        case SQLITE_BUSY:
        case SQLITE_LOCKED:
                return STORE_HELD;
        default:
                return STORE_UNUSABLE;
        }
}

static int configure(struct store *store) {
        static const char settings[] = "PRAGMA locking_mode = EXCLUSIVE;"
                                       "PRAGMA journal_mode = WAL;"
                                       "PRAGMA synchronous = FULL;"
                                       "PRAGMA foreign_keys = ON;"
                                       "PRAGMA recursive_triggers = ON;"
                                       "PRAGMA trusted_schema = OFF;";

        (void) sqlite3_extended_result_codes(store->database, 1);
        (void) sqlite3_busy_timeout(store->database, BUSY_TIMEOUT_MSEC);
        (void) sqlite3_db_config(store->database, SQLITE_DBCONFIG_DEFENSIVE, 1, NULL);

        return store_open_outcome(sqlite3_exec(store->database, settings, NULL, NULL, NULL));
}

int store_open(const char *folder, struct store **ret, pid_t *ret_holder) {
        _cleanup_(store_free_p) struct store *store = NULL;
        _cleanup_(free_p) char *path = NULL;
        int fd, r;

        r = store_new(&store);
        if (r < 0)
                return r;

        store->folder_fd = open(folder, O_RDONLY | O_DIRECTORY | O_CLOEXEC);
        if (store->folder_fd < 0)
                return -errno;
        r = store_lock(store, ret_holder);
        if (r != 0)
                return r;

        /* SQLite would make it readable by others, and would not sync the folder that now names it. */
        fd = openat(store->folder_fd, FILE_NAME, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0600);
        if (fd < 0)
                return errno == EACCES || errno == EROFS || errno == ELOOP ? STORE_UNUSABLE : -errno;
        r = fchmod(fd, 0600) < 0 || fsync(fd) < 0 || fsync(store->folder_fd) < 0 ? -errno : 0;
        (void) close(fd);
        if (r < 0)
                return r;

        if (asprintf(&path, "%s/" FILE_NAME, folder) < 0) {
                path = NULL;
                return -ENOMEM;
        }
        r = sqlite3_open_v2(path, &store->database, SQLITE_OPEN_READWRITE | SQLITE_OPEN_NOMUTEX, NULL);
        if (r != SQLITE_OK)
                return store_open_outcome(r);
        r = configure(store);
        if (r != 0)
                return r;
        r = store_migrate(store);
        if (r != 0)
                return r;

        *ret = TAKE(store);
        return 0;
}

int store_open_memory(struct store **ret) {
        _cleanup_(store_free_p) struct store *store = NULL;
        int r;

        r = store_new(&store);
        if (r < 0)
                return r;
        r = sqlite3_open_v2(":memory:", &store->database,
                            SQLITE_OPEN_READWRITE | SQLITE_OPEN_CREATE | SQLITE_OPEN_MEMORY | SQLITE_OPEN_NOMUTEX, NULL);
        if (r != SQLITE_OK)
                return -ENOMEM;
        (void) sqlite3_extended_result_codes(store->database, 1);
        r = store_migrate(store);
        if (r != 0)
                return r < 0 ? r : -EIO;

        *ret = TAKE(store);
        return 0;
}
