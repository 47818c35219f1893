/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading rules: what is understood exactly, and what is refused with a reason. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "calendar/rule.h"

static struct rule *rule_of(const char *text) {
        struct rule *rule = NULL;
        const char *reason = NULL;

        if (rule_parse(text, &rule, &reason) != 0)
                fail_msg("%s: %s", text, reason ? reason : "out of memory");
        return rule;
}

static void what_is_not_a_rule_is_refused_with_a_reason(void **state) {
        /* The text, and a word that its reason must have. */
        static const struct {
                const char *text, *word;
        } cases[] = {
                { "", "NAME=VALUE" },
                { ";", "NAME=VALUE" },
                { "FREQ", "NAME=VALUE" },
                { "FREQ=", "NAME=VALUE" },
                { "=DAILY", "RFC 5545" },
                { "INTERVAL=2", "FREQ" },
                { "FREQ=FORTNIGHTLY", "FREQ" },
                { "FREQ=DAILY ", "FREQ" },
                { "FREQ=SECONDLY", "SECONDLY" },
                { "RSCALE=CHINESE;FREQ=YEARLY", "RSCALE" },
                { "FREQ=MONTHLY;SKIP=FORWARD", "SKIP" },
                { "FREQ=DAILY;;COUNT=2", "semicolon" },
                { "FREQ=DAILY;;", "semicolon" },
                { "FREQ=DAILY;FREQ=WEEKLY", "twice" },
                { "FREQ=DAILY;COUNT=2;COUNT=3", "twice" },
                { "FREQ=DAILY;X-NAP=1", "RFC 5545" },
                { "FREQ=DAILY;BYEASTER=0", "RFC 5545" },
                { "FREQ=DAILY;INTERVAL=0", "INTERVAL" },
                { "FREQ=DAILY;INTERVAL=-1", "INTERVAL" },
                { "FREQ=DAILY;INTERVAL=1.5", "INTERVAL" },
                { "FREQ=DAILY;INTERVAL=100001", "INTERVAL" },
                { "FREQ=DAILY;INTERVAL=18446744073709551617", "INTERVAL" },
                { "FREQ=DAILY;COUNT=0", "COUNT" },
                { "FREQ=DAILY;COUNT=1000001", "COUNT" },
                { "FREQ=DAILY;COUNT=4294967298", "COUNT" },
                { "FREQ=DAILY;COUNT=+5", "COUNT" },
                { "FREQ=DAILY;UNTIL=20260230", "UNTIL" },
                { "FREQ=DAILY;UNTIL=2026-12-31", "UNTIL" },
                { "FREQ=DAILY;UNTIL=20261231T250000", "UNTIL" },
                { "FREQ=DAILY;UNTIL=20261231T2200Z", "UNTIL" },
                { "FREQ=DAILY;UNTIL=20261231T220000Zjunk", "UNTIL" },
                { "FREQ=DAILY;UNTIL=20261231;COUNT=3", "COUNT or by UNTIL" },
                { "FREQ=DAILY;WKST=XX", "WKST" },
                { "FREQ=DAILY;BYHOUR=24", "BYHOUR" },
                { "FREQ=DAILY;BYHOUR=-1", "BYHOUR" },
                { "FREQ=DAILY;BYHOUR=8,", "BYHOUR" },
                { "FREQ=DAILY;BYHOUR=,8", "BYHOUR" },
                { "FREQ=DAILY;BYHOUR=8 ,20", "BYHOUR" },
                { "FREQ=DAILY;BYHOUR=4294967304", "BYHOUR" },
                { "FREQ=DAILY;BYMINUTE=60", "BYMINUTE" },
                { "FREQ=DAILY;BYSECOND=61", "BYSECOND" },
                { "FREQ=YEARLY;BYMONTH=0", "BYMONTH" },
                { "FREQ=YEARLY;BYMONTH=13", "BYMONTH" },
                { "FREQ=YEARLY;BYMONTH=5L", "BYMONTH" },
                { "FREQ=MONTHLY;BYMONTHDAY=0", "BYMONTHDAY" },
                { "FREQ=MONTHLY;BYMONTHDAY=32", "BYMONTHDAY" },
                { "FREQ=MONTHLY;BYMONTHDAY=--1", "BYMONTHDAY" },
                { "FREQ=YEARLY;BYYEARDAY=367", "BYYEARDAY" },
                { "FREQ=YEARLY;BYYEARDAY=-0", "BYYEARDAY" },
                { "FREQ=YEARLY;BYWEEKNO=54", "BYWEEKNO" },
                { "FREQ=MONTHLY;BYDAY=MO;BYSETPOS=367", "BYSETPOS" },
                { "FREQ=MONTHLY;BYSETPOS=1", "BYSETPOS" },
                { "FREQ=MONTHLY;BYDAY=54MO", "BYDAY" },
                { "FREQ=MONTHLY;BYDAY=0MO", "BYDAY" },
                { "FREQ=MONTHLY;BYDAY=MON", "BYDAY" },
                { "FREQ=MONTHLY;BYDAY=M", "BYDAY" },
                { "FREQ=MONTHLY;BYDAY=MO,", "BYDAY" },
                /* 3.3.10: "MUST NOT be specified with a numeric value when the FREQ rule part is not ..." */
                { "FREQ=DAILY;BYDAY=1MO", "ordinal" },
                { "FREQ=WEEKLY;BYDAY=-1FR", "ordinal" },
                { "FREQ=HOURLY;BYDAY=2TU", "ordinal" },
                /* "... when the FREQ rule part is set to YEARLY and BYWEEKNO is specified" */
                { "FREQ=YEARLY;BYWEEKNO=20;BYDAY=1MO", "ordinal" },
                { "FREQ=WEEKLY;BYMONTHDAY=1", "BYMONTHDAY" },
                { "FREQ=DAILY;BYYEARDAY=1", "BYYEARDAY" },
                { "FREQ=MONTHLY;BYYEARDAY=1", "BYYEARDAY" },
                { "FREQ=MONTHLY;BYWEEKNO=20", "BYWEEKNO" },
        };

        (void) state;

        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct rule *rule = NULL;
                const char *reason = NULL;

                if (rule_parse(cases[i].text, &rule, &reason) != RULE_INVALID || rule)
                        fail_msg("\"%s\" was accepted", cases[i].text);
                if (!reason || !strstr(reason, cases[i].word))
                        fail_msg("\"%s\": the reason is \"%s\"", cases[i].text, reason ? reason : "missing");
        }
}

static void numbers_are_exact_up_to_their_limit(void **state) {
        _cleanup_(rule_free_p) struct rule *a = rule_of("FREQ=DAILY;INTERVAL=65537");
        _cleanup_(rule_free_p) struct rule *b = rule_of("FREQ=DAILY;INTERVAL=100000;COUNT=1000000");
        _cleanup_(rule_free_p) struct rule *c = rule_of("FREQ=DAILY;INTERVAL=0000000000000000000000007");

        (void) state;

        assert_int_equal(a->interval, 65537);
        assert_int_equal(b->interval, 100000);
        assert_int_equal(b->count, 1000000);
        assert_int_equal(c->interval, 7);
}

static void every_part_is_read_as_a_set(void **state) {
        _cleanup_(rule_free_p) struct rule *rule =
                rule_of("freq=yearly;wkst=su;bymonth=12,1,12;bymonthday=31,-1,+2;byday=fr,-1su,20mo,MO;"
                        "byhour=20,8;byminute=0,59;bysecond=60,0;byyearday=1,-366;bysetpos=-1,1;UNTIL=20261231T220000Z");

        (void) state;

        assert_int_equal(rule->frequency, FREQUENCY_YEARLY);
        assert_int_equal(rule->interval, 1);
        assert_int_equal(rule->week_start, SUNDAY);
        assert_int_equal(rule->months, 1 << 12 | 1 << 1);
        assert_true(rule->month_days_forward == (UINT32_C(1) << 31 | 1 << 2));
        assert_int_equal(rule->month_days_backward, 1 << 1);
        assert_int_equal(rule->weekdays, 1 << FRIDAY | 1 << MONDAY);
        assert_int_equal(rule->positions->weekdays_backward[SUNDAY], 1 << 1);
        assert_int_equal(rule->positions->weekdays_forward[MONDAY], 1 << 20);
        assert_int_equal(rule->hours, 1 << 20 | 1 << 8);
        assert_true(rule->minutes == (UINT64_C(1) << 59 | 1));
        assert_true(rule->seconds == (UINT64_C(1) << 59 | 1));
        assert_int_equal(rule->positions->year_days.forward[0], 1 << 1);
        assert_true(rule->positions->year_days.backward[366 / 64] == UINT64_C(1) << 366 % 64);
        assert_int_equal(rule->positions->set.backward[0], 1 << 1);
        assert_true(rule->has_until && rule->until_is_utc && !rule->until_is_date);
}

static void several_seconds_of_a_minute_are_told(void **state) {
        _cleanup_(rule_free_p) struct rule *one = rule_of("FREQ=DAILY;BYSECOND=30");
        _cleanup_(rule_free_p) struct rule *same = rule_of("FREQ=DAILY;BYSECOND=59,60");
        _cleanup_(rule_free_p) struct rule *two = rule_of("FREQ=DAILY;BYSECOND=0,30");
        _cleanup_(rule_free_p) struct rule *hourly = rule_of("FREQ=HOURLY");

        (void) state;

        assert_false(rule_is_below_a_minute(one));
        assert_false(rule_is_below_a_minute(same));
        assert_true(rule_is_below_a_minute(two));
        assert_false(rule_is_below_a_day(one));
        assert_true(rule_is_below_a_day(hourly));
}

static void a_rule_takes_few_bytes(void **state) {
        (void) state;

        assert_true(sizeof(struct rule) <= 128);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_is_not_a_rule_is_refused_with_a_reason),
                cmocka_unit_test(numbers_are_exact_up_to_their_limit),
                cmocka_unit_test(every_part_is_read_as_a_set),
                cmocka_unit_test(several_seconds_of_a_minute_are_told),
                cmocka_unit_test(a_rule_takes_few_bytes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
