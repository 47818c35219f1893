/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What holds messages up, and lets them go: quiet hours, people and recipients who are left out for a while, a clock ahead. */
#include "told-world.h"

#define TOMORROW (24 * USEC_PER_HOUR)

/* Told at ten to ten in the evening, and quiet from ten on. */
static struct engine_recipient late_maria(void) {
        struct engine_recipient late = maria();

        late.tells = EVENT_BIT(EVENT_MISSED);
        late.after_usec = 9 * USEC_PER_HOUR + 49 * USEC_PER_MINUTE;
        late.quiet = (struct quiet_hours){ 22 * 3600, 7 * 3600 };
        return late;
}

static void an_outage_into_quiet_hours_is_waited_out(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { late_maria() };

        begin(world, told, 1);
        world_live_until(world, AT(21, 58), DELIVERY_LATER);
        world_sent(world,
                   "21:50 caregiver maria later: missed Lisinopril\n21:51 caregiver maria later: missed Lisinopril\n"
                   "21:56 caregiver maria later: missed Lisinopril\n");
        world_live_until(world, AT(31, 30), DELIVERY_DONE);
        world_sent(world, "07:01 caregiver maria: missed Lisinopril\n");
}

static void a_restart_in_quiet_hours_is_silent(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { late_maria() };

        begin(world, told, 1);
        world_pass_until(world, AT(21, 49));
        world_stop(world);
        world->now_usec = AT(23, 0);
        world_start(world);
        world_forget(world);
        world_live_until(world, AT(31, 30), DELIVERY_DONE);
        world_sent(world, "07:01 caregiver maria: missed Lisinopril\n");
}

static void what_may_have_arrived_makes_way_for_a_critical_dose(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { late_maria() };

        begin(world, told, 1);
        world_put_event(world, "d.ics", "d", "Digoxin", DAILY("230000") "PRIORITY:1\r\nX-DOSED-WINDOW:PT1H\r\n");
        world_reload(world);
        world_live_until(world, AT(1, 0), DELIVERY_DONE);
        world_forget(world);
        world_live_until(world, AT(21, 58), DELIVERY_UNKNOWN);
        world_forget(world);
        world_live_until(world, AT(25, 0), DELIVERY_DONE);
        world_sent(world, "00:00 caregiver maria: missed Lisinopril\n00:00 caregiver maria: missed Digoxin\n");
}

/* The message fails for good; which it was. */
static int64_t refuse_next(struct world *world) {
        struct message_view view;
        int64_t id;

        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        id = view.message->id;
        assert_int_equal(engine_begin_delivery(world->engine, id, "letter", 6, world->now_usec), 0);
        assert_int_equal(engine_end_delivery(world->engine, id, DELIVERY_NEVER, "550", world->now_usec), 0);
        return id;
}

static void a_message_tried_by_hand_goes_at_night(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { late_maria() };
        int64_t id;

        begin(world, told, 1);
        world_pass_until(world, AT(21, 50));
        id = refuse_next(world);
        world_pass_until(world, AT(23, 0));
        world_forget(world);
        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), 0);
        world_live_until(world, AT(23, 5), DELIVERY_DONE);
        world_sent(world, "23:00 caregiver maria: missed Lisinopril\n");
}

/* Seed 100532. */
static void a_message_to_who_is_told_nothing_any_more_is_not_tried_again(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { late_maria() };
        int64_t id;

        begin(world, told, 1);
        world_pass_until(world, AT(21, 50));
        id = refuse_next(world);
        world_tell(world, told, 0);
        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), ENGINE_NOT_OPEN);
        world_pass_until(world, AT(23, 0));
        world_tell(world, told, 1);
        world_live_until(world, AT(31, 30), DELIVERY_DONE);
        world_sent(world, "");
}

static void an_attempt_by_hand_that_can_say_nothing_does_not_go_in_a_later_night(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { late_maria() };
        int64_t id;

        begin(world, told, 1);
        world_pass_until(world, AT(21, 50));
        id = refuse_next(world);
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), 0);
        world_pass_until(world, AT(23, 0));
        world_set_people(world);
        world_reload(world);
        world_forget(world);
        world_live_until(world, AT(31, 30), DELIVERY_DONE);
        world_sent(world, "07:01 caregiver maria: missed Lisinopril\n");
}

/* Seed 180047: what failed was settled by then. */
static void an_attempt_by_hand_that_comes_too_late_does_not_go_in_a_later_night(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { late_maria() };
        int64_t id;

        begin(world, told, 1);
        world_put_event(world, "dig.ics", "dig", "Digoxin", DAILY("080500"));
        world_reload(world);
        world_live_until(world, AT(21, 49), DELIVERY_DONE);
        world_pass_until(world, AT(21, 50));
        id = refuse_next(world);
        world_take(world, ID);
        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), 0);
        world_live_until(world, AT(21, 54), DELIVERY_DONE);
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world_pass_until(world, AT(23, 0));
        world_set_people(world);
        world_reload(world);
        world_forget(world);
        world_live_until(world, AT(31, 30), DELIVERY_DONE);
        world_sent(world, "07:01 caregiver maria: missed Digoxin\n");
}

/* Maria heard that it was missed; that it was taken is refused, and said once more after an undo. Which message was refused. */
static int64_t refuse_that_it_was_taken(struct world *world) {
        const struct engine_recipient told[] = { maria() };
        int64_t id;

        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_take(world, ID);
        world_pass_until(world, AT(13, 1));
        id = refuse_next(world);
        world_undo(world, ID);
        world_take(world, ID);
        world_forget(world);
        return id;
}

/* Seed 200567. */
static void what_another_message_has_told_by_now_is_not_told_again_by_hand(void **state) {
        struct world *world = *state;
        int64_t id = refuse_that_it_was_taken(world);

        world_live_until(world, AT(13, 5), DELIVERY_DONE);
        world_sent(world, "13:02 caregiver maria: resolved Lisinopril\n");
        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), 0);
        world_live_until(world, AT(18, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void what_waits_to_be_told_is_told_once_though_somebody_tries_the_former_message_by_hand(void **state) {
        struct world *world = *state;
        int64_t id = refuse_that_it_was_taken(world);

        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), 0);
        world_live_until(world, AT(18, 0), DELIVERY_DONE);
        world_sent(world, "13:01 caregiver maria: resolved Lisinopril\n");
}

/* What waits for the morning to say the same does not keep it from going at night. */
static void what_waits_for_the_morning_goes_when_somebody_tries_the_former_message_by_hand(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { late_maria() };
        int64_t id;

        begin(world, told, 1);
        world_pass_until(world, AT(21, 50));
        id = refuse_next(world);
        world_pass_until(world, AT(22, 30));
        world_take(world, ID);
        world_undo(world, ID);
        world_pass_until(world, AT(23, 0));
        world_forget(world);
        world_live_until(world, AT(23, 1), DELIVERY_DONE);
        world_sent(world, "");
        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), 0);
        world_live_until(world, AT(32, 0), DELIVERY_DONE);
        world_sent(world, "23:01 caregiver maria: missed Lisinopril\n");
}

static void a_hook_is_told_once_though_somebody_tries_the_former_message_by_hand(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_TAKEN)) };
        int64_t id;

        begin(world, told, 1);
        world_take(world, ID);
        id = refuse_next(world);
        world_undo(world, ID);
        world_take(world, ID);
        world_forget(world);
        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), 0);
        world_live_until(world, AT(18, 0), DELIVERY_DONE);
        world_sent(world, "00:30 hook bell: taken Lisinopril\n");
}

static void a_second_attempt_by_hand_does_not_forget_the_first(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };
        struct message_view view;
        int64_t id;

        begin(world, told, 1);
        world_pass_until(world, AT(12, 1));
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), 0);
        id = view.message->id;
        for (enum delivery end = DELIVERY_UNKNOWN; end <= DELIVERY_NEVER; end++) {
                assert_int_equal(engine_begin_delivery(world->engine, id, "letter", 6, world->now_usec), 0);
                assert_int_equal(engine_end_delivery(world->engine, id, end, "550", world->now_usec), 0);
        }
        assert_int_equal(engine_retry_message(world->engine, id, world->now_usec), 0);
        world_take(world, ID);
        world_forget(world);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: resolved Lisinopril\n");
}

static void who_is_left_out_is_told_of_when_they_are_back(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };
        struct message_view view;

        begin(world, told, 1);
        /* Its time has come, and then there is nobody of that name. */
        world_pass_until(world, AT(12, 1));
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world->n_queued = 0;
        assert_int_equal(engine_next_message(world->engine, world->now_usec, &view), ENGINE_NO_MESSAGE);
        assert_true(world->n_queued > 0); /* there is something to do: to look when it is next */
        assert_true(store_is_flushed(world->store));
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_sent(world, "");
        world_set_people(world);
        world_live_until(world, AT(15, 0), DELIVERY_DONE);
        world_sent(world, "14:00 caregiver maria: missed Lisinopril\n");
}

static void a_caregiver_who_is_back_hears_how_it_came_out(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria(), hook(EVENT_BIT(EVENT_MISSED) | EVENT_BIT(EVENT_TAKEN)) };

        begin(world, told, 2);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_tell(world, told, 0);
        world_take(world, ID);
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_sent(world, "");
        world_tell(world, told, 2);
        world_live_until(world, AT(18, 0), DELIVERY_DONE);
        world_sent(world, "14:00 hook bell: taken Lisinopril\n14:01 caregiver maria: resolved Lisinopril\n");
        world_restart(world);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void a_clock_that_was_ahead_puts_no_message_off(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].summary = SUMMARY_DAILY;
        told[0].summary_sec = 20 * 3600;
        begin(world, told, 1);
        world->now_usec = AT(0, 0) + 30 * TOMORROW;
        world_live_until(world, world->now_usec, DELIVERY_LATER);
        world->now_usec = AT(1, 0);
        world_forget(world);
        world_live_until(world, AT(23, 0), DELIVERY_DONE);
        /* The summary that the wrong clock brought, and that of the day. */
        world_sent(world, "01:01 caregiver maria: summary\n12:01 caregiver maria: missed Lisinopril\n"
                          "20:01 caregiver maria: summary\n");
}

/* Seed 180304: a day, and not a year. */
static void a_clock_that_was_ahead_keeps_no_message_of_a_hook_alive(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_PLAN)) };

        begin(world, told, 1);
        world->now_usec = AT(12, 0) + 365 * TOMORROW;
        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("090000"));
        world_reload(world);
        world_live_until(world, world->now_usec + USEC_PER_HOUR, DELIVERY_LATER);
        world->now_usec = AT(1, 0);
        world_live_until(world, AT(23, 0), DELIVERY_LATER);
        world_restart(world);
        world_live_until(world, AT(48, 0), DELIVERY_LATER);
        world_forget(world);
        world_live_until(world, AT(72, 0), DELIVERY_LATER);
        world_sent(world, "");
}

static void what_time_settled_under_a_wrong_clock_and_is_so_all_the_same_is_told(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_put_event(world, "d.ics", "d", "Vitamin D",
                        DAILY("080000") "CATEGORIES:VITAMIN\r\nX-DOSED-WINDOW:PT30M\r\n");
        world_reload(world);
        world_live_until(world, AT(8, 10), DELIVERY_DONE);
        world_take(world, ID);
        world->now_usec = AT(8, 10) + 4 * TOMORROW;
        world_pass_until(world, world->now_usec);
        world->now_usec = AT(8, 40);
        world_forget(world);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "19:31 caregiver maria: missed Vitamin D\n");
}

static void a_former_process_with_a_clock_ahead_puts_no_message_off(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_TAKEN)) };

        begin(world, told, 1);
        world->now_usec = AT(0, 0) + 20 * TOMORROW;
        world_pass_until(world, world->now_usec);
        world_take(world, "ana/lis/20261212T080000");
        world_stop(world);
        world->now_usec = AT(1, 0);
        world_start(world);
        world_forget(world);
        world_live_until(world, AT(2, 0), DELIVERY_DONE);
        world_sent(world, "01:00 hook bell: taken Lisinopril\n");
}

static void what_could_not_wait_and_is_settled_disturbs_nobody_with_the_rest(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { late_maria() };

        told[0].after_usec = 0;
        told[0].summary = SUMMARY_DAILY;
        told[0].summary_sec = 21 * 3600 + 59 * 60;
        world_tell(world, told, 1);
        /* In quiet hours, and its window ends in them. */
        world_put_event(world, "d.ics", "d", "Digoxin", DAILY("220000") "X-DOSED-WINDOW:PT30M\r\n");
        world_reload(world);
        world_live_until(world, AT(22, 25), DELIVERY_LATER);
        world_pass_until(world, AT(22, 31));
        /* Ready to go, and recorded in that moment. */
        world_take(world, "ana/d/20261123T220000");
        world_forget(world);
        world_live_until(world, AT(31, 30), DELIVERY_DONE);
        world_sent(world, "07:01 caregiver maria: summary\n");
}

/* Seed 200032. */
static void what_is_told_instead_takes_along_what_can_wait(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { late_maria() };
        const struct record_options options = { .recorded_by = "ana" };
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;

        begin(world, told, 1);
        world_put_event(world, "d.ics", "d", "Digoxin", DAILY("230000") "PRIORITY:1\r\nX-DOSED-WINDOW:PT1H\r\n");
        world_reload(world);
        world_live_until(world, AT(24, 0), DELIVERY_LATER);
        assert_int_equal(
                engine_skip(world->engine, "ana/d/20261123T230000", &options, world->now_usec, &answer, &reason), 0);
        world_forget(world);
        world_live_until(world, AT(25, 30), DELIVERY_DONE);
        world_sent(world, "01:00 caregiver maria: missed Lisinopril, skipped Digoxin\n");
}

static void what_a_clock_years_ahead_told_is_forgotten_with_its_end(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        world_tell(world, told, 1);
        world_put_event(world, "lis.ics", "lis", "Lisinopril",
                        "DTSTART:20261123T080000\r\nRRULE:FREQ=DAILY;COUNT=3\r\n");
        world_reload(world);
        world_live_until(world, AT(0, 30), DELIVERY_DONE);
        world->now_usec = AT(12, 0) + 500 * TOMORROW;
        world_live_until(world, world->now_usec + USEC_PER_HOUR, DELIVERY_DONE);
        world->now_usec = AT(1, 0);
        world_live_until(world, AT(8, 10), DELIVERY_DONE);
        world_take(world, ID);
        world_stop(world);
        world->now_usec = AT(12, 0) + 450 * TOMORROW;
        world_start(world);
        world_live_until(world, world->now_usec + USEC_PER_HOUR, DELIVERY_DONE);
        world_stop(world);
        world->now_usec = AT(12, 0) + 501 * TOMORROW;
        world_start(world);
        world_forget(world);
        world_live_until(world, world->now_usec + USEC_PER_HOUR, DELIVERY_DONE);
        world_sent(world, "");
}

static void an_end_that_was_heard_is_the_end(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        const struct record_options options = { .recorded_by = "ana" };
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;

        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        assert_int_equal(engine_skip(world->engine, ID, &options, world->now_usec, &answer, &reason), 0);
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n13:01 caregiver maria: resolved Lisinopril\n");
        /* From now on she would be told of what is skipped; this was skipped before. */
        told[0].tells |= EVENT_BIT(EVENT_SKIPPED);
        world_restart(world);
        world_live_until(world, AT(18, 0), DELIVERY_DONE);
        world_sent(world, "");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(an_outage_into_quiet_hours_is_waited_out),
                TEST(a_restart_in_quiet_hours_is_silent),
                TEST(what_may_have_arrived_makes_way_for_a_critical_dose),
                TEST(a_message_tried_by_hand_goes_at_night),
                TEST(a_message_to_who_is_told_nothing_any_more_is_not_tried_again),
                TEST(an_attempt_by_hand_that_can_say_nothing_does_not_go_in_a_later_night),
                TEST(an_attempt_by_hand_that_comes_too_late_does_not_go_in_a_later_night),
                TEST(what_another_message_has_told_by_now_is_not_told_again_by_hand),
                TEST(what_waits_to_be_told_is_told_once_though_somebody_tries_the_former_message_by_hand),
                TEST(what_waits_for_the_morning_goes_when_somebody_tries_the_former_message_by_hand),
                TEST(a_hook_is_told_once_though_somebody_tries_the_former_message_by_hand),
                TEST(a_second_attempt_by_hand_does_not_forget_the_first),
                TEST(who_is_left_out_is_told_of_when_they_are_back),
                TEST(a_caregiver_who_is_back_hears_how_it_came_out),
                TEST(a_clock_that_was_ahead_puts_no_message_off),
                TEST(a_clock_that_was_ahead_keeps_no_message_of_a_hook_alive),
                TEST(what_time_settled_under_a_wrong_clock_and_is_so_all_the_same_is_told),
                TEST(a_former_process_with_a_clock_ahead_puts_no_message_off),
                TEST(what_could_not_wait_and_is_settled_disturbs_nobody_with_the_rest),
                TEST(what_is_told_instead_takes_along_what_can_wait),
                TEST(an_end_that_was_heard_is_the_end),
                TEST(what_a_clock_years_ahead_told_is_forgotten_with_its_end),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
