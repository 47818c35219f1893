/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VTIMEZONE (RFC 5545 3.6.5) made into a zone, for the names that no zone data knows. */
#pragma once

#include "calendar/scan.h"
#include "dosed/zone.h"

enum vtimezone_outcome {
        VTIMEZONE_MISSING = 1, /* the file does not define that zone */
        VTIMEZONE_UNUSABLE,    /* it does, but not in a way that can be followed: *ret_reason on *ret_line */
};

/*
 * Observances with a yearly RRULE, with RDATE or with neither are followed, up to the year 2100. Returns 0, an outcome
 * or a negative errno.
 */
int vtimezone_compile(const struct scan *scan, struct slice name, struct zones *zones, const struct zone **ret,
                      uint64_t *ret_digest, unsigned *ret_line, const char **ret_reason);
