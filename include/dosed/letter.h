/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message as a letter: a complete RFC 5322 message, text and HTML, for a mail program's stdin. Composing only: it is pure,
 * and the same message becomes the same bytes. No subject names a medicine or a person, whatever the detail.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/disclosure.h"
#include "dosed/outbox.h"
#include "dosed/zone.h"

struct letter_options {
        const char *from_address, *from_name; /* NULL name: "dosed" */
        const char *to_address, *to_name;     /* NULL name: none */
        const char *host;        /* right of the @ of the Message-ID; what is no host name is "dosed.invalid" */
        const struct zone *zone; /* the recipient's: the Date, and said where it differs from the person's */
        struct disclosure disclosure;
};

enum letter_outcome {
        LETTER_BAD_ADDRESS = 1, /* an address that letter_address_is_valid() refuses */
};

/*
 * Its lines end in CRLF and have at most 78 bytes, but for those that are one long address; the Message-ID is
 * <dosed.TOKEN@HOST>. Bounded by LIMIT_LETTER_BYTES.
 * Returns 0, LETTER_BAD_ADDRESS, -EINVAL (no items, or a token that is none) or -ENOMEM; the caller frees.
 */
int letter_compose(const struct message_view *view, const struct letter_options *options, char **ret, size_t *ret_size);

/* local@domain as RFC 5321 4.1.2 has it, ASCII, the local part without quotes: nothing in it can end a header or an address. */
bool letter_address_is_valid(const char *address);
