/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The server as it was named: where it is, and whether anything may be said to it in the clear. */
#pragma once

#include <stdbool.h>

enum server_fault {
        SERVER_GOOD = 0,
        SERVER_NOT_A_URL,
        SERVER_OTHER_PROTOCOL,
        SERVER_HAS_USER,
        SERVER_BAD_HELLO,
        SERVER_BAD_PORT,
        _SERVER_FAULT_MAX,
};

/* What is wrong, as the end of a sentence. NULL for SERVER_GOOD. */
const char *server_fault_to_string(enum server_fault fault);

enum encryption {
        ENCRYPTION_NONE,
        ENCRYPTION_STARTTLS, /* asked for before anything else is said, and nothing is said without it */
        ENCRYPTION_AT_ONCE,
};

struct server {
        char *url;  /* as libcurl takes it */
        char *host; /* as people know it */
        bool is_loopback;
        bool is_smtps;
};

void server_done(struct server *server);

/*
 * smtp://HOST[:PORT][/NAME] or smtps://…; NAME is what to say in EHLO instead of the machine's own name. Returns 0, an
 * enum server_fault, or -ENOMEM.
 */
int server_read(const char *url, struct server *ret);

/* Only what does not leave this machine may go in the clear, and not even that where a certificate's authority was named. */
enum encryption server_encryption(const struct server *server, bool has_authority);
