/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the desktop shows of the engine's doses: when they are due, what to check first, and what later puts off. */
#include "desktop-world.h"

static void test_what_may_not_be_taken_now_says_so(void **state) {
        (void) state;
        assert_true(show(0)->takeable);
        views[0].takeable = false;
        assert_false(show(0)->takeable);
}

static void test_a_reminder_ahead_of_its_time_is_upcoming_and_names_the_day(void **state) {
        (void) state;
        doses[0].state = DOSE_UPCOMING;
        doses[0].due_usec = AT(32, 0);
        assert_true(show(0)->upcoming);
        assert_false(shown[0].dose.late);
        assert_string_equal(shown[0].due_text, "08:00 on Tue 24 Nov");

        doses[0].state = DOSE_DUE;
        doses[0].reminded_usec = AT(32, 0) + USEC_PER_SEC / 2;
        assert_false(show(0)->upcoming);
        assert_false(shown[0].dose.late);
        assert_string_equal(shown[0].due_text, "08:00");

        doses[0].reminded_usec = AT(32, 10);
        assert_true(show(0)->late);
}

static void test_why_to_check_first(void **state) {
        (void) state;
        assert_int_equal(show(0)->check, NOTIFY_CHECK_NOTHING);

        views[0].taken_before_usec = AT(5, 0);
        assert_int_equal(show(0)->check, NOTIFY_CHECK_TAKEN);
        assert_int_equal(shown[0].dose.taken_ago_usec, 3 * USEC_PER_HOUR);

        /* Taken after the reminder, which said nothing of it: just now. */
        doses[0].reminded_usec = AT(7, 50);
        views[0].taken_before_usec = AT(7, 59);
        assert_int_equal(show(0)->check, NOTIFY_CHECK_TAKEN);
        assert_int_equal(shown[0].dose.taken_ago_usec, 0);

        views[0].taken_before_usec = AT(8, 30);
        assert_int_equal(show(0)->check, NOTIFY_CHECK_TAKEN_AHEAD);

        views[0].taken_before_usec = USEC_NONE;
        views[0].record_lost = true;
        assert_int_equal(show(0)->check, NOTIFY_CHECK_RECORD_LOST);
}

static void test_later_hides_what_is_not_due_yet_until_its_next_reminder(void **state) {
        (void) state;
        doses[0].state = doses[1].state = DOSE_UPCOMING;
        (void) show(1);
        press(NOTIFY_SNOOZE, "ana/A/x");
        assert_int_equal(n_snoozed, 0);
        assert_int_equal(n_acted, 1);
        update();
        update();
        assert_int_equal(n_shown, 1);
        assert_string_equal(shown[0].id, "ana/B/x");
        assert_notice("refused", NULL, NULL);

        /* A further alarm of the plan, still ahead. */
        doses[0].reminders = 2;
        update();
        assert_int_equal(n_shown, 2);
        press(NOTIFY_SNOOZE, "ana/A/x");
        update();
        assert_int_equal(n_shown, 1);

        /* Its due time, even if no reminder came. */
        doses[0].state = DOSE_DUE;
        update();
        assert_int_equal(n_shown, 2);
        press(NOTIFY_SNOOZE, "ana/A/x");
        assert_int_equal(n_snoozed, 1);

        /* The clock was ahead: upcoming again, and not hidden by what was said of another time. */
        doses[0].state = DOSE_UPCOMING;
        update();
        assert_int_equal(n_shown, 2);
}

#define CASE(name) cmocka_unit_test_setup_teardown(name, setup, teardown)

int main(void) {
        static const struct CMUnitTest tests[] = {
                CASE(test_what_may_not_be_taken_now_says_so),
                CASE(test_a_reminder_ahead_of_its_time_is_upcoming_and_names_the_day),
                CASE(test_why_to_check_first),
                CASE(test_later_hides_what_is_not_due_yet_until_its_next_reminder),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
