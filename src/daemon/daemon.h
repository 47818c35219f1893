/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The daemon: the rooms wired together on one loop. */
#pragma once

#include <stdbool.h>
#include <sys/signalfd.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "daemon/courier.h"
#include "daemon/desktop.h"
#include "daemon/ending.h"
#include "daemon/mail-test.h"
#include "daemon/wake.h"
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
        struct desktop *desktop; /* NULL in a system service */
        struct courier *courier;
        struct mail_tests *mail_tests;
        struct watch *watch;
        struct watch *zone_watch, *zone_data_watch;
        sd_event_source *timer;   /* the next step */
        sd_event_source *refresh; /* after the engine was worked with: timer, notifications, status */
        sd_event_source *clock;
        struct wake *wake;
        enum ending former_ending;
        bool has_plan;          /* it was taken up: not while the clock is impossible */
        bool plan_waits;        /* something was to be read while the clock was impossible */
        bool starts_anew;       /* it is to be executed again once it has ended */
        bool zone_data_waits;   /* it has changed, and is taken up once the ledger is written */
        bool is_without_ledger; /* the store could not be opened */
        int ledger_error;       /* why: a negative errno; 0: it is damaged, or no store of dosed */
        bool status_sent;
        size_t n_open, n_degraded; /* as the service manager was told */
};

/* Takes everything up (start.c). Returns 0 or an exit code of sysexits.h. */
int daemon_start(struct daemon *daemon, const struct daemon_places *places);

/* Runs until SIGTERM. Returns 0 or an exit code. */
int daemon_run(struct daemon *daemon);
void daemon_done(struct daemon *daemon);

/* Between the files of this room. What returns int returns 0 or a negative errno. */
extern const struct engine_observer daemon_observer;
extern const struct bus_host daemon_host;

/* Does what is due, and says when to look again. */
int daemon_step(struct daemon *daemon);
void daemon_acted(void *userdata);
int daemon_on_timer(sd_event_source *source, uint64_t usec, void *userdata);
int daemon_on_refresh(sd_event_source *source, void *userdata);
int daemon_on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata);
int daemon_on_clock_set(void *userdata);
/* At a boot whose clock nobody has set yet, windows wait. */
int daemon_hold_windows(struct daemon *daemon);
/* Not from before dosed existed: what such a clock decided would be wrong for every dose. */
bool daemon_clock_is_possible(void);
/* Takes the plan up, as soon as the clock allows. */
int daemon_start_plan(struct daemon *daemon);
/* Each person's folders, where they can be made; else the engine finds that they are not there. Returns 0 or -ENOMEM. */
int daemon_make_calendars(struct daemon *daemon);
/* Only those that go without saying, and that `former` did not have. The same. */
int daemon_make_new_calendars(struct daemon *daemon, const struct config *former);
int daemon_on_settled(void *userdata);
/* The system is in another zone. */
int daemon_on_zone_changed(void *userdata);
/* What zones are has changed (a new tzdata): everything is taken up again. */
int daemon_on_zone_data_changed(void *userdata);

/*
 * Reads the configuration at the start; a broken one is a problem, and the last good one stands in for it. Returns 0 (with
 * `ret_problem` set where it stands in), CONFIG_INVALID where there is none, or a negative errno.
 */
int daemon_read_config(struct daemon *daemon, char **ret_problem);
/* Reads it anew. A broken one changes nothing but what is degraded: CONFIG_INVALID, and `ret_problem` says why. */
int daemon_reload_config(struct daemon *daemon, char **ret_problem);
int daemon_apply_config(struct daemon *daemon);
/* Plan files that nobody's folder has are a degradation as long as they lie there. */
int daemon_look_for_strays(struct daemon *daemon);
