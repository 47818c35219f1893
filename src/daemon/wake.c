/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A timer on CLOCK_REALTIME_ALARM: its only work is that the machine is awake; the dose has its own timer. */
#include <string.h>

#include "daemon/wake.h"
#include "dosed/log.h"

struct wake {
        sd_event_source *timer; /* NULL: cannot be had */
};

static int on_alarm(sd_event_source *source, uint64_t usec, void *userdata) {
        (void) source;
        (void) usec;
        (void) userdata;
        return 0;
}

int wake_new(sd_event *event, struct wake **ret) {
        struct wake *wake;
        int r;

        wake = calloc(1, sizeof(*wake));
        if (!wake)
                return -ENOMEM;

        /* No clock that can wake (EOPNOTSUPP), or CAP_WAKE_ALARM is missing (EPERM). */
        r = sd_event_add_time(event, &wake->timer, CLOCK_REALTIME_ALARM, UINT64_MAX, USEC_PER_SEC, on_alarm, wake);
        if (r >= 0)
                r = sd_event_source_set_enabled(wake->timer, SD_EVENT_OFF);
        if (r == -ENOMEM) {
                wake_free(wake);
                return r;
        }
        if (r < 0)
                log_info("A suspended machine is not woken for a dose: %s", strerror(-r));

        *ret = wake;
        return 0;
}

struct wake *wake_free(struct wake *wake) {
        if (!wake)
                return NULL;
        sd_event_source_disable_unref(wake->timer);
        free(wake);
        return NULL;
}

int wake_set(struct wake *wake, usec_t at_usec) {
        int r;

        if (!wake->timer)
                return 0;
        if (at_usec == USEC_NEVER)
                return sd_event_source_set_enabled(wake->timer, SD_EVENT_OFF);
        r = sd_event_source_set_time(wake->timer, at_usec > 0 ? (uint64_t) at_usec : 0);
        return r < 0 ? r : sd_event_source_set_enabled(wake->timer, SD_EVENT_ONESHOT);
}
