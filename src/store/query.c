/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading doses back from the ledger. */
#include "dosed/text.h"
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

/* Reads the columns of DOSE_COLUMNS from `at` on: the entry that recorded the dose. */
static int read_recorded(sqlite3_stmt *statement, int at, struct dose *dose) {
        struct entry *entry = &dose->recorded;
        const char *kind = (const char *) sqlite3_column_text(statement, at++);
        char **const texts[] = { &entry->recorded_by, &entry->given_by,    &entry->amount,
                                 &entry->measurement, &entry->note, &entry->other };
        int r;

        if (!kind)
                return 0;
        if (entry_kind_from_string(kind, &entry->kind) < 0)
                return -EIO;
        r = column_state(statement, at++, &entry->state);
        if (r < 0)
                return r;

        entry->recorded_usec = sqlite3_column_int64(statement, at++);
        entry->taken_usec = sqlite3_column_int64(statement, at++);
        entry->later = sqlite3_column_int(statement, at++);
        for (size_t i = 0; r >= 0 && i < ELEMENTS(texts); i++)
                r = column_text(statement, at++, texts[i]);
        if (r >= 0)
                dose->has_recorded = true;
        return r;
}

#define DOSE_TEXTS 10

static int read_texts(sqlite3_stmt *statement, struct dose *dose) {
        char **const texts[DOSE_TEXTS] = {
                &dose->person, &dose->uid,          &dose->recurrence_id, &dose->medication, &dose->title,
                &dose->amount, &dose->instructions, &dose->purpose,       &dose->if_missed,  &dose->moved_to,
        };
        int r = 0;

        for (int i = 0; r >= 0 && i < DOSE_TEXTS; i++)
                r = column_text(statement, i, texts[i]);
        return r;
}

static int read_dose(sqlite3_stmt *statement, struct dose **ret) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        int at, r;

        dose = calloc(1, sizeof(*dose));
        if (!dose)
                return -ENOMEM;
        r = read_texts(statement, dose);
        if (r < 0)
                return r;
        at = DOSE_TEXTS;

        dose->due_usec = sqlite3_column_int64(statement, at++);
        dose->window_end_usec = sqlite3_column_int64(statement, at++);
        dose->early_usec = sqlite3_column_int64(statement, at++);
        dose->next_due_usec = sqlite3_column_int64(statement, at++);
        dose->spacing_usec = sqlite3_column_int64(statement, at++);
        dose->min_interval_usec = sqlite3_column_int64(statement, at++);
        dose->critical = sqlite3_column_int(statement, at++);
        dose->confidential = sqlite3_column_int(statement, at++);
        dose->asks_amount = sqlite3_column_int(statement, at++);
        dose->stands_alone = sqlite3_column_int(statement, at++);
        r = column_state(statement, at++, &dose->state);
        if (r < 0)
                return r;
        dose->snoozed_usec = sqlite3_column_int64(statement, at++);
        dose->snoozed_until_usec = sqlite3_column_int64(statement, at++);
        dose->reminders = (unsigned) sqlite3_column_int64(statement, at++);
        dose->reminded_usec = sqlite3_column_int64(statement, at++);
        dose->was_unattended = sqlite3_column_int(statement, at++);
        dose->first_due_usec = sqlite3_column_int64(statement, at++);
        r = read_recorded(statement, at, dose);
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
        const struct dose *pending = queue_find_dose(store, person, uid, recurrence_id);
        sqlite3_stmt *statement;
        int r;

        if (pending)
                return dose_copy(pending, ret);
        r = store_query(store, STATEMENT_GET_DOSE, &statement, "sss", person, uid, recurrence_id);
        return r < 0 ? r : read_one(store, statement, ret);
}

int store_last_dose(struct store *store, const char *person, const char *uid, usec_t before_usec, usec_t come_usec,
                    struct dose **ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LAST_DOSE, &statement, "ssii", person, uid, before_usec, come_usec);
        return r < 0 ? r : read_one(store, statement, ret);
}

static bool goes_along(const struct entry *entry) {
        return entry->state == DOSE_UPCOMING && (entry->kind == ENTRY_TRAVELLED || entry->kind == ENTRY_REMINDED);
}

static int settled_as(enum dose_state state, enum dose_state *ret) {
        if (state != DOSE_MISSED && state != DOSE_UNATTENDED)
                return STORE_NOTHING;
        *ret = state;
        return 0;
}

int store_find_settled(struct store *store, const char *person, const char *uid, const char *recurrence_id,
                       enum dose_state *ret) {
        sqlite3_stmt *statement;
        enum dose_state state;
        int r;

        for (size_t i = store->n_entries; i-- > 0;) {
                const struct dose *dose = store->entries[i].dose;
                const struct entry *entry = &store->entries[i].entry;

                if (strcmp(dose->uid, uid) == 0 && strcmp(dose->recurrence_id, recurrence_id) == 0 &&
                    strcmp(dose->person, person) == 0 && !goes_along(entry))
                        return settled_as(entry->state, ret);
        }

        r = store_query(store, STATEMENT_LAST_SETTLED, &statement, "sss", person, uid, recurrence_id);
        if (r >= 0)
                r = store_step(store, statement);
        if (r <= 0)
                return r < 0 ? r : STORE_NOTHING;
        r = column_state(statement, 0, &state);
        if (r >= 0)
                r = settled_as(state, ret);
        (void) sqlite3_reset(statement);
        return r;
}

static bool is_pending(const struct store *store, const struct dose *dose) {
        return queue_find_dose(store, dose->person, dose->uid, dose->recurrence_id);
}

/* The newest version of each dose of that person that waits to be written. */
static int add_pending_open(struct store *store, const char *person, struct dose_list *list) {
        for (size_t i = 0; i < store->n_entries; i++) {
                const struct dose *dose = store->entries[i].dose;
                struct dose *copy;
                int r;

                if (strcmp(dose->person, person) != 0 || (!dose_is_open(dose) && dose->state != DOSE_UPCOMING) ||
                    queue_find_dose(store, dose->person, dose->uid, dose->recurrence_id) != dose)
                        continue;
                r = dose_copy(dose, &copy);
                if (r < 0)
                        return r;
                r = dose_list_add(list, copy);
                if (r < 0) {
                        dose_free(copy);
                        return r;
                }
        }
        return 0;
}

int store_list_open(struct store *store, const char *person, struct dose_list *ret) {
        _cleanup_(dose_list_done) struct dose_list stored = {}, list = {};
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LIST_OPEN, &statement, "s", person);
        if (r >= 0)
                r = read_doses(store, statement, &stored);
        for (size_t i = 0; r >= 0 && i < stored.n_doses; i++)
                if (!is_pending(store, stored.doses[i])) {
                        r = dose_list_add(&list, stored.doses[i]);
                        if (r >= 0)
                                stored.doses[i] = NULL;
                }
        if (r >= 0)
                r = add_pending_open(store, person, &list);
        if (r < 0)
                return r;
        *ret = list;
        list = (struct dose_list){};
        return 0;
}

int store_list_doses(struct store *store, const char *person, const char *uid, usec_t from_usec, usec_t until_usec,
                     size_t limit, struct dose_list *ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LIST_DOSES, &statement, "ssiii", person, uid, from_usec, until_usec,
                        (int64_t) limit);
        return r < 0 ? r : read_doses(store, statement, ret);
}

int store_list_ahead(struct store *store, const char *person, usec_t now_usec, size_t limit, struct dose_list *ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LIST_AHEAD, &statement, "sii", person, now_usec, (int64_t) limit);
        return r < 0 ? r : read_doses(store, statement, ret);
}

int store_list_takeable(struct store *store, const char *person, usec_t now_usec, size_t limit, struct dose_list *ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LIST_TAKEABLE, &statement, "sii", person, now_usec, (int64_t) limit);
        return r < 0 ? r : read_doses(store, statement, ret);
}

int store_list_latest(struct store *store, const char *person, const char *medication, usec_t until_usec, size_t limit,
                      struct dose_list *ret) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LIST_LATEST, &statement, "ssii", person, medication, until_usec, (int64_t) limit);
        return r < 0 ? r : read_doses(store, statement, ret);
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

int store_find_row_start(struct store *store, const char *person, const char *medication, usec_t until_usec,
                         usec_t *ret_usec) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_ROW_START, &statement, "ssi", person, medication, until_usec);
        if (r >= 0)
                r = store_step(store, statement);
        if (r <= 0)
                return r;
        *ret_usec = sqlite3_column_int64(statement, 0);
        (void) sqlite3_reset(statement);
        return 0;
}

/* What waits to be written was taken, too. */
static void note_pending_taken(const struct store *store, const char *person, const char *medication, const char *uid,
                               usec_t *usec) {
        for (size_t i = 0; i < store->n_entries; i++) {
                const struct dose *dose = store->entries[i].dose;

                if (dose->state == DOSE_TAKEN && dose->recorded.taken_usec > *usec && strcmp(dose->person, person) == 0 &&
                    strcmp(medication ? dose->medication : dose->uid, medication ? medication : uid) == 0 &&
                    queue_find_dose(store, dose->person, dose->uid, dose->recurrence_id) == dose)
                        *usec = dose->recorded.taken_usec;
        }
}

int store_last_taken(struct store *store, const char *person, const char *medication, usec_t *ret_usec) {
        int r = last_taken(store, STATEMENT_LAST_TAKEN, person, medication, ret_usec);

        if (r >= 0)
                note_pending_taken(store, person, medication, NULL, ret_usec);
        return r;
}

int store_last_taken_uid(struct store *store, const char *person, const char *uid, usec_t *ret_usec) {
        int r = last_taken(store, STATEMENT_LAST_TAKEN_UID, person, uid, ret_usec);

        if (r >= 0)
                note_pending_taken(store, person, NULL, uid, ret_usec);
        return r;
}

int store_get_mark(struct store *store, const char *person, usec_t *ret_usec, char **ret_clock) {
        const struct pending_mark *pending = queue_find_mark(store, person);
        sqlite3_stmt *statement;
        int r;

        if (pending) {
                r = text_copy(pending->clock, ret_clock);
                if (r >= 0)
                        *ret_usec = pending->until_usec;
                return r;
        }

        r = store_query(store, STATEMENT_GET_MARK, &statement, "s", person);
        if (r < 0)
                return r;
        r = store_step(store, statement);
        if (r <= 0)
                return r < 0 ? r : STORE_NOTHING;
        r = column_text(statement, 1, ret_clock);
        if (r >= 0)
                *ret_usec = sqlite3_column_int64(statement, 0);
        (void) sqlite3_reset(statement);
        return r;
}
