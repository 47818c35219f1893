/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading doses back from the ledger. */
#include "store/database.h"

void dose_list_done(struct dose_list *list) {
        for (size_t i = 0; i < list->n_doses; i++)
                dose_free(list->doses[i]);
        free(list->doses);
        *list = (struct dose_list){};
}

int dose_list_add(struct dose_list *list, struct dose *dose) {
        /* Grows at the powers of two. */
        if ((list->n_doses & (list->n_doses - 1)) == 0) {
                size_t n = list->n_doses ? 2 * list->n_doses : 1;
                struct dose **doses = reallocarray(list->doses, n, sizeof(*doses));

                if (!doses)
                        return -ENOMEM;
                list->doses = doses;
        }
        list->doses[list->n_doses++] = dose;
        return 0;
}

static int column_state(sqlite3_stmt *statement, int at, enum dose_state *ret) {
        const char *text = (const char *) sqlite3_column_text(statement, at);

        return text && dose_state_from_string(text, ret) == 0 ? 0 : -EIO;
}

/* Reads the columns of DOSE_COLUMNS from 24 on: the entry that recorded the dose. */
static int read_recorded(sqlite3_stmt *statement, struct dose *dose) {
        struct entry *entry = &dose->recorded;
        const char *kind = (const char *) sqlite3_column_text(statement, 24);
        int r;

        if (!kind)
                return 0;
        if (entry_kind_from_string(kind, &entry->kind) < 0)
                return -EIO;
        r = column_state(statement, 25, &entry->state);
        if (r < 0)
                return r;

        entry->recorded_usec = sqlite3_column_int64(statement, 26);
        entry->taken_usec = sqlite3_column_int64(statement, 27);
        entry->later = sqlite3_column_int(statement, 28);
        r = column_text(statement, 29, &entry->recorded_by);
        if (r >= 0)
                r = column_text(statement, 30, &entry->given_by);
        if (r >= 0)
                r = column_text(statement, 31, &entry->amount);
        if (r >= 0)
                r = column_text(statement, 32, &entry->measurement);
        if (r >= 0)
                r = column_text(statement, 33, &entry->note);
        if (r >= 0)
                r = column_text(statement, 34, &entry->other);
        if (r >= 0)
                dose->has_recorded = true;
        return r;
}

static int read_dose(sqlite3_stmt *statement, struct dose **ret) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        char **texts[9];
        int r = 0;

        dose = calloc(1, sizeof(*dose));
        if (!dose)
                return -ENOMEM;

        texts[0] = &dose->person;
        texts[1] = &dose->uid;
        texts[2] = &dose->recurrence_id;
        texts[3] = &dose->medication;
        texts[4] = &dose->title;
        texts[5] = &dose->amount;
        texts[6] = &dose->instructions;
        texts[7] = &dose->purpose;
        texts[8] = &dose->if_missed;
        for (size_t i = 0; r >= 0 && i < ELEMENTS(texts); i++)
                r = column_text(statement, (int) i, texts[i]);
        if (r < 0)
                return r;

        dose->due_usec = sqlite3_column_int64(statement, 9);
        dose->window_end_usec = sqlite3_column_int64(statement, 10);
        dose->early_usec = sqlite3_column_int64(statement, 11);
        dose->next_due_usec = sqlite3_column_int64(statement, 12);
        dose->spacing_usec = sqlite3_column_int64(statement, 13);
        dose->min_interval_usec = sqlite3_column_int64(statement, 14);
        dose->critical = sqlite3_column_int(statement, 15);
        dose->confidential = sqlite3_column_int(statement, 16);
        dose->asks_amount = sqlite3_column_int(statement, 17);
        dose->stands_alone = sqlite3_column_int(statement, 18);
        r = column_state(statement, 19, &dose->state);
        if (r < 0)
                return r;
        dose->snoozed_until_usec = sqlite3_column_int64(statement, 20);
        dose->reminders = (unsigned) sqlite3_column_int64(statement, 21);
        dose->reminded_usec = sqlite3_column_int64(statement, 22);
        dose->was_unattended = sqlite3_column_int(statement, 23);
        r = read_recorded(statement, dose);
        if (r < 0)
                return r;

        *ret = TAKE(dose);
        return 0;
}

static int read_doses(struct store *store, sqlite3_stmt *statement, struct dose_list *ret) {
        _cleanup_(dose_list_done) struct dose_list list = {};
        int r;

        while ((r = store_step(store, statement)) > 0) {
                _cleanup_(dose_free_p) struct dose *dose = NULL;

                r = read_dose(statement, &dose);
                if (r >= 0)
                        r = dose_list_add(&list, dose);
                if (r < 0) {
                        (void) sqlite3_reset(statement);
                        return r;
                }
                (void) TAKE(dose);
        }
        if (r < 0)
                return r;

        *ret = list;
        list = (struct dose_list){};
        return 0;
}

static int read_one(struct store *store, sqlite3_stmt *statement, struct dose **ret) {
        _cleanup_(dose_list_done) struct dose_list list = {};
        int r;

        r = read_doses(store, statement, &list);
        if (r < 0)
                return r;
        if (list.n_doses == 0)
                return STORE_NOTHING;
        *ret = TAKE(list.doses[0]);
        return 0;
}

int store_get_dose(struct store *store, const char *person, const char *uid, const char *recurrence_id,
                   struct dose **ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_GET_DOSE, &statement, "sss", person, uid, recurrence_id);
        return r < 0 ? r : read_one(store, statement, ret);
}

int store_last_dose(struct store *store, const char *person, const char *uid, struct dose **ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LAST_DOSE, &statement, "ss", person, uid);
        return r < 0 ? r : read_one(store, statement, ret);
}

int store_list_open(struct store *store, struct dose_list *ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LIST_OPEN, &statement, "");
        if (r < 0)
                return r;
        return read_doses(store, statement, ret);
}

int store_list_doses(struct store *store, const char *person, const char *medication, usec_t from_usec,
                     usec_t until_usec, size_t limit, struct dose_list *ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LIST_DOSES, &statement, "ssiii", person, medication, from_usec, until_usec,
                        (int64_t) limit);
        if (r < 0)
                return r;
        return read_doses(store, statement, ret);
}

static int last_taken(struct store *store, enum statement which, const char *person, const char *name, usec_t *ret_usec) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, which, &statement, "ss", person, name);
        if (r < 0)
                return r;
        r = store_step(store, statement);
        if (r < 0)
                return r;
        *ret_usec = r > 0 ? sqlite3_column_int64(statement, 0) : USEC_NONE;
        (void) sqlite3_reset(statement);
        return 0;
}

int store_last_taken(struct store *store, const char *person, const char *medication, usec_t *ret_usec) {
        return last_taken(store, STATEMENT_LAST_TAKEN, person, medication, ret_usec);
}

int store_last_taken_uid(struct store *store, const char *person, const char *uid, usec_t *ret_usec) {
        return last_taken(store, STATEMENT_LAST_TAKEN_UID, person, uid, ret_usec);
}

int store_get_mark(struct store *store, usec_t *ret_usec) {
        sqlite3_stmt *statement;
        int r;

        if (store->mark_is_pending) {
                *ret_usec = store->mark_usec;
                return 0;
        }

        r = store_query(store, STATEMENT_GET_MARK, &statement, "");
        if (r < 0)
                return r;
        r = store_step(store, statement);
        if (r < 0)
                return r;
        if (r == 0)
                return STORE_NOTHING;
        *ret_usec = sqlite3_column_int64(statement, 0);
        (void) sqlite3_reset(statement);
        return 0;
}
