/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed.conf: read and checked as a whole, before any of it is applied. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/error.h"
#include "dosed/problem.h"

struct config_person {
        char *name;
        char *timezone; /* NULL: that of [dosed] */
        char **folders; /* absolute */
        size_t n_folders;
};

struct config {
        char *timezone; /* NULL: the system's, followed live */
        int32_t all_day_sec;
        usec_t snooze_usec;
        usec_t settle_usec; /* from the last change in a folder until the plan is read */
        struct config_person *people;
        size_t n_people;
        bool has_file; /* dosed.conf itself was there */
        bool has_drop_ins;
        char *empty; /* path of one without a single byte; NULL: there was none */
        char *text;  /* all that was read, file after file: config_parse() makes the same of it */
};

void config_done(struct config *config);

/* They mean the same, whatever their texts. */
bool config_equal(const struct config *a, const struct config *b);

enum config_outcome {
        CONFIG_INVALID = 1, /* see the problems: nothing of it may be applied */
};

/* Where things are that the file does not name. */
struct config_places {
        const char *file;   /* dosed.conf; drop-ins lie in FILE.d */
        bool must_exist;    /* it was named on the command line */
        const char *calendars; /* folder of the only person where the file names none */
        const char *home;
        const char *user; /* that person's name */
};

/* Return 0, CONFIG_INVALID or a negative errno. `ret` is untouched unless 0. */
int config_parse(const struct config_places *places, const char *text, struct config *ret, struct problems *problems);
int config_load(const struct config_places *places, struct config *ret, struct problems *problems);
