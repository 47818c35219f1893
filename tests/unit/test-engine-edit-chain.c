/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Edit after edit, and slips that are mended: an open dose stays open, and what was answered answers nothing else. */
#include "daily-world.h"

#define LIS_AT_9 "ana/lis/20261123T090000"

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

/* the open dose moved twice before it rang, restart between, taken, back */
static void moved_twice_and_restarted(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("090000"));
        world_stop(world);
        world_start(world);
        world_edit(world, DAILY("093000"));
        world_stop(world);
        world_start(world);
        world_forget(world);
        world_pass_until(world, AT(9, 31));
        world_told(world, "09:30 changed Lisinopril due\n09:30 reminder Lisinopril due\n");
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

static void moved_by_a_slip_and_series_edited_again(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));  /* open, not taken */
        world_edit(world, DAILY("190000")); /* by a slip: moved to 19:00 */
        world_assert_state(world, "ana/lis/20261123T190000", DOSE_UPCOMING);
        world_edit(world, "DTSTART:20261101T060000\r\nRRULE:FREQ=DAILY\r\n"); /* 6:00 was meant */
        assert_int_equal(engine_count_open(world->engine), 1);                /* the dose of today is due now */
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
        const struct CMUnitTest tests[] = {
                TEST(record_hops),
                TEST(record_hops_with_three_in_the_plan),
                TEST(taken_under_the_third_name_is_not_reopened_under_the_first),
                TEST(missed_under_the_third_name_is_missed_under_the_first),
                TEST(moved_twice_and_restarted),
                TEST(open_moved_then_two_edits_with_restart),
                TEST(moved_by_a_slip_and_series_edited_again),
                TEST(taken_then_two_slips),
                TEST(taken_then_one_edit),
                TEST(open_and_one_edit),
                TEST(an_open_dose_stays_open_after_a_slip_and_an_earlier_time),
                TEST(a_taken_dose_is_not_tomorrows_after_a_slip),
                TEST(an_open_dose_stays_open_after_a_slip_under_another_uid),
                TEST(a_taken_dose_is_not_tomorrows_after_a_slip_under_another_uid),
                TEST(a_skipped_dose_is_not_tomorrows_after_a_slip_under_another_uid),
        };

        return cmocka_run_group_tests_name("engine-edit-chain", tests, NULL, NULL);
}
