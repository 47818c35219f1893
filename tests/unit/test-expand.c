/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expanding rules: jumping compared with walking, and what it costs. The RFC's sentences are in tests/data/recur.jsonl. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <inttypes.h>
#include <string.h>
#include <time.h>

#include "calendar/expand.h"
#include "dosed/limits.h"

static int64_t wall(const char *text, bool *ret_is_date) {
        bool is_utc;
        int64_t wall_sec;

        assert_int_equal(civil_parse(text, strlen(text), &wall_sec, ret_is_date, &is_utc), 0);
        return wall_sec;
}

static struct rule *open_rule(struct expansion *expansion, const char *text, const char *start) {
        struct rule *rule = NULL;
        const char *reason = "";
        bool is_date;
        int64_t start_wall_sec = wall(start, &is_date);

        if (rule_parse(text, &rule, &reason) != 0)
                fail_msg("%s: %s", text, reason);
        expansion_init(expansion, rule, start_wall_sec, is_date);
        return rule;
}

static double cpu_ms(void) {
        struct timespec ts;

        assert_int_equal(clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts), 0);
        return (double) ts.tv_sec * 1e3 + (double) ts.tv_nsec / 1e6;
}

/* Rules of every shape: what is asked for at any moment must be what walking there finds. */
static const struct {
        const char *rule, *start;
} shapes[] = {
        { "FREQ=MINUTELY;INTERVAL=7", "20240229T235900" },
        { "FREQ=MINUTELY;INTERVAL=1441;BYHOUR=3,4", "20260101T030000" },
        { "FREQ=MINUTELY;INTERVAL=45;BYDAY=MO,WE;BYHOUR=8,9,10;BYSECOND=5", "20260105T080005" },
        { "FREQ=HOURLY;INTERVAL=5", "20260101T013015" },
        { "FREQ=HOURLY;INTERVAL=7;BYHOUR=3,6;BYMINUTE=5,15,25;BYSETPOS=1,-1", "20250101T030500" },
        { "FREQ=HOURLY;INTERVAL=25;BYMONTHDAY=-1,15;BYMONTH=2,7", "20260715T000000" },
        { "FREQ=HOURLY;BYYEARDAY=1,-1,60", "20260101T000000" },
        { "FREQ=DAILY;INTERVAL=3;BYHOUR=20,8;BYMINUTE=0,30", "20260101T080000" },
        { "FREQ=DAILY;BYMONTHDAY=-1,29;BYSETPOS=1", "20260131T080000" },
        { "FREQ=WEEKLY;INTERVAL=3;BYDAY=SU,MO,TH;WKST=SU", "20260104T080000" },
        { "FREQ=WEEKLY;BYDAY=MO,WE,FR;BYHOUR=8,20;BYSETPOS=2,-1", "20260105T200000" },
        { "FREQ=MONTHLY;INTERVAL=5;BYMONTHDAY=31,-30", "20260131T080000" },
        { "FREQ=MONTHLY;BYDAY=1MO,-1FR,TU;BYSETPOS=-2,1,3", "20260105T080000" },
        { "FREQ=YEARLY;INTERVAL=4;BYMONTH=2;BYMONTHDAY=29", "20240229T080000" },
        { "FREQ=YEARLY;BYWEEKNO=53,1;BYDAY=MO,SU", "20260104T080000" },
        { "FREQ=YEARLY;INTERVAL=3;BYDAY=53TH,-1MO,2SU", "20261231T080000" },
        { "FREQ=YEARLY;BYYEARDAY=366,-366,100;BYHOUR=8,9;BYSETPOS=1,-1", "20240101T080000" },
};

static void jumping_to_a_time_finds_what_walking_there_finds(void **state) {
        uint32_t random = 12345;

        (void) state;

        for (size_t i = 0; i < ELEMENTS(shapes); i++) {
                struct expansion walker, jumper, other;
                struct rule *rule = open_rule(&walker, shapes[i].rule, shapes[i].start);
                int64_t before, next, found;
                uint32_t n = 1;

                jumper = walker;
                other = walker;
                assert_true(expansion_next(&walker, &before));
                for (; n < 3000 && expansion_next(&walker, &next); n++, before = next) {
                        assert_true(next > before);

                        /* Anywhere between two times, and in an order that goes back and forth. */
                        random = random * 1664525 + 1013904223;
                        expansion_seek(&jumper, before + 1 + random % (uint64_t) (next - before));
                        if (!expansion_next(&jumper, &found) || found != next)
                                fail_msg("%s: %" PRId64 " instead of %" PRId64, shapes[i].rule, found, next);
                        if (n % 97 == 0) {
                                expansion_seek(&jumper, before - (next - before) * 50);
                                assert_true(expansion_next(&jumper, &found) && found <= before);
                                assert_true(expansion_find_nth(&other, n + 1, &found));
                                if (found != next)
                                        fail_msg("%s: number %" PRIu32, shapes[i].rule, n + 1);
                        }
                }
                assert_true(n > 100);
                rule_free(rule);
        }
}

static void a_rule_that_never_matches_ends_soon(void **state) {
        static const struct {
                const char *rule, *start;
        } cases[] = {
                { "FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30", "20260101T080000" },
                { "FREQ=MONTHLY;BYMONTH=2;BYMONTHDAY=30", "20260101T080000" },
                { "FREQ=DAILY;BYMONTH=2;BYMONTHDAY=30", "20260101T080000" },
                { "FREQ=HOURLY;BYMONTH=2;BYMONTHDAY=30", "20260101T080000" },
                { "FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30", "20260101T080000" },
                { "FREQ=MINUTELY;BYMONTHDAY=31;BYMONTH=2,4,6,9,11;BYSECOND=1,2;BYSETPOS=2", "20260101T080000" },
                { "FREQ=MINUTELY;INTERVAL=2;BYMINUTE=1,3,5,7,9,11,13,15,17,19,21,23,25,27,29", "20260101T080000" },
                { "FREQ=HOURLY;INTERVAL=2;BYHOUR=1,3,5,7,9,11", "20260101T080000" },
                { "FREQ=MINUTELY;INTERVAL=7;BYDAY=MO;BYHOUR=3;BYMINUTE=5", "20260105T080000" },
                { "FREQ=MINUTELY;BYSECOND=0;BYSETPOS=2", "20260101T080000" },
                { "FREQ=HOURLY;BYMINUTE=0,1;BYSETPOS=366", "20260101T080000" },
                { "FREQ=DAILY;INTERVAL=7;BYDAY=TU", "20260105T080000" },
                { "FREQ=YEARLY;BYWEEKNO=1;BYMONTH=6", "20260101T080000" },
                { "FREQ=MONTHLY;BYDAY=6MO", "20260101T080000" },
                { "FREQ=YEARLY;BYYEARDAY=366;BYMONTH=1", "20260101T080000" },
                { "FREQ=YEARLY;INTERVAL=2;BYYEARDAY=366", "20250101T080000" },
        };

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct expansion expansion;
                struct rule *rule = open_rule(&expansion, cases[i].rule, cases[i].start);
                double before_ms = cpu_ms(), spent_ms;
                int64_t wall_sec;

                if (expansion_next(&expansion, &wall_sec))
                        fail_msg("%s matches at %" PRId64, cases[i].rule, wall_sec);
                spent_ms = cpu_ms() - before_ms;
                print_message("%7.2f ms  %s\n", spent_ms, cases[i].rule);
                /* Thousands of times what it takes, for slow machines and sanitizers; minutes without the limits. */
                assert_true(spent_ms < 2000);
                rule_free(rule);
        }
}

static void nothing_is_given_past_the_last_year(void **state) {
        struct expansion expansion;
        struct rule *rule = open_rule(&expansion, "FREQ=YEARLY", "20260101T080000");
        int64_t wall_sec, last = 0;
        bool is_date;
        unsigned n = 0;

        (void) state;

        for (; expansion_next(&expansion, &wall_sec); n++)
                last = wall_sec;
        assert_int_equal(civil_from_wall(last).year, LIMIT_RULE_YEAR);
        assert_int_equal(n, LIMIT_RULE_YEAR - 2026 + 1);
        expansion_seek(&expansion, wall("99991231", &is_date));
        assert_false(expansion_next(&expansion, &wall_sec));
        expansion_seek(&expansion, wall("20300101", &is_date));
        assert_true(expansion_next(&expansion, &wall_sec));
        rule_free(rule);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(jumping_to_a_time_finds_what_walking_there_finds),
                cmocka_unit_test(a_rule_that_never_matches_ends_soon),
                cmocka_unit_test(nothing_is_given_past_the_last_year),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
