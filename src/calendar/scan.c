/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One pass over the raw bytes of a plan file. */
#include <ctype.h>
#include <string.h>
#include <unistr.h>

#include "calendar/scan.h"
#include "calendar/value.h"
#include "dosed/limits.h"

#define FNV_PRIME UINT64_C(0x100000001b3)

/* The scan under way: the components that are open, outermost first. */
struct scanning {
        struct scan *scan;
        const char *name;
        struct problems *problems;
        struct {
                size_t component;                /* index */
                unsigned seen[_PROPERTY_MAX];    /* the line on which each property stood first; 0: not yet */
        } open[LIMIT_FILE_DEPTH];
        size_t depth;
};

uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t size) {
        for (const unsigned char *p = bytes; size > 0; p++, size--)
                digest = (digest ^ *p) * FNV_PRIME;
        return digest;
}

struct scan *scan_free(struct scan *scan) {
        if (!scan)
                return NULL;
        for (size_t i = 0; i < scan->n_lines; i++)
                rule_free(scan->lines[i].rule);
        free(scan->text);
        free(scan->components);
        free(scan->lines);
        free(scan->times);
        free(scan->periods);
        free(scan);
        return NULL;
}

struct scan_line *scan_find(const struct scan *scan, size_t component, enum property property) {
        for (size_t i = scan->components[component].first_line; i < scan->components[component].end_line; i++)
                if (scan->lines[i].component == component && scan->lines[i].property == property)
                        return &scan->lines[i];
        return NULL;
}

struct scan_line *scan_find_next(const struct scan *scan, const struct scan_line *line) {
        size_t end = scan->components[line->component].end_line;

        for (size_t i = (size_t) (line - scan->lines) + 1; i < end; i++)
                if (scan->lines[i].component == line->component && scan->lines[i].property == line->property)
                        return &scan->lines[i];
        return NULL;
}

#define scanning_error(scanning, line, ...) \
        problems_add((scanning)->problems, (scanning)->name, (line), SEVERITY_ERROR, __VA_ARGS__)
#define scanning_warning(scanning, line, ...) \
        problems_add((scanning)->problems, (scanning)->name, (line), SEVERITY_WARNING, __VA_ARGS__)

/* As much of a hostile name as a sentence bears, for "%.*s". */
#define SHORT(slice) (int) ((slice).size < 64 ? (slice).size : 64), (slice).text

static struct scan_component *innermost(const struct scanning *scanning) {
        return &scanning->scan->components[scanning->open[scanning->depth - 1].component];
}

/* SCAN_UNUSABLE here and below: the nesting is lost, and what follows would only be wrong in its turn. */
static int refuse(int r) {
        return r < 0 ? r : SCAN_UNUSABLE;
}

static int begin_component(struct scanning *scanning, struct slice name, unsigned line) {
        struct scan *scan = scanning->scan;
        enum component kind = component_from_name(name);

        if (!slice_is_name(name))
                return refuse(scanning_error(scanning, line, "BEGIN:%.*s does not name a component; there may be a "
                                             "blank behind it", SHORT(name)));
        if (scanning->depth == 0 && kind != COMPONENT_CALENDAR)
                return refuse(scanning_error(scanning, line, "BEGIN:%.*s stands outside of a VCALENDAR; the file must "
                                             "begin with BEGIN:VCALENDAR", SHORT(name)));
        if (kind == COMPONENT_CALENDAR && scan->n_components > 0)
                return refuse(scanning_error(scanning, line,
                                             "A second VCALENDAR begins here; put each into a file of its own"));
        if (scanning->depth == LIMIT_FILE_DEPTH)
                return refuse(scanning_error(scanning, line, "Components are nested more than %u deep",
                                             LIMIT_FILE_DEPTH));
        if (scan->n_components == LIMIT_FILE_COMPONENTS)
                return refuse(scanning_error(scanning, line, "The file has more than %u components; split it",
                                             LIMIT_FILE_COMPONENTS));

        if (scan->n_components == scan->components_allocated) {
                size_t n = scan->components_allocated ? 2 * scan->components_allocated : 16;
                struct scan_component *components = reallocarray(scan->components, n, sizeof(*components));

                if (!components)
                        return -ENOMEM;
                scan->components = components;
                scan->components_allocated = n;
        }

        scan->components[scan->n_components] = (struct scan_component){
                .kind = kind,
                .name = name,
                .line = line,
                .parent = scanning->depth > 0 ? scanning->open[scanning->depth - 1].component : 0,
                .first_line = scan->n_lines,
                .digest = digest_bytes(DIGEST_START, &kind, sizeof(kind)),
        };
        scanning->open[scanning->depth].component = scan->n_components++;
        memset(scanning->open[scanning->depth].seen, 0, sizeof(scanning->open[scanning->depth].seen));
        scanning->depth++;
        return 0;
}

static int end_component(struct scanning *scanning, struct slice name, unsigned line) {
        struct scan_component *component;
        uint64_t digest;

        if (scanning->depth == 0)
                return refuse(scanning_error(scanning, line, "END:%.*s closes nothing; remove the line, or add its "
                                             "BEGIN", SHORT(name)));

        component = innermost(scanning);
        if (!slice_same_caseless(name, component->name))
                return refuse(scanning_error(scanning, line, "END:%.*s stands where END:%.*s is missing: that began on "
                                             "line %u", SHORT(name), SHORT(component->name), component->line));

        component->end_line = scanning->scan->n_lines;
        digest = component->digest;
        if (--scanning->depth > 0 && !component->is_snooze)
                innermost(scanning)->digest += digest_bytes(DIGEST_START, &digest, sizeof(digest));
        return 0;
}

/* Lines are summed, so that a server that sorts properties changes nothing. */
static void digest_line(struct scan_component *component, const struct content_line *content) {
        uint64_t digest = DIGEST_START;

        struct slice relation;

        if (property_is_noise(content->name))
                return;
        if (component->kind == COMPONENT_ALARM && slice_equal(content->name, "RELATED-TO") &&
            line_parameter(content, "RELTYPE", &relation) && slice_equal(relation, "SNOOZE")) {
                component->is_snooze = true;
                component->snoozed = content->value;
        }

        for (size_t i = 0; i < content->name.size; i++) {
                char c = (char) toupper((unsigned char) content->name.text[i]);

                digest = digest_bytes(digest, &c, 1);
        }
        digest = digest_bytes(digest, ";", 1);
        digest = digest_bytes(digest, content->parameters.text, content->parameters.size);
        digest = digest_bytes(digest, ":", 1);
        component->digest += digest_bytes(digest, content->value.text, content->value.size);
}

/* A text that stands twice is an annoyance; a time that does could be meant either way. */
static int check_single(struct scanning *scanning, enum property property, unsigned line) {
        unsigned *seen = &scanning->open[scanning->depth - 1].seen[property];

        if (*seen == 0) {
                *seen = line;
                return 0;
        }
        if (property_repeats(property))
                return 0;
        if (property_form(property) == FORM_TEXT && property != PROPERTY_UID)
                return scanning_warning(scanning, line, "%s stands twice; the one on line %u counts",
                                        property_to_string(property), *seen);
        return scanning_error(scanning, line, "%s stands twice, first on line %u; remove one of them",
                              property_to_string(property), *seen);
}

static struct scan_line *add_line(struct scan *scan) {
        if (scan->n_lines == scan->lines_allocated) {
                size_t n = scan->lines_allocated ? 2 * scan->lines_allocated : 64;
                struct scan_line *lines = reallocarray(scan->lines, n, sizeof(*lines));

                if (!lines)
                        return NULL;
                scan->lines = lines;
                scan->lines_allocated = n;
        }

        scan->lines[scan->n_lines] = (struct scan_line){};
        return &scan->lines[scan->n_lines++];
}

static int use_property(struct scanning *scanning, const struct content_line *content, enum property property,
                        unsigned number) {
        enum component kind = innermost(scanning)->kind;
        const char *reason = NULL;
        struct scan_line *line;
        int r;

        r = check_single(scanning, property, number);
        if (r < 0)
                return r;

        line = add_line(scanning->scan);
        if (!line)
                return -ENOMEM;
        line->property = property;
        line->line = number;
        line->text = (struct slice){ content->name.text,
                                     (size_t) (content->value.text + content->value.size - content->name.text) };
        line->component = scanning->open[scanning->depth - 1].component;

        r = value_read(scanning->scan, content, line, &reason);
        if (r <= 0)
                return r;
        line->flaw = reason;
        if (kind == COMPONENT_STANDARD || kind == COMPONENT_DAYLIGHT)
                return 0;
        return scanning_error(scanning, number, "%s%s %s", property_to_string(property),
                              property_form(property) == FORM_RULE ? ":" : "", reason);
}

static int scan_property(struct scanning *scanning, const struct content_line *content, unsigned number) {
        enum component kind = innermost(scanning)->kind;
        enum property property;
        const char *remark;

        digest_line(innermost(scanning), content);
        if (property_from_name(content->name, kind, &property))
                return use_property(scanning, content, property, number);

        if ((kind == COMPONENT_EVENT || kind == COMPONENT_TODO) && slice_starts(content->name, "X-DOSED-")) {
                remark = property_dosed_remark(content->name);
                if (remark)
                        return scanning_warning(scanning, number, "%.*s %s", SHORT(content->name), remark);
        }
        return 0;
}

static int scan_line(struct scanning *scanning, struct slice text, unsigned number) {
        struct content_line content;
        const char *reason;

        if (text.size > LIMIT_FILE_LINE_BYTES)
                return scanning_error(scanning, number, "The line is longer than %u bytes; remove what is attached "
                                      "here", LIMIT_FILE_LINE_BYTES);
        if (u8_check((const uint8_t *) text.text, text.size))
                return scanning_error(scanning, number, "The line is not UTF-8; save the file in that encoding");
        if (!line_split(text, &content, &reason))
                return scanning_error(scanning, number, "%s", reason);

        if (slice_equal(content.name, "BEGIN"))
                return begin_component(scanning, content.value, number);
        if (slice_equal(content.name, "END"))
                return end_component(scanning, content.value, number);
        if (scanning->depth == 0)
                return refuse(scanning_error(scanning, number, "%.*s stands outside of a VCALENDAR",
                                             SHORT(content.name)));
        return scan_property(scanning, &content, number);
}

static int scan_lines(struct scanning *scanning, struct line_reader *reader) {
        struct slice text;
        unsigned number;
        int r;

        while (line_read(reader, &text, &number)) {
                r = scan_line(scanning, text, number);
                if (r != 0)
                        return r;
        }

        /* Where there were lines, something was said about each. */
        if (scanning->scan->n_components == 0 && reader->out_size == 0)
                return scanning_error(scanning, 0, "The file is empty; a plan file holds one VCALENDAR");
        if (scanning->depth > 0)
                return scanning_error(scanning, reader->number, "The file ends before END:%.*s: that began on line %u; "
                                      "it may have been cut off", SHORT(innermost(scanning)->name),
                                      innermost(scanning)->line);
        return 0;
}

/* What makes looking any further pointless. */
static int check_bytes(struct scanning *scanning, const char *bytes, size_t size) {
        const char *nul;

        if (size == 0)
                return refuse(scanning_error(scanning, 0, "The file is empty; a plan file holds one VCALENDAR"));
        if (size > LIMIT_FILE_BYTES)
                return refuse(scanning_error(scanning, 0, "The file is larger than %u MiB; split it",
                                             LIMIT_FILE_BYTES / 1024 / 1024));

        nul = memchr(bytes, '\0', size);
        if (nul) {
                unsigned line = 1;

                for (const char *p = bytes; p < nul; p++)
                        line += *p == '\n';
                return refuse(scanning_error(scanning, line, "The file holds a NUL byte: it is no text, or damaged"));
        }
        return 0;
}

int scan_new(const char *name, const char *bytes, size_t size, struct scan **ret, struct problems *problems) {
        _cleanup_(scan_free_p) struct scan *scan = NULL;
        struct scanning scanning = { .name = name, .problems = problems };
        struct line_reader reader = {};
        size_t n_errors = problems->n_errors;
        int r;

        scan = calloc(1, sizeof(*scan));
        if (!scan)
                return -ENOMEM;
        scanning.scan = scan;

        r = check_bytes(&scanning, bytes, size);
        if (r != 0)
                return r;

        if (size >= 3 && memcmp(bytes, "\xEF\xBB\xBF", 3) == 0) {
                bytes += 3;
                size -= 3;
        }

        scan->text = malloc(size + 1);
        if (!scan->text)
                return -ENOMEM;
        reader = (struct line_reader){ .bytes = bytes, .size = size, .out = scan->text };

        r = scan_lines(&scanning, &reader);
        if (r != 0)
                return r;
        if (problems->n_errors > n_errors)
                return SCAN_UNUSABLE;

        *ret = TAKE(scan);
        return 0;
}
