/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was sent and waits, as values, and in words. */
#pragma once

#include <systemd/sd-bus.h>

#include "ctl/answer.h"
#include "ctl/output.h"
#include "ctl/request.h"

/* As in dbus/org.dosed.Dosed1.Outbox.xml. */
struct listed_event {
        char *event, *state, *person, *dose, *medication, *text;
        usec_t due_usec, happened_usec, not_before_usec;
        bool in_summary;
};

struct listed_message {
        uint64_t id; /* 0: it is no message yet */
        char *recipient, *state;
        bool under_way, perhaps;
        bool gone; /* its recipient, and nothing of it is tried again */
        usec_t made_usec, next_usec, ended_usec, expires_usec;
        uint32_t attempts, more;
        char *answer;
        struct answer_list events;
};

static inline const struct listed_event *message_event(const struct listed_message *message, size_t i) {
        return (const struct listed_event *) message->events.items + i;
}
static inline const struct listed_message *messages_item(const struct answer_list *messages, size_t i) {
        return (const struct listed_message *) messages->items + i;
}

void listed_messages_done(struct answer_list *messages);
json_t *listed_messages_to_json(const struct answer_list *messages);
/* With its event's own keys, those of the message: "message" is its number. NULL without memory. */
json_t *listed_event_to_json(const struct listed_message *message, const struct listed_event *event);

/* Of --person; `event` NULL: any. `ret` starts empty. Each returns 0, REQUEST_REFUSED (said by then) or a negative errno. */
int listed_messages_get(sd_bus *bus, const struct request *request, usec_t from_usec, usec_t until_usec,
                        const char *person, const char *event, struct answer_list *ret);
int listed_messages_get_open(sd_bus *bus, const struct request *request, const char *person, const char *event,
                             struct answer_list *ret);

bool message_has_state(const struct listed_message *message, const char *state);
bool event_has_state(const struct listed_event *event, const char *state);

/* "Lisinopril of 08:00 was not confirmed". Returns 0 or -ENOMEM; the caller frees. */
int event_say(const struct listed_event *event, const struct request *request, bool names_person, char **ret);
/* What became of it: "told", "not delivered yet: no route to host; tried again 08:05". */
int event_say_fate(const struct listed_message *message, const struct listed_event *event,
                   const struct request *request, char **ret);
enum colour event_colour(const struct listed_message *message, const struct listed_event *event);
/* "08:05", with its day where that is another one; "" where there is none. `text` has WHEN_TEXT_SIZE bytes. */
const char *time_say(const struct request *request, usec_t at_usec, char *text);
/* Events are of several people: then each is named. */
bool messages_are_of_several(const struct answer_list *messages);
