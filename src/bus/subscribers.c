/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Subscribe and Unsubscribe, and to whom a signal goes: to all on a session bus, else to each subscriber that may see it. */
#include <string.h>

#include "bus/private.h"
#include "dosed/limits.h"
#include "dosed/text.h"

/* No user can take the subscriptions of another away. */
static bool has_room(const struct bus *bus, const struct peer *newcomer) {
        size_t n = 0, n_of_user = 0;

        for (const struct peer *peer = bus->peers; peer; peer = peer->hh.next)
                if (peer->is_subscribed) {
                        n++;
                        n_of_user += text_equal(peer->user, newcomer->user);
                }
        return n < LIMIT_SUBSCRIBERS && n_of_user < LIMIT_SUBSCRIBERS_OF_USER;
}

int subscribers_add(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct bus *bus = userdata;
        struct peer *peer;
        int r;

        r = access_check(bus, message, ACCESS_VIEW, NULL, NULL, error);
        if (r < 0)
                return r;
        if (bus->scope == BUS_SCOPE_SYSTEM) {
                peer = peers_find(bus, message);
                if (!peer || (!peer->is_subscribed && !has_room(bus, peer)))
                        return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                                 "There are too many subscribers: end some programs that show doses");
                peer->is_subscribed = true;
        }
        return sd_bus_reply_method_return(message, NULL);
}

int subscribers_remove(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct bus *bus = userdata;
        struct peer *peer;
        int r;

        r = access_check(bus, message, ACCESS_VIEW, NULL, NULL, error);
        if (r < 0)
                return r;
        peer = bus->scope == BUS_SCOPE_SYSTEM ? peers_find(bus, message) : NULL;
        if (peer)
                peer->is_subscribed = false;
        return sd_bus_reply_method_return(message, NULL);
}

static int tell(struct bus *bus, const char *destination, const char *name, signal_filler fill, const void *data) {
        sd_bus_message *signal = NULL;
        int r;

        r = sd_bus_message_new_signal(bus->connection, &signal, BUS_ROOT, BUS_NAME ".Manager", name);
        if (r >= 0 && destination)
                r = sd_bus_message_set_destination(signal, destination);
        if (r >= 0)
                r = fill(signal, data);
        if (r >= 0)
                r = sd_bus_send(bus->connection, signal, NULL);
        sd_bus_message_unref(signal);
        return r < 0 ? r : 0;
}

/* One who cannot be told keeps nobody else from being told. */
int subscribers_tell(struct bus *bus, const char *signal, const char *person, bool is_confidential, signal_filler fill,
                     const void *data) {
        int r = 0, q;

        if (bus->scope == BUS_SCOPE_SESSION)
                return tell(bus, NULL, signal, fill, data);
        for (const struct peer *peer = bus->peers; peer; peer = peer->hh.next) {
                if (!peer->is_subscribed || !access_may_be_told(peer, person, is_confidential))
                        continue;
                q = tell(bus, peer->name, signal, fill, data);
                if (q < 0 && r == 0)
                        r = q;
        }
        return r;
}
