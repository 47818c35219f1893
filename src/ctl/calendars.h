/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person's plan files, which only the daemon reads and writes. */
#pragma once

#include <stddef.h>
#include <systemd/sd-bus.h>

#include "ctl/request.h"

/* Each says what goes wrong, and returns 0, REQUEST_REFUSED or a negative errno. `file` is NAME.ics. */

/* Their names, cleaned, ending with NULL; the caller frees with texts_free(). */
int calendars_list(sd_bus *bus, const struct request *request, const char *person, char ***ret);
/* The caller frees the bytes, which have a NUL behind them. */
int calendars_get(sd_bus *bus, const struct request *request, const char *person, const char *file, char **ret_bytes,
                  size_t *ret_size);
int calendars_put(sd_bus *bus, const struct request *request, const char *person, const char *file, const char *bytes,
                  size_t size);
