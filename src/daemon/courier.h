/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Caregivers and hooks are told: how the configuration has it, put in force. Whom and of what is told to the engine. */
#pragma once

#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "dosed/engine.h"
#include "dosed/zone.h"

struct courier;

/* `acted` is called after the engine was worked with. */
int courier_new(sd_event *event, struct engine *engine, void (*acted)(void *userdata), void *userdata,
                struct courier **ret);
struct courier *courier_free(struct courier *courier);
DEFINE_CLEANUP(struct courier *, courier_free);

/* The configuration must live until the next one is applied. */
int courier_apply(struct courier *courier, const struct config *config, struct zones *zones);

/* After each step of the engine, and when it has a message: also from within an observer. */
int courier_pump(struct courier *courier);
/* After each step: all may be well again. Not from within an observer. */
int courier_look(struct courier *courier);
