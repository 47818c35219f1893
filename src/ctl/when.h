/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as people type and read them. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/zone.h"

/* No two clocks on earth are further apart: a time of day can mean an instant that much off. */
#define CLOCKS_APART (26 * USEC_PER_HOUR)

enum when_outcome {
        WHEN_INVALID = 1,
};

/* A moment, or a day. */
struct when {
        usec_t start_usec;
        usec_t end_usec; /* a day: where the next one starts; a moment: the same as its start */
        bool is_day;
};

/*
 * Reads, on the clock of that zone where nothing else is said: "now"; "08:10" (today); "today", "yesterday" and
 * "tomorrow", each also with a time; "2026-11-23", also with a time; RFC 3339 ("2026-11-23T08:10:00Z", "...+01:00");
 * RFC 5545 ("20261123", "20261123T081000", "...Z"); "-7d" (a day), "-90min" and "+2h" (moments).
 * Nothing may be left over. Returns 0 or WHEN_INVALID.
 */
int when_parse(const char *text, const struct zone *zone, usec_t now_usec, struct when *ret);

/* "08:00", also "8:00": the second of the day. Returns 0 or WHEN_INVALID. */
int clock_time_parse(const char *text, int32_t *ret_sec);

#define WHEN_TEXT_SIZE 32
/* Each fills `text`, which has WHEN_TEXT_SIZE bytes, and returns it. */
char *wall_format_time(char *text, int64_t wall_sec);                            /* "08:00" */
char *wall_format_day(char *text, int64_t wall_sec, int64_t now_wall_sec);       /* "today", "Mon 2026-11-23" */
char *wall_format_day_time(char *text, int64_t wall_sec, int64_t now_wall_sec);  /* "08:00" (today), else both */
char *wall_format(char *text, int64_t wall_sec);                                 /* "2026-11-23T08:00:00" */
char *usec_format_utc(char *text, usec_t at_usec);                               /* RFC 3339: "...Z" */

/* "2026-11-23T08:00:00" exactly. Returns 0 or WHEN_INVALID. */
int wall_parse(const char *text, int64_t *ret_wall_sec);
