/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From the engine's open doses to what the notify room should have up, and from a button back to the engine. */
#pragma once

#include <systemd/sd-bus.h>

#include "dosed/engine.h"
#include "dosed/error.h"

struct desktop;

/* `acted` is called after a button worked with the engine. */
int desktop_new(sd_bus *connection, struct engine *engine, const char *memory_path, void (*acted)(void *userdata),
                void *userdata, struct desktop **ret);
struct desktop *desktop_free(struct desktop *desktop);
DEFINE_CLEANUP(struct desktop *, desktop_free);

/* Compares what is up with what is open. */
int desktop_update(struct desktop *desktop, usec_t now_usec);

/* A dose has changed: those that passed wholly unattended, and still stand so, are told in one notice until it is read. */
int desktop_note_dose(struct desktop *desktop, const struct dose_view *view);

/* Shows a pretended reminder of that person, marked as such, until it is closed. */
int desktop_rehearse(struct desktop *desktop, const char *person);
