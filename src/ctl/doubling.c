/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what is to be added is in the plan already. */
#include "ctl/doubling.h"

#include <string.h>

#include "ctl/listing.h"
#include "ctl/when.h"
#include "dosed/text.h"

/* In a month every day of the week comes, and every day of a month. */
#define LOOK_AHEAD (31 * USEC_PER_DAY)

/* When the first of it is due at the latest, on the clock of this machine; USEC_NEVER where none is. */
static int find_first(const struct request *request, const struct calendar *calendar, usec_t *ret_usec) {
        const struct wall_clock clock = { .zone = request->zone, .all_day_sec = SEC_PER_DAY - 1 };
        usec_t first_usec = USEC_NEVER;

        for (size_t i = 0; i < calendar->n_schedules; i++) {
                struct occurrence occurrence;
                int r;

                r = schedule_next(calendar->schedules[i], &clock, request->now_usec, &occurrence);
                if (r < 0)
                        return r;
                if (r == 0 && occurrence.due_usec < first_usec)
                        first_usec = occurrence.due_usec;
        }
        *ret_usec = first_usec;
        return 0;
}

/* Returns 1 where they are the same, 0 or a negative errno. */
static int is_same_medication(const struct schedule *schedule, const struct listed_dose *dose) {
        _cleanup_(free_p) char *key = NULL, *name = NULL;
        int r;

        r = text_clean(schedule->medication, &key);
        if (r >= 0)
                r = text_clean(schedule->details.summary ?: "", &name);
        if (r < 0)
                return r;
        return text_equal_caseless(key, dose->key) || text_equal_caseless(name, dose->medication);
}

/* Its id ends with a date. */
static bool is_of_a_day(const struct listed_dose *dose) {
        const char *slash = strrchr(dose->id, '/');
        bool is_date, is_utc;
        int64_t wall_sec;

        return slash && civil_parse(slash + 1, strlen(slash + 1), &wall_sec, &is_date, &is_utc) == 0 && is_date;
}

static int32_t time_of_day(const struct request *request, const struct listed_dose *dose) {
        return (int32_t) (listed_dose_wall(dose, request, dose->due_usec) % SEC_PER_DAY);
}

/* dosed.conf says when a day without a time is due, and the last one that is listed shows it: near ones are moved by hand. */
static int32_t find_all_day_sec(const struct request *request, const char *person, const struct listed_doses *doses) {
        int32_t all_day_sec = ALL_DAY_SEC;

        for (size_t i = 0; i < doses->n_items; i++)
                if (text_equal(doses->items[i].person, person) && is_of_a_day(&doses->items[i]))
                        all_day_sec = time_of_day(request, &doses->items[i]);
        return all_day_sec;
}

/* Returns 1 where the schedule is due in the same minute, 0 or a negative errno. */
static int is_due_with(const struct request *request, const struct schedule *schedule, int32_t all_day_sec,
                       const struct listed_dose *dose) {
        struct wall_clock clock = {
                .zone = request->zone,
                .all_day_sec = is_of_a_day(dose) ? time_of_day(request, dose) : all_day_sec,
        };
        usec_t minute_usec = dose->due_usec - dose->due_usec % USEC_PER_MINUTE;
        struct occurrence occurrence;
        int r;

        if (dose->timezone && zones_get(request->zones, dose->timezone, &clock.zone) != 0)
                clock.zone = request->zone;
        r = schedule_next(schedule, &clock, minute_usec, &occurrence);
        return r < 0 ? r : r == 0 && occurrence.due_usec < minute_usec + USEC_PER_MINUTE;
}

static int is_doubled(const struct request *request, const struct calendar *calendar, int32_t all_day_sec,
                      const struct listed_dose *dose) {
        for (size_t i = 0; i < calendar->n_schedules; i++) {
                const struct schedule *schedule = calendar->schedules[i];
                int r;

                r = is_same_medication(schedule, dose);
                if (r > 0)
                        r = is_due_with(request, schedule, all_day_sec, dose);
                if (r != 0)
                        return r;
        }
        return 0;
}

static int refuse(const struct request *request, const struct listed_dose *dose) {
        int64_t due_wall_sec = listed_dose_wall(dose, request, dose->due_usec);
        char day[WHEN_TEXT_SIZE], time[WHEN_TEXT_SIZE];

        complain("%s has %s at %s already (%s): dosectl edit \"%s\" changes it, and --force adds it all the same",
                 dose->person, dose->medication, wall_format_time(time, due_wall_sec),
                 wall_format_day(day, due_wall_sec, listed_dose_wall(dose, request, request->now_usec)),
                 dose->medication);
        return REQUEST_REFUSED;
}

int doubling_refuse(sd_bus *bus, const struct request *request, const char *person, const struct calendar *calendar) {
        _cleanup_(listed_doses_done) struct listed_doses doses = {};
        usec_t first_usec, from_usec;
        int32_t all_day_sec;
        int r;

        if (request_has(request, OPTION_FORCE))
                return 0;
        r = find_first(request, calendar, &first_usec);
        if (r < 0 || first_usec == USEC_NEVER)
                return r;
        /* The person's clock, and when a day is due, are known only by the doses that are listed. */
        from_usec = first_usec - CLOCKS_APART - USEC_PER_DAY;
        if (from_usec < request->now_usec)
                from_usec = request->now_usec;
        r = listed_doses_get(bus, request, from_usec, first_usec + LOOK_AHEAD, &doses);
        all_day_sec = find_all_day_sec(request, person, &doses);

        for (size_t i = 0; r == 0 && i < doses.n_items; i++) {
                const struct listed_dose *dose = &doses.items[i];

                if (dose->state != DOSE_UPCOMING || !text_equal(dose->person, person))
                        continue;
                r = is_doubled(request, calendar, all_day_sec, dose);
                if (r > 0)
                        r = refuse(request, dose);
        }
        return r;
}
