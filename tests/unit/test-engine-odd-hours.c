/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks that were wrong, journeys and ledgers that cannot be written, and people acting meanwhile. */
#include "world.h"

#define LIS "ana/lis/20261123T080000"
#define LIS_AT_9 "ana/lis/20261123T090000"
#define BYHOUR(hours) "DTSTART:20261101T000000\r\nRRULE:FREQ=DAILY;BYHOUR=" hours "\r\n"

struct due { usec_t due_usec; unsigned n; };

static int copy_due(void *userdata, const struct dose_view *view) {
        struct due *due = userdata;

        due->due_usec = view->dose->due_usec;
        due->n++;
        return 0;
}

/* unwritable, and left out */
static void left_out_and_back_while_nothing_can_be_written(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_break_store(world, true);
        world_pass_until(world, AT(8, 5)); /* open, only in memory */
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world_set_people(world);
        world_reload(world);
        world_pass_until(world, AT(8, 11));
        assert_int_equal(engine_count_open(world->engine), 1);
}

static void left_out_and_back_taken_early(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_break_store(world, true);
        world_take(world, LIS);
        world_pass_until(world, AT(7, 10));
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world_set_people(world);
        world_reload(world);
        world_forget(world);
        world_pass_until(world, AT(8, 1));
        world_told(world, "");
        world_break_store(world, false);
}

/* much in the ledger */
static void edit_after_a_clock_years_ahead(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T000000\r\nRRULE:FREQ=HOURLY\r\n");
        world_pass_until(world, AT(1, 5));
        world_jump(world, AT(1, 5) + 500 * USEC_PER_DAY); /* 12,000 doses */
        world_jump(world, AT(2, 0));
        world_put_event(world, "lis.ics", "lis", "Lisinopril", "DTSTART:20261101T003000\r\nRRULE:FREQ=HOURLY\r\n");
        assert_int_equal(engine_reload(world->engine, NULL, BELIEVE_CAREFULLY, world->now_usec), 0);
}

static void an_undone_dose_in_the_list_travels_too(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;
        struct due due = {};

        world_edit(world, DAILY("200000") "X-DOSED-EARLY:PT20H\r\n");
        world_pass_until(world, AT(1, 0));
        assert_int_equal(world_confirm(world, "ana/lis/20261123T200000", (struct record_options){}), 0);
        assert_int_equal(engine_undo(world->engine, "ana/lis/20261123T200000", "ana", world->now_usec, &after, &reason), 0);
        world_travel(world, "Asia/Tokyo");
        assert_int_equal(engine_visit_dose(world->engine, "ana/lis/20261123T200000", world->now_usec, copy_due, &due), 0);
        assert_int_equal(due.due_usec, AT(11, 0));
}

/* unflushed rename */
static void renamed_while_unwritable_still_checks_first(void **state) {
        struct world *world = *state;

        world_edit(world, BYHOUR("8,12") "X-DOSED-MIN-INTERVAL:PT6H\r\n");
        world_pass_until(world, AT(7, 59));
        world_break_store(world, true);
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_put_event(world, "lis.ics", "lis", "Lisinopril 10 mg", BYHOUR("8,12") "X-DOSED-MIN-INTERVAL:PT6H\r\n");
        world_reload(world);
        world_forget(world);
        world_pass_until(world, AT(12, 0));
        world_told(world, "12:00 changed Lisinopril 10 mg due check-first\n12:00 reminder Lisinopril 10 mg due check-first\n");
        world_break_store(world, false);
}

static void restart_after_enobufs(void **state) {
        struct world *world = *state;
        pid_t holder;

        world_edit(world, "DTSTART:20261101T000000\r\nRRULE:FREQ=HOURLY\r\n");
        world_pass_until(world, AT(1, 5));
        world_jump(world, AT(1, 5) + 500 * USEC_PER_DAY); /* 12,000 doses */
        world_jump(world, AT(2, 0));
        world_put_event(world, "lis.ics", "lis", "Lisinopril", "DTSTART:20261101T003000\r\nRRULE:FREQ=HOURLY\r\n");
        (void) engine_reload(world->engine, NULL, BELIEVE_CAREFULLY, world->now_usec);
        world_stop(world);
        assert_int_equal(store_open(world->state, &world->store, &holder), 0);
        assert_int_equal(engine_new(world->store, world->zones, &world_observer, world, &world->engine), 0);
        world_set_people(world);
        assert_int_equal(engine_reload(world->engine, NULL, BELIEVE_CAREFULLY, world->now_usec), 0);
}

static void a_full_queue_does_not_end_the_process(void **state) {
        struct world *world = *state;
        char name[16], times[64];

        for (int i = 0; i < 30; i++) {
                (void) snprintf(name, sizeof(name), "u%d", i);
                (void) snprintf(times, sizeof(times), "DTSTART:20261101T00%02d00\r\nRRULE:FREQ=HOURLY\r\n", i);
                char file[24];
                (void) snprintf(file, sizeof(file), "%s.ics", name);
                world_put_event(world, file, name, name, times);
        }
        world_reload(world);
        world_break_store(world, true);
        for (usec_t until = AT(1, 0); until < AT(0, 0) + 16 * USEC_PER_DAY; until += 6 * USEC_PER_HOUR)
                world_pass_until(world, until);
}

/* boot without a synchronised clock */
static void edit_while_windows_are_held_ends_none(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("160000")); /* moved to 16:00 */
        world_stop(world);
        world->now_usec = AT(13, 0); /* by a clock that nobody trusts */
        world->hold_usec = AT(13, 0) + 90 * USEC_PER_SEC;
        world_start(world);
        world_edit(world, DAILY("080000")); /* and back */
        world_assert_state(world, LIS, DOSE_DUE);
}

static void undo_while_windows_are_held_ends_none(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_stop(world);
        world->now_usec = AT(13, 0);
        world->hold_usec = AT(13, 0) + 90 * USEC_PER_SEC;
        world_start(world);
        assert_int_equal(engine_undo(world->engine, LIS, "ana", world->now_usec, &after, &reason), 0);
        assert_int_equal(after, DOSE_DUE);
}

static void a_held_dose_that_an_edit_moves_is_not_lost(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_stop(world);
        world->now_usec = AT(13, 0);
        world->hold_usec = AT(13, 0) + 90 * USEC_PER_SEC;
        world_start(world);
        world_edit(world, DAILY("090000"));
        world_jump(world, AT(13, 2));
        world->hold_usec = USEC_NONE;
        world_assert_state(world, LIS_AT_9, DOSE_UNATTENDED);
}

/* A clock that was ahead while the dose was edited elsewhere; then back */
static void edit_while_the_clock_was_ahead(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_jump(world, AT(7, 0) + 3 * USEC_PER_DAY);
        world_edit(world, DAILY("083000"));
        world_jump(world, AT(7, 5));
        world_forget(world);
        world_pass_until(world, AT(8, 31));
        world_told(world, "08:30 changed Lisinopril due\n08:30 reminder Lisinopril due\n");
}

static void edit_of_an_open_dose_while_the_clock_was_ahead(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_jump(world, AT(9, 0)); /* unreal: open */
        world_edit(world, DAILY("093000")); /* moved to 9:30 */
        world_jump(world, AT(7, 5));
        world_edit(world, DAILY("080000"));
        world_forget(world);
        world_pass_until(world, AT(9, 45));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n08:10 reminder Lisinopril due\n"
                          "08:30 reminder Lisinopril due\n09:00 reminder Lisinopril due\n");
}

static void taken_early_by_a_clock_ahead_is_no_later_dose(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_jump(world, AT(8, 5) + USEC_PER_DAY);
        world_take(world, "ana/lis/20261124T080000"); /* in truth it is today 7:01, and it is today's */
        world_jump(world, AT(7, 2));
        world_forget(world);
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due check-first\n08:00 reminder Lisinopril due check-first\n");
}

static void undone_after_a_clock_that_was_ahead_rings_in_time(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_jump(world, AT(9, 0)); /* due, by a wrong clock */
        world_take(world, LIS);
        world_jump(world, AT(7, 5));
        assert_int_equal(engine_undo(world->engine, LIS, "ana", world->now_usec, &after, &reason), 0);
        world_forget(world);
        world_pass_until(world, AT(8, 11));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n08:10 reminder Lisinopril due\n");
}

static void undone_a_day_after_a_clock_that_was_ahead(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;

        world_edit(world, DAILY("080000") "X-DOSED-WINDOW:PT20H\r\n");
        world_pass_until(world, AT(8, 5));
        world_jump(world, AT(20, 0)); /* still open, reminded at 20:00 by a wrong clock */
        world_take(world, LIS);
        world_jump(world, AT(8, 6));
        assert_int_equal(engine_undo(world->engine, LIS, "ana", world->now_usec, &after, &reason), 0);
        assert_int_equal(after, DOSE_DUE);
        world_forget(world);
        world_pass_until(world, AT(10, 1));
        assert_true(fflush(world->transcript) == 0 && world->told_size > 0); /* some reminder in these two hours */
}

/* Rung by the wrong clock, it is none by the right one: over a restart and an edit as well. */
static void alarm_of_a_wrong_clock(struct world *world, bool restarts, bool edits) {
#define TUESDAY "DTSTART:20261124T080000\r\n"
#define DAY_AHEAD "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT26H\r\nEND:VALARM\r\n"
        world_edit(world, TUESDAY DAY_AHEAD);
        world_pass_until(world, AT(5, 0));
        world_jump(world, AT(7, 0));
        world_jump(world, AT(5, 1));
        if (restarts) {
                world_stop(world);
                world_start(world);
        }
        if (edits)
                world_edit(world, TUESDAY DAY_AHEAD "DESCRIPTION:with water\r\n");
        world_forget(world);
        world_pass_until(world, AT(6, 30));
        world_told(world, "06:00 reminder Lisinopril upcoming\n");
}

static void an_alarm_of_a_wrong_clock_rings_again(void **state) {
        alarm_of_a_wrong_clock(*state, false, false);
}

static void an_alarm_of_a_wrong_clock_rings_again_after_a_restart(void **state) {
        alarm_of_a_wrong_clock(*state, true, false);
}

static void an_alarm_of_a_wrong_clock_rings_again_after_an_edit(void **state) {
        alarm_of_a_wrong_clock(*state, false, true);
}

/* after a journey, an undone dose in the ledger may be taken by its new time */
static void early_limit_goes_with_the_journey(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;

        world_edit(world, DAILY("200000") "X-DOSED-EARLY:PT19H\r\n");
        world_pass_until(world, AT(1, 0));
        assert_int_equal(world_confirm(world, "ana/lis/20261123T200000", (struct record_options){}), 0);
        assert_int_equal(engine_undo(world->engine, "ana/lis/20261123T200000", "ana", world->now_usec, &after, &reason), 0);
        world_travel(world, "America/New_York"); /* 20:00 there is 01:00 UTC of the next day: 19 h before that is 06:00 UTC */
        world->now_usec = AT(2, 0);
        assert_int_equal(world_confirm(world, "ana/lis/20261123T200000", (struct record_options){}), ENGINE_TOO_EARLY);
}

static void list_of_the_day_after_a_journey_has_it(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;
        struct due due = {};

        world_edit(world, DAILY("200000") "X-DOSED-EARLY:PT20H\r\n");
        world_pass_until(world, AT(1, 0));
        assert_int_equal(world_confirm(world, "ana/lis/20261123T200000", (struct record_options){}), 0);
        assert_int_equal(engine_undo(world->engine, "ana/lis/20261123T200000", "ana", world->now_usec, &after, &reason), 0);
        world_travel(world, "Asia/Tokyo"); /* due at 11:00 UTC now */
        assert_int_equal(engine_visit_doses(world->engine, "ana", AT(10, 0), AT(12, 0), world->now_usec, copy_due, &due), 0);
        assert_int_equal(due.n, 1);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(left_out_and_back_while_nothing_can_be_written),
                TEST(left_out_and_back_taken_early),
                TEST(edit_after_a_clock_years_ahead),
                TEST(an_undone_dose_in_the_list_travels_too),
                TEST(renamed_while_unwritable_still_checks_first),
                TEST(restart_after_enobufs),
                TEST(a_full_queue_does_not_end_the_process),
                TEST(edit_while_windows_are_held_ends_none),
                TEST(undo_while_windows_are_held_ends_none),
                TEST(a_held_dose_that_an_edit_moves_is_not_lost),
                TEST(edit_while_the_clock_was_ahead),
                TEST(edit_of_an_open_dose_while_the_clock_was_ahead),
                TEST(taken_early_by_a_clock_ahead_is_no_later_dose),
                TEST(undone_after_a_clock_that_was_ahead_rings_in_time),
                TEST(undone_a_day_after_a_clock_that_was_ahead),
                TEST(an_alarm_of_a_wrong_clock_rings_again),
                TEST(an_alarm_of_a_wrong_clock_rings_again_after_a_restart),
                TEST(an_alarm_of_a_wrong_clock_rings_again_after_an_edit),
                TEST(early_limit_goes_with_the_journey),
                TEST(list_of_the_day_after_a_journey_has_it),
        };

        return cmocka_run_group_tests_name("engine-odd-hours", tests, NULL, NULL);
}
