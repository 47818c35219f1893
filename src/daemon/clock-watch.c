/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Notices when the realtime clock is set: a timer that the kernel cancels then (timerfd_create(2)). */
#include <sys/epoll.h>
#include <sys/timerfd.h>
#include <time.h>

#include "daemon/watch.h"

struct clock_watch {
        watch_handler changed;
        void *userdata;
};

static int arm(int fd) {
        /* Never reached; it only waits to be cancelled. */
        const struct itimerspec never = { .it_value.tv_sec = (time_t) 1 << 40 };

        return timerfd_settime(fd, TFD_TIMER_ABSTIME | TFD_TIMER_CANCEL_ON_SET, &never, NULL) < 0 ? -errno : 0;
}

static int on_io(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        struct clock_watch *watch = userdata;
        uint64_t expirations;
        int r;

        (void) source;
        (void) events;
        if (read(fd, &expirations, sizeof(expirations)) < 0 && errno != ECANCELED && errno != EAGAIN)
                return -errno;
        r = arm(fd);
        return r < 0 ? r : watch->changed(watch->userdata);
}

int clock_watch_add(sd_event *event, watch_handler changed, void *userdata, sd_event_source **ret) {
        struct clock_watch *watch;
        sd_event_source *source;
        int fd, r;

        fd = timerfd_create(CLOCK_REALTIME, TFD_NONBLOCK | TFD_CLOEXEC);
        if (fd < 0)
                return -errno;
        r = arm(fd);
        if (r < 0) {
                (void) close(fd);
                return r;
        }
        watch = malloc(sizeof(*watch));
        if (!watch) {
                (void) close(fd);
                return -ENOMEM;
        }
        *watch = (struct clock_watch){ changed, userdata };

        r = sd_event_add_io(event, &source, fd, EPOLLIN, on_io, watch);
        if (r < 0) {
                (void) close(fd);
                free(watch);
                return r;
        }
        (void) sd_event_source_set_io_fd_own(source, 1);
        (void) sd_event_source_set_destroy_callback(source, free);
        r = sd_event_source_set_exit_on_failure(source, 1);
        if (r < 0) {
                sd_event_source_disable_unref(source);
                return r;
        }

        *ret = source;
        return 0;
}
