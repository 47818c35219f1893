/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as people type and read them. The room ctl is no library: its file is built in here. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "ctl/when.c"

/* 2026-11-24T09:30:00Z: on the clock of Lisbon the same, in New York 04:30. */
#define NOW (1795512600 * USEC_PER_SEC)

static struct zones *zones;

static int setup(void **state) {
        (void) state;
        return zones_new(NULL, &zones);
}

static int teardown(void **state) {
        (void) state;
        zones = zones_free(zones);
        return 0;
}

static const struct {
        const char *text, *zone, *start, *end; /* end: NULL where it is a moment */
} valid[] = {
        { "now", "Europe/Lisbon", "2026-11-24T09:30:00Z", NULL },
        { "08:10", "Europe/Lisbon", "2026-11-24T08:10:00Z", NULL },
        { "8:10", "Europe/Lisbon", "2026-11-24T08:10:00Z", NULL },
        { "08:10:30", "America/New_York", "2026-11-24T13:10:30Z", NULL },
        { "yesterday 21:00", "Europe/Lisbon", "2026-11-23T21:00:00Z", NULL },
        { "tomorrow 07:00", "America/New_York", "2026-11-25T12:00:00Z", NULL },
        { "today", "Europe/Lisbon", "2026-11-24T00:00:00Z", "2026-11-25T00:00:00Z" },
        { "yesterday", "America/New_York", "2026-11-23T05:00:00Z", "2026-11-24T05:00:00Z" },
        { "2026-11-23", "Europe/Lisbon", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z" },
        { "2026-11-23 08:10", "Europe/Lisbon", "2026-11-23T08:10:00Z", NULL },
        { "2026-07-01T08:10:00", "Europe/Lisbon", "2026-07-01T07:10:00Z", NULL },
        { "2026-11-23T08:10:00Z", "America/New_York", "2026-11-23T08:10:00Z", NULL },
        { "2026-11-23T08:10:00+01:00", "Europe/Lisbon", "2026-11-23T07:10:00Z", NULL },
        { "2026-11-23 08:10-05:30", "Europe/Lisbon", "2026-11-23T13:40:00Z", NULL },
        { "20261123", "Europe/Lisbon", "2026-11-23T00:00:00Z", "2026-11-24T00:00:00Z" },
        { "20261123T081000", "America/New_York", "2026-11-23T13:10:00Z", NULL },
        { "20261123T081000Z", "America/New_York", "2026-11-23T08:10:00Z", NULL },
        { "-7d", "Europe/Lisbon", "2026-11-17T00:00:00Z", "2026-11-18T00:00:00Z" },
        { "-90min", "Europe/Lisbon", "2026-11-24T08:00:00Z", NULL },
        { "+2h", "Europe/Lisbon", "2026-11-24T11:30:00Z", NULL },
        { "2400-01-01", "Europe/Lisbon", "2400-01-01T00:00:00Z", "2400-01-02T00:00:00Z" },
        { "1970-01-02", "UTC", "1970-01-02T00:00:00Z", "1970-01-03T00:00:00Z" },
        /* A day that is 23 hours long, and a time that does not exist: the offset before the gap (RFC 5545 3.3.5). */
        { "2027-03-28", "Europe/Berlin", "2027-03-27T23:00:00Z", "2027-03-28T22:00:00Z" },
        { "2027-03-28 02:30", "Europe/Berlin", "2027-03-28T01:30:00Z", NULL },
};

static void test_reads_what_people_write(void **state) {
        (void) state;

        for (size_t i = 0; i < ELEMENTS(valid); i++) {
                const struct zone *zone;
                char start[WHEN_TEXT_SIZE], end[WHEN_TEXT_SIZE];
                struct when when;

                assert_int_equal(zones_get(zones, valid[i].zone, &zone), 0);
                if (when_parse(valid[i].text, zone, NOW, &when) != 0)
                        fail_msg("'%s' was refused", valid[i].text);
                if (strcmp(usec_format_utc(start, when.start_usec), valid[i].start) != 0)
                        fail_msg("'%s' starts %s, not %s", valid[i].text, start, valid[i].start);
                if (strcmp(usec_format_utc(end, when.end_usec), valid[i].end ? valid[i].end : valid[i].start) != 0)
                        fail_msg("'%s' ends %s", valid[i].text, end);
                assert_int_equal(when.is_day, valid[i].end != NULL);
        }
}

static const char *const invalid[] = {
        "",          "8",           "08",          "24:00",           "08:60",       "08:10 ",      " 08:10",
        "8:1",       "008:10",      "08:10pm",     "2026-02-30",      "2026-13-01",  "2026-1-1",    "26-11-23",
        "todayx",    "today08:00",  "today 8",     "2026-11-23 25:00", "20261323",   "20261123T0810", "-",
        "--7d",        "7d",          "2026-11-23Z",     "08:10Z",      "yesterday 08:00Z",
        "2026-11-23T08:10:00+1",    "2026-11-23T08:10:00+01:60",      "2026-11-23T08:10:00Zx", "2026-11-23T08:10:00+25:00",
        "20260230",  "-90",         "-7days ago",  "2026-11-2308:10",
};

static void test_refuses_what_is_no_time(void **state) {
        (void) state;

        for (size_t i = 0; i < ELEMENTS(invalid); i++) {
                struct when when = { .start_usec = 42 };

                if (when_parse(invalid[i], zone_utc(), NOW, &when) != WHEN_INVALID)
                        fail_msg("'%s' was read", invalid[i]);
                assert_int_equal(when.start_usec, 42);
        }
}

static void test_reads_times_of_day(void **state) {
        int32_t sec = -1;
        (void) state;

        assert_int_equal(clock_time_parse("08:30", &sec), 0);
        assert_int_equal(sec, 8 * 3600 + 30 * 60);
        assert_int_equal(clock_time_parse("23:59:60", &sec), WHEN_INVALID);
        assert_int_equal(clock_time_parse("8.30", &sec), WHEN_INVALID);
        assert_int_equal(clock_time_parse("24:00", &sec), WHEN_INVALID);
        assert_int_equal(sec, 8 * 3600 + 30 * 60);
}

static void test_names_near_days(void **state) {
        int64_t now_sec, wall_sec;
        char text[WHEN_TEXT_SIZE];
        (void) state;

        assert_int_equal(wall_parse("2026-11-24T09:30:00", &now_sec), 0);
        assert_int_equal(wall_parse("2026-11-25T00:00:00", &wall_sec), 0);
        assert_string_equal(wall_format_day_time(text, wall_sec, now_sec), "tomorrow 00:00");
        assert_string_equal(wall_format_day_time(text, wall_sec - 1, now_sec), "23:59");
        assert_string_equal(wall_format_day_time(text, wall_sec - 2 * SEC_PER_DAY, now_sec), "yesterday 00:00");
        assert_string_equal(wall_format_day_time(text, wall_sec + SEC_PER_DAY, now_sec), "Thu 2026-11-26 00:00");
        assert_string_equal(wall_format(text, wall_sec), "2026-11-25T00:00:00");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_reads_what_people_write),
                cmocka_unit_test(test_refuses_what_is_no_time),
                cmocka_unit_test(test_reads_times_of_day),
                cmocka_unit_test(test_names_near_days),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
