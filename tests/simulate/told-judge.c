/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What who is told knows, and must: judged by what arrived and by what the engine says of its doses, from the outside. */
#include <string.h>

#include "dosed/text.h"
#include "told-judge.h"

/* So long may it take where the way is open: what is at once, and what waits for quiet hours, or for the next summary. */
#define SOON (4 * USEC_PER_HOUR)
#define NEXT_MORNING (16 * USEC_PER_HOUR)
#define NEXT_SUMMARY (42 * USEC_PER_HOUR)
#define LOOK_EVERY (6 * USEC_PER_HOUR)
#define FORGOTTEN_AFTER (40 * USEC_PER_DAY) /* longer than dosed goes back for it */

bool listener_is_caregiver(const struct listener *listener) {
        return listener->policy.kind == RECIPIENT_CAREGIVER;
}

bool listener_cares_for(const struct listener *listener, const char *person) {
        for (size_t i = 0; i < listener->policy.n_people; i++)
                if (strcmp(listener->policy.people[i], person) == 0)
                        return true;
        return false;
}

static bool tells(const struct listener *listener, enum telling_event event) {
        return listener->policy.tells & EVENT_BIT(event);
}

struct hearing *hearing_find(struct world *world, size_t listener, const char *id) {
        char key[512];
        struct hearing *hearing;

        (void) snprintf(key, sizeof(key), "%zu %s", listener, id);
        HASH_FIND_STR(world->told.hearings, key, hearing);
        return hearing;
}

struct hearing *hearing_make(struct world *world, size_t listener, const char *id) {
        struct hearing *hearing = hearing_find(world, listener, id);

        if (hearing)
                return hearing;
        hearing = calloc(1, sizeof(*hearing));
        if (!hearing || text_format(&hearing->key, "%zu %s", listener, id) < 0)
                abort();
        hearing->id = strchr(hearing->key, ' ') + 1;
        hearing->listener = listener;
        hearing->state = DOSE_UPCOMING;
        hearing->owed = _EVENT_MAX;
        hearing->touched_usec = world->now_usec;
        HASH_ADD_KEYPTR(hh, world->told.hearings, hearing->key, strlen(hearing->key), hearing);
        return hearing;
}

static bool is_unconfirmed(enum dose_state state) {
        return state == DOSE_MISSED || state == DOSE_UNATTENDED;
}

enum opinion opinion_of(enum telling_event event) {
        switch (event) {
        case EVENT_MISSED:
        case EVENT_UNATTENDED:
        case EVENT_STOPPED:
                return THINKS_UNCONFIRMED;
        case EVENT_SKIPPED:
                return THINKS_SKIPPED;
        case EVENT_RESOLVED:
                return THINKS_RESOLVED;
        default:
                return THINKS_NOTHING;
        }
}

bool hearing_contradicts(const struct world *world, const struct hearing *hearing, enum opinion opinion) {
        return (opinion == THINKS_UNCONFIRMED && !is_unconfirmed(hearing->state)) ||
               (opinion == THINKS_SKIPPED && hearing->state != DOSE_SKIPPED &&
                listener_is_caregiver(&world->told.listeners[hearing->listener]));
}

/* Whether what is thought is not so. */
static void weigh(struct world *world, struct hearing *hearing) {
        if (!hearing_contradicts(world, hearing, hearing->thinks))
                hearing->wrong_usec = USEC_NONE;
        else if (hearing->wrong_usec == USEC_NONE)
                hearing->wrong_usec = world->now_usec;
}

/* What a listener wants to hear of a dose that is so now. */
static enum telling_event wanted(const struct listener *listener, const struct hearing *hearing) {
        static const enum telling_event events[_DOSE_STATE_MAX] = {
                [DOSE_UPCOMING] = _EVENT_MAX,         [DOSE_DUE] = EVENT_DUE,         [DOSE_SNOOZED] = EVENT_SNOOZED,
                [DOSE_TAKEN] = EVENT_TAKEN,           [DOSE_SKIPPED] = EVENT_SKIPPED, [DOSE_MISSED] = EVENT_MISSED,
                [DOSE_UNATTENDED] = EVENT_UNATTENDED, [DOSE_AWAY] = _EVENT_MAX,       [DOSE_MOVED] = _EVENT_MAX,
        };
        enum telling_event event = events[hearing->state];

        if (listener->is_out || hearing->is_confidential || event == _EVENT_MAX ||
            (event == EVENT_SKIPPED && hearing->is_off_plan))
                return _EVENT_MAX;
        if (!listener_is_caregiver(listener))
                return tells(listener, event) ? event : _EVENT_MAX;
        if (is_unconfirmed(hearing->state))
                return tells(listener, EVENT_MISSED) ? event : _EVENT_MAX;
        if (event != EVENT_SKIPPED)
                return _EVENT_MAX;
        return hearing->is_critical || tells(listener, EVENT_SKIPPED) ? event : _EVENT_MAX;
}

/* What the plan says is private now is told to nobody, whenever it was due. */
static bool is_hidden(struct world *world, const struct dose *dose, const char *id) {
        const struct person *person = person_of(world, id);

        for (size_t i = 0; i < MAX_LINES; i++) {
                const struct plan *plan = &person->lines[i].plan;

                if (plan->exists && plan->is_private && strcmp(plan->uid, dose->uid) == 0)
                        return true;
        }
        return dose->confidential;
}

void told_hide(struct world *world, const struct person *person, const struct plan *plan) {
        char start[128];
        struct hearing *hearing;

        (void) snprintf(start, sizeof(start), "%s/%s/", person->name, plan->uid);
        for (hearing = world->told.hearings; hearing; hearing = hearing->hh.next)
                if (strncmp(hearing->id, start, strlen(start)) == 0) {
                        hearing->owed = _EVENT_MAX;
                        hearing->is_confidential = true;
                }
}

static void change(struct world *world, size_t i, const struct dose *dose, const char *id) {
        struct listener *listener = &world->told.listeners[i];
        struct hearing *hearing = hearing_find(world, i, id);
        enum telling_event event;

        if (!hearing && (dose->state == DOSE_UPCOMING || !listener_cares_for(listener, dose->person)))
                return;
        hearing = hearing_make(world, i, id);
        hearing->state = dose->state;
        hearing->is_confidential = is_hidden(world, dose, id);
        hearing->is_critical = dose->critical;
        hearing->due_usec = dose->due_usec;
        hearing->is_off_plan = dose_is_off_plan(dose);
        hearing->touched_usec = world->now_usec;
        hearing->episode += !is_unconfirmed(dose->state);
        hearing->is_excused = hearing->is_excused && hearing->may_know; /* else what waited is dropped */

        event = wanted(listener, hearing);
        hearing->owed = _EVENT_MAX;
        /* A caregiver is told once what goes on being so. */
        if (event != _EVENT_MAX && (!listener_is_caregiver(listener) || hearing->may_think != opinion_of(event))) {
                hearing->owed = event;
                hearing->owed_usec = world->now_usec;
        }
        weigh(world, hearing);
}

void told_change(struct world *world, const struct dose *dose, const char *id) {
        for (size_t i = 0; i < world->told.n_listeners; i++)
                change(world, i, dose, id);
}

void told_moved(struct world *world, const char *id) {
        for (size_t i = 0; i < world->told.n_listeners; i++) {
                struct hearing *hearing = hearing_find(world, i, id);

                if (!hearing)
                        continue;
                hearing->state = DOSE_MOVED;
                hearing->owed = _EVENT_MAX;
                hearing->episode++;
                hearing->touched_usec = world->now_usec;
                weigh(world, hearing);
        }
}

static void hear(struct world *world, struct listener *listener, struct hearing *hearing, enum telling_event event,
                 bool arrives) {
        enum opinion opinion = opinion_of(event);

        hearing->touched_usec = world->now_usec;
        /* The same again is of then. */
        if (opinion == THINKS_UNCONFIRMED && hearing->told_message != listener->message) {
                hearing->was_told = true;
                hearing->told_episode = hearing->episode;
                hearing->told_message = listener->message;
        }
        if (opinion == THINKS_UNCONFIRMED || opinion == THINKS_SKIPPED)
                hearing->may_know = true;
        if (opinion != THINKS_NOTHING)
                hearing->may_think = opinion;
        if (!arrives)
                return;
        hearing->is_excused = false;
        if (opinion == THINKS_RESOLVED) {
                hearing->may_know = listener->end != DELIVERY_DONE || listener->dies; /* dosed may say it once more */
                hearing->end_usec = world->now_usec;
        }
        /* A hook that hears of anything else knows that the former is over. */
        if (opinion != THINKS_NOTHING || !listener_is_caregiver(listener))
                hearing->thinks = opinion;
        if (hearing->owed != _EVENT_MAX &&
            (hearing->owed == event || (listener_is_caregiver(listener) && opinion_of(hearing->owed) == opinion)))
                hearing->owed = _EVENT_MAX;
        weigh(world, hearing);
}

void told_arrives(struct world *world, size_t i, bool arrives) {
        struct listener *listener = &world->told.listeners[i];

        listener->may_have_arrived = true;
        for (size_t k = 0; k < listener->n_said && !listener->has_arrived; k++) {
                const struct said *said = &listener->said[k];

                if (said->id)
                        hear(world, listener, hearing_make(world, i, said->id), said->event, arrives);
                else if (arrives && said->event == EVENT_SUMMARY)
                        listener->summary_usec = world->now_usec;
        }
        listener->has_arrived = listener->has_arrived || arrives;
}

static void excuse(struct hearing *hearing) {
        hearing->is_excused = hearing->is_excused || hearing->owed != _EVENT_MAX || hearing->wrong_usec != USEC_NONE;
        hearing->owed = _EVENT_MAX;
        hearing->thinks = THINKS_NOTHING;
        hearing->wrong_usec = USEC_NONE;
}

/* Somebody has to see to that: dosed says so, and goes on. */
void told_refused(struct world *world, size_t i) {
        struct listener *listener = &world->told.listeners[i];

        for (size_t k = 0; k < listener->n_said; k++) {
                struct hearing *hearing = listener->said[k].id ? hearing_find(world, i, listener->said[k].id) : NULL;

                if (hearing) {
                        /* What arrived all the same is to be resolved all the same. */
                        if (opinion_of(listener->said[k].event) != THINKS_UNCONFIRMED)
                                hearing->thinks = THINKS_NOTHING;
                        hearing->owed = _EVENT_MAX;
                        if (opinion_of(listener->said[k].event) == THINKS_RESOLVED)
                                hearing->end_refused = listener->message;
                        weigh(world, hearing);
                } else if (listener->said[k].event == EVENT_SUMMARY)
                        listener->summary_usec = world->now_usec;
        }
}

void told_retried(struct world *world, int64_t message) {
        struct hearing *hearing;

        world->told.forced_usec = world->now_usec + 4 * USEC_PER_HOUR;
        for (hearing = world->told.hearings; hearing; hearing = hearing->hh.next) {
                hearing->was_told = false;
                /* The end that may have arrived is said once more, whenever that succeeds. */
                hearing->may_know = hearing->may_know || hearing->end_refused == message;
        }
}

void told_excuse(struct world *world, enum recipient_kind kind) {
        struct hearing *hearing;

        for (hearing = world->told.hearings; hearing; hearing = hearing->hh.next)
                if (world->told.listeners[hearing->listener].policy.kind == kind)
                        excuse(hearing);
}

void told_jump(struct world *world, usec_t since_usec) {
        world->told.steady_usec = world->now_usec;
        for (size_t i = 0; i < world->told.n_listeners; i++)
                if (world->told.listeners[i].over_usec <= world->now_usec)
                        world->told.listeners[i].over_usec = USEC_NONE; /* whatever the clock says afterwards */
        if (world->now_usec - since_usec > 20 * USEC_PER_HOUR)
                told_excuse(world, RECIPIENT_HOOK);
        if (world->now_usec - since_usec > (world->told.is_down ? 20 * USEC_PER_HOUR : 6 * USEC_PER_DAY))
                told_excuse(world, RECIPIENT_CAREGIVER);
}

static void set_back(usec_t *usec, usec_t now_usec) {
        if (*usec > now_usec)
                *usec = now_usec;
}

void told_set_back(struct world *world) {
        struct told *told = &world->told;
        struct hearing *hearing;

        told->steady_usec = world->now_usec;
        set_back(&told->look_usec, world->now_usec);
        set_back(&told->up_usec, world->now_usec);
        set_back(&told->down_usec, world->now_usec);
        set_back(&told->forced_usec, world->now_usec);
        for (size_t i = 0; i < told->n_listeners; i++) {
                set_back(&told->listeners[i].since_usec, world->now_usec);
                set_back(&told->listeners[i].summary_usec, world->now_usec);
                set_back(&told->listeners[i].first_usec, world->now_usec - USEC_PER_MINUTE);
                set_back(&told->listeners[i].over_usec, told_is_over(&told->listeners[i], world->now_usec));
        }
        for (hearing = told->hearings; hearing; hearing = hearing->hh.next) {
                set_back(&hearing->owed_usec, world->now_usec);
                set_back(&hearing->wrong_usec, world->now_usec);
                set_back(&hearing->touched_usec, world->now_usec);
        }
}

/* What waits for one who is gone is dropped; what he believes, he goes on believing. What may have arrived counts as told. */
void told_leave(struct world *world, size_t i) {
        const struct listener *listener = &world->told.listeners[i];
        struct hearing *hearing;

        for (hearing = world->told.hearings; hearing; hearing = hearing->hh.next)
                if (hearing->listener == i)
                        hearing->owed = _EVENT_MAX;
        if (listener->may_have_arrived)
                told_refused(world, i);
}

static void hearing_free(struct world *world, struct hearing *hearing) {
        HASH_DEL(world->told.hearings, hearing);
        free(hearing->key);
        free(hearing);
}

void told_forget(struct world *world) {
        struct hearing *hearing, *next;

        HASH_ITER (hh, world->told.hearings, hearing, next)
                hearing_free(world, hearing);
}

static usec_t later(usec_t a, usec_t b) {
        return a > b ? a : b;
}

static void look_at(struct world *world, const struct hearing *hearing) {
        const struct listener *listener = &world->told.listeners[hearing->listener];
        const struct person *person = person_of(world, hearing->id);
        bool at_once = !listener_is_caregiver(listener) || hearing->is_critical;
        usec_t since_usec = later(later(world->told.steady_usec, world->told.up_usec),
                                  later(listener->since_usec, person->back_usec));

        if (listener->is_out || person->is_out)
                return;
        if (hearing->owed != _EVENT_MAX && world->now_usec - later(since_usec, hearing->owed_usec) >
                                                   (at_once ? SOON : NEXT_SUMMARY + listener->policy.after_usec))
                fail(world, "%s was not told that %s is %s", listener->policy.name, hearing->id,
                     telling_event_to_string(hearing->owed));
        if (hearing->wrong_usec != USEC_NONE &&
            world->now_usec - later(since_usec, hearing->wrong_usec) > (at_once ? SOON : NEXT_MORNING))
                fail(world, "%s goes on believing that %s was %s, and it is %s", listener->policy.name, hearing->id,
                     hearing->thinks == THINKS_SKIPPED ? "skipped" : "not confirmed",
                     dose_state_to_string(hearing->state));
}

static void look_at_summary(struct world *world, const struct listener *listener) {
        usec_t since_usec = later(later(world->told.steady_usec, world->told.up_usec), listener->summary_usec);

        for (size_t i = 0; i < world->n_people; i++) {
                if (world->people[i].is_out)
                        return;
                since_usec = later(since_usec, world->people[i].back_usec);
        }
        if (!listener->is_out && listener->policy.summary == SUMMARY_DAILY &&
            world->now_usec - since_usec > USEC_PER_DAY + NEXT_SUMMARY)
                fail(world, "%s has had no summary for long", listener->policy.name);
}

void told_look(struct world *world) {
        struct told *told = &world->told;
        struct hearing *hearing, *next;

        if (told->n_listeners == 0 || world->now_usec < told->look_usec || !part_is_on(PART_TOLD))
                return;
        told->look_usec = world->now_usec + LOOK_EVERY;
        if (told->is_down || world->is_unwritable)
                return;
        for (size_t i = 0; i < told->n_listeners; i++)
                look_at_summary(world, &told->listeners[i]);
        HASH_ITER (hh, told->hearings, hearing, next) {
                look_at(world, hearing);
                if (!hearing->may_know && hearing->due_usec < world->now_usec && hearing->owed == _EVENT_MAX &&
                    hearing->wrong_usec == USEC_NONE && world->now_usec - told->steady_usec > USEC_PER_HOUR &&
                    hearing->touched_usec + FORGOTTEN_AFTER < world->now_usec)
                        hearing_free(world, hearing);
        }
}
