/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What does not arrive: it holds up nothing critical, survives a wrong clock or ledger, and is not told without end. */
#include "told-world.h"

static void what_is_critical_is_told_though_its_message_was_out_of_date(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T064500\r\n");
        world_put_event(world, "d.ics", "d", "Digoxin", "DTSTART:20261130T055000\r\nPRIORITY:1\r\n");
        world_reload(world);
        world_live_until(world, AT(24 * 7 + 11, 0), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(24 * 9 + 20, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "missed Digoxin"), 1);
}

static void a_hook_that_was_down_for_weeks_is_told_of_a_day(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_MISSED) | EVENT_BIT(EVENT_UNATTENDED)) };
        begin_with(world, told, 1, "DTSTART:20261101T000000\r\nRRULE:FREQ=HOURLY;INTERVAL=2\r\n");
        world_live_until(world, AT(24 * 20, 0), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(24 * 20 + 1, 30), DELIVERY_DONE);
        assert_true(count_sent(world, "hook bell: missed") <= 24);
}

static void quiet_hours_hold_also_what_is_tried_again(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].quiet = (struct quiet_hours){ 22 * 3600, 7 * 3600 };
        begin_with(world, told, 1, DAILY("175500"));
        world_live_until(world, AT(22, 0), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(24 + 6, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void a_letter_that_is_never_answered_holds_up_no_critical_dose(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        struct message_view view;
        unsigned attempts = 0;
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_put_event(world, "d.ics", "d", "Digoxin", "DTSTART:20261123T180000\r\nPRIORITY:1\r\n");
        world_reload(world);
        usec_t told_at = 0;
        /* The first letter is one that the server never answers; any other arrives. */
        for (usec_t next; world->now_usec < AT(24 * 9, 0) && !told_at;) {
                bool any = false;
                assert_int_equal(engine_step(world->engine, world->now_usec, &next), 0);
                while (engine_next_message(world->engine, world->now_usec, &view) == 0) {
                        int64_t id = view.message->id;
                        bool poison = false;
                        any = true;
                        for (size_t i = 0; i < view.n_items; i++) {
                                poison = poison || strcmp(view.items[i].dose->title, "Lisinopril") == 0;
                                if (strcmp(view.items[i].dose->title, "Digoxin") == 0)
                                        told_at = world->now_usec;
                        }
                        attempts += poison;
                        assert_int_equal(engine_begin_delivery(world->engine, id, "b", 1, world->now_usec), 0);
                        assert_int_equal(engine_end_delivery(world->engine, id,
                                                             poison ? DELIVERY_UNKNOWN : DELIVERY_DONE, "x",
                                                             world->now_usec),
                                         0);
                }
                if (!any && next > world->now_usec)
                        world->now_usec = next;
        }
        assert_true(told_at < AT(24, 0));
}

static void a_clock_that_was_a_year_ahead_gives_up_no_message(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_live_until(world, AT(12, 5), DELIVERY_LATER);
        world_jump(world, AT(24 * 365, 0)); /* for half a minute */
        world_jump(world, AT(12, 6));
        world_forget(world);
        world_live_until(world, AT(24 * 20, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "missed Lisinopril"), 1);
}

static void a_ledger_that_cannot_be_read_for_a_moment_mixes_nothing_up(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        pid_t holder;
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, DAILY("080000"));
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n");
        world_stop(world);
        /* One read fails as the process starts. */
        assert_int_equal(store_open(world->state, &world->store, &holder), 0);
        assert_int_equal(engine_new(world->store, world->zones, &world_observer, world, &world->engine), 0);
        assert_int_equal(sqlite3_exec(world->store->database, "ALTER TABLE message RENAME TO m", 0, 0, 0), 0);
        assert_int_equal(engine_set_recipients(world->engine, told, 1, world->now_usec), 0);
        assert_int_equal(sqlite3_exec(world->store->database, "ALTER TABLE m RENAME TO message", 0, 0, 0), 0);
        world_set_people(world);
        world_reload(world);
        world_live_until(world, AT(24 + 12, 0) + USEC_PER_SEC, DELIVERY_DONE); /* the second is missed, not told yet */
        world_restart(world);
        world_forget(world);
        world_live_until(world, AT(24 + 20, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n");
        struct telling_list list = {};
        assert_int_equal(store_list_tellings_of_dose(world->store, "ana", "lis", "20261124T080000", NULL, &list), 0);
        assert_int_equal(list.n_tellings, 1);
        telling_list_done(&list);
}

static void what_is_critical_does_not_wait_behind_what_failed(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, "DTSTART:20261123T080000\r\n");
        world_put_event(world, "d.ics", "d", "Digoxin", "DTSTART:20261123T084000\r\nPRIORITY:1\r\n");
        world_reload(world);
        world_live_until(world, AT(12, 30), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(15, 0), DELIVERY_DONE);
        world_sent(world, "12:40 caregiver maria: missed Lisinopril, missed Digoxin\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(what_is_critical_is_told_though_its_message_was_out_of_date),
                TEST(a_hook_that_was_down_for_weeks_is_told_of_a_day),
                TEST(quiet_hours_hold_also_what_is_tried_again),
                TEST(a_letter_that_is_never_answered_holds_up_no_critical_dose),
                TEST(a_clock_that_was_a_year_ahead_gives_up_no_message),
                TEST(a_ledger_that_cannot_be_read_for_a_moment_mixes_nothing_up),
                TEST(what_is_critical_does_not_wait_behind_what_failed),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
