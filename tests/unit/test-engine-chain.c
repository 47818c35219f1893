/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doses that follow what was taken, each the one before it: what was recorded early, or by a wrong clock, and undone, and amended. */
#include "world.h"

#define LIS "ana/lis/20261123T080000"
#define AHEAD "ana/lis/20261125T080000Z" /* only a clock that was ahead makes it */
#define AFTER8 "DTSTART:20261123T080000\r\nX-DOSED-AFTER-TAKEN:PT8H\r\n"
#define HOUR_AHEAD "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"

/* At 08:05, so that the next one is due at 16:05. */
static void take_first(struct world *world) {
        world_edit(world, AFTER8);
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
}

/* The clock is two days ahead when a dose is taken, and is set back. */
static void take_ahead(struct world *world) {
        world_edit(world, AFTER8);
        world_pass_until(world, AT(8, 5));
        world_jump(world, AT(8, 5) + 2 * USEC_PER_DAY);
        world_take(world, AHEAD);
        world_jump(world, AT(8, 6));
}

static void go_on(struct world *world, bool restarts) {
        if (restarts)
                world_restart(world);
        world_pass_until(world, world->now_usec);
}

/* The next one, and nothing before it. */
static void next_comes_at(struct world *world, int hour, int minute, const char *expected) {
        world_pass_until(world, AT(hour, minute) - USEC_PER_SEC);
        assert_int_equal(engine_count_open(world->engine), 0);
        world_forget(world);
        world_pass_until(world, AT(hour, minute));
        world_told(world, expected);
}

/* Of a year that never was, nothing is said but what comes first. */
static void what_is_dropped_at_once_is_not_told(void **state) {
        struct world *world = *state;

        take_first(world);
        world_jump(world, AT(8, 6) + 365 * USEC_PER_DAY);
        world_forget(world);
        world_jump(world, AT(8, 6));
        world_told(world, "08:06 changed Lisinopril upcoming check-first\n");
        next_comes_at(world, 16, 5, "16:05 changed Lisinopril due\n16:05 reminder Lisinopril due\n");
}

static void taken_by_a_clock_ahead(struct world *world, bool restarts) {
        take_ahead(world);
        go_on(world, restarts);
        world->now_usec = AT(8, 20);
        world_take(world, LIS);
        go_on(world, restarts);
        next_comes_at(world, 16, 20, "16:20 changed Lisinopril due check-first\n16:20 reminder Lisinopril due check-first\n");
        world_assert_state(world, AHEAD, DOSE_TAKEN); /* what a person recorded stands */
}

static void a_record_of_a_clock_ahead_does_not_silence(void **state) {
        taken_by_a_clock_ahead(*state, false);
}

static void nor_after_a_restart(void **state) {
        taken_by_a_clock_ahead(*state, true);
}

static void undone_after_a_clock_ahead(struct world *world, bool restarts) {
        take_ahead(world);
        world_undo(world, AHEAD);
        go_on(world, restarts);
        world_assert_state(world, AHEAD, DOSE_SKIPPED);
        world_take(world, LIS);
        go_on(world, restarts);
        next_comes_at(world, 16, 6, "16:06 changed Lisinopril due\n16:06 reminder Lisinopril due\n");
        world_pass_until(world, AT(72, 0));
        world_assert_state(world, AHEAD, DOSE_SKIPPED);
}

static void what_only_a_clock_ahead_made_is_off_when_undone(void **state) {
        undone_after_a_clock_ahead(*state, false);
}

static void it_is_off_after_a_restart_too(void **state) {
        undone_after_a_clock_ahead(*state, true);
}

static void amended_after_a_clock_ahead(struct world *world, bool restarts) {
        take_ahead(world);
        assert_int_equal(world_confirm(world, AHEAD, (struct record_options){ .amend = true, .at_usec = AT(8, 5) }), 0);
        go_on(world, restarts);
        world_assert_state(world, LIS, DOSE_DUE);
        world_pass_until(world, AT(15, 0));
        next_comes_at(world, 16, 5, "16:05 changed Lisinopril due\n16:05 reminder Lisinopril due\n");
        world_take(world, "ana/lis/20261123T160500Z");
        go_on(world, restarts);
        next_comes_at(world, 24, 5, "00:05 changed Lisinopril due\n00:05 reminder Lisinopril due\n");
}

static void amended_to_its_real_time_it_is_the_last(void **state) {
        amended_after_a_clock_ahead(*state, false);
}

static void it_is_the_last_after_a_restart_too(void **state) {
        amended_after_a_clock_ahead(*state, true);
}

static void skipped_by_a_clock_ahead(void **state) {
        struct record_options options = { .recorded_by = "ana" };
        _cleanup_(record_answer_done) struct record_answer answer = {};
        struct world *world = *state;
        char *reason;

        world_edit(world, AFTER8);
        world_pass_until(world, AT(8, 5));
        world_jump(world, AT(8, 5) + 2 * USEC_PER_DAY);
        assert_int_equal(engine_skip(world->engine, AHEAD, &options, world->now_usec, &answer, &reason), 0);
        world_jump(world, AT(8, 6));
        world_take(world, LIS);
        next_comes_at(world, 16, 6, "16:06 changed Lisinopril due\n16:06 reminder Lisinopril due\n");
}

/* But one that is next may be skipped before its time. */
static void the_next_one_is_skipped_ahead(void **state) {
        struct record_options options = { .recorded_by = "ana" };
        _cleanup_(record_answer_done) struct record_answer answer = {};
        struct world *world = *state;
        char *reason;

        take_first(world);
        world_pass_until(world, AT(12, 0));
        assert_int_equal(engine_skip(world->engine, "ana/lis/20261123T160500Z", &options, world->now_usec, &answer, &reason),
                         0);
        world_restart(world);
        next_comes_at(world, 24, 5, "00:05 changed Lisinopril due\n00:05 reminder Lisinopril due\n");
}

/* It was the right dose, minutes before its time by the right clock. */
static void taken_by_a_clock_minutes_ahead(void **state) {
        struct world *world = *state;

        take_first(world);
        world_jump(world, AT(7, 50));
        next_comes_at(world, 16, 5, "16:05 changed Lisinopril due\n16:05 reminder Lisinopril due\n");
}

/* Recorded by name: its time comes, and it does not ring; nor does the chain end there. */
static void the_chain_comes_to_what_was_recorded_ahead(void **state) {
        struct world *world = *state;

        take_ahead(world);
        world_pass_until(world, AT(55, 30)); /* nothing is confirmed: 08:00, 16:00, 00:00 … */
        next_comes_at(world, 64, 5, "16:05 changed Lisinopril due\n16:05 reminder Lisinopril due\n");
}

/* What the clock that was ahead had gone past comes; what follows the dose taken by it was reminded of, and does not. */
static void what_was_reminded_of_by_a_clock_ahead_is_dropped(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8 HOUR_AHEAD);
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_pass_until(world, AT(8, 10));
        world_jump(world, AT(16, 10));
        world_take(world, "ana/lis/20261123T160500Z");
        world_pass_until(world, AT(23, 20)); /* 00:10 is reminded of */
        world_take(world, "ana/lis/20261124T001000Z");
        world_pass_until(world, AT(30, 30)); /* 07:20 is reminded of */
        world_jump(world, AT(8, 12));
        next_comes_at(world, 32, 10, "08:10 changed Lisinopril due\n08:10 reminder Lisinopril due\n");
}

static void the_next_follows_a_first_dose_taken_early(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261123T200000\r\nX-DOSED-EARLY:PT9H\r\nX-DOSED-AFTER-TAKEN:PT6H\r\n");
        world_pass_until(world, AT(12, 0));
        world_take(world, "ana/lis/20261123T200000");
        next_comes_at(world, 18, 0, "18:00 changed Lisinopril due\n18:00 reminder Lisinopril due\n");
        world_take(world, "ana/lis/20261123T180000Z");
        next_comes_at(world, 24, 0, "00:00 changed Lisinopril due\n00:00 reminder Lisinopril due\n");
}

static void a_first_dose_taken_early_and_undone_rings(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261123T200000\r\nX-DOSED-EARLY:PT9H\r\nX-DOSED-AFTER-TAKEN:PT6H\r\n");
        world_pass_until(world, AT(12, 0));
        world_take(world, "ana/lis/20261123T200000");
        world_undo(world, "ana/lis/20261123T200000");
        next_comes_at(world, 20, 0, "20:00 changed Lisinopril due\n20:00 reminder Lisinopril due\n");
}

static void one_undone_within_its_last_minute_is_still_the_next(void **state) {
        static const char next[] = "ana/lis/20261123T160500Z";
        struct world *world = *state;

        take_first(world);
        world_pass_until(world, AT(15, 55));
        world_take(world, next);
        world_pass_until(world, AT(16, 4) + 30 * USEC_PER_SEC);
        world_undo(world, next);
        world_assert_state(world, next, DOSE_UPCOMING);
        next_comes_at(world, 16, 5, "16:05 changed Lisinopril due\n16:05 reminder Lisinopril due\n");
}

/* While nobody has set the clock, hours behind, the next one is taken: by the right clock it is not to come again. */
static void taken_by_a_clock_behind_it_does_not_ring_again(void **state) {
        struct world *world = *state;

        take_first(world);
        world_pass_until(world, AT(15, 55));
        world->now_usec = AT(6, 0);
        world->hold_usec = AT(6, 2);
        world_restart(world);
        world_take(world, "ana/lis/20261123T160500Z");
        assert_int_equal(engine_hold_windows(world->engine, USEC_NONE), 0);
        world_jump(world, AT(16, 2));
        next_comes_at(world, 24, 5, "00:05 changed Lisinopril due\n00:05 reminder Lisinopril due\n");
}

static void refused(struct world *world, const char *id, const char *expected) {
        const struct record_options options = { .recorded_by = "ana" };
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;

        assert_int_equal(engine_confirm(world->engine, id, &options, world->now_usec, &answer, &reason), ENGINE_TOO_SOON);
        assert_string_equal(reason, expected);
}

/* It may be the clock that is wrong now, and the record right: nobody is to amend that before the clock is set. */
static void while_nobody_has_set_the_clock_no_record_is_called_wrong(void **state) {
        struct world *world = *state;

        take_first(world);
        world->now_usec = AT(6, 0);
        world->hold_usec = AT(6, 2);
        world_restart(world);
        refused(world, "ana/lis/20261123T160500Z", "it is recorded as taken at 08:05 on 2026-11-23, which has not come by this "
                                                   "machine's clock: nobody has set that yet, and it may be behind");
        world_pass_until(world, AT(6, 2)); /* so it was ahead before */
        refused(world, "ana/lis/20261123T160500Z", "it is recorded as taken at a time that has not come yet: the clock was wrong then, and that "
                                  "record has to be amended first");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(what_is_dropped_at_once_is_not_told),
                TEST(a_record_of_a_clock_ahead_does_not_silence),
                TEST(nor_after_a_restart),
                TEST(what_only_a_clock_ahead_made_is_off_when_undone),
                TEST(it_is_off_after_a_restart_too),
                TEST(amended_to_its_real_time_it_is_the_last),
                TEST(it_is_the_last_after_a_restart_too),
                TEST(skipped_by_a_clock_ahead),
                TEST(the_next_one_is_skipped_ahead),
                TEST(taken_by_a_clock_minutes_ahead),
                TEST(the_chain_comes_to_what_was_recorded_ahead),
                TEST(what_was_reminded_of_by_a_clock_ahead_is_dropped),
                TEST(the_next_follows_a_first_dose_taken_early),
                TEST(a_first_dose_taken_early_and_undone_rings),
                TEST(one_undone_within_its_last_minute_is_still_the_next),
                TEST(taken_by_a_clock_behind_it_does_not_ring_again),
                TEST(while_nobody_has_set_the_clock_no_record_is_called_wrong),
        };

        return cmocka_run_group_tests_name("engine-chain", tests, NULL, NULL);
}
