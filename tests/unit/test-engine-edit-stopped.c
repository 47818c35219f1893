/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the plan stops, holds or takes off rings no more, and what a person said of it stays said. */
#include "daily-world.h"

static void a_stopped_medication_stops_ringing(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("080000") "STATUS:CANCELLED\r\n");
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n"
                          "08:05 changed Lisinopril skipped\nplan ana\n");
        world_pass_until(world, AT(8, 5) + 3 * USEC_PER_DAY);
        world_told(world, "");
}

static void a_dose_that_is_called_off_stops_ringing(void **state) {
        static const char *const ways[] = {
                DAILY("080000") "EXDATE:20261123T080000\r\n",
                DAILY("080000") "EXDATE;VALUE=DATE:20261123\r\n",
                DAILY("080000") "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nSUMMARY:Lisinopril\r\nDTSTAMP:20261101T000000Z\r\n"
                                "RECURRENCE-ID:20261123T080000\r\nDTSTART:20261123T080000\r\nSTATUS:CANCELLED\r\n",
        };
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_forget(world);
        for (size_t i = 0; i < ELEMENTS(ways); i++) {
                /* Called off by mistake: with the plan the dose is there again. */
                world_edit(world, DAILY("080000"));
                world_assert_state(world, LIS, DOSE_DUE);
                world_forget(world);
                world_edit(world, ways[i]);
                world_told(world, "08:05 changed Lisinopril skipped\nplan ana\n");
                assert_int_equal(engine_count_open(world->engine), 0);
        }
        world_pass_until(world, AT(8, 1) + USEC_PER_DAY);
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
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

/* skip of what the plan passed over */
static void skip_of_what_the_plan_took_off_is_recorded(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options options = { .recorded_by = "ana" };

        world_edit(world, BYHOUR("8,10,12,14"));
        world_pass_until(world, AT(7, 0));
        world_travel(world, "Asia/Tokyo");
        assert_int_equal(
                engine_skip(world->engine, "ana/lis/20261123T120000", &options, world->now_usec, &answer, &reason), 0);
        assert_false(answer.already);
        assert_string_equal(answer.recorded.recorded_by, "ana");
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

/* A name as the plan's own: a person whose login is plan has recorded nothing */
static void a_user_called_plan(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options options = { .recorded_by = "plan" };

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        assert_int_equal(engine_skip(world->engine, LIS, &options, world->now_usec, &answer, &reason), 0);
        world_edit(
                world,
                DAILY("080000") "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nSUMMARY:Lisinopril\r\nDTSTAMP:20261102T000000Z\r\n"
                                "RECURRENCE-ID:20261123T080000\r\nDTSTART:20261123T090000\r\n");
        assert_int_equal(engine_count_open(world->engine), 0);
        world_pass_until(world, AT(9, 1));
        assert_int_equal(engine_count_open(world->engine), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_stopped_medication_stops_ringing),
                TEST(a_dose_that_is_called_off_stops_ringing),
                TEST(an_open_dose_of_a_stopped_schedule_rings_no_more),
                TEST(an_open_dose_of_a_held_schedule_rings_no_more),
                TEST(tidying_up_takes_nothing_else),
                TEST(skip_of_what_the_plan_took_off_is_recorded),
                TEST(skip_is_remembered_when_the_plan_comes_back),
                TEST(a_user_called_plan),
        };

        return cmocka_run_group_tests_name("edits that stop", tests, NULL, NULL);
}
