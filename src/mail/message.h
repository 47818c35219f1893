/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * A message as SMTP takes it: every line ends in CRLF, the header is one, and nobody reads its Bcc. What a field says is
 * its writer's: nothing is added, and nothing but Bcc is taken away.
 */
#pragma once

#include <stddef.h>

#include "mail/address.h"

enum message_fault {
        MESSAGE_GOOD = 0,
        MESSAGE_EMPTY,
        MESSAGE_TOO_LARGE, /* past LIMIT_MAIL_BYTES */
        MESSAGE_HAS_NUL,
        MESSAGE_NO_HEADER, /* a line before the first empty one is no field of RFC 5322, 2.2 */
        _MESSAGE_FAULT_MAX,
};

/* What is wrong, as a sentence. NULL for MESSAGE_GOOD. */
const char *message_fault_to_string(enum message_fault fault);

struct message {
        char *bytes;
        size_t size;
        size_t header_size; /* without the empty line */
};

void message_done(struct message *message);

/* Reads all that comes. Returns 0, an enum message_fault, or a negative errno. */
int message_read(int fd, struct message *ret);

/*
 * The same from memory. Every CRLF, LF or CR of the body ends a line. A lone CR in the header becomes a blank: it would
 * begin a field that nobody wrote. Bytes past ASCII are left alone.
 */
int message_take(const char *bytes, size_t size, struct message *ret);

/* Adds everybody in To, Cc and Bcc. Returns 0, an enum address_fault, or -ENOMEM. */
int message_recipients(const struct message *message, struct address_list *list);

/* Takes Bcc and Resent-Bcc out. */
void message_hide_bcc(struct message *message);
