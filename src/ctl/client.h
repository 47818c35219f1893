/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calling dosed, and saying in one sentence what to do where it refuses or is not there. */
#pragma once

#include <systemd/sd-bus.h>

#include "ctl/request.h"

#define CLIENT_NAME "org.dosed.Dosed1"
#define CLIENT_ROOT "/org/dosed/Dosed1"
#define CLIENT_MANAGER "org.dosed.Dosed1.Manager"
#define CLIENT_DOSE "org.dosed.Dosed1.Dose"
#define CLIENT_PERSON "org.dosed.Dosed1.Person"
#define CLIENT_OUTBOX "org.dosed.Dosed1.Outbox"
#define CLIENT_ERROR "org.dosed.Dosed1.Error."

/* Opens the bus that --user or --system asks for. Returns 0, REQUEST_REFUSED (said by then) or a negative errno. */
int client_open(const struct request *request, sd_bus **ret);

/* The same only where dosed runs, which is neither started nor missed aloud: else NULL. Returns 0 or -ENOMEM. */
int client_open_running(const struct request *request, sd_bus **ret);

/* --person, or "": everyone the caller may see. */
const char *client_person(const struct request *request);

/* Returns 0 or a negative errno. */
int client_new_call(sd_bus *bus, const char *path, const char *interface, const char *member, sd_bus_message **ret);

/*
 * Sends it and waits for the answer; what goes wrong is said. Returns 0, REQUEST_REFUSED or a negative errno. `ret` may
 * be NULL.
 */
int client_call(sd_bus *bus, const struct request *request, sd_bus_message *call, sd_bus_message **ret);

/* For whoever used sd_bus_call(): says the error, of what (`about`) unless NULL. Returns as client_call(). */
int client_refused(const struct request *request, const char *about, int r, const sd_bus_error *error);

/* The same without arguments. */
int client_call_simple(sd_bus *bus, const struct request *request, const char *path, const char *interface,
                       const char *member);

/* A property of the manager; the message stands before its value. Returns as client_call(). */
int client_get_property(sd_bus *bus, const struct request *request, const char *name, const char *type,
                        sd_bus_message **ret);

/* Manager.Degraded or Manager.People, cleaned, ending with NULL. Returns as client_call(). */
int client_get_texts(sd_bus *bus, const struct request *request, const char *name, char ***ret);

/* One sentence: what the daemon said, and what to do next. Returns 0 or -ENOMEM; the caller frees. */
int client_explain(const struct request *request, const sd_bus_error *error, char **ret);
