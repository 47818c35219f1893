/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Quiet hours, and other times of the day. */
#include "dosed/quiet.h"

#include "dosed/civil.h"

bool quiet_holds(const struct quiet_hours *quiet, const struct zone *zone, usec_t at_usec) {
        int32_t sec = wall_second_of_day(zone_to_wall(zone, at_usec));

        if (quiet->from_sec <= quiet->until_sec)
                return sec >= quiet->from_sec && sec < quiet->until_sec;
        return sec >= quiet->from_sec || sec < quiet->until_sec;
}

usec_t next_time_of_day(const struct zone *zone, int32_t sec, usec_t after_usec) {
        int64_t day = wall_day(zone_to_wall(zone, after_usec));

        /* A day that a zone jumped over, or one that came twice, is no day's delay. */
        for (int i = -1; i < 2; i++) {
                usec_t at_usec = zone_from_wall(zone, (day + i) * SEC_PER_DAY + sec, NULL);

                if (at_usec > after_usec)
                        return at_usec;
        }
        return zone_from_wall(zone, (day + 2) * SEC_PER_DAY + sec, NULL);
}

usec_t quiet_end(const struct quiet_hours *quiet, const struct zone *zone, usec_t at_usec) {
        usec_t end_usec, straight_usec;

        if (!quiet_holds(quiet, zone, at_usec))
                return at_usec;
        end_usec = next_time_of_day(zone, quiet->until_sec, at_usec);
        /* Of an hour that comes twice the end has passed in the first one: it is not tomorrow's. */
        straight_usec = at_usec + ((quiet->until_sec - wall_second_of_day(zone_to_wall(zone, at_usec)) + SEC_PER_DAY) %
                                   SEC_PER_DAY) *
                                          USEC_PER_SEC;
        return straight_usec < end_usec && !quiet_holds(quiet, zone, straight_usec) ? straight_usec : end_usec;
}
