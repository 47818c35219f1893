/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notify and CloseNotification. */
#include <inttypes.h>
#include <string.h>
#include <systemd/sd-event.h>

#include "dosed/log.h"
#include "notify/server-call.h"
#include "notify/text.h"

#define ICON "appointment-soon"
#define URGENCY_NORMAL 1
#define URGENCY_CRITICAL 2

int server_new_call(struct server *server, const char *method, sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = sd_bus_message_new_method_call(server->bus, &message, server->owner, NOTIFICATIONS_PATH, NOTIFICATIONS_NAME,
                                           method);
        if (r < 0)
                return r;
        r = sd_bus_message_set_auto_start(message, false);
        if (r < 0)
                return r;

        *ret = TAKE(message);
        return 0;
}

static int append_actions(sd_bus_message *message, const struct content *content, uint64_t serial) {
        int r;

        r = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "s");
        if (r < 0)
                return r;

        for (enum button button = 0; button < _BUTTON_MAX; button++) {
                char action[64];

                if (!(content->buttons & 1u << button))
                        continue;
                (void) snprintf(action, sizeof(action), "%s:%" PRIu64, button_to_string(button), serial);
                r = sd_bus_message_append(message, "ss", action, button_label(button));
                if (r < 0)
                        return r;
        }

        return sd_bus_message_close_container(message);
}

/* A dict entry of its own type each: urgency is a byte, where some servers ignore an integer. */
static int append_hints(sd_bus_message *message, const struct content *content, bool quietly) {
        unsigned urgency = content->critical ? URGENCY_CRITICAL : URGENCY_NORMAL;
        int r;

        r = sd_bus_message_open_container(message, SD_BUS_TYPE_ARRAY, "{sv}");
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "{sv}{sv}{sv}", "urgency", "y", urgency, "desktop-entry", "s", "dosed",
                                  "category", "s", "x-dosed.reminder");
        if (r < 0)
                return r;
        if (quietly) {
                r = sd_bus_message_append(message, "{sv}", "suppress-sound", "b", 1);
                if (r < 0)
                        return r;
        }
        return sd_bus_message_close_container(message);
}

static int append_body(sd_bus_message *message, const struct content *content, bool has_markup) {
        _cleanup_(free_p) char *escaped = NULL;
        int r;

        if (!has_markup)
                return sd_bus_message_append(message, "s", content->body);

        r = text_escape_markup(content->body, &escaped);
        if (r < 0)
                return r;
        return sd_bus_message_append(message, "s", escaped);
}

static int new_notify(struct server *server, const struct content *content, uint32_t replaces, uint64_t serial,
                      bool quietly, sd_bus_message **ret) {
        static const struct content no_buttons = {};
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = server_new_call(server, "Notify", &message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "suss", "dosed", replaces, ICON, content->title);
        if (r < 0)
                return r;
        r = append_body(message, content, server->has_markup);
        if (r < 0)
                return r;
        r = append_actions(message, server->has_actions ? content : &no_buttons, serial);
        if (r < 0)
                return r;
        r = append_hints(message, content, quietly);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "i", 0);
        if (r < 0)
                return r;

        *ret = TAKE(message);
        return 0;
}

static int on_answer(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct server_call *call = userdata;
        struct server *server = call->server;
        void *card = call->card;
        uint32_t id = 0;

        (void) error;
        server_drop_call(server, call);

        if (sd_bus_message_is_method_error(message, NULL))
                log_debug("The notification server refused: %s", sd_bus_message_get_error(message)->name);
        else if (sd_bus_message_read(message, "u", &id) < 0)
                id = 0;
        server->observer->answered(server->userdata, card, id);
        return 0;
}

static usec_t server_now_usec(const struct server *server) {
        sd_event *event = sd_bus_get_event(server->bus);
        uint64_t now;

        return event && sd_event_now(event, CLOCK_MONOTONIC, &now) >= 0 ? (usec_t) now : 0;
}

int server_notify(struct server *server, const struct content *content, uint32_t replaces, uint64_t serial,
                  bool quietly, void *card, struct server_call **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        _cleanup_(free_p) struct server_call *call = NULL;
        int r;

        if (server->n_calls == ELEMENTS(server->calls))
                return SERVER_BUSY;

        r = new_notify(server, content, replaces, serial, quietly, &message);
        if (r < 0)
                return r;

        call = calloc(1, sizeof(*call));
        if (!call)
                return -ENOMEM;
        *call = (struct server_call){ .server = server, .sent_usec = server_now_usec(server), .card = card };

        /* No timeout: a late answer is the only way to learn the id of what then stands on the screen. */
        r = sd_bus_call_async(server->bus, &call->slot, message, on_answer, call, UINT64_MAX);
        if (r < 0)
                return r;

        server->calls[server->n_calls++] = call;
        *ret = TAKE(call);
        return 0;
}

int server_close(struct server *server, uint32_t id) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = server_new_call(server, "CloseNotification", &message);
        if (r < 0)
                return r;
        r = sd_bus_message_append(message, "u", id);
        if (r < 0)
                return r;
        r = sd_bus_message_set_expect_reply(message, false);
        if (r < 0)
                return r;
        return sd_bus_send(server->bus, message, NULL);
}

bool server_call_is_overdue(const struct server_call *call) {
        return server_now_usec(call->server) - call->sent_usec > LIMIT_NOTIFY_ANSWER_SEC * USEC_PER_SEC;
}

void server_call_give_up(struct server_call *call) {
        call->card = NULL;
}
