/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb preview: every dose that plan files produce. */
#include <string.h>

#include "ctl/answer.h"
#include "ctl/forecast.h"
#include "ctl/output.h"
#include "ctl/plan-file.h"
#include "ctl/same-uid.h"
#include "ctl/verb.h"
#include "dosed/text.h"

#define PREVIEW_AHEAD (30 * USEC_PER_DAY)

struct preview {
        struct calendar **calendars;
        size_t n_calendars;
        struct uid_version *versions;
        bool has_unusable;

        struct wall_clock clock;
        usec_t from_usec, until_usec;
        size_t limit; /* 0: none */

        struct forecast forecast;
        struct output output;
        struct table *table; /* NULL: JSON */
};

static void preview_done(struct preview *preview) {
        forecast_done(&preview->forecast);
        uid_versions_free(&preview->versions);
        table_free(preview->table);
        output_done(&preview->output);
        for (size_t i = 0; i < preview->n_calendars; i++)
                calendar_free(preview->calendars[i]);
        free(preview->calendars);
}

static int read_zone(struct preview *preview, const struct request *request) {
        const char *name = request->options[OPTION_TIMEZONE];
        int r;

        preview->clock.zone = request->zone;
        if (!name)
                return 0;
        r = zones_get(request->zones, name, &preview->clock.zone);
        if (r > 0) {
                complain("--timezone '%s' is no zone: Europe/Lisbon is one", name);
                return REQUEST_USAGE;
        }
        return r;
}

static int read_all_day_time(struct preview *preview, const struct request *request) {
        const char *text = request->options[OPTION_ALL_DAY_TIME];

        preview->clock.all_day_sec = ALL_DAY_SEC;
        if (text && clock_time_parse(text, &preview->clock.all_day_sec) != 0) {
                complain("--all-day-time '%s' is no time of day: 08:00 is", text);
                return REQUEST_USAGE;
        }
        return 0;
}

static int read_limit(struct preview *preview, const struct request *request) {
        const char *text = request->options[OPTION_LIMIT];
        char *end;

        if (!text)
                return 0;
        errno = 0;
        preview->limit = strtoul(text, &end, 10);
        if (errno != 0 || *end != '\0' || strspn(text, "0123456789") != strlen(text) || preview->limit == 0) {
                complain("--limit '%s' is no number of doses", text);
                return REQUEST_USAGE;
        }
        return 0;
}

static int read_times(struct preview *preview, const struct request *request) {
        struct when from, until;
        int r;

        r = request_time(request, OPTION_FROM, "now", preview->clock.zone, &from);
        if (r != 0)
                return r;

        until.end_usec = from.start_usec + PREVIEW_AHEAD;
        if (request_has(request, OPTION_UNTIL))
                r = request_time(request, OPTION_UNTIL, NULL, preview->clock.zone, &until);
        if (r == 0)
                r = request_check_span(from.start_usec, until.end_usec);
        if (r != 0)
                return r;

        preview->from_usec = from.start_usec;
        preview->until_usec = until.end_usec;
        return 0;
}

static int read_file(struct preview *preview, const struct request *request, const char *name) {
        _cleanup_(problems_done) struct problems problems = {};
        int r;

        r = plan_file_read(request, name, &preview->calendars[preview->n_calendars], &problems);
        if (r < 0)
                return r;
        if (r == 0)
                r = uid_versions_add(&preview->versions, preview->calendars[preview->n_calendars++], &problems);
        else
                preview->has_unusable = true;
        if (r < 0)
                return r;

        for (size_t i = 0; i < problems.n_items; i++) {
                const struct problem *problem = &problems.items[i];
                _cleanup_(free_p) char *text = NULL;

                r = problem_format(problem, &text);
                if (r < 0)
                        return r;
                complain("%s: %s", severity_to_string(problem->severity), text);
        }
        return 0;
}

static int read_files(struct preview *preview, const struct request *request) {
        int r = 0;

        preview->calendars = calloc(request->n_arguments, sizeof(*preview->calendars));
        if (!preview->calendars)
                return -ENOMEM;
        for (size_t i = 0; r == 0 && i < request->n_arguments; i++)
                r = read_file(preview, request, request->arguments[i]);
        return r;
}

#define OFFSET_TEXT_SIZE 16
#define NOTE_TEXT_SIZE 48

static const char *offset_format(char *text, const struct forecast_dose *dose) {
        int32_t minutes = zone_offset(dose->zone, dose->occurrence.due_usec) / 60;
        int32_t size = minutes < 0 ? -minutes : minutes;

        (void) snprintf(text, OFFSET_TEXT_SIZE, "%c%02d:%02d", minutes < 0 ? '-' : '+', size / 60, size % 60);
        return text;
}

/* How the time for which the dose was asked fell on its day (RFC 5545 3.3.5); in a gap at midnight it is due on the next. */
static const char *note_format(char *text, const struct forecast_dose *dose) {
        const struct civil c = civil_from_wall(dose->asked_wall_sec);

        switch (dose->occurrence.fit) {
        case ZONE_FIT_EXACT:
                return NULL;
        case ZONE_FIT_GAP:
                if (wall_day(dose->asked_wall_sec) == wall_day(dose->wall_sec))
                        (void) snprintf(text, NOTE_TEXT_SIZE, "%02d:%02d does not exist that day", c.hour, c.minute);
                else
                        (void) snprintf(text, NOTE_TEXT_SIZE, "%02d:%02d does not exist on %04d-%02d-%02d", c.hour,
                                        c.minute, c.year, c.month, c.day);
                break;
        case ZONE_FIT_FOLD:
                (void) snprintf(text, NOTE_TEXT_SIZE, "the first of two %02d:%02d", c.hour, c.minute);
                break;
        }
        return text;
}

static int print_json(const struct forecast_dose *dose) {
        char id[CIVIL_TEXT_SIZE], local[WHEN_TEXT_SIZE], offset[OFFSET_TEXT_SIZE], note[NOTE_TEXT_SIZE];
        json_t *json = json_object();

        if (json_object_set_new(json, "uid", json_text(dose->occurrence.schedule->uid)) < 0 ||
            json_object_set_new(json, "recurrence_id", json_text(occurrence_format_id(&dose->occurrence, id))) < 0 ||
            json_object_set_new(json, "due", json_time(dose->occurrence.due_usec)) < 0 ||
            json_object_set_new(json, "local", json_text(wall_format(local, dose->wall_sec))) < 0 ||
            json_object_set_new(json, "timezone", json_text(zone_name(dose->zone))) < 0 ||
            json_object_set_new(json, "offset", json_text(offset_format(offset, dose))) < 0 ||
            json_object_set_new(json, "window_end", json_time(dose->window_end_usec)) < 0 ||
            json_object_set_new(json, "summary", json_text(dose->occurrence.details->summary)) < 0 ||
            json_object_set_new(json, "note", json_text(note_format(note, dose))) < 0) {
                json_decref(json);
                return -ENOMEM;
        }
        return output_json(json);
}

static int print_row(struct preview *preview, const struct request *request, const struct forecast_dose *dose) {
        char day[WHEN_TEXT_SIZE], time[WHEN_TEXT_SIZE], utc[WHEN_TEXT_SIZE], end[WHEN_TEXT_SIZE];
        char offset[OFFSET_TEXT_SIZE], note[NOTE_TEXT_SIZE] = "", mark[NOTE_TEXT_SIZE + 2];

        (void) snprintf(mark, sizeof(mark), "! %s", note_format(note, dose) ?: "");
        return table_add(preview->table, COLOUR_NONE,
                         (const char *const[]){
                                 wall_format_day(day, dose->wall_sec, zone_to_wall(dose->zone, request->now_usec)),
                                 wall_format_time(time, dose->wall_sec), zone_name(dose->zone),
                                 offset_format(offset, dose),
                                 usec_format_utc(utc, dose->occurrence.due_usec),
                                 wall_format_day_time(end, zone_to_wall(dose->zone, dose->window_end_usec),
                                                      dose->wall_sec),
                                 dose->occurrence.details->summary, dose->occurrence.details->amount,
                                 note[0] ? mark : NULL });
}

static int print_doses(struct preview *preview, const struct request *request, size_t *ret_n) {
        struct forecast_dose dose;
        size_t n = 0;

        for (; preview->limit == 0 || n < preview->limit; n++) {
                int r;

                r = forecast_next(&preview->forecast, preview->until_usec, &dose);
                if (r == FORECAST_END)
                        break;
                if (r >= 0)
                        r = preview->table ? print_row(preview, request, &dose) : print_json(&dose);
                if (r < 0)
                        return r;
        }

        *ret_n = n;
        return 0;
}

static int print_table(struct preview *preview, const struct request *request) {
        static const char *const columns[] = {
                "DAY", "DUE", "ZONE", "OFFSET", "UTC", "WINDOW END", "MEDICATION", "AMOUNT", "NOTE",
        };
        size_t n;
        int r;

        r = output_begin(&preview->output, request);
        if (r >= 0)
                r = table_new(&preview->output, columns, ELEMENTS(columns), true, &preview->table);
        if (r >= 0)
                r = print_doses(preview, request, &n);
        if (r < 0)
                return r;

        if (n > 0)
                r = table_print(preview->table);
        else
                fputs("No dose is due in this time.\n", preview->output.stream);
        return r < 0 ? r : output_end(&preview->output);
}

int preview_run(struct request *request) {
        static int (*const readers[])(struct preview *, const struct request *) = {
                read_zone,
                read_all_day_time,
                read_limit,
                read_times,
                read_files,
        };
        _cleanup_(preview_done) struct preview preview = {};
        size_t n;
        int r = 0;

        for (size_t i = 0; r == 0 && i < ELEMENTS(readers); i++)
                r = readers[i](&preview, request);
        if (r != 0)
                return r;
        if (preview.n_calendars == 0)
                return REQUEST_REFUSED;

        r = forecast_init(&preview.forecast, preview.calendars, preview.n_calendars, &preview.clock,
                          preview.from_usec);
        if (r >= 0)
                r = request_has(request, OPTION_JSON) ? print_doses(&preview, request, &n)
                                                      : print_table(&preview, request);
        if (r < 0)
                return r;
        return preview.has_unusable ? REQUEST_REFUSED : 0;
}
