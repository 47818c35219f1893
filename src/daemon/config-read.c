/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Lines of a configuration through libinih, with what it does not tell: where they stand, and what it would cut. */
#include <ini.h>
#include <stdarg.h>
#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/text.h"

static void complain(struct config_parse *parse, const char *file, unsigned line, enum severity severity,
                     const char *format, va_list arguments) {
        char *text;
        int r;

        r = vasprintf(&text, format, arguments);
        if (r < 0)
                text = NULL;
        r = text ? problems_add(parse->problems, file, line, severity, "%s", text) : -ENOMEM;
        if (r < 0)
                parse->error = r;
        free(text);
}

void config_complain(struct config_parse *parse, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        complain(parse, parse->source->name, parse->line, SEVERITY_ERROR, format, arguments);
        va_end(arguments);
}

void config_warn(struct config_parse *parse, const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        complain(parse, parse->source->name, parse->line, SEVERITY_WARNING, format, arguments);
        va_end(arguments);
}

void config_complain_at(struct config_parse *parse, const struct config_mark *mark, enum severity severity,
                        const char *format, ...) {
        va_list arguments;

        va_start(arguments, format);
        complain(parse, mark->file ? mark->file : parse->places->file, mark->line, severity, format, arguments);
        va_end(arguments);
}

/* libinih before version 56 leaves the comment behind a line that continues a value. */
static int drop_comment(const char *value, char **ret) {
        char *copy, *end;
        int r;

        r = text_copy(value, &copy);
        if (r < 0)
                return r;
        for (end = copy; *end && !(*end == ';' && end > copy && strchr(CONFIG_BLANKS, end[-1]));)
                end++;
        while (end > copy && strchr(CONFIG_BLANKS, end[-1]))
                end--;
        *end = '\0';
        *ret = copy;
        return 0;
}

static int on_pair(void *userdata, const char *section, const char *key, const char *value) {
        _cleanup_(free_p) char *bare = NULL;
        struct config_parse *parse = userdata;
        int r = 0;

        (void) section;
        parse->is_continued = parse->is_indented && parse->has_pair;
        parse->has_pair = true;
        if (parse->is_continued)
                r = drop_comment(value, &bare);
        if (r >= 0)
                r = config_take_pair(parse, key, bare ? bare : value);
        if (r < 0)
                parse->error = r;
        return 1;
}

/* One line as text that libinih takes as it is; an empty one where it is none. */
static void copy_line(struct config_parse *parse, const char *text, size_t length, char *line, size_t size) {
        line[0] = '\0';
        if (memchr(text, '\0', length))
                config_complain(parse, "the line has a NUL byte, so this is no text: write it as UTF-8");
        else if (!text_is_valid(text, length))
                config_complain(parse, "the line is not valid UTF-8");
        else if (length > size - 2)
                config_complain(parse,
                                "the line is longer than %zu bytes: shorten it, or go on in further lines that begin "
                                "with a blank",
                                size - 2);
        else {
                memcpy(line, text, length);
                line[length] = '\0';
        }
}

static char *read_line(char *line, int size, void *userdata) {
        struct config_parse *parse = userdata;
        const char *text = parse->rest, *end;
        size_t length;
        int r;

        if (parse->n_rest == 0)
                return NULL;
        end = memchr(text, '\n', parse->n_rest);
        length = end ? (size_t) (end - text) : parse->n_rest;
        parse->rest += end ? length + 1 : length;
        parse->n_rest -= end ? length + 1 : length;
        parse->line++;

        copy_line(parse, text, length, line, (size_t) size);
        parse->is_indented = strspn(line, CONFIG_BLANKS) > 0;
        if (line[strspn(line, CONFIG_BLANKS)] == '[') {
                r = config_enter_section(parse, line);
                if (r < 0)
                        parse->error = r;
                parse->has_pair = false;
                (void) snprintf(line, (size_t) size, "[]"); /* what follows continues no value */
        }
        return line;
}

int config_read_source(struct config_parse *parse, const struct config_source *source, size_t n_source) {
        int r;

        parse->source = source;
        parse->n_source = n_source;
        parse->line = 0;
        parse->has_pair = false;
        parse->section = SECTION_NONE;
        parse->entry = NULL;
        parse->rest = source->text;
        parse->n_rest = source->size;
        (void) fputs("=\n", parse->meaning);
        r = ini_parse_stream(read_line, parse, on_pair, parse);
        if (parse->error < 0)
                return parse->error;
        if (r > 0) {
                parse->line = (unsigned) r;
                config_complain(parse, "the line is neither [section] nor key = value");
        } else if (r < 0)
                return -ENOMEM;
        return parse->error;
}
