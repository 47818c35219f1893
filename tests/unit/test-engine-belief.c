/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a folder shows and is not believed at once: that all or most of it is gone, and bytes that a process died of. */
#include "daily-world.h"

static void a_folder_that_turns_empty_is_not_believed_until_accepted(void **state) {
        struct world *world = *state;

        begin(world);
        world_remove_file(world, "lis.ics");
        world_reload(world);
        world_told(world, "degraded 1\n");
        world_restart(world);
        world_told(world, "degraded 1\n");
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");

        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_ANYTHING, world->now_usec), 0);
        world_told(world, "degraded 0\n08:01 changed Lisinopril skipped\nplan ana\n");
        world_pass_until(world, AT(8, 1) + 2 * USEC_PER_DAY);
        world_told(world, "");
}

static void a_folder_that_vanishes_is_not_believed(void **state) {
        struct world *world = *state;
        _cleanup_(free_p) char *aside = NULL;

        begin(world);
        assert_true(asprintf(&aside, "%s.aside", world->calendars) > 0);
        assert_int_equal(rename(world->calendars, aside), 0);
        world_reload(world);
        world_told(world, "degraded 1\n");
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
        assert_int_equal(rename(aside, world->calendars), 0);
        world_reload(world);
        world_told(world, "degraded 0\n");
}

static void losing_more_than_half_at_once_is_not_believed(void **state) {
        struct world *world = *state;

        world_put_event(world, "a.ics", "a", "Aspirin", DAILY("090000"));
        world_put_event(world, "b.ics", "b", "Bisoprolol", DAILY("100000"));
        begin(world);
        world_remove_file(world, "a.ics");
        world_remove_file(world, "b.ics");
        world_reload(world);
        world_told(world, "degraded 1\n");
        world_put_event(world, "b.ics", "b", "Bisoprolol", DAILY("100000"));
        world_reload(world);
        world_told(world, "degraded 0\nplan ana\n");
        world_pass_until(world, AT(11, 0));
        world_told(world,
                   "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n08:10 reminder Lisinopril due\n"
                   "08:30 reminder Lisinopril due\n09:00 reminder Lisinopril due\n10:00 reminder Lisinopril due\n"
                   "10:00 changed Bisoprolol due\n10:00 reminder Bisoprolol due\n10:10 reminder Bisoprolol due\n"
                   "10:30 reminder Bisoprolol due\n11:00 reminder Lisinopril due\n11:00 reminder Bisoprolol due\n");
}

static void a_crash_mark_of_a_good_file_is_a_false_alarm(void **state) {
        struct world *world = *state;
        const char *text = ICS(EVENT("lis", "Lisinopril", DAILY("080000")));

        assert_int_equal(store_mark_reading(world->store, store_digest(text, strlen(text))), 0);
        world_put(world, "lis.ics", text);
        world_restart(world);
        world_told(world, "plan ana\n");
        assert_int_equal(engine_count_degraded(world->engine), 0);
}

static void quarantined_bytes_are_not_read_again_until_changed(void **state) {
        struct world *world = *state;
        const char *text = ICS(EVENT("lis", "Lisinopril", DAILY("080000")));

        assert_int_equal(store_quarantine(world->store, store_digest(text, strlen(text)), world->now_usec), 0);
        world_put(world, "lis.ics", text);
        world_reload(world);
        world_told(world, "degraded 1\n");
        assert_non_null(strstr(engine_degraded(world->engine, 0), "crashed"));
        world_edit(world, DAILY("080100"));
        world_told(world, "degraded 0\nplan ana\n");
}

static void look_after(struct world *world, const char *name) {
        const char *folders[] = { world->calendars };
        const struct engine_person person = {
                .name = name, .clock = { .zone = world->zone, .all_day_sec = 8 * 3600 }, .folders = folders, .n_folders = 1,
        };

        assert_int_equal(engine_set_people(world->engine, &person, 1, world->now_usec), 0);
}

static void a_person_whose_name_is_changed_is_a_degradation_until_back(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 1));
        world_forget(world);
        look_after(world, "anna");
        world_told(world, "degraded 1\n");
        assert_true(engine_is_left_out(world->engine, "ana"));
        assert_string_equal(engine_degraded_key(world->engine, 0), "ana/left-out");
        assert_string_equal(engine_degraded(world->engine, 0),
                            "ana has a plan, but is nobody of dosed.conf: no dose of ana is reminded or shown. Add "
                            "[person ana], or accept the loss with: dosectl plan accept ana");
        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_CAREFULLY, world->now_usec), ENGINE_NO_SUCH_PERSON);
        world_set_people(world);
        world_told(world, "degraded 0\n");
        assert_false(engine_is_left_out(world->engine, "ana"));
        world_assert_state(world, LIS, DOSE_DUE);
}

static int count_row(void *userdata, int n_columns, char **values, char **names) {
        (void) n_columns, (void) names;
        *(int *) userdata = atoi(values[0]);
        return 0;
}

/* Of that kind in the history of the plan. */
static int count_changes(struct world *world, const char *kind) {
        char sql[128];
        int n = -1;

        (void) snprintf(sql, sizeof(sql), "SELECT count(*) FROM plan_change WHERE kind = '%s' AND title = 'Lisinopril'", kind);
        assert_int_equal(sqlite3_exec(world->store->database, sql, count_row, &n, NULL), SQLITE_OK);
        return n;
}

static void a_person_who_moved_out_is_one_until_that_is_accepted(void **state) {
        struct world *world = *state;
        pid_t holder;

        begin(world);
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world_told(world, "degraded 1\n");
        /* Also over a restart. */
        world_stop(world);
        assert_int_equal(store_open(world->state, &world->store, &holder), 0);
        assert_int_equal(engine_new(world->store, world->zones, &world_observer, world, &world->engine), 0);
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world_told(world, "degraded 1\n");
        assert_int_equal(count_changes(world, "removed"), 0);
        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_ANYTHING, world->now_usec), 0);
        world_told(world, "degraded 0\n");
        assert_int_equal(count_changes(world, "added"), 1);
        assert_int_equal(count_changes(world, "removed"), 1);
        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_ANYTHING, world->now_usec), ENGINE_NO_SUCH_PERSON);
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world_told(world, "");
}

/* Somebody who was told that a plan is given up does not find it back after a crash. */
static void a_plan_is_given_up_wholly_or_not_at_all(void **state) {
        struct world *world = *state;

        begin(world);
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        world_told(world, "degraded 1\n");
        world_break_store(world, true);
        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_ANYTHING, world->now_usec), ENGINE_UNWRITABLE);
        assert_true(engine_is_left_out(world->engine, "ana"));
        world_told(world, "");
        world_break_store(world, false);
        assert_int_equal(engine_step(world->engine, world->now_usec, &(usec_t){ 0 }), 0);
        assert_int_equal(count_changes(world, "removed"), 0);
        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_ANYTHING, world->now_usec), 0);
        assert_int_equal(count_changes(world, "removed"), 1);
        assert_false(engine_is_left_out(world->engine, "ana"));
}

/* What was put while nothing could be written is of the plan that is given up. */
static void what_waits_to_be_written_is_given_up_too(void **state) {
        struct world *world = *state;

        begin(world);
        world_break_store(world, true);
        world_put_event(world, "asp.ics", "asp", "Aspirin", DAILY("090000"));
        world_reload(world);
        assert_int_equal(engine_set_people(world->engine, NULL, 0, world->now_usec), 0);
        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_ANYTHING, world->now_usec), ENGINE_UNWRITABLE);
        assert_true(engine_is_left_out(world->engine, "ana"));
        world_break_store(world, false);
        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_ANYTHING, world->now_usec), 0);
        assert_false(engine_is_left_out(world->engine, "ana"));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_folder_that_turns_empty_is_not_believed_until_accepted),
                TEST(a_folder_that_vanishes_is_not_believed),
                TEST(losing_more_than_half_at_once_is_not_believed),
                TEST(a_person_whose_name_is_changed_is_a_degradation_until_back),
                TEST(a_person_who_moved_out_is_one_until_that_is_accepted),
                TEST(a_plan_is_given_up_wholly_or_not_at_all),
                TEST(what_waits_to_be_written_is_given_up_too),
                TEST(a_crash_mark_of_a_good_file_is_a_false_alarm),
                TEST(quarantined_bytes_are_not_read_again_until_changed),
        };

        return cmocka_run_group_tests_name("what is not believed", tests, NULL, NULL);
}
