/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * One event as a hook gets it: JSON for its stdin, and variables for its environment (dosed-hook(5)). Composing only: it is
 * pure, and the same message becomes the same bytes.
 */
#pragma once

#include <stddef.h>

#include "dosed/disclosure.h"
#include "dosed/error.h"
#include "dosed/outbox.h"

#define HOOK_EVENT_VARIABLES 5u

struct hook_event {
        char *json; /* one line, ending in a line feed */
        size_t json_size;
        char *environment[HOOK_EVENT_VARIABLES + 1]; /* "DOSED_EVENT=missed" and so on; NULL ends it */
};
void hook_event_done(struct hook_event *event);

/*
 * The first event of the message; a hook is told each by itself. With little detail nothing in it tells which medicine it is: the
 * dose's id is replaced by a word made from it, the same each time. Returns 0, -EINVAL (no items) or a negative errno.
 */
int hook_event_compose(const struct message_view *view, const struct disclosure *disclosure, struct hook_event *ret);
