/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What server.c and server-call.c share. */
#pragma once

#include <systemd/sd-id128.h>

#include "dosed/clock.h"
#include "dosed/limits.h"
#include "notify/server.h"

#define NOTIFICATIONS_NAME "org.freedesktop.Notifications"
#define NOTIFICATIONS_PATH "/org/freedesktop/Notifications"

struct server {
        sd_bus *bus;
        const struct server_observer *observer;
        void *userdata;

        sd_bus_slot *owner_match, *owner_call; /* who it is */
        sd_bus_slot *signals_match, *capabilities_call;
        char *owner; /* unique name; NULL: nobody */
        char bus_id[SD_ID128_STRING_MAX];
        bool is_asked; /* the bus has answered who it is */
        bool is_ready, has_actions, has_markup;

        struct server_call *calls[LIMIT_NOTIFY_UNANSWERED];
        size_t n_calls;
};

struct server_call {
        struct server *server;
        sd_bus_slot *slot;
        usec_t sent_usec; /* on the loop's monotonic clock */
        void *card;
};

/* A call to the current owner itself: one that is gone is not started again for it. */
int server_new_call(struct server *server, const char *method, sd_bus_message **ret);

void server_drop_call(struct server *server, struct server_call *call);
