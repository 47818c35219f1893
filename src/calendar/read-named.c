/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What EXDATE and RECURRENCE-ID name: only where the schedule is whole can be seen whether that is a dose of it. */
#include "calendar/read.h"
#include "calendar/source.h"
#include "calendar/stamp.h"
#include "dosed/limits.h"

enum named {
        NAMED_DOSE,
        NAMED_NOTHING,
        NAMED_BY_PERSON, /* one floats and the other does not: the person's zone decides */
        _NAMED_MAX,
};

enum naming {
        NAMING_MOVED,
        NAMING_CANCELLED,
        NAMING_EXCEPTION,
        _NAMING_MAX,
};

static const char *const warnings[_NAMED_MAX][_NAMING_MAX] = {
        [NAMED_NOTHING] = {
                [NAMING_MOVED] = "RECURRENCE-ID names no dose of the series, so that this one is due besides them all; write "
                                 "there when the dose that it stands for would be due, or remove this one",
                [NAMING_CANCELLED] = "RECURRENCE-ID names no dose of the series, so that nothing is cancelled; write there when "
                                     "the dose that is cancelled would be due",
                [NAMING_EXCEPTION] = "EXDATE names no dose of the series, so that it takes nothing away; write there when the "
                                     "dose that it takes away would be due",
        },
        [NAMED_BY_PERSON] = {
                [NAMING_MOVED] = "Of RECURRENCE-ID and the start only one has a zone, so that this one is due besides them all "
                                 "where the person's clock shows another time; write both alike",
                [NAMING_CANCELLED] = "Of RECURRENCE-ID and the start only one has a zone, so that nothing is cancelled where the "
                                     "person's clock shows another time; write both alike",
                [NAMING_EXCEPTION] = "Of EXDATE and the start only one has a zone, so that it takes nothing away where the "
                                     "person's clock shows another time; write both alike",
        },
};

/* The series of a schedule, with what many looks at it share. */
struct series {
        struct reader *reader;
        const struct schedule *schedule;
        struct wall_clock clock; /* floating times are only set against each other: any zone will do */
        int64_t end_wall_sec;    /* nothing is due after it; INT64_MAX */
};

static bool floats(const struct stamp *stamp) {
        return stamp->kind == STAMP_FLOATING && !stamp->is_date;
}

/* A day has no zone, and goes with either. */
static bool is_mixed(const struct series *series, const struct stamp *stamp) {
        const struct stamp *start = &series->schedule->start;

        return !stamp->is_date && !start->is_date && floats(stamp) != floats(start);
}

static int64_t find_end(const struct schedule *schedule, const struct wall_clock *clock) {
        int64_t end_wall_sec = schedule->start.wall_sec;
        struct source source;

        for (size_t i = 0; i < schedule->n_extra_dates; i++)
                if (!stamp_has_form(&schedule->extra_dates[i], &schedule->start))
                        return INT64_MAX;
        for (size_t i = 0; i < schedule_n_sources(schedule); i++) {
                int64_t last_wall_sec;

                source_init(&source, schedule, i, clock);
                last_wall_sec = source_last(&source);
                if (last_wall_sec > end_wall_sec)
                        end_wall_sec = last_wall_sec;
        }
        return end_wall_sec;
}

/* What is put away before the first dose or after the last is left there by programs that move a start, or end a series. */
static bool is_left_over(const struct series *series, const struct stamp *stamp) {
        const struct stamp *start = &series->schedule->start;
        int64_t wall_sec = stamp->wall_sec;

        if (!stamp->is_date && !stamp_has_form(stamp, start))
                wall_sec = stamp_wall_of(start, stamp_to_usec(stamp, &series->clock, NULL), &series->clock);
        return wall_sec <= start->wall_sec - SEC_PER_DAY || wall_sec - SEC_PER_DAY >= series->end_wall_sec;
}

static enum named look(const struct series *series, const struct stamp *stamp) {
        const struct schedule *schedule = series->schedule;

        if (!is_mixed(series, stamp))
                return schedule_has_named(schedule, stamp, &series->clock) ? NAMED_DOSE : NAMED_NOTHING;
        return schedule->n_extra_dates > 0 &&
                               bsearch(stamp, schedule->extra_dates, schedule->n_extra_dates, sizeof(*stamp), stamp_compare)
                       ? NAMED_DOSE
                       : NAMED_BY_PERSON;
}

/* False where enough of the file was looked at. */
static bool may_look(struct series *series) {
        series->reader->n_looks += 1 + series->schedule->n_rules;
        return series->reader->n_looks <= LIMIT_FILE_LOOKS;
}

/* Warns where the stamp names no dose. */
static int check(struct series *series, unsigned line, const struct stamp *stamp, enum naming naming, bool *ret_warned) {
        enum named named = look(series, stamp);

        *ret_warned = named != NAMED_DOSE && (naming == NAMING_MOVED || !is_left_over(series, stamp));
        return *ret_warned ? reader_warning(series->reader, line, "%s", warnings[named][naming]) : 0;
}

/* The same of a search for a dose. */
static bool may_search(struct series *series) {
        const struct schedule *schedule = series->schedule;
        struct reader *reader = series->reader;

        reader->n_searched += schedule->n_exception_dates + schedule->n_overrides;
        reader->n_searched_rules += schedule->n_rules * schedule->n_exception_rules;
        return reader->n_searched <= LIMIT_FILE_SEARCHED && reader->n_searched_rules <= LIMIT_FILE_SEARCHED_EXRULES;
}

/* One instant has one dose, which the other names: this one would be gone, and nobody would know. */
static int check_moved(struct series *series, const struct override *override, bool *ret_warned) {
        struct stamp original = schedule_original(series->schedule, &override->recurrence_id, &series->clock);
        usec_t due_usec = stamp_to_usec(&override->start, &series->clock, NULL);
        struct occurrence first;
        int r;

        *ret_warned = false;
        if (override->this_and_future || due_usec == stamp_to_usec(&original, &series->clock, NULL) ||
            override->start.is_date != original.is_date || is_mixed(series, &override->start) || !may_search(series))
                return 0;
        r = schedule_next(series->schedule, &series->clock, due_usec, &first);
        if (r < 0)
                return r;
        if (r > 0 || first.due_usec != due_usec || stamp_compare(&first.recurrence_id, &original) == 0)
                return 0;
        *ret_warned = true;
        return reader_warning(series->reader, override->line,
                              "This dose is moved to a time at which another one of the series is due, and both are one dose "
                              "then; write another time, or a UID of its own for what is taken besides");
}

static int check_overrides(struct series *series) {
        const struct schedule *schedule = series->schedule;
        bool warned;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < schedule->n_overrides && may_look(series); i++) {
                const struct override *override = &schedule->overrides[i];

                /* What calls off all that is to come does so from any time on. */
                if (!override->cancelled) {
                        r = check_moved(series, override, &warned);
                        if (r >= 0 && !warned)
                                r = check(series, override->line, &override->recurrence_id, NAMING_MOVED, &warned);
                } else if (!override->this_and_future)
                        r = check(series, override->line, &override->recurrence_id, NAMING_CANCELLED, &warned);
        }
        return r;
}

/* Once for each line. */
static int check_exceptions(struct series *series, size_t component) {
        const struct scan_line *line = scan_find(series->reader->scan, component, PROPERTY_EXDATE);
        bool warned;
        int r;

        for (; line; line = scan_find_next(series->reader->scan, line)) {
                warned = false;
                for (size_t i = 0; !warned && i < line->n_times; i++) {
                        struct stamp stamp;

                        if (!may_look(series))
                                return 0;
                        r = reader_stamp(series->reader, line, i, &stamp);
                        if (r < 0)
                                return r;
                        /* Of these is told already (read-rule.c). */
                        if (stamp.kind == STAMP_UTC && series->schedule->start.is_date)
                                break;
                        r = check(series, line->line, &stamp, NAMING_EXCEPTION, &warned);
                        if (r < 0)
                                return r;
                }
        }
        return 0;
}

/* Whether it may be that every dose is taken away; false also where to find out would cost too much. */
static bool may_be_empty(struct series *series) {
        const struct schedule *schedule = series->schedule;
        bool ends = series->end_wall_sec < INT64_MAX || !schedule->has_master;

        for (size_t i = 0; i < schedule->n_overrides; i++) {
                if (!schedule->overrides[i].cancelled || is_mixed(series, &schedule->overrides[i].recurrence_id))
                        return false;
                ends = ends || schedule->overrides[i].this_and_future;
        }
        for (size_t i = 0; i < schedule->n_exception_dates; i++)
                if (is_mixed(series, &schedule->exception_dates[i]))
                        return false;

        return (schedule->n_exception_rules > 0 ||
                (ends && (schedule->n_exception_dates > 0 || schedule->n_overrides > 0))) &&
               may_search(series);
}

/* Nobody would be reminded, and nobody would notice; but it may be a course that was called off whole. */
static int check_empty(struct series *series) {
        struct occurrence occurrence;
        int r;

        if (!may_be_empty(series))
                return 0;
        r = schedule_next(series->schedule, &series->clock, INT64_MIN, &occurrence);
        if (r != SCHEDULE_NO_OCCURRENCE)
                return r;
        return reader_warning(series->reader, series->schedule->line, "Nothing of this is ever due: each dose is taken away by "
                              "EXDATE, by EXRULE, or as CANCELLED; if it was stopped, write STATUS:CANCELLED");
}

int read_named(struct reader *reader, size_t component, const struct schedule *schedule) {
        struct series series = { .reader = reader, .schedule = schedule, .clock = { .zone = zone_utc() } };
        int r = 0;

        if (schedule->as_needed || schedule->stopped || schedule->on_hold)
                return 0;
        series.end_wall_sec = find_end(schedule, &series.clock);
        if (schedule->has_master)
                r = check_overrides(&series);
        if (r >= 0 && schedule->has_master)
                r = check_exceptions(&series, component);
        return r >= 0 ? check_empty(&series) : r;
}
