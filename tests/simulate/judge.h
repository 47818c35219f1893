/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What both halves of the judge use. */
#pragma once

#include "simulate.h"

enum presence {
        GONE,
        SHADOWED, /* due at the same instant as another one, which gives the dose its name */
        THERE,
};

enum presence judge_find(const struct schedule *schedule, const struct wall_clock *clock, const char *recurrence_id,
                         usec_t *ret_due_usec);
/* The dose as it was; NULL where the ledger did not have it. */
const struct dose *judge_find_before(const struct judgement *judgement, const char *id);
bool judge_is_by_plan(const struct dose *dose);
void judge_passed_done(struct judgement *judgement);

/* What was to come, and was put into the past. (judge-coming.c) */
void judge_coming(struct world *world, struct judgement *judgement, const struct schedule *former,
                  const struct wall_clock *former_clock, const struct schedule *schedule);
/* All of them, medication by medication. */
void judge_passed(struct world *world, struct judgement *judgement);
/* What time alone had settled, and a journey put ahead again, waits for its time; the rest stays settled. */
void judge_again(struct world *world, const struct judgement *judgement, const struct schedule *schedule,
                 const struct wall_clock *former_clock);
void judge_first(struct world *world, const struct judgement *judgement, const struct schedule *former,
                 const struct schedule *schedule);
