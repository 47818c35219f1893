/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quiet hours: a span of the day in which nobody is disturbed, by a wall clock. Pure. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/zone.h"

/* Seconds of the day; the end is not part of it. Equal: no quiet hours. They may go over midnight. */
struct quiet_hours {
        int32_t from_sec, until_sec;
};

bool quiet_holds(const struct quiet_hours *quiet, const struct zone *zone, usec_t at_usec);

/* `at_usec` where it is not quiet then, else the end of the quiet hours. */
usec_t quiet_end(const struct quiet_hours *quiet, const struct zone *zone, usec_t at_usec);

/* The first instant at which it is that time of the day, later than `after_usec`. */
usec_t next_time_of_day(const struct zone *zone, int32_t sec, usec_t after_usec);
