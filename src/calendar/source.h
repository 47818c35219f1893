/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The sources of a schedule's occurrences, each an ascending series of wall-clock times in the form of DTSTART. */
#pragma once

#include "calendar/expand.h"
#include "calendar/rule.h"
#include "dosed/schedule.h"

/* A rule, or dates. */
struct source {
        const struct rule *rule; /* NULL: dates */
        struct expansion expansion;
        const struct stamp *dates;
        size_t n_dates, position;
        usec_t last_usec; /* UNTIL as an instant */
};

/* How many sources a schedule has: DTSTART, the RDATEs in its form, and the rules. Without a master there are none. */
size_t schedule_n_sources(const struct schedule *schedule);

/* Opens the i-th of them. */
void source_init(struct source *source, const struct schedule *schedule, size_t i, const struct wall_clock *clock);
void source_init_rule(struct source *source, const struct rule *rule, const struct stamp *start,
                      const struct wall_clock *clock);

/* As expansion_seek() and expansion_next(); what lies past last_usec the caller leaves out. */
void source_seek(struct source *source, int64_t wall_sec);
bool source_next(struct source *source, int64_t *ret_wall_sec);

/* None of its times is later; INT64_MAX where it has no end, INT64_MIN where it has no times. */
int64_t source_last(const struct source *source);

/* Whether DTSTART, a rule or an RDATE of DTSTART's form gives that wall-clock time, excluded or not. */
bool schedule_generates(const struct schedule *schedule, int64_t wall_sec, const struct wall_clock *clock);

/* Whether the series has a dose, excluded or not, that an EXDATE or RECURRENCE-ID names. */
bool schedule_has_named(const struct schedule *schedule, const struct stamp *stamp, const struct wall_clock *clock);

/* An RDATE in another form than DTSTART at that instant; NULL: none. */
const struct stamp *schedule_find_foreign_date(const struct schedule *schedule, usec_t at_usec,
                                               const struct wall_clock *clock);

/*
 * The original start that a RECURRENCE-ID means, in the one form by which that occurrence is known: DTSTART's, or UTC
 * for an RDATE of another form.
 */
struct stamp schedule_original(const struct schedule *schedule, const struct stamp *recurrence_id,
                               const struct wall_clock *clock);

/* The first wall-clock time that the EXDATE which takes this one away no longer does: of a DATE that of the next day. */
int64_t schedule_exception_end(const struct schedule *schedule, const struct stamp *original,
                               const struct wall_clock *clock);

struct stamp stamp_utc(usec_t at_usec);
