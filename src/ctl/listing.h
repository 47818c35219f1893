/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon lists: doses and medications, as values. */
#pragma once

#include <jansson.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "ctl/request.h"
#include "dosed/clock.h"
#include "dosed/dose.h"

/* A dose of ListDoses and of the signals; the keys are explained in dbus/org.dosed.Dosed1.Manager.xml. */
struct listed_dose {
        char *path;
        char *id, *person, *medication, *key;
        char *amount, *instructions, *purpose, *if_missed;
        char *state_name;
        enum dose_state state; /* _DOSE_STATE_MAX: a state that this version does not know */
        usec_t due_usec, window_end_usec, snoozed_until_usec;
        uint32_t reminders;
        usec_t taken_at_usec, recorded_at_usec, taken_before_usec;
        char *recorded_by, *grade, *taken_amount, *measurement, *note;
        char *local, *timezone;
        bool critical, asks_amount, recorded_later, takeable, check_first, record_lost;
};

struct listed_doses {
        struct listed_dose *items;
        size_t n_items;
};

struct listed_medication {
        char *path;
        char *person, *key, *name, *kind, *amount, *purpose, *instructions, *timezone;
        bool as_needed, on_hold, stopped;
        uint32_t schedules;
        usec_t next_due_usec, last_taken_usec;
        char **files;
};

struct listed_medications {
        struct listed_medication *items;
        size_t n_items;
};

void listed_dose_done(struct listed_dose *dose);
void listed_doses_done(struct listed_doses *doses);
void listed_medications_done(struct listed_medications *medications);

/* The a{sv} that comes next; `dose` starts zeroed and is to be done with in any case. Returns 0 or a negative errno. */
int listed_dose_read(sd_bus_message *message, const char *path, struct listed_dose *dose);

/* Manager.ListDoses and ListMedications, said what is wrong. Returns 0, REQUEST_REFUSED or a negative errno. */
int listed_doses_get(sd_bus *bus, const struct request *request, usec_t from_usec, usec_t until_usec,
                     struct listed_doses *ret);
int listed_doses_get_open(sd_bus *bus, const struct request *request, struct listed_doses *ret);
int listed_medications_get(sd_bus *bus, const struct request *request, struct listed_medications *ret);

/* New JSON, NULL without memory. */
json_t *listed_dose_to_json(const struct listed_dose *dose);
json_t *listed_medication_to_json(const struct listed_medication *medication);

/* The wall clock of the dose's person at that instant: in its time zone, and at its due time what the daemon said. */
int64_t listed_dose_wall(const struct listed_dose *dose, const struct request *request, usec_t at_usec);

/* Both belong to one medication of one person. */
bool listed_dose_same_medication(const struct listed_dose *a, const struct listed_dose *b);
