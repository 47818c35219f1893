/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Parts of a schedule in words, written to a stream. */
#pragma once

#include <stdio.h>

#include "calendar/rule.h"
#include "dosed/schedule.h"

/* "every 2 weeks on Monday and Friday at 08:00, 10 times" */
void describe_rule(FILE *stream, const struct rule *rule, const struct stamp *start, const struct wall_clock *clock);

/* "29 March 2026" */
void describe_date(FILE *stream, int64_t wall_sec);
