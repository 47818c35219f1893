/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What somebody is told, as values: an event for one recipient, and the message that carries one or several of them. Whom to
 * tell what is the engine's to decide, in which words the deliver room's. Pure.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/dose.h"
#include "dosed/error.h"

enum telling_event {
        EVENT_DUE,
        EVENT_MISSED,
        EVENT_UNATTENDED,
        EVENT_TAKEN,
        EVENT_SKIPPED,
        EVENT_SNOOZED,
        EVENT_ALARM,    /* a VALARM with ACTION:EMAIL, of a dose that is not recorded yet */
        EVENT_RESOLVED, /* what was told of this dose is not so any more: see what the dose is now */
        EVENT_STOPPED,  /* nobody confirmed it three times in a row: was the medication stopped? */
        EVENT_SUMMARY,  /* the day or the week; what was put off for it goes with it */
        EVENT_PLAN,     /* `text` says what changed: "added", "changed" or "removed", a space, and the medication */
        EVENT_STOCK,
        EVENT_FINDING,
        EVENT_SYMPTOM,
        EVENT_DEGRADED,  /* `text` is the sentence; empty: all is well again */
        EVENT_REHEARSAL, /* a pretend dose, to try the way */
        EVENT_HEARTBEAT, /* planning and delivery are healthy */
        _EVENT_MAX,
};
#define EVENT_BIT(event) (UINT32_C(1) << (event))

const char *telling_event_to_string(enum telling_event event); /* "missed", as in dosed.conf and on the bus */
int telling_event_from_string(const char *text, enum telling_event *ret); /* 0 or -EINVAL */

enum telling_state {
        TELLING_WAITS,  /* for its time, or for the message before it */
        TELLING_SEALED, /* part of a message that is not delivered yet */
        TELLING_TOLD,
        TELLING_PERHAPS, /* the message broke off where it may have arrived, and was given up */
        TELLING_DROPPED, /* never told: it was not so any more, or nobody asks for it any more */
        TELLING_FAILED,  /* the message failed for good, or was out of date before it could be delivered */
        _TELLING_STATE_MAX,
};
const char *telling_state_to_string(enum telling_state state);
int telling_state_from_string(const char *text, enum telling_state *ret);

/* One event for one recipient. Texts are clean UTF-8. */
struct telling {
        int64_t id;
        char *recipient; /* "caregiver maria", "hook ntfy" */
        enum telling_event event;
        char *person;              /* NULL: of the whole house */
        char *uid, *recurrence_id; /* the dose; NULL where it is of none */
        char *text;                /* see the events; or NULL */
        usec_t happened_usec;
        usec_t not_before_usec; /* told then at the earliest */
        bool in_summary;        /* waits for the recipient's next summary */
        enum telling_state state;
        int64_t message;  /* 0: none yet */
        bool is_discreet; /* what it tells of was private when it was sealed: said without a name */
};
void telling_done(struct telling *telling);
int telling_copy(const struct telling *telling, struct telling *ret);

enum message_state {
        MESSAGE_STATE_WAITS, /* to be delivered, for the first time or again */
        MESSAGE_STATE_DONE,
        MESSAGE_STATE_FAILED,  /* for good, until somebody has it tried again */
        MESSAGE_STATE_EXPIRED, /* out of date before it could be delivered: what still holds goes with the next one */
        MESSAGE_STATE_RENEWED, /* by hand: what still holds of it is told anew, in a later one */
        _MESSAGE_STATE_MAX,
};
const char *message_state_to_string(enum message_state state);
int message_state_from_string(const char *text, enum message_state *ret);

struct message {
        int64_t id;
        char *recipient;
        char *token; /* makes its Message-ID stable and its own: 32 hexadecimal digits */
        usec_t made_usec;
        usec_t next_usec; /* of the next attempt; of a message that does not wait: when it came to its end, or USEC_NEVER */
        usec_t expires_usec;
        unsigned attempts;
        enum message_state state;
        bool perhaps; /* an attempt broke off where it may have arrived: true while one runs, too */
        char *answer; /* what came of the last attempt, a sentence; NULL */
        char *body;   /* the bytes as they were composed for the first attempt; NULL before */
        size_t body_size;
};
void message_done(struct message *message);

/* How an attempt ended. */
enum delivery {
        DELIVERY_DONE,
        DELIVERY_LATER,   /* surely not arrived: again later */
        DELIVERY_UNKNOWN, /* it may have arrived: again later, and the recipient may know */
        DELIVERY_NEVER,   /* refused for good */
        _DELIVERY_MAX,
};
