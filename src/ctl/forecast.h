/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doses of several plan files in order of time, without daemon and ledger. */
#pragma once

#include "dosed/calendar.h"
#include "dosed/heap.h"
#include "dosed/schedule.h"

/* One schedule, at its next occurrence. */
struct forecast_item {
        struct heap_node node;
        const struct schedule *schedule;
        struct occurrence next;
        size_t medication; /* equal for schedules of one medication */
};

struct forecast {
        struct wall_clock clock;
        struct heap heap;
        struct forecast_item *items; /* schedules of one medication side by side */
        size_t n_items;
};

struct forecast_dose {
        struct occurrence occurrence;
        usec_t window_end_usec;
        int64_t wall_sec; /* as its calendar says it: in its own zone, or in the person's */
        const struct zone *zone;
        int64_t asked_wall_sec; /* for when it was asked: where that time does not exist, it is due at another */
};

enum forecast_outcome {
        FORECAST_END = 1,
};

/* Starts at `from_usec`. The calendars must outlive it. Returns 0 or a negative errno. */
int forecast_init(struct forecast *forecast, struct calendar *const *calendars, size_t n_calendars,
                  const struct wall_clock *clock, usec_t from_usec);
void forecast_done(struct forecast *forecast);

/* The next dose before `until_usec`. Returns 0, FORECAST_END or a negative errno. */
int forecast_next(struct forecast *forecast, usec_t until_usec, struct forecast_dose *ret);
