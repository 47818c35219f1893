/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What became of the message, from what was said and how it ended: a code of sysexits.h and a sentence. Pure. */
#pragma once

#include <stddef.h>

#include "mail/address.h"
#include "mail/conversation.h"

/* How the transfer ended, as libcurl has it. What the server said counts for more. */
enum ending {
        ENDING_GOOD,
        ENDING_UNKNOWN_HOST,
        ENDING_UNREACHABLE,
        ENDING_TIMEOUT,
        ENDING_LOST,           /* the connection broke */
        ENDING_NO_ENCRYPTION,  /* STARTTLS is not offered, or refused */
        ENDING_BAD_ENCRYPTION, /* TLS did not come about */
        ENDING_BAD_CERTIFICATE,
        ENDING_BAD_AUTHORITY, /* the file of --ca-file is none */
        ENDING_LOGIN,         /* refused, or no way to log in that both know */
        ENDING_NOT_SMTP,
        ENDING_SYSTEM, /* no memory, say */
        ENDING_OTHER,
        _ENDING_MAX,
};

struct transfer_end {
        enum ending ending;
        const char *detail; /* what libcurl or the system says about it; NULL: nothing */
};

struct verdict {
        int code;   /* EX_… */
        char *text; /* what the server said at last, or what went wrong; not cleaned */
};

void verdict_done(struct verdict *verdict);

/*
 *   EX_OK           the server took it for everybody
 *   EX_IOERR        the whole message was handed over, and the answer never came: it may have arrived
 *   EX_TEMPFAIL     it was not taken for everybody; later it may be
 *   EX_NOUSER       550 for every recipient
 *   EX_NOPERM       the login was refused, or is needed
 *   EX_UNAVAILABLE  refused for good, for somebody or for all
 *   EX_CONFIG
 * Returns 0 or -ENOMEM.
 */
int verdict_reach(const struct conversation *conversation, const struct transfer_end *end, const char *host,
                  const struct address_list *recipients, unsigned timeout_sec, struct verdict *ret);
