/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of a schedule in words, written to a stream. */
#pragma once

#include <stdio.h>

#include "calendar/rule.h"
#include "dosed/schedule.h"

/* "every 2 weeks on Monday and Friday at 08:00, 10 times" */
void describe_rule(FILE *stream, const struct rule *rule, const struct stamp *start, const struct wall_clock *clock);

/* "; changed from 1 February 2026 on: at 21:00; with 1 changed dose" */
void describe_overrides(FILE *stream, const struct schedule *schedule, const struct wall_clock *clock);

/* "2 times, first on 4 January 2026 at 10:00": overrides without their master. Returns the start that was named. */
struct stamp describe_lone_overrides(FILE *stream, const struct schedule *schedule, const struct wall_clock *clock);

/* "29 March 2026" */
void describe_date(FILE *stream, int64_t wall_sec);
/* The same with its time, unless it is a DATE. */
void describe_moment(FILE *stream, const struct stamp *stamp);
/* "; and on 2 more dates"; nothing where there is none. */
void describe_number(FILE *stream, const char *before, size_t n, const char *what);
