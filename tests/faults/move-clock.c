/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Preloaded into dosed: its realtime clock is the kernel's plus an offset that a test sets. Timers on that clock move with it,
 * and the timer that waits for the clock to be set becomes readable when the test writes to a FIFO, as the kernel makes it.
 * With $DOSED_CLOCK_SUSPENDS the clock that counts since the boot moves as well, as over a suspend.
 */
#include <dlfcn.h>
#include <errno.h>
#include <fcntl.h>
#include <stdint.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <sys/timerfd.h>
#include <time.h>
#include <unistd.h>

#define MAX_FD 1024
#define NSEC_PER_SEC INT64_C(1000000000)

static struct timer {
        int is_moved, is_armed, waits_for_set;
        struct itimerspec wanted; /* on the moved clock */
} timers[MAX_FD];

#define NEXT(name) ((__typeof__(&name)) dlsym(RTLD_NEXT, #name))

static int64_t offset_nsec(void) {
        static const volatile int64_t *mapped;

        if (!mapped) {
                int fd = open(getenv("DOSED_CLOCK_OFFSET"), O_RDONLY | O_CLOEXEC);
                void *address = fd >= 0 ? mmap(NULL, sizeof(*mapped), PROT_READ, MAP_SHARED, fd, 0) : MAP_FAILED;

                if (address == MAP_FAILED)
                        abort();
                (void) close(fd);
                mapped = address;
        }
        return *mapped;
}

static struct timespec moved(struct timespec time, int64_t by_nsec) {
        int64_t nsec = time.tv_sec * NSEC_PER_SEC + time.tv_nsec + by_nsec;

        /* The epoch itself would disarm a timer. */
        if (nsec < 1)
                nsec = 1;
        return (struct timespec){ nsec / NSEC_PER_SEC, nsec % NSEC_PER_SEC };
}

static int is_moved(clockid_t clock) {
        return clock == CLOCK_REALTIME || (clock == CLOCK_BOOTTIME && getenv("DOSED_CLOCK_SUSPENDS"));
}

static int arm(int fd) {
        struct itimerspec real = timers[fd].wanted;

        if (real.it_value.tv_sec < INT64_C(1) << 33)
                real.it_value = moved(real.it_value, -offset_nsec());
        return NEXT(timerfd_settime)(fd, TFD_TIMER_ABSTIME, &real, NULL);
}

static void follow_offset(void) {
        static int64_t followed;

        if (followed == offset_nsec())
                return;
        followed = offset_nsec();
        for (int fd = 0; fd < MAX_FD; fd++)
                if (timers[fd].is_armed)
                        (void) arm(fd);
}

int clock_gettime(clockid_t clock, struct timespec *ret) {
        int r = NEXT(clock_gettime)(clock, ret);

        if (r == 0 && is_moved(clock)) {
                *ret = moved(*ret, offset_nsec());
                follow_offset();
        }
        return r;
}

int timerfd_create(int clock, int flags) {
        int fd = NEXT(timerfd_create)(clock, flags);

        if (fd >= 0 && fd < MAX_FD)
                timers[fd] = (struct timer){ .is_moved = is_moved(clock) };
        return fd;
}

int timerfd_settime(int fd, int flags, const struct itimerspec *new, struct itimerspec *old) {
        if (fd < 0 || fd >= MAX_FD || !timers[fd].is_moved || !(flags & TFD_TIMER_ABSTIME))
                return NEXT(timerfd_settime)(fd, flags, new, old);

        if (flags & TFD_TIMER_CANCEL_ON_SET) {
                if (!timers[fd].waits_for_set) {
                        int fifo = open(getenv("DOSED_CLOCK_SET"), O_RDWR | O_NONBLOCK | O_CLOEXEC);

                        if (fifo < 0 || dup3(fifo, fd, O_CLOEXEC) < 0)
                                abort();
                        (void) close(fifo);
                        timers[fd].waits_for_set = 1;
                }
                return 0;
        }

        timers[fd].wanted = *new;
        timers[fd].is_armed = new->it_value.tv_sec != 0 || new->it_value.tv_nsec != 0;
        return timers[fd].is_armed ? arm(fd) : NEXT(timerfd_settime)(fd, flags, new, old);
}
