/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What lives of the simulator have shown, each as short as it can be told. */
#include "world.h"

#define TWICE "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;BYHOUR=8,20\r\n"
#define ALARM "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"

/* Seed 8733: two occurrences at one instant have one name. */
static void a_dose_dragged_onto_another_does_not_ring_beside_it(void **state) {
        struct world *world = *state;

        world_edit(world, TWICE ALARM);
        world_pass_until(world, AT(19, 30)); /* the evening's alarm has rung: the ledger knows it */
        world_put(world, "lis.ics",
                  ICS(EVENT("lis", "Lisinopril", TWICE ALARM) EVENT(
                          "lis", "Lisinopril", "RECURRENCE-ID:20261123T200000\r\nDTSTART:20261124T080000\r\n")));
        world_reload(world);
        world_pass_until(world, AT(32, 1));
        assert_int_equal(engine_count_open(world->engine), 1);
        world_assert_state(world, "ana/lis/20261124T080000", DOSE_DUE);
        world_assert_state(world, "ana/lis/20261123T200000", DOSE_SKIPPED);
}

static void a_dose_that_a_journey_makes_one_with_another_does_not_wait_for_ever(void **state) {
        struct world *world = *state;

        /* In Berlin 02:30 and 03:30 of 28 March 2027 are one instant. */
        world_edit(world, "DTSTART:20261101T023000\r\nRRULE:FREQ=DAILY;BYHOUR=2,3\r\n");
        world_pass_until(world, AT(12, 0));
        world_jump(world, AT(12, 0) + 130 * USEC_PER_DAY);
        world_jump(world, AT(12, 1)); /* and the ledger has them all, still to come */
        world_travel(world, "Europe/Berlin");
        world_pass_until(world, AT(12, 0) + 126 * USEC_PER_DAY);
        world_assert_state(world, "ana/lis/20270328T023000", DOSE_SKIPPED);
        world_assert_state(world, "ana/lis/20270328T033000", DOSE_MISSED);
}

/* Seed 320085: the other one, which had given both its name, is to come here. */
static void a_dose_that_was_one_with_another_that_is_to_come_is_due_where_its_time_has_passed(void **state) {
        struct world *world = *state;

        world_travel(world, "Europe/Berlin");
        world_edit(world, "DTSTART:20270328T023000\r\nRRULE:FREQ=DAILY;BYHOUR=2,3;COUNT=4\r\n");
        world_pass_until(world, AT(1, 0) + 125 * USEC_PER_DAY);
        world_forget(world);
        world_travel(world, "Africa/Johannesburg"); /* 03:00 there */
        world_told(world, "03:00 changed Lisinopril due\n03:00 reminder Lisinopril due\n");
        world_assert_state(world, "ana/lis/20270328T023000", DOSE_DUE);
        world_take(world, "ana/lis/20270328T023000");
        world_pass_until(world, AT(1, 30) + 125 * USEC_PER_DAY);
        world_assert_state(world, "ana/lis/20270328T033000", DOSE_DUE);
}

/* In Berlin the one that was dragged to 02:30 is one with that of 03:30. */
static void a_dose_that_was_dragged_onto_another_is_due_where_its_time_has_passed(void **state) {
        struct world *world = *state;

        world_travel(world, "Europe/Berlin");
        world_put(world, "lis.ics",
                  ICS(EVENT("lis", "Lisinopril", "DTSTART:20270327T203000\r\nRRULE:FREQ=DAILY;BYHOUR=3,20;COUNT=4\r\n")
                              EVENT("lis", "Lisinopril",
                                    "RECURRENCE-ID:20270327T203000\r\nDTSTART:20270328T023000\r\n")));
        world_reload(world);
        world_pass_until(world, AT(1, 0) + 125 * USEC_PER_DAY);
        world_travel(world, "Africa/Johannesburg");
        world_assert_state(world, "ana/lis/20270327T203000", DOSE_DUE);
}

static void what_was_taken_early_under_the_name_of_another_is_not_due_again(void **state) {
        struct world *world = *state;

        world_travel(world, "Europe/Berlin");
        world_edit(world, "DTSTART:20270328T023000\r\nRRULE:FREQ=DAILY;BYHOUR=2,3;COUNT=4\r\n");
        world_pass_until(world, AT(1, 0) + 125 * USEC_PER_DAY);
        world_take(world, "ana/lis/20270328T033000");
        world_forget(world);
        world_travel(world, "Africa/Johannesburg");
        world_told(world, "");
        assert_int_equal(engine_count_open(world->engine), 0);
}

/* Seed 30225: what follows it hangs on it. */
static void a_journey_over_the_start_of_a_schedule_after_taken_makes_it_due(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261123T111500\r\nX-DOSED-AFTER-TAKEN:P3D\r\n");
        world_pass_until(world, AT(11, 0));
        world_forget(world);
        world_travel(world, "Europe/Berlin");
        world_told(world, "12:00 changed Lisinopril due\n12:00 reminder Lisinopril due\n");
        world_take(world, "ana/lis/20261123T111500");
        world_pass_until(world, AT(11, 0) + 3 * USEC_PER_DAY);
        world_assert_state(world, "ana/lis/20261126T110000Z", DOSE_DUE);
}

static void a_start_that_an_edit_puts_into_the_past_is_due(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261123T111500\r\nX-DOSED-AFTER-TAKEN:P3D\r\n");
        world_pass_until(world, AT(11, 0));
        world_edit(world, "DTSTART:20261123T105500\r\nX-DOSED-AFTER-TAKEN:P3D\r\n");
        world_assert_state(world, "ana/lis/20261123T105500", DOSE_DUE);
}

/* Where a dose came from says nothing any more when a journey has put it elsewhere. */
static void a_record_stays_near_its_dose_after_a_journey(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000") ALARM);
        world_pass_until(world, AT(7, 30));
        world_edit(world, DAILY("090000") ALARM); /* takes the place of 08:00 */
        world_travel(world, "Pacific/Honolulu");  /* and is due at 19:00Z */
        world_pass_until(world, AT(18, 40));
        world_take(world, "ana/lis/20261123T090000");
        world_edit(world, DAILY("103000") ALARM); /* more than half a day after 08:00Z */
        world_assert_state(world, "ana/lis/20261123T103000", DOSE_TAKEN);
}

#define ENDED "DTSTART:20261101T080000\r\nRRULE:FREQ=DAILY;COUNT=10\r\n"

static void a_course_that_ended_does_not_ring_where_a_yearly_dose_was_to_come(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20250301T080000\r\nRRULE:FREQ=YEARLY\r\n");
        world_pass_until(world, AT(7, 30));
        world_edit(world, ENDED); /* of all that is new its last dose is the nearest to March */
        world_pass_until(world, AT(7, 31));
        assert_int_equal(engine_count_open(world->engine), 0);
}

static void a_course_that_ended_does_not_ring_where_a_yearly_dose_was_reminded_of(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20251123T080000\r\nRRULE:FREQ=YEARLY\r\n" ALARM);
        world_pass_until(world, AT(7, 30));
        world_edit(world, ENDED);
        world_pass_until(world, AT(7, 31));
        assert_int_equal(engine_count_open(world->engine), 0);
        world_assert_state(world, "ana/lis/20261123T080000", DOSE_SKIPPED);
}

/* However often edits moved it on: what is due just when it is, under another UID, is that dose. */
static void a_new_uid_at_the_same_time_is_the_same_dose(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000") ALARM);
        world_pass_until(world, AT(7, 30));
        world_edit(world,
                   "DTSTART:20261101T140000\r\nRRULE:FREQ=DAILY;BYHOUR=14,18\r\n" ALARM); /* 08:00 is 14:00 now */
        world_pass_until(world, AT(13, 50));
        world_take(world, "ana/lis/20261123T140000");
        world_put_event(world, "lis.ics", "new", "Lisinopril",
                        "DTSTART:20261101T140000\r\nRRULE:FREQ=DAILY;BYHOUR=14,18\r\n" ALARM);
        world_reload(world);
        world_assert_state(world, "ana/new/20261123T140000", DOSE_TAKEN);
        world_pass_until(world, AT(14, 1));
        assert_int_equal(engine_count_open(world->engine), 0);
}

static void undo(struct world *world, const char *id) {
        _cleanup_(free_p) char *reason = NULL;
        enum dose_state after;

        assert_int_equal(engine_undo(world->engine, id, "ana", world->now_usec, &after, &reason), 0);
        world_assert_state(world, id, after);
}

/* Seed 100686: taken all the same, and that is taken back. */
static void what_the_plan_called_off_does_not_ring_when_its_record_is_undone(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 2));
        world_edit(world, DAILY("080000") "EXDATE:20261123T080000\r\n");
        world_take(world, "ana/lis/20261123T080000");
        undo(world, "ana/lis/20261123T080000");
        world_assert_state(world, "ana/lis/20261123T080000", DOSE_SKIPPED);
        world_forget(world);
        world_pass_until(world, AT(20, 0));
        world_told(world, "");
}

static void what_is_of_a_schedule_that_was_stopped_does_not_ring_when_its_record_is_undone(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261123T080000\r\nX-DOSED-AFTER-TAKEN:P1D\r\n");
        world_pass_until(world, AT(8, 2));
        world_take(world, "ana/lis/20261123T080000");
        world_edit(world, "DTSTART:20261123T080000\r\nX-DOSED-AFTER-TAKEN:P1D\r\nSTATUS:CANCELLED\r\n");
        undo(world, "ana/lis/20261123T080000");
        world_assert_state(world, "ana/lis/20261123T080000", DOSE_SKIPPED);
}

static void what_nobody_confirmed_after_all_is_missed_although_its_schedule_is_stopped_by_now(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 2));
        world_take(world, "ana/lis/20261123T080000");
        world_pass_until(world, AT(20, 0));
        world_edit(world, DAILY("080000") "STATUS:CANCELLED\r\n");
        undo(world, "ana/lis/20261123T080000");
        world_assert_state(world, "ana/lis/20261123T080000", DOSE_MISSED);
}

/* That it follows what was taken is not to be taken for a date that calls its start off. */
static void a_start_that_is_undone_is_due_again(void **state) {
        struct world *world = *state;

        world_edit(world, "DTSTART:20261123T080000\r\nX-DOSED-AFTER-TAKEN:P1D\r\n");
        world_pass_until(world, AT(8, 2));
        world_take(world, "ana/lis/20261123T080000");
        undo(world, "ana/lis/20261123T080000");
        world_assert_state(world, "ana/lis/20261123T080000", DOSE_DUE);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_dose_dragged_onto_another_does_not_ring_beside_it),
                TEST(a_dose_that_a_journey_makes_one_with_another_does_not_wait_for_ever),
                TEST(a_dose_that_was_one_with_another_that_is_to_come_is_due_where_its_time_has_passed),
                TEST(a_dose_that_was_dragged_onto_another_is_due_where_its_time_has_passed),
                TEST(what_was_taken_early_under_the_name_of_another_is_not_due_again),
                TEST(a_journey_over_the_start_of_a_schedule_after_taken_makes_it_due),
                TEST(a_start_that_an_edit_puts_into_the_past_is_due),
                TEST(a_record_stays_near_its_dose_after_a_journey),
                TEST(a_course_that_ended_does_not_ring_where_a_yearly_dose_was_to_come),
                TEST(a_course_that_ended_does_not_ring_where_a_yearly_dose_was_reminded_of),
                TEST(a_new_uid_at_the_same_time_is_the_same_dose),
                TEST(what_the_plan_called_off_does_not_ring_when_its_record_is_undone),
                TEST(what_is_of_a_schedule_that_was_stopped_does_not_ring_when_its_record_is_undone),
                TEST(what_nobody_confirmed_after_all_is_missed_although_its_schedule_is_stopped_by_now),
                TEST(a_start_that_is_undone_is_due_again),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
