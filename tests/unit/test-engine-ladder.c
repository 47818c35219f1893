/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom the ladder tells what, and when; and that nobody goes on believing what is not so. */
#include "told-world.h"

#define TOMORROW (24 * USEC_PER_HOUR)

static void a_missed_dose_is_told_and_then_resolved_when_it_is_recorded(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n");
        world_take(world, ID);
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_sent(world, "13:01 caregiver maria: resolved Lisinopril\n");
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void a_caregiver_is_told_after_their_delay_and_not_what_was_recorded_before(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria(), maria() };

        told[0].after_usec = 2 * USEC_PER_HOUR;
        told[1].name = "caregiver joao";
        begin(world, told, 2);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver joao: missed Lisinopril\n");
        world_take(world, ID);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "13:01 caregiver joao: resolved Lisinopril\n");

        world_live_until(world, AT(39, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver joao: missed Lisinopril\n14:01 caregiver maria: missed Lisinopril\n");
}

static void what_happens_within_a_minute_is_one_message(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        world_tell(world, told, 1);
        world_put(world, "two.ics",
                  ICS(EVENT("a", "Aspirin", DAILY("080000")) EVENT("b", "Bisoprolol", DAILY("080000"))
                              EVENT("c", "Codeine", DAILY("080100"))));
        world_reload(world);
        world_live_until(world, AT(0, 30), DELIVERY_DONE);
        world_forget(world);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Aspirin, missed Bisoprolol, missed Codeine\n");
}

static void undo_after_resolved_tells_again(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state now;

        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_take(world, ID);
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_forget(world);
        assert_int_equal(engine_undo(world->engine, ID, "ana", world->now_usec, &now, &reason), 0);
        world_live_until(world, AT(15, 0), DELIVERY_DONE);
        world_sent(world, "14:01 caregiver maria: missed Lisinopril\n");
}

static void a_message_that_never_arrived_is_not_resolved(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(12, 30), DELIVERY_LATER);
        world_sent(world,
                   "12:01 caregiver maria later: missed Lisinopril\n12:02 caregiver maria later: missed Lisinopril\n"
                   "12:07 caregiver maria later: missed Lisinopril\n12:22 caregiver maria later: missed Lisinopril\n");
        world_take(world, ID);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void a_message_that_may_have_arrived_is_resolved(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(12, 30), DELIVERY_UNKNOWN);
        world_forget(world);
        world_take(world, ID);
        /* First the same message again, then how it came out. */
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "13:22 caregiver maria: missed Lisinopril\n13:23 caregiver maria: resolved Lisinopril\n");
}

static void a_critical_dose_is_told_at_once_and_at_night_also_when_skipped(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        const struct record_options options = { .recorded_by = "ana", .note = "sick" };
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;

        told[0].after_usec = 3 * USEC_PER_HOUR;
        told[0].quiet = (struct quiet_hours){ 0, 86399 };
        told[0].tells = EVENT_BIT(EVENT_MISSED);
        world_tell(world, told, 1);
        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("080000") "PRIORITY:1\r\n");
        world_reload(world);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:00 caregiver maria: missed Lisinopril\n");
        world_live_until(world, AT(32, 1), DELIVERY_DONE);
        assert_int_equal(
                engine_skip(world->engine, "ana/lis/20261124T080000", &options, world->now_usec, &answer, &reason), 0);
        world_live_until(world, AT(34, 0), DELIVERY_DONE);
        world_sent(world, "08:01 caregiver maria: skipped Lisinopril\n");
}

static void quiet_hours_hold_back_what_was_not_due_in_them(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].quiet = (struct quiet_hours){ 10 * 3600, 18 * 3600 };
        begin(world, told, 1);
        world_live_until(world, AT(20, 0), DELIVERY_DONE);
        world_sent(world, "18:01 caregiver maria: missed Lisinopril\n");
}

static void a_supplement_waits_for_the_evening(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        world_tell(world, told, 1);
        world_put_event(world, "d.ics", "d", "Vitamin D", DAILY("080000") "CATEGORIES:VITAMIN\r\n");
        world_reload(world);
        world_live_until(world, AT(0, 30), DELIVERY_DONE);
        world_forget(world);
        world_live_until(world, AT(23, 0), DELIVERY_DONE);
        world_sent(world, "19:01 caregiver maria: missed Vitamin D\n");
}

static void after_three_in_a_row_one_message_asks_and_then_it_waits_for_the_summary(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(13, 0) + 4 * TOMORROW, DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n12:01 caregiver maria: missed Lisinopril\n"
                          "12:01 caregiver maria: stopped Lisinopril\n19:01 caregiver maria: missed Lisinopril\n");
        /* Once it is taken again, a new row begins. */
        world_live_until(world, AT(8, 0) + 5 * TOMORROW, DELIVERY_DONE);
        world_take(world, "ana/lis/20261128T080000");
        world_forget(world);
        world_live_until(world, AT(13, 0) + 6 * TOMORROW, DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n");
}

static void a_private_dose_is_told_to_nobody(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria(), hook(UINT32_MAX) };

        world_tell(world, told, 2);
        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("080000") "CLASS:PRIVATE\r\n");
        world_reload(world);
        world_live_until(world, AT(23, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void after_an_outage_one_message_lists_what_was_unattended(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        world_tell(world, told, 1);
        world_put(world, "two.ics",
                  ICS(EVENT("a", "Aspirin", DAILY("080000")) EVENT("b", "Bisoprolol", DAILY("093000"))));
        world_reload(world);
        world_live_until(world, AT(0, 30), DELIVERY_DONE);
        world_stop(world);
        world->now_usec = AT(20, 0);
        world_start(world);
        world_forget(world);
        world_live_until(world, AT(21, 0), DELIVERY_DONE);
        world_sent(world, "20:01 caregiver maria: unattended Aspirin, unattended Bisoprolol\n");
}

static void a_thousand_missed_doses_are_few_messages(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        world_tell(world, told, 1);
        world_put_event(world, "lis.ics", "lis", "Lisinopril", "DTSTART:20261101T000000\r\nRRULE:FREQ=HOURLY\r\n");
        world_reload(world);
        world_live_until(world, AT(0, 30), DELIVERY_DONE);
        world_stop(world);
        world->now_usec = AT(0, 0) + 100 * TOMORROW;
        world_start(world);
        world_forget(world);
        for (unsigned n = 0; n < 4; n++) {
                world_live_until(world, world->now_usec + 2 * USEC_PER_MINUTE, DELIVERY_DONE);
                world->now_usec += USEC_PER_MINUTE;
        }
        /* 2,399 doses, and no more than what fits into three. */
        unsigned lines = 0;
        assert_int_equal(fflush(world->transcript), 0);
        for (const char *c = world->told; (c = strstr(c, " caregiver maria:")); c++)
                lines++;
        assert_in_range(lines, 1, 4);
        world_forget(world);
}

static void a_hook_hears_of_each_change_at_once_and_one_by_one(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_DUE) | EVENT_BIT(EVENT_TAKEN) |
                                                      EVENT_BIT(EVENT_SNOOZED) | EVENT_BIT(EVENT_MISSED)) };
        _cleanup_(free_p) char *reason = NULL;
        usec_t until_usec;

        begin(world, told, 1);
        world_live_until(world, AT(8, 5), DELIVERY_DONE);
        assert_int_equal(
                engine_snooze(world->engine, ID, 10 * USEC_PER_MINUTE, "ana", world->now_usec, &until_usec, &reason),
                0);
        world_live_until(world, AT(8, 20), DELIVERY_DONE);
        world_take(world, ID);
        world_live_until(world, AT(9, 0), DELIVERY_DONE);
        world_sent(world, "08:00 hook bell: due Lisinopril\n08:05 hook bell: snoozed Lisinopril\n"
                          "08:15 hook bell: due Lisinopril\n08:20 hook bell: taken Lisinopril\n");
}

static void a_hook_that_was_told_of_a_missed_dose_hears_that_it_was_recorded(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_MISSED)) };

        begin(world, told, 1);
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_take(world, ID);
        world_live_until(world, AT(14, 0), DELIVERY_DONE);
        world_sent(world, "12:00 hook bell: missed Lisinopril\n13:00 hook bell: resolved Lisinopril\n");
}

static void a_late_hook_is_not_told_what_is_over(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { hook(EVENT_BIT(EVENT_DUE) | EVENT_BIT(EVENT_TAKEN)) };

        begin(world, told, 1);
        world_live_until(world, AT(8, 2), DELIVERY_LATER);
        world_take(world, ID);
        world_forget(world);
        world_live_until(world, AT(12, 0), DELIVERY_DONE);
        world_sent(world, "08:06 hook bell: taken Lisinopril\n");
}

static void a_clock_that_was_ahead_is_taken_back(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world->now_usec = AT(7, 0);
        world_live_until(world, AT(7, 0), DELIVERY_DONE);
        world->now_usec = AT(13, 0);
        world_live_until(world, AT(13, 30), DELIVERY_DONE);
        world_sent(world, "13:01 caregiver maria: unattended Lisinopril\n");
        world->now_usec = AT(7, 5);
        world_live_until(world, AT(7, 50), DELIVERY_DONE);
        world_sent(world, "07:06 caregiver maria: resolved Lisinopril\n");
        world_live_until(world, AT(13, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n");
}

static void plan_changes_are_told_to_who_asks_for_them(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_edit(world, DAILY("090000"));
        world_live_until(world, AT(2, 0), DELIVERY_DONE);
        world_sent(world, "00:31 caregiver maria: plan 'changed Lisinopril'\n");
}

static void a_daily_summary_comes_at_its_hour_also_after_a_restart(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].summary = SUMMARY_DAILY;
        told[0].summary_sec = 20 * 3600;
        begin(world, told, 1);
        world_live_until(world, AT(21, 0), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n20:01 caregiver maria: summary\n");
        world_stop(world);
        world->now_usec = AT(23, 0) + TOMORROW;
        world_start(world);
        world_forget(world);
        world_live_until(world, AT(23, 30) + TOMORROW, DELIVERY_DONE);
        world_sent(world, "23:01 caregiver maria: unattended Lisinopril, summary\n");
}

#define MAIL(trigger, address)                                                            \
        "BEGIN:VALARM\r\nACTION:EMAIL\r\nTRIGGER:" trigger "\r\nATTENDEE:mailto:" address \
        "\r\nSUMMARY:dose\r\nDESCRIPTION:dose\r\nEND:VALARM\r\n"

static void an_alarm_mails_who_is_known_unless_the_dose_is_recorded_by_then(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_edit(world, DAILY("080000") MAIL("-PT1H", "Maria@Example.org") MAIL("PT30M", "maria@example.org")
                                  MAIL("PT10M", "stranger@example.org"));
        world_live_until(world, AT(2, 0), DELIVERY_DONE);
        world_forget(world);
        world_live_until(world, AT(9, 0), DELIVERY_DONE);
        world_sent(world, "07:00 caregiver maria: alarm Lisinopril\n08:30 caregiver maria: alarm Lisinopril\n");
        world_restart(world);
        world_live_until(world, AT(31, 30), DELIVERY_DONE);
        world_sent(world, "12:01 caregiver maria: missed Lisinopril\n07:00 caregiver maria: alarm Lisinopril\n");
        world_take(world, "ana/lis/20261124T080000");
        world_live_until(world, AT(40, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void an_alarm_mails_also_who_is_told_nothing_else(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };
        unsigned n;

        told[0].tells = 0;
        world_tell(world, told, 1);
        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("080000") MAIL("PT30M", "maria@example.org"));
        world_reload(world);
        assert_int_equal(engine_rehearse(world->engine, "ana", world->now_usec, &n), 0);
        assert_int_equal(n, 0);
        world_live_until(world, AT(23, 0), DELIVERY_DONE);
        world_sent(world, "08:30 caregiver maria: alarm Lisinopril\n");
}

static void an_alarm_that_the_plan_takes_away_mails_nobody(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_edit(world, DAILY("080000") MAIL("-PT1H", "maria@example.org") MAIL("PT30M", "maria@example.org"));
        world_live_until(world, AT(7, 30), DELIVERY_DONE);
        world_forget(world);
        world_edit(world, DAILY("080000") MAIL("PT1H", "maria@example.org"));
        world_live_until(world, AT(10, 0), DELIVERY_DONE);
        world_sent(world,
                   "07:31 caregiver maria: plan 'changed Lisinopril'\n09:00 caregiver maria: alarm Lisinopril\n");
}

/* The 23rd is a Monday; New York's clocks are five hours behind. */
static void a_weekly_summary_comes_on_its_day_by_the_caregivers_clock(void **state) {
        struct world *world = *state;
        struct engine_recipient told[] = { maria() };

        told[0].tells = EVENT_BIT(EVENT_SUMMARY);
        told[0].summary = SUMMARY_WEEKLY;
        told[0].summary_weekday = 3;
        told[0].summary_sec = 18 * 3600;
        assert_int_equal(zones_get(world->zones, "America/New_York", &told[0].clock.zone), 0);
        begin(world, told, 1);
        world_live_until(world, AT(22, 59) + 2 * TOMORROW, DELIVERY_DONE);
        world_sent(world, "");
        world_live_until(world, AT(22, 59) + 9 * TOMORROW, DELIVERY_DONE);
        world_sent(world, "23:01 caregiver maria: summary\n");
        world_live_until(world, AT(23, 30) + 9 * TOMORROW, DELIVERY_DONE);
        world_sent(world, "23:01 caregiver maria: summary\n");
}

static void a_rehearsal_reaches_everyone_at_once(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria(), hook(EVENT_BIT(EVENT_MISSED)) };
        unsigned n = 0;

        begin(world, told, 2);
        assert_int_equal(engine_rehearse(world->engine, "ana", world->now_usec, &n), 0);
        assert_int_equal(n, 2);
        (void) world_deliver(world, DELIVERY_DONE);
        world_sent(world, "00:30 caregiver maria: rehearsal\n00:30 hook bell: rehearsal\n");
        assert_int_equal(engine_rehearse(world->engine, "nobody", world->now_usec, &n), ENGINE_NO_SUCH_PERSON);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_missed_dose_is_told_and_then_resolved_when_it_is_recorded),
                TEST(a_caregiver_is_told_after_their_delay_and_not_what_was_recorded_before),
                TEST(what_happens_within_a_minute_is_one_message),
                TEST(undo_after_resolved_tells_again),
                TEST(a_message_that_never_arrived_is_not_resolved),
                TEST(a_message_that_may_have_arrived_is_resolved),
                TEST(a_critical_dose_is_told_at_once_and_at_night_also_when_skipped),
                TEST(quiet_hours_hold_back_what_was_not_due_in_them),
                TEST(a_supplement_waits_for_the_evening),
                TEST(after_three_in_a_row_one_message_asks_and_then_it_waits_for_the_summary),
                TEST(a_private_dose_is_told_to_nobody),
                TEST(after_an_outage_one_message_lists_what_was_unattended),
                TEST(a_thousand_missed_doses_are_few_messages),
                TEST(a_hook_hears_of_each_change_at_once_and_one_by_one),
                TEST(a_hook_that_was_told_of_a_missed_dose_hears_that_it_was_recorded),
                TEST(a_late_hook_is_not_told_what_is_over),
                TEST(a_clock_that_was_ahead_is_taken_back),
                TEST(plan_changes_are_told_to_who_asks_for_them),
                TEST(a_daily_summary_comes_at_its_hour_also_after_a_restart),
                TEST(an_alarm_mails_who_is_known_unless_the_dose_is_recorded_by_then),
                TEST(an_alarm_mails_also_who_is_told_nothing_else),
                TEST(an_alarm_that_the_plan_takes_away_mails_nobody),
                TEST(a_weekly_summary_comes_on_its_day_by_the_caregivers_clock),
                TEST(a_rehearsal_reaches_everyone_at_once),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
