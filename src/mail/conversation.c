/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What was said to the server and what it answered. */
#include <string.h>
#include <strings.h>

#include "dosed/error.h"
#include "dosed/text.h"
#include "mail/conversation.h"

#define HIDDEN "(not shown)"

static const struct {
        const char *verb;
        enum conversation_step step;
} commands[] = {
        { "EHLO", STEP_HELLO },  { "HELO", STEP_HELLO },     { "STARTTLS", STEP_ENCRYPTION }, { "AUTH", STEP_LOGIN },
        { "MAIL", STEP_SENDER }, { "RCPT", STEP_RECIPIENT }, { "DATA", STEP_DATA },           { "QUIT", STEP_QUIT },
};

int conversation_init(struct conversation *conversation, size_t n_recipients, const char *password, FILE *shown) {
        *conversation = (struct conversation){ .password = password, .shown = shown, .n_recipients = n_recipients };
        conversation->recipients = calloc(n_recipients, sizeof(*conversation->recipients));
        return conversation->recipients ? 0 : -ENOMEM;
}

void conversation_done(struct conversation *conversation) {
        free(conversation->recipients);
        explicit_bzero(conversation, sizeof(*conversation));
}

static void show(struct conversation *conversation, const char *sign, const char *line) {
        _cleanup_(free_p) char *clean = NULL;

        if (!conversation->shown || conversation->n_shown > LIMIT_MAIL_SHOWN_LINES)
                return;
        if (conversation->n_shown++ == LIMIT_MAIL_SHOWN_LINES)
                (void) fprintf(conversation->shown, "%s\n", "(and so on)");
        else if (text_clean(line, &clean) >= 0)
                (void) fprintf(conversation->shown, "%s %s\n", sign, clean);
        (void) fflush(conversation->shown);
}

/* A line without its end and without NUL, cut to what `line` takes. */
static void take_line(const char *bytes, size_t size, char *line, size_t room) {
        size_t n = 0;

        for (size_t i = 0; i < size && bytes[i] != '\r' && bytes[i] != '\n' && n < room - 1; i++)
                if (bytes[i] != '\0')
                        line[n++] = bytes[i];
        line[n] = '\0';
}

/* Puts stars in the place of each `secret` in the line: of as many as it has letters, or three. */
static void hide(char *line, const char *secret) {
        size_t size = secret ? strlen(secret) : 0, stars = size < 3 ? size : 3;

        for (char *at = line; size > 0 && (at = strstr(at, secret)); at += stars) {
                memset(at, '*', stars);
                memmove(at + stars, at + size, strlen(at + size) + 1);
        }
}

static void hide_secrets(const struct conversation *conversation, char *line) {
        for (unsigned i = 0; i < CONVERSATION_SECRETS; i++)
                hide(line, conversation->secrets[i]);
        hide(line, conversation->password);
}

/* A server may say it back; "*" and "=" are no secrets (RFC 4954, 4). */
static void keep_secret(struct conversation *conversation, const char *line) {
        char *slot = conversation->secrets[conversation->n_secrets++ % CONVERSATION_SECRETS];

        if (strlen(line) < 4)
                return;
        take_line(line, strlen(line), slot, CONVERSATION_SECRET_BYTES);
}

static const char *second_blank(const char *line) {
        const char *first = strchr(line, ' ');

        return first ? strchr(first + 1, ' ') : NULL;
}

void conversation_sent(struct conversation *conversation, const char *bytes, size_t size) {
        char line[CONVERSATION_SECRET_BYTES];
        const char *secret;

        take_line(bytes, size, line, sizeof(line));
        if (conversation->is_asked_for_secret) {
                conversation->is_asked_for_secret = false;
                keep_secret(conversation, line);
                show(conversation, ">", HIDDEN);
                explicit_bzero(line, sizeof(line));
                return;
        }

        for (size_t i = 0; i < ELEMENTS(commands); i++)
                if (strncasecmp(line, commands[i].verb, strlen(commands[i].verb)) == 0)
                        conversation->step = commands[i].step;
        if (conversation->step == STEP_RECIPIENT)
                conversation->n_asked++; /* who says 421 to one is asked for the next all the same */
        else if (conversation->step != STEP_QUIT)
                conversation->last = (struct answer){};
        secret = conversation->step == STEP_LOGIN ? second_blank(line) : NULL;
        if (secret) {
                keep_secret(conversation, secret + 1);
                line[secret - line] = '\0';
                show(conversation, ">", line);
        } else
                show(conversation, ">", line);
        explicit_bzero(line, sizeof(line));
}

/* "250-" and "250 ": RFC 5321, 4.2. Returns 0 where it is neither. */
static unsigned read_code(const char *line, bool *ret_is_last) {
        if (line[0] < '2' || line[0] > '5' || line[1] < '0' || line[1] > '9' || line[2] < '0' || line[2] > '9' ||
            (line[3] != ' ' && line[3] != '-' && line[3] != '\0'))
                return 0;
        *ret_is_last = line[3] != '-';
        return (unsigned) ((line[0] - '0') * 100 + (line[1] - '0') * 10 + (line[2] - '0'));
}

/* "5.1.1": RFC 2034 has it begin each line; said once it is enough. */
static size_t status_size(const char *text) {
        size_t size = strspn(text, "0123456789.");

        return size >= 5 && text[1] == '.' && (text[size] == ' ' || text[size] == '\0') ? size : 0;
}

static void append(struct answer *answer, const char *text) {
        size_t room = LIMIT_MAIL_ANSWER_BYTES - answer->size, size;
        size_t status = status_size(text);

        if (status > 0 && status == status_size(answer->text) && memcmp(answer->text, text, status) == 0) {
                text += status;
                text += *text == ' ';
        }
        size = strlen(text);
        if (size == 0 || room < 2)
                return;
        if (answer->size > 0) {
                answer->text[answer->size++] = ' ';
                room--;
        }
        if (size > room)
                size = room;
        memcpy(answer->text + answer->size, text, size);
        answer->size += size;
        answer->text[answer->size] = '\0';
}

static void finish_answer(struct conversation *conversation) {
        struct answer *answer = &conversation->pending;

        if (conversation->step != STEP_QUIT) {
                conversation->last = *answer;
                conversation->last_step = conversation->step;
        }
        switch (conversation->step) {
        case STEP_RECIPIENT:
                if (conversation->n_asked > 0 && conversation->n_asked <= conversation->n_recipients)
                        conversation->recipients[conversation->n_asked - 1] = *answer;
                break;
        case STEP_LOGIN:
                conversation->is_asked_for_secret = answer->code == 334;
                break;
        case STEP_DATA:
                if (answer->code == 354)
                        conversation->step = STEP_MESSAGE;
                break;
        case STEP_END:
                if (conversation->end.code == 0)
                        conversation->end = *answer;
                break;
        case STEP_GREETING:
        case STEP_HELLO:
        case STEP_ENCRYPTION:
        case STEP_SENDER:
        case STEP_MESSAGE:
        case STEP_QUIT:
        case _CONVERSATION_STEP_MAX:
                break;
        }
        conversation->pending = (struct answer){};
}

void conversation_heard(struct conversation *conversation, const char *bytes, size_t size) {
        char line[2 * CONVERSATION_SECRET_BYTES]; /* longer than what is kept: no secret is cut before it is hidden */
        bool is_last = false;
        unsigned code;

        take_line(bytes, size, line, sizeof(line));
        hide_secrets(conversation, line);
        show(conversation, "<", line);

        code = read_code(line, &is_last);
        if (code == 0) {
                if (conversation->stray.size == 0)
                        append(&conversation->stray, line);
                return;
        }
        conversation->pending.code = code;
        append(&conversation->pending, line + 3 + (line[3] != '\0'));
        if (is_last)
                finish_answer(conversation);
}

void conversation_hand_over(struct conversation *conversation) {
        conversation->handed_over = true;
        conversation->step = STEP_END;
        show(conversation, ">", "(the message)");
}

void conversation_remark(struct conversation *conversation, const char *bytes, size_t size) {
        char line[LIMIT_MAIL_ANSWER_BYTES];

        take_line(bytes, size, line, sizeof(line));
        hide_secrets(conversation, line);
        show(conversation, "*", line);
}
