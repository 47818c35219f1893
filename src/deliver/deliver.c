/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Between the engine's outbox and the programs that deliver: one attempt after another. */
#include "dosed/deliver.h"

#include <string.h>

#include "deliver/command.h"
#include "deliver/parcel.h"
#include "dosed/limits.h"
#include "dosed/log.h"
#include "dosed/text.h"

struct recipient {
        struct command command;
        const struct deliver_form *form;
        void *userdata;
};

struct recipients {
        struct recipient *items;
        size_t n_items;
};

/* One program under way. */
struct attempt {
        struct deliver *deliver;
        bool is_under_way;
        int64_t message;
        char *program; /* as people know it */
};

struct deliver {
        sd_event_source *pump;
        struct engine *engine;
        const struct deliver_host *host;
        void *userdata;
        struct runner *runner;
        struct recipients recipients;
        struct attempt attempts[LIMIT_RUNNER_CHILDREN];
};

static void recipients_done(struct recipients *recipients) {
        for (size_t i = 0; i < recipients->n_items; i++)
                command_done(&recipients->items[i].command);
        free(recipients->items);
}

static const struct recipient *find_recipient(const struct deliver *deliver, const char *name) {
        for (size_t i = 0; i < deliver->recipients.n_items; i++)
                if (strcmp(deliver->recipients.items[i].command.name, name) == 0)
                        return &deliver->recipients.items[i];
        return NULL;
}

static struct attempt *find_free(struct deliver *deliver) {
        for (size_t i = 0; i < ELEMENTS(deliver->attempts); i++)
                if (!deliver->attempts[i].is_under_way)
                        return &deliver->attempts[i];
        return NULL;
}

/* A message whose recipient was taken out of the configuration meanwhile is none any more. */
static int end_delivery(struct deliver *deliver, int64_t message, enum delivery delivery, const char *answer) {
        int r;

        r = engine_end_delivery(deliver->engine, message, delivery, answer, deliver->host->now(deliver->userdata));
        if (r < 0)
                return r;
        deliver->host->acted(deliver->userdata);
        return deliver_pump(deliver);
}

static int on_ended(void *userdata, const struct runner_result *result) {
        struct attempt *attempt = userdata;
        _cleanup_(free_p) char *answer = NULL;
        int r;

        r = runner_result_describe(result, attempt->program, &answer);
        if (r < 0)
                return r;
        attempt->is_under_way = false;
        free(TAKE(attempt->program));
        return end_delivery(attempt->deliver, attempt->message, delivery_from_result(result), answer);
}

/* Nothing goes out. */
static int give_up(struct deliver *deliver, int64_t message, enum delivery delivery, const char *why) {
        int r;

        r = engine_begin_delivery(deliver->engine, message, NULL, 0, deliver->host->now(deliver->userdata));
        return r < 0 ? r : end_delivery(deliver, message, delivery, why);
}

/* It is under way from the moment on that is in the ledger, not from the moment on that a program has it. */
static int send(struct deliver *deliver, const struct recipient *recipient, int64_t message,
                const struct parcel *parcel) {
        struct attempt *attempt = find_free(deliver);
        const struct runner_command command = parcel_command(parcel, &recipient->command);
        char *program;
        int r;

        if (!attempt)
                return -EBUSY;
        r = text_copy(command_program(&recipient->command), &program);
        if (r < 0)
                return r;
        *attempt = (struct attempt){ deliver, true, message, program };

        r = engine_begin_delivery(deliver->engine, message, parcel->body, parcel->size,
                                  deliver->host->now(deliver->userdata));
        if (r < 0)
                return r;
        r = runner_start(deliver->runner, &command, on_ended, attempt);
        return r > 0 ? -EBUSY : r;
}

/* Returns 0 or ENGINE_NO_MESSAGE. */
static int deliver_next(struct deliver *deliver) {
        _cleanup_(parcel_done) struct parcel parcel = {};
        const struct recipient *recipient;
        struct message_view view;
        int64_t message;
        int r;

        r = engine_next_message(deliver->engine, deliver->host->now(deliver->userdata), &view);
        if (r != 0)
                return r;
        message = view.message->id;
        recipient = find_recipient(deliver, view.message->recipient);
        if (!recipient)
                return give_up(deliver, message, DELIVERY_LATER, "Nobody of this name is set up");

        r = parcel_pack(recipient->form, recipient->userdata, &recipient->command, &view, &parcel);
        if (r == 0)
                return send(deliver, recipient, message, &parcel);
        log_debug("A message cannot be composed: %s", r < 0 ? strerror(-r) : "it never can");
        return r < 0 ? give_up(deliver, message, DELIVERY_LATER, "It could not be composed: memory is short")
                     : give_up(deliver, message, DELIVERY_NEVER,
                               "It cannot be composed: see the address of the recipient");
}

/* A few at a time: each is written to the ledger, and no dose is to wait for a crowd of messages. */
static int on_pump(sd_event_source *source, void *userdata) {
        struct deliver *deliver = userdata;
        size_t n = 0;
        int r = 0;

        (void) source;
        while (n < LIMIT_RUNNER_CHILDREN && runner_can_start(deliver->runner)) {
                r = deliver_next(deliver);
                if (r != 0)
                        break;
                n++;
        }
        if (r < 0)
                return r;
        if (n > 0)
                deliver->host->acted(deliver->userdata);
        /* Where there is no place, the next end makes one. */
        return r == 0 && runner_can_start(deliver->runner) ? deliver_pump(deliver) : 0;
}

int deliver_pump(struct deliver *deliver) {
        return sd_event_source_set_enabled(deliver->pump, SD_EVENT_ONESHOT);
}

static int copy_recipients(const struct deliver_recipient *recipients, size_t n_recipients, struct recipients *ret) {
        _cleanup_(recipients_done) struct recipients copy = {};

        copy.items = calloc(n_recipients + 1, sizeof(*copy.items));
        if (!copy.items)
                return -ENOMEM;
        for (; copy.n_items < n_recipients; copy.n_items++) {
                const struct deliver_recipient *given = &recipients[copy.n_items];
                const struct runner_command command = {
                        .name = given->name,
                        .arguments = given->arguments,
                        .environment = given->environment,
                        .timeout_usec = given->timeout_usec,
                };
                struct recipient *recipient = &copy.items[copy.n_items];
                int r;

                r = command_copy(&command, &recipient->command);
                if (r < 0)
                        return r;
                recipient->form = given->form;
                recipient->userdata = given->userdata;
        }

        *ret = copy;
        copy = (struct recipients){};
        return 0;
}

int deliver_set(struct deliver *deliver, const struct deliver_recipient *recipients, size_t n_recipients) {
        struct recipients copy;
        int r;

        r = copy_recipients(recipients, n_recipients, &copy);
        if (r < 0)
                return r;
        recipients_done(&deliver->recipients);
        deliver->recipients = copy;
        return deliver_pump(deliver);
}

int deliver_new(sd_event *event, struct engine *engine, const struct deliver_host *host, void *userdata,
                struct deliver **ret) {
        _cleanup_(deliver_free_p) struct deliver *deliver = calloc(1, sizeof(*deliver));
        int r;

        if (!deliver)
                return -ENOMEM;
        deliver->engine = engine;
        deliver->host = host;
        deliver->userdata = userdata;
        r = runner_new(event, &deliver->runner);
        if (r >= 0)
                r = sd_event_add_defer(event, &deliver->pump, on_pump, deliver);
        if (r >= 0)
                r = sd_event_source_set_enabled(deliver->pump, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_exit_on_failure(deliver->pump, 1);
        if (r < 0)
                return r;

        *ret = TAKE(deliver);
        return 0;
}

struct deliver *deliver_free(struct deliver *deliver) {
        if (!deliver)
                return NULL;

        sd_event_source_disable_unref(deliver->pump);
        runner_free(deliver->runner);
        for (size_t i = 0; i < ELEMENTS(deliver->attempts); i++)
                free(deliver->attempts[i].program);
        recipients_done(&deliver->recipients);
        free(deliver);
        return NULL;
}
