/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The alarms that a plan file adds to a dose's own reminders. */
#include "calendar/alarm.h"
#include "calendar/occurrence.h"
#include "calendar/period.h"
#include "calendar/stamp.h"
#include "dosed/limits.h"

#define LEAD_MAX_USEC (LIMIT_ALARM_LEAD_DAYS * USEC_PER_DAY)

/* In which days are counted: what an override writes in UTC stays a dose of its series, which has a wall clock. */
static const struct zone *day_zone(const struct occurrence *occurrence, const struct wall_clock *clock) {
        const struct stamp *form = &occurrence->asked;

        return stamp_zone(form->kind == STAMP_UTC ? &occurrence->schedule->start : form, clock);
}

static struct duration length_of(const struct details *details, struct duration span) {
        static const struct duration one_day = { .days = 1 };

        return details->is_one_day && !duration_is_positive(span) ? one_day : span;
}

/* RFC 5545 3.8.6.3: an alarm of a DATE is relative to the beginning of that day, not to when its dose is due. */
static usec_t anchor_usec(const struct occurrence *occurrence, enum alarm_anchor anchor,
                          const struct wall_clock *clock) {
        const struct zone *zone = day_zone(occurrence, clock);
        usec_t start_usec = occurrence->due_usec;

        if (occurrence->asked.is_date) {
                int64_t wall_sec = zone_to_wall(zone, start_usec);

                start_usec = zone_from_wall(zone, (int64_t) wall_day(wall_sec) * SEC_PER_DAY, NULL);
        }
        return anchor == ALARM_END
                       ? usec_add_duration(start_usec, length_of(occurrence->details, occurrence->span), zone)
                       : start_usec;
}

static usec_t relative_usec(const struct occurrence *occurrence, const struct alarm *alarm,
                            const struct wall_clock *clock) {
        return usec_add_duration(anchor_usec(occurrence, alarm->anchor, clock), alarm->offset,
                                 day_zone(occurrence, clock));
}

/* Whether the same component speaks of a dose due from then until then: only those ring its alarms. */
static bool find_alike(const struct schedule *schedule, const struct details *details, const struct wall_clock *clock,
                       usec_t from_usec, usec_t until_usec, struct occurrence *ret) {
        return from_usec <= until_usec && schedule_next_of(schedule, details, clock, from_usec, until_usec, ret) == 0 &&
               ret->due_usec <= until_usec;
}

static bool has_instant(const struct details *details, usec_t at_usec) {
        for (size_t i = 0; i < details->n_alarms + details->n_mails; i++) {
                const struct alarm *alarm =
                        i < details->n_alarms ? &details->alarms[i] : &details->mails[i - details->n_alarms];

                if (alarm->anchor == ALARM_ABSOLUTE && alarm->at_usec == at_usec)
                        return true;
        }
        return false;
}

/* An absolute alarm rings once: for the nearest of the doses of which its component speaks; of two as near, for the earlier. */
static bool owns_absolute(const struct occurrence *occurrence, const struct wall_clock *clock, usec_t at_usec) {
        usec_t due_usec = occurrence->due_usec, distance_usec = llabs(due_usec - at_usec);
        usec_t from_usec = due_usec > at_usec ? at_usec - distance_usec : due_usec + 1;
        usec_t until_usec = due_usec > at_usec ? due_usec - 1 : at_usec + distance_usec - 1;
        const struct schedule *schedule = occurrence->schedule;
        const struct details *details = occurrence->details, *master = &schedule->details;
        struct occurrence nearer;

        if (distance_usec > LEAD_MAX_USEC || find_alike(schedule, details, clock, from_usec, until_usec, &nearer))
                return false;
        /* Programs copy the master's alarms into each override: these are the same alarm. */
        return details == master || !has_instant(master, at_usec) ||
               !find_alike(schedule, master, clock, from_usec, until_usec, &nearer);
}

/* RFC 9074, 7: what was put off is the last of its alarms that had rung when it was acknowledged. */
static bool had_rung(const struct occurrence *occurrence, const struct wall_clock *clock, const struct alarm *alarm) {
        return relative_usec(occurrence, alarm, clock) <= alarm->seen_usec;
}

static bool had_rung_later(const struct occurrence *occurrence, const struct details *details,
                           const struct wall_clock *clock, const struct alarm *alarm) {
        struct occurrence later;

        return find_alike(occurrence->schedule, details, clock, occurrence->due_usec + 1,
                          alarm->seen_usec + LEAD_MAX_USEC, &later) &&
               had_rung(&later, clock, alarm);
}

static bool owns_snooze(const struct occurrence *occurrence, const struct wall_clock *clock, const struct alarm *snooze,
                        const struct alarm *put_off) {
        const struct details *details = occurrence->details, *master = &occurrence->schedule->details;

        if (!had_rung(occurrence, clock, put_off) || had_rung_later(occurrence, details, clock, put_off))
                return false;
        return details == master || !has_instant(master, snooze->at_usec) ||
               !had_rung_later(occurrence, master, clock, put_off);
}

/* In the words of Thunderbird, to which a floating time is one in UTC. */
static bool starts_at(const struct occurrence *occurrence, const struct wall_clock *clock, usec_t start_usec) {
        const struct stamp *original = &occurrence->recurrence_id;
        const struct zone *zone = original->kind == STAMP_FLOATING ? zone_utc() : stamp_zone(original, clock);

        return zone_from_wall(zone, original->wall_sec, NULL) / USEC_PER_SEC == start_usec / USEC_PER_SEC;
}

/* The dose that an alarm names. */
static bool find_named(const struct schedule *schedule, const struct wall_clock *clock, usec_t start_usec,
                       struct occurrence *ret) {
        const struct stamp *start = &schedule->start;
        const struct zone *zone = start->kind == STAMP_FLOATING ? zone_utc() : stamp_zone(start, clock);
        const struct occurrence named = { .recurrence_id = stamp_at(start, zone_to_wall(zone, start_usec)) };
        char id[CIVIL_TEXT_SIZE];

        return schedule_find(schedule, clock, occurrence_format_id(&named, id), ret) == 0;
}

static bool owns(const struct occurrence *occurrence, const struct wall_clock *clock, const struct alarm *alarm) {
        const struct alarm *put_off = alarm->puts_off > 0 ? &occurrence->details->alarms[alarm->puts_off - 1] : NULL;
        struct occurrence named;

        /* Where it names none, it is as any other at an instant. */
        if (alarm->of_usec != USEC_NONE && find_named(occurrence->schedule, clock, alarm->of_usec, &named))
                return starts_at(occurrence, clock, alarm->of_usec);
        if (put_off && put_off->anchor != ALARM_ABSOLUTE)
                return owns_snooze(occurrence, clock, alarm, put_off);
        return owns_absolute(occurrence, clock, (put_off ?: alarm)->at_usec);
}

bool details_are_near(const struct schedule *schedule, const struct details *details, const struct wall_clock *clock,
                      usec_t at_usec) {
        struct occurrence near;

        return find_alike(schedule, details, clock, at_usec - LEAD_MAX_USEC, at_usec + LEAD_MAX_USEC, &near);
}

static struct duration duration_times(struct duration duration, unsigned n) {
        struct duration product;

        if (__builtin_mul_overflow(duration.days, (int32_t) n, &product.days))
                product.days = duration.days < 0 ? INT32_MIN : INT32_MAX;
        if (__builtin_mul_overflow(duration.sec, (int64_t) n, &product.sec))
                product.sec = duration.sec < 0 ? INT64_MIN : INT64_MAX;
        return product;
}

static int usec_compare(const void *a, const void *b) {
        usec_t x = *(const usec_t *) a, y = *(const usec_t *) b;

        return (x > y) - (x < y);
}

static size_t drop_doubles(usec_t *at_usec, size_t n) {
        size_t kept = 0;

        if (n == 0)
                return 0;
        qsort(at_usec, n, sizeof(*at_usec), usec_compare);
        for (size_t i = 0; i < n; i++)
                if (kept == 0 || at_usec[kept - 1] != at_usec[i])
                        at_usec[kept++] = at_usec[i];
        return kept;
}

struct times {
        usec_t *at_usec;
        size_t n;
};

static void times_done(struct times *times) {
        free(times->at_usec);
}

static int add_times(const struct occurrence *occurrence, const struct wall_clock *clock, const struct alarm *of,
                     size_t n_of, struct times *times) {
        const struct zone *zone = day_zone(occurrence, clock);
        size_t n_max = times->n;
        usec_t *grown;

        for (size_t i = 0; i < n_of; i++)
                n_max += 1 + (size_t) of[i].repeat;
        if (n_max == 0)
                return 0;
        grown = reallocarray(times->at_usec, n_max, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        times->at_usec = grown;

        for (size_t i = 0; i < n_of; i++) {
                const struct alarm *alarm = &of[i];
                usec_t at_usec = alarm->at_usec;

                if (alarm->anchor != ALARM_ABSOLUTE)
                        at_usec = relative_usec(occurrence, alarm, clock);
                else if (!owns(occurrence, clock, alarm))
                        continue;

                for (unsigned k = 0; k <= alarm->repeat; k++) {
                        usec_t repeat_usec = usec_add_duration(at_usec, duration_times(alarm->every, k), zone);

                        if (repeat_usec >= occurrence->due_usec - LEAD_MAX_USEC &&
                            repeat_usec <= occurrence->due_usec + LEAD_MAX_USEC)
                                times->at_usec[times->n++] = repeat_usec;
                }
        }
        return 0;
}

static void give_times(struct times *times, usec_t **ret_usec, size_t *ret_n) {
        times->n = drop_doubles(times->at_usec, times->n);
        *ret_usec = times->n > 0 ? TAKE(times->at_usec) : NULL;
        *ret_n = times->n;
}

int occurrence_alarms(const struct occurrence *occurrence, const struct wall_clock *clock, usec_t **ret_usec,
                      size_t *ret_n) {
        const struct details *details = occurrence->details, *master = &occurrence->schedule->details;
        _cleanup_(times_done) struct times times = {};
        int r;

        r = add_times(occurrence, clock, details->alarms, details->n_alarms, &times);
        /* Thunderbird puts off a dose with an entry of its own in the entry of the series. */
        for (size_t i = 0; r >= 0 && details != master && i < master->n_alarms; i++)
                if (master->alarms[i].of_usec != USEC_NONE)
                        r = add_times(occurrence, clock, &master->alarms[i], 1, &times);
        if (r >= 0)
                give_times(&times, ret_usec, ret_n);
        return r;
}

int occurrence_alarm(const struct occurrence *occurrence, const struct wall_clock *clock, const struct alarm *alarm,
                     usec_t **ret_usec, size_t *ret_n) {
        _cleanup_(times_done) struct times times = {};
        int r;

        r = add_times(occurrence, clock, alarm, 1, &times);
        if (r >= 0)
                give_times(&times, ret_usec, ret_n);
        return r;
}

usec_t alarm_after_usec(const struct details *details, struct duration span, const struct alarm *alarm) {
        usec_t after_usec = usec_add_duration(0, alarm->offset, zone_utc());

        return alarm->anchor == ALARM_END ? usec_add_duration(after_usec, length_of(details, span), zone_utc())
                                          : after_usec;
}

/* None where the alarm follows its dose. */
static usec_t absolute_lead(const struct schedule *schedule, const struct details *details, const struct wall_clock *clock,
                            const struct alarm *alarm) {
        usec_t at_usec = alarm->at_usec;
        struct occurrence next;

        /* When those after the first will be due is not known. */
        if (schedule->after_taken_usec > 0)
                return LEAD_MAX_USEC;
        if (alarm->of_usec != USEC_NONE && find_named(schedule, clock, alarm->of_usec, &next))
                return next.due_usec > at_usec ? next.due_usec - at_usec : 0;
        /* It comes after the alarm that it puts off, and that is looked ahead for. */
        if (alarm->puts_off > 0)
                return 0;
        if (!find_alike(schedule, details, clock, at_usec, at_usec + LEAD_MAX_USEC, &next) ||
            !owns_absolute(&next, clock, at_usec))
                return 0;
        return next.due_usec - at_usec;
}

/* Nominal days may be longer than 24 h, and a DATE's day begins before its dose is due: a day of room for both. */
static usec_t details_alarm_lead(const struct schedule *schedule, const struct details *details, struct duration span,
                                 bool is_date, const struct wall_clock *clock) {
        usec_t lead_usec = 0;

        for (size_t i = 0; i < details->n_alarms + details->n_mails; i++) {
                const struct alarm *alarm =
                        i < details->n_alarms ? &details->alarms[i] : &details->mails[i - details->n_alarms];
                usec_t before_usec = 0;

                if (alarm->anchor == ALARM_ABSOLUTE)
                        before_usec = absolute_lead(schedule, details, clock, alarm);
                else {
                        before_usec = -alarm_after_usec(details, span, alarm);
                        if (alarm->offset.days != 0 || is_date)
                                before_usec += USEC_PER_DAY;
                }
                if (before_usec > lead_usec)
                        lead_usec = before_usec;
        }
        return lead_usec < LEAD_MAX_USEC ? lead_usec : LEAD_MAX_USEC;
}

usec_t schedule_alarm_lead(const struct schedule *schedule, const struct wall_clock *clock) {
        usec_t lead_usec = details_alarm_lead(schedule, &schedule->details, schedule_shortest_span(schedule),
                                              schedule->start.is_date, clock);

        for (size_t i = 0; i < schedule->n_overrides; i++) {
                const struct override *override = &schedule->overrides[i];
                usec_t override_usec = details_alarm_lead(schedule, &override->details, override->details.span,
                                                          override->start.is_date, clock);

                if (override_usec > lead_usec)
                        lead_usec = override_usec;
        }
        return lead_usec;
}
