/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan files: reading iCalendar bytes into schedules, and writing a new schedule as iCalendar. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/civil.h"
#include "dosed/problem.h"
#include "dosed/schedule.h"
#include "dosed/zone.h"

/* What one file holds. The schedules belong to it. */
struct calendar {
        struct schedule **schedules;
        size_t n_schedules;
};

struct calendar *calendar_free(struct calendar *calendar);
DEFINE_CLEANUP(struct calendar *, calendar_free);

enum calendar_outcome {
        CALENDAR_UNUSABLE = 1, /* an error is among the problems: nothing of the file may be used */
        CALENDAR_CRASHES,      /* calendar_probe(): reading these bytes kills the process, or does not end */
};

/*
 * Reads one VCALENDAR. The bytes are hostile: sizes, depth, text, dates, rules and zone names are checked before libical
 * sees them. `name` is the file's name, for problems and for schedule.file. A file is taken whole or not at all. Problems
 * are added to, warnings also where the file is used. Returns 0, CALENDAR_UNUSABLE, or a negative errno.
 */
int calendar_read(const char *name, const void *bytes, size_t size, struct zones *zones, struct calendar **ret,
                  struct problems *problems);

/* Reads the bytes in a child process and throws the result away. Returns 0, CALENDAR_CRASHES or a negative errno. */
int calendar_probe(const char *name, const void *bytes, size_t size, struct zones *zones);

/*
 * Whether anything in these bytes is marked PRIVATE or CONFIDENTIAL (RFC 5545 3.8.1.3), be it a schedule or not, and whether or
 * not they can be used. Returns 0 or -ENOMEM.
 */
int calendar_holds_confidential(const void *bytes, size_t size, bool *ret);

/* A schedule as `dosectl add` makes it: taken at some times of the day, each day or on some weekdays. */
struct calendar_draft {
        const char *uid;
        const char *summary;
        const char *amount, *instructions, *purpose; /* NULL where not given */
        int64_t first_day_wall_sec;                  /* midnight of the first day, floating */
        const int32_t *times_sec;                    /* seconds of the day, ascending */
        size_t n_times;
        unsigned weekdays; /* bit per enum weekday; 0: every day */
        unsigned count_days; /* 0: no end, else how many days */
        usec_t stamped_usec; /* DTSTAMP: now */
        bool critical;
        enum schedule_kind kind;
};

/* Writes it as a VCALENDAR with one VEVENT, by libical. Returns 0 or a negative errno; the caller frees. */
int calendar_compose(const struct calendar_draft *draft, char **ret_text);
