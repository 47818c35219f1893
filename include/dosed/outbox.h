/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * The engine's other door: whom to tell what, and the messages that wait to be delivered. It decides and remembers; composing
 * and delivering is the deliver room's.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "dosed/clock.h"
#include "dosed/dose.h"
#include "dosed/engine.h"
#include "dosed/quiet.h"
#include "dosed/schedule.h"
#include "dosed/telling.h"

/*
 * Whom to tell. A caregiver is told what was not confirmed, after a delay and outside quiet hours, several things in
 * one message; a hook each event by itself, at once.
 */
enum recipient_kind { RECIPIENT_CAREGIVER, RECIPIENT_HOOK };
enum summary_kind { SUMMARY_NONE, SUMMARY_DAILY, SUMMARY_WEEKLY };

struct engine_recipient {
        const char *name; /* "caregiver maria", "hook ntfy" */
        enum recipient_kind kind;
        const char *way;           /* changes with how they are reached: what was composed for another is composed anew */
        uint32_t tells;            /* EVENT_BIT()s */
        const char *const *people; /* whose doses; a hook's NULL: everyone's */
        size_t n_people;
        /* a caregiver's */
        const char *email;       /* a VALARM with ACTION:EMAIL finds them by it */
        usec_t after_usec;       /* from missed until told */
        struct wall_clock clock; /* by which the times of the day below go */
        struct quiet_hours quiet;
        enum summary_kind summary;
        int32_t summary_sec;      /* second of the day */
        unsigned summary_weekday; /* of a weekly one: 0 is Sunday */
};

/* All of them at once. Copied. What waits for one who is gone is dropped. Returns 0 or a negative errno. */
int engine_set_recipients(struct engine *engine, const struct engine_recipient *recipients, size_t n_recipients,
                          usec_t now_usec);

/* One event of a message, with what it is of. */
struct message_item {
        const struct telling *telling;
        const struct dose *dose;        /* as it is now; NULL */
        const struct wall_clock *clock; /* the person's; of no person, the recipient's */
        const char *medication_kind;    /* "PRESCRIPTION", as in CATEGORIES; NULL where the plan has it no more */
        bool is_private;                /* the dose, by now or when it was made */
};
struct message_summary { /* of one person, where a message has EVENT_SUMMARY of them */
        const char *person;
        usec_t from_usec, until_usec;
        unsigned n_taken, n_late, n_skipped, n_missed, n_unattended, n_open;
};
struct message_view {
        const struct message *message;
        const struct message_item *items; /* in the order of what happened */
        size_t n_items;
        const struct message_summary *summaries;
        size_t n_summaries;
};

/*
 * The next message to be delivered now, but none to a recipient who has one under way; valid until the next call into the engine.
 * Returns 0, ENGINE_NO_MESSAGE or a negative errno.
 */
int engine_next_message(struct engine *engine, usec_t now_usec, struct message_view *ret);
/*
 * An attempt begins. `body` is what goes out and is kept for later attempts. It is written before this returns; a ledger that
 * cannot be written does not hold it back. Returns 0 or a negative errno.
 */
int engine_begin_delivery(struct engine *engine, int64_t message, const char *body, size_t body_size, usec_t now_usec);
/* And ends; `answer` is a sentence for a person, or NULL. */
int engine_end_delivery(struct engine *engine, int64_t message, enum delivery delivery, const char *answer,
                        usec_t now_usec);
/*
 * A message that failed for good, or waits, is tried now. Returns 0, ENGINE_NO_MESSAGE, a negative errno, or
 * ENGINE_NOT_OPEN where it was delivered or its recipient is told nothing any more.
 */
int engine_retry_message(struct engine *engine, int64_t message, usec_t now_usec);
/* A pretend dose is told to everyone who is told of that person's. Returns 0, ENGINE_NO_SUCH_PERSON or a negative errno. */
int engine_rehearse(struct engine *engine, const char *person, usec_t now_usec, unsigned *ret_recipients);
/* Whether messages go out: none has failed for good, nor several attempts at one. */
bool engine_delivers(const struct engine *engine);

/*
 * Calls back for each message with its events. They are copies: the visitor may call the engine. A visitor that returns non-zero
 * ends it, and that is returned.
 */
typedef int (*message_visitor)(void *userdata, const struct message *message, const struct telling *tellings,
                               size_t n_tellings);
/* Made from (inclusive) until (exclusive), the newest first; at most LIMIT_LIST_MESSAGES. */
int engine_visit_messages(struct engine *engine, usec_t from_usec, usec_t until_usec, message_visitor visitor,
                          void *userdata);
/*
 * What is not done: messages that wait or failed for good, the newest first, at most LIMIT_LIST_MESSAGES; then what waits to
 * become one, by recipient, as a message without a number whose `next_usec` is when it can be made at the earliest.
 */
int engine_visit_open_messages(struct engine *engine, message_visitor visitor, void *userdata);
/* One message, by its number. Returns 0, ENGINE_NO_MESSAGE, what the visitor returned, or a negative errno. */
int engine_visit_message(struct engine *engine, int64_t message, message_visitor visitor, void *userdata);
/* Whether a recipient of that name is told anything by the configuration. */
bool engine_tells(const struct engine *engine, const char *recipient);
/* An attempt runs. */
bool engine_is_delivering(const struct engine *engine, int64_t message);
/*
 * The dose that an event is of, as it is now; NULL where it is of none, or there is none any more. The caller frees. What it
 * tells is private where that dose is, or cannot be looked at any more, and where the medicine is that it names.
 */
int engine_get_told_dose(struct engine *engine, const struct telling *telling, struct dose **ret, bool *ret_is_private);
