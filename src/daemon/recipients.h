/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whom the engine has to tell, as dosed.conf says: caregivers who are told anything, and hooks. */
#pragma once

#include "daemon/config.h"
#include "dosed/outbox.h"
#include "dosed/zone.h"

struct recipients {
        struct engine_recipient *items; /* their texts are the configuration's, their names and lists of people not */
        size_t n_items;
};

void recipients_done(struct recipients *recipients);

/* The zones outlive it, and so does the configuration. Returns 0 or a negative errno. */
int recipients_build(const struct config *config, struct zones *zones, struct recipients *ret);
