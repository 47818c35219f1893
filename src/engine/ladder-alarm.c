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

/* The times of one mail of the occurrence. */
struct mail_times {
        const struct alarm *mail;
        usec_t *usec; /* owned */
        size_t n;
};

struct mails {
        struct mail_times *items;
        size_t n_items;
};

static void mails_done(struct mails *mails) {
        for (size_t i = 0; i < mails->n_items; i++)
                free(mails->items[i].usec);
        free(mails->items);
}

static int find_mails(const struct occurrence *occurrence, const struct wall_clock *clock, struct mails *ret) {
        size_t n_mails = occurrence->details->n_mails;
        struct mails mails = { .items = calloc(n_mails + 1, sizeof(*mails.items)) };
        int r = mails.items ? 0 : -ENOMEM;

        while (r >= 0 && mails.n_items < n_mails) {
                struct mail_times *times = &mails.items[mails.n_items++];

                times->mail = &occurrence->details->mails[mails.n_items - 1];
                r = occurrence_alarm(occurrence, clock, times->mail, &times->usec, &times->n);
        }
        if (r < 0) {
                mails_done(&mails);
                return r;
        }
        *ret = mails;
        return 0;
}

/* Those of its times that lie ahead, or passed while the machine was started. */
static int tell_mail(const struct look *look, const struct mail_times *times, usec_t since_usec) {
        struct outbox *outbox = &look->engine->outbox;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];

                if (!recipient->is_wanted || !recipient_cares_for(recipient, look->live->dose->person) ||
                    !is_addressed(recipient, times->mail))
                        continue;
                for (size_t k = 0; r >= 0 && k < times->n; k++)
                        if (times->usec[k] > since_usec && times->usec[k] >= look->now_usec - ALARM_LATE)
                                r = tell(look, recipient, times->usec[k]);
        }
        return r;
}

static bool is_meant(usec_t at_usec, const struct mails *mails) {
        for (size_t i = 0; i < mails->n_items; i++)
                for (size_t k = 0; k < mails->items[i].n; k++)
                        if (mails->items[i].usec[k] == at_usec)
                                return true;
        return false;
}

static int drop_unmeant(struct engine *engine, const struct live_dose *dose, const struct mails *mails) {
        struct live_telling *live;
        int r = 0;

        for (live = outbox_of_dose(&engine->outbox, dose->id); r >= 0 && live; live = live->dose_next)
                if (live->telling.event == EVENT_ALARM && live->telling.state == TELLING_WAITS &&
                    !is_meant(live->telling.happened_usec, mails))
                        r = live_telling_set(engine, live, TELLING_DROPPED, 0);
        return r;
}

int ladder_alarms(struct engine *engine, const struct live_dose *live, usec_t now_usec) {
        struct look look = { .engine = engine, .live = live, .now_usec = now_usec };
        const struct slot *slot = person_find_slot(live->person, live->dose->uid);
        _cleanup_(mails_done) struct mails mails = {};
        struct occurrence occurrence;
        int r;

        if (engine->outbox.n_recipients == 0 || dose_is_recorded(live->dose) || dose_is_private(engine, live->dose))
                return 0;
        if (slot && slot->schedule->details.n_mails == 0 && slot->schedule->n_overrides == 0 &&
            !outbox_of_dose(&engine->outbox, live->id))
                return 0;
        /* A dose that the plan has no more mails nobody. */
        if (!slot || slot_find(slot, live->dose->recurrence_id, &occurrence) != 0)
                return drop_unmeant(engine, live, &mails);
        r = find_mails(&occurrence, &live->person->clock, &mails);
        if (r >= 0)
                r = drop_unmeant(engine, live, &mails);
        if (r < 0 || mails.n_items == 0)
                return r;

        r = told_load(engine, live->dose, NULL, &look.told);
        for (size_t i = 0; r >= 0 && i < mails.n_items; i++)
                r = tell_mail(&look, &mails.items[i], slot->since_usec);
        told_done(&look.told);
        return r;
}
