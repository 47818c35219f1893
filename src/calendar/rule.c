/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads recurrence rules. */
#include <string.h>
#include <strings.h>

#include "calendar/rule.h"
#include "dosed/limits.h"

/* A piece of the rule's text. */
struct piece {
        const char *text;
        size_t size;
};

struct reading {
        struct rule *rule;
        const char *reason;
};

static const char *const frequency_names[_FREQUENCY_MAX] = {
        [FREQUENCY_MINUTELY] = "MINUTELY", [FREQUENCY_HOURLY] = "HOURLY",   [FREQUENCY_DAILY] = "DAILY",
        [FREQUENCY_WEEKLY] = "WEEKLY",     [FREQUENCY_MONTHLY] = "MONTHLY", [FREQUENCY_YEARLY] = "YEARLY",
};

struct rule *rule_free(struct rule *rule) {
        if (!rule)
                return NULL;

        free(rule->positions);
        free(rule);
        return NULL;
}

static bool piece_is(struct piece piece, const char *word) {
        return strlen(word) == piece.size && strncasecmp(word, piece.text, piece.size) == 0;
}

static int refuse(struct reading *reading, const char *reason) {
        reading->reason = reason;
        return RULE_INVALID;
}

/* Digits only; what is past `max` stays past it instead of wrapping. */
static bool read_number(struct piece piece, uint32_t max, uint32_t *ret) {
        uint64_t number = 0;

        if (piece.size == 0)
                return false;
        for (size_t i = 0; i < piece.size; i++) {
                if (piece.text[i] < '0' || piece.text[i] > '9')
                        return false;
                number = number * 10 + (uint64_t) (piece.text[i] - '0');
                if (number > max)
                        number = (uint64_t) max + 1;
        }

        *ret = (uint32_t) number;
        return true;
}

/* A number from `min` to `max`, below zero where it counts from the end. */
static bool read_position(struct piece piece, uint32_t max, uint32_t *ret, bool *ret_backward) {
        bool backward = piece.size > 0 && piece.text[0] == '-';
        uint32_t number;

        if (piece.size > 0 && (piece.text[0] == '-' || piece.text[0] == '+')) {
                piece.text++;
                piece.size--;
        }
        if (!read_number(piece, max, &number) || number == 0 || number > max)
                return false;

        *ret = number;
        *ret_backward = backward;
        return true;
}

/* Takes the text up to the separator off the front. */
static struct piece cut(struct piece *rest, char separator) {
        const char *end = memchr(rest->text, separator, rest->size);
        struct piece piece = { rest->text, end ? (size_t) (end - rest->text) : rest->size };

        if (end) {
                rest->text = end + 1;
                rest->size -= piece.size + 1;
        } else
                *rest = (struct piece){};
        return piece;
}

static int need_positions(struct rule *rule) {
        if (!rule->positions)
                rule->positions = calloc(1, sizeof(*rule->positions));
        return rule->positions ? 0 : -ENOMEM;
}

static int read_frequency(struct reading *reading, struct piece value) {
        for (enum frequency frequency = 0; frequency < _FREQUENCY_MAX; frequency++)
                if (piece_is(value, frequency_names[frequency])) {
                        reading->rule->frequency = frequency;
                        return 0;
                }
        if (piece_is(value, "SECONDLY"))
                return refuse(reading, "FREQ=SECONDLY is not for medicines; use MINUTELY or a longer frequency");
        return refuse(reading, "FREQ must be MINUTELY, HOURLY, DAILY, WEEKLY, MONTHLY or YEARLY");
}

static int read_interval(struct reading *reading, struct piece value) {
        uint32_t number;

        if (!read_number(value, LIMIT_RULE_INTERVAL, &number) || number == 0 || number > LIMIT_RULE_INTERVAL)
                return refuse(reading, "INTERVAL must be a number from 1 to 100000");
        reading->rule->interval = number;
        return 0;
}

static int read_count(struct reading *reading, struct piece value) {
        uint32_t number;

        if (!read_number(value, LIMIT_RULE_COUNT, &number) || number == 0 || number > LIMIT_RULE_COUNT)
                return refuse(reading, "COUNT must be a number from 1 to 1000000; leave it out for a rule without end");
        reading->rule->count = number;
        return 0;
}

static int read_until(struct reading *reading, struct piece value) {
        struct rule *rule = reading->rule;

        if (civil_parse(value.text, value.size, &rule->until_wall_sec, &rule->until_is_date, &rule->until_is_utc) < 0)
                return refuse(reading, "UNTIL must be a real date or time, like 20261231 or 20261231T220000Z");
        rule->has_until = true;
        return 0;
}

static int read_week_start(struct reading *reading, struct piece value) {
        if (weekday_from_string(value.text, value.size, &reading->rule->week_start) < 0)
                return refuse(reading, "WKST must be one of MO, TU, WE, TH, FR, SA, SU");
        return 0;
}

/* A list of numbers from `min` to `max` (at most 63) as a set. */
static bool read_set(struct piece value, uint32_t min, uint32_t max, uint64_t *ret) {
        uint64_t set = 0;

        do {
                uint32_t number;

                if (!read_number(cut(&value, ','), max, &number) || number < min || number > max)
                        return false;
                set |= UINT64_C(1) << number;
        } while (value.text);

        *ret = set;
        return true;
}

static bool read_backward_set(struct piece value, uint32_t max, uint64_t *ret_forward, uint64_t *ret_backward) {
        uint64_t sets[2] = {};

        do {
                uint32_t number;
                bool backward;

                if (!read_position(cut(&value, ','), max, &number, &backward))
                        return false;
                sets[backward] |= UINT64_C(1) << number;
        } while (value.text);

        *ret_forward = sets[0];
        *ret_backward = sets[1];
        return true;
}

static bool read_positions(struct piece value, struct positions *positions) {
        do {
                uint32_t number;
                bool backward;

                if (!read_position(cut(&value, ','), RULE_POSITIONS, &number, &backward))
                        return false;
                (backward ? positions->backward : positions->forward)[number / 64] |= UINT64_C(1) << number % 64;
        } while (value.text);

        return true;
}

static int read_seconds(struct reading *reading, struct piece value) {
        const uint64_t leap = UINT64_C(1) << 60;
        uint64_t set;

        if (!read_set(value, 0, 60, &set))
                return refuse(reading, "BYSECOND must be numbers from 0 to 60");
        /* Few machines ever show a leap second: it reads as the one before it, as in a DATE-TIME. */
        if (set & leap)
                set = (set & ~leap) | UINT64_C(1) << 59;
        reading->rule->seconds = set;
        return 0;
}

static int read_minutes(struct reading *reading, struct piece value) {
        if (!read_set(value, 0, 59, &reading->rule->minutes))
                return refuse(reading, "BYMINUTE must be numbers from 0 to 59");
        return 0;
}

static int read_hours(struct reading *reading, struct piece value) {
        uint64_t set;

        if (!read_set(value, 0, 23, &set))
                return refuse(reading, "BYHOUR must be numbers from 0 to 23");
        reading->rule->hours = (uint32_t) set;
        return 0;
}

static int read_months(struct reading *reading, struct piece value) {
        uint64_t set;

        if (!read_set(value, 1, 12, &set))
                return refuse(reading, "BYMONTH must be numbers from 1 to 12");
        reading->rule->months = (uint16_t) set;
        return 0;
}

static int read_month_days(struct reading *reading, struct piece value) {
        uint64_t forward, backward;

        if (!read_backward_set(value, 31, &forward, &backward))
                return refuse(reading, "BYMONTHDAY must be numbers from 1 to 31, or -1 to -31 counted from the end");
        reading->rule->month_days_forward = (uint32_t) forward;
        reading->rule->month_days_backward = (uint32_t) backward;
        return 0;
}

static int read_year_days(struct reading *reading, struct piece value) {
        int r;

        r = need_positions(reading->rule);
        if (r < 0)
                return r;
        if (!read_positions(value, &reading->rule->positions->year_days))
                return refuse(reading, "BYYEARDAY must be numbers from 1 to 366, or -1 to -366 counted from the end");
        reading->rule->positions->has_year_days = true;
        return 0;
}

static int read_set_positions(struct reading *reading, struct piece value) {
        int r;

        r = need_positions(reading->rule);
        if (r < 0)
                return r;
        if (!read_positions(value, &reading->rule->positions->set))
                return refuse(reading, "BYSETPOS must be numbers from 1 to 366, or -1 to -366 counted from the end");
        reading->rule->positions->has_set = true;
        return 0;
}

static int read_weeks(struct reading *reading, struct piece value) {
        struct rule_positions *positions;
        int r;

        r = need_positions(reading->rule);
        if (r < 0)
                return r;
        positions = reading->rule->positions;
        if (!read_backward_set(value, 53, &positions->weeks_forward, &positions->weeks_backward))
                return refuse(reading, "BYWEEKNO must be numbers from 1 to 53, or -1 to -53 counted from the end");
        positions->has_weeks = true;
        return 0;
}

static int read_weekdays(struct reading *reading, struct piece value) {
        static const char reason[] = "BYDAY must be weekdays like MO or SU, with an ordinal up to 53 like 2TU or -1FR";
        struct rule *rule = reading->rule;
        int r;

        do {
                struct piece item = cut(&value, ',');
                enum weekday weekday;
                uint32_t number;
                bool backward;

                if (item.size < 2 || weekday_from_string(item.text + item.size - 2, 2, &weekday) < 0)
                        return refuse(reading, reason);
                item.size -= 2;
                if (item.size == 0) {
                        rule->weekdays |= (uint8_t) (1u << weekday);
                        continue;
                }

                if (!read_position(item, 53, &number, &backward))
                        return refuse(reading, reason);
                r = need_positions(rule);
                if (r < 0)
                        return r;
                (backward ? rule->positions->weekdays_backward : rule->positions->weekdays_forward)[weekday] |=
                        UINT64_C(1) << number;
                rule->positions->has_weekdays = true;
        } while (value.text);

        return 0;
}

static int read_refused(struct reading *reading, struct piece value) {
        (void) value;
        return refuse(reading, "RSCALE and SKIP (calendars that are not Gregorian) are not supported; leave them out");
}

static const struct {
        const char *name;
        int (*read)(struct reading *reading, struct piece value);
} parts[] = {
        { "FREQ", read_frequency },       { "INTERVAL", read_interval },      { "COUNT", read_count },
        { "UNTIL", read_until },          { "WKST", read_week_start },        { "BYSECOND", read_seconds },
        { "BYMINUTE", read_minutes },     { "BYHOUR", read_hours },           { "BYDAY", read_weekdays },
        { "BYMONTHDAY", read_month_days }, { "BYYEARDAY", read_year_days },   { "BYWEEKNO", read_weeks },
        { "BYMONTH", read_months },       { "BYSETPOS", read_set_positions }, { "RSCALE", read_refused },
        { "SKIP", read_refused },
};

static int read_part(struct reading *reading, struct piece part, unsigned *seen) {
        struct piece name = cut(&part, '=');

        if (!part.text || part.size == 0)
                return refuse(reading, "each part of a rule must be NAME=VALUE, separated by one semicolon");

        for (size_t i = 0; i < ELEMENTS(parts); i++) {
                if (!piece_is(name, parts[i].name))
                        continue;
                if (*seen & 1u << i)
                        return refuse(reading, "a part of the rule is there twice; keep one of them");
                *seen |= 1u << i;
                return parts[i].read(reading, part);
        }
        return refuse(reading, "the rule has a part that RFC 5545 does not know; remove it");
}

static bool has_by_part(const struct rule *rule) {
        const struct rule_positions *positions = rule->positions;

        return rule->seconds || rule->minutes || rule->hours || rule->months || rule->weekdays ||
               rule->month_days_forward || rule->month_days_backward ||
               (positions && (positions->has_year_days || positions->has_weeks || positions->has_weekdays));
}

/* What RFC 5545 3.3.10 forbids, and what therefore each program reads differently. NULL: nothing. */
static const char *find_contradiction(const struct rule *rule) {
        static const struct rule_positions none = {};
        const struct rule_positions *positions = rule->positions ? rule->positions : &none;
        enum frequency frequency = rule->frequency;

        if (rule->count && rule->has_until)
                return "a rule ends by COUNT or by UNTIL; remove one of them";
        if (positions->has_weekdays && frequency != FREQUENCY_MONTHLY && frequency != FREQUENCY_YEARLY)
                return "BYDAY takes an ordinal only with FREQ=MONTHLY or YEARLY; leave the number out";
        if (positions->has_weekdays && positions->has_weeks)
                return "BYDAY takes no ordinal beside BYWEEKNO; leave the number out";
        if ((rule->month_days_forward || rule->month_days_backward) && frequency == FREQUENCY_WEEKLY)
                return "BYMONTHDAY does not go with FREQ=WEEKLY; use FREQ=DAILY or MONTHLY";
        if (positions->has_year_days && (frequency == FREQUENCY_DAILY || frequency == FREQUENCY_WEEKLY ||
                                         frequency == FREQUENCY_MONTHLY))
                return "BYYEARDAY does not go with FREQ=DAILY, WEEKLY or MONTHLY; use FREQ=YEARLY";
        if (positions->has_weeks && frequency != FREQUENCY_YEARLY)
                return "BYWEEKNO goes only with FREQ=YEARLY";
        if (positions->has_set && !has_by_part(rule))
                return "BYSETPOS chooses among the days and times of another BY part; add one";
        return NULL;
}

static int read_parts(struct reading *reading, const char *text) {
        struct piece rest = { text, strlen(text) };
        const char *contradiction;
        unsigned seen = 0;
        int r;

        do {
                r = read_part(reading, cut(&rest, ';'), &seen);
                if (r != 0)
                        return r;
                /* Google Calendar has written a semicolon behind the last part. */
        } while (rest.text && rest.size > 0);

        if (!(seen & 1u))
                return refuse(reading, "the rule has no FREQ; it must say how often, like FREQ=DAILY");
        contradiction = find_contradiction(reading->rule);
        return contradiction ? refuse(reading, contradiction) : 0;
}

int rule_parse(const char *text, struct rule **ret, const char **ret_reason) {
        _cleanup_(rule_free_p) struct rule *rule = NULL;
        struct reading reading = {};
        int r;

        rule = calloc(1, sizeof(*rule));
        if (!rule)
                return -ENOMEM;
        rule->interval = 1;
        rule->last_wall_sec = INT64_MAX;

        reading.rule = rule;
        r = read_parts(&reading, text);
        if (r == RULE_INVALID)
                *ret_reason = reading.reason;
        if (r != 0)
                return r;

        *ret = TAKE(rule);
        return 0;
}

bool rule_is_below_a_day(const struct rule *rule) {
        return rule->frequency < FREQUENCY_DAILY;
}

bool rule_is_beyond_a_life(const struct rule *rule) {
        static const int64_t minutes[_FREQUENCY_MAX] = {
                [FREQUENCY_MINUTELY] = 1,
                [FREQUENCY_HOURLY] = 60,
                [FREQUENCY_DAILY] = 24 * 60,
                [FREQUENCY_WEEKLY] = 7 * 24 * 60,
                [FREQUENCY_MONTHLY] = 30 * 24 * 60,
                [FREQUENCY_YEARLY] = 365 * 24 * 60,
        };

        return rule->interval * minutes[rule->frequency] > LIMIT_RULE_INTERVAL_YEARS * minutes[FREQUENCY_YEARLY];
}

bool rule_is_below_a_minute(const struct rule *rule) {
        return (rule->seconds & (rule->seconds - 1)) != 0;
}
