/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The components and properties of iCalendar that dosed uses, and the form of their values. All else is noise. */
#pragma once

#include <stdbool.h>

#include "calendar/line.h"

enum component {
        COMPONENT_OTHER, /* VJOURNAL, VFREEBUSY, whatever comes: left alone */
        COMPONENT_CALENDAR,
        COMPONENT_EVENT,
        COMPONENT_TODO,
        COMPONENT_ALARM,
        COMPONENT_TIMEZONE,
        COMPONENT_STANDARD,
        COMPONENT_DAYLIGHT,
        _COMPONENT_MAX,
};

enum property {
        PROPERTY_WR_TIMEZONE,
        PROPERTY_UID,
        PROPERTY_SUMMARY,
        PROPERTY_DESCRIPTION,
        PROPERTY_CATEGORIES,
        PROPERTY_CLASS,
        PROPERTY_STATUS,
        PROPERTY_PRIORITY,
        PROPERTY_SEQUENCE,
        PROPERTY_DTSTAMP,
        PROPERTY_DTSTART,
        PROPERTY_DTEND,
        PROPERTY_DUE,
        PROPERTY_DURATION,
        PROPERTY_RRULE,
        PROPERTY_EXRULE,
        PROPERTY_RDATE,
        PROPERTY_EXDATE,
        PROPERTY_RECURRENCE_ID,
        PROPERTY_ACTION,
        PROPERTY_TRIGGER,
        PROPERTY_REPEAT,
        PROPERTY_ATTENDEE,
        PROPERTY_PROXIMITY,
        PROPERTY_ACKNOWLEDGED,
        PROPERTY_ALARM_UID,
        PROPERTY_MOZ_LASTACK,
        PROPERTY_MOZ_SNOOZE_TIME,
        PROPERTY_TZID,
        PROPERTY_TZOFFSETFROM,
        PROPERTY_TZOFFSETTO,
        PROPERTY_DOSED_MEDICATION,
        PROPERTY_DOSED_AMOUNT,
        PROPERTY_DOSED_PURPOSE,
        PROPERTY_DOSED_IF_MISSED,
        PROPERTY_DOSED_HOLD,
        PROPERTY_DOSED_ACTION,
        PROPERTY_DOSED_WINDOW,
        PROPERTY_DOSED_EARLY,
        PROPERTY_DOSED_MIN_INTERVAL,
        PROPERTY_DOSED_AFTER_TAKEN,
        _PROPERTY_MAX,
};

enum value_form {
        FORM_TEXT, /* by libical: escapes */
        FORM_TOKEN,
        FORM_INTEGER,
        FORM_TIME,    /* DATE or DATE-TIME */
        FORM_TIMES,   /* several */
        FORM_PERIODS, /* several, or PERIODs */
        FORM_DURATION,
        FORM_SPAN,    /* a duration above zero, in exact time */
        FORM_TRIGGER, /* a duration, or a DATE-TIME in UTC */
        FORM_OFFSET,
        FORM_RULE,
        _FORM_MAX,
};

enum component component_from_name(struct slice name);
const char *component_to_string(enum component component);

/* The property of that name, where dosed uses it in that kind of component. */
bool property_from_name(struct slice name, enum component component, enum property *ret);
const char *property_to_string(enum property property);
enum value_form property_form(enum property property);

/* It may stand in a component more than once. */
bool property_repeats(enum property property);

/* Says nothing about when and how a medicine is taken: stamps of programs and their alarm bookkeeping. */
bool property_is_noise(struct slice name);

/* What a person who wrote this X-DOSED property should know; NULL where it is well known. */
const char *property_dosed_remark(struct slice name);
