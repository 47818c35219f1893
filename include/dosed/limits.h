/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Every limit on what a file, a client or a peer can make grow, in one place, with its reason. */
#pragma once

#include <stdint.h>

/* Plan files: read whole into memory and parsed while the loop waits. */
#define LIMIT_FILE_BYTES (4u * 1024 * 1024)   /* a household's year of exports is below 1 MiB */
#define LIMIT_FILE_LINE_BYTES (64u * 1024)    /* unfolded; libical takes 20 s for a line of 16 MB */
#define LIMIT_FILE_COMPONENTS 5000u           /* each costs libical 4 KB */
#define LIMIT_FILE_DEPTH 4u                   /* VCALENDAR > VTIMEZONE or VEVENT > STANDARD or VALARM, one to spare;
                                                 100,000 nested BEGINs overflow libical's stack */
#define LIMIT_FILE_WORK 20000000u             /* days and times looked at to find what is due: half a second */
#define LIMIT_FILE_EXRULES 50u                /* times the RRULEs they take from; one that takes all away costs 10 ms */
#define LIMIT_FILE_STRETCHES 100u             /* overrides with RANGE=THISANDFUTURE: every search goes through each of them */
#define LIMIT_FILE_LOOKS 1000u                /* rules in which EXDATEs and RECURRENCE-IDs are looked for, to warn: 2 ms, of the
                                                 dearest rules 10; who has that many mends the first, and asks again */
#define LIMIT_FILE_SEARCHED 1000u             /* EXDATEs and overrides passed over for a dose that they leave, to warn: 1 ms */
#define LIMIT_FILE_SEARCHED_EXRULES 2u        /* the same, times the RRULEs they take from: 10 ms each, as above */
#define LIMIT_FILE_PROBLEMS 50u               /* per file: the first ones tell enough */
#define LIMIT_FOLDER_FILES 10000u             /* one file a schedule, many people */

/* dosed.conf. */
#define LIMIT_CONFIG_BYTES (1024u * 1024)     /* with its drop-ins: kept in the ledger too; a household's has 1 KB */
#define LIMIT_PEOPLE 100u                     /* a home for the aged; each is named with every list of people */
#define LIMIT_PERSON_FOLDERS 20u              /* of one person; everything that each lies in is watched too */
#define LIMIT_PERSON_TIMES 24u                /* named times of one person's day: each hour */
#define LIMIT_CAREGIVERS 100u                 /* as many as people: each is looked at for every missed dose */
#define LIMIT_HOOKS 50u                       /* each is a program started for every event */
#define LIMIT_CONFIG_NAMES 100u               /* in one list of users, caregivers or people */
#define LIMIT_COMMAND_WORDS 64u               /* a program and its arguments; who needs more writes a script */
#define LIMIT_ADDRESS_BYTES 254u              /* of mail: RFC 5321 4.5.3.1.3, without the brackets */

/* Schedules. */
#define LIMIT_UID_BYTES 255u                  /* a UID becomes part of a D-Bus path; the bus drops paths over 64 KiB */
#define LIMIT_PERSON_BYTES 64u                /* a person's name in dosed.conf: also part of that path */
#define LIMIT_TEXT_BYTES 8192u                /* SUMMARY, DESCRIPTION and the X-DOSED texts, each */
#define LIMIT_ZONE_NAME_BYTES 128u            /* the longest of tzdata has 32, vendors' prefixes have some more */
#define LIMIT_ZONE_BYTES (256u * 1024)        /* one TZif file; the largest of tzdata has 4 KB */
#define LIMIT_ZONE_TRANSITIONS 10000u         /* of one zone; the largest of tzdata has 243 */
#define LIMIT_DURATION_DAYS 3660              /* a DURATION or TRIGGER: ten years; sums of them stay far from overflow */
#define LIMIT_SCHEDULE_RULES 16u              /* RRULE and EXRULE lines of one schedule */
#define LIMIT_SCHEDULE_DATES 20000u           /* RDATE and EXDATE values of one schedule: 54 years of days */
#define LIMIT_SCHEDULE_OVERRIDES 2000u        /* RECURRENCE-ID components of one schedule */
#define LIMIT_SCHEDULE_ALARMS 20u             /* VALARMs of one component */
#define LIMIT_ALARM_ADDRESSES 10u             /* ATTENDEEs of one VALARM that mails */
#define LIMIT_ALARM_LEAD_DAYS 31              /* how far from its dose an alarm may be: the engine looks that far ahead */
#define LIMIT_ALARM_REPEAT 100u               /* REPEAT of one VALARM */
#define LIMIT_RULE_COUNT 1000000u             /* COUNT: walked once; hourly doses for 114 years */
#define LIMIT_RULE_INTERVAL 100000u           /* INTERVAL: 69 days of minutes, 273 years of days */
#define LIMIT_RULE_INTERVAL_YEARS 120         /* a longer interval is a typing mistake, or a program's overflow */
#define LIMIT_SCHEDULE_EXCLUDED 100000u       /* occurrences in a row that EXRULE takes away before a search gives up: 11 years
                                                 of hours; EXDATEs and overrides are fewer */
#define LIMIT_EXCLUDED_PER_DAY 24u            /* doses a day of a schedule with EXRULE: with more, those years would be days */
#define LIMIT_RULE_YEAR 2600                  /* no search goes past this year: 400 years (the Gregorian cycle) and some */

/* The engine. */
#define LIMIT_CLOCK_SEC INT64_C(1793491200)   /* 1 November 2026: a clock before that is wrong, dosed did not exist */
#define LIMIT_STEP_CHANGES 500u               /* changes in one step, thus in one transaction; the rest follows at once */
#define LIMIT_STEP_TELLINGS 4000u /* what they make to be told, if each is told to everybody: fewer changes then */
#define LIMIT_PENDING_ENTRIES 10000u          /* kept in memory while the store cannot be written: 3 months of 50 doses a day */
#define LIMIT_PENDING_CHANGES 20000u          /* the same of the plan's history: twice a whole household's plan */

#define LIMIT_NEXT_DOSES 1000u /* of one schedule, passed over for one that counts: the next is none of them */

/* Telling. */
#define LIMIT_MESSAGE_TELLINGS 1000u          /* events of one message; what is more goes with the next one */
#define LIMIT_ROW_DOSES 100u                  /* looked at for doses of a medication that nobody confirmed in a row: a season */
#define LIMIT_PENDING_TELLINGS 20000u         /* in hand while the store cannot be written: then hooks hear no more */
#define LIMIT_LIST_MESSAGES 1000u             /* one answer about the outbox */
#define LIMIT_LIST_EVENTS 10000u              /* of all messages in that answer; what is more is only counted */
#define LIMIT_TELLING_TEXT_BYTES 2000u        /* what is told of no dose: some sentences */

/* The bus. */
#define LIMIT_LIST_DOSES 10000u               /* answers of one ListDoses; beyond it the caller must narrow the times */
#define LIMIT_ANSWER_BYTES (16u * 1024 * 1024) /* one answer: dbus-daemon drops a connection that sends more than 32 MiB */
#define LIMIT_PROPERTY_BYTES (1024u * 1024)   /* a property that is a list: GetAll answers all of them at once */
#define LIMIT_MAIL_TESTS 4u                   /* at once: each is a program that talks to a server */
#define LIMIT_PEERS 400u                      /* remembered, with those below; each costs one of a bus's 512 matches */
#define LIMIT_SUBSCRIBERS 256u                /* on the system bus: each is sent each signal by itself */
#define LIMIT_SUBSCRIBERS_OF_USER 32u         /* desktops, applets and terminals of one user */
#define LIMIT_OPTION_BYTES 1024u              /* a text that a client records with a dose */

/* Notifications on a desktop. */
#define LIMIT_NOTIFICATIONS 100u              /* up at once; the rest follows as these go */
#define LIMIT_NOTIFY_UNANSWERED 16u           /* calls that wait for a server's answer: all that a hung one ever gets */
#define LIMIT_NOTIFY_ANSWER_SEC 30u           /* an answer later than this is given up when there is something new to say */
#define LIMIT_NOTIFY_GROUP_DOSES 20u          /* a longer group has no All taken: servers cut long bodies, and
                                                 nobody confirms what they could not read */
#define LIMIT_NOTIFY_GROUP_LINES 50u          /* the others of a group are counted, not named */
#define LIMIT_NOTIFY_NAME_BYTES 200u          /* a medicine's, an amount's or a person's name: one line on a desktop */
#define LIMIT_NOTIFY_TEXT_BYTES 1000u         /* instructions: more does not fit a notification */
#define LIMIT_NOTIFY_SPLIT 256u               /* doses remembered as wanted one by one: a day of them */
#define LIMIT_NOTIFY_WITHDRAWN 16u            /* just taken down, and perhaps pressed before the server knew of it */
#define LIMIT_AGENT_PRESSES 200u              /* buttons that wait for dosed's answer: all of two full screens */
#define LIMIT_UNREAD_LINES 1000u              /* doses of a notice that nobody has read yet: a season of an unused machine */
#define LIMIT_UNREAD_MEMORY_BYTES (512u * 1024) /* the file of their ids: LIMIT_UNREAD_LINES of the longest */
#define LIMIT_NOTIFY_MEMORY_BYTES 4096u       /* the file of what is up: LIMIT_NOTIFICATIONS ids and two names */

/* Programs that are run: hooks, and the mail program. */
#define LIMIT_RUNNER_CHILDREN 4u              /* at once: a crowd of messages at 08:00 must not take the machine */
#define LIMIT_RUNNER_KILL_SEC 2u              /* from SIGTERM to SIGKILL: time to say QUIT to a server */
#define LIMIT_RUNNER_LINE_BYTES 1000u         /* of a line that a program says; the rest of the line is dropped */
#define LIMIT_RUNNER_LINES 200u               /* of one run that are logged; the last one is kept all the same */
#define LIMIT_MAIL_PROGRAM_SEC 30u            /* for a letter; dosed-mail gives up itself before, and says why */
#define LIMIT_HEARTBEAT_FIRST_SEC 60u         /* until the first heartbeat: a dosed that always ends sooner is not well */

/* Letters and the events of hooks. */
#define LIMIT_TELL_NAME_BYTES 200u            /* a medicine's, an amount's or a person's name: two lines of a letter */
#define LIMIT_TELL_TEXT_BYTES 1000u           /* a note, a reason, a rule for missed doses: a paragraph */
#define LIMIT_LETTER_DOSES 50u                /* listed in one section: nobody reads more, the others are counted */
#define LIMIT_LETTER_WORDS_BYTES (64u * 1024) /* what a letter says; beyond it doses are counted. Usual is 1 KB */
#define LIMIT_LETTER_BYTES (1024u * 1024)     /* the whole letter: twice the words, escaped, with their markup, as base64 */

/* dosectl. */
#define LIMIT_COMPLETE_SEC 3u                 /* for a key press to be answered; then the shell completes nothing */
#define LIMIT_DRAFT_TIMES 24u                 /* times of the day of `dosectl add`: each hour; more is another schedule */

/* dosed-mail. */
#define LIMIT_MAIL_BYTES (1024u * 1024)       /* one message: a caregiver's mail has 10 KB, no server takes less than this */
#define LIMIT_MAIL_RECIPIENTS 100u            /* of one message: what every server has to take (RFC 5321, 4.5.3.1.8) */
#define LIMIT_MAIL_ADDRESS_BYTES 254u         /* RFC 5321, 4.5.3.1.3, without the angle brackets */
#define LIMIT_MAIL_LOCAL_BYTES 64u            /* before the @: RFC 5321, 4.5.3.1.1 */
#define LIMIT_MAIL_COMMENT_DEPTH 16u          /* comments in comments in To and Cc: nobody writes two */
#define LIMIT_MAIL_USER_BYTES 255u            /* the name for AUTH: RFC 4616 has it so */
#define LIMIT_MAIL_PASSWORD_BYTES 1024u       /* longer is another file */
#define LIMIT_MAIL_ANSWER_BYTES 480u          /* of a server, as told to people; RFC 5321 has 512 for a line */
#define LIMIT_MAIL_SHOWN_LINES 500u           /* of a conversation that is shown: 100 recipients and some */
#define LIMIT_MAIL_CONNECT_SEC 10             /* until the server is reached; a second is usual */
#define LIMIT_MAIL_SEC 25                     /* for a whole conversation: whoever waits for dosed-mail gives it 30 */
#define LIMIT_MAIL_MAX_SEC 600                /* what --timeout may say */
