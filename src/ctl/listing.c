/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon lists. */
#include <string.h>

#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/listing.h"
#include "ctl/when.h"
#include "dosed/text.h"

static const struct answer_key dose_keys[] = {
        { "id", ANSWER_TEXT, offsetof(struct listed_dose, id) },
        { "person", ANSWER_TEXT, offsetof(struct listed_dose, person) },
        { "medication", ANSWER_TEXT, offsetof(struct listed_dose, medication) },
        { "key", ANSWER_TEXT, offsetof(struct listed_dose, key) },
        { "amount", ANSWER_TEXT, offsetof(struct listed_dose, amount) },
        { "instructions", ANSWER_TEXT, offsetof(struct listed_dose, instructions) },
        { "purpose", ANSWER_TEXT, offsetof(struct listed_dose, purpose) },
        { "if-missed", ANSWER_TEXT, offsetof(struct listed_dose, if_missed) },
        { "due", ANSWER_TIME, offsetof(struct listed_dose, due_usec) },
        { "window-end", ANSWER_TIME, offsetof(struct listed_dose, window_end_usec) },
        { "state", ANSWER_TEXT, offsetof(struct listed_dose, state_name) },
        { "critical", ANSWER_FLAG, offsetof(struct listed_dose, critical) },
        { "asks-amount", ANSWER_FLAG, offsetof(struct listed_dose, asks_amount) },
        { "snoozed-until", ANSWER_TIME, offsetof(struct listed_dose, snoozed_until_usec) },
        { "reminders", ANSWER_COUNT, offsetof(struct listed_dose, reminders) },
        { "taken-at", ANSWER_TIME, offsetof(struct listed_dose, taken_at_usec) },
        { "recorded-at", ANSWER_TIME, offsetof(struct listed_dose, recorded_at_usec) },
        { "recorded-by", ANSWER_TEXT, offsetof(struct listed_dose, recorded_by) },
        { "recorded-later", ANSWER_FLAG, offsetof(struct listed_dose, recorded_later) },
        { "grade", ANSWER_TEXT, offsetof(struct listed_dose, grade) },
        { "taken-amount", ANSWER_TEXT, offsetof(struct listed_dose, taken_amount) },
        { "measurement", ANSWER_TEXT, offsetof(struct listed_dose, measurement) },
        { "note", ANSWER_TEXT, offsetof(struct listed_dose, note) },
        { "local", ANSWER_TEXT, offsetof(struct listed_dose, local) },
        { "timezone", ANSWER_TEXT, offsetof(struct listed_dose, timezone) },
        { "takeable", ANSWER_FLAG, offsetof(struct listed_dose, takeable) },
        { "taken-before", ANSWER_TIME, offsetof(struct listed_dose, taken_before_usec) },
        { "check-first", ANSWER_FLAG, offsetof(struct listed_dose, check_first) },
        { "record-lost", ANSWER_FLAG, offsetof(struct listed_dose, record_lost) },
};

static const struct answer_key medication_keys[] = {
        { "person", ANSWER_TEXT, offsetof(struct listed_medication, person) },
        { "key", ANSWER_TEXT, offsetof(struct listed_medication, key) },
        { "name", ANSWER_TEXT, offsetof(struct listed_medication, name) },
        { "kind", ANSWER_TEXT, offsetof(struct listed_medication, kind) },
        { "amount", ANSWER_TEXT, offsetof(struct listed_medication, amount) },
        { "purpose", ANSWER_TEXT, offsetof(struct listed_medication, purpose) },
        { "instructions", ANSWER_TEXT, offsetof(struct listed_medication, instructions) },
        { "as-needed", ANSWER_FLAG, offsetof(struct listed_medication, as_needed) },
        { "on-hold", ANSWER_FLAG, offsetof(struct listed_medication, on_hold) },
        { "stopped", ANSWER_FLAG, offsetof(struct listed_medication, stopped) },
        { "schedules", ANSWER_COUNT, offsetof(struct listed_medication, schedules) },
        { "next-due", ANSWER_TIME, offsetof(struct listed_medication, next_due_usec) },
        { "last-taken", ANSWER_TIME, offsetof(struct listed_medication, last_taken_usec) },
        { "timezone", ANSWER_TEXT, offsetof(struct listed_medication, timezone) },
        { "files", ANSWER_TEXTS, offsetof(struct listed_medication, files) },
};

void listed_dose_done(struct listed_dose *dose) {
        answer_done(dose_keys, ELEMENTS(dose_keys), dose);
        free(dose->path);
        *dose = (struct listed_dose){};
}

void listed_doses_done(struct listed_doses *doses) {
        for (size_t i = 0; i < doses->n_items; i++)
                listed_dose_done(&doses->items[i]);
        free(doses->items);
        *doses = (struct listed_doses){};
}

static void listed_medication_done(struct listed_medication *medication) {
        answer_done(medication_keys, ELEMENTS(medication_keys), medication);
        free(medication->path);
        *medication = (struct listed_medication){};
}

void listed_medications_done(struct listed_medications *medications) {
        for (size_t i = 0; i < medications->n_items; i++)
                listed_medication_done(&medications->items[i]);
        free(medications->items);
        *medications = (struct listed_medications){};
}

/* Whoever shows a dose needs these, whatever the daemon left out. */
static int default_text(char **field, const char *text) {
        return *field ? 0 : text_set(field, text);
}

int listed_dose_read(sd_bus_message *message, const char *path, struct listed_dose *dose) {
        int r;

        r = text_set(&dose->path, path);
        if (r < 0)
                return r;
        r = answer_read(message, dose_keys, ELEMENTS(dose_keys), dose);
        if (r < 0)
                return r;

        r = default_text(&dose->id, path);
        if (r >= 0)
                r = default_text(&dose->medication, dose->id);
        if (r >= 0)
                r = default_text(&dose->person, "");
        if (r >= 0)
                r = default_text(&dose->key, dose->medication);
        if (r >= 0)
                r = default_text(&dose->state_name, "unknown");
        if (r < 0)
                return r;

        if (dose_state_from_string(dose->state_name, &dose->state) != 0)
                dose->state = _DOSE_STATE_MAX;
        return 0;
}

static int listed_medication_read(sd_bus_message *message, const char *path, struct listed_medication *medication) {
        int r;

        r = text_set(&medication->path, path);
        if (r < 0)
                return r;
        r = answer_read(message, medication_keys, ELEMENTS(medication_keys), medication);
        if (r < 0)
                return r;

        r = default_text(&medication->key, path);
        if (r >= 0)
                r = default_text(&medication->name, medication->key);
        if (r >= 0)
                r = default_text(&medication->person, "");
        return r;
}

/* Walks an a(oa{sv}); `read_item` is called at each a{sv} and makes room for it. */
static int list_read(sd_bus_message *message, int (*read_item)(sd_bus_message *, const char *, void *), void *list) {
        int r;

        r = sd_bus_message_enter_container(message, 'a', "(oa{sv})");
        if (r < 0)
                return r;

        while ((r = sd_bus_message_enter_container(message, 'r', "oa{sv}")) > 0) {
                const char *path;

                r = sd_bus_message_read_basic(message, 'o', &path);
                if (r >= 0)
                        r = read_item(message, path, list);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r;
}

/* One more zeroed item at the end, growing by doubling. Returns it, or NULL without memory. */
static void *item_new(void *items, size_t *n_items, size_t size) {
        void **array = items;

        if ((*n_items & (*n_items - 1)) == 0) {
                void *more = reallocarray(*array, *n_items ? *n_items * 2 : 1, size);

                if (!more)
                        return NULL;
                *array = more;
        }
        return memset((char *) *array + (*n_items)++ * size, 0, size);
}

static int doses_read_item(sd_bus_message *message, const char *path, void *list) {
        struct listed_doses *doses = list;
        struct listed_dose *dose = item_new(&doses->items, &doses->n_items, sizeof(*doses->items));

        return dose ? listed_dose_read(message, path, dose) : -ENOMEM;
}

static int medications_read_item(sd_bus_message *message, const char *path, void *list) {
        struct listed_medications *medications = list;
        struct listed_medication *medication =
                item_new(&medications->items, &medications->n_items, sizeof(*medications->items));

        return medication ? listed_medication_read(message, path, medication) : -ENOMEM;
}

static uint64_t time_to_bus(usec_t at_usec) {
        return at_usec < 0 ? 0 : (uint64_t) at_usec;
}

static int doses_get(sd_bus *bus, const struct request *request, usec_t from_usec, usec_t until_usec, bool open_only,
                     struct listed_doses *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        struct listed_doses doses = {};
        int r;

        r = client_new_call(bus, CLIENT_ROOT, CLIENT_MANAGER, "ListDoses", &call);
        if (r < 0)
                return r;
        r = sd_bus_message_append(call, "stt", client_person(request), time_to_bus(from_usec), time_to_bus(until_usec));
        if (r >= 0 && open_only)
                r = sd_bus_message_append(call, "a{sv}", 1, "open", "b", 1);
        else if (r >= 0)
                r = sd_bus_message_append(call, "a{sv}", 0);
        if (r < 0)
                return r;

        r = client_call(bus, request, call, &reply);
        if (r != 0)
                return r;
        r = list_read(reply, doses_read_item, &doses);
        if (r < 0) {
                listed_doses_done(&doses);
                return r;
        }

        *ret = doses;
        return 0;
}

int listed_doses_get(sd_bus *bus, const struct request *request, usec_t from_usec, usec_t until_usec,
                     struct listed_doses *ret) {
        return doses_get(bus, request, from_usec, until_usec, false, ret);
}

int listed_doses_get_open(sd_bus *bus, const struct request *request, struct listed_doses *ret) {
        return doses_get(bus, request, 0, 0, true, ret);
}

int listed_medications_get(sd_bus *bus, const struct request *request, struct listed_medications *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        struct listed_medications medications = {};
        int r;

        r = client_new_call(bus, CLIENT_ROOT, CLIENT_MANAGER, "ListMedications", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", client_person(request));
        if (r < 0)
                return r;

        r = client_call(bus, request, call, &reply);
        if (r != 0)
                return r;
        r = list_read(reply, medications_read_item, &medications);
        if (r < 0) {
                listed_medications_done(&medications);
                return r;
        }

        *ret = medications;
        return 0;
}

static json_t *to_json(const struct answer_key *keys, size_t n_keys, const void *object) {
        _cleanup_(json_unref_p) json_t *json = json_object();

        if (!json || answer_to_json(keys, n_keys, object, json) < 0)
                return NULL;
        return TAKE(json);
}

json_t *listed_dose_to_json(const struct listed_dose *dose) {
        return to_json(dose_keys, ELEMENTS(dose_keys), dose);
}

json_t *listed_medication_to_json(const struct listed_medication *medication) {
        return to_json(medication_keys, ELEMENTS(medication_keys), medication);
}

int64_t listed_dose_wall(const struct listed_dose *dose, const struct request *request, usec_t at_usec) {
        const struct zone *zone = request->zone;
        int64_t wall_sec;

        if (at_usec == dose->due_usec && dose->local && wall_parse(dose->local, &wall_sec) == 0)
                return wall_sec;

        if (dose->timezone && zones_get(request->zones, dose->timezone, &zone) != 0)
                zone = request->zone;
        return zone_to_wall(zone, at_usec);
}

bool listed_dose_same_medication(const struct listed_dose *a, const struct listed_dose *b) {
        return text_equal(a->person, b->person) && text_equal(a->key, b->key);
}
