/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One pass over the raw bytes of a plan file before libical sees them: limits, nesting, and the strict reading of every
 * value that decides when something is due. It knows no zones, and nothing of schedules.
 */
#pragma once

#include <stddef.h>
#include <stdint.h>

#include "calendar/lex.h"
#include "calendar/property.h"
#include "calendar/rule.h"
#include "dosed/problem.h"

/* A line of a property that dosed uses. */
struct scan_line {
        enum property property;
        unsigned line;           /* of the file */
        size_t component;        /* index */
        struct slice text;       /* all of it, unfolded */
        struct slice value;      /* as it stands there */
        struct slice zone_name;  /* TZID; empty where there is none */
        bool related_end;        /* TRIGGER;RELATED=END */
        bool this_and_future;    /* RECURRENCE-ID;RANGE=THISANDFUTURE */
        const char *flaw;        /* why the value cannot be read; only in a VTIMEZONE, which may not be needed */
        struct rule *rule;       /* FORM_RULE; may be taken */
        struct duration duration; /* FORM_DURATION, FORM_SPAN, FORM_TRIGGER */
        int64_t number;          /* FORM_INTEGER, FORM_OFFSET */
        size_t first_time, n_times; /* FORM_TIME, FORM_TIMES, FORM_PERIODS; FORM_TRIGGER where it is absolute */
};

/* A component, in the order of the BEGINs. */
struct scan_component {
        enum component kind;
        struct slice name;
        unsigned line;
        size_t parent;                /* index; of the first one: itself */
        size_t first_line, end_line;  /* its lines, and those of the components in it, are in [first, end) */
        bool is_snooze;               /* a VALARM by which another client puts one off (RFC 9074, 7.1): noise */
        struct slice snoozed;         /* UID of the one that is put off */
        uint64_t digest;              /* of all it says, in whatever order, with all that is in it, but for noise */
};

struct scan {
        char *text; /* the file, unfolded */
        struct scan_component *components;
        struct scan_line *lines;
        struct time_value *times;
        struct period_value *periods;
        size_t n_components, n_lines, n_times, n_periods;
        size_t components_allocated, lines_allocated, times_allocated, periods_allocated;
};

struct scan *scan_free(struct scan *scan);
DEFINE_CLEANUP(struct scan *, scan_free);

enum scan_outcome {
        SCAN_UNUSABLE = 1, /* an error is among the problems */
};

/* Returns 0, SCAN_UNUSABLE or -ENOMEM. All that can be found wrong in one pass is among the problems. */
int scan_new(const char *name, const char *bytes, size_t size, struct scan **ret, struct problems *problems);

/* The first line of that property in the component itself; NULL where there is none. */
struct scan_line *scan_find(const struct scan *scan, size_t component, enum property property);

/* The next one after `line`; NULL where there are no more. */
struct scan_line *scan_find_next(const struct scan *scan, const struct scan_line *line);

/* 64-bit FNV-1a, to be begun with DIGEST_START. */
#define DIGEST_START UINT64_C(0xcbf29ce484222325)
uint64_t digest_bytes(uint64_t digest, const void *bytes, size_t size);
