/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside the store room: the connection, its statements, and the queue. */
#pragma once

#include <sqlite3.h>
#include <uthash.h>

#include "dosed/store.h"

/* Every statement, prepared once at its first use. */
enum statement {
        STATEMENT_BEGIN,
        STATEMENT_COMMIT,
        STATEMENT_ROLLBACK,
        STATEMENT_INSERT_DOSE,
        STATEMENT_FIND_DOSE,
        STATEMENT_INSERT_ENTRY,
        STATEMENT_UPDATE_STANDING,
        STATEMENT_SET_STANDING,
        STATEMENT_SET_MARK,
        STATEMENT_GET_MARK,
        STATEMENT_GET_DOSE,
        STATEMENT_LAST_DOSE,
        STATEMENT_LAST_SETTLED,
        STATEMENT_LIST_OPEN,
        STATEMENT_LIST_DOSES,
        STATEMENT_LIST_AHEAD,
        STATEMENT_LIST_TAKEABLE,
        STATEMENT_LAST_TAKEN,
        STATEMENT_LAST_TAKEN_UID,
        STATEMENT_LOAD_FILES,
        STATEMENT_LIST_FILES,
        STATEMENT_PUT_FILE,
        STATEMENT_REMOVE_FILE,
        STATEMENT_INSERT_CHANGE,
        STATEMENT_QUARANTINE,
        STATEMENT_IS_QUARANTINED,
        STATEMENT_PUT_TEXT,
        STATEMENT_GET_TEXT,
        STATEMENT_LIST_LATEST,
        STATEMENT_PUT_TELLING,
        STATEMENT_PUT_MESSAGE,
        STATEMENT_OPEN_TELLINGS,
        STATEMENT_OPEN_MESSAGES,
        STATEMENT_PRUNE_TELLINGS,
        STATEMENT_PRUNE_MESSAGES,
        STATEMENT_LAST_NUMBERS,
        STATEMENT_TELLINGS_OF_DOSE,
        STATEMENT_ASKED,
        STATEMENT_ROW_START,
        STATEMENT_TELLINGS_OF_MESSAGE,
        STATEMENT_TELLINGS_OF_EVENT,
        STATEMENT_LIST_MESSAGES,
        STATEMENT_LIST_OPEN_MESSAGES,
        STATEMENT_GET_MESSAGE,
        _STATEMENT_MAX,
};

struct pending_entry {
        struct dose *dose; /* as it was after the entry */
        struct entry entry;
};

/* Of one person: only the newest counts. */
struct pending_mark {
        char *person, *clock;
        usec_t until_usec;
        UT_hash_handle hh;
};

/* A person's plan file, by "person name": only its newest version counts. */
struct pending_file {
        char *key, *person;
        struct stored_file file;
        bool removes;
        UT_hash_handle hh;
};

struct pending_change {
        enum plan_change_kind kind;
        usec_t at_usec;
        char *person, *uid, *medication, *title, *file;
};

/* By number: only the newest version counts. */
struct pending_telling {
        struct telling telling;
        UT_hash_handle hh;
};
struct pending_message {
        struct message message;
        UT_hash_handle hh;
};

struct store {
        sqlite3 *database;
        sqlite3_stmt *statements[_STATEMENT_MAX];
        int folder_fd; /* -1: in memory */
        int lock_fd;

        struct pending_entry *entries;
        size_t n_entries, allocated;
        struct pending_mark *marks; /* hash by person */
        struct pending_file *files; /* hash by key */
        struct pending_change *changes;
        size_t n_changes;
        struct pending_telling *tellings; /* hash by id */
        struct pending_message *messages; /* hash by id */
};

/*
 * Binds the values that follow, in order, by their types: 's' const char * (NULL is NULL), 'i' int64_t, 'b' const void * and
 * size_t. Texts and bytes must live until the statement is reset.
 * store_query() leaves it to be stepped; -EIO where it cannot be prepared (a damaged file).
 * store_execute() runs it, for what answers nothing. Returns 0, STORE_UNWRITABLE or a negative errno.
 */
int store_query(struct store *store, enum statement which, sqlite3_stmt **ret, const char *types, ...);
int store_execute(struct store *store, enum statement which, const char *types, ...);

/* Steps to a row: 1, 0 at the end (reset), or a negative errno (reset). */
int store_step(struct store *store, sqlite3_stmt *statement);

/* Within a transaction. Return as store_execute(). */
int ledger_write(struct store *store, const struct pending_entry *pending);
int plan_write_file(struct store *store, const struct pending_file *file);
int plan_write_change(struct store *store, const struct pending_change *change);
int telling_write_queue(struct store *store);
void telling_drop_queue(struct store *store);

void queue_drop(struct store *store);
/* The newest version of the dose that waits to be written; NULL. */
const struct dose *queue_find_dose(const struct store *store, const char *person, const char *uid,
                                   const char *recurrence_id);
const struct pending_mark *queue_find_mark(const struct store *store, const char *person);

int store_migrate(struct store *store);
/* What SQLite's code means while the store is being opened. */
int store_open_outcome(const struct store *store, int code);

int column_text(sqlite3_stmt *statement, int at, char **ret);
