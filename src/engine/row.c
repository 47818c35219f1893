/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doses of a medication that nobody confirmed, one after the other: a reason to ask whether it was stopped. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "engine/private.h"

/* Where nobody was reminded, or nobody had to answer, nothing follows from it. */
static bool says_nothing(const struct dose *dose) {
        return dose->state == DOSE_UNATTENDED || dose->state == DOSE_AWAY || dose_is_off_plan(dose);
}

static int find_row(struct engine *engine, const struct dose *dose, struct row *ret) {
        struct row row = { .n_doses = 1, .first_due_usec = dose->due_usec };
        _cleanup_(dose_list_done) struct dose_list latest = {};
        size_t i;
        int r;

        r = engine_forgive_ledger(engine, store_list_latest(engine->store, dose->person, dose->medication,
                                                            dose->due_usec, LIMIT_ROW_DOSES, &latest));
        for (i = 0; r >= 0 && i < latest.n_doses; i++) {
                const struct dose *before = latest.doses[i];
                _cleanup_(free_p) char *id = NULL;
                const struct live_dose *live;

                r = dose_id(before, &id);
                if (r < 0)
                        return r;
                live = live_find(engine, id);
                if (live)
                        before = live->dose;
                if (says_nothing(before))
                        continue;
                if (before->state != DOSE_MISSED)
                        break;
                /* Two tablets at the same moment are one occasion. */
                if (before->due_usec >= row.first_due_usec)
                        continue;
                row.first_due_usec = before->due_usec;
                row.n_doses++;
        }
        /* It began before all that was looked at. */
        if (r >= 0 && i == LIMIT_ROW_DOSES)
                r = engine_forgive_ledger(engine, store_find_row_start(engine->store, dose->person, dose->medication,
                                                                       row.first_due_usec, &row.first_due_usec));
        if (r < 0)
                return r;
        *ret = row;
        return 0;
}

static int note_asked(struct row *row, const struct recipient *recipient) {
        const struct recipient **grown;

        if (!recipient || row_was_asked_about(row, recipient))
                return 0;
        grown = reallocarray(row->asked, row->n_asked + 1, sizeof(struct recipient *));
        if (!grown)
                return -ENOMEM;
        row->asked = grown;
        grown[row->n_asked++] = recipient;
        return 0;
}

static int find_asked(struct engine *engine, const struct dose *dose, struct row *row) {
        _cleanup_(telling_list_done) struct telling_list written = {};
        const struct outbox *outbox = &engine->outbox;
        struct live_telling *live;
        int r;

        r = engine_forgive_ledger(
                engine, store_list_asked(engine->store, dose->person, dose->medication, row->first_due_usec, &written));
        for (size_t i = 0; r >= 0 && i < written.n_tellings; i++) {
                /* What is in hand is newer, and looked at below. */
                HASH_FIND(hh, outbox->tellings, &written.tellings[i].id, sizeof(written.tellings[i].id), live);
                if (!live)
                        r = note_asked(row, outbox_find_recipient(outbox, written.tellings[i].recipient));
        }
        if (r >= 0)
                r = outbox_asks_about(outbox, dose->person, dose->medication, &live);
        for (; r >= 0 && live; live = live->asks_next)
                if (live->telling.state != TELLING_DROPPED && live->telling.happened_usec > row->first_due_usec)
                        r = note_asked(row, live->recipient);
        return r;
}

int row_count(struct engine *engine, const struct dose *dose, struct row *ret) {
        struct row row = {};
        int r;

        r = find_row(engine, dose, &row);
        if (r >= 0 && row.n_doses >= ROW_ASKS)
                r = find_asked(engine, dose, &row);
        if (r < 0) {
                row_done(&row);
                return r;
        }
        *ret = row;
        return 0;
}

void row_done(struct row *row) {
        free(row->asked);
}

bool row_was_asked_about(const struct row *row, const struct recipient *recipient) {
        for (size_t i = 0; i < row->n_asked; i++)
                if (row->asked[i] == recipient)
                        return true;
        return false;
}
