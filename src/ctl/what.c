/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which dose somebody means. */
#include <string.h>

#include "ctl/client.h"
#include "ctl/what.h"
#include "ctl/when.h"
#include "dosed/text.h"

/* A dose belongs to a time at which it was taken at most so long after it was due. */
#define RECORD_LATE_MAX USEC_PER_DAY
#define ANSWER_AHEAD USEC_PER_DAY
/* Whoever says --force twice within so long means the same dose. */
#define FORCE_AGAIN USEC_PER_HOUR
#define CORRECT_BACK (2 * USEC_PER_DAY)
/* What is recorded today may have been due last week. */
#define CORRECT_DUE_BACK (14 * USEC_PER_DAY)

typedef bool (*what_filter)(const struct request *request, const struct listed_dose *dose);

static const struct zone *dose_zone(const struct request *request, const struct listed_dose *dose) {
        const struct zone *zone;

        return dose->timezone && zones_get(request->zones, dose->timezone, &zone) == 0 ? zone : request->zone;
}

int what_time(const struct request *request, const struct listed_dose *dose, usec_t *ret_usec) {
        struct when when;

        if (!request_has(request, OPTION_AT)) {
                *ret_usec = request->now_usec;
                return 0;
        }
        if (when_parse(request->options[OPTION_AT], dose_zone(request, dose), request->now_usec, &when) != 0 ||
            when.is_day)
                return WHEN_INVALID;

        *ret_usec = when.start_usec;
        return 0;
}

static bool is_any(const struct request *request, const struct listed_dose *dose) {
        (void) request;
        (void) dose;
        return true;
}

static bool is_upcoming(const struct request *request, const struct listed_dose *dose) {
        (void) request;
        return dose->state == DOSE_UPCOMING;
}

static bool is_recorded(const struct listed_dose *dose) {
        return dose->state == DOSE_TAKEN || dose->state == DOSE_SKIPPED;
}

/* Early is allowed as long before due as the window is long. */
static usec_t dose_start(const struct listed_dose *dose) {
        return dose->window_end_usec > dose->due_usec ? 2 * dose->due_usec - dose->window_end_usec : dose->due_usec;
}

/* Not recorded, and it may be what was taken then. */
static bool fits_time(const struct request *request, const struct listed_dose *dose) {
        usec_t at_usec;

        return !is_recorded(dose) && what_time(request, dose, &at_usec) == 0 && at_usec >= dose_start(dose) &&
               at_usec < dose->due_usec + RECORD_LATE_MAX;
}

static usec_t dose_done(const struct listed_dose *dose) {
        return dose->taken_at_usec != USEC_NONE ? dose->taken_at_usec : dose->recorded_at_usec;
}

/* Recorded, and nothing else was to be taken then; or recorded as of then, however late, and the same is said again. */
static bool is_recorded_for_time(const struct request *request, const struct listed_dose *dose) {
        usec_t again_usec = request_has(request, OPTION_FORCE) && !request_has(request, OPTION_AT) ? FORCE_AGAIN
                                                                                                   : USEC_PER_MINUTE;
        usec_t at_usec;

        if (!is_recorded(dose) || what_time(request, dose, &at_usec) != 0)
                return false;
        return (at_usec >= dose_start(dose) && at_usec < dose->window_end_usec) ||
               (at_usec >= dose_done(dose) && at_usec - dose_done(dose) < again_usec);
}

/* Recorded by then, however early that was. */
static bool is_recorded_ahead(const struct request *request, const struct listed_dose *dose) {
        usec_t at_usec;

        return is_recorded(dose) && what_time(request, dose, &at_usec) == 0 && at_usec >= dose_done(dose) &&
               at_usec < dose->window_end_usec;
}

/* The next one, whether it is recorded already or not. */
static bool comes(const struct request *request, const struct listed_dose *dose) {
        return is_upcoming(request, dose) || is_recorded_ahead(request, dose);
}

static bool was_recorded_lately(const struct request *request, const struct listed_dose *dose) {
        return is_recorded(dose) && dose->recorded_at_usec >= request->now_usec - CORRECT_BACK;
}

/* Where to look, one after the other until something fits. */
static const struct stage {
        bool open_only;
        usec_t back, ahead; /* from now, or from --at */
        what_filter filter;
        bool take_first;
} stages[_WHAT_PURPOSE_MAX][4] = {
        [WHAT_TO_ANSWER] = { { .open_only = true, .filter = is_any },
                             { .back = CORRECT_DUE_BACK,
                               .ahead = ANSWER_AHEAD,
                               .filter = is_recorded_for_time,
                               .take_first = true },
                             { .ahead = ANSWER_AHEAD, .filter = comes, .take_first = true } },
        [WHAT_TO_RECORD] = { { .open_only = true, .filter = fits_time },
                             { .back = CORRECT_DUE_BACK + CLOCKS_APART,
                               .ahead = USEC_PER_DAY + CLOCKS_APART,
                               .filter = is_recorded_for_time,
                               .take_first = true },
                             { .back = RECORD_LATE_MAX + CLOCKS_APART,
                               .ahead = USEC_PER_DAY + CLOCKS_APART,
                               .filter = fits_time },
                             { .ahead = USEC_PER_DAY + CLOCKS_APART,
                               .filter = is_recorded_ahead,
                               .take_first = true } },
        [WHAT_TO_CORRECT] = { { .back = CORRECT_DUE_BACK,
                                .ahead = ANSWER_AHEAD,
                                .filter = was_recorded_lately,
                                .take_first = true } },
};

static const struct {
        const char *start, *end;
} nothing_fits[_WHAT_PURPOSE_MAX] = {
        [WHAT_TO_ANSWER] = { "no dose that is due, or comes within a day, is called", "" },
        [WHAT_TO_RECORD] = { "no unrecorded dose called", " belongs to that time" },
        [WHAT_TO_CORRECT] = { "nothing called", " was recorded in the last two days" },
};

int what_pick(const char *what, const struct listed_dose *const *doses, size_t n_doses, bool take_first,
              const struct listed_dose **ret) {
        const struct listed_dose *found = NULL;
        bool has_whole_name = false, is_several = false;

        for (size_t i = 0; i < n_doses && !has_whole_name; i++)
                has_whole_name = text_equal_caseless(doses[i]->medication, what);

        for (size_t i = 0; i < n_doses; i++) {
                if (has_whole_name ? !text_equal_caseless(doses[i]->medication, what)
                                   : !text_starts_caseless(doses[i]->medication, what))
                        continue;
                if (!found)
                        found = doses[i];
                else if (!take_first || !listed_dose_same_medication(found, doses[i]))
                        is_several = true;
        }

        if (!found)
                return WHAT_NONE;
        if (is_several)
                return WHAT_SEVERAL;
        *ret = found;
        return 0;
}

static void say_dose(const struct request *request, const struct listed_dose *dose) {
        int64_t now_wall_sec = listed_dose_wall(dose, request, request->now_usec);
        char due[WHEN_TEXT_SIZE];

        fprintf(stderr, "  %s  (%s, %s, %s)\n", dose->id, dose->medication,
                wall_format_day_time(due, listed_dose_wall(dose, request, dose->due_usec), now_wall_sec),
                dose->state_name);
}

static void say_several(const struct request *request, const char *what, const struct listed_dose *const *doses,
                        size_t n_doses) {
        complain("'%s' fits several doses: name one of these", what);
        for (size_t i = 0; i < n_doses; i++)
                if (text_starts_caseless(doses[i]->medication, what))
                        say_dose(request, doses[i]);
}

static int say_none(sd_bus *bus, const struct request *request, const char *what, enum what_purpose purpose) {
        _cleanup_(listed_doses_done) struct listed_doses open = {};
        int r;

        r = listed_doses_get_open(bus, request, &open);
        if (r != 0)
                return r;

        complain("%s '%s'%s; %s", nothing_fits[purpose].start, what, nothing_fits[purpose].end,
                 purpose != WHAT_TO_ANSWER ? "dosectl history --json shows the doses with their ids"
                 : open.n_items > 0        ? "open are"
                                           : "nothing is open");
        for (size_t i = 0; purpose == WHAT_TO_ANSWER && i < open.n_items; i++)
                say_dose(request, &open.items[i]);
        return REQUEST_REFUSED;
}

static int recorded_later_first(const void *a, const void *b) {
        const struct listed_dose *left = *(const struct listed_dose *const *) a;
        const struct listed_dose *right = *(const struct listed_dose *const *) b;

        return (left->recorded_at_usec < right->recorded_at_usec) - (left->recorded_at_usec > right->recorded_at_usec);
}

/* Returns 0, a what_outcome (what is several, is said), REQUEST_REFUSED or a negative errno. */
static int find_in_stage(sd_bus *bus, const struct request *request, const char *what, enum what_purpose purpose,
                         const struct stage *stage, usec_t around_usec, struct listed_dose *ret) {
        _cleanup_(free_p) const struct listed_dose **fitting = NULL;
        _cleanup_(listed_doses_done) struct listed_doses doses = {};
        const struct listed_dose *found;
        size_t n = 0;
        int r;

        r = stage->open_only ? listed_doses_get_open(bus, request, &doses)
                             : listed_doses_get(bus, request, around_usec - stage->back, around_usec + stage->ahead,
                                                &doses);
        if (r != 0)
                return r;

        fitting = calloc(doses.n_items + 1, sizeof(*fitting));
        if (!fitting)
                return -ENOMEM;
        for (size_t i = 0; i < doses.n_items; i++)
                if (stage->filter(request, &doses.items[i]))
                        fitting[n++] = &doses.items[i];
        if (purpose == WHAT_TO_CORRECT)
                qsort(fitting, n, sizeof(*fitting), recorded_later_first);

        r = what_pick(what, fitting, n, stage->take_first, &found);
        if (r == WHAT_SEVERAL)
                say_several(request, what, fitting, n);
        if (r != 0)
                return r;

        /* Moves it out of the list. */
        *ret = doses.items[found - doses.items];
        doses.items[found - doses.items] = (struct listed_dose){};
        return 0;
}

static int find_by_name(sd_bus *bus, const struct request *request, const char *what, enum what_purpose purpose,
                        struct listed_dose *ret) {
        usec_t around_usec = request->now_usec;
        struct when when;

        if (purpose == WHAT_TO_RECORD &&
            when_parse(request->options[OPTION_AT], request->zone, request->now_usec, &when) == 0)
                around_usec = when.start_usec;

        for (size_t i = 0; i < ELEMENTS(stages[purpose]) && stages[purpose][i].filter; i++) {
                const struct stage *stage = &stages[purpose][i];
                int r;

                r = find_in_stage(bus, request, what, purpose, stage, around_usec, ret);
                if (r == WHAT_SEVERAL)
                        return REQUEST_REFUSED;
                if (r != WHAT_NONE)
                        return r;
        }
        return WHAT_NONE;
}

int what_next(sd_bus *bus, const struct request *request, const struct listed_dose *dose, struct listed_dose *ret) {
        _cleanup_(listed_doses_done) struct listed_doses doses = {};
        int r;

        r = listed_doses_get(bus, request, request->now_usec, request->now_usec + ANSWER_AHEAD, &doses);
        if (r != 0)
                return r;
        for (size_t i = 0; i < doses.n_items; i++)
                if (is_upcoming(request, &doses.items[i]) && listed_dose_same_medication(&doses.items[i], dose)) {
                        *ret = doses.items[i];
                        doses.items[i] = (struct listed_dose){};
                        return 0;
                }
        return WHAT_NONE;
}

/* All that is known of the dose on that path; where the daemon lists it for nobody, at least its id. */
static int find_by_path(sd_bus *bus, const struct request *request, const char *id, const char *path,
                        struct listed_dose *ret) {
        _cleanup_(listed_doses_done) struct listed_doses doses = {};
        uint64_t due_usec = 0;
        int r;

        r = sd_bus_get_property_trivial(bus, CLIENT_NAME, path, CLIENT_DOSE, "Due", NULL, 't', &due_usec);
        if (r >= 0 && due_usec > 0 && due_usec < INT64_MAX) {
                r = listed_doses_get(bus, request, (usec_t) due_usec, (usec_t) due_usec + 1, &doses);
                if (r != 0)
                        return r;
        }

        for (size_t i = 0; i < doses.n_items; i++)
                if (strcmp(doses.items[i].path, path) == 0) {
                        *ret = doses.items[i];
                        doses.items[i] = (struct listed_dose){};
                        return 0;
                }

        *ret = (struct listed_dose){ .state = _DOSE_STATE_MAX, .due_usec = (usec_t) due_usec };
        r = text_clean(id, &ret->id);
        if (r >= 0)
                r = text_copy(ret->id, &ret->medication);
        if (r >= 0)
                r = text_copy(path, &ret->path);
        return r;
}

static int find_by_id(sd_bus *bus, const struct request *request, const char *id, struct listed_dose *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        const char *path;
        int r;

        r = client_new_call(bus, CLIENT_ROOT, CLIENT_MANAGER, "GetDose", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", id);
        if (r < 0)
                return r;

        r = sd_bus_call(bus, call, 0, &error, &reply);
        if (sd_bus_error_has_name(&error, CLIENT_ERROR "NoSuchDose"))
                return WHAT_NONE;
        if (r < 0)
                return client_refused(request, NULL, r, &error);

        r = sd_bus_message_read_basic(reply, 'o', &path);
        if (r < 0)
                return r;
        return find_by_path(bus, request, id, path, ret);
}

int what_find(sd_bus *bus, const struct request *request, const char *what, enum what_purpose purpose,
              struct listed_dose *ret) {
        int r = WHAT_NONE;

        /* "Sinemet 25/100" has a slash too. */
        if (strchr(what, '/'))
                r = find_by_id(bus, request, what, ret);
        if (r == WHAT_NONE)
                r = find_by_name(bus, request, what, purpose, ret);
        if (r == WHAT_NONE)
                r = say_none(bus, request, what, purpose);
        return r;
}
