/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Reads the value of a used property by its form. */
#include <string.h>

#include "calendar/value.h"
#include "dosed/limits.h"

static int invalid(const char **ret_reason, const char *reason) {
        *ret_reason = reason;
        return VALUE_INVALID;
}

static int add_time(struct scan *scan, struct scan_line *line, struct time_value time) {
        if (scan->n_times == scan->times_allocated) {
                size_t n = scan->times_allocated ? 2 * scan->times_allocated : 64;
                struct time_value *times = reallocarray(scan->times, n, sizeof(*times));

                if (!times)
                        return -ENOMEM;
                scan->times = times;
                scan->times_allocated = n;
        }
        if (line->n_times == 0)
                line->first_time = scan->n_times;
        scan->times[scan->n_times++] = time;
        line->n_times++;
        return 0;
}

static int add_period(struct scan *scan, struct scan_line *line, struct time_value start, struct period_value period) {
        if (scan->n_periods == scan->periods_allocated) {
                size_t n = scan->periods_allocated ? 2 * scan->periods_allocated : 64;
                struct period_value *periods = reallocarray(scan->periods, n, sizeof(*periods));

                if (!periods)
                        return -ENOMEM;
                scan->periods = periods;
                scan->periods_allocated = n;
        }
        scan->periods[scan->n_periods++] = period;
        start.period = (uint32_t) scan->n_periods;
        return add_time(scan, line, start);
}

static bool is_forward(const struct time_value *start, const struct period_value *period) {
        return period->has_end ? period->end_wall_sec > start->wall_sec : duration_is_positive(period->span);
}

/* VALUE= must say what the value is, where it says anything: programs that believe it would read another time. */
static bool type_agrees(const struct content_line *content, const char *type) {
        struct slice value;

        return !line_parameter(content, "VALUE", &value) || slice_equal(value, type);
}

static int read_zone_name(const struct content_line *content, struct scan_line *line, const char **ret_reason) {
        struct slice name;

        if (!line_parameter(content, "TZID", &name))
                return 0;
        if (!lex_is_zone_name(name))
                return invalid(ret_reason, "has a TZID that is not the name of a zone; write one as Europe/Lisbon");

        line->zone_name = name;
        return 0;
}

static int read_one_time(struct scan *scan, const struct content_line *content, struct scan_line *line,
                         struct slice text, const char **ret_reason) {
        struct period_value period;
        struct time_value time;

        if (property_form(line->property) == FORM_PERIODS && memchr(text.text, '/', text.size)) {
                if (!lex_period(text, &time, &period))
                        return invalid(ret_reason, "is not a period; write it as 20261123T080000Z/PT1H");
                if (!is_forward(&time, &period))
                        return invalid(ret_reason, "has a period that does not end after its start; write it as "
                                                   "20261123T080000Z/PT1H");
                if (!type_agrees(content, "PERIOD"))
                        return invalid(ret_reason, "holds a period, which its VALUE parameter does not say");
                return add_period(scan, line, time, period);
        }

        if (!lex_time(text, &time))
                return invalid(ret_reason, "is not a real date or time; write it as 20261123 or 20261123T080000");
        if (!type_agrees(content, time.is_date ? "DATE" : "DATE-TIME"))
                return invalid(ret_reason, "is not what its VALUE parameter says it is");
        return add_time(scan, line, time);
}

static int read_times(struct scan *scan, const struct content_line *content, struct scan_line *line,
                      const char **ret_reason) {
        struct slice rest = content->value;
        int r;

        r = read_zone_name(content, line, ret_reason);
        if (r != 0)
                return r;

        for (;;) {
                const char *comma = memchr(rest.text, ',', rest.size);
                struct slice item = { rest.text, comma ? (size_t) (comma - rest.text) : rest.size };

                r = read_one_time(scan, content, line, item, ret_reason);
                if (r != 0 || !comma)
                        return r;
                rest = (struct slice){ comma + 1, rest.size - item.size - 1 };
        }
}

static int read_time(struct scan *scan, const struct content_line *content, struct scan_line *line,
                     const char **ret_reason) {
        struct slice range;
        int r;

        r = read_zone_name(content, line, ret_reason);
        if (r != 0)
                return r;

        if (line->property == PROPERTY_RECURRENCE_ID && line_parameter(content, "RANGE", &range)) {
                if (!slice_equal(range, "THISANDFUTURE"))
                        return invalid(ret_reason, "has a RANGE other than THISANDFUTURE, which RFC 5545 took away");
                line->this_and_future = true;
        }
        return read_one_time(scan, content, line, content->value, ret_reason);
}

static int read_duration(struct scan *scan, const struct content_line *content, struct scan_line *line,
                         const char **ret_reason) {
        (void) scan;

        if (!lex_duration(content->value, &line->duration))
                return invalid(ret_reason, "is not a duration of at most ten years; write it as PT30M, PT4H or P1D");
        return 0;
}

static int read_span(struct scan *scan, const struct content_line *content, struct scan_line *line,
                     const char **ret_reason) {
        int r;

        r = read_duration(scan, content, line, ret_reason);
        if (r != 0)
                return r;
        if (line->duration.days * (int64_t) SEC_PER_DAY + line->duration.sec <= 0)
                return invalid(ret_reason, "is not above zero; write it as PT30M, PT4H or P1D");
        return 0;
}

static int read_trigger(struct scan *scan, const struct content_line *content, struct scan_line *line,
                        const char **ret_reason) {
        struct slice related;
        struct time_value time;

        if (lex_time(content->value, &time)) {
                if (!time.is_utc)
                        return invalid(ret_reason, "is a time that is not UTC; write it as 20261123T080000Z");
                return add_time(scan, line, time);
        }

        if (line_parameter(content, "RELATED", &related)) {
                line->related_end = slice_equal(related, "END");
                if (!line->related_end && !slice_equal(related, "START"))
                        return invalid(ret_reason, "is RELATED to something other than START or END");
        }
        return read_duration(scan, content, line, ret_reason);
}

static int read_integer(struct scan *scan, const struct content_line *content, struct scan_line *line,
                        const char **ret_reason) {
        bool is_priority = line->property == PROPERTY_PRIORITY, is_repeat = line->property == PROPERTY_REPEAT;
        int64_t max = is_priority ? 9 : is_repeat ? LIMIT_ALARM_REPEAT : INT64_MAX;

        (void) scan;
        if (!lex_integer(content->value, 0, max, &line->number))
                return invalid(ret_reason, is_priority ? "is not a number from 0 to 9" :
                                           is_repeat   ? "is not a number from 0 to 100" :
                                                         "is not a whole number of zero or above");
        return 0;
}

static int read_offset(struct scan *scan, const struct content_line *content, struct scan_line *line,
                       const char **ret_reason) {
        int32_t sec;

        (void) scan;
        if (!lex_offset(content->value, &sec))
                return invalid(ret_reason, "is not an offset from UTC; write it as +0100");
        line->number = sec;
        return 0;
}

static int read_rule(struct scan *scan, const struct content_line *content, struct scan_line *line,
                     const char **ret_reason) {
        _cleanup_(rule_free_p) struct rule *rule = NULL;
        _cleanup_(free_p) char *text = NULL;
        int r;

        (void) scan;
        r = slice_copy(content->value, &text);
        if (r < 0)
                return r;

        r = rule_parse(text, &rule, ret_reason);
        if (r < 0)
                return r;
        if (r > 0)
                return VALUE_INVALID;
        if (rule_is_below_a_minute(rule))
                return invalid(ret_reason, "it is due more than once a minute; leave BYSECOND out");
        if (rule_is_beyond_a_life(rule))
                return invalid(ret_reason, "its INTERVAL is longer than a life; look whether it is a typing mistake");

        line->rule = TAKE(rule);
        return 0;
}

static int read_nothing(struct scan *scan, const struct content_line *content, struct scan_line *line,
                        const char **ret_reason) {
        (void) scan;
        (void) content;
        (void) line;
        (void) ret_reason;
        return 0;
}

int value_read(struct scan *scan, const struct content_line *content, struct scan_line *line, const char **ret_reason) {
        static int (*const readers[_FORM_MAX])(struct scan *, const struct content_line *, struct scan_line *,
                                               const char **) = {
                [FORM_TEXT] = read_nothing,      [FORM_TOKEN] = read_nothing,   [FORM_INTEGER] = read_integer,
                [FORM_TIME] = read_time,         [FORM_TIMES] = read_times,     [FORM_PERIODS] = read_times,
                [FORM_DURATION] = read_duration, [FORM_SPAN] = read_span,       [FORM_TRIGGER] = read_trigger,
                [FORM_OFFSET] = read_offset,     [FORM_RULE] = read_rule,
        };

        line->value = content->value;
        return readers[property_form(line->property)](scan, content, line, ret_reason);
}
