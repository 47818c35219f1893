/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody is told, and the messages that carry it. */
#include <string.h>

#include "dosed/text.h"
#include "store/database.h"

static int message_copy(const struct message *message, struct message *ret) {
        struct message copy = *message;
        int r;

        copy.recipient = copy.token = copy.answer = copy.body = NULL;
        r = text_copy(message->recipient, &copy.recipient);
        if (r >= 0)
                r = text_copy(message->token, &copy.token);
        if (r >= 0)
                r = text_copy(message->answer, &copy.answer);
        if (r >= 0 && message->body) {
                copy.body = malloc(message->body_size + 1);
                r = copy.body ? 0 : -ENOMEM;
        }
        if (r < 0) {
                message_done(&copy);
                return r;
        }
        if (copy.body && message->body) {
                (void) memcpy(copy.body, message->body, message->body_size);
                copy.body[message->body_size] = '\0';
        }
        *ret = copy;
        return 0;
}

int store_put_telling(struct store *store, const struct telling *telling) {
        struct pending_telling *pending;
        struct telling copy;
        int r;

        r = telling_copy(telling, &copy);
        if (r < 0)
                return r;
        HASH_FIND(hh, store->tellings, &telling->id, sizeof(telling->id), pending);
        if (pending)
                telling_done(&pending->telling);
        else {
                pending = calloc(1, sizeof(*pending));
                if (!pending) {
                        telling_done(&copy);
                        return -ENOMEM;
                }
                pending->telling.id = telling->id;
                HASH_ADD(hh, store->tellings, telling.id, sizeof(pending->telling.id), pending);
        }
        pending->telling = copy;
        return 0;
}

int store_put_message(struct store *store, const struct message *message) {
        struct pending_message *pending;
        struct message copy;
        int r;

        r = message_copy(message, &copy);
        if (r < 0)
                return r;
        HASH_FIND(hh, store->messages, &message->id, sizeof(message->id), pending);
        if (pending)
                message_done(&pending->message);
        else {
                pending = calloc(1, sizeof(*pending));
                if (!pending) {
                        message_done(&copy);
                        return -ENOMEM;
                }
                pending->message.id = message->id;
                HASH_ADD(hh, store->messages, message.id, sizeof(pending->message.id), pending);
        }
        pending->message = copy;
        return 0;
}

void telling_drop_queue(struct store *store) {
        struct pending_telling *telling, *next_telling;
        struct pending_message *message, *next_message;

        HASH_ITER (hh, store->tellings, telling, next_telling) {
                HASH_DEL(store->tellings, telling);
                telling_done(&telling->telling);
                free(telling);
        }
        HASH_ITER (hh, store->messages, message, next_message) {
                HASH_DEL(store->messages, message);
                message_done(&message->message);
                free(message);
        }
}

int telling_write_queue(struct store *store) {
        const struct pending_telling *telling;
        const struct pending_message *message;
        int r = 0;

        for (telling = store->tellings; r == 0 && telling; telling = telling->hh.next) {
                const struct telling *t = &telling->telling;

                r = store_execute(store, STATEMENT_PUT_TELLING, "issssssiiisii", t->id, t->recipient,
                                  telling_event_to_string(t->event), t->person, t->uid, t->recurrence_id, t->text,
                                  t->happened_usec, t->not_before_usec, (int64_t) t->in_summary,
                                  telling_state_to_string(t->state), t->message, (int64_t) t->is_discreet);
        }
        for (message = store->messages; r == 0 && message; message = message->hh.next) {
                const struct message *m = &message->message;

                r = store_execute(store, STATEMENT_PUT_MESSAGE, m->body ? "issiiiisisb" : "issiiiisiss", m->id,
                                  m->recipient, m->token, m->made_usec, m->next_usec, m->expires_usec,
                                  (int64_t) m->attempts, message_state_to_string(m->state), (int64_t) m->perhaps,
                                  m->answer, m->body, m->body_size);
        }
        return r;
}

void telling_list_done(struct telling_list *list) {
        for (size_t i = 0; i < list->n_tellings; i++)
                telling_done(&list->tellings[i]);
        free(list->tellings);
        *list = (struct telling_list){};
}

void message_list_done(struct message_list *list) {
        for (size_t i = 0; i < list->n_messages; i++)
                message_done(&list->messages[i]);
        free(list->messages);
        *list = (struct message_list){};
}

static int read_telling(sqlite3_stmt *statement, struct telling *telling) {
        const char *event = (const char *) sqlite3_column_text(statement, 2);
        const char *state = (const char *) sqlite3_column_text(statement, 10);
        int r;

        if (!event || !state || telling_event_from_string(event, &telling->event) < 0 ||
            telling_state_from_string(state, &telling->state) < 0)
                return -EIO;
        telling->id = sqlite3_column_int64(statement, 0);
        telling->happened_usec = sqlite3_column_int64(statement, 7);
        telling->not_before_usec = sqlite3_column_int64(statement, 8);
        telling->in_summary = sqlite3_column_int(statement, 9);
        telling->message = sqlite3_column_int64(statement, 11);
        telling->is_discreet = sqlite3_column_int(statement, 12);

        r = column_text(statement, 1, &telling->recipient);
        if (r >= 0)
                r = column_text(statement, 3, &telling->person);
        if (r >= 0)
                r = column_text(statement, 4, &telling->uid);
        if (r >= 0)
                r = column_text(statement, 5, &telling->recurrence_id);
        if (r >= 0)
                r = column_text(statement, 6, &telling->text);
        return r;
}

static int read_message(sqlite3_stmt *statement, struct message *message) {
        const char *state = (const char *) sqlite3_column_text(statement, 7);
        int r;

        if (!state || message_state_from_string(state, &message->state) < 0)
                return -EIO;
        message->id = sqlite3_column_int64(statement, 0);
        message->made_usec = sqlite3_column_int64(statement, 3);
        message->next_usec = sqlite3_column_int64(statement, 4);
        message->expires_usec = sqlite3_column_int64(statement, 5);
        message->attempts = (unsigned) sqlite3_column_int64(statement, 6);
        message->perhaps = sqlite3_column_int(statement, 8);

        r = column_text(statement, 1, &message->recipient);
        if (r >= 0)
                r = column_text(statement, 2, &message->token);
        if (r >= 0)
                r = column_text(statement, 9, &message->answer);
        if (r >= 0 && sqlite3_column_type(statement, 10) != SQLITE_NULL) {
                const void *body = sqlite3_column_blob(statement, 10);
                size_t size = (size_t) sqlite3_column_bytes(statement, 10);

                message->body = calloc(1, size + 1);
                if (!message->body)
                        return -ENOMEM;
                if (size > 0)
                        (void) memcpy(message->body, body, size);
                message->body_size = size;
        }
        return r;
}

static int list_tellings(struct store *store, sqlite3_stmt *statement, struct telling_list *ret) {
        _cleanup_(telling_list_done) struct telling_list list = {};
        int r;

        while ((r = store_step(store, statement)) > 0) {
                struct telling *grown = reallocarray(list.tellings, list.n_tellings + 1, sizeof(*grown));

                if (grown) {
                        list.tellings = grown;
                        grown[list.n_tellings] = (struct telling){};
                        r = read_telling(statement, &grown[list.n_tellings++]);
                } else
                        r = -ENOMEM;
                if (r < 0) {
                        (void) sqlite3_reset(statement);
                        return r;
                }
        }
        if (r < 0)
                return r;
        *ret = list;
        list = (struct telling_list){};
        return 0;
}

static int list_messages(struct store *store, sqlite3_stmt *statement, struct message_list *ret) {
        _cleanup_(message_list_done) struct message_list list = {};
        int r;

        while ((r = store_step(store, statement)) > 0) {
                struct message *grown = reallocarray(list.messages, list.n_messages + 1, sizeof(*grown));

                if (grown) {
                        list.messages = grown;
                        grown[list.n_messages] = (struct message){};
                        r = read_message(statement, &grown[list.n_messages++]);
                } else
                        r = -ENOMEM;
                if (r < 0) {
                        (void) sqlite3_reset(statement);
                        return r;
                }
        }
        if (r < 0)
                return r;
        *ret = list;
        list = (struct message_list){};
        return 0;
}

int store_load_outbox(struct store *store, struct telling_list *ret_tellings, struct message_list *ret_messages) {
        _cleanup_(telling_list_done) struct telling_list tellings = {};
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_OPEN_TELLINGS, &statement, "");
        if (r >= 0)
                r = list_tellings(store, statement, &tellings);
        if (r >= 0)
                r = store_query(store, STATEMENT_OPEN_MESSAGES, &statement, "");
        if (r >= 0)
                r = list_messages(store, statement, ret_messages);
        if (r < 0)
                return r;
        *ret_tellings = tellings;
        tellings = (struct telling_list){};
        return 0;
}

int store_prune_outbox(struct store *store, usec_t before_usec) {
        int r = store_execute(store, STATEMENT_PRUNE_TELLINGS, "i", before_usec);

        return r != 0 ? r : store_execute(store, STATEMENT_PRUNE_MESSAGES, "i", before_usec);
}

int store_last_numbers(struct store *store, int64_t *ret_telling, int64_t *ret_message) {
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_LAST_NUMBERS, &statement, "");
        if (r >= 0)
                r = store_step(store, statement);
        if (r <= 0)
                return r < 0 ? r : -EIO;
        *ret_telling = sqlite3_column_int64(statement, 0);
        *ret_message = sqlite3_column_int64(statement, 1);
        (void) sqlite3_reset(statement);
        return 0;
}

int store_list_tellings_of_dose(struct store *store, const char *person, const char *uid, const char *recurrence_id,
                                const char *recipient, struct telling_list *ret) {
        sqlite3_stmt *statement;
        int r = store_query(store, STATEMENT_TELLINGS_OF_DOSE, &statement, "ssss", person, uid, recurrence_id,
                            recipient);

        return r < 0 ? r : list_tellings(store, statement, ret);
}

int store_list_asked(struct store *store, const char *person, const char *medication, usec_t since_usec,
                     struct telling_list *ret) {
        sqlite3_stmt *statement;
        int r = store_query(store, STATEMENT_ASKED, &statement, "ssi", person, medication, since_usec);

        return r < 0 ? r : list_tellings(store, statement, ret);
}

int store_list_tellings_of_message(struct store *store, int64_t message, struct telling_list *ret) {
        sqlite3_stmt *statement;
        int r = store_query(store, STATEMENT_TELLINGS_OF_MESSAGE, &statement, "i", message);

        return r < 0 ? r : list_tellings(store, statement, ret);
}

int store_list_tellings_of_event(struct store *store, const char *recipient, enum telling_event event,
                                 const char *person, const char *text, size_t limit, struct telling_list *ret) {
        sqlite3_stmt *statement;
        int r = store_query(store, STATEMENT_TELLINGS_OF_EVENT, &statement, "ssssi", recipient,
                            telling_event_to_string(event), person, text, (int64_t) limit);

        return r < 0 ? r : list_tellings(store, statement, ret);
}

int store_list_messages(struct store *store, usec_t from_usec, usec_t until_usec, size_t limit,
                        struct message_list *ret) {
        sqlite3_stmt *statement;
        int r = store_query(store, STATEMENT_LIST_MESSAGES, &statement, "iii", from_usec, until_usec, (int64_t) limit);

        return r < 0 ? r : list_messages(store, statement, ret);
}

int store_list_open_messages(struct store *store, size_t limit, struct message_list *ret) {
        sqlite3_stmt *statement;
        int r = store_query(store, STATEMENT_LIST_OPEN_MESSAGES, &statement, "i", (int64_t) limit);

        return r < 0 ? r : list_messages(store, statement, ret);
}

int store_get_message(struct store *store, int64_t number, struct message *ret) {
        _cleanup_(message_list_done) struct message_list list = {};
        sqlite3_stmt *statement;
        int r;

        r = store_query(store, STATEMENT_GET_MESSAGE, &statement, "i", number);
        if (r >= 0)
                r = list_messages(store, statement, &list);
        if (r < 0)
                return r;
        if (list.n_messages == 0)
                return STORE_NOTHING;
        *ret = list.messages[0];
        list.messages[0] = (struct message){};
        return 0;
}
