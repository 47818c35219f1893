/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.dosed.Dosed1.Manager: lists, subscriptions, and how things stand. */
#include <ctype.h>
#include <string.h>

#include "bus/private.h"
#include "dosed/text.h"

/* An answer in the making: a(oa{sv}). */
struct listing {
        sd_bus_message *reply;
};

static int append_dose(void *userdata, const struct dose_view *view) {
        struct listing *listing = userdata;
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = path_of_dose(view->dose, &path);
        if (r >= 0)
                r = sd_bus_message_open_container(listing->reply, 'r', "oa{sv}");
        if (r >= 0)
                r = sd_bus_message_append(listing->reply, "o", path);
        if (r >= 0)
                r = details_append(listing->reply, view);
        if (r >= 0)
                r = sd_bus_message_close_container(listing->reply);
        return r < 0 ? r : 0;
}

/* Opens the array, lets `fill` append to it, and sends it. */
static int reply_listing(struct bus *bus, sd_bus_message *message,
                         int (*fill)(struct bus *bus, struct listing *listing, const void *request), const void *request,
                         sd_bus_error *error) {
        struct listing listing = {};
        int r;

        r = sd_bus_message_new_method_return(message, &listing.reply);
        if (r >= 0)
                r = sd_bus_message_open_container(listing.reply, 'a', "(oa{sv})");
        if (r >= 0)
                r = fill(bus, &listing, request);
        if (r == 0)
                r = sd_bus_message_close_container(listing.reply);
        if (r >= 0 && r != ENGINE_NO_SUCH_PERSON && r != ENGINE_BAD_OPTION)
                r = sd_bus_send(bus->connection, listing.reply, NULL);
        else
                r = error_from_outcome(error, r,
                                       r == ENGINE_BAD_OPTION ? "There are too many doses in that time: ask for less" :
                                                                NULL);
        sd_bus_message_unref(listing.reply);
        return r < 0 ? r : 1;
}

struct dose_request {
        const char *person; /* NULL: everyone */
        uint64_t from, until;
        bool open;
};

static usec_t time_from_bus(uint64_t time) {
        return time > INT64_MAX / 2 ? INT64_MAX / 2 : (usec_t) time;
}

static int fill_doses(struct bus *bus, struct listing *listing, const void *data) {
        const struct dose_request *request = data;
        usec_t now_usec = bus->host.now(bus->userdata);

        if (request->open)
                return engine_visit_open(bus->engine, request->person, now_usec, append_dose, listing);
        return engine_visit_doses(bus->engine, request->person, time_from_bus(request->from),
                                  time_from_bus(request->until), now_usec, append_dose, listing);
}

static int method_list_doses(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct dose_request request = {};
        const struct option options[] = { { "open", 'b', &request.open } };
        struct bus *bus = userdata;
        const char *person;
        int r;

        r = sd_bus_message_read(message, "stt", &person, &request.from, &request.until);
        if (r < 0)
                return r;
        r = options_read(message, options, ELEMENTS(options), error);
        if (r < 0)
                return r;
        request.person = *person ? person : NULL;
        r = access_check(bus, message, ACCESS_VIEW, request.person, NULL, error);
        if (r < 0)
                return r;
        return reply_listing(bus, message, fill_doses, &request, error);
}

static int append_files(sd_bus_message *reply, const struct medication_view *view) {
        int r;

        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", "files");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < view->n_schedules; i++)
                r = sd_bus_message_append(reply, "s", view->schedules[i]->file);
        for (size_t i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(reply);
        return r;
}

static int append_medication_details(sd_bus_message *reply, const struct medication_view *view) {
        const struct details *details = &view->schedule->details;
        char kind[32] = "";
        int r;

        for (size_t i = 0; i + 1 < sizeof(kind) && kind_to_string(view->schedule->kind)[i]; i++)
                kind[i] = (char) tolower((unsigned char) kind_to_string(view->schedule->kind)[i]);

        r = variant_append_text(reply, "person", view->person);
        if (r >= 0)
                r = variant_append_text(reply, "key", view->key);
        if (r >= 0)
                r = variant_append_text(reply, "name", details->summary ? details->summary : view->key);
        if (r >= 0)
                r = variant_append_text(reply, "kind", kind);
        if (r >= 0)
                r = variant_append_text(reply, "amount", details->amount);
        if (r >= 0)
                r = variant_append_text(reply, "purpose", details->purpose);
        if (r >= 0)
                r = variant_append_text(reply, "instructions", details->instructions);
        if (r >= 0)
                r = variant_append_flag(reply, "as-needed", view->schedule->as_needed);
        if (r >= 0)
                r = variant_append_flag(reply, "on-hold", view->schedule->on_hold);
        if (r >= 0)
                r = variant_append_flag(reply, "stopped", view->schedule->stopped);
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}", "schedules", "u", (uint32_t) view->n_schedules);
        if (r >= 0)
                r = variant_append_time(reply, "next-due", view->next_due_usec);
        if (r >= 0)
                r = variant_append_time(reply, "last-taken", view->last_taken_usec);
        if (r >= 0)
                r = append_files(reply, view);
        return r;
}

static int append_medication(void *userdata, const struct medication_view *view) {
        struct listing *listing = userdata;
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = path_of_medication(view->person, view->key, &path);
        if (r >= 0)
                r = sd_bus_message_open_container(listing->reply, 'r', "oa{sv}");
        if (r >= 0)
                r = sd_bus_message_append(listing->reply, "o", path);
        if (r >= 0)
                r = sd_bus_message_open_container(listing->reply, 'a', "{sv}");
        if (r >= 0)
                r = append_medication_details(listing->reply, view);
        for (size_t i = 0; r >= 0 && i < 2; i++)
                r = sd_bus_message_close_container(listing->reply);
        return r < 0 ? r : 0;
}

static int fill_medications(struct bus *bus, struct listing *listing, const void *data) {
        return engine_visit_medications(bus->engine, data, bus->host.now(bus->userdata), append_medication, listing);
}

static int method_list_medications(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct bus *bus = userdata;
        const char *person;
        int r;

        r = sd_bus_message_read(message, "s", &person);
        if (r < 0)
                return r;
        person = *person ? person : NULL;
        r = access_check(bus, message, ACCESS_VIEW, person, NULL, error);
        if (r < 0)
                return r;
        return reply_listing(bus, message, fill_medications, person, error);
}

static int reply_path(void *userdata, const struct dose_view *view) {
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = path_of_dose(view->dose, &path);
        if (r < 0)
                return r;
        r = sd_bus_reply_method_return(userdata, "o", path);
        return r < 0 ? r : 0;
}

static int method_get_dose(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct bus *bus = userdata;
        const char *id;
        int r;

        r = sd_bus_message_read(message, "s", &id);
        if (r < 0)
                return r;
        r = access_check(bus, message, ACCESS_VIEW, NULL, NULL, error);
        if (r < 0)
                return r;
        r = engine_visit_dose(bus->engine, id, bus->host.now(bus->userdata), reply_path, message);
        if (r != 0)
                return error_from_outcome(error, r, "There is no such dose. An id is person/UID/recurrence-id");
        return 1;
}

/* On a session bus the signals are broadcast: there is nobody to keep in mind. */
static int method_subscribe(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        int r;

        r = access_check(userdata, message, ACCESS_VIEW, NULL, NULL, error);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(message, NULL);
}

static int method_reload(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *reason = NULL;
        struct bus *bus = userdata;
        int r;

        r = access_check(bus, message, ACCESS_MANAGE, NULL, NULL, error);
        if (r < 0)
                return r;
        r = bus->host.reload(bus->userdata, &reason);
        if (r > 0)
                return error_degraded(error, reason);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(message, NULL);
}

static int get_next_due(sd_bus *connection, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const struct bus *bus = userdata;
        usec_t next_usec = engine_next_due(bus->engine);

        (void) connection, (void) path, (void) interface, (void) property, (void) error;
        return sd_bus_message_append(reply, "t", next_usec == USEC_NEVER ? UINT64_C(0) : (uint64_t) next_usec);
}

static int get_open_doses(sd_bus *connection, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const struct bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) error;
        return sd_bus_message_append(reply, "u", (uint32_t) engine_count_open(bus->engine));
}

static int append_strings(sd_bus_message *reply, const struct engine *engine,
                          const char *(*get)(const struct engine *engine, size_t i), size_t n) {
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < n; i++)
                r = sd_bus_message_append(reply, "s", get(engine, i));
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static int get_people(sd_bus *connection, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const struct bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) error;
        return append_strings(reply, bus->engine, engine_person_name, engine_count_people(bus->engine));
}

static int get_degraded(sd_bus *connection, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        const struct bus *bus = userdata;

        (void) connection, (void) path, (void) interface, (void) property, (void) error;
        return append_strings(reply, bus->engine, engine_degraded, engine_count_degraded(bus->engine));
}

static int get_version(sd_bus *connection, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        (void) connection, (void) path, (void) interface, (void) property, (void) userdata, (void) error;
        return sd_bus_message_append(reply, "s", DOSED_VERSION);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("ListDoses", SD_BUS_ARGS("s", person, "t", from, "t", until, "a{sv}", options),
                                SD_BUS_RESULT("a(oa{sv})", doses), method_list_doses, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListMedications", SD_BUS_ARGS("s", person), SD_BUS_RESULT("a(oa{sv})", medications),
                                method_list_medications, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetDose", SD_BUS_ARGS("s", id), SD_BUS_RESULT("o", dose), method_get_dose,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Subscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_subscribe,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Unsubscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_subscribe,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Reload", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_reload, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_SIGNAL_WITH_ARGS("ReminderDue", SD_BUS_ARGS("o", dose, "a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS("DoseChanged", SD_BUS_ARGS("o", dose, "s", state, "a{sv}", details), 0),
        SD_BUS_SIGNAL_WITH_ARGS("PlanChanged", SD_BUS_ARGS("s", person), 0),
        SD_BUS_PROPERTY("Version", "s", get_version, 0, 0),
        SD_BUS_PROPERTY("NextDue", "t", get_next_due, 0, 0),
        SD_BUS_PROPERTY("People", "as", get_people, 0, 0),
        SD_BUS_PROPERTY("OpenDoses", "u", get_open_doses, 0, 0),
        SD_BUS_PROPERTY("Degraded", "as", get_degraded, 0, 0),
        SD_BUS_VTABLE_END,
};

int bus_add_manager(struct bus *bus) {
        return sd_bus_add_object_vtable(bus->connection, &bus->slots[0], BUS_ROOT, BUS_NAME ".Manager", vtable, bus);
}
