/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RDATEs that are PERIODs, and the length that they give their doses. */
#include "calendar/period.h"
#include "calendar/stamp.h"

/* In days of 24 hours. */
static bool is_longer(struct duration a, struct duration b) {
        return usec_add_duration(0, a, zone_utc()) > usec_add_duration(0, b, zone_utc());
}

static int period_compare(const void *a, const void *b) {
        const struct period *x = a, *y = b;
        int order = stamp_compare(&x->start, &y->start);

        return order != 0 ? order : is_longer(y->span, x->span) - is_longer(x->span, y->span);
}

void periods_sort(struct period *periods, size_t *n_periods) {
        size_t n = 0;

        if (*n_periods == 0)
                return;

        qsort(periods, *n_periods, sizeof(*periods), period_compare);
        for (size_t i = 0; i < *n_periods; i++)
                if (n == 0 || stamp_compare(&periods[n - 1].start, &periods[i].start) != 0)
                        periods[n++] = periods[i];
        *n_periods = n;
}

struct duration occurrence_span(const struct occurrence *occurrence, usec_t original_usec, const struct wall_clock *clock) {
        const struct schedule *schedule = occurrence->schedule;
        const struct stamp *original = &occurrence->recurrence_id;
        const struct period *period = NULL;

        if (occurrence->details == &schedule->details && !original->is_date)
                period = stamps_find(schedule->periods, schedule->n_periods, sizeof(*period), original, original_usec, clock);
        return period ? period->span : occurrence->details->span;
}

struct duration schedule_shortest_span(const struct schedule *schedule) {
        struct duration shortest = schedule->details.span;

        for (size_t i = 0; i < schedule->n_periods; i++)
                if (is_longer(shortest, schedule->periods[i].span))
                        shortest = schedule->periods[i].span;
        return shortest;
}
