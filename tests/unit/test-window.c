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
#define DAY (20000 * USEC_PER_DAY)
#define DUE (DAY + 8 * HOUR)

static const struct dose_policy usual = {}; /* nothing configured */

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
                const struct details details = { .window_usec = windows[i].window };
                usec_t next = windows[i].spacing == USEC_NEVER ? USEC_NEVER : DUE + windows[i].spacing;
                usec_t end = window_end(&usual, &details, DUE, DUE + windows[i].span, next);

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
        window_freeze(&dose, &usual, &schedule, &details, DUE, DUE, DUE - 14 * HOUR, DUE + 4 * HOUR);
        assert_int_equal(dose.spacing_usec, 4 * HOUR);
        assert_int_equal(dose.min_interval_usec, 2 * HOUR);
        window_freeze(&dose, &usual, &strict, &details, DUE, DUE, DUE - 14 * HOUR, DUE + 4 * HOUR);
        assert_int_equal(dose.min_interval_usec, 5 * HOUR);
        window_freeze(&dose, &usual, &schedule, &details, DUE, DUE, USEC_NONE, USEC_NEVER);
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
                at = reminder_next(&dose, &usual, zone_utc(), NULL, 0, at);
                assert_int_equal(at, DUE + plain[i]);
        }
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), NULL, 0, at), USEC_NEVER);

        dose.critical = true;
        dose.window_end_usec = DUE + HOUR;
        at = USEC_NONE;
        for (size_t i = 0; i < ELEMENTS(critical); i++) {
                at = reminder_next(&dose, &usual, zone_utc(), NULL, 0, at);
                assert_int_equal(at, DUE + critical[i]);
        }
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), NULL, 0, at), USEC_NEVER);
}

static void alarms_are_added_to_the_series(void **state) {
        const usec_t alarms[] = { DUE - 15 * MIN, DUE + 5 * MIN };
        const struct dose dose = { .due_usec = DUE, .window_end_usec = DUE + HOUR };

        (void) state;
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), alarms, 2, USEC_NONE), DUE - 15 * MIN);
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), alarms, 2, DUE - 15 * MIN), DUE);
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), alarms, 2, DUE), DUE + 5 * MIN);
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), alarms, 2, DUE + 5 * MIN), DUE + 10 * MIN);
}

static void a_late_start_rings_once_not_for_every_time_that_passed(void **state) {
        const struct dose dose = { .due_usec = DUE, .window_end_usec = DUE + 4 * HOUR };

        (void) state;
        assert_true(reminder_next(&dose, &usual, zone_utc(), NULL, 0, USEC_NONE) <= DUE + 35 * MIN);
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), NULL, 0, DUE + 35 * MIN), DUE + 60 * MIN);
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
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), NULL, 0, (8 * USEC_PER_HOUR + 29 * USEC_PER_MINUTE)), (9 * USEC_PER_HOUR + 0 * USEC_PER_MINUTE));
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), NULL, 0, (8 * USEC_PER_HOUR + 25 * USEC_PER_MINUTE)), (8 * USEC_PER_HOUR + 30 * USEC_PER_MINUTE));
        assert_int_equal(reminder_next(&dose, &usual, zone_utc(), NULL, 0, (7 * USEC_PER_HOUR + 59 * USEC_PER_MINUTE)), (8 * USEC_PER_HOUR + 0 * USEC_PER_MINUTE)); /* at the due time in any case */
}

static void the_policy_says_how_long_windows_are_by_default(void **state) {
        const struct dose_policy policy = { .window_min_usec = HOUR, .window_max_usec = 2 * HOUR };
        const struct details details = {}, own = { .window_usec = 5 * HOUR };

        (void) state;
        assert_int_equal(window_end(&policy, &details, DUE, DUE, DUE + 2 * HOUR), DUE + HOUR);
        assert_int_equal(window_end(&policy, &details, DUE, DUE, DUE + 24 * HOUR), DUE + 2 * HOUR);
        assert_int_equal(window_end(&policy, &details, DUE, DUE, USEC_NEVER), DUE + 2 * HOUR);
        assert_int_equal(window_end(&policy, &details, DUE, DUE, DUE + 20 * MIN), DUE + 20 * MIN);
        assert_int_equal(window_end(&policy, &own, DUE, DUE, DUE + 24 * HOUR), DUE + 5 * HOUR);
}

static void the_policy_says_how_often_after_the_first_hour(void **state) {
        const struct dose_policy policy = { .remind_every_usec = 45 * MIN };
        const struct dose dose = { .due_usec = DUE, .window_end_usec = DUE + 4 * HOUR };
        const struct dose critical = { .due_usec = DUE, .window_end_usec = DUE + 4 * HOUR, .critical = true };
        static const unsigned expect[] = { 0, 10, 30, 60, 90, 135, 180, 225 };
        usec_t at = DUE - 1;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(expect); i++) {
                at = reminder_next(&dose, &policy, zone_utc(), NULL, 0, at);
                assert_int_equal(at, DUE + expect[i] * MIN);
        }
        assert_int_equal(reminder_next(&dose, &policy, zone_utc(), NULL, 0, at), USEC_NEVER);
        assert_int_equal(reminder_next(&critical, &policy, zone_utc(), NULL, 0, DUE + HOUR), DUE + 70 * MIN);
}

/* Minutes after midnight; what is said is every reminder, from the day before on. */
static const struct {
        const char *what;
        int due, end;
        int from, until;
        int alarms[2];
        bool critical;
        int expect[8];
} quiets[] = {
        { "due before them, its window ends in them", 21 * 60, 25 * 60, 22, 7, {}, false, { 1260, 1270, 1290 } },
        { "due before them, its window outlasts them", 21 * 60, 32 * 60, 22, 7, {}, false, { 1260, 1270, 1290, 1860 } },
        { "due in them: it rings once, and then when they end", 6 * 60, 9 * 60, 22, 7, {}, false, { 360, 420, 480 } },
        { "due in them, and over in them", 60, 4 * 60, 22, 7, {}, false, { 60 } },
        { "due as they begin", 22 * 60, 26 * 60, 22, 7, {}, false, { 1320 } },
        { "due as they end", 7 * 60, 9 * 60, 22, 7, {}, false, { 420, 430, 450, 480 } },
        { "critical", 23 * 60, 23 * 60 + 30, 22, 7, {}, true, { 1380, 1390, 1400 } },
        { "an alarm before the due time waits for it", 6 * 60, 6 * 60 + 30, 22, 7, { 300, 330 }, false, { 360 } },
        { "an alarm before it waits until they end", 8 * 60, 8 * 60 + 9, 22, 7, { 300, 330 }, false, { 420, 480 } },
        { "quiet at noon", 12 * 60, 15 * 60, 13, 14, {}, false, { 720, 730, 750, 840 } },
        { "none", 23 * 60, 24 * 60, 0, 0, {}, false, { 1380, 1390, 1410 } },
};

static void quiet_hours_hold_back_what_was_not_due_in_them(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(quiets); i++) {
                const struct dose_policy policy = { .quiet = { quiets[i].from * 3600, quiets[i].until * 3600 } };
                const struct dose dose = {
                        .due_usec = DAY + quiets[i].due * MIN,
                        .window_end_usec = DAY + quiets[i].end * MIN,
                        .critical = quiets[i].critical,
                };
                const usec_t alarms[] = { DAY + quiets[i].alarms[0] * MIN, DAY + quiets[i].alarms[1] * MIN };
                size_t n_alarms = quiets[i].alarms[0] ? 2 : 0;
                usec_t at = DAY - USEC_PER_DAY;

                for (size_t j = 0; quiets[i].expect[j]; j++) {
                        at = reminder_next(&dose, &policy, zone_utc(), alarms, n_alarms, at);
                        if (at != DAY + quiets[i].expect[j] * MIN)
                                print_error("%s: %d min\n", quiets[i].what, (int) ((at - DAY) / MIN));
                        assert_int_equal(at, DAY + quiets[i].expect[j] * MIN);
                }
                at = reminder_next(&dose, &policy, zone_utc(), alarms, n_alarms, at);
                if (at != USEC_NEVER)
                        print_error("%s: then %d min\n", quiets[i].what, (int) ((at - DAY) / MIN));
                assert_int_equal(at, USEC_NEVER);
        }
}

/* Lisbon, 29 March and 25 October 2026: 01:00 does not exist, 01:00 to 02:00 comes twice. */
static void quiet_hours_end_on_the_day_of_a_clock_change(void **state) {
        static const struct quiet_hours night = { 22 * 3600, 7 * 3600 }, brief = { 22 * 3600, 3600 + 1800 };
        _cleanup_(zones_free_p) struct zones *zones = NULL;
        const struct zone *lisbon;
        const usec_t spring = INT64_C(1774740000) * USEC_PER_SEC;  /* 28 March, 23:20 UTC */
        const usec_t autumn = INT64_C(1792886400) * USEC_PER_SEC;  /* 25 October, 00:00 UTC */

        (void) state;
        assert_int_equal(zones_new(NULL, &zones), 0);
        assert_int_equal(zones_get(zones, "Europe/Lisbon", &lisbon), 0);
        assert_int_equal(quiet_end(&night, lisbon, spring), INT64_C(1774764000) * USEC_PER_SEC); /* 06:00 UTC */
        assert_int_equal(quiet_end(&night, lisbon, autumn - HOUR), autumn + 7 * HOUR);
        assert_int_equal(quiet_end(&brief, lisbon, autumn + 10 * MIN), autumn + 30 * MIN);      /* the first 01:30 */
        assert_int_equal(quiet_end(&brief, lisbon, autumn + 40 * MIN), autumn + 40 * MIN);
        assert_int_equal(quiet_end(&brief, lisbon, autumn + HOUR + 10 * MIN), autumn + HOUR + 30 * MIN); /* the second */
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
                cmocka_unit_test(the_policy_says_how_long_windows_are_by_default),
                cmocka_unit_test(the_policy_says_how_often_after_the_first_hour),
                cmocka_unit_test(quiet_hours_hold_back_what_was_not_due_in_them),
                cmocka_unit_test(quiet_hours_end_on_the_day_of_a_clock_change),
                cmocka_unit_test(grades_follow_the_guideline),
        };

        return cmocka_run_group_tests_name("window", tests, NULL, NULL);
}
