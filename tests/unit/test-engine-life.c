/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The life of a dose through the engine: what is told in which order, and what is refused. */
#include "world.h"

#define ID "ana/lis/20261123T080000"

static void begin(struct world *world) {
        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("080000"));
        world_reload(world);
        world_told(world, "plan ana\n");
}

static void a_dose_nobody_answers_is_reminded_and_then_missed(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(13, 0));
        world_told(world, "08:00 changed Lisinopril due\n"
                          "08:00 reminder Lisinopril due\n"
                          "08:10 reminder Lisinopril due\n"
                          "08:30 reminder Lisinopril due\n"
                          "09:00 reminder Lisinopril due\n"
                          "10:00 reminder Lisinopril due\n"
                          "11:00 reminder Lisinopril due\n"
                          "12:00 changed Lisinopril missed\n");
}

static void a_confirmed_dose_does_not_ring_again(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), 0);
        world_pass_until(world, AT(20, 0));
        world_told(world, "08:00 changed Lisinopril due\n"
                          "08:00 reminder Lisinopril due\n"
                          "08:05 changed Lisinopril taken\n");
        world_assert_state(world, ID, DOSE_TAKEN);
}

static void confirming_twice_changes_nothing_and_tells_who_was_first(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options second = { .recorded_by = "bruno" };

        begin(world);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), 0);
        world_pass_until(world, AT(8, 30));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n08:05 changed Lisinopril taken\n");
        assert_int_equal(engine_confirm(world->engine, ID, &second, world->now_usec, &answer, &reason), 0);
        assert_true(answer.already);
        assert_string_equal(answer.recorded.recorded_by, "ana");
        assert_int_equal(answer.recorded.taken_usec, AT(8, 5));
        assert_non_null(answer.warning);
        world_told(world, "");
}

static void amending_keeps_both_and_the_new_one_stands(void **state) {
        struct world *world = *state;
        const struct record_options amended = { .at_usec = AT(8, 15), .amount = "half", .amend = true };
        _cleanup_(dose_free_p) struct dose *dose = NULL;

        begin(world);
        world_pass_until(world, AT(8, 30));
        assert_int_equal(world_confirm(world, ID, (struct record_options){ .at_usec = AT(8, 1) }), 0);
        assert_int_equal(world_confirm(world, ID, amended), 0);
        assert_int_equal(store_get_dose(world->store, "ana", "lis", "20261123T080000", &dose), 0);
        assert_int_equal(dose->recorded.taken_usec, AT(8, 15));
        assert_string_equal(dose->recorded.amount, "half");
}

static void an_amendment_keeps_what_it_does_not_say(void **state) {
        struct world *world = *state;
        const struct record_options first = { .given_by = "maria", .note = "with soup" };
        _cleanup_(dose_free_p) struct dose *dose = NULL;

        begin(world);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(world_confirm(world, ID, first), 0);
        world_pass_until(world, AT(20, 0));
        assert_int_equal(world_confirm(world, ID, (struct record_options){ .amount = "2", .amend = true }), 0);
        assert_int_equal(store_get_dose(world->store, "ana", "lis", "20261123T080000", &dose), 0);
        assert_int_equal(dose->recorded.taken_usec, AT(8, 5));
        assert_string_equal(dose->recorded.amount, "2");
        assert_string_equal(dose->recorded.given_by, "maria");
        assert_string_equal(dose->recorded.note, "with soup");
}

static void taking_a_skipped_dose_now_is_asked_about_as_any(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        const struct record_options options = { .recorded_by = "ana" };
        _cleanup_(free_p) char *reason = NULL;

        begin(world);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(engine_skip(world->engine, ID, &options, world->now_usec, &answer, &reason), 0);
        world_pass_until(world, AT(21, 0));
        assert_int_equal(world_confirm(world, ID, (struct record_options){ .amend = true }), ENGINE_TOO_LATE);
        assert_int_equal(world_confirm(world, ID, (struct record_options){ .amend = true, .at_usec = AT(8, 30) }), 0);
}

static void a_snoozed_dose_is_reminded_when_the_snooze_ends(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        usec_t until;

        begin(world);
        world_pass_until(world, AT(8, 2));
        assert_int_equal(engine_snooze(world->engine, ID, 20 * USEC_PER_MINUTE, "ana", world->now_usec, &until, &reason), 0);
        assert_int_equal(until, AT(8, 22));
        world_pass_until(world, AT(8, 40));
        world_told(world, "08:00 changed Lisinopril due\n"
                          "08:00 reminder Lisinopril due\n"
                          "08:02 changed Lisinopril snoozed\n"
                          "08:22 changed Lisinopril due\n"
                          "08:22 reminder Lisinopril due\n"
                          "08:30 reminder Lisinopril due\n");
}

static void a_snooze_never_outlasts_the_window(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        usec_t until;

        begin(world);
        world_pass_until(world, AT(8, 2));
        assert_int_equal(engine_snooze(world->engine, ID, 9 * USEC_PER_HOUR, "ana", world->now_usec, &until, &reason), 0);
        assert_int_equal(until, AT(11, 50));
}

static void skipping_ends_it_and_confirming_then_needs_an_amendment(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options options = { .recorded_by = "ana", .note = "nausea" };

        begin(world);
        world_pass_until(world, AT(8, 2));
        assert_int_equal(engine_skip(world->engine, ID, &options, world->now_usec, &answer, &reason), 0);
        world_assert_state(world, ID, DOSE_SKIPPED);
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), ENGINE_NOT_OPEN);
        assert_int_equal(world_confirm(world, ID, (struct record_options){ .amend = true }), 0);
        world_assert_state(world, ID, DOSE_TAKEN);
}

static void undo_returns_to_what_it_would_be_now(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;

        begin(world);
        world_pass_until(world, AT(7, 0));
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), 0);
        assert_int_equal(engine_undo(world->engine, ID, "ana", world->now_usec, &after, &reason), 0);
        assert_int_equal(after, DOSE_UPCOMING);
        world_told(world, "07:00 changed Lisinopril taken\n07:00 changed Lisinopril upcoming\n");

        /* It rings as if nothing had been. */
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), 0);
        assert_int_equal(engine_undo(world->engine, ID, "ana", world->now_usec, &after, &reason), 0);
        assert_int_equal(after, DOSE_DUE);

        assert_int_equal(world_confirm(world, ID, (struct record_options){}), 0);
        world_pass_until(world, AT(14, 0));
        assert_int_equal(engine_undo(world->engine, ID, "ana", world->now_usec, &after, &reason), 0);
        assert_int_equal(after, DOSE_MISSED);
        assert_int_equal(engine_undo(world->engine, ID, "ana", world->now_usec, &after, &reason), ENGINE_NOT_OPEN);
}

static void taking_early_consumes_that_dose(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(3, 59));
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), ENGINE_TOO_EARLY);
        world_pass_until(world, AT(4, 0));
        assert_int_equal(engine_next_due(world->engine), AT(8, 0));
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), 0);
        assert_int_equal(engine_next_due(world->engine), AT(8, 0) + USEC_PER_DAY);
        world_pass_until(world, AT(23, 0));
        world_told(world, "04:00 changed Lisinopril taken\n");
}

static void late_is_refused_past_half_way_but_can_be_recorded_later(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(20, 0));
        world_assert_state(world, ID, DOSE_MISSED);
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), ENGINE_TOO_LATE);
        assert_int_equal(world_confirm(world, ID, (struct record_options){ .at_usec = AT(8, 20) }), 0);
        world_assert_state(world, ID, DOSE_TAKEN);
}

static void a_missed_dose_may_be_taken_until_half_way(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(19, 59));
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), 0);
}

static void the_future_cannot_be_recorded(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(world_confirm(world, ID, (struct record_options){ .at_usec = AT(9, 0) }), ENGINE_BAD_OPTION);
        world_assert_state(world, ID, DOSE_DUE);
}

static void what_was_taken_under_another_schedule_is_checked_first(void **state) {
        struct world *world = *state;

        /* Two schedules of one medication, 12 h apart: at least 6 h should lie between two doses. */
        world_put_event(world, "morning.ics", "morning", "Metformin", DAILY("080000"));
        world_put_event(world, "evening.ics", "evening", "Metformin", DAILY("200000"));
        world_reload(world);
        world_told(world, "plan ana\n");
        world_pass_until(world, AT(13, 0));
        world_told(world, "08:00 changed Metformin due\n08:00 reminder Metformin due\n08:10 reminder Metformin due\n"
                          "08:30 reminder Metformin due\n09:00 reminder Metformin due\n10:00 reminder Metformin due\n"
                          "11:00 changed Metformin missed\n");
        world_pass_until(world, AT(15, 0));
        assert_int_equal(world_confirm(world, "ana/morning/20261123T080000", (struct record_options){ .force = true }), 0);
        world_told(world, "15:00 changed Metformin taken\n");
        world_pass_until(world, AT(20, 1));
        world_told(world, "20:00 changed Metformin due check-first\n20:00 reminder Metformin due check-first\n");
        assert_int_equal(world_confirm(world, "ana/evening/20261123T200000", (struct record_options){}), ENGINE_TOO_SOON);
        world_pass_until(world, AT(21, 0));
        world_told(world, "20:10 reminder Metformin due check-first\n20:30 reminder Metformin due check-first\n"
                          "21:00 reminder Metformin due\n");
        assert_int_equal(world_confirm(world, "ana/evening/20261123T200000", (struct record_options){}), 0);
}

static void taking_a_patch_off_is_no_taking_of_it(void **state) {
        struct world *world = *state;

        world_put_event(world, "on.ics", "on", "Patch", DAILY("080000"));
        world_put_event(world, "off.ics", "off", "Patch", DAILY("200000") "X-DOSED-ACTION:remove\r\n");
        world_reload(world);
        world_pass_until(world, AT(20, 30));
        assert_int_equal(world_confirm(world, "ana/on/20261123T080000", (struct record_options){ .at_usec = AT(15, 0) }), 0);
        world_forget(world);
        world_pass_until(world, AT(21, 0));
        world_told(world, "21:00 reminder Patch due\n");
        assert_int_equal(world_confirm(world, "ana/off/20261123T200000", (struct record_options){}), 0);
}

static void a_dose_that_asks_for_its_amount_needs_one(void **state) {
        struct world *world = *state;

        world_put_event(world, "insulin.ics", "insulin", "Insulin", DAILY("080000") "X-DOSED-AMOUNT:ask\r\n");
        world_reload(world);
        world_pass_until(world, AT(8, 1));
        assert_int_equal(world_confirm(world, "ana/insulin/20261123T080000", (struct record_options){}), ENGINE_BAD_OPTION);
        assert_int_equal(world_confirm(world, "ana/insulin/20261123T080000", (struct record_options){ .amount = "6 units" }), 0);
}

static void alarms_of_the_file_are_further_reminders(void **state) {
        struct world *world = *state;

        world_put_event(world, "lis.ics", "lis", "Lisinopril",
                        DAILY("080000") "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT15M\r\nREPEAT:1\r\n"
                                        "DURATION:PT5M\r\nEND:VALARM\r\n");
        world_reload(world);
        world_told(world, "plan ana\n");
        world_pass_until(world, AT(8, 5));
        world_told(world, "07:45 reminder Lisinopril upcoming\n07:50 reminder Lisinopril upcoming\n"
                          "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
}

static void an_early_answer_to_an_early_alarm_is_the_last_word(void **state) {
        struct world *world = *state;

        world_put_event(world, "lis.ics", "lis", "Lisinopril",
                        DAILY("080000") "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT15M\r\n"
                                        "END:VALARM\r\n");
        world_reload(world);
        world_told(world, "plan ana\n");
        world_pass_until(world, AT(7, 50));
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), 0);
        world_pass_until(world, AT(12, 0));
        world_told(world, "07:45 reminder Lisinopril upcoming\n07:50 changed Lisinopril taken\n");
}

static void put_patch(struct world *world) {
        world_put_event(world, "patch.ics", "patch", "Patch", "DTSTART:20261123T080000\r\nX-DOSED-AFTER-TAKEN:PT72H\r\n");
        world_reload(world);
        world_forget(world);
}

static void the_next_dose_follows_when_the_last_was_taken(void **state) {
        struct world *world = *state;

        put_patch(world);
        world_pass_until(world, AT(10, 0));
        assert_int_equal(world_confirm(world, "ana/patch/20261123T080000", (struct record_options){}), 0);
        assert_int_equal(engine_next_due(world->engine), AT(82, 0));
        /* Over a restart, and corrected afterwards. */
        world_stop(world);
        world_start(world);
        assert_int_equal(engine_next_due(world->engine), AT(82, 0));
        assert_int_equal(world_confirm(world, "ana/patch/20261123T080000",
                                       (struct record_options){ .at_usec = AT(9, 0), .amend = true }), 0);
        assert_int_equal(engine_next_due(world->engine), AT(81, 0));
        world_forget(world);
        world_pass_until(world, AT(81, 5));
        world_told(world, "09:00 changed Patch due\n09:00 reminder Patch due\n");
        world_assert_state(world, "ana/patch/20261126T090000Z", DOSE_DUE);
}

static void after_a_missed_or_skipped_dose_the_next_follows_when_it_was_due(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        const struct record_options options = { .recorded_by = "ana" };
        _cleanup_(free_p) char *reason = NULL;

        put_patch(world);
        world_pass_until(world, AT(13, 0));
        world_assert_state(world, "ana/patch/20261123T080000", DOSE_MISSED);
        assert_int_equal(engine_next_due(world->engine), AT(80, 0));
        world_pass_until(world, AT(80, 30));
        assert_int_equal(engine_skip(world->engine, "ana/patch/20261126T080000Z", &options, world->now_usec, &answer, &reason), 0);
        assert_int_equal(engine_next_due(world->engine), AT(152, 0));
        /* What was missed, and then recorded as taken after all, counts from there. */
        world_pass_until(world, AT(157, 0));
        world_assert_state(world, "ana/patch/20261129T080000Z", DOSE_MISSED);
        assert_int_equal(world_confirm(world, "ana/patch/20261129T080000Z", (struct record_options){ .at_usec = AT(153, 0) }), 0);
        assert_int_equal(engine_next_due(world->engine), AT(225, 0));
}

static void a_hold_that_is_lifted_makes_up_for_nothing(void **state) {
        struct world *world = *state;

        put_patch(world);
        world_pass_until(world, AT(10, 0));
        assert_int_equal(world_confirm(world, "ana/patch/20261123T080000", (struct record_options){}), 0);
        world_put_event(world, "patch.ics", "patch", "Patch",
                        "DTSTART:20261123T080000\r\nX-DOSED-AFTER-TAKEN:PT72H\r\nX-DOSED-HOLD:20261224\r\n");
        world_reload(world);
        world_pass_until(world, AT(500, 0));
        put_patch(world);
        world_pass_until(world, AT(500, 1));
        world_told(world, "20:00 changed Patch due\n20:00 reminder Patch due\n");
}

static void a_start_long_past_does_not_ring_for_all_that_was_before(void **state) {
        struct world *world = *state;

        world_put_event(world, "patch.ics", "patch", "Patch", "DTSTART:20261101T080000\r\nX-DOSED-AFTER-TAKEN:PT72H\r\n");
        world_reload(world);
        world_forget(world);
        world_pass_until(world, AT(47, 0));
        world_told(world, "");
        world_pass_until(world, AT(56, 1));
        world_told(world, "08:00 changed Patch due\n08:00 reminder Patch due\n");
}

static void a_schedule_with_an_old_start_has_no_missed_past(void **state) {
        struct world *world = *state;

        world_pass_until(world, AT(9, 0));
        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("080000"));
        world_reload(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "plan ana\n");
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), ENGINE_NO_SUCH_DOSE);
}

static void a_clock_that_was_ahead_is_undone(void **state) {
        struct world *world = *state;

        begin(world);
        world->now_usec = AT(0, 0) + 40 * USEC_PER_DAY;
        assert_int_equal(engine_step(world->engine, world->now_usec, &(usec_t){ 0 }), 0);
        world_assert_state(world, ID, DOSE_UNATTENDED);
        world->now_usec = AT(7, 0);
        assert_int_equal(engine_step(world->engine, world->now_usec, &(usec_t){ 0 }), 0);
        world_assert_state(world, ID, DOSE_UPCOMING);
        world_forget(world);
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_dose_nobody_answers_is_reminded_and_then_missed),
                TEST(a_confirmed_dose_does_not_ring_again),
                TEST(confirming_twice_changes_nothing_and_tells_who_was_first),
                TEST(amending_keeps_both_and_the_new_one_stands),
                TEST(an_amendment_keeps_what_it_does_not_say),
                TEST(taking_a_skipped_dose_now_is_asked_about_as_any),
                TEST(a_snoozed_dose_is_reminded_when_the_snooze_ends),
                TEST(a_snooze_never_outlasts_the_window),
                TEST(skipping_ends_it_and_confirming_then_needs_an_amendment),
                TEST(undo_returns_to_what_it_would_be_now),
                TEST(taking_early_consumes_that_dose),
                TEST(late_is_refused_past_half_way_but_can_be_recorded_later),
                TEST(a_missed_dose_may_be_taken_until_half_way),
                TEST(the_future_cannot_be_recorded),
                TEST(what_was_taken_under_another_schedule_is_checked_first),
                TEST(taking_a_patch_off_is_no_taking_of_it),
                TEST(a_dose_that_asks_for_its_amount_needs_one),
                TEST(alarms_of_the_file_are_further_reminders),
                TEST(an_early_answer_to_an_early_alarm_is_the_last_word),
                TEST(the_next_dose_follows_when_the_last_was_taken),
                TEST(after_a_missed_or_skipped_dose_the_next_follows_when_it_was_due),
                TEST(a_hold_that_is_lifted_makes_up_for_nothing),
                TEST(a_start_long_past_does_not_ring_for_all_that_was_before),
                TEST(a_schedule_with_an_old_start_has_no_missed_past),
                TEST(a_clock_that_was_ahead_is_undone),
        };

        return cmocka_run_group_tests_name("engine: the life of a dose", tests, NULL, NULL);
}
