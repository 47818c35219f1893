/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ladder: from what a dose is now, and what each recipient knows of it, follows what each is told, and when. It is
 * written with the entries that it follows from.
 */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "engine/private.h"

#define ROW_ASKS 3u /* so many doses in a row that nobody confirmed: was it stopped? */

/* What somebody may believe of a dose. */
enum belief { BELIEVES_NOTHING, BELIEVES_UNCONFIRMED, BELIEVES_SKIPPED, BELIEVES_RESOLVED };

static bool belief_of(enum telling_event event, enum belief *ret) {
        switch (event) {
        case EVENT_MISSED:
        case EVENT_UNATTENDED:
        case EVENT_STOPPED:
                *ret = BELIEVES_UNCONFIRMED;
                return true;
        case EVENT_SKIPPED:
                *ret = BELIEVES_SKIPPED;
                return true;
        case EVENT_RESOLVED:
                *ret = BELIEVES_RESOLVED;
                return true;
        case EVENT_DUE:
        case EVENT_TAKEN:
        case EVENT_SNOOZED:
        case EVENT_ALARM:
        case EVENT_SUMMARY:
        case EVENT_PLAN:
        case EVENT_STOCK:
        case EVENT_FINDING:
        case EVENT_SYMPTOM:
        case EVENT_DEGRADED:
        case EVENT_REHEARSAL:
        case EVENT_HEARTBEAT:
        case _EVENT_MAX:
                return false;
        }
        return false;
}

/* A dose while it is looked at: what was told of it, in hand and in the ledger. */
struct look {
        struct engine *engine;
        const struct dose *dose;
        const struct live_telling *in_hand;
        struct telling_list written;
        enum schedule_kind kind;
        bool is_change;
        usec_t now_usec;
};

struct knowledge {
        enum belief belief;
        enum belief tried; /* it was told of that, or it failed for good: not told again by itself */
        bool is_under_way; /* in a message that may arrive any time: what is believed is not known yet */
        int64_t number;
};

static void learn(struct knowledge *knowledge, const struct telling *telling) {
        enum belief belief;

        if (telling->id < knowledge->number || !belief_of(telling->event, &belief))
                return;
        if (telling->state == TELLING_FAILED) {
                knowledge->tried = belief;
                knowledge->number = telling->id;
                return;
        }
        if (telling->state != TELLING_SEALED && telling->state != TELLING_TOLD && telling->state != TELLING_PERHAPS)
                return;
        *knowledge = (struct knowledge){
                .belief = belief,
                .tried = belief,
                .is_under_way = telling->state == TELLING_SEALED,
                .number = telling->id,
        };
}

static struct knowledge knowledge_of(const struct look *look, const struct recipient *recipient) {
        struct knowledge knowledge = {};
        const struct live_telling *live;

        for (size_t i = 0; i < look->written.n_tellings; i++) {
                const struct telling *telling = &look->written.tellings[i];

                /* What is in hand is newer than what is written of it. */
                HASH_FIND(hh, look->engine->outbox.tellings, &telling->id, sizeof(telling->id), live);
                if (!live && strcmp(telling->recipient, recipient->name) == 0)
                        learn(&knowledge, telling);
        }
        for (live = look->in_hand; live; live = live->dose_next)
                if (live->recipient == recipient)
                        learn(&knowledge, &live->telling);
        return knowledge;
}

/* What waits of those events that are not the wanted one is dropped. Whether the wanted one waits already. */
static int drop_others(const struct look *look, const struct recipient *recipient, enum telling_event wanted,
                       bool *ret_waits) {
        struct live_telling *live;
        bool waits = false;
        int r;

        for (live = (struct live_telling *) look->in_hand; live; live = live->dose_next) {
                if (live->recipient != recipient || live->telling.state != TELLING_WAITS ||
                    live->telling.event == EVENT_ALARM || live->telling.event == EVENT_REHEARSAL)
                        continue;
                if (live->telling.event == wanted || (live->telling.event == EVENT_STOPPED && wanted == EVENT_MISSED)) {
                        waits = true;
                        continue;
                }
                r = live_telling_set(look->engine, live, TELLING_DROPPED, 0);
                if (r < 0)
                        return r;
        }
        *ret_waits = waits;
        return 0;
}

static int add(const struct look *look, struct recipient *recipient, enum telling_event event, usec_t not_before_usec,
               bool in_summary) {
        const struct dose *dose = look->dose;
        const struct telling telling = {
                .event = event,
                .person = dose->person,
                .uid = dose->uid,
                .recurrence_id = dose->recurrence_id,
                .text = event == EVENT_STOPPED ? dose->medication : NULL,
                .happened_usec = look->now_usec,
                .not_before_usec = not_before_usec,
                .in_summary = in_summary,
        };

        return outbox_add(look->engine, recipient, &telling);
}

/* `asked`: somebody was asked about this row already. */
static int was_asked(const struct look *look, const struct recipient *recipient, usec_t row_due_usec, bool *ret) {
        _cleanup_(telling_list_done) struct telling_list asked = {};
        const struct dose *dose = look->dose;
        const struct live_telling *live;
        int r;

        *ret = false;
        for (live = recipient->tellings; live; live = live->next)
                if (live->telling.event == EVENT_STOPPED && text_equal(live->telling.person, dose->person) &&
                    text_equal(live->telling.text, dose->medication) && live->telling.state != TELLING_DROPPED &&
                    live->telling.happened_usec > row_due_usec)
                        *ret = true;
        r = engine_forgive_ledger(look->engine,
                                  store_list_tellings_of_event(look->engine->store, recipient->name, EVENT_STOPPED,
                                                               dose->person, LIMIT_ROW_DOSES, &asked));
        for (size_t i = 0; r >= 0 && i < asked.n_tellings; i++)
                if (text_equal(asked.tellings[i].text, dose->medication) &&
                    asked.tellings[i].happened_usec > row_due_usec)
                        *ret = true;
        return r;
}

/* How many doses of the medication nobody confirmed in a row, up to this one. Where nobody was reminded says nothing. */
static int count_row(const struct look *look, unsigned *ret_n, usec_t *ret_first_usec) {
        _cleanup_(dose_list_done) struct dose_list latest = {};
        const struct dose *dose = look->dose;
        unsigned n = 1;
        int r;

        *ret_first_usec = dose->due_usec;
        r = engine_forgive_ledger(look->engine, store_list_latest(look->engine->store, dose->person, dose->medication,
                                                                  dose->due_usec, LIMIT_ROW_DOSES, &latest));
        for (size_t i = 0; r >= 0 && i < latest.n_doses; i++) {
                const struct dose *before = latest.doses[i];
                _cleanup_(free_p) char *id = NULL;
                const struct live_dose *live;

                r = dose_id(before, &id);
                if (r < 0)
                        return r;
                live = live_find(look->engine, id);
                if (live)
                        before = live->dose;
                if (strcmp(before->uid, dose->uid) == 0 && strcmp(before->recurrence_id, dose->recurrence_id) == 0)
                        continue;
                if (before->state == DOSE_UNATTENDED || before->state == DOSE_AWAY || dose_is_off_plan(before))
                        continue;
                if (before->state != DOSE_MISSED)
                        break;
                *ret_first_usec = before->due_usec;
                n++;
        }
        *ret_n = n;
        return r;
}

/* No alarm fatigue: what is no medicine waits for the summary, and so does what was asked about already. */
static int tell_unconfirmed(const struct look *look, struct recipient *recipient, enum telling_event event) {
        const struct dose *dose = look->dose;
        usec_t at_usec = dose->window_end_usec + recipient->policy.after_usec, first_usec;
        bool is_asked, waits_for_summary = look->kind == KIND_SUPPLEMENT || look->kind == KIND_VITAMIN;
        unsigned n;
        int r;

        if (dose->critical)
                return add(look, recipient, event, AT_ONCE(look->now_usec), false);
        if (event == EVENT_MISSED && !waits_for_summary) {
                r = count_row(look, &n, &first_usec);
                if (r < 0)
                        return r;
                if (n >= ROW_ASKS) {
                        r = was_asked(look, recipient, first_usec, &is_asked);
                        if (r < 0)
                                return r;
                        if (is_asked)
                                waits_for_summary = true;
                        else
                                event = EVENT_STOPPED;
                }
        }
        if (waits_for_summary)
                return add(look, recipient, event, recipient_next_summary(recipient, look->now_usec), true);

        /* Neither earlier than it can be, nor later than was asked for, whatever the clock does. */
        if (at_usec < look->now_usec)
                at_usec = look->now_usec;
        if (at_usec > look->now_usec + recipient->policy.after_usec)
                at_usec = look->now_usec + recipient->policy.after_usec;
        return add(look, recipient, event, recipient_may_be_told(recipient, dose, at_usec), false);
}

static enum telling_event wanted_by_caregiver(const struct look *look, const struct recipient *recipient) {
        const struct dose *dose = look->dose;

        if (dose->confidential)
                return _EVENT_MAX;
        if (dose_is_settled_by_time(dose))
                return !recipient_is_told(recipient, EVENT_MISSED) ? _EVENT_MAX
                       : dose->state == DOSE_MISSED                ? EVENT_MISSED
                                                                   : EVENT_UNATTENDED;
        if (dose->state == DOSE_SKIPPED && !dose_is_off_plan(dose))
                return dose->critical || recipient_is_told(recipient, EVENT_SKIPPED) ? EVENT_SKIPPED : _EVENT_MAX;
        return _EVENT_MAX;
}

static enum telling_event wanted_by_hook(const struct look *look, const struct recipient *recipient) {
        static const enum telling_event events[_DOSE_STATE_MAX] = {
                [DOSE_UPCOMING] = _EVENT_MAX,         [DOSE_DUE] = EVENT_DUE,         [DOSE_SNOOZED] = EVENT_SNOOZED,
                [DOSE_TAKEN] = EVENT_TAKEN,           [DOSE_SKIPPED] = EVENT_SKIPPED, [DOSE_MISSED] = EVENT_MISSED,
                [DOSE_UNATTENDED] = EVENT_UNATTENDED, [DOSE_AWAY] = _EVENT_MAX,       [DOSE_MOVED] = _EVENT_MAX,
        };
        enum telling_event event = events[look->dose->state];

        if (look->dose->confidential || event == _EVENT_MAX || !recipient_is_told(recipient, event))
                return _EVENT_MAX;
        return event == EVENT_SKIPPED && dose_is_off_plan(look->dose) ? _EVENT_MAX : event;
}

/* What was told and is not so any more. */
static bool is_wrong(enum belief belief, const struct dose *dose) {
        switch (belief) {
        case BELIEVES_UNCONFIRMED:
                return !dose_is_settled_by_time(dose);
        case BELIEVES_SKIPPED:
                return dose->state != DOSE_SKIPPED;
        case BELIEVES_NOTHING:
        case BELIEVES_RESOLVED:
                return false;
        }
        return false;
}

static bool is_known(enum belief tried, enum telling_event wanted) {
        enum belief needed;

        return belief_of(wanted, &needed) && needed == tried;
}

static int look_for_caregiver(const struct look *look, struct recipient *recipient) {
        enum telling_event wanted = wanted_by_caregiver(look, recipient);
        struct knowledge knowledge = knowledge_of(look, recipient);
        bool waits;
        int r;

        if (wanted == _EVENT_MAX && is_wrong(knowledge.belief, look->dose) && !knowledge.is_under_way)
                wanted = EVENT_RESOLVED;
        r = drop_others(look, recipient, wanted, &waits);
        if (r < 0 || waits || wanted == _EVENT_MAX || is_known(knowledge.tried, wanted))
                return r;
        if (wanted == EVENT_MISSED || wanted == EVENT_UNATTENDED)
                return tell_unconfirmed(look, recipient, wanted);
        if (look->dose->critical)
                return add(look, recipient, wanted, AT_ONCE(look->now_usec), false);
        return add(look, recipient, wanted, recipient_may_be_told(recipient, look->dose, look->now_usec), false);
}

/* A hook hears of each change; who was told that a dose was not confirmed hears that it was, asked for or not. */
static int look_for_hook(const struct look *look, struct recipient *recipient) {
        enum telling_event wanted = wanted_by_hook(look, recipient);
        struct knowledge knowledge = knowledge_of(look, recipient);
        bool waits;
        int r;

        if (wanted == _EVENT_MAX && knowledge.belief == BELIEVES_UNCONFIRMED && !knowledge.is_under_way &&
            is_wrong(knowledge.belief, look->dose))
                wanted = EVENT_RESOLVED;
        r = drop_others(look, recipient, wanted, &waits);
        if (r < 0 || waits || wanted == _EVENT_MAX)
                return r;
        if (wanted != EVENT_RESOLVED && !look->is_change)
                return 0;
        return add(look, recipient, wanted, look->now_usec, false);
}

int ladder_look(struct engine *engine, const struct dose *dose, bool is_change, usec_t now_usec) {
        struct outbox *outbox = &engine->outbox;
        struct look look = { .engine = engine, .dose = dose, .is_change = is_change, .now_usec = now_usec };
        const struct person *person = engine_find_person(engine, dose->person);
        const struct slot *slot = person ? person_find_slot(person, dose->uid) : NULL;
        _cleanup_(free_p) char *id = NULL;
        int r;

        if (outbox->n_recipients == 0)
                return 0;
        r = dose_id(dose, &id);
        if (r >= 0)
                r = engine_forgive_ledger(engine, store_list_tellings_of_dose(engine->store, dose->person, dose->uid,
                                                                              dose->recurrence_id, &look.written));
        look.kind = slot ? slot->schedule->kind : KIND_PRESCRIPTION;
        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++) {
                struct recipient *recipient = outbox->recipients[i];

                if (!recipient->is_wanted || !recipient_cares_for(recipient, dose->person))
                        continue;
                look.in_hand = outbox_of_dose(outbox, id);
                r = recipient->policy.kind == RECIPIENT_HOOK ? look_for_hook(&look, recipient)
                                                             : look_for_caregiver(&look, recipient);
        }
        telling_list_done(&look.written);
        return r;
}
