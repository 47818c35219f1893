/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whoever owns org.freedesktop.Notifications: who it is, what it can do, and what it says. */
#include <string.h>
#include <systemd/sd-id128.h>

#include "dosed/log.h"
#include "dosed/text.h"
#include "notify/server-call.h"

/* Desktop Notifications Specification, NotificationClosed. */
#define REASON_EXPIRED 1
#define REASON_DISMISSED 2

static void server_call_free(struct server_call *call) {
        sd_bus_slot_unref(call->slot);
        free(call);
}

void server_drop_call(struct server *server, struct server_call *call) {
        for (size_t i = 0; i < server->n_calls; i++)
                if (server->calls[i] == call) {
                        server->calls[i] = server->calls[--server->n_calls];
                        break;
                }
        server_call_free(call);
}

static void server_forget_owner(struct server *server) {
        while (server->n_calls > 0)
                server_call_free(server->calls[--server->n_calls]);
        server->signals_match = sd_bus_slot_unref(server->signals_match);
        server->capabilities_call = sd_bus_slot_unref(server->capabilities_call);
        free(TAKE(server->owner));
        server->is_ready = server->has_actions = server->has_markup = false;
}

/* Without a callback of one's own, sd-bus closes the connection when a match is refused. */
static int on_match_installed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        (void) userdata;
        (void) error;

        if (sd_bus_message_is_method_error(message, NULL))
                log_debug("The bus refused a match: %s", sd_bus_message_get_error(message)->name);
        return 0;
}

/* The match names the sender, but only the bus checks it. */
static bool is_from_server(const struct server *server, sd_bus_message *message) {
        return server->owner && text_equal(sd_bus_message_get_sender(message), server->owner);
}

static enum closing closing_of(uint32_t reason) {
        return reason == REASON_EXPIRED     ? CLOSING_EXPIRED
               : reason == REASON_DISMISSED ? CLOSING_DISMISSED
                                            : CLOSING_OTHER;
}

static int on_server_signal(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct server *server = userdata;
        const char *action = NULL;
        uint32_t id, reason;

        (void) error;
        if (!is_from_server(server, message))
                return 0;

        if (sd_bus_message_is_signal(message, NOTIFICATIONS_NAME, "NotificationClosed")) {
                if (sd_bus_message_read(message, "uu", &id, &reason) >= 0)
                        server->observer->closed(server->userdata, id, closing_of(reason));
        } else if (sd_bus_message_is_signal(message, NOTIFICATIONS_NAME, "ActionInvoked")) {
                if (sd_bus_message_read(message, "us", &id, &action) >= 0)
                        server->observer->pressed(server->userdata, id, action);
        }
        return 0;
}

static void read_capabilities(struct server *server, sd_bus_message *message) {
        const char *capability;

        if (sd_bus_message_enter_container(message, SD_BUS_TYPE_ARRAY, "s") < 0)
                return;
        while (sd_bus_message_read_basic(message, SD_BUS_TYPE_STRING, &capability) > 0) {
                server->has_actions = server->has_actions || strcmp(capability, "actions") == 0;
                server->has_markup = server->has_markup || strcmp(capability, "body-markup") == 0;
        }
}

static int on_capabilities(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct server *server = userdata;

        (void) error;
        server->capabilities_call = sd_bus_slot_unref(server->capabilities_call);

        /* A server that cannot say what it can do still shows plain text. */
        if (!sd_bus_message_is_method_error(message, NULL))
                read_capabilities(server, message);
        server->is_ready = true;
        server->observer->changed(server->userdata);
        return 0;
}

static int server_match_signals(struct server *server) {
        _cleanup_(free_p) char *match = NULL;
        int r;

        r = text_format(&match, "type='signal',sender='%s',path='%s',interface='%s'", server->owner, NOTIFICATIONS_PATH,
                        NOTIFICATIONS_NAME);
        if (r < 0)
                return r;
        return sd_bus_add_match_async(server->bus, &server->signals_match, match, on_server_signal, on_match_installed,
                                      server);
}

/* No timeout: a late answer is still an answer, and whoever does not answer this would not show anything. */
static int server_ask_capabilities(struct server *server) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        r = server_new_call(server, "GetCapabilities", &message);
        if (r < 0)
                return r;
        return sd_bus_call_async(server->bus, &server->capabilities_call, message, on_capabilities, server, UINT64_MAX);
}

static int server_meet(struct server *server, const char *owner) {
        sd_id128_t bus_id;
        int r;

        r = text_copy(owner, &server->owner);
        if (r < 0)
                return r;
        r = sd_bus_get_bus_id(server->bus, &bus_id);
        if (r < 0)
                return r;
        (void) sd_id128_to_string(bus_id, server->bus_id);

        r = server_match_signals(server);
        if (r < 0)
                return r;
        return server_ask_capabilities(server);
}

/* `owner` NULL or empty: nobody. */
static void server_set_owner(struct server *server, const char *owner) {
        int r;

        if (owner && owner[0] == '\0')
                owner = NULL;
        server->is_asked = true;
        if (text_equal(server->owner, owner))
                return;

        server_forget_owner(server);
        if (owner) {
                r = server_meet(server, owner);
                if (r < 0) {
                        log_debug("The notification server cannot be used: %s", strerror(-r));
                        server_forget_owner(server);
                }
        }
        server->observer->changed(server->userdata);
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct server *server = userdata;
        const char *name, *old, *new;

        (void) error;
        if (sd_bus_message_read(message, "sss", &name, &old, &new) >= 0 && strcmp(name, NOTIFICATIONS_NAME) == 0)
                server_set_owner(server, new);
        return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct server *server = userdata;
        const char *owner = NULL;

        (void) error;
        server->owner_call = sd_bus_slot_unref(server->owner_call);

        /* An error is NameHasNoOwner: normal, on_owner_changed() will tell. */
        if (!sd_bus_message_is_method_error(message, NULL))
                (void) sd_bus_message_read(message, "s", &owner);
        server_set_owner(server, owner);
        return 0;
}

int server_new(sd_bus *bus, const struct server_observer *observer, void *userdata, struct server **ret) {
        _cleanup_(server_free_p) struct server *server = calloc(1, sizeof(*server));
        int r;

        if (!server)
                return -ENOMEM;
        server->bus = sd_bus_ref(bus);
        server->observer = observer;
        server->userdata = userdata;

        /* The match first: no change falls between the answer and the signals. */
        r = sd_bus_add_match_async(bus, &server->owner_match,
                                   "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                                   "interface='org.freedesktop.DBus',member='NameOwnerChanged',"
                                   "arg0='" NOTIFICATIONS_NAME "'",
                                   on_owner_changed, on_match_installed, server);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(bus, &server->owner_call, "org.freedesktop.DBus", "/org/freedesktop/DBus",
                                     "org.freedesktop.DBus", "GetNameOwner", on_owner, server, "s",
                                     NOTIFICATIONS_NAME);
        if (r < 0)
                return r;

        *ret = TAKE(server);
        return 0;
}

struct server *server_free(struct server *server) {
        if (!server)
                return NULL;

        server_forget_owner(server);
        sd_bus_slot_unref(server->owner_match);
        sd_bus_slot_unref(server->owner_call);
        sd_bus_unref(server->bus);
        free(server);
        return NULL;
}

bool server_is_known(const struct server *server) {
        return server->is_asked && (!server->owner || server->is_ready);
}

bool server_is_ready(const struct server *server) {
        return server->is_ready;
}

const char *server_owner(const struct server *server) {
        return server->owner;
}

const char *server_bus_id(const struct server *server) {
        return server->bus_id;
}

bool server_is_idle(const struct server *server) {
        return server->n_calls == 0;
}
