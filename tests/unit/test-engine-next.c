/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is worth waking a machine for. */
#include <signal.h>
#include <sys/resource.h>

#include "world.h"

static void a_ledger_that_is_tried_again_every_minute_is_not(void **state) {
        struct world *world = *state;
        struct rlimit limit, none;
        usec_t next_usec;

        world_put(world, "a.ics", ICS(EVENT("a", "Aspirin", DAILY("080000"))));
        world_reload(world);
        assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
        assert_int_equal(next_usec, AT(8, 0));
        assert_int_equal(engine_next_time(world->engine), AT(8, 0));

        world_pass_until(world, AT(7, 59));
        (void) signal(SIGXFSZ, SIG_IGN);
        assert_int_equal(getrlimit(RLIMIT_FSIZE, &limit), 0);
        none = (struct rlimit){ .rlim_cur = 0, .rlim_max = limit.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_FSIZE, &none), 0);
        world->now_usec = AT(8, 0);
        assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
        assert_false(store_is_flushed(world->store));
        assert_int_equal(next_usec, AT(8, 1));
        assert_int_equal(engine_next_time(world->engine), AT(8, 10));

        assert_int_equal(setrlimit(RLIMIT_FSIZE, &limit), 0);
        assert_int_equal(engine_step(world->engine, world->now_usec, &next_usec), 0);
        assert_int_equal(next_usec, AT(8, 10));
}

static void nothing_planned_is_nothing(void **state) {
        struct world *world = *state;

        assert_true(engine_next_time(world->engine) == USEC_NEVER);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_ledger_that_is_tried_again_every_minute_is_not, world_new, world_free),
                cmocka_unit_test_setup_teardown(nothing_planned_is_nothing, world_new, world_free),
        };

        return cmocka_run_group_tests_name("worth waking a machine", tests, NULL, NULL);
}
