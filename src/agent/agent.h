/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the dosed of the machine and the notifications of this session. */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "dosed/clock.h"
#include "dosed/error.h"

struct agent;

/*
 * Both buses are attached to the loop; they stay the caller's. `memory_path`: see notify_new(). A dosed that was there and does
 * not come back within `patience_usec` is told of on the desktop. Returns 0 or a negative errno.
 */
int agent_new(sd_event *event, sd_bus *system, sd_bus *session, const char *memory_path, usec_t patience_usec,
              struct agent **ret);
/* Takes down what is up. */
struct agent *agent_free(struct agent *agent);
DEFINE_CLEANUP(struct agent *, agent_free);
