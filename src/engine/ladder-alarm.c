/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * VALARMs with ACTION:EMAIL. Only who is a caregiver of that person is ever mailed: an address in a file that somebody sent is no
 * reason to write to it.
 */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

#define ALARM_LATE USEC_PER_HOUR /* one that is later than that is of no use */

/* What one dose is mailed about, while it is looked at. */
struct look {
        struct engine *engine;
        const struct live_dose *live;
        struct told told;
        usec_t now_usec;
};

static bool is_told(const struct look *look, const struct recipient *recipient, usec_t at_usec) {
        const struct live_telling *live;

        for (live = told_in_hand(&look->told); live; live = live->dose_next)
                if (live->recipient == recipient && live->telling.event == EVENT_ALARM &&
                    live->telling.happened_usec == at_usec && live->telling.state != TELLING_DROPPED)
                        return true;
        for (size_t i = 0; i < look->told.written.n_tellings; i++) {
                const struct telling *telling = &look->told.written.tellings[i];

                if (telling->event == EVENT_ALARM && telling->happened_usec == at_usec &&
                    telling->state != TELLING_DROPPED && strcmp(telling->recipient, recipient->name) == 0)
                        return true;
        }
        return false;
}

static int tell(const struct look *look, struct recipient *recipient, usec_t at_usec) {
        const struct dose *dose = look->live->dose;
        const struct telling telling = {
                .event = EVENT_ALARM,
                .person = dose->person,
                .uid = dose->uid,
                .recurrence_id = dose->recurrence_id,
                .happened_usec = at_usec,
                .not_before_usec = AT_ONCE(at_usec) + 1, /* somebody chose that minute */
        };

        return is_told(look, recipient, at_usec) ? 0 : outbox_add(look->engine, recipient, &telling);
}

static bool is_addressed(const struct recipient *recipient, const struct alarm *mail) {
        for (size_t i = 0; recipient->policy.email && i < mail->n_addresses; i++)
                if (text_equal_caseless(recipient->policy.email, mail->addresses[i]))
                        return true;
        return false;
}

static bool is_meant(usec_t at_usec, const usec_t *times_usec, size_t n_times) {
        for (size_t i = 0; i < n_times; i++)
                if (times_usec[i] == at_usec)
                        return true;
        return false;
}

/* Those of its times that lie ahead, or passed while the machine was started. */
static int tell_mail(const struct look *look, const struct alarm *mail, const usec_t *times_usec, size_t n_times,
                     usec_t since_usec) {
        struct outbox *outbox = &look->engine->outbox;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];

                if (!recipient->is_wanted || !recipient_cares_for(recipient, look->live->dose->person) ||
                    !is_addressed(recipient, mail))
                        continue;
                for (size_t k = 0; r >= 0 && k < n_times; k++)
                        if (times_usec[k] > since_usec && times_usec[k] >= look->now_usec - ALARM_LATE)
                                r = tell(look, recipient, times_usec[k]);
        }
        return r;
}

/* All times of all mails of the occurrence, joined. The caller frees. */
static int find_times(const struct occurrence *occurrence, const struct wall_clock *clock, usec_t **ret_usec,
                      size_t *ret_n) {
        _cleanup_(free_p) usec_t *all = NULL;
        size_t n_all = 0;

        for (size_t i = 0; i < occurrence->details->n_mails; i++) {
                _cleanup_(free_p) usec_t *times = NULL;
                usec_t *grown;
                size_t n;
                int r = occurrence_mail(occurrence, clock, &occurrence->details->mails[i], &times, &n);

                if (r < 0)
                        return r;
                grown = reallocarray(all, n_all + n + 1, sizeof(*grown));
                if (!grown)
                        return -ENOMEM;
                all = grown;
                for (size_t k = 0; k < n; k++)
                        all[n_all++] = times[k];
        }
        *ret_usec = TAKE(all);
        *ret_n = n_all;
        return 0;
}

static int drop_unmeant(struct engine *engine, const struct live_dose *dose, const usec_t *times_usec, size_t n_times) {
        struct live_telling *live;
        int r = 0;

        for (live = outbox_of_dose(&engine->outbox, dose->id); r >= 0 && live; live = live->dose_next)
                if (live->telling.event == EVENT_ALARM && live->telling.state == TELLING_WAITS &&
                    !is_meant(live->telling.happened_usec, times_usec, n_times))
                        r = live_telling_set(engine, live, TELLING_DROPPED, 0);
        return r;
}

int ladder_alarms(struct engine *engine, const struct live_dose *live, usec_t now_usec) {
        struct look look = { .engine = engine, .live = live, .now_usec = now_usec };
        const struct slot *slot = person_find_slot(live->person, live->dose->uid);
        _cleanup_(free_p) usec_t *all = NULL;
        struct occurrence occurrence;
        size_t n_all;
        int r;

        if (engine->outbox.n_recipients == 0 || dose_is_recorded(live->dose) || dose_is_private(engine, live->dose))
                return 0;
        if (slot && slot->schedule->details.n_mails == 0 && slot->schedule->n_overrides == 0 &&
            !outbox_of_dose(&engine->outbox, live->id))
                return 0;
        /* A dose that the plan has no more mails nobody. */
        if (!slot || slot_find(slot, live->dose->recurrence_id, &occurrence) != 0)
                return drop_unmeant(engine, live, NULL, 0);
        r = find_times(&occurrence, &live->person->clock, &all, &n_all);
        if (r >= 0)
                r = drop_unmeant(engine, live, all, n_all);
        if (r < 0 || occurrence.details->n_mails == 0)
                return r;

        r = told_load(engine, live->dose, NULL, &look.told);
        for (size_t i = 0; r >= 0 && i < occurrence.details->n_mails; i++) {
                const struct alarm *mail = &occurrence.details->mails[i];
                _cleanup_(free_p) usec_t *times = NULL;
                size_t n;

                r = occurrence_mail(&occurrence, &live->person->clock, mail, &times, &n);
                if (r >= 0)
                        r = tell_mail(&look, mail, times, n, slot->since_usec);
        }
        told_done(&look.told);
        return r;
}
