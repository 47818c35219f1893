/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads a plan file: the scan, libical, and one schedule for each UID. */
#include <string.h>

#include "calendar/read.h"
#include "dosed/calendar.h"
#include "dosed/limits.h"
#include "dosed/text.h"

/* A VEVENT or VTODO, with what decides where it belongs and whether it is the newest of its kind. */
struct entry {
        size_t component;
        char *uid;
        int64_t sequence;
        usec_t stamped_usec;
        const struct scan_line *recurrence_id; /* NULL: a master */
        struct time_value recurrence_time;
};

struct entries {
        struct entry *items;
        size_t n_items;
};

static void entries_done(struct entries *entries) {
        for (size_t i = 0; i < entries->n_items; i++)
                free(entries->items[i].uid);
        free(entries->items);
}

struct calendar *calendar_free(struct calendar *calendar) {
        if (!calendar)
                return NULL;
        for (size_t i = 0; i < calendar->n_schedules; i++)
                schedule_free(calendar->schedules[i]);
        free(calendar->schedules);
        free(calendar);
        return NULL;
}

static void reader_done(struct reader *reader) {
        for (size_t i = 0; reader->trees && i < reader->scan->n_components; i++)
                if (reader->trees[i])
                        icalcomponent_free(reader->trees[i]);
        free(reader->trees);
        free(reader->known);
}

static char *append(char *at, struct slice text) {
        at = mempcpy(at, text.text, text.size);
        *at++ = '\n';
        return at;
}

/* A component of nothing but the texts that are wanted. */
static int extract_texts(const struct reader *reader, size_t component, char **ret) {
        static const struct slice begin = { "BEGIN:VEVENT", 12 }, end = { "END:VEVENT", 10 };
        const struct scan_component *c = &reader->scan->components[component];
        size_t size = begin.size + end.size + 3;
        char *text, *at;

        for (size_t i = c->first_line; i < c->end_line; i++)
                size += reader->scan->lines[i].text.size + 1;
        text = malloc(size);
        if (!text)
                return -ENOMEM;

        at = append(text, begin);
        for (size_t i = c->first_line; i < c->end_line; i++)
                if (reader->scan->lines[i].component == component &&
                    property_form(reader->scan->lines[i].property) == FORM_TEXT)
                        at = append(at, reader->scan->lines[i].text);
        at = append(at, end);
        *at = '\0';

        *ret = text;
        return 0;
}

/*
 * libical is given one VEVENT or VTODO at a time, and of it only the texts: it would put the components of a file into
 * another order and lose their lines, and what else is in them costs time and memory. What it cannot parse it drops;
 * read_text() sees that.
 */
static int parse_entry(struct reader *reader, size_t component) {
        _cleanup_(free_p) char *text = NULL;
        int r;

        r = extract_texts(reader, component, &text);
        if (r < 0)
                return r;

        icalerror_set_errors_are_fatal(0);
        icalerror_clear_errno();
        reader->trees[component] = icalparser_parse_string(text);
        if (!reader->trees[component] && icalerrno == ICAL_NEWFAILED_ERROR)
                return -ENOMEM;
        if (!reader->trees[component])
                return reader_error(reader, reader->scan->components[component].line, "The %s cannot be parsed",
                                    component_to_string(reader->scan->components[component].kind));
        return 0;
}

static int read_uid(struct reader *reader, size_t component, char **ret) {
        const struct scan_line *line = scan_find(reader->scan, component, PROPERTY_UID);
        _cleanup_(free_p) char *uid = NULL;
        int r;

        *ret = NULL;
        if (!line || line->value.size == 0)
                return reader_error(reader, line ? line->line : reader->scan->components[component].line,
                                    "The %s has no UID; give each a UID of its own",
                                    component_to_string(reader->scan->components[component].kind));

        r = read_text(reader, component, PROPERTY_UID, false, &uid);
        if (r < 0)
                return r;
        if (!uid)
                return reader_error(reader, line->line, "The UID is blank; give each entry a UID of its own");
        if (strlen(uid) > LIMIT_UID_BYTES)
                return reader_error(reader, line->line, "The UID is longer than %u bytes", LIMIT_UID_BYTES);
        *ret = TAKE(uid);
        return 0;
}

static int collect_entry(struct reader *reader, size_t component, struct entries *entries) {
        struct entry entry = {
                .component = component,
                .sequence = read_sequence(reader, component),
                .stamped_usec = read_stamped(reader, component),
                .recurrence_id = scan_find(reader->scan, component, PROPERTY_RECURRENCE_ID),
        };
        int r;

        r = parse_entry(reader, component);
        if (r < 0 || !reader->trees[component])
                return r;
        if (entry.recurrence_id)
                entry.recurrence_time = reader->scan->times[entry.recurrence_id->first_time];

        r = read_uid(reader, component, &entry.uid);
        if (r < 0 || !entry.uid)
                return r;
        entries->items[entries->n_items++] = entry;
        return 0;
}

static int collect_entries(struct reader *reader, struct entries *entries) {
        int r;

        entries->items = calloc(reader->scan->n_components, sizeof(*entries->items));
        reader->trees = calloc(reader->scan->n_components, sizeof(*reader->trees));
        if (!entries->items || !reader->trees)
                return -ENOMEM;

        for (size_t i = 0; i < reader->scan->n_components; i++) {
                enum component kind = reader->scan->components[i].kind;

                if ((kind != COMPONENT_EVENT && kind != COMPONENT_TODO) || reader->scan->components[i].parent != 0)
                        continue;
                r = collect_entry(reader, i, entries);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int compare(int64_t a, int64_t b) {
        return (a > b) - (a < b);
}

/* Zero where both stand for the same thing, of which only the newest can count. */
static int entry_compare_place(const struct entry *a, const struct entry *b) {
        int r;

        r = strcmp(a->uid, b->uid);
        if (r != 0)
                return r;
        if (!a->recurrence_id || !b->recurrence_id)
                return compare(!!a->recurrence_id, !!b->recurrence_id);

        r = compare(a->recurrence_time.wall_sec, b->recurrence_time.wall_sec);
        if (r == 0)
                r = compare(a->recurrence_time.is_utc, b->recurrence_time.is_utc);
        if (r == 0)
                r = compare((int64_t) a->recurrence_id->zone_name.size, (int64_t) b->recurrence_id->zone_name.size);
        if (r == 0 && a->recurrence_id->zone_name.size > 0)
                r = memcmp(a->recurrence_id->zone_name.text, b->recurrence_id->zone_name.text,
                           a->recurrence_id->zone_name.size);
        return r;
}

/* UIDs together, the master before its overrides, the newest of equals last. */
static int entry_compare(const void *left, const void *right) {
        const struct entry *a = left, *b = right;
        int r;

        r = entry_compare_place(a, b);
        if (r == 0)
                r = compare(a->sequence, b->sequence);
        if (r == 0)
                r = compare(a->stamped_usec, b->stamped_usec);
        if (r == 0)
                r = compare((int64_t) a->component, (int64_t) b->component);
        return r;
}

static int drop_older(struct reader *reader, struct entries *entries) {
        size_t kept = 0;
        int r;

        for (size_t i = 0; i < entries->n_items; i++) {
                struct entry *entry = &entries->items[i];

                if (i + 1 < entries->n_items && entry_compare_place(entry, entry + 1) == 0) {
                        r = reader_warning(reader, reader->scan->components[entry->component].line,
                                           "The UID \"%s\" stands more than once; the newest, on line %u, counts",
                                           entry->uid,
                                           reader->scan->components[entry[1].component].line);
                        if (r < 0)
                                return r;
                        free(TAKE(entry->uid));
                } else {
                        struct entry moved = *entry;

                        entry->uid = NULL;
                        entries->items[kept++] = moved;
                }
        }
        entries->n_items = kept;
        return 0;
}

static int read_parts(struct reader *reader, const struct entry *entries, size_t n, struct schedule *schedule) {
        size_t i = 0;
        int r;

        if (!entries[0].recurrence_id) {
                r = read_master(reader, entries[i++].component, schedule);
                if (r < 0)
                        return r;
        }
        for (; i < n; i++) {
                r = read_override(reader, entries[i].component, schedule);
                if (r < 0)
                        return r;
        }
        if (schedule->has_master)
                return 0;

        schedule->start = schedule->overrides[0].start;
        for (size_t k = 0; k < schedule->n_overrides; k++)
                schedule->details.confidential |= schedule->overrides[k].details.confidential;
        r = text_copy(schedule->overrides[0].details.summary, &schedule->details.summary);
        if (r < 0)
                return r;
        return read_identity(reader, entries[0].component, schedule);
}

static void set_digest(const struct reader *reader, const struct entry *entries, size_t n, struct schedule *schedule) {
        schedule->digest = DIGEST_START;
        for (size_t i = 0; i < n; i++) {
                uint64_t parts[] = {
                        reader->scan->components[entries[i].component].digest,
                        reader_zone_digest(reader, entries[i].component),
                };

                schedule->digest = digest_bytes(schedule->digest, parts, sizeof(parts));
        }
}

static int read_schedule(struct reader *reader, const struct entry *entries, size_t n, struct schedule **ret) {
        _cleanup_(schedule_free_p) struct schedule *schedule = NULL;
        int r;

        schedule = calloc(1, sizeof(*schedule));
        if (!schedule)
                return -ENOMEM;

        schedule->sequence = entries[0].sequence;
        schedule->stamped_usec = entries[0].stamped_usec;
        schedule->line = reader->scan->components[entries[0].component].line;
        for (size_t i = 1; i < n; i++)
                if (reader->scan->components[entries[i].component].line < schedule->line)
                        schedule->line = reader->scan->components[entries[i].component].line;

        r = text_copy(entries[0].uid, &schedule->uid);
        if (r >= 0)
                r = text_copy(reader->name, &schedule->file);
        if (r >= 0)
                r = read_parts(reader, entries, n, schedule);
        if (r < 0)
                return r;

        if (!reader_is_refused(reader)) {
                r = schedule_finish(schedule);
                if (r >= 0)
                        r = read_far_alarms(reader, schedule);
                if (r >= 0)
                        r = read_named(reader, entries[0].component, schedule);
                if (r < 0)
                        return r;
        }

        set_digest(reader, entries, n, schedule);
        *ret = TAKE(schedule);
        return 0;
}

static int read_schedules(struct reader *reader, const struct entries *entries, struct calendar *calendar) {
        size_t end;
        int r;

        calendar->schedules = calloc(entries->n_items + 1, sizeof(*calendar->schedules));
        if (!calendar->schedules)
                return -ENOMEM;

        for (size_t i = 0; i < entries->n_items; i = end) {
                for (end = i + 1; end < entries->n_items; end++)
                        if (strcmp(entries->items[i].uid, entries->items[end].uid) != 0)
                                break;
                r = read_schedule(reader, &entries->items[i], end - i, &calendar->schedules[calendar->n_schedules]);
                if (r < 0)
                        return r;
                calendar->n_schedules++;
        }
        return 0;
}

static int read_entries(struct reader *reader, struct calendar *calendar) {
        _cleanup_(entries_done) struct entries entries = {};
        int r;

        r = collect_entries(reader, &entries);
        if (r < 0)
                return r;

        qsort(entries.items, entries.n_items, sizeof(*entries.items), entry_compare);
        r = drop_older(reader, &entries);
        if (r < 0)
                return r;
        return read_schedules(reader, &entries, calendar);
}

int calendar_read(const char *name, const void *bytes, size_t size, struct zones *zones, struct calendar **ret,
                  struct problems *problems) {
        _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
        _cleanup_(scan_free_p) struct scan *scan = NULL;
        _cleanup_(reader_done) struct reader reader = {
                .name = name,
                .zones = zones,
                .problems = problems,
                .n_errors = problems->n_errors,
        };
        int r;

        r = scan_new(name, bytes, size, &scan, problems);
        if (r != 0)
                return r < 0 ? r : CALENDAR_UNUSABLE;
        reader.scan = scan;

        calendar = calloc(1, sizeof(*calendar));
        if (!calendar)
                return -ENOMEM;
        r = read_file_zone(&reader);
        if (r >= 0)
                r = read_entries(&reader, calendar);
        if (r < 0)
                return r;
        if (reader_is_refused(&reader))
                return CALENDAR_UNUSABLE;

        if (calendar->n_schedules == 0) {
                r = reader_warning(&reader, 0, "The file has no VEVENT and no VTODO");
                if (r < 0)
                        return r;
        }
        *ret = TAKE(calendar);
        return 0;
}
