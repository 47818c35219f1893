/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Inside the engine: what waits to be told, by recipient and by dose. A telling is in hand until it is told or dropped,
 * and that is written.
 */
#pragma once

#include <uthash.h>
#include <utlist.h>

#include "dosed/outbox.h"

struct changes;
struct live_dose;
struct person;

/* So long a caregiver's message waits for what else may happen: one mail for the same minute. */
#define GATHER_USEC USEC_PER_MINUTE
/* What waits for nothing else is as if it had waited. */
#define AT_ONCE(now_usec) ((now_usec) -GATHER_USEC)
static inline bool telling_is_urgent(const struct telling *telling) {
        return telling->not_before_usec < telling->happened_usec;
}
/* It shares no message with what is real, and costs it nothing. */
static inline bool telling_rehearses(const struct telling *telling) {
        return telling->event == EVENT_REHEARSAL;
}
/* A summary covers no more: of one that was switched off for a year nobody wants the year. */
#define SUMMARY_MOST (8 * USEC_PER_DAY)
#define RETRY_MAX USEC_PER_HOUR

/* All tellings in hand that are of one dose, or that ask whether one medication was stopped. */
struct told_group {
        char *id; /* owned */
        struct live_telling *first;
        UT_hash_handle hh;
};

struct live_telling {
        struct telling telling;
        struct recipient *recipient;
        struct told_group *of;   /* its dose; NULL: of none */
        struct told_group *asks; /* NULL: it asks nothing */
        usec_t due_usec;      /* of that one; USEC_NONE: not known */
        bool is_critical;
        struct live_telling *prev, *next;           /* of the recipient */
        struct live_telling *dose_prev, *dose_next; /* of the dose */
        struct live_telling *asks_prev, *asks_next; /* of the medication */
        UT_hash_handle hh;                          /* by number */
};

/* Somebody who is told. Of one who is not configured any more only the name and what waited. */
struct recipient {
        char *name;
        bool is_wanted;
        struct engine_recipient policy; /* its texts are owned */
        struct live_telling *tellings;  /* in hand, in order of their numbers */
        struct message *open;           /* the one message that is made, and not done yet; NULL */
        bool is_frozen;                 /* it may have arrived: what it says stays */
        bool is_under_way;
        bool is_ready;       /* the next attempt can begin */
        bool is_forced;      /* by somebody who asked for it, in quiet hours too */
        unsigned failures;   /* attempts in a row that came to nothing */
        usec_t retry_usec;   /* no attempt before that */
        char *answer;        /* what came of the last of them; NULL */
        unsigned n_failed;   /* messages that failed for good since the last one that arrived */
        unsigned n_unknown;  /* attempts at the open one that may have arrived */
        bool is_back;        /* told anew since the people were set: what they believe is looked at */
        usec_t summary_usec; /* of the next summary; USEC_NEVER */
        usec_t look_usec;    /* when there is next something to do for it; USEC_NEVER */
};

struct outbox {
        struct recipient **recipients;
        size_t n_recipients;
        struct live_telling *tellings; /* hash by number */
        struct told_group *doses;      /* hash by dose id */
        struct told_group *asked;      /* hash by person and medication */
        int64_t last_telling, last_message;
        bool is_loaded;
        usec_t looked_usec; /* the last step's time */
        bool has_settled;   /* some are told or dropped, and wait only to be written */
        bool has_news;      /* somebody is ready since it was last said */
        /* what engine_next_message() has handed out */
        struct message_item *items;
        struct message_summary *summaries;
        struct dose **doses_shown;
        size_t n_doses_shown;
};

void outbox_done(struct engine *engine);

/* recipients (recipient.c) */
int outbox_add_recipient(struct outbox *outbox, const char *name, struct recipient **ret);
struct recipient *outbox_find_recipient(const struct outbox *outbox, const char *name);
bool recipient_cares_for(const struct recipient *recipient, const char *person);
bool recipient_is_told(const struct recipient *recipient, enum telling_event event);
/* The same, where what happens to a critical dose is told also to who did not ask for it. `dose` may be NULL. */
bool recipient_asks_for(const struct recipient *recipient, enum telling_event event, const struct dose *dose);
/* The earliest that may be told, where quiet hours and what is critical are looked at. */
usec_t recipient_may_be_told(const struct recipient *recipient, const struct dose *dose, usec_t at_usec);
usec_t recipient_next_summary(const struct recipient *recipient, usec_t after_usec);
/* When its next attempt can begin; USEC_NEVER where there is nothing to say. */
usec_t recipient_attempt_usec(const struct engine *engine, struct recipient *recipient, usec_t now_usec);
/* The open message is there, and has nothing real in it. */
bool recipient_rehearses(const struct recipient *recipient);
/* Whether the next message is one, and not a real one: nothing real can go now. */
bool recipient_is_to_rehearse(const struct engine *engine, const struct recipient *recipient, usec_t now_usec);
int recipient_plan_summary(struct engine *engine, struct recipient *recipient, usec_t now_usec);
/* Whoever is told again, or of more people, hears how it came out what they were told of. */
int recipients_catch_up(struct engine *engine, usec_t now_usec);

/* tellings in hand (telling.c) */
/* Numbers it and queues it for the ledger; the texts are copied. */
int outbox_add(struct engine *engine, struct recipient *recipient, const struct telling *telling);
int outbox_take_up(struct engine *engine, struct recipient *recipient, struct telling *telling); /* from the ledger */
int live_telling_set(struct engine *engine, struct live_telling *live, enum telling_state state, int64_t message);
int live_telling_seal(struct engine *engine, struct live_telling *live, int64_t message, bool is_discreet);
/* What waits for its time is told at once; `in_summary`: as part of one. */
int live_telling_hurry(struct engine *engine, struct live_telling *live, bool in_summary, usec_t now_usec);
struct live_telling *outbox_of_dose(const struct outbox *outbox, const char *id);
/* Of those of a dose, one for that recipient that waits and says the same; NULL. Each alarm has a time of its own. */
struct live_telling *telling_find_waiting(struct live_telling *first, const struct recipient *recipient,
                                          enum telling_event event);
/* Those that ask whether it was stopped. Returns 0 or -ENOMEM. */
int outbox_asks_about(const struct outbox *outbox, const char *person, const char *medication,
                      struct live_telling **ret);
void outbox_drop_tellings(struct outbox *outbox); /* from memory */
/* What is told or dropped, and written, is in hand no more. */
void outbox_let_go(struct engine *engine);

/* what was told of a dose (told.c) */
enum belief { BELIEVES_NOTHING, BELIEVES_UNCONFIRMED, BELIEVES_SKIPPED, BELIEVES_RESOLVED };
struct told {
        const struct outbox *outbox;
        char *id;                    /* the dose's */
        struct telling_list written; /* those that are not in hand */
};
/* What one recipient knows. */
struct knowledge {
        enum belief belief;
        enum belief tried; /* they were told of that, or it failed for good: not told again by itself */
        bool is_under_way; /* in a message that may arrive any time: what is believed is not known yet */
        bool is_sure;      /* it surely arrived */
        int64_t number;
        int64_t said; /* what made them believe it */
        int64_t last; /* of whatever they were told of it, or should have been */
};
/* `recipient` NULL: what was told to anybody. */
int told_load(struct engine *engine, const struct dose *dose, const struct recipient *recipient, struct told *ret);
void told_done(struct told *told);
struct live_telling *told_in_hand(const struct told *told);
struct knowledge told_knowledge(const struct told *told, const struct recipient *recipient);
/* What an event makes somebody believe; false where it says nothing of that kind. */
bool telling_belief(enum telling_event event, enum belief *ret);
bool belief_is_wrong(enum belief belief, const struct dose *dose);

/* whom to tell what of a dose (ladder.c) */
/*
 * `only` NULL: something has just happened to it, and everybody is looked at; else what that one believes of it is compared with
 * what is so. What one is told says nothing to another.
 */
int ladder_look(struct engine *engine, const struct dose *dose, struct recipient *only, usec_t now_usec);

/* Whom the plan itself mails about a dose, and when; what waits and is no longer meant is dropped (ladder-alarm.c). */
int ladder_alarms(struct engine *engine, const struct live_dose *live, usec_t now_usec);

/* how often in a row nobody confirmed (row.c) */
#define ROW_ASKS 3u /* so many doses in a row that nobody confirmed: was it stopped? */
struct row {
        unsigned n_doses;      /* this one counts; doses due at the same moment are one */
        usec_t first_due_usec; /* of the first of them, or earlier, but after what came before them */
        const struct recipient **asked; /* during this row, whether the medication was stopped */
        size_t n_asked;
};
int row_count(struct engine *engine, const struct dose *dose, struct row *ret);
void row_done(struct row *row);
bool row_was_asked_about(const struct row *row, const struct recipient *recipient);

/* what is told of no dose (announce.c) */
int announce_plan(struct engine *engine, const struct person *person, const struct changes *changes, usec_t now_usec);
int announce_degraded(struct engine *engine, usec_t now_usec);
int announce_summaries(struct engine *engine, usec_t now_usec);

/* whether it is still so (holds.c) */
enum holding { HOLDS, HOLDS_LATER, HOLDS_NO_MORE };
/* `dose` NULL: there is none, or no such any more. */
/* What it tells of is private by now, or was then. */
bool telling_is_private(const struct engine *engine, const struct telling *telling, const struct dose *dose);
enum holding telling_holds(const struct engine *engine, const struct telling *telling, const struct dose *dose);

/* when, and what became of it (outbox.c, outbox-trouble.c) */
/* Whose time has come is ready; what is out of date is given up. */
int outbox_step(struct engine *engine, usec_t now_usec);
/* It may not be told any more; the recipient hears how it is now with its dose, NULL where it is of none. */
int outbox_drop(struct engine *engine, struct live_telling *live, const struct dose *dose, usec_t now_usec);
/* While an edit comes into force: what waits of its schedules and may not be told any more is dropped, and wakes nobody up. */
int outbox_look_at_private(struct engine *engine, const struct person *person, usec_t now_usec);
usec_t outbox_next_usec(const struct engine *engine);
int outbox_update_degraded(struct engine *engine);
/* From when on it may be part of a message; what waits longer than anything does, waits for a clock that was wrong. */
bool telling_waits(const struct engine *engine, const struct telling *telling);
int outbox_correct_clock(struct engine *engine, usec_t now_usec);
struct recipient *recipient_of_message(const struct outbox *outbox, int64_t message);
/* A message that a former process left. Takes what is in it. */
int recipient_take_up(struct recipient *recipient, struct message *message, usec_t now_usec);
/* When a message of now is out of date: then it is made anew, or given up where it is a hook's. */
usec_t recipient_expires(const struct recipient *recipient, usec_t now_usec);
/* What waits for one who is told nothing more is dropped. */
int recipient_dismiss(struct engine *engine, struct recipient *recipient, usec_t now_usec);
/* The open message has come to its end, and what it said to its own. */
int message_end(struct engine *engine, struct recipient *recipient, enum message_state state,
                enum telling_state tellings, usec_t now_usec);
/* The open message gives its place to another; what it said waits, or may have arrived. */
int message_make_way(struct engine *engine, struct recipient *recipient, usec_t now_usec);
void message_close(struct recipient *recipient); /* in hand; the ledger knows, or never knew of it */

/* messages (message.c, message-view.c) */
int message_show(struct engine *engine, struct recipient *recipient, size_t n, struct message_view *ret);
void outbox_forget_view(struct outbox *outbox);
/* The dose as it is now; NULL where there is none. The caller frees. */
int telling_copy_dose(struct engine *engine, const struct telling *telling, struct dose **ret);
