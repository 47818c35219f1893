/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches folders, and says once that they have settled after a change; and watches the clock for being set. */
#pragma once

#include <systemd/sd-event.h>

#include "dosed/clock.h"
#include "dosed/error.h"

struct watch;
typedef int (*watch_handler)(void *userdata);

/* `settled` is called when nothing has changed for the settling time, or six times that after the first change. */
int watch_new(sd_event *event, watch_handler settled, void *userdata, struct watch **ret);
struct watch *watch_free(struct watch *watch);
DEFINE_CLEANUP(struct watch *, watch_free);

/* The folders to watch from now on. One that does not exist (yet) is noticed when it appears in its parent. */
int watch_set_folders(struct watch *watch, const char *const *folders, size_t n_folders, usec_t settle_usec);

/* `changed` is called whenever the realtime clock was set. The source is the caller's to unref. */
int clock_watch_add(sd_event *event, watch_handler changed, void *userdata, sd_event_source **ret);
