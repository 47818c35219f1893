/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a program says, line by line: logged for who looks for a mistake, and the last line kept. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/limits.h"

struct output {
        const char *name;                       /* of the program, for the log; the caller's */
        char line[LIMIT_RUNNER_LINE_BYTES + 2]; /* one byte more shows whether it is to be cut, and where */
        size_t line_size;
        char *last_line; /* not empty, and clean; NULL: none yet */
        unsigned n_logged;
};
void output_done(struct output *output);

/*
 * Takes all that is there now, but at most `max` bytes. Returns true while more may come: false at the end, or where nobody can
 * read.
 */
bool output_read(struct output *output, int fd, size_t max);
/* No more comes: an unfinished line is one, too. */
void output_finish(struct output *output);
