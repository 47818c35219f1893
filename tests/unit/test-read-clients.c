/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What calendar programs export is read as they mean it, and what they note for themselves changes no plan. */
#include "dosed/folder.h"
#include "reading.h"

#define PLANS "tests/data/plan"

static struct reading read_plan(const char *name) {
        _cleanup_(free_p) char *bytes = NULL;
        struct problems problems = {};
        struct file_mark mark;
        size_t size;

        assert_int_equal(folder_read(PLANS, name, &bytes, &size, &mark, &problems), 0);
        return read_bytes(bytes, size);
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

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(thunderbird_exports_are_read_with_their_overrides),
                cmocka_unit_test(gnome_exports_keep_their_zone_behind_the_vendor_prefix),
                cmocka_unit_test(nextcloud_exports_end_at_their_until),
                cmocka_unit_test(google_exports_have_whole_days_without_a_span),
                cmocka_unit_test(outlook_exports_use_their_own_zone_where_nobody_knows_it),
                cmocka_unit_test(snoozes_and_acknowledgements_of_other_clients_are_read_and_change_no_plan),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
