/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A world with somebody who is told: a caregiver and a hook, and a way for messages that tests open and close. */
#pragma once

#include "world.h"

static const char *const people_of_maria[] = { "ana" };

static inline struct engine_recipient maria(void) {
        return (struct engine_recipient){
                .name = "caregiver maria",
                .kind = RECIPIENT_CAREGIVER,
                .tells = EVENT_BIT(EVENT_MISSED) | EVENT_BIT(EVENT_PLAN) | EVENT_BIT(EVENT_DEGRADED),
                .people = people_of_maria,
                .n_people = 1,
                .email = "maria@example.org",
                .clock = { .zone = zone_utc(), .all_day_sec = 8 * 3600 },
        };
}

static inline struct engine_recipient hook(uint32_t tells) {
        return (struct engine_recipient){
                .name = "hook bell",
                .kind = RECIPIENT_HOOK,
                .tells = tells,
                .clock = { .zone = zone_utc(), .all_day_sec = 8 * 3600 },
        };
}

/* They live as long as the test. */
static inline void world_tell(struct world *world, const struct engine_recipient *recipients, size_t n_recipients) {
        world->recipients = recipients;
        world->n_recipients = n_recipients;
        world_set_people(world);
        world_forget(world);
}

static inline void world_say_message(struct world *world, const struct message_view *view, const char *how) {
        struct civil c = civil_from_wall(zone_to_wall(world->zone, world->now_usec));

        fprintf(world->transcript, "%02d:%02d %s%s:", c.hour, c.minute, view->message->recipient, how);
        for (size_t i = 0; i < view->n_items; i++) {
                const struct telling *telling = view->items[i].telling;

                fprintf(world->transcript, "%s %s", i > 0 ? "," : "", telling_event_to_string(telling->event));
                if (view->items[i].dose)
                        fprintf(world->transcript, " %s", view->items[i].dose->title);
                else if (telling->text && telling->event != EVENT_SUMMARY)
                        fprintf(world->transcript, " '%s'", telling->text);
        }
        fprintf(world->transcript, "\n");
}

/* Everything that is ready goes out, and ends so. */
static inline unsigned world_deliver(struct world *world, enum delivery delivery) {
        static const char *const hows[_DELIVERY_MAX] = { "", " later", " unknown", " never" };
        struct message_view view;
        unsigned n = 0;

        /* What was dropped on the way may have made room for the next: then the observer would say so. */
        while (engine_next_message(world->engine, world->now_usec, &view) == 0 ||
               engine_next_message(world->engine, world->now_usec, &view) == 0) {
                int64_t id = view.message->id;

                world_say_message(world, &view, hows[delivery]);
                assert_int_equal(engine_begin_delivery(world->engine, id, "body", 4, world->now_usec), 0);
                assert_int_equal(engine_end_delivery(world->engine, id, delivery, "550 no such user", world->now_usec),
                                 0);
                assert_true(++n < 5000);
        }
        return n;
}

/* As world_pass_until(), and what is ready is delivered so. */
static inline void world_live_until(struct world *world, usec_t until_usec, enum delivery delivery) {
        for (;;) {
                unsigned n_queued;
                usec_t next_usec;

                assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
                n_queued = world->n_queued;
                if (world_deliver(world, delivery) > 0 || world->n_queued != n_queued)
                        continue;
                if (next_usec > until_usec)
                        break;
                if (next_usec > world->now_usec)
                        world->now_usec = next_usec;
        }
        world->now_usec = until_usec;
        assert_int_equal(engine_step(world->engine, world->now_usec, &(usec_t){ 0 }), 0);
        (void) world_deliver(world, delivery);
}

/* The transcript without what the desktop is told of. */
static inline void world_sent(struct world *world, const char *expected) {
        _cleanup_(free_p) char *sent = NULL;
        size_t size;
        FILE *stream = open_memstream(&sent, &size);

        assert_non_null(stream);
        assert_int_equal(fflush(world->transcript), 0);
        for (const char *line = world->told; *line;) {
                size_t length = strcspn(line, "\n") + 1;

                if (length > 6 && (strncmp(line + 6, "caregiver", 9) == 0 || strncmp(line + 6, "hook", 4) == 0))
                        fwrite(line, 1, length, stream);
                line += length;
        }
        assert_int_equal(fclose(stream), 0);
        assert_string_equal(sent, expected);
        world_forget(world);
}
