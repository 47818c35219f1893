/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Who is told: the caregiver and the hook of a life, what they were told, and what they go by. */
#pragma once

#include <uthash.h>

#include "dosed/outbox.h"

#define MAX_LISTENERS 2

/* Attempts that may have arrived, until a message is given up and holds up the next one no more. */
#define TOLD_UNKNOWN_MOST 5u

struct world;
struct person;
struct plan;
struct action;

/* What a message says of one dose, or of none. */
struct said {
        enum telling_event event;
        char *id;         /* of a dose; NULL */
        bool is_discreet; /* it was private then */
};

struct listener {
        struct engine_recipient policy;
        const char *people[2];
        bool is_out; /* not among those who are told */
        usec_t since_usec;
        usec_t summary_usec; /* the last one arrived */
        usec_t first_usec;   /* the last message was first tried */
        size_t n_first;      /* and said so much */

        /* The message that was tried last. */
        int64_t message; /* 0: none */
        char *token, *body;
        size_t body_size;
        struct said *said;
        size_t n_said;
        bool may_have_arrived, has_arrived;
        usec_t over_usec;        /* out of date then */
        bool is_under_way, dies; /* with the process, before it is known */
        enum delivery end;
        unsigned failures;  /* in a row */
        unsigned n_unknown; /* of this message's attempts: after some it makes way for the next */
};

/* What a listener goes by, of one dose. */
enum opinion { THINKS_NOTHING, THINKS_UNCONFIRMED, THINKS_SKIPPED, THINKS_RESOLVED };

struct hearing {
        char *key; /* listener and dose */
        const char *id;
        size_t listener;
        enum dose_state state; /* as it was told last to who watches the engine */
        bool is_confidential, is_critical, is_off_plan;
        usec_t due_usec, touched_usec;
        usec_t end_usec;         /* heard the end of it; USEC_NONE */
        enum opinion thinks;     /* by what arrived */
        enum opinion may_think;  /* by what may have */
        bool may_know;           /* something that may want resolving was told, and no end of it */
        unsigned episode;        /* how often it was something else than unconfirmed */
        bool was_told;           /* that it was not confirmed, */
        unsigned told_episode;   /* in that one, */
        int64_t told_message;    /* by that message */
        int64_t end_refused;     /* the last one that was to say the end of it and failed for good; 0: none */
        enum opinion said;       /* by the last attempt that told of it, */
        uint64_t attempt;        /* which was that one, counted from 1; 0: none yet */
        enum telling_event owed; /* _EVENT_MAX: nothing */
        usec_t owed_usec;
        bool is_excused;   /* need not be told what was owed, and may be told all the same */
        usec_t wrong_usec; /* thinks what is not so since then; USEC_NONE */
        UT_hash_handle hh;
};

struct told {
        uint64_t random; /* apart from the life's: whether somebody is told changes no life */
        struct listener listeners[MAX_LISTENERS];
        size_t n_listeners;
        struct hearing *hearings;
        bool has_news; /* the engine says that there is a message, or something to do */
        bool is_down;  /* nothing is delivered */
        usec_t down_usec, up_usec;
        usec_t steady_usec; /* the last time that time did not just go on */
        usec_t look_usec;
        usec_t forced_usec; /* somebody asked for a message to be tried again: until then it may come at any time */
        uint64_t n_messages, n_resolved;
};

/* told.c: whom a life has, and how their messages go. */
void told_begin(struct world *world);
void told_end(struct world *world);
/* The engine is told whom to tell. */
void told_set(struct world *world);
/* Everything that is ready is tried. Whether something ended. */
bool told_deliver(struct world *world);
/* When a message of now is out of date. */
usec_t told_is_over(const struct listener *listener, usec_t now_usec);
/* What is under way ends now. */
void told_hurry(struct world *world);
/* The process that was delivering is gone. */
void told_stop(struct world *world);
void told_act(struct world *world, const struct action *action);

/* told-judge.c: what they know, and what they must. */
void told_change(struct world *world, const struct dose *dose, const char *id);
/* What the plan says is private from now on. */
void told_hide(struct world *world, const struct person *person, const struct plan *plan);
void told_moved(struct world *world, const char *id);
/* It arrives, or may have; `surely` is what dosed knows. */
void told_arrives(struct world *world, size_t listener, bool arrives);
void told_refused(struct world *world, size_t listener);
/* Somebody has that message tried again: what was told may be told again. */
void told_retried(struct world *world, int64_t message);
/* Time has jumped since then, or a way was closed since then. */
void told_jump(struct world *world, usec_t since_usec);
void told_excuse(struct world *world, enum recipient_kind kind);
void told_set_back(struct world *world);
void told_leave(struct world *world, size_t listener);
void told_look(struct world *world);
void told_forget(struct world *world);

/* told-attempt.c: what a message says, before anything is known of it. */
void told_check_attempt(struct world *world, size_t listener, const struct message_view *view);
