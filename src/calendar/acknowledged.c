/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What another client's user has seen: an acknowledgement is of one alarm (RFC 9074, 6.1), and that rings for every dose. */
#include "calendar/occurrence.h"
#include "dosed/limits.h"

static int first_time(const struct occurrence *occurrence, const struct wall_clock *clock, const struct alarm *alarm,
                      usec_t *ret_usec) {
        _cleanup_(free_p) usec_t *times_usec = NULL;
        size_t n;
        int r;

        r = occurrence_alarm(occurrence, clock, alarm, &times_usec, &n);
        if (r < 0)
                return r;
        *ret_usec = n > 0 ? times_usec[0] : USEC_NEVER;
        return 0;
}

/* Whether the alarm was this dose's then: it had come, and that of the next one (NULL: there is none) had not. */
static int was_of(const struct occurrence *occurrence, const struct occurrence *next, const struct wall_clock *clock,
                  const struct alarm *alarm, usec_t at_usec, bool *ret) {
        usec_t own_usec, next_usec = USEC_NEVER;
        int r;

        r = first_time(occurrence, clock, alarm, &own_usec);
        if (r >= 0 && next)
                r = first_time(next, clock, alarm, &next_usec);
        if (r < 0)
                return r;
        *ret = own_usec <= at_usec && at_usec < next_usec;
        return 0;
}

int occurrence_seen(const struct occurrence *occurrence, const struct wall_clock *clock, usec_t heard_usec,
                    usec_t *ret_usec) {
        const struct details *details = occurrence->details;
        /* What has no alarm is seen when it is due. */
        const struct alarm at_start = { .anchor = ALARM_START, .seen_usec = details->seen_usec };
        const struct alarm *alarms = details->n_alarms > 0 ? details->alarms : &at_start;
        size_t n_alarms = details->n_alarms > 0 ? details->n_alarms : 1;
        usec_t last_usec = usec_earlier(details->seen_usec, heard_usec), seen_usec = USEC_NONE;
        struct occurrence next;
        bool has_next;
        int r;

        if (last_usec == USEC_NONE) {
                *ret_usec = USEC_NONE;
                return 0;
        }
        r = schedule_next_of(occurrence->schedule, details, clock, occurrence->due_usec + 1,
                             last_usec + LIMIT_ALARM_LEAD_DAYS * USEC_PER_DAY, &next);
        if (r < 0)
                return r;
        has_next = r == 0;

        for (size_t i = 0; i < n_alarms; i++) {
                usec_t at_usec = usec_earlier(alarms[i].seen_usec, heard_usec);
                bool is_seen;

                if (at_usec <= seen_usec)
                        continue;
                r = was_of(occurrence, has_next ? &next : NULL, clock, &alarms[i], at_usec, &is_seen);
                if (r < 0)
                        return r;
                if (is_seen)
                        seen_usec = at_usec;
        }
        *ret_usec = seen_usec;
        return 0;
}
