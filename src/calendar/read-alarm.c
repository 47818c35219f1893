/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* VALARMs: those that remind the person, and those that mail somebody (RFC 5545 3.6.6). */
#include <stdlib.h>
#include <string.h>

#include "calendar/alarm.h"
#include "calendar/lex.h"
#include "calendar/read.h"
#include "dosed/limits.h"
#include "dosed/text.h"

/* In Thunderbird's words; past the year 8000 nothing starts. */
#define START_MAX_USEC (INT64_C(6000) * 366 * USEC_PER_DAY)

enum action {
        ACTION_REMINDS,
        ACTION_MAILS,
        ACTION_QUIET,   /* legal, but not a reminder to the person */
        ACTION_REFUSED, /* runs programs: never */
        ACTION_UNKNOWN,
};

static enum action action_of(const struct scan_line *line) {
        static const struct {
                const char *name;
                enum action action;
        } actions[] = {
                { "DISPLAY", ACTION_REMINDS },   { "AUDIO", ACTION_REMINDS }, { "EMAIL", ACTION_MAILS },
                { "NONE", ACTION_QUIET }, /* Apple's way of saying that there is no alarm */
                { "PROCEDURE", ACTION_REFUSED },
        };

        for (size_t i = 0; i < ELEMENTS(actions); i++)
                if (slice_equal(line->value, actions[i].name))
                        return actions[i].action;
        return ACTION_UNKNOWN;
}

/* What is not acted on is ACTION_QUIET; where the person may have relied on it, they are told. */
static int find_action(struct reader *reader, size_t component, enum action *ret) {
        const struct scan_line *action = scan_find(reader->scan, component, PROPERTY_ACTION);
        const struct scan_line *proximity = scan_find(reader->scan, component, PROPERTY_PROXIMITY);
        unsigned line = reader->scan->components[component].line;

        *ret = ACTION_QUIET;
        if (proximity)
                return reader_warning(reader, proximity->line,
                                      "An alarm at a place is not supported and does not count");
        if (!action)
                return reader_warning(reader, line, "The VALARM has no ACTION and does not count");

        switch (action_of(action)) {
        case ACTION_REMINDS:
                break;
        case ACTION_MAILS:
                if (!scan_find(reader->scan, component, PROPERTY_ATTENDEE))
                        return reader_warning(reader, line, "The VALARM mails nobody: it has no ATTENDEE");
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
        *ret = action_of(action);
        return 0;
}

static int read_repeats(struct reader *reader, size_t component, struct alarm *alarm) {
        const struct scan_line *repeat = scan_find(reader->scan, component, PROPERTY_REPEAT);
        const struct scan_line *duration = scan_find(reader->scan, component, PROPERTY_DURATION);

        if (!repeat && !duration)
                return 0;
        if (!repeat || !duration)
                return reader_warning(reader, (repeat ?: duration)->line, "%s does not count without %s",
                                      repeat ? "REPEAT" : "DURATION", repeat ? "DURATION" : "REPEAT");
        if (!duration_is_positive(duration->duration))
                return reader_warning(reader, duration->line,
                                      "The DURATION between alarms is not above zero: not repeated");

        alarm->repeat = (unsigned) repeat->number;
        alarm->every = duration->duration;
        return 0;
}

/* Of another client, whose mistakes are no reason to refuse a plan: what is not an instant says nothing. */
static usec_t read_instant(const struct scan_line *line) {
        struct time_value time;

        return line && lex_time(line->value, &time) && time.is_utc ? time.wall_sec * USEC_PER_SEC : USEC_NONE;
}

static int read_alarm(struct reader *reader, size_t component, struct alarm *alarm) {
        const struct scan_line *trigger = scan_find(reader->scan, component, PROPERTY_TRIGGER);

        alarm->line = trigger->line;
        if (trigger->n_times > 0) {
                alarm->anchor = ALARM_ABSOLUTE;
                alarm->at_usec = reader->scan->times[trigger->first_time].wall_sec * USEC_PER_SEC;
        } else {
                alarm->anchor = trigger->related_end ? ALARM_END : ALARM_START;
                alarm->offset = trigger->duration;
        }
        alarm->seen_usec = read_instant(scan_find(reader->scan, component, PROPERTY_ACKNOWLEDGED));
        return read_repeats(reader, component, alarm);
}

/* What is no mail address says nothing: only those that the configuration knows are ever mailed. */
static int read_addresses(struct reader *reader, size_t component, struct alarm *alarm) {
        struct scan_line *line = scan_find(reader->scan, component, PROPERTY_ATTENDEE);

        alarm->addresses = calloc(LIMIT_ALARM_ADDRESSES, sizeof(*alarm->addresses));
        if (!alarm->addresses)
                return -ENOMEM;
        for (; line && alarm->n_addresses < LIMIT_ALARM_ADDRESSES; line = scan_find_next(reader->scan, line)) {
                _cleanup_(free_p) char *text = NULL;
                char *address;

                if (!slice_starts(line->value, "MAILTO:"))
                        continue;
                text = strndup(line->value.text + strlen("MAILTO:"), line->value.size - strlen("MAILTO:"));
                if (!text || text_clean(text, &address) < 0)
                        return -ENOMEM;
                alarm->addresses[alarm->n_addresses++] = address;
        }
        return 0;
}

/* An alarm cannot be put off before it was seen, nor, at an instant, before that: then which one is meant is not known. */
static bool may_put_off(const struct alarm *snooze, const struct alarm *alarm) {
        usec_t rang_usec = alarm->anchor == ALARM_ABSOLUTE ? alarm->at_usec : alarm->seen_usec;

        return snooze->anchor == ALARM_ABSOLUTE && rang_usec != USEC_NONE && snooze->at_usec >= rang_usec;
}

/* RFC 9074, 7: a snooze names the alarm that it puts off, and no other snooze. */
static void find_snoozed(const struct reader *reader, struct alarm *alarms, const size_t *components, size_t n) {
        const struct scan *scan = reader->scan;

        for (size_t i = 0; i < n; i++)
                for (size_t k = 0; k < n && scan->components[components[i]].is_snooze; k++) {
                        const struct scan_line *uid = scan_find(scan, components[k], PROPERTY_ALARM_UID);

                        if (uid && !scan->components[components[k]].is_snooze &&
                            slice_same(uid->value, scan->components[components[i]].snoozed) &&
                            may_put_off(&alarms[i], &alarms[k]))
                                alarms[i].puts_off = k + 1;
                }
}

/* What follows the name of X-MOZ-SNOOZE-TIME where it is of one dose of several; USEC_NONE where nothing does. */
static usec_t read_snoozed_start(const struct scan_line *line) {
        static const char name[] = "X-MOZ-SNOOZE-TIME-";
        struct slice digits = line->text;
        int64_t start_usec;

        if (!slice_starts(line->text, name))
                return USEC_NONE;
        digits.text += strlen(name);
        for (digits.size = 0; digits.text[digits.size] != ':' && digits.text[digits.size] != ';';)
                digits.size++;
        return lex_integer(digits, 0, START_MAX_USEC, &start_usec) ? start_usec : USEC_NONE;
}

/* Those that ring at a time of their own, beside the alarms they put off. */
static size_t read_snoozes(struct reader *reader, size_t component, usec_t seen_usec, struct alarm *alarms) {
        struct scan_line *line = scan_find(reader->scan, component, PROPERTY_MOZ_SNOOZE_TIME);
        size_t n = 0;

        for (; line && n < LIMIT_SCHEDULE_ALARMS; line = scan_find_next(reader->scan, line)) {
                usec_t at_usec = read_instant(line);

                if (at_usec != USEC_NONE)
                        alarms[n++] = (struct alarm){
                                .anchor = ALARM_ABSOLUTE,
                                .at_usec = at_usec,
                                .line = line->line,
                                .of_usec = read_snoozed_start(line),
                                .seen_usec = seen_usec,
                        };
        }
        return n;
}

static int warn_about_lead(struct reader *reader, size_t component, const struct details *details,
                           const struct alarm *alarm) {
        const struct scan_line *trigger = scan_find(reader->scan, component, PROPERTY_TRIGGER);
        usec_t after_usec = alarm_after_usec(details, details->span, alarm);

        if (alarm->anchor == ALARM_ABSOLUTE || llabs(after_usec) <= LIMIT_ALARM_LEAD_DAYS * USEC_PER_DAY)
                return 0;
        return reader_warning(reader, trigger->line, "The alarm is more than %d days %s its dose and does not ring",
                              LIMIT_ALARM_LEAD_DAYS, after_usec < 0 ? "before" : "after");
}

static size_t count_absolutes(const struct alarm *alarms, size_t n) {
        size_t n_absolutes = 0;

        for (size_t i = 0; i < n; i++)
                n_absolutes += alarms[i].anchor == ALARM_ABSOLUTE;
        return n_absolutes;
}

static int warn_about_absolutes(struct reader *reader, const struct schedule *schedule, const struct details *details,
                                const struct alarm *alarms, size_t n) {
        /* Whose doses they are is not known here: where times float, the distance is right to some hours. */
        const struct wall_clock utc = { .zone = zone_utc(), .all_day_sec = SEC_PER_DAY / 3 };
        int r;

        r = count_searches(reader, schedule, count_absolutes(alarms, n));
        for (size_t i = 0; r >= 0 && i < n && !reader_is_refused(reader); i++)
                if (alarms[i].anchor == ALARM_ABSOLUTE && !details_are_near(schedule, details, &utc, alarms[i].at_usec))
                        r = reader_warning(reader, alarms[i].line,
                                           "The alarm is more than %d days from any dose and does not ring",
                                           LIMIT_ALARM_LEAD_DAYS);
        return r;
}

static int warn_about_far(struct reader *reader, const struct schedule *schedule, const struct details *details) {
        int r = warn_about_absolutes(reader, schedule, details, details->alarms, details->n_alarms);

        return r < 0 ? r : warn_about_absolutes(reader, schedule, details, details->mails, details->n_mails);
}

int read_far_alarms(struct reader *reader, const struct schedule *schedule) {
        int r = 0;

        if (schedule->as_needed || schedule->stopped || schedule->on_hold || schedule->after_taken_usec > 0)
                return 0;
        if (schedule->has_master)
                r = warn_about_far(reader, schedule, &schedule->details);
        for (size_t i = 0; r >= 0 && i < schedule->n_overrides; i++)
                if (!schedule->overrides[i].cancelled)
                        r = warn_about_far(reader, schedule, &schedule->overrides[i].details);
        return r;
}

static int keep_alarms(const struct alarm *alarms, size_t n, struct alarm **ret, size_t *ret_n) {
        struct alarm *kept;

        if (n == 0)
                return 0;
        kept = calloc(n, sizeof(*kept));
        if (!kept)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                kept[i] = alarms[i];
        *ret = kept;
        *ret_n = n;
        return 0;
}

int read_alarms(struct reader *reader, size_t component, struct details *details) {
        const struct scan *scan = reader->scan;
        struct alarm alarms[2 * LIMIT_SCHEDULE_ALARMS] = {}, mails[LIMIT_SCHEDULE_ALARMS] = {};
        size_t of_alarms[LIMIT_SCHEDULE_ALARMS], of_mails[LIMIT_SCHEDULE_ALARMS], n_alarms = 0, n_mails = 0;
        usec_t seen_usec = read_instant(scan_find(scan, component, PROPERTY_MOZ_LASTACK)); /* all of them */
        int r;

        details->seen_usec = seen_usec;

        /* What is in a component follows it directly, in the order of the BEGINs. */
        for (size_t i = component + 1; i < scan->n_components && scan->components[i].parent >= component; i++) {
                struct alarm *alarm;
                enum action action;

                if (scan->components[i].parent != component || scan->components[i].kind != COMPONENT_ALARM)
                        continue;
                r = find_action(reader, i, &action);
                if (r < 0)
                        return r;
                if (action != ACTION_REMINDS && action != ACTION_MAILS)
                        continue;
                if (n_alarms + n_mails == LIMIT_SCHEDULE_ALARMS)
                        return reader_error(reader, scan->components[i].line, "There are more than %u VALARMs here",
                                            LIMIT_SCHEDULE_ALARMS);
                if (action == ACTION_MAILS)
                        of_mails[n_mails] = i;
                else
                        of_alarms[n_alarms] = i;
                alarm = action == ACTION_MAILS ? &mails[n_mails++] : &alarms[n_alarms++];
                r = read_alarm(reader, i, alarm);
                if (r >= 0)
                        r = warn_about_lead(reader, i, details, alarm);
                if (r < 0)
                        return r;
                if (action == ACTION_MAILS)
                        continue;
                alarm->seen_usec = usec_later(seen_usec, alarm->seen_usec);
                details->seen_usec = usec_later(details->seen_usec, alarm->seen_usec);
        }
        find_snoozed(reader, alarms, of_alarms, n_alarms);
        n_alarms += read_snoozes(reader, component, seen_usec, alarms + n_alarms);

        r = keep_alarms(alarms, n_alarms, &details->alarms, &details->n_alarms);
        if (r >= 0)
                r = keep_alarms(mails, n_mails, &details->mails, &details->n_mails);
        for (size_t i = 0; r >= 0 && i < details->n_mails; i++)
                r = read_addresses(reader, of_mails[i], &details->mails[i]);
        return r;
}
