/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan files become schedules: what each line says, which of several entries counts, and what makes it another plan. */
#include "dosed/limits.h"
#include "reading.h"

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

/* What the window is lengthened by, and whether RELATED=END means the end of the day. */
static void a_day_without_a_time_lasts_a_day_unless_it_is_a_task_without_an_end(void **state) {
        static const struct {
                const char *component, *lines;
                int32_t days;
                bool is_one_day;
        } cases[] = {
                { "VEVENT", "DTSTART;VALUE=DATE:20260310\n", 0, true },
                { "VEVENT", "DTSTART;VALUE=DATE:20260310\nDTEND;VALUE=DATE:20260310\n", 0, true },
                { "VEVENT", "DTSTART;VALUE=DATE:20260310\nDTEND;VALUE=DATE:20260311\n", 0, true },
                { "VEVENT", "DTSTART;VALUE=DATE:20260310\nDTEND;VALUE=DATE:20260312\n", 2, false },
                { "VEVENT", "DTSTART;VALUE=DATE:20260310\nDURATION:P1D\n", 0, true },
                { "VEVENT", "DTSTART;VALUE=DATE:20260310\nDURATION:P1W\n", 7, false },
                { "VEVENT", "DTSTART:20260310T080000\n", 0, false },
                { "VEVENT", "DTSTART:20260310T080000\nDURATION:P1D\n", 1, false },
                { "VTODO", "DTSTART;VALUE=DATE:20260310\n", 0, false },
                { "VTODO", "DTSTART;VALUE=DATE:20260310\nDUE;VALUE=DATE:20260310\n", 0, false },
                { "VTODO", "DTSTART;VALUE=DATE:20260310\nDUE;VALUE=DATE:20260311\n", 0, true },
                { "VTODO", "DTSTART;VALUE=DATE:20260310\nDURATION:P1D\n", 0, true },
                { "VTODO", "DUE;VALUE=DATE:20260310\n", 0, false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(reading_done) struct reading reading = {};
                _cleanup_(free_p) char *lines = NULL;
                const struct details *details;

                assert_int_equal(text_format(&lines, "BEGIN:%s\nUID:a\nSUMMARY:A\n%sEND:%s\n", cases[i].component,
                                             cases[i].lines, cases[i].component), 0);
                reading = read_lines(lines);
                assert_clean(&reading);
                details = &find(&reading, "A")->details;
                if (details->span.days != cases[i].days || details->is_one_day != cases[i].is_one_day)
                        fail_msg("%s: %d days", lines, details->span.days);
                assert_int_equal(details->span.sec, 0);
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

static struct reading read_in_own_zone(const char *name, const char *offset) {
        _cleanup_(free_p) char *text = NULL;

        assert_int_equal(text_format(&text, "X-WR-TIMEZONE:%s\nBEGIN:VTIMEZONE\nTZID:Home\nBEGIN:STANDARD\n"
                                     "DTSTART:19700101T000000\nTZOFFSETFROM:%s\nTZOFFSETTO:%s\nEND:STANDARD\nEND:VTIMEZONE\n"
                                     "BEGIN:VEVENT\nUID:a\nSUMMARY:floating\nDTSTART:20260701T080000\nRRULE:FREQ=DAILY\n"
                                     "EXDATE;TZID=Home:20260702T080000\nEND:VEVENT\n", name, offset, offset), 0);
        return read_lines(text);
}

static void the_zone_of_a_file_may_be_one_that_it_defines(void **state) {
        _cleanup_(reading_done) struct reading home = read_in_own_zone("Home", "+0330"), moved = read_in_own_zone("Home", "+0400");
        _cleanup_(reading_done) struct reading unknown = read_in_own_zone("Homer", "+0330");
        _cleanup_(reading_done) struct reading unusable = read_in_own_zone("Home", "+3");
        const struct schedule *floating;

        (void) state;
        assert_clean(&home);
        floating = find(&home, "floating");
        assert_string_equal(zone_name(floating->start.zone), "Home");
        /* A TZID of that name means the same zone. */
        assert_ptr_equal(floating->exception_dates[0].zone, floating->start.zone);
        assert_due(floating, "Europe/Berlin", "20260701T000000Z", "20260701T043000Z 20260703T043000Z");

        /* What it says is part of the plan. */
        assert_clean(&moved);
        assert_due(find(&moved, "floating"), "Europe/Berlin", "20260701T000000Z", "20260701T040000Z");
        assert_true(find(&moved, "floating")->digest != floating->digest);

        assert_problem(&unknown.problems, SEVERITY_WARNING, 2, "X-WR-TIMEZONE is not known: times");
        assert_int_equal(find(&unknown, "floating")->start.kind, STAMP_FLOATING);
        assert_problem(&unusable.problems, SEVERITY_WARNING, 7, "VTIMEZONE cannot be followed");
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
                cmocka_unit_test(every_property_that_a_schedule_has_a_place_for_is_read),
                cmocka_unit_test(a_task_ends_when_completed_unless_it_recurs),
                cmocka_unit_test(a_day_without_a_time_lasts_a_day_unless_it_is_a_task_without_an_end),
                cmocka_unit_test(the_newest_of_equal_uids_counts),
                cmocka_unit_test(the_newest_override_of_a_dose_counts_however_it_is_written),
                cmocka_unit_test(overrides_without_their_master_stand_alone),
                cmocka_unit_test(the_digest_changes_with_the_meaning_only),
                cmocka_unit_test(texts_are_cleaned_and_cut),
                cmocka_unit_test(line_ends_and_a_byte_order_mark_do_not_matter),
                cmocka_unit_test(the_zone_of_a_file_counts_for_times_without_one),
                cmocka_unit_test(the_zone_of_a_file_may_be_one_that_it_defines),
                cmocka_unit_test(what_is_confidential_is_found_in_any_bytes),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
