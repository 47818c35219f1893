/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Outcomes of the engine as D-Bus errors. */
#include "bus/private.h"
#include "dosed/limits.h"

int error_from_outcome(sd_bus_error *error, int outcome, const char *reason) {
        char name[128];

        if (outcome < 0)
                return outcome;
        (void) snprintf(name, sizeof(name), ERROR_PREFIX "%s", engine_outcome_to_string((enum engine_outcome) outcome));
        return sd_bus_error_set(error, name, reason ? reason : "There is no such thing");
}

int error_degraded(sd_bus_error *error, const char *reason) {
        return sd_bus_error_set(error, ERROR_PREFIX "Degraded", reason);
}

int clock_check(struct bus *bus, sd_bus_error *error) {
        if (bus->host.now(bus->userdata) >= LIMIT_CLOCK_SEC * USEC_PER_SEC)
                return 0;
        return error_degraded(error, "The clock of this machine is wrong: set it, then record");
}
