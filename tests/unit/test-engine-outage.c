/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outages and restarts: what is open rings again, what passed is unattended, and nothing is lost or doubled. */
#include "daily-world.h"

static void after_an_outage_the_open_ring_and_the_passed_are_unattended(void **state) {
        struct world *world = *state;

        world_put_event(world, "a.ics", "a", "Aspirin", DAILY("090000"));
        begin(world);
        world_pass_until(world, AT(7, 0));
        world->now_usec = AT(12, 30);
        world_restart(world);
        assert_int_equal(engine_step(world->engine, world->now_usec, &(usec_t){ 0 }), 0);
        world_told(world,
                   "12:30 changed Lisinopril unattended\n12:30 changed Aspirin due\n12:30 reminder Aspirin due\n");
        world_pass_until(world, AT(12, 59));
        world_told(world, "");
        world_pass_until(world, AT(13, 0));
        world_told(world, "13:00 changed Aspirin missed\n");
}

static int same_group(void *userdata, const struct dose_view *view) {
        usec_t *group = userdata;

        if (*group == 0)
                *group = view->group_usec;
        assert_int_equal(*group, view->group_usec);
        return 0;
}

static void what_is_caught_up_with_is_one_group(void **state) {
        struct world *world = *state;
        usec_t group = 0;

        world_put_event(world, "a.ics", "a", "Aspirin", DAILY("090000"));
        begin(world);
        world->now_usec = AT(11, 0);
        world_restart(world);
        assert_int_equal(engine_count_open(world->engine), 2);
        assert_int_equal(engine_visit_reminded(world->engine, world->now_usec, same_group, &group), 0);
        assert_int_not_equal(group, 0);
}

static void a_restart_between_due_and_confirm_loses_and_doubles_nothing(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
        world_restart(world);
        world_told(world, "");
        assert_int_equal(engine_count_open(world->engine), 1);
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_restart(world);
        world_pass_until(world, AT(23, 0));
        world_told(world, "08:05 changed Lisinopril taken\n");
}

static void a_snooze_survives_a_restart(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        usec_t until;

        begin(world);
        world_pass_until(world, AT(8, 1));
        assert_int_equal(
                engine_snooze(world->engine, LIS, 15 * USEC_PER_MINUTE, "ana", world->now_usec, &until, &reason), 0);
        world_forget(world);
        world_restart(world);
        world_pass_until(world, AT(8, 20));
        world_told(world, "08:16 changed Lisinopril due\n08:16 reminder Lisinopril due\n");
}

static void an_edit_while_away_counts_from_the_return(void **state) {
        struct world *world = *state;

        begin(world);
        world_stop(world);
        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("090000"));
        world->now_usec = AT(9, 10);
        world_start(world);
        world_pass_until(world, AT(9, 11));
        /* The plan in force at 08:00 was the old one: its dose is open, and tomorrow's is the new one. */
        world_told(world, "09:10 changed Lisinopril due\n09:10 reminder Lisinopril due\nplan ana\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(after_an_outage_the_open_ring_and_the_passed_are_unattended),
                TEST(what_is_caught_up_with_is_one_group),
                TEST(a_restart_between_due_and_confirm_loses_and_doubles_nothing),
                TEST(a_snooze_survives_a_restart),
                TEST(an_edit_while_away_counts_from_the_return),
        };

        return cmocka_run_group_tests_name("outages and restarts", tests, NULL, NULL);
}
