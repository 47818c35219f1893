/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Occurrences by the component of their schedule that speaks of them. */
#pragma once

#include "dosed/schedule.h"

/*
 * As schedule_next(), of those whose details these are: of the master, of an override, or of it and what it moves with
 * RANGE=THISANDFUTURE. What is due after `until_usec` is not looked for, but may be found.
 */
int schedule_next_of(const struct schedule *schedule, const struct details *details, const struct wall_clock *clock,
                     usec_t from_usec, usec_t until_usec, struct occurrence *ret);
