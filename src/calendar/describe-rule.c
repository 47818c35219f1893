/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A rule in words, as people say it. */
#include <stdarg.h>

#include "calendar/describe.h"
#include "calendar/expand.h"
#include "calendar/stamp.h"

#define TIMES_LISTED 8 /* times of a day that are named one by one */
#define FEBRUARY 2
#define ORDINARY_YEAR 2001

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

/* Days that some of the rule's months do not have: RFC 5545 3.3.10 leaves them out there. */
static void say_left_out(FILE *stream, const struct rule *rule) {
        const uint32_t days = rule->month_days_forward | rule->month_days_backward;
        unsigned shortest = 31;

        for (int month = 1; month <= 12; month++)
                if ((!rule->months || rule->months >> month & 1) && month_days(ORDINARY_YEAR, month) < (int) shortest)
                        shortest = (unsigned) month_days(ORDINARY_YEAR, month);
        if ((rule->positions && rule->positions->has_set) || (uint64_t) days >> (shortest + 1) == 0)
                return;
        if (rule->months == 1u << FEBRUARY && days == UINT32_C(1) << 29)
                (void) fputs(", only in leap years", stream);
        else
                (void) fputs(", left out in months without that day", stream);
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

void describe_date(FILE *stream, int64_t wall_sec) {
        const struct civil c = civil_from_wall(wall_sec);

        (void) fprintf(stream, "%d %s %d", c.day, month_names[c.month - 1], c.year);
}

static bool is_before_times_of_day(const struct expansion *expansion, int64_t wall_sec) {
        return !rule_is_below_a_day(expansion->rule) &&
               wall_second_of_day(wall_sec) <
                       expansion->hours[0] * 3600 + expansion->minutes[0] * 60 + expansion->seconds[0];
}

/* UNTIL on the wall clock by which the doses are due. Before the first time of its day, the day before is the last. */
static void say_until(FILE *stream, const struct expansion *expansion, const struct stamp *start,
                      const struct wall_clock *clock) {
        const struct rule *rule = expansion->rule;
        int64_t wall_sec = rule->until_wall_sec;

        if (rule->until_is_utc && !start->is_date)
                wall_sec = zone_to_wall(stamp_zone(start, clock), wall_sec * USEC_PER_SEC);
        if (!rule->until_is_date && !start->is_date && is_before_times_of_day(expansion, wall_sec))
                wall_sec -= SEC_PER_DAY;
        (void) fputs(", until ", stream);
        describe_date(stream, wall_sec);
}

/* The rule with the days that DTSTART fills in. It owns nothing. */
static struct rule rule_filled_in(const struct expansion *expansion) {
        struct rule filled = *expansion->rule;

        filled.months = expansion->months;
        filled.weekdays = expansion->weekdays;
        filled.month_days_forward = expansion->month_days_forward;
        filled.month_days_backward = expansion->month_days_backward;
        return filled;
}

void describe_rule(FILE *stream, const struct rule *rule, const struct stamp *start, const struct wall_clock *clock) {
        struct list list = { .stream = stream };
        struct expansion expansion;
        struct rule filled;

        expansion_init(&expansion, rule, start->wall_sec, start->is_date);
        filled = rule_filled_in(&expansion);
        if (rule->interval == 1)
                (void) fprintf(stream, "every %s", frequency_names[rule->frequency]);
        else
                (void) fprintf(stream, "every %u %ss", (unsigned) rule->interval, frequency_names[rule->frequency]);
        say_months(stream, &filled);
        say_positions(stream, &filled);
        say_weekdays(stream, &filled);
        say_times(stream, rule, start);
        say_left_out(stream, &filled);
        if (rule->positions && rule->positions->has_set) {
                (void) fputs(", of these the ", stream);
                list_ordinals(&list, rule->positions->set.forward, rule->positions->set.backward, RULE_POSITIONS + 1);
                list_end(&list);
        }
        if (rule->count > 0)
                (void) fprintf(stream, ", %u time%s", (unsigned) rule->count, rule->count == 1 ? "" : "s");
        if (rule->has_until)
                say_until(stream, &expansion, start, clock);
}
