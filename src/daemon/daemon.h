/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon: the rooms wired together on one loop. */
#pragma once

#include <stdbool.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "daemon/desktop.h"
#include "daemon/watch.h"
#include "dosed/bus.h"
#include "dosed/engine.h"
#include "dosed/store.h"

/* Where this run keeps its things. All absolute; of the caller. */
struct daemon_places {
        struct config_places config;
        const char *state;   /* folder of the store */
        const char *runtime; /* folder of what does not outlive the login; NULL */
};

struct daemon {
        struct daemon_places places;
        struct config config;
        sd_event *event;
        sd_bus *connection;
        struct store *store;
        struct zones *zones;
        struct engine *engine;
        struct bus *bus;
        struct desktop *desktop;
        struct watch *watch;
        sd_event_source *timer;   /* the next step */
        sd_event_source *refresh; /* after the engine was worked with: timer, notifications, status */
        sd_event_source *clock;
        bool is_degraded;
};

/* Takes everything up, in order: configuration, store, bus, name, plan. Returns 0 or an exit code of sysexits.h. */
int daemon_start(struct daemon *daemon, const struct daemon_places *places);

/* Runs until SIGTERM. Returns 0 or an exit code. */
int daemon_run(struct daemon *daemon);
void daemon_done(struct daemon *daemon);
