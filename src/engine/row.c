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

int row_count(struct engine *engine, const struct dose *dose, struct row *ret) {
        struct row row = { .n_doses = 1, .first_due_usec = dose->due_usec };
        _cleanup_(dose_list_done) struct dose_list latest = {};
        int r;

        r = engine_forgive_ledger(engine, store_list_latest(engine->store, dose->person, dose->medication,
                                                            dose->due_usec, LIMIT_ROW_DOSES, &latest));
        for (size_t i = 0; r >= 0 && i < latest.n_doses; i++) {
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
        if (r < 0)
                return r;
        *ret = row;
        return 0;
}

static bool asks_about(const struct telling *telling, const struct row *row, const struct dose *dose) {
        return telling->event == EVENT_STOPPED && telling->state != TELLING_DROPPED &&
               text_equal(telling->person, dose->person) && text_equal(telling->text, dose->medication) &&
               telling->happened_usec > row->first_due_usec;
}

int row_was_asked_about(struct engine *engine, const struct row *row, const struct dose *dose,
                        const struct recipient *recipient, bool *ret) {
        _cleanup_(telling_list_done) struct telling_list last = {};
        const struct live_telling *live;
        int r;

        for (live = recipient->tellings; live; live = live->next)
                if (asks_about(&live->telling, row, dose)) {
                        *ret = true;
                        return 0;
                }
        r = engine_forgive_ledger(engine, store_list_tellings_of_event(engine->store, recipient->name, EVENT_STOPPED,
                                                                       dose->person, dose->medication, 1, &last));
        if (r < 0)
                return r;
        *ret = last.n_tellings > 0 && asks_about(&last.tellings[0], row, dose);
        return 0;
}
