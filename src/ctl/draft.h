/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A medication as the command line describes it: read into a calendar_draft, and said back in words. */
#pragma once

#include "ctl/request.h"
#include "dosed/calendar.h"
#include "dosed/limits.h"

struct draft {
        struct calendar_draft calendar; /* points into the request and into this */
        char *uid;
        int32_t times_sec[LIMIT_DRAFT_TIMES];
        usec_t first_day_usec;
};

void draft_done(struct draft *draft);

/* Reads NAME and the options of `add`. Returns 0, REQUEST_USAGE (said by then) or a negative errno. */
int draft_read(struct draft *draft, const struct request *request);

/* "Lisinopril 10 mg, every day at 08:00 and 20:00, for 10 days", clean. Returns 0 or -ENOMEM; the caller frees. */
int draft_say(const struct draft *draft, char **ret);

/* "Mo,We,Fr", "monday" or "weekdays" as bits of enum weekday. Returns 0 or -EINVAL. */
int weekdays_parse(const char *text, unsigned *ret);

/* "08:00,20:00" in order, without doubles; at most `n_most`. Returns 0, -EINVAL or -E2BIG. */
int times_parse(const char *text, int32_t *times_sec, size_t n_most, size_t *ret_n);

/* "Lisinopril 10 mg" becomes "lisinopril-10-mg": only a-z, 0-9 and -. `text` is filled with at most `size` bytes. */
void slug_make(const char *name, char *text, size_t size);
