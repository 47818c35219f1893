/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Drives the notify room from a test: commands on stdin, one JSON array a line; answers on stdout, likewise. */
#include <jansson.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "dosed/error.h"
#include "dosed/log.h"
#include "dosed/notify.h"

/*
 * ["doses", [{"id": …, "title": …, …}]]    notify_set_doses()
 * ["notice", KEY, TITLE, TEXT or null, CRITICAL, QUIETLY]
 * ["settle"]                               answers ["settled"] as soon as it is
 * ["sync"]                                 answers ["synced"] when all that the bus sent before has been heard
 * ["free-on-press"]                        the next button frees it
 * ["exit"]                                 the loop ends first, and with it the bus
 * ["free"]                                 notify_free(), and the program ends
 * A pressed button is told as ["taken", ID…], ["snooze", ID…] or ["skip", ID…], with "too-late" before it where its
 * notification was being taken down; a notice that was read as ["dismissed", KEY],
 * and then it is taken back.
 */
struct driver {
        sd_event *event;
        sd_bus *bus;
        struct notify *notify;
        bool awaits_settled, free_on_press;
};

static const char *const answer_names[_NOTIFY_ANSWER_MAX] = {
        [NOTIFY_TAKEN] = "taken",
        [NOTIFY_SNOOZE] = "snooze",
        [NOTIFY_SKIP] = "skip",
};

static void print(json_t *value) {
        (void) json_dumpf(value, stdout, JSON_COMPACT);
        (void) putchar('\n');
        (void) fflush(stdout);
        json_decref(value);
}

/* sd-bus closes an attached bus when its loop ends: what is up is taken down before. */
static int finish(struct driver *driver) {
        driver->notify = notify_free(driver->notify);
        return sd_event_exit(driver->event, 0);
}

static void print_answer(json_t *line, const char *const *dose_ids, size_t n_ids) {
        for (size_t i = 0; i < n_ids; i++)
                (void) json_array_append_new(line, json_string(dose_ids[i]));
        print(line);
}

static void on_too_late(void *userdata, enum notify_answer answer, const char *const *dose_ids, size_t n_ids) {
        (void) userdata;
        print_answer(json_pack("[ss]", "too-late", answer_names[answer]), dose_ids, n_ids);
}

static void on_answer(void *userdata, enum notify_answer answer, const char *const *dose_ids, size_t n_ids) {
        struct driver *driver = userdata;

        print_answer(json_pack("[s]", answer_names[answer]), dose_ids, n_ids);
        if (driver->free_on_press)
                (void) finish(driver);
}

static void on_dismissed(void *userdata, const char *key) {
        struct driver *driver = userdata;

        print(json_pack("[ss]", "dismissed", key));
        (void) notify_set_notice(driver->notify, &(struct notify_notice){ .key = key });
}

static const struct notify_handlers handlers = {
        .answered = on_answer,
        .too_late = on_too_late,
        .dismissed = on_dismissed,
};

static const char *text_of(json_t *dose, const char *key) {
        return json_string_value(json_object_get(dose, key));
}

static struct notify_dose read_dose(json_t *dose) {
        json_t *taken_ago = json_object_get(dose, "taken_ago_usec"), *reminders = json_object_get(dose, "reminders");
        unsigned n_reminders = reminders ? (unsigned) json_integer_value(reminders) : 1;
        const char *due = text_of(dose, "due_text");

        return (struct notify_dose){
                .id = text_of(dose, "id"),
                .person = text_of(dose, "person"),
                .title = text_of(dose, "title"),
                .amount = text_of(dose, "amount"),
                .instructions = text_of(dose, "instructions"),
                .if_missed = text_of(dose, "if_missed"),
                .due_text = due ? due : "08:00",
                .group_usec = json_integer_value(json_object_get(dose, "group_usec")),
                .stands_alone = json_is_true(json_object_get(dose, "stands_alone")),
                .critical = json_is_true(json_object_get(dose, "critical")),
                .upcoming = json_is_true(json_object_get(dose, "upcoming")),
                .late = n_reminders > 1,
                .takeable = !json_is_false(json_object_get(dose, "takeable")),
                .asks_amount = json_is_true(json_object_get(dose, "asks_amount")),
                .check = taken_ago                                           ? NOTIFY_CHECK_TAKEN
                         : json_is_true(json_object_get(dose, "taken_ahead")) ? NOTIFY_CHECK_TAKEN_AHEAD
                         : json_is_true(json_object_get(dose, "record_lost")) ? NOTIFY_CHECK_RECORD_LOST
                                                                              : NOTIFY_CHECK_NOTHING,
                .taken_ago_usec = json_integer_value(taken_ago),
                .reminders = n_reminders,
        };
}

static int set_doses(struct driver *driver, json_t *list) {
        size_t n = json_array_size(list);
        _cleanup_(free_p) struct notify_dose *doses = calloc(n + 1, sizeof(*doses));

        if (!doses)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                doses[i] = read_dose(json_array_get(list, i));
        return notify_set_doses(driver->notify, doses, n);
}

static int on_synced(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        (void) message;
        (void) userdata;
        (void) error;
        print(json_pack("[s]", "synced"));
        return 0;
}

/* The bus keeps the order: its answer comes after everything it delivered before. */
static int synchronize(struct driver *driver) {
        return sd_bus_call_method_async(driver->bus, NULL, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                        "org.freedesktop.DBus", "GetId", on_synced, NULL, NULL);
}

static int run(struct driver *driver, json_t *command) {
        const char *verb = json_string_value(json_array_get(command, 0));

        if (!verb)
                return -EINVAL;
        if (strcmp(verb, "doses") == 0)
                return set_doses(driver, json_array_get(command, 1));
        if (strcmp(verb, "notice") == 0)
                return notify_set_notice(driver->notify, &(struct notify_notice){
                        .key = json_string_value(json_array_get(command, 1)),
                        .title = json_string_value(json_array_get(command, 2)),
                        .text = json_string_value(json_array_get(command, 3)),
                        .critical = json_is_true(json_array_get(command, 4)),
                        .quietly = json_is_true(json_array_get(command, 5)),
                });
        if (strcmp(verb, "settle") == 0) {
                driver->awaits_settled = true;
                return 0;
        }
        if (strcmp(verb, "sync") == 0)
                return synchronize(driver);
        if (strcmp(verb, "free-on-press") == 0) {
                driver->free_on_press = true;
                return 0;
        }
        if (strcmp(verb, "exit") == 0)
                return sd_event_exit(driver->event, 0);
        if (strcmp(verb, "free") == 0)
                return finish(driver);
        return -EINVAL;
}

/* Commands arrive in any pieces. */
static int on_stdin(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        static char bytes[1 << 20];
        static size_t n;
        struct driver *driver = userdata;
        char *line = bytes, *end;
        ssize_t size;

        (void) source;
        (void) revents;
        size = read(fd, bytes + n, sizeof(bytes) - n);
        if (size <= 0)
                return finish(driver);
        n += (size_t) size;

        while ((end = memchr(line, '\n', n - (size_t) (line - bytes)))) {
                json_t *command = json_loadb(line, (size_t) (end - line), 0, NULL);
                int r = run(driver, command);

                json_decref(command);
                if (r < 0)
                        return sd_event_exit(driver->event, r);
                line = end + 1;
        }
        n -= (size_t) (line - bytes);
        memmove(bytes, line, n);
        return 0;
}

/* Between two iterations of the loop everything that came in has been heard. */
static int serve(struct driver *driver) {
        int r = 0;

        while (sd_event_get_state(driver->event) != SD_EVENT_FINISHED && r >= 0) {
                if (driver->notify && driver->awaits_settled && notify_is_settled(driver->notify)) {
                        driver->awaits_settled = false;
                        print(json_pack("[s]", "settled"));
                }
                r = sd_event_run(driver->event, UINT64_MAX);
        }
        return r;
}

int main(int argc, char **argv) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        struct driver driver = {};
        int r;

        log_set_level(LOG_DEBUG);
        r = sd_event_new(&event);
        if (r >= 0)
                r = sd_bus_open_user(&bus);
        if (r >= 0)
                r = sd_bus_attach_event(bus, event, 0);
        driver.event = event;
        driver.bus = bus;
        if (r >= 0)
                r = notify_new(bus, argc > 1 ? argv[1] : NULL, &handlers, &driver, &driver.notify);
        if (r >= 0)
                r = sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_stdin, &driver);
        if (r >= 0)
                r = serve(&driver);
        if (r < 0)
                log_error("%s", strerror(-r));
        notify_free(driver.notify);
        return r < 0;
}
