/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wall-clock times to instants and back. */
#include <string.h>

#include "calendar/zone-data.h"
#include "dosed/civil.h"
#include "dosed/text.h"

struct zone *zone_free(struct zone *zone) {
        if (!zone)
                return NULL;

        free(zone->name);
        free(zone->transitions);
        free(zone);
        return NULL;
}

int zone_new(const char *name, struct zone **ret) {
        _cleanup_(zone_free_p) struct zone *zone = NULL;
        int r;

        zone = calloc(1, sizeof(*zone));
        if (!zone)
                return -ENOMEM;
        r = text_copy(name, &zone->name);
        if (r < 0)
                return r;

        *ret = TAKE(zone);
        return 0;
}

int zone_append(struct zone *zone, int64_t at_sec, int32_t offset_sec) {
        size_t n = zone->n_transitions;
        int32_t before = n > 0 ? zone->transitions[n - 1].offset_sec : zone->first_offset_sec;

        if (offset_sec == before)
                return 0;

        /* Grown in powers of two, without keeping the size. */
        if ((n & (n - 1)) == 0) {
                struct zone_transition *transitions;

                transitions = reallocarray(zone->transitions, n > 0 ? 2 * n : 1, sizeof(*transitions));
                if (!transitions)
                        return -ENOMEM;
                zone->transitions = transitions;
        }
        zone->transitions[zone->n_transitions++] = (struct zone_transition){ at_sec, offset_sec };
        return 0;
}

const struct zone *zone_utc(void) {
        static const struct zone utc = { .name = (char *) "UTC" };

        return &utc;
}

const char *zone_name(const struct zone *zone) {
        return zone->name;
}

static int64_t usec_to_sec(usec_t at_usec) {
        return at_usec / USEC_PER_SEC - (at_usec % USEC_PER_SEC < 0);
}

static struct zone_span zone_span(const struct zone *zone, int64_t at_sec) {
        size_t low = 0, high = zone->n_transitions;
        struct zone_span span = { INT64_MIN, INT64_MAX, zone->first_offset_sec };

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (zone->transitions[middle].at_sec <= at_sec)
                        low = middle + 1;
                else
                        high = middle;
        }

        if (low == zone->n_transitions && zone->has_posix) {
                span = posix_zone_span(&zone->posix, at_sec);
                if (low > 0 && span.from_sec < zone->transitions[low - 1].at_sec)
                        span.from_sec = zone->transitions[low - 1].at_sec;
                return span;
        }

        if (low > 0) {
                span.from_sec = zone->transitions[low - 1].at_sec;
                span.offset_sec = zone->transitions[low - 1].offset_sec;
        }
        if (low < zone->n_transitions)
                span.until_sec = zone->transitions[low].at_sec;
        return span;
}

int32_t zone_offset(const struct zone *zone, usec_t at_usec) {
        return zone_span(zone, usec_to_sec(at_usec)).offset_sec;
}

int64_t zone_to_wall(const struct zone *zone, usec_t at_usec) {
        return usec_to_sec(at_usec) + zone_offset(zone, at_usec);
}

bool zone_is_steady(const struct zone *zone, usec_t from_usec, usec_t until_usec) {
        return zone_span(zone, usec_to_sec(from_usec)).until_sec > usec_to_sec(until_usec);
}

/*
 * RFC 5545 3.3.5. The instants that a wall-clock time may be are less than a day off it; each stretch of constant
 * offset between them is tried, in order of time, so that several changes within these days are no special case.
 */
usec_t zone_from_wall(const struct zone *zone, int64_t wall_sec, enum zone_fit *ret_fit) {
        int64_t end_sec = wall_sec + SEC_PER_DAY, at_sec;
        struct zone_span span = zone_span(zone, wall_sec - SEC_PER_DAY), next;
        enum zone_fit fit = ZONE_FIT_EXACT;

        for (;; span = next) {
                at_sec = wall_sec - span.offset_sec;
                if (span.until_sec > end_sec || at_sec < span.until_sec)
                        break;
                next = zone_span(zone, span.until_sec);
                if (wall_sec - next.offset_sec < next.from_sec) {
                        fit = ZONE_FIT_GAP;
                        break;
                }
        }

        /* Found; a later stretch that has it too makes it a fold. */
        while (fit == ZONE_FIT_EXACT && span.until_sec <= end_sec) {
                span = zone_span(zone, span.until_sec);
                if (wall_sec - span.offset_sec >= span.from_sec && wall_sec - span.offset_sec < span.until_sec)
                        fit = ZONE_FIT_FOLD;
        }

        if (ret_fit)
                *ret_fit = fit;
        return at_sec * USEC_PER_SEC;
}
