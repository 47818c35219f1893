/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verbs meds, plan and reload: the list of medications, and the plan they come from. */
#include <string.h>

#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/listing.h"
#include "ctl/output.h"
#include "ctl/person.h"
#include "ctl/verb.h"

static const char *medication_state(const struct listed_medication *medication) {
        return medication->stopped   ? "stopped"
               : medication->on_hold ? "on hold"
               : medication->as_needed ? "as needed"
                                       : NULL;
}

/* By the person's clock, as list says it. */
static char *say_time(const struct request *request, const struct listed_medication *medication, usec_t at_usec,
                      char *text) {
        const struct zone *zone = request->zone;

        if (at_usec == USEC_NONE || at_usec == USEC_NEVER) {
                *text = '\0';
                return text;
        }
        if (medication->timezone && zones_get(request->zones, medication->timezone, &zone) != 0)
                zone = request->zone;
        return wall_format_day_time(text, zone_to_wall(zone, at_usec), zone_to_wall(zone, request->now_usec));
}

static int print_medication(const struct request *request, const struct listed_medication *medication,
                            bool names_person, struct table *table) {
        char next[WHEN_TEXT_SIZE], last[WHEN_TEXT_SIZE];

        return table_add(table, medication->stopped || medication->on_hold ? COLOUR_DIM : COLOUR_NONE,
                         (const char *const[]){ names_person ? medication->person : NULL, medication->name,
                                                medication->amount, medication_state(medication),
                                                say_time(request, medication, medication->next_due_usec, next),
                                                say_time(request, medication, medication->last_taken_usec, last),
                                                medication->kind, medication->purpose, medication->instructions });
}

static bool is_of_several(const struct listed_medications *medications) {
        for (size_t i = 1; i < medications->n_items; i++)
                if (strcmp(medications->items[0].person, medications->items[i].person) != 0)
                        return true;
        return false;
}

static int print_medications(const struct request *request, const struct listed_medications *medications) {
        static const char *const columns[] = {
                "PERSON", "MEDICATION", "AMOUNT", "STATE", "NEXT", "LAST TAKEN", "KIND", "WHAT FOR", "INSTRUCTIONS",
        };
        _cleanup_(output_done) struct output output = {};
        _cleanup_(table_free_p) struct table *table = NULL;
        bool names_people = is_of_several(medications);
        int r;

        r = output_begin(&output, request);
        if (r >= 0)
                r = table_new(&output, columns, ELEMENTS(columns), true, &table);
        for (size_t i = 0; r >= 0 && i < medications->n_items; i++)
                r = print_medication(request, &medications->items[i], names_people, table);
        if (r < 0)
                return r;

        if (medications->n_items > 0)
                r = table_print(table);
        else
                fputs("No medications yet: dosectl add NAME --at 08:00 adds one.\n", output.stream);
        return r < 0 ? r : output_end(&output);
}

static json_t *medications_to_json(const struct listed_medications *medications) {
        _cleanup_(json_unref_p) json_t *array = json_array();

        for (size_t i = 0; array && i < medications->n_items; i++)
                if (json_array_append_new(array, listed_medication_to_json(&medications->items[i])) < 0)
                        return NULL;
        return TAKE(array);
}

int meds_run(struct request *request) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(listed_medications_done) struct listed_medications medications = {};
        int r;

        r = client_open(request, &bus);
        if (r == 0)
                r = listed_medications_get(bus, request, &medications);
        if (r != 0)
                return r;

        return request_has(request, OPTION_JSON) ? output_json(medications_to_json(&medications))
                                                 : print_medications(request, &medications);
}

int plan_run(struct request *request) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        if (strcmp(request->arguments[0], "accept") != 0) {
                complain("'plan %s' means nothing: plan accept is what there is", request->arguments[0]);
                return REQUEST_USAGE;
        }

        r = client_open(request, &bus);
        return r == 0 ? person_accept_plan(bus, request, request->n_arguments > 1 ? request->arguments[1] : NULL) : r;
}

/* Why it was not taken over names people and files, which --quiet keeps from a log. Returns as client_call(). */
static int call_reload(sd_bus *bus, const struct request *request) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(bus, CLIENT_NAME, CLIENT_ROOT, CLIENT_MANAGER, "Reload", &error, NULL, "");
        if (r >= 0)
                return 0;
        if (!request_has(request, OPTION_QUIET) || !sd_bus_error_has_name(&error, CLIENT_ERROR "Degraded"))
                return client_refused(request, NULL, r, &error);
        complain("the configuration was not taken over: dosectl status and dosed --check-config say why");
        return REQUEST_REFUSED;
}

static int print_reloaded(const struct request *request, char *const *degraded) {
        if (request_has(request, OPTION_QUIET)) {
                if (degraded[0])
                        complain("the configuration is in force, but something does not work: dosectl status says what");
                return 0;
        }
        if (request_has(request, OPTION_JSON))
                return output_json(json_pack("{s:o}", "degraded", json_texts(degraded)));
        printf("The configuration and the plan were read again.\n");
        for (size_t i = 0; degraded[i]; i++)
                complain("%s", degraded[i]);
        return 0;
}

int reload_run(struct request *request) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(texts_free_p) char **degraded = NULL;
        int r;

        r = client_open(request, &bus);
        if (r == 0)
                r = call_reload(bus, request);
        if (r == 0)
                r = client_get_texts(bus, request, "Degraded", &degraded);
        if (r == 0)
                r = print_reloaded(request, degraded);
        return r;
}
