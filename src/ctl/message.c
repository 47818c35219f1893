/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the daemon's outbox lists. */
#include <string.h>

#include "ctl/client.h"
#include "ctl/message.h"
#include "dosed/text.h"

static const struct answer_key event_keys[] = {
        { "event", ANSWER_TEXT, offsetof(struct listed_event, event) },
        { "state", ANSWER_TEXT, offsetof(struct listed_event, state) },
        { "person", ANSWER_TEXT, offsetof(struct listed_event, person) },
        { "dose", ANSWER_TEXT, offsetof(struct listed_event, dose) },
        { "medication", ANSWER_TEXT, offsetof(struct listed_event, medication) },
        { "due", ANSWER_TIME, offsetof(struct listed_event, due_usec) },
        { "text", ANSWER_TEXT, offsetof(struct listed_event, text) },
        { "happened", ANSWER_TIME, offsetof(struct listed_event, happened_usec) },
        { "not-before", ANSWER_TIME, offsetof(struct listed_event, not_before_usec) },
        { "in-summary", ANSWER_FLAG, offsetof(struct listed_event, in_summary) },
};
static const struct answer_shape event_shape = {
        .keys = event_keys,
        .n_keys = ELEMENTS(event_keys),
        .size = sizeof(struct listed_event),
};

static const struct answer_key message_keys[] = {
        { "id", ANSWER_NUMBER, offsetof(struct listed_message, id) },
        { "recipient", ANSWER_TEXT, offsetof(struct listed_message, recipient) },
        { "state", ANSWER_TEXT, offsetof(struct listed_message, state) },
        { "under-way", ANSWER_FLAG, offsetof(struct listed_message, under_way) },
        { "perhaps", ANSWER_FLAG, offsetof(struct listed_message, perhaps) },
        { "gone", ANSWER_FLAG, offsetof(struct listed_message, gone) },
        { "made", ANSWER_TIME, offsetof(struct listed_message, made_usec) },
        { "next", ANSWER_TIME, offsetof(struct listed_message, next_usec) },
        { "ended", ANSWER_TIME, offsetof(struct listed_message, ended_usec) },
        { "expires", ANSWER_TIME, offsetof(struct listed_message, expires_usec) },
        { "attempts", ANSWER_COUNT, offsetof(struct listed_message, attempts) },
        { "answer", ANSWER_TEXT, offsetof(struct listed_message, answer) },
        { "events", ANSWER_LIST, offsetof(struct listed_message, events) },
        { "more", ANSWER_COUNT, offsetof(struct listed_message, more) },
};
static const struct answer_shape message_shape = {
        .keys = message_keys,
        .n_keys = ELEMENTS(message_keys),
        .size = sizeof(struct listed_message),
        .inner = &event_shape,
};

/* Of a message, what concerns each of its events. */
static const struct answer_key carrier_keys[] = {
        { "message", ANSWER_NUMBER, offsetof(struct listed_message, id) },
        { "recipient", ANSWER_TEXT, offsetof(struct listed_message, recipient) },
        { "next", ANSWER_TIME, offsetof(struct listed_message, next_usec) },
        { "ended", ANSWER_TIME, offsetof(struct listed_message, ended_usec) },
        { "attempts", ANSWER_COUNT, offsetof(struct listed_message, attempts) },
        { "answer", ANSWER_TEXT, offsetof(struct listed_message, answer) },
};

void listed_messages_done(struct answer_list *messages) {
        answer_list_done(&message_shape, messages);
}

json_t *listed_messages_to_json(const struct answer_list *messages) {
        return answer_list_to_json(&message_shape, messages);
}

json_t *listed_event_to_json(const struct listed_message *message, const struct listed_event *event) {
        _cleanup_(json_unref_p) json_t *json = json_object();

        if (!json || answer_to_json(event_keys, ELEMENTS(event_keys), event, json) < 0 ||
            answer_to_json(carrier_keys, ELEMENTS(carrier_keys), message, json) < 0)
                return NULL;
        return TAKE(json);
}

static int append_option(sd_bus_message *call, const char *key, const char *text) {
        return text && *text ? sd_bus_message_append(call, "{sv}", key, "s", text) : 0;
}

static int get(sd_bus *bus, const struct request *request, usec_t from_usec, usec_t until_usec, bool open_only,
               const char *person, const char *event, struct answer_list *ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        struct answer_list messages = {};
        int r;

        r = client_new_call(bus, CLIENT_ROOT, CLIENT_OUTBOX, "ListMessages", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "tt", from_usec < 0 ? UINT64_C(0) : (uint64_t) from_usec,
                                          until_usec < 0 ? UINT64_C(0) : (uint64_t) until_usec);
        if (r >= 0)
                r = sd_bus_message_open_container(call, 'a', "{sv}");
        if (r >= 0 && open_only)
                r = sd_bus_message_append(call, "{sv}", "open", "b", 1);
        if (r >= 0)
                r = append_option(call, "person", person);
        if (r >= 0)
                r = append_option(call, "event", event);
        if (r >= 0)
                r = sd_bus_message_close_container(call);
        if (r < 0)
                return r;

        r = client_call(bus, request, call, &reply);
        if (r != 0)
                return r;
        r = answer_list_read(reply, &message_shape, &messages);
        if (r < 0) {
                listed_messages_done(&messages);
                return r;
        }
        *ret = messages;
        return 0;
}

int listed_messages_get(sd_bus *bus, const struct request *request, usec_t from_usec, usec_t until_usec,
                        const char *person, const char *event, struct answer_list *ret) {
        return get(bus, request, from_usec, until_usec, false, person, event, ret);
}

int listed_messages_get_open(sd_bus *bus, const struct request *request, const char *person, const char *event,
                             struct answer_list *ret) {
        return get(bus, request, 0, 0, true, person, event, ret);
}

bool message_has_state(const struct listed_message *message, const char *state) {
        return text_equal(message->state, state);
}

bool event_has_state(const struct listed_event *event, const char *state) {
        return text_equal(event->state, state);
}

bool messages_are_of_several(const struct answer_list *messages) {
        const char *first = NULL;

        for (size_t i = 0; i < messages->n_items; i++) {
                const struct listed_message *message = messages_item(messages, i);

                for (size_t j = 0; j < message->events.n_items; j++) {
                        const char *person = message_event(message, j)->person;

                        if (person && first && strcmp(first, person) != 0)
                                return true;
                        first = person ? person : first;
                }
        }
        return false;
}
