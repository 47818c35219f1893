/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The wall-clock times of one rule in ascending order: civil arithmetic, in no zone. Jumps, never walks to a start. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "calendar/rule.h"

/* What a year must be known by to test its days. */
struct expand_year {
        int year;
        int32_t first_day, n_days;
        int32_t first_week_day;      /* of week 1 (RFC 5545 3.3.10, BYWEEKNO): may lie in the year before */
        int32_t next_first_week_day; /* of week 1 of the next year */
};

/* A rule being expanded: on the stack, no allocation. The rule must outlive it. */
struct expansion {
        const struct rule *rule;
        int64_t start_wall_sec, last_wall_sec;

        /* The rule's parts, with those that DTSTART fills in where the rule is silent. */
        uint16_t months;
        uint8_t weekdays;
        uint32_t month_days_forward, month_days_backward;
        uint8_t hours[24], minutes[60], seconds[60];
        size_t n_hours, n_minutes, n_seconds;
        uint32_t hour_set;
        uint64_t minute_set;

        int64_t start_period;
        bool impossible; /* no time can ever match */
        struct expand_year year; /* the last one that was looked at */

        /* The period that is loaded: its days that match, and where in its set the cursor stands. */
        int64_t period, loaded_from; /* nothing in the periods between them */
        int32_t days[53 * 7];        /* the longest: a year of 53 whole weeks */
        size_t n_days;
        size_t position, n_positions;
        bool sought; /* a period is loaded */
        bool ended;

        uint64_t work; /* days, units and positions looked at so far: what it costs */
};

/*
 * `rule` as DTSTART at that wall-clock time fills it in. Where DTSTART is a DATE, BYHOUR, BYMINUTE and BYSECOND are
 * ignored (RFC 5545 3.3.10), and HOURLY and MINUTELY give nothing.
 */
void expansion_init(struct expansion *expansion, const struct rule *rule, int64_t start_wall_sec, bool is_date);

/* No time later than this is given. */
void expansion_limit(struct expansion *expansion, int64_t last_wall_sec);

/* The next time given is the first one at `wall_sec` or later (never before DTSTART). */
void expansion_seek(struct expansion *expansion, int64_t wall_sec);

/* False where there are no more up to LIMIT_RULE_YEAR; else the next time. Does not give DTSTART unless it matches. */
bool expansion_next(struct expansion *expansion, int64_t *ret_wall_sec);

/*
 * The wall-clock time of the count-th time from the start. Returns false where there are fewer, or where finding it takes
 * more work than LIMIT_FILE_WORK. Sets are counted as a whole, so that a million times cost milliseconds.
 */
bool expansion_find_nth(struct expansion *expansion, uint32_t count, int64_t *ret_wall_sec);
