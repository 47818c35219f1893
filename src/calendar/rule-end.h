/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Where a rule ends, and what looking for its times costs. */
#pragma once

#include "calendar/rule.h"
#include "dosed/schedule.h"

/*
 * To be called once, when DTSTART is known; a second call does nothing. Walks a rule with COUNT to its end, so that later
 * searches can start anywhere, and ends one that is never due before its start, so that they are free. `counts_start`: DTSTART is
 * the first of an RRULE's count, also where it does not match. Returns the work (struct expansion) that this was, the longest
 * searches within the lives of its readers among it.
 */
uint64_t rule_end(struct rule *rule, const struct stamp *start, bool counts_start);

/* The first time of a rule, however it ends; false: none. Adds the work that this was. */
bool rule_first(const struct rule *rule, const struct stamp *start, int64_t *ret_wall_sec, uint64_t *work);

/*
 * Whether DTSTART counts for each of these RRULEs (RFC 5545 3.3.10, COUNT). Where one of several has it among its times it is
 * that one's, and the others have all that they promise: a course of four mornings and four evenings begins with a morning.
 * Adds the work that this was. To be asked before rule_end(), which settles it: afterwards the answer means nothing.
 */
bool rules_count_start(struct rule *const *rules, size_t n_rules, const struct stamp *start, uint64_t *work);

/* How many times there may be on one day. */
unsigned rule_times_per_day(const struct rule *rule);

/* From one of its times to the next, where they are evenly spread around the clock; 0 where they are not. */
usec_t rule_spacing(const struct rule *rule);
