/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* POSIX TZ strings: "CET-1CEST,M3.5.0,M10.5.0/3". */
#include <ctype.h>
#include <string.h>

#include "calendar/zone-data.h"
#include "dosed/civil.h"

struct cursor {
        const char *p, *end;
};

static bool take(struct cursor *cursor, char c) {
        if (cursor->p == cursor->end || *cursor->p != c)
                return false;
        cursor->p++;
        return true;
}

static bool take_number(struct cursor *cursor, int max, int *ret) {
        const char *begin = cursor->p;
        int number = 0;

        for (; cursor->p < cursor->end && isdigit((unsigned char) *cursor->p); cursor->p++) {
                number = number * 10 + (*cursor->p - '0');
                if (number > max)
                        return false;
        }

        *ret = number;
        return cursor->p > begin;
}

/* "EST", or "<+1030>" where it is not of letters. */
static bool take_abbreviation(struct cursor *cursor) {
        const char *begin = cursor->p;

        if (take(cursor, '<')) {
                while (cursor->p < cursor->end && *cursor->p != '>')
                        cursor->p++;
                return take(cursor, '>');
        }
        while (cursor->p < cursor->end && isalpha((unsigned char) *cursor->p))
                cursor->p++;
        return cursor->p - begin >= 3;
}

/* [+-]hh[:mm[:ss]]; RFC 8536 3.3.1 lets the time of a change be as far as a week off its day. */
static bool take_time(struct cursor *cursor, int max_hours, int32_t *ret_sec) {
        int hours, minutes = 0, seconds = 0, sign = 1;

        if (take(cursor, '-'))
                sign = -1;
        else
                (void) take(cursor, '+');

        if (!take_number(cursor, max_hours, &hours))
                return false;
        if (take(cursor, ':') && !take_number(cursor, 59, &minutes))
                return false;
        if (take(cursor, ':') && !take_number(cursor, 59, &seconds))
                return false;

        *ret_sec = sign * (hours * 3600 + minutes * 60 + seconds);
        return true;
}

static bool take_change(struct cursor *cursor, struct posix_change *ret) {
        struct posix_change change = { .day_kind = POSIX_ZERO_BASED, .sec = 2 * 3600 };

        if (take(cursor, 'M')) {
                change.day_kind = POSIX_WEEKDAY;
                if (!take_number(cursor, 12, &change.month) || change.month == 0 || !take(cursor, '.') ||
                    !take_number(cursor, 5, &change.week) || change.week == 0 || !take(cursor, '.') ||
                    !take_number(cursor, 6, &change.weekday))
                        return false;
        } else {
                if (take(cursor, 'J'))
                        change.day_kind = POSIX_JULIAN;
                if (!take_number(cursor, 365, &change.day) || (change.day_kind == POSIX_JULIAN && change.day == 0))
                        return false;
        }
        if (take(cursor, '/') && !take_time(cursor, 167, &change.sec))
                return false;

        *ret = change;
        return true;
}

static bool take_zone(struct cursor *cursor, struct posix_zone *zone) {
        int32_t west;

        if (!take_abbreviation(cursor) || !take_time(cursor, 24, &west) || west > ZONE_OFFSET_MAX_SEC ||
            west < -ZONE_OFFSET_MAX_SEC)
                return false;
        zone->standard_offset_sec = -west;
        if (cursor->p == cursor->end)
                return true;

        zone->has_daylight = true;
        zone->daylight_offset_sec = zone->standard_offset_sec + 3600;
        if (!take_abbreviation(cursor))
                return false;
        if (cursor->p < cursor->end && *cursor->p != ',') {
                if (!take_time(cursor, 24, &west))
                        return false;
                zone->daylight_offset_sec = -west;
        }
        if (zone->daylight_offset_sec > ZONE_OFFSET_MAX_SEC || zone->daylight_offset_sec < -ZONE_OFFSET_MAX_SEC)
                return false;

        return take(cursor, ',') && take_change(cursor, &zone->begin) && take(cursor, ',') &&
               take_change(cursor, &zone->end) && cursor->p == cursor->end;
}

int posix_zone_parse(const char *text, size_t size, struct posix_zone *ret) {
        struct cursor cursor = { text, text + size };
        struct posix_zone zone = {};

        if (!take_zone(&cursor, &zone))
                return ZONE_BAD_DATA;

        *ret = zone;
        return 0;
}

static int64_t change_wall(const struct posix_change *change, int year) {
        int32_t day = civil_day(year, 1, 1), first, week;

        switch (change->day_kind) {
        case POSIX_JULIAN:
                day += change->day - 1;
                if (change->day >= 60 && year_days(year) == 366)
                        day++;
                break;
        case POSIX_ZERO_BASED:
                day += change->day;
                break;
        case POSIX_WEEKDAY:
                first = civil_day(year, change->month, 1);
                /* POSIX counts weekdays from Sunday, enum weekday from Monday. */
                first += ((change->weekday + 6) % 7 - (int32_t) day_weekday(first) + 7) % 7;
                week = change->week - 1;
                if (first + week * 7 >= civil_day(year, change->month, 1) + month_days(year, change->month))
                        week--;
                day = first + week * 7;
                break;
        }

        return (int64_t) day * SEC_PER_DAY + change->sec;
}

struct zone_span posix_zone_span(const struct posix_zone *posix, int64_t at_sec) {
        struct zone_span span = { INT64_MIN, INT64_MAX, posix->standard_offset_sec };
        struct zone_transition changes[6];
        size_t n = 0;
        int year;

        if (!posix->has_daylight)
                return span;

        year = civil_from_wall(at_sec).year;
        for (int y = year - 1; y <= year + 1; y++) {
                changes[n++] = (struct zone_transition){ change_wall(&posix->begin, y) - posix->standard_offset_sec,
                                                         posix->daylight_offset_sec };
                changes[n++] = (struct zone_transition){ change_wall(&posix->end, y) - posix->daylight_offset_sec,
                                                         posix->standard_offset_sec };
        }

        /* In the south daylight time ends before it begins. Equal times keep their order: daylight time all year. */
        for (size_t i = 1; i < n; i++)
                for (size_t j = i; j > 0 && changes[j - 1].at_sec > changes[j].at_sec; j--) {
                        struct zone_transition swapped = changes[j];

                        changes[j] = changes[j - 1];
                        changes[j - 1] = swapped;
                }

        for (size_t i = 0; i < n; i++) {
                if (changes[i].at_sec > at_sec) {
                        span.until_sec = changes[i].at_sec;
                        break;
                }
                span.from_sec = changes[i].at_sec;
                span.offset_sec = changes[i].offset_sec;
        }
        return span;
}
