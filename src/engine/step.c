/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One step: what time alone decides, written in one transaction, then told. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/window.h"
#include "engine/private.h"

static int enter(struct engine *engine, struct live_dose *live, enum entry_kind kind, enum dose_state state,
                 usec_t now_usec) {
        const struct entry entry = { .kind = kind, .state = state, .recorded_usec = now_usec };

        return live_enter(engine, live, &entry);
}

/* Missed by the clock of where the person was; where they are now its time may be still to come. */
static int miss(struct engine *engine, struct live_dose *live, usec_t now_usec) {
        struct slot *slot = person_find_slot(live->person, live->dose->uid);
        struct occurrence occurrence;
        int r;

        r = enter(engine, live, ENTRY_MISSED, DOSE_MISSED, now_usec);
        if (r < 0 || !slot || slot->schedule->after_taken_usec > 0)
                return r;
        r = slot_find(slot, live->dose->recurrence_id, &occurrence);
        if (r != 0 || occurrence.due_usec < now_usec)
                return r < 0 ? r : 0;
        return live_travel(engine, live, slot, &occurrence, DOSE_UPCOMING, now_usec);
}

int live_step(struct engine *engine, struct live_dose *live, usec_t now_usec) {
        struct dose *dose = live->dose;
        bool is_over = now_usec >= dose->window_end_usec;
        int r = 0;

        if (is_over && now_usec < engine->hold_usec &&
            (dose_is_open(dose) || (dose->state == DOSE_UPCOMING && now_usec >= dose->due_usec)))
                return heap_set(&engine->heap, &live->timer.node, engine->hold_usec);
        /* Nobody knows what became of it: nothing is said of it. */
        if (is_over && !live->in_ledger && dose_record_is_lost(engine, dose)) {
                heap_remove(&engine->heap, &live->timer.node);
                return 0;
        }

        /* It waited far ahead, out of reach of the edit that lost it; or a journey made it one with another. */
        if (dose->state == DOSE_UPCOMING && live->in_ledger) {
                bool is_lost;

                r = live_is_lost(live, &is_lost);
                if (r >= 0 && is_lost)
                        return now_usec >= dose->due_usec ? live_withdraw(engine, live, "taken off the plan", now_usec)
                                                          : heap_set(&engine->heap, &live->timer.node, dose->due_usec);
                if (r < 0)
                        return r;
        }
        if (dose->state == DOSE_UPCOMING && now_usec >= dose->due_usec) {
                live->group_usec = group_of(dose->due_usec, now_usec);
                if (is_over)
                        r = enter(engine, live, ENTRY_UNATTENDED, DOSE_UNATTENDED, now_usec);
                else
                        r = enter(engine, live, ENTRY_DUE, DOSE_DUE, now_usec);
        } else if (dose_is_open(dose) && is_over)
                r = miss(engine, live, now_usec);
        if (r < 0)
                return r;

        if (dose->state == DOSE_SNOOZED && now_usec >= dose->snoozed_until_usec)
                r = enter(engine, live, ENTRY_REMINDED, DOSE_DUE, now_usec);
        else if ((dose->state == DOSE_UPCOMING || dose->state == DOSE_DUE) &&
                 live_rings_now(engine, live, now_usec))
                r = enter(engine, live, ENTRY_REMINDED, dose->state, now_usec);
        if (r < 0)
                return r;

        return live_set_timer(engine, live);
}

/*
 * It has entries, and is to come all the same: the person has travelled since, or the plan has it after all and it was out of
 * an edit's reach.
 */
static bool is_behind_plan(const struct live_dose *live, const struct slot *slot) {
        if (live->dose->state == DOSE_UPCOMING)
                return live->in_ledger && live->dose->due_usec != slot->next.due_usec;
        if (dose_is_settled_by_time(live->dose))
                return slot->schedule->after_taken_usec == 0 && live->dose->due_usec < slot->next.due_usec;
        return live->dose->state == DOSE_MOVED || dose_is_off_plan(live->dose);
}

/*
 * The slot's occurrence becomes a dose, unless the ledger has settled it, and waits in hand for its alarms and its time; the slot
 * goes on to the next one, whose alarms may be earlier still.
 */
static int slot_step(struct engine *engine, struct slot *slot, usec_t now_usec) {
        struct live_dose *live;
        usec_t at_usec;
        int r;

        r = live_from_occurrence(engine, slot, &slot->next, &live);
        if (r < 0)
                return r;
        r = live_touch(engine, live); /* so that it is let go of where nothing is open */
        if (r < 0)
                return r;
        if (is_behind_plan(live, slot)) {
                r = dose_is_settled_by_time(live->dose)
                            ? live_travel(engine, live, slot, &slot->next, DOSE_UPCOMING, now_usec)
                            : live_retime(engine, live, slot, &slot->next, DOSE_UPCOMING, now_usec);
                if (r < 0)
                        return r;
        }
        r = live_step(engine, live, now_usec);
        if (r < 0)
                return r;

        if (slot->schedule->after_taken_usec == 0)
                return slot_seek(engine, slot, slot->next.due_usec + 1, now_usec);
        /* Nothing is said of it: on to the one after it. */
        if (live->dose->state == DOSE_UPCOMING && !live->in_ledger && live->timer.node.position == 0)
                return slot_seek(engine, slot, slot->next.due_usec + 1, now_usec);
        /* What follows is not known before this one is answered: the slot itself waits for it. */
        if (live->dose->state == DOSE_UPCOMING && !live->in_ledger) {
                at_usec = live->timer.node.at_usec;
                heap_remove(&engine->heap, &live->timer.node);
                return heap_set(&engine->heap, &slot->timer.node, at_usec);
        }
        /* What follows was worked out when the dose changed; one that the ledger had settled has no more to say. */
        if (slot->timer.node.position > 0 && slot->timer.node.at_usec <= now_usec && !live->changed) {
                slot->has_next = false;
                heap_remove(&engine->heap, &slot->timer.node);
        }
        return 0;
}

/* What comes at the same moment is told in the order of due times, then of ids: never by chance. */
static int compare_touched(const void *a, const void *b) {
        const struct live_dose *const *first = a, *const *second = b;

        if ((*first)->dose->due_usec != (*second)->dose->due_usec)
                return (*first)->dose->due_usec < (*second)->dose->due_usec ? -1 : 1;
        return strcmp((*first)->id, (*second)->id);
}

/* While a clock is corrected, which of those that follow what was taken are to come is known at the end only. */
static bool may_be_dropped(const struct live_dose *live) {
        const struct slot *slot = live->person->corrects ? person_find_slot(live->person, live->dose->uid) : NULL;

        return slot && slot->schedule->after_taken_usec > 0 && live->dose->state == DOSE_UPCOMING;
}

static void tell(struct engine *engine, usec_t now_usec) {
        if (engine->n_touched > 1)
                qsort(engine->touched, engine->n_touched, sizeof(*engine->touched), compare_touched);

        for (size_t i = 0; i < engine->n_touched; i++) {
                struct live_dose *live = engine->touched[i];
                struct dose_view view;

                /* What cannot be looked at now is told of at the next change. */
                if ((!live->changed && !live->rings) || live_view(engine, live, now_usec, &view) < 0)
                        continue;
                if (live->changed && live->dose->state != DOSE_MOVED && !may_be_dropped(live))
                        engine->observer.dose_changed(engine->userdata, &view);
                if (live->rings)
                        engine->observer.reminder(engine->userdata, &view);
        }
}

/* What is settled and safely written is known to the ledger from now on, and to the plan what has no entries. */
static void let_go(struct engine *engine) {
        bool is_flushed = store_is_flushed(engine->store);
        size_t kept = 0;

        for (size_t i = 0; i < engine->n_touched; i++) {
                struct live_dose *live = engine->touched[i];
                bool waits = live_waits(live);

                live->changed = live->rings = false;
                if (!waits && live->in_ledger && !is_flushed) {
                        engine->touched[kept++] = live;
                        continue;
                }
                live->is_touched = false;
                if (!waits)
                        live_free(engine, live);
        }
        engine->n_touched = kept;
}

/* What waits for a clock that is trusted was not carried out. */
static usec_t carried_out_until(const struct engine *engine, const struct person *person, usec_t until_usec) {
        const struct live_dose *live;

        for (live = engine->live; live; live = live->hh.next)
                if (live->person == person && live->dose->state == DOSE_UPCOMING && live->dose->due_usec <= until_usec)
                        until_usec = live->dose->due_usec - 1;
        for (size_t i = 0; i < person->n_slots; i++)
                if (person->slots[i]->has_next && person->slots[i]->next.due_usec <= until_usec)
                        until_usec = person->slots[i]->next.due_usec - 1;
        return until_usec;
}

/* Only a clock that was ahead lowers it (clock.c): what was carried out is never to be done again. */
static void raise_marks(struct engine *engine, usec_t until_usec) {
        for (size_t i = 0; i < engine->n_people; i++) {
                struct person *person = engine->people[i];
                usec_t mark_usec =
                        until_usec < engine->hold_usec ? carried_out_until(engine, person, until_usec) : until_usec;

                if (mark_usec > person->mark_usec)
                        person->mark_usec = mark_usec;
        }
}

int engine_forgive_ledger(struct engine *engine, int r) {
        if (r != -EIO)
                return r;
        return engine_set_degraded(engine, "ledger",
                                   "The ledger cannot be read: check what was taken before taking anything. Look at "
                                   "dosed.db in the state folder, put a backup in its place, and restart dosed");
}

/* What was done is told with it: both are written, or neither. */
static int look_at_changes(struct engine *engine, usec_t now_usec) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < engine->n_touched; i++) {
                struct live_dose *live = engine->touched[i];

                if (live->changed)
                        r = ladder_look(engine, live->dose, NULL, now_usec);
                if (r >= 0 && live_waits(live))
                        r = ladder_alarms(engine, live, now_usec);
        }
        return r < 0 ? r : outbox_step(engine, now_usec);
}

int engine_finish(struct engine *engine, usec_t now_usec) {
        int r;

        r = look_at_changes(engine, now_usec);
        if (r < 0)
                return r;
        if (!store_is_flushed(engine->store)) {
                const struct heap_node *first = heap_first(&engine->heap);

                /* Everything before the first thing that still waits is done. */
                raise_marks(engine, first && first->at_usec <= now_usec ? first->at_usec - 1 : now_usec);
                for (size_t i = 0; i < engine->n_people; i++) {
                        r = engine->people[i]->corrects ? 0 : person_keep_mark(engine, engine->people[i]);
                        if (r < 0)
                                return r;
                }
        }

        r = store_flush(engine->store);
        if (r < 0 && r != -EIO)
                return r;
        r = engine_set_degraded(engine, "store",
                                r == 0 ? NULL
                                       : "The ledger cannot be written: what is recorded now is kept in memory only. "
                                         "Is the disk full?");
        if (r < 0)
                return r;

        tell(engine, now_usec);
        let_go(engine);
        outbox_let_go(engine);

        if (engine->degraded_changed) {
                engine->degraded_changed = false;
                r = announce_degraded(engine, now_usec);
                engine->observer.degraded(engine->userdata);
        }
        if (engine->outbox.has_news) {
                engine->outbox.has_news = false;
                if (engine->observer.message_queued)
                        engine->observer.message_queued(engine->userdata);
        }
        return r < 0 ? r : 0;
}

/* So many that neither the changes nor what is told of them stall the loop. */
static unsigned step_changes(const struct engine *engine) {
        size_t n_recipients = engine->outbox.n_recipients;
        size_t n = n_recipients > 0 ? LIMIT_STEP_TELLINGS / n_recipients : LIMIT_STEP_CHANGES;

        return n == 0 ? 1 : n < LIMIT_STEP_CHANGES ? (unsigned) n : LIMIT_STEP_CHANGES;
}

int engine_step(struct engine *engine, usec_t now_usec, usec_t *ret_next_usec) {
        struct heap_node *first;
        int r;

        r = engine_correct_clock(engine, now_usec);
        if (r >= 0)
                r = engine_release_held(engine, now_usec);
        if (r < 0)
                return r;

        for (unsigned n = step_changes(engine); n > 0; n--) {
                struct timer *timer;

                first = heap_first(&engine->heap);
                if (!first || first->at_usec > now_usec)
                        break;

                timer = (struct timer *) first;
                switch (timer->kind) {
                case TIMER_SLOT:
                        r = slot_step(engine, (struct slot *) timer, now_usec);
                        break;
                case TIMER_DOSE:
                        r = live_step(engine, (struct live_dose *) timer, now_usec);
                        break;
                }
                if (r < 0)
                        return r;
        }

        r = engine_finish(engine, now_usec);
        if (r < 0)
                return r;

        first = heap_first(&engine->heap);
        *ret_next_usec = first ? first->at_usec : USEC_NEVER;
        if (outbox_next_usec(engine) < *ret_next_usec)
                *ret_next_usec = outbox_next_usec(engine);
        for (size_t i = 0; i < engine->n_people; i++)
                if (engine->people[i]->corrects && store_is_flushed(engine->store))
                        *ret_next_usec = now_usec;
        /* An unwritten ledger is tried again by itself. */
        if (!store_is_flushed(engine->store) && *ret_next_usec > now_usec + USEC_PER_MINUTE)
                *ret_next_usec = now_usec + USEC_PER_MINUTE;
        return 0;
}

int engine_catch_up(struct engine *engine, usec_t now_usec) {
        usec_t next_usec;
        int r;

        do {
                r = engine_step(engine, now_usec, &next_usec);
                if (r < 0)
                        return r;
        } while (next_usec <= now_usec);

        raise_marks(engine, now_usec);
        return 0;
}
