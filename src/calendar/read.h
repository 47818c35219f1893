/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reading a plan file: what the steps of it share. Times come from the scan, texts from libical. */
#pragma once

#include <libical/ical.h>

#include "calendar/scan.h"
#include "dosed/schedule.h"
#include "dosed/zone.h"

/* A TZID of the file, resolved once. */
struct reader_zone {
        struct slice name;
        const struct zone *zone; /* NULL: refused, which was said */
        uint64_t digest;         /* of the VTIMEZONE where the file defines it; else 0 */
};

struct reader {
        const char *name;
        const struct scan *scan;
        struct zones *zones;
        struct problems *problems;
        size_t n_errors; /* among the problems before this file */
        icalcomponent **trees; /* of the VEVENTs and VTODOs, by index of the scan's component */
        struct reader_zone *known;
        size_t n_known;
        const struct zone *file_zone; /* X-WR-TIMEZONE: of times that have no zone of their own; NULL: none */
        uint64_t file_zone_digest;    /* as in struct reader_zone */
        /* What reading and later searches cost, summed up over the file. */
        uint64_t work;
        size_t n_exceptions, n_stretches, n_looks, n_searched, n_searched_rules;
        uint64_t schedule_work; /* of the rules of the schedule that is being read */
};

/* Half a file is not worth working out. */
static inline bool reader_is_refused(const struct reader *reader) {
        return reader->problems->n_errors > reader->n_errors;
}

/* Where to look: the property's line, or the component's where it has none. */
unsigned reader_line_of(const struct reader *reader, size_t component, enum property property);

#define reader_error(reader, line, ...) \
        problems_add((reader)->problems, (reader)->name, (line), SEVERITY_ERROR, __VA_ARGS__)
#define reader_warning(reader, line, ...) \
        problems_add((reader)->problems, (reader)->name, (line), SEVERITY_WARNING, __VA_ARGS__)

/*
 * The functions below return 0 or a negative errno. What is wrong with the file becomes a problem, and the output
 * something harmless: who began the reading looks at the count of errors at its end.
 */

/* A text, clean, without blanks around it and within its limit; NULL where there is none, or nothing in it. */
int read_text(struct reader *reader, size_t component, enum property property, bool keep_lines, char **ret);

/* What decides which of two is the newer; zero and USEC_NONE where nothing says. */
int64_t read_sequence(const struct reader *reader, size_t component);
usec_t read_stamped(const struct reader *reader, size_t component);

/* The kind that CATEGORIES name; KIND_PRESCRIPTION where they name none. */
int read_kind(struct reader *reader, size_t component, enum schedule_kind *ret);
/* All of them, a line each; NULL where there are none. */
int read_categories(struct reader *reader, size_t component, char **ret);

/* Looks for X-WR-TIMEZONE. */
int read_file_zone(struct reader *reader);

/* One of the times of a line with its zone. */
int read_stamp(struct reader *reader, const struct scan_line *line, size_t i, struct stamp *ret);

/* The same of one that was read before: what is wrong with it was told. */
int reader_stamp(struct reader *reader, const struct scan_line *line, size_t i, struct stamp *ret);

/* All times of all lines of that property. The caller frees. */
int read_stamps(struct reader *reader, size_t component, enum property property, struct stamp **ret, size_t *ret_n);

/* Those of the RDATEs that are PERIODs; their starts were read before. The caller frees. */
int read_periods(struct reader *reader, size_t component, struct period **ret, size_t *ret_n);

/* From DTSTART to DTEND, DUE or by DURATION; zero where there is none or it makes no sense. */
int read_span(struct reader *reader, size_t component, const struct stamp *start, struct details *details);

/* What the VTIMEZONEs that the component's times need say. */
uint64_t reader_zone_digest(const struct reader *reader, size_t component);

int read_alarms(struct reader *reader, size_t component, struct details *details);

/* Warns of absolute alarms that are too far from the doses of a finished schedule. */
int read_far_alarms(struct reader *reader, const struct schedule *schedule);

/* What a schedule is called and what it is for; its details' summary is there already. */
int read_identity(struct reader *reader, size_t component, struct schedule *schedule);

int read_recurrence(struct reader *reader, size_t component, struct schedule *schedule);

/* Counts what `n` searches more through the schedule cost; too much is a problem of the file. */
int count_searches(struct reader *reader, const struct schedule *schedule, size_t n);

/* Looks at a finished schedule for what EXDATE and RECURRENCE-ID name. The component is its master, where it has one. */
int read_named(struct reader *reader, size_t component, const struct schedule *schedule);

/* The component as the master of its schedule, or as one of its overrides, which is appended. */
int read_master(struct reader *reader, size_t component, struct schedule *schedule);
int read_override(struct reader *reader, size_t component, struct schedule *schedule);
