/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a summary counts, also of what was open at its hour or could not be written; and one of nobody is none. */
#include "told-world.h"

static struct message_summary last_summary;
static unsigned n_missed_all, n_summaries;

static void live_summaries(struct world *world, usec_t until, enum delivery delivery) {
        for (;;) {
                usec_t next;
                struct message_view view;
                bool any = false;
                assert_int_equal(engine_step(world->engine, world->now_usec, &next), 0);
                while (engine_next_message(world->engine, world->now_usec, &view) == 0) {
                        int64_t id = view.message->id;
                        any = true;
                        for (size_t i = 0; i < view.n_summaries; i++) {
                                last_summary = view.summaries[i];
                                n_missed_all += last_summary.n_missed;
                                n_summaries++;
                        }
                        world_say_message(world, &view, "");
                        assert_int_equal(engine_begin_delivery(world->engine, id, "b", 1, world->now_usec), 0);
                        assert_int_equal(engine_end_delivery(world->engine, id, delivery, "x", world->now_usec), 0);
                }
                if (any)
                        continue;
                if (next > until)
                        break;
                if (next > world->now_usec)
                        world->now_usec = next;
        }
        world->now_usec = until;
}

static void what_is_open_at_the_hour_of_a_summary_is_counted_with_the_next(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_SUMMARY);
        told[0].summary = SUMMARY_DAILY;
        told[0].summary_sec = 19 * 3600;
        begin_with(world, told, 1, DAILY("180000"));
        n_missed_all = n_summaries = 0;
        live_summaries(world, AT(24 * 7, 0), DELIVERY_DONE);
        assert_true(n_missed_all > 0);
}

static void a_summary_counts_what_a_full_disk_kept_from_being_written(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_SUMMARY);
        told[0].summary = SUMMARY_DAILY;
        told[0].summary_sec = 19 * 3600;
        begin_with(world, told, 1, DAILY("080000"));
        world_break_store(world, true);
        n_missed_all = n_summaries = 0;
        live_summaries(world, AT(20, 0), DELIVERY_DONE);
        assert_int_equal(n_summaries, 1);
        assert_int_equal(n_missed_all, 1);
}

static void a_summary_of_nobody_keeps_nothing_busy(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        usec_t next;
        told[0].summary = SUMMARY_DAILY;
        told[0].summary_sec = 19 * 3600;
        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world->now_usec = AT(19, 30);
        for (int i = 0; i < 1000; i++)
                assert_int_equal(engine_step(world->engine, world->now_usec, &next), 0);
        assert_true(next > world->now_usec);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(what_is_open_at_the_hour_of_a_summary_is_counted_with_the_next),
                TEST(a_summary_counts_what_a_full_disk_kept_from_being_written),
                TEST(a_summary_of_nobody_keeps_nothing_busy),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
