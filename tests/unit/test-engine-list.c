/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a list of doses says: each dose once, and none that another has eaten. */
#include "daily-world.h"

#define HOUR_AHEAD "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-PT1H\r\nEND:VALARM\r\n"

struct due {
        usec_t due_usec;
        unsigned n;
};

static int copy_due(void *userdata, const struct dose_view *view) {
        struct due *due = userdata;

        due->due_usec = view->dose->due_usec;
        due->n++;
        return 0;
}

static int collect_states(void *userdata, const struct dose_view *view) {
        unsigned *n = userdata;

        n[view->dose->state]++;
        return 0;
}

static void every_dose_once_in_a_list(void **state) {
        struct world *world = *state;
        struct due due = {};

        world_edit(world, DAILY("200000") HOUR_AHEAD);
        world_put_event(
                world, "a.ics", "a", "A",
                DAILY("200000") "BEGIN:VALARM\r\nACTION:DISPLAY\r\nDESCRIPTION:x\r\nTRIGGER:-P2D\r\nEND:VALARM\r\n");
        world_reload(world);
        world_pass_until(world, AT(19, 30));
        assert_int_equal(engine_visit_doses(world->engine, "ana", AT(0, 0), AT(24, 0), world->now_usec, copy_due, &due),
                         0);
        assert_int_equal(due.n, 2);
}

/* What the day's list says then: three doses were planned from 8:00 on, one taken */
static void list_after_the_dose_was_eaten(void **state) {
        struct world *world = *state;
        unsigned n[_DOSE_STATE_MAX] = {};

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_take(world, LIS);
        world_pass_until(world, AT(10, 0));
        world_put_event(world, "lis.ics", "lis2", "Lisinopril", BYHOUR("8,14,20"));
        world_reload(world);
        assert_int_equal(
                engine_visit_doses(world->engine, "ana", AT(13, 0), AT(24, 0), world->now_usec, collect_states, n), 0);
        assert_int_equal(n[DOSE_UPCOMING], 2);
        assert_int_equal(n[DOSE_TAKEN], 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(every_dose_once_in_a_list),
                TEST(list_after_the_dose_was_eaten),
        };

        return cmocka_run_group_tests_name("lists of doses", tests, NULL, NULL);
}
