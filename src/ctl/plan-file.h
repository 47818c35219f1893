/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan file that somebody names, read as the daemon would. */
#pragma once

#include "ctl/request.h"
#include "dosed/calendar.h"
#include "dosed/problem.h"

/*
 * Reads the file. What is wrong with it, also that it cannot be opened, is added to the problems under the name given.
 * Returns 0, CALENDAR_UNUSABLE or a negative errno.
 */
int plan_file_read(const struct request *request, const char *name, struct calendar **ret, struct problems *problems);
