/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Journeys west of doses that time alone had settled: their time lies ahead again, and they come again. */
#include "told-world.h"

#define WEST "America/Los_Angeles" /* 08:00 there is 16:00 here */
#define FAR_WEST "Pacific/Honolulu"
#define HALF_WAY "America/New_York"

/* Nobody answered, and it is five minutes later. */
static void miss(struct world *world) {
        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(12, 5));
        world_assert_state(world, ID, DOSE_MISSED);
        world_forget(world);
}

static void a_missed_dose_whose_time_lies_ahead_again_rings_then(void **state) {
        struct world *world = *state;

        miss(world);
        world_travel(world, WEST);
        world_told(world, "04:05 changed Lisinopril upcoming\n");
        world_restart(world);
        world_pass_until(world, AT(16, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
        assert_int_equal(world_confirm(world, ID, (struct record_options){}), 0);
        world_forget(world);
        world_pass_until(world, AT(16 + 23, 0));
        world_told(world, "");
}

static void an_unattended_dose_comes_again_as_well(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_stop(world);
        world->now_usec = AT(12, 30);
        assert_int_equal(zones_get(world->zones, WEST, &world->zone), 0);
        world_start(world);
        world_assert_state(world, ID, DOSE_UPCOMING);
        world_forget(world);
        world_pass_until(world, AT(16, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
        world_travel(world, "UTC");
        world_assert_state(world, ID, DOSE_DUE);
}

static void there_and_back_it_is_over_as_it_was(void **state) {
        struct world *world = *state;

        miss(world);
        world_travel(world, WEST);
        world_restart(world);
        world_travel(world, HALF_WAY); /* 07:05: still to come */
        world_assert_state(world, ID, DOSE_UPCOMING);
        world_forget(world);
        world_travel(world, "UTC");
        world_told(world, "12:05 changed Lisinopril missed\n");
        /* And as often as that is done. */
        world_travel(world, HALF_WAY);
        world_assert_state(world, ID, DOSE_UPCOMING);
        world_forget(world);
        world_travel(world, "UTC");
        world_told(world, "12:05 changed Lisinopril missed\n");
        world_restart(world);
        world_pass_until(world, AT(31, 59));
        world_told(world, "");
        /* It is still one that was missed: another journey brings it back. */
        world_travel(world, FAR_WEST);
        world_assert_state(world, ID, DOSE_MISSED);
        world_assert_state(world, "ana/lis/20261124T080000", DOSE_UPCOMING);
}

static void there_and_back_what_nobody_looked_after_is_that_again(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_stop(world);
        world->now_usec = AT(12, 30);
        world_start(world);
        world_travel(world, WEST);
        world_travel(world, "UTC");
        world_assert_state(world, ID, DOSE_UNATTENDED);
        world_take(world, ID);
        world_undo(world, ID);
        world_assert_state(world, ID, DOSE_UNATTENDED);
        world_travel(world, WEST);
        world_assert_state(world, ID, DOSE_UPCOMING);
        world_travel(world, "UTC");
        world_assert_state(world, ID, DOSE_UNATTENDED);
}

static void there_and_back_with_a_full_disk_rings_nothing(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_break_store(world, true);
        world_pass_until(world, AT(12, 5));
        world_travel(world, WEST);
        world_assert_state(world, ID, DOSE_UPCOMING);
        world_forget(world);
        world_travel(world, "UTC");
        world_told(world, "12:05 changed Lisinopril missed\n");
        world_break_store(world, false);
        world_pass_until(world, AT(20, 0));
        world_restart(world);
        world_assert_state(world, ID, DOSE_MISSED);
}

static void what_is_due_there_stays_due(void **state) {
        struct world *world = *state;

        miss(world);
        world_travel(world, WEST);
        world_pass_until(world, AT(16, 5));
        world_forget(world);
        world_travel(world, "UTC");
        world_pass_until(world, AT(16, 10));
        world_told(world, "16:10 reminder Lisinopril due\n");
        world_assert_state(world, ID, DOSE_DUE);
}

/* An hour west of where they were missed the window of the last one lasts. */
static void of_many_that_came_again_only_what_is_not_over_is_due(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,10,12\r\n");
        world_pass_until(world, AT(16, 5));
        world_travel(world, FAR_WEST);
        world_assert_state(world, ID, DOSE_UPCOMING);
        world_pass_until(world, AT(16, 30));
        world_forget(world);
        world_travel(world, "Atlantic/Azores");
        world_pass_until(world, AT(16, 31));
        world_told(world, "15:30 changed Lisinopril missed\n15:30 changed Lisinopril missed\n"
                          "15:30 changed Lisinopril due\n15:30 reminder Lisinopril due\n");
        world_assert_state(world, "ana/lis/20261123T120000", DOSE_DUE);
}

/* The window that it had was over, and is over by the new one as well. */
static void there_and_back_a_window_that_was_made_longer_since_rings_nothing(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000") "X-DOSED-WINDOW:PT1H\r\n");
        world_pass_until(world, AT(9, 5));
        world_edit(world, DAILY("080000") "X-DOSED-WINDOW:PT3H\r\n");
        world_pass_until(world, AT(12, 5));
        world_forget(world);
        world_travel(world, WEST);
        world_travel(world, "UTC");
        world_told(world, "04:05 changed Lisinopril upcoming\n12:05 changed Lisinopril missed\n");
}

/* It was dragged to a time that had not come anywhere. */
static void a_dose_that_was_dragged_on_after_it_was_missed_is_due_where_that_time_has_passed(void **state) {
        struct world *world = *state;

        miss(world);
        world_edit(world, DAILY("080000") "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nDTSTAMP:20261101T000000Z\r\n"
                          "SUMMARY:Lisinopril\r\nRECURRENCE-ID:20261123T080000\r\nDTSTART:20261123T140000\r\n");
        world_assert_state(world, ID, DOSE_UPCOMING);
        world_pass_until(world, AT(13, 0));
        world_travel(world, "Asia/Tokyo"); /* 22:00 */
        world_assert_state(world, ID, DOSE_DUE);
}

static void what_a_person_recorded_stays(void **state) {
        struct world *world = *state;

        miss(world);
        assert_int_equal(world_confirm(world, ID, (struct record_options){ .at_usec = AT(8, 0) }), 0);
        world_travel(world, WEST);
        world_assert_state(world, ID, DOSE_TAKEN);
        world_forget(world);
        world_pass_until(world, AT(16 + 23, 0));
        world_told(world, "");
}

static void a_dose_at_an_instant_stays_missed(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261101T080000Z\r\nRRULE:FREQ=DAILY\r\n");
        world_pass_until(world, AT(12, 5));
        world_travel(world, WEST);
        world_assert_state(world, "ana/lis/20261123T080000Z", DOSE_MISSED);
}

static void a_dose_that_was_open_on_the_way_and_missed_there_comes_at_its_time_as_well(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(10, 5));
        world_travel(world, WEST);
        world_forget(world);
        world_pass_until(world, AT(12, 5));
        world_told(world, "03:00 reminder Lisinopril due\n04:00 changed Lisinopril upcoming\n");
        world_restart(world);
        world_pass_until(world, AT(16, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
}

/* what is told */

static void who_was_told_hears_that_it_is_to_come_and_that_it_was_missed_there(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria(), hook(EVENT_BIT(EVENT_DUE) | EVENT_BIT(EVENT_MISSED)) };

        begin(world, told, 2);
        world_live_until(world, AT(12, 5), DELIVERY_DONE);
        world_sent(world, "08:00 hook bell: due Lisinopril\n12:00 hook bell: missed Lisinopril\n"
                          "12:01 caregiver maria: missed Lisinopril\n");
        world_travel(world, WEST);
        world_live_until(world, AT(15, 0), DELIVERY_DONE);
        world_sent(world, "04:05 hook bell: resolved Lisinopril\n04:06 caregiver maria: resolved Lisinopril\n");
        world_live_until(world, AT(30, 0), DELIVERY_DONE);
        world_sent(world, "08:00 hook bell: due Lisinopril\n12:00 hook bell: missed Lisinopril\n"
                          "12:01 caregiver maria: missed Lisinopril\n");
}

static void there_and_back_at_once_nobody_hears_anything_anew(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(12, 5), DELIVERY_DONE);
        world_forget(world);
        world_travel(world, WEST);
        world_travel(world, "UTC");
        world_live_until(world, AT(31, 0), DELIVERY_DONE);
        world_sent(world, "");
}

static void there_and_back_who_heard_that_it_was_to_come_hears_that_it_was_missed(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(12, 5), DELIVERY_DONE);
        world_travel(world, WEST);
        world_live_until(world, AT(12, 30), DELIVERY_DONE);
        world_forget(world);
        world_travel(world, "UTC");
        world_live_until(world, AT(31, 0), DELIVERY_DONE);
        world_sent(world, "12:31 caregiver maria: missed Lisinopril\n");
}

static void the_same_three_doses_are_asked_about_once(void **state) {
        struct world *world = *state;
        const struct engine_recipient told[] = { maria() };

        begin(world, told, 1);
        world_live_until(world, AT(48 + 12, 5), DELIVERY_DONE);
        assert_int_equal(count_sent(world, "stopped"), 1);
        world_forget(world);
        world_travel(world, WEST);
        world_live_until(world, AT(48 + 30, 0), DELIVERY_DONE);
        world_sent(world, "04:06 caregiver maria: resolved Lisinopril\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_missed_dose_whose_time_lies_ahead_again_rings_then),
                TEST(an_unattended_dose_comes_again_as_well),
                TEST(there_and_back_it_is_over_as_it_was),
                TEST(there_and_back_what_nobody_looked_after_is_that_again),
                TEST(there_and_back_with_a_full_disk_rings_nothing),
                TEST(what_is_due_there_stays_due),
                TEST(of_many_that_came_again_only_what_is_not_over_is_due),
                TEST(there_and_back_a_window_that_was_made_longer_since_rings_nothing),
                TEST(a_dose_that_was_dragged_on_after_it_was_missed_is_due_where_that_time_has_passed),
                TEST(what_a_person_recorded_stays),
                TEST(a_dose_at_an_instant_stays_missed),
                TEST(a_dose_that_was_open_on_the_way_and_missed_there_comes_at_its_time_as_well),
                TEST(who_was_told_hears_that_it_is_to_come_and_that_it_was_missed_there),
                TEST(there_and_back_at_once_nobody_hears_anything_anew),
                TEST(there_and_back_who_heard_that_it_was_to_come_hears_that_it_was_missed),
                TEST(the_same_three_doses_are_asked_about_once),
        };

        return cmocka_run_group_tests_name("journeys west", tests, NULL, NULL);
}
