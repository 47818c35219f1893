/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Tries whether bytes can be read at all, where a process has died of them before. */
#include <signal.h>
#include <sys/wait.h>
#include <unistd.h>

#include "dosed/calendar.h"

#define PROBE_TIMEOUT_SEC 10 /* no legal file takes a second */

static void __attribute__((noreturn)) read_and_exit(const char *name, const void *bytes, size_t size,
                                                     struct zones *zones) {
        struct problems problems = {};
        struct calendar *calendar;
        sigset_t none;

        (void) signal(SIGALRM, SIG_DFL);
        (void) sigemptyset(&none);
        (void) sigprocmask(SIG_SETMASK, &none, NULL);
        (void) alarm(PROBE_TIMEOUT_SEC);
        (void) calendar_read(name, bytes, size, zones, &calendar, &problems);
        _exit(0);
}

int calendar_probe(const char *name, const void *bytes, size_t size, struct zones *zones) {
        int status;
        pid_t child;

        child = fork();
        if (child < 0)
                return -errno;
        if (child == 0)
                read_and_exit(name, bytes, size, zones);

        while (waitpid(child, &status, 0) < 0)
                if (errno != EINTR)
                        return -errno;
        return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : CALENDAR_CRASHES;
}
