/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What an attempt says, and when: judged before anything is known of it. */
#include <string.h>

#include "told-judge.h"

#define MAX_SAID 1000

/* By a clock of the recipient's, and a minute in which things are gathered. */
static bool is_quiet(const struct world *world, const struct listener *listener) {
        return quiet_holds(&listener->policy.quiet, listener->policy.clock.zone, world->now_usec - USEC_PER_MINUTE) &&
               quiet_holds(&listener->policy.quiet, listener->policy.clock.zone, world->now_usec);
}

static bool is_urgent(const struct listener *listener, const struct message_item *item) {
        return item->telling->event == EVENT_ALARM || item->telling->event == EVENT_REHEARSAL ||
               (item->dose && (item->dose->critical || quiet_holds(&listener->policy.quiet, listener->policy.clock.zone,
                                                                   item->dose->due_usec)));
}

/* There may be something to tell of it: what dosed need not tell any more, and what only may have arrived, count too. */
static bool may_be_told(const struct world *world, const struct hearing *hearing) {
        return hearing->owed != _EVENT_MAX || hearing->is_excused ||
               hearing_contradicts(world, hearing, hearing->thinks) ||
               hearing_contradicts(world, hearing, hearing->may_think);
}

/* What cannot wait for the morning pushes what went before it out of its way. */
static bool is_pushed(const struct world *world, const struct listener *listener) {
        const struct hearing *hearing;

        for (hearing = world->told.hearings; hearing; hearing = hearing->hh.next)
                if (&world->told.listeners[hearing->listener] == listener && may_be_told(world, hearing) &&
                    (hearing->is_critical ||
                     quiet_holds(&listener->policy.quiet, listener->policy.clock.zone, hearing->due_usec)))
                        return true;
        return false;
}

/* What waited for them goes at once. */
static bool is_anybody_just_back(const struct world *world) {
        for (size_t i = 0; i < world->n_people; i++)
                if (!world->people[i].is_out && world->now_usec - world->people[i].back_usec < USEC_PER_MINUTE)
                        return true;
        return false;
}

static bool rehearses(const struct message_view *view) {
        return view->n_items > 0 && view->items[0].telling->event == EVENT_REHEARSAL;
}

/* Of what is real nobody is told that nothing has happened. */
static void check_not_mixed(struct world *world, const struct listener *listener, const struct message_view *view) {
        for (size_t i = 0; i < view->n_items; i++)
                if ((view->items[i].telling->event == EVENT_REHEARSAL) != rehearses(view))
                        fail(world, "a message to %s is a rehearsal, and tells what is real", listener->policy.name);
}

static void check_manners(struct world *world, struct listener *listener, const struct message_view *view) {
        bool is_first = listener->message != view->message->id;
        size_t n_max = listener_is_caregiver(listener) ? MAX_SAID : 1;
        bool has_urgent = false;

        if (view->n_items == 0 || view->n_items > n_max)
                fail(world, "a message to %s says %zu things", listener->policy.name, view->n_items);
        if (!listener_is_caregiver(listener))
                return;
        for (size_t i = 0; i < view->n_items; i++)
                has_urgent = has_urgent || is_urgent(listener, &view->items[i]);
        if (part_is_on(PART_MANNERS) && !has_urgent && is_quiet(world, listener) &&
            world->now_usec >= world->told.forced_usec && !(listener->may_have_arrived && is_pushed(world, listener)))
                fail(world, "%s is disturbed in quiet hours: %s %s", listener->policy.name,
                     telling_event_to_string(view->items[0].telling->event),
                     view->items[0].dose ? view->items[0].dose->uid : "");
        if (!is_first || rehearses(view))
                return;
        if (!has_urgent && listener->n_first < MAX_SAID && world->now_usec >= world->told.forced_usec &&
            world->now_usec - listener->first_usec < USEC_PER_MINUTE && !is_anybody_just_back(world))
                fail(world, "%s gets two messages within a minute", listener->policy.name);
        listener->first_usec = world->now_usec;
        listener->n_first = view->n_items;
}

/* A change of the plan names its medicine. */
static bool may_name_private(const struct world *world) {
        for (size_t i = 0; i < world->n_people; i++)
                for (size_t k = 0; k < MAX_LINES; k++)
                        if (world->people[i].lines[k].plan.exists && world->people[i].lines[k].plan.is_private)
                                return true;
        return false;
}

/* In words of then, of what is private by now. */
static bool names_private(struct world *world, const struct listener *listener, const struct said *said) {
        const struct hearing *hearing =
                said->id ? hearing_find(world, (size_t) (listener - world->told.listeners), said->id) : NULL;

        return hearing && hearing->is_confidential && !said->is_discreet;
}

/* A call to take a dose is not said again once it is over, nor what is private by now; a rehearsal makes way for what is real. */
static bool says_what_passes(struct world *world, const struct listener *listener) {
        for (size_t i = 0; i < listener->n_said; i++) {
                enum telling_event event = listener->said[i].event;

                if (event == EVENT_DUE || event == EVENT_SNOOZED || event == EVENT_ALARM || event == EVENT_REHEARSAL ||
                    (event == EVENT_PLAN && may_name_private(world)) ||
                    names_private(world, listener, &listener->said[i]))
                        return true;
        }
        return false;
}

/* What is not said again as it was may have said how a dose came out: that is said once more. */
static void allow_ends_again(struct world *world, const struct listener *listener) {
        size_t at = (size_t) (listener - world->told.listeners);

        for (size_t i = 0; i < listener->n_said; i++)
                if (listener->said[i].event == EVENT_RESOLVED)
                        hearing_make(world, at, listener->said[i].id)->may_know = true;
}

/* What may have arrived is sent again as it was, until it is known, out of date, or has been tried often enough. */
static void check_same(struct world *world, const struct listener *listener, const struct message *message) {
        if (!listener->message)
                return;
        if (listener->message != message->id) {
                if (listener->may_have_arrived && world->now_usec < listener->over_usec &&
                    listener->n_unknown < TOLD_UNKNOWN_MOST && !says_what_passes(world, listener))
                        fail(world, "a message to %s that may have arrived was given up for another",
                             listener->policy.name);
                if (listener->may_have_arrived && says_what_passes(world, listener))
                        allow_ends_again(world, listener);
                return;
        }
        if (strcmp(listener->token, message->token) != 0)
                fail(world, "a message to %s is tried again under another name", listener->policy.name);
        if (listener->may_have_arrived && (!message->body || message->body_size != listener->body_size ||
                                           memcmp(message->body, listener->body, listener->body_size) != 0))
                fail(world, "a message to %s that may have arrived is composed anew", listener->policy.name);
}

/* After a year dosed forgets what was told, but for what a clock told that was years ahead: its end is told once more. */
static bool is_out_of_mind(const struct world *world, const struct hearing *hearing) {
        return hearing->end_usec != USEC_NONE && world->now_usec - hearing->end_usec > 300 * USEC_PER_DAY;
}

static void check_said(struct world *world, size_t i, const struct message_view *view,
                       const struct message_item *item) {
        const struct listener *listener = &world->told.listeners[i];
        const struct telling *telling = item->telling;
        enum opinion opinion = opinion_of(telling->event);
        _cleanup_(free_p) char *id = NULL;
        struct hearing *hearing;

        if (!telling->uid)
                return;
        if (dose_id_format(telling->person, telling->uid, telling->recurrence_id, &id) < 0)
                abort();
        if (!listener_cares_for(listener, telling->person))
                fail(world, "%s is told of %s", listener->policy.name, id);
        if (telling->event != EVENT_RESOLVED && item->dose && item->dose->confidential)
                fail(world, "%s is told of %s, which is private", listener->policy.name, id);
        hearing = hearing_make(world, i, id);
        if (hearing->touched_usec < world->now_usec)
                hearing->touched_usec = world->now_usec;
        if (opinion != THINKS_NOTHING && hearing->said == opinion && hearing->attempt == world->told.n_messages + 1)
                fail(world, "one message tells %s twice the same of %s", listener->policy.name, id);
        hearing->said = opinion;
        hearing->attempt = world->told.n_messages + 1;
        if (opinion == THINKS_RESOLVED && !hearing->may_know && !is_out_of_mind(world, hearing))
                fail(world, "%s hears the end of %s, and never heard of it", listener->policy.name, id);
        if (opinion == THINKS_RESOLVED)
                world->told.n_resolved++;
        if (opinion == THINKS_UNCONFIRMED && listener_is_caregiver(listener) && hearing->was_told &&
            hearing->told_episode == hearing->episode && hearing->told_message != view->message->id)
                fail(world, "%s is told twice that %s was not confirmed", listener->policy.name, id);
}

static void check_names_nothing_private(struct world *world, const struct listener *listener) {
        for (size_t i = 0; i < listener->n_said; i++)
                if (names_private(world, listener, &listener->said[i]))
                        fail(world, "%s is told again of %s, which is private by now", listener->policy.name,
                             listener->said[i].id);
}

void told_check_attempt(struct world *world, size_t i, const struct message_view *view) {
        struct listener *listener = &world->told.listeners[i];

        if (listener->is_under_way)
                fail(world, "%s has a message under way, and gets another", listener->policy.name);
        if (!part_is_on(PART_TOLD))
                return;
        check_same(world, listener, view->message);
        check_not_mixed(world, listener, view);
        check_manners(world, listener, view);
        if (listener->message == view->message->id && listener->may_have_arrived) {
                check_names_nothing_private(world, listener);
                return; /* that one was looked at */
        }
        for (size_t k = 0; k < view->n_items; k++)
                check_said(world, i, view, &view->items[k]);
}
