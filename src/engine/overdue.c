/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A journey or an edit went past the time of doses that were still to come: of each medication the last is due now. */
#include <string.h>

#include "engine/private.h"

/* How far back such a time may lie: for a journey the reach of zones, for a dose that was dragged by hand a week. */
#define REACH (8 * USEC_PER_DAY)

struct overdue {
        struct slot *slot;
        struct occurrence occurrence;
};

struct overdue_list {
        struct overdue *items;
        size_t n_items;
};

static void overdue_list_done(struct overdue_list *list) {
        free(list->items);
}

static int overdue_list_add(struct overdue_list *list, struct slot *slot, const struct occurrence *occurrence) {
        struct overdue *items = reallocarray(list->items, list->n_items + 1, sizeof(*items));

        if (!items)
                return -ENOMEM;
        list->items = items;
        items[list->n_items++] = (struct overdue){ .slot = slot, .occurrence = *occurrence };
        return 0;
}

/* Taken early, or open since an edit: it is not to come any more. */
static int is_answered(struct engine *engine, const struct slot *slot, const struct occurrence *occurrence, bool *ret) {
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        int r;

        r = live_copy_known(engine, slot, occurrence, &dose);
        *ret = dose && dose->state != DOSE_UPCOMING;
        return r;
}

/*
 * The occurrence as the former clock had it. On a journey that may be another one, due at the same instant there, whose name
 * stood for both: in Apia the times of 30 December 2011, a day that never was, are those of the 31st.
 */
static int find_before(const struct slot *slot, const struct wall_clock *former, const struct occurrence *occurrence,
                       struct occurrence *ret) {
        char recurrence_id[CIVIL_TEXT_SIZE];
        usec_t at_usec;
        int r;

        r = schedule_find(slot->former, former, occurrence_format_id(occurrence, recurrence_id), ret);
        if (r != SCHEDULE_NO_OCCURRENCE || slot->former != slot->schedule)
                return r;
        at_usec = zone_from_wall(former->zone, zone_to_wall(slot->person->clock.zone, occurrence->due_usec), NULL);
        r = schedule_next(slot->former, former, at_usec, ret);
        return r == 0 && ret->due_usec != at_usec ? SCHEDULE_NO_OCCURRENCE : r;
}

static int find_overdue(struct engine *engine, struct slot *slot, const struct wall_clock *former, usec_t now_usec,
                        struct overdue_list *list) {
        usec_t at_usec = now_usec - (slot->former == slot->schedule ? ZONE_REACH : REACH);

        for (;;) {
                struct occurrence occurrence, before;
                bool answered = false;
                int r;

                r = schedule_next(slot->schedule, &slot->person->clock, at_usec, &occurrence);
                if (r < 0)
                        return r;
                if (r > 0 || occurrence.due_usec > now_usec)
                        return 0;
                at_usec = occurrence.due_usec + 1;

                r = find_before(slot, former, &occurrence, &before);
                if (r < 0)
                        return r;
                if (r > 0 || before.due_usec <= now_usec)
                        continue;
                r = is_answered(engine, slot, &occurrence, &answered);
                if (r >= 0 && !answered)
                        r = is_answered(engine, slot, &before, &answered);
                if (r >= 0 && !answered)
                        r = overdue_list_add(list, slot, &occurrence);
                if (r < 0)
                        return r;
        }
}

/* Of a schedule after taken only the first dose has a time that can be passed over; else it would begin a step later. */
static int find_overdue_start(struct engine *engine, struct slot *slot, const struct wall_clock *former,
                              usec_t now_usec, struct overdue_list *list) {
        usec_t half_usec = slot->schedule->after_taken_usec / 2;
        struct occurrence start, before;
        bool awaits;
        int r;

        if (slot->schedule->after_taken_usec == 0 || slot->former->after_taken_usec == 0)
                return 0;
        r = schedule_next(slot->former, former, now_usec + 1, &before);
        if (r == 0)
                r = schedule_next(slot->schedule, &slot->person->clock, INT64_MIN, &start);
        if (r != 0)
                return r < 0 ? r : 0;
        if (start.due_usec > now_usec || start.due_usec < now_usec - REACH)
                return 0;
        /* An edit may also begin it anew, elsewhere. */
        if (slot->former != slot->schedule && start.due_usec < before.due_usec - half_usec)
                return 0;
        r = after_taken_awaits_start(engine, slot, now_usec, &awaits);
        return r < 0 || !awaits ? r : overdue_list_add(list, slot, &start);
}

int occurrence_make_due(struct engine *engine, struct slot *slot, const struct occurrence *occurrence, usec_t now_usec) {
        struct occurrence due = *occurrence;
        struct live_dose *live;
        int r;

        due.end_usec += now_usec - due.due_usec;
        due.due_usec = now_usec;
        r = live_from_occurrence(engine, slot, &due, &live);
        if (r < 0)
                return r;
        r = live_touch(engine, live);
        if (r < 0)
                return r;
        if (!live->in_ledger)
                return live_step(engine, live, now_usec);
        /* Recorded early, or open already; or waiting, and the ledger has its former time. */
        return live->dose->state == DOSE_UPCOMING ? live_move(engine, live, slot, &due, now_usec) : 0;
}

static int pass_over(struct engine *engine, struct slot *slot, const struct occurrence *occurrence, usec_t now_usec) {
        struct live_dose *live;
        int r;

        r = live_from_occurrence(engine, slot, occurrence, &live);
        if (r < 0)
                return r;
        r = live_touch(engine, live);
        if (r < 0 || live->dose->state != DOSE_UPCOMING)
                return r;
        return live_withdraw(engine, live, "its time was passed over, a later dose is due", now_usec);
}

static int medication_make_overdue_due(struct engine *engine, struct medication *medication,
                                       const struct wall_clock *former, usec_t now_usec) {
        _cleanup_(overdue_list_done) struct overdue_list list = {};
        usec_t last_usec = INT64_MIN;
        int r;

        for (size_t i = 0; i < medication->n_slots; i++) {
                struct slot *slot = medication->slots[i];

                if (!slot->is_changed || !slot->former)
                        continue;
                if (slot->former->after_taken_usec == 0 && slot->schedule->after_taken_usec == 0)
                        r = find_overdue(engine, slot, former, now_usec, &list);
                else
                        r = find_overdue_start(engine, slot, former, now_usec, &list);
                if (r < 0)
                        return r;
        }

        for (size_t i = 0; i < list.n_items; i++)
                if (list.items[i].occurrence.due_usec > last_usec)
                        last_usec = list.items[i].occurrence.due_usec;
        for (size_t i = 0; i < list.n_items; i++) {
                const struct overdue *item = &list.items[i];

                if (item->occurrence.due_usec == last_usec)
                        r = occurrence_make_due(engine, item->slot, &item->occurrence, now_usec);
                else
                        r = pass_over(engine, item->slot, &item->occurrence, now_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}

int person_make_overdue_due(struct engine *engine, struct person *person, const struct wall_clock *former,
                            usec_t now_usec) {
        struct medication *medication, *next;
        int r;

        HASH_ITER(hh, person->medications, medication, next) {
                r = medication_make_overdue_due(engine, medication, former, now_usec);
                if (r < 0)
                        return r;
        }
        return 0;
}
