/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alarms that nobody hears. */
#include "ctl/unheard.h"

#include "ctl/forecast.h"
#include "ctl/when.h"
#include "dosed/limits.h"

/* What comes once a year comes in it; those of a medicine that is taken every half hour, in three weeks. */
#define LOOK_AHEAD (400 * USEC_PER_DAY)
#define LOOK_DOSES 1000

/* A file, with the lines of which is told already. */
struct hearing {
        const struct request *request;
        const char *name;
        struct problems *problems;
        unsigned told[LIMIT_FILE_PROBLEMS];
        size_t n_told;
};

static bool details_ring_late(const struct details *details) {
        for (size_t i = 0; i < details->n_alarms; i++)
                if (details->alarms[i].anchor != ALARM_START || duration_is_positive(details->alarms[i].offset))
                        return true;
        return false;
}

/* Most files have none that could. */
static bool calendar_rings_late(const struct calendar *calendar) {
        for (size_t i = 0; i < calendar->n_schedules; i++) {
                const struct schedule *schedule = calendar->schedules[i];

                if (details_ring_late(&schedule->details))
                        return true;
                for (size_t k = 0; k < schedule->n_overrides; k++)
                        if (details_ring_late(&schedule->overrides[k].details))
                                return true;
        }
        return false;
}

static bool is_told(const struct hearing *hearing, unsigned line) {
        for (size_t i = 0; i < hearing->n_told; i++)
                if (hearing->told[i] == line)
                        return true;
        return false;
}

static int tell(struct hearing *hearing, const struct forecast_dose *dose, unsigned line) {
        int64_t now_wall_sec = zone_to_wall(dose->zone, hearing->request->now_usec);
        char day[WHEN_TEXT_SIZE], time[WHEN_TEXT_SIZE], end[WHEN_TEXT_SIZE];

        hearing->told[hearing->n_told++] = line;
        return problems_add(hearing->problems, hearing->name, line, SEVERITY_WARNING,
                            "The alarm comes after the window of its dose and does not ring: that of %s at %s ends at %s; "
                            "write an earlier one, or a longer X-DOSED-WINDOW, which never goes past the next dose",
                            wall_format_day(day, dose->wall_sec, now_wall_sec), wall_format_time(time, dose->wall_sec),
                            wall_format_day_time(end, zone_to_wall(dose->zone, dose->window_end_usec), dose->wall_sec));
}

static int look_at(struct hearing *hearing, const struct wall_clock *clock, const struct forecast_dose *dose) {
        const struct details *details = dose->occurrence.details;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < details->n_alarms && hearing->n_told < ELEMENTS(hearing->told); i++) {
                _cleanup_(free_p) usec_t *at_usec = NULL;
                size_t n;

                if (is_told(hearing, details->alarms[i].line))
                        continue;
                r = occurrence_alarm(&dose->occurrence, clock, &details->alarms[i], &at_usec, &n);
                if (r >= 0 && n > 0 && at_usec[0] >= dose->window_end_usec)
                        r = tell(hearing, dose, details->alarms[i].line);
        }
        return r;
}

int unheard_warn(const struct request *request, const char *name, struct calendar *calendar, struct problems *problems) {
        const struct wall_clock clock = { .zone = request->zone, .all_day_sec = ALL_DAY_SEC };
        struct hearing hearing = { .request = request, .name = name, .problems = problems };
        _cleanup_(forecast_done) struct forecast forecast = {};
        struct forecast_dose dose;
        int r;

        if (!calendar_rings_late(calendar))
                return 0;
        r = forecast_init(&forecast, &calendar, 1, &clock, request->now_usec);
        for (size_t i = 0; r >= 0 && i < LOOK_DOSES; i++) {
                r = forecast_next(&forecast, request->now_usec + LOOK_AHEAD, &dose);
                if (r == FORECAST_END)
                        return 0;
                if (r >= 0)
                        r = look_at(&hearing, &clock, &dose);
        }
        return r < 0 ? r : 0;
}
