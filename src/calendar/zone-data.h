/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a zone is made of: a table of transitions, and a rule for the time after them. */
#pragma once

#include <stddef.h>

#include "dosed/zone.h"

/* One of the two yearly changes of a POSIX TZ string. */
struct posix_change {
        enum posix_day { POSIX_JULIAN, POSIX_ZERO_BASED, POSIX_WEEKDAY } day_kind;
        int day;                 /* Jn: 1..365 without 29 February; n: 0..365 */
        int month, week, weekday; /* Mm.w.d: week 5 is the last, weekday 0 is Sunday */
        int32_t sec;             /* from midnight of that day, on the wall clock before the change */
};

/* A POSIX TZ string (the footer of TZif, RFC 8536 3.3). */
struct posix_zone {
        int32_t standard_offset_sec, daylight_offset_sec;
        bool has_daylight;
        struct posix_change begin, end; /* of daylight time */
};

struct zone {
        char *name;
        int32_t first_offset_sec;
        struct zone_transition *transitions; /* in order of time, each to another offset than the one before it */
        size_t n_transitions;
        bool has_posix; /* false: the last offset stays */
        struct posix_zone posix;
};

/* The time around an instant in which a zone's offset stays the same. */
struct zone_span {
        int64_t from_sec, until_sec; /* the latter no longer belongs to it */
        int32_t offset_sec;
};

/* Offsets beyond a day do not exist; the arithmetic here relies on it. */
#define ZONE_OFFSET_MAX_SEC (24 * 3600 - 1)

struct zone *zone_free(struct zone *zone);
DEFINE_CLEANUP(struct zone *, zone_free);

int zone_new(const char *name, struct zone **ret);

/* Adds a change after all others; one that changes nothing is left out. Returns 0 or -ENOMEM. */
int zone_append(struct zone *zone, int64_t at_sec, int32_t offset_sec);

/* Returns 0 or ZONE_BAD_DATA. */
int posix_zone_parse(const char *text, size_t size, struct posix_zone *ret);

struct zone_span posix_zone_span(const struct posix_zone *posix, int64_t at_sec);

/* Reads TZif version 2 or later (RFC 8536). Returns 0, ZONE_BAD_DATA or -ENOMEM. */
int tzif_read(const char *name, const void *bytes, size_t size, struct zone **ret);

/* The IANA name of a Windows zone ("W. Europe Standard Time"), any case; NULL: unknown. */
const char *windows_zone_find(const char *name);
