/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One call of dosectl: the verb, its options and arguments, and how refusals are said. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "ctl/when.h"
#include "dosed/clock.h"
#include "dosed/error.h"
#include "dosed/zone.h"

/* What a verb returns where it did not do all it was asked for. It has said why by then. These are the exit codes. */
enum request_outcome {
        REQUEST_REFUSED = 1, /* refused or failed */
        REQUEST_USAGE,       /* asked for in a way that means nothing */
};

enum option_id {
        OPTION_USER,
        OPTION_SYSTEM,
        OPTION_PERSON,
        OPTION_JSON,
        OPTION_NO_PAGER,
        OPTION_HELP,
        OPTION_VERSION,
        OPTION_AT,
        OPTION_AMOUNT,
        OPTION_NOTE,
        OPTION_BY,
        OPTION_MEASUREMENT,
        OPTION_FORCE,
        OPTION_AMEND,
        OPTION_FROM,
        OPTION_UNTIL,
        OPTION_TIMEZONE,
        OPTION_ALL_DAY_TIME,
        OPTION_LIMIT,
        OPTION_DAYS,
        OPTION_FOR,
        OPTION_PURPOSE,
        OPTION_CRITICAL,
        OPTION_KIND,
        OPTION_ALL,
        OPTION_QUIET,
        _OPTION_MAX,
};

struct request;

/* An option of one verb, in that verb's words. A list of them ends with one without help. */
struct verb_option {
        enum option_id id;
        const char *argument; /* NULL: it takes none */
        const char *help;
};

struct verb {
        const char *name;
        const char *arguments;               /* "WHAT..." */
        unsigned least, most;                /* how many arguments */
        const char *help;                    /* one line; NULL: for programs, and in no help */
        const struct verb_option *options;   /* NULL: none of its own */
        int (*run)(struct request *request); /* NULL: not built yet. Returns 0, a request_outcome or a negative errno */
};

struct request {
        const struct verb *verb;
        char *options[_OPTION_MAX]; /* NULL: not given; "" for one without argument; given twice: joined with a comma */
        char **arguments;           /* of argv */
        size_t n_arguments;

        usec_t now_usec;
        struct zones *zones;
        const struct zone *zone; /* the system's */
};

void request_done(struct request *request);

/*
 * Reads argv by a table of verbs; the first is meant where none is named. Returns 0, REQUEST_USAGE (said by then) or a
 * negative errno. Names of options and verbs are exact.
 */
int request_parse(struct request *request, int argc, char **argv, const struct verb *verbs, size_t n_verbs);

/* The time that an option says, else `otherwise`, on that zone's clock. Returns 0 or REQUEST_USAGE (said by then). */
int request_time(const struct request *request, enum option_id id, const char *otherwise, const struct zone *zone,
                 struct when *ret);

/* --from and --until, on the system's clock. Returns 0, or REQUEST_USAGE (said by then) also where nothing lies between. */
int request_span(const struct request *request, const char *from_otherwise, const char *until_otherwise,
                 struct when *ret_from, struct when *ret_until);

/* Whether there is a time between the two. Returns 0 or REQUEST_USAGE (said by then). */
int request_check_span(usec_t from_usec, usec_t until_usec);

/* The help of the verb asked for, or of them all. */
void request_print_help(const struct request *request, const struct verb *verbs, size_t n_verbs);

static inline bool request_has(const struct request *request, enum option_id id) {
        return request->options[id];
}

/* For completions: a line for each verb that people use, its name and its help, with a tab between. */
void request_print_verbs(const struct verb *verbs, size_t n_verbs);
/* The options of every verb, and of the named one unless NULL: "--name", its help, and what argument it takes if it does. */
void request_print_options(const char *verb_name, const struct verb *verbs, size_t n_verbs);

/* Whether the verb takes that option. */
bool request_takes(const struct request *request, enum option_id id);

/* Says on stderr what is wrong and what to do next: "dosectl: ...". The text is cleaned for the terminal. */
void complain(const char *format, ...) __attribute__((format(printf, 1, 2)));
