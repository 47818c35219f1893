/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Starts a program by posix_spawn(3), which says itself when that fails: no exit code stands for it. */
#include "deliver/child.h"

#include <fcntl.h>
#include <poll.h>
#include <signal.h>
#include <spawn.h>
#include <sys/pidfd.h>
#include <sys/wait.h>

#include "dosed/file.h"

#define KILLED_PATIENCE_MSEC 2000 /* SIGKILL works at once, but on who waits for a disk or a network that hangs */

static int set_attributes(posix_spawnattr_t *attributes) {
        sigset_t none, all;
        int r;

        (void) sigemptyset(&none);
        (void) sigfillset(&all);
        (void) sigdelset(&all, SIGKILL);
        (void) sigdelset(&all, SIGSTOP);

        r = posix_spawnattr_setflags(attributes, POSIX_SPAWN_SETSID | POSIX_SPAWN_SETSIGMASK | POSIX_SPAWN_SETSIGDEF);
        if (r == 0)
                r = posix_spawnattr_setsigmask(attributes, &none);
        return r == 0 ? posix_spawnattr_setsigdefault(attributes, &all) : r;
}

static int set_actions(posix_spawn_file_actions_t *actions, int input, int output) {
        int r;

        r = posix_spawn_file_actions_adddup2(actions, input, STDIN_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(actions, output, STDOUT_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_adddup2(actions, output, STDERR_FILENO);
        if (r == 0)
                r = posix_spawn_file_actions_addclosefrom_np(actions, STDERR_FILENO + 1);
        return r == 0 ? posix_spawn_file_actions_addchdir_np(actions, "/") : r;
}

static int spawn(const struct runner_command *command, int input, int output, pid_t *ret) {
        posix_spawn_file_actions_t actions;
        posix_spawnattr_t attributes;
        int r;

        r = posix_spawnattr_init(&attributes);
        if (r != 0)
                return -r;
        r = posix_spawn_file_actions_init(&actions);
        if (r != 0) {
                (void) posix_spawnattr_destroy(&attributes);
                return -r;
        }

        r = set_attributes(&attributes);
        if (r == 0)
                r = set_actions(&actions, input, output);
        /* The prototype cannot say it, but POSIX does: neither the pointers nor the texts are changed. */
        if (r == 0)
                r = posix_spawn(ret, command->arguments[0], &actions, &attributes, (char *const *) command->arguments,
                                (char *const *) command->environment);

        (void) posix_spawn_file_actions_destroy(&actions);
        (void) posix_spawnattr_destroy(&attributes);
        return -r;
}

int child_start(const struct runner_command *command, struct child *ret) {
        _cleanup_(close_p) int input = -1, output = -1, ours = -1;
        struct child child;
        int ends[2], r;

        r = sealed_file_new(command->input, command->input_size, &input);
        if (r < 0)
                return r;
        if (pipe2(ends, O_CLOEXEC) < 0)
                return -errno;
        ours = ends[0];
        output = ends[1];
        if (fcntl(ours, F_SETFL, O_NONBLOCK) < 0)
                return -errno;

        r = spawn(command, input, output, &child.pid);
        if (r < 0)
                return r;

        child.pidfd = pidfd_open(child.pid, 0);
        if (child.pidfd < 0)
                child_kill(&child);
        child.output = ours;
        ours = -1;
        *ret = child;
        return 0;
}

void child_signal(const struct child *child, int signal) {
        /* It may have left its group, but it is still ours. */
        if (kill(-child->pid, signal) < 0)
                (void) kill(child->pid, signal);
}

void child_kill(const struct child *child) {
        struct pollfd ended = { .fd = child->pidfd, .events = POLLIN };

        child_signal(child, SIGKILL);
        if (child->pidfd >= 0)
                (void) poll(&ended, 1, KILLED_PATIENCE_MSEC);
        (void) waitpid(child->pid, NULL, child->pidfd >= 0 ? WNOHANG : 0);
}
