/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How everybody is told, as dosed.conf has it: by which program, and in which form. Whom and of what is in recipients.h. */
#pragma once

#include "daemon/config.h"
#include "dosed/deliver.h"
#include "dosed/heartbeat.h"
#include "dosed/zone.h"

struct route;

/* Texts are of the configuration or of these routes: both must live as long as they are in use. */
struct routes {
        struct deliver_recipient *deliveries;
        size_t n_deliveries;
        struct heartbeat_hook *heartbeats;
        size_t n_heartbeats;

        struct route *items;
        size_t n_items;
        struct person_name *names;
};

int routes_make(const struct config *config, struct zones *zones, struct routes *ret);
/*
 * The one way to that address, as to a caregiver, with everything that the mail program says in its last line. Returns 0,
 * ROUTES_NO_MAIL or a negative errno.
 */
enum routes_outcome { ROUTES_NO_MAIL = 1 };
int routes_make_test(const struct config *config, struct zones *zones, const char *address, struct routes *ret);
void routes_done(struct routes *routes);
