/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Runs programs beside the loop: each run is a job, which ends when its program does. */
#include "dosed/runner.h"

#include <signal.h>
#include <string.h>
#include <sys/wait.h>

#include "deliver/child.h"
#include "deliver/output.h"
#include "dosed/limits.h"
#include "dosed/log.h"
#include "dosed/text.h"

/* Of a busy loop doses come first, and then what programs say. */
#define OUTPUT_PRIORITY (SD_EVENT_PRIORITY_NORMAL + 10)
#define OUTPUT_AT_ONCE (64u * 1024) /* what a pipe holds: read at a time, and in the end */

struct job {
        struct runner *runner;
        struct job **slot; /* where the runner holds it */
        char *name;
        runner_handler handler;
        void *userdata;
        usec_t timeout_usec;
        struct child child;
        bool is_running;            /* the child: it is not reaped */
        bool timed_out;             /* it was told to end */
        struct runner_result early; /* where there is no child to wait for */
        struct output output;
        sd_event_source *ended;  /* the child, or a turn of the loop where there is none */
        sd_event_source *spoken; /* its output */
        sd_event_source *timer;
};

struct runner {
        sd_event *event;
        struct job *jobs[LIMIT_RUNNER_CHILDREN]; /* NULL: free */
};

static struct job *job_free(struct job *job) {
        if (!job)
                return NULL;

        sd_event_source_disable_unref(job->timer);
        sd_event_source_disable_unref(job->spoken);
        sd_event_source_disable_unref(job->ended);
        output_done(&job->output);
        free(job->name);
        free(job);
        return NULL;
}

DEFINE_CLEANUP(struct job *, job_free);

/* Tells what came of it. The job is no more by then: its place is free for whoever is told. */
static int job_end(struct job *job, const struct runner_result *result) {
        int r;

        *job->slot = NULL;
        r = job->handler(job->userdata, result);
        job_free(job);
        return r;
}

static int on_early_end(sd_event_source *source, void *userdata) {
        struct job *job = userdata;

        (void) source;
        return job_end(job, &job->early);
}

static int on_ended(sd_event_source *source, const siginfo_t *info, void *userdata) {
        struct job *job = userdata;
        struct runner_result result = { .number = info->si_status };

        (void) source;
        /* What it said last is there by now. Others may still hold the pipe open: nobody waits for them. */
        (void) output_read(&job->output, job->child.output, OUTPUT_AT_ONCE);
        output_finish(&job->output);
        result.last_line = job->output.last_line;

        if (job->timed_out) {
                child_signal(&job->child, SIGKILL); /* the rest of the group; the child itself is not reaped yet */
                result.ending = RUNNER_TIMED_OUT;
                result.number = (int) (job->timeout_usec / USEC_PER_SEC);
        } else
                result.ending = info->si_code == CLD_EXITED ? RUNNER_EXITED : RUNNER_KILLED;
        return job_end(job, &result);
}

static int on_spoken(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        struct job *job = userdata;

        (void) events;
        if (output_read(&job->output, fd, OUTPUT_AT_ONCE))
                return 0;
        return sd_event_source_set_enabled(source, SD_EVENT_OFF);
}

static int on_timeout(sd_event_source *source, uint64_t usec, void *userdata) {
        struct job *job = userdata;
        siginfo_t info = {};
        int r;

        (void) usec;
        /* It has ended, and only this comes first: a loop that was held up takes nothing from it. */
        if (!job->timed_out && waitid(P_PIDFD, (id_t) job->child.pidfd, &info, WEXITED | WNOHANG | WNOWAIT) == 0 &&
            info.si_pid != 0)
                return 0;
        child_signal(&job->child, job->timed_out ? SIGKILL : SIGTERM);
        if (job->timed_out)
                return 0;
        job->timed_out = true;
        r = sd_event_source_set_time_relative(source, LIMIT_RUNNER_KILL_SEC * USEC_PER_SEC);
        return r < 0 ? r : sd_event_source_set_enabled(source, SD_EVENT_ONESHOT);
}

/* By the clock that stands still while the machine is suspended: the program does so, too. */
static int job_add_timer(struct job *job) {
        int r;

        r = sd_event_add_time_relative(job->runner->event, &job->timer, CLOCK_MONOTONIC, (uint64_t) job->timeout_usec,
                                       0, on_timeout, job);
        return r < 0 ? r : sd_event_source_set_exit_on_failure(job->timer, 1);
}

static int job_add_output(struct job *job) {
        int r;

        r = sd_event_add_io(job->runner->event, &job->spoken, job->child.output, EPOLLIN, on_spoken, job);
        if (r < 0) {
                (void) close(job->child.output);
                return r;
        }
        (void) sd_event_source_set_io_fd_own(job->spoken, 1);
        r = sd_event_source_set_priority(job->spoken, OUTPUT_PRIORITY);
        return r < 0 ? r : sd_event_source_set_exit_on_failure(job->spoken, 1);
}

static int job_add_end(struct job *job) {
        int r;

        r = sd_event_add_child_pidfd(job->runner->event, &job->ended, job->child.pidfd, WEXITED, on_ended, job);
        if (r < 0)
                return r;
        (void) sd_event_source_set_child_pidfd_own(job->ended, 1);
        return sd_event_source_set_exit_on_failure(job->ended, 1);
}

/* Told by the next turn of the loop: whoever starts something is not told before that call has returned. */
static int job_end_early(struct job *job, enum runner_ending ending, int number) {
        int r;

        job->timer = sd_event_source_disable_unref(job->timer);
        job->early = (struct runner_result){ ending, number, NULL };
        r = sd_event_add_defer(job->runner->event, &job->ended, on_early_end, job);
        return r < 0 ? r : sd_event_source_set_exit_on_failure(job->ended, 1);
}

/* What cannot be watched is ended: it may have done what it was started for, or not. */
static int job_watch(struct job *job) {
        int r;

        r = job_add_output(job);
        if (r >= 0 && job->child.pidfd < 0)
                r = -EMFILE;
        else if (r >= 0)
                r = job_add_end(job);
        if (r >= 0) {
                job->is_running = true;
                return 0;
        }

        job->spoken = sd_event_source_disable_unref(job->spoken);
        if (job->child.pidfd >= 0) {
                child_kill(&job->child);
                if (!job->ended)
                        (void) close(job->child.pidfd);
                job->ended = sd_event_source_disable_unref(job->ended);
        }
        return job_end_early(job, RUNNER_KILLED, SIGKILL);
}

static int job_start(struct job *job, const struct runner_command *command) {
        int r;

        r = job_add_timer(job);
        if (r < 0)
                return r;
        r = child_start(command, &job->child);
        return r < 0 ? job_end_early(job, RUNNER_NOT_STARTED, -r) : job_watch(job);
}

static struct job **find_free(struct runner *runner) {
        for (size_t i = 0; i < ELEMENTS(runner->jobs); i++)
                if (!runner->jobs[i])
                        return &runner->jobs[i];
        return NULL;
}

int runner_start(struct runner *runner, const struct runner_command *command, runner_handler handler, void *userdata) {
        _cleanup_(job_free_p) struct job *job = NULL;
        struct job **slot = find_free(runner);
        int r;

        if (!slot)
                return RUNNER_BUSY;
        job = calloc(1, sizeof(*job));
        if (!job)
                return -ENOMEM;
        r = text_copy(command->name, &job->name);
        if (r < 0)
                return r;
        job->runner = runner;
        job->slot = slot;
        job->handler = handler;
        job->userdata = userdata;
        job->timeout_usec = command->timeout_usec;
        job->output.name = job->name;
        r = job_start(job, command);
        if (r < 0)
                return r;

        *slot = TAKE(job);
        return 0;
}

bool runner_can_start(const struct runner *runner) {
        for (size_t i = 0; i < ELEMENTS(runner->jobs); i++)
                if (!runner->jobs[i])
                        return true;
        return false;
}

int runner_new(sd_event *event, struct runner **ret) {
        struct runner *runner = calloc(1, sizeof(*runner));

        if (!runner)
                return -ENOMEM;
        runner->event = sd_event_ref(event);
        *ret = runner;
        return 0;
}

struct runner *runner_free(struct runner *runner) {
        if (!runner)
                return NULL;

        for (size_t i = 0; i < ELEMENTS(runner->jobs); i++) {
                if (runner->jobs[i] && runner->jobs[i]->is_running)
                        child_kill(&runner->jobs[i]->child);
                job_free(runner->jobs[i]);
        }
        sd_event_unref(runner->event);
        free(runner);
        return NULL;
}
