/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who may do what, as the configuration says it. */
#pragma once

#include "daemon/config.h"
#include "dosed/bus.h"

/* Puts it in force on the bus, at once. Returns 0 or -ENOMEM. */
int grants_apply(const struct config *config, struct bus *bus);
