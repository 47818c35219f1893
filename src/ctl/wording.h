/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dose in words, for people. */
#pragma once

#include "ctl/listing.h"
#include "ctl/output.h"
#include "ctl/request.h"

/* "since 08:00, 2 reminders, until 12:00"; "taken 08:03, on time, by ana". Returns 0 or -ENOMEM; the caller frees. */
int dose_say(const struct listed_dose *dose, const struct request *request, char **ret);

const char *dose_mark(const struct listed_dose *dose);
enum colour dose_colour(const struct listed_dose *dose);

/* Somebody has to answer: due, snoozed, or not confirmed but still takeable. */
bool dose_waits(const struct listed_dose *dose);

/* The doses are of more than one person: then each is named. */
bool doses_are_of_several(const struct listed_doses *doses);

/* "1 h ago", "in 20 min", "now". Returns 0 or -ENOMEM; the caller frees. */
int distance_say(usec_t at_usec, usec_t now_usec, char **ret);
