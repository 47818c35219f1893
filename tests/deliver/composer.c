/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Composes what is to be told of a message that stands as JSON on stdin, for tests/deliver and tests/hooks: `composer letter`
 * prints the mail, `composer event` the JSON of a hook, `composer environment` its variables. Times are seconds since the epoch.
 */
#include <jansson.h>
#include <string.h>

#include "dosed/hook-event.h"
#include "dosed/letter.h"
#include "dosed/schedule.h"
#include "dosed/text.h"

struct composed_item {
        struct telling telling;
        struct dose dose;
        struct wall_clock clock;
};

static struct zones *zones;

/* Bytes as they are: jansson lets no invalid UTF-8 in, so "\\u00ff…" is not one of the cases. */
static char *text_of(const json_t *json, const char *key) {
        return (char *) json_string_value(json_object_get(json, key));
}

static usec_t time_of(const json_t *json, const char *key) {
        return json_integer_value(json_object_get(json, key)) * USEC_PER_SEC;
}

static bool flag_of(const json_t *json, const char *key) {
        return json_is_true(json_object_get(json, key));
}

static const struct zone *zone_of(const json_t *json) {
        const char *name = text_of(json, "zone");
        const struct zone *zone;

        if (zones_get(zones, name ? name : "UTC", &zone) != 0) {
                fprintf(stderr, "composer: no zone %s\n", name);
                exit(2);
        }
        return zone;
}

static void read_entry(const json_t *json, struct dose *dose) {
        struct entry *entry = &dose->recorded;
        const char *kind = text_of(json, "kind");

        if (!json)
                return;
        dose->has_recorded = true;
        if (!kind || entry_kind_from_string(kind, &entry->kind) < 0)
                exit(2);
        entry->taken_usec = time_of(json, "taken");
        entry->recorded_by = text_of(json, "recorded_by");
        entry->given_by = text_of(json, "given_by");
        entry->amount = text_of(json, "amount");
        entry->note = text_of(json, "note");
}

static void read_dose(const json_t *json, struct dose *dose) {
        if (dose_state_from_string(text_of(json, "state"), &dose->state) < 0)
                exit(2);
        dose->person = text_of(json, "person");
        dose->uid = text_of(json, "uid");
        dose->recurrence_id = text_of(json, "recurrence_id");
        dose->title = text_of(json, "title");
        dose->amount = text_of(json, "amount");
        dose->instructions = text_of(json, "instructions");
        dose->if_missed = text_of(json, "if_missed");
        dose->due_usec = time_of(json, "due");
        dose->window_end_usec = time_of(json, "window_end");
        dose->snoozed_until_usec = time_of(json, "snoozed_until");
        dose->critical = flag_of(json, "critical");
        read_entry(json_object_get(json, "recorded"), dose);
}

static void read_item(const json_t *json, struct composed_item *item, struct message_item *ret) {
        const json_t *dose = json_object_get(json, "dose");

        if (telling_event_from_string(text_of(json, "event"), &item->telling.event) < 0)
                exit(2);
        item->telling.person = text_of(json, "person");
        item->telling.text = text_of(json, "text");
        item->telling.happened_usec = time_of(json, "happened");
        item->telling.not_before_usec = time_of(json, "not_before");
        item->telling.in_summary = flag_of(json, "in_summary");
        item->clock.zone = zone_of(json);
        if (dose)
                read_dose(dose, &item->dose);

        *ret = (struct message_item){
                .telling = &item->telling,
                .dose = dose ? &item->dose : NULL,
                .clock = &item->clock,
                .medication_kind = text_of(json, "kind"),
                .is_private = dose && flag_of(dose, "confidential"),
        };
}

static unsigned count_of(const json_t *json, const char *key) {
        return (unsigned) json_integer_value(json_object_get(json, key));
}

static void read_summary(const json_t *json, struct message_summary *ret) {
        *ret = (struct message_summary){
                .person = text_of(json, "person"),
                .from_usec = time_of(json, "from"),
                .until_usec = time_of(json, "until"),
                .n_taken = count_of(json, "taken"),
                .n_late = count_of(json, "late"),
                .n_skipped = count_of(json, "skipped"),
                .n_missed = count_of(json, "missed"),
                .n_unattended = count_of(json, "unattended"),
                .n_open = count_of(json, "open"),
        };
}

static int print(const char *what, const struct message_view *view, const struct letter_options *options) {
        struct hook_event event;
        char *letter;
        size_t size;
        int r;

        if (strcmp(what, "letter") == 0) {
                r = letter_compose(view, options, &letter, &size);
                if (r != 0)
                        return r;
                (void) fwrite(letter, 1, size, stdout);
                free(letter);
                return 0;
        }

        r = hook_event_compose(view, &options->disclosure, &event);
        if (r != 0)
                return r;
        if (strcmp(what, "event") == 0)
                (void) fwrite(event.json, 1, event.json_size, stdout);
        else
                for (char **variable = event.environment; *variable; variable++)
                        (void) puts(*variable);
        hook_event_done(&event);
        return 0;
}

int main(int argc, char **argv) {
        json_t *json = json_loadf(stdin, 0, NULL), *items, *summaries, *people, *value;
        size_t n_items, n_summaries, n_people = 0;
        const char *key;
        int r;

        if (argc != 2 || !json || zones_new(NULL, &zones) < 0)
                return 2;
        items = json_object_get(json, "items");
        summaries = json_object_get(json, "summaries");
        people = json_object_get(json, "people");
        n_items = json_array_size(items);
        n_summaries = json_array_size(summaries);

        {
                _cleanup_(free_p) struct composed_item *composed = calloc(n_items + 1, sizeof(*composed));
                _cleanup_(free_p) struct message_item *views = calloc(n_items + 1, sizeof(*views));
                _cleanup_(free_p) struct message_summary *sums = calloc(n_summaries + 1, sizeof(*sums));
                _cleanup_(free_p) struct person_name *names = calloc(json_object_size(people) + 1, sizeof(*names));
                struct message message = { .token = text_of(json, "token"), .made_usec = time_of(json, "made") };
                struct message_view view = { &message, views, n_items, sums, n_summaries };
                struct letter_options options = {
                        .from_address = text_of(json, "from"),
                        .from_name = text_of(json, "from_name"),
                        .to_address = text_of(json, "to"),
                        .to_name = text_of(json, "to_name"),
                        .host = text_of(json, "host"),
                        .zone = zone_of(json),
                };

                if (!composed || !views || !sums || !names)
                        return 2;
                for (size_t i = 0; i < n_items; i++) {
                        read_item(json_array_get(items, i), &composed[i], &views[i]);
                        composed[i].telling.id = (int64_t) i + 1;
                }
                for (size_t i = 0; i < n_summaries; i++)
                        read_summary(json_array_get(summaries, i), &sums[i]);
                json_object_foreach(people, key, value) names[n_people++] =
                        (struct person_name){ key, json_string_value(value) };
                options.disclosure = (struct disclosure){ flag_of(json, "full"), names, n_people };

                r = print(argv[1], &view, &options);
        }
        json_decref(json);
        zones_free(zones);
        if (r != 0)
                fprintf(stderr, "composer: %d\n", r);
        return r == 0 ? 0 : r < 0 ? 1 : 3;
}
