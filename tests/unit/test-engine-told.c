/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told of what: alarms, trouble, what was stopped; and who was removed, asks no more or may not know is not. */
#include "told-world.h"

#define MAIL(trigger, address)                                                            \
        "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:" trigger "\r\nATTENDEE:mailto:" address \
        "\r\nSUMMARY:dose\r\nDESCRIPTION:dose\r\nEND:VALARM\r\n"

static void an_alarm_weeks_ahead_mails_at_its_time(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = 0;
        begin_with(world, told, 1,
                   "DTSTART:20261220T080000\r\nRRULE:FREQ=YEARLY\r\n" MAIL("-P20D", "maria@example.org")
                           MAIL("-PT1H", "maria@example.org"));
        world_live_until(world, AT(24 * 25, 0), DELIVERY_DONE);
        world_sent(world, "08:00 caregiver maria: alarm Lisinopril\n");
}

static void an_alarm_that_passed_is_not_mailed_after_an_undo(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = 0;
        begin_with(world, told, 1, DAILY("080000") MAIL("PT30M", "maria@example.org"));
        world_live_until(world, AT(8, 10), DELIVERY_DONE);
        world_take(world, ID);
        world_live_until(world, AT(10, 0), DELIVERY_DONE);
        world_undo(world, ID);
        world_live_until(world, AT(11, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void who_is_removed_while_a_message_is_under_way_is_told_nothing_later(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        struct message_view view;
        begin_with(world, told, 1, DAILY("080000"));
        world_put_event(world, "b.ics", "b", "Bisoprolol", DAILY("081000"));
        world_reload(world);
        world_live_until(world, AT(11, 30), DELIVERY_DONE);
        world_pass_until(world, AT(12, 1));
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        int64_t id = view.message->id;
        assert_int_equal(engine_begin_delivery(world->engine, id, "b", 1, world->now_usec), 0);
        world_pass_until(world, AT(12, 10));
        world_tell(world, told, 0);
        assert_int_equal(engine_end_delivery(world->engine, id, DELIVERY_DONE, NULL, world->now_usec), 0);
        world_live_until(world, AT(24 * 5, 0), DELIVERY_DONE);
        world_forget(world);
        world_tell(world, told, 1);
        world_live_until(world, AT(24 * 5 + 1, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void who_asks_for_it_no_more_is_not_told(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].after_usec = 2 * USEC_PER_HOUR;
        begin(world, told, 1);
        world_live_until(world, AT(12, 30), DELIVERY_DONE);
        told[0].tells = EVENT_BIT(EVENT_PLAN);
        world_tell(world, told, 1);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void what_is_made_private_is_told_to_nobody_from_then_on(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria(), hook(EVENT_BIT(EVENT_MISSED) | EVENT_BIT(EVENT_TAKEN)) };
        begin(world, told, 2);
        world_live_until(world, AT(9, 0), DELIVERY_DONE);
        world_edit(world, DAILY("080000") "CLASS:PRIVATE\r\n");
        world_forget(world);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void who_never_heard_of_the_trouble_does_not_hear_that_it_is_over(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        begin(world, told, 1);
        world_live_until(world, AT(1, 0), DELIVERY_DONE);
        world_forget(world);
        assert_int_equal(engine_set_degraded(world->engine, "ledger", "x"), 0);
        world_pass_until(world, AT(1, 0) + 10 * USEC_PER_SEC);
        assert_int_equal(engine_set_degraded(world->engine, "ledger", NULL), 0);
        world_live_until(world, AT(7, 30), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "caregiver maria: degraded"), 0);
}

static void trouble_of_one_person_is_not_told_to_the_hook_of_another(void **state) {
        struct world *world = *state;
        static const char *const ana[] = { "ana" };
        struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_DEGRADED)) };

        told[0].people = ana;
        told[0].n_people = 1;
        begin(world, told, 1);
        assert_int_equal(engine_set_degraded(world->engine, "rui/plan", "rui's file is broken"), 0);
        world_live_until(world, AT(1, 0), DELIVERY_DONE);
        world_sent(world, "");
        assert_int_equal(engine_set_degraded(world->engine, "ana/plan", "ana's file is broken"), 0);
        world_live_until(world, AT(1, 10), DELIVERY_DONE);
        world_sent(world, "01:00 hook bell: degraded 'ana's file is broken'\n");
}

static void a_rehearsal_is_no_heartbeat(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_HEARTBEAT)) };
        unsigned n = 0;
        begin(world, told, 1);
        assert_int_equal(engine_set_degraded(world->engine, "clock", "x"), 0);
        assert_int_equal(engine_rehearse(world->engine, "ana", world->now_usec, &n), 0);
        world_live_until(world, AT(1, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void once_is_asked_whether_it_was_stopped_however_long_nobody_confirms_it(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(0, 0) + 130 * USEC_PER_DAY, DELIVERY_DONE);
        assert_int_equal(count_sent(world, "stopped Lisinopril"), 1);
        world_forget(world);
        world_live_until(world, AT(9, 0) + 130 * USEC_PER_DAY, DELIVERY_DONE);
        world_take(world, "ana/lis/20270402T080000");
        world_live_until(world, AT(0, 0) + 260 * USEC_PER_DAY, DELIVERY_DONE);
        assert_int_equal(count_sent(world, "stopped Lisinopril"), 1);
}

static void a_person_who_is_left_out_for_a_minute_delays_nothing(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        begin_with(world, told, 1, DAILY("080000") "PRIORITY:1\r\n");
        world_pass_until(world, AT(12, 0) - USEC_PER_SEC);
        world->now_usec = AT(12, 0);
        /* missed and left out at the same moment */
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world_deliver(world, DELIVERY_DONE);
        world->now_usec += USEC_PER_MINUTE;
        world_set_people(world);
        world_reload(world);
        world_forget(world);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "missed Lisinopril"), 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(an_alarm_weeks_ahead_mails_at_its_time),
                TEST(an_alarm_that_passed_is_not_mailed_after_an_undo),
                TEST(who_is_removed_while_a_message_is_under_way_is_told_nothing_later),
                TEST(who_asks_for_it_no_more_is_not_told),
                TEST(what_is_made_private_is_told_to_nobody_from_then_on),
                TEST(who_never_heard_of_the_trouble_does_not_hear_that_it_is_over),
                TEST(trouble_of_one_person_is_not_told_to_the_hook_of_another),
                TEST(a_rehearsal_is_no_heartbeat),
                TEST(once_is_asked_whether_it_was_stopped_however_long_nobody_confirms_it),
                TEST(a_person_who_is_left_out_for_a_minute_delays_nothing),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
