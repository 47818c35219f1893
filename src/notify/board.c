/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All notifications on one server. */
#include <string.h>

#include "dosed/log.h"
#include "dosed/text.h"
#include "notify/board.h"

static struct content *contents_find(const struct contents *contents, const char *key) {
        for (size_t i = 0; i < contents->n_items; i++)
                if (strcmp(contents->items[i]->key, key) == 0)
                        return contents->items[i];
        return NULL;
}

struct content *board_wished(const struct board *board, const char *key) {
        struct content *content = contents_find(&board->reminders, key);

        return content ? content : contents_find(&board->notices, key);
}

static struct card *board_card_by_key(const struct board *board, const char *key) {
        for (size_t i = 0; i < board->n_cards; i++)
                if (strcmp(board->cards[i]->key, key) == 0)
                        return board->cards[i];
        return NULL;
}

struct card *board_card(const struct board *board, uint32_t id) {
        for (size_t i = 0; i < board->n_cards; i++)
                if (id != 0 && board->cards[i]->id == id)
                        return board->cards[i];
        return NULL;
}

struct content *board_withdrawn(const struct board *board, uint32_t id, uint64_t serial) {
        for (size_t i = 0; i < LIMIT_NOTIFY_WITHDRAWN; i++)
                if (id != 0 && board->withdrawn[i].id == id && board->withdrawn[i].said.serial == serial)
                        return board->withdrawn[i].said.content;
        return NULL;
}

static void board_keep_withdrawn(struct board *board, const struct card *card) {
        struct withdrawn *withdrawn = &board->withdrawn[board->next_withdrawn];

        if (card->id == 0 || !card->said.content)
                return;
        content_unref(withdrawn->said.content);
        *withdrawn = (struct withdrawn){
                .id = card->id,
                .said = { .content = content_ref(card->said.content), .serial = card->said.serial },
        };
        board->next_withdrawn = (board->next_withdrawn + 1) % LIMIT_NOTIFY_WITHDRAWN;
}

static void board_forget_withdrawn(struct board *board) {
        for (size_t i = 0; i < LIMIT_NOTIFY_WITHDRAWN; i++) {
                content_unref(board->withdrawn[i].said.content);
                board->withdrawn[i] = (struct withdrawn){};
        }
}

static int board_get_card(struct board *board, const char *key, struct card **ret) {
        struct card *card = board_card_by_key(board, key);
        int r;

        if (!card) {
                r = card_new(key, &card);
                if (r < 0)
                        return r;
                board->cards[board->n_cards++] = card;
        }

        *ret = card;
        return 0;
}

static void board_forget_cards(struct board *board) {
        while (board->n_cards > 0)
                card_free(board->cards[--board->n_cards]);
}

/* One of ours has gone. GNOME 43 lets three of one program stand and expires the oldest for a fourth. */
static void board_fill_room(struct board *board) {
        for (size_t i = 0; i < board->n_cards; i++)
                if (board->cards[i]->shown == SHOWN_EXPIRED) {
                        board->cards[i]->shown = SHOWN_NOT;
                        return;
                }
}

static void board_withdraw_unwished(struct board *board) {
        size_t kept = 0, gone = 0;
        int r;

        for (size_t i = 0; i < board->n_cards; i++) {
                struct card *card = board->cards[i];

                if (card_step(card, board_wished(board, card->key)) != STEP_WITHDRAW) {
                        board->cards[kept++] = card;
                        continue;
                }
                if (card_is_up(card))
                        gone++;
                r = card_withdraw(card, board->server);
                if (r < 0) {
                        log_debug("A notification cannot be taken down: %s", strerror(-r));
                        board->is_cut_off = true;
                }
                board_keep_withdrawn(board, card);
                card_free(card);
        }
        board->n_cards = kept;

        while (gone-- > 0)
                board_fill_room(board);
}

/* Returns 0, SERVER_BUSY or a negative errno. */
static int board_say(struct board *board, struct content *wished) {
        enum step step;
        struct card *card;
        int r;

        r = board_get_card(board, wished->key, &card);
        if (r < 0)
                return r;

        step = card_step(card, wished);
        if (step == STEP_NOTHING)
                return 0;
        return card_take_step(card, step, wished, ++board->serial, board->server);
}

/* What cannot be sent now is sent when the server answers, or with a later wish: never in a loop. */
static void board_say_all(struct board *board, const struct contents *contents) {
        int r;

        for (size_t i = 0; i < contents->n_items; i++) {
                r = board_say(board, contents->items[i]);
                if (r == SERVER_BUSY)
                        return;
                if (r < 0)
                        log_debug("A notification cannot be sent: %s", strerror(-r));
        }
}

static void board_remember(struct board *board) {
        uint32_t ids[BOARD_CARDS];
        size_t n_ids = 0;
        int r;

        if (!board->memory_path || board->is_cut_off)
                return;

        for (size_t i = 0; i < board->n_cards; i++)
                if (card_is_up(board->cards[i]))
                        ids[n_ids++] = board->cards[i]->id;

        r = memory_write(board->memory_path, server_bus_id(board->server), server_owner(board->server), ids, n_ids);
        if (r < 0)
                log_debug("It cannot be remembered which notifications are up: %s", strerror(-r));
}

/* The one comparison of what is wished with what is up. */
void board_reconcile(struct board *board) {
        if (!server_is_ready(board->server))
                return;

        board_withdraw_unwished(board);
        board_say_all(board, &board->notices);
        board_say_all(board, &board->reminders);
        board_remember(board);
}

/* A later wish: what was refused may be tried once more. */
void board_reconcile_wish(struct board *board) {
        for (size_t i = 0; i < board->n_cards; i++)
                card_retry(board->cards[i]);
        board_reconcile(board);
}

/* What the process before this one left up: its buttons are dead. */
static void board_close_remembered(struct board *board) {
        struct memory *memory = &board->remembered;

        if (text_equal(memory->bus_id, server_bus_id(board->server)) &&
            text_equal(memory->owner, server_owner(board->server)))
                for (size_t i = 0; i < memory->n_ids; i++)
                        (void) server_close(board->server, memory->ids[i]);
        memory_done(memory);
}

void board_server_changed(struct board *board) {
        board_forget_cards(board);
        board_forget_withdrawn(board);
        if (server_is_ready(board->server))
                board_close_remembered(board);
        board_reconcile(board);
}

void board_answered(struct board *board, struct card *card, uint32_t id) {
        struct card *other = board_card(board, id);

        if (card) {
                /* A server that gives one id twice has taken the other one down. */
                if (other && other != card) {
                        card_closed(other, false);
                        other->id = 0;
                }
                card_answered(card, id, board->server);
        } else if (id != 0 && !other)
                (void) server_close(board->server, id);

        board_reconcile(board);
}

static uint64_t card_serial(const struct card *card) {
        return card->call ? card->sent.serial : card->said.serial;
}

/* What a vitamin has driven from the screen is an insulin. Said anew it is the later one, so that nothing goes in circles. */
static bool board_brings_back(const struct board *board, const struct card *expired) {
        if (expired->call || !expired->said.content || !expired->said.content->critical)
                return false;
        for (size_t i = 0; i < board->n_cards; i++) {
                const struct card *card = board->cards[i];
                const struct content *content = card->call ? card->sent.content : card->said.content;

                if (content && !content->critical && (card->call || card_is_up(card)) &&
                    card_serial(card) > card_serial(expired))
                        return true;
        }
        return false;
}

void board_closed(struct board *board, uint32_t id, enum closing closing) {
        struct card *card = board_card(board, id);
        bool expired = closing == CLOSING_EXPIRED;

        if (!card)
                return;
        card_closed(card, expired);
        if (!expired)
                board_fill_room(board);
        else if (board_brings_back(board, card))
                card->shown = SHOWN_NOT;
        board_reconcile(board);
}

static bool contents_are_up(const struct board *board, const struct contents *contents) {
        for (size_t i = 0; i < contents->n_items; i++) {
                const struct card *card = board_card_by_key(board, contents->items[i]->key);

                if (!card || card->shown == SHOWN_REFUSED || card_step(card, contents->items[i]) != STEP_NOTHING)
                        return false;
        }
        return true;
}

bool board_is_settled(const struct board *board) {
        if (!server_is_known(board->server) || !server_is_idle(board->server))
                return false;
        return !server_is_ready(board->server) ||
               (contents_are_up(board, &board->reminders) && contents_are_up(board, &board->notices));
}

int board_init(struct board *board, const char *memory_path) {
        int r;

        *board = (struct board){};
        r = text_copy(memory_path, &board->memory_path);
        if (r < 0 || !memory_path)
                return r;

        r = memory_read(memory_path, &board->remembered);
        if (r == -ENOMEM)
                return r;
        if (r < 0)
                log_debug("It cannot be read which notifications are up: %s", strerror(-r));
        return 0;
}

void board_done(struct board *board) {
        server_free(board->server);
        board_forget_cards(board);
        board_forget_withdrawn(board);
        contents_done(&board->reminders);
        contents_done(&board->notices);
        memory_done(&board->remembered);
        free(board->memory_path);
        *board = (struct board){};
}
