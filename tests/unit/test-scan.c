/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content lines and single values, strictly. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "calendar/lex.h"
#include "calendar/line.h"
#include "dosed/error.h"
#include "dosed/limits.h"

static struct slice slice(const char *text) {
        return (struct slice){ text, strlen(text) };
}

static void lines_are_unfolded_with_the_number_of_their_first(void **state) {
        static const struct {
                const char *text;
                unsigned number;
        } expected[] = { { "A:1 2", 2 }, { "B:xyz", 5 }, { "C:", 9 }, { "D", 10 } };
        static const char bytes[] = "\nA:1\r\n  2\n\r\nB:x\r\ty\n z\n\r\nC:\nD";
        char out[sizeof(bytes)];
        struct line_reader reader = { .bytes = bytes, .size = strlen(bytes), .out = out };
        struct slice line;
        unsigned number;

        (void) state;
        for (size_t i = 0; i < ELEMENTS(expected); i++) {
                assert_true(line_read(&reader, &line, &number));
                assert_true(slice_same(line, slice(expected[i].text)));
                assert_int_equal(number, expected[i].number);
        }
        assert_false(line_read(&reader, &line, &number));
        assert_true(reader.out_size <= sizeof(out));
}

static void a_line_is_taken_apart_at_its_first_colon_outside_of_quotes(void **state) {
        static const struct {
                const char *text, *name, *tzid, *value; /* name NULL: not a content line; tzid NULL: none */
        } cases[] = {
                { "A:b:c", "A", NULL, "b:c" },
                { "DTSTART;TZID=Europe/Lisbon:x", "DTSTART", "Europe/Lisbon", "x" },
                { "A;tzid=\"(UTC+01:00) A, B\";B=c:x", "A", "(UTC+01:00) A, B", "x" },
                { "A;CN=\"a:b;TZID=no\";TZID=yes:x", "A", "yes", "x" },
                { "A;XTZID=no;TZID=a,b:x", "A", "a", "x" },
                { "A;TZID=:x", "A", "", "x" },
                { "A;TZID:x", "A", NULL, "x" },
                { "A;;;:", "A", NULL, "" },
                { "X-FOO_BAR:1", "X-FOO_BAR", NULL, "1" },
                { "A", NULL, NULL, NULL },
                { "", NULL, NULL, NULL },
                { ":x", NULL, NULL, NULL },
                { ";A=b:x", NULL, NULL, NULL },
                { "A B:x", NULL, NULL, NULL },
                { "A;CN=\"open:x", NULL, NULL, NULL },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct content_line line = {};
                struct slice tzid;
                const char *reason = NULL;
                bool is_line = line_split(slice(cases[i].text), &line, &reason);

                assert_int_equal(is_line, cases[i].name != NULL);
                if (!is_line) {
                        assert_non_null(reason);
                        continue;
                }
                assert_true(slice_same(line.name, slice(cases[i].name)));
                assert_true(slice_same(line.value, slice(cases[i].value)));
                assert_int_equal(line_parameter(&line, "TZID", &tzid), cases[i].tzid != NULL);
                if (cases[i].tzid)
                        assert_true(slice_same(tzid, slice(cases[i].tzid)));
        }
}

static void durations_are_read_exactly_or_not_at_all(void **state) {
        static const struct {
                const char *text;
                bool is_valid;
                int32_t days;
                int64_t sec;
        } cases[] = {
                { "PT30M", true, 0, 1800 },
                { "-PT15M", true, 0, -900 },
                { "+P1D", true, 1, 0 },
                { "-P1DT2H", true, -1, -7200 },
                { "P2W", true, 14, 0 },
                { "pt1h1m1s", true, 0, 3661 },
                { "PT24H", true, 0, 86400 },
                { "P3660D", true, 3660, 0 },
                { "-P0DT0H10M0S", true, 0, -600 },
                { "PT0S", true, 0, 0 },
                { "P3661D", false, 0, 0 },
                { "P522WT1H9D", false, 0, 0 },
                { "PT9223372036854775808S", false, 0, 0 },
                { "P", false, 0, 0 },
                { "PT", false, 0, 0 },
                { "P1DT", false, 0, 0 },
                { "P1H", false, 0, 0 },
                { "PT1D", false, 0, 0 },
                { "PT1M1H", false, 0, 0 },
                { "PT1H1H", false, 0, 0 },
                { "P1", false, 0, 0 },
                { "1H", false, 0, 0 },
                { "--PT1H", false, 0, 0 },
                { "PT1H ", false, 0, 0 },
                { "PT-1H", false, 0, 0 },
                { "PT1.5H", false, 0, 0 },
                { "", false, 0, 0 },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct duration duration = {};

                if (lex_duration(slice(cases[i].text), &duration) != cases[i].is_valid)
                        fail_msg("\"%s\"", cases[i].text);
                assert_int_equal(duration.days, cases[i].days);
                assert_int_equal(duration.sec, cases[i].sec);
        }
}

static void integers_offsets_and_periods_are_read_exactly_or_not_at_all(void **state) {
        static const char *const bad_periods[] = {
                "20260101T000000Z", "20260101/PT1H", "20260101T000000Z/", "/PT1H", "20260101T000000Z/20260102T000000",
                "20260101T000000Z/20260102", "20260101T000000Z/-PT1X",
        };
        static const char *const bad_offsets[] = { "0100", "+1", "+01:00", "+2400", "+0160", "+010060", "", "+01000" };
        struct period_value period;
        struct time_value start;
        int64_t number;
        int32_t sec;

        (void) state;
        assert_true(lex_integer(slice("+9"), 0, 9, &number) && number == 9);
        assert_true(lex_integer(slice("-3"), -5, 9, &number) && number == -3);
        assert_false(lex_integer(slice("10"), 0, 9, &number));
        assert_false(lex_integer(slice("-1"), 0, 9, &number));
        assert_false(lex_integer(slice(""), 0, 9, &number));
        assert_false(lex_integer(slice("1 "), 0, 9, &number));
        assert_false(lex_integer(slice("0x1"), 0, 9, &number));
        assert_false(lex_integer(slice("18446744073709551617"), 0, INT64_MAX, &number));

        assert_true(lex_offset(slice("+0530"), &sec) && sec == 19800);
        assert_true(lex_offset(slice("-010203"), &sec) && sec == -3723);
        for (size_t i = 0; i < ELEMENTS(bad_offsets); i++)
                assert_false(lex_offset(slice(bad_offsets[i]), &sec));

        assert_true(lex_period(slice("20260101T000000Z/P1DT1H"), &start, &period) && start.is_utc);
        assert_true(!period.has_end && period.span.days == 1 && period.span.sec == 3600);
        assert_true(lex_period(slice("20260101T000000/20260101T000100"), &start, &period) && !start.is_utc);
        assert_true(period.has_end && period.end_wall_sec == start.wall_sec + 60);
        for (size_t i = 0; i < ELEMENTS(bad_periods); i++)
                assert_false(lex_period(slice(bad_periods[i]), &start, &period));
}

static void zone_names_lead_nowhere(void **state) {
        static const char *const good[] = {
                "Europe/Lisbon", "Etc/GMT+5", "W. Europe Standard Time", "(UTC+01:00) Amsterdam, Berlin",
                "/freeassociation.sourceforge.net/Europe/Berlin", "America/Port-au-Prince", "Hora de Verão",
        };
        static const char *const bad[] = { "", "../../etc/passwd", "a/../b", "..", "Europe\x1b[2J", "a\tb", "a\nb",
                                           "$HOME", "a\\b", "a%s", "\x7f" };
        char name[LIMIT_ZONE_NAME_BYTES + 1];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(good); i++)
                assert_true(lex_is_zone_name(slice(good[i])));
        for (size_t i = 0; i < ELEMENTS(bad); i++)
                assert_false(lex_is_zone_name(slice(bad[i])));
        memset(name, 'a', sizeof(name));
        assert_true(lex_is_zone_name((struct slice){ name, LIMIT_ZONE_NAME_BYTES }));
        assert_false(lex_is_zone_name((struct slice){ name, LIMIT_ZONE_NAME_BYTES + 1 }));
        assert_false(lex_is_zone_name((struct slice){ "a\0b", 3 }));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(lines_are_unfolded_with_the_number_of_their_first),
                cmocka_unit_test(a_line_is_taken_apart_at_its_first_colon_outside_of_quotes),
                cmocka_unit_test(durations_are_read_exactly_or_not_at_all),
                cmocka_unit_test(integers_offsets_and_periods_are_read_exactly_or_not_at_all),
                cmocka_unit_test(zone_names_lead_nowhere),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
