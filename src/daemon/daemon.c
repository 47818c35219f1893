/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rooms wired together: what the engine tells goes to bus and desktop, and time and folders go to the engine. */
#include <signal.h>
#include <string.h>
#include <sys/stat.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon.h"
#include "dosed/log.h"
#include "dosed/text.h"

/* A failed observation is no failed dose: the next change tells again. */
static void note_failure(const char *what, int r) {
        if (r < 0)
                log_warning("%s failed: %s", what, strerror(-r));
}

static void on_dose_changed(void *userdata, const struct dose_view *view) {
        struct daemon *daemon = userdata;

        note_failure("Sending DoseChanged", bus_emit_dose_changed(daemon->bus, view));
        if (view->dose->state == DOSE_UNATTENDED)
                note_failure("Noting an unattended dose", desktop_note_unattended(daemon->desktop, view));
}

static void on_reminder(void *userdata, const struct dose_view *view) {
        struct daemon *daemon = userdata;

        note_failure("Sending ReminderDue", bus_emit_reminder(daemon->bus, view));
}

static void on_plan_changed(void *userdata, const char *person) {
        struct daemon *daemon = userdata;

        note_failure("Sending PlanChanged", bus_emit_plan_changed(daemon->bus, person));
}

/* The list itself goes over the bus: it names files and people. */
static void on_degraded(void *userdata) {
        struct daemon *daemon = userdata;
        size_t n = engine_count_degraded(daemon->engine);

        if (n > 0)
                log_line(LOG_WARNING, MESSAGE_DEGRADED, "%zu thing%s of the plan or the store cannot be used as meant: see dosectl status",
                         n, n == 1 ? "" : "s");
        else
                log_line(LOG_INFO, MESSAGE_RECOVERED, "Everything is in order again");
}

static const struct engine_observer observer = {
        .dose_changed = on_dose_changed,
        .reminder = on_reminder,
        .plan_changed = on_plan_changed,
        .degraded = on_degraded,
};

static void acted(void *userdata) {
        struct daemon *daemon = userdata;

        note_failure("Planning the next look", sd_event_source_set_enabled(daemon->refresh, SD_EVENT_ONESHOT));
}

static void send_status(const struct daemon *daemon) {
        size_t n_open = engine_count_open(daemon->engine), n_degraded = engine_count_degraded(daemon->engine);

        (void) sd_notifyf(0, "STATUS=%zu dose%s open%s", n_open, n_open == 1 ? "" : "s",
                          n_degraded > 0 ? "; degraded, see dosectl status" : "");
}

/* Does what is due, and says when to look again. */
static int step(struct daemon *daemon) {
        usec_t now_usec = clock_realtime_usec(), next_usec;
        int r;

        r = engine_step(daemon->engine, now_usec, &next_usec);
        if (r < 0)
                return r;
        if (next_usec == USEC_NEVER)
                r = sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF);
        else {
                r = sd_event_source_set_time(daemon->timer, next_usec < 0 ? 0 : (uint64_t) next_usec);
                if (r >= 0)
                        r = sd_event_source_set_enabled(daemon->timer, SD_EVENT_ONESHOT);
        }
        if (r < 0)
                return r;

        r = desktop_update(daemon->desktop, now_usec);
        if (r < 0)
                return r;
        send_status(daemon);
        return 0;
}

static int on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        (void) source;
        (void) usec;
        return step(userdata);
}

static int on_refresh(sd_event_source *source, void *userdata) {
        (void) source;
        return step(userdata);
}

static int on_clock_set(void *userdata) {
        return step(userdata);
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

static int set_people(struct daemon *daemon) {
        _cleanup_(free_p) struct engine_person *people = NULL;
        const struct config *config = &daemon->config;
        const struct zone *zone;
        int r;

        people = calloc(config->n_people, sizeof(*people));
        if (!people)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_people; i++) {
                const char *timezone = config->people[i].timezone ? config->people[i].timezone : config->timezone;

                r = timezone ? zones_get(daemon->zones, timezone, &zone) : zones_get_system(daemon->zones, &zone);
                if (r != 0)
                        return r < 0 ? r : -ENOENT;
                people[i] = (struct engine_person){
                        .name = config->people[i].name,
                        .clock = { .zone = zone, .all_day_sec = config->all_day_sec },
                        .folders = (const char *const *) config->people[i].folders,
                        .n_folders = config->people[i].n_folders,
                };
        }
        return engine_set_people(daemon->engine, people, config->n_people, clock_realtime_usec());
}

static int set_folders(struct daemon *daemon) {
        _cleanup_(free_p) const char **folders = NULL;
        const struct config *config = &daemon->config;
        size_t n = 0;

        for (size_t i = 0; i < config->n_people; i++)
                n += config->people[i].n_folders;
        folders = calloc(n + 1, sizeof(*folders));
        if (!folders)
                return -ENOMEM;
        n = 0;
        for (size_t i = 0; i < config->n_people; i++)
                for (size_t j = 0; j < config->people[i].n_folders; j++)
                        folders[n++] = config->people[i].folders[j];
        return watch_set_folders(daemon->watch, folders, n, config->settle_usec);
}

static int on_settled(void *userdata) {
        struct daemon *daemon = userdata;
        int r;

        r = engine_reload(daemon->engine, NULL, BELIEVE_CAREFULLY, clock_realtime_usec());
        if (r < 0)
                return r;
        return step(daemon);
}

/* Reads the configuration; problems go to stderr at the start, and over the bus later. */
static int read_config(struct daemon *daemon, struct config *ret, char **ret_problem) {
        _cleanup_(problems_done) struct problems problems = {};
        int r, q;

        r = config_load(&daemon->places.config, ret, &problems);
        if (r > 0 && problems.n_items > 0) {
                q = problem_format(&problems.items[0], ret_problem);
                if (q < 0)
                        return q;
        }
        return r;
}

static int reload_config(struct daemon *daemon) {
        _cleanup_(config_done) struct config config = {};
        _cleanup_(free_p) char *problem = NULL;
        struct config old;
        int r;

        r = read_config(daemon, &config, &problem);
        if (r > 0) {
                log_line(LOG_WARNING, MESSAGE_CONFIG_REFUSED,
                         "The configuration cannot be used: the former one stays in force. See dosectl status");
                return engine_set_degraded(daemon->engine, "config", problem ? problem : "dosed.conf cannot be used");
        }
        if (r < 0)
                return r;

        old = daemon->config;
        daemon->config = config;
        config = old;
        r = engine_set_degraded(daemon->engine, "config", NULL);
        if (r >= 0)
                r = set_people(daemon);
        if (r >= 0)
                r = set_folders(daemon);
        return r;
}

static int reload(void *userdata) {
        struct daemon *daemon = userdata;
        int r;

        (void) sd_notify(0, "RELOADING=1");
        r = reload_config(daemon);
        if (r >= 0)
                r = engine_reload(daemon->engine, NULL, BELIEVE_CAREFULLY, clock_realtime_usec());
        acted(daemon);
        (void) sd_notify(0, "READY=1");
        return r;
}

static int on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        (void) source;
        (void) info;
        return reload(userdata);
}

static usec_t now(void *userdata) {
        (void) userdata;
        return clock_realtime_usec();
}

static const struct bus_host host = { .now = now, .reload = reload, .acted = acted };

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
                r = sd_event_add_signal(daemon->event, &hangup, SIGHUP, on_hangup, daemon);
        if (r >= 0) {
                (void) sd_event_source_set_floating(hangup, 1);
                (void) keep_source(hangup);
                sd_event_source_unref(hangup);
                r = sd_event_set_watchdog(daemon->event, 1);
        }
        if (r >= 0)
                r = sd_event_add_time(daemon->event, &daemon->timer, CLOCK_REALTIME, UINT64_MAX, USEC_PER_MSEC, on_timer,
                                      daemon);
        if (r >= 0)
                r = sd_event_source_set_enabled(daemon->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = keep_source(daemon->timer);
        if (r >= 0)
                r = sd_event_add_defer(daemon->event, &daemon->refresh, on_refresh, daemon);
        if (r >= 0)
                r = sd_event_source_set_enabled(daemon->refresh, SD_EVENT_OFF);
        if (r >= 0)
                r = keep_source(daemon->refresh);
        if (r >= 0)
                r = watch_new(daemon->event, on_settled, daemon, &daemon->watch);
        if (r >= 0)
                r = clock_watch_add(daemon->event, on_clock_set, daemon, &daemon->clock);
        return r < 0 ? r : 0;
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
                r = store_open_memory(&daemon->store);
                if (r < 0)
                        return EX_OSERR;
                daemon->is_degraded = true;
        }
        return 0;
}

static int open_bus(struct daemon *daemon) {
        sd_bus_creds *creds = NULL;
        pid_t holder = 0;
        int r;

        r = sd_bus_open_user(&daemon->connection);
        if (r >= 0)
                r = sd_bus_set_exit_on_disconnect(daemon->connection, 1);
        if (r >= 0)
                r = sd_bus_attach_event(daemon->connection, daemon->event, SD_EVENT_PRIORITY_NORMAL);
        if (r < 0) {
                log_error("There is no session bus to talk on: %s", strerror(-r));
                return EX_UNAVAILABLE;
        }

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
                log_error("The name " BUS_NAME " cannot be had on the bus: %s", strerror(-r));
                return EX_UNAVAILABLE;
        }
        return 0;
}

/* From here on the rooms know each other. */
static int wire(struct daemon *daemon) {
        _cleanup_(free_p) char *memory_path = NULL;
        int r;

        if (daemon->places.runtime) {
                r = make_folder(daemon->places.runtime);
                if (r >= 0)
                        r = text_format(&memory_path, "%s/notifications", daemon->places.runtime);
                if (r < 0)
                        return r;
        }

        r = zones_new(NULL, &daemon->zones);
        if (r >= 0)
                r = engine_new(daemon->store, daemon->zones, daemon->config.snooze_usec, &observer, daemon,
                               &daemon->engine);
        if (r >= 0)
                r = bus_new(daemon->connection, daemon->engine, &host, daemon, &daemon->bus);
        if (r >= 0)
                r = desktop_new(daemon->connection, daemon->engine, memory_path, acted, daemon, &daemon->desktop);
        if (r >= 0 && daemon->is_degraded)
                r = engine_set_degraded(daemon->engine, "store-open",
                                        "The ledger cannot be opened: reminders go on, but nothing is kept. Look at "
                                        "dosed.db in the state folder, put a backup in its place, and restart dosed");
        return r;
}

/* The plan of the store first, carried out up to now; then what the folders hold by now. */
static int start_plan(struct daemon *daemon) {
        int r;

        for (size_t i = 0; i < daemon->config.n_people; i++)
                for (size_t j = 0; j < daemon->config.people[i].n_folders; j++) {
                        r = make_folder(daemon->config.people[i].folders[j]);
                        if (r == -ENOMEM)
                                return r;
                }
        r = set_people(daemon);
        if (r >= 0)
                r = set_folders(daemon);
        if (r >= 0)
                r = engine_reload(daemon->engine, NULL, BELIEVE_CAREFULLY, clock_realtime_usec());
        return r < 0 ? r : step(daemon);
}

int daemon_start(struct daemon *daemon, const struct daemon_places *places) {
        _cleanup_(free_p) char *problem = NULL;
        int r;

        daemon->places = *places;
        r = read_config(daemon, &daemon->config, &problem);
        if (r > 0) {
                log_line(LOG_ERR, MESSAGE_CONFIG_REFUSED, "The configuration cannot be used: mend it and start again");
                (void) fprintf(stderr, "%s\n", problem ? problem : places->config.file);
                return EX_CONFIG;
        }
        if (r < 0)
                return EX_OSERR;

        r = start_loop(daemon);
        if (r < 0) {
                log_error("The loop cannot be set up: %s", strerror(-r));
                return EX_OSERR;
        }
        r = open_store(daemon);
        if (r != 0)
                return r;
        r = open_bus(daemon);
        if (r != 0)
                return r;

        r = wire(daemon);
        if (r >= 0)
                r = start_plan(daemon);
        if (r < 0) {
                log_error("The plan cannot be started: %s", strerror(-r));
                return EX_SOFTWARE;
        }

        log_line(LOG_INFO, MESSAGE_STARTED, "dosed " DOSED_VERSION " is running");
        (void) sd_notify(0, "READY=1");
        return 0;
}

int daemon_run(struct daemon *daemon) {
        int r;

        r = sd_event_loop(daemon->event);
        (void) sd_notify(0, "STOPPING=1");
        if (r < 0) {
                log_error("The loop has ended: %s", strerror(-r));
                return EX_SOFTWARE;
        }
        log_line(LOG_INFO, MESSAGE_STOPPED, "dosed has ended as asked");
        return r;
}

void daemon_done(struct daemon *daemon) {
        sd_event_source_disable_unref(daemon->timer);
        sd_event_source_disable_unref(daemon->refresh);
        sd_event_source_disable_unref(daemon->clock);
        watch_free(daemon->watch);
        desktop_free(daemon->desktop);
        bus_free(daemon->bus);
        engine_free(daemon->engine);
        store_free(daemon->store);
        zones_free(daemon->zones);
        sd_bus_flush_close_unref(daemon->connection);
        sd_event_unref(daemon->event);
        config_done(&daemon->config);
}
