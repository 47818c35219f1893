/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doses that follow what was taken: over clocks that were wrong, starts that move, ledgers that are lost or cannot be written. */
#include "world.h"

#define LIS "ana/lis/20261123T080000"
#define HOUR_AHEAD "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"
#define AFTER8 "DTSTART:20261123T080000\r\nX-DOSED-AFTER-TAKEN:PT8H\r\n"

static bool steps_end(struct world *world) {
        for (int i = 0; i < 200; i++) {
                usec_t next_usec;

                assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
                if (next_usec > world->now_usec)
                        return true;
        }
        return false;
}

struct due { usec_t due_usec; unsigned n; };

static void after_taken_without_ledger_ends(void **state) {
        struct world *world = *state;
        const char *folders[] = { world->calendars };

        (void) folders;
        world_edit(world, "DTSTART:20261101T080000\r\nX-DOSED-AFTER-TAKEN:PT8H\r\n");
        world_pass_until(world, AT(8, 5));
        world_stop(world);
        world->now_usec = AT(14, 6);
        alarm(10); /* SIGALRM: it hangs */
        assert_int_equal(store_open_memory(&world->store), 0);
        assert_int_equal(engine_new(world->store, world->zones, &world_observer, world, &world->engine), 0);
        world_set_people(world);
        world_reload(world);
        assert_true(steps_end(world));
        alarm(0);
}

static void after_taken_follows_after_a_clock_that_was_ahead(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8);
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_pass_until(world, AT(9, 0));
        world_jump(world, AT(9, 0) + 30 * USEC_PER_DAY);
        world_jump(world, AT(9, 1));
        world_forget(world);
        world_pass_until(world, AT(18, 0));
        world_told(world, "16:05 changed Lisinopril due\n16:05 reminder Lisinopril due\n16:15 reminder Lisinopril due\n"
                          "16:35 reminder Lisinopril due\n17:05 reminder Lisinopril due\n");
        world_take(world, "ana/lis/20261123T160500Z");
        world_forget(world);
        /* 8 h after 18:00, not after 16:05 */
        world_pass_until(world, AT(26, 1));
        world_told(world, "02:00 changed Lisinopril due\n02:00 reminder Lisinopril due\n");
}

static void after_taken_recorded_by_a_wrong_clock_does_not_silence(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8);
        world_pass_until(world, AT(8, 0));
        world_jump(world, AT(8, 0) + 30 * USEC_PER_DAY - 1 * USEC_PER_HOUR);
        /* nothing */
        world_jump(world, AT(8, 1));
        world_forget(world);
        world->now_usec = AT(8, 5);
        world_take(world, LIS);
        world_forget(world);
        world_pass_until(world, AT(16, 6));
        world_told(world, "16:05 changed Lisinopril due\n16:05 reminder Lisinopril due\n");
}

static void after_taken_taken_by_a_wrong_clock(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8 "X-DOSED-WINDOW:P3D\r\n");
        world_pass_until(world, AT(8, 5));
        world_jump(world, AT(8, 5) + 2 * USEC_PER_DAY);
        world_take(world, LIS);
        world_jump(world, AT(8, 10));
        world_forget(world);
        world_pass_until(world, AT(20, 0));
        assert_int_not_equal(engine_count_open(world->engine), 0);
}

static void after_taken_start_moved_a_week_does_not_ring_today(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8 HOUR_AHEAD);
        world_pass_until(world, AT(7, 30));
        world_edit(world, "DTSTART:20261130T080000\r\nX-DOSED-AFTER-TAKEN:PT8H\r\n" HOUR_AHEAD);
        world_forget(world);
        world_pass_until(world, AT(12, 0));
        world_told(world, "");
}

static void after_taken_start_moved_an_hour_rings_once(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8 HOUR_AHEAD);
        world_pass_until(world, AT(7, 30));
        world_edit(world, "DTSTART:20261123T140000\r\nX-DOSED-AFTER-TAKEN:PT8H\r\n" HOUR_AHEAD);
        world_forget(world);
        world_pass_until(world, AT(12, 0));
        world_told(world, "");
}

static void reload_without_ledger_with_after_taken_ends(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T080000\r\nX-DOSED-AFTER-TAKEN:PT8H\r\n");
        world_pass_until(world, AT(8, 5));
        world_stop(world);
        world->now_usec = AT(14, 6);
        assert_int_equal(store_open_memory(&world->store), 0);
        assert_int_equal(engine_new(world->store, world->zones, &world_observer, world, &world->engine), 0);
        world_set_people(world);
        world_reload(world);
        alarm(10); /* SIGALRM: it hangs */
        world_reload(world); /* as at the next touch of the folder */
        alarm(0);
}

/* A stale line of the ledger, while the newer one waits to be written, is not the last dose */
static void after_taken_put_in_force_while_nothing_can_be_written(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("200000") HOUR_AHEAD);
        world_pass_until(world, AT(19, 30)); /* reminded of ahead: the ledger knows it */
        world_break_store(world, true);
        world_edit(world, DAILY("201500"));
        world_edit(world, "DTSTART:20261123T203000\r\nX-DOSED-AFTER-TAKEN:PT8H\r\n");
        world_break_store(world, false);
        world_forget(world);
        world_pass_until(world, AT(48, 0));
        assert_int_equal(fflush(world->transcript), 0);
        printf("%s", world->told);
        assert_non_null(strstr(world->told, "changed Lisinopril due"));
}

static void amended_taken_time_of_after_taken_in_future(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8 "X-DOSED-WINDOW:P40D\r\n");
        world_pass_until(world, AT(8, 5));
        world_jump(world, AT(8, 5) + 30 * USEC_PER_DAY);
        world_take(world, LIS); /* by a clock 30 days ahead */
        world_jump(world, AT(8, 10));
        world_forget(world);
        world_pass_until(world, AT(8, 10) + 5 * USEC_PER_DAY);
        assert_int_equal(fflush(world->transcript), 0);
        assert_true(world->told_size > 0 || engine_count_degraded(world->engine) > 0); /* five days of silence */
}

/* A start without the ledger (store_open_memory), one schedule that follows what was taken, begun long ago: nobody is reminded */
static void after_taken_without_ledger_starves_the_others(void **state) {
        struct world *world = *state;
        usec_t next_usec;

        world_edit(world, "DTSTART:20261101T080000\r\nX-DOSED-AFTER-TAKEN:PT8H\r\n");
        world_put_event(world, "asp.ics", "asp", "Aspirin", DAILY("141000"));
        world_reload(world);
        world_pass_until(world, AT(8, 5));
        world_stop(world);
        world->now_usec = AT(14, 6);
        assert_int_equal(store_open_memory(&world->store), 0);
        assert_int_equal(engine_new(world->store, world->zones, &world_observer, world, &world->engine), 0);
        world_set_people(world);
        world_reload(world);
        for (int i = 0; i < 100; i++)
                assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
        world->now_usec = AT(14, 10);
        world_forget(world);
        for (int i = 0; i < 100; i++)
                assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
        assert_int_equal(fflush(world->transcript), 0);
        assert_non_null(strstr(world->told, "reminder Aspirin"));
}

static void an_open_dose_of_a_stopped_schedule_rings_no_more(void **state) {
        struct world *world = *state;

        world_put_event(world, "e.ics", "e", "Lisinopril", DAILY("200000"));
        world_edit(world, AFTER8);
        world_pass_until(world, AT(8, 5));
        world_edit(world, AFTER8 "STATUS:CANCELLED\r\n");
        world_forget(world);
        world_pass_until(world, AT(10, 5));
        world_assert_state(world, LIS, DOSE_SKIPPED);
}

static void an_open_dose_of_a_held_schedule_rings_no_more(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8);
        world_pass_until(world, AT(8, 5));
        world_edit(world, AFTER8 "X-DOSED-HOLD:20270101\r\n");
        world_forget(world);
        world_pass_until(world, AT(13, 5));
        world_assert_state(world, LIS, DOSE_SKIPPED);
}

static void a_waiting_dose_of_a_held_schedule_does_not_ring(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8 HOUR_AHEAD);
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_pass_until(world, AT(15, 10));
        world_edit(world, AFTER8 HOUR_AHEAD "X-DOSED-HOLD:20270101\r\n");
        world_forget(world);
        world_pass_until(world, AT(17, 5));
        assert_int_equal(engine_count_open(world->engine), 0);
}

/* RFC 5545 3.8.6.3: an alarm of a DATE is relative to the beginning of that day, whenever in it the dose is due. */
static void an_alarm_of_a_day_comes_with_the_day_of_the_dose(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART;VALUE=DATE:20261123\r\nX-DOSED-AFTER-TAKEN:P3D\r\n"
                          "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT15M\r\nEND:VALARM\r\n");
        world->now_usec = AT(7, 0);
        world_take(world, "ana/lis/20261123");
        world_pass_until(world, AT(23, 0) + USEC_PER_DAY);
        world_forget(world);
        world_pass_until(world, AT(7, 1) + 3 * USEC_PER_DAY);
        world_told(world, "23:45 reminder Lisinopril upcoming\n07:00 changed Lisinopril due\n07:00 reminder Lisinopril due\n");
}

/* Nobody knows the one after it yet: that is no reason to know nothing of this one. */
static void alarms_of_an_open_dose_ring_after_a_restart(void **state) {
        struct world *world = *state;

        world_edit(world, AFTER8 "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:PT20M\r\nEND:VALARM\r\n");
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_pass_until(world, AT(16, 16));
        world_restart(world);
        world_forget(world);
        world_pass_until(world, AT(16, 30));
        world_told(world, "16:25 reminder Lisinopril due\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(after_taken_without_ledger_ends),
                TEST(after_taken_follows_after_a_clock_that_was_ahead),
                TEST(after_taken_recorded_by_a_wrong_clock_does_not_silence),
                TEST(after_taken_taken_by_a_wrong_clock),
                TEST(after_taken_start_moved_a_week_does_not_ring_today),
                TEST(after_taken_start_moved_an_hour_rings_once),
                TEST(reload_without_ledger_with_after_taken_ends),
                TEST(after_taken_put_in_force_while_nothing_can_be_written),
                TEST(amended_taken_time_of_after_taken_in_future),
                TEST(after_taken_without_ledger_starves_the_others),
                TEST(an_open_dose_of_a_stopped_schedule_rings_no_more),
                TEST(an_open_dose_of_a_held_schedule_rings_no_more),
                TEST(a_waiting_dose_of_a_held_schedule_does_not_ring),
                TEST(an_alarm_of_a_day_comes_with_the_day_of_the_dose),
                TEST(alarms_of_an_open_dose_ring_after_a_restart),
        };

        return cmocka_run_group_tests_name("engine-after-taken", tests, NULL, NULL);
}
