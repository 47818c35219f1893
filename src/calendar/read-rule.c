/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* RRULE, EXRULE, RDATE and EXDATE of a VEVENT or VTODO. */
#include "calendar/read.h"
#include "calendar/rule-end.h"
#include "dosed/limits.h"

static int read_rules(struct reader *reader, size_t component, enum property property, struct rule ***rules,
                      size_t *n) {
        struct scan_line *line;

        for (line = scan_find(reader->scan, component, property); line; line = scan_find_next(reader->scan, line)) {
                struct rule **grown;

                if (*n == LIMIT_SCHEDULE_RULES)
                        return reader_error(reader, line->line, "There are more than %u %s lines", LIMIT_SCHEDULE_RULES,
                                            property_to_string(property));
                grown = reallocarray(*rules, *n + 1, sizeof(**rules));
                if (!grown)
                        return -ENOMEM;
                *rules = grown;
                grown[(*n)++] = TAKE(line->rule);
        }
        return 0;
}

/* A legal file must not hold up whoever reads it, now or at a later search: what that costs is summed up over the file. */
static int add_work(struct reader *reader, unsigned line, uint64_t work) {
        reader->work += work;
        if (reader->work <= LIMIT_FILE_WORK)
                return 0;
        return reader_error(reader, line, "There is too much to work out in one file; split it, and write UNTIL instead of "
                            "COUNT");
}

static int check_work(struct reader *reader, unsigned line, struct rule *const *rules, size_t n,
                      const struct stamp *start, bool count_start) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < n && !reader_is_refused(reader); i++) {
                uint64_t work = rule_end(rules[i], start, count_start);

                reader->schedule_work += work;
                r = add_work(reader, line, work);
        }
        return r;
}

/* Each time of a rule is looked up in every EXRULE, for as long as these take all away. */
static int add_exceptions(struct reader *reader, unsigned line, const struct schedule *schedule, size_t n) {
        reader->n_exceptions += n * schedule->n_rules * schedule->n_exception_rules;
        if (reader->n_exceptions <= LIMIT_FILE_EXRULES)
                return 0;
        return reader_error(reader, line, "There are more than %u EXRULEs; they are long out of use: write EXDATEs",
                            LIMIT_FILE_EXRULES);
}

static int check_exceptions(struct reader *reader, unsigned line, const struct schedule *schedule) {
        int r;

        if (schedule->n_exception_rules == 0)
                return 0;
        r = add_exceptions(reader, line, schedule, 1);
        if (r < 0 || reader_is_refused(reader))
                return r;
        for (size_t i = 0; i < schedule->n_rules; i++)
                if (rule_times_per_day(schedule->rules[i]) > LIMIT_EXCLUDED_PER_DAY)
                        return reader_error(reader, line, "EXRULE goes with at most %u doses a day; write RRULE so that it "
                                            "leaves them out", LIMIT_EXCLUDED_PER_DAY);
        return 0;
}

static int check_costs(struct reader *reader, size_t component, const struct schedule *schedule) {
        unsigned line = reader_line_of(reader, component, PROPERTY_RRULE);
        unsigned exception_line = reader_line_of(reader, component, PROPERTY_EXRULE);
        bool count_start = rules_count_start(schedule->rules, schedule->n_rules, &schedule->start, &reader->work);
        int r;

        reader->schedule_work = 0;
        r = check_work(reader, line, schedule->rules, schedule->n_rules, &schedule->start, count_start);
        if (r >= 0)
                r = check_work(reader, exception_line, schedule->exception_rules, schedule->n_exception_rules,
                               &schedule->start, false);
        return r >= 0 ? check_exceptions(reader, exception_line, schedule) : r;
}

int count_searches(struct reader *reader, const struct schedule *schedule, size_t n) {
        int r;

        if (n == 0 || !schedule->has_master)
                return 0;
        r = add_work(reader, schedule->line, n * reader->schedule_work);
        return r >= 0 && !reader_is_refused(reader) ? add_exceptions(reader, schedule->line, schedule, n) : r;
}

/* A DATE has no times within its day. BYHOUR and the like are ignored with it, as RFC 5545 3.3.10 wants. */
static int check_dates(struct reader *reader, unsigned line, const struct schedule *schedule) {
        int r = 0;

        for (size_t i = 0; r >= 0 && schedule->start.is_date && i < schedule->n_rules; i++)
                if (rule_is_below_a_day(schedule->rules[i]))
                        r = reader_error(reader, line, "RRULE has times within a day, and DTSTART is a day without a "
                                         "time; write the time into DTSTART");
        return r;
}

/* The start is due as well, and so is the first time of the rule: with another BYSECOND within the same minute. */
static int check_seconds(struct reader *reader, unsigned line, const struct schedule *schedule) {
        const struct stamp *start = &schedule->start;
        int64_t first;

        for (size_t i = 0; i < schedule->n_rules; i++) {
                const struct rule *rule = schedule->rules[i];

                if (rule->seconds && rule_first(rule, start, &first, &(uint64_t){ 0 }) && first > start->wall_sec &&
                    first - start->wall_sec < 60)
                        return reader_error(reader, line, "BYSECOND of RRULE is not the second of the start, so that two doses "
                                            "would be due within a minute; leave BYSECOND out");
        }
        return 0;
}

/* What RFC 5545 leaves open is done in the safe way, and said. */
static int warn_about_rules(struct reader *reader, size_t component, const struct schedule *schedule) {
        unsigned line = reader_line_of(reader, component, PROPERTY_RRULE);
        char text[CIVIL_TEXT_SIZE];
        int64_t first;
        int r;

        r = check_dates(reader, line, schedule);
        if (r >= 0)
                r = check_costs(reader, component, schedule);
        if (r >= 0 && !reader_is_refused(reader))
                r = check_seconds(reader, line, schedule);
        if (r < 0 || schedule->n_rules == 0 || reader_is_refused(reader))
                return r;
        /* Nobody would be reminded, and nobody would notice. */
        for (size_t i = 0; i < schedule->n_rules; i++)
                if (schedule->rules[i]->is_never_due)
                        return reader_error(reader, line, "RRULE is never due; no day is as it says");
        if (schedule->n_rules > 1)
                return reader_warning(reader, line, "There are several RRULEs; a dose is due when any of them says so");

        if (!rule_first(schedule->rules[0], &schedule->start, &first, &(uint64_t){ 0 }) ||
            (schedule->rules[0]->has_until && schedule->rules[0]->until_wall_sec < first - SEC_PER_DAY))
                return reader_warning(reader, line, "RRULE ends before it begins; only the dose of the start is due");
        if (first != schedule->start.wall_sec)
                return reader_warning(reader, line, "The start is not one of the times of RRULE, whose first is %s; "
                                      "both are due", civil_format(text, first, schedule->start.is_date,
                                                          schedule->start.kind == STAMP_UTC));
        return 0;
}

/* All clients write dates beside dates, but for some servers: then a dose rings that was called off. */
static int warn_about_exceptions(struct reader *reader, size_t component, const struct schedule *schedule) {
        struct scan_line *line = scan_find(reader->scan, component, PROPERTY_EXDATE);

        for (; line && schedule->start.is_date; line = scan_find_next(reader->scan, line))
                if (line->n_times > 0 && reader->scan->times[line->first_time].is_utc)
                        return reader_warning(reader, line->line, "EXDATE in UTC takes nothing away from days without a "
                                              "time; write the day, like EXDATE;VALUE=DATE:20261231");
        return 0;
}

int read_recurrence(struct reader *reader, size_t component, struct schedule *schedule) {
        int r;

        r = read_rules(reader, component, PROPERTY_RRULE, &schedule->rules, &schedule->n_rules);
        if (r < 0)
                return r;
        r = read_rules(reader, component, PROPERTY_EXRULE, &schedule->exception_rules, &schedule->n_exception_rules);
        if (r < 0)
                return r;
        r = read_stamps(reader, component, PROPERTY_RDATE, &schedule->extra_dates, &schedule->n_extra_dates);
        if (r < 0)
                return r;
        if (!reader_is_refused(reader)) {
                r = read_periods(reader, component, &schedule->periods, &schedule->n_periods);
                if (r < 0)
                        return r;
        }
        r = read_stamps(reader, component, PROPERTY_EXDATE, &schedule->exception_dates, &schedule->n_exception_dates);
        if (r < 0)
                return r;

        r = warn_about_exceptions(reader, component, schedule);
        if (r < 0)
                return r;

        if (schedule->as_needed && (schedule->n_rules > 0 || schedule->n_extra_dates > 0))
                return reader_error(reader,
                                    reader_line_of(reader, component, schedule->n_rules > 0 ? PROPERTY_RRULE : PROPERTY_RDATE),
                                    "The VTODO recurs but has no DTSTART; write there when the first dose is due");
        if (schedule->after_taken_usec > 0 &&
            (schedule->as_needed || schedule->n_rules > 0 || schedule->n_extra_dates > 0))
                return reader_error(reader, reader_line_of(reader, component, PROPERTY_DOSED_AFTER_TAKEN),
                                    "X-DOSED-AFTER-TAKEN says when every dose but the first is due; give it a DTSTART, and "
                                    "no RRULE or RDATE");
        return warn_about_rules(reader, component, schedule);
}
