/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writing the ledger: a dose at its first entry, the entry, and what the dose stands at from then on. */
#include "store/database.h"

static int find_dose(struct store *store, const struct dose *dose, int64_t *ret_id) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_FIND_DOSE, &statement, "sss", dose->person, dose->uid, dose->recurrence_id);
        if (r < 0)
                return r;
        r = store_step(store, statement);
        if (r <= 0)
                return r < 0 ? r : STORE_NOTHING;
        *ret_id = sqlite3_column_int64(statement, 0);
        (void) sqlite3_reset(statement);
        return 0;
}

static int insert_dose(struct store *store, const struct dose *dose, int64_t *ret_id) {
        int r;

        r = store_execute(store, STATEMENT_INSERT_DOSE, "sssssssssiiiiiiiiii", dose->person, dose->uid, dose->recurrence_id,
                          dose->medication, dose->title, dose->amount, dose->instructions, dose->purpose,
                          dose->if_missed, dose->due_usec, dose->window_end_usec, dose->early_usec,
                          dose->next_due_usec, dose->spacing_usec, dose->min_interval_usec, (int64_t) dose->critical,
                          (int64_t) dose->confidential, (int64_t) dose->asks_amount, (int64_t) dose->stands_alone);
        if (r != 0)
                return r;
        return find_dose(store, dose, ret_id);
}

static int insert_entry(struct store *store, int64_t dose_id, const struct entry *entry, int64_t *ret_id) {
        int r;

        r = store_execute(store, STATEMENT_INSERT_ENTRY, "issiiiissssss", dose_id, entry_kind_to_string(entry->kind),
                          dose_state_to_string(entry->state), entry->recorded_usec, entry->taken_usec,
                          entry->until_usec, (int64_t) entry->later, entry->recorded_by, entry->given_by,
                          entry->amount, entry->measurement, entry->note, entry->other);
        if (r == 0)
                *ret_id = sqlite3_last_insert_rowid(store->database);
        return r;
}

static int execute_standing(struct store *store, enum statement which, int64_t dose_id,
                            const struct pending_entry *pending, int64_t entry_id) {
        const struct dose *dose = pending->dose;
        enum entry_kind kind = pending->entry.kind;
        bool records = kind == ENTRY_TAKEN || kind == ENTRY_SKIPPED || kind == ENTRY_WITHDRAWN ||
                       kind == ENTRY_CARRIED;
        bool forgets = kind == ENTRY_UNDONE || kind == ENTRY_TRAVELLED ||
                       (kind == ENTRY_MOVED && dose->state != DOSE_MOVED);

        return store_execute(store, which, "isssiiiiiiiisiiiiiiisi", dose_id, dose->person, dose->medication,
                             dose_state_to_string(dose->state), dose->snoozed_until_usec, (int64_t) dose->reminders,
                             dose->reminded_usec, (int64_t) dose->was_unattended, entry_id,
                             dose->state == DOSE_TAKEN ? dose->recorded.taken_usec : USEC_NONE,
                             (int64_t) (records || forgets), (int64_t) records, dose->uid, dose->due_usec,
                             dose->window_end_usec, dose->early_usec, dose->next_due_usec, dose->spacing_usec,
                             dose->min_interval_usec, dose->snoozed_usec, dose->moved_to, dose->first_due_usec);
}

static int set_standing(struct store *store, int64_t dose_id, const struct pending_entry *pending, int64_t entry_id) {
        int r;

        r = execute_standing(store, STATEMENT_UPDATE_STANDING, dose_id, pending, entry_id);
        if (r != 0 || sqlite3_changes(store->database) > 0)
                return r;
        return execute_standing(store, STATEMENT_SET_STANDING, dose_id, pending, entry_id);
}

int ledger_write(struct store *store, const struct pending_entry *pending) {
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
