/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doses that an edit moves, drags or renames ring once, where they are now, and are still the ones that were taken. */
#include "daily-world.h"

static void a_recorded_dose_consumes_the_one_an_edit_makes_of_it(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(7, 30));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_edit(world, DAILY("090000"));
        world_told(world, "07:30 changed Lisinopril taken\n07:30 changed Lisinopril taken\nplan ana\n");
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
        world_assert_state(world, "ana/lis/20261123T090000", DOSE_TAKEN);
}

static void an_open_dose_moves_to_where_the_edit_puts_it(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("090000"));
        world_pass_until(world, AT(9, 5));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\nplan ana\n"
                          "09:00 changed Lisinopril due\n09:00 reminder Lisinopril due\n");
        assert_int_equal(engine_count_open(world->engine), 1);
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), ENGINE_NO_SUCH_DOSE);
}

static void an_open_dose_without_a_new_place_stays_as_it_froze(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("070000"));
        world_pass_until(world, AT(12, 0));
        world_told(world,
                   "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\nplan ana\n"
                   "08:10 reminder Lisinopril due\n08:30 reminder Lisinopril due\n09:00 reminder Lisinopril due\n"
                   "10:00 reminder Lisinopril due\n11:00 reminder Lisinopril due\n12:00 changed Lisinopril missed\n");
}

static void a_dose_that_is_moved_and_moved_back_rings(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 2));
        world_forget(world);
        world_edit(world, DAILY("083000"));
        world_pass_until(world, AT(8, 10));
        world_edit(world, DAILY("080000"));
        world_told(world, "plan ana\n08:10 changed Lisinopril due\nplan ana\n");
        assert_int_equal(engine_count_open(world->engine), 1);
        world_pass_until(world, AT(8, 31));
        world_told(world, "08:10 reminder Lisinopril due\n08:30 reminder Lisinopril due\n");
}

#define DRAGGED_TO(time)                                                                              \
        DAILY("080000")                                                                               \
        "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nSUMMARY:Lisinopril\r\nDTSTAMP:20261102T000000Z\r\n" \
        "RECURRENCE-ID:20261123T080000\r\nDTSTART:20261123T" time "\r\n"

static void a_single_dose_that_is_dragged_rings_at_its_new_time(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_forget(world);
        world_edit(world, DRAGGED_TO("100000"));
        world_told(world, "08:05 changed Lisinopril upcoming\nplan ana\n");
        /* It is the same dose, also after a restart. */
        world_restart(world);
        world_pass_until(world, AT(10, 1));
        world_told(world, "10:00 changed Lisinopril due\n10:00 reminder Lisinopril due\n");
        assert_int_equal(engine_count_open(world->engine), 1);
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        /* Once recorded it stays recorded, wherever it is dragged. */
        world_edit(world, DRAGGED_TO("120000"));
        world_assert_state(world, LIS, DOSE_TAKEN);
        world_forget(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

/* A dose dragged by RANGE=THISANDFUTURE while open */
static void this_and_future_moves_the_open_one(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_edit(
                world,
                DAILY("080000") "END:VEVENT\r\nBEGIN:VEVENT\r\nUID:lis\r\nSUMMARY:Lisinopril\r\nDTSTAMP:20261102T000000Z\r\n"
                                "RECURRENCE-ID;RANGE=THISANDFUTURE:20261123T080000\r\nDTSTART:20261123T100000\r\n");
        world_forget(world);
        world_pass_until(world, AT(34, 1));
        world_told(world,
                   "10:00 changed Lisinopril due\n10:00 reminder Lisinopril due\n10:10 reminder Lisinopril due\n"
                   "10:30 reminder Lisinopril due\n11:00 reminder Lisinopril due\n12:00 reminder Lisinopril due\n"
                   "13:00 reminder Lisinopril due\n14:00 changed Lisinopril missed\n"
                   "10:00 changed Lisinopril due\n10:00 reminder Lisinopril due\n");
}

static void a_recorded_dose_that_is_moved_and_moved_back_stays_recorded(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(7, 30));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_edit(world, DAILY("090000"));
        world_assert_state(world, "ana/lis/20261123T090000", DOSE_TAKEN);
        world_edit(world, DAILY("080000"));
        world_assert_state(world, LIS, DOSE_TAKEN);
        world_forget(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "");
}

static void a_coming_dose_that_an_edit_puts_into_the_past_is_due_now(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(7, 57));
        world_edit(world, DAILY("075500"));
        world_told(world, "07:57 changed Lisinopril due\n07:57 reminder Lisinopril due\nplan ana\n");
        world_pass_until(world, AT(8, 1));
        world_told(world, "");
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

static void a_mended_name_forgets_nothing_that_was_taken(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_put_event(world, "lis.ics", "lis", "Lisinopril 10 mg", DAILY("083000"));
        world_reload(world);
        world_forget(world);
        world_pass_until(world, AT(20, 0));
        world_told(world, "");

        /* Also where another dose comes within the interval. */
        world_put_event(world, "lis2.ics", "lis2", "Lisinopril 10 mg",
                        "DTSTART:20261123T201000\r\nX-DOSED-MIN-INTERVAL:PT20H\r\n");
        world_reload(world);
        world_forget(world);
        world_pass_until(world, AT(20, 10));
        world_told(world,
                   "20:10 changed Lisinopril 10 mg due check-first\n20:10 reminder Lisinopril 10 mg due check-first\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_recorded_dose_consumes_the_one_an_edit_makes_of_it),
                TEST(an_open_dose_moves_to_where_the_edit_puts_it),
                TEST(an_open_dose_without_a_new_place_stays_as_it_froze),
                TEST(a_dose_that_is_moved_and_moved_back_rings),
                TEST(a_single_dose_that_is_dragged_rings_at_its_new_time),
                TEST(this_and_future_moves_the_open_one),
                TEST(a_recorded_dose_that_is_moved_and_moved_back_stays_recorded),
                TEST(a_coming_dose_that_an_edit_puts_into_the_past_is_due_now),
                TEST(last_of_passed_is_due_also_where_another_uid_looked),
                TEST(a_mended_name_forgets_nothing_that_was_taken),
        };

        return cmocka_run_group_tests_name("edits that move", tests, NULL, NULL);
}
