/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Content lines. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "calendar/line.h"
#include "dosed/error.h"

bool slice_equal(struct slice slice, const char *text) {
        return strlen(text) == slice.size && strncasecmp(slice.text, text, slice.size) == 0;
}

bool slice_starts(struct slice slice, const char *beginning) {
        size_t size = strlen(beginning);

        return slice.size >= size && strncasecmp(slice.text, beginning, size) == 0;
}

bool slice_same(struct slice a, struct slice b) {
        return a.size == b.size && (a.size == 0 || memcmp(a.text, b.text, a.size) == 0);
}

bool slice_same_caseless(struct slice a, struct slice b) {
        return a.size == b.size && strncasecmp(a.text, b.text, a.size) == 0;
}

static size_t name_size(struct slice slice) {
        size_t n = 0;

        while (n < slice.size &&
               (isalnum((unsigned char) slice.text[n]) || slice.text[n] == '-' || slice.text[n] == '_'))
                n++;
        return n;
}

bool slice_is_name(struct slice slice) {
        return slice.size > 0 && name_size(slice) == slice.size;
}

int slice_copy(struct slice slice, char **ret) {
        char *copy = strndup(slice.text ?: "", slice.size);

        if (!copy)
                return -ENOMEM;
        *ret = copy;
        return 0;
}

/* Steps over one line end (LF, CRLF or CR), if there is one here. */
static bool skip_line_end(struct line_reader *reader) {
        if (reader->bytes[reader->at] == '\r' && reader->at + 1 < reader->size &&
            reader->bytes[reader->at + 1] == '\n')
                reader->at++;
        else if (reader->bytes[reader->at] != '\r' && reader->bytes[reader->at] != '\n')
                return false;

        reader->at++;
        reader->number++;
        return true;
}

static bool is_continued(const struct line_reader *reader) {
        return reader->at < reader->size && (reader->bytes[reader->at] == ' ' || reader->bytes[reader->at] == '\t');
}

bool line_read(struct line_reader *reader, struct slice *ret, unsigned *ret_number) {
        while (reader->at < reader->size && skip_line_end(reader))
                if (is_continued(reader))
                        break;
        if (reader->at >= reader->size)
                return false;

        const char *start = reader->out + reader->out_size;
        unsigned number = reader->number + 1;

        while (reader->at < reader->size) {
                if (!skip_line_end(reader))
                        reader->out[reader->out_size++] = reader->bytes[reader->at++];
                else if (is_continued(reader))
                        reader->at++;
                else
                        break;
        }

        *ret = (struct slice){ start, (size_t) (reader->out + reader->out_size - start) };
        *ret_number = number;
        reader->out[reader->out_size++] = '\n';
        return true;
}

/* Where the first of `stops` stands outside of quotes; `size` where none does. */
static size_t find_unquoted(struct slice text, const char *stops) {
        bool quoted = false;
        size_t i;

        for (i = 0; i < text.size; i++) {
                if (text.text[i] == '"')
                        quoted = !quoted;
                else if (!quoted && strchr(stops, text.text[i]))
                        break;
        }
        return i;
}

static struct slice slice_rest(struct slice slice, size_t from) {
        return (struct slice){ slice.text + from, slice.size - from };
}

bool line_split(struct slice text, struct content_line *ret, const char **ret_reason) {
        struct content_line line = {};
        struct slice rest;
        size_t n = name_size(text);

        if (n == 0 || n == text.size || (text.text[n] != ';' && text.text[n] != ':')) {
                *ret_reason = "This line does not have the form NAME:value; a line that continues the one before must "
                              "begin with a blank";
                return false;
        }

        line.name = (struct slice){ text.text, n };
        rest = slice_rest(text, n);
        n = find_unquoted(rest, ":");
        if (n == rest.size) {
                *ret_reason = "This line has no colon before its value, or a quote that is not closed";
                return false;
        }

        if (n > 0)
                line.parameters = (struct slice){ rest.text + 1, n - 1 };
        line.value = slice_rest(rest, n + 1);
        *ret = line;
        return true;
}

bool line_parameter(const struct content_line *line, const char *name, struct slice *ret) {
        struct slice rest = line->parameters;

        while (rest.size > 0) {
                struct slice parameter = { rest.text, find_unquoted(rest, ";") };
                size_t equals = find_unquoted(parameter, "=");

                rest = slice_rest(rest, parameter.size < rest.size ? parameter.size + 1 : parameter.size);
                if (equals == parameter.size || !slice_equal((struct slice){ parameter.text, equals }, name))
                        continue;

                parameter = slice_rest(parameter, equals + 1);
                parameter.size = find_unquoted(parameter, ",");
                if (parameter.size >= 2 && parameter.text[0] == '"' && parameter.text[parameter.size - 1] == '"')
                        parameter = (struct slice){ parameter.text + 1, parameter.size - 2 };
                *ret = parameter;
                return true;
        }
        return false;
}
