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
        /*
         * Sends a test mail, and answers `call` exactly once with bus_answer_mail_test(), later or at once. Returns 0; or fills
         * `error` and returns negative, and then `call` is answered with that. NULL: no mail can be sent.
         */
        int (*test_mail)(void *userdata, const char *address, sd_bus_message *call, sd_bus_error *error);
        /* Shows the person a pretended reminder. NULL: nothing is shown. Returns 0 or a negative errno. */
        int (*rehearse)(void *userdata, const char *person);
};

/* The connection and the engine stay the caller's. The name is not requested here. Returns 0 or a negative errno. */
int bus_new(sd_bus *connection, struct engine *engine, const struct bus_host *host, void *userdata, struct bus **ret);
struct bus *bus_free(struct bus *bus);
DEFINE_CLEANUP(struct bus *, bus_free);

/*
 * What came of a test mail: the server took it, or not; `answer` is what it said, a sentence for a person, or NULL. Takes `call`,
 * which else, when the bus is freed first, is only sd_bus_message_unref()ed.
 */
void bus_answer_mail_test(struct bus *bus, sd_bus_message *call, bool is_taken, const char *answer);

/* For the engine's observers. Return 0 or a negative errno. */
int bus_emit_dose_changed(struct bus *bus, const struct dose_view *view);
int bus_emit_reminder(struct bus *bus, const struct dose_view *view);
int bus_emit_plan_changed(struct bus *bus, const char *person);
