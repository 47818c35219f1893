/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single values of iCalendar, read strictly: what libical would wrap, round or drop is refused here. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "calendar/line.h"
#include "dosed/schedule.h"

/* A DATE or DATE-TIME before its zone is known. */
struct time_value {
        int64_t wall_sec;
        bool is_date, is_utc;
        uint32_t period; /* 1 and its index among the periods of the scan, where one begins here; else 0 */
};

/* How long a PERIOD is. */
struct period_value {
        bool has_end; /* on the clock of its start; else as long as the duration */
        int64_t end_wall_sec;
        struct duration span;
};

/* Each is true where the whole slice is such a value, and only then sets its output. */
bool lex_integer(struct slice text, int64_t min, int64_t max, int64_t *ret);
bool lex_time(struct slice text, struct time_value *ret);
bool lex_duration(struct slice text, struct duration *ret); /* RFC 5545 3.3.6, within LIMIT_DURATION_DAYS either way */
bool lex_period(struct slice text, struct time_value *ret_start, struct period_value *ret); /* 3.3.9 */
bool lex_offset(struct slice text, int32_t *ret_sec); /* 3.3.14 */

/*
 * Of a form that a zone's name has (IANA, Windows, or what Outlook makes up): never a way out of a folder, never
 * control characters, at most LIMIT_ZONE_NAME_BYTES.
 */
bool lex_is_zone_name(struct slice text);
