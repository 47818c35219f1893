/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One notification in its life on one server. */
#include "dosed/text.h"
#include "notify/card.h"

static void saying_set(struct saying *saying, struct content *content, uint64_t serial) {
        content_unref(saying->content);
        *saying = (struct saying){ .content = content, .serial = serial };
}

int card_new(const char *key, struct card **ret) {
        _cleanup_(card_free_p) struct card *card = calloc(1, sizeof(*card));
        int r;

        if (!card)
                return -ENOMEM;
        r = text_copy(key, &card->key);
        if (r < 0)
                return r;

        *ret = TAKE(card);
        return 0;
}

struct card *card_free(struct card *card) {
        if (!card)
                return NULL;

        saying_set(&card->said, NULL, 0);
        saying_set(&card->sent, NULL, 0);
        free(card->key);
        free(card);
        return NULL;
}

enum shown card_shown(const struct card *card) {
        if (!card->call)
                return card->shown;
        return server_call_is_overdue(card->call) ? SHOWN_OVERDUE : SHOWN_UNANSWERED;
}

enum step card_step(const struct card *card, const struct content *wished) {
        enum change change = reconcile_change(wished, card->sent.content ? card->sent.content : card->said.content);

        if (card->say_again && change != CHANGE_GONE)
                change = CHANGE_REMINDER;
        return reconcile_step(card_shown(card), change);
}

int card_take_step(struct card *card, enum step step, struct content *wished, uint64_t serial, struct server *server) {
        uint32_t replaces = step == STEP_POST ? 0 : card->id;
        bool quietly = step == STEP_REPLACE_QUIETLY;
        struct server_call *call;
        int r;

        r = server_notify(server, wished, replaces, serial, quietly, card, &call);
        if (r == SERVER_BUSY)
                return r;
        if (r < 0) {
                card->id = replaces;
                card->shown = SHOWN_REFUSED;
                return r;
        }

        if (card->call)
                server_call_give_up(card->call);
        card->call = call;
        card->id = replaces;
        card->sent_quietly = quietly;
        card->closed_meanwhile = card->say_again = false;
        saying_set(&card->sent, content_ref(wished), serial);
        return 0;
}

void card_answered(struct card *card, uint32_t id, struct server *server) {
        card->call = NULL;

        if (id == 0) {
                saying_set(&card->sent, NULL, 0);
                if (card->closed_meanwhile)
                        card->id = 0;
                card->shown = SHOWN_REFUSED;
                return;
        }

        saying_set(&card->said, card->sent.content, card->sent.serial);
        card->sent = (struct saying){};
        card->id = id;
        card->shown = SHOWN_UP;

        /* Closed by the person while only its words were being changed: that is no reason to come back. */
        if (card->closed_meanwhile && card->sent_quietly) {
                (void) server_close(server, id);
                card->shown = SHOWN_CLOSED;
        }
}

void card_closed(struct card *card, bool expired) {
        if (card->call)
                card->closed_meanwhile = true;
        else
                card->shown = expired ? SHOWN_EXPIRED : SHOWN_CLOSED;
}

void card_retry(struct card *card) {
        if (card->shown == SHOWN_REFUSED)
                card->shown = card->id != 0 ? SHOWN_UP : SHOWN_NOT;
}

void card_say_again(struct card *card) {
        /* What is on its way comes after the press, and is seen even though the press closed what was there. */
        if (card->call)
                card->sent_quietly = false;
        else
                card->say_again = true;
        card_retry(card);
}

bool card_is_up(const struct card *card) {
        return card->id != 0 && card->shown != SHOWN_CLOSED && card->shown != SHOWN_EXPIRED;
}

int card_withdraw(struct card *card, struct server *server) {
        if (card->call)
                server_call_give_up(TAKE(card->call));
        return card_is_up(card) ? server_close(server, card->id) : 0;
}
