/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A binary heap of embedded nodes, the earliest first. It owns its array, never what the nodes are part of. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/clock.h"

struct heap_node {
        usec_t at_usec;
        size_t position; /* 1-based place in the heap; 0: not in it. Start zeroed. */
};

struct heap {
        struct heap_node **nodes;
        size_t n_nodes, allocated;
};

void heap_done(struct heap *heap);

/* Puts the node in, or moves it to its new time. Returns 0 or -ENOMEM (only where it was not in). */
int heap_set(struct heap *heap, struct heap_node *node, usec_t at_usec);

/* Takes the node out; nothing happens where it is not in. */
void heap_remove(struct heap *heap, struct heap_node *node);

/* The earliest, still in the heap; NULL where it is empty. */
struct heap_node *heap_first(const struct heap *heap);
