/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One VEVENT or VTODO: the master of a schedule, or an override. */
#include <stddef.h>

#include "calendar/confidential.h"
#include "calendar/read.h"
#include "dosed/limits.h"
#include "dosed/text.h"

enum status {
        STATUS_OPEN, /* TENTATIVE, CONFIRMED, NEEDS-ACTION, IN-PROCESS, or nothing */
        STATUS_CANCELLED,
        STATUS_COMPLETED,
};

static enum status read_status(const struct reader *reader, size_t component) {
        const struct scan_line *line = scan_find(reader->scan, component, PROPERTY_STATUS);

        if (!line)
                return STATUS_OPEN;
        if (slice_equal(line->value, "CANCELLED"))
                return STATUS_CANCELLED;
        return slice_equal(line->value, "COMPLETED") ? STATUS_COMPLETED : STATUS_OPEN;
}

unsigned reader_line_of(const struct reader *reader, size_t component, enum property property) {
        const struct scan_line *line = scan_find(reader->scan, component, property);

        return line ? line->line : reader->scan->components[component].line;
}

int64_t read_sequence(const struct reader *reader, size_t component) {
        const struct scan_line *line = scan_find(reader->scan, component, PROPERTY_SEQUENCE);

        return line ? line->number : 0;
}

usec_t read_stamped(const struct reader *reader, size_t component) {
        const struct scan_line *line = scan_find(reader->scan, component, PROPERTY_DTSTAMP);

        return line ? reader->scan->times[line->first_time].wall_sec * USEC_PER_SEC : USEC_NONE;
}

static usec_t read_exact_span(const struct reader *reader, size_t component, enum property property) {
        const struct scan_line *line = scan_find(reader->scan, component, property);

        if (!line)
                return 0;
        return line->duration.days * USEC_PER_DAY + line->duration.sec * USEC_PER_SEC;
}

static int read_texts(struct reader *reader, size_t component, struct details *details) {
        static const struct {
                enum property property;
                bool keep_lines;
                size_t offset;
        } texts[] = {
                { PROPERTY_SUMMARY, false, offsetof(struct details, summary) },
                { PROPERTY_DESCRIPTION, true, offsetof(struct details, instructions) },
                { PROPERTY_DOSED_AMOUNT, false, offsetof(struct details, amount) },
                { PROPERTY_DOSED_PURPOSE, false, offsetof(struct details, purpose) },
                { PROPERTY_DOSED_IF_MISSED, true, offsetof(struct details, if_missed) },
        };
        int r;

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                char **target = (char **) ((char *) details + texts[i].offset);

                r = read_text(reader, component, texts[i].property, texts[i].keep_lines, target);
                if (r < 0)
                        return r;
        }

        if (details->amount && text_equal_caseless(details->amount, "ask")) {
                free(TAKE(details->amount));
                details->asks_amount = true;
        }
        return 0;
}

/* An override without SUMMARY speaks of the master's medicine. Without any, nobody could be told what to take. */
static int ensure_summary(struct reader *reader, size_t component, const char *inherited, struct details *details) {
        int r;

        if (details->summary)
                return 0;
        if (!inherited) {
                r = reader_error(reader, reader_line_of(reader, component, PROPERTY_SUMMARY),
                                 "The %s has no SUMMARY; write there what is to be taken",
                                 component_to_string(reader->scan->components[component].kind));
                if (r < 0)
                        return r;
        }
        return text_copy(inherited ?: "?", &details->summary);
}

static int read_details(struct reader *reader, size_t component, const struct stamp *start, const char *inherited,
                        struct details *details) {
        const struct scan_line *priority = scan_find(reader->scan, component, PROPERTY_PRIORITY);
        const struct scan_line *class = scan_find(reader->scan, component, PROPERTY_CLASS);
        int r;

        r = read_texts(reader, component, details);
        if (r < 0)
                return r;
        r = ensure_summary(reader, component, inherited, details);
        if (r < 0)
                return r;

        details->critical = priority && priority->number >= 1 && priority->number <= 4;
        details->confidential = class && class_is_confidential(class->value);
        details->window_usec = read_exact_span(reader, component, PROPERTY_DOSED_WINDOW);
        details->early_usec = read_exact_span(reader, component, PROPERTY_DOSED_EARLY);

        r = read_span(reader, component, start, details);
        if (r < 0)
                return r;
        return read_alarms(reader, component, details);
}

/* DTSTART; a VTODO's DUE where it has none. NULL: neither. */
static const struct scan_line *start_line(const struct reader *reader, size_t component) {
        return scan_find(reader->scan, component, PROPERTY_DTSTART) ?:
               scan_find(reader->scan, component, PROPERTY_DUE);
}

static int read_start(struct reader *reader, size_t component, struct schedule *schedule) {
        const struct scan_line *line = start_line(reader, component);
        bool is_todo = reader->scan->components[component].kind == COMPONENT_TODO;

        if (line)
                return read_stamp(reader, line, 0, &schedule->start);
        if (!is_todo)
                return reader_error(reader, reader->scan->components[component].line,
                                    "The VEVENT has no DTSTART; write there when the first dose is due");
        schedule->as_needed = true;
        return 0;
}

static int apply_status(struct reader *reader, size_t component, struct schedule *schedule) {
        bool is_todo = reader->scan->components[component].kind == COMPONENT_TODO;
        bool recurs = schedule->n_rules > 0 || schedule->n_extra_dates > 0;
        enum status status = read_status(reader, component);

        schedule->stopped = status == STATUS_CANCELLED || (status == STATUS_COMPLETED && is_todo && !recurs);
        if (status == STATUS_COMPLETED && !schedule->stopped)
                return reader_warning(reader, reader_line_of(reader, component, PROPERTY_STATUS),
                                      "STATUS:COMPLETED does not stop what recurs; write CANCELLED to stop it");
        return 0;
}

static int read_dosed_action(struct reader *reader, size_t component, bool *ret_removes) {
        const struct scan_line *line = scan_find(reader->scan, component, PROPERTY_DOSED_ACTION);

        *ret_removes = line && slice_equal(line->value, "remove");
        if (line && !*ret_removes && !slice_equal(line->value, "take"))
                return reader_error(reader, line->line, "X-DOSED-ACTION is neither take nor remove");
        return 0;
}

int read_identity(struct reader *reader, size_t component, struct schedule *schedule) {
        _cleanup_(free_p) char *key = NULL;
        int r;

        r = read_kind(reader, component, &schedule->kind);
        if (r < 0)
                return r;
        r = read_categories(reader, component, &schedule->categories);
        if (r < 0)
                return r;
        r = read_dosed_action(reader, component, &schedule->removes);
        if (r < 0)
                return r;
        r = read_text(reader, component, PROPERTY_DOSED_MEDICATION, false, &key);
        if (r < 0)
                return r;
        /* To take a patch off is no taking of it: intervals and spacing are counted apart. */
        return text_format(&schedule->medication, schedule->removes ? "%s (remove)" : "%s",
                           key ?: schedule->details.summary ?: "");
}

int read_master(struct reader *reader, size_t component, struct schedule *schedule) {
        int r;

        schedule->has_master = true;
        schedule->on_hold = scan_find(reader->scan, component, PROPERTY_DOSED_HOLD);
        schedule->min_interval_usec = read_exact_span(reader, component, PROPERTY_DOSED_MIN_INTERVAL);
        schedule->after_taken_usec = read_exact_span(reader, component, PROPERTY_DOSED_AFTER_TAKEN);

        r = read_start(reader, component, schedule);
        if (r < 0)
                return r;
        r = read_details(reader, component, &schedule->start, NULL, &schedule->details);
        if (r < 0)
                return r;
        r = read_identity(reader, component, schedule);
        if (r < 0)
                return r;
        r = read_recurrence(reader, component, schedule);
        if (r < 0)
                return r;
        return apply_status(reader, component, schedule);
}

/*
 * As an EXDATE in UTC, it may mean the day of UTC or that of its writer. The day stays due as it is: a wrong one taken away would
 * be lost, and what is moved from a wrong one would be due beside the right one.
 */
static bool names_no_day(const struct reader *reader, const struct scan_line *id, const struct schedule *schedule) {
        return schedule->has_master && schedule->start.is_date && reader->scan->times[id->first_time].is_utc;
}

int read_override(struct reader *reader, size_t component, struct schedule *schedule) {
        const struct scan_line *id = scan_find(reader->scan, component, PROPERTY_RECURRENCE_ID);
        const struct scan_line *start = start_line(reader, component);
        enum status status = read_status(reader, component);
        struct override *overrides, *override;
        int r;

        if (names_no_day(reader, id, schedule))
                return reader_warning(reader, id->line, "RECURRENCE-ID in UTC names no day without a time, so that this one "
                                      "does not count and the days stay due as they are; write the day, like "
                                      "RECURRENCE-ID;VALUE=DATE:20261231");
        if (schedule->n_overrides == LIMIT_SCHEDULE_OVERRIDES)
                return reader_error(reader, id->line, "There are more than %u overrides of one schedule; change its "
                                    "rule", LIMIT_SCHEDULE_OVERRIDES);
        if (id->this_and_future && ++reader->n_stretches > LIMIT_FILE_STRETCHES)
                return reader_error(reader, id->line, "There are more than %u overrides with RANGE=THISANDFUTURE; change "
                                    "the rule", LIMIT_FILE_STRETCHES);
        overrides = reallocarray(schedule->overrides, schedule->n_overrides + 1, sizeof(*overrides));
        if (!overrides)
                return -ENOMEM;
        schedule->overrides = overrides;
        override = &overrides[schedule->n_overrides++];
        *override = (struct override){
                .sequence = read_sequence(reader, component),
                .stamped_usec = read_stamped(reader, component),
                .this_and_future = id->this_and_future,
                .cancelled = status == STATUS_CANCELLED,
                .line = id->line,
        };

        r = read_stamp(reader, id, 0, &override->recurrence_id);
        if (r < 0)
                return r;
        r = read_stamp(reader, start ?: id, 0, &override->start);
        if (r < 0)
                return r;
        if (status == STATUS_COMPLETED) {
                r = reader_warning(reader, reader_line_of(reader, component, PROPERTY_STATUS), "STATUS:COMPLETED of one dose "
                                   "does not record it as taken; record it with dosed");
                if (r < 0)
                        return r;
        }
        return read_details(reader, component, &override->start, schedule->details.summary, &override->details);
}
