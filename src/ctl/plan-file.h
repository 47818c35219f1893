/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A plan file that somebody names, read as the daemon would. */
#pragma once

#include "ctl/request.h"
#include "dosed/calendar.h"
#include "dosed/problem.h"

/* The bytes of a file or pipe, with a NUL behind them; the caller frees. Returns 0 or a negative errno. */
int plan_file_bytes(const char *name, char **ret, size_t *ret_size);

/*
 * Reads the file. What is wrong with it, also that it cannot be opened, is added to the problems under the name given.
 * Returns 0, CALENDAR_UNUSABLE or a negative errno.
 */
int plan_file_read(const struct request *request, const char *name, struct calendar **ret, struct problems *problems);
/* The same with its bytes, where it can be used; the caller frees. */
int plan_file_load(const struct request *request, const char *name, char **ret_bytes, size_t *ret_size,
                   struct calendar **ret, struct problems *problems);

/* "metformin.ics", with or without folders in front: no medication is called so. */
bool plan_file_is_name(const char *text);
