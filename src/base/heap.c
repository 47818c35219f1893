/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A binary heap of embedded nodes. */
#include "dosed/error.h"
#include "dosed/heap.h"

void heap_done(struct heap *heap) {
        free(heap->nodes);
        *heap = (struct heap){};
}

static void place(struct heap *heap, size_t i, struct heap_node *node) {
        heap->nodes[i] = node;
        node->position = i + 1;
}

static void sift_up(struct heap *heap, size_t i) {
        struct heap_node *node = heap->nodes[i];

        for (; i > 0 && heap->nodes[(i - 1) / 2]->at_usec > node->at_usec; i = (i - 1) / 2)
                place(heap, i, heap->nodes[(i - 1) / 2]);
        place(heap, i, node);
}

static void sift_down(struct heap *heap, size_t i) {
        struct heap_node *node = heap->nodes[i];

        for (;;) {
                size_t child = 2 * i + 1;

                if (child + 1 < heap->n_nodes && heap->nodes[child + 1]->at_usec < heap->nodes[child]->at_usec)
                        child++;
                if (child >= heap->n_nodes || heap->nodes[child]->at_usec >= node->at_usec)
                        break;
                place(heap, i, heap->nodes[child]);
                i = child;
        }
        place(heap, i, node);
}

int heap_set(struct heap *heap, struct heap_node *node, usec_t at_usec) {
        if (node->position == 0) {
                if (heap->n_nodes == heap->allocated) {
                        size_t n = heap->allocated ? 2 * heap->allocated : 64;
                        struct heap_node **nodes = reallocarray(heap->nodes, n, sizeof(*nodes));

                        if (!nodes)
                                return -ENOMEM;
                        heap->nodes = nodes;
                        heap->allocated = n;
                }
                place(heap, heap->n_nodes++, node);
        }

        node->at_usec = at_usec;
        sift_up(heap, node->position - 1);
        sift_down(heap, node->position - 1);
        return 0;
}

void heap_remove(struct heap *heap, struct heap_node *node) {
        size_t i;

        if (node->position == 0)
                return;

        i = node->position - 1;
        node->position = 0;
        heap->n_nodes--;
        if (i == heap->n_nodes)
                return;

        place(heap, i, heap->nodes[heap->n_nodes]);
        sift_up(heap, i);
        sift_down(heap, heap->nodes[i]->position - 1);
}

struct heap_node *heap_first(const struct heap *heap) {
        return heap->n_nodes > 0 ? heap->nodes[0] : NULL;
}
