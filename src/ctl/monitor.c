/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb monitor: what happens, as it happens, until it is interrupted. */
#include <signal.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/listing.h"
#include "ctl/output.h"
#include "ctl/verb.h"
#include "ctl/wording.h"
#include "dosed/text.h"

struct monitor {
        const struct request *request;
        sd_bus *bus;
        sd_event *event;
        bool is_subscribed;
};

static void monitor_done(struct monitor *monitor) {
        sd_bus_flush_close_unref(monitor->bus);
        sd_event_unref(monitor->event);
}

static bool wants_json(const struct monitor *monitor) {
        return request_has(monitor->request, OPTION_JSON);
}

static bool wants_person(const struct monitor *monitor, const char *person) {
        return !request_has(monitor->request, OPTION_PERSON) ||
               text_equal(monitor->request->options[OPTION_PERSON], person);
}

/* Whoever reads along waits for each line. Gives up the loop where nobody can read any more. */
static int line_end(int r) {
        if (r < 0)
                return r;
        return fflush(stdout) != 0 ? -EIO : 0;
}

/* The event's name and time go beside the keys of `json`, which is taken. */
static int event_print_json(const char *event, json_t *json) {
        if (json_object_set_new(json, "event", json_text(event)) < 0 ||
            json_object_set_new(json, "at", json_time(clock_realtime_usec())) < 0) {
                json_decref(json);
                return -ENOMEM;
        }
        return line_end(output_json(json));
}

static int event_print(const struct monitor *monitor, const char *event, const char *text) {
        char time[WHEN_TEXT_SIZE];

        if (wants_json(monitor))
                return event_print_json(event, json_object());
        printf("%s  %s\n", wall_format_time(time, zone_to_wall(monitor->request->zone, clock_realtime_usec())), text);
        return line_end(0);
}

static int dose_event_print(const struct monitor *monitor, const char *event, const struct listed_dose *dose) {
        struct request now = *monitor->request;
        _cleanup_(free_p) char *words = NULL;
        char time[WHEN_TEXT_SIZE], due[WHEN_TEXT_SIZE];
        int64_t now_wall_sec;
        int r;

        if (wants_json(monitor))
                return event_print_json(event, listed_dose_to_json(dose));

        now.now_usec = clock_realtime_usec();
        now_wall_sec = listed_dose_wall(dose, &now, now.now_usec);
        r = dose_say(dose, &now, &words);
        if (r < 0)
                return r;

        printf("%s  %s %s", wall_format_time(time, now_wall_sec), dose_mark(dose), dose->medication);
        printf(" of %s", wall_format_day_time(due, listed_dose_wall(dose, &now, dose->due_usec), now_wall_sec));
        if (*dose->person)
                printf(" for %s", dose->person);
        printf(": %s%s%s\n", strcmp(event, "ReminderDue") == 0 ? "reminder, " : "", *words ? words : dose->state_name,
               dose->check_first ? "; CHECK FIRST" : "");
        return line_end(0);
}

/* Both start with the dose and end with its details. */
static int read_dose_signal(sd_bus_message *message, const char *event, struct listed_dose *dose) {
        const char *path, *state = NULL;
        int r;

        r = sd_bus_message_read_basic(message, 'o', &path);
        if (r >= 0 && strcmp(event, "DoseChanged") == 0)
                r = sd_bus_message_read_basic(message, 's', &state);
        if (r >= 0)
                r = listed_dose_read(message, path, dose);
        if (r < 0 || !state)
                return r;

        free(dose->state_name);
        dose->state_name = NULL;
        r = text_clean(state, &dose->state_name);
        if (r >= 0 && dose_state_from_string(dose->state_name, &dose->state) != 0)
                dose->state = _DOSE_STATE_MAX;
        return r;
}

static int on_dose(struct monitor *monitor, sd_bus_message *message, const char *event) {
        _cleanup_(listed_dose_done) struct listed_dose dose = {};
        int r;

        r = read_dose_signal(message, event, &dose);
        if (r < 0)
                return r;
        return wants_person(monitor, dose.person) ? dose_event_print(monitor, event, &dose) : 0;
}

static int on_plan(struct monitor *monitor, sd_bus_message *message, const char *event) {
        _cleanup_(free_p) char *person = NULL, *text = NULL;
        const char *raw;
        int r;

        r = sd_bus_message_read_basic(message, 's', &raw);
        if (r >= 0)
                r = text_clean(raw, &person);
        if (r < 0)
                return r;
        if (!wants_person(monitor, person))
                return 0;

        if (wants_json(monitor))
                return event_print_json(event, json_pack("{ss}", "person", person));
        r = text_format(&text, "the plan of %s changed", person);
        return r < 0 ? r : event_print(monitor, event, text);
}

static const struct {
        const char *name, *signature;
        int (*handle)(struct monitor *monitor, sd_bus_message *message, const char *event);
} signals[] = {
        { "ReminderDue", "oa{sv}", on_dose },
        { "DoseChanged", "osa{sv}", on_dose },
        { "PlanChanged", "s", on_plan },
};

/* A failure ends the loop: a monitor that has gone deaf must not look alive. */
static int finish(struct monitor *monitor, int r) {
        if (r < 0)
                (void) sd_event_exit(monitor->event, r);
        return 0;
}

static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct monitor *monitor = userdata;
        const char *member = sd_bus_message_get_member(message);

        (void) error;
        /* What does not have the agreed form is another version's, and is passed over. */
        for (size_t i = 0; i < ELEMENTS(signals); i++)
                if (strcmp(signals[i].name, member) == 0 &&
                    sd_bus_message_has_signature(message, signals[i].signature))
                        return finish(monitor, signals[i].handle(monitor, message, member));
        return 0;
}

static int on_subscribed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct monitor *monitor = userdata;
        _cleanup_(free_p) char *sentence = NULL;
        int r;

        (void) error;
        if (sd_bus_message_is_method_error(message, NULL)) {
                r = client_explain(monitor->request, sd_bus_message_get_error(message), &sentence);
                if (r >= 0)
                        complain("%s", sentence);
                (void) sd_event_exit(monitor->event, r < 0 ? r : REQUEST_REFUSED);
                return 0;
        }

        monitor->is_subscribed = true;
        return finish(monitor, event_print(monitor, "ready", "listening"));
}

static int subscribe(struct monitor *monitor) {
        return sd_bus_call_method_async(monitor->bus, NULL, CLIENT_NAME, CLIENT_ROOT, CLIENT_MANAGER, "Subscribe",
                                        on_subscribed, monitor, NULL);
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct monitor *monitor = userdata;
        const char *name, *old_owner, *new_owner;
        int r;

        (void) error;
        r = sd_bus_message_read(message, "sss", &name, &old_owner, &new_owner);
        if (r < 0)
                return finish(monitor, r);

        if (*new_owner)
                return finish(monitor, subscribe(monitor));
        monitor->is_subscribed = false;
        return finish(monitor, event_print(monitor, "gone", "dosed is gone; waiting for it to come back"));
}

/* The library tells itself of it by a signal that no bus sends. */
static int on_disconnected(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct monitor *monitor = userdata;

        (void) message;
        (void) error;
        complain("the bus is gone, and with it all that could be heard");
        (void) sd_event_exit(monitor->event, REQUEST_REFUSED);
        return 0;
}

static int monitor_match(struct monitor *monitor) {
        int r;

        r = sd_bus_match_signal(monitor->bus, NULL, NULL, "/org/freedesktop/DBus/Local", "org.freedesktop.DBus.Local",
                                "Disconnected", on_disconnected, monitor);
        if (r < 0)
                return r;
        for (size_t i = 0; i < ELEMENTS(signals); i++) {
                r = sd_bus_match_signal(monitor->bus, NULL, CLIENT_NAME, CLIENT_ROOT, CLIENT_MANAGER, signals[i].name,
                                        on_signal, monitor);
                if (r < 0)
                        return r;
        }
        return sd_bus_add_match(monitor->bus, NULL,
                                "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='" CLIENT_NAME "'",
                                on_owner_changed, monitor);
}

static int monitor_start(struct monitor *monitor) {
        static const int signal_numbers[] = { SIGINT, SIGTERM };
        sigset_t mask;
        int r;

        (void) sigemptyset(&mask);
        for (size_t i = 0; i < ELEMENTS(signal_numbers); i++)
                (void) sigaddset(&mask, signal_numbers[i]);
        if (sigprocmask(SIG_BLOCK, &mask, NULL) < 0)
                return -errno;

        r = sd_event_new(&monitor->event);
        for (size_t i = 0; r >= 0 && i < ELEMENTS(signal_numbers); i++)
                r = sd_event_add_signal(monitor->event, NULL, signal_numbers[i], NULL, NULL);
        if (r >= 0)
                r = sd_bus_attach_event(monitor->bus, monitor->event, SD_EVENT_PRIORITY_NORMAL);
        if (r >= 0)
                r = monitor_match(monitor);
        if (r >= 0)
                r = subscribe(monitor);
        return r;
}

int monitor_run(struct request *request) {
        _cleanup_(monitor_done) struct monitor monitor = { .request = request };
        int r;

        r = client_open(request, &monitor.bus);
        if (r != 0)
                return r;
        r = monitor_start(&monitor);
        if (r < 0)
                return r;

        return sd_event_loop(monitor.event);
}
