/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A schedule in words, as people say it. */
#include "calendar/describe.h"
#include "calendar/rule-end.h"
#include "calendar/source.h"
#include "calendar/stamp.h"
#include "dosed/span.h"

#define LOOKED_AHEAD (400 * USEC_PER_DAY)
#define AROUND (30 * USEC_PER_HOUR) /* how far from a change of the clock doses are looked at: a day and some, as in Samoa */

void describe_moment(FILE *stream, const struct stamp *stamp) {
        const struct civil c = civil_from_wall(stamp->wall_sec);

        describe_date(stream, stamp->wall_sec);
        if (!stamp->is_date)
                (void) fprintf(stream, " at %02d:%02d", c.hour, c.minute);
}

static void say_after_taken(FILE *stream, const struct schedule *schedule) {
        _cleanup_(free_p) char *span = NULL;

        if (span_format(schedule->after_taken_usec, &span) >= 0)
                (void) fprintf(stream, "%s after the last one was taken, first on ", span);
        describe_moment(stream, &schedule->start);
}

void describe_number(FILE *stream, const char *before, size_t n, const char *what) {
        if (n > 0)
                (void) fprintf(stream, "%s%zu %s%s", before, n, what, n == 1 ? "" : "s");
}

/* False where the rule ends before its first time. */
static bool rule_is_ever_due(const struct rule *rule, const struct stamp *start, const struct wall_clock *clock) {
        struct source source;
        struct stamp first = *start;

        source_init_rule(&source, rule, start, clock);
        return source_next(&source, &first.wall_sec) && stamp_to_usec(&first, clock, NULL) <= source.last_usec;
}

/* A course that is yet to begin. */
static void say_begin(FILE *stream, const struct schedule *schedule, const struct wall_clock *clock, usec_t now_usec) {
        if (stamp_to_usec(&schedule->start, clock, NULL) <= now_usec)
                return;
        (void) fputs(", from ", stream);
        describe_date(stream, schedule->start.wall_sec);
        (void) fputs(" on", stream);
}

static void say_schedule(FILE *stream, const struct schedule *schedule, const struct wall_clock *clock, usec_t now_usec) {
        struct stamp start = schedule->start;
        size_t n_rules = 0;

        if (schedule->after_taken_usec > 0)
                say_after_taken(stream, schedule);
        for (size_t i = 0; i < schedule->n_rules; i++)
                if (rule_is_ever_due(schedule->rules[i], &schedule->start, clock)) {
                        (void) fputs(n_rules++ > 0 ? "; and " : "", stream);
                        describe_rule(stream, schedule->rules[i], &schedule->start, clock);
                }
        if (!schedule->has_master)
                start = describe_lone_overrides(stream, schedule, clock);
        else if (n_rules == 0 && schedule->after_taken_usec == 0) {
                (void) fputs("once, on ", stream);
                describe_moment(stream, &start);
        }
        for (size_t i = 0; i < schedule->n_exception_rules; i++) {
                (void) fputs("; but not ", stream);
                describe_rule(stream, schedule->exception_rules[i], &schedule->start, clock);
        }
        describe_number(stream, "; and on ", schedule->n_extra_dates, "more date");
        describe_number(stream, "; but for ", schedule->n_exception_dates, "date");
        describe_overrides(stream, schedule, clock);
        if (start.kind == STAMP_UTC)
                (void) fputs(", in UTC", stream);
        if (start.kind == STAMP_ZONED)
                (void) fprintf(stream, ", in %s", zone_name(start.zone));
        if (n_rules > 0)
                say_begin(stream, schedule, clock, now_usec);
}

/*
 * Other hours between doses than the rule says: those of the wall clock, or its INTERVAL. Of times of the day only two that
 * follow each other count: from the last of a day to the first of the next of its days it may be a week.
 */
static bool is_uneven(const struct zone *zone, const struct occurrence *before, const struct occurrence *now) {
        const struct schedule *schedule = now->schedule;
        const struct rule *rule = schedule->n_rules > 0 ? schedule->rules[0] : NULL;
        int64_t wall_sec = zone_to_wall(zone, now->due_usec) - zone_to_wall(zone, before->due_usec);
        usec_t apart_usec = now->due_usec - before->due_usec, spacing_usec = rule ? rule_spacing(rule) : 0;

        if (spacing_usec == 0 || (!rule_is_below_a_day(rule) && wall_sec * USEC_PER_SEC != spacing_usec))
                return false;
        return apart_usec != wall_sec * USEC_PER_SEC && apart_usec != spacing_usec;
}

/* The time that was asked for, and when it is due instead: in the night that may be on the next day. */
static void say_gap(FILE *stream, const struct occurrence *now, const struct wall_clock *clock) {
        int64_t asked_wall_sec = stamp_to_wall(&now->asked, clock);
        int64_t due_wall_sec = zone_to_wall(stamp_zone(&now->asked, clock), now->due_usec);
        const struct civil asked = civil_from_wall(asked_wall_sec), due = civil_from_wall(due_wall_sec);

        (void) fprintf(stream, "; %02d:%02d does not exist on ", asked.hour, asked.minute);
        describe_date(stream, asked_wall_sec);
        (void) fprintf(stream, ": due at %02d:%02d", due.hour, due.minute);
        if (wall_day(due_wall_sec) != wall_day(asked_wall_sec)) {
                (void) fputs(" on ", stream);
                describe_date(stream, due_wall_sec);
        }
}

static int say_clock_change(FILE *stream, const struct zone *zone, const struct wall_clock *clock,
                            const struct occurrence *before, const struct occurrence *now) {
        _cleanup_(free_p) char *apart = NULL;
        int r;

        if (now->fit == ZONE_FIT_GAP) {
                say_gap(stream, now, clock);
                return 0;
        }
        if (!before || !is_uneven(zone, before, now))
                return SCHEDULE_NO_OCCURRENCE;
        r = span_format(now->due_usec - before->due_usec, &apart);
        if (r < 0)
                return r;
        (void) fprintf(stream, "; %s apart on ", apart);
        describe_date(stream, zone_to_wall(zone, now->due_usec));
        return 0;
}

/* The first change of the zone's offset. */
static bool find_change(const struct zone *zone, usec_t from_usec, usec_t until_usec, usec_t *ret_usec) {
        usec_t steady_usec = from_usec;

        if (zone_is_steady(zone, from_usec, until_usec))
                return false;
        while (until_usec - steady_usec > USEC_PER_SEC) {
                usec_t middle_usec = steady_usec + (until_usec - steady_usec) / 2;

                if (zone_is_steady(zone, from_usec, middle_usec))
                        steady_usec = middle_usec;
                else
                        until_usec = middle_usec;
        }
        *ret_usec = until_usec;
        return true;
}

/* This and the one it calls return 0 where something was said, SCHEDULE_NO_OCCURRENCE where nothing was, or a negative errno. */
static int say_change_at(FILE *stream, const struct schedule *schedule, const struct zone *zone,
                         const struct wall_clock *clock, usec_t change_usec, usec_t now_usec) {
        const struct occurrence *before = NULL;
        struct occurrence doses[2];
        usec_t from_usec = change_usec - AROUND > now_usec ? change_usec - AROUND : now_usec;

        for (size_t i = 0;; i++) {
                struct occurrence *now = &doses[i % 2];
                int r;

                r = schedule_next(schedule, clock, from_usec, now);
                if (r != 0)
                        return r;
                r = say_clock_change(stream, zone, clock, before, now);
                if (r != SCHEDULE_NO_OCCURRENCE)
                        return r;
                if (now->due_usec >= change_usec + AROUND)
                        return SCHEDULE_NO_OCCURRENCE;
                from_usec = now->due_usec + 1;
                before = now;
        }
}

static int say_next_clock_change(FILE *stream, const struct schedule *schedule, const struct wall_clock *clock,
                                 usec_t now_usec) {
        const struct zone *zone = stamp_zone(&schedule->start, clock);
        usec_t change_usec = now_usec;
        int r;

        while (find_change(zone, change_usec, now_usec + LOOKED_AHEAD, &change_usec)) {
                r = say_change_at(stream, schedule, zone, clock, change_usec, now_usec);
                if (r <= 0)
                        return r;
        }
        return 0;
}

int schedule_describe(const struct schedule *schedule, const struct wall_clock *clock, usec_t now_usec, char **ret) {
        _cleanup_(free_p) char *text = NULL;
        FILE *stream;
        size_t size;
        int r = 0;

        stream = open_memstream(&text, &size);
        if (!stream)
                return -ENOMEM;
        if (schedule->stopped)
                (void) fputs("stopped: ", stream);
        if (schedule->on_hold)
                (void) fputs("on hold: ", stream);
        if (schedule->as_needed)
                (void) fputs("as needed", stream);
        else {
                say_schedule(stream, schedule, clock, now_usec);
                r = say_next_clock_change(stream, schedule, clock, now_usec);
        }
        if (fclose(stream) != 0)
                return -ENOMEM;
        if (r < 0)
                return r;

        *ret = TAKE(text);
        return 0;
}
