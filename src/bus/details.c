/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dose as D-Bus sees it: one table for the details of lists and signals and for the properties of the object. */
#include <string.h>

#include "bus/private.h"
#include "dosed/limits.h"
#include "dosed/window.h"

/* Holds an id: person, UID and recurrence id with their slashes. */
#define SCRATCH_SIZE (LIMIT_PERSON_BYTES + LIMIT_UID_BYTES + CIVIL_TEXT_SIZE + 3)

static const char *text_id(const struct dose_view *view, char *scratch) {
        const struct dose *dose = view->dose;

        (void) snprintf(scratch, SCRATCH_SIZE, "%s/%s/%s", dose->person, dose->uid, dose->recurrence_id);
        return scratch;
}

static const char *format_local(const struct dose_view *view, usec_t at_usec, char *scratch) {
        struct civil c = civil_from_wall(zone_to_wall(view->clock->zone, at_usec));

        (void) snprintf(scratch, SCRATCH_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d", c.year, c.month, c.day, c.hour,
                        c.minute, c.second);
        return scratch;
}

static const char *text_local(const struct dose_view *view, char *scratch) {
        return format_local(view, view->dose->due_usec, scratch);
}

static const char *text_reminded_local(const struct dose_view *view, char *scratch) {
        return view->dose->reminded_usec == USEC_NONE ? NULL : format_local(view, view->dose->reminded_usec, scratch);
}

static const char *text_grade(const struct dose_view *view, char *scratch) {
        (void) scratch;
        return view->dose->state == DOSE_TAKEN
                       ? dose_grade_to_string(dose_grade(view->dose, view->dose->recorded.taken_usec))
                       : NULL;
}

#define TEXT(name, expression)                                                        \
        static const char *text_##name(const struct dose_view *view, char *scratch) { \
                (void) scratch;                                                       \
                return expression;                                                    \
        }
#define TIME(name, expression)                                    \
        static usec_t time_##name(const struct dose_view *view) { \
                return expression;                                \
        }
#define FLAG(name, expression)                                  \
        static bool flag_##name(const struct dose_view *view) { \
                return expression;                              \
        }

TEXT(person, view->dose->person)
TEXT(medication, view->dose->title)
TEXT(key, view->dose->medication)
TEXT(amount, view->dose->amount)
TEXT(instructions, view->dose->instructions)
TEXT(purpose, view->dose->purpose)
TEXT(if_missed, view->dose->if_missed)
TEXT(state, dose_state_to_string(view->dose->state))
TEXT(recorded_by, view->dose->recorded.recorded_by)
TEXT(given_by, view->dose->recorded.given_by)
TEXT(taken_amount, view->dose->recorded.amount)
TEXT(measurement, view->dose->recorded.measurement)
TEXT(note, view->dose->recorded.note)
TEXT(timezone, zone_name(view->clock->zone))
TIME(due, view->dose->due_usec)
TIME(window_end, view->dose->window_end_usec)
TIME(snoozed_until, view->dose->snoozed_until_usec)
TIME(taken_at, view->dose->recorded.taken_usec)
TIME(recorded_at, view->dose->recorded.recorded_usec)
TIME(taken_before, view->taken_before_usec)
TIME(reminded_at, view->dose->reminded_usec)
TIME(group, view->group_usec)
FLAG(critical, view->dose->critical)
FLAG(asks_amount, view->dose->asks_amount)
FLAG(confidential, view->is_private)
FLAG(stands_alone, view->dose->stands_alone)
FLAG(recorded_later, view->dose->recorded.later)
FLAG(takeable, view->takeable)
FLAG(check_first, view->taken_before_usec != USEC_NONE || view->record_lost)
FLAG(record_lost, view->record_lost)

/* Exactly one of the getters is set. A property of that name exists where one is given. */
static const struct {
        const char *key, *property;
        const char *(*text)(const struct dose_view *view, char *scratch);
        usec_t (*time)(const struct dose_view *view);
        bool (*flag)(const struct dose_view *view);
} fields[] = {
        { "id", "Id", .text = text_id },
        { "person", "Person", .text = text_person },
        { "medication", "Medication", .text = text_medication },
        { "key", NULL, .text = text_key },
        { "amount", "Amount", .text = text_amount },
        { "instructions", "Instructions", .text = text_instructions },
        { "purpose", "Purpose", .text = text_purpose },
        { "if-missed", NULL, .text = text_if_missed },
        { "due", "Due", .time = time_due },
        { "window-end", "WindowEnd", .time = time_window_end },
        { "local", NULL, .text = text_local },
        { "timezone", NULL, .text = text_timezone },
        { "state", "State", .text = text_state },
        { "critical", "Critical", .flag = flag_critical },
        { "confidential", NULL, .flag = flag_confidential },
        { "asks-amount", NULL, .flag = flag_asks_amount },
        { "stands-alone", NULL, .flag = flag_stands_alone },
        { "group", NULL, .time = time_group },
        { "reminded-at", NULL, .time = time_reminded_at },
        { "reminded-local", NULL, .text = text_reminded_local },
        { "takeable", NULL, .flag = flag_takeable },
        { "check-first", NULL, .flag = flag_check_first },
        { "taken-before", NULL, .time = time_taken_before },
        { "record-lost", NULL, .flag = flag_record_lost },
        { "snoozed-until", "SnoozedUntil", .time = time_snoozed_until },
        { "taken-at", "TakenAt", .time = time_taken_at },
        { "recorded-at", NULL, .time = time_recorded_at },
        { "recorded-by", "RecordedBy", .text = text_recorded_by },
        { "recorded-later", NULL, .flag = flag_recorded_later },
        { "given-by", NULL, .text = text_given_by },
        { "grade", NULL, .text = text_grade },
        { "taken-amount", NULL, .text = text_taken_amount },
        { "measurement", NULL, .text = text_measurement },
        { "note", NULL, .text = text_note },
};

int variant_append_text(sd_bus_message *message, const char *key, const char *text) {
        if (!text || *text == '\0')
                return 0;
        return sd_bus_message_append(message, "{sv}", key, "s", text);
}

static uint64_t time_to_bus(usec_t usec) {
        return usec == USEC_NEVER || usec < 0 ? 0 : (uint64_t) usec;
}

int variant_append_time(sd_bus_message *message, const char *key, usec_t usec) {
        if (time_to_bus(usec) == 0)
                return 0;
        return sd_bus_message_append(message, "{sv}", key, "t", time_to_bus(usec));
}

int variant_append_flag(sd_bus_message *message, const char *key, bool flag) {
        if (!flag)
                return 0;
        return sd_bus_message_append(message, "{sv}", key, "b", 1);
}

int details_append(sd_bus_message *message, const struct dose_view *view) {
        char scratch[SCRATCH_SIZE];
        int r;

        r = sd_bus_message_open_container(message, 'a', "{sv}");
        for (size_t i = 0; r >= 0 && i < ELEMENTS(fields); i++)
                if (fields[i].text)
                        r = variant_append_text(message, fields[i].key, fields[i].text(view, scratch));
                else if (fields[i].time)
                        r = variant_append_time(message, fields[i].key, fields[i].time(view));
                else
                        r = variant_append_flag(message, fields[i].key, fields[i].flag(view));
        if (r >= 0 && view->dose->reminders > 0)
                r = sd_bus_message_append(message, "{sv}", "reminders", "u", (uint32_t) view->dose->reminders);
        if (r >= 0)
                r = sd_bus_message_close_container(message);
        return r;
}

size_t details_size(const struct dose_view *view) {
        size_t bytes = (ELEMENTS(fields) + 1) * LISTING_OVERHEAD;
        char scratch[SCRATCH_SIZE];

        for (size_t i = 0; i < ELEMENTS(fields); i++) {
                const char *text = fields[i].text ? fields[i].text(view, scratch) : NULL;

                bytes += text ? strlen(text) : 0;
        }
        return bytes;
}

int details_append_property(sd_bus_message *message, const struct dose_view *view, const char *property) {
        char scratch[SCRATCH_SIZE];

        for (size_t i = 0; i < ELEMENTS(fields); i++) {
                if (!fields[i].property || strcmp(fields[i].property, property) != 0)
                        continue;
                if (fields[i].text) {
                        const char *text = fields[i].text(view, scratch);
                        return sd_bus_message_append(message, "s", text ? text : "");
                }
                if (fields[i].time)
                        return sd_bus_message_append(message, "t", time_to_bus(fields[i].time(view)));
                return sd_bus_message_append(message, "b", fields[i].flag(view));
        }
        return -ENOENT;
}
