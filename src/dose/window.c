/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When a dose may be taken and when the person is reminded. */
#include "dosed/window.h"

#define WINDOW_MIN (30 * USEC_PER_MINUTE)
#define WINDOW_MAX (4 * USEC_PER_HOUR)
#define REMIND_EVERY USEC_PER_HOUR
#define REMIND_EVERY_CRITICAL (10 * USEC_PER_MINUTE)
#define SNOOZE_MARGIN (10 * USEC_PER_MINUTE) /* the last reminder comes at least so long before the window ends */

/* So long at least from one reminder to the next of the series: a snooze may have ended just before it. */
#define REMINDER_GAP (5 * USEC_PER_MINUTE)

/* After the due time; then as the policy says. */
static const usec_t reminder_series[] = { 0, 10 * USEC_PER_MINUTE, 30 * USEC_PER_MINUTE, 60 * USEC_PER_MINUTE };

static usec_t at_least(usec_t a, usec_t b) {
        return a > b ? a : b;
}

static usec_t at_most(usec_t a, usec_t b) {
        return a < b ? a : b;
}

static usec_t window_length(const struct dose_policy *policy, const struct details *details, usec_t due_usec,
                            usec_t next_due_usec) {
        usec_t min_usec = policy->window_min_usec ?: WINDOW_MIN, max_usec = policy->window_max_usec ?: WINDOW_MAX;

        if (details->window_usec > 0)
                return details->window_usec;
        if (next_due_usec == USEC_NEVER)
                return max_usec;
        return at_most(at_least((next_due_usec - due_usec) / 4, min_usec), max_usec);
}

usec_t window_end(const struct dose_policy *policy, const struct details *details, usec_t due_usec, usec_t span_end_usec,
                  usec_t next_due_usec) {
        usec_t end_usec = at_least(due_usec + window_length(policy, details, due_usec, next_due_usec), span_end_usec);

        return at_most(end_usec, next_due_usec);
}

void window_freeze(struct dose *dose, const struct dose_policy *policy, const struct schedule *schedule,
                   const struct details *details, usec_t due_usec, usec_t span_end_usec, usec_t previous_due_usec,
                   usec_t next_due_usec) {
        usec_t before_usec = previous_due_usec == USEC_NONE ? USEC_NEVER : due_usec - previous_due_usec;
        usec_t after_usec = next_due_usec == USEC_NEVER ? USEC_NEVER : next_due_usec - due_usec;
        usec_t spacing_usec = at_most(before_usec, after_usec);

        dose->due_usec = due_usec;
        dose->next_due_usec = next_due_usec;
        dose->spacing_usec = spacing_usec == USEC_NEVER ? USEC_PER_DAY : spacing_usec;
        dose->window_end_usec = window_end(policy, details, due_usec, span_end_usec, next_due_usec);
        dose->early_usec = details->early_usec > 0 ? details->early_usec : dose->window_end_usec - due_usec;
        dose->min_interval_usec =
                schedule->min_interval_usec > 0 ? schedule->min_interval_usec : dose->spacing_usec / 2;
}

usec_t window_takeable_until(const struct dose *dose) {
        usec_t gap_usec = dose->next_due_usec == USEC_NEVER ? dose->spacing_usec : dose->next_due_usec - dose->due_usec;

        return at_least(dose->due_usec + gap_usec / 2, dose->window_end_usec);
}

/* The first of a series that begins at `due_usec` and is later than `after_usec`. */
static usec_t series_next(const struct dose *dose, const struct dose_policy *policy, usec_t after_usec) {
        usec_t every_usec = dose->critical ? REMIND_EVERY_CRITICAL : policy->remind_every_usec ?: REMIND_EVERY;
        usec_t since_usec = after_usec - dose->due_usec;

        if (!dose->critical)
                for (size_t i = 0; i < ELEMENTS(reminder_series); i++)
                        if (reminder_series[i] > since_usec)
                                return dose->due_usec + reminder_series[i];

        if (since_usec < 0)
                return dose->due_usec;
        return dose->due_usec + (since_usec / every_usec + 1) * every_usec;
}

/* The last moment at which a reminder is of use. */
static usec_t last_reminder(const struct dose *dose) {
        return dose->window_end_usec - at_most(SNOOZE_MARGIN, (dose->window_end_usec - dose->due_usec) / 4);
}

/* The due time rings, also where it lies in quiet hours that hold back what comes before and after it. */
static usec_t hold_back(const struct dose *dose, const struct dose_policy *policy, const struct zone *zone, usec_t at_usec) {
        usec_t end_usec;

        if (dose->critical || at_usec == dose->due_usec || at_usec == USEC_NEVER)
                return at_usec;
        end_usec = quiet_end(&policy->quiet, zone, at_usec);
        return at_usec < dose->due_usec ? at_most(end_usec, dose->due_usec) : end_usec;
}

usec_t reminder_next(const struct dose *dose, const struct dose_policy *policy, const struct zone *zone,
                     const usec_t *alarms_usec, size_t n_alarms, usec_t after_usec) {
        bool is_seen = dose->seen_usec >= dose->due_usec;
        usec_t next_usec;

        after_usec = at_least(after_usec, dose->seen_usec);
        if (!is_seen)
                next_usec = series_next(dose, policy, after_usec >= dose->due_usec ? after_usec + REMINDER_GAP - 1 : after_usec);
        else
                next_usec = last_reminder(dose) > after_usec ? last_reminder(dose) : USEC_NEVER;

        for (size_t i = 0; i < n_alarms; i++)
                if (alarms_usec[i] > after_usec)
                        next_usec = at_most(next_usec, alarms_usec[i]);

        next_usec = hold_back(dose, policy, zone, next_usec);
        return next_usec < dose->window_end_usec ? next_usec : USEC_NEVER;
}

usec_t reminder_hold(const struct dose *dose, const struct dose_policy *policy, const struct zone *zone, usec_t at_usec) {
        return dose->reminded_usec < dose->due_usec && at_usec >= dose->due_usec ? at_usec :
                                                                                  hold_back(dose, policy, zone, at_usec);
}

usec_t snooze_clip(const struct dose *dose, usec_t until_usec) {
        return at_most(until_usec, last_reminder(dose));
}

enum dose_grade dose_grade(const struct dose *dose, usec_t taken_usec) {
        usec_t tolerance_usec, off_usec = taken_usec - dose->due_usec;

        if (dose->critical)
                tolerance_usec = 30 * USEC_PER_MINUTE;
        else if (dose->spacing_usec >= USEC_PER_DAY - USEC_PER_HOUR) /* a day of 23 hours is a day */
                tolerance_usec = 2 * USEC_PER_HOUR;
        else if (dose->spacing_usec >= 4 * USEC_PER_HOUR)
                tolerance_usec = USEC_PER_HOUR;
        else
                tolerance_usec = dose->spacing_usec / 4;

        if (off_usec < -tolerance_usec)
                return GRADE_EARLY;
        if (off_usec > tolerance_usec)
                return GRADE_LATE;
        return GRADE_ON_TIME;
}
