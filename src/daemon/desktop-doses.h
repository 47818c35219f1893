/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which doses should be up on the desktop: from the engine's view to the notify room's. */
#pragma once

#include "dosed/engine.h"
#include "dosed/reminders.h"

/* Hands what is reminded and open to the notifications. Returns 0 or a negative errno. */
int desktop_show_doses(struct engine *engine, struct notify *notify, struct hidden_doses *hidden, usec_t now_usec);
