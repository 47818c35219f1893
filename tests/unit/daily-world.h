/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One medicine, Lisinopril, and its times of day. */
#pragma once

#include "world.h"

#define LIS "ana/lis/20261123T080000"
#define BYHOUR(hours) "DTSTART:20261101T000000\r\nRRULE:FREQ=DAILY;BYHOUR=" hours "\r\n"

/* Daily at eight. */
static inline void begin(struct world *world) {
        world_edit(world, DAILY("080000"));
        world_told(world, "plan ana\n");
}
