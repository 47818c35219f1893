/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Alarms that nobody hears: the window of their dose has ended by then. The calendar knows no windows. */
#pragma once

#include "ctl/request.h"
#include "dosed/calendar.h"
#include "dosed/problem.h"

/*
 * Adds a warning for each alarm that comes, also the first time, when the window of one of the next doses has ended: as windows
 * are where dosed.conf says nothing, and by the clock of this machine. Returns 0 or a negative errno.
 */
int unheard_warn(const struct request *request, const char *name, struct calendar *calendar, struct problems *problems);
