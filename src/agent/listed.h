/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What dosed lists: its doses as they came over the bus, cleaned. */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "dosed/clock.h"
#include "dosed/error.h"
#include "dosed/reminders.h"

/* Texts are owned, NULL where absent. */
struct listed_dose {
        char *path; /* of the object */
        char *id, *person, *title, *amount, *instructions, *if_missed;
        char *state, *local, *reminded_local;
        usec_t due_usec, reminded_usec, taken_before_usec, group_usec;
        uint32_t reminders;
        bool confidential, critical, asks_amount, stands_alone, takeable, record_lost;
};

struct listed_doses {
        struct listed_dose *items;
        size_t n_items;
};

void listed_doses_done(struct listed_doses *doses);

/* Reads an a(oa{sv}). Unknown keys, and those of another type, are passed over; a dose without a name, too. `ret` starts
 * zeroed. Returns 0 or a negative errno. */
int listed_doses_read(sd_bus_message *message, struct listed_doses *ret);

/* By its id, or by its object's path; NULL. */
const struct listed_dose *listed_doses_find(const struct listed_doses *doses, const char *name);

/* As the reminders want it; its texts stay the listed dose's. */
struct reminded_dose listed_dose_reminded(const struct listed_dose *dose);
