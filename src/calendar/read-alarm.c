/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VALARMs that remind the person (RFC 5545 3.6.6). */
#include <stdlib.h>

#include "calendar/lex.h"
#include "calendar/read.h"
#include "dosed/limits.h"

enum action {
        ACTION_REMINDS, /* the only kind that is taken over */
        ACTION_QUIET,   /* legal, but not a reminder to the person */
        ACTION_REFUSED, /* runs programs: never */
        ACTION_UNKNOWN,
};

static enum action action_of(const struct scan_line *line) {
        static const struct {
                const char *name;
                enum action action;
        } actions[] = {
                { "DISPLAY", ACTION_REMINDS }, { "AUDIO", ACTION_REMINDS },       { "EMAIL", ACTION_QUIET },
                { "NONE", ACTION_QUIET }, /* Apple's way of saying that there is no alarm */
                { "PROCEDURE", ACTION_REFUSED },
        };

        for (size_t i = 0; i < ELEMENTS(actions); i++)
                if (slice_equal(line->value, actions[i].name))
                        return actions[i].action;
        return ACTION_UNKNOWN;
}

/* Whether the alarm is to be taken over; if not, and the person may have relied on it, they are told. */
static int is_wanted(struct reader *reader, size_t component, bool *ret) {
        const struct scan_line *action = scan_find(reader->scan, component, PROPERTY_ACTION);
        const struct scan_line *proximity = scan_find(reader->scan, component, PROPERTY_PROXIMITY);
        unsigned line = reader->scan->components[component].line;

        *ret = false;
        if (proximity)
                return reader_warning(reader, proximity->line,
                                      "An alarm at a place is not supported and does not count");
        if (!action)
                return reader_warning(reader, line, "The VALARM has no ACTION and does not count");

        switch (action_of(action)) {
        case ACTION_REMINDS:
                break;
        case ACTION_QUIET:
                return 0;
        case ACTION_REFUSED:
                return reader_warning(reader, action->line, "ACTION:PROCEDURE is never acted on; use DISPLAY");
        case ACTION_UNKNOWN:
                return reader_warning(reader, action->line,
                                      "The ACTION of this VALARM is not known and does not count; use DISPLAY");
        }

        if (!scan_find(reader->scan, component, PROPERTY_TRIGGER))
                return reader_warning(reader, line, "The VALARM has no TRIGGER and does not count");
        *ret = true;
        return 0;
}

static bool is_positive(struct duration duration) {
        return duration.days >= 0 && duration.sec >= 0 && (duration.days > 0 || duration.sec > 0);
}

static int read_repeats(struct reader *reader, size_t component, struct alarm *alarm) {
        const struct scan_line *repeat = scan_find(reader->scan, component, PROPERTY_REPEAT);
        const struct scan_line *duration = scan_find(reader->scan, component, PROPERTY_DURATION);

        if (!repeat && !duration)
                return 0;
        if (!repeat || !duration)
                return reader_warning(reader, (repeat ?: duration)->line, "%s does not count without %s",
                                      repeat ? "REPEAT" : "DURATION", repeat ? "DURATION" : "REPEAT");
        if (!is_positive(duration->duration))
                return reader_warning(reader, duration->line,
                                      "The DURATION between alarms is not above zero: not repeated");

        alarm->repeat = (unsigned) repeat->number;
        alarm->every = duration->duration;
        return 0;
}

static int read_alarm(struct reader *reader, size_t component, struct alarm *alarm) {
        const struct scan_line *trigger = scan_find(reader->scan, component, PROPERTY_TRIGGER);

        if (trigger->n_times > 0) {
                alarm->anchor = ALARM_ABSOLUTE;
                alarm->at_usec = reader->scan->times[trigger->first_time].wall_sec * USEC_PER_SEC;
        } else {
                alarm->anchor = trigger->related_end ? ALARM_END : ALARM_START;
                alarm->offset = trigger->duration;
        }
        return read_repeats(reader, component, alarm);
}

/* Of another client, whose mistakes are no reason to refuse a plan: what is not an instant says nothing. */
static usec_t read_instant(const struct scan_line *line) {
        struct time_value time;

        return line && lex_time(line->value, &time) && time.is_utc ? time.wall_sec * USEC_PER_SEC : USEC_NONE;
}

static void note_seen(struct details *details, usec_t at_usec) {
        if (at_usec > details->seen_usec)
                details->seen_usec = at_usec;
}

/* Those that ring at a time of their own, beside the alarms they put off. */
static size_t read_snoozes(struct reader *reader, size_t component, struct alarm *alarms) {
        struct scan_line *line = scan_find(reader->scan, component, PROPERTY_MOZ_SNOOZE_TIME);
        size_t n = 0;

        for (; line && n < LIMIT_SCHEDULE_ALARMS; line = scan_find_next(reader->scan, line)) {
                usec_t at_usec = read_instant(line);

                if (at_usec != USEC_NONE)
                        alarms[n++] = (struct alarm){ .anchor = ALARM_ABSOLUTE, .at_usec = at_usec };
        }
        return n;
}

static int warn_about_lead(struct reader *reader, size_t component, const struct details *details,
                           const struct alarm *alarm) {
        const struct scan_line *trigger = scan_find(reader->scan, component, PROPERTY_TRIGGER);
        usec_t after_usec = usec_add_duration(0, alarm->offset, zone_utc());

        if (alarm->anchor == ALARM_END)
                after_usec += usec_add_duration(0, details->span, zone_utc());
        if (alarm->anchor == ALARM_ABSOLUTE || llabs(after_usec) <= LIMIT_ALARM_LEAD_DAYS * USEC_PER_DAY)
                return 0;
        return reader_warning(reader, trigger->line, "The alarm is more than %d days %s its dose and does not ring",
                              LIMIT_ALARM_LEAD_DAYS, after_usec < 0 ? "before" : "after");
}

int read_alarms(struct reader *reader, size_t component, struct details *details) {
        const struct scan *scan = reader->scan;
        struct alarm alarms[2 * LIMIT_SCHEDULE_ALARMS] = {};
        size_t n = 0;
        int r;

        note_seen(details, read_instant(scan_find(scan, component, PROPERTY_MOZ_LASTACK)));

        /* What is in a component follows it directly, in the order of the BEGINs. */
        for (size_t i = component + 1; i < scan->n_components && scan->components[i].parent >= component; i++) {
                bool wanted;

                if (scan->components[i].parent != component || scan->components[i].kind != COMPONENT_ALARM)
                        continue;
                r = is_wanted(reader, i, &wanted);
                if (r < 0)
                        return r;
                if (!wanted)
                        continue;
                if (n == LIMIT_SCHEDULE_ALARMS)
                        return reader_error(reader, scan->components[i].line, "There are more than %u VALARMs here",
                                            LIMIT_SCHEDULE_ALARMS);
                r = read_alarm(reader, i, &alarms[n]);
                if (r >= 0)
                        r = warn_about_lead(reader, i, details, &alarms[n++]);
                if (r < 0)
                        return r;
                note_seen(details, read_instant(scan_find(scan, i, PROPERTY_ACKNOWLEDGED)));
        }
        n += read_snoozes(reader, component, alarms + n);
        if (n == 0)
                return 0;

        details->alarms = calloc(n, sizeof(*alarms));
        if (!details->alarms)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                details->alarms[i] = alarms[i];
        details->n_alarms = n;
        return 0;
}
