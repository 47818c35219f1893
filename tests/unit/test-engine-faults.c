/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A ledger that cannot be written, read, or had at all: reminders go on, and what was said of it is true. */
#include "world.h"

#include "dosed/limits.h"

#define LIS "ana/lis/20261123T080000"

/* unwritable */

static void a_plan_taken_over_while_nothing_can_be_written_is_written_later(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 0));
        world_break_store(world, true);
        world_edit(world, DAILY("080000") "STATUS:CANCELLED\r\n");
        assert_int_equal(engine_count_degraded(world->engine), 1);
        world_break_store(world, false);
        world_pass_until(world, AT(7, 10));
        assert_int_equal(engine_count_degraded(world->engine), 0);
        /* What the next start finds before it looks at the folder. */
        world_stop(world);
        world->now_usec = AT(8, 30);
        world_forget(world);
        world_start(world);
        world_pass_until(world, AT(8, 31));
        world_told(world, "");
}

static void edits_of_what_is_only_in_memory_see_what_was_taken(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(7, 59));
        world_break_store(world, true);
        world_pass_until(world, AT(8, 5));
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), 0);
        world_edit(world, DAILY("090000"));
        world_edit(world, DAILY("093000"));
        world_forget(world);
        world_pass_until(world, AT(10, 0));
        world_told(world, ""); /* it was taken */
        world_break_store(world, false);
        world_pass_until(world, AT(10, 2));
        world_restart(world);
        world_assert_state(world, "ana/lis/20261123T093000", DOSE_TAKEN);
}

static void weeks_without_a_disk_keep_what_people_said(void **state) {
        struct world *world = *state;
        char text[64];

        world_edit(world, "DTSTART:20261101T000000\r\nRRULE:FREQ=HOURLY\r\n");
        world_put_event(world, "b.ics", "b", "B", "DTSTART:20261101T003000\r\nRRULE:FREQ=HOURLY\r\n");
        world_reload(world);
        world_pass_until(world, AT(0, 59));
        world_break_store(world, true);
        world_pass_until(world, AT(1, 5));
        assert_int_equal(world_confirm(world, "ana/lis/20261123T010000", (struct record_options){ .amount = "one" }), 0);
        /* 48 doses a day, each with four entries and more: the limit is reached on the 40th day. */
        world_pass_until(world, AT(1, 5) + 60 * USEC_PER_DAY);
        assert_true(world->store->n_entries < LIMIT_PENDING_ENTRIES);
        world_break_store(world, false);
        world_pass_until(world, world->now_usec + 2 * USEC_PER_MINUTE);
        assert_int_equal(engine_count_degraded(world->engine), 0);
        world_restart(world);
        world_assert_state(world, "ana/lis/20261123T010000", DOSE_TAKEN);
        for (int day = 24; day <= 30; day++) {
                (void) snprintf(text, sizeof(text), "ana/lis/202611%dT080000", day);
                world_assert_state(world, text, DOSE_MISSED);
        }
}

/* unreadable */

static void spoil(struct world *world, const char *uid) {
        _cleanup_(free_p) char *sql = NULL;

        assert_true(asprintf(&sql, "UPDATE standing SET state = 'nonsense' WHERE uid = '%s'", uid) > 0);
        assert_int_equal(sqlite3_exec(world->store->database, sql, NULL, NULL, NULL), SQLITE_OK);
}

static void a_line_that_cannot_be_read_silences_no_other_dose(void **state) {
        struct world *world = *state;

        world_edit(world, DAILY("080000"));
        world_put_event(world, "b.ics", "b", "B", DAILY("090000"));
        world_reload(world);
        world_pass_until(world, AT(12, 30));
        spoil(world, "lis");
        world_edit(world, DAILY("140000"));
        assert_int_equal(engine_count_degraded(world->engine), 1);
        world_restart(world);
        world_forget(world);
        world_pass_until(world, AT(14, 0));
        world_told(world, "13:00 changed B missed\n14:00 changed Lisinopril due\n14:00 reminder Lisinopril due\n");
}

/* lost */

static int copy_view(void *userdata, const struct dose_view *view) {
        *(struct dose_view *) userdata = *view;
        return 0;
}

static void start_without_ledger(struct world *world) {
        assert_int_equal(store_open_memory(&world->store), 0);
        assert_int_equal(engine_new(world->store, world->zones, &world_observer, world, &world->engine), 0);
        world_set_people(world);
        world_reload(world);
        world_pass_until(world, world->now_usec);
}

static void a_start_without_the_ledger_asks_to_check_first(void **state) {
        struct world *world = *state;
        struct dose_view view = {};

        world_edit(world, DAILY("080000"));
        world_put_event(world, "b.ics", "b", "B", DAILY("040000") "X-DOSED-WINDOW:PT30M\r\n");
        world_reload(world);
        world_pass_until(world, AT(8, 5));
        world_stop(world);
        world->now_usec = AT(8, 6);
        world_forget(world);
        start_without_ledger(world);
        world_told(world, "plan ana\n08:06 changed Lisinopril due\n08:06 reminder Lisinopril due\n");

        assert_int_equal(engine_visit_dose(world->engine, LIS, world->now_usec, copy_view, &view), 0);
        assert_true(view.record_lost);
        assert_false(view.takeable);
        assert_int_equal(world_confirm(world, LIS, (struct record_options){}), ENGINE_TOO_SOON);
        assert_int_equal(world_confirm(world, LIS, (struct record_options){ .force = true }), 0);
        /* What came and went before is not known. */
        assert_int_equal(engine_visit_dose(world->engine, "ana/b/20261123T040000", world->now_usec, copy_view, &view),
                         ENGINE_NO_SUCH_DOSE);
        /* What comes later is known. */
        world_pass_until(world, AT(8, 1) + USEC_PER_DAY);
        assert_int_equal(engine_visit_dose(world->engine, "ana/lis/20261124T080000", world->now_usec, copy_view, &view), 0);
        assert_false(view.record_lost);
        assert_true(view.takeable);
}

static void what_is_recorded_without_a_ledger_is_not_durable(void **state) {
        struct world *world = *state;
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *reason = NULL;
        const struct record_options options = { .recorded_by = "ana", .force = true };

        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(8, 5));
        world_stop(world);
        start_without_ledger(world);
        assert_int_equal(engine_confirm(world->engine, LIS, &options, world->now_usec, &answer, &reason), 0);
        assert_int_equal(answer.state, DOSE_TAKEN);
        assert_false(answer.durable);
}

/* The first plan that a new ledger has begins now. */
static void a_new_ledger_is_no_lost_one(void **state) {
        struct world *world = *state;

        world_pass_until(world, AT(8, 5));
        world_forget(world);
        world_edit(world, DAILY("080000"));
        world_pass_until(world, AT(9, 0));
        world_told(world, "plan ana\n");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_plan_taken_over_while_nothing_can_be_written_is_written_later),
                TEST(edits_of_what_is_only_in_memory_see_what_was_taken),
                TEST(weeks_without_a_disk_keep_what_people_said),
                TEST(a_line_that_cannot_be_read_silences_no_other_dose),
                TEST(a_start_without_the_ledger_asks_to_check_first),
                TEST(what_is_recorded_without_a_ledger_is_not_durable),
                TEST(a_new_ledger_is_no_lost_one),
        };

        return cmocka_run_group_tests_name("ledgers that fail", tests, NULL, NULL);
}
