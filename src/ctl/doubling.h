/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whether what is to be added is in the plan already: then each would be reminded, and one of them end as not confirmed. */
#pragma once

#include <systemd/sd-bus.h>

#include "ctl/request.h"
#include "dosed/calendar.h"

/*
 * Refuses, unless --force was given, where a medication of the calendar has a dose at the same minute in the person's plan,
 * within a month of its first one. Returns 0, REQUEST_REFUSED (said by then) or a negative errno.
 */
int doubling_refuse(sd_bus *bus, const struct request *request, const char *person, const struct calendar *calendar);
