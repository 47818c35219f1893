/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Doses that an RDATE of type PERIOD makes as long as they are: tests/data/periods.jsonl, with the RFC's sentence of each. */
#include <jansson.h>

#include "reading.h"

static const char *text_of(json_t *record, const char *key) {
        return json_string_value(json_object_get(record, key));
}

static struct reading read_record(json_t *record) {
        _cleanup_(free_p) char *lines = NULL;
        _cleanup_(fclose_p) FILE *stream = NULL;
        size_t i, size;
        json_t *line;

        stream = open_memstream(&lines, &size);
        assert_non_null(stream);
        (void) fprintf(stream, "BEGIN:VEVENT\nUID:a\nSUMMARY:A\n");
        json_array_foreach(json_object_get(record, "lines"), i, line)
                (void) fprintf(stream, "%s\n", json_string_value(line));
        (void) fprintf(stream, "END:VEVENT\n");
        assert_int_equal(fflush(stream), 0);
        return read_lines(lines);
}

/* A dose rings all its alarms, and the engine looks that far ahead. */
static bool alarms_agree(const struct occurrence *occurrence, const struct wall_clock *clock, json_t *expect) {
        _cleanup_(free_p) usec_t *alarms_usec = NULL;
        char text[CIVIL_TEXT_SIZE];
        size_t n;

        assert_int_equal(occurrence_alarms(occurrence, clock, &alarms_usec, &n), 0);
        if (!expect)
                return n == 0;
        return n == 1 && alarms_usec[0] >= occurrence->due_usec - schedule_alarm_lead(occurrence->schedule, clock) &&
               strcmp(civil_format(text, alarms_usec[0] / USEC_PER_SEC, false, true), json_string_value(expect)) == 0;
}

static bool occurrence_agrees(const struct occurrence *occurrence, json_t *expect) {
        char due[CIVIL_TEXT_SIZE], end[CIVIL_TEXT_SIZE], text[2 * CIVIL_TEXT_SIZE];

        (void) snprintf(text, sizeof(text), "%s/%s", civil_format(due, occurrence->due_usec / USEC_PER_SEC, false, true),
                        civil_format(end, occurrence->end_usec / USEC_PER_SEC, false, true));
        if (strcmp(text, json_string_value(expect)) == 0)
                return true;
        print_message("%s instead of %s\n", text, json_string_value(expect));
        return false;
}

static bool schedule_agrees(const struct schedule *schedule, const struct wall_clock *clock, json_t *record) {
        json_t *expect, *alarms = json_object_get(record, "alarms");
        usec_t from_usec = INT64_MIN;
        struct occurrence occurrence;
        size_t i;

        json_array_foreach(json_object_get(record, "expect"), i, expect) {
                struct occurrence found;
                char id[CIVIL_TEXT_SIZE];

                if (schedule_next(schedule, clock, from_usec, &occurrence) != 0 || !occurrence_agrees(&occurrence, expect) ||
                    !alarms_agree(&occurrence, clock, json_array_get(alarms, i)))
                        return false;
                assert_int_equal(schedule_find(schedule, clock, occurrence_format_id(&occurrence, id), &found), 0);
                if (!occurrence_agrees(&found, expect))
                        return false;
                from_usec = occurrence.due_usec + 1;
        }
        return schedule_next(schedule, clock, from_usec, &occurrence) == SCHEDULE_NO_OCCURRENCE;
}

static void check_record(json_t *record, const struct wall_clock *clock) {
        _cleanup_(reading_done) struct reading reading = read_record(record);
        unsigned line = (unsigned) json_integer_value(json_object_get(record, "line"));

        if (line > 0) {
                assert_int_equal(reading.r, CALENDAR_UNUSABLE);
                assert_problem(&reading.problems, SEVERITY_ERROR, line, text_of(record, "expect"));
        } else {
                assert_int_equal(reading.r, 0);
                if (!schedule_agrees(reading.calendar->schedules[0], clock, record))
                        fail_msg("%s: %s", text_of(record, "id"), text_of(record, "note"));
        }
}

static void a_period_has_a_length_of_its_own(void **state) {
        struct wall_clock clock = { .all_day_sec = 8 * 3600 };
        _cleanup_(free_p) char *line = NULL;
        _cleanup_(fclose_p) FILE *file = fopen("tests/data/periods.jsonl", "re");
        size_t allocated = 0, n = 0;

        (void) state;
        assert_non_null(file);
        assert_int_equal(zones_get(zones, "Europe/Berlin", &clock.zone), 0);
        for (; getline(&line, &allocated, file) > 0; n++) {
                json_t *record = json_loads(line, 0, NULL);

                assert_non_null(record);
                check_record(record, &clock);
                json_decref(record);
        }
        assert_true(n > 20);
}

/* As many as one schedule may have: each is looked up among the others, not walked to. */
static void many_periods_cost_no_more_than_they_are(void **state) {
        _cleanup_(free_p) char *lines = NULL;
        _cleanup_(fclose_p) FILE *stream = NULL;
        _cleanup_(reading_done) struct reading reading = {};
        struct wall_clock clock = { .zone = zone_utc() };
        usec_t from_usec = INT64_MIN;
        struct occurrence occurrence;
        size_t n = 0, size;

        (void) state;
        stream = open_memstream(&lines, &size);
        assert_non_null(stream);
        for (int i = 0; i < 20000; i++) {
                char text[CIVIL_TEXT_SIZE];

                (void) fprintf(stream, "RDATE;VALUE=PERIOD:%s/PT%dM\n",
                               civil_format(text, civil_day(2026, 2, 1) * (int64_t) SEC_PER_DAY + i * 3600, false, false),
                               i % 50 + 1);
        }
        assert_int_equal(fflush(stream), 0);
        reading = read_event(lines);
        assert_clean(&reading);
        for (; schedule_next(reading.calendar->schedules[0], &clock, from_usec, &occurrence) == 0; n++) {
                if (n > 0)
                        assert_int_equal(occurrence.end_usec - occurrence.due_usec, ((n - 1) % 50 + 1) * USEC_PER_MINUTE);
                from_usec = occurrence.due_usec + 1;
        }
        assert_int_equal(n, 20001);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_period_has_a_length_of_its_own),
                cmocka_unit_test(many_periods_cost_no_more_than_they_are),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
