/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The components and properties of iCalendar that dosed uses. */
#include "calendar/property.h"
#include "dosed/error.h"

static const char *const component_names[_COMPONENT_MAX] = {
        [COMPONENT_OTHER] = "component",
        [COMPONENT_CALENDAR] = "VCALENDAR",
        [COMPONENT_EVENT] = "VEVENT",
        [COMPONENT_TODO] = "VTODO",
        [COMPONENT_ALARM] = "VALARM",
        [COMPONENT_TIMEZONE] = "VTIMEZONE",
        [COMPONENT_STANDARD] = "STANDARD",
        [COMPONENT_DAYLIGHT] = "DAYLIGHT",
};

#define ENTRY (1u << COMPONENT_EVENT | 1u << COMPONENT_TODO)
#define TODO (1u << COMPONENT_TODO)
#define EVENT (1u << COMPONENT_EVENT)
#define CALENDAR (1u << COMPONENT_CALENDAR)
#define ALARM (1u << COMPONENT_ALARM)
#define ZONE (1u << COMPONENT_TIMEZONE)
#define OBSERVANCE (1u << COMPONENT_STANDARD | 1u << COMPONENT_DAYLIGHT)

static const struct {
        const char *name;
        enum value_form form;
        unsigned components;
        bool repeats;
} properties[_PROPERTY_MAX] = {
        [PROPERTY_WR_TIMEZONE] = { "X-WR-TIMEZONE", FORM_TOKEN, CALENDAR, false },
        [PROPERTY_UID] = { "UID", FORM_TEXT, ENTRY, false },
        [PROPERTY_SUMMARY] = { "SUMMARY", FORM_TEXT, ENTRY, false },
        [PROPERTY_DESCRIPTION] = { "DESCRIPTION", FORM_TEXT, ENTRY, false },
        [PROPERTY_CATEGORIES] = { "CATEGORIES", FORM_TEXT, ENTRY, true },
        [PROPERTY_CLASS] = { "CLASS", FORM_TOKEN, ENTRY, false },
        [PROPERTY_STATUS] = { "STATUS", FORM_TOKEN, ENTRY, false },
        [PROPERTY_PRIORITY] = { "PRIORITY", FORM_INTEGER, ENTRY, false },
        [PROPERTY_SEQUENCE] = { "SEQUENCE", FORM_INTEGER, ENTRY, false },
        [PROPERTY_DTSTAMP] = { "DTSTAMP", FORM_TIME, ENTRY, false },
        [PROPERTY_DTSTART] = { "DTSTART", FORM_TIME, ENTRY | OBSERVANCE, false },
        [PROPERTY_DTEND] = { "DTEND", FORM_TIME, EVENT, false },
        [PROPERTY_DUE] = { "DUE", FORM_TIME, TODO, false },
        [PROPERTY_DURATION] = { "DURATION", FORM_DURATION, ENTRY | ALARM, false },
        [PROPERTY_RRULE] = { "RRULE", FORM_RULE, ENTRY | OBSERVANCE, true },
        [PROPERTY_EXRULE] = { "EXRULE", FORM_RULE, ENTRY, true },
        [PROPERTY_RDATE] = { "RDATE", FORM_PERIODS, ENTRY | OBSERVANCE, true },
        [PROPERTY_EXDATE] = { "EXDATE", FORM_TIMES, ENTRY, true },
        [PROPERTY_RECURRENCE_ID] = { "RECURRENCE-ID", FORM_TIME, ENTRY, false },
        [PROPERTY_ACTION] = { "ACTION", FORM_TOKEN, ALARM, false },
        [PROPERTY_TRIGGER] = { "TRIGGER", FORM_TRIGGER, ALARM, false },
        [PROPERTY_REPEAT] = { "REPEAT", FORM_INTEGER, ALARM, false },
        [PROPERTY_ATTENDEE] = { "ATTENDEE", FORM_TOKEN, ALARM, true },
        [PROPERTY_PROXIMITY] = { "PROXIMITY", FORM_TOKEN, ALARM, false },
        [PROPERTY_ACKNOWLEDGED] = { "ACKNOWLEDGED", FORM_TOKEN, ALARM, true },
        [PROPERTY_ALARM_UID] = { "UID", FORM_TOKEN, ALARM, true },
        [PROPERTY_MOZ_LASTACK] = { "X-MOZ-LASTACK", FORM_TOKEN, ENTRY, true },
        [PROPERTY_MOZ_SNOOZE_TIME] = { "X-MOZ-SNOOZE-TIME", FORM_TOKEN, ENTRY, true },
        [PROPERTY_TZID] = { "TZID", FORM_TOKEN, ZONE, false },
        [PROPERTY_TZOFFSETFROM] = { "TZOFFSETFROM", FORM_OFFSET, OBSERVANCE, false },
        [PROPERTY_TZOFFSETTO] = { "TZOFFSETTO", FORM_OFFSET, OBSERVANCE, false },
        [PROPERTY_DOSED_MEDICATION] = { "X-DOSED-MEDICATION", FORM_TEXT, ENTRY, false },
        [PROPERTY_DOSED_AMOUNT] = { "X-DOSED-AMOUNT", FORM_TEXT, ENTRY, false },
        [PROPERTY_DOSED_PURPOSE] = { "X-DOSED-PURPOSE", FORM_TEXT, ENTRY, false },
        [PROPERTY_DOSED_IF_MISSED] = { "X-DOSED-IF-MISSED", FORM_TEXT, ENTRY, false },
        [PROPERTY_DOSED_HOLD] = { "X-DOSED-HOLD", FORM_TOKEN, ENTRY, false },
        [PROPERTY_DOSED_ACTION] = { "X-DOSED-ACTION", FORM_TOKEN, ENTRY, false },
        [PROPERTY_DOSED_WINDOW] = { "X-DOSED-WINDOW", FORM_SPAN, ENTRY, false },
        [PROPERTY_DOSED_EARLY] = { "X-DOSED-EARLY", FORM_SPAN, ENTRY, false },
        [PROPERTY_DOSED_MIN_INTERVAL] = { "X-DOSED-MIN-INTERVAL", FORM_SPAN, ENTRY, false },
        [PROPERTY_DOSED_AFTER_TAKEN] = { "X-DOSED-AFTER-TAKEN", FORM_SPAN, ENTRY, false },
};

enum component component_from_name(struct slice name) {
        for (enum component c = COMPONENT_CALENDAR; c < _COMPONENT_MAX; c++)
                if (slice_equal(name, component_names[c]))
                        return c;
        return COMPONENT_OTHER;
}

const char *component_to_string(enum component component) {
        return component_names[component];
}

bool property_from_name(struct slice name, enum component component, enum property *ret) {
        for (enum property p = 0; p < _PROPERTY_MAX; p++)
                if ((properties[p].components & 1u << component) && slice_equal(name, properties[p].name)) {
                        *ret = p;
                        return true;
                }

        /* Of one dose of several: the time of its start follows. */
        if ((properties[PROPERTY_MOZ_SNOOZE_TIME].components & 1u << component) &&
            slice_starts(name, "X-MOZ-SNOOZE-TIME-")) {
                *ret = PROPERTY_MOZ_SNOOZE_TIME;
                return true;
        }
        return false;
}

const char *property_to_string(enum property property) {
        return properties[property].name;
}

enum value_form property_form(enum property property) {
        return properties[property].form;
}

bool property_repeats(enum property property) {
        return properties[property].repeats;
}

bool property_is_noise(struct slice name) {
        static const char *const names[] = { "DTSTAMP", "CREATED", "LAST-MODIFIED", "ACKNOWLEDGED" };

        for (size_t i = 0; i < ELEMENTS(names); i++)
                if (slice_equal(name, names[i]))
                        return true;
        return slice_starts(name, "X-MOZ-");
}

#define NOT_YET "is kept, but this version does not act on it: do not rely on it"

const char *property_dosed_remark(struct slice name) {
        static const struct {
                const char *name, *remark;
        } others[] = {
                { "X-DOSED-MAX-PER-DAY", NOT_YET }, { "X-DOSED-INGREDIENT", NULL },
                { "X-DOSED-GOAL", NULL },           { "X-DOSED-WATCH-FOR", NULL },      { "X-DOSED-FOOD", NULL },
                { "X-DOSED-ROUTE", NULL },          { "X-DOSED-SITE", NULL },           { "X-DOSED-PRESCRIBER", NULL },
                { "X-DOSED-REFILLS", NULL },
        };
        enum property property;

        if (property_from_name(name, COMPONENT_EVENT, &property))
                return NULL;
        for (size_t i = 0; i < ELEMENTS(others); i++)
                if (slice_equal(name, others[i].name))
                        return others[i].remark;
        return "is not a property that dosed knows; look for a typing mistake";
}
