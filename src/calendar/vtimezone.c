/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VTIMEZONE made into a zone. */
#include <stdlib.h>

#include "calendar/expand.h"
#include "calendar/vtimezone.h"

/* Programs write observances that began in 1601; what lies between is of no use to doses. */
#define FIRST_YEAR 1900
#define LAST_YEAR 2100

/* Two a year, and as many again for RDATEs that repeat them. */
#define TRANSITIONS_MAX (4u * (LAST_YEAR - FIRST_YEAR + 1))

struct transitions {
        struct zone_transition *items;
        size_t n_items;
        int64_t earliest_sec;       /* of all */
        int32_t first_offset_sec;   /* before it */
        int32_t from_sec, to_sec;   /* of the observance at hand */
};

static void transitions_done(struct transitions *transitions) {
        free(transitions->items);
}

struct refusal {
        unsigned line;
        const char *reason;
};

static int refuse(struct refusal *refusal, unsigned line, const char *reason) {
        *refusal = (struct refusal){ line, reason };
        return VTIMEZONE_UNUSABLE;
}

/* A TZID is the same with and without the backslashes of a TEXT value. */
static bool same_zone_name(struct slice text, struct slice name) {
        size_t i, n = 0;

        for (i = 0; i < text.size; i++) {
                if (text.text[i] == '\\' && i + 1 < text.size)
                        i++;
                if (n == name.size || text.text[i] != name.text[n++])
                        return false;
        }
        return n == name.size;
}

static bool find_zone(const struct scan *scan, struct slice name, size_t *ret) {
        for (size_t i = 0; i < scan->n_components; i++) {
                const struct scan_line *line;

                if (scan->components[i].kind != COMPONENT_TIMEZONE)
                        continue;
                line = scan_find(scan, i, PROPERTY_TZID);
                if (line && same_zone_name(line->value, name)) {
                        *ret = i;
                        return true;
                }
        }
        return false;
}

/* An onset is a time on the wall clock that was in force before it (RFC 5545 3.6.5). */
static int add_onset(struct transitions *transitions, int64_t wall_sec) {
        int64_t at_sec = wall_sec - transitions->from_sec;
        struct zone_transition *items;

        if (at_sec < transitions->earliest_sec) {
                transitions->earliest_sec = at_sec;
                transitions->first_offset_sec = transitions->from_sec;
        }
        if (transitions->n_items == TRANSITIONS_MAX)
                return VTIMEZONE_UNUSABLE;

        items = reallocarray(transitions->items, transitions->n_items + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        items[transitions->n_items++] = (struct zone_transition){ at_sec, transitions->to_sec };
        transitions->items = items;
        return 0;
}

/* UNTIL is in UTC here, and the onset may fall on it. */
static bool is_past(const struct rule *rule, const struct transitions *transitions, int64_t wall_sec) {
        if (!rule->has_until)
                return false;
        return (rule->until_is_utc ? wall_sec - transitions->from_sec : wall_sec) > rule->until_wall_sec;
}

static int add_rule(struct transitions *transitions, const struct rule *rule, int64_t start_sec) {
        static const struct civil first = { FIRST_YEAR, 1, 1, 0, 0, 0 }, last = { LAST_YEAR, 12, 31, 23, 59, 59 };
        struct expansion expansion;
        int64_t wall_sec, last_sec = civil_to_wall(&last);
        int r;

        expansion_init(&expansion, rule, start_sec, false);
        if (rule->count > 0 && expansion_find_nth(&expansion, rule->count, &wall_sec) && wall_sec < last_sec)
                last_sec = wall_sec;
        expansion_seek(&expansion, civil_to_wall(&first));

        while (expansion_next(&expansion, &wall_sec) && wall_sec <= last_sec && !is_past(rule, transitions, wall_sec)) {
                r = add_onset(transitions, wall_sec);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int check_line(const struct scan_line *line, struct refusal *refusal) {
        if (line->flaw)
                return refuse(refusal, line->line, line->flaw);
        if (line->rule && line->rule->frequency != FREQUENCY_YEARLY)
                return refuse(refusal, line->line, "its RRULE is not YEARLY");
        return 0;
}

static int add_observance(const struct scan *scan, size_t component, struct transitions *transitions,
                          struct refusal *refusal) {
        static const enum property needed[] = { PROPERTY_DTSTART, PROPERTY_TZOFFSETFROM, PROPERTY_TZOFFSETTO };
        const struct scan_component *observance = &scan->components[component];
        int64_t start_sec;
        int r = 0;

        for (size_t i = 0; i < ELEMENTS(needed); i++)
                if (!scan_find(scan, component, needed[i]))
                        return refuse(refusal, observance->line, "it lacks DTSTART, TZOFFSETFROM or TZOFFSETTO");
        for (size_t i = observance->first_line; i < observance->end_line && r == 0; i++)
                r = check_line(&scan->lines[i], refusal);
        if (r != 0)
                return r;

        start_sec = scan->times[scan_find(scan, component, PROPERTY_DTSTART)->first_time].wall_sec;
        transitions->from_sec = (int32_t) scan_find(scan, component, PROPERTY_TZOFFSETFROM)->number;
        transitions->to_sec = (int32_t) scan_find(scan, component, PROPERTY_TZOFFSETTO)->number;

        r = add_onset(transitions, start_sec);
        for (size_t i = observance->first_line; i < observance->end_line && r == 0; i++) {
                const struct scan_line *line = &scan->lines[i];

                if (line->rule)
                        r = add_rule(transitions, line->rule, start_sec);
                for (size_t j = 0; line->property == PROPERTY_RDATE && j < line->n_times && r == 0; j++)
                        r = add_onset(transitions, scan->times[line->first_time + j].wall_sec);
        }
        return r == VTIMEZONE_UNUSABLE ? refuse(refusal, observance->line, "it changes too often") : r;
}

static int transition_compare(const void *left, const void *right) {
        const struct zone_transition *a = left, *b = right;

        return (a->at_sec > b->at_sec) - (a->at_sec < b->at_sec);
}

/* In order; of what happens at one instant (DTSTART is also the first time of its rule) one stays. */
static void sort_transitions(struct transitions *transitions) {
        size_t n = 0;

        qsort(transitions->items, transitions->n_items, sizeof(*transitions->items), transition_compare);
        for (size_t i = 0; i < transitions->n_items; i++) {
                if (n > 0 && transitions->items[n - 1].at_sec == transitions->items[i].at_sec)
                        n--;
                transitions->items[n++] = transitions->items[i];
        }
        transitions->n_items = n;
}

int vtimezone_compile(const struct scan *scan, struct slice name, struct zones *zones, const struct zone **ret,
                      uint64_t *ret_digest, unsigned *ret_line, const char **ret_reason) {
        _cleanup_(transitions_done) struct transitions transitions = { .earliest_sec = INT64_MAX };
        _cleanup_(free_p) char *text = NULL;
        struct refusal refusal = {};
        size_t zone;
        int r = 0;

        if (!find_zone(scan, name, &zone))
                return VTIMEZONE_MISSING;

        for (size_t i = zone + 1; i < scan->n_components && scan->components[i].parent >= zone && r == 0; i++)
                if (scan->components[i].parent == zone && (scan->components[i].kind == COMPONENT_STANDARD ||
                                                           scan->components[i].kind == COMPONENT_DAYLIGHT))
                        r = add_observance(scan, i, &transitions, &refusal);
        if (r == 0 && transitions.n_items == 0)
                r = refuse(&refusal, scan->components[zone].line, "it has neither STANDARD nor DAYLIGHT");
        if (r == VTIMEZONE_UNUSABLE) {
                *ret_line = refusal.line;
                *ret_reason = refusal.reason;
        }
        if (r != 0)
                return r;

        r = slice_copy(name, &text);
        if (r < 0)
                return r;
        sort_transitions(&transitions);
        r = zones_add(zones, text, transitions.first_offset_sec, transitions.items, transitions.n_items, ret);
        if (r < 0)
                return r;

        *ret_digest = scan->components[zone].digest;
        return 0;
}
