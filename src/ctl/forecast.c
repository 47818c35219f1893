/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The doses of several plan files in order of time. */
#include <string.h>

#include "ctl/forecast.h"
#include "dosed/window.h"

#define ITEM_OF(heap_node) ((struct forecast_item *) ((char *) (heap_node) -offsetof(struct forecast_item, node)))

void forecast_done(struct forecast *forecast) {
        heap_done(&forecast->heap);
        free(forecast->items);
        *forecast = (struct forecast){};
}

/* Puts the item at its first occurrence from then on, or takes it out where there is none. */
static int item_advance(struct forecast *forecast, struct forecast_item *item, usec_t from_usec) {
        int r;

        r = schedule_next(item->schedule, &forecast->clock, from_usec, &item->next);
        if (r < 0)
                return r;
        if (r == SCHEDULE_NO_OCCURRENCE) {
                heap_remove(&forecast->heap, &item->node);
                item->next.due_usec = USEC_NEVER;
                return 0;
        }
        return heap_set(&forecast->heap, &item->node, item->next.due_usec);
}

static int medication_compare(const void *a, const void *b) {
        const struct forecast_item *left = a, *right = b;

        return strcmp(left->schedule->medication, right->schedule->medication);
}

static int items_fill(struct forecast *forecast, struct calendar *const *calendars, size_t n_calendars) {
        size_t n = 0;

        for (size_t i = 0; i < n_calendars; i++)
                n += calendars[i]->n_schedules;
        forecast->items = calloc(n + 1, sizeof(*forecast->items));
        if (!forecast->items)
                return -ENOMEM;

        for (size_t i = 0; i < n_calendars; i++)
                for (size_t k = 0; k < calendars[i]->n_schedules; k++)
                        forecast->items[forecast->n_items++].schedule = calendars[i]->schedules[k];

        qsort(forecast->items, n, sizeof(*forecast->items), medication_compare);
        for (size_t i = 1; i < n; i++)
                forecast->items[i].medication = forecast->items[i - 1].medication +
                                                (medication_compare(&forecast->items[i - 1], &forecast->items[i]) != 0);
        return 0;
}

int forecast_init(struct forecast *forecast, struct calendar *const *calendars, size_t n_calendars,
                  const struct wall_clock *clock, usec_t from_usec) {
        int r;

        *forecast = (struct forecast){ .clock = *clock };
        r = items_fill(forecast, calendars, n_calendars);
        for (size_t i = 0; r >= 0 && i < forecast->n_items; i++)
                r = item_advance(forecast, &forecast->items[i], from_usec);
        if (r < 0)
                forecast_done(forecast);
        return r;
}

/* When this medication is due after that, under any of its schedules; USEC_NEVER where it is not. */
static int medication_next_due(const struct forecast *forecast, const struct forecast_item *item, usec_t due_usec,
                               usec_t *ret_usec) {
        const struct forecast_item *first = item, *end = forecast->items + forecast->n_items;
        usec_t earliest = USEC_NEVER;

        while (first > forecast->items && first[-1].medication == item->medication)
                first--;
        for (; first < end && first->medication == item->medication; first++) {
                struct occurrence next = first->next;

                /* Due at the same time: its next one is not known yet. */
                if (next.due_usec <= due_usec) {
                        int r;

                        r = schedule_next(first->schedule, &forecast->clock, due_usec + 1, &next);
                        if (r < 0)
                                return r;
                        if (r == SCHEDULE_NO_OCCURRENCE)
                                continue;
                }
                if (next.due_usec < earliest)
                        earliest = next.due_usec;
        }

        *ret_usec = earliest;
        return 0;
}

int forecast_next(struct forecast *forecast, usec_t until_usec, struct forecast_dose *ret) {
        static const struct dose_policy plain = {};
        struct heap_node *node = heap_first(&forecast->heap);
        struct forecast_dose dose;
        struct forecast_item *item;
        const struct stamp *stamp;
        usec_t next_due_usec, after_taken_usec;
        int r;

        if (!node || node->at_usec >= until_usec)
                return FORECAST_END;

        item = ITEM_OF(node);
        dose.occurrence = item->next;
        r = item_advance(forecast, item, dose.occurrence.due_usec + 1);
        if (r >= 0)
                r = medication_next_due(forecast, item, dose.occurrence.due_usec, &next_due_usec);
        if (r < 0)
                return r;

        /* As for the daemon: the one that follows is counted from when this one is due, until it is taken. */
        after_taken_usec = dose.occurrence.schedule->after_taken_usec;
        if (after_taken_usec > 0 && next_due_usec > dose.occurrence.due_usec + after_taken_usec)
                next_due_usec = dose.occurrence.due_usec + after_taken_usec;

        dose.window_end_usec = window_end(&plain, dose.occurrence.details, dose.occurrence.due_usec,
                                          dose.occurrence.end_usec, next_due_usec);
        stamp = &dose.occurrence.asked;
        dose.zone = stamp->kind == STAMP_ZONED ? stamp->zone : forecast->clock.zone;
        dose.wall_sec = zone_to_wall(dose.zone, dose.occurrence.due_usec);
        dose.asked_wall_sec = stamp_to_wall(stamp, &forecast->clock);

        *ret = dose;
        return 0;
}
