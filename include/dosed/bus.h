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

/* Whom the bus lets in: one user's own programs, or everybody on this machine. */
enum bus_scope { BUS_SCOPE_SESSION, BUS_SCOPE_SYSTEM };

/* The connection and the engine stay the caller's. The name is not requested here. Returns 0 or a negative errno. */
int bus_new(sd_bus *connection, enum bus_scope scope, struct engine *engine, const struct bus_host *host, void *userdata,
            struct bus **ret);
struct bus *bus_free(struct bus *bus);
DEFINE_CLEANUP(struct bus *, bus_free);

/* Each may what those before it may: see a person's doses, record them, change the plan. */
enum bus_right { BUS_MAY_VIEW, BUS_MAY_RECORD, BUS_MAY_MANAGE };

/* What a Unix user may do for a person. A user may have several for one person: the highest holds. */
struct bus_grant {
        const char *user, *person;
        enum bus_right right;
        bool is_own; /* is this person, or acts for them: also what is hidden from caregivers is theirs to see */
};

/*
 * Who may do what on the system bus, all of it at once, and from now on: nobody but root may do anything until it is told. On a
 * session bus, whoever calls may do everything. Copied. Returns 0 or -ENOMEM, and then what held still holds.
 */
int bus_set_grants(struct bus *bus, const struct bus_grant *grants, size_t n_grants);

/*
 * What came of a test mail: the server took it, or not; `answer` is what it said, a sentence for a person, or NULL. Takes `call`,
 * which else, when the bus is freed first, is only sd_bus_message_unref()ed.
 */
void bus_answer_mail_test(struct bus *bus, sd_bus_message *call, bool is_taken, const char *answer);

/*
 * For the engine's observers. On a session bus broadcast; on the system bus sent to each subscriber that may see the
 * person, and to nobody else. Return 0 or a negative errno.
 */
int bus_emit_dose_changed(struct bus *bus, const struct dose_view *view);
int bus_emit_reminder(struct bus *bus, const struct dose_view *view);
int bus_emit_plan_changed(struct bus *bus, const char *person, bool is_private);
