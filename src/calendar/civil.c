/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wall-clock time in no particular zone. */
#include <string.h>
#include <strings.h>

#include "dosed/civil.h"
#include "dosed/error.h"

/* The calendar repeats after 400 years of 146097 days; counted from a March, the leap day comes last in its year. */
#define DAYS_PER_ERA 146097
#define DAYS_TO_1970 719468 /* from 0000-03-01 */

static const char *const weekday_names[_WEEKDAY_MAX] = {
        [MONDAY] = "MO", [TUESDAY] = "TU",  [WEDNESDAY] = "WE", [THURSDAY] = "TH",
        [FRIDAY] = "FR", [SATURDAY] = "SA", [SUNDAY] = "SU",
};

static int64_t floor_divide(int64_t a, int64_t b) {
        return a / b - (a % b < 0);
}

int32_t civil_day(int year, int month, int day) {
        int64_t march_year = month > 2 ? year : year - 1;
        int64_t era = floor_divide(march_year, 400);
        int64_t year_of_era = march_year - era * 400;
        int64_t day_of_year = (153 * (month > 2 ? month - 3 : month + 9) + 2) / 5 + day - 1;

        return (int32_t) (era * DAYS_PER_ERA + year_of_era * 365 + year_of_era / 4 - year_of_era / 100 + day_of_year -
                          DAYS_TO_1970);
}

struct civil civil_from_day(int32_t day) {
        int64_t shifted = (int64_t) day + DAYS_TO_1970;
        int64_t era = floor_divide(shifted, DAYS_PER_ERA);
        int day_of_era = (int) (shifted - era * DAYS_PER_ERA);
        int year_of_era = (day_of_era - day_of_era / 1460 + day_of_era / 36524 - day_of_era / 146096) / 365;
        int day_of_year = day_of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
        int march_month = (5 * day_of_year + 2) / 153;
        struct civil civil = {
                .year = (int) (year_of_era + era * 400 + (march_month >= 10)),
                .month = march_month < 10 ? march_month + 3 : march_month - 9,
                .day = day_of_year - (153 * march_month + 2) / 5 + 1,
        };

        return civil;
}

int32_t wall_day(int64_t wall_sec) {
        return (int32_t) floor_divide(wall_sec, SEC_PER_DAY);
}

int32_t wall_second_of_day(int64_t wall_sec) {
        return (int32_t) (wall_sec - floor_divide(wall_sec, SEC_PER_DAY) * SEC_PER_DAY);
}

int64_t civil_to_wall(const struct civil *civil) {
        return (int64_t) civil_day(civil->year, civil->month, civil->day) * SEC_PER_DAY + civil->hour * 3600 +
               civil->minute * 60 + civil->second;
}

struct civil civil_from_wall(int64_t wall_sec) {
        struct civil civil = civil_from_day(wall_day(wall_sec));
        int32_t second = wall_second_of_day(wall_sec);

        civil.hour = second / 3600;
        civil.minute = second / 60 % 60;
        civil.second = second % 60;
        return civil;
}

int year_days(int year) {
        return year % 4 == 0 && (year % 100 != 0 || year % 400 == 0) ? 366 : 365;
}

int month_days(int year, int month) {
        static const int days[] = { 31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31 };

        return month == 2 ? year_days(year) - 337 : days[month - 1];
}

bool civil_is_valid(const struct civil *civil) {
        return civil->year >= 1 && civil->year <= 9999 && civil->month >= 1 && civil->month <= 12 && civil->day >= 1 &&
               civil->day <= month_days(civil->year, civil->month) && civil->hour >= 0 && civil->hour <= 23 &&
               civil->minute >= 0 && civil->minute <= 59 && civil->second >= 0 && civil->second <= 60;
}

/* 1970-01-01 was a Thursday. */
enum weekday day_weekday(int32_t day) {
        int weekday = (day % 7 + 7 + THURSDAY) % 7;

        return (enum weekday) weekday;
}

const char *weekday_to_string(enum weekday weekday) {
        return weekday_names[weekday];
}

int weekday_from_string(const char *text, size_t size, enum weekday *ret) {
        if (size != 2)
                return -EINVAL;

        for (enum weekday weekday = MONDAY; weekday < _WEEKDAY_MAX; weekday++)
                if (strncasecmp(weekday_names[weekday], text, 2) == 0) {
                        *ret = weekday;
                        return 0;
                }
        return -EINVAL;
}

static int parse_digits(const char *text, size_t n, int *ret) {
        int number = 0;

        for (size_t i = 0; i < n; i++) {
                if (text[i] < '0' || text[i] > '9')
                        return -EINVAL;
                number = number * 10 + (text[i] - '0');
        }

        *ret = number;
        return 0;
}

int civil_parse(const char *text, size_t size, int64_t *ret_wall_sec, bool *ret_is_date, bool *ret_is_utc) {
        bool is_date = size == 8, is_utc = size == 16;
        struct civil civil = {};

        if (!is_date && !is_utc && size != 15)
                return -EINVAL;
        if (parse_digits(text, 4, &civil.year) < 0 || parse_digits(text + 4, 2, &civil.month) < 0 ||
            parse_digits(text + 6, 2, &civil.day) < 0)
                return -EINVAL;
        if (!is_date && (text[8] != 'T' || parse_digits(text + 9, 2, &civil.hour) < 0 ||
                         parse_digits(text + 11, 2, &civil.minute) < 0 ||
                         parse_digits(text + 13, 2, &civil.second) < 0))
                return -EINVAL;
        if ((is_utc && text[15] != 'Z') || !civil_is_valid(&civil))
                return -EINVAL;

        if (civil.second == 60)
                civil.second = 59;
        *ret_wall_sec = civil_to_wall(&civil);
        *ret_is_date = is_date;
        *ret_is_utc = is_utc;
        return 0;
}

char *civil_format(char *text, int64_t wall_sec, bool is_date, bool is_utc) {
        struct civil civil = civil_from_wall(wall_sec);
        int digits[] = { civil.year / 100 % 100, civil.year % 100, civil.month, civil.day,
                         civil.hour,             civil.minute,     civil.second };
        char *p = text;

        for (size_t i = 0; i < (is_date ? 4 : ELEMENTS(digits)); i++) {
                if (i == 4)
                        *p++ = 'T';
                *p++ = (char) ('0' + digits[i] / 10);
                *p++ = (char) ('0' + digits[i] % 10);
        }
        if (is_utc && !is_date)
                *p++ = 'Z';
        *p = '\0';
        return text;
}
