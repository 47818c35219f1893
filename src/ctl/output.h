/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a verb prints: collected, then shown at once, in a pager where it is long; and tables in it. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <sys/ioctl.h>

#include "ctl/request.h"

struct output {
        FILE *stream;
        char *text;
        size_t size;
        bool has_colour;
        bool has_pager;
        struct winsize terminal; /* 0 where stdout is none */
};

enum colour {
        COLOUR_NONE,
        COLOUR_BOLD,
        COLOUR_DIM,
        COLOUR_GOOD,
        COLOUR_NOTICE,
        COLOUR_BAD,
        _COLOUR_MAX,
};

/* Returns 0 or a negative errno. */
int output_begin(struct output *output, const struct request *request);
/* Shows it. Returns 0 or a negative errno. */
int output_end(struct output *output);
void output_done(struct output *output);

/* Escape sequences, "" where there is no colour. */
const char *output_colour(const struct output *output, enum colour colour);
const char *output_plain(const struct output *output);

/* A line of its own, coloured. */
void output_heading(const struct output *output, const char *text);

/*
 * A table into the output. Columns without any text are left out. On a terminal that is too narrow the last one goes on in
 * further lines, broken between words: a strength of "10 mg" must never read as 1. So does another one in which there is much
 * more text than usual, indented, and a word that is wider than its column is broken, too.
 */
struct table;
int table_new(struct output *output, const char *const *columns, size_t n_columns, bool has_headings,
              struct table **ret);
struct table *table_free(struct table *table);
DEFINE_CLEANUP(struct table *, table_free);
/* The cells are copied; NULL is empty. Returns 0 or a negative errno. */
int table_add(struct table *table, enum colour colour, const char *const *cells);
int table_print(struct table *table);

/* Prints the value and a line feed, and takes it, also where it is NULL (no memory). Returns 0 or a negative errno. */
int output_json(json_t *json);
