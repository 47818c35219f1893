/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A test mail that somebody asks for: sent by the way of the caregivers' mails, at once, and its answer told to who asked. */
#pragma once

#include <systemd/sd-bus.h>
#include <systemd/sd-event.h>

#include "daemon/config.h"
#include "dosed/bus.h"
#include "dosed/zone.h"

struct mail_tests;

int mail_tests_new(sd_event *event, struct mail_tests **ret);
/* What is under way is killed, and nobody is answered. */
struct mail_tests *mail_tests_free(struct mail_tests *tests);
DEFINE_CLEANUP(struct mail_tests *, mail_tests_free);

/* As bus_host.test_mail() says. */
int mail_tests_send(struct mail_tests *tests, const struct config *config, struct zones *zones, struct bus *bus,
                    const char *address, sd_bus_message *call, sd_bus_error *error);
