/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Wakes a suspended machine for a dose, where hardware and privileges allow. */
#pragma once

#include <systemd/sd-event.h>

#include "dosed/clock.h"
#include "dosed/error.h"

struct wake;

/* Returns 0 or a negative errno. Where the machine cannot be woken that is logged, and everything else works. */
int wake_new(sd_event *event, struct wake **ret);
struct wake *wake_free(struct wake *wake);
DEFINE_CLEANUP(struct wake *, wake_free);

/* The machine is to be awake at that time; USEC_NEVER: it may sleep. */
int wake_set(struct wake *wake, usec_t at_usec);
