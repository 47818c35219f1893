/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.dosed.Dosed1.Person: a person's plan, and a rehearsal of how the person is told of. */
#include "bus/private.h"
#include "dosed/outbox.h"

int person_of(struct bus *bus, sd_bus_message *message, char **ret_person, sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL;
        int r;

        r = path_decode(sd_bus_message_get_path(message), PERSON_PREFIX, &person);
        if (r < 0)
                return r;
        if (r == 0)
                return error_from_outcome(error, ENGINE_NO_SUCH_PERSON, NULL);
        r = access_check(bus, message, ACCESS_MANAGE, person, NULL, error);
        if (r < 0)
                return r;
        *ret_person = TAKE(person);
        return 0;
}

/* Whom dosed.conf does not name, it gives nobody a right to: that leaves who may do everything. */
static bool may_accept_left_out(struct bus *bus, sd_bus_message *message, const char *person) {
        return engine_is_left_out(bus->engine, person) && access_may(bus, message, ACCESS_MANAGE, person);
}

static int person_to_accept(struct bus *bus, sd_bus_message *message, char **ret_person, sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL;
        int r;

        r = path_decode(sd_bus_message_get_path(message), PERSON_PREFIX, &person);
        if (r < 0)
                return r;
        if (r == 0 || !may_accept_left_out(bus, message, person))
                return person_of(bus, message, ret_person, error);
        *ret_person = TAKE(person);
        return 0;
}

static int method_accept_plan(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL;
        struct bus *bus = userdata;
        int r;

        r = person_to_accept(bus, message, &person, error);
        if (r >= 0)
                r = clock_check(bus, error);
        if (r < 0)
                return r;
        r = engine_reload(bus->engine, person, BELIEVE_ANYTHING, bus->host.now(bus->userdata));
        bus->host.acted(bus->userdata);
        if (r != 0)
                return error_from_outcome(error, r, r == ENGINE_UNWRITABLE ? "The ledger cannot be written, and so the plan "
                                                                             "stays as it was. Is the disk full?" : NULL);
        return sd_bus_reply_method_return(message, NULL);
}

/* Every channel is tried: the desktop first, since that one cannot be slow. */
static int method_rehearse(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL;
        struct bus *bus = userdata;
        unsigned n_recipients = 0;
        int r;

        r = person_of(bus, message, &person, error);
        if (r >= 0)
                r = clock_check(bus, error);
        if (r >= 0 && bus->host.rehearse)
                r = bus->host.rehearse(bus->userdata, person);
        if (r < 0)
                return r;
        r = engine_rehearse(bus->engine, person, bus->host.now(bus->userdata), &n_recipients);
        bus->host.acted(bus->userdata);
        if (r != 0)
                return error_from_outcome(error, r, "There is no such person in dosed.conf");
        return sd_bus_reply_method_return(message, "u", (uint32_t) n_recipients);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("ListCalendars", SD_BUS_NO_ARGS, SD_BUS_RESULT("as", names), calendars_list,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("GetCalendar", SD_BUS_ARGS("s", name), SD_BUS_RESULT("h", file), calendars_get,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("PutCalendar", SD_BUS_ARGS("s", name, "h", file), SD_BUS_NO_RESULT, calendars_put,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveCalendar", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT, calendars_remove,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AcceptPlan", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_accept_plan,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Rehearse", SD_BUS_NO_ARGS, SD_BUS_RESULT("u", recipients), method_rehearse,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int find(sd_bus *connection, const char *path, const char *interface, void *userdata, void **ret_found,
                sd_bus_error *error) {
        sd_bus_message *message = sd_bus_get_current_message(connection);
        _cleanup_(free_p) char *person = NULL;
        struct bus *bus = userdata;
        int r;

        (void) interface, (void) error;
        r = path_decode(path, PERSON_PREFIX, &person);
        if (r <= 0)
                return r;
        if (!may_accept_left_out(bus, message, person) &&
            (!engine_has_person(bus->engine, person) || !access_may(bus, message, ACCESS_VIEW, person)))
                return 0;
        *ret_found = bus;
        return 1;
}

int bus_add_person(struct bus *bus) {
        return sd_bus_add_fallback_vtable(bus->connection, &bus->slots[2], PERSON_PREFIX, BUS_NAME ".Person", vtable,
                                          find, bus);
}
