/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What reading asks of the alarms: how far they are from the doses. */
#pragma once

#include "dosed/schedule.h"

/*
 * How long after the start of its entry, which is as long as the span, an alarm rings that is not absolute, in days of 24 hours;
 * negative: before it.
 */
usec_t alarm_after_usec(const struct details *details, struct duration span, const struct alarm *alarm);

/* Whether they are those of a dose near enough to ring an absolute alarm of theirs. */
bool details_are_near(const struct schedule *schedule, const struct details *details, const struct wall_clock *clock,
                      usec_t at_usec);
