/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is configured for a person: quiet hours, the series of reminders, windows, and which entries count. */
#include "world.h"

#include "dosed/text.h"

static const struct dose_policy night = { .quiet = { 22 * 3600, 7 * 3600 } };

static void configure(struct world *world, struct dose_policy policy) {
        world->policy = policy;
        world_set_people(world);
}

static void nothing_rings_in_quiet_hours_but_what_was_due_in_them(void **state) {
        struct world *world = *state;

        configure(world, night);
        world_put_event(world, "eve.ics", "eve", "Evening", DAILY("210000"));
        world_put_event(world, "night.ics", "night", "Night", DAILY("230000"));
        world_put_event(world, "crit.ics", "crit", "Critical",
                        DAILY("023000") "PRIORITY:1\r\nX-DOSED-WINDOW:PT25M\r\n");
        world_reload(world);
        world_pass_until(world, AT(20, 0));
        world_forget(world);
        world_pass_until(world, AT(31, 30));
        world_told(world, "21:00 changed Evening due\n21:00 reminder Evening due\n21:10 reminder Evening due\n"
                          "21:30 reminder Evening due\n23:00 changed Night due\n23:00 reminder Night due\n"
                          "01:00 changed Evening missed\n02:30 changed Critical due\n02:30 reminder Critical due\n"
                          "02:40 reminder Critical due\n02:50 reminder Critical due\n02:55 changed Critical missed\n"
                          "03:00 changed Night missed\n");
}

static void what_they_held_back_rings_when_they_end(void **state) {
        struct world *world = *state;

        configure(world, night);
        world_edit(world, DAILY("063000"));
        world_pass_until(world, AT(7, 10));
        world_told(
                world,
                "plan ana\n06:30 changed Lisinopril due\n06:30 reminder Lisinopril due\n07:00 reminder Lisinopril due\n");
}

static void a_machine_that_wakes_in_quiet_hours_is_quiet(void **state) {
        struct world *world = *state;

        configure(world, night);
        world_put_event(world, "late.ics", "late", "Late", DAILY("213000") "X-DOSED-WINDOW:PT11H\r\n");
        world_reload(world);
        world_pass_until(world, AT(21, 35));
        world_forget(world);
        world_jump(world, AT(23, 0)); /* asleep at 21:40, which was to ring */
        world_pass_until(world, AT(31, 0));
        world_told(world, "07:00 reminder Late due\n");
}

/* Quiet hours are no reason to hear of a dose never. */
static void a_dose_that_fell_due_while_the_machine_slept_rings_all_the_same(void **state) {
        struct world *world = *state;

        configure(world, night);
        world_edit(world, DAILY("210000"));
        world_pass_until(world, AT(20, 0));
        world_forget(world);
        world_jump(world, AT(23, 0));
        world_pass_until(world, AT(24, 30));
        world_told(world, "23:00 changed Lisinopril due\n23:00 reminder Lisinopril due\n");
}

static void a_snooze_is_a_wish_and_is_not_held_back(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *reason = NULL;
        usec_t until_usec;

        configure(world, night);
        world_edit(world, DAILY("213000"));
        world_pass_until(world, AT(21, 55));
        assert_int_equal(engine_snooze(world->engine, "ana/lis/20261123T213000", 10 * USEC_PER_MINUTE, "ana",
                                       world->now_usec, &until_usec, &reason),
                         0);
        world_forget(world);
        world_pass_until(world, AT(24, 0));
        world_told(world, "22:05 changed Lisinopril due\n22:05 reminder Lisinopril due\n");
}

static void new_quiet_hours_count_at_once(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("120000"));
        world_pass_until(world, AT(12, 5));
        configure(world, (struct dose_policy){ .quiet = { 12 * 3600, 14 * 3600 } });
        world_forget(world);
        world_pass_until(world, AT(13, 30));
        world_told(world, "");
        configure(world, (struct dose_policy){});
        world_pass_until(world, AT(13, 31));
        world_told(world, "13:30 reminder Lisinopril due\n");
}

static void a_clock_that_was_ahead_keeps_nobody_quiet(void **state) {
        struct world *world = *state;

        configure(world, night);
        world_edit(world, DAILY("120000") "X-DOSED-WINDOW:PT23H\r\n");
        world_pass_until(world, AT(12, 5));
        world_jump(world, AT(23, 0));
        world_forget(world);
        world_jump(world, AT(12, 20));
        world_pass_until(world, AT(12, 31));
        world_told(world, "12:20 reminder Lisinopril due\n12:30 reminder Lisinopril due\n");
}

static void the_series_and_the_window_are_as_configured(void **state) {
        struct world *world = *state;

        configure(world, (struct dose_policy){
                                 .window_min_usec = USEC_PER_HOUR,
                                 .window_max_usec = 2 * USEC_PER_HOUR,
                                 .remind_every_usec = 20 * USEC_PER_MINUTE,
                         });
        world_edit(world, DAILY("120000"));
        world_pass_until(world, AT(12, 50));
        world_forget(world);
        world_pass_until(world, AT(14, 0));
        world_told(world,
                   "13:00 reminder Lisinopril due\n13:20 reminder Lisinopril due\n13:40 reminder Lisinopril due\n"
                   "14:00 changed Lisinopril missed\n");
}

/* The first sentence that says so, or all is well: "". */
static const char *degraded(const struct world *world, const char *words) {
        for (size_t i = 0; i < engine_count_degraded(world->engine); i++)
                if (strstr(engine_degraded(world->engine, i), words))
                        return engine_degraded(world->engine, i);
        return "";
}

static void only_what_has_the_category_counts(void **state) {
        struct world *world = *state;

        world->category = "Medicine";
        world_set_people(world);
        world_put(
                world, "all.ics",
                ICS(EVENT("a", "Aspirin", DAILY("080000") "CATEGORIES:Family,medicine\r\n") EVENT(
                        "b", "Ballet", DAILY("080000") "CATEGORIES:Medicines\r\n") EVENT("c", "Cinema", DAILY("080000"))
                            EVENT("d", "Diet", DAILY("080000") "CATEGORIES:MEDI\r\n")
                                    EVENT("e", "Escaped",
                                          DAILY("080000") "CATEGORIES:Home\r\nCATEGORIES;LANGUAGE=en:MEDICINE\r\n")));
        world_reload(world);
        world_forget(world);
        world_pass_until(world, AT(8, 5));
        world_told(world, "08:00 changed Aspirin due\n08:00 reminder Aspirin due\n08:00 changed Escaped due\n"
                          "08:00 reminder Escaped due\n");
        world_stop(world);
        world_start(world);
        world_forget(world);
        world_pass_until(world, AT(8, 11));
        world_told(world, "08:10 reminder Aspirin due\n08:10 reminder Escaped due\n");
        assert_int_equal(engine_count_degraded(world->engine), 0);
}

/* It is no loss that wants to be accepted, but it is one where the entries themselves have lost it. */
static void a_category_that_is_new_is_believed(void **state) {
        struct world *world = *state;

        world_put(world, "all.ics",
                  ICS(EVENT("a", "Aspirin", DAILY("080000") "CATEGORIES:Pills\r\n")
                              EVENT("b", "Ballet", DAILY("080000")) EVENT("c", "Cinema", DAILY("080000"))
                                      EVENT("d", "Dance", DAILY("080000"))));
        world_reload(world);
        world->category = "pills";
        world_set_people(world);
        world_reload(world);
        assert_int_equal(engine_count_degraded(world->engine), 0);
        world_forget(world);
        world_pass_until(world, AT(8, 5));
        world_told(world, "08:00 changed Aspirin due\n08:00 reminder Aspirin due\n");

        world_put(world, "all.ics", ICS(EVENT("a", "Aspirin", DAILY("080000") "CATEGORIES:Pils\r\n")));
        world_reload(world);
        assert_string_not_equal(degraded(world, "gone all at once"), "");
        world_assert_state(world, "ana/a/20261123T080000", DOSE_DUE);
}

static void a_category_that_nothing_has_is_said(void **state) {
        struct world *world = *state;

        world->category = "Medicine";
        world_set_people(world);
        world_edit(world, DAILY("080000"));
        assert_string_equal(
                degraded(world, "category"),
                "ana: none of the 1 entries has the category 'Medicine', which dosed.conf asks for: none of them counts. "
                "Give it to the medicines, or mend dosed.conf");
        world_edit(world, DAILY("080000") "CATEGORIES:Medicine\r\n");
        assert_int_equal(engine_count_degraded(world->engine), 0);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(nothing_rings_in_quiet_hours_but_what_was_due_in_them),
                TEST(what_they_held_back_rings_when_they_end),
                TEST(a_machine_that_wakes_in_quiet_hours_is_quiet),
                TEST(a_dose_that_fell_due_while_the_machine_slept_rings_all_the_same),
                TEST(a_snooze_is_a_wish_and_is_not_held_back),
                TEST(new_quiet_hours_count_at_once),
                TEST(a_clock_that_was_ahead_keeps_nobody_quiet),
                TEST(the_series_and_the_window_are_as_configured),
                TEST(only_what_has_the_category_counts),
                TEST(a_category_that_is_new_is_believed),
                TEST(a_category_that_nothing_has_is_said),
        };

        return cmocka_run_group_tests_name("engine: policy", tests, NULL, NULL);
}
