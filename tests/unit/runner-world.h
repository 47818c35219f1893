/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A world for tests of the runner: the test program is its own child, and by a FIFO one knows which children live. */
#pragma once

#include <fcntl.h>
#include <ftw.h>
#include <poll.h>
#include <setjmp.h>
#include <signal.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "dosed/runner.h"

#define DEADLINE (120 * USEC_PER_SEC)
#define LONG (600 * USEC_PER_SEC) /* a timeout that is never reached */

/* What the program does as a child. */
struct verb {
        const char *verb;
        int (*run)(char **arguments);
};

/*
 * At once: at the end of exit(), the leak check of the sanitizers traces its own process, and who is killed meanwhile has ended
 * (poll() says so) but is not its parent's to reap until the tracer has gone, too.
 */
static inline int child_exit(char **arguments) {
        _exit(atoi(arguments[0]));
}

/* To stdout and stderr in turn. */
static inline int child_say(char **arguments) {
        for (int i = 0; arguments[i]; i++)
                if (write(1 + i % 2, arguments[i], strlen(arguments[i])) < 0)
                        return 1;
        return 0;
}

/* Keeps the FIFO of that name open for writing, and never ends by itself. */
static inline _Noreturn void hold(const char *path) {
        int fd = open(path, O_WRONLY | O_CLOEXEC);

        if (fd < 0 || write(fd, "!", 1) != 1)
                _exit(3);
        for (;;)
                (void) pause();
}

static inline int child_hold(char **arguments) {
        hold(arguments[0]);
}

struct world {
        char *place;
        sd_event *event;
        struct runner *runner;
        int fifo; /* its reading end */
        char *fifo_path;

        struct runner_command command; /* the next one */
        unsigned n_started, n_ended;
        struct runner_result result; /* of the last one that ended */
        char *last_line;
        unsigned n_more; /* to be started from the handler */
};

static inline const char *at(struct world *world, const char *name) {
        static char path[256];

        (void) snprintf(path, sizeof(path), "%s/%s", world->place, name);
        return path;
}

static inline int new_world(void **state) {
        static const char *const nothing[] = { NULL };
        struct world *world = calloc(1, sizeof(*world));
        char place[] = "/tmp/dosed-runner-XXXXXX";

        assert_non_null(world);
        assert_non_null(mkdtemp(place));
        world->place = strdup(place);
        world->fifo_path = strdup(at(world, "fifo"));
        assert_int_equal(mkfifo(world->fifo_path, 0600), 0);
        world->fifo = open(world->fifo_path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);
        assert_true(world->fifo >= 0);
        assert_true(sd_event_new(&world->event) >= 0);
        assert_int_equal(runner_new(world->event, &world->runner), 0);
        world->command = (struct runner_command){ .name = "child", .environment = nothing, .timeout_usec = LONG };
        *state = world;
        return 0;
}

static inline int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void) st, (void) type, (void) ftw;
        return remove(path);
}

static inline int free_world(void **state) {
        struct world *world = *state;

        runner_free(world->runner);
        sd_event_unref(world->event);
        (void) close(world->fifo);
        (void) nftw(world->place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(world->last_line);
        free(world->fifo_path);
        free(world->place);
        free(world);
        return 0;
}

static inline void start(struct world *world);

static inline int on_ended(void *userdata, const struct runner_result *result) {
        struct world *world = userdata;

        world->n_ended++;
        world->result = *result;
        free(world->last_line);
        world->last_line = result->last_line ? strdup(result->last_line) : NULL;
        if (world->n_more > 0) {
                world->n_more--;
                start(world);
        }
        return 0;
}

static inline void start(struct world *world) {
        unsigned n_ended = world->n_ended;

        assert_int_equal(runner_start(world->runner, &world->command, on_ended, world), 0);
        world->n_started++;
        assert_int_equal(world->n_ended, n_ended); /* never told from within */
}

static inline void await_ends(struct world *world) {
        uint64_t start_usec, now_usec;

        assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &start_usec) >= 0);
        while (world->n_ended < world->n_started) {
                assert_true(sd_event_run(world->event, DEADLINE) >= 0);
                assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &now_usec) >= 0);
                assert_true(now_usec - start_usec < DEADLINE);
        }
}

static inline void run(struct world *world, const char *const *arguments) {
        world->command.arguments = arguments;
        start(world);
        await_ends(world);
}

#define CHILD(...) ((const char *const[]){ "/proc/self/exe", __VA_ARGS__, NULL })

static inline void assert_ended(struct world *world, enum runner_ending ending, int number) {
        assert_int_equal(world->result.ending, ending);
        assert_int_equal(world->result.number, number);
}

/* So many hold the FIFO. The loop stands still meanwhile, and with it the timeouts. */
static inline void await_holders(struct world *world, size_t n) {
        struct pollfd readable = { .fd = world->fifo, .events = POLLIN };
        char c;

        while (n > 0) {
                assert_int_equal(poll(&readable, 1, (int) (DEADLINE / USEC_PER_MSEC)), 1);
                if (read(world->fifo, &c, 1) == 1)
                        n--;
        }
}

/* Nobody holds it any more. */
static inline void assert_all_gone(struct world *world) {
        struct pollfd hung_up = { .fd = world->fifo, .events = POLLIN };

        assert_int_equal(poll(&hung_up, 1, (int) (DEADLINE / USEC_PER_MSEC)), 1);
        assert_int_equal(hung_up.revents, POLLHUP);
}

/* It is given too little time, but all of it begins only once so many hold the FIFO. */
static inline void run_too_long(struct world *world, const char *const *arguments, size_t n_held) {
        world->command.timeout_usec = USEC_PER_SEC;
        world->command.arguments = arguments;
        start(world);
        await_holders(world, n_held);
        await_ends(world);
        assert_ended(world, RUNNER_TIMED_OUT, 1);
        assert_all_gone(world);
}

/* Here it ends if it is a child. Its parent blocks these signals, as a daemon does. */
static inline int begin(int argc, char **argv, const struct verb *children, size_t n_children) {
        sigset_t signals;

        for (size_t i = 0; argc > 1 && i < n_children; i++)
                if (strcmp(children[i].verb, argv[1]) == 0)
                        exit(children[i].run(argv + 2));

        (void) sigemptyset(&signals);
        (void) sigaddset(&signals, SIGCHLD);
        (void) sigaddset(&signals, SIGTERM);
        return sigprocmask(SIG_BLOCK, &signals, NULL);
}
