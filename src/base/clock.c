/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks the system for the time. */
#include <assert.h>
#include <errno.h>
#include <string.h>
#include <sys/timex.h>
#include <time.h>
#include <unistd.h>

#include "dosed/clock.h"
#include "dosed/log.h"

static usec_t read_clock(clockid_t clock) {
        struct timespec ts;
        int r;

        r = clock_gettime(clock, &ts);
        assert(r == 0);
        (void) r;

        return (usec_t) ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}

usec_t clock_realtime_usec(void) {
        return read_clock(CLOCK_REALTIME);
}

usec_t clock_boottime_usec(void) {
        return read_clock(CLOCK_BOOTTIME);
}

/* A sandbox may keep adjtimex(2) from being asked, since it also sets the clock: systemd-timesyncd(8) leaves a file. */
#define SYNCHRONISED_FILE "/run/systemd/timesync/synchronized"

bool clock_is_synchronised(void) {
        struct timex state = {};

        if (adjtimex(&state) < 0) {
                log_debug("cannot ask whether the clock is synchronised: %s", strerror(errno));
                return access(SYNCHRONISED_FILE, F_OK) == 0;
        }
        return !(state.status & STA_UNSYNC);
}
