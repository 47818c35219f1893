/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What was said to the server and what it answered (RFC 5321), as libcurl tells it line by line. It listens only; what it
 * keeps of an answer never holds the password.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "dosed/limits.h"

/* What the server is to answer next. */
enum conversation_step {
        STEP_GREETING,
        STEP_HELLO,
        STEP_ENCRYPTION,
        STEP_LOGIN,
        STEP_SENDER,
        STEP_RECIPIENT,
        STEP_DATA,
        STEP_MESSAGE, /* nothing: it reads the message */
        STEP_END,     /* whether it took the message */
        STEP_QUIT,
        _CONVERSATION_STEP_MAX,
};

struct answer {
        unsigned code; /* 0: there was none */
        size_t size;
        char text[LIMIT_MAIL_ANSWER_BYTES + 1]; /* its lines in one, without the code; not cleaned */
};

#define CONVERSATION_SECRETS 3         /* the most lines that a login takes */
#define CONVERSATION_SECRET_BYTES 2048 /* user and password of the longest, as base64 */

struct conversation {
        enum conversation_step step;
        struct answer last; /* to the last command but QUIT; none where that had none */
        enum conversation_step last_step;
        struct answer end;         /* whether it took the message */
        struct answer *recipients; /* of each, in their order */
        size_t n_recipients, n_asked;
        bool handed_over;    /* the whole message is on its way: whether it arrived, only an answer tells */
        struct answer stray; /* the first line that no mail server says */

        struct answer pending;
        const char *password;
        char secrets[CONVERSATION_SECRETS][CONVERSATION_SECRET_BYTES];
        unsigned n_secrets;
        bool is_asked_for_secret;
        FILE *shown;
        unsigned n_shown;
};

/* `password` may be NULL, and `shown`, where all of it goes, too; both are borrowed. Returns 0 or -ENOMEM. */
int conversation_init(struct conversation *conversation, size_t n_recipients, const char *password, FILE *shown);
void conversation_done(struct conversation *conversation);

/* A line that was sent, or heard; either with its line end or without. */
void conversation_sent(struct conversation *conversation, const char *bytes, size_t size);
void conversation_heard(struct conversation *conversation, const char *bytes, size_t size);

/* All of the message is with the system; its end follows. */
void conversation_hand_over(struct conversation *conversation);

/* A remark for who looks on. */
void conversation_remark(struct conversation *conversation, const char *bytes, size_t size);
