/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Serves the bus room with a mail program of the test's: each test mail is told on stdout, and stdin says what came of it. */
#include <stdio.h>
#include <string.h>
#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "dosed/bus.h"
#include "dosed/log.h"
#include "dosed/store.h"
#include "dosed/text.h"
#include "dosed/zone.h"

/*
 * "asked ADDRESS" is said when one is asked for; "taken WORDS" and "refused WORDS" on stdin answer the one that was asked for first.
 * An address at nowhere.example is refused at once. "ready" is said when the name is owned.
 */
struct driver {
        sd_event *event;
        struct bus *bus;
        sd_bus_message *calls[64];
        size_t n_calls;
};

static usec_t now(void *userdata) {
        (void) userdata;
        return clock_realtime_usec();
}

static int reload(void *userdata, char **ret_reason) {
        (void) userdata;
        (void) ret_reason;
        return 0;
}

static void acted(void *userdata) {
        (void) userdata;
}

static void say(const char *words, const char *more) {
        printf("%s%s\n", words, more);
        (void) fflush(stdout);
}

static int test_mail(void *userdata, const char *address, sd_bus_message *call, sd_bus_error *error) {
        struct driver *driver = userdata;

        if (strstr(address, "@nowhere.example"))
                return sd_bus_error_set(error, SD_BUS_ERROR_FAILED, "there is no mail program");
        driver->calls[driver->n_calls++] = call;
        say("asked ", address);
        return 0;
}

static int on_line(struct driver *driver, const char *line) {
        bool is_taken = strncmp(line, "taken ", strlen("taken ")) == 0;

        if (driver->n_calls == 0)
                return -EINVAL;
        bus_answer_mail_test(driver->bus, driver->calls[0], is_taken, strchr(line, ' ') + 1);
        driver->n_calls--;
        (void) memmove(driver->calls, driver->calls + 1, driver->n_calls * sizeof(*driver->calls));
        say("answered", "");
        return 0;
}

/* A test writes whole lines and waits for what comes of each. */
static int on_stdin(sd_event_source *source, int fd, uint32_t revents, void *userdata) {
        struct driver *driver = userdata;
        char line[4096];
        ssize_t size = read(fd, line, sizeof(line) - 1);
        int r;

        (void) source;
        (void) revents;
        if (size <= 0)
                return sd_event_exit(driver->event, 0);
        line[strcspn(line, "\n")] = '\0';
        line[size - 1] = '\0';
        r = on_line(driver, line);
        return r < 0 ? sd_event_exit(driver->event, r) : 0;
}

static const struct bus_host host = { .now = now, .reload = reload, .acted = acted, .test_mail = test_mail };

int main(void) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *connection = NULL;
        _cleanup_(sd_event_unrefp) sd_event *event = NULL;
        _cleanup_(store_free_p) struct store *store = NULL;
        _cleanup_(engine_free_p) struct engine *engine = NULL;
        _cleanup_(bus_free_p) struct bus *bus = NULL;
        const struct engine_observer observer = {};
        struct zones *zones = NULL;
        struct driver driver = {};
        int r;

        r = sd_event_new(&event);
        if (r >= 0)
                r = sd_bus_open_user(&connection);
        if (r >= 0)
                r = sd_bus_attach_event(connection, event, 0);
        if (r >= 0)
                r = store_open_memory(&store);
        if (r >= 0)
                r = zones_new(NULL, &zones);
        if (r >= 0)
                r = engine_new(store, zones, &observer, NULL, &engine);
        if (r >= 0)
                r = bus_new(connection, BUS_SCOPE_SESSION, engine, &host, &driver, &bus);
        driver.event = event;
        driver.bus = bus;
        if (r >= 0)
                r = sd_event_add_io(event, NULL, STDIN_FILENO, EPOLLIN, on_stdin, &driver);
        if (r >= 0)
                r = sd_bus_request_name(connection, BUS_NAME, 0);
        if (r >= 0) {
                say("ready", "");
                r = sd_event_loop(event);
        }
        if (r < 0)
                log_error("%s", strerror(-r));
        for (size_t i = 0; i < driver.n_calls; i++)
                sd_bus_message_unref(driver.calls[i]);
        bus = bus_free(bus);
        engine = engine_free(engine);
        zones_free(zones);
        return r < 0;
}
