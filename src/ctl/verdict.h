/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is said of a plan file: what is wrong in it, and what it means. */
#pragma once

#include <jansson.h>

#include "ctl/request.h"
#include "dosed/calendar.h"
#include "dosed/problem.h"

/* A line each, on stdout. */
void verdict_print_problems(const struct problems *problems);
/* Only what makes it unusable, as a complaint. */
void verdict_complain(const struct problems *problems);
/* A line for each schedule: "Lisinopril 10 mg, 1 tablet: every day at 08:00". Returns 0 or a negative errno. */
int verdict_print_meaning(const struct request *request, const struct calendar *calendar);

/* The same as new arrays, NULL without memory. A calendar that cannot be used is NULL, and means nothing. */
json_t *verdict_problems_to_json(const struct problems *problems);
json_t *verdict_meaning_to_json(const struct request *request, const struct calendar *calendar);

/* What became of a person's plan file, with both. Returns 0 or a negative errno. */
int verdict_print_json(const struct request *request, const char *person, const char *file, bool is_changed,
                       const struct calendar *calendar, const struct problems *problems);
