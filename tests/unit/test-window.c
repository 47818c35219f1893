/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Windows, reminders, snoozes and grades, from tables. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dosed/window.h"

#define MIN USEC_PER_MINUTE
#define HOUR USEC_PER_HOUR
#define DUE (20000 * USEC_PER_DAY + 8 * HOUR)

/* A quarter of the spacing, from 30 min to 4 h, never past the next dose; the schedule may say otherwise. */
static const struct {
        const char *what;
        usec_t spacing, window, span, expect;
} windows[] = {
        { "daily", 24 * HOUR, 0, 0, 4 * HOUR },
        { "every 12 h", 12 * HOUR, 0, 0, 3 * HOUR },
        { "every 6 h", 6 * HOUR, 0, 0, 90 * MIN },
        { "every 2 h", 2 * HOUR, 0, 0, 30 * MIN },
        { "every hour: at least 30 min", 1 * HOUR, 0, 0, 30 * MIN },
        { "every 20 min: never past the next", 20 * MIN, 0, 0, 20 * MIN },
        { "no next dose", USEC_NEVER, 0, 0, 4 * HOUR },
        { "X-DOSED-WINDOW", 24 * HOUR, 5 * HOUR, 0, 5 * HOUR },
        { "X-DOSED-WINDOW past the next dose", 2 * HOUR, 5 * HOUR, 0, 2 * HOUR },
        { "a span lengthens", 24 * HOUR, 0, 6 * HOUR, 6 * HOUR },
        { "a short span does not shorten", 24 * HOUR, 0, 30 * MIN, 4 * HOUR },
};

static void a_window_follows_the_spacing(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(windows); i++) {
                const struct details details = {
                        .window_usec = windows[i].window,
                        .span = { .sec = windows[i].span / USEC_PER_SEC },
                };
                usec_t next = windows[i].spacing == USEC_NEVER ? USEC_NEVER : DUE + windows[i].spacing;
                usec_t end = window_end(&details, DUE, next);

                if (end != DUE + windows[i].expect)
                        print_error("%s\n", windows[i].what);
                assert_int_equal(end, DUE + windows[i].expect);
        }
}

static void the_closer_neighbour_decides_the_interval(void **state) {
        const struct schedule schedule = {};
        const struct schedule strict = { .min_interval_usec = 5 * HOUR };
        const struct details details = {};
        struct dose dose = {};

        (void) state;
        window_freeze(&dose, &schedule, &details, DUE, DUE, DUE - 14 * HOUR, DUE + 4 * HOUR);
        assert_int_equal(dose.spacing_usec, 4 * HOUR);
        assert_int_equal(dose.min_interval_usec, 2 * HOUR);
        window_freeze(&dose, &strict, &details, DUE, DUE, DUE - 14 * HOUR, DUE + 4 * HOUR);
        assert_int_equal(dose.min_interval_usec, 5 * HOUR);
        window_freeze(&dose, &schedule, &details, DUE, DUE, USEC_NONE, USEC_NEVER);
        assert_int_equal(dose.spacing_usec, USEC_PER_DAY);
}

static void late_is_offered_until_half_way_to_the_next_dose(void **state) {
        struct dose dose = { .due_usec = DUE, .window_end_usec = DUE + 4 * HOUR, .next_due_usec = DUE + 24 * HOUR };

        (void) state;
        assert_int_equal(window_takeable_until(&dose), DUE + 12 * HOUR);
        dose.next_due_usec = DUE + 5 * HOUR;
        assert_int_equal(window_takeable_until(&dose), DUE + 4 * HOUR);
        dose.next_due_usec = USEC_NEVER;
        dose.spacing_usec = USEC_PER_DAY;
        assert_int_equal(window_takeable_until(&dose), DUE + 12 * HOUR);
}

static void reminders_come_in_their_series_while_the_window_lasts(void **state) {
        static const usec_t plain[] = { 0, 10 * MIN, 30 * MIN, 60 * MIN, 120 * MIN, 180 * MIN };
        static const usec_t critical[] = { 0, 10 * MIN, 20 * MIN, 30 * MIN, 40 * MIN, 50 * MIN };
        struct dose dose = { .due_usec = DUE, .window_end_usec = DUE + 4 * HOUR };
        usec_t at = USEC_NONE;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(plain); i++) {
                at = reminder_next(&dose, NULL, 0, at);
                assert_int_equal(at, DUE + plain[i]);
        }
        assert_int_equal(reminder_next(&dose, NULL, 0, at), USEC_NEVER);

        dose.critical = true;
        dose.window_end_usec = DUE + HOUR;
        at = USEC_NONE;
        for (size_t i = 0; i < ELEMENTS(critical); i++) {
                at = reminder_next(&dose, NULL, 0, at);
                assert_int_equal(at, DUE + critical[i]);
        }
        assert_int_equal(reminder_next(&dose, NULL, 0, at), USEC_NEVER);
}

static void alarms_are_added_to_the_series(void **state) {
        const usec_t alarms[] = { DUE - 15 * MIN, DUE + 5 * MIN };
        const struct dose dose = { .due_usec = DUE, .window_end_usec = DUE + HOUR };

        (void) state;
        assert_int_equal(reminder_next(&dose, alarms, 2, USEC_NONE), DUE - 15 * MIN);
        assert_int_equal(reminder_next(&dose, alarms, 2, DUE - 15 * MIN), DUE);
        assert_int_equal(reminder_next(&dose, alarms, 2, DUE), DUE + 5 * MIN);
        assert_int_equal(reminder_next(&dose, alarms, 2, DUE + 5 * MIN), DUE + 10 * MIN);
}

static void a_late_start_rings_once_not_for_every_time_that_passed(void **state) {
        const struct dose dose = { .due_usec = DUE, .window_end_usec = DUE + 4 * HOUR };

        (void) state;
        assert_true(reminder_next(&dose, NULL, 0, USEC_NONE) <= DUE + 35 * MIN);
        assert_int_equal(reminder_next(&dose, NULL, 0, DUE + 35 * MIN), DUE + 60 * MIN);
}

static void a_snooze_leaves_room_for_one_more_reminder(void **state) {
        const struct dose dose = { .due_usec = DUE, .window_end_usec = DUE + 4 * HOUR };
        const struct dose brief = { .due_usec = DUE, .window_end_usec = DUE + 8 * USEC_PER_SEC };

        (void) state;
        assert_int_equal(snooze_clip(&dose, DUE + HOUR), DUE + HOUR);
        assert_int_equal(snooze_clip(&dose, DUE + 9 * HOUR), DUE + 4 * HOUR - 10 * MIN);
        assert_int_equal(snooze_clip(&brief, DUE + HOUR), DUE + 6 * USEC_PER_SEC);
}

/* ISMP 2011: within 2 h if a day or more apart, 1 h down to 4 h, a quarter below; 30 min if critical. */
static const struct {
        usec_t spacing, off;
        bool critical;
        enum dose_grade expect;
} grades[] = {
        { 24 * HOUR, 2 * HOUR, false, GRADE_ON_TIME },     { 24 * HOUR, 2 * HOUR + 1, false, GRADE_LATE },
        { 24 * HOUR, -2 * HOUR - 1, false, GRADE_EARLY },  { 23 * HOUR, 2 * HOUR, false, GRADE_ON_TIME },
        { 12 * HOUR, 1 * HOUR, false, GRADE_ON_TIME },     { 12 * HOUR, 1 * HOUR + 1, false, GRADE_LATE },
        { 4 * HOUR, -1 * HOUR, false, GRADE_ON_TIME },     { 2 * HOUR, 30 * MIN, false, GRADE_ON_TIME },
        { 2 * HOUR, 30 * MIN + 1, false, GRADE_LATE },     { 24 * HOUR, 30 * MIN, true, GRADE_ON_TIME },
        { 24 * HOUR, 30 * MIN + 1, true, GRADE_LATE },
};

static void grades_follow_the_guideline(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(grades); i++) {
                const struct dose dose = {
                        .due_usec = DUE,
                        .spacing_usec = grades[i].spacing,
                        .critical = grades[i].critical,
                };
                assert_int_equal(dose_grade(&dose, DUE + grades[i].off), grades[i].expect);
        }
}

static void a_snooze_that_ends_just_before_the_series_rings_once(void **state) {
        const struct dose dose = { .due_usec = (8 * USEC_PER_HOUR + 0 * USEC_PER_MINUTE), .window_end_usec = (12 * USEC_PER_HOUR + 0 * USEC_PER_MINUTE) };

        (void) state;
        assert_int_equal(reminder_next(&dose, NULL, 0, (8 * USEC_PER_HOUR + 29 * USEC_PER_MINUTE)), (9 * USEC_PER_HOUR + 0 * USEC_PER_MINUTE));
        assert_int_equal(reminder_next(&dose, NULL, 0, (8 * USEC_PER_HOUR + 25 * USEC_PER_MINUTE)), (8 * USEC_PER_HOUR + 30 * USEC_PER_MINUTE));
        assert_int_equal(reminder_next(&dose, NULL, 0, (7 * USEC_PER_HOUR + 59 * USEC_PER_MINUTE)), (8 * USEC_PER_HOUR + 0 * USEC_PER_MINUTE)); /* at the due time in any case */
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_window_follows_the_spacing),
                cmocka_unit_test(the_closer_neighbour_decides_the_interval),
                cmocka_unit_test(late_is_offered_until_half_way_to_the_next_dose),
                cmocka_unit_test(reminders_come_in_their_series_while_the_window_lasts),
                cmocka_unit_test(alarms_are_added_to_the_series),
                cmocka_unit_test(a_late_start_rings_once_not_for_every_time_that_passed),
                cmocka_unit_test(a_snooze_leaves_room_for_one_more_reminder),
                cmocka_unit_test(a_snooze_that_ends_just_before_the_series_rings_once),
                cmocka_unit_test(grades_follow_the_guideline),
        };

        return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
