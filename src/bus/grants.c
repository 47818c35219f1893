/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what on the system bus, as dosed.conf says it. */
#include <string.h>

#include "bus/private.h"
#include "dosed/text.h"

static void free_grants(struct bus_grant *grants, size_t n_grants) {
        for (size_t i = 0; i < n_grants; i++) {
                free((char *) grants[i].user);
                free((char *) grants[i].person);
        }
        free(grants);
}

static int copy_grant(const struct bus_grant *grant, struct bus_grant *ret) {
        char *user = NULL, *person = NULL;
        int r;

        r = text_copy(grant->user, &user);
        if (r >= 0)
                r = text_copy(grant->person, &person);
        if (r < 0) {
                free(user);
                return r;
        }
        *ret = (struct bus_grant){ .user = user, .person = person, .right = grant->right, .is_own = grant->is_own };
        return 0;
}

static int compare_users(const void *a, const void *b) {
        return strcmp(((const struct bus_grant *) a)->user, ((const struct bus_grant *) b)->user);
}

int bus_set_grants(struct bus *bus, const struct bus_grant *grants, size_t n_grants) {
        struct bus_grant *copies = calloc(n_grants + 1, sizeof(*copies));
        size_t n = 0;
        int r = 0;

        if (!copies)
                return -ENOMEM;
        while (n < n_grants && r >= 0) {
                r = copy_grant(&grants[n], &copies[n]);
                n += r >= 0;
        }
        if (r < 0) {
                free_grants(copies, n);
                return r;
        }
        qsort(copies, n, sizeof(*copies), compare_users);

        free_grants(bus->grants, bus->n_grants);
        bus->grants = copies;
        bus->n_grants = n;
        return 0;
}

void grants_done(struct bus *bus) {
        free_grants(bus->grants, bus->n_grants);
}

/* The first one of that user: a list of many doses asks for each of them. */
static size_t find_user(const struct bus *bus, const char *user) {
        size_t low = 0, high = bus->n_grants;

        while (low < high) {
                size_t middle = low + (high - low) / 2;

                if (strcmp(bus->grants[middle].user, user) < 0)
                        low = middle + 1;
                else
                        high = middle;
        }
        return low;
}

static const struct bus_grant *next_grant(const struct bus *bus, const char *user, const char *person, size_t *at) {
        for (; *at < bus->n_grants && strcmp(bus->grants[*at].user, user) == 0; (*at)++)
                if (!person || strcmp(bus->grants[*at].person, person) == 0)
                        return &bus->grants[(*at)++];
        return NULL;
}

bool grants_allow(const struct bus *bus, const char *user, enum access access, const char *person,
                  bool is_confidential) {
        const struct bus_grant *grant;

        if (!user)
                return false;
        for (size_t at = find_user(bus, user); (grant = next_grant(bus, user, person, &at));)
                if ((enum access) grant->right >= access && (grant->is_own || !is_confidential))
                        return true;
        return false;
}

bool grants_are_own(const struct bus *bus, const char *user, const char *person) {
        const struct bus_grant *grant;

        if (!user)
                return false;
        for (size_t at = find_user(bus, user); (grant = next_grant(bus, user, person, &at));)
                if (grant->is_own)
                        return true;
        return false;
}
