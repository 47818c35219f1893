/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Runs programs beside the loop: no shell, nothing inherited but what is given, an end that is always told. It knows what came
 * of a run, not what the program is for. SIGCHLD must be blocked (sd_event_add_child(3)).
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <systemd/sd-event.h>

#include "dosed/clock.h"
#include "dosed/error.h"
#include "dosed/telling.h"

/* What is to be run. Not kept after runner_start(). */
struct runner_command {
        const char *name;               /* for the log: "hook ntfy" */
        const char *const *arguments;   /* the first is the program's absolute path; ends in NULL */
        const char *const *environment; /* all of it, "NAME=value"; ends in NULL */
        const void *input;              /* what it finds on stdin, a file as it were: it need not read it */
        size_t input_size;
        usec_t timeout_usec; /* then SIGTERM, and SIGKILL after LIMIT_RUNNER_KILL_SEC, to the whole process group */
};

enum runner_ending {
        RUNNER_EXITED,      /* with code `number` */
        RUNNER_KILLED,      /* by signal `number`, which was not ours */
        RUNNER_TIMED_OUT,   /* `number` seconds were not enough */
        RUNNER_NOT_STARTED, /* errno `number`; nothing of it ran */
        _RUNNER_ENDING_MAX,
};

struct runner_result {
        enum runner_ending ending;
        int number;
        const char *last_line; /* that it wrote to stdout or stderr, clean; NULL: none */
};

/* How an attempt to deliver ended, by how the program did: the exit codes are those of sysexits.h. */
enum delivery delivery_from_result(const struct runner_result *result);
/*
 * The same for a person: one sentence. `program` is how they know it; NULL where it went well and said nothing. Returns 0 or
 * -ENOMEM; the caller frees.
 */
int runner_result_describe(const struct runner_result *result, const char *program, char **ret);

/*
 * A run has ended, or could not begin. Called by the loop, never within runner_start(); another may be started from here. What it
 * left running in the background runs on, but nobody listens to it. A negative errno ends the loop.
 */
typedef int (*runner_handler)(void *userdata, const struct runner_result *result);

enum runner_outcome {
        RUNNER_BUSY = 1, /* LIMIT_RUNNER_CHILDREN run already */
};

struct runner;

int runner_new(sd_event *event, struct runner **ret);
/* What still runs is killed, and its handler is not called. Not from a handler. */
struct runner *runner_free(struct runner *runner);
DEFINE_CLEANUP(struct runner *, runner_free);

bool runner_can_start(const struct runner *runner);
/* Returns 0 (the handler will be called, once), RUNNER_BUSY or a negative errno. */
int runner_start(struct runner *runner, const struct runner_command *command, runner_handler handler, void *userdata);
