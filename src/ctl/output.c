/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a verb prints. */
#include <libsmartcols.h>
#include <signal.h>
#include <string.h>

#include "ctl/output.h"
#include "dosed/text.h"

static const char *const colours[_COLOUR_MAX] = {
        [COLOUR_NONE] = "",
        [COLOUR_BOLD] = "\033[1m",
        [COLOUR_DIM] = "\033[2m",
        [COLOUR_GOOD] = "\033[32m",
        [COLOUR_NOTICE] = "\033[1;33m",
        [COLOUR_BAD] = "\033[1;31m",
};

/* Between columns. */
#define GAP "  "
/* A narrower last column is left to the terminal to break. */
#define LAST_COLUMN_LEAST 16u

struct table {
        struct libscols_table *scols;
        size_t n_columns;
        size_t *widths; /* 0: no text in it */
        size_t last;    /* the column that may be broken */
        size_t terminal_width;
};

int output_begin(struct output *output, const struct request *request) {
        const char *no_colour = getenv("NO_COLOR");
        bool is_terminal = isatty(STDOUT_FILENO);

        *output = (struct output){
                .has_colour = is_terminal && (!no_colour || !*no_colour),
                .has_pager = is_terminal && !request_has(request, OPTION_NO_PAGER),
        };
        if (is_terminal)
                (void) ioctl(STDOUT_FILENO, TIOCGWINSZ, &output->terminal);
        output->stream = open_memstream(&output->text, &output->size);
        return output->stream ? 0 : -errno;
}

static bool is_longer_than_terminal(const struct output *output) {
        size_t lines = 0;

        for (const char *p = output->text; *p; p++)
                lines += *p == '\n';
        return output->terminal.ws_row > 0 && lines >= output->terminal.ws_row;
}

/* Without a pager to be had the text is printed as it is. A pager that is left early is no failure. */
static bool page(const char *text) {
        const char *command = getenv("PAGER");
        FILE *pager;

        if (!command || !*command)
                command = "less";
        (void) setenv("LESS", "FRX", 0);
        (void) signal(SIGPIPE, SIG_IGN);

        pager = popen(command, "we");
        if (!pager)
                return false;
        (void) fputs(text, pager);
        /* 127: the shell did not find it. */
        return pclose(pager) != 127 << 8;
}

int output_end(struct output *output) {
        int r;

        r = fclose(TAKE(output->stream));
        if (r != 0)
                return -ENOMEM;

        if (output->has_pager && is_longer_than_terminal(output) && page(output->text))
                return 0;
        (void) fwrite(output->text, 1, output->size, stdout);
        return 0;
}

void output_done(struct output *output) {
        if (output->stream)
                (void) fclose(output->stream);
        free(output->text);
        *output = (struct output){};
}

const char *output_colour(const struct output *output, enum colour colour) {
        return output->has_colour ? colours[colour] : "";
}

const char *output_plain(const struct output *output) {
        return output->has_colour ? "\033[0m" : "";
}

void output_heading(const struct output *output, const char *text) {
        fprintf(output->stream, "%s%s%s\n", output_colour(output, COLOUR_BOLD), text, output_plain(output));
}

struct table *table_free(struct table *table) {
        if (!table)
                return NULL;
        scols_unref_table(table->scols);
        free(table->widths);
        free(table);
        return NULL;
}

static int column_add(struct table *table, const char *name, bool is_last) {
        struct libscols_column *column = scols_table_new_column(table->scols, name, 0, is_last ? SCOLS_FL_WRAP : 0);

        if (!column)
                return -ENOMEM;
        if (is_last && (scols_column_set_safechars(column, "\n") < 0 ||
                        scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL) < 0))
                return -ENOMEM;
        return 0;
}

int table_new(struct output *output, const char *const *columns, size_t n_columns, bool has_headings,
              struct table **ret) {
        _cleanup_(table_free_p) struct table *table = NULL;
        int r;

        table = calloc(1, sizeof(*table));
        if (!table)
                return -ENOMEM;
        table->n_columns = n_columns;
        table->last = n_columns - 1;
        table->terminal_width = output->terminal.ws_col;
        table->widths = calloc(n_columns, sizeof(*table->widths));
        table->scols = scols_new_table();
        if (!table->widths || !table->scols)
                return -ENOMEM;

        scols_table_set_stream(table->scols, output->stream);
        scols_table_enable_colors(table->scols, output->has_colour);
        scols_table_enable_noheadings(table->scols, !has_headings);
        /* It would break lines anywhere. */
        if (scols_table_set_termforce(table->scols, SCOLS_TERMFORCE_NEVER) < 0 ||
            scols_table_set_column_separator(table->scols, GAP) < 0)
                return -ENOMEM;

        for (size_t i = 0; i < n_columns; i++) {
                r = column_add(table, columns[i], i == table->last);
                if (r < 0)
                        return r;
        }

        *ret = TAKE(table);
        return 0;
}

int table_add(struct table *table, enum colour colour, const char *const *cells) {
        struct libscols_line *line = scols_table_new_line(table->scols, NULL);

        if (!line)
                return -ENOMEM;
        if (*colours[colour] && scols_line_set_color(line, colours[colour]) < 0)
                return -ENOMEM;

        for (size_t i = 0; i < table->n_columns; i++) {
                size_t width = cells[i] ? text_columns(cells[i]) : 0;

                if (width == 0)
                        continue;
                if (scols_line_set_data(line, i, cells[i]) < 0)
                        return -ENOMEM;
                if (width > table->widths[i])
                        table->widths[i] = width;
        }
        return 0;
}

/* Breaks between words, in place; a longer word stays whole. */
static void text_wrap(char *text, size_t width) {
        char *space = NULL;
        size_t column = 0;

        for (char *p = text;;) {
                size_t size = strcspn(p, " "), columns;
                char end = p[size];

                p[size] = '\0';
                columns = text_columns(p);
                p[size] = end;

                if (space && column + 1 + columns > width) {
                        *space = '\n';
                        column = columns;
                } else
                        column += columns + (space ? 1 : 0);

                if (end == '\0')
                        return;
                space = p + size;
                p = space + 1;
        }
}

/* Breaks what is in the last column, where it would reach past the edge of the terminal. */
static int table_wrap(struct table *table) {
        size_t before = 0;

        for (size_t i = 0; i < table->last; i++) {
                struct libscols_column *column = scols_table_get_column(table->scols, i);
                size_t heading = strlen(scols_column_get_name(column)); /* counts also where it is not shown */

                if (table->widths[i] > 0)
                        before += (table->widths[i] > heading ? table->widths[i] : heading) + strlen(GAP);
        }
        if (before + table->widths[table->last] <= table->terminal_width ||
            before + LAST_COLUMN_LEAST > table->terminal_width)
                return 0;

        for (size_t i = 0; i < scols_table_get_nlines(table->scols); i++) {
                struct libscols_line *line = scols_table_get_line(table->scols, i);
                const char *data = scols_cell_get_data(scols_line_get_cell(line, table->last));
                char *text;

                if (!data)
                        continue;
                text = strdup(data);
                if (!text)
                        return -ENOMEM;
                text_wrap(text, table->terminal_width - before);
                if (scols_line_refer_data(line, table->last, text) < 0) {
                        free(text);
                        return -ENOMEM;
                }
        }
        return 0;
}

int table_print(struct table *table) {
        int r;

        r = table_wrap(table);
        if (r < 0)
                return r;

        for (size_t i = 0; i < table->n_columns; i++)
                if (table->widths[i] == 0) {
                        struct libscols_column *column = scols_table_get_column(table->scols, i);

                        (void) scols_column_set_flags(column, scols_column_get_flags(column) | SCOLS_FL_HIDDEN);
                }

        return scols_print_table(table->scols) < 0 ? -ENOMEM : 0;
}

int output_json(json_t *json) {
        int r;

        if (!json)
                return -ENOMEM;
        r = json_dumpf(json, stdout, JSON_COMPACT | JSON_ENCODE_ANY);
        json_decref(json);
        if (r < 0 || putchar('\n') == EOF)
                return -EIO;
        return 0;
}
