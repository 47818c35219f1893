/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a run keeps its things: as a user's own service, or as that of a household. */
#pragma once

#include "daemon/daemon.h"

enum mode {
        MODE_USER,   /* the session bus, and the folders of the XDG base directory specification */
        MODE_SYSTEM, /* the system bus, and the folders that systemd.exec(5) makes for a service */
        _MODE_MAX,
};

enum place { PLACE_CONFIG, PLACE_STATE, PLACE_CALENDARS, PLACE_RUNTIME, _PLACE_MAX };

/* All owned. `paths` are absolute; that of PLACE_RUNTIME is NULL where a user has none. */
struct places {
        enum mode mode;
        char *home, *user;
        char *paths[_PLACE_MAX];
};
void places_done(struct places *places);

/* `given` are the paths of the command line; NULL: they go without saying. Returns 0 or a negative errno. */
int places_find(enum mode mode, const char *const given[_PLACE_MAX], struct places *ret);

/* As the daemon takes them; of the places. */
struct daemon_places places_of_daemon(const struct places *places, bool config_was_given);
