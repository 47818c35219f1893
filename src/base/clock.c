/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asks the system for the time. */
#include <assert.h>
#include <time.h>

#include "dosed/clock.h"

usec_t clock_realtime_usec(void) {
        struct timespec ts;
        int r;

        r = clock_gettime(CLOCK_REALTIME, &ts);
        assert(r == 0);
        (void) r;

        return (usec_t) ts.tv_sec * USEC_PER_SEC + ts.tv_nsec / 1000;
}
