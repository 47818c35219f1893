/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a verb prints. */
#include <libsmartcols.h>
#include <signal.h>
#include <string.h>
#include <sys/ioctl.h>

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

struct table {
        struct libscols_table *scols;
        size_t n_columns;
        bool *is_used;
};

int output_begin(struct output *output, const struct request *request) {
        const char *no_colour = getenv("NO_COLOR");
        bool is_terminal = isatty(STDOUT_FILENO);

        *output = (struct output){
                .has_colour = is_terminal && (!no_colour || !*no_colour),
                .has_pager = is_terminal && !request_has(request, OPTION_NO_PAGER),
        };
        output->stream = open_memstream(&output->text, &output->size);
        return output->stream ? 0 : -errno;
}

static bool is_longer_than_terminal(const char *text) {
        struct winsize size = {};
        size_t lines = 0;

        if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &size) < 0 || size.ws_row == 0)
                return false;
        for (const char *p = text; *p; p++)
                lines += *p == '\n';
        return lines >= size.ws_row;
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

        if (output->has_pager && is_longer_than_terminal(output->text) && page(output->text))
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
        free(table->is_used);
        free(table);
        return NULL;
}

int table_new(struct output *output, const struct table_column *columns, size_t n_columns, bool has_headings,
              struct table **ret) {
        _cleanup_(table_free_p) struct table *table = NULL;

        table = calloc(1, sizeof(*table));
        if (!table)
                return -ENOMEM;
        table->n_columns = n_columns;
        table->is_used = calloc(n_columns, sizeof(*table->is_used));
        table->scols = scols_new_table();
        if (!table->is_used || !table->scols)
                return -ENOMEM;

        scols_table_set_stream(table->scols, output->stream);
        scols_table_enable_colors(table->scols, output->has_colour);
        scols_table_enable_noheadings(table->scols, !has_headings);
        if (scols_table_set_column_separator(table->scols, "  ") < 0)
                return -ENOMEM;

        for (size_t i = 0; i < n_columns; i++)
                if (!scols_table_new_column(table->scols, columns[i].name, 0, columns[i].wraps ? SCOLS_FL_WRAP : 0))
                        return -ENOMEM;

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
                if (!cells[i] || !*cells[i])
                        continue;
                if (scols_line_set_data(line, i, cells[i]) < 0)
                        return -ENOMEM;
                table->is_used[i] = true;
        }
        return 0;
}

int table_print(struct table *table) {
        for (size_t i = 0; i < table->n_columns; i++)
                if (!table->is_used[i]) {
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
