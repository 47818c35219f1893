/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is told, mostly of one medicine, Lisinopril. */
#pragma once

#include "outbox-world.h"

#define ID "ana/lis/20261123T080000"

/* They are told, and have the plan of that medicine. */
static inline void begin_with(struct world *world, const struct engine_recipient *recipients, size_t n,
                              const char *lines) {
        world_tell(world, recipients, n);
        world_edit(world, lines);
        world_live_until(world, AT(0, 30), DELIVERY_DONE);
        world_forget(world);
}

static inline void begin(struct world *world, const struct engine_recipient *recipients, size_t n) {
        begin_with(world, recipients, n, DAILY("080000"));
}

static inline size_t count_sent(struct world *world, const char *what) {
        size_t n = 0;
        fflush(world->transcript);
        for (const char *p = world->told; (p = strstr(p, what)); p++)
                n++;
        return n;
}
