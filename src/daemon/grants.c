/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what, as the bus takes it: the Unix users of people, and those of caregivers for the people that name them. */
#include "daemon/grants.h"

#include <string.h>

static const enum bus_right rights[] = {
        [RIGHT_VIEW] = BUS_MAY_VIEW,
        [RIGHT_RECORD] = BUS_MAY_RECORD,
        [RIGHT_MANAGE] = BUS_MAY_MANAGE,
};

static const struct config_caregiver *find_caregiver(const struct config *config, const char *name) {
        for (size_t i = 0; i < config->n_caregivers; i++)
                if (strcmp(config->caregivers[i].name, name) == 0)
                        return &config->caregivers[i];
        return NULL;
}

static size_t add_users(const struct config_person *person, struct bus_grant *grants) {
        for (size_t i = 0; i < person->users.n_items; i++)
                grants[i] = (struct bus_grant){
                        .user = person->users.items[i], .person = person->name, .right = BUS_MAY_RECORD, .is_own = true
                };
        return person->users.n_items;
}

static size_t add_caregivers(const struct config *config, const struct config_person *person,
                             struct bus_grant *grants) {
        size_t n = 0;

        for (size_t i = 0; i < person->caregivers.n_items; i++) {
                const struct config_caregiver *caregiver = find_caregiver(config, person->caregivers.items[i]);

                if (caregiver && caregiver->user && caregiver->may != RIGHT_NONE)
                        grants[n++] = (struct bus_grant){ .user = caregiver->user,
                                                          .person = person->name,
                                                          .right = rights[caregiver->may] };
        }
        return n;
}

int grants_apply(const struct config *config, struct bus *bus) {
        _cleanup_(free_p) struct bus_grant *grants = NULL;
        size_t n = 0;

        for (size_t i = 0; i < config->n_people; i++)
                n += config->people[i].users.n_items + config->people[i].caregivers.n_items;
        grants = calloc(n + 1, sizeof(*grants));
        if (!grants)
                return -ENOMEM;
        n = 0;
        for (size_t i = 0; i < config->n_people; i++) {
                n += add_users(&config->people[i], &grants[n]);
                n += add_caregivers(config, &config->people[i], &grants[n]);
        }
        return bus_set_grants(bus, grants, n);
}
