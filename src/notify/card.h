/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One notification in its life on one server: what it says, under which id, and what is still unanswered. */
#pragma once

#include "notify/content.h"
#include "notify/reconcile.h"
#include "notify/server.h"

struct saying {
        struct content *content; /* a reference; NULL: nothing */
        uint64_t serial;         /* in its action keys: each saying has its own */
};

struct card {
        char *key;
        enum shown shown; /* as of the last answer; card_shown() knows of an unanswered call too */
        uint32_t id;      /* 0: unknown. Kept when closed: a press may come after it */
        struct saying said, sent; /* what is up; what the server has not answered yet */
        struct server_call *call;
        bool sent_quietly, closed_meanwhile; /* while the call is unanswered */
        bool say_again;
};

int card_new(const char *key, struct card **ret);
struct card *card_free(struct card *card);
DEFINE_CLEANUP(struct card *, card_free);

enum shown card_shown(const struct card *card);

/* The step that brings it to say this (NULL: nothing). */
enum step card_step(const struct card *card, const struct content *wished);

/* Takes it: sends what is wished. Returns 0, SERVER_BUSY (nothing happened), or a negative errno (as if refused). */
int card_take_step(struct card *card, enum step step, struct content *wished, uint64_t serial, struct server *server);

/* The answer to its call: the id, or 0 where it was refused. */
void card_answered(struct card *card, uint32_t id, struct server *server);
void card_closed(struct card *card, bool expired);

/* It may be sent again although it was refused. */
void card_retry(struct card *card);

/* Somebody pressed a button of what it does not say any more: it is to be seen as it is now. */
void card_say_again(struct card *card);

/* Takes down what is up, as far as its id is known. Returns 0 or a negative errno. */
int card_withdraw(struct card *card, struct server *server);

/* Something stands on the screen under its id. */
bool card_is_up(const struct card *card);
