/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The one door: who is calling, and what that caller may do. */
#include "bus/private.h"

/* Who calls, as far as rights go. */
struct caller {
        const char *user; /* NULL: nobody knows */
        bool may_all;
};

static struct caller caller_of_peer(const struct peer *peer) {
        return peer ? (struct caller){ .user = peer->user, .may_all = peer->is_root } : (struct caller){};
}

/*
 * A session bus belongs to one user, and lets nobody else in (its policy refuses other users): whoever calls there may
 * do everything, in that user's name. On the system bus that is root.
 */
static struct caller caller_of(struct bus *bus, sd_bus_message *message) {
        switch (bus->scope) {
        case BUS_SCOPE_SESSION:
                return (struct caller){ .user = bus->user, .may_all = true };
        case BUS_SCOPE_SYSTEM:
                return caller_of_peer(peers_find(bus, message));
        }
        return (struct caller){};
}

static bool allows(const struct bus *bus, const struct caller *caller, enum access access, const char *person,
                   bool is_confidential) {
        return caller->may_all || grants_allow(bus, caller->user, access, person, is_confidential);
}

static int refuse(enum access access, sd_bus_error *error) {
        static const char *const reasons[] = {
                [ACCESS_VIEW] = "Nothing here is yours to see: ask who keeps dosed.conf to name your Unix user there",
                [ACCESS_RECORD] =
                        "You may see these doses, but not record them: ask who keeps dosed.conf for 'may = record'",
                [ACCESS_MANAGE] =
                        "This changes more than you may: ask who keeps dosed.conf for 'may = manage', or root to do it",
        };

        return sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED, reasons[access]);
}

int access_check(struct bus *bus, sd_bus_message *message, enum access access, const char *person,
                 const char **ret_user, sd_bus_error *error) {
        struct caller caller = caller_of(bus, message);

        if (!allows(bus, &caller, ACCESS_VIEW, NULL, false))
                return refuse(ACCESS_VIEW, error);
        if (person && (!engine_has_person(bus->engine, person) || !allows(bus, &caller, ACCESS_VIEW, person, false)))
                return error_from_outcome(error, ENGINE_NO_SUCH_PERSON, "There is no such person in dosed.conf");
        if (!allows(bus, &caller, access, person, false))
                return refuse(access, error);
        if (ret_user)
                *ret_user = caller.user;
        return 0;
}

bool access_may(struct bus *bus, sd_bus_message *message, enum access access, const char *person) {
        struct caller caller = caller_of(bus, message);

        return allows(bus, &caller, access, person, false);
}

bool access_may_see(struct bus *bus, sd_bus_message *message, const char *person, bool is_confidential) {
        struct caller caller = caller_of(bus, message);

        return allows(bus, &caller, ACCESS_VIEW, person, is_confidential);
}

bool access_may_be_told(const struct peer *peer, const char *person, bool is_confidential) {
        struct caller caller = caller_of_peer(peer);

        return allows(peer->bus, &caller, ACCESS_VIEW, person, is_confidential);
}

/* What is of the whole house may name anybody in it. */
bool access_may_every(struct bus *bus, sd_bus_message *message, enum access access) {
        struct caller caller = caller_of(bus, message);
        size_t n_people = engine_count_people(bus->engine);

        for (size_t i = 0; i < n_people; i++)
                if (!allows(bus, &caller, access, engine_person_name(bus->engine, i), false))
                        return false;
        return n_people > 0 || caller.may_all;
}

bool access_may_know(struct bus *bus, sd_bus_message *message, const char *person) {
        return person ? access_may(bus, message, ACCESS_VIEW, person) : access_may_every(bus, message, ACCESS_VIEW);
}

bool access_is_own(struct bus *bus, sd_bus_message *message, const char *person) {
        struct caller caller = caller_of(bus, message);

        return bus->scope == BUS_SCOPE_SESSION || grants_are_own(bus, caller.user, person);
}

const char *access_only_person(struct bus *bus, sd_bus_message *message) {
        struct caller caller = caller_of(bus, message);
        const char *only = NULL;

        for (size_t i = 0; i < engine_count_people(bus->engine); i++) {
                const char *person = engine_person_name(bus->engine, i);

                if (!allows(bus, &caller, ACCESS_VIEW, person, false))
                        continue;
                if (only)
                        return NULL;
                only = person;
        }
        return only;
}
