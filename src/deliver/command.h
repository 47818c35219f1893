/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A command that is kept, for any input, and lists of texts that end in NULL. */
#pragma once

#include "dosed/runner.h"

struct command {
        char *name, **arguments, **environment;
        usec_t timeout_usec;
};
void command_done(struct command *command);
int command_copy(const struct runner_command *command, struct command *ret);
/* The same for the runner; lives as long as the command. */
struct runner_command command_view(const struct command *command);

/* The program's name without its folders, as people know it. */
const char *command_program(const struct command *command);

char **texts_free(char **texts);
DEFINE_CLEANUP(char **, texts_free);
/* NULL counts as empty. */
size_t texts_count(char *const *texts);
