/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan file, some lines or one event as calendar_read() takes them, and what came of it: a calendar and problems. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#include <cmocka.h>

#include "dosed/calendar.h"
#include "dosed/text.h"

static struct zones *zones;

static inline int setup(void **state) {
        (void) state;
        return zones_new(NULL, &zones);
}

static inline int teardown(void **state) {
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

static inline struct reading read_bytes(const char *bytes, size_t size) {
        struct reading reading = {};

        reading.r = calendar_read("test.ics", bytes, size, zones, &reading.calendar, &reading.problems);
        return reading;
}

/* A VCALENDAR around the lines, which end in line feeds. */
static inline struct reading read_lines(const char *lines) {
        _cleanup_(free_p) char *text = NULL;

        assert_int_equal(text_format(&text, "BEGIN:VCALENDAR\n%sEND:VCALENDAR\n", lines), 0);
        return read_bytes(text, strlen(text));
}

/* A daily VEVENT with further lines; they begin on line 6. */
static inline struct reading read_event(const char *lines) {
        _cleanup_(free_p) char *text = NULL;

        assert_int_equal(text_format(&text, "BEGIN:VEVENT\nUID:a\nSUMMARY:Lisinopril 10 mg\nDTSTART:20260105T080000\n%s"
                                     "END:VEVENT\n", lines), 0);
        return read_lines(text);
}

static inline void reading_done(struct reading *reading) {
        calendar_free(reading->calendar);
        problems_done(&reading->problems);
}

static inline void print_problems(const struct problems *problems) {
        for (size_t i = 0; i < problems->n_items; i++)
                print_message("%s:%u: %s: %s\n", problems->items[i].file, problems->items[i].line,
                              severity_to_string(problems->items[i].severity), problems->items[i].text);
}

static inline void assert_problem(const struct problems *problems, enum severity severity, unsigned line,
                                  const char *part) {
        for (size_t i = 0; i < problems->n_items; i++)
                if (problems->items[i].severity == severity && problems->items[i].line == line &&
                    strstr(problems->items[i].text, part))
                        return;
        print_problems(problems);
        fail_msg("no %s on line %u with \"%s\"", severity_to_string(severity), line, part);
}

static inline void assert_clean(const struct reading *reading) {
        if (reading->r != 0 || reading->problems.n_items > 0)
                print_problems(&reading->problems);
        assert_int_equal(reading->r, 0);
        assert_int_equal(reading->problems.n_items, 0);
}

static inline const struct schedule *find(const struct reading *reading, const char *summary) {
        const struct calendar *calendar = reading->calendar;
        size_t i = 0;

        while (i < calendar->n_schedules && strcmp(calendar->schedules[i]->details.summary, summary) != 0)
                i++;
        if (i == calendar->n_schedules)
                fail_msg("no schedule \"%s\"", summary);
        return calendar->schedules[i];
}

/* The first times due at or after that UTC time, as UTC texts with blanks between them. */
static inline void assert_due(const struct schedule *schedule, const char *zone_text, const char *from,
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

static inline uint64_t digest_of(const char *lines) {
        _cleanup_(reading_done) struct reading reading = read_event(lines);

        assert_int_equal(reading.r, 0);
        return reading.calendar->schedules[0]->digest;
}
