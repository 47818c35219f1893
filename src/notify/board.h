/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* All notifications on one server: what is wished, what is up, and the comparison of both. */
#pragma once

#include "dosed/limits.h"
#include "notify/card.h"
#include "notify/memory.h"

/* The reminders and the notices have LIMIT_NOTIFICATIONS each. */
#define BOARD_CARDS (2 * LIMIT_NOTIFICATIONS)

/* What was up until just now: a press may still be on its way. */
struct withdrawn {
        uint32_t id;
        struct saying said;
};

struct board {
        struct server *server;
        struct contents reminders, notices; /* what is wished */
        struct card *cards[BOARD_CARDS];
        size_t n_cards;
        uint64_t serial;
        struct withdrawn withdrawn[LIMIT_NOTIFY_WITHDRAWN];
        size_t next_withdrawn; /* the oldest one, or a free place */

        char *memory_path;
        struct memory remembered; /* of the process before this one, until a server is met */
        bool is_cut_off; /* something could not be taken down: the bus is gone, and the memory stays for the next one */
};

/* Takes a copy of the path; NULL: nothing is remembered. Returns 0 or a negative errno. */
int board_init(struct board *board, const char *memory_path);
void board_done(struct board *board);

/* What is wished under that key, or NULL; the card of that id, or NULL. */
struct content *board_wished(const struct board *board, const char *key);
struct card *board_card(const struct board *board, uint32_t id);

/* What that notification said when it was taken down; NULL where it is none of the last LIMIT_NOTIFY_WITHDRAWN. */
struct content *board_withdrawn(const struct board *board, uint32_t id, uint64_t serial);

/* Posts, replaces and withdraws until both agree, or until the server has answered. */
void board_reconcile(struct board *board);
/* The same after the wish has changed: what was refused is tried once more. */
void board_reconcile_wish(struct board *board);

/* There is another server, or none. */
void board_server_changed(struct board *board);
/* See server_observer. */
void board_answered(struct board *board, struct card *card, uint32_t id);
void board_closed(struct board *board, uint32_t id, enum closing closing);

bool board_is_settled(const struct board *board);
