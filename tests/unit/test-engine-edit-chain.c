/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edit after edit, and plans that get denser: each dose is told of once, and what was answered answers nothing else. */
#include "world.h"

#define LIS "ana/lis/20261123T080000"
#define LIS_AT_9 "ana/lis/20261123T090000"
#define HOUR_AHEAD "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"
#define BYHOUR(hours) "DTSTART:20261101T000000\r\nRRULE:FREQ=DAILY;BYHOUR=" hours "\r\n"

struct due { usec_t due_usec; unsigned n; };

static int copy_due(void *userdata, const struct dose_view *view) {
        struct due *due = userdata;

        due->due_usec = view->dose->due_usec;
        due->n++;
        return 0;
}

static int collect_states(void *userdata, const struct dose_view *view) {
        unsigned *n = userdata;

        n[view->dose->state]++;
        return 0;
}

/* more often a day, at other times: what was taken in the morning is no later dose */
static void taken_morning_does_not_eat_the_afternoon(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_pass_until(world, AT(10, 0));
        /* Three times a day from now on; the program that wrote it gave it a new UID. */
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", BYHOUR("8,14,20"));
        world_reload(world);
        world_forget(world);
        world_pass_until(world, AT(14, 1));
        world_told(world, "14:00 changed Lisinopril due\n14:00 reminder Lisinopril due\n");
}

static void taken_morning_does_not_eat_the_evening_same_uid(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_pass_until(world, AT(12, 0));
        world_edit(world, BYHOUR("9,19"));
        world_forget(world);
        world_pass_until(world, AT(19, 1));
        world_told(world, "19:00 changed Lisinopril due\n19:00 reminder Lisinopril due\n");
}

static void open_morning_dose_is_not_swallowed_by_the_afternoon(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(10, 0));
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", BYHOUR("8,14,20"));
        world_reload(world);
        assert_int_equal(engine_count_open(world->engine), 1);
}

static void missed_morning_dose_stays_missed(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(12, 30));
        world_assert_state(world, LIS, DOSE_MISSED);
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", BYHOUR("8,14,20"));
        world_reload(world);
        world_assert_state(world, LIS, DOSE_MISSED);
}

/* chains */
static void record_hops(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_edit(world, DAILY("090000"));
        world_edit(world, DAILY("100000"));
        world_edit(world, BYHOUR("8,9"));
        world_assert_state(world, LIS, DOSE_TAKEN);
        world_assert_state(world, LIS_AT_9, DOSE_UPCOMING);
}

static void taken_under_the_third_name_is_not_reopened_under_the_first(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("090000"));
        world_pass_until(world, AT(8, 10));
        world_edit(world, DAILY("083000"));
        world_pass_until(world, AT(8, 31));
        world_take(world, "ana/lis/20261123T083000");
        world_pass_until(world, AT(8, 40));
        world_forget(world);
        world_edit(world, DAILY("080000"));
        world_told(world, "08:40 changed Lisinopril taken\nplan ana\n"); /* under its first name again */
        assert_int_equal(engine_count_open(world->engine), 0);
}

static void missed_under_the_third_name_is_missed_under_the_first(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("090000"));
        world_edit(world, DAILY("083000"));
        world_pass_until(world, AT(12, 40));
        world_assert_state(world, "ana/lis/20261123T083000", DOSE_MISSED);
        world_forget(world);
        world_edit(world, DAILY("080000"));
        world_told(world, "12:40 changed Lisinopril missed\nplan ana\n");
        assert_int_equal(engine_count_open(world->engine), 0);
}

static void every_dose_once_in_a_list(void **state) {
        struct world *world = *state;
        struct due due = {};

        world_edit(world, DAILY("200000") HOUR_AHEAD);
        world_put_event(world, "a.ics", "a", "A", DAILY("200000") "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-P2D\r\nEND:VALARM\r\n");
        world_reload(world);
        world_pass_until(world, AT(19, 30));
        assert_int_equal(engine_visit_doses(world->engine, "ana", AT(0, 0), AT(24, 0), world->now_usec, copy_due, &due), 0);
        assert_int_equal(due.n, 2);
}

/* skip of what the plan passed over */
static void skip_of_what_the_plan_took_off_is_recorded(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options options = { .recorded_by = "ana" };

        world_edit(world, BYHOUR("8,10,12,14"));
        world_pass_until(world, AT(7, 0));
        world_travel(world, "Asia/Tokyo");
        assert_int_equal(engine_skip(world->engine, "ana/lis/20261123T120000", &options, world->now_usec, &answer, &reason), 0);
        assert_false(answer.already);
        assert_string_equal(answer.recorded.recorded_by, "ana");
}

/* two UIDs of one medication in one edit */
static void last_of_passed_is_due_also_where_another_uid_looked(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T003000\r\nRRULE:FREQ=HOURLY;BYHOUR=14,15,16,17,18\r\n");
        world_put_event(world, "l2.ics", "l2", "Lisinopril", DAILY("154500"));
        world_reload(world);
        world_pass_until(world, AT(13, 0));
        world_put_event(world, "lis.ics", "lis", "Lisinopril",
                        "DTSTART;TZID=Asia/Tokyo:20261101T003000\r\nRRULE:FREQ=HOURLY;BYHOUR=14,15,16,17,18\r\n");
        world_put_event(world, "l2.ics", "l2", "Lisinopril", DAILY("230000"));
        world_reload(world);
        world_assert_state(world, "ana/lis/20261123T183000", DOSE_DUE);
}

static void an_event_without_a_summary_does_not_poison_the_ledger(void **state) {
        struct world *world = *state;

        world_put(world, "n.ics", ICS("BEGIN:VEVENT\r\nUID:n\r\nDTSTAMP:20261101T000000Z\r\n" DAILY("080000") "X-DOSED-MEDICATION:abc\r\nEND:VEVENT\r\n"
                                      "BEGIN:VEVENT\r\nUID:n\r\nDTSTAMP:20261101T000000Z\r\nRECURRENCE-ID:20261124T080000\r\nDTSTART:20261124T090000\r\nEND:VEVENT\r\n"));
        world_reload(world);
        world_pass_until(world, AT(33, 5));
        assert_true(store_is_flushed(world->store));
}

/* Of two schedules the one whose dose is open is stopped, as the doctor said. */
static void an_open_dose_of_a_stopped_schedule_rings_no_more(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_put_event(world, "e.ics", "e", "Lisinopril", DAILY("200000"));
        world_reload(world);
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("080000") "STATUS:CANCELLED\r\n");
        world_assert_state(world, LIS, DOSE_SKIPPED);
}

static void an_open_dose_of_a_held_schedule_rings_no_more(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_put_event(world, "e.ics", "e", "Lisinopril", DAILY("200000"));
        world_reload(world);
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("080000") "X-DOSED-HOLD:20270101\r\n");
        world_assert_state(world, LIS, DOSE_SKIPPED);
}

/* EXDATE of what was taken, to tidy up */
static void tidying_up_takes_nothing_else(void **state) {
        struct world *world = *state;

        world_edit(world, BYHOUR("8,14,20"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_edit(world, BYHOUR("8,14,20") "EXDATE:20261123T080000\r\n");
        world_forget(world);
        world_pass_until(world, AT(14, 1));
        world_told(world, "14:00 changed Lisinopril due\n14:00 reminder Lisinopril due\n");
}

/* the open dose moved twice before it rang, restart between, taken, back */
static void moved_twice_and_restarted(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("090000"));
        world_stop(world); world_start(world);
        world_edit(world, DAILY("093000"));
        world_stop(world); world_start(world);
        world_forget(world);
        world_pass_until(world, AT(9, 31));
        world_told(world, "09:30 changed Lisinopril due\n09:30 reminder Lisinopril due\n");
}

/* A dose dragged by RANGE=THISANDFUTURE while open */
static void this_and_future_moves_the_open_one(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("080000")
             "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nSUMMARY:Lisinopril\r\nDTSTAMP:20261102T000000Z\r\n"
             "RECURRENCE-ID;RANGE=THISANDFUTURE:20261123T080000\r\nDTSTART:20261123T100000\r\n");
        world_forget(world);
        world_pass_until(world, AT(34, 1));
        world_told(world, "10:00 changed Lisinopril due\n10:00 reminder Lisinopril due\n10:10 reminder Lisinopril due\n"
                          "10:30 reminder Lisinopril due\n11:00 reminder Lisinopril due\n12:00 reminder Lisinopril due\n"
                          "13:00 reminder Lisinopril due\n14:00 changed Lisinopril missed\n"
                          "10:00 changed Lisinopril due\n10:00 reminder Lisinopril due\n");
}

static void moved_by_a_slip_and_series_edited_again(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5)); /* open, not taken */
        world_edit(world, DAILY("190000")); /* by a slip: moved to 19:00 */
        world_assert_state(world, "ana/lis/20261123T190000", DOSE_UPCOMING);
        world_edit(world, "DTSTART:20261101T060000\r\nRRULE:FREQ=DAILY\r\n"); /* 6:00 was meant */
        assert_int_equal(engine_count_open(world->engine), 1); /* the dose of today is due now */
}

/* Taken, moved by a slip, and the slip is mended under a third name: tomorrow's dose is nobody's record */
static void taken_then_two_slips(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_edit(world, DAILY("190000")); /* carried */
        world_assert_state(world, "ana/lis/20261123T190000", DOSE_TAKEN);
        world_edit(world, DAILY("060000")); /* 6:00 of today has passed */
        world_assert_state(world, "ana/lis/20261124T060000", DOSE_UPCOMING);
}

/* the same without the slip is right */
static void taken_then_one_edit(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_edit(world, DAILY("060000"));
        world_assert_state(world, "ana/lis/20261124T060000", DOSE_UPCOMING);
        world_assert_state(world, LIS, DOSE_TAKEN);
}

/* the same as a slip without the slip is right */
static void open_and_one_edit(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("060000"));
        assert_int_equal(engine_count_open(world->engine), 1);
}

/* Daily at 8, open; from now on at 8, 14 and 20 under the SAME uid: nothing happens to the open one */
static void same_name_stays_open(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(10, 0));
        world_edit(world, BYHOUR("8,14,20"));
        world_assert_state(world, LIS, DOSE_DUE);
}

/* once daily at 8, open at 10; from now on at 9 and 18 */
static void open_dose_goes_to_the_nearest_not_to_the_evening(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(10, 0));
        world_edit(world, BYHOUR("9,18"));
        assert_int_equal(engine_count_open(world->engine), 1);
}

/* What the day's list says after that: three doses were planned from 8:00 on, one taken */
static void list_after_the_dose_was_eaten(void **state) {
        struct world *world = *state;
        unsigned n[_DOSE_STATE_MAX] = {};

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_pass_until(world, AT(10, 0));
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", BYHOUR("8,14,20"));
        world_reload(world);
        assert_int_equal(engine_visit_doses(world->engine, "ana", AT(13, 0), AT(24, 0), world->now_usec, collect_states, n), 0);
        assert_int_equal(n[DOSE_UPCOMING], 2);
        assert_int_equal(n[DOSE_TAKEN], 0);
}

static void skip_is_remembered_when_the_plan_comes_back(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options options = { .recorded_by = "ana" };

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("080000") "X-DOSED-HOLD:20270101\r\n");
        assert_int_equal(engine_skip(world->engine, LIS, &options, world->now_usec, &answer, &reason), 0);
        world_edit(world, DAILY("080000"));
        assert_int_equal(engine_count_open(world->engine), 0);
}

/* The dose was moved, and by a restart, and the name it was moved to was removed before it came */
static void open_moved_then_two_edits_with_restart(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("190000"));
        world_stop(world);
        world_start(world);
        world_edit(world, DAILY("060000"));
        assert_int_equal(engine_count_open(world->engine), 1);
}

/* Snoozed, and the medicine's second time of day is dropped by giving it new times: 8 is open, 20 stays as 19 */
static void open_8_of_8_20_to_9_19(void **state) {
        struct world *world = *state;

        world_edit(world, BYHOUR("8,20"));
        world_pass_until(world, AT(9, 30)); /* 8:00 is open, its window ends at 11 */
        world_edit(world, BYHOUR("9,14,19")); /* three times from now on: the nearest is 9:00, not 14:00 (spacing 12 h, half 6 h) */
        assert_int_equal(engine_count_open(world->engine), 1);
}

/* Twice a day becomes three times a day at other times: 8 was taken, all of 13 and 19 are to come */
static void taken_8_of_8_20_to_7_13_19(void **state) {
        struct world *world = *state;

        world_edit(world, BYHOUR("8,20"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_pass_until(world, AT(9, 0));
        world_edit(world, BYHOUR("7,13,19"));
        world_assert_state(world, "ana/lis/20261123T130000", DOSE_UPCOMING);
        world_assert_state(world, "ana/lis/20261123T190000", DOSE_UPCOMING);
}

/* skipped in the morning: that eats the afternoon's, too */
static void skipped_morning_does_not_skip_the_afternoon(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options options = { .recorded_by = "ana" };

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        assert_int_equal(engine_skip(world->engine, LIS, &options, world->now_usec, &answer, &reason), 0);
        world_pass_until(world, AT(10, 0));
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", BYHOUR("8,14,20"));
        world_reload(world);
        world_assert_state(world, "ana/lis2/20261123T140000", DOSE_UPCOMING);
}

/* A name as the plan's own: a person whose login is plan has recorded nothing */
static void a_user_called_plan(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options options = { .recorded_by = "plan" };

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        assert_int_equal(engine_skip(world->engine, LIS, &options, world->now_usec, &answer, &reason), 0);
        world_edit(world, DAILY("080000") "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nSUMMARY:Lisinopril\r\nDTSTAMP:20261102T000000Z\r\n"
             "RECURRENCE-ID:20261123T080000\r\nDTSTART:20261123T090000\r\n");
        assert_int_equal(engine_count_open(world->engine), 0);
        world_pass_until(world, AT(9, 1));
        assert_int_equal(engine_count_open(world->engine), 0);
}

/* The third record of a chain of edits: it is nobody's second time */
static void record_hops_with_three_in_the_plan(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_edit(world, DAILY("090000"));
        world_edit(world, DAILY("100000"));
        world_edit(world, BYHOUR("8,9,10"));
        world_assert_state(world, LIS, DOSE_TAKEN);
}

static void an_open_dose_stays_open_after_a_slip_and_an_earlier_time(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("190000"));
        world_edit(world, DAILY("080000"));
        world_assert_state(world, LIS, DOSE_DUE);
        world_edit(world, DAILY("060000"));
        assert_int_equal(engine_count_open(world->engine), 1);
}

static void a_taken_dose_is_not_tomorrows_after_a_slip(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_edit(world, DAILY("190000"));
        world_edit(world, DAILY("080000"));
        world_edit(world, DAILY("060000"));
        world_assert_state(world, "ana/lis/20261124T060000", DOSE_UPCOMING);
}

static void an_open_dose_stays_open_after_a_slip_under_another_uid(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", DAILY("190000"));
        world_reload(world);
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", DAILY("060000"));
        world_reload(world);
        assert_int_equal(engine_count_open(world->engine), 1);
}

static void a_taken_dose_is_not_tomorrows_after_a_slip_under_another_uid(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", DAILY("190000"));
        world_reload(world);
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", DAILY("060000"));
        world_reload(world);
        world_assert_state(world, "ana/lis2/20261124T060000", DOSE_UPCOMING);
}

static void a_skipped_dose_is_not_tomorrows_after_a_slip_under_another_uid(void **state) {
        struct world *world = *state;

        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options options = { .recorded_by = "ana" };
        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        assert_int_equal(engine_skip(world->engine, LIS, &options, world->now_usec, &answer, &reason), 0);
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", DAILY("190000"));
        world_reload(world);
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", DAILY("060000"));
        world_reload(world);
        world_assert_state(world, "ana/lis2/20261124T060000", DOSE_UPCOMING);
}

int main(void) {
#define TEST(name) cmocka_unit_test_setup_teardown(name, world_new, world_free)
        const struct CMUnitTest tests[] = {
                TEST(taken_morning_does_not_eat_the_afternoon),
                TEST(taken_morning_does_not_eat_the_evening_same_uid),
                TEST(open_morning_dose_is_not_swallowed_by_the_afternoon),
                TEST(missed_morning_dose_stays_missed),
                TEST(record_hops),
                TEST(taken_under_the_third_name_is_not_reopened_under_the_first),
                TEST(missed_under_the_third_name_is_missed_under_the_first),
                TEST(every_dose_once_in_a_list),
                TEST(skip_of_what_the_plan_took_off_is_recorded),
                TEST(last_of_passed_is_due_also_where_another_uid_looked),
                TEST(an_event_without_a_summary_does_not_poison_the_ledger),
                TEST(an_open_dose_of_a_stopped_schedule_rings_no_more),
                TEST(an_open_dose_of_a_held_schedule_rings_no_more),
                TEST(tidying_up_takes_nothing_else),
                TEST(moved_twice_and_restarted),
                TEST(this_and_future_moves_the_open_one),
                TEST(moved_by_a_slip_and_series_edited_again),
                TEST(taken_then_two_slips),
                TEST(taken_then_one_edit),
                TEST(open_and_one_edit),
                TEST(same_name_stays_open),
                TEST(open_dose_goes_to_the_nearest_not_to_the_evening),
                TEST(list_after_the_dose_was_eaten),
                TEST(skip_is_remembered_when_the_plan_comes_back),
                TEST(open_moved_then_two_edits_with_restart),
                TEST(open_8_of_8_20_to_9_19),
                TEST(taken_8_of_8_20_to_7_13_19),
                TEST(skipped_morning_does_not_skip_the_afternoon),
                TEST(a_user_called_plan),
                TEST(record_hops_with_three_in_the_plan),
                TEST(an_open_dose_stays_open_after_a_slip_and_an_earlier_time),
                TEST(a_taken_dose_is_not_tomorrows_after_a_slip),
                TEST(an_open_dose_stays_open_after_a_slip_under_another_uid),
                TEST(a_taken_dose_is_not_tomorrows_after_a_slip_under_another_uid),
                TEST(a_skipped_dose_is_not_tomorrows_after_a_slip_under_another_uid),
        };

        return cmocka_run_group_tests_name("engine-edit-chain", tests, NULL, NULL);
}
