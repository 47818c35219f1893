/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What goes to a program: a message in its recipient's form. */
#pragma once

#include "deliver/command.h"
#include "dosed/deliver.h"

struct parcel {
        char *body;
        size_t size;
        char **described;         /* the message's own part of the environment */
        const char **environment; /* all of it; the texts are of the command and of the above */
};
void parcel_done(struct parcel *parcel);

/* A body that the message has already is kept. Returns as the form does. */
int parcel_pack(const struct deliver_form *form, void *userdata, const struct command *command,
                const struct message_view *view, struct parcel *ret);
/* The command with this for its input and environment; lives as long as both. */
struct runner_command parcel_command(const struct parcel *parcel, const struct command *command);
