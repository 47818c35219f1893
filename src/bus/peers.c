/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is who on the system bus: asked once of the bus for each unique name, and forgotten when the name leaves. */
#include <pwd.h>
#include <string.h>

#include "bus/private.h"
#include "dosed/limits.h"
#include "dosed/text.h"

static struct peer *peer_free(struct peer *peer) {
        if (!peer)
                return NULL;
        sd_bus_slot_unref(peer->gone);
        free(peer->name);
        free(peer->user);
        free(peer);
        return NULL;
}

DEFINE_CLEANUP(struct peer *, peer_free);

static void forget(struct peer *peer) {
        HASH_DEL(peer->bus->peers, peer);
        peer_free(peer);
}

void peers_done(struct bus *bus) {
        struct peer *peer, *next;

        HASH_ITER(hh, bus->peers, peer, next) {
                forget(peer);
        }
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct peer *peer = userdata;
        const char *name, *before, *after;

        (void) error;
        if (sd_bus_message_read(message, "sss", &name, &before, &after) >= 0 && *after == '\0' &&
            strcmp(name, peer->name) == 0)
                forget(peer);
        return 0;
}

/* A match that cannot be had costs memory, up to the limit, and no more: without this, the library would close the bus. */
static int on_watched(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        (void) message, (void) userdata, (void) error;
        return 0;
}

static int watch_name(struct peer *peer) {
        _cleanup_(free_p) char *match = NULL;
        int r;

        r = text_format(&match,
                        "type='signal',sender='org.freedesktop.DBus',path='/org/freedesktop/DBus',"
                        "interface='org.freedesktop.DBus',member='NameOwnerChanged',arg0='%s'",
                        peer->name);
        if (r >= 0)
                r = sd_bus_add_match_async(peer->bus->connection, &peer->gone, match, on_owner_changed, on_watched,
                                           peer);
        return r < 0 ? r : 0;
}

/* A directory of users that does not answer just now says nothing of who that is. */
static int look_up(sd_bus_message *message, struct peer *peer) {
        sd_bus_creds *creds = NULL;
        const struct passwd *entry;
        char *user = NULL;
        uid_t uid;
        int r;

        r = sd_bus_query_sender_creds(message, SD_BUS_CREDS_EUID, &creds);
        if (r >= 0)
                r = sd_bus_creds_get_euid(creds, &uid);
        sd_bus_creds_unref(creds);
        if (r < 0)
                return r;

        errno = 0;
        entry = getpwuid(uid);
        peer->is_root = uid == 0;
        peer->is_sure = entry || errno == 0 || errno == ENOENT || errno == ESRCH;
        r = entry ? text_clean(entry->pw_name, &user) : 0;
        /* The ledger has to say who it was. */
        if (r >= 0 && !entry && uid == 0)
                r = text_copy("root", &user);
        if (r < 0)
                return r;
        /* Who asked for it earlier in this call still holds it. */
        if (text_equal(peer->user, user)) {
                free(user);
                return 0;
        }
        free(peer->user);
        peer->user = user;
        return 0;
}

/* The one who called least lately, of those whom nothing is sent to: what is known of it is asked again when it calls. */
static void make_room(struct bus *bus) {
        struct peer *peer, *next;

        if (HASH_COUNT(bus->peers) < LIMIT_PEERS)
                return;
        HASH_ITER(hh, bus->peers, peer, next)
                if (!peer->is_subscribed) {
                        forget(peer);
                        return;
                }
}

/* Watched before it is asked for: a name that leaves in between is not kept. */
static int add(struct bus *bus, sd_bus_message *message, const char *name, struct peer **ret) {
        _cleanup_(peer_free_p) struct peer *peer = calloc(1, sizeof(*peer));
        int r;

        if (!peer)
                return -ENOMEM;
        peer->bus = bus;
        r = text_copy(name, &peer->name);
        if (r >= 0)
                r = watch_name(peer);
        if (r >= 0)
                r = look_up(message, peer);
        if (r < 0)
                return r;

        make_room(bus);
        HASH_ADD_KEYPTR(hh, bus->peers, peer->name, strlen(peer->name), peer);
        *ret = TAKE(peer);
        return 0;
}

struct peer *peers_find(struct bus *bus, sd_bus_message *message) {
        const char *name = message ? sd_bus_message_get_sender(message) : NULL;
        struct peer *peer;

        if (!name)
                return NULL;
        HASH_FIND_STR(bus->peers, name, peer);
        if (!peer)
                return add(bus, message, name, &peer) < 0 ? NULL : peer;
        if (!peer->is_sure && look_up(message, peer) < 0)
                return NULL;
        /* Now the one who called last. */
        HASH_DEL(bus->peers, peer);
        HASH_ADD_KEYPTR(hh, bus->peers, peer->name, strlen(peer->name), peer);
        return peer;
}
