/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches folders, and says once that they have settled after a change; and watches the clock for being set. */
#pragma once

#include <systemd/sd-event.h>

#include "dosed/clock.h"
#include "dosed/error.h"

struct watch;
typedef int (*watch_handler)(void *userdata);

/*
 * `settled` is called when nothing has changed for the settling time, or six times that after the first change. While
 * a folder is missing or cannot be watched, or a plan file in it is a link, it is called that often, too (0: never).
 */
int watch_new(sd_event *event, watch_handler settled, void *userdata, usec_t look_again_usec, struct watch **ret);
struct watch *watch_free(struct watch *watch);
DEFINE_CLEANUP(struct watch *, watch_free);

/*
 * The folders to watch from now on; those that were watched before lose no change. One that is missing is noticed when it
 * appears, whatever it lies in was removed with it.
 */
int watch_set_folders(struct watch *watch, const char *const *folders, size_t n_folders, usec_t settle_usec);

/* Not everything could be read, and no event may tell when it can: as if a folder were missing, once. */
int watch_look_again(struct watch *watch);

/* `changed` is called whenever the realtime clock was set. The source is the caller's to unref. */
int clock_watch_add(sd_event *event, watch_handler changed, void *userdata, sd_event_source **ret);
