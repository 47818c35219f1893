/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom a life has to tell, and how the messages go: they arrive, fail, are lost from sight, or the process dies with them. */
#include <string.h>

#include "dosed/text.h"
#include "simulate.h"

/* Ways that are open fail no more often than that in a row. */
#define MAX_FAILURES 3
#define MAX_ATTEMPTS 100000

static const char *const homes[] = { "Europe/Berlin", "America/New_York", "Asia/Kolkata", "Europe/Lisbon" };

static unsigned below(struct world *world, unsigned n) {
        return draw_below(&world->told.random, n);
}

static bool percent(struct world *world, unsigned n) {
        return part_is_on(PART_TELL) && draw_percent(&world->told.random, n);
}

static struct listener *add(struct world *world, const char *name, enum recipient_kind kind) {
        struct listener *listener = &world->told.listeners[world->told.n_listeners++];
        struct engine_recipient *policy = &listener->policy;
        const struct zone *zone;

        must(world, zones_get(world->zones, homes[below(world, ELEMENTS(homes))], &zone), "zones_get");
        for (size_t i = 0; i < world->n_people; i++)
                listener->people[i] = world->people[i].name;
        *policy = (struct engine_recipient){
                .name = name,
                .kind = kind,
                .people = listener->people,
                .n_people = percent(world, 70) ? world->n_people : 1,
                .clock = { .zone = zone, .all_day_sec = 8 * 3600 },
        };
        listener->since_usec = listener->summary_usec = world->now_usec;
        return listener;
}

static void add_caregiver(struct world *world) {
        static const uint32_t more[] = { 0, EVENT_BIT(EVENT_SKIPPED), EVENT_BIT(EVENT_PLAN),
                                         EVENT_BIT(EVENT_DEGRADED) };
        struct engine_recipient *policy = &add(world, "caregiver maria", RECIPIENT_CAREGIVER)->policy;

        policy->tells = EVENT_BIT(EVENT_MISSED) | more[below(world, ELEMENTS(more))];
        policy->after_usec = (usec_t) below(world, 3) * below(world, 61) * USEC_PER_MINUTE;
        if (percent(world, 50)) {
                policy->quiet.from_sec = (int32_t) (20 + below(world, 4)) * 3600;
                policy->quiet.until_sec = (int32_t) (5 + below(world, 4)) * 3600;
        }
        if (percent(world, 50)) {
                policy->summary = SUMMARY_DAILY;
                policy->summary_sec = (int32_t) below(world, 24) * 3600;
        }
}

static void plan_outage(struct world *world) {
        if (part_is_on(PART_CHANNEL))
                (void) world_plan(world, ACTION_CHANNEL,
                                  world->now_usec + USEC_PER_DAY + (usec_t) below(world, 60 * 24) * USEC_PER_HOUR,
                                  NULL);
}

static void plan_leaving(struct world *world) {
        if (part_is_on(PART_DISMISS))
                (void) world_plan(world, ACTION_DISMISS,
                                  world->now_usec + USEC_PER_DAY + (usec_t) below(world, 300 * 24) * USEC_PER_HOUR,
                                  NULL);
}

void told_begin(struct world *world) {
        struct told *told = &world->told;

        told->random = world->seed * 0x9e3779b97f4a7c15 + 0x7f4a7c15;
        if (percent(world, 34))
                add_caregiver(world);
        if (percent(world, 20))
                add(world, "hook bell", RECIPIENT_HOOK)->policy.tells = (uint32_t) draw(&told->random);
        if (told->n_listeners == 0)
                return;
        told->steady_usec = told->up_usec = world->now_usec;
        plan_outage(world);
        plan_leaving(world);
}

static void forget_message(struct listener *listener) {
        for (size_t i = 0; i < listener->n_said; i++)
                free(listener->said[i].id);
        free(TAKE(listener->said));
        free(TAKE(listener->token));
        free(TAKE(listener->body));
        listener->n_said = listener->body_size = 0;
        listener->message = 0;
        listener->n_unknown = 0;
        listener->may_have_arrived = listener->has_arrived = listener->is_under_way = false;
}

void told_end(struct world *world) {
        for (size_t i = 0; i < world->told.n_listeners; i++)
                forget_message(&world->told.listeners[i]);
        told_forget(world);
}

void told_set(struct world *world) {
        struct engine_recipient policies[MAX_LISTENERS];
        size_t n = 0;

        if (world->told.n_listeners == 0)
                return;
        for (size_t i = 0; i < world->told.n_listeners; i++)
                if (!world->told.listeners[i].is_out)
                        policies[n++] = world->told.listeners[i].policy;
        must(world, engine_set_recipients(world->engine, policies, n, world->now_usec), "engine_set_recipients");
}

static size_t find_listener(struct world *world, const char *name) {
        for (size_t i = 0; i < world->told.n_listeners; i++)
                if (strcmp(world->told.listeners[i].policy.name, name) == 0 && !world->told.listeners[i].is_out)
                        return i;
        fail(world, "a message to %s, who is told nothing", name);
}

usec_t told_is_over(const struct listener *listener, usec_t now_usec) {
        return now_usec + (listener->policy.kind == RECIPIENT_HOOK ? 1 : 7) * USEC_PER_DAY;
}

static void note_said(struct listener *listener, const struct message_view *view) {
        for (size_t i = 0; i < listener->n_said; i++)
                free(listener->said[i].id);
        free(listener->said);
        listener->said = calloc(view->n_items + 1, sizeof(*listener->said));
        if (!listener->said)
                abort();
        listener->n_said = view->n_items;
        for (size_t i = 0; i < view->n_items; i++) {
                const struct telling *telling = view->items[i].telling;

                listener->said[i].event = telling->event;
                listener->said[i].is_discreet = view->items[i].is_private;
                if (telling->uid &&
                    dose_id_format(telling->person, telling->uid, telling->recurrence_id, &listener->said[i].id) < 0)
                        abort();
        }
}

/* No two are alike: who composes anew what may have arrived is found out. */
static void compose(struct world *world, struct listener *listener, const struct message_view *view) {
        free(listener->body);
        if (text_format(&listener->body, "%s of %llu, %zu things, the %lluth", view->message->recipient,
                        (unsigned long long) world->now_usec, view->n_items,
                        (unsigned long long) world->told.n_messages) < 0)
                abort();
        listener->body_size = strlen(listener->body);
}

static enum delivery draw_end(struct world *world, const struct listener *listener) {
        unsigned n = below(world, 100);

        if (!part_is_on(PART_CHANNEL))
                return DELIVERY_DONE;
        if (world->told.is_down)
                return n < 80 ? DELIVERY_LATER : DELIVERY_UNKNOWN;
        if (listener->failures >= MAX_FAILURES || n < 78)
                return DELIVERY_DONE;
        return n < 88 ? DELIVERY_LATER : n < 98 ? DELIVERY_UNKNOWN : DELIVERY_NEVER;
}

static void end_attempt(struct world *world, size_t i) {
        struct listener *listener = &world->told.listeners[i];
        enum delivery end = listener->end;

        listener->is_under_way = false;
        listener->failures = end == DELIVERY_DONE ? 0 : listener->failures + 1;
        listener->n_unknown += end == DELIVERY_UNKNOWN;
        say(world, "%s: ended %d", listener->policy.name, (int) end);
        must(world,
             engine_end_delivery(world->engine, listener->message, end, end == DELIVERY_DONE ? NULL : "no",
                                 world->now_usec),
             "engine_end_delivery");
        if (end == DELIVERY_NEVER || (end == DELIVERY_UNKNOWN && listener->n_unknown >= TOLD_UNKNOWN_MOST)) {
                told_refused(world, i);
                if (percent(world, 30))
                        world_plan(world, ACTION_RETRY, world->now_usec + (usec_t) below(world, 600) * USEC_PER_MINUTE,
                                   NULL)
                                ->message = listener->message;
        }
        if (end == DELIVERY_DONE || end == DELIVERY_NEVER)
                forget_message(listener);
}

static void begin_attempt(struct world *world, const struct message_view *view) {
        size_t i = find_listener(world, view->message->recipient);
        struct listener *listener = &world->told.listeners[i];
        bool is_again = listener->message == view->message->id && listener->may_have_arrived;
        bool arrives;

        told_check_attempt(world, i, view);
        world->told.n_messages++;
        if (!is_again) {
                if (listener->message != view->message->id) {
                        forget_message(listener);
                        listener->over_usec = told_is_over(listener, world->now_usec);
                }
                note_said(listener, view);
                compose(world, listener, view);
        }
        listener->message = view->message->id;
        if (!listener->token)
                listener->token = strdup(view->message->token);
        listener->end = draw_end(world, listener);
        listener->dies = listener->end != DELIVERY_NEVER && part_is_on(PART_RESTART) && percent(world, 2);
        for (size_t k = 0; k < listener->n_said; k++)
                say(world, "%s: %s %s%s", listener->policy.name, telling_event_to_string(listener->said[k].event),
                    listener->said[k].id ? listener->said[k].id : "", is_again ? " again" : "");
        must(world,
             engine_begin_delivery(world->engine, listener->message, listener->body, listener->body_size,
                                   world->now_usec),
             "engine_begin_delivery");

        listener->is_under_way = true;
        arrives = listener->end == DELIVERY_DONE || (listener->end == DELIVERY_UNKNOWN && percent(world, 50));
        if (listener->dies || listener->end == DELIVERY_DONE || listener->end == DELIVERY_UNKNOWN)
                told_arrives(world, i, arrives && !(listener->dies && percent(world, 50)));
        if (!listener->dies && !percent(world, 30)) {
                end_attempt(world, i);
                return;
        }
        world_plan(world, ACTION_DELIVERED, world->now_usec + (usec_t) (1 + below(world, 30)) * USEC_PER_SEC, NULL)
                ->person = i;
}

bool told_deliver(struct world *world) {
        struct message_view view;
        unsigned n = 0;
        int r;

        if (!world->told.has_news)
                return false;
        world->told.has_news = false;
        while ((r = engine_next_message(world->engine, world->now_usec, &view)) == 0) {
                begin_attempt(world, &view);
                if (++n > MAX_ATTEMPTS)
                        fail(world, "there is no end of messages");
        }
        if (r != ENGINE_NO_MESSAGE)
                fail(world, "engine_next_message: %d", r);
        return n > 0 || world->told.has_news;
}

void told_hurry(struct world *world) {
        for (size_t i = 0; i < world->told.n_listeners; i++) {
                struct listener *listener = &world->told.listeners[i];

                if (!listener->is_under_way)
                        continue;
                if (listener->dies)
                        listener->end = DELIVERY_UNKNOWN;
                end_attempt(world, i);
        }
}

void told_stop(struct world *world) {
        for (size_t i = 0; i < world->told.n_listeners; i++) {
                struct listener *listener = &world->told.listeners[i];

                /* Nobody saw its end: dosed has to take it for one that may have arrived. */
                if (listener->is_under_way)
                        told_arrives(world, i, false);
                listener->is_under_way = false;
        }
}

/* The outage begins or ends. */
static void switch_channel(struct world *world) {
        struct told *told = &world->told;

        told->is_down = !told->is_down;
        say(world, told->is_down ? "nothing is delivered" : "messages are delivered");
        if (told->is_down) {
                told->down_usec = world->now_usec;
                (void) world_plan(world, ACTION_CHANNEL,
                                  world->now_usec +
                                          (usec_t) (1 + below(world, percent(world, 60) ? 300 : 5 * 24 * 60)) *
                                                  USEC_PER_MINUTE,
                                  NULL);
                return;
        }
        told->up_usec = world->now_usec;
        if (world->now_usec - told->down_usec > 20 * USEC_PER_HOUR)
                told_excuse(world, RECIPIENT_HOOK); /* out of date after a day */
        plan_outage(world);
}

static void dismiss(struct world *world, const struct action *action) {
        size_t i = action->kind == ACTION_DISMISS ? below(world, (unsigned) world->told.n_listeners) : action->person;
        struct listener *listener = &world->told.listeners[i];

        if (action->kind == ACTION_DISMISS) {
                if (listener->is_under_way)
                        end_attempt(world, i);
                say(world, "%s is dismissed", listener->policy.name);
                listener->is_out = true;
                told_leave(world, i);
                forget_message(listener);
                world_plan(world, ACTION_REINSTATE,
                           world->now_usec + (usec_t) (1 + below(world, 5 * 24 * 60)) * USEC_PER_MINUTE, NULL)
                        ->person = i;
        } else {
                say(world, "%s is back", listener->policy.name);
                listener->is_out = false;
                listener->since_usec = listener->summary_usec = world->now_usec;
                plan_leaving(world);
        }
        told_set(world);
}

/* Killed in the middle of it, and started again. */
static void die(struct world *world, size_t i) {
        struct listener *listener = &world->told.listeners[i];

        if (world->is_unwritable) {
                listener->end = DELIVERY_UNKNOWN;
                end_attempt(world, i);
                return;
        }
        say(world, "killed while delivering");
        told_stop(world);
        world->engine = engine_free(world->engine);
        ledger_close(world);
        ledger_open(world);
        world_start(world);
        world->n_restarts++;
}

/* Before the way is closed or opened: also while what is real waits for it. */
static void rehearse(struct world *world) {
        unsigned n;

        for (size_t i = 0; i < world->n_people; i++) {
                int r = engine_rehearse(world->engine, world->people[i].name, world->now_usec, &n);

                if (r != 0 && r != ENGINE_NO_SUCH_PERSON)
                        fail(world, "engine_rehearse: %d", r);
        }
}

void told_act(struct world *world, const struct action *action) {
        struct listener *listener = &world->told.listeners[action->person];
        int r;

        switch (action->kind) {
        case ACTION_DELIVERED:
                if (!listener->is_under_way)
                        break; /* the process that began it is gone */
                if (listener->dies)
                        die(world, action->person);
                else
                        end_attempt(world, action->person);
                break;
        case ACTION_CHANNEL:
                rehearse(world);
                if (!world->told.is_down && world->now_usec < world->told.forced_usec)
                        plan_outage(world);
                else
                        switch_channel(world);
                break;
        case ACTION_RETRY:
                if (world->told.is_down)
                        break;
                r = engine_retry_message(world->engine, action->message, world->now_usec);
                if (r != 0 && r != ENGINE_NO_MESSAGE && r != ENGINE_NOT_OPEN)
                        fail(world, "engine_retry_message: %d", r);
                if (r != 0)
                        break;
                say(world, "tried again by hand");
                told_retried(world, action->message);
                break;
        default:
                dismiss(world, action);
                break;
        }
}
