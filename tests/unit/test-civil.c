/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Civil dates: every day of the calendar, and text that is strictly a date. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "dosed/civil.h"
#include "dosed/error.h"

static void days_count_up_through_every_date(void **state) {
        int32_t day = civil_day(1, 1, 1);

        (void) state;

        assert_int_equal(day, -719162);
        for (int year = 1; year <= 9999; year++)
                for (int month = 1; month <= 12; month++)
                        for (int i = 1; i <= month_days(year, month); i++, day++) {
                                struct civil civil = civil_from_day(day);

                                if (civil.year != year || civil.month != month || civil.day != i ||
                                    civil_day(year, month, i) != day)
                                        fail_msg("day %d", (int) day);
                        }
        assert_int_equal(civil_day(1970, 1, 1), 0);
        assert_int_equal(civil_day(2000, 3, 1), 11017);
}

static void weekdays_and_times_hold_before_the_epoch(void **state) {
        (void) state;

        assert_int_equal(day_weekday(0), THURSDAY);
        assert_int_equal(day_weekday(-1), WEDNESDAY);
        assert_int_equal(day_weekday(civil_day(2026, 11, 23)), MONDAY);
        assert_int_equal(day_weekday(civil_day(1, 1, 1)), MONDAY);
        assert_int_equal(wall_day(-1), -1);
        assert_int_equal(wall_second_of_day(-1), 86399);
        assert_int_equal(wall_day(-86400), -1);
        assert_int_equal(wall_second_of_day(-86400), 0);
        assert_int_equal(civil_from_wall(-1).year, 1969);
        assert_int_equal(civil_from_wall(-1).second, 59);
}

static void only_real_dates_are_read(void **state) {
        static const struct {
                const char *text, *again; /* NULL: refused */
        } cases[] = {
                { "20261123", "20261123" },
                { "20261123T080000", "20261123T080000" },
                { "20261123T080000Z", "20261123T080000Z" },
                { "20240229", "20240229" },
                { "00010101T000000", "00010101T000000" },
                { "99991231T235959Z", "99991231T235959Z" },
                { "20161231T235960Z", "20161231T235959Z" },
                { "20230229", NULL },
                { "20260230", NULL },
                { "21000229", NULL },
                { "20261323", NULL },
                { "20260023", NULL },
                { "20260100", NULL },
                { "00000101", NULL },
                { "20261123T240000", NULL },
                { "20261123T086000", NULL },
                { "20261123T080061", NULL },
                { "20261123t080000", NULL },
                { "20261123T080000z", NULL },
                { "20261123T080000X", NULL },
                { "20261123T0800", NULL },
                { "2026112", NULL },
                { "+2026112", NULL },
                { " 0261123", NULL },
                { "2026-1-2", NULL },
                { "", NULL },
        };

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                int64_t wall_sec;
                bool is_date, is_utc;
                char text[CIVIL_TEXT_SIZE];
                int r;

                r = civil_parse(cases[i].text, strlen(cases[i].text), &wall_sec, &is_date, &is_utc);
                if ((r == 0) != (cases[i].again != NULL))
                        fail_msg("\"%s\": %d", cases[i].text, r);
                if (r == 0)
                        assert_string_equal(civil_format(text, wall_sec, is_date, is_utc), cases[i].again);
        }
}

static void weekdays_have_the_names_of_the_rfc(void **state) {
        enum weekday weekday;

        (void) state;

        for (enum weekday i = MONDAY; i < _WEEKDAY_MAX; i++) {
                assert_int_equal(weekday_from_string(weekday_to_string(i), 2, &weekday), 0);
                assert_int_equal(weekday, i);
        }
        assert_int_equal(weekday_from_string("su", 2, &weekday), 0);
        assert_int_equal(weekday_from_string("MOO", 3, &weekday), -EINVAL);
        assert_int_equal(weekday_from_string("XX", 2, &weekday), -EINVAL);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(days_count_up_through_every_date),
                cmocka_unit_test(weekdays_and_times_hold_before_the_epoch),
                cmocka_unit_test(only_real_dates_are_read),
                cmocka_unit_test(weekdays_have_the_names_of_the_rfc),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
