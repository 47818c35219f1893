/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one door: who is calling, and what that caller may do. */
#include "bus/private.h"

/*
 * A session bus belongs to one user, and lets nobody else in (its policy refuses other users): whoever calls there may
 * do everything, in that user's name.
 */
int access_check(struct bus *bus, sd_bus_message *message, enum access access, const char *person,
                 const char **ret_user, sd_bus_error *error) {
        (void) message;
        (void) access;

        if (person && !engine_has_person(bus->engine, person))
                return error_from_outcome(error, ENGINE_NO_SUCH_PERSON, "There is no such person in dosed.conf");
        if (ret_user)
                *ret_user = bus->user;
        return 0;
}

/* On a session bus everybody in dosed.conf is looked after by the one user there is. */
int access_is_own(struct bus *bus, sd_bus_message *message, const char *person) {
        (void) bus;
        (void) message;
        (void) person;
        return 1;
}

bool access_may_know(struct bus *bus, sd_bus_message *message, const char *person) {
        (void) bus;
        (void) message;
        (void) person;
        return true;
}
