/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb status: what is due now, what became of today's doses, and what comes next. */
#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/listing.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "ctl/when.h"
#include "ctl/wording.h"
#include "dosed/civil.h"
#include "dosed/text.h"

#define STATUS_AHEAD USEC_PER_DAY

struct status {
        char **degraded;
        struct listed_doses open;   /* whenever they were due */
        struct listed_doses around; /* a day back and a day ahead: today, wherever its person is */
        bool names_people;
};

static void status_done(struct status *status) {
        texts_free(status->degraded);
        listed_doses_done(&status->open);
        listed_doses_done(&status->around);
}

static bool is_today(const struct listed_dose *dose, const struct request *request, usec_t at_usec) {
        return wall_day(listed_dose_wall(dose, request, at_usec)) ==
               wall_day(listed_dose_wall(dose, request, request->now_usec));
}

static bool is_of_today(const struct listed_dose *dose, const struct request *request) {
        if (dose->state == DOSE_UPCOMING || dose_waits(dose))
                return false;
        return is_today(dose, request, dose->due_usec) ||
               (dose->taken_at_usec != USEC_NONE && is_today(dose, request, dose->taken_at_usec));
}

static bool is_next(const struct listed_dose *dose, const struct request *request) {
        return dose->state == DOSE_UPCOMING && dose->due_usec >= request->now_usec;
}

static bool is_open(const struct listed_dose *dose, const struct request *request) {
        (void) request;
        (void) dose;
        return true;
}

static const struct section {
        const char *title, *key;
        bool (*holds)(const struct listed_dose *dose, const struct request *request);
        bool open_only; /* then it tells since when, and how to take it */
        const char *empty; /* NULL: then it is left out */
} sections[] = {
        { "Due now", "due", is_open, true, "Nothing is due now." },
        { "Earlier today", "today", is_of_today, false, NULL },
        { "Next", "next", is_next, false, "Nothing comes within a day." },
};

static const struct listed_doses *section_doses(const struct section *section, const struct status *status) {
        return section->open_only ? &status->open : &status->around;
}

static int status_get(const struct request *request, struct status *status) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = client_open(request, &bus);
        if (r == 0)
                r = client_get_texts(bus, request, "Degraded", &status->degraded);
        if (r == 0)
                r = listed_doses_get_open(bus, request, &status->open);
        if (r == 0)
                r = listed_doses_get(bus, request, request->now_usec - USEC_PER_DAY, request->now_usec + STATUS_AHEAD,
                                     &status->around);
        if (r != 0)
                return r;

        status->names_people = doses_are_of_several(&status->around) || doses_are_of_several(&status->open);
        return 0;
}

/* When it is due, and not when it was taken: "for tomorrow 08:00" where that is still ahead. */
static void say_due(const struct section *section, const struct request *request, const struct listed_dose *dose,
                    char *text, size_t size) {
        char due[WHEN_TEXT_SIZE];

        wall_format_day_time(due, listed_dose_wall(dose, request, dose->due_usec),
                             listed_dose_wall(dose, request, request->now_usec));
        (void) snprintf(text, size, "%s%s",
                        section->holds == is_of_today && dose->due_usec > request->now_usec ? "for " : "", due);
}

static int print_dose(const struct status *status, const struct section *section, const struct request *request,
                      const struct listed_dose *dose, struct table *table) {
        _cleanup_(free_p) char *state = NULL, *words = NULL;
        char due[WHEN_TEXT_SIZE + 8], mark[16];
        int r;

        r = dose_say(dose, request, &state);
        if (r >= 0)
                r = section->open_only && dose->instructions ? text_format(&words, "%s; %s", state, dose->instructions)
                                                             : text_copy(state, &words);
        if (r < 0)
                return r;
        say_due(section, request, dose, due, sizeof(due));
        (void) snprintf(mark, sizeof(mark), "  %s", dose_mark(dose));

        return table_add(table, dose_colour(dose),
                         (const char *const[]){ mark, section->open_only ? NULL : due,
                                                status->names_people ? dose->person : NULL, dose->medication,
                                                dose->amount, words });
}

static int print_section(const struct status *status, const struct section *section, const struct request *request,
                         struct output *output) {
        static const char *const columns[] = {
                "", "", "", "", "", "",
        };
        const struct listed_doses *doses = section_doses(section, status);
        _cleanup_(table_free_p) struct table *table = NULL;
        size_t n = 0;
        int r;

        r = table_new(output, columns, ELEMENTS(columns), false, &table);
        if (r < 0)
                return r;
        for (size_t i = 0; i < doses->n_items; i++) {
                if (!section->holds(&doses->items[i], request))
                        continue;
                r = print_dose(status, section, request, &doses->items[i], table);
                if (r < 0)
                        return r;
                n++;
        }

        if (n == 0) {
                if (section->empty)
                        fprintf(output->stream, "%s\n\n", section->empty);
                return 0;
        }
        output_heading(output, section->title);
        r = table_print(table);
        if (r < 0)
                return r;
        fputc('\n', output->stream);
        return 0;
}

static int print_status(const struct status *status, const struct request *request) {
        _cleanup_(output_done) struct output output = {};
        int r;

        r = output_begin(&output, request);
        if (r < 0)
                return r;

        for (size_t i = 0; status->degraded[i]; i++)
                fprintf(output.stream, "%s! %s%s\n%s", output_colour(&output, COLOUR_BAD), status->degraded[i],
                        output_plain(&output), status->degraded[i + 1] ? "" : "\n");
        for (size_t i = 0; i < ELEMENTS(sections); i++) {
                r = print_section(status, &sections[i], request, &output);
                if (r < 0)
                        return r;
        }
        return output_end(&output);
}

static json_t *section_to_json(const struct status *status, const struct section *section,
                               const struct request *request) {
        const struct listed_doses *doses = section_doses(section, status);
        _cleanup_(json_unref_p) json_t *array = json_array();

        for (size_t i = 0; array && i < doses->n_items; i++)
                if (section->holds(&doses->items[i], request) &&
                    json_array_append_new(array, listed_dose_to_json(&doses->items[i])) < 0)
                        return NULL;
        return TAKE(array);
}

static json_t *status_to_json(const struct status *status, const struct request *request) {
        _cleanup_(json_unref_p) json_t *json = json_object();
        json_t *degraded = json_texts(status->degraded);

        if (json_object_set_new(json, "degraded", degraded) < 0)
                return NULL;
        for (size_t i = 0; i < ELEMENTS(sections); i++)
                if (json_object_set_new(json, sections[i].key, section_to_json(status, &sections[i], request)) < 0)
                        return NULL;
        return TAKE(json);
}

int status_run(struct request *request) {
        _cleanup_(status_done) struct status status = {};
        int r;

        r = status_get(request, &status);
        if (r != 0)
                return r;

        return request_has(request, OPTION_JSON) ? output_json(status_to_json(&status, request))
                                                 : print_status(&status, request);
}
