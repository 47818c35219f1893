/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wall-clock time in no particular zone: civil dates as numbers one can calculate with. Proleptic Gregorian. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define SEC_PER_DAY 86400

/* A wall-clock time taken apart. */
struct civil {
        int year, month, day; /* month 1..12, day 1..31 */
        int hour, minute, second;
};

/* Monday first, as ISO 8601 counts, and as RRULE's default WKST. */
enum weekday { MONDAY, TUESDAY, WEDNESDAY, THURSDAY, FRIDAY, SATURDAY, SUNDAY, _WEEKDAY_MAX };

/*
 * `day` is a count of days since 1970-01-01; `wall_sec` the seconds since 1970-01-01T00:00:00 on a wall clock.
 * The fields must be a real date and time (civil_is_valid).
 */
int32_t civil_day(int year, int month, int day);
int64_t civil_to_wall(const struct civil *civil);
struct civil civil_from_wall(int64_t wall_sec);
struct civil civil_from_day(int32_t day);

/* A date of the calendar (no 30 February) between the years 1 and 9999, and a time from 00:00:00 to 23:59:60. */
bool civil_is_valid(const struct civil *civil);

enum weekday day_weekday(int32_t day);
int month_days(int year, int month);
int year_days(int year);

/* Floor division for times before 1970. */
int32_t wall_day(int64_t wall_sec);
int32_t wall_second_of_day(int64_t wall_sec);

/* "MO" ... "SU" (RFC 5545 3.3.10). */
const char *weekday_to_string(enum weekday weekday);
int weekday_from_string(const char *text, size_t size, enum weekday *ret); /* 0 or -EINVAL */

/*
 * Exactly YYYYMMDD, YYYYMMDDTHHMMSS or the latter with Z (RFC 5545 3.3.4, 3.3.5), and nothing after it within `size`.
 * A leap second reads as second 59. Returns 0 or -EINVAL.
 */
int civil_parse(const char *text, size_t size, int64_t *ret_wall_sec, bool *ret_is_date, bool *ret_is_utc);

#define CIVIL_TEXT_SIZE sizeof("20261123T080000Z")
/* The opposite; `text` has at least CIVIL_TEXT_SIZE bytes. Returns `text`. */
char *civil_format(char *text, int64_t wall_sec, bool is_date, bool is_utc);
