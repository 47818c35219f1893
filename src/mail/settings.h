/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What to do, from the command line and from the environment, read and checked. It asks no server anything. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "mail/server.h"

struct settings {
        const char *server_url, *from, *user, *password_file, *authority_file, *timeout; /* as given, or NULL */
        bool recipients_from_header, verbose, help, version;
        char **recipients; /* as given, not checked */
        size_t n_recipients;

        /* What they come to. */
        struct server server;
        char *password; /* NULL: log in nowhere */
        unsigned timeout_sec;
};

void settings_done(struct settings *settings);

/*
 * Reads the options, each of which stands over its variable of the environment. Returns 0, or a code of sysexits.h after
 * it said on stderr what is wrong.
 */
int settings_parse(struct settings *settings, int argc, char **argv);

/* Checks them, and gets the password. Returns as settings_parse(). */
int settings_check(struct settings *settings);

void settings_print_help(void);
