/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* When something is due next. */
#include "engine/private.h"

usec_t engine_next_time(const struct engine *engine) {
        const struct heap_node *first = heap_first(&engine->heap);

        return first ? first->at_usec : USEC_NEVER;
}
