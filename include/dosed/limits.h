/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every limit on what a file, a client or a peer can make grow, in one place, with its reason. */
#pragma once

/* Plan files: read whole into memory and parsed while the loop waits. */
#define LIMIT_FILE_BYTES (4u * 1024 * 1024)   /* a household's year of exports is below 1 MiB */
#define LIMIT_FILE_LINE_BYTES (64u * 1024)    /* unfolded; libical takes 20 s for a line of 16 MB */
#define LIMIT_FILE_COMPONENTS 5000u           /* each costs libical 4 KB */
#define LIMIT_FILE_DEPTH 4u                   /* VCALENDAR > VTIMEZONE or VEVENT > STANDARD or VALARM, one to spare;
                                                 100,000 nested BEGINs overflow libical's stack */
#define LIMIT_FILE_PROBLEMS 50u               /* per file: the first ones tell enough */
#define LIMIT_FOLDER_FILES 10000u             /* one file a schedule, many people */

/* Schedules. */
#define LIMIT_UID_BYTES 255u                  /* a UID becomes part of a D-Bus path; the bus drops paths over 64 KiB */
#define LIMIT_PERSON_BYTES 64u                /* a person's name in dosed.conf: also part of that path */
#define LIMIT_TEXT_BYTES 8192u                /* SUMMARY, DESCRIPTION and the X-DOSED texts, each */
#define LIMIT_SCHEDULE_RULES 16u              /* RRULE and EXRULE lines of one schedule */
#define LIMIT_SCHEDULE_DATES 20000u           /* RDATE and EXDATE values of one schedule: 54 years of days */
#define LIMIT_SCHEDULE_OVERRIDES 2000u        /* RECURRENCE-ID components of one schedule */
#define LIMIT_SCHEDULE_ALARMS 20u             /* VALARMs of one component */
#define LIMIT_ALARM_REPEAT 100u               /* REPEAT of one VALARM */
#define LIMIT_RULE_COUNT 1000000u             /* COUNT: walked once; hourly doses for 114 years */
#define LIMIT_RULE_YEAR 2600                  /* no search goes past this year: 400 years (the Gregorian cycle) and some */

/* The engine. */
#define LIMIT_STEP_CHANGES 500u               /* changes in one step, thus in one transaction; the rest follows at once */
#define LIMIT_PENDING_ENTRIES 10000u          /* kept in memory while the store cannot be written */

/* The bus. */
#define LIMIT_LIST_DOSES 10000u               /* answers of one ListDoses; beyond it the caller must narrow the times */
#define LIMIT_OPTION_BYTES 1024u              /* a text that a client records with a dose */
#define LIMIT_SUBSCRIBERS 64u                 /* names that subscribed */
