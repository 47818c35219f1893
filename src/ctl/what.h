/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which dose somebody means: its id, or a medication's name or the beginning of it. Never guessed. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-bus.h>

#include "ctl/listing.h"
#include "ctl/request.h"

/*
 * A dose that was recorded and whose window still lasts goes before any later one: whoever says it twice, or says it after
 * somebody else did, hears so, and the next dose is not recorded in its place. --force changes nothing of that: it says that
 * it is not too early or too soon, not which dose is meant.
 */
enum what_purpose {
        WHAT_TO_ANSWER,  /* now: an open dose, else the one just recorded, else the next one within a day */
        WHAT_TO_RECORD,  /* at a time that was said (--at): the same, and missed ones that it can belong to */
        WHAT_TO_CORRECT, /* the last one recorded within two days */
        _WHAT_PURPOSE_MAX,
};

/* These go on where those of a request end, since what_find() returns both. */
enum what_outcome {
        WHAT_NONE = REQUEST_USAGE + 1, /* nothing fits */
        WHAT_SEVERAL,                  /* several medications fit, or several doses of one */
};

/*
 * Picks by name. The whole name goes before the beginning of another one. Where doses of one medication are left, the
 * first is meant (`take_first`), or there must be only that one. Returns 0 or a what_outcome.
 */
int what_pick(const char *what, const struct listed_dose *const *doses, size_t n_doses, bool take_first,
              const struct listed_dose **ret);

/*
 * Finds the dose, and says what there is where not exactly one fits. Whoever calls is done with `ret`. Returns 0,
 * REQUEST_REFUSED or a negative errno.
 */
int what_find(sd_bus *bus, const struct request *request, const char *what, enum what_purpose purpose,
              struct listed_dose *ret);

/* The dose of that medication that comes within a day. Returns 0, WHAT_NONE, REQUEST_REFUSED or a negative errno. */
int what_next(sd_bus *bus, const struct request *request, const struct listed_dose *dose, struct listed_dose *ret);

/* When it was taken: by --at, on the clock of the dose's person, else now. Returns 0 or WHEN_INVALID. */
int what_time(const struct request *request, const struct listed_dose *dose, usec_t *ret_usec);
