/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which dose rings when another client put an alarm off: the one whose alarm that was, where the file says it. */
#include <stdio.h>

#include "reading.h"

/* The ids of the doses from 1 January to 1 March 2026 that ring then. No dose may ring earlier than is looked ahead. */
static void find_ringing(const struct schedule *schedule, const char *at, char *text, size_t size) {
        struct wall_clock clock = { .all_day_sec = 8 * 3600 };
        struct occurrence occurrence;
        usec_t due_usec = INT64_C(1767225600) * USEC_PER_SEC, end_usec = due_usec + 59 * USEC_PER_DAY;

        *text = '\0';
        assert_int_equal(zones_get(zones, "Europe/Berlin", &clock.zone), 0);
        for (; schedule_next(schedule, &clock, due_usec, &occurrence) == 0 && occurrence.due_usec < end_usec;
             due_usec = occurrence.due_usec + 1) {
                _cleanup_(free_p) usec_t *alarms = NULL;
                char id[CIVIL_TEXT_SIZE], rings[CIVIL_TEXT_SIZE];
                size_t n;

                assert_int_equal(occurrence_alarms(&occurrence, &clock, &alarms, &n), 0);
                for (size_t i = 0; i < n; i++) {
                        assert_true(alarms[i] >= occurrence.due_usec - schedule_alarm_lead(schedule, &clock));
                        (void) civil_format(rings, alarms[i] / USEC_PER_SEC, false, true);
                        if (strcmp(rings, at) == 0)
                                (void) snprintf(text + strlen(text), size - strlen(text), "%s%s", *text ? " " : "",
                                                occurrence_format_id(&occurrence, id));
                }
        }
}

static void assert_rings(const char *bytes, const char *at, const char *expected) {
        _cleanup_(reading_done) struct reading reading = read_lines(bytes);
        char text[400];

        assert_clean(&reading);
        find_ringing(reading.calendar->schedules[0], at, text, sizeof(text));
        if (strcmp(text, expected) != 0)
                fail_msg("%s\nat %s rings %s instead of %s", bytes, at, text, expected);
}

#define EVENT(lines) "BEGIN:VEVENT\nUID:a\nSUMMARY:Drops\n" lines "END:VEVENT\n"
#define HOURLY "DTSTART:20260105T000000Z\nRRULE:FREQ=HOURLY\n"
#define ALARM(trigger, lines) "BEGIN:VALARM\nUID:al\nACTION:DISPLAY\nTRIGGER" trigger "\n" lines "END:VALARM\n"
#define SNOOZE(at) \
        "BEGIN:VALARM\nUID:sn\nACTION:DISPLAY\nTRIGGER;VALUE=DATE-TIME:" at "\nRELATED-TO;RELTYPE=SNOOZE:al\nEND:VALARM\n"

/* RFC 9074, 7: of the alarm that was put off the last one that had rung when it was acknowledged. */
static void an_alarm_put_off_rings_for_the_dose_whose_alarm_it_was(void **state) {
        static const struct {
                const char *lines, *at, *rings;
        } cases[] = {
                { HOURLY ALARM(":-PT90M", "ACKNOWLEDGED:20260105T083500Z\n") SNOOZE("20260105T091000Z"),
                  "20260105T091000Z", "20260105T100000Z" },
                { HOURLY SNOOZE("20260105T071000Z") ALARM(":-PT3H", "ACKNOWLEDGED:20260105T070100Z\n"),
                  "20260105T071000Z", "20260105T100000Z" },
                { HOURLY ALARM(";RELATED=END:PT40M", "ACKNOWLEDGED:20260105T084500Z\n") SNOOZE("20260105T085500Z"),
                  "20260105T085500Z", "20260105T080000Z" },
                /* Of a day, which begins at its midnight, and is due at 08:00. */
                { "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY\n" ALARM(":-PT36H", "ACKNOWLEDGED:20260106T110500Z\n")
                          SNOOZE("20260106T120000Z"), "20260106T120000Z", "20260108" },
                /* An alarm at an instant has one dose, and its snooze the same. */
                { "DTSTART:20260105T080000Z\nRRULE:FREQ=WEEKLY\n"
                  ALARM(";VALUE=DATE-TIME:20260108T080000Z", "ACKNOWLEDGED:20260108T080500Z\n") SNOOZE("20260109T080000Z"),
                  "20260109T080000Z", "20260105T080000Z" },
                /* Where nothing says whose it was it is the nearest dose's. */
                { HOURLY ALARM(":-PT90M", "") SNOOZE("20260105T091000Z"), "20260105T091000Z", "20260105T090000Z" },
                { HOURLY ALARM(":-PT90M", "ACKNOWLEDGED:20260105T093500Z\n") SNOOZE("20260105T091000Z"),
                  "20260105T091000Z", "20260105T090000Z" },
                { HOURLY SNOOZE("20260105T091000Z"), "20260105T091000Z", "20260105T090000Z" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(free_p) char *event = NULL;

                assert_int_equal(text_format(&event, EVENT("%s"), cases[i].lines), 0);
                assert_rings(event, cases[i].at, cases[i].rings);
        }
}

/* Programs copy the alarms of the master, and their snoozes, into each override. */
static void a_copy_of_what_was_put_off_does_not_ring_for_another_dose(void **state) {
        (void) state;
        assert_rings(EVENT(HOURLY ALARM(":-PT90M", "ACKNOWLEDGED:20260105T083500Z\n") SNOOZE("20260105T091000Z"))
                     EVENT("RECURRENCE-ID:20260105T070000Z\nDTSTART:20260105T073000Z\n"
                           ALARM(":-PT90M", "ACKNOWLEDGED:20260105T083500Z\n") SNOOZE("20260105T091000Z")),
                     "20260105T091000Z", "20260105T100000Z");
}

/* Thunderbird writes behind X-MOZ-SNOOZE-TIME when the dose starts, in microseconds: of a floating time as if it were UTC. */
static void thunderbird_names_the_dose_that_it_put_off(void **state) {
        static const struct {
                const char *lines, *at, *rings;
        } cases[] = {
                { HOURLY "X-MOZ-SNOOZE-TIME-1767607200000000:20260105T081000Z\n", "20260105T081000Z", "20260105T100000Z" },
                { "DTSTART:20260105T000000\nRRULE:FREQ=HOURLY\nX-MOZ-SNOOZE-TIME-1767607200000000:20260105T071000Z\n",
                  "20260105T071000Z", "20260105T100000" },
                { "DTSTART;TZID=Europe/Berlin:20260105T000000\nRRULE:FREQ=HOURLY\n"
                  "X-MOZ-SNOOZE-TIME-1767607200000000:20260105T071000Z\n", "20260105T071000Z", "20260105T110000" },
                { "DTSTART;VALUE=DATE:20260105\nRRULE:FREQ=DAILY\nX-MOZ-SNOOZE-TIME-1767657600000000:20260105T071000Z\n",
                  "20260105T071000Z", "20260106" },
                { HOURLY "X-MOZ-SNOOZE-TIME-1767607260000000:20260105T081000Z\n", "20260105T081000Z", "20260105T080000Z" },
                { HOURLY "X-MOZ-SNOOZE-TIME-SOON:20260105T081000Z\n", "20260105T081000Z", "20260105T080000Z" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                _cleanup_(free_p) char *event = NULL;

                assert_int_equal(text_format(&event, EVENT("%s"), cases[i].lines), 0);
                assert_rings(event, cases[i].at, cases[i].rings);
        }
}

/* It writes that into the series, also where the dose has an entry of its own. */
static void thunderbird_names_a_dose_that_was_changed_alone(void **state) {
        static const char moved[] = EVENT(HOURLY "X-MOZ-SNOOZE-TIME-1767607200000000:20260105T101000Z\n")
                EVENT("RECURRENCE-ID:20260105T100000Z\nDTSTART:20260105T133000Z\n");

        (void) state;
        assert_rings(moved, "20260105T101000Z", "20260105T100000Z");
        assert_rings(EVENT(HOURLY "X-MOZ-SNOOZE-TIME-1767607200000000:20260105T101000Z\n")
                     EVENT("RECURRENCE-ID:20260105T110000Z\nDTSTART:20260105T113000Z\n"),
                     "20260105T101000Z", "20260105T100000Z");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(an_alarm_put_off_rings_for_the_dose_whose_alarm_it_was),
                cmocka_unit_test(a_copy_of_what_was_put_off_does_not_ring_for_another_dose),
                cmocka_unit_test(thunderbird_names_the_dose_that_it_put_off),
                cmocka_unit_test(thunderbird_names_a_dose_that_was_changed_alone),
        };

        return cmocka_run_group_tests_name("snooze", tests, setup, teardown);
}
