/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Writes a new schedule as iCalendar. */
#include <libical/ical.h>
#include <string.h>

#include "dosed/calendar.h"
#include "dosed/limits.h"
#include "dosed/text.h"

static void component_free_p(icalcomponent **component) {
        if (*component)
                icalcomponent_free(*component);
}

static void property_free_p(icalproperty **property) {
        if (*property)
                icalproperty_free(*property);
}

/* Takes the property over, also where it fails. */
static int add(icalcomponent *component, icalproperty *property) {
        if (!property)
                return -ENOMEM;
        icalcomponent_add_property(component, property);
        return 0;
}

static int add_x(icalcomponent *component, const char *name, const char *text) {
        _cleanup_(property_free_p) icalproperty *property = NULL;

        if (!text)
                return 0;
        property = icalproperty_new_x(text);
        if (!property)
                return -ENOMEM;
        icalproperty_set_x_name(property, name);
        return add(component, TAKE(property));
}

static struct icaltimetype to_icaltime(int64_t wall_sec, bool is_utc) {
        struct civil civil = civil_from_wall(wall_sec);
        struct icaltimetype time = icaltime_null_time();

        time.year = civil.year;
        time.month = civil.month;
        time.day = civil.day;
        time.hour = civil.hour;
        time.minute = civil.minute;
        time.second = civil.second;
        if (is_utc)
                time.zone = icaltimezone_get_utc_timezone();
        return time;
}

/* Two times that one rule can give: BYHOUR goes with every BYMINUTE. */
static bool same_within_hour(int32_t a_sec, int32_t b_sec) {
        return a_sec % 3600 == b_sec % 3600;
}

static bool is_wanted_day(const struct calendar_draft *draft, int32_t day) {
        return draft->weekdays == 0 || (draft->weekdays & 1u << day_weekday(day));
}

/* The first and last day that are wanted; false where there is none. */
static bool find_days(const struct calendar_draft *draft, int32_t *ret_first, int32_t *ret_last) {
        int32_t first = wall_day(draft->first_day_wall_sec), last = first + (int32_t) draft->count_days - 1;

        for (int i = 0; i < _WEEKDAY_MAX && !is_wanted_day(draft, first); i++)
                first++;
        if (draft->count_days > 0) {
                while (last >= first && !is_wanted_day(draft, last))
                        last--;
                if (last < first)
                        return false;
        }

        *ret_first = first;
        *ret_last = last;
        return true;
}

static int compose_rule(const struct calendar_draft *draft, size_t first_time, int32_t last_day, char **ret) {
        int32_t first_sec = draft->times_sec[first_time], last_sec = first_sec;
        char day_list[_WEEKDAY_MAX * 3 + 1] = "", hour_list[24 * 3 + 1] = "", until[CIVIL_TEXT_SIZE];
        size_t n_days = 0, n_hours = 0;

        for (enum weekday day = 0; day < _WEEKDAY_MAX; day++)
                if (draft->weekdays & 1u << day)
                        (void) sprintf(day_list + strlen(day_list), "%s%s", n_days++ ? "," : "",
                                       weekday_to_string(day));
        for (size_t i = first_time; i < draft->n_times; i++)
                if (same_within_hour(draft->times_sec[i], first_sec)) {
                        (void) sprintf(hour_list + strlen(hour_list), "%s%d", n_hours++ ? "," : "",
                                       (int) (draft->times_sec[i] / 3600));
                        last_sec = draft->times_sec[i];
                }

        /* UNTIL takes the form of DTSTART, which is floating (RFC 5545 3.3.10). */
        (void) civil_format(until, (int64_t) last_day * SEC_PER_DAY + last_sec, false, false);
        return text_format(ret, "FREQ=%s%s%s%s%s%s%s", day_list[0] ? "WEEKLY" : "DAILY",
                           draft->count_days > 0 ? ";UNTIL=" : "", draft->count_days > 0 ? until : "",
                           day_list[0] ? ";BYDAY=" : "", day_list, n_hours > 1 ? ";BYHOUR=" : "",
                           n_hours > 1 ? hour_list : "");
}

static int add_texts(icalcomponent *event, const struct calendar_draft *draft) {
        int r;

        r = add(event, icalproperty_new_summary(draft->summary));
        if (r >= 0 && draft->instructions)
                r = add(event, icalproperty_new_description(draft->instructions));
        if (r >= 0)
                r = add(event, icalproperty_new_categories(kind_to_string(draft->kind)));
        if (r >= 0 && draft->critical)
                r = add(event, icalproperty_new_priority(1));
        if (r >= 0)
                r = add_x(event, "X-DOSED-AMOUNT", draft->amount);
        if (r >= 0)
                r = add_x(event, "X-DOSED-PURPOSE", draft->purpose);
        return r;
}

/* One VEVENT for the times that one rule can give. Those after the first get a UID with a number. */
static int compose_event(const struct calendar_draft *draft, size_t first_time, unsigned number, icalcomponent **ret) {
        _cleanup_(component_free_p) icalcomponent *event = NULL;
        _cleanup_(free_p) char *uid = NULL, *rule = NULL;
        int32_t first_day, last_day;
        int r;

        if (!find_days(draft, &first_day, &last_day))
                return -EINVAL;
        r = number > 1 ? text_format(&uid, "%s-%u", draft->uid, number) : text_copy(draft->uid, &uid);
        if (r < 0)
                return r;
        if (strlen(uid) > LIMIT_UID_BYTES)
                return -EINVAL;
        r = compose_rule(draft, first_time, last_day, &rule);
        if (r < 0)
                return r;

        event = icalcomponent_new(ICAL_VEVENT_COMPONENT);
        if (!event)
                return -ENOMEM;
        r = add(event, icalproperty_new_uid(uid));
        if (r >= 0)
                r = add(event, icalproperty_new_dtstamp(to_icaltime(draft->stamped_usec / USEC_PER_SEC, true)));
        if (r >= 0)
                r = add(event, icalproperty_new_dtstart(to_icaltime((int64_t) first_day * SEC_PER_DAY +
                                                                    draft->times_sec[first_time], false)));
        if (r >= 0)
                r = add(event, icalproperty_new_rrule(icalrecurrencetype_from_string(rule)));
        if (r >= 0)
                r = add_texts(event, draft);
        if (r >= 0)
                r = add_x(event, "X-DOSED-MEDICATION", draft->summary);
        if (r < 0)
                return r;

        *ret = TAKE(event);
        return 0;
}

/* Ascending times of one day, and what a plan file must have. */
static bool draft_is_valid(const struct calendar_draft *draft) {
        if (!draft->uid || !draft->uid[0] || !draft->summary || !draft->summary[0] || draft->n_times == 0)
                return false;
        if (draft->count_days > LIMIT_RULE_COUNT || draft->weekdays >= 1u << _WEEKDAY_MAX)
                return false;
        for (size_t i = 0; i < draft->n_times; i++)
                if (draft->times_sec[i] < 0 || draft->times_sec[i] >= SEC_PER_DAY ||
                    (i > 0 && draft->times_sec[i] <= draft->times_sec[i - 1]))
                        return false;
        return true;
}

static bool is_first_of_its_group(const struct calendar_draft *draft, size_t i) {
        for (size_t j = 0; j < i; j++)
                if (same_within_hour(draft->times_sec[j], draft->times_sec[i]))
                        return false;
        return true;
}

int calendar_compose(const struct calendar_draft *draft, char **ret_text) {
        _cleanup_(component_free_p) icalcomponent *calendar = NULL;
        unsigned number = 0;
        char *text;
        int r;

        if (!draft_is_valid(draft))
                return -EINVAL;

        calendar = icalcomponent_new(ICAL_VCALENDAR_COMPONENT);
        if (!calendar)
                return -ENOMEM;
        r = add(calendar, icalproperty_new_version("2.0"));
        if (r >= 0)
                r = add(calendar, icalproperty_new_prodid("-//dosed//dosed " DOSED_VERSION "//EN"));
        if (r < 0)
                return r;

        for (size_t i = 0; i < draft->n_times; i++) {
                icalcomponent *event;

                if (!is_first_of_its_group(draft, i))
                        continue;
                r = compose_event(draft, i, ++number, &event);
                if (r < 0)
                        return r;
                icalcomponent_add_component(calendar, event);
        }

        text = icalcomponent_as_ical_string_r(calendar);
        if (!text)
                return -ENOMEM;
        *ret_text = text;
        return 0;
}
