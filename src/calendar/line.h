/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content lines (RFC 5545 3.1): unfolding them and taking one apart, all in slices of one buffer. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

/* Part of a text that somebody else owns; no NUL behind it. */
struct slice {
        const char *text;
        size_t size;
};

bool slice_equal(struct slice slice, const char *text);          /* but for the case of ASCII letters */
bool slice_starts(struct slice slice, const char *beginning);    /* likewise */
bool slice_same(struct slice a, struct slice b);                 /* byte by byte */
bool slice_same_caseless(struct slice a, struct slice b);
bool slice_is_name(struct slice slice); /* letters, digits, - and _ (some programs' X- names), not empty */
int slice_copy(struct slice slice, char **ret);                  /* 0 or -ENOMEM */

/* Unfolds while it reads. Start with the bytes, and `out` with room for one byte more than they are. */
struct line_reader {
        const char *bytes;
        size_t size, at;
        unsigned number; /* lines ended so far */
        char *out;       /* the unfolded text, every line ended by a line feed */
        size_t out_size;
};

/* The next line that is not blank, without its end, and the number of its first physical line. False at the end. */
bool line_read(struct line_reader *reader, struct slice *ret, unsigned *ret_number);

struct content_line {
        struct slice name, parameters, value; /* parameters without their first semicolon */
};

/* False, and a constant sentence saying why, where it is not of the form name *(";" parameter) ":" value. */
bool line_split(struct slice text, struct content_line *ret, const char **ret_reason);

/* The first value of a parameter without its quotes; false where it is not there. */
bool line_parameter(const struct content_line *line, const char *name, struct slice *ret);
