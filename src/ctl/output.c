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
/* No other one is made narrower than what is usual in it: most names. */
#define COLUMN_LEAST 24u

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

static int column_add(struct table *table, const char *name) {
        struct libscols_column *column = scols_table_new_column(table->scols, name, 0, SCOLS_FL_WRAP);

        if (!column)
                return -ENOMEM;
        if (scols_column_set_safechars(column, "\n") < 0 ||
            scols_column_set_wrapfunc(column, scols_wrapnl_chunksize, scols_wrapnl_nextchunk, NULL) < 0)
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
                r = column_add(table, columns[i]);
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

/* A text that is broken into lines. */
struct wrapping {
        FILE *stream;
        size_t width, column;
        const char *indent; /* of the further lines */
};

static void wrapping_break(struct wrapping *wrapping) {
        fprintf(wrapping->stream, "\n%s", wrapping->indent);
        wrapping->column = strlen(wrapping->indent);
}

static void wrapping_put(struct wrapping *wrapping, const char *text, size_t columns) {
        fputs(text, wrapping->stream);
        wrapping->column += columns;
}

/* A character after the other, where the whole is wider than there is room. */
static void wrapping_put_parts(struct wrapping *wrapping, const char *word) {
        while (*word) {
                char part[8] = { *word++ };
                size_t columns;

                for (size_t i = 1; i + 1 < sizeof(part) && (*word & 0xC0) == 0x80; i++)
                        part[i] = *word++;
                columns = text_columns(part);
                if (wrapping->column + columns > wrapping->width)
                        wrapping_break(wrapping);
                wrapping_put(wrapping, part, columns);
        }
}

/* Breaks between words; a longer word only where it is said. The caller frees. Returns 0 or -ENOMEM. */
static int text_wrap(const char *text, size_t width, const char *indent, bool breaks_words, char **ret) {
        _cleanup_(free_p) char *copy = strdup(text), *wrapped = NULL;
        struct wrapping wrapping = { .width = width, .indent = indent };
        char *rest = copy, *word;
        bool is_first = true;
        size_t size;

        if (!copy)
                return -ENOMEM;
        wrapping.stream = open_memstream(&wrapped, &size);
        if (!wrapping.stream)
                return -ENOMEM;
        while ((word = strsep(&rest, " "))) {
                size_t columns = text_columns(word);

                if (!is_first && wrapping.column + 1 + columns > width)
                        wrapping_break(&wrapping);
                else if (!is_first)
                        wrapping_put(&wrapping, " ", 1);
                if (breaks_words && wrapping.column + columns > width)
                        wrapping_put_parts(&wrapping, word);
                else
                        wrapping_put(&wrapping, word, columns);
                is_first = false;
        }
        if (fclose(wrapping.stream) != 0)
                return -ENOMEM;
        *ret = TAKE(wrapped);
        return 0;
}

/* Further lines of the last column have nothing behind them; those of another one must not look like a row. */
static int cell_wrap(struct libscols_line *line, size_t i, size_t width, bool is_last) {
        const char *data = scols_cell_get_data(scols_line_get_cell(line, i));
        char *text;
        int r;

        if (!data)
                return 0;
        r = text_wrap(data, width, is_last ? "" : "  ", !is_last, &text);
        if (r < 0)
                return r;
        if (scols_line_refer_data(line, i, text) < 0) {
                free(text);
                return -ENOMEM;
        }
        return 0;
}

static int column_wrap(struct table *table, size_t i, size_t width) {
        int r = 0;

        for (size_t k = 0; r >= 0 && k < scols_table_get_nlines(table->scols); k++)
                r = cell_wrap(scols_table_get_line(table->scols, k), i, width, i == table->last);
        table->widths[i] = width;
        return r;
}

/* What stands before the last column. */
static size_t width_before(const struct table *table) {
        size_t before = 0;

        for (size_t i = 0; i < table->last; i++) {
                struct libscols_column *column = scols_table_get_column(table->scols, i);
                size_t heading = strlen(scols_column_get_name(column)); /* counts also where it is not shown */

                if (table->widths[i] > 0)
                        before += (table->widths[i] > heading ? table->widths[i] : heading) + strlen(GAP);
        }
        return before;
}

/* One long name must not push everything else off the edge: the widest is bounded, as far as there has to be room. */
static int table_bound(struct table *table) {
        for (size_t turns = 0; turns < table->last; turns++) {
                size_t last = table->widths[table->last], widest = 0, before = width_before(table), width, too_much;
                int r;

                if (last > LAST_COLUMN_LEAST)
                        last = LAST_COLUMN_LEAST;
                for (size_t i = 1; i < table->last; i++)
                        if (table->widths[i] > table->widths[widest])
                                widest = i;
                width = table->widths[widest];
                if (before + last <= table->terminal_width || width <= COLUMN_LEAST)
                        return 0;
                too_much = before + last - table->terminal_width;
                r = column_wrap(table, widest, width > COLUMN_LEAST + too_much ? width - too_much : COLUMN_LEAST);
                if (r < 0)
                        return r;
        }
        return 0;
}

/* Breaks what would reach past the edge of the terminal. */
static int table_wrap(struct table *table) {
        size_t before;
        int r;

        if (table->terminal_width == 0)
                return 0;
        r = table_bound(table);
        if (r < 0)
                return r;
        before = width_before(table);
        if (before + table->widths[table->last] <= table->terminal_width ||
            before + LAST_COLUMN_LEAST > table->terminal_width)
                return 0;
        return column_wrap(table, table->last, table->terminal_width - before);
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
