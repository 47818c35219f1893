/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Time zones: wall-clock times to instants and back, by the system's zone data or a file's VTIMEZONE. */
#pragma once

#include <stdbool.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/error.h"

/* A loaded zone. It lives as long as the `struct zones` that gave it. */
struct zone;

/* Every zone that was asked for so far, loaded once. */
struct zones;

enum zone_outcome {
        ZONE_UNKNOWN = 1, /* nobody knows a zone of that name */
        ZONE_BAD_NAME,    /* the name is not of a zone's form: it is never used as a path */
        ZONE_BAD_DATA,    /* the zone's data cannot be read */
};

/* How a wall-clock time fell on a zone's timeline (RFC 5545 3.3.5). */
enum zone_fit {
        ZONE_FIT_EXACT, /* exists once */
        ZONE_FIT_GAP,   /* does not exist: the offset before the gap was taken */
        ZONE_FIT_FOLD,  /* exists twice: the first was taken */
};

/* `folder` holds TZif files; NULL: the system's (/usr/share/zoneinfo). Returns 0 or -ENOMEM. */
int zones_new(const char *folder, struct zones **ret);
struct zones *zones_free(struct zones *zones);
DEFINE_CLEANUP(struct zones *, zones_free);

/*
 * A zone by an IANA name in any case, also behind a vendor's prefix ("/freeassociation.sourceforge.net/Europe/Berlin"),
 * or by a Windows name (CLDR's windowsZones). Returns 0, a zone_outcome or a negative errno.
 */
int zones_get(struct zones *zones, const char *name, const struct zone **ret);

/* The system's zone ($TZ, else /etc/localtime, else UTC), read anew at each call. Returns 0 or a negative errno. */
int zones_get_system(struct zones *zones, const struct zone **ret);

/* One change of a zone that a VTIMEZONE describes. */
struct zone_transition {
        int64_t at_sec;     /* epoch seconds */
        int32_t offset_sec; /* east of UTC, from then on */
};

/*
 * Makes a zone from transitions in order of time, `first_offset_sec` counting before the first of them. The name need not
 * be unique. Returns 0 or a negative errno.
 */
int zones_add(struct zones *zones, const char *name, int32_t first_offset_sec, const struct zone_transition *transitions,
              size_t n_transitions, const struct zone **ret);

const struct zone *zone_utc(void);
const char *zone_name(const struct zone *zone);

/* Offset east of UTC in force at the instant, in seconds. */
int32_t zone_offset(const struct zone *zone, usec_t at_usec);

/* The wall clock at the instant. */
int64_t zone_to_wall(const struct zone *zone, usec_t at_usec);

/* The instant of a wall-clock time; `ret_fit` may be NULL. */
usec_t zone_from_wall(const struct zone *zone, int64_t wall_sec, enum zone_fit *ret_fit);

/* The offset does not change in this span, its ends included. */
bool zone_is_steady(const struct zone *zone, usec_t from_usec, usec_t until_usec);
