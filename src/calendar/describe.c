/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A schedule in words, as people say it. */
#include <stdarg.h>

#include "calendar/rule.h"
#include "dosed/schedule.h"
#include "dosed/span.h"

#define TIMES_LISTED 8 /* times of a day that are named one by one */
#define LOOKED_AHEAD (400 * USEC_PER_DAY)
#define LOOKED_AT 5000 /* occurrences in which a change of the clock is looked for */

static const char *const frequency_names[_FREQUENCY_MAX] = {
        [FREQUENCY_MINUTELY] = "minute", [FREQUENCY_HOURLY] = "hour",   [FREQUENCY_DAILY] = "day",
        [FREQUENCY_WEEKLY] = "week",     [FREQUENCY_MONTHLY] = "month", [FREQUENCY_YEARLY] = "year",
};

static const char *const weekday_names[_WEEKDAY_MAX] = {
        [MONDAY] = "Monday", [TUESDAY] = "Tuesday",   [WEDNESDAY] = "Wednesday", [THURSDAY] = "Thursday",
        [FRIDAY] = "Friday", [SATURDAY] = "Saturday", [SUNDAY] = "Sunday",
};

static const char *const month_names[] = {
        "January", "February", "March",     "April",   "May",      "June",
        "July",    "August",   "September", "October", "November", "December",
};

/* "a, b and c", one after the other; the end is said once it is known. */
struct list {
        FILE *stream;
        char *waiting; /* the last one so far */
        size_t n;
};

static void list_add(struct list *list, char *text) {
        if (list->waiting && list->n > 0)
                (void) fprintf(list->stream, "%s%s", list->n > 1 ? ", " : "", list->waiting);
        free(list->waiting);
        list->waiting = text;
        list->n++;
}

static void list_end(struct list *list) {
        if (list->waiting)
                (void) fprintf(list->stream, "%s%s", list->n > 1 ? " and " : "", list->waiting);
        free(list->waiting);
        *list = (struct list){ .stream = list->stream };
}

static char *__attribute__((format(printf, 1, 2))) words(const char *format, ...) {
        va_list arguments;
        char *text;

        va_start(arguments, format);
        if (vasprintf(&text, format, arguments) < 0)
                text = NULL;
        va_end(arguments);
        return text;
}

/* "1st", "22nd"; from the end: "last", "2nd last". */
static char *ordinal(int n) {
        static const char *const endings[] = { "th", "st", "nd", "rd" };
        int positive = n < 0 ? -n : n;
        const char *ending = positive % 100 / 10 == 1 || positive % 10 > 3 ? "th" : endings[positive % 10];

        if (n == -1)
                return words("last");
        return words("%d%s%s", positive, ending, n < 0 ? " last" : "");
}

/* The values of a set, bit n being n, in order; those counted from the end after the others. */
static void list_ordinals(struct list *list, const uint64_t *forward, const uint64_t *backward, unsigned n_bits) {
        for (unsigned i = 1; i < n_bits; i++)
                if (forward[i / 64] >> i % 64 & 1)
                        list_add(list, ordinal((int) i));
        for (unsigned i = n_bits - 1; i > 0; i--)
                if (backward[i / 64] >> i % 64 & 1)
                        list_add(list, ordinal(-(int) i));
}

static void say_months(FILE *stream, const struct rule *rule) {
        struct list list = { .stream = stream };

        if (rule->months == 0)
                return;
        (void) fputs(" in ", stream);
        for (unsigned month = 1; month <= 12; month++)
                if (rule->months >> month & 1)
                        list_add(&list, words("%s", month_names[month - 1]));
        list_end(&list);
}

static void say_positions(FILE *stream, const struct rule *rule) {
        const struct rule_positions *positions = rule->positions;
        const uint64_t forward = rule->month_days_forward, backward = rule->month_days_backward;
        struct list list = { .stream = stream };

        if (positions && positions->has_weeks) {
                (void) fputs(" in the ", stream);
                list_ordinals(&list, &positions->weeks_forward, &positions->weeks_backward, 54);
                list_end(&list);
                (void) fputs(" week", stream);
        }
        if (positions && positions->has_year_days) {
                (void) fputs(" on the ", stream);
                list_ordinals(&list, positions->year_days.forward, positions->year_days.backward, RULE_POSITIONS + 1);
                list_end(&list);
                (void) fputs(" day of the year", stream);
        }
        if (forward || backward) {
                (void) fputs(" on the ", stream);
                list_ordinals(&list, &forward, &backward, 32);
                list_end(&list);
                (void) fputs(" day of the month", stream);
        }
}

static void say_weekdays(FILE *stream, const struct rule *rule) {
        const struct rule_positions *positions = rule->positions;
        struct list list = { .stream = stream };
        bool has_ordinals = positions && positions->has_weekdays;

        if (rule->weekdays == 0 && !has_ordinals)
                return;
        (void) fputs(" on ", stream);
        for (enum weekday day = 0; day < _WEEKDAY_MAX; day++) {
                if (rule->weekdays >> day & 1)
                        list_add(&list, words("%s", weekday_names[day]));
                for (int n = -53; has_ordinals && n <= 53; n++) {
                        const uint64_t set = n < 0 ? positions->weekdays_backward[day] : positions->weekdays_forward[day];
                        _cleanup_(free_p) char *nth = NULL;

                        if (n == 0 || !(set >> (n < 0 ? -n : n) & 1))
                                continue;
                        nth = ordinal(n);
                        list_add(&list, words("the %s %s", nth ?: "", weekday_names[day]));
                }
        }
        list_end(&list);
}

static void list_numbers(FILE *stream, const char *before, uint64_t set) {
        struct list list = { .stream = stream };

        (void) fputs(before, stream);
        for (unsigned i = 0; i < 64; i++)
                if (set >> i & 1)
                        list_add(&list, words("%02u", i));
        list_end(&list);
}

/* The times of a day: each of the hours with each of the minutes; what the rule does not say comes from DTSTART. */
static void say_times_of_day(FILE *stream, const struct rule *rule, const struct civil *start) {
        uint64_t hours = rule->hours ? rule->hours : UINT64_C(1) << start->hour;
        uint64_t minutes = rule->minutes ? rule->minutes : UINT64_C(1) << start->minute;
        struct list list = { .stream = stream };

        if (__builtin_popcountll(hours) * __builtin_popcountll(minutes) > TIMES_LISTED) {
                list_numbers(stream, " at the minutes ", minutes);
                list_numbers(stream, " of the hours ", hours);
                return;
        }
        (void) fputs(" at ", stream);
        for (unsigned hour = 0; hour < 24; hour++)
                for (unsigned minute = 0; hours >> hour & 1 && minute < 60; minute++)
                        if (minutes >> minute & 1)
                                list_add(&list, words("%02u:%02u", hour, minute));
        list_end(&list);
}

static void say_times(FILE *stream, const struct rule *rule, const struct stamp *start) {
        const struct civil c = civil_from_wall(start->wall_sec);

        if (start->is_date)
                return;
        if (!rule_is_below_a_day(rule)) {
                say_times_of_day(stream, rule, &c);
                return;
        }
        if (start->kind != STAMP_UTC)
                (void) fputs(" by the wall clock", stream);
        if (rule->minutes)
                list_numbers(stream, " at the minutes ", rule->minutes);
        if (rule->hours)
                list_numbers(stream, " in the hours ", rule->hours);
}

static void say_date(FILE *stream, int64_t wall_sec) {
        const struct civil c = civil_from_wall(wall_sec);

        (void) fprintf(stream, "%d %s %d", c.day, month_names[c.month - 1], c.year);
}

static void say_rule(FILE *stream, const struct rule *rule, const struct stamp *start) {
        struct list list = { .stream = stream };

        if (rule->interval == 1)
                (void) fprintf(stream, "every %s", frequency_names[rule->frequency]);
        else
                (void) fprintf(stream, "every %u %ss", (unsigned) rule->interval, frequency_names[rule->frequency]);
        say_months(stream, rule);
        say_positions(stream, rule);
        say_weekdays(stream, rule);
        say_times(stream, rule, start);
        if (rule->positions && rule->positions->has_set) {
                (void) fputs(", of these the ", stream);
                list_ordinals(&list, rule->positions->set.forward, rule->positions->set.backward, RULE_POSITIONS + 1);
                list_end(&list);
        }
        if (rule->count > 0)
                (void) fprintf(stream, ", %u time%s", (unsigned) rule->count, rule->count == 1 ? "" : "s");
        if (rule->has_until) {
                (void) fputs(", until ", stream);
                say_date(stream, rule->until_wall_sec);
        }
}

static void say_moment(FILE *stream, const struct stamp *start) {
        const struct civil c = civil_from_wall(start->wall_sec);

        say_date(stream, start->wall_sec);
        if (!start->is_date)
                (void) fprintf(stream, " at %02d:%02d", c.hour, c.minute);
}

static void say_after_taken(FILE *stream, const struct schedule *schedule) {
        _cleanup_(free_p) char *span = NULL;

        if (span_format(schedule->after_taken_usec, &span) >= 0)
                (void) fprintf(stream, "%s after the last one was taken, first on ", span);
        say_moment(stream, &schedule->start);
}

static void say_number(FILE *stream, const char *before, size_t n, const char *what) {
        if (n > 0)
                (void) fprintf(stream, "%s%zu %s%s", before, n, what, n == 1 ? "" : "s");
}

static void say_schedule(FILE *stream, const struct schedule *schedule) {
        if (schedule->after_taken_usec > 0)
                say_after_taken(stream, schedule);
        else if (schedule->n_rules == 0) {
                (void) fputs("once, on ", stream);
                say_moment(stream, &schedule->start);
        }
        for (size_t i = 0; i < schedule->n_rules; i++) {
                (void) fputs(i > 0 ? "; and " : "", stream);
                say_rule(stream, schedule->rules[i], &schedule->start);
        }
        for (size_t i = 0; i < schedule->n_exception_rules; i++) {
                (void) fputs("; but not ", stream);
                say_rule(stream, schedule->exception_rules[i], &schedule->start);
        }
        say_number(stream, "; and on ", schedule->n_extra_dates, "more date");
        say_number(stream, "; but for ", schedule->n_exception_dates, "date");
        say_number(stream, "; with ", schedule->has_master ? schedule->n_overrides : 0, "changed dose");
        if (schedule->start.kind == STAMP_UTC)
                (void) fputs(", in UTC", stream);
        if (schedule->start.kind == STAMP_ZONED)
                (void) fprintf(stream, ", in %s", zone_name(schedule->start.zone));
}

static const struct zone *zone_of(const struct schedule *schedule, const struct wall_clock *clock) {
        return schedule->start.kind == STAMP_UTC   ? zone_utc() :
               schedule->start.kind == STAMP_ZONED ? schedule->start.zone :
                                                     clock->zone;
}

/* A dose whose time does not exist; or, where the hours between doses are what the rule says, other hours than it says. */
static bool say_clock_change(FILE *stream, const struct zone *zone, const struct occurrence *before,
                             const struct occurrence *now) {
        const struct schedule *schedule = now->schedule;
        bool counts_hours = schedule->n_rules > 0 && rule_is_below_a_day(schedule->rules[0]);
        int64_t wall_sec = zone_to_wall(zone, now->due_usec);
        usec_t apart_usec = now->due_usec - before->due_usec;
        struct civil c = civil_from_wall(now->recurrence_id.wall_sec), due = civil_from_wall(wall_sec);

        if (now->fit == ZONE_FIT_GAP)
                (void) fprintf(stream, "; %02d:%02d does not exist on ", c.hour, c.minute);
        else if (counts_hours &&
                 apart_usec != (wall_sec - zone_to_wall(zone, before->due_usec)) * USEC_PER_SEC)
                (void) fprintf(stream, "; %g h apart on ", (double) apart_usec / USEC_PER_HOUR);
        else
                return false;
        say_date(stream, wall_sec);
        if (now->fit == ZONE_FIT_GAP)
                (void) fprintf(stream, ": due at %02d:%02d", due.hour, due.minute);
        return true;
}

static int say_next_clock_change(FILE *stream, const struct schedule *schedule, const struct wall_clock *clock,
                                 usec_t now_usec) {
        const struct zone *zone = zone_of(schedule, clock);
        struct occurrence before, next;
        int r;

        r = schedule_next(schedule, clock, now_usec, &before);
        for (unsigned i = 0; r == 0 && i < LOOKED_AT && before.due_usec < now_usec + LOOKED_AHEAD; i++) {
                r = schedule_next(schedule, clock, before.due_usec + 1, &next);
                if (r != 0 || say_clock_change(stream, zone, &before, &next))
                        break;
                before = next;
        }
        return r < 0 ? r : 0;
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
                say_schedule(stream, schedule);
                r = say_next_clock_change(stream, schedule, clock, now_usec);
        }
        if (fclose(stream) != 0)
                return -ENOMEM;
        if (r < 0)
                return r;

        *ret = TAKE(text);
        return 0;
}
