/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A world with one medicine, Lisinopril, that is to be taken daily at eight until a test says otherwise. */
#pragma once

#include "world.h"

#define LIS "ana/lis/20261123T080000"
#define BYHOUR(hours) "DTSTART:20261101T000000\r\nRRULE:FREQ=DAILY;BYHOUR=" hours "\r\n"

static inline void begin(struct world *world) {
        world_edit(world, DAILY("080000"));
        world_told(world, "plan ana\n");
}
