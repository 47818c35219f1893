/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How long an occurrence lasts. */
#pragma once

#include "dosed/schedule.h"

/* By their starts; of several that start at once the longest is kept. */
void periods_sort(struct period *periods, size_t *n_periods);

/*
 * As the override says that speaks of it, else its PERIOD, else the schedule. RFC 5545 5: a PERIOD counts also where a rule gives
 * the same occurrence.
 */
struct duration occurrence_span(const struct occurrence *occurrence, usec_t original_usec, const struct wall_clock *clock);

/* The least that one has of which no override speaks. */
struct duration schedule_shortest_span(const struct schedule *schedule);
