/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which doses should be up on the desktop, and what is said of them there: from the engine's view to the notify room's. */
#pragma once

#include "dosed/engine.h"
#include "dosed/error.h"
#include "dosed/notify.h"

/* Doses that are not due yet and that somebody wants to see later: each until its next reminder, the one at its due time at
 * the latest. As with a closed notification, a restart forgets it. */
struct hidden_doses {
        struct hidden_dose {
                char *id;
                unsigned reminders; /* so many there had been */
                bool is_upcoming;   /* seen so by the last look */
        } *items;
        size_t n_items;
};

void hidden_doses_done(struct hidden_doses *hidden);
int hidden_doses_add(struct hidden_doses *hidden, const char *id, unsigned reminders); /* 0 or -ENOMEM */

/* Hands what is reminded and open to the notifications. Returns 0 or a negative errno. */
int desktop_show_doses(struct engine *engine, struct notify *notify, struct hidden_doses *hidden, usec_t now_usec);

#define DESKTOP_TIME_SIZE 32
/* "08:00", and "08:00 on Tue 24 Nov" where the person has another day at `seen_usec`. */
void desktop_format_time(const struct wall_clock *clock, usec_t at_usec, usec_t seen_usec, char text[static DESKTOP_TIME_SIZE]);
