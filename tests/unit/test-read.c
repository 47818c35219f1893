/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan files become schedules, or are refused by line and reason. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <stdio.h>
#include <string.h>

#include "dosed/calendar.h"
#include "dosed/folder.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define PLANS "tests/data/plan"

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

/* What one reading gave. */
struct reading {
        int r;
        struct calendar *calendar;
        struct problems problems;
};

static struct reading read_bytes(const char *bytes, size_t size) {
        struct reading reading = {};

        reading.r = calendar_read("test.ics", bytes, size, zones, &reading.calendar, &reading.problems);
        return reading;
}

/* A VCALENDAR around the lines, which end in line feeds. */
static struct reading read_lines(const char *lines) {
        _cleanup_(free_p) char *text = NULL;

        assert_int_equal(text_format(&text, "BEGIN:VCALENDAR\n%sEND:VCALENDAR\n", lines), 0);
        return read_bytes(text, strlen(text));
}

/* A daily VEVENT with further lines; they begin on line 6. */
static struct reading read_event(const char *lines) {
        _cleanup_(free_p) char *text = NULL;

        assert_int_equal(text_format(&text, "BEGIN:VEVENT\nUID:a\nSUMMARY:Lisinopril 10 mg\nDTSTART:20260105T080000\n%s"
                                     "END:VEVENT\n", lines), 0);
        return read_lines(text);
}

static void reading_done(struct reading *reading) {
        calendar_free(reading->calendar);
        problems_done(&reading->problems);
}

static void print_problems(const struct problems *problems) {
        for (size_t i = 0; i < problems->n_items; i++)
                print_message("%s:%u: %s: %s\n", problems->items[i].file, problems->items[i].line,
                              severity_to_string(problems->items[i].severity), problems->items[i].text);
}

static void assert_problem(const struct problems *problems, enum severity severity, unsigned line, const char *part) {
        for (size_t i = 0; i < problems->n_items; i++)
                if (problems->items[i].severity == severity && problems->items[i].line == line &&
                    strstr(problems->items[i].text, part))
                        return;
        print_problems(problems);
        fail_msg("no %s on line %u with \"%s\"", severity_to_string(severity), line, part);
}

static void assert_clean(const struct reading *reading) {
        if (reading->r != 0 || reading->problems.n_items > 0)
                print_problems(&reading->problems);
        assert_int_equal(reading->r, 0);
        assert_int_equal(reading->problems.n_items, 0);
}

static struct reading read_plan(const char *name) {
        _cleanup_(free_p) char *bytes = NULL;
        struct problems problems = {};
        struct file_mark mark;
        size_t size;

        assert_int_equal(folder_read(PLANS, name, &bytes, &size, &mark, &problems), 0);
        return read_bytes(bytes, size);
}

static const struct schedule *find(const struct reading *reading, const char *summary) {
        for (size_t i = 0; i < reading->calendar->n_schedules; i++)
                if (strcmp(reading->calendar->schedules[i]->details.summary, summary) == 0)
                        return reading->calendar->schedules[i];
        fail_msg("no schedule \"%s\"", summary);
        return NULL;
}

/* The first times due at or after that UTC time, as UTC texts with blanks between them. */
static void assert_due(const struct schedule *schedule, const char *zone_text, const char *from,
                       const char *expected) {
        struct wall_clock clock = { .all_day_sec = 8 * 3600 };
        bool is_date, is_utc;
        int64_t wall_sec;
        usec_t at;

        assert_int_equal(zones_get(zones, zone_text, &clock.zone), 0);
        assert_int_equal(civil_parse(from, strlen(from), &wall_sec, &is_date, &is_utc), 0);
        at = wall_sec * USEC_PER_SEC;

        for (const char *p = expected; *p != '\0';) {
                size_t size = strcspn(p, " ");
                char text[CIVIL_TEXT_SIZE];
                struct occurrence occurrence;

                assert_int_equal(schedule_next(schedule, &clock, at, &occurrence), 0);
                (void) civil_format(text, occurrence.due_usec / USEC_PER_SEC, false, true);
                if (strncmp(text, p, size) != 0)
                        fail_msg("due %s, expected %.*s", text, (int) size, p);
                at = occurrence.due_usec + 1;
                p += size;
                p += strspn(p, " ");
        }
}

static void thunderbird_exports_are_read_with_their_overrides(void **state) {
        _cleanup_(reading_done) struct reading reading = read_plan("thunderbird.ics");
        const struct schedule *schedule;

        (void) state;
        assert_clean(&reading);
        assert_int_equal(reading.calendar->n_schedules, 2);

        schedule = find(&reading, "Lisinopril 10 mg");
        assert_string_equal(schedule->uid, "5d0c9a3e-6a51-4c58-a1f9-4f6f9c2f1f01");
        assert_string_equal(schedule->file, "test.ics");
        assert_int_equal(schedule->line, 22);
        assert_int_equal(schedule->sequence, 2);
        assert_string_equal(schedule->details.instructions,
                            "With a full glass of water, standing or sitting.\nNot with grapefruit.");
        assert_int_equal(schedule->details.span.sec, 3600);
        assert_int_equal(schedule->details.n_alarms, 1);
        assert_int_equal(schedule->details.alarms[0].offset.sec, -900);
        assert_int_equal(schedule->n_overrides, 1);
        assert_due(schedule, "UTC", "20260106T000000Z", "20260106T080000Z 20260108T080000Z 20260109T080000Z "
                   "20260110T093000Z 20260111T080000Z");
        assert_due(schedule, "UTC", "20260701T000000Z", "20260701T070000Z");

        schedule = find(&reading, "Paracetamol 500 mg");
        assert_true(schedule->as_needed);
        assert_int_equal(schedule->min_interval_usec, 6 * USEC_PER_HOUR);
}

static void gnome_exports_keep_their_zone_behind_the_vendor_prefix(void **state) {
        _cleanup_(reading_done) struct reading reading = read_plan("gnome-calendar.ics");
        const struct schedule *schedule;

        (void) state;
        assert_clean(&reading);
        schedule = find(&reading, "Methotrexat 15 mg");
        assert_true(schedule->details.critical);
        assert_true(schedule->details.confidential);
        assert_int_equal(schedule->details.n_alarms, 1);
        assert_string_equal(zone_name(schedule->start.zone), "Europe/Berlin");
        assert_due(schedule, "UTC", "20260701T000000Z", "20260705T180000Z");
}

static void nextcloud_exports_end_at_their_until(void **state) {
        _cleanup_(reading_done) struct reading reading = read_plan("nextcloud.ics");
        const struct schedule *schedule;

        (void) state;
        assert_clean(&reading);
        schedule = find(&reading, "Levothyroxine 75 mcg");
        assert_string_equal(schedule->details.amount, "1 tablet");
        assert_string_equal(schedule->details.if_missed,
                            "Take it when you remember, unless it is almost time for the next one.");
        assert_due(schedule, "UTC", "20270110T000000Z", "20270110T123000Z 20270111T123000Z");
}

static void google_exports_have_whole_days_without_a_span(void **state) {
        _cleanup_(reading_done) struct reading reading = read_plan("google.ics");
        const struct schedule *schedule;

        (void) state;
        assert_clean(&reading);
        schedule = find(&reading, "Vitamin B12 injection");
        assert_true(schedule->start.is_date);
        assert_int_equal(schedule->details.span.days, 0);
        assert_null(schedule->details.instructions);
        assert_due(schedule, "Europe/Madrid", "20260301T000000Z", "20260302T070000Z");
        assert_due(find(&reading, "Metformin 850 mg"), "UTC", "20260203T000000Z", "20260203T130000Z 20260205T130000Z");
}

static void outlook_exports_use_their_own_zone_where_nobody_knows_it(void **state) {
        _cleanup_(reading_done) struct reading reading = read_plan("outlook.ics");
        const struct schedule *schedule;

        (void) state;
        assert_int_equal(reading.r, 0);
        schedule = find(&reading, "Amoxicillin 500 mg");
        assert_string_equal(schedule->details.instructions, "After breakfast");
        assert_false(schedule->details.critical);
        assert_int_equal(strlen(schedule->uid), 112);
        assert_due(schedule, "UTC", "20260302T000000Z", "20260302T070000Z");
        assert_due(schedule, "UTC", "20260329T000000Z", "20260329T060000Z 20260330T060000Z 20260331T060000Z");

        schedule = find(&reading, "Estradiol patch");
        assert_true(schedule->removes);
        assert_due(schedule, "UTC", "20260302T120000Z", "20260303T040000Z 20260306T040000Z 20260310T030000Z");
}

/* Lines of a VEVENT from line 6 on, and the problem that they make. */
static void what_dosed_cannot_follow_is_named(void **state) {
        static const struct {
                const char *lines;
                enum severity severity;
                unsigned line;
                const char *part;
        } cases[] = {
                { "STATUS:COMPLETED\nRRULE:FREQ=DAILY\n", SEVERITY_WARNING, 6, "COMPLETED does not stop" },
                { "RRULE:FREQ=DAILY\nRRULE:FREQ=WEEKLY\n", SEVERITY_WARNING, 6, "several RRULEs" },
                { "RRULE:FREQ=WEEKLY;BYDAY=TU\n", SEVERITY_WARNING, 6, "first is 20260106T080000" },
                { "RRULE:FREQ=YEARLY;BYMONTH=2;BYMONTHDAY=30\n", SEVERITY_ERROR, 6, "never due" },
                { "RRULE:FREQ=MINUTELY;BYMONTH=2;BYMONTHDAY=30\n", SEVERITY_ERROR, 6, "never due" },
                { "RRULE:FREQ=DAILY;INTERVAL=65537\n", SEVERITY_ERROR, 6, "longer than a life" },
                { "RRULE:FREQ=HOURLY;BYMINUTE=0,30\nEXRULE:FREQ=HOURLY\n", SEVERITY_ERROR, 7, "at most 24 doses a day" },
                { "RRULE:FREQ=DAILY;UNTIL=20250101T000000\n", SEVERITY_WARNING, 6, "ends before it begins" },
                { "RRULE:FREQ=WEEKLY;BYDAY=TU;COUNT=1\n", SEVERITY_WARNING, 6, "ends before it begins" },
                { "DTEND:20260105T070000\n", SEVERITY_WARNING, 6, "before the start" },
                { "DTEND:20260105T070000Z\n", SEVERITY_WARNING, 6, "not of the same form" },
                { "DURATION:-PT5M\n", SEVERITY_WARNING, 6, "below zero" },
                { "SUMMARY:Other\n", SEVERITY_WARNING, 6, "stands twice" },
                { "DTSTART:20260105T080000\n", SEVERITY_ERROR, 6, "stands twice, first on line 5" },
                { "X-DOSED-AMOUT:1\n", SEVERITY_WARNING, 6, "typing mistake" },
                { "X-DOSED-MAX-PER-DAY:4\n", SEVERITY_WARNING, 6, "do not rely" },
                { "RRULE:FREQ=DAILY\nX-DOSED-AFTER-TAKEN:PT8H\n", SEVERITY_ERROR, 7, "no RRULE" },
                { "X-DOSED-EARLY:PT0S\n", SEVERITY_ERROR, 6, "above zero" },
                { "RDATE;TZID=Europe/Lisbon:20260107T080000Z\n", SEVERITY_WARNING, 6, "the Z counts" },
                { "RDATE;TZID=\"\":20260107T080000\n", SEVERITY_ERROR, 6, "not the name of a zone" },
                { "RDATE;VALUE=DATE:20260107T080000\n", SEVERITY_ERROR, 6, "VALUE parameter" },
                { "RDATE:\n", SEVERITY_ERROR, 6, "not a real date" },
                { "SEQUENCE:1.5\n", SEVERITY_ERROR, 6, "whole number" },
                { "DURATION:PT\n", SEVERITY_ERROR, 6, "not a duration" },
                { "DURATION:P4000D\n", SEVERITY_ERROR, 6, "not a duration" },
                { "DURATION:PT99999999999999999999S\n", SEVERITY_ERROR, 6, "not a duration" },
                { "BEGIN:VALARM\nACTION:PROCEDURE\nTRIGGER:PT0S\nEND:VALARM\n", SEVERITY_WARNING, 7, "never acted on" },
                { "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:PT0S\nPROXIMITY:ARRIVE\nEND:VALARM\n", SEVERITY_WARNING, 9,
                  "at a place" },
                { "BEGIN:VALARM\nACTION:DISPLAY\nEND:VALARM\n", SEVERITY_WARNING, 6, "no TRIGGER" },
                { "BEGIN:VALARM\nTRIGGER:PT0S\nEND:VALARM\n", SEVERITY_WARNING, 6, "no ACTION" },
                { "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:PT0S\nREPEAT:3\nEND:VALARM\n", SEVERITY_WARNING, 9,
                  "does not count without DURATION" },
                { "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:PT0S\nREPEAT:101\nEND:VALARM\n", SEVERITY_ERROR, 9,
                  "from 0 to 100" },
                { "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:20260105T080000\nEND:VALARM\n", SEVERITY_ERROR, 8, "not UTC" },
                { "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-P31DT1S\nEND:VALARM\n", SEVERITY_WARNING, 8,
                  "31 days before its dose" },
                { "DURATION:P1D\nBEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;RELATED=END:P31D\nEND:VALARM\n", SEVERITY_WARNING, 9,
                  "31 days after its dose" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = read_event(cases[i].lines);

                assert_problem(&reading.problems, cases[i].severity, cases[i].line, cases[i].part);
                assert_int_equal(reading.r, cases[i].severity == SEVERITY_ERROR ? CALENDAR_UNUSABLE : 0);
                assert_int_equal(reading.problems.n_items, 1);
        }
}

/* What is legal, or a well-known habit of programs, is not worth a word. */
static void what_is_usual_gives_no_problem(void **state) {
        static const char *const cases[] = {
                "DESCRIPTION:\nLOCATION:\n",
                "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER:-P31D\nEND:VALARM\n",
                "EXDATE:20260106T080000Z\n",
                "BEGIN:VALARM\nACTION:EMAIL\nATTENDEE:mailto:maria@example.org\nTRIGGER:-PT5M\nEND:VALARM\n",
                "BEGIN:VALARM\nACTION:NONE\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\nEND:VALARM\n",
                "RRULE:FREQ=MINUTELY;INTERVAL=65537\n",
                "rdate;value=period:20260106T080000/pt1h,20260107T080000/20260107T090000\n",
                "dtend:20260105T090000\n",
                "X-DOSED-INGREDIENT;STRENGTH=\"500 mg\":Metformin\n",
                "ATTENDEE;CN=\"Dr. A; B: C\";ROLE=REQ-PARTICIPANT:mailto:a@example.org\n",
                "GEO:1;2\nSTRUCTURED-DATA:x\nX-APPLE-STRUCTURED-LOCATION;VALUE=URI:geo:1,2\n",
                "BEGIN:X-NOTE\nUID:else\nEND:X-NOTE\n",
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = read_event(cases[i]);

                assert_clean(&reading);
        }
}

static void everything_wrong_is_told_not_only_the_first(void **state) {
        _cleanup_(reading_done) struct reading reading = {};

        (void) state;
        reading = read_event("RRULE:FREQ=DAILY;COUNT=0\nEXDATE:never\nPRIORITY:x\n"
                             "BEGIN:VALARM\nTRIGGER:soon\nEND:VALARM\n");
        assert_int_equal(reading.r, CALENDAR_UNUSABLE);
        assert_problem(&reading.problems, SEVERITY_ERROR, 6, "COUNT");
        assert_problem(&reading.problems, SEVERITY_ERROR, 7, "EXDATE");
        assert_problem(&reading.problems, SEVERITY_ERROR, 8, "PRIORITY");
        assert_problem(&reading.problems, SEVERITY_ERROR, 10, "TRIGGER");
        assert_null(reading.calendar);
}

static void a_file_is_taken_whole_or_not_at_all(void **state) {
        _cleanup_(reading_done) struct reading reading = {};

        (void) state;
        reading = read_lines("BEGIN:VEVENT\nUID:a\nSUMMARY:A\nDTSTART:20260101T080000\nEND:VEVENT\n"
                             "BEGIN:VEVENT\nUID:b\nDTSTART:20260101T080000\nEND:VEVENT\n");
        assert_int_equal(reading.r, CALENDAR_UNUSABLE);
        assert_problem(&reading.problems, SEVERITY_ERROR, 7, "no SUMMARY");
        assert_null(reading.calendar);
}

static void every_property_that_a_schedule_has_a_place_for_is_read(void **state) {
        _cleanup_(reading_done) struct reading reading = read_lines(
                "BEGIN:VTODO\nUID:a\nDTSTAMP:20260105T101500Z\nSEQUENCE:7\nSUMMARY: Insulin\\, fast \n"
                "DTSTART;TZID=Europe/Lisbon:20260105T080000\nDUE;TZID=Europe/Lisbon:20260105T103000\n"
                "CATEGORIES:Health,OTC\nPRIORITY:4\nCLASS:X-SECRET\nDESCRIPTION:one\\ntwo\n"
                "X-DOSED-MEDICATION:insulin\nX-DOSED-AMOUNT:ASK\nX-DOSED-PURPOSE:sugar\nX-DOSED-WINDOW:PT45M\n"
                "X-DOSED-EARLY:P1DT1H\nX-DOSED-MIN-INTERVAL:PT3H\nX-DOSED-HOLD:20260201\nX-DOSED-ACTION:take\n"
                "RRULE:FREQ=DAILY\nEXRULE:FREQ=WEEKLY\n"
                "RDATE:20260105T200000Z,20260106T200000Z\nRDATE:20260107T200000Z\n"
                "EXDATE;VALUE=DATE:20260109\n"
                "BEGIN:VALARM\nACTION:AUDIO\nTRIGGER;RELATED=END:-PT5M\nREPEAT:2\nDURATION:PT1M\nEND:VALARM\n"
                "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20260105T070000Z\nEND:VALARM\nEND:VTODO\n");
        const struct schedule *s;

        (void) state;
        assert_clean(&reading);
        s = reading.calendar->schedules[0];
        assert_string_equal(s->details.summary, "Insulin, fast");
        assert_string_equal(s->details.instructions, "one\ntwo");
        assert_string_equal(s->medication, "insulin");
        assert_string_equal(s->details.purpose, "sugar");
        assert_true(s->details.asks_amount);
        assert_null(s->details.amount);
        assert_true(s->details.critical && s->details.confidential && s->on_hold && s->has_master);
        assert_false(s->stopped || s->removes || s->as_needed);
        assert_int_equal(s->kind, KIND_OTC);
        assert_int_equal(s->sequence, 7);
        assert_true(s->stamped_usec == 1767608100 * USEC_PER_SEC);
        assert_true(s->details.window_usec == 45 * USEC_PER_MINUTE && s->details.early_usec == 25 * USEC_PER_HOUR);
        assert_int_equal(s->details.span.sec, 9000);
        assert_int_equal(s->start.kind, STAMP_ZONED);
        assert_int_equal(s->n_rules, 1);
        assert_int_equal(s->n_exception_rules, 1);
        assert_int_equal(s->n_extra_dates, 3);
        assert_int_equal(s->n_exception_dates, 1);
        assert_true(s->exception_dates[0].is_date);
        assert_int_equal(s->details.n_alarms, 2);
        assert_int_equal(s->details.alarms[0].anchor, ALARM_END);
        assert_int_equal(s->details.alarms[0].offset.sec, -300);
        assert_int_equal(s->details.alarms[0].repeat, 2);
        assert_int_equal(s->details.alarms[0].every.sec, 60);
        assert_int_equal(s->details.alarms[1].anchor, ALARM_ABSOLUTE);
        assert_true(s->details.alarms[1].at_usec == 1767596400 * USEC_PER_SEC);
}

static void a_task_ends_when_completed_unless_it_recurs(void **state) {
        static const struct {
                const char *lines;
                bool stopped;
        } cases[] = {
                { "STATUS:COMPLETED\n", true },
                { "STATUS:CANCELLED\n", true },
                { "STATUS:cancelled\nRRULE:FREQ=DAILY\n", true },
                { "STATUS:COMPLETED\nRRULE:FREQ=DAILY\n", false },
                { "STATUS:NEEDS-ACTION\n", false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = {};
                _cleanup_(free_p) char *text = NULL;

                assert_int_equal(text_format(&text, "BEGIN:VTODO\nUID:a\nSUMMARY:b\nDUE:20260105T080000\n%sEND:VTODO\n",
                                             cases[i].lines), 0);
                reading = read_lines(text);
                assert_int_equal(reading.r, 0);
                assert_int_equal(reading.calendar->schedules[0]->stopped, cases[i].stopped);
        }
}

static void the_newest_of_equal_uids_counts(void **state) {
        _cleanup_(reading_done) struct reading reading = {};

        (void) state;
        reading = read_lines("BEGIN:VEVENT\nUID:a\nSEQUENCE:2\nSUMMARY:new\nDTSTART:20260101T080000\nEND:VEVENT\n"
                             "BEGIN:VEVENT\nUID:a\nSEQUENCE:1\nSUMMARY:old\nDTSTART:20260101T080000\nEND:VEVENT\n"
                             "BEGIN:VEVENT\nUID:a\nSUMMARY:x\nRECURRENCE-ID:20260101T080000\nDTSTAMP:20260101T000000Z\n"
                             "DTSTART:20260101T090000\nEND:VEVENT\n"
                             "BEGIN:VEVENT\nUID:a\nSUMMARY:y\nRECURRENCE-ID:20260101T080000\nDTSTAMP:20260102T000000Z\n"
                             "DTSTART:20260101T100000\nEND:VEVENT\n");
        assert_int_equal(reading.r, 0);
        assert_problem(&reading.problems, SEVERITY_WARNING, 8, "the newest, on line 2");
        assert_int_equal(reading.calendar->n_schedules, 1);
        assert_string_equal(reading.calendar->schedules[0]->details.summary, "new");
        assert_int_equal(reading.calendar->schedules[0]->n_overrides, 1);
        assert_string_equal(reading.calendar->schedules[0]->overrides[0].details.summary, "y");
}

/* Written in different forms, they are still for the same dose: the zone by another name, the instant in UTC, the day. */
static void the_newest_override_of_a_dose_counts_however_it_is_written(void **state) {
        static const char *const ids[] = { ";TZID=Europe/Berlin:20260106T080000", ";TZID=europe/berlin:20260106T080000",
                                           ":20260106T070000Z", ";VALUE=DATE:20260106" };
        static const struct {
                const char *first, *second;
                int hour;
        } cases[] = {
                { "SEQUENCE:2\nDTSTAMP:20260101T000000Z\n", "SEQUENCE:1\nDTSTAMP:20260102T000000Z\n", 9 },
                { "SEQUENCE:1\nDTSTAMP:20260102T000000Z\n", "SEQUENCE:1\nDTSTAMP:20260101T000000Z\n", 9 },
                { "SEQUENCE:1\nDTSTAMP:20260101T000000Z\n", "SEQUENCE:2\nDTSTAMP:20260101T000000Z\n", 10 },
        };

        (void) state;

        for (size_t i = 0; i < ELEMENTS(ids) * ELEMENTS(ids) * ELEMENTS(cases); i++) {
                const char *first = ids[i % ELEMENTS(ids)], *second = ids[i / ELEMENTS(ids) % ELEMENTS(ids)];
                size_t k = i / (ELEMENTS(ids) * ELEMENTS(ids));
                _cleanup_(free_p) char *plan = NULL;
                struct civil start;

                assert_int_equal(text_format(&plan, "BEGIN:VCALENDAR\nVERSION:2.0\nPRODID:x\n"
                                             "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART;TZID=Europe/Berlin:20260105T080000\n"
                                             "RRULE:FREQ=DAILY;COUNT=3\nEND:VEVENT\n"
                                             "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART;TZID=Europe/Berlin:20260106T090000\n"
                                             "RECURRENCE-ID%s\n%sEND:VEVENT\n"
                                             "BEGIN:VEVENT\nUID:u\nSUMMARY:x\nDTSTART;TZID=Europe/Berlin:20260106T100000\n"
                                             "RECURRENCE-ID%s\n%sEND:VEVENT\nEND:VCALENDAR\n",
                                             first, cases[k].first, second, cases[k].second), 0);

                _cleanup_(reading_done) struct reading reading = read_bytes(plan, strlen(plan));

                assert_int_equal(reading.r, 0);
                assert_int_equal(reading.calendar->schedules[0]->n_overrides, 1);
                start = civil_from_wall(reading.calendar->schedules[0]->overrides[0].start.wall_sec);
                assert_int_equal(start.hour, cases[k].hour);
        }
}

static void overrides_without_their_master_stand_alone(void **state) {
        _cleanup_(reading_done) struct reading reading = {};

        (void) state;
        reading = read_lines("BEGIN:VEVENT\nUID:a\nSUMMARY:b\nRECURRENCE-ID:20260101T080000\nDTSTART:20260101T090000\n"
                             "STATUS:CANCELLED\nEND:VEVENT\n"
                             "BEGIN:VEVENT\nUID:a\nRECURRENCE-ID;RANGE=THISANDFUTURE:20260102T080000\nSUMMARY:c\n"
                             "DTSTART:20260102T100000\nEND:VEVENT\n");
        assert_clean(&reading);
        assert_false(reading.calendar->schedules[0]->has_master);
        assert_false(reading.calendar->schedules[0]->stopped);
        assert_string_equal(reading.calendar->schedules[0]->medication, "b");
        assert_int_equal(reading.calendar->schedules[0]->n_overrides, 2);
        assert_true(reading.calendar->schedules[0]->overrides[0].cancelled);
        assert_true(reading.calendar->schedules[0]->overrides[1].this_and_future);
}

static uint64_t digest_of(const char *lines) {
        _cleanup_(reading_done) struct reading reading = read_event(lines);

        assert_int_equal(reading.r, 0);
        return reading.calendar->schedules[0]->digest;
}

static void the_digest_changes_with_the_meaning_only(void **state) {
        uint64_t digest = digest_of("DESCRIPTION:With water\nRRULE:FREQ=DAILY\n");

        (void) state;
        assert_true(digest == digest_of("DESCRIPTION:With wa\n ter\nRRULE:FREQ=DAILY\n"));
        assert_true(digest == digest_of("RRULE:FREQ=DAILY\nDESCRIPTION:With water\n"));
        assert_true(digest == digest_of("description:With water\nRRULE:FREQ=DAILY\nDTSTAMP:20260101T000000Z\n"
                                        "LAST-MODIFIED:20260101T000000Z\nX-MOZ-LASTACK:20260101T000000Z\n"));
        assert_true(digest != digest_of("DESCRIPTION:With water\nRRULE:FREQ=WEEKLY\n"));
        assert_true(digest != digest_of("DESCRIPTION:With water\n"));
        assert_true(digest != digest_of("DESCRIPTION:With water\nRRULE:FREQ=DAILY\nBEGIN:VALARM\nACTION:DISPLAY\n"
                                        "TRIGGER:PT0S\nEND:VALARM\n"));
}

static void an_exception_in_utc_takes_nothing_from_days(void **state) {
        _cleanup_(reading_done) struct reading reading = {};

        (void) state;
        reading = read_lines("BEGIN:VEVENT\nUID:a\nSUMMARY:b\nDTSTART;VALUE=DATE:20260101\nRRULE:FREQ=DAILY\n"
                             "EXDATE;VALUE=DATE:20260103\nEXDATE:20260102T000000Z\nEND:VEVENT\n");
        assert_int_equal(reading.r, 0);
        assert_problem(&reading.problems, SEVERITY_WARNING, 8, "takes nothing away from days");
        assert_due(reading.calendar->schedules[0], "Europe/Berlin", "20260101T000000Z", "20260101T070000Z 20260102T070000Z "
                   "20260104T070000Z");
}

/* What its client and we read differently, or cannot be read, is no reason to take a plan out of use. */
static void snoozes_and_acknowledgements_of_other_clients_are_read_and_change_no_plan(void **state) {
        static const char alarm[] = "BEGIN:VALARM\nUID:x\nACTION:DISPLAY\nTRIGGER:PT0S\nEND:VALARM\n";
        static const struct {
                const char *lines;
                const char *seen;
                size_t n_alarms;
        } cases[] = {
                { "X-MOZ-LASTACK:20260105T081000Z\n", "20260105T081000Z", 0 },
                { "X-MOZ-LASTACK:yesterday\nX-MOZ-LASTACK:20260105T081000\n", NULL, 0 },
                { "X-MOZ-SNOOZE-TIME:20260105T083000Z\nX-MOZ-SNOOZE-TIME:soon\n", NULL, 1 },
                { "X-MOZ-SNOOZE-TIME-1767600000000000:20260105T083000Z\n"
                  "X-MOZ-SNOOZE-TIME-1767686400000000:20260106T083000Z\n", NULL, 2 },
                { "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20260105T083000Z\n"
                  "RELATED-TO;RELTYPE=SNOOZE:x\nEND:VALARM\n", NULL, 1 },
        };
        uint64_t digest = digest_of(alarm);

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(free_p) char *lines = NULL;
                _cleanup_(reading_done) struct reading reading = {};
                const struct schedule *schedule;
                int64_t seen_sec = 0;
                bool is_date, is_utc;

                assert_int_equal(text_format(&lines, "%s%s", cases[i].lines, alarm), 0);
                reading = read_event(lines);
                assert_clean(&reading);
                schedule = reading.calendar->schedules[0];
                assert_int_equal(schedule->digest, digest);
                assert_int_equal(schedule->details.n_alarms, 1 + cases[i].n_alarms);
                if (cases[i].seen)
                        assert_int_equal(civil_parse(cases[i].seen, strlen(cases[i].seen), &seen_sec, &is_date, &is_utc), 0);
                assert_int_equal(schedule->details.seen_usec, seen_sec * USEC_PER_SEC);
        }
}

static void texts_are_cleaned_and_cut(void **state) {
        _cleanup_(free_p) char *text = NULL, *lines = NULL;
        _cleanup_(reading_done) struct reading reading = {};
        const struct details *details;

        (void) state;
        text = malloc(10001);
        assert_non_null(text);
        memset(text, 'x', 10000);
        text[10000] = '\0';
        assert_int_equal(text_format(&lines, "DESCRIPTION:%s\nX-DOSED-PURPOSE:\x1b[2Jred\xe2\x80\xae\\nline\n", text),
                         0);

        reading = read_event(lines);
        assert_int_equal(reading.r, 0);
        assert_problem(&reading.problems, SEVERITY_WARNING, 6, "was cut");
        details = &reading.calendar->schedules[0]->details;
        assert_int_equal(strlen(details->instructions), LIMIT_TEXT_BYTES);
        assert_string_equal(details->purpose, "[2Jred line");
}

static void line_ends_and_a_byte_order_mark_do_not_matter(void **state) {
        static const char *const ends[] = { "\n", "\r\n", "\r" };
        static const char *const lines[] = { "\xEF\xBB\xBF" "BEGIN:VCALENDAR", "BEGIN:VEVENT", "", "UID:a",
                                             "SUMMARY:Lisi", "\tnopril", "DTSTART:20260105T080000", "END:VEVENT",
                                             "END:VCALENDAR" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(ends); i++) {
                _cleanup_(reading_done) struct reading reading = {};
                char text[512] = "";

                for (size_t j = 0; j < ELEMENTS(lines); j++)
                        (void) strcat(strcat(text, lines[j]), ends[i]);
                reading = read_bytes(text, strlen(text));
                assert_clean(&reading);
                assert_string_equal(reading.calendar->schedules[0]->details.summary, "Lisinopril");
                assert_int_equal(reading.calendar->schedules[0]->line, 2);
        }
}

static void a_file_without_schedules_is_used_with_a_warning(void **state) {
        _cleanup_(reading_done) struct reading reading = read_lines("BEGIN:VJOURNAL\nUID:a\nEND:VJOURNAL\n");

        (void) state;
        assert_int_equal(reading.r, 0);
        assert_int_equal(reading.calendar->n_schedules, 0);
        assert_problem(&reading.problems, SEVERITY_WARNING, 0, "no VEVENT");
}

/* `n` entries with the same lines, each with its own UID. */
static struct reading read_many(unsigned n, const char *lines) {
        char *text = NULL;
        size_t size;
        FILE *stream = open_memstream(&text, &size);

        assert_non_null(stream);
        fputs("BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\n", stream);
        for (unsigned i = 0; i < n; i++)
                fprintf(stream, "BEGIN:VEVENT\r\nUID:u%u\r\nSUMMARY:x\r\nDTSTART:20260101T080000\r\n%sEND:VEVENT\r\n", i, lines);
        fputs("END:VCALENDAR\r\n", stream);
        assert_int_equal(fclose(stream), 0);

        struct reading reading = read_bytes(text, size);
        free(text);
        return reading;
}

/* A legal file that would hold up its reader is refused by what it sums up to. */
static void a_file_that_costs_too_much_is_refused(void **state) {
        static const struct {
                unsigned n;
                const char *lines, *says;
        } cases[] = {
                /* Due in centuries only, and counted to the end. */
                { 4990, "RRULE:FREQ=HOURLY;INTERVAL=47;BYYEARDAY=366;BYHOUR=3\r\n", "too much" },
                { 4990, "RRULE:FREQ=DAILY;BYMONTH=2;BYMONTHDAY=29;BYDAY=MO;COUNT=400\r\n", "too much" },
                { 4990, "RRULE:FREQ=MINUTELY;COUNT=1000000\r\n", "too much" },
                { LIMIT_FILE_EXRULES + 1, "RRULE:FREQ=DAILY\r\nEXRULE:FREQ=WEEKLY\r\n", "EXRULEs" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = read_many(cases[i].n, cases[i].lines);
                const struct problems *problems = &reading.problems;
                bool said = false;

                assert_int_equal(reading.r, CALENDAR_UNUSABLE);
                for (size_t j = 0; j < problems->n_items; j++)
                        said = said || (problems->items[j].severity == SEVERITY_ERROR &&
                                        strstr(problems->items[j].text, cases[i].says));
                assert_true(said);
        }
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = read_many(5, cases[i].lines);

                assert_int_equal(reading.r, 0);
        }
}

static void a_day_without_a_time_has_no_times_within_it(void **state) {
        static const char plan[] = "BEGIN:VCALENDAR\r\nVERSION:2.0\r\nPRODID:x\r\nBEGIN:VEVENT\r\nUID:u\r\nSUMMARY:x\r\n"
                                   "DTSTART;VALUE=DATE:20260101\r\nRRULE:FREQ=HOURLY;INTERVAL=6\r\nEND:VEVENT\r\n"
                                   "END:VCALENDAR\r\n";
        _cleanup_(reading_done) struct reading reading = read_bytes(plan, strlen(plan));

        (void) state;
        assert_int_equal(reading.r, CALENDAR_UNUSABLE);
        assert_problem(&reading.problems, SEVERITY_ERROR, 8, "times within a day");
}

static void the_zone_of_a_file_counts_for_times_without_one(void **state) {
        static const char entries[] = "BEGIN:VEVENT\nUID:a\nSUMMARY:floating\nDTSTART:20260701T080000\nEND:VEVENT\n"
                                      "BEGIN:VEVENT\nUID:b\nSUMMARY:zoned\nDTSTART;TZID=Asia/Tokyo:20260701T080000\n"
                                      "END:VEVENT\n"
                                      "BEGIN:VEVENT\nUID:c\nSUMMARY:day\nDTSTART;VALUE=DATE:20260701\nEND:VEVENT\n";
        static const char *const heads[] = { "", "X-WR-TIMEZONE:Europe/Lisbon\n", "X-WR-TIMEZONE:Mars/Olympus\n" };
        uint64_t digests[ELEMENTS(heads)];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(heads); i++) {
                _cleanup_(free_p) char *text = NULL;
                const struct schedule *floating;

                assert_int_equal(text_format(&text, "%s%s", heads[i], entries), 0);
                _cleanup_(reading_done) struct reading reading = read_lines(text);
                assert_int_equal(reading.r, 0);
                assert_int_equal(reading.problems.n_items, i == 2);
                floating = find(&reading, "floating");
                digests[i] = floating->digest;
                assert_int_equal(floating->start.kind, i == 1 ? STAMP_ZONED : STAMP_FLOATING);
                if (i == 1)
                        assert_string_equal(zone_name(floating->start.zone), "Europe/Lisbon");
                assert_string_equal(zone_name(find(&reading, "zoned")->start.zone), "Asia/Tokyo");
                assert_int_equal(find(&reading, "day")->start.kind, STAMP_FLOATING);
        }
        /* Another zone of the file is a change of the plan. */
        assert_true(digests[0] != digests[1]);
        assert_true(digests[0] == digests[2]);
}

/* Whether a schedule is made of it or not, and however the line is written. */
static void what_is_confidential_is_found_in_any_bytes(void **state) {
        static const struct {
                const char *text;
                bool is_confidential;
        } cases[] = {
                { "", false },
                { "BEGIN:VEVENT\r\nCLASS:PUBLIC\r\nEND:VEVENT\r\n", false },
                { "CLASS:\n", false },
                { "SUMMARY:CLASS:PRIVATE\n", false },
                { "DESCRIPTION:see\n CLASS:PRIVATE\n", false },
                { "CLASS:PUBLIC\nCLASS:PRIVATE\n", true },
                { "class;X-A=\"b:c\":private", true },
                { "CLA\r\n SS:CONFID\r\n ENTIAL\r\n", true },
                { "BEGIN:VCALENDAR\r\nnonsense\r\nCLASS:X-SECRET\r\n", true },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                bool is_confidential = !cases[i].is_confidential;

                assert_int_equal(calendar_holds_confidential(cases[i].text, strlen(cases[i].text), &is_confidential), 0);
                if (is_confidential != cases[i].is_confidential)
                        fail_msg("%s", cases[i].text);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(thunderbird_exports_are_read_with_their_overrides),
                cmocka_unit_test(gnome_exports_keep_their_zone_behind_the_vendor_prefix),
                cmocka_unit_test(nextcloud_exports_end_at_their_until),
                cmocka_unit_test(google_exports_have_whole_days_without_a_span),
                cmocka_unit_test(outlook_exports_use_their_own_zone_where_nobody_knows_it),
                cmocka_unit_test(what_dosed_cannot_follow_is_named),
                cmocka_unit_test(what_is_usual_gives_no_problem),
                cmocka_unit_test(everything_wrong_is_told_not_only_the_first),
                cmocka_unit_test(a_file_is_taken_whole_or_not_at_all),
                cmocka_unit_test(every_property_that_a_schedule_has_a_place_for_is_read),
                cmocka_unit_test(a_task_ends_when_completed_unless_it_recurs),
                cmocka_unit_test(the_newest_of_equal_uids_counts),
                cmocka_unit_test(the_newest_override_of_a_dose_counts_however_it_is_written),
                cmocka_unit_test(overrides_without_their_master_stand_alone),
                cmocka_unit_test(the_digest_changes_with_the_meaning_only),
                cmocka_unit_test(an_exception_in_utc_takes_nothing_from_days),
                cmocka_unit_test(snoozes_and_acknowledgements_of_other_clients_are_read_and_change_no_plan),
                cmocka_unit_test(texts_are_cleaned_and_cut),
                cmocka_unit_test(line_ends_and_a_byte_order_mark_do_not_matter),
                cmocka_unit_test(a_file_without_schedules_is_used_with_a_warning),
                cmocka_unit_test(a_file_that_costs_too_much_is_refused),
                cmocka_unit_test(a_day_without_a_time_has_no_times_within_it),
                cmocka_unit_test(what_is_confidential_is_found_in_any_bytes),
                cmocka_unit_test(the_zone_of_a_file_counts_for_times_without_one),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
