/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Expands a rule: period after period of its FREQ, each a sorted set of days and times. */
#include <limits.h>

#include "calendar/expand.h"
#include "dosed/limits.h"

#define MINUTES_PER_DAY (24 * 60)
#define ALL_HOURS ((UINT32_C(1) << 24) - 1)
#define ALL_MINUTES ((UINT64_C(1) << 60) - 1)

static int64_t floor_divide(int64_t a, int64_t b) {
        return a / b - (a % b < 0);
}

/* The day on which week 1 of the year begins: the first week with at least four days in that year. */
static int32_t year_first_week_day(int year, enum weekday week_start) {
        int32_t fourth = civil_day(year, 1, 4);

        return fourth - ((int32_t) day_weekday(fourth) - (int32_t) week_start + 7) % 7;
}

static void set_year(struct expansion *e, int year) {
        if (e->year.year == year)
                return;

        e->year = (struct expand_year){
                .year = year,
                .first_day = civil_day(year, 1, 1),
                .n_days = year_days(year),
                .first_week_day = year_first_week_day(year, e->rule->week_start),
                .next_first_week_day = year_first_week_day(year + 1, e->rule->week_start),
        };
}

/* The year that the day's week belongs to. */
static int day_week_year(struct expansion *e, int32_t day) {
        int year = civil_from_day(day).year;

        set_year(e, year);
        if (day < e->year.first_week_day)
                return year - 1;
        return day >= e->year.next_first_week_day ? year + 1 : year;
}

static bool has_bit(const uint64_t *words, int32_t n) {
        return n <= RULE_POSITIONS && words[n / 64] >> (n % 64) & 1;
}

static bool weekday_matches(const struct expansion *e, int32_t day, int month_day, int n_month_days) {
        const struct rule_positions *positions = e->rule->positions;
        enum weekday weekday = day_weekday(day);
        int32_t before = month_day - 1, after = n_month_days - month_day;

        if (e->weekdays >> weekday & 1)
                return true;
        if (!positions || !positions->has_weekdays)
                return false;

        /* RFC 5545 3.3.10: an ordinal counts within the month, or within the year where there is no BYMONTH. */
        if (e->rule->frequency == FREQUENCY_YEARLY && !e->rule->months) {
                before = day - e->year.first_day;
                after = e->year.n_days - 1 - before;
        }
        return (positions->weekdays_forward[weekday] >> (before / 7 + 1) & 1) ||
               (positions->weekdays_backward[weekday] >> (after / 7 + 1) & 1);
}

static bool week_matches(struct expansion *e, int32_t day) {
        const struct rule_positions *positions = e->rule->positions;
        int32_t week, n_weeks;

        set_year(e, day_week_year(e, day));
        week = (day - e->year.first_week_day) / 7 + 1;
        n_weeks = (e->year.next_first_week_day - e->year.first_week_day) / 7;
        return (positions->weeks_forward >> week & 1) || (positions->weeks_backward >> (n_weeks - week + 1) & 1);
}

/*
 * Whether the day is in the sets of all BY parts. Whether a part expands or limits (the table of RFC 5545 3.3.10) makes
 * no difference once what DTSTART fills in is known: a period's set is those of its days that every part allows.
 */
static bool day_matches(struct expansion *e, int32_t day, int year, int month, int month_day) {
        const struct rule_positions *positions = e->rule->positions;
        int n_month_days = month_days(year, month);

        if (e->months && !(e->months >> month & 1))
                return false;
        if ((e->month_days_forward || e->month_days_backward) && !(e->month_days_forward >> month_day & 1) &&
            !(e->month_days_backward >> (n_month_days - month_day + 1) & 1))
                return false;
        if (positions)
                set_year(e, year);
        if ((e->weekdays || (positions && positions->has_weekdays)) &&
            !weekday_matches(e, day, month_day, n_month_days))
                return false;
        if (positions && positions->has_year_days) {
                int32_t year_day = day - e->year.first_day + 1;

                if (!has_bit(positions->year_days.forward, year_day) &&
                    !has_bit(positions->year_days.backward, e->year.n_days - year_day + 1))
                        return false;
        }
        return !positions || !positions->has_weeks || week_matches(e, day);
}

static void add_matching_days(struct expansion *e, int32_t first_day, int32_t n_days) {
        struct civil civil = civil_from_day(first_day);
        int32_t day = first_day, end = first_day + n_days;

        e->work += (uint64_t) n_days + 1;
        while (day < end) {
                int32_t month_end = day + month_days(civil.year, civil.month) - civil.day + 1;

                /* A month at a time, so that BYMONTH costs nothing. */
                if (e->months && !(e->months >> civil.month & 1))
                        day = month_end;
                for (; day < end && day < month_end; day++, civil.day++)
                        if (day_matches(e, day, civil.year, civil.month, civil.day))
                                e->days[e->n_days++] = day;

                civil.day = 1;
                civil.year += civil.month == 12;
                civil.month = civil.month % 12 + 1;
        }
}

static int64_t period_of(struct expansion *e, int64_t wall_sec) {
        int32_t day = wall_day(wall_sec);
        struct civil civil;

        switch (e->rule->frequency) {
        case FREQUENCY_MINUTELY:
                return floor_divide(wall_sec, 60);
        case FREQUENCY_HOURLY:
                return floor_divide(wall_sec, 3600);
        case FREQUENCY_DAILY:
                return day;
        case FREQUENCY_WEEKLY:
                /* 1970-01-01, day 0, was a Thursday. */
                return floor_divide((int64_t) day + THURSDAY - (int64_t) e->rule->week_start, 7);
        case FREQUENCY_MONTHLY:
                civil = civil_from_day(day);
                return (int64_t) civil.year * 12 + civil.month - 1;
        case FREQUENCY_YEARLY:
                if (e->rule->positions && e->rule->positions->has_weeks)
                        return day_week_year(e, day);
                return civil_from_day(day).year;
        case _FREQUENCY_MAX:
                break;
        }
        abort();
}

/* The days of a period of a day or longer. */
static void period_days(struct expansion *e, int64_t period, int32_t *ret_first, int32_t *ret_n) {
        int year;

        switch (e->rule->frequency) {
        case FREQUENCY_MINUTELY:
        case FREQUENCY_HOURLY:
        case _FREQUENCY_MAX:
                break;
        case FREQUENCY_DAILY:
                *ret_first = (int32_t) period;
                *ret_n = 1;
                return;
        case FREQUENCY_WEEKLY:
                *ret_first = (int32_t) (period * 7 - THURSDAY + (int64_t) e->rule->week_start);
                *ret_n = 7;
                return;
        case FREQUENCY_MONTHLY:
                year = (int) floor_divide(period, 12);
                *ret_first = civil_day(year, (int) (period - (int64_t) year * 12) + 1, 1);
                *ret_n = month_days(year, (int) (period - (int64_t) year * 12) + 1);
                return;
        case FREQUENCY_YEARLY:
                set_year(e, (int) period);
                if (e->rule->positions && e->rule->positions->has_weeks) {
                        *ret_first = e->year.first_week_day;
                        *ret_n = e->year.next_first_week_day - e->year.first_week_day;
                } else {
                        *ret_first = e->year.first_day;
                        *ret_n = e->year.n_days;
                }
                return;
        }
        abort();
}

/* The first period of the rule's INTERVAL that is not before `period`. */
static int64_t align(const struct expansion *e, int64_t period) {
        int64_t steps = floor_divide(period - e->start_period + e->rule->interval - 1, e->rule->interval);

        return e->start_period + (steps > 0 ? steps : 0) * e->rule->interval;
}

static int64_t element(const struct expansion *e, size_t position) {
        size_t second = position % e->n_seconds, minute = position / e->n_seconds;
        size_t hour = minute / e->n_minutes, day = hour / e->n_hours;

        return (int64_t) e->days[day] * SEC_PER_DAY + e->hours[hour % e->n_hours] * 3600 +
               e->minutes[minute % e->n_minutes] * 60 + e->seconds[second];
}

/* The first position that BYSETPOS chooses, at `position` or later. */
static size_t select_position(struct expansion *e, size_t position) {
        const struct rule_positions *positions = e->rule->positions;
        size_t n = e->n_positions;

        if (!positions || !positions->has_set)
                return position;

        for (; position < n; position++, e->work++) {
                /* Between what can be counted from the beginning and what from the end there is nothing. */
                if (position >= RULE_POSITIONS && position + RULE_POSITIONS < n)
                        position = n - RULE_POSITIONS;
                if (position < RULE_POSITIONS && has_bit(positions->set.forward, (int32_t) position + 1))
                        break;
                if (n - position <= RULE_POSITIONS && has_bit(positions->set.backward, (int32_t) (n - position)))
                        break;
        }
        return position;
}

/* Takes the loaded days with the hours, minutes and seconds as the period's set. False where it is empty. */
static bool open_period(struct expansion *e, int64_t period) {
        e->period = period;
        e->n_positions = e->n_days * e->n_hours * e->n_minutes * e->n_seconds;
        e->position = select_position(e, 0);
        return e->position < e->n_positions;
}

static bool load_days(struct expansion *e, int64_t period) {
        int32_t first, n;

        for (;; period += e->rule->interval) {
                period_days(e, period, &first, &n);
                if ((int64_t) first * SEC_PER_DAY > e->last_wall_sec)
                        return false;

                e->n_days = 0;
                add_matching_days(e, first, n);
                if (open_period(e, period))
                        return true;
        }
}

/* FREQ=HOURLY and MINUTELY: a period is a unit within a day. Days that do not match are left out whole. */
static bool load_unit(struct expansion *e, int64_t unit) {
        int minutes_per_unit = e->rule->frequency == FREQUENCY_HOURLY ? 60 : 1;
        int64_t units_per_day = MINUTES_PER_DAY / minutes_per_unit, day;

        for (;; unit = align(e, unit)) {
                struct civil civil;
                int minute, hour;

                e->work++;
                day = floor_divide(unit, units_per_day);
                if (day * SEC_PER_DAY > e->last_wall_sec)
                        return false;

                civil = civil_from_day((int32_t) day);
                if (!day_matches(e, (int32_t) day, civil.year, civil.month, civil.day)) {
                        unit = (day + 1) * units_per_day;
                        continue;
                }

                for (; unit < (day + 1) * units_per_day; unit += e->rule->interval, e->work++) {
                        minute = (int) (unit - day * units_per_day) * minutes_per_unit;
                        hour = minute / 60;

                        if (!(e->hour_set >> hour & 1)) {
                                unit = align(e, day * units_per_day + (hour + 1) * 60 / minutes_per_unit) -
                                       e->rule->interval;
                                continue;
                        }
                        if (minutes_per_unit == 1 && !(e->minute_set >> (minute % 60) & 1))
                                continue;

                        e->hours[0] = (uint8_t) hour;
                        if (minutes_per_unit == 1)
                                e->minutes[0] = (uint8_t) (minute % 60);
                        e->days[0] = (int32_t) day;
                        e->n_days = 1;
                        if (open_period(e, unit))
                                return true;
                }
        }
}

/* Loads the first period from this one on, which is of the rule's INTERVAL, that has anything in its set. */
static void load(struct expansion *e, int64_t period) {
        bool loaded = rule_is_below_a_day(e->rule) ? load_unit(e, period) : load_days(e, period);

        e->loaded_from = period;
        e->ended = !loaded;
}

static size_t list_bits(uint64_t set, uint8_t *list) {
        size_t n = 0;

        for (; set; set &= set - 1)
                list[n++] = (uint8_t) __builtin_ctzll(set);
        return n;
}

static int64_t greatest_common_divisor(int64_t a, int64_t b) {
        while (b != 0) {
                int64_t rest = a % b;

                a = b;
                b = rest;
        }
        return a;
}

/*
 * Whether HOURLY or MINUTELY can ever meet its BYHOUR and BYMINUTE: INTERVAL comes back, day after day, only to times
 * of the same remainder; and its BYSETPOS: all its sets are of one size. Asked once, because a search to the horizon
 * would try each minute of 600 years.
 */
static bool units_are_possible(struct expansion *e) {
        int minutes_per_unit = e->rule->frequency == FREQUENCY_HOURLY ? 60 : 1;
        int64_t units_per_day = MINUTES_PER_DAY / minutes_per_unit;
        int64_t divisor = greatest_common_divisor(units_per_day, e->rule->interval);
        int64_t unit = e->start_period % divisor;

        e->n_days = 1;
        if (!open_period(e, e->start_period))
                return false;

        for (unit += unit < 0 ? divisor : 0; unit < units_per_day; unit += divisor) {
                int minute = (int) unit * minutes_per_unit;

                if ((e->hour_set >> (minute / 60) & 1) &&
                    (minutes_per_unit == 60 || (e->minute_set >> (minute % 60) & 1)))
                        return true;
        }
        return false;
}

/* "Information, not contained in the rule, ... is derived from DTSTART" (RFC 5545 3.3.10). */
static void fill_in_days(struct expansion *e, const struct civil *start) {
        const struct rule *rule = e->rule;
        const struct rule_positions *positions = rule->positions;
        bool has_weeks = positions && positions->has_weeks;
        bool has_month_days = rule->month_days_forward || rule->month_days_backward;
        bool has_other_days = rule->weekdays || (positions && (positions->has_year_days || positions->has_weekdays));

        e->months = rule->months;
        e->weekdays = rule->weekdays;
        e->month_days_forward = rule->month_days_forward;
        e->month_days_backward = rule->month_days_backward;
        if (has_other_days)
                return;

        if (has_month_days)
                ;
        else if (rule->frequency == FREQUENCY_WEEKLY || has_weeks)
                e->weekdays = (uint8_t) (1u << day_weekday(wall_day(e->start_wall_sec)));
        else if (rule->frequency >= FREQUENCY_MONTHLY)
                e->month_days_forward = UINT32_C(1) << start->day;

        /* YEARLY;BYMONTHDAY=-1 from an April on is the end of April: the month, too, is not contained in the rule. */
        if (rule->frequency == FREQUENCY_YEARLY && !has_weeks && !e->months)
                e->months = (uint16_t) (1u << start->month);
}

static void fill_in_times(struct expansion *e, const struct civil *start, bool is_date) {
        static const struct rule no_times = { .frequency = FREQUENCY_DAILY };
        const struct rule *rule = is_date ? &no_times : e->rule;

        e->hour_set = rule->hours ? rule->hours : ALL_HOURS;
        e->minute_set = rule->minutes ? rule->minutes : ALL_MINUTES;

        /* Of HOURLY and MINUTELY the unit itself is set when its period is loaded. */
        e->n_hours = e->n_minutes = 1;
        if (rule->frequency > FREQUENCY_HOURLY)
                e->n_hours = list_bits(rule->hours ? rule->hours : UINT64_C(1) << start->hour, e->hours);
        if (rule->frequency > FREQUENCY_MINUTELY)
                e->n_minutes = list_bits(rule->minutes ? rule->minutes : UINT64_C(1) << start->minute, e->minutes);
        e->n_seconds = list_bits(rule->seconds ? rule->seconds : UINT64_C(1) << start->second, e->seconds);
}

void expansion_init(struct expansion *e, const struct rule *rule, int64_t start_wall_sec, bool is_date) {
        struct civil start = civil_from_wall(start_wall_sec);

        e->rule = rule;
        e->start_wall_sec = start_wall_sec;
        e->last_wall_sec = (int64_t) civil_day(LIMIT_RULE_YEAR, 12, 31) * SEC_PER_DAY + SEC_PER_DAY - 1;
        e->year.year = INT_MIN;
        e->sought = false;
        e->ended = false;
        e->work = 0;

        fill_in_days(e, &start);
        fill_in_times(e, &start, is_date);
        e->start_period = period_of(e, start_wall_sec);
        e->impossible = rule_is_below_a_day(rule) && (is_date || !units_are_possible(e));
        expansion_limit(e, rule->last_wall_sec);
}

void expansion_limit(struct expansion *e, int64_t last_wall_sec) {
        if (last_wall_sec < e->last_wall_sec)
                e->last_wall_sec = last_wall_sec;
}

void expansion_seek(struct expansion *e, int64_t wall_sec) {
        size_t low = 0, high;
        int64_t period;

        if (wall_sec < e->start_wall_sec)
                wall_sec = e->start_wall_sec;
        e->ended = e->impossible || wall_sec > e->last_wall_sec;
        if (e->ended)
                return;

        period = align(e, period_of(e, wall_sec));
        if (!e->sought || period < e->loaded_from || period > e->period)
                load(e, period);
        e->sought = !e->ended;
        if (e->ended)
                return;

        for (high = e->n_positions; low < high;) {
                size_t middle = low + (high - low) / 2;

                if (element(e, middle) < wall_sec)
                        low = middle + 1;
                else
                        high = middle;
        }
        e->position = select_position(e, low);
}

/* Moves on to the next period when this one is used up. */
static bool is_at_element(struct expansion *e) {
        if (!e->sought && !e->ended)
                expansion_seek(e, e->start_wall_sec);
        if (!e->ended && e->position >= e->n_positions)
                load(e, e->period + e->rule->interval);
        return !e->ended;
}

bool expansion_next(struct expansion *e, int64_t *ret_wall_sec) {
        int64_t wall_sec;

        if (!is_at_element(e))
                return false;

        wall_sec = element(e, e->position);
        if (wall_sec > e->last_wall_sec) {
                e->ended = true;
                return false;
        }

        e->position = select_position(e, e->position + 1);
        *ret_wall_sec = wall_sec;
        return true;
}

bool expansion_find_nth(struct expansion *e, uint32_t count, int64_t *ret_wall_sec) {
        bool chooses = e->rule->positions && e->rule->positions->has_set;

        expansion_seek(e, e->start_wall_sec);
        while (is_at_element(e) && count > 1) {
                size_t step = e->n_positions - e->position;

                if (++e->work > LIMIT_FILE_WORK)
                        return false;

                /* Without BYSETPOS the rest of a period's set is taken at once. */
                if (chooses)
                        step = 1;
                else if (step > count - 1)
                        step = count - 1;
                count -= (uint32_t) step;
                e->position = select_position(e, e->position + step);
        }
        return expansion_next(e, ret_wall_sec);
}
