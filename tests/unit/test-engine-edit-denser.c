/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plans that get denser: what was answered or is open in the morning answers for no later dose of the day. */
#include "daily-world.h"

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

/* Snoozed, and the medicine's second time of day is dropped by giving it new times: 8 is open, 20 stays as 19 */
static void open_8_of_8_20_to_9_19(void **state) {
        struct world *world = *state;

        world_edit(world, BYHOUR("8,20"));
        world_pass_until(world, AT(9, 30)); /* 8:00 is open, its window ends at 11 */
        /* three times from now on: the nearest is 9:00, not 14:00 (spacing 12 h, half 6 h) */
        world_edit(world, BYHOUR("9,14,19"));
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

/* skipped in the morning, and three times a day from then on under another uid: the afternoon's is still to come */
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

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(taken_morning_does_not_eat_the_afternoon),
                TEST(taken_morning_does_not_eat_the_evening_same_uid),
                TEST(open_morning_dose_is_not_swallowed_by_the_afternoon),
                TEST(missed_morning_dose_stays_missed),
                TEST(same_name_stays_open),
                TEST(open_dose_goes_to_the_nearest_not_to_the_evening),
                TEST(open_8_of_8_20_to_9_19),
                TEST(taken_8_of_8_20_to_7_13_19),
                TEST(skipped_morning_does_not_skip_the_afternoon),
        };

        return cmocka_run_group_tests_name("plans that get denser", tests, NULL, NULL);
}
