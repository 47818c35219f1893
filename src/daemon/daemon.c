/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The rooms wired together: what the engine tells goes to bus and desktop, and time and folders go to the engine. */
#include <string.h>
#include <sysexits.h>
#include <systemd/sd-daemon.h>

#include "daemon/daemon.h"
#include "dosed/limits.h"
#include "dosed/log.h"
#include "dosed/text.h"

#define CLOCK_PATIENCE (90 * USEC_PER_SEC) /* so long after the boot the clock is given time to be set */

/* A failed observation is no failed dose: the next change tells again. */
static void note_failure(const char *what, int r) {
        if (r < 0)
                log_warning("%s failed: %s", what, strerror(-r));
}

static void on_dose_changed(void *userdata, const struct dose_view *view) {
        struct daemon *daemon = userdata;

        note_failure("Sending DoseChanged", bus_emit_dose_changed(daemon->bus, view));
        if (daemon->desktop)
                note_failure("Noting a dose for the desktop", desktop_note_dose(daemon->desktop, view));
}

static void on_reminder(void *userdata, const struct dose_view *view) {
        struct daemon *daemon = userdata;

        note_failure("Sending ReminderDue", bus_emit_reminder(daemon->bus, view));
}

static void on_plan_changed(void *userdata, const char *person, bool is_private) {
        struct daemon *daemon = userdata;

        note_failure("Sending PlanChanged", bus_emit_plan_changed(daemon->bus, person, is_private));
}

/* The list itself goes over the bus: it names files and people. */
static void on_degraded(void *userdata) {
        struct daemon *daemon = userdata;
        size_t n = engine_count_degraded(daemon->engine);

        if (n > 0)
                log_line(LOG_WARNING, MESSAGE_DEGRADED,
                         "%zu thing%s of the plan or the store cannot be used as meant: see dosectl status", n,
                         n == 1 ? "" : "s");
        else
                log_line(LOG_INFO, MESSAGE_RECOVERED, "Everything is in order again");
}

static void on_message_queued(void *userdata) {
        struct daemon *daemon = userdata;

        note_failure("Looking for messages", courier_pump(daemon->courier));
        daemon_acted(daemon);
}

const struct engine_observer daemon_observer = {
        .dose_changed = on_dose_changed,
        .reminder = on_reminder,
        .plan_changed = on_plan_changed,
        .degraded = on_degraded,
        .message_queued = on_message_queued,
};

void daemon_acted(void *userdata) {
        struct daemon *daemon = userdata;

        note_failure("Planning the next look", sd_event_source_set_enabled(daemon->refresh, SD_EVENT_ONESHOT));
}

/* Only what changed: a manager that is slow to read would hold the loop up. */
static void send_status(struct daemon *daemon) {
        size_t n_open = engine_count_open(daemon->engine), n_degraded = engine_count_degraded(daemon->engine);

        if (daemon->status_sent && daemon->n_open == n_open && daemon->n_degraded == n_degraded)
                return;
        daemon->status_sent = true;
        daemon->n_open = n_open;
        daemon->n_degraded = n_degraded;
        (void) sd_notifyf(0, "STATUS=%zu dose%s open%s", n_open, n_open == 1 ? "" : "s",
                          n_degraded > 0 ? "; degraded, see dosectl status" : "");
}

int daemon_step(struct daemon *daemon) {
        usec_t now_usec = clock_realtime_usec(), next_usec = USEC_NEVER;
        bool is_possible = daemon_clock_is_possible();
        int r;

        /* What such a clock decided would be wrong for every dose; setting it wakes this up. */
        r = engine_set_degraded(daemon->engine, "clock",
                                is_possible ? NULL : "The clock of this machine is years behind: nothing is reminded "
                                                     "until it is set");
        if (r >= 0 && is_possible)
                r = engine_step(daemon->engine, now_usec, &next_usec);
        if (r >= 0 && engine_is_unread(daemon->engine))
                r = watch_look_again(daemon->watch);
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

        /* A ledger that is to be tried again wakes no machine. */
        r = wake_set(daemon->wake, is_possible ? engine_next_time(daemon->engine) : USEC_NEVER);
        if (r < 0)
                return r;
        if (daemon->desktop)
                r = desktop_update(daemon->desktop, now_usec);
        if (r >= 0)
                r = courier_pump(daemon->courier);
        if (r >= 0)
                r = courier_look(daemon->courier);
        if (r < 0)
                return r;
        send_status(daemon);
        return daemon->zone_data_waits ? daemon_on_zone_data_changed(daemon) : 0;
}

int daemon_on_timer(sd_event_source *source, uint64_t usec, void *userdata) {
        (void) source;
        (void) usec;
        return daemon_step(userdata);
}

int daemon_on_zone_changed(void *userdata) {
        struct daemon *daemon = userdata;
        int r;

        if (!daemon->has_plan)
                return 0;
        if (!daemon_clock_is_possible()) {
                daemon->plan_waits = true;
                return 0;
        }
        r = daemon_apply_config(daemon);
        return r < 0 ? r : daemon_step(userdata);
}

/* Every schedule holds zones as they were. The ledger holds all that must not be forgotten, if it could be written. */
int daemon_on_zone_data_changed(void *userdata) {
        struct daemon *daemon = userdata;

        if (daemon->is_without_ledger) {
                log_warning("The time zone data has changed: that counts from the next start on, since without a ledger it "
                            "would forget what was recorded");
                return 0;
        }
        if (!store_is_flushed(daemon->store)) {
                if (!daemon->zone_data_waits)
                        log_info("The time zone data has changed: it is taken up once the ledger is written");
                daemon->zone_data_waits = true;
                return 0;
        }
        daemon->zone_data_waits = false;
        log_info("The time zone data has changed: everything is taken up again");
        daemon->starts_anew = true;
        return sd_event_exit(daemon->event, 0);
}

int daemon_on_refresh(sd_event_source *source, void *userdata) {
        (void) source;
        return daemon_step(userdata);
}

bool daemon_clock_is_possible(void) {
        return clock_realtime_usec() >= LIMIT_CLOCK_SEC * USEC_PER_SEC;
}

int daemon_hold_windows(struct daemon *daemon) {
        usec_t left_usec = CLOCK_PATIENCE - clock_boottime_usec();
        bool waits = left_usec > 0 && !clock_is_synchronised();

        if (!daemon_clock_is_possible())
                return engine_hold_windows(daemon->engine, USEC_NEVER);
        return engine_hold_windows(daemon->engine, waits ? clock_realtime_usec() + left_usec : USEC_NONE);
}

int daemon_on_settled(void *userdata) {
        struct daemon *daemon = userdata;
        int r;

        if (!daemon->has_plan)
                return 0;
        if (!daemon_clock_is_possible()) {
                daemon->plan_waits = true;
                return 0;
        }
        r = daemon_look_for_strays(daemon);
        if (r >= 0)
                r = engine_reload(daemon->engine, NULL, BELIEVE_CAREFULLY, clock_realtime_usec());
        return r < 0 ? r : daemon_step(daemon);
}

/* A broken configuration does not keep new plan files from being read. */
static int read_all(struct daemon *daemon, char **ret_reason) {
        int outcome, r;

        if (!daemon->has_plan || !daemon_clock_is_possible()) {
                daemon->plan_waits = true;
                r = text_copy("The clock of this machine is wrong: set it, and everything is read again by itself", ret_reason);
                return r < 0 ? r : BUS_DEGRADED;
        }
        outcome = daemon_reload_config(daemon, ret_reason);
        if (outcome < 0)
                return outcome;
        r = daemon_on_settled(daemon);
        return r < 0 ? r : outcome == CONFIG_INVALID ? BUS_DEGRADED : 0;
}

int daemon_on_clock_set(void *userdata) {
        _cleanup_(free_p) char *reason = NULL;
        struct daemon *daemon = userdata;
        int r;

        r = daemon_hold_windows(daemon);
        if (r >= 0 && !daemon->has_plan)
                r = daemon_start_plan(daemon);
        if (r >= 0 && daemon->plan_waits && daemon_clock_is_possible()) {
                daemon->plan_waits = false;
                r = read_all(daemon, &reason);
        }
        return r < 0 ? r : daemon_step(daemon);
}

static int reload(void *userdata, char **ret_reason) {
        struct daemon *daemon = userdata;
        int r;

        (void) sd_notify(0, "RELOADING=1");
        r = read_all(daemon, ret_reason);
        daemon_acted(daemon);
        (void) sd_notify(0, "READY=1");
        return r;
}

int daemon_on_hangup(sd_event_source *source, const struct signalfd_siginfo *info, void *userdata) {
        _cleanup_(free_p) char *reason = NULL;
        int r;

        (void) source;
        (void) info;
        r = reload(userdata, &reason);
        return r < 0 ? r : 0;
}

static usec_t now(void *userdata) {
        (void) userdata;
        return clock_realtime_usec();
}

/* A desktop that cannot be told keeps nobody else from being told. */
static int rehearse(void *userdata, const char *person) {
        struct daemon *daemon = userdata;

        if (daemon->desktop)
                note_failure("Showing a rehearsal on the desktop", desktop_rehearse(daemon->desktop, person));
        return 0;
}

static int test_mail(void *userdata, const char *address, sd_bus_message *call, sd_bus_error *error) {
        struct daemon *daemon = userdata;

        return mail_tests_send(daemon->mail_tests, &daemon->config, daemon->zones, daemon->bus, address, call, error);
}

const struct bus_host daemon_host = { .now = now, .reload = reload, .acted = daemon_acted, .rehearse = rehearse,
                                       .test_mail = test_mail };

/* What a full disk has kept in memory so far: this is its last chance. */
static void flush_last(struct daemon *daemon) {
        if (!store_is_flushed(daemon->store) && store_flush(daemon->store) != 0)
                log_error("What was recorded last could not be written to the ledger and is lost: make room on the disk, and "
                          "record it again");
}

int daemon_run(struct daemon *daemon) {
        int r;

        r = sd_event_loop(daemon->event);
        if (!daemon->starts_anew)
                (void) sd_notify(0, "STOPPING=1");
        flush_last(daemon);
        if (r > 0 && sd_bus_is_open(daemon->connection) <= 0) {
                log_error("The bus connection was lost: dosed ends, and begins anew when it is started again");
                return EX_UNAVAILABLE;
        }
        if (r < 0) {
                log_error("The loop has ended: %s", strerror(-r));
                return EX_SOFTWARE;
        }
        ending_stop(&daemon->places);
        log_line(LOG_INFO, MESSAGE_STOPPED, "dosed has ended as asked");
        return r;
}

void daemon_done(struct daemon *daemon) {
        sd_event_source_disable_unref(daemon->timer);
        sd_event_source_disable_unref(daemon->refresh);
        sd_event_source_disable_unref(daemon->clock);
        wake_free(daemon->wake);
        watch_free(daemon->watch);
        watch_free(daemon->zone_watch);
        watch_free(daemon->zone_data_watch);
        mail_tests_free(daemon->mail_tests);
        courier_free(daemon->courier);
        desktop_free(daemon->desktop);
        bus_free(daemon->bus);
        engine_free(daemon->engine);
        store_free(daemon->store);
        zones_free(daemon->zones);
        sd_bus_flush_close_unref(daemon->connection);
        sd_event_unref(daemon->event);
        config_done(&daemon->config);
}
