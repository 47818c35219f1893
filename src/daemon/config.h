/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed.conf: read and checked as a whole, before any of it is applied. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/error.h"
#include "dosed/outbox.h"
#include "dosed/problem.h"
#include "dosed/quiet.h"

/* Names, paths, or the words of a command. */
struct config_words {
        char **items;
        size_t n_items;
};

/* "breakfast = 08:00" */
struct config_time {
        char *name;
        int32_t at_sec;
};

struct config_person {
        char *name;
        char *title;                 /* key `name`: how they are called; NULL: the name */
        char *timezone;              /* NULL: that of [dosed] */
        struct config_words folders; /* absolute */
        struct config_words users;   /* Unix users who are this person, or act for them */
        struct config_words caregivers;
        struct quiet_hours quiet;
        char *category;            /* only entries with it count; NULL: all */
        struct config_time *times; /* nothing comes of them yet */
        size_t n_times;
};

/* What somebody may do besides being told. Each one may what those before it may. */
enum config_right { RIGHT_NONE, RIGHT_VIEW, RIGHT_RECORD, RIGHT_MANAGE };

/* How much of a dose is told: that one was not confirmed and when, or also which. */
enum config_detail { DETAIL_MINIMAL, DETAIL_FULL };

/* How often there is a summary; a weekly one is of a day as struct engine_recipient counts them. */
struct config_summary {
        enum summary_kind kind;
        unsigned weekday;
};

struct config_caregiver {
        char *name;
        char *title;    /* key `name`: as a mail addresses them; NULL: the name */
        char *email;    /* NULL: is told nothing */
        char *user;     /* Unix user; NULL */
        char *timezone; /* of quiet hours and summaries; NULL: that of [dosed] */
        enum config_right may;
        enum config_detail detail;
        usec_t after_usec; /* from missed until told */
        struct quiet_hours quiet;
        uint32_t tells; /* EVENT_BIT()s, with those that come with others */
        struct config_summary summary;
        int32_t summary_sec;
};

/* How mail leaves the house; `from` is NULL where none does. */
struct config_mail {
        struct config_words command; /* the program instead of dosed-mail, with its arguments; empty: dosed-mail */
        char *smtp;                  /* smtp://HOST[:PORT] or smtps://HOST[:PORT], checked; NULL with a command */
        char *from;                  /* an address */
        char *user;                  /* to log in with; NULL: without */
        char *password_file;         /* NULL: the credential smtp-password, if the user is set */
        char *ca_file;               /* instead of the system's certificates; NULL */
};

struct config_hook {
        char *name;
        struct config_words command; /* the program, absolute, and its arguments */
        uint32_t tells;              /* EVENT_BIT()s */
        enum config_detail detail;
        usec_t timeout_usec;
        usec_t every_usec;          /* from one heartbeat to the next */
        struct config_words people; /* of whom; empty: of everyone */
};

struct config {
        char *timezone; /* NULL: the system's, followed live */
        int32_t all_day_sec;
        usec_t snooze_usec;
        usec_t settle_usec; /* from the last change in a folder until the plan is read */
        usec_t remind_every_usec, window_min_usec, window_max_usec; /* as in struct dose_policy */
        struct config_person *people;
        size_t n_people;
        struct config_caregiver *caregivers;
        size_t n_caregivers;
        struct config_mail mail;
        struct config_hook *hooks;
        size_t n_hooks;

        bool has_file; /* dosed.conf itself was there */
        bool has_drop_ins;
        char *empty;   /* path of one without a single byte; NULL: there was none */
        char *text;    /* all that was read, file after file: config_parse() makes the same of it */
        char *meaning; /* the same without what does not matter: sections and pairs in order, a line each */
};

void config_done(struct config *config);

/* They say the same, whatever their comments and blanks. */
bool config_equal(const struct config *a, const struct config *b);

enum config_outcome {
        CONFIG_INVALID = 1, /* see the problems: nothing of it may be applied */
};

/* Where things are that the file does not name. */
struct config_places {
        const char *file;      /* dosed.conf; drop-ins lie in FILE.d */
        bool must_exist;       /* it was named on the command line */
        const char *calendars; /* each person's folder lies below it; it is that of the only person where the file names none */
        const char *home;
        const char *user;  /* that person's name; NULL: without a file there is nobody */
        bool is_system;    /* of a household: plan files lie below `calendars` and nowhere else, and Unix users count */
        bool looks_around; /* programs and files that are named and not there are worth a warning */
        const char *service_user; /* as whom a service will read them; NULL: as whoever reads them now */
};

/* Return 0, CONFIG_INVALID or a negative errno. `ret` is untouched unless 0; warnings are among the problems also then. */
int config_parse(const struct config_places *places, const char *text, struct config *ret, struct problems *problems);
int config_load(const struct config_places *places, struct config *ret, struct problems *problems);

bool config_words_have(const struct config_words *words, const char *text);
struct config_person *config_find_person(const struct config *config, const char *name);
struct config_caregiver *config_find_caregiver(const struct config *config, const char *name);
struct config_hook *config_find_hook(const struct config *config, const char *name);

/* `dosed --check-config`: says what is wrong with it, or that it is good. Returns an exit code of sysexits.h. */
int config_check(const struct config_places *places);
