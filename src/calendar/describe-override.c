/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The overrides of a schedule in words. */
#include "calendar/describe.h"
#include "calendar/rule-end.h"
#include "calendar/source.h"
#include "calendar/stamp.h"
#include "dosed/span.h"
#include "dosed/text.h"

/* Whether all doses are at this time of their days. */
static bool has_one_time(const struct schedule *schedule, int32_t second_of_day) {
        const struct rule *rule = schedule->n_rules == 1 ? schedule->rules[0] : NULL;
        struct expansion expansion;
        int64_t wall_sec = schedule->start.wall_sec;

        if (schedule->n_rules > 1 || schedule->n_extra_dates > 0 ||
            (rule && (rule_is_below_a_day(rule) || rule_times_per_day(rule) > 1)))
                return false;
        if (rule) {
                expansion_init(&expansion, rule, schedule->start.wall_sec, schedule->start.is_date);
                (void) expansion_next(&expansion, &wall_sec);
        }
        return wall_second_of_day(wall_sec) == second_of_day;
}

/* "2 days later", where two units are enough to say it. */
static void say_shift(FILE *stream, const char *before, int64_t shift_sec) {
        int64_t size_sec = shift_sec < 0 ? -shift_sec : shift_sec;
        _cleanup_(free_p) char *span = NULL;

        if (size_sec == 0 || size_sec % (size_sec < 2 * SEC_PER_DAY ? 60 : 3600) != 0 ||
            span_format(size_sec * USEC_PER_SEC, &span) < 0)
                return;
        (void) fprintf(stream, "%s%s %s", before, span, shift_sec < 0 ? "earlier" : "later");
}

/* To what a RANGE=THISANDFUTURE changes the doses, as far as that is simple. */
static void say_change(FILE *stream, const struct schedule *schedule, const struct override *override,
                       const struct stamp *original, const struct details *former) {
        const struct stamp *start = &override->start;
        struct stamp form = *start;
        const char *before = ": ";

        if (!text_equal(override->details.summary, former->summary)) {
                (void) fprintf(stream, "%s%s", before, override->details.summary);
                before = ", ";
        }
        if (override->details.amount && !text_equal(override->details.amount, former->amount)) {
                (void) fprintf(stream, "%s%s", before, override->details.amount);
                before = ", ";
        }

        /* By another clock the new time is not that of the day that was named. */
        form.is_date = original->is_date;
        if (!stamp_has_form(&form, original))
                return;
        if (!start->is_date && wall_day(start->wall_sec) == wall_day(original->wall_sec) &&
            has_one_time(schedule, wall_second_of_day(original->wall_sec))) {
                const struct civil c = civil_from_wall(start->wall_sec);

                (void) fprintf(stream, "%sat %02d:%02d", before, c.hour, c.minute);
        } else if (start->is_date == original->is_date)
                say_shift(stream, before, start->wall_sec - original->wall_sec);
}

void describe_overrides(FILE *stream, const struct schedule *schedule, const struct wall_clock *clock) {
        const struct details *former = &schedule->details;
        size_t n_changed = 0, n_cancelled = 0;

        for (size_t i = 0; schedule->has_master && i < schedule->n_overrides; i++) {
                const struct override *override = &schedule->overrides[i];
                struct stamp original;

                if (!override->this_and_future) {
                        *(override->cancelled ? &n_cancelled : &n_changed) += 1;
                        continue;
                }
                original = schedule_original(schedule, &override->recurrence_id, clock);
                (void) fprintf(stream, "; %s from ", override->cancelled ? "none" : "changed");
                describe_date(stream, original.wall_sec);
                (void) fputs(" on", stream);
                if (!override->cancelled) {
                        say_change(stream, schedule, override, &original, former);
                        former = &override->details;
                }
        }
        describe_number(stream, "; but for ", n_cancelled, "cancelled dose");
        describe_number(stream, "; with ", n_changed, "changed dose");
}

struct stamp describe_lone_overrides(FILE *stream, const struct schedule *schedule, const struct wall_clock *clock) {
        struct stamp first = schedule->overrides[0].start;
        struct schedule awake = *schedule;
        struct occurrence occurrence;
        usec_t from_usec = INT64_MIN;
        size_t n = 0;

        /* What is stopped or on hold has no occurrences; what it is that was stopped is to be said. */
        awake.stopped = awake.on_hold = false;
        while (schedule_next(&awake, clock, from_usec, &occurrence) == 0) {
                if (n++ == 0)
                        first = occurrence.asked;
                from_usec = occurrence.due_usec + 1;
        }

        if (n == 0) {
                (void) fputs("cancelled: ", stream);
                n = schedule->n_overrides;
        }
        if (n > 1)
                (void) fprintf(stream, "%zu times, first on ", n);
        else
                (void) fputs("once, on ", stream);
        describe_moment(stream, &first);
        return first;
}
