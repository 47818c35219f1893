/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is wrong with an input: where, and what to do about it. Shown to people; never logged at info or above. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

enum severity {
        SEVERITY_WARNING, /* used all the same; it may not mean what its writer thought */
        SEVERITY_ERROR,   /* not used */
        _SEVERITY_MAX,
};

struct problem {
        char *file;    /* as people know it, cleaned for display */
        unsigned line; /* 1-based; 0: the file as a whole */
        enum severity severity;
        char *text; /* one sentence without its final stop, cleaned for display */
};

struct problems {
        struct problem *items;
        size_t n_items;
        size_t n_errors; /* how many of all that were added are errors */
};

void problems_done(struct problems *problems);

/*
 * Adds one, copying and cleaning its texts. At most LIMIT_FILE_PROBLEMS are kept: errors take the place of warnings, and
 * those past it still count. Returns 0 or -ENOMEM.
 */
int problems_add(struct problems *problems, const char *file, unsigned line, enum severity severity,
                 const char *format, ...) __attribute__((format(printf, 5, 6)));

/* "lunch.ics:4: RRULE has no FREQ". Returns 0 or -ENOMEM; the caller frees. */
int problem_format(const struct problem *problem, char **ret);

const char *severity_to_string(enum severity severity);
