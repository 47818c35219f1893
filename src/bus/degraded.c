/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What does not work, and who may read which words of it. */
#include <string.h>

#include "bus/private.h"

/* What is of the whole house. Some sentences name people, caregivers or hooks: who does not see everyone gets another one. */
static const struct {
        const char *key;
        const char *instead; /* NULL: it names nobody */
} general[] = {
        { "clock", NULL },
        { "ledger", NULL },
        { "store", NULL },
        { "store-open", NULL },
        { "config", "The configuration cannot be used, and what it said last is in force: ask who keeps dosed.conf" },
        { "calendars", "Some plan files lie where nobody's are looked for: ask who keeps dosed.conf" },
        { "outbox", "Some messages do not arrive: ask who keeps dosed.conf" },
};

/* A person's name holds no slash. */
static bool is_of_person(const struct bus *bus, const char *key, const char **ret_person) {
        const char *slash = strchr(key, '/');

        for (size_t i = 0; slash && i < engine_count_people(bus->engine); i++) {
                const char *person = engine_person_name(bus->engine, i);

                if (strlen(person) == (size_t) (slash - key) && strncmp(person, key, strlen(person)) == 0) {
                        *ret_person = person;
                        return true;
                }
        }
        return false;
}

/* All but that of the plan as a whole may name a file, which hides from caregivers what is confidential. */
static const char *words_for(struct bus *bus, sd_bus_message *message, const char *person, const char *key,
                             const char *sentence) {
        if (strcmp(key + strlen(person) + 1, "plan") == 0 || access_may_see(bus, message, person, true))
                return sentence;
        return "Something in a plan cannot be used: ask who sees all of that plan to look at dosectl status";
}

/* Whom dosed.conf does not name, it gives nobody a right to: only who may do everything reads the name. */
static const char *words_of_left_out(struct bus *bus, sd_bus_message *message, const char *key, const char *sentence) {
        _cleanup_(free_p) char *person = strndup(key, strcspn(key, "/"));

        if (person && access_may(bus, message, ACCESS_MANAGE, person))
                return sentence;
        return access_may(bus, message, ACCESS_VIEW, NULL)
                       ? "Somebody has a plan, but is nobody of dosed.conf: ask who keeps that file"
                       : NULL;
}

const char *degraded_for(struct bus *bus, sd_bus_message *message, const char *key, const char *sentence) {
        const char *person;

        if (strchr(key, '/') && !is_of_person(bus, key, &person))
                return words_of_left_out(bus, message, key, sentence);
        if (access_may_know(bus, message, NULL))
                return sentence;
        if (is_of_person(bus, key, &person))
                return !access_may_know(bus, message, person) ? NULL : words_for(bus, message, person, key, sentence);
        for (size_t i = 0; i < ELEMENTS(general); i++)
                if (strcmp(key, general[i].key) == 0 && access_may(bus, message, ACCESS_VIEW, NULL))
                        return general[i].instead ? general[i].instead : sentence;
        return NULL;
}
