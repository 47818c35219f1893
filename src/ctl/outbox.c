/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb outbox: the messages that wait or failed, or all of them, and another try. */
#include <inttypes.h>
#include <string.h>

#include "ctl/client.h"
#include "ctl/message.h"
#include "ctl/verb.h"
#include "dosed/text.h"

#define ANSWER_COLUMNS 60 /* of what was delivered: a hook may have said a lot */

struct outbox {
        struct answer_list open;
        struct answer_list sent; /* where they were asked for */
        bool shows_sent;
        bool names_people;
};

static void outbox_done(struct outbox *outbox) {
        listed_messages_done(&outbox->open);
        listed_messages_done(&outbox->sent);
}

static bool is_among(const struct answer_list *messages, uint64_t id) {
        for (size_t i = 0; i < messages->n_items; i++)
                if (messages_item(messages, i)->id == id)
                        return true;
        return false;
}

static const char *state_of(const struct listed_message *message) {
        static const struct {
                const char *state, *words;
        } states[] = {
                { "done", "delivered" },
                { "failed", "FAILED" },
                { "expired", "given up" },
                { "renewed", "made anew" },
        };

        if (message_has_state(message, "expired") && message->events.n_items == 0)
                return "made anew";
        if (message->gone)
                return message->perhaps ? "perhaps arrived, recipient gone" : "FAILED, recipient gone";
        if (message->perhaps && !message_has_state(message, "done") && !message_has_state(message, "renewed"))
                return message_has_state(message, "waits") ? "perhaps arrived, tried again" : "perhaps arrived";
        for (size_t i = 0; i < ELEMENTS(states); i++)
                if (message_has_state(message, states[i].state))
                        return states[i].words;
        return message->under_way ? "under way" : message->attempts > 0 ? "tried again" : "waits";
}

static enum colour colour_of(const struct listed_message *message) {
        if (message_has_state(message, "failed"))
                return COLOUR_BAD;
        if (message_has_state(message, "done"))
                return COLOUR_GOOD;
        if (!message_has_state(message, "waits"))
                return COLOUR_DIM;
        return message->attempts > 0 && !message->under_way ? COLOUR_NOTICE : COLOUR_NONE;
}

static int say_events(const struct outbox *outbox, const struct listed_message *message, const struct request *request,
                      char **ret) {
        size_t n = message->events.n_items + message->more;
        _cleanup_(free_p) char *first = NULL;
        int r;

        if (message->events.n_items == 0)
                return n > 0 ? text_format(ret, "%zu events", n)
                             : text_format(ret, "its events went on to a later message");
        r = event_say(message_event(message, 0), request, outbox->names_people, &first);
        if (r < 0)
                return r;
        return n > 1 ? text_format(ret, "%s, and %zu more", first, n - 1) : text_format(ret, "%s", first);
}

static int say_answer(const struct listed_message *message, char **ret) {
        _cleanup_(free_p) char *cut = NULL;
        int r;

        if (!message->answer || !message_has_state(message, "done") || text_columns(message->answer) <= ANSWER_COLUMNS)
                return text_copy(message->answer, ret);
        r = text_copy(message->answer, &cut);
        if (r < 0)
                return r;
        text_cut(cut, ANSWER_COLUMNS);
        return text_format(ret, "%s…", cut);
}

static int print_message(const struct outbox *outbox, const struct listed_message *message,
                         const struct request *request, struct table *table) {
        _cleanup_(free_p) char *what = NULL, *answer = NULL;
        char id[24], made[WHEN_TEXT_SIZE], next[WHEN_TEXT_SIZE], attempts[16];
        int r;

        r = say_events(outbox, message, request, &what);
        if (r >= 0)
                r = say_answer(message, &answer);
        if (r < 0)
                return r;
        (void) snprintf(id, sizeof(id), "%" PRIu64, message->id);
        (void) snprintf(attempts, sizeof(attempts), "%" PRIu32, message->attempts);
        return table_add(table, colour_of(message),
                         (const char *const[]){ id, time_say(request, message->made_usec, made), message->recipient,
                                                what, state_of(message), attempts,
                                                message->under_way ? NULL : time_say(request, message->next_usec, next),
                                                answer });
}

/* A line for each event: each waits for a time of its own. */
static int print_unsent(const struct outbox *outbox, const struct listed_message *message,
                        const struct request *request, struct table *table) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < message->events.n_items; i++) {
                const struct listed_event *event = message_event(message, i);
                usec_t next_usec =
                        event->not_before_usec > message->next_usec ? event->not_before_usec : message->next_usec;
                _cleanup_(free_p) char *what = NULL;
                char happened[WHEN_TEXT_SIZE], next[WHEN_TEXT_SIZE];

                r = event_say(event, request, outbox->names_people, &what);
                if (r >= 0)
                        r = table_add(table, COLOUR_NONE,
                                      (const char *const[]){ NULL, time_say(request, event->happened_usec, happened),
                                                             message->recipient, what,
                                                             event->in_summary ? "waits for the summary" : "waits",
                                                             NULL, time_say(request, next_usec, next), NULL });
        }
        if (r >= 0 && message->more > 0) {
                char more[32];

                (void) snprintf(more, sizeof(more), "%" PRIu32 " more", message->more);
                r = table_add(table, COLOUR_NONE,
                              (const char *const[]){ NULL, NULL, message->recipient, more, "wait", NULL, NULL, NULL });
        }
        return r;
}

/* The oldest first, as the ledger goes; what is no message yet comes last. */
static int print_rows(const struct outbox *outbox, const struct request *request, struct table *table) {
        int r = 0;

        for (size_t i = outbox->open.n_items; r >= 0 && i-- > 0;) {
                const struct listed_message *message = messages_item(&outbox->open, i);

                if (message->id > 0 && !is_among(&outbox->sent, message->id))
                        r = print_message(outbox, message, request, table);
        }
        for (size_t i = outbox->sent.n_items; r >= 0 && i-- > 0;)
                r = print_message(outbox, messages_item(&outbox->sent, i), request, table);
        for (size_t i = 0; r >= 0 && i < outbox->open.n_items; i++)
                if (messages_item(&outbox->open, i)->id == 0)
                        r = print_unsent(outbox, messages_item(&outbox->open, i), request, table);
        return r;
}

/* Of a recipient that is gone, or not. */
static bool has_failed(const struct outbox *outbox, bool is_gone) {
        for (size_t i = 0; i < outbox->open.n_items; i++)
                if (message_has_state(messages_item(&outbox->open, i), "failed") &&
                    messages_item(&outbox->open, i)->gone == is_gone)
                        return true;
        return false;
}

static int print_outbox(const struct outbox *outbox, const struct request *request) {
        static const char *const columns[] = { "ID", "WHEN", "TO", "WHAT", "STATE", "TRIES", "NEXT", "ANSWER" };
        _cleanup_(output_done) struct output output = {};
        _cleanup_(table_free_p) struct table *table = NULL;
        int r;

        r = output_begin(&output, request);
        if (r >= 0)
                r = table_new(&output, columns, ELEMENTS(columns), true, &table);
        if (r >= 0)
                r = print_rows(outbox, request, table);
        if (r < 0)
                return r;

        if (outbox->open.n_items + outbox->sent.n_items > 0)
                r = table_print(table);
        else
                fputs(outbox->shows_sent
                              ? "No message was made in this time, and none waits.\n"
                              : "No message waits, and none has failed. dosectl outbox --all shows what was sent.\n",
                      output.stream);
        if (r >= 0 && has_failed(outbox, true))
                fputs("\nWhat went to a recipient that is gone is not tried again: it is no longer in dosed.conf, or is told "
                      "nothing there.\n",
                      output.stream);
        if (r >= 0 && has_failed(outbox, false))
                fputs("\nMend what ANSWER says, then dosectl outbox retry ID, or all.\n", output.stream);
        return r < 0 ? r : output_end(&output);
}

/* What was sent and what is open are one array, each message once. */
static json_t *outbox_to_json(const struct outbox *outbox) {
        _cleanup_(json_unref_p) json_t *open = listed_messages_to_json(&outbox->open);
        _cleanup_(json_unref_p) json_t *array = listed_messages_to_json(&outbox->sent);

        if (!open || !array)
                return NULL;
        for (size_t i = 0; i < outbox->open.n_items; i++) {
                uint64_t id = messages_item(&outbox->open, i)->id;

                if ((id == 0 || !is_among(&outbox->sent, id)) && json_array_append(array, json_array_get(open, i)) < 0)
                        return NULL;
        }
        return TAKE(array);
}

static int outbox_get(sd_bus *bus, const struct request *request, struct outbox *outbox) {
        const char *person = client_person(request);
        struct when from, until;
        int r;

        outbox->shows_sent = request_has(request, OPTION_ALL) || request_has(request, OPTION_FROM) ||
                             request_has(request, OPTION_UNTIL);
        r = request_span(request, "-7d", "now", &from, &until);
        if (r == 0)
                r = listed_messages_get_open(bus, request, person, NULL, &outbox->open);
        if (r == 0 && outbox->shows_sent)
                r = listed_messages_get(bus, request, from.start_usec, until.end_usec, person, NULL, &outbox->sent);
        outbox->names_people = messages_are_of_several(&outbox->open) || messages_are_of_several(&outbox->sent);
        return r;
}

static int retry(sd_bus *bus, const struct request *request, uint64_t id) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        r = client_new_call(bus, CLIENT_ROOT, CLIENT_OUTBOX, "RetryMessage", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "t", id);
        return r < 0 ? r : client_call(bus, request, call, NULL);
}

/* Adds the numbers of those that are tried again, and counts those whose recipient is gone. */
static int retry_all(sd_bus *bus, const struct request *request, json_t *tried, size_t *ret_n_gone) {
        _cleanup_(listed_messages_done) struct answer_list open = {};
        size_t n_gone = 0;
        int outcome = 0, r;

        r = listed_messages_get_open(bus, request, client_person(request), NULL, &open);
        for (size_t i = 0; r == 0 && i < open.n_items; i++) {
                const struct listed_message *message = messages_item(&open, i);
                int failed;

                n_gone += message->gone;
                if (message->id == 0 || message->under_way || message->gone)
                        continue;
                failed = retry(bus, request, message->id);
                if (failed < 0)
                        return failed;
                if (failed == 0 && json_array_append_new(tried, json_integer((json_int_t) message->id)) < 0)
                        return -ENOMEM;
                outcome = failed > 0 ? failed : outcome;
        }
        *ret_n_gone = n_gone;
        return r != 0 ? r : outcome;
}

static void say_all(size_t n, size_t n_gone, int outcome) {
        if (n_gone > 0)
                printf("%zu message%s not tried again: whom %s for is no longer in dosed.conf, or is told nothing there.\n",
                       n_gone, n_gone == 1 ? " is" : "s are", n_gone == 1 ? "it was" : "they were");
        if (n == 0 && n_gone == 0 && outcome == 0)
                printf("No message waits, and none has failed: there is nothing to try again.\n");
        else if (n > 0)
                printf("%zu message%s tried again now: dosectl outbox shows what comes of it.\n", n,
                       n == 1 ? " is" : "s are");
}

static int id_parse(const char *text, uint64_t *ret) {
        char *end;

        errno = 0;
        *ret = strtoull(text, &end, 10);
        if (errno != 0 || *text < '0' || *text > '9' || *end != '\0') {
                complain("'%s' is no message: dosectl outbox shows their numbers, and 'all' means every one", text);
                return REQUEST_USAGE;
        }
        return 0;
}

static int retry_one(sd_bus *bus, const struct request *request, json_t *tried) {
        uint64_t id;
        int r;

        r = id_parse(request->arguments[1], &id);
        if (r == 0)
                r = retry(bus, request, id);
        if (r != 0)
                return r;
        if (!request_has(request, OPTION_JSON))
                printf("Message %" PRIu64 " is tried again now: dosectl outbox shows what comes of it.\n", id);
        return json_array_append_new(tried, json_integer((json_int_t) id)) < 0 ? -ENOMEM : 0;
}

static int retry_run(sd_bus *bus, const struct request *request) {
        _cleanup_(json_unref_p) json_t *tried = json_array();
        bool is_all = strcmp(request->arguments[1], "all") == 0;
        size_t n_gone = 0;
        int outcome, r = 0;

        outcome = is_all ? retry_all(bus, request, tried, &n_gone) : retry_one(bus, request, tried);
        if (outcome < 0 || outcome == REQUEST_USAGE)
                return outcome;
        if (request_has(request, OPTION_JSON))
                r = output_json(json_pack("{s:O}", "retried", tried));
        else if (is_all)
                say_all(json_array_size(tried), n_gone, outcome);
        return r < 0 ? r : outcome;
}

int outbox_run(struct request *request) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(outbox_done) struct outbox outbox = {};
        int r;

        if (request->n_arguments > 0 && (request->n_arguments != 2 || strcmp(request->arguments[0], "retry") != 0)) {
                complain(
                        "'outbox %s' means nothing: dosectl outbox, dosectl outbox retry ID and dosectl outbox retry all do",
                        request->arguments[0]);
                return REQUEST_USAGE;
        }
        r = client_open(request, &bus);
        if (r != 0)
                return r;
        if (request->n_arguments > 0)
                return retry_run(bus, request);
        r = outbox_get(bus, request, &outbox);
        if (r != 0)
                return r;
        return request_has(request, OPTION_JSON) ? output_json(outbox_to_json(&outbox))
                                                 : print_outbox(&outbox, request);
}
