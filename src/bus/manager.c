/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.dosed.Dosed1.Manager: subscriptions, and how things stand; its lists are in listing.c. */
#include <string.h>

#include "bus/private.h"
#include "dosed/limits.h"
#include "dosed/text.h"

struct path_request {
        struct bus *bus;
        sd_bus_message *message;
};

static int reply_path(void *userdata, const struct dose_view *view) {
        struct path_request *request = userdata;
        _cleanup_(free_p) char *path = NULL;
        int r;

        if (!access_may_see(request->bus, request->message, view->dose->person, view->is_private))
                return ENGINE_NO_SUCH_DOSE;
        r = path_of_dose(view->dose, &path);
        if (r < 0)
                return r;
        r = sd_bus_reply_method_return(request->message, "o", path);
        return r < 0 ? r : 0;
}

static int method_get_dose(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct bus *bus = userdata;
        struct path_request request = { .bus = bus, .message = message };
        const char *id;
        int r;

        r = sd_bus_message_read(message, "s", &id);
        if (r < 0)
                return r;
        r = access_check(bus, message, ACCESS_VIEW, NULL, NULL, error);
        if (r < 0)
                return r;
        r = engine_visit_dose(bus->engine, id, bus->host.now(bus->userdata), reply_path, &request);
        if (r != 0)
                return error_from_outcome(error, r, "There is no such dose. An id is person/UID/recurrence-id");
        return 1;
}

/* The configuration and the plans of all are read again; what is wrong with them is for those who see everyone. */
static int method_reload(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *reason = NULL;
        struct bus *bus = userdata;
        int r;

        r = access_check(bus, message, ACCESS_MANAGE, NULL, NULL, error);
        if (r < 0)
                return r;
        r = bus->host.reload(bus->userdata, &reason);
        if (r > 0)
                return error_degraded(error, access_may_know(bus, message, NULL)
                                                     ? reason
                                                     : "Not all of it is in force: ask who keeps dosed.conf, or root");
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(message, NULL);
}

/* Who asks for a property. */
struct asking {
        struct bus *bus;
        sd_bus_message *message;
};

static struct asking asking_of(struct bus *bus, sd_bus *connection) {
        return (struct asking){ .bus = bus, .message = sd_bus_get_current_message(connection) };
}

static bool asked_dose(void *userdata, const char *person, bool is_confidential) {
        const struct asking *asking = userdata;

        return access_may_see(asking->bus, asking->message, person, is_confidential);
}

/*
 * The getters of the root: the library checks nobody's reading of a property, and one that failed would take all the others
 * with it. So they leave out what the caller may not see.
 */
static int get_next_due(sd_bus *connection, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct asking asking = asking_of(userdata, connection);
        usec_t next_usec = engine_next_due_of(asking.bus->engine, asked_dose, &asking);

        (void) path, (void) interface, (void) property, (void) error;
        return sd_bus_message_append(reply, "t", next_usec == USEC_NEVER ? UINT64_C(0) : (uint64_t) next_usec);
}

static int get_open_doses(sd_bus *connection, const char *path, const char *interface, const char *property,
                          sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct asking asking = asking_of(userdata, connection);

        (void) path, (void) interface, (void) property, (void) error;
        return sd_bus_message_append(reply, "u", (uint32_t) engine_count_open_of(asking.bus->engine, asked_dose, &asking));
}

/* A property cannot be asked for in parts: what is more than it may hold is counted. `get` answers NULL for what is hidden. */
static int append_strings(sd_bus_message *reply, const struct asking *asking,
                          const char *(*get)(const struct asking *asking, size_t i), size_t n) {
        _cleanup_(free_p) char *more = NULL;
        size_t bytes = 0, n_more = 0;
        int r;

        r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < n; i++) {
                const char *text = get(asking, i);

                if (!text)
                        continue;
                bytes += strlen(text) + LISTING_OVERHEAD;
                if (bytes > LIMIT_PROPERTY_BYTES)
                        n_more++;
                else
                        r = sd_bus_message_append(reply, "s", text);
        }
        if (r >= 0 && n_more > 0) {
                r = text_format(&more, "and %zu more", n_more);
                if (r >= 0)
                        r = sd_bus_message_append(reply, "s", more);
        }
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

static const char *asked_person(const struct asking *asking, size_t i) {
        const char *person = engine_person_name(asking->bus->engine, i);

        return access_may(asking->bus, asking->message, ACCESS_VIEW, person) ? person : NULL;
}

static int get_people(sd_bus *connection, const char *path, const char *interface, const char *property,
                      sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct asking asking = asking_of(userdata, connection);

        (void) path, (void) interface, (void) property, (void) error;
        return append_strings(reply, &asking, asked_person, engine_count_people(asking.bus->engine));
}

static const char *asked_degraded(const struct asking *asking, size_t i) {
        return degraded_for(asking->bus, asking->message, engine_degraded_key(asking->bus->engine, i),
                            engine_degraded(asking->bus->engine, i));
}

static int get_degraded(sd_bus *connection, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct asking asking = asking_of(userdata, connection);

        (void) path, (void) interface, (void) property, (void) error;
        return append_strings(reply, &asking, asked_degraded, engine_count_degraded(asking.bus->engine));
}

static int get_version(sd_bus *connection, const char *path, const char *interface, const char *property,
                       sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        (void) connection, (void) path, (void) interface, (void) property, (void) userdata, (void) error;
        return sd_bus_message_append(reply, "s", DOSED_VERSION);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("ListDoses", SD_BUS_ARGS("s", person, "t", from, "t", until, "a{sv}", options),
                                SD_BUS_RESULT("a(oa{sv})", doses), listing_doses, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("ListMedications", SD_BUS_ARGS("s", person), SD_BUS_RESULT("a(oa{sv})", medications),
                                listing_medications, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetDose", SD_BUS_ARGS("s", id), SD_BUS_RESULT("o", dose), method_get_dose,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Subscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, subscribers_add,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Unsubscribe", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, subscribers_remove,
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
