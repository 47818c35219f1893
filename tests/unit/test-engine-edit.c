/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edits around now: what becomes of doses that were recorded, are open, wait, or were settled, when their plan changes. */
#include "world.h"

#define LIS "ana/lis/20261123T080000"
#define LIS_AT_9 "ana/lis/20261123T090000"
#define BERLIN(time) "DTSTART;TZID=Europe/Berlin:20261101T" time "\r\nRRULE:FREQ=DAILY\r\n"
/* One dose of the daily ones dragged elsewhere, as a calendar program does it. */
#define DRAGGED(from, to)                                                                                        \
        "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nSUMMARY:Lisinopril\r\nDTSTAMP:20261102T000000Z\r\n"            \
        "RECURRENCE-ID:" from "\r\nDTSTART:" to "\r\n"

static void assert_no_dose(struct world *world, const char *id) {
        enum dose_state state;

        assert_int_equal(engine_visit_dose(world->engine, id, world->now_usec, world_copy_state, &state), ENGINE_NO_SUCH_DOSE);
}

/* settled by time */

static void a_zone_that_is_added_leaves_missed_doses_missed(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(6, 0) + 4 * USEC_PER_DAY);
        world_forget(world);
        world_edit(world, BERLIN("080000"));
        world_told(world, "plan ana\n");
        assert_int_equal(engine_count_open(world->engine), 0);
        world_assert_state(world, LIS, DOSE_MISSED);
}

static void a_missed_dose_dragged_within_its_day_stays_missed(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0) + 4 * USEC_PER_DAY);
        world_forget(world);
        world_edit(world, DAILY("080000") DRAGGED("20261123T080000", "20261123T081500"));
        world_told(world, "plan ana\n");
        world_assert_state(world, LIS, DOSE_MISSED);
}

static void a_missed_dose_dragged_ahead_rings_there(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(12, 30));
        world_assert_state(world, LIS, DOSE_MISSED);
        world_edit(world, DAILY("080000") DRAGGED("20261123T080000", "20261123T150000"));
        world_assert_state(world, LIS, DOSE_UPCOMING);
        world_forget(world);
        world_pass_until(world, AT(15, 1));
        world_told(world, "15:00 changed Lisinopril due\n15:00 reminder Lisinopril due\n");
}

static void a_missed_dose_whose_new_window_holds_now_opens_again(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(12, 30));
        world_forget(world);
        world_edit(world, DAILY("080000") DRAGGED("20261123T080000", "20261123T110000"));
        world_pass_until(world, AT(12, 31));
        world_told(world, "12:30 changed Lisinopril due\nplan ana\n12:30 reminder Lisinopril due\n");
}

/* still to come */

static void a_coming_dose_that_a_zone_puts_into_the_past_is_due_now(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("090000"));
        world_pass_until(world, AT(8, 30));
        world_forget(world);
        world_edit(world, BERLIN("090000"));
        world_told(world, "08:30 changed Lisinopril due\n08:30 reminder Lisinopril due\nplan ana\n");
        world_pass_until(world, AT(23, 0));
        world_assert_state(world, LIS_AT_9, DOSE_MISSED);
}

static void a_coming_dose_dragged_into_the_past_is_due_now(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 57));
        world_forget(world);
        world_edit(world, DAILY("080000") DRAGGED("20261123T080000", "20261123T075500"));
        world_told(world, "07:57 changed Lisinopril due\n07:57 reminder Lisinopril due\nplan ana\n");
}

static void a_coming_dose_under_a_new_uid_in_the_past_is_due_now(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 57));
        world_forget(world);
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", DAILY("075500"));
        world_reload(world);
        world_told(world, "07:57 changed Lisinopril due\n07:57 reminder Lisinopril due\nplan ana\n");
}

static void of_hourly_doses_put_into_the_past_only_the_last_is_due(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T003000\r\nRRULE:FREQ=HOURLY;BYHOUR=14,15,16,17,18\r\n");
        world_pass_until(world, AT(13, 0));
        world_forget(world);
        world_edit(world, "DTSTART;TZID=Asia/Tokyo:20261101T003000\r\nRRULE:FREQ=HOURLY;BYHOUR=14,15,16,17,18\r\n");
        world_told(world, "13:00 changed Lisinopril skipped\n13:00 changed Lisinopril skipped\n"
                          "13:00 changed Lisinopril skipped\n13:00 changed Lisinopril skipped\n"
                          "13:00 changed Lisinopril due\n13:00 reminder Lisinopril due\nplan ana\n");
        world_assert_state(world, "ana/lis/20261123T143000", DOSE_SKIPPED);
        world_assert_state(world, "ana/lis/20261123T183000", DOSE_DUE);
}

/* reminded of ahead of its time */

#define HOUR_AHEAD "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"
#define TWICE_DAILY "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,20\r\n"

static void a_dose_reminded_of_ahead_and_taken_off_does_not_ring(void **state) {
        struct world *world = *state;

        world_edit(world, TWICE_DAILY HOUR_AHEAD);
        world_pass_until(world, AT(19, 30));
        world_forget(world);
        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8\r\n" HOUR_AHEAD);
        world_pass_until(world, AT(23, 0));
        world_told(world, "19:30 changed Lisinopril skipped\nplan ana\n");
}

static void a_dose_reminded_of_ahead_and_moved_rings_once(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000") HOUR_AHEAD);
        world_pass_until(world, AT(7, 30));
        world_forget(world);
        world_edit(world, DAILY("093000") HOUR_AHEAD);
        world_pass_until(world, AT(9, 31));
        world_told(world, "plan ana\n08:30 reminder Lisinopril upcoming\n"
                          "09:30 changed Lisinopril due\n09:30 reminder Lisinopril due\n");
        assert_no_dose(world, LIS);
}

static void a_dose_reminded_of_ahead_and_moved_into_the_past_is_due_now(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000") HOUR_AHEAD);
        world_pass_until(world, AT(7, 57));
        world_forget(world);
        world_edit(world, DAILY("075500") HOUR_AHEAD);
        world_pass_until(world, AT(7, 58));
        world_told(world, "07:57 changed Lisinopril due\nplan ana\n07:57 reminder Lisinopril due\n");
        world_pass_until(world, AT(8, 1));
        world_told(world, "");
}

static void an_alarm_that_had_passed_when_the_dose_was_added_stays_silent(void **state) {
        struct world *world = *state;

        world_pass_until(world, AT(7, 30));
        world_edit(world, DAILY("080000") HOUR_AHEAD);
        world_forget(world);
        world_pass_until(world, AT(7, 59));
        world_told(world, "");
        world_stop(world);
        world_start(world);
        world_forget(world);
        world_pass_until(world, AT(8, 0));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
}

/* The occurrence before it has an alarm later than this one's. */
static void each_dose_rings_its_own_alarms(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("200000") HOUR_AHEAD DRAGGED("20261124T200000", "20261124T200000")
                    "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-P1DT10H\r\nEND:VALARM\r\n");
        world_forget(world);
        world_pass_until(world, AT(19, 30));
        world_told(world, "10:00 reminder Lisinopril upcoming\n19:00 reminder Lisinopril upcoming\n");
}

static void a_seen_time_in_the_future_is_no_more_than_now(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000") HOUR_AHEAD "X-MOZ-LASTACK:20271101T000000Z\r\n");
        world_forget(world);
        world_pass_until(world, AT(8, 0));
        world_told(world, "07:00 reminder Lisinopril upcoming\n08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
}

/* recorded */

static void a_taken_dose_moved_and_moved_back_after_its_time_stays_taken(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world->now_usec = AT(8, 10);
        world_edit(world, DAILY("090000"));
        world_assert_state(world, LIS_AT_9, DOSE_TAKEN);
        world->now_usec = AT(8, 20);
        world_edit(world, DAILY("080000"));
        world_assert_state(world, LIS, DOSE_TAKEN);
        assert_no_dose(world, LIS_AT_9);
        world_forget(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

static void a_record_comes_back_over_several_edits(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_edit(world, DAILY("090000"));
        world_edit(world, DAILY("100000"));
        world_assert_state(world, "ana/lis/20261123T100000", DOSE_TAKEN);
        world_edit(world, DAILY("080000"));
        world_assert_state(world, LIS, DOSE_TAKEN);
        world_edit(world, DAILY("100000"));
        world_assert_state(world, "ana/lis/20261123T100000", DOSE_TAKEN);
        world_forget(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

static void both_times_in_the_plan_give_the_record_back_to_the_first(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_edit(world, DAILY("200000"));
        world_edit(world, "DTSTART:20261101T190000\r\nRRULE:FREQ=DAILY\r\n");
        world_assert_state(world, "ana/lis/20261123T190000", DOSE_TAKEN);
        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,19\r\n");
        world_assert_state(world, LIS, DOSE_TAKEN);
        world_assert_state(world, "ana/lis/20261123T190000", DOSE_UPCOMING);
        world_forget(world);
        world_pass_until(world, AT(19, 1));
        world_told(world, "19:00 changed Lisinopril due\n19:00 reminder Lisinopril due\n");
}

/* Two records and one dose that comes back: the first to come has it, the other keeps its own. */
static void two_records_never_meet_in_one_dose(void **state) {
        struct world *world = *state;

        world_put_event(world, "z.ics", "z", "Lis", DAILY("095000"));
        world_reload(world);
        world_pass_until(world, AT(8, 45));
        world_take(world, "ana/z/20261123T095000");
        world_put_event(world, "z.ics", "z", "Lis", DAILY("093000"));
        world_reload(world);
        world_put_event(world, "y.ics", "y", "Lis", DAILY("100000"));
        world_reload(world);
        world_take(world, "ana/y/20261123T100000");
        world_put_event(world, "z.ics", "z", "Lis", DAILY("095000"));
        world_remove_file(world, "y.ics");
        world_reload(world);
        world_assert_state(world, "ana/z/20261123T095000", DOSE_TAKEN);
        world_assert_state(world, "ana/y/20261123T100000", DOSE_TAKEN);
}

/* open */

static void an_open_dose_moved_back_at_another_time_rings_there(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("090000"));
        world_edit(world, DAILY("080000") DRAGGED("20261123T080000", "20261123T100000"));
        world_forget(world);
        world_pass_until(world, AT(10, 1));
        world_told(world, "10:00 changed Lisinopril due\n10:00 reminder Lisinopril due\n");
        assert_no_dose(world, LIS_AT_9);
}

static void a_moved_dose_is_nobodys_any_more(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_break_store(world, true);
        world_edit(world, DAILY("090000"));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), ENGINE_NO_SUCH_DOSE);
        assert_int_equal(engine_undo(world->engine, LIS, "ana", world->now_usec, &after, &reason), ENGINE_NO_SUCH_DOSE);
        world_break_store(world, false);
}

static void a_dose_called_off_after_a_journey_rings_no_more(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        assert_int_equal(zones_get(world->zones, "Europe/Berlin", &world->zone), 0);
        world_set_people(world);
        world_edit(world, DAILY("080000") "EXDATE:20261123T080000\r\n");
        world_assert_state(world, LIS, DOSE_SKIPPED);
}

static void an_hour_that_was_edited_twice_comes_back_as_missed(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("160000"));
        world_pass_until(world, AT(12, 30));
        world_edit(world, DAILY("080000"));
        world_assert_state(world, LIS, DOSE_MISSED);
        assert_no_dose(world, "ana/lis/20261123T160000");
}

/* A new text of a plan is no reason to open again what a journey passed over. */
static void what_was_passed_over_stays_so_when_the_plan_changes_otherwise(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,10,12,14\r\n");
        world_pass_until(world, AT(7, 0));
        assert_int_equal(zones_get(world->zones, "Asia/Tokyo", &world->zone), 0);
        world_set_people(world);
        world_assert_state(world, "ana/lis/20261123T120000", DOSE_SKIPPED);
        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,10,12,14\r\nDESCRIPTION:with water\r\n");
        world_assert_state(world, "ana/lis/20261123T120000", DOSE_SKIPPED);
        assert_int_equal(engine_count_open(world->engine), 1);
}

/* The window is that of the new time: it ends where the next dose begins. */
static void a_dragged_dose_has_the_window_of_its_new_time(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,20\r\n");
        world_pass_until(world, AT(8, 5));
        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,20\r\n" DRAGGED("20261123T080000", "20261123T190000"));
        world_pass_until(world, AT(19, 59));
        world_assert_state(world, LIS, DOSE_MISSED); /* a quarter of the hour to the next, at least half an hour */
}

static void a_taken_dose_dragged_ahead_and_undone_rings_there(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_edit(world, DAILY("080000") DRAGGED("20261123T080000", "20261123T100000"));
        world_assert_state(world, LIS, DOSE_TAKEN);
        assert_int_equal(engine_undo(world->engine, LIS, "ana", world->now_usec, &after, &reason), 0);
        assert_int_equal(after, DOSE_UPCOMING);
        world_forget(world);
        world_pass_until(world, AT(10, 0));
        world_told(world, "10:00 changed Lisinopril due\n10:00 reminder Lisinopril due\n");
}

/* The ledger knows the coming ones, since the clock was ahead: the nearest that it does not know lies long ago. */
static void no_dose_of_long_ago_rings_for_one_that_went(void **state) {
        struct world *world = *state;

        world_edit(world, TWICE_DAILY);
        world_pass_until(world, AT(9, 0));
        world->now_usec = AT(9, 0) + 300 * USEC_PER_DAY;
        world_pass_until(world, world->now_usec);
        world->now_usec = AT(9, 5);
        world_pass_until(world, AT(9, 5));
        world_edit(world, "DTSTART:20260301T090000\r\nRRULE:FREQ=YEARLY\r\n");
        world_forget(world);
        world_edit(world, TWICE_DAILY);
        world_assert_state(world, LIS, DOSE_DUE);
        assert_int_equal(engine_count_open(world->engine), 1);
        world_pass_until(world, AT(20, 0));
        world_assert_state(world, "ana/lis/20261123T200000", DOSE_DUE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_zone_that_is_added_leaves_missed_doses_missed),
                TEST(a_missed_dose_dragged_within_its_day_stays_missed),
                TEST(a_missed_dose_dragged_ahead_rings_there),
                TEST(a_missed_dose_whose_new_window_holds_now_opens_again),
                TEST(a_coming_dose_that_a_zone_puts_into_the_past_is_due_now),
                TEST(a_coming_dose_dragged_into_the_past_is_due_now),
                TEST(a_coming_dose_under_a_new_uid_in_the_past_is_due_now),
                TEST(of_hourly_doses_put_into_the_past_only_the_last_is_due),
                TEST(a_dose_reminded_of_ahead_and_taken_off_does_not_ring),
                TEST(a_dose_reminded_of_ahead_and_moved_rings_once),
                TEST(a_dose_reminded_of_ahead_and_moved_into_the_past_is_due_now),
                TEST(an_alarm_that_had_passed_when_the_dose_was_added_stays_silent),
                TEST(each_dose_rings_its_own_alarms),
                TEST(a_seen_time_in_the_future_is_no_more_than_now),
                TEST(a_taken_dose_moved_and_moved_back_after_its_time_stays_taken),
                TEST(a_record_comes_back_over_several_edits),
                TEST(both_times_in_the_plan_give_the_record_back_to_the_first),
                TEST(two_records_never_meet_in_one_dose),
                TEST(an_open_dose_moved_back_at_another_time_rings_there),
                TEST(a_moved_dose_is_nobodys_any_more),
                TEST(a_dose_called_off_after_a_journey_rings_no_more),
                TEST(an_hour_that_was_edited_twice_comes_back_as_missed),
                TEST(what_was_passed_over_stays_so_when_the_plan_changes_otherwise),
                TEST(a_taken_dose_dragged_ahead_and_undone_rings_there),
                TEST(no_dose_of_long_ago_rings_for_one_that_went),
                TEST(a_dragged_dose_has_the_window_of_its_new_time),
        };

        return cmocka_run_group_tests_name("edits around now", tests, NULL, NULL);
}
