/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One folder, watched by its path: also while it is missing, and when anything that it lies in, or a link leads through, is
 * moved, removed, made again or led elsewhere. It does not read the folder, and does not wait until it has settled.
 */
#pragma once

#include <stdbool.h>
#include <systemd/sd-event.h>

#include "daemon/watch.h"

struct watched_path;

/* `path` is absolute. `changed` is called for every change in the folder or of where its path leads. */
int watched_path_new(sd_event *event, const char *path, watch_handler changed, void *userdata, struct watched_path **ret);
struct watched_path *watched_path_free(struct watched_path *path);
DEFINE_CLEANUP(struct watched_path *, watched_path_free);

const char *watched_path_name(const struct watched_path *path);

/* Watches anew what the path leads to now. Returns 0 or a negative errno. */
int watched_path_renew(struct watched_path *path);

/* The path leads elsewhere than to what is watched. */
bool watched_path_is_another(struct watched_path *path);

/* The folder is missing or cannot be watched: what happens in it may come without an event. */
bool watched_path_is_blind(const struct watched_path *path);

/* Something on the way to it cannot be watched: that it leads elsewhere may come without an event. */
bool watched_path_has_gap(const struct watched_path *path);

/* A plan file in the folder is a link: what it leads to may change without an event. */
bool watched_path_holds_links(const struct watched_path *path);
