/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Everybody who is told something, as dosed.conf has it: what of, by which program, and in which form. */
#pragma once

#include "daemon/config.h"
#include "dosed/deliver.h"
#include "dosed/heartbeat.h"
#include "dosed/zone.h"

struct route;

/* For the three that have to know. Texts are of the configuration or of these routes: both must live as long as they are in use. */
struct routes {
        struct engine_recipient *recipients; /* each at the same place as its delivery */
        struct deliver_recipient *deliveries;
        size_t n_recipients;
        struct heartbeat_hook *heartbeats;
        size_t n_heartbeats;

        struct route *items;
        size_t n_items;
        struct person_name *names;
};

int routes_make(const struct config *config, struct zones *zones, struct routes *ret);
void routes_done(struct routes *routes);
