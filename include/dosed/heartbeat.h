/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs the heartbeat hooks, each at its own pace, while all is well: who waits for them outside notices when dosed is dead or
 * stuck. Never late, never twice at once, and not through the outbox: a heartbeat of an hour ago says nothing.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "dosed/clock.h"
#include "dosed/deliver.h"
#include "dosed/error.h"

struct heartbeat_hook {
        struct deliver_recipient recipient; /* whose form gets a message of one EVENT_HEARTBEAT */
        struct wall_clock clock;            /* the recipient's */
        usec_t every_usec;
};

struct heartbeat_host {
        usec_t (*now)(void *userdata);
        bool (*is_healthy)(void *userdata);
        /* One has ended, or could not begin. `answer` is a sentence, or NULL; so many in a row were not delivered. */
        int (*ended)(void *userdata, const char *name, enum delivery delivery, const char *answer, unsigned n_failures);
};

struct heartbeat;

int heartbeat_new(sd_event *event, const struct heartbeat_host *host, void *userdata, struct heartbeat **ret);
/* What runs is killed. */
struct heartbeat *heartbeat_free(struct heartbeat *heartbeat);
DEFINE_CLEANUP(struct heartbeat *, heartbeat_free);

/*
 * All of them at once. Copied. One that was there before keeps its pace; a new one beats after LIMIT_HEARTBEAT_FIRST_SEC at the
 * latest. Not from within ended(). Returns 0 or a negative errno.
 */
int heartbeat_set(struct heartbeat *heartbeat, const struct heartbeat_hook *hooks, size_t n_hooks);

/* All may be well again: a beat that was left out is made up for at once. */
int heartbeat_look(struct heartbeat *heartbeat);
