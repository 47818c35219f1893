/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A child process: started with nothing but what it is given, and ended with all that it started. */
#pragma once

#include <sys/types.h>

#include "dosed/runner.h"

struct child {
        pid_t pid; /* of its process group, too; not reaped by this file but in child_kill() */
        int pidfd;
        int output; /* where its stdout and stderr arrive; never blocks */
};

/*
 * Returns 0, or a negative errno where nothing of the program ran. `ret` may be a child that was killed at once, because it could
 * not have been watched: its pidfd is then -1, and it is reaped.
 */
int child_start(const struct runner_command *command, struct child *ret);

/* To the whole group. It must not be reaped yet. */
void child_signal(const struct child *child, int signal);

/* Ends the group and reaps the child; one that the kernel, or who traces it, does not let go of for seconds is left to them. */
void child_kill(const struct child *child);
