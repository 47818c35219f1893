/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Taking everything up, in order: loop, store, configuration, bus, name, plan. */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon.h"
#include "dosed/log.h"
#include "dosed/text.h"

#define LOOK_AGAIN USEC_PER_MINUTE /* at calendar folders, while one of them is missing */

/* A handler that fails must end the process: else its source would be silent from then on. */
static int keep_source(sd_event_source *source) {
        return sd_event_source_set_exit_on_failure(source, 1);
}

static int start_loop(struct daemon *daemon) {
        sd_event_source *hangup;
        sigset_t signals;
        int r;

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGTERM);
        (void) sigaddset(&signals, SIGINT);
        (void) sigaddset(&signals, SIGHUP);
        (void) sigaddset(&signals, SIGCHLD);
        if (sigprocmask(SIG_BLOCK, &signals, NULL) < 0)
                return -errno;

        r = sd_event_new(&daemon->event);
        if (r >= 0)
                r = sd_event_add_signal(daemon->event, NULL, SIGTERM, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(daemon->event, NULL, SIGINT, NULL, NULL);
        if (r >= 0)
                r = sd_event_add_signal(daemon->event, &hangup, SIGHUP, daemon_on_hangup, daemon);
        if (r >= 0) {
                (void) sd_event_source_set_floating(hangup, 1);
                (void) keep_source(hangup);
                sd_event_source_unref(hangup);
                r = sd_event_set_watchdog(daemon->event, 1);
        }
        if (r >= 0)
                r = sd_event_add_time(daemon->event, &daemon->timer, CLOCK_REALTIME, UINT64_MAX, USEC_PER_MSEC, daemon_on_timer,
                                      daemon);
        if (r >= 0)
                r = sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = keep_source(daemon->timer);
        if (r >= 0)
                r = sd_event_add_defer(daemon->event, &daemon->refresh, daemon_on_refresh, daemon);
        if (r >= 0)
                r = sd_event_source_set_enabled(daemon->refresh, SD_EVENT_OFF);
        if (r >= 0)
                r = keep_source(daemon->refresh);
        if (r >= 0)
                r = watch_new(daemon->event, daemon_on_settled, daemon, LOOK_AGAIN, &daemon->watch);
        if (r >= 0)
                r = watch_new(daemon->event, daemon_on_zone_changed, daemon, 0, &daemon->zone_watch);
        if (r >= 0)
                r = watch_new(daemon->event, daemon_on_zone_data_changed, daemon, 0, &daemon->zone_data_watch);
        if (r >= 0)
                r = clock_watch_add(daemon->event, daemon_on_clock_set, daemon, &daemon->clock);
        if (r >= 0)
                r = wake_new(daemon->event, &daemon->wake);
        return r < 0 ? r : 0;
}

static int make_folder(const char *path) {
        _cleanup_(free_p) char *copy = strdup(path);

        if (!copy)
                return -ENOMEM;
        for (char *p = copy + 1; *p; p++)
                if (*p == '/') {
                        *p = '\0';
                        if (mkdir(copy, 0700) < 0 && errno != EEXIST)
                                return -errno;
                        *p = '/';
                }
        return mkdir(copy, 0700) < 0 && errno != EEXIST ? -errno : 0;
}

/* A link to the zone in force, which timedated(8) replaces; and the zones themselves, which packages do. */
static int watch_zones(struct daemon *daemon) {
        const char *zone = "/etc/localtime", *zone_data = "/usr/share/zoneinfo";
        int r;

        r = watch_set_folders(daemon->zone_watch, &zone, 1, USEC_PER_SEC / 10);
        return r < 0 ? r : watch_set_folders(daemon->zone_data_watch, &zone_data, 1, 10 * USEC_PER_SEC);
}

static int open_store(struct daemon *daemon) {
        pid_t holder = 0;
        int r;

        r = make_folder(daemon->places.state);
        if (r < 0) {
                log_error("The state folder cannot be made: %s", strerror(-r));
                return EX_CANTCREAT;
        }
        r = store_open(daemon->places.state, &daemon->store, &holder);
        if (r == STORE_HELD && holder == 0) {
                log_error("Another program has the ledger open: close it, and start again");
                return EX_TEMPFAIL;
        }
        if (r == STORE_HELD) {
                log_line(LOG_ERR, MESSAGE_ALREADY_RUNNING, "Another dosed, process %d, has this store already: end it first",
                         (int) holder);
                return EX_TEMPFAIL;
        }
        if (r == STORE_TOO_NEW) {
                log_error("The store was written by a newer dosed: install that version again");
                return EX_CONFIG;
        }
        if (r != 0) {
                /* Somebody waits for the reminders: they go on without a ledger. */
                daemon->ledger_error = r < 0 ? r : 0;
                log_warning("The ledger cannot be opened%s%s: reminders go on without it", r < 0 ? ", " : "",
                            r < 0 ? strerror(-r) : "");
                r = store_open_memory(&daemon->store);
                if (r < 0)
                        return EX_OSERR;
                daemon->is_without_ledger = true;
        }
        return 0;
}

static const struct {
        int (*open)(sd_bus **ret);
        const char *name;
} buses[] = {
        [BUS_SCOPE_SESSION] = { sd_bus_open_user, "session" },
        [BUS_SCOPE_SYSTEM] = { sd_bus_open_system, "system" },
};

static enum bus_scope scope_of(const struct daemon *daemon) {
        return daemon->places.config.is_system ? BUS_SCOPE_SYSTEM : BUS_SCOPE_SESSION;
}

static int take_name(struct daemon *daemon) {
        sd_bus_creds *creds = NULL;
        pid_t holder = 0;
        int r;

        r = sd_bus_request_name(daemon->connection, BUS_NAME, 0);
        if (r == -EEXIST) {
                if (sd_bus_get_name_creds(daemon->connection, BUS_NAME, SD_BUS_CREDS_PID, &creds) >= 0)
                        (void) sd_bus_creds_get_pid(creds, &holder);
                sd_bus_creds_unref(creds);
                log_line(LOG_ERR, MESSAGE_ALREADY_RUNNING,
                         "Another dosed, process %d, has the name " BUS_NAME " on this bus already: end it first",
                         (int) holder);
                return EX_TEMPFAIL;
        }
        if (r < 0) {
                log_error("The name " BUS_NAME " cannot be had on the %s bus: %s%s", buses[scope_of(daemon)].name,
                          strerror(-r),
                          r == -EACCES ? ". Is " BUS_NAME ".conf where the bus looks for policies?" : "");
                return EX_UNAVAILABLE;
        }
        return 0;
}

static int open_bus(struct daemon *daemon) {
        enum bus_scope scope = scope_of(daemon);
        int r;

        r = buses[scope].open(&daemon->connection);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(daemon->connection, 1);
        /* What is up on the desktop is taken down after the loop has ended. */
        if (r >= 0)
                r = sd_bus_set_close_on_exit(daemon->connection, 0);
        if (r >= 0)
                r = sd_bus_attach_event(daemon->connection, daemon->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0) {
                log_error("There is no %s bus to talk on: %s", buses[scope].name, strerror(-r));
                return EX_UNAVAILABLE;
        }
        return take_name(daemon);
}

/* A system service has none: an agent in each session shows what is open there. */
static int open_desktop(struct daemon *daemon) {
        _cleanup_(free_p) char *memory_path = NULL;
        int r = 0;

        if (daemon->places.runtime)
                r = text_format(&memory_path, "%s/notifications", daemon->places.runtime);
        return r < 0 ? r
                     : desktop_new(daemon->connection, daemon->engine, memory_path, daemon_acted, daemon,
                                   &daemon->desktop);
}

/* Without it, what is up on a desktop is posted once more after a restart: a reminder too many, not one too few. */
static int make_runtime_folder(struct daemon *daemon) {
        int r;

        if (!daemon->places.runtime)
                return 0;
        r = make_folder(daemon->places.runtime);
        if (r == 0 || r == -ENOMEM)
                return r;
        log_line(LOG_NOTICE, NULL, "What is up on the desktop cannot be remembered over a restart, since the runtime folder "
                                   "cannot be made: %s", strerror(-r));
        daemon->places.runtime = NULL;
        return 0;
}

/* Whoever keeps the machine reads the log; a hook that is told of trouble is told of this. */
static int report_ending(struct daemon *daemon) {
        const char *sentence = ending_sentence(daemon->former_ending);
        int r;

        if (!sentence)
                return 0;
        log_line(LOG_WARNING, MESSAGE_BROKE_OFF, "%s", sentence);
        r = engine_tell_trouble(daemon->engine, sentence, clock_realtime_usec());
        daemon_acted(daemon);
        return r;
}

static const char *advice_for_ledger(int error) {
        switch (-error) {
        case ENOSPC:
        case EDQUOT:
                return "Make room on the disk of the state folder";
        case EROFS:
                return "Have the file system of the state folder writable again";
        case EACCES:
        case EPERM:
                return "Let dosed read and write in the state folder";
        default:
                return "Look at the state folder";
        }
}

/* Only a ledger that is damaged is to be replaced: another one, which dosed cannot get at, may have everything in it. */
static int say_ledger(struct daemon *daemon) {
        _cleanup_(free_p) char *text = NULL;
        int r;

        if (daemon->ledger_error == 0)
                return engine_set_degraded(daemon->engine, "store-open",
                                           "The ledger cannot be used: reminders go on, but nothing is kept. Look at "
                                           "dosed.db in the state folder, put a backup in its place, and restart dosed");
        r = text_format(&text,
                        "The ledger cannot be opened (%s): reminders go on, but nothing is kept, and nothing that was recorded "
                        "is seen. It may be all right: leave it as it is. %s, and restart dosed",
                        strerror(-daemon->ledger_error), advice_for_ledger(daemon->ledger_error));
        return r < 0 ? r : engine_set_degraded(daemon->engine, "store-open", text);
}

/* From here on the rooms know each other. */
static int wire(struct daemon *daemon) {
        int r;

        r = zones_new(NULL, &daemon->zones);
        if (r >= 0)
                r = engine_new(daemon->store, daemon->zones, &daemon_observer, daemon, &daemon->engine);
        if (r >= 0)
                r = bus_new(daemon->connection, scope_of(daemon), daemon->engine, &daemon_host, daemon, &daemon->bus);
        if (r >= 0 && !daemon->places.config.is_system)
                r = open_desktop(daemon);
        if (r >= 0)
                r = courier_new(daemon->event, daemon->engine, daemon_acted, daemon, &daemon->courier);
        if (r >= 0)
                r = mail_tests_new(daemon->event, &daemon->mail_tests);
        if (r >= 0 && daemon->is_without_ledger)
                r = say_ledger(daemon);
        return r;
}

int daemon_make_calendars(struct daemon *daemon) {
        for (size_t i = 0; i < daemon->config.n_people; i++)
                for (size_t j = 0; j < daemon->config.people[i].folders.n_items; j++)
                        if (make_folder(daemon->config.people[i].folders.items[j]) == -ENOMEM)
                                return -ENOMEM;
        return 0;
}

static bool had_folder(const struct config *config, const char *path) {
        for (size_t i = 0; i < config->n_people; i++)
                if (config_words_have(&config->people[i].folders, path))
                        return true;
        return false;
}

int daemon_make_new_calendars(struct daemon *daemon, const struct config *former) {
        for (size_t i = 0; i < daemon->config.n_people; i++) {
                const struct config_person *person = &daemon->config.people[i];
                _cleanup_(free_p) char *path = NULL;
                int r;

                r = text_format(&path, "%s/%s", daemon->places.config.calendars, person->name);
                if (r >= 0 && config_words_have(&person->folders, path) && !had_folder(former, path))
                        r = make_folder(path);
                if (r == -ENOMEM)
                        return r;
        }
        return 0;
}

/* The plan of the store first, carried out up to now; then what the folders hold by now. */
int daemon_start_plan(struct daemon *daemon) {
        int r;

        if (!daemon_clock_is_possible())
                return daemon_step(daemon); /* which says so */
        daemon->has_plan = true;

        r = daemon_make_calendars(daemon);
        if (r >= 0)
                r = daemon_hold_windows(daemon);
        if (r >= 0)
                r = watch_zones(daemon);
        if (r >= 0)
                r = daemon_apply_config(daemon);
        if (r >= 0)
                r = daemon_look_for_strays(daemon);
        if (r >= 0)
                r = engine_reload(daemon->engine, NULL, BELIEVE_CAREFULLY, clock_realtime_usec());
        return r < 0 ? r : daemon_step(daemon);
}

int daemon_start(struct daemon *daemon, const struct daemon_places *places) {
        _cleanup_(free_p) char *problem = NULL;
        int r;

        daemon->places = *places;
        r = start_loop(daemon);
        if (r < 0) {
                log_error("The loop cannot be set up: %s", strerror(-r));
                return EX_OSERR;
        }
        r = open_store(daemon);
        if (r != 0)
                return r;
        r = daemon_read_config(daemon, &problem);
        if (r > 0) {
                log_line(LOG_ERR, MESSAGE_CONFIG_REFUSED,
                         "There is no configuration that can be used: mend what dosed --check-config says, and start again");
                log_private(problem);
                return EX_CONFIG;
        }
        if (r < 0) {
                log_error("The configuration cannot be read: %s", strerror(-r));
                return EX_OSERR;
        }
        r = open_bus(daemon);
        if (r != 0)
                return r;

        r = make_runtime_folder(daemon);
        if (r >= 0)
                r = ending_begin(&daemon->places, &daemon->former_ending);
        if (r >= 0)
                r = wire(daemon);
        if (r >= 0 && problem)
                r = engine_set_degraded(daemon->engine, "config", problem);
        if (r >= 0)
                r = daemon_start_plan(daemon);
        if (r >= 0)
                r = report_ending(daemon);
        if (r < 0) {
                log_error("The plan cannot be started: %s", strerror(-r));
                return EX_SOFTWARE;
        }

        log_line(LOG_INFO, MESSAGE_STARTED, "dosed " DOSED_VERSION " is running");
        (void) sd_notify(0, "READY=1");
        return 0;
}
