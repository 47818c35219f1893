/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Commands are copied: the configuration that they are of may go. */
#include "deliver/command.h"

#include <string.h>

#include "dosed/text.h"

char **texts_free(char **texts) {
        for (char **text = texts; text && *text; text++)
                free(*text);
        free(texts);
        return NULL;
}

size_t texts_count(char *const *texts) {
        size_t n = 0;

        while (texts && texts[n])
                n++;
        return n;
}

static int texts_copy(const char *const *texts, char ***ret) {
        _cleanup_(texts_free_p) char **copy = NULL;
        size_t n = 0;

        while (texts && texts[n])
                n++;
        copy = calloc(n + 1, sizeof(*copy));
        if (!copy)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++) {
                copy[i] = strdup(texts[i]);
                if (!copy[i])
                        return -ENOMEM;
        }
        *ret = TAKE(copy);
        return 0;
}

void command_done(struct command *command) {
        free(command->name);
        texts_free(command->arguments);
        texts_free(command->environment);
}

int command_copy(const struct runner_command *command, struct command *ret) {
        _cleanup_(command_done) struct command copy = {
                .timeout_usec = command->timeout_usec,
        };
        int r;

        r = text_copy(command->name, &copy.name);
        if (r >= 0)
                r = texts_copy(command->arguments, &copy.arguments);
        if (r >= 0)
                r = texts_copy(command->environment, &copy.environment);
        if (r < 0)
                return r;

        *ret = copy;
        copy = (struct command){};
        return 0;
}

struct runner_command command_view(const struct command *command) {
        return (struct runner_command){
                .name = command->name,
                .arguments = (const char *const *) command->arguments,
                .environment = (const char *const *) command->environment,
                .timeout_usec = command->timeout_usec,
        };
}

const char *command_program(const struct command *command) {
        const char *path = command->arguments[0], *slash = strrchr(path, '/');

        return slash && slash[1] != '\0' ? slash + 1 : path;
}
