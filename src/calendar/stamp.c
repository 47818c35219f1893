/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Stamps, compared across their forms, and durations added to instants. */
#include "calendar/stamp.h"

/* Longer than any duration that fits between the years 1 and 9999: what is past it stays at the end of time. */
#define DAYS_MAX 3660000

/* No change of a zone moved its clocks further than Samoa's, a day in 2011. */
#define DISORDER_SEC (SEC_PER_DAY + 3600)

bool stamp_has_form(const struct stamp *stamp, const struct stamp *form) {
        return stamp->kind == form->kind && stamp->is_date == form->is_date &&
               (stamp->kind != STAMP_ZONED || stamp->zone == form->zone);
}

struct stamp stamp_at(const struct stamp *form, int64_t wall_sec) {
        struct stamp stamp = *form;

        stamp.wall_sec = wall_sec;
        return stamp;
}

const struct zone *stamp_zone(const struct stamp *stamp, const struct wall_clock *clock) {
        switch (stamp->kind) {
        case STAMP_FLOATING:
                return clock->zone;
        case STAMP_ZONED:
                return stamp->zone;
        case STAMP_UTC:
                return zone_utc();
        }
        abort();
}

int64_t stamp_to_wall(const struct stamp *stamp, const struct wall_clock *clock) {
        return stamp->wall_sec + (stamp->is_date ? clock->all_day_sec : 0);
}

usec_t stamp_to_usec(const struct stamp *stamp, const struct wall_clock *clock, enum zone_fit *ret_fit) {
        return zone_from_wall(stamp_zone(stamp, clock), stamp_to_wall(stamp, clock), ret_fit);
}

int64_t stamp_wall_of(const struct stamp *form, usec_t at_usec, const struct wall_clock *clock) {
        int64_t wall_sec = zone_to_wall(stamp_zone(form, clock), at_usec);

        return form->is_date ? (int64_t) wall_day(wall_sec) * SEC_PER_DAY : wall_sec;
}

static int form_compare(const struct stamp *a, const struct stamp *b) {
        uintptr_t a_zone = (uintptr_t) a->zone, b_zone = (uintptr_t) b->zone;

        if (a->is_date != b->is_date)
                return a->is_date ? -1 : 1;
        if (a->kind != b->kind)
                return a->kind < b->kind ? -1 : 1;
        if (a->kind != STAMP_ZONED || a_zone == b_zone)
                return 0;
        return a_zone < b_zone ? -1 : 1;
}

int stamp_compare(const void *a, const void *b) {
        const struct stamp *x = a, *y = b;
        int order = form_compare(x, y);

        if (order != 0)
                return order;
        return (x->wall_sec > y->wall_sec) - (x->wall_sec < y->wall_sec);
}

static const struct stamp *stamp_of(const void *elements, size_t size, size_t i) {
        return (const struct stamp *) ((const char *) elements + i * size);
}

/* The first element from `low` on that is not before the stamp, by form and wall-clock time. */
static size_t lower_bound(const void *elements, size_t low, size_t n, size_t size, const struct stamp *stamp) {
        for (size_t high = n; low < high;) {
                size_t middle = low + (high - low) / 2;

                if (stamp_compare(stamp_of(elements, size, middle), stamp) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

int64_t zone_disorder_sec(const struct zone *zone, usec_t at_usec) {
        const usec_t span_usec = 2 * DISORDER_SEC * USEC_PER_SEC;

        return zone_is_steady(zone, at_usec - span_usec, at_usec + span_usec) ? 0 : DISORDER_SEC;
}

/* The wall-clock times, in the form of the group, among which one may mean the occurrence. */
static void find_range(const struct stamp *form, const struct stamp *original, usec_t at_usec,
                       const struct wall_clock *clock, int64_t *ret_first, int64_t *ret_last) {
        int64_t wall_sec, disorder_sec;

        if (form->is_date || original->is_date) {
                *ret_first = (int64_t) wall_day(original->wall_sec) * SEC_PER_DAY;
                *ret_last = *ret_first + SEC_PER_DAY - 1;
                return;
        }

        wall_sec = stamp_wall_of(form, at_usec, clock);
        disorder_sec = zone_disorder_sec(stamp_zone(form, clock), at_usec);
        *ret_first = wall_sec - disorder_sec;
        *ret_last = wall_sec + disorder_sec;
}

/* A date and a UTC time have no day in common that both their writers would name: such a pair never matches. */
static bool means(const struct stamp *stamp, const struct stamp *original, usec_t at_usec,
                  const struct wall_clock *clock) {
        if (stamp->is_date)
                return true;
        if (original->is_date)
                return stamp->kind != STAMP_UTC;
        return stamp_to_usec(stamp, clock, NULL) == at_usec;
}

const void *stamps_find(const void *elements, size_t n, size_t size, const struct stamp *original, usec_t at_usec,
                        const struct wall_clock *clock) {
        for (size_t i = 0; i < n;) {
                const struct stamp form = *stamp_of(elements, size, i);
                struct stamp bound = form;
                int64_t first, last;

                find_range(&form, original, at_usec, clock, &first, &last);
                bound.wall_sec = first;
                for (i = lower_bound(elements, i, n, size, &bound); i < n; i++) {
                        const struct stamp *stamp = stamp_of(elements, size, i);

                        if (form_compare(stamp, &form) != 0 || stamp->wall_sec > last)
                                break;
                        if (means(stamp, original, at_usec, clock))
                                return stamp;
                }

                bound.wall_sec = INT64_MAX;
                i = lower_bound(elements, i, n, size, &bound);
        }
        return NULL;
}

void stamps_of_form(const struct stamp *stamps, size_t n, const struct stamp *form, size_t *ret_first, size_t *ret_n) {
        const struct stamp first = stamp_at(form, INT64_MIN), end = stamp_at(form, INT64_MAX);

        *ret_first = lower_bound(stamps, 0, n, sizeof(*stamps), &first);
        *ret_n = lower_bound(stamps, *ret_first, n, sizeof(*stamps), &end) - *ret_first;
}

usec_t usec_add_duration(usec_t at_usec, struct duration duration, const struct zone *zone) {
        const int64_t sec_max = (int64_t) DAYS_MAX * SEC_PER_DAY;
        int64_t days = duration.days, sec = duration.sec;

        days = days > DAYS_MAX ? DAYS_MAX : days < -DAYS_MAX ? -DAYS_MAX : days;
        sec = sec > sec_max ? sec_max : sec < -sec_max ? -sec_max : sec;

        /* RFC 5545 3.3.6: a nominal day keeps the time on the wall clock. */
        if (days != 0) {
                int64_t wall_sec = zone_to_wall(zone, at_usec);
                usec_t below_sec = (at_usec % USEC_PER_SEC + USEC_PER_SEC) % USEC_PER_SEC;

                at_usec = zone_from_wall(zone, wall_sec + days * SEC_PER_DAY, NULL) + below_sec;
        }
        return at_usec + sec * USEC_PER_SEC;
}
