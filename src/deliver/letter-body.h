/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a letter says: a page (deliver/page.h) made of a message's events. */
#pragma once

#include "deliver/prose.h"
#include "dosed/letter.h"

/* Returns 0 or -ENOMEM; the caller frees. */
int letter_body(const struct message_view *view, const struct letter_options *options, char **ret);
