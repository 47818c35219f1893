/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Times of a component, with their zones. */
#include <string.h>

#include "calendar/read.h"
#include "calendar/vtimezone.h"
#include "dosed/limits.h"

static struct reader_zone *find_known(const struct reader *reader, struct slice name) {
        for (size_t i = 0; i < reader->n_known; i++)
                if (slice_same(reader->known[i].name, name))
                        return &reader->known[i];
        return NULL;
}

static int remember(struct reader *reader, struct reader_zone zone) {
        struct reader_zone *known = reallocarray(reader->known, reader->n_known + 1, sizeof(*known));

        if (!known)
                return -ENOMEM;
        known[reader->n_known++] = zone;
        reader->known = known;
        return 0;
}

static int compile_zone(struct reader *reader, const struct scan_line *line, const char *name,
                        struct reader_zone *zone) {
        const char *reason;
        unsigned at;
        int r;

        r = vtimezone_compile(reader->scan, line->zone_name, reader->zones, &zone->zone, &zone->digest, &at, &reason);
        if (r == VTIMEZONE_MISSING)
                return reader_error(reader, line->line, "The zone \"%s\" of %s is not known, and the file has no "
                                    "VTIMEZONE for it; write one as Europe/Lisbon", name,
                                    property_to_string(line->property));
        if (r == VTIMEZONE_UNUSABLE)
                return reader_error(reader, at, "The zone \"%s\" is not known, and its VTIMEZONE cannot be followed: "
                                    "%s", name, reason);
        return r;
}

/* The zone data of the system first: it knows the rules that changed since the file was written. */
static int get_zone(struct reader *reader, const struct scan_line *line, const struct zone **ret) {
        struct reader_zone zone = { .name = line->zone_name }, *known;
        _cleanup_(free_p) char *name = NULL;
        int r;

        known = find_known(reader, line->zone_name);
        if (known) {
                *ret = known->zone;
                return 0;
        }

        r = slice_copy(line->zone_name, &name);
        if (r < 0)
                return r;

        r = zones_get(reader->zones, name, &zone.zone);
        if (r > 0)
                r = compile_zone(reader, line, name, &zone);
        if (r < 0)
                return r;

        r = remember(reader, zone);
        if (r < 0)
                return r;
        *ret = zone.zone;
        return 0;
}

#define AS_THE_PERSON "times without a zone follow the person's"

/* Remembered, so that a TZID of that name means the same zone. */
static int compile_file_zone(struct reader *reader, const struct scan_line *line) {
        struct reader_zone zone = { .name = line->value };
        const char *reason;
        unsigned at;
        int r = VTIMEZONE_MISSING;

        if (lex_is_zone_name(line->value))
                r = vtimezone_compile(reader->scan, line->value, reader->zones, &zone.zone, &zone.digest, &at, &reason);
        if (r == VTIMEZONE_MISSING)
                return reader_warning(reader, line->line, "The zone of X-WR-TIMEZONE is not known: " AS_THE_PERSON);
        if (r == VTIMEZONE_UNUSABLE)
                return reader_warning(reader, at, "The zone of X-WR-TIMEZONE is not known, and its VTIMEZONE cannot be followed, "
                                      "so that " AS_THE_PERSON ": %s", reason);
        if (r < 0)
                return r;

        reader->file_zone = zone.zone;
        reader->file_zone_digest = zone.digest;
        return remember(reader, zone);
}

/* Google and Apple write it: the zone of the writer, for times that say none. A day without a time stays the person's. */
int read_file_zone(struct reader *reader) {
        const struct scan_line *line = scan_find(reader->scan, 0, PROPERTY_WR_TIMEZONE);
        _cleanup_(free_p) char *name = NULL;
        int r;

        if (!line || line->value.size == 0)
                return 0;
        r = slice_copy(line->value, &name);
        if (r < 0)
                return r;
        r = zones_get(reader->zones, name, &reader->file_zone);
        return r > 0 ? compile_file_zone(reader, line) : r;
}

int reader_stamp(struct reader *reader, const struct scan_line *line, size_t i, struct stamp *ret) {
        const struct time_value *time = &reader->scan->times[line->first_time + i];
        struct stamp stamp = {
                .wall_sec = time->wall_sec,
                .kind = time->is_utc ? STAMP_UTC : STAMP_FLOATING,
                .is_date = time->is_date,
        };
        int r;

        if (line->zone_name.size > 0 && !time->is_utc && !time->is_date) {
                r = get_zone(reader, line, &stamp.zone);
                if (r < 0)
                        return r;
                if (stamp.zone)
                        stamp.kind = STAMP_ZONED;
        }

        if (stamp.kind == STAMP_FLOATING && !stamp.is_date && reader->file_zone) {
                stamp.kind = STAMP_ZONED;
                stamp.zone = reader->file_zone;
        }

        *ret = stamp;
        return 0;
}

int read_stamp(struct reader *reader, const struct scan_line *line, size_t i, struct stamp *ret) {
        const struct time_value *time = &reader->scan->times[line->first_time + i];
        int r;

        if (line->zone_name.size > 0 && time->is_utc && i == 0) {
                r = reader_warning(reader, line->line, "%s has a zone and a Z, which means UTC; the Z counts",
                                   property_to_string(line->property));
                if (r < 0)
                        return r;
        }
        return reader_stamp(reader, line, i, ret);
}

int read_stamps(struct reader *reader, size_t component, enum property property, struct stamp **ret, size_t *ret_n) {
        struct scan_line *first = scan_find(reader->scan, component, property), *line;
        _cleanup_(free_p) struct stamp *stamps = NULL;
        size_t n = 0, at = 0;
        int r;

        for (line = first; line; line = scan_find_next(reader->scan, line))
                n += line->n_times;
        if (n > LIMIT_SCHEDULE_DATES) {
                *ret = NULL;
                *ret_n = 0;
                return reader_error(reader, first->line, "There are more than %u %s values; use an RRULE instead",
                                    LIMIT_SCHEDULE_DATES, property_to_string(property));
        }

        if (n > 0) {
                stamps = calloc(n, sizeof(*stamps));
                if (!stamps)
                        return -ENOMEM;
        }
        for (line = first; line; line = scan_find_next(reader->scan, line))
                for (size_t i = 0; i < line->n_times; i++) {
                        r = read_stamp(reader, line, i, &stamps[at++]);
                        if (r < 0)
                                return r;
                }

        *ret = TAKE(stamps);
        *ret_n = n;
        return 0;
}

uint64_t reader_zone_digest(const struct reader *reader, size_t component) {
        const struct scan_component *c = &reader->scan->components[component];
        uint64_t digest = 0;

        if (reader->file_zone)
                digest = digest_bytes(DIGEST_START, zone_name(reader->file_zone), strlen(zone_name(reader->file_zone))) +
                         reader->file_zone_digest;
        for (size_t i = c->first_line; i < c->end_line; i++)
                if (reader->scan->lines[i].zone_name.size > 0) {
                        const struct reader_zone *known = find_known(reader, reader->scan->lines[i].zone_name);

                        digest += known ? known->digest : 0;
                }
        return digest;
}

/* Floating times can only be set against each other. False where the two cannot. */
static bool stamps_distance(const struct stamp *from, const struct stamp *until, int64_t *ret_sec) {
        const struct wall_clock utc = { .zone = zone_utc() };

        if (from->is_date != until->is_date || (from->kind == STAMP_FLOATING) != (until->kind == STAMP_FLOATING))
                return false;
        *ret_sec = (stamp_to_usec(until, &utc, NULL) - stamp_to_usec(from, &utc, NULL)) / USEC_PER_SEC;
        return true;
}

/* By the clock of its zone the end may come before the start, in the night to summer time. */
static int read_period(struct reader *reader, const struct scan_line *line, size_t i, struct period *ret) {
        const struct time_value *time = &reader->scan->times[line->first_time + i];
        const struct period_value *value = &reader->scan->periods[time->period - 1];
        struct stamp end;
        int r;

        r = reader_stamp(reader, line, i, &ret->start);
        if (r < 0)
                return r;
        ret->span = value->span;
        if (!value->has_end)
                return 0;

        end = ret->start;
        end.wall_sec = value->end_wall_sec;
        if (!stamps_distance(&ret->start, &end, &ret->span.sec) || ret->span.sec <= 0)
                return reader_error(reader, line->line, "RDATE has a period that does not end after its start, by the clock of "
                                    "its zone");
        return 0;
}

int read_periods(struct reader *reader, size_t component, struct period **ret, size_t *ret_n) {
        const struct scan_line *first = scan_find(reader->scan, component, PROPERTY_RDATE);
        _cleanup_(free_p) struct period *periods = NULL;
        size_t n = 0, at = 0;
        int r;

        for (const struct scan_line *line = first; line; line = scan_find_next(reader->scan, line))
                for (size_t i = 0; i < line->n_times; i++)
                        n += reader->scan->times[line->first_time + i].period > 0;
        if (n == 0)
                return 0;

        periods = calloc(n, sizeof(*periods));
        if (!periods)
                return -ENOMEM;
        for (const struct scan_line *line = first; line; line = scan_find_next(reader->scan, line))
                for (size_t i = 0; i < line->n_times; i++) {
                        if (reader->scan->times[line->first_time + i].period == 0)
                                continue;
                        r = read_period(reader, line, i, &periods[at++]);
                        if (r < 0)
                                return r;
                }

        *ret = TAKE(periods);
        *ret_n = n;
        return 0;
}

/* RFC 5545 3.8.5.3: the exact time between start and end applies to every occurrence. */
static int span_until(struct reader *reader, const struct stamp *start, const struct scan_line *line,
                      struct duration *ret) {
        const char *name = property_to_string(line->property);
        struct stamp end;
        int64_t sec;
        int r;

        r = read_stamp(reader, line, 0, &end);
        if (r < 0)
                return r;
        if (!stamps_distance(start, &end, &sec))
                return reader_warning(reader, line->line, "%s is not of the same form as the start; it does not count",
                                      name);
        if (sec < 0)
                return reader_warning(reader, line->line, "%s is before the start; it does not count", name);

        if (start->is_date)
                ret->days = (int32_t) (sec / SEC_PER_DAY);
        else
                ret->sec = sec;
        return 0;
}

static int find_span(struct reader *reader, size_t component, const struct stamp *start, struct duration *ret) {
        const struct scan_line *line = scan_find(reader->scan, component, PROPERTY_DURATION);
        const struct scan_line *end = scan_find(reader->scan, component, PROPERTY_DTEND) ?:
                                      scan_find(reader->scan, component, PROPERTY_DUE);

        *ret = (struct duration){};
        if (!scan_find(reader->scan, component, PROPERTY_DTSTART))
                return 0;
        if (end)
                return span_until(reader, start, end, ret);
        if (!line)
                return 0;
        if (line->duration.days < 0 || line->duration.sec < 0)
                return reader_warning(reader, line->line, "DURATION is below zero; it does not count");

        *ret = line->duration;
        return 0;
}

/* RFC 5545 3.6.1: a VEVENT of a DATE lasts that day where nothing else is said. A day is what every all-day entry has. */
int read_span(struct reader *reader, size_t component, const struct stamp *start, struct details *details) {
        bool is_event = reader->scan->components[component].kind == COMPONENT_EVENT;
        struct duration span;
        int r;

        r = find_span(reader, component, start, &span);
        if (r < 0)
                return r;

        details->is_one_day = start->is_date && span.sec == 0 && (span.days == 1 || (span.days == 0 && is_event));
        if (!details->is_one_day)
                details->span = span;
        return 0;
}
