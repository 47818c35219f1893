/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One RRULE or EXRULE as a compact value (RFC 5545 3.3.10), read strictly from its raw text. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/civil.h"
#include "dosed/error.h"

enum frequency { FREQUENCY_MINUTELY, FREQUENCY_HOURLY, FREQUENCY_DAILY, FREQUENCY_WEEKLY, FREQUENCY_MONTHLY,
                 FREQUENCY_YEARLY, _FREQUENCY_MAX };

#define RULE_POSITIONS 366
#define RULE_WORDS (RULE_POSITIONS / 64 + 1)

/* A set of positions counted from the beginning (1 ...) or from the end (-1 ...). */
struct positions {
        uint64_t forward[RULE_WORDS], backward[RULE_WORDS];
};

/* What few rules have. */
struct rule_positions {
        struct positions year_days; /* BYYEARDAY */
        struct positions set;       /* BYSETPOS */
        /* BYWEEKNO and the ordinals of BYDAY: bit n is n */
        uint64_t weeks_forward, weeks_backward;
        uint64_t weekdays_forward[_WEEKDAY_MAX], weekdays_backward[_WEEKDAY_MAX];
        bool has_year_days, has_set, has_weeks, has_weekdays;
};

/* Empty sets mean that the rule does not have that part. Bit n of a set is the value n. */
struct rule {
        enum frequency frequency;
        uint32_t interval;
        uint32_t count; /* 0: no COUNT */
        enum weekday week_start;

        bool has_until, until_is_date, until_is_utc;
        int64_t until_wall_sec;

        uint64_t seconds, minutes;
        uint32_t hours;
        uint32_t month_days_forward, month_days_backward;
        uint16_t months;
        uint8_t weekdays; /* BYDAY without ordinals; bit per enum weekday */

        struct rule_positions *positions; /* NULL for most rules */

        /* rule_end() sets these. The last wall-clock time that COUNT allows, one before the start if none; INT64_MAX: no end. */
        int64_t last_wall_sec;
        bool has_last;
        bool is_never_due; /* no time is as it says */
};

struct rule *rule_free(struct rule *rule);
DEFINE_CLEANUP(struct rule *, rule_free);

enum rule_outcome {
        RULE_INVALID = 1, /* not a rule, or one that dosed refuses; *ret_reason says why, and what to do */
};

/*
 * Reads the value of an RRULE or EXRULE property. `ret_reason` is set where RULE_INVALID is returned: a constant
 * sentence without its final stop. Returns 0, RULE_INVALID or -ENOMEM.
 */
int rule_parse(const char *text, struct rule **ret, const char **ret_reason);

/* FREQ is HOURLY or MINUTELY: such a rule gives nothing where DTSTART is a DATE. */
bool rule_is_below_a_day(const struct rule *rule);

/* The interval alone is longer than LIMIT_RULE_INTERVAL_YEARS: nobody sees it come twice. */
bool rule_is_beyond_a_life(const struct rule *rule);

/* Several occurrences may fall into one minute (BYSECOND with several values). */
bool rule_is_below_a_minute(const struct rule *rule);
