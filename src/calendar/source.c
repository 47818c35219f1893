/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sources of a schedule's occurrences: DTSTART, rules and dates. */
#include "calendar/source.h"
#include "calendar/stamp.h"

/* UNTIL in the form of DTSTART. For one in UTC the instant decides; the wall clock bound has room for a new offset. */
static void limit_to_until(struct source *source, const struct stamp *start, const struct wall_clock *clock) {
        const struct rule *rule = source->rule;
        const struct zone *zone = stamp_zone(start, clock);
        int64_t last_wall_sec = rule->until_wall_sec;

        if (!rule->has_until)
                return;

        if (rule->until_is_date)
                last_wall_sec += SEC_PER_DAY - 1;
        else if (rule->until_is_utc && !start->is_date) {
                source->last_usec = rule->until_wall_sec * USEC_PER_SEC;
                last_wall_sec = zone_to_wall(zone, source->last_usec) + zone_disorder_sec(zone, source->last_usec);
        }
        expansion_limit(&source->expansion, last_wall_sec);
}

void source_init_rule(struct source *source, const struct rule *rule, const struct stamp *start,
                             const struct wall_clock *clock) {
        source->rule = rule;
        source->dates = NULL;
        source->n_dates = source->position = 0;
        source->last_usec = USEC_NEVER;
        expansion_init(&source->expansion, rule, start->wall_sec, start->is_date);
        limit_to_until(source, start, clock);
}

static void source_init_dates(struct source *source, const struct stamp *dates, size_t n_dates) {
        source->rule = NULL;
        source->last_usec = USEC_NEVER;
        source->dates = dates;
        source->n_dates = n_dates;
        source->position = 0;
}

void source_seek(struct source *source, int64_t wall_sec) {
        size_t low = 0, high = source->n_dates;

        if (source->rule) {
                expansion_seek(&source->expansion, wall_sec);
                return;
        }

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (source->dates[middle].wall_sec < wall_sec)
                        low = middle + 1;
                else
                        high = middle;
        }
        source->position = low;
}

bool source_next(struct source *source, int64_t *ret_wall_sec) {
        if (source->rule)
                return expansion_next(&source->expansion, ret_wall_sec);
        if (source->position == source->n_dates)
                return false;

        *ret_wall_sec = source->dates[source->position++].wall_sec;
        return true;
}

size_t schedule_n_sources(const struct schedule *schedule) {
        return schedule->has_master ? 2 + schedule->n_rules : 0;
}

void source_init(struct source *source, const struct schedule *schedule, size_t i,
                        const struct wall_clock *clock) {
        size_t first, n;

        if (i == 0)
                source_init_dates(source, &schedule->start, 1);
        else if (i == 1) {
                stamps_of_form(schedule->extra_dates, schedule->n_extra_dates, &schedule->start, &first, &n);
                source_init_dates(source, n > 0 ? &schedule->extra_dates[first] : NULL, n);
        } else
                source_init_rule(source, schedule->rules[i - 2], &schedule->start, clock);
}

int64_t source_last(const struct source *source) {
        if (!source->rule)
                return source->n_dates > 0 ? source->dates[source->n_dates - 1].wall_sec : INT64_MIN;
        return source->rule->last_wall_sec == INT64_MAX && !source->rule->has_until ? INT64_MAX
                                                                                     : source->expansion.last_wall_sec;
}

bool schedule_generates(const struct schedule *schedule, int64_t wall_sec, const struct wall_clock *clock) {
        struct source source;
        int64_t next_wall_sec;

        for (size_t i = 0; i < schedule_n_sources(schedule); i++) {
                source_init(&source, schedule, i, clock);
                if (source.rule)
                        expansion_limit(&source.expansion, wall_sec);
                source_seek(&source, wall_sec);
                if (!source_next(&source, &next_wall_sec) || next_wall_sec != wall_sec)
                        continue;

                const struct stamp stamp = stamp_at(&schedule->start, wall_sec);

                if (source.last_usec == USEC_NEVER || stamp_to_usec(&stamp, clock, NULL) <= source.last_usec)
                        return true;
        }
        return false;
}

const struct stamp *schedule_find_foreign_date(const struct schedule *schedule, usec_t at_usec,
                                             const struct wall_clock *clock) {
        for (size_t i = 0; i < schedule->n_extra_dates; i++)
                if (!stamp_has_form(&schedule->extra_dates[i], &schedule->start) &&
                    stamp_to_usec(&schedule->extra_dates[i], clock, NULL) == at_usec)
                        return &schedule->extra_dates[i];
        return NULL;
}

int64_t schedule_exception_end(const struct schedule *schedule, const struct stamp *original,
                               const struct wall_clock *clock) {
        const struct stamp day = { .kind = STAMP_FLOATING,
                                   .is_date = true,
                                   .wall_sec = (int64_t) wall_day(original->wall_sec) * SEC_PER_DAY };
        size_t first, n;

        if (original->is_date)
                return original->wall_sec + 1;
        stamps_of_form(schedule->exception_dates, schedule->n_exception_dates, &day, &first, &n);
        return stamps_find(schedule->exception_dates + first, n, sizeof(day), &day, 0, clock) ? day.wall_sec + SEC_PER_DAY
                                                                                              : original->wall_sec + 1;
}

/* As schedule_generates(), of an instant: a wall-clock time that a gap leaves out is the same one as another after it. */
static bool generates_instant(const struct schedule *schedule, int64_t wall_sec, const struct wall_clock *clock) {
        const struct zone *zone = stamp_zone(&schedule->start, clock);
        struct stamp stamp = stamp_at(&schedule->start, wall_sec);
        usec_t at_usec = stamp_to_usec(&stamp, clock, NULL);
        int64_t disorder_sec = zone_disorder_sec(zone, at_usec);
        const int64_t walls[] = {
                zone_to_wall(zone, at_usec),
                zone_to_wall(zone, at_usec - disorder_sec * USEC_PER_SEC) + disorder_sec,
        };

        if (schedule_generates(schedule, wall_sec, clock))
                return true;
        for (size_t i = 0; !stamp.is_date && disorder_sec > 0 && i < ELEMENTS(walls); i++) {
                stamp.wall_sec = walls[i];
                if (stamp_to_usec(&stamp, clock, NULL) == at_usec && schedule_generates(schedule, walls[i], clock))
                        return true;
        }
        return false;
}

/* For times: whether there is one on that day. An RDATE in another form than DTSTART may be, and is not looked for. */
static bool generates_on_day(const struct schedule *schedule, int64_t day_wall_sec, const struct wall_clock *clock) {
        const int64_t end_wall_sec = day_wall_sec + SEC_PER_DAY;
        size_t first, n_of_form;
        struct source source;
        int64_t wall_sec;

        stamps_of_form(schedule->extra_dates, schedule->n_extra_dates, &schedule->start, &first, &n_of_form);
        if (n_of_form < schedule->n_extra_dates)
                return true;
        for (size_t i = 0; i < schedule_n_sources(schedule); i++) {
                source_init(&source, schedule, i, clock);
                if (source.rule)
                        expansion_limit(&source.expansion, end_wall_sec - 1);
                source_seek(&source, day_wall_sec);
                if (source_next(&source, &wall_sec) && wall_sec < end_wall_sec) {
                        const struct stamp stamp = stamp_at(&schedule->start, wall_sec);

                        if (stamp_to_usec(&stamp, clock, NULL) <= source.last_usec)
                                return true;
                }
        }
        return false;
}

bool schedule_has_named(const struct schedule *schedule, const struct stamp *stamp, const struct wall_clock *clock) {
        const struct stamp *start = &schedule->start;
        usec_t at_usec = stamp_to_usec(stamp, clock, NULL);
        int64_t wall_sec = stamp->wall_sec;

        if (stamps_find(schedule->extra_dates, schedule->n_extra_dates, sizeof(*stamp), stamp, at_usec, clock))
                return true;
        if (stamp->is_date && !start->is_date)
                return generates_on_day(schedule, wall_sec, clock);
        if (start->is_date)
                return stamp->kind != STAMP_UTC &&
                       schedule_generates(schedule, (int64_t) wall_day(wall_sec) * SEC_PER_DAY, clock);
        if (!stamp_has_form(stamp, start))
                wall_sec = stamp_wall_of(start, at_usec, clock);
        return generates_instant(schedule, wall_sec, clock);
}

struct stamp stamp_utc(usec_t at_usec) {
        return (struct stamp){ .kind = STAMP_UTC, .wall_sec = zone_to_wall(zone_utc(), at_usec) };
}

struct stamp schedule_original(const struct schedule *schedule, const struct stamp *recurrence_id,
                                const struct wall_clock *clock) {
        const struct stamp *start = &schedule->start;
        int64_t wall_sec;
        usec_t at_usec;

        if (!schedule->has_master || stamp_has_form(recurrence_id, start))
                return *recurrence_id;
        if (recurrence_id->is_date)
                return stamp_at(start, recurrence_id->wall_sec + wall_second_of_day(start->wall_sec));
        if (start->is_date)
                return stamp_at(start, (int64_t) wall_day(recurrence_id->wall_sec) * SEC_PER_DAY);

        at_usec = stamp_to_usec(recurrence_id, clock, NULL);
        wall_sec = stamp_wall_of(start, at_usec, clock);
        if (!schedule_generates(schedule, wall_sec, clock) && schedule_find_foreign_date(schedule, at_usec, clock))
                return stamp_utc(at_usec);
        return stamp_at(start, wall_sec);
}
