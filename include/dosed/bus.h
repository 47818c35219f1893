/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.dosed.Dosed1 on a bus: the engine offered to applets and scripts. Adapters only: no rule of a dose is decided here. */
#pragma once

#include <systemd/sd-bus.h>

#include "dosed/engine.h"
#include "dosed/error.h"

#define BUS_NAME "org.dosed.Dosed1"
#define BUS_ROOT "/org/dosed/Dosed1"

struct bus;

enum bus_outcome {
        BUS_DEGRADED = 1, /* what was asked for cannot be had as things stand */
};

/* What the program does for the bus. */
struct bus_host {
        usec_t (*now)(void *userdata);
        /*
         * Reads configuration and plan again, at once. 0; BUS_DEGRADED where not all of it is in force, with a sentence that
         * says why; or a negative errno where that failed.
         */
        int (*reload)(void *userdata, char **ret_reason);
        /* The engine was worked with: what waits may wait for something else now. */
        void (*acted)(void *userdata);
};

/* Whom the bus lets in: one user's own programs, or everybody on this machine. */
enum bus_scope { BUS_SCOPE_SESSION, BUS_SCOPE_SYSTEM };

/* The connection and the engine stay the caller's. The name is not requested here. Returns 0 or a negative errno. */
int bus_new(sd_bus *connection, enum bus_scope scope, struct engine *engine, const struct bus_host *host, void *userdata,
            struct bus **ret);
struct bus *bus_free(struct bus *bus);
DEFINE_CLEANUP(struct bus *, bus_free);

/* For the engine's observers. Return 0 or a negative errno. */
int bus_emit_dose_changed(struct bus *bus, const struct dose_view *view);
int bus_emit_reminder(struct bus *bus, const struct dose_view *view);
int bus_emit_plan_changed(struct bus *bus, const char *person);
