/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spans of time as people write and read them: "10min", "1h 30min"; never the ISO form of iCalendar. */
#pragma once

#include "dosed/clock.h"

enum span_outcome {
        SPAN_INVALID = 1,  /* not a span: a number and a unit are needed, it is not above zero, or over ten years */
        SPAN_WITHOUT_UNIT, /* a number alone, which may be meant in seconds; `ret_usec` is that many minutes */
};

/*
 * Reads "10min", "1h30min", "2 h", "1d", "45 s". Units: s, sec, min, m, h, d, w, and their plurals in words. Returns 0 or an
 * outcome.
 */
int span_parse(const char *text, usec_t *ret_usec);

/* "3 h 5 min", "45 min", "20 s", "2 days": at most two units, rounded down. Returns 0 or -ENOMEM; the caller frees. */
int span_format(usec_t usec, char **ret);
