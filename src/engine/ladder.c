/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The ladder: from what a dose is now, and what each recipient knows of it, follows what each is told, and when. It is
 * written with the entries that it follows from.
 */
#include <string.h>

#include "dosed/text.h"
#include "engine/private.h"

/* A dose while it is looked at. */
struct look {
        struct engine *engine;
        const struct dose *dose;
        struct told told;
        enum schedule_kind kind;
        bool is_private, is_change;
        struct row row; /* worked out at most once */
        bool has_row;
        usec_t now_usec;
};

/* Whether what waits says the same as the wanted event. */
static bool is_same(enum telling_event waiting, enum telling_event wanted) {
        return waiting == wanted || (waiting == EVENT_STOPPED && wanted == EVENT_MISSED);
}

/*
 * What waits of other events than the wanted one is dropped; but a RESOLVED that repeats one that may have been heard stays where
 * nothing else is wanted. Whether the wanted one waits already.
 */
static int drop_others(const struct look *look, const struct recipient *recipient, const struct knowledge *knowledge,
                       enum telling_event wanted, bool *ret_waits) {
        struct live_telling *live;
        bool waits = false;
        int r;

        for (live = told_in_hand(&look->told); live; live = live->dose_next) {
                if (live->recipient != recipient || live->telling.state != TELLING_WAITS ||
                    live->telling.event == EVENT_ALARM || live->telling.event == EVENT_REHEARSAL)
                        continue;
                if (is_same(live->telling.event, wanted)) {
                        waits = true;
                        continue;
                }
                if (wanted == _EVENT_MAX && live->telling.event == EVENT_RESOLVED &&
                    knowledge->belief == BELIEVES_RESOLVED)
                        continue;
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

static int find_row(struct look *look) {
        int r = look->has_row ? 0 : row_count(look->engine, look->dose, &look->row);

        look->has_row = r >= 0;
        return r;
}

/* No alarm fatigue: what is no medicine waits for the summary, and so does what was asked about already. */
static int tell_unconfirmed(struct look *look, struct recipient *recipient, enum telling_event event) {
        const struct dose *dose = look->dose;
        usec_t at_usec = dose->window_end_usec + recipient->policy.after_usec;
        bool waits_for_summary = look->kind == KIND_SUPPLEMENT || look->kind == KIND_VITAMIN;
        int r;

        if (dose->critical)
                return add(look, recipient, event, AT_ONCE(look->now_usec), false);
        if (event == EVENT_MISSED && !waits_for_summary) {
                r = find_row(look);
                if (r < 0)
                        return r;
                if (row_was_asked_about(&look->row, recipient))
                        waits_for_summary = true;
                else if (look->row.n_doses >= ROW_ASKS)
                        event = EVENT_STOPPED;
        }
        if (waits_for_summary) {
                at_usec = recipient_next_summary(recipient, look->now_usec);
                return add(look, recipient, event, recipient_may_be_told(recipient, NULL, at_usec), true);
        }

        /* Neither earlier than it can be, nor later than was asked for, whatever the clock does. */
        if (at_usec < look->now_usec)
                at_usec = look->now_usec;
        if (at_usec > look->now_usec + recipient->policy.after_usec)
                at_usec = look->now_usec + recipient->policy.after_usec;
        return add(look, recipient, event, recipient_may_be_told(recipient, dose, at_usec), false);
}

static enum telling_event wanted_by_caregiver(const struct look *look, const struct recipient *recipient) {
        const struct dose *dose = look->dose;
        enum telling_event event = _EVENT_MAX;

        if (dose_is_settled_by_time(dose))
                event = dose->state == DOSE_MISSED ? EVENT_MISSED : EVENT_UNATTENDED;
        else if (dose->state == DOSE_SKIPPED && !dose_is_off_plan(dose))
                event = EVENT_SKIPPED;
        return event != _EVENT_MAX && recipient_asks_for(recipient, event, dose) ? event : _EVENT_MAX;
}

static enum telling_event wanted_by_hook(const struct look *look, const struct recipient *recipient) {
        static const enum telling_event events[_DOSE_STATE_MAX] = {
                [DOSE_UPCOMING] = _EVENT_MAX,         [DOSE_DUE] = EVENT_DUE,         [DOSE_SNOOZED] = EVENT_SNOOZED,
                [DOSE_TAKEN] = EVENT_TAKEN,           [DOSE_SKIPPED] = EVENT_SKIPPED, [DOSE_MISSED] = EVENT_MISSED,
                [DOSE_UNATTENDED] = EVENT_UNATTENDED, [DOSE_AWAY] = _EVENT_MAX,       [DOSE_MOVED] = _EVENT_MAX,
        };
        enum telling_event event = events[look->dose->state];

        if (event == _EVENT_MAX || dose_is_off_plan(look->dose))
                return _EVENT_MAX;
        return recipient_asks_for(recipient, event, look->dose) ? event : _EVENT_MAX;
}

/* They were told of it. What failed for good is not told again by itself, but when it happens again it is news. */
static bool is_known(const struct look *look, const struct knowledge *knowledge, enum telling_event wanted) {
        enum belief needed;

        return telling_belief(wanted, &needed) &&
               (knowledge->belief == needed || (!look->is_change && knowledge->tried == needed));
}

/* While it is not known whether the last of it arrived, nothing else is said: it may be what they know already. */
static bool must_wait(const struct knowledge *knowledge, enum telling_event wanted) {
        enum belief needed;

        return knowledge->is_under_way && telling_belief(wanted, &needed) && knowledge->belief != needed;
}

/* That it came out may have been heard, or not, and what waited took it back. */
static bool is_to_repeat_end(const struct look *look, const struct recipient *recipient,
                             const struct knowledge *knowledge) {
        const struct live_telling *live;
        enum belief belief;

        if (knowledge->belief != BELIEVES_RESOLVED || knowledge->is_sure || knowledge->is_under_way ||
            dose_is_settled_by_time(look->dose))
                return false;
        for (live = told_in_hand(&look->told); live; live = live->dose_next)
                if (live->recipient == recipient && live->telling.state == TELLING_WAITS &&
                    telling_belief(live->telling.event, &belief) && belief != BELIEVES_RESOLVED)
                        return true;
        return false;
}

static int look_for_caregiver(struct look *look, struct recipient *recipient) {
        enum telling_event wanted = look->is_private ? _EVENT_MAX : wanted_by_caregiver(look, recipient);
        struct knowledge knowledge = told_knowledge(&look->told, recipient);
        bool waits;
        int r;

        if (wanted == _EVENT_MAX && belief_is_wrong(knowledge.belief, look->dose))
                wanted = EVENT_RESOLVED;
        if (wanted != _EVENT_MAX && (is_known(look, &knowledge, wanted) || must_wait(&knowledge, wanted)))
                wanted = _EVENT_MAX;
        if (wanted == _EVENT_MAX && is_to_repeat_end(look, recipient, &knowledge))
                wanted = EVENT_RESOLVED;
        r = drop_others(look, recipient, &knowledge, wanted, &waits);
        if (r < 0 || waits || wanted == _EVENT_MAX)
                return r;
        if (wanted == EVENT_MISSED || wanted == EVENT_UNATTENDED)
                return tell_unconfirmed(look, recipient, wanted);
        if (look->dose->critical)
                return add(look, recipient, wanted, AT_ONCE(look->now_usec), false);
        return add(look, recipient, wanted, recipient_may_be_told(recipient, look->dose, look->now_usec), false);
}

/* A hook hears of each change; who was told that a dose was not confirmed hears that it was, asked for or not. */
static int look_for_hook(struct look *look, struct recipient *recipient) {
        enum telling_event wanted = look->is_private ? _EVENT_MAX : wanted_by_hook(look, recipient);
        struct knowledge knowledge = told_knowledge(&look->told, recipient);
        bool waits, is_to_resolve = knowledge.belief == BELIEVES_UNCONFIRMED && !knowledge.is_under_way &&
                                    belief_is_wrong(knowledge.belief, look->dose);
        int r;

        if (wanted == _EVENT_MAX && is_to_resolve)
                wanted = EVENT_RESOLVED;
        r = drop_others(look, recipient, &knowledge, wanted, &waits);
        if (r < 0 || waits || wanted == _EVENT_MAX)
                return r;
        /* Of a change that came while it was left out it is told where that resolves something. */
        if (wanted == EVENT_RESOLVED ? is_known(look, &knowledge, wanted)
                                     : !look->is_change && !(is_to_resolve && knowledge.last == knowledge.number))
                return 0;
        return add(look, recipient, wanted, look->now_usec, false);
}

static int look_for(struct look *look, struct recipient *recipient) {
        if (!recipient->is_wanted || !recipient_cares_for(recipient, look->dose->person))
                return 0;
        return recipient->policy.kind == RECIPIENT_HOOK ? look_for_hook(look, recipient)
                                                        : look_for_caregiver(look, recipient);
}

int ladder_look(struct engine *engine, const struct dose *dose, struct recipient *only, usec_t now_usec) {
        struct outbox *outbox = &engine->outbox;
        const struct person *person = engine_find_person(engine, dose->person);
        const struct slot *slot = person ? person_find_slot(person, dose->uid) : NULL;
        struct look look = {
                .engine = engine,
                .dose = dose,
                .kind = slot ? slot->schedule->kind : KIND_PRESCRIPTION,
                .is_private = dose_is_private(engine, dose),
                .is_change = !only,
                .now_usec = now_usec,
        };
        int r;

        if (outbox->n_recipients == 0)
                return 0;
        r = told_load(engine, dose, only, &look.told);
        if (r < 0)
                return r;
        for (size_t i = 0; r >= 0 && i < outbox->n_recipients; i++)
                if (!only || only == outbox->recipients[i])
                        r = look_for(&look, outbox->recipients[i]);
        told_done(&look.told);
        row_done(&look.row);
        return r;
}
