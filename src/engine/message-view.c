/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a message says, for those who put it in words. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "engine/private.h"

#define SUMMARY_REACH (2 * USEC_PER_DAY) /* how long a dose may be open, or be taken ahead, to be counted */

int telling_copy_dose(struct engine *engine, const struct telling *telling, struct dose **ret) {
        _cleanup_(free_p) char *id = NULL;
        struct live_dose *live;
        int r;

        *ret = NULL;
        if (!telling->uid)
                return 0;
        r = dose_id_format(telling->person, telling->uid, telling->recurrence_id, &id);
        if (r < 0)
                return r;
        live = live_find(engine, id);
        if (live)
                return dose_copy(live->dose, ret);
        r = engine_read_dose(engine, telling->person, telling->uid, telling->recurrence_id, ret);
        if (r < 0 || *ret)
                return r;

        /* An alarm may come before its dose has an entry. */
        r = engine_forgive_ledger(engine, live_acquire(engine, id, &live));
        if (r != 0)
                return r < 0 ? r : 0;
        r = live_touch(engine, live);
        return r < 0 ? r : dose_copy(live->dose, ret);
}

void outbox_forget_view(struct outbox *outbox) {
        for (size_t i = 0; i < outbox->n_doses_shown; i++)
                dose_free(outbox->doses_shown[i]);
        free(TAKE(outbox->doses_shown));
        free(TAKE(outbox->items));
        free(TAKE(outbox->summaries));
        outbox->n_doses_shown = 0;
}

/* When it was decided what became of it: by somebody, or by the end of its window. */
static usec_t settled_usec(const struct dose *dose) {
        return dose_is_recorded(dose) ? dose->recorded.recorded_usec : dose->window_end_usec;
}

static void count_dose(struct message_summary *summary, const struct dose *dose) {
        bool is_settled = dose_is_recorded(dose) || dose_is_settled_by_time(dose);

        /* What was open at one summary's hour is counted with the next. Hidden doses are not counted at all. */
        if (is_settled && (settled_usec(dose) <= summary->from_usec || settled_usec(dose) > summary->until_usec))
                return;
        switch (dose->state) {
        case DOSE_TAKEN:
                summary->n_taken++;
                summary->n_late += dose->recorded.taken_usec > dose->window_end_usec;
                break;
        case DOSE_SKIPPED:
                summary->n_skipped += !dose_is_off_plan(dose);
                break;
        case DOSE_MISSED:
                summary->n_missed++;
                break;
        case DOSE_UNATTENDED:
                summary->n_unattended++;
                break;
        case DOSE_DUE:
        case DOSE_SNOOZED:
                summary->n_open++;
                break;
        case DOSE_UPCOMING:
        case DOSE_AWAY:
        case DOSE_MOVED:
        case _DOSE_STATE_MAX:
                break;
        }
}

/* What is in hand is newer than what is written, and on a full disk perhaps not written at all. */
static int sum_up(struct engine *engine, const struct telling *telling, struct message_summary *ret) {
        _cleanup_(dose_list_done) struct dose_list doses = {};
        struct message_summary summary = {
                .person = telling->person,
                .from_usec = telling->text ? strtoll(telling->text, NULL, 10) : telling->happened_usec - USEC_PER_DAY,
                .until_usec = telling->happened_usec,
        };
        const struct live_dose *live;
        int r;

        r = engine_forgive_ledger(
                engine, store_list_doses(engine->store, summary.person, NULL, summary.from_usec - SUMMARY_REACH,
                                         summary.until_usec + SUMMARY_REACH, LIMIT_LIST_DOSES, &doses));
        for (size_t i = 0; r >= 0 && i < doses.n_doses; i++) {
                _cleanup_(free_p) char *id = NULL;

                r = dose_id(doses.doses[i], &id);
                if (r >= 0 && !live_find(engine, id) && !dose_is_private(engine, doses.doses[i]))
                        count_dose(&summary, doses.doses[i]);
        }
        for (live = engine->live; live; live = live->hh.next)
                if (text_equal(live->person->name, summary.person) && !dose_is_private(engine, live->dose))
                        count_dose(&summary, live->dose);
        if (r < 0)
                return r;
        *ret = summary;
        return 0;
}

int message_show(struct engine *engine, struct recipient *recipient, size_t n, struct message_view *ret) {
        struct outbox *outbox = &engine->outbox;
        const struct live_telling *live;
        size_t n_items = 0, n_summaries = 0;
        int r;

        outbox->items = calloc(n + 1, sizeof(*outbox->items));
        outbox->summaries = calloc(n + 1, sizeof(*outbox->summaries));
        outbox->doses_shown = calloc(n + 1, sizeof(*outbox->doses_shown));
        if (!outbox->items || !outbox->summaries || !outbox->doses_shown)
                return -ENOMEM;

        for (live = recipient->tellings; live && n_items < n; live = live->next) {
                const struct telling *telling = &live->telling;
                const struct person *person = telling->person ? engine_find_person(engine, telling->person) : NULL;
                const struct slot *slot = person && telling->uid ? person_find_slot(person, telling->uid) : NULL;
                struct dose *dose;

                if (telling->state != TELLING_SEALED)
                        continue;
                r = telling_copy_dose(engine, telling, &dose);
                if (r >= 0 && telling->event == EVENT_SUMMARY)
                        r = sum_up(engine, telling, &outbox->summaries[n_summaries++]);
                if (r < 0)
                        return r;
                if (dose)
                        outbox->doses_shown[outbox->n_doses_shown++] = dose;
                outbox->items[n_items++] = (struct message_item){
                        .telling = telling,
                        .dose = dose,
                        .clock = person ? &person->clock : &recipient->policy.clock,
                        .medication_kind = slot ? kind_to_string(slot->schedule->kind) : NULL,
                        .is_private = dose && dose_is_private(engine, dose),
                };
        }
        *ret = (struct message_view){
                .message = recipient->open,
                .items = outbox->items,
                .n_items = n_items,
                .summaries = outbox->summaries,
                .n_summaries = n_summaries,
        };
        return 0;
}
