/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Carries the engine's messages out: each is composed, handed to its recipient's program, and what came of it told to the engine,
 * which decides whether it is tried again. It neither knows whom to tell what, nor how messages read.
 */
#pragma once

#include <stddef.h>
#include <systemd/sd-event.h>

#include "dosed/clock.h"
#include "dosed/engine.h"
#include "dosed/error.h"
#include "dosed/outbox.h"
#include "dosed/runner.h"

enum deliver_outcome {
        DELIVER_UNCOMPOSABLE = 1, /* and never will be: the message fails for good */
};

/* How messages to one recipient become bytes. */
struct deliver_form {
        /* What the program reads. Returns 0, DELIVER_UNCOMPOSABLE, or a negative errno: it is tried again later. */
        int (*compose)(void *userdata, const struct message_view *view, char **ret_body, size_t *ret_size);
        /* "NAME=value" besides the recipient's environment, ending in NULL; all freed. NULL: none. Returns as compose(). */
        int (*describe)(void *userdata, const struct message_view *view, char ***ret_environment);
};

struct deliver_recipient {
        const char *name;               /* as the engine has it: "caregiver maria", "hook ntfy" */
        const char *const *arguments;   /* the first is the program's absolute path; ends in NULL */
        const char *const *environment; /* ends in NULL */
        usec_t timeout_usec;
        const struct deliver_form *form;
        void *userdata; /* of the form; both stay the caller's until the next deliver_set() */
};

struct deliver_host {
        usec_t (*now)(void *userdata);
        void (*acted)(void *userdata); /* the engine was told something: its next step may be another */
};

struct deliver;

int deliver_new(sd_event *event, struct engine *engine, const struct deliver_host *host, void *userdata,
                struct deliver **ret);
/* What is under way is killed; it may have arrived, as the engine knows. */
struct deliver *deliver_free(struct deliver *deliver);
DEFINE_CLEANUP(struct deliver *, deliver_free);

/*
 * All of them at once: those that engine_set_recipients() was given. Copied, but for the forms. What is under way goes on.
 * Returns 0 or a negative errno, and then nothing has changed.
 */
int deliver_set(struct deliver *deliver, const struct deliver_recipient *recipients, size_t n_recipients);

/* There may be messages to be delivered: the loop's next turn sees to it. Also from within an observer. */
int deliver_pump(struct deliver *deliver);
