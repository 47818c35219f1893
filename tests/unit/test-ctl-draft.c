/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A medication as the command line describes it. The room ctl is no library: what is tested is built in here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "ctl/draft.c"
#include "ctl/request.c"
#include "ctl/when.c"

static const struct {
        const char *text;
        unsigned weekdays; /* 0: refused */
} weekdays[] = {
        { "Mo", 1 << MONDAY },
        { "mo,WE,fri", 1 << MONDAY | 1 << WEDNESDAY | 1 << FRIDAY },
        { "Tuesday,thursday", 1 << TUESDAY | 1 << THURSDAY },
        { "Su,Su", 1 << SUNDAY },
        { "", 0 },
        { "M", 0 },
        { "Mo,", 0 },
        { ",Mo", 0 },
        { "Mo We", 0 },
        { "Mondays", 0 },
        { "Mittwoch", 0 },
};

static void test_reads_days_of_the_week(void **state) {
        (void) state;

        for (size_t i = 0; i < ELEMENTS(weekdays); i++) {
                unsigned found = 0;
                int r = weekdays_parse(weekdays[i].text, &found);

                if ((r == 0) != (weekdays[i].weekdays != 0) || found != weekdays[i].weekdays)
                        fail_msg("'%s' gave %d, %x", weekdays[i].text, r, found);
        }
}

static void test_puts_times_in_order_without_doubles(void **state) {
        int32_t times[4];
        size_t n = 0;
        (void) state;

        assert_int_equal(times_parse("20:00,08:00,8:00", times, ELEMENTS(times), &n), 0);
        assert_int_equal(n, 2);
        assert_int_equal(times[0], 8 * 3600);
        assert_int_equal(times[1], 20 * 3600);

        assert_int_equal(times_parse("08:00,", times, ELEMENTS(times), &n), -EINVAL);
        assert_int_equal(times_parse("", times, ELEMENTS(times), &n), -EINVAL);
        assert_int_equal(times_parse("1:00,2:00,3:00,4:00,5:00", times, ELEMENTS(times), &n), -E2BIG);
        assert_int_equal(n, 2);
}

static void test_a_slug_is_safe_as_a_file_name(void **state) {
        static const char *const cases[][2] = {
                { "Lisinopril 10 mg", "lisinopril-10-mg" }, { "../../etc/passwd", "etc-passwd" }, { "Öl", "l" },
                { "漢方", "" },                             { "  a  ", "a" },                     { "-", "" },
        };
        char text[8];
        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char slug[SLUG_SIZE];

                slug_make(cases[i][0], slug, sizeof(slug));
                assert_string_equal(slug, cases[i][1]);
        }

        slug_make("abcdef ghi", text, sizeof(text));
        assert_string_equal(text, "abcdef");
}

static void test_says_a_schedule_in_words(void **state) {
        struct draft draft = {
                .calendar = { .summary = "Alendronate 70 mg", .amount = "1 tablet", .n_times = 1 },
                .times_sec = { 8 * 3600, 14 * 3600, 20 * 3600 },
        };
        char *text = NULL;
        (void) state;

        draft.calendar.times_sec = draft.times_sec;
        assert_int_equal(draft_say(&draft, &text), 0);
        assert_string_equal(text, "Alendronate 70 mg, 1 tablet, every day at 08:00");
        free(text);

        draft.calendar.weekdays = 1 << MONDAY | 1 << WEDNESDAY | 1 << FRIDAY;
        draft.calendar.n_times = 3;
        draft.calendar.count_days = 10;
        assert_int_equal(draft_say(&draft, &text), 0);
        assert_string_equal(text, "Alendronate 70 mg, 1 tablet, every Monday, Wednesday and Friday at 08:00, 14:00 and "
                                  "20:00, for 10 days");
        free(text);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reads_days_of_the_week),
                cmocka_unit_test(test_puts_times_in_order_without_doubles),
                cmocka_unit_test(test_a_slug_is_safe_as_a_file_name),
                cmocka_unit_test(test_says_a_schedule_in_words),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
