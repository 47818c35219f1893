/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Clocks that were wrong or not set, journeys, people who are left out for a while: nothing is lost or rings twice. */
#include "daily-world.h"

/* the system's clock */

static void a_window_that_ended_by_a_wrong_clock_goes_on(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_forget(world);
        world_jump(world, AT(14, 0));
        world_jump(world, AT(8, 6));
        world_pass_until(world, AT(8, 11));
        world_told(world, "14:00 changed Lisinopril missed\n08:06 changed Lisinopril due\n08:10 reminder Lisinopril due\n");
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
}

static void a_boot_with_the_clock_ahead_loses_nothing(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_stop(world);
        world->now_usec = AT(14, 0);
        world_start(world);
        world_pass_until(world, AT(14, 1));
        world_assert_state(world, LIS, DOSE_UNATTENDED);
        world_stop(world);
        world->now_usec = AT(8, 10);
        world_forget(world);
        world_start(world);
        world_pass_until(world, AT(8, 11));
        world_told(world, "08:10 changed Lisinopril due\n08:10 reminder Lisinopril due\n");
}

static void a_clock_years_ahead_is_undone_bit_by_bit(void **state) {
        struct world *world = *state;
        usec_t next_usec;
        unsigned steps = 0;

        world_edit(world, "DTSTART:20261101T000000\r\nRRULE:FREQ=HOURLY\r\n");
        world_pass_until(world, AT(1, 5));
        world_jump(world, AT(1, 5) + 500 * USEC_PER_DAY); /* 12,000 doses */
        world->now_usec = AT(2, 0);
        do {
                assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
                steps++;
        } while (next_usec <= world->now_usec);
        assert_true(steps > 20); /* none of them longer than LIMIT_STEP_CHANGES */
        world_forget(world);
        world_pass_until(world, AT(3, 0));
        world_told(world, "02:10 reminder Lisinopril due\n02:30 changed Lisinopril missed\n03:00 changed Lisinopril due\n03:00 reminder Lisinopril due\n");
        world_assert_state(world, "ana/lis/20280301T080000", DOSE_UPCOMING);
}

static void a_process_that_dies_while_it_is_undone_goes_on_after_it(void **state) {
        struct world *world = *state;
        usec_t next_usec;

        world_edit(world, "DTSTART:20261101T000000\r\nRRULE:FREQ=HOURLY\r\n");
        world_pass_until(world, AT(1, 5));
        world_jump(world, AT(1, 5) + 100 * USEC_PER_DAY);
        world->now_usec = AT(2, 0);
        assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
        world_stop(world);
        world_start(world);
        world_pass_until(world, AT(2, 1));
        world_assert_state(world, "ana/lis/20270220T080000", DOSE_UPCOMING);
        world_assert_state(world, "ana/lis/20261123T020000", DOSE_DUE);
}

static void a_schedule_removed_while_the_clock_was_ahead_does_not_ring(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_put_event(world, "other.ics", "other", "Other", DAILY("090000"));
        world_reload(world);
        world_pass_until(world, AT(7, 0));
        world_jump(world, AT(14, 0));
        world_remove_file(world, "lis.ics");
        world_reload(world);
        world_jump(world, AT(7, 10));
        world_forget(world);
        world_pass_until(world, AT(9, 0));
        world_told(world, "09:00 changed Other due\n09:00 reminder Other due\n");
}

static void a_long_snooze_survives_a_restart(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        usec_t until_usec;

        world_edit(world, DAILY("080000") "X-DOSED-WINDOW:PT10H\r\n");
        world_pass_until(world, AT(8, 5));
        assert_int_equal(engine_snooze(world->engine, LIS, 6 * USEC_PER_HOUR, "ana", world->now_usec, &until_usec, &reason), 0);
        world_stop(world);
        world_start(world);
        world_forget(world);
        world_pass_until(world, AT(14, 6));
        world_told(world, "14:05 changed Lisinopril due\n14:05 reminder Lisinopril due\n");
}

static void a_snooze_by_a_wrong_clock_lasts_as_long_as_it_was_meant(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        usec_t until_usec;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_jump(world, AT(11, 0));
        assert_int_equal(engine_snooze(world->engine, LIS, 20 * USEC_PER_MINUTE, "ana", world->now_usec, &until_usec, &reason), 0);
        world_jump(world, AT(8, 10));
        world_forget(world);
        world_pass_until(world, AT(8, 31));
        world_told(world, "08:30 changed Lisinopril due\n08:30 reminder Lisinopril due\n");
}

/* a clock that nobody trusts yet */

static void while_the_clock_is_not_trusted_no_window_ends(void **state) {
        struct world *world = *state;

        world_put_event(world, "a.ics", "a", "Aspirin", DAILY("090000"));
        begin(world);
        world_pass_until(world, AT(8, 1));
        world_forget(world);
        world->now_usec = AT(13, 30); /* both windows would be over */
        assert_int_equal(engine_hold_windows(world->engine, AT(13, 31)), 0);
        world_pass_until(world, AT(13, 30) + 59 * USEC_PER_SEC);
        world_told(world, "");
        world_pass_until(world, AT(13, 31));
        world_told(world, "13:31 changed Lisinopril missed\n13:31 changed Aspirin unattended\n");
}

static void a_clock_that_nobody_set_yet_voids_nothing(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(13, 0));
        world_assert_state(world, LIS, DOSE_MISSED);
        world_stop(world);
        world->now_usec = AT(0, 0) - 300 * USEC_PER_DAY; /* the clock of a board without a battery */
        world->hold_usec = world->now_usec + 90 * USEC_PER_SEC;
        world_start(world);
        assert_int_equal(engine_step(world->engine, world->now_usec, &(usec_t){ 0 }), 0);
        world_assert_state(world, LIS, DOSE_MISSED);
        /* What is recorded meanwhile makes nothing of the past happen again. */
        assert_int_equal(world_confirm(world, LIS, (struct record_options){ .force = true }), 0);
        world_restart(world);
        world->now_usec = AT(13, 5);
        assert_int_equal(engine_hold_windows(world->engine, USEC_NONE), 0);
        world_forget(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

/* As the daemon starts: the clock is not trusted yet, and the folders are read. */
static void doses_that_waited_for_the_clock_are_not_lost_by_a_reload(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(7, 0));
        world_stop(world);
        world->now_usec = AT(13, 30);
        world->hold_usec = AT(13, 31);
        world_start(world);
        world_reload(world);
        world_told(world, "");
        world_pass_until(world, AT(13, 32));
        world_told(world, "13:31 changed Lisinopril unattended\n");
}

/* journeys */

static void a_journey_over_several_doses_makes_only_the_last_due(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,10,12,14\r\n");
        world_pass_until(world, AT(7, 0));
        world_forget(world);
        world_travel(world, "Asia/Tokyo");
        world_told(world, "16:00 changed Lisinopril skipped\n16:00 changed Lisinopril skipped\n"
                          "16:00 changed Lisinopril skipped\n16:00 changed Lisinopril due\n16:00 reminder Lisinopril due\n");
        world_assert_state(world, "ana/lis/20261123T140000", DOSE_DUE);
        /* It was taken on the way. */
        assert_int_equal(world_confirm(world, "ana/lis/20261123T120000", (struct record_options){ .at_usec = AT(5, 0) }), 0);
        world_assert_state(world, "ana/lis/20261123T120000", DOSE_TAKEN);
}

static void a_later_dose_taken_early_passes_over_none(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,10\r\n");
        world_pass_until(world, AT(7, 0));
        assert_int_equal(world_confirm(world, "ana/lis/20261123T100000", (struct record_options){ .force = true }), 0);
        world_travel(world, "Asia/Tokyo");
        world_assert_state(world, LIS, DOSE_DUE);
}

static void two_medications_are_each_due_after_a_journey(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_put_event(world, "asp.ics", "asp", "Aspirin", DAILY("090000"));
        world_reload(world);
        world_pass_until(world, AT(7, 0));
        world_travel(world, "Asia/Tokyo");
        assert_int_equal(engine_count_open(world->engine), 2);
}

static void a_dose_reminded_of_ahead_travels_with_the_person(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("200000") "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT13H\r\nEND:VALARM\r\n");
        world_pass_until(world, AT(7, 30));
        world_travel(world, "Asia/Tokyo");
        world_forget(world);
        world_pass_until(world, AT(11, 1)); /* 20:01 there */
        world_told(world, "20:00 changed Lisinopril due\n20:00 reminder Lisinopril due\n");
}

/* The alarm stays where it is: from the dose it is farther than it was. */
static void an_absolute_alarm_rings_also_where_the_dose_has_travelled_away_from_it(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261124T000000\r\nBEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\n"
                          "TRIGGER;VALUE=DATE-TIME:20261123T200000Z\r\nEND:VALARM\r\n");
        world_pass_until(world, AT(7, 0));
        world_travel(world, "America/New_York");
        world_forget(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "15:00 reminder Lisinopril upcoming\n");
}

static void an_undone_dose_that_waits_in_the_ledger_travels_too(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;

        world_edit(world, DAILY("080000") "X-DOSED-EARLY:PT10H\r\n");
        world_pass_until(world, AT(1, 0));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        assert_int_equal(engine_undo(world->engine, LIS, "ana", world->now_usec, &after, &reason), 0);
        world_pass_until(world, AT(2, 0));
        world_travel(world, "Asia/Tokyo"); /* 11:00 there */
        world_forget(world);
        world_pass_until(world, AT(2, 1));
        world_told(world, "11:00 reminder Lisinopril due\n");
        world_assert_state(world, LIS, DOSE_DUE);
}

static void a_journey_east_makes_due_what_the_clock_jumped_over(void **state) {
        struct world *world = *state;

        /* 07:00 in London is 16:00 in Tokyo: the dose of 08:00 was not due before, and has its whole window from now on. */
        begin(world);
        world_pass_until(world, AT(7, 0));
        assert_int_equal(zones_get(world->zones, "Asia/Tokyo", &world->zone), 0);
        world_set_people(world);
        world_told(world, "16:00 changed Lisinopril due\n16:00 reminder Lisinopril due\n");
        world_pass_until(world, AT(7, 5));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_forget(world);
        world_pass_until(world, AT(22, 59));
        world_told(world, "");
}

static void a_journey_west_rings_no_dose_twice(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_forget(world);
        assert_int_equal(zones_get(world->zones, "America/New_York", &world->zone), 0);
        world_set_people(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

static void a_journey_and_a_harmless_edit_consume_no_other_dose(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000") "RDATE:20261123T200000\r\n");
        world_pass_until(world, AT(20, 5));
        assert_int_equal(world_confirm(world, "ana/lis/20261123T200000", (struct record_options){ .force = true }), 0);
        assert_int_equal(zones_get(world->zones, "Asia/Dhaka", &world->zone), 0);
        world_set_people(world);
        world_edit(world, DAILY("080000") "RDATE:20261123T200000\r\nDESCRIPTION:with water\r\n");
        world_assert_state(world, "ana/lis/20261124T080000", DOSE_UPCOMING);
}

static void a_journey_while_dosed_was_away_loses_nothing(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(1, 0));
        world_stop(world);
        /* At 05:00 in London it is 14:00 in Tokyo, and the dose of 08:00 had not been due there, nor here. */
        world->now_usec = AT(5, 0);
        assert_int_equal(zones_get(world->zones, "Asia/Tokyo", &world->zone), 0);
        world_start(world);
        world_told(world, "14:00 changed Lisinopril due\n14:00 reminder Lisinopril due\n");
}

/* daylight saving */

static void daylight_saving_neither_drops_nor_doubles_a_dose(void **state) {
        struct world *world = *state;

        /* Europe/Berlin, 29 March 2026: 02:30 does not exist (RFC 5545 3.3.5: 03:30); 25 October: it exists twice. */
        world_stop(world);
        assert_int_equal(zones_get(world->zones, "Europe/Berlin", &world->zone), 0);
        world->now_usec = zone_from_wall(world->zone, INT64_C(1774656000), NULL); /* 28 March, midnight */
        (void) remove(world->state);
        world->state[strlen(world->state) - 1] = '2';
        assert_int_equal(mkdir(world->state, 0700), 0);
        world_start(world);
        world_put_event(world, "n.ics", "n", "Night",
                        "DTSTART:20260101T023000\r\nRRULE:FREQ=DAILY\r\nX-DOSED-WINDOW:PT5M\r\n");
        world_reload(world);
        world_forget(world);
        world_pass_until(world, world->now_usec + 3 * USEC_PER_DAY);
        world_told(world, "02:30 changed Night due\n02:30 reminder Night due\n02:35 changed Night missed\n"
                          "03:30 changed Night due\n03:30 reminder Night due\n03:35 changed Night missed\n"
                          "02:30 changed Night due\n02:30 reminder Night due\n02:35 changed Night missed\n");
}

/* people */

static void set_people(struct world *world, const char *second_folder, bool with_ana) {
        const char *first[] = { world->calendars }, *second[] = { second_folder };
        const struct wall_clock clock = { .zone = world->zone, .all_day_sec = 8 * 3600 };
        const struct engine_person people[] = {
                { .name = "bob", .clock = clock, .folders = second, .n_folders = 1 },
                { .name = "ana", .clock = clock, .folders = first, .n_folders = 1 },
        };

        assert_int_equal(engine_set_people(world->engine, people, with_ana ? 2 : 1, world->now_usec), 0);
        world_reload(world);
}

static void who_is_left_out_for_a_while_loses_no_dose(void **state) {
        static const char aspirin[] = ICS(EVENT("asp", "Aspirin", DAILY("073000")));
        struct world *world = *state;
        _cleanup_(free_p) char *second = NULL;

        assert_true(asprintf(&second, "%s/second", world->place) > 0);
        assert_int_equal(mkdir(second, 0700), 0);
        assert_int_equal(folder_write(second, "a.ics", aspirin, strlen(aspirin)), 0);
        world_edit(world, DAILY("080000"));
        set_people(world, second, true);
        world_pass_until(world, AT(7, 50));
        set_people(world, second, false);
        world_forget(world);
        world_pass_until(world, AT(8, 25));
        world_told(world, "08:00 reminder Aspirin due\n");
        set_people(world, second, true);
        world_told(world, "08:25 changed Lisinopril due\n08:25 reminder Lisinopril due\ndegraded 0\n");

        set_people(world, second, false);
        world_pass_until(world, AT(8, 0) + 2 * USEC_PER_DAY);
        set_people(world, second, true);
        world_assert_state(world, LIS, DOSE_MISSED);
        world_assert_state(world, "ana/lis/20261124T080000", DOSE_UNATTENDED);
        world_assert_state(world, "ana/lis/20261125T080000", DOSE_DUE);
}

static void a_zone_that_was_wrong_for_a_minute_loses_nothing(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,10,12,14\r\n");
        world_pass_until(world, AT(7, 0));
        world_travel(world, "Asia/Tokyo");
        world_pass_until(world, AT(7, 1));
        world_travel(world, "UTC");
        world_forget(world);
        world_pass_until(world, AT(12, 1));
        world_assert_state(world, "ana/lis/20261123T120000", DOSE_DUE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_window_that_ended_by_a_wrong_clock_goes_on),
                TEST(a_boot_with_the_clock_ahead_loses_nothing),
                TEST(a_clock_years_ahead_is_undone_bit_by_bit),
                TEST(a_process_that_dies_while_it_is_undone_goes_on_after_it),
                TEST(a_schedule_removed_while_the_clock_was_ahead_does_not_ring),
                TEST(a_long_snooze_survives_a_restart),
                TEST(a_snooze_by_a_wrong_clock_lasts_as_long_as_it_was_meant),
                TEST(while_the_clock_is_not_trusted_no_window_ends),
                TEST(a_clock_that_nobody_set_yet_voids_nothing),
                TEST(doses_that_waited_for_the_clock_are_not_lost_by_a_reload),
                TEST(a_journey_over_several_doses_makes_only_the_last_due),
                TEST(a_later_dose_taken_early_passes_over_none),
                TEST(two_medications_are_each_due_after_a_journey),
                TEST(a_dose_reminded_of_ahead_travels_with_the_person),
                TEST(an_absolute_alarm_rings_also_where_the_dose_has_travelled_away_from_it),
                TEST(an_undone_dose_that_waits_in_the_ledger_travels_too),
                TEST(a_journey_east_makes_due_what_the_clock_jumped_over),
                TEST(a_journey_west_rings_no_dose_twice),
                TEST(a_journey_and_a_harmless_edit_consume_no_other_dose),
                TEST(a_journey_while_dosed_was_away_loses_nothing),
                TEST(daylight_saving_neither_drops_nor_doubles_a_dose),
                TEST(who_is_left_out_for_a_while_loses_no_dose),
                TEST(a_zone_that_was_wrong_for_a_minute_loses_nothing),
        };

        return cmocka_run_group_tests_name("clocks, journeys, people", tests, NULL, NULL);
}
