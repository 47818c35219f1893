/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whoever owns org.freedesktop.Notifications: calls go out without waiting, what it says goes to the observer. */
#pragma once

#include <stdbool.h>
#include <stdint.h>
#include <systemd/sd-bus.h>

#include "dosed/error.h"
#include "notify/content.h"

struct server;

/* A Notify that was not answered yet. It belongs to the server. */
struct server_call;

/* Why a notification went. */
enum closing {
        CLOSING_EXPIRED,   /* by the server of its own accord, although it was asked to let it stand */
        CLOSING_DISMISSED, /* by the person */
        CLOSING_OTHER,     /* because we asked, or nobody says why */
};

struct server_observer {
        /* Another server, or none: nothing that was up is up any more, and no call will be answered. */
        void (*changed)(void *userdata);
        /* The answer to a call: the id, or 0 where the server refused. `card` is NULL where the call was given up. */
        void (*answered)(void *userdata, void *card, uint32_t id);
        void (*closed)(void *userdata, uint32_t id, enum closing closing);
        /* May free the server. */
        void (*pressed)(void *userdata, uint32_t id, const char *action);
};

int server_new(sd_bus *bus, const struct server_observer *observer, void *userdata, struct server **ret);
struct server *server_free(struct server *server);
DEFINE_CLEANUP(struct server *, server_free);

/* It is known whether there is a server, and what it can do. */
bool server_is_known(const struct server *server);
/* There is one, and it can be called. */
bool server_is_ready(const struct server *server);
/* Its unique name, and the id of its bus (32 hexadecimal digits); only where it is ready. */
const char *server_owner(const struct server *server);
const char *server_bus_id(const struct server *server);

enum server_outcome {
        SERVER_BUSY = 1, /* LIMIT_NOTIFY_UNANSWERED calls wait for their answer: again when one came */
};

/* Sends Notify; `replaces` 0: a new one. Action keys end in `serial`. Returns 0, SERVER_BUSY or a negative errno. */
int server_notify(struct server *server, const struct content *content, uint32_t replaces, uint64_t serial,
                  bool quietly, void *card, struct server_call **ret);
/* Sends CloseNotification and wants no answer. */
int server_close(struct server *server, uint32_t id);

/* The answer is awaited for longer than LIMIT_NOTIFY_ANSWER_SEC. */
bool server_call_is_overdue(const struct server_call *call);
/* Its answer, if it ever comes, is not for that card any more. */
void server_call_give_up(struct server_call *call);
/* No call waits for its answer, given up or not. */
bool server_is_idle(const struct server *server);
