/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The words for what is told and what became of it, and tellings and messages as values. */
#include "dosed/telling.h"

#include <string.h>

#include "dosed/text.h"

static const char *const event_names[_EVENT_MAX] = {
        [EVENT_DUE] = "due",
        [EVENT_MISSED] = "missed",
        [EVENT_UNATTENDED] = "unattended",
        [EVENT_TAKEN] = "taken",
        [EVENT_SKIPPED] = "skipped",
        [EVENT_SNOOZED] = "snoozed",
        [EVENT_ALARM] = "alarm",
        [EVENT_RESOLVED] = "resolved",
        [EVENT_STOPPED] = "stopped",
        [EVENT_SUMMARY] = "summary",
        [EVENT_PLAN] = "plan",
        [EVENT_STOCK] = "stock",
        [EVENT_FINDING] = "finding",
        [EVENT_SYMPTOM] = "symptom",
        [EVENT_DEGRADED] = "degraded",
        [EVENT_REHEARSAL] = "rehearsal",
        [EVENT_HEARTBEAT] = "heartbeat",
};

static const char *const telling_state_names[_TELLING_STATE_MAX] = {
        [TELLING_WAITS] = "waits",     [TELLING_SEALED] = "sealed",   [TELLING_TOLD] = "told",
        [TELLING_PERHAPS] = "perhaps", [TELLING_DROPPED] = "dropped", [TELLING_FAILED] = "failed",
};

static const char *const message_state_names[_MESSAGE_STATE_MAX] = {
        [MESSAGE_STATE_WAITS] = "waits",     [MESSAGE_STATE_DONE] = "done",       [MESSAGE_STATE_FAILED] = "failed",
        [MESSAGE_STATE_EXPIRED] = "expired", [MESSAGE_STATE_RENEWED] = "renewed",
};

static int find_name(const char *const *names, size_t n_names, const char *text, size_t *ret) {
        for (size_t i = 0; i < n_names; i++)
                if (strcmp(names[i], text) == 0) {
                        *ret = i;
                        return 0;
                }
        return -EINVAL;
}

const char *telling_event_to_string(enum telling_event event) {
        return event_names[event];
}

int telling_event_from_string(const char *text, enum telling_event *ret) {
        size_t i;
        int r = find_name(event_names, ELEMENTS(event_names), text, &i);

        if (r == 0)
                *ret = (enum telling_event) i;
        return r;
}

const char *telling_state_to_string(enum telling_state state) {
        return telling_state_names[state];
}

int telling_state_from_string(const char *text, enum telling_state *ret) {
        size_t i;
        int r = find_name(telling_state_names, ELEMENTS(telling_state_names), text, &i);

        if (r == 0)
                *ret = (enum telling_state) i;
        return r;
}

const char *message_state_to_string(enum message_state state) {
        return message_state_names[state];
}

int message_state_from_string(const char *text, enum message_state *ret) {
        size_t i;
        int r = find_name(message_state_names, ELEMENTS(message_state_names), text, &i);

        if (r == 0)
                *ret = (enum message_state) i;
        return r;
}

void telling_done(struct telling *telling) {
        free(telling->recipient);
        free(telling->person);
        free(telling->uid);
        free(telling->recurrence_id);
        free(telling->text);
        *telling = (struct telling){};
}

int telling_copy(const struct telling *telling, struct telling *ret) {
        struct telling copy = *telling;
        int r;

        copy.recipient = copy.person = copy.uid = copy.recurrence_id = copy.text = NULL;
        r = text_copy(telling->recipient, &copy.recipient);
        if (r >= 0)
                r = text_copy(telling->person, &copy.person);
        if (r >= 0)
                r = text_copy(telling->uid, &copy.uid);
        if (r >= 0)
                r = text_copy(telling->recurrence_id, &copy.recurrence_id);
        if (r >= 0)
                r = text_copy(telling->text, &copy.text);
        if (r < 0) {
                telling_done(&copy);
                return r;
        }
        *ret = copy;
        return 0;
}

void message_done(struct message *message) {
        free(message->recipient);
        free(message->token);
        free(message->answer);
        free(message->body);
        *message = (struct message){};
}
