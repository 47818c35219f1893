/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs list and history: doses that are due, or also those that were recorded, between two times. */
#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/listing.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "ctl/wording.h"

/* What is recorded may be due that much later, or have been that much earlier. */
#define RECORDED_APART (14 * USEC_PER_DAY)

/* What one verb shows. */
struct view {
        const char *from_otherwise, *until_otherwise;
        bool is_ledger; /* also what was recorded in that time, whenever it is due */
        const char *empty;
};

static int print_dose(const struct request *request, const struct listed_dose *dose, bool names_person,
                      struct table *table) {
        int64_t due_wall_sec = listed_dose_wall(dose, request, dose->due_usec);
        _cleanup_(free_p) char *words = NULL;
        char day[WHEN_TEXT_SIZE], time[WHEN_TEXT_SIZE];
        int r;

        r = dose_say(dose, request, &words);
        if (r < 0)
                return r;
        return table_add(table, dose_colour(dose),
                         (const char *const[]){
                                 dose_mark(dose),
                                 wall_format_day(day, due_wall_sec, listed_dose_wall(dose, request, request->now_usec)),
                                 wall_format_time(time, due_wall_sec), names_person ? dose->person : NULL,
                                 dose->medication, dose->amount, words });
}

static int print_doses(const struct request *request, const struct view *view, const struct listed_doses *doses) {
        static const char *const columns[] = {
                "", "DAY", "DUE", "PERSON", "MEDICATION", "AMOUNT", "STATE",
        };
        _cleanup_(output_done) struct output output = {};
        _cleanup_(table_free_p) struct table *table = NULL;
        bool names_people = doses_are_of_several(doses);
        int r;

        r = output_begin(&output, request);
        if (r >= 0)
                r = table_new(&output, columns, ELEMENTS(columns), true, &table);
        for (size_t i = 0; r >= 0 && i < doses->n_items; i++)
                r = print_dose(request, &doses->items[i], names_people, table);
        if (r < 0)
                return r;

        if (doses->n_items > 0)
                r = table_print(table);
        else
                fprintf(output.stream, "%s\n", view->empty);
        return r < 0 ? r : output_end(&output);
}

static json_t *doses_to_json(const struct listed_doses *doses) {
        _cleanup_(json_unref_p) json_t *array = json_array();

        for (size_t i = 0; array && i < doses->n_items; i++)
                if (json_array_append_new(array, listed_dose_to_json(&doses->items[i])) < 0)
                        return NULL;
        return TAKE(array);
}

static bool is_within(usec_t at_usec, const struct when *from, const struct when *until) {
        return at_usec >= from->start_usec && at_usec < until->end_usec;
}

static bool was_recorded_within(const struct listed_dose *dose, const struct when *from, const struct when *until) {
        return (dose->state == DOSE_TAKEN || dose->state == DOSE_SKIPPED) &&
               is_within(dose->recorded_at_usec, from, until);
}

/* Leaves what is due in that time, and what was recorded in it. */
static void keep_ledger(struct listed_doses *doses, const struct when *from, const struct when *until) {
        size_t n = 0;

        for (size_t i = 0; i < doses->n_items; i++) {
                struct listed_dose dose = doses->items[i];

                if (is_within(dose.due_usec, from, until) || was_recorded_within(&dose, from, until))
                        doses->items[n++] = dose;
                else
                        listed_dose_done(&dose);
        }
        doses->n_items = n;
}

static int between_run(const struct request *request, const struct view *view) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(listed_doses_done) struct listed_doses doses = {};
        usec_t apart_usec = view->is_ledger ? RECORDED_APART : 0;
        struct when from, until;
        int r;

        r = request_span(request, view->from_otherwise, view->until_otherwise, &from, &until);
        if (r == 0)
                r = client_open(request, &bus);
        if (r == 0)
                r = listed_doses_get(bus, request, from.start_usec - apart_usec, until.end_usec + apart_usec, &doses);
        if (r != 0)
                return r;

        if (view->is_ledger)
                keep_ledger(&doses, &from, &until);
        return request_has(request, OPTION_JSON) ? output_json(doses_to_json(&doses))
                                                 : print_doses(request, view, &doses);
}

int list_run(struct request *request) {
        static const struct view view = { "today", "tomorrow", false, "No dose is planned in this time." };

        return between_run(request, &view);
}

int history_run(struct request *request) {
        static const struct view view = { "-7d", "now", true, "No dose was due or recorded in this time." };

        return between_run(request, &view);
}
