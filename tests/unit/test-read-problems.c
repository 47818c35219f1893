/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong in a plan file, or cannot be followed, is told by line and reason; an error refuses the whole file. */
#include <stdio.h>

#include "dosed/limits.h"
#include "reading.h"

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
                { "RRULE:FREQ=DAILY;BYSECOND=30\n", SEVERITY_ERROR, 6, "not the second of the start" },
                { "RRULE:FREQ=DAILY;BYSECOND=0,30\n", SEVERITY_ERROR, 6, "more than once a minute" },
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
                { "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20251205T075959Z\nEND:VALARM\n", SEVERITY_WARNING, 8,
                  "31 days from any dose" },
                { "RRULE:FREQ=DAILY;COUNT=2\nBEGIN:VALARM\nACTION:EMAIL\nATTENDEE:mailto:maria@example.org\n"
                  "TRIGGER;VALUE=DATE-TIME:20260206T080001Z\nEND:VALARM\n", SEVERITY_WARNING, 10, "31 days from any dose" },
                { "X-MOZ-SNOOZE-TIME:20260206T080000Z\n", SEVERITY_WARNING, 6, "31 days from any dose" },
                { "END:VEVENT\nBEGIN:VEVENT\nUID:a\nRECURRENCE-ID:20260105T080000\nDTSTART:20260106T080000\nBEGIN:VALARM\n"
                  "ACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20260207T080000Z\nEND:VALARM\n", SEVERITY_WARNING, 13,
                  "31 days from any dose" },
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
                "BEGIN:VALARM\nACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:20251205T080000Z\nEND:VALARM\n",
                "RRULE:FREQ=MONTHLY\nX-MOZ-SNOOZE-TIME:20271120T080000Z\n",
                "STATUS:CANCELLED\nX-MOZ-SNOOZE-TIME:20271120T080000Z\n",
                "X-DOSED-AFTER-TAKEN:P7D\nX-MOZ-SNOOZE-TIME:20271120T080000Z\n",
                "EXDATE:20260106T080000Z\n",
                "BEGIN:VALARM\nACTION:EMAIL\nATTENDEE:mailto:maria@example.org\nTRIGGER:-PT5M\nEND:VALARM\n",
                "BEGIN:VALARM\nACTION:NONE\nTRIGGER;VALUE=DATE-TIME:19760401T005545Z\nEND:VALARM\n",
                "RRULE:FREQ=MINUTELY;INTERVAL=65537\n",
                "RRULE:FREQ=DAILY;BYSECOND=0\n",
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

/* A master, its lines from line 5 on, and an override of it; NULL: none. */
static struct reading read_series(const char *master, const char *override) {
        _cleanup_(free_p) char *text = NULL;

        assert_int_equal(text_format(&text, "BEGIN:VEVENT\nUID:a\nSUMMARY:b\n%sEND:VEVENT\n%s%s%s", master,
                                     override ? "BEGIN:VEVENT\nUID:a\n" : "", override ?: "",
                                     override ? "END:VEVENT\n" : ""), 0);
        return read_lines(text);
}

#define AT_NINE "DTSTART:20260201T090000\nRRULE:FREQ=DAILY\n"
#define IN_BERLIN "DTSTART;TZID=Europe/Berlin:20260201T080000\nRRULE:FREQ=DAILY\n"
#define IN_UTC "DTSTART:20260201T080000Z\nRRULE:FREQ=DAILY\n"
#define IN_GAP "DTSTART;TZID=Europe/Berlin:20260301T023000\nRRULE:FREQ=DAILY\n"
#define BY_DAY "DTSTART;VALUE=DATE:20260201\nRRULE:FREQ=DAILY\n"
#define CANCELLED "STATUS:CANCELLED\n"

static void what_names_no_dose_is_told(void **state) {
        static const struct {
                const char *master, *override;
                unsigned line;
                const char *part;
        } cases[] = {
                { AT_NINE, "RECURRENCE-ID:20260210T080000\nDTSTART:20260210T083000\n", 10, "due besides them all" },
                { AT_NINE, "RECURRENCE-ID:20260210T080000\n" CANCELLED, 10, "nothing is cancelled" },
                { AT_NINE, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260210T080000\n", 10, "due besides them all" },
                { AT_NINE "EXDATE:20270117T080000\n", NULL, 7, "takes nothing away" },
                { AT_NINE "EXDATE:20270117T090000,20270118T080000\nEXDATE:20270119T090000\n", NULL, 7, "takes nothing away" },
                { "DTSTART:20260202T080000\nRRULE:FREQ=WEEKLY\nEXDATE;VALUE=DATE:20260210\n", NULL, 7, "takes nothing away" },
                { IN_UTC "EXDATE:20270117T080001Z\n", NULL, 7, "takes nothing away" },
                { BY_DAY "EXDATE;VALUE=DATE:20260131\nRDATE;VALUE=DATE:20260210\n",
                  "RECURRENCE-ID;VALUE=DATE:20260131\nDTSTART;VALUE=DATE:20260130\n", 12, "due besides them all" },
                /* The end of a rule has come before it. */
                { "DTSTART:20260201T090000\nRRULE:FREQ=DAILY;UNTIL=20260209T090000\n",
                  "RECURRENCE-ID:20260210T090000\nDTSTART:20260210T100000\n", 10, "due besides them all" },
                { "DTSTART:20260201T090000\nRRULE:FREQ=DAILY;COUNT=9\n",
                  "RECURRENCE-ID:20260210T090000\nDTSTART:20260210T100000\n", 10, "due besides them all" },
                /* Where another one is. */
                { BY_DAY, "RECURRENCE-ID;VALUE=DATE:20260131\nDTSTART;VALUE=DATE:20260204\n", 10, "both are one dose then" },
                { AT_NINE, "RECURRENCE-ID:20260210T090000\nDTSTART:20260211T090000\n", 10, "both are one dose then" },
                { IN_BERLIN, "RECURRENCE-ID;TZID=Europe/Berlin:20260210T080000\nDTSTART:20260212T070000Z\n", 10,
                  "both are one dose then" },
                /* The person's zone decides. */
                { IN_BERLIN, "RECURRENCE-ID:20260210T080000\nDTSTART:20260210T083000\n", 10, "only one has a zone" },
                { IN_BERLIN, "RECURRENCE-ID:20260210T080000\n" CANCELLED, 10, "only one has a zone" },
                { IN_BERLIN "EXDATE:20260210T080000\n", NULL, 7, "only one has a zone" },
                { AT_NINE "EXDATE:20260210T080000Z\n", NULL, 7, "only one has a zone" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = read_series(cases[i].master, cases[i].override);

                assert_problem(&reading.problems, SEVERITY_WARNING, cases[i].line, cases[i].part);
                assert_int_equal(reading.problems.n_items, 1);
                assert_int_equal(reading.r, 0);
        }
}

static void what_names_a_dose_in_whatever_form_is_good(void **state) {
        static const struct {
                const char *master, *override;
        } cases[] = {
                { AT_NINE "EXDATE:20260210T090000\nEXDATE;VALUE=DATE:20260211\n", "RECURRENCE-ID:20260212T090000\n" },
                { AT_NINE, "RECURRENCE-ID;VALUE=DATE:20260212\n" },
                { IN_BERLIN "EXDATE:20260210T070000Z,20260701T060000Z\n", "RECURRENCE-ID:20260702T060000Z\n" },
                { IN_BERLIN "EXDATE;TZID=Europe/Lisbon:20260210T070000\n", NULL },
                { IN_UTC "EXDATE;TZID=Europe/Berlin:20260210T090000\n", NULL },
                { BY_DAY "EXDATE;TZID=Europe/Berlin:20260210T000000\n", "RECURRENCE-ID;VALUE=DATE:20260211\n" },
                /* At 02:30, which the clocks of 29 March leave out, for 03:30. */
                { IN_GAP "EXDATE:20260329T013000Z\n", NULL },
                { IN_GAP "EXDATE;TZID=Europe/Berlin:20260329T033000\n", NULL },
                { IN_GAP, "RECURRENCE-ID:20260329T013000Z\n" },
                { IN_GAP, "RECURRENCE-ID;TZID=Europe/Berlin:20260329T023000\n" },
                /* An RDATE. */
                { AT_NINE "RDATE:20260210T200000\n", "RECURRENCE-ID:20260210T200000\n" },
                { IN_BERLIN "RDATE:20260210T200000Z\n", "RECURRENCE-ID;TZID=Europe/Berlin:20260210T210000\n" },
                { IN_BERLIN "RDATE:20260210T200000Z\nEXDATE;VALUE=DATE:20260210\n", NULL },
                /* Moved to where another one was, which is not there. */
                { AT_NINE "EXDATE:20260211T090000\n", "RECURRENCE-ID:20260210T090000\nDTSTART:20260211T090000\n" },
                { AT_NINE, "RECURRENCE-ID:20260210T090000\nDTSTART:20260211T090001\n" },
                /* Taken away by two. */
                { IN_UTC "EXRULE:FREQ=WEEKLY\nEXDATE:20260208T080000Z\n", NULL },
                /* What programs leave behind, which takes nothing away because there is nothing. */
                { "DTSTART:20260201T090000\nRRULE:FREQ=DAILY;UNTIL=20260209T090000\nEXDATE:20260210T090000\n",
                  "RECURRENCE-ID:20260211T090000\n" CANCELLED },
                { "DTSTART:20260201T090000\nRRULE:FREQ=DAILY;COUNT=3\nEXDATE:20260131T090000,20260210T090000\n", NULL },
                { AT_NINE, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260210T080000\n" CANCELLED },
                { "DTSTART:20260201T090000\n" CANCELLED, "RECURRENCE-ID:20260201T080000\n" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = read_series(cases[i].master, cases[i].override);

                assert_clean(&reading);
        }
}

static void what_names_no_dose_stands_alone(void **state) {
        _cleanup_(reading_done) struct reading reading = {};

        (void) state;
        reading = read_series(AT_NINE, "RECURRENCE-ID:20260210T080000\nDTSTART:20260210T083000\n");
        assert_int_equal(reading.r, 0);
        assert_due(reading.calendar->schedules[0], "UTC", "20260210T000000Z",
                   "20260210T083000Z 20260210T090000Z 20260211T090000Z");
}

/* Whose day it means nobody knows: none is lost, and none is due twice. */
static void an_override_in_utc_of_days_does_not_count(void **state) {
        static const char *const overrides[] = {
                "RECURRENCE-ID:20260209T230000Z\n" CANCELLED,
                "RECURRENCE-ID:20260209T230000Z\nDTSTART:20260210T120000Z\n",
                "RECURRENCE-ID;RANGE=THISANDFUTURE:20260209T230000Z\nDTSTART;VALUE=DATE:20260215\n",
                "RECURRENCE-ID:20260210T000000Z\n" CANCELLED,
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(overrides); i++) {
                _cleanup_(reading_done) struct reading reading = read_series(BY_DAY, overrides[i]);

                assert_int_equal(reading.r, 0);
                assert_problem(&reading.problems, SEVERITY_WARNING, 10, "names no day without a time");
                assert_int_equal(reading.problems.n_items, 1);
                assert_due(reading.calendar->schedules[0], "Europe/Berlin", "20260208T230000Z",
                           "20260209T070000Z 20260210T070000Z 20260211T070000Z");
        }
}

static void a_schedule_of_which_all_is_taken_away_is_told(void **state) {
        static const struct {
                const char *master, *override;
        } cases[] = {
                { AT_NINE "EXRULE:FREQ=DAILY\n", NULL },
                { "DTSTART:20260201T090000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20260201T090000,20260202T090000\n", NULL },
                { "DTSTART:20260201T090000\nRRULE:FREQ=DAILY;BYHOUR=9,20;UNTIL=20260202T230000\n"
                  "EXDATE;VALUE=DATE:20260201,20260202\n", NULL },
                { "DTSTART:20260201T090000\nEXDATE:20260201T090000\n", NULL },
                { "DTSTART:20260201T090000\n", "RECURRENCE-ID:20260201T090000\n" CANCELLED },
                { AT_NINE, "RECURRENCE-ID;RANGE=THISANDFUTURE:20260201T090000\n" CANCELLED },
        }, others[] = {
                { AT_NINE "EXRULE:FREQ=DAILY;UNTIL=20260301T090000\n", NULL },
                { AT_NINE "EXDATE:20260201T090000\n", "RECURRENCE-ID:20260202T090000\n" CANCELLED },
                { "DTSTART:20260201T090000\nRRULE:FREQ=DAILY;COUNT=2\nEXDATE:20260201T090000\n", NULL },
                { "DTSTART:20260201T090000\n", "RECURRENCE-ID:20260201T090000\nDTSTART:20260201T100000\n" },
                { "DTSTART:20260201T090000\nEXDATE:20260201T090000\n" CANCELLED, NULL },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = read_series(cases[i].master, cases[i].override);

                assert_int_equal(reading.r, 0);
                assert_problem(&reading.problems, SEVERITY_WARNING, 2, "Nothing of this is ever due");
                assert_int_equal(reading.problems.n_items, 1);
        }
        for (size_t i = 0; i < ELEMENTS(others); i++) {
                _cleanup_(reading_done) struct reading reading = read_series(others[i].master, others[i].override);

                assert_clean(&reading);
        }
}

/* Where the person's clock shows 09:00 when it is 09:00 in UTC, and nowhere else. */
static void what_is_taken_away_in_one_zone_only_is_not_called_never_due(void **state) {
        _cleanup_(reading_done) struct reading reading = {};

        (void) state;
        reading = read_series("DTSTART:20260201T090000\nEXDATE:20260201T090000Z\n", NULL);
        assert_int_equal(reading.r, 0);
        assert_problem(&reading.problems, SEVERITY_WARNING, 6, "only one has a zone");
        assert_int_equal(reading.problems.n_items, 1);
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
                /* An absolute alarm is one search more. */
                { LIMIT_FILE_EXRULES / 2 + 1, "RRULE:FREQ=DAILY\r\nEXRULE:FREQ=WEEKLY\r\nX-MOZ-SNOOZE-TIME:20260109T080000Z\r\n",
                  "EXRULEs" },
                { 20, "RRULE:FREQ=DAILY;COUNT=1000000\r\nX-MOZ-SNOOZE-TIME:20260108T080000Z\r\n", "too much" },
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

/* To look for each in vain would hold up the reader: after so many there is an end. */
static void no_more_is_looked_for_than_is_quick(void **state) {
        static const struct {
                unsigned n;
                size_t n_warnings;
        } cases[] = { { LIMIT_FILE_LOOKS / 2 - 1, 1 }, { LIMIT_FILE_LOOKS / 2, 0 }, { LIMIT_SCHEDULE_DATES - 1, 0 } };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = {};
                _cleanup_(free_p) char *text = NULL;
                size_t size;
                FILE *stream = open_memstream(&text, &size);

                assert_non_null(stream);
                fputs("RRULE:FREQ=DAILY\n", stream);
                for (unsigned n = 0; n < cases[i].n; n++)
                        fputs("EXDATE:20260106T080000\n", stream);
                fputs("EXDATE:20260107T070000\n", stream);
                assert_int_equal(fclose(stream), 0);

                reading = read_event(text);
                assert_int_equal(reading.r, 0);
                assert_int_equal(reading.problems.n_items, cases[i].n_warnings);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_dosed_cannot_follow_is_named),
                cmocka_unit_test(what_is_usual_gives_no_problem),
                cmocka_unit_test(everything_wrong_is_told_not_only_the_first),
                cmocka_unit_test(a_file_is_taken_whole_or_not_at_all),
                cmocka_unit_test(an_exception_in_utc_takes_nothing_from_days),
                cmocka_unit_test(what_names_no_dose_is_told),
                cmocka_unit_test(what_names_a_dose_in_whatever_form_is_good),
                cmocka_unit_test(what_names_no_dose_stands_alone),
                cmocka_unit_test(an_override_in_utc_of_days_does_not_count),
                cmocka_unit_test(a_schedule_of_which_all_is_taken_away_is_told),
                cmocka_unit_test(what_is_taken_away_in_one_zone_only_is_not_called_never_due),
                cmocka_unit_test(no_more_is_looked_for_than_is_quick),
                cmocka_unit_test(a_file_without_schedules_is_used_with_a_warning),
                cmocka_unit_test(a_file_that_costs_too_much_is_refused),
                cmocka_unit_test(a_day_without_a_time_has_no_times_within_it),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
