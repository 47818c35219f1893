/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing the ledger: entries wait in a queue and go in together. */
#include "dosed/limits.h"
#include "store/database.h"

static void pending_done(struct pending_entry *pending) {
        dose_free(pending->dose);
        entry_done(&pending->entry);
}

void ledger_drop_pending(struct store *store) {
        for (size_t i = 0; i < store->n_pending; i++)
                pending_done(&store->pending[i]);
        store->n_pending = 0;
        store->mark_is_pending = false;
}

int store_add_entry(struct store *store, const struct dose *dose, const struct entry *entry) {
        struct pending_entry pending = {};
        int r;

        if (store->n_pending >= LIMIT_PENDING_ENTRIES)
                return -ENOBUFS;
        if (store->n_pending == store->allocated) {
                size_t n = store->allocated ? 2 * store->allocated : 32;
                struct pending_entry *grown = reallocarray(store->pending, n, sizeof(*grown));

                if (!grown)
                        return -ENOMEM;
                store->pending = grown;
                store->allocated = n;
        }

        r = dose_copy(dose, &pending.dose);
        if (r >= 0)
                r = entry_copy(entry, &pending.entry);
        if (r < 0) {
                pending_done(&pending);
                return r;
        }

        store->pending[store->n_pending++] = pending;
        return 0;
}

void store_set_mark(struct store *store, usec_t until_usec) {
        store->mark_usec = until_usec;
        store->mark_is_pending = true;
}

static int find_dose(struct store *store, const struct dose *dose, int64_t *ret_id) {
        sqlite3_stmt *statement;
        int r;

        r = store_statement(store, STATEMENT_FIND_DOSE, &statement);
        if (r < 0)
                return r;
        bind_text(statement, 1, dose->person);
        bind_text(statement, 2, dose->uid);
        bind_text(statement, 3, dose->recurrence_id);
        r = store_step(store, statement);
        if (r < 0)
                return r;
        if (r == 0)
                return STORE_NOTHING;
        *ret_id = sqlite3_column_int64(statement, 0);
        (void) sqlite3_reset(statement);
        return 0;
}

static int insert_dose(struct store *store, const struct dose *dose, int64_t *ret_id) {
        sqlite3_stmt *statement;
        int r;

        r = store_statement(store, STATEMENT_INSERT_DOSE, &statement);
        if (r < 0)
                return r;
        bind_text(statement, 1, dose->person);
        bind_text(statement, 2, dose->uid);
        bind_text(statement, 3, dose->recurrence_id);
        bind_text(statement, 4, dose->medication);
        bind_text(statement, 5, dose->title);
        bind_text(statement, 6, dose->amount);
        bind_text(statement, 7, dose->instructions);
        bind_text(statement, 8, dose->purpose);
        bind_text(statement, 9, dose->if_missed);
        bind_usec(statement, 10, dose->due_usec);
        bind_usec(statement, 11, dose->window_end_usec);
        bind_usec(statement, 12, dose->early_usec);
        bind_usec(statement, 13, dose->next_due_usec);
        bind_usec(statement, 14, dose->spacing_usec);
        bind_usec(statement, 15, dose->min_interval_usec);
        (void) sqlite3_bind_int(statement, 16, dose->critical);
        (void) sqlite3_bind_int(statement, 17, dose->confidential);
        (void) sqlite3_bind_int(statement, 18, dose->asks_amount);
        (void) sqlite3_bind_int(statement, 19, dose->stands_alone);
        r = store_run(store, statement);
        if (r != 0)
                return r;
        return find_dose(store, dose, ret_id);
}

static int insert_entry(struct store *store, int64_t dose_id, const struct entry *entry, int64_t *ret_id) {
        sqlite3_stmt *statement;
        int r;

        r = store_statement(store, STATEMENT_INSERT_ENTRY, &statement);
        if (r < 0)
                return r;
        (void) sqlite3_bind_int64(statement, 1, dose_id);
        bind_text(statement, 2, entry_kind_to_string(entry->kind));
        bind_text(statement, 3, dose_state_to_string(entry->state));
        bind_usec(statement, 4, entry->recorded_usec);
        bind_usec(statement, 5, entry->taken_usec);
        bind_usec(statement, 6, entry->until_usec);
        (void) sqlite3_bind_int(statement, 7, entry->later);
        bind_text(statement, 8, entry->recorded_by);
        bind_text(statement, 9, entry->given_by);
        bind_text(statement, 10, entry->amount);
        bind_text(statement, 11, entry->measurement);
        bind_text(statement, 12, entry->note);
        bind_text(statement, 13, entry->other);
        r = store_run(store, statement);
        if (r == 0)
                *ret_id = sqlite3_last_insert_rowid(store->database);
        return r;
}

static int set_standing(struct store *store, int64_t dose_id, const struct pending_entry *pending, int64_t entry_id) {
        const struct dose *dose = pending->dose;
        enum entry_kind kind = pending->entry.kind;
        bool records = kind == ENTRY_TAKEN || kind == ENTRY_SKIPPED || kind == ENTRY_CARRIED;
        sqlite3_stmt *statement;
        int r;

        r = store_statement(store, STATEMENT_SET_STANDING, &statement);
        if (r < 0)
                return r;
        (void) sqlite3_bind_int64(statement, 1, dose_id);
        bind_text(statement, 2, dose->person);
        bind_text(statement, 3, dose->medication);
        bind_text(statement, 4, dose_state_to_string(dose->state));
        bind_usec(statement, 5, dose->snoozed_until_usec);
        (void) sqlite3_bind_int64(statement, 6, dose->reminders);
        bind_usec(statement, 7, dose->reminded_usec);
        (void) sqlite3_bind_int(statement, 8, dose->was_unattended);
        if (records)
                (void) sqlite3_bind_int64(statement, 9, entry_id);
        else
                (void) sqlite3_bind_null(statement, 9);
        bind_usec(statement, 10, dose->state == DOSE_TAKEN ? dose->recorded.taken_usec : USEC_NONE);
        (void) sqlite3_bind_int(statement, 11, records || kind == ENTRY_UNDONE);
        return store_run(store, statement);
}

static int write_entry(struct store *store, const struct pending_entry *pending) {
        int64_t dose_id, entry_id;
        int r;

        r = find_dose(store, pending->dose, &dose_id);
        if (r == STORE_NOTHING)
                r = insert_dose(store, pending->dose, &dose_id);
        if (r != 0)
                return r;
        r = insert_entry(store, dose_id, &pending->entry, &entry_id);
        if (r != 0)
                return r;
        return set_standing(store, dose_id, pending, entry_id);
}

int ledger_write_pending(struct store *store) {
        sqlite3_stmt *statement;
        int r;

        for (size_t i = 0; i < store->n_pending; i++) {
                r = write_entry(store, &store->pending[i]);
                if (r != 0)
                        return r;
        }

        if (!store->mark_is_pending)
                return 0;
        r = store_statement(store, STATEMENT_SET_MARK, &statement);
        if (r < 0)
                return r;
        bind_usec(statement, 1, store->mark_usec);
        return store_run(store, statement);
}
