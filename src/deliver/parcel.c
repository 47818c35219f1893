/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A message is put into its recipient's form. */
#include "deliver/parcel.h"

#include <string.h>

void parcel_done(struct parcel *parcel) {
        free(parcel->body);
        texts_free(parcel->described);
        free(parcel->environment);
}

/* The bytes of an attempt that may have arrived go out again as they were: whoever gets both knows them for one. */
static int copy_body(const struct message *message, struct parcel *parcel) {
        parcel->body = malloc(message->body_size);
        if (!parcel->body)
                return -ENOMEM;
        (void) memcpy(parcel->body, message->body, message->body_size);
        parcel->size = message->body_size;
        return 0;
}

static int join_environment(const struct command *command, struct parcel *parcel) {
        char **const parts[] = { command->environment, parcel->described };
        size_t n = 0;

        parcel->environment =
                calloc(texts_count(command->environment) + texts_count(parcel->described) + 1, sizeof(char *));
        if (!parcel->environment)
                return -ENOMEM;
        for (size_t i = 0; i < ELEMENTS(parts); i++)
                for (char **text = parts[i]; text && *text; text++)
                        parcel->environment[n++] = *text;
        return 0;
}

int parcel_pack(const struct deliver_form *form, void *userdata, const struct command *command,
                const struct message_view *view, struct parcel *ret) {
        bool has_body = view->message->body && view->message->body_size > 0;
        _cleanup_(parcel_done) struct parcel parcel = {};
        int r;

        if (has_body)
                r = copy_body(view->message, &parcel);
        else
                r = form->compose(userdata, view, &parcel.body, &parcel.size);
        if (r == 0 && form->describe)
                r = form->describe(userdata, view, &parcel.described);
        /* What it is of may be gone since it was composed: what may have arrived goes out all the same. */
        if (r == DELIVER_UNCOMPOSABLE && has_body)
                r = 0;
        if (r == 0)
                r = join_environment(command, &parcel);
        if (r != 0)
                return r;

        *ret = parcel;
        parcel = (struct parcel){};
        return 0;
}

struct runner_command parcel_command(const struct parcel *parcel, const struct command *command) {
        struct runner_command run = command_view(command);

        run.environment = parcel->environment;
        run.input = parcel->body;
        run.input_size = parcel->size;
        return run;
}
