/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A schedule written as text, and a check of what is due by it and is found again under its name. */
#pragma once

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cmocka.h>

#include "calendar/rule.h"
#include "dosed/schedule.h"
#include "dosed/text.h"

static struct zones *zones;

static inline int set_up(void **state) {
        (void) state;
        return zones_new(NULL, &zones);
}

static inline int tear_down(void **state) {
        (void) state;
        zones_free(zones);
        return 0;
}

/* An override as text: its RECURRENCE-ID, "+" behind it for RANGE=THISANDFUTURE, and its start, or "-" for cancelled. */
struct override_text {
        const char *id, *start;
        int64_t sequence;
};

/*
 * A schedule as text. A time is "20260101T080000" (floating), with Z, a date, or with a zone before a colon; lists are
 * separated by spaces. `expect` lists the doses from `from` on: "ID" where it is due at that very time of the person's
 * clock, else "ID=DUE" with DUE in UTC. "..." at its end: more follow.
 */
struct schedule_text {
        const char *start, *rules, *exception_rules, *dates, *exceptions;
        struct override_text overrides[5];
        const char *from;
        const char *person_zone;
        const char *expect;
};

static inline const struct zone *zone_named(const char *name) {
        const struct zone *zone = NULL;

        if (zones_get(zones, name, &zone) != 0)
                fail_msg("no zone %s", name);
        return zone;
}

static inline struct stamp stamp_of(const char *text) {
        const char *colon = strchr(text, ':'), *time = colon ? colon + 1 : text;
        struct stamp stamp = {};
        bool is_utc;

        if (civil_parse(time, strlen(time), &stamp.wall_sec, &stamp.is_date, &is_utc) < 0)
                fail_msg("no time: %s", text);
        if (is_utc)
                stamp.kind = STAMP_UTC;
        if (colon) {
                _cleanup_(free_p) char *name = strndup(text, (size_t) (colon - text));

                stamp.kind = STAMP_ZONED;
                stamp.zone = zone_named(name);
        }
        return stamp;
}

static inline void add_dates(const char *text, struct stamp **ret, size_t *ret_n) {
        _cleanup_(free_p) char *copy = strdup(text ? text : "");

        for (char *rest = copy, *word; (word = strsep(&rest, " "));)
                if (*word) {
                        *ret = reallocarray(*ret, *ret_n + 1, sizeof(**ret));
                        assert_non_null(*ret);
                        (*ret)[(*ret_n)++] = stamp_of(word);
                }
}

static inline void add_rules(const char *text, struct rule ***ret, size_t *ret_n) {
        _cleanup_(free_p) char *copy = strdup(text ? text : "");

        for (char *rest = copy, *word; (word = strsep(&rest, " "));)
                if (*word) {
                        const char *reason = "";

                        *ret = reallocarray(*ret, *ret_n + 1, sizeof(**ret));
                        assert_non_null(*ret);
                        if (rule_parse(word, &(*ret)[*ret_n], &reason) != 0)
                                fail_msg("%s: %s", word, reason);
                        (*ret_n)++;
                }
}

static inline void add_override(struct schedule *schedule, const struct override_text *text) {
        _cleanup_(free_p) char *id = strdup(text->id);
        struct override override = {};

        if (id[strlen(id) - 1] == '+') {
                override.this_and_future = true;
                id[strlen(id) - 1] = '\0';
        }
        override.sequence = text->sequence;
        override.recurrence_id = stamp_of(id);
        override.cancelled = strcmp(text->start, "-") == 0;
        override.start = override.cancelled ? override.recurrence_id : stamp_of(text->start);
        assert_int_equal(text_copy("changed", &override.details.summary), 0);

        schedule->overrides = reallocarray(schedule->overrides, schedule->n_overrides + 1, sizeof(override));
        assert_non_null(schedule->overrides);
        schedule->overrides[schedule->n_overrides++] = override;
}

static inline struct schedule *schedule_of(const struct schedule_text *text) {
        struct schedule *schedule = calloc(1, sizeof(*schedule));

        assert_non_null(schedule);
        assert_int_equal(text_copy("plain", &schedule->details.summary), 0);
        if (text->start) {
                schedule->has_master = true;
                schedule->start = stamp_of(text->start);
        }
        add_rules(text->rules, &schedule->rules, &schedule->n_rules);
        add_rules(text->exception_rules, &schedule->exception_rules, &schedule->n_exception_rules);
        add_dates(text->dates, &schedule->extra_dates, &schedule->n_extra_dates);
        add_dates(text->exceptions, &schedule->exception_dates, &schedule->n_exception_dates);
        for (size_t i = 0; i < ELEMENTS(text->overrides) && text->overrides[i].id; i++)
                add_override(schedule, &text->overrides[i]);
        assert_int_equal(schedule_finish(schedule), 0);
        return schedule;
}

static inline struct wall_clock clock_of(const char *zone) {
        return (struct wall_clock){ .zone = zone_named(zone ? zone : "Europe/Berlin"), .all_day_sec = 8 * 3600 };
}

/* "ID" or "ID=DUE", as in struct schedule_text. */
static inline void describe(const struct occurrence *occurrence, const struct wall_clock *clock, char *text,
                            size_t size) {
        char id[CIVIL_TEXT_SIZE], due[CIVIL_TEXT_SIZE];
        usec_t plain_usec;

        occurrence_format_id(occurrence, id);
        plain_usec = stamp_to_usec(&occurrence->recurrence_id, clock, NULL);
        civil_format(due, occurrence->due_usec / USEC_PER_SEC, false, true);
        if (plain_usec == occurrence->due_usec && occurrence->fit == ZONE_FIT_EXACT)
                (void) snprintf(text, size, "%s", id);
        else
                (void) snprintf(text, size, "%s=%s", id, due);
}

static inline void check_found_again(const struct schedule *schedule, const struct wall_clock *clock,
                                     const struct occurrence *occurrence) {
        char id[CIVIL_TEXT_SIZE];
        struct occurrence found;

        occurrence_format_id(occurrence, id);
        if (schedule_find(schedule, clock, id, &found) != 0)
                fail_msg("%s is not found again", id);
        assert_int_equal(found.due_usec, occurrence->due_usec);
        assert_int_equal(found.end_usec, occurrence->end_usec);
        assert_ptr_equal(found.details, occurrence->details);
}

static inline void check(const struct schedule_text *text) {
        _cleanup_(schedule_free_p) struct schedule *schedule = schedule_of(text);
        _cleanup_(free_p) char *expect = strdup(text->expect);
        struct wall_clock clock = clock_of(text->person_zone);
        usec_t from_usec = INT64_MIN;
        struct occurrence occurrence;
        char *rest = expect, got[64];

        if (text->from) {
                struct stamp from = stamp_of(text->from);

                from_usec = stamp_to_usec(&from, &clock, NULL);
        }

        for (char *word; (word = strsep(&rest, " "));) {
                if (strcmp(word, "...") == 0)
                        return;
                if (*word == '\0')
                        continue;
                if (schedule_next(schedule, &clock, from_usec, &occurrence) != 0)
                        fail_msg("%s %s: ends before %s", text->start, text->rules, word);
                describe(&occurrence, &clock, got, sizeof(got));
                if (strcmp(got, word) != 0)
                        fail_msg("%s %s: %s instead of %s", text->start, text->rules, got, word);
                check_found_again(schedule, &clock, &occurrence);
                from_usec = occurrence.due_usec + 1;
        }
        if (schedule_next(schedule, &clock, from_usec, &occurrence) == 0) {
                describe(&occurrence, &clock, got, sizeof(got));
                fail_msg("%s %s: goes on with %s", text->start, text->rules, got);
        }
}

#define CHECK(...) check(&(const struct schedule_text){ __VA_ARGS__ })
