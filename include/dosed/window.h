/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a dose may be taken and when the person is reminded: pure functions of the plan and the dose. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/clock.h"
#include "dosed/dose.h"
#include "dosed/quiet.h"
#include "dosed/schedule.h"

/* What is configured for a person, beyond what their plan says. Zero: what counts where nothing is configured. */
struct dose_policy {
        usec_t window_min_usec, window_max_usec; /* of windows that follow from the spacing; 30 min and 4 h */
        usec_t remind_every_usec;                /* once the first hour is over, but for critical doses; an hour */
        struct quiet_hours quiet;                /* by the person's wall clock */
};

/*
 * End of the window: a quarter of the spacing to the next dose of that medication (USEC_NEVER: none), within the policy's limits,
 * or X-DOSED-WINDOW; lengthened to the end of its occurrence, `span_end_usec`, and never past the next dose.
 */
usec_t window_end(const struct dose_policy *policy, const struct details *details, usec_t due_usec, usec_t span_end_usec,
                  usec_t next_due_usec);

/*
 * The times of a dose that follow from the doses of its medication around it: next_due_usec USEC_NEVER and
 * previous_due_usec USEC_NONE where there is none. `span_end_usec` is the occurrence's end.
 * Sets due, window_end, early, next_due, spacing and min_interval.
 */
void window_freeze(struct dose *dose, const struct dose_policy *policy, const struct schedule *schedule,
                   const struct details *details, usec_t due_usec, usec_t span_end_usec, usec_t previous_due_usec,
                   usec_t next_due_usec);

/* Taking late now is offered until half-way to the next dose, and at least until the window ends. */
usec_t window_takeable_until(const struct dose *dose);

/*
 * The first reminder later than `after_usec`: at the due time, after 10, 30 and 60 min, then as the policy says (critical: every
 * 10 min), never within 5 min of the last one (a snooze that ended), and at the schedule's own alarms, which may lie before the
 * due time; while the window lasts. What another client has seen is silent, but seen is not taken: one last reminder comes
 * before the window ends. USEC_NEVER where none is left.
 *
 * Quiet hours, by the wall clock of `zone`, hold all of it back until they end, but for critical doses and for the due time
 * itself: who plans a dose for the night wants to be woken for it, once. What they hold back past the end of the window is
 * not heard.
 */
usec_t reminder_next(const struct dose *dose, const struct dose_policy *policy, const struct zone *zone,
                     const usec_t *alarms_usec, size_t n_alarms, usec_t after_usec);

/*
 * When a reminder may come that was to come at `at_usec` or before and could not: the machine was asleep, say. Later only
 * where it is quiet then, and never the first one: nobody has heard of the dose yet.
 */
usec_t reminder_hold(const struct dose *dose, const struct dose_policy *policy, const struct zone *zone, usec_t at_usec);

/* Snoozing is clipped so that one more reminder comes before the window ends. May lie before now: then it is too late. */
usec_t snooze_clip(const struct dose *dose, usec_t until_usec);

/* ISMP, Acute Care Guidelines for Timely Administration of Scheduled Medications (2011): within 2 h where doses are a day
 * or more apart, 1 h down to 4 h apart, a quarter of the spacing below; 30 min where critical. */
enum dose_grade dose_grade(const struct dose *dose, usec_t taken_usec);
