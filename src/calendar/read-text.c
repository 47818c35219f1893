/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Texts of a component, as libical unescapes them. */
#include <string.h>
#include <strings.h>

#include "calendar/read.h"
#include "dosed/limits.h"
#include "dosed/text.h"

static bool is_property(icalproperty *candidate, enum property property) {
        const char *name = property_to_string(property), *x_name;

        if (strncmp(name, "X-", 2) != 0)
                return icalproperty_isa(candidate) == icalproperty_string_to_kind(name);
        if (icalproperty_isa(candidate) != ICAL_X_PROPERTY)
                return false;
        x_name = icalproperty_get_x_name(candidate);
        return x_name && strcasecmp(x_name, name) == 0;
}

static icalproperty *next_property(icalcomponent *tree, enum property property, bool first) {
        icalproperty *p = first ? icalcomponent_get_first_property(tree, ICAL_ANY_PROPERTY) :
                                  icalcomponent_get_next_property(tree, ICAL_ANY_PROPERTY);

        while (p && !is_property(p, property))
                p = icalcomponent_get_next_property(tree, ICAL_ANY_PROPERTY);
        return p;
}

/* VALUE=TEXT or nothing makes an X- property a text or libical's own X; any other type is not unescaped. */
static const char *property_text(icalproperty *property) {
        icalvalue *value = icalproperty_get_value(property);

        if (!value)
                return NULL;
        if (icalvalue_isa(value) == ICAL_TEXT_VALUE)
                return icalvalue_get_text(value);
        return icalvalue_isa(value) == ICAL_X_VALUE ? icalvalue_get_x(value) : NULL;
}

/* libical takes such a value for none at all. */
static bool is_blank(struct slice value) {
        for (size_t i = 0; i < value.size; i++)
                if (value.text[i] != ' ' && value.text[i] != '\t')
                        return false;
        return true;
}

static void strip(char *text) {
        size_t size = strlen(text), blanks = strspn(text, " \n");

        while (size > blanks && (text[size - 1] == ' ' || text[size - 1] == '\n'))
                size--;
        memmove(text, text + blanks, size - blanks);
        text[size - blanks] = '\0';
}

int read_text(struct reader *reader, size_t component, enum property property, bool keep_lines, char **ret) {
        const struct scan_line *line = scan_find(reader->scan, component, property);
        _cleanup_(free_p) char *text = NULL;
        icalproperty *found;
        const char *raw;
        int r;

        if (!line || is_blank(line->value)) {
                *ret = NULL;
                return 0;
        }

        found = next_property(reader->trees[component], property, true);
        raw = found ? property_text(found) : NULL;
        if (!raw) {
                *ret = NULL;
                return reader_error(reader, line->line, "%s cannot be read as text; remove its parameters",
                                    property_to_string(property));
        }

        r = keep_lines ? text_clean_lines(raw, &text) : text_clean(raw, &text);
        if (r < 0)
                return r;
        strip(text);

        if (strlen(text) > LIMIT_TEXT_BYTES) {
                text_cut(text, LIMIT_TEXT_BYTES);
                r = reader_warning(reader, line->line, "%s is longer than %u bytes and was cut",
                                   property_to_string(property), LIMIT_TEXT_BYTES);
                if (r < 0)
                        return r;
        }

        *ret = text[0] != '\0' ? TAKE(text) : NULL;
        return 0;
}

static bool kind_in_list(const char *text, enum schedule_kind *ret) {
        while (*text != '\0') {
                char name[32];
                size_t size;

                text += strspn(text, " ,");
                size = strcspn(text, " ,");
                if (size > 0 && size < sizeof(name)) {
                        memcpy(name, text, size);
                        name[size] = '\0';
                        if (kind_from_string(name, ret) == 0)
                                return true;
                }
                text += size;
        }
        return false;
}

int read_kind(struct reader *reader, size_t component, enum schedule_kind *ret) {
        enum schedule_kind kind = KIND_PRESCRIPTION;
        icalproperty *p;

        /* libical gives one property for each name of a list, but with VALUE=TEXT the list as one. */
        for (p = next_property(reader->trees[component], PROPERTY_CATEGORIES, true); p;
             p = next_property(reader->trees[component], PROPERTY_CATEGORIES, false)) {
                const char *text = property_text(p);

                if (text && kind_in_list(text, &kind))
                        break;
        }

        *ret = kind;
        return 0;
}

static void print_categories(FILE *stream, char *list) {
        char *state;

        for (char *name = strtok_r(list, ",", &state); name; name = strtok_r(NULL, ",", &state)) {
                strip(name);
                if (name[0] != '\0')
                        (void) fprintf(stream, "%s\n", name);
        }
}

int read_categories(struct reader *reader, size_t component, char **ret) {
        icalcomponent *tree = reader->trees[component];
        _cleanup_(free_p) char *list = NULL;
        FILE *stream = NULL;
        size_t size;
        int r = 0;

        for (icalproperty *p = next_property(tree, PROPERTY_CATEGORIES, true); r >= 0 && p;
             p = next_property(tree, PROPERTY_CATEGORIES, false)) {
                const char *text = property_text(p);
                _cleanup_(free_p) char *clean = NULL;

                if (!text)
                        continue;
                if (!stream)
                        stream = open_memstream(&list, &size);
                r = stream ? text_clean(text, &clean) : -ENOMEM;
                if (r >= 0)
                        print_categories(stream, clean);
        }
        if (stream && fclose(stream) != 0)
                r = -ENOMEM;
        if (r < 0)
                return r;
        *ret = list && list[0] != '\0' ? TAKE(list) : NULL;
        return 0;
}
