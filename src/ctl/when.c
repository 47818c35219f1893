/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times as people type and read them. */
#include <ctype.h>
#include <stdio.h>
#include <string.h>

#include "ctl/when.h"
#include "dosed/civil.h"
#include "dosed/error.h"
#include "dosed/span.h"
#include "dosed/text.h"

static const struct {
        const char *name;
        int days;
} day_words[] = {
        { "today", 0 },
        { "yesterday", -1 },
        { "tomorrow", 1 },
};

static bool scan_digits(const char **p, int least, int most, int *ret) {
        int value = 0, n = 0;

        for (; n < most && isdigit((unsigned char) (*p)[n]); n++)
                value = value * 10 + ((*p)[n] - '0');
        if (n < least)
                return false;

        *p += n;
        *ret = value;
        return true;
}

static bool scan_char(const char **p, char c) {
        if (**p != c)
                return false;
        (*p)++;
        return true;
}

static bool scan_date(const char **p, struct civil *civil) {
        return scan_digits(p, 4, 4, &civil->year) && scan_char(p, '-') && scan_digits(p, 2, 2, &civil->month) &&
               scan_char(p, '-') && scan_digits(p, 2, 2, &civil->day);
}

/* "08:10" or "08:10:30". */
static bool scan_time(const char **p, struct civil *civil) {
        if (!scan_digits(p, 1, 2, &civil->hour) || !scan_char(p, ':') || !scan_digits(p, 2, 2, &civil->minute))
                return false;

        civil->second = 0;
        if (!scan_char(p, ':'))
                return true;
        return scan_digits(p, 2, 2, &civil->second);
}

/* "Z" or "+01:00" (RFC 3339 5.6), as seconds east of UTC. */
static bool scan_offset(const char **p, int *ret_sec) {
        int hours, minutes, sign = **p == '-' ? -1 : 1;

        if (scan_char(p, 'Z')) {
                *ret_sec = 0;
                return true;
        }
        if ((!scan_char(p, '+') && !scan_char(p, '-')) || !scan_digits(p, 2, 2, &hours) || !scan_char(p, ':') ||
            !scan_digits(p, 2, 2, &minutes) || hours > 23 || minutes > 59)
                return false;

        *ret_sec = sign * (hours * 3600 + minutes * 60);
        return true;
}

static int moment_set(usec_t at_usec, struct when *ret) {
        *ret = (struct when){ .start_usec = at_usec, .end_usec = at_usec };
        return 0;
}

static int day_set(int32_t day, const struct zone *zone, struct when *ret) {
        *ret = (struct when){
                .start_usec = zone_from_wall(zone, (int64_t) day * SEC_PER_DAY, NULL),
                .end_usec = zone_from_wall(zone, ((int64_t) day + 1) * SEC_PER_DAY, NULL),
                .is_day = true,
        };
        return 0;
}

static int parse_compact(const char *text, const struct zone *zone, struct when *ret) {
        bool is_date, is_utc;
        int64_t wall_sec;

        if (civil_parse(text, strlen(text), &wall_sec, &is_date, &is_utc) < 0)
                return WHEN_INVALID;
        if (is_date)
                return day_set(wall_day(wall_sec), zone, ret);
        return moment_set(zone_from_wall(is_utc ? zone_utc() : zone, wall_sec, NULL), ret);
}

/* Whole days reach back to the start of a day, so that a list of "-7d" begins with a morning. */
static int parse_distance(const char *text, const struct zone *zone, usec_t now_usec, struct when *ret) {
        usec_t span;

        if (span_parse(text + 1, &span) != 0)
                return WHEN_INVALID;
        if (*text == '-')
                span = -span;
        if (span % USEC_PER_DAY == 0)
                return day_set(wall_day(zone_to_wall(zone, now_usec)) + (int32_t) (span / USEC_PER_DAY), zone, ret);
        return moment_set(now_usec + span, ret);
}

/* A day, and what may follow it: a time, and with a written date an offset. */
static int parse_rest(const char *p, struct civil *civil, bool may_have_offset, const struct zone *zone,
                      struct when *ret) {
        int offset_sec;

        if (*p == '\0')
                return civil_is_valid(civil) ? day_set(civil_day(civil->year, civil->month, civil->day), zone, ret)
                                             : WHEN_INVALID;

        if ((!scan_char(&p, ' ') && !scan_char(&p, 'T')) || !scan_time(&p, civil) || !civil_is_valid(civil))
                return WHEN_INVALID;
        if (*p == '\0')
                return moment_set(zone_from_wall(zone, civil_to_wall(civil), NULL), ret);
        if (!may_have_offset || !scan_offset(&p, &offset_sec) || *p != '\0')
                return WHEN_INVALID;
        return moment_set((civil_to_wall(civil) - offset_sec) * USEC_PER_SEC, ret);
}

static int parse_written(const char *text, const struct zone *zone, usec_t now_usec, struct when *ret) {
        int32_t today = wall_day(zone_to_wall(zone, now_usec));
        struct civil civil = civil_from_day(today);
        const char *p = text;

        for (size_t i = 0; i < ELEMENTS(day_words); i++) {
                size_t size = strlen(day_words[i].name);

                if (strncmp(text, day_words[i].name, size) == 0) {
                        civil = civil_from_day(today + day_words[i].days);
                        return parse_rest(text + size, &civil, false, zone, ret);
                }
        }

        if (scan_time(&p, &civil) && *p == '\0' && civil_is_valid(&civil))
                return moment_set(zone_from_wall(zone, civil_to_wall(&civil), NULL), ret);

        p = text;
        civil = (struct civil){};
        if (scan_date(&p, &civil))
                return parse_rest(p, &civil, true, zone, ret);
        return WHEN_INVALID;
}

int when_parse(const char *text, const struct zone *zone, usec_t now_usec, struct when *ret) {
        struct when when;
        int r;

        if (strcmp(text, "now") == 0)
                return moment_set(now_usec, ret);

        if (*text == '-' || *text == '+')
                r = parse_distance(text, zone, now_usec, &when);
        else
                r = parse_compact(text, zone, &when);
        if (r == WHEN_INVALID)
                r = parse_written(text, zone, now_usec, &when);
        if (r != 0)
                return r;

        *ret = when;
        return 0;
}

int clock_time_parse(const char *text, int32_t *ret_sec) {
        struct civil civil = { .year = 1970, .month = 1, .day = 1 };
        const char *p = text;

        if (!scan_time(&p, &civil) || *p != '\0' || !civil_is_valid(&civil) || civil.second > 59)
                return WHEN_INVALID;

        *ret_sec = civil.hour * 3600 + civil.minute * 60 + civil.second;
        return 0;
}

int wall_parse(const char *text, int64_t *ret_wall_sec) {
        struct civil civil = {};
        const char *p = text;

        if (!scan_date(&p, &civil) || !scan_char(&p, 'T') || !scan_time(&p, &civil) || *p != '\0' ||
            !civil_is_valid(&civil))
                return WHEN_INVALID;

        *ret_wall_sec = civil_to_wall(&civil);
        return 0;
}

char *wall_format_time(char *text, int64_t wall_sec) {
        struct civil civil = civil_from_wall(wall_sec);

        (void) snprintf(text, WHEN_TEXT_SIZE, "%02d:%02d", civil.hour, civil.minute);
        return text;
}

char *wall_format_day(char *text, int64_t wall_sec, int64_t now_wall_sec) {
        static const char *const names[_WEEKDAY_MAX] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
        int32_t day = wall_day(wall_sec);
        struct civil civil = civil_from_day(day);

        for (size_t i = 0; i < ELEMENTS(day_words); i++)
                if (day == wall_day(now_wall_sec) + day_words[i].days) {
                        (void) snprintf(text, WHEN_TEXT_SIZE, "%s", day_words[i].name);
                        return text;
                }

        (void) snprintf(text, WHEN_TEXT_SIZE, "%s %04d-%02d-%02d", names[day_weekday(day)], civil.year, civil.month,
                        civil.day);
        return text;
}

char *wall_format_day_time(char *text, int64_t wall_sec, int64_t now_wall_sec) {
        char day[WHEN_TEXT_SIZE], time[WHEN_TEXT_SIZE];

        wall_format_time(time, wall_sec);
        if (wall_day(wall_sec) == wall_day(now_wall_sec))
                (void) snprintf(text, WHEN_TEXT_SIZE, "%s", time);
        else
                (void) snprintf(text, WHEN_TEXT_SIZE, "%.20s %.8s", wall_format_day(day, wall_sec, now_wall_sec), time);
        return text;
}

char *wall_format(char *text, int64_t wall_sec) {
        struct civil civil = civil_from_wall(wall_sec);

        (void) snprintf(text, WHEN_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", civil.year, civil.month, civil.day,
                        civil.hour, civil.minute, civil.second);
        return text;
}

char *usec_format_utc(char *text, usec_t at_usec) {
        size_t size;

        wall_format(text, zone_to_wall(zone_utc(), at_usec));
        size = strlen(text);
        (void) snprintf(text + size, WHEN_TEXT_SIZE - size, "Z");
        return text;
}
