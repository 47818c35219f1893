/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The engine's reminded doses as notifications show them. */
#include <string.h>

#include "daemon/desktop-doses.h"
#include "dosed/text.h"

/* A reminder in its time comes within this of it. */
#define PUNCTUAL USEC_PER_SEC
/* Clocks of two machines differ; beyond it a record lies ahead because the clock was wrong. */
#define AHEAD_TOLERANCE USEC_PER_MINUTE

void hidden_doses_done(struct hidden_doses *hidden) {
        for (size_t i = 0; i < hidden->n_items; i++)
                free(hidden->items[i].id);
        free(hidden->items);
        *hidden = (struct hidden_doses){};
}

static struct hidden_dose *hidden_doses_find(const struct hidden_doses *hidden, const char *id) {
        for (size_t i = 0; i < hidden->n_items; i++)
                if (strcmp(hidden->items[i].id, id) == 0)
                        return &hidden->items[i];
        return NULL;
}

int hidden_doses_add(struct hidden_doses *hidden, const char *id, unsigned reminders) {
        struct hidden_dose *items, *found = hidden_doses_find(hidden, id);
        char *copy;
        int r;

        if (found) {
                found->reminders = reminders;
                return 0;
        }
        items = reallocarray(hidden->items, hidden->n_items + 1, sizeof(*items));
        if (!items)
                return -ENOMEM;
        hidden->items = items;
        r = text_copy(id, &copy);
        if (r < 0)
                return r;
        items[hidden->n_items++] = (struct hidden_dose){ .id = copy, .reminders = reminders };
        return 0;
}

static bool hidden_doses_hide(const struct hidden_doses *hidden, const char *id, const struct dose *dose) {
        struct hidden_dose *found = dose->state == DOSE_UPCOMING ? hidden_doses_find(hidden, id) : NULL;

        if (!found)
                return false;
        found->is_upcoming = true;
        return dose->reminders <= found->reminders;
}

/* Due, recorded, or gone from the plan: there is nothing to hide any more. */
static void hidden_doses_forget_others(struct hidden_doses *hidden) {
        size_t kept = 0;

        for (size_t i = 0; i < hidden->n_items; i++) {
                if (!hidden->items[i].is_upcoming) {
                        free(hidden->items[i].id);
                        continue;
                }
                hidden->items[i].is_upcoming = false;
                hidden->items[kept++] = hidden->items[i];
        }
        hidden->n_items = kept;
}

void desktop_format_time(const struct wall_clock *clock, usec_t at_usec, usec_t seen_usec, char text[static DESKTOP_TIME_SIZE]) {
        static const char *const days[_WEEKDAY_MAX] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        int64_t wall_sec = zone_to_wall(clock->zone, at_usec);
        struct civil c = civil_from_wall(wall_sec);

        if (wall_day(wall_sec) == wall_day(zone_to_wall(clock->zone, seen_usec)))
                (void) snprintf(text, DESKTOP_TIME_SIZE, "%02d:%02d", c.hour, c.minute);
        else
                (void) snprintf(text, DESKTOP_TIME_SIZE, "%02d:%02d on %s %d %s", c.hour, c.minute,
                                days[day_weekday(wall_day(wall_sec))], c.day, months[c.month - 1]);
}

/* What is to be up. The arrays grow, so that the texts are put in their place at the end. */
struct showing {
        struct engine *engine;
        struct hidden_doses *hidden;
        usec_t now_usec;
        struct shown_dose {
                char *id;
                char due_text[DESKTOP_TIME_SIZE];
        } *owned;
        struct notify_dose *doses;
        size_t n_doses;
};

static void showing_done(struct showing *showing) {
        for (size_t i = 0; i < showing->n_doses; i++)
                free(showing->owned[i].id);
        free(showing->owned);
        free(showing->doses);
}

/* That it was taken is the better reason to look: it is known. */
static enum notify_check check_of(const struct dose_view *view, usec_t now_usec) {
        if (view->taken_before_usec != USEC_NONE)
                return view->taken_before_usec > now_usec + AHEAD_TOLERANCE ? NOTIFY_CHECK_TAKEN_AHEAD
                                                                           : NOTIFY_CHECK_TAKEN;
        return view->record_lost ? NOTIFY_CHECK_RECORD_LOST : NOTIFY_CHECK_NOTHING;
}

static int show_dose(void *userdata, const struct dose_view *view) {
        struct showing *showing = userdata;
        const struct dose *dose = view->dose;
        /* Between two reminders the words stay the same. */
        usec_t said_usec = dose->reminded_usec == USEC_NONE ? showing->now_usec : dose->reminded_usec;
        enum notify_check check = check_of(view, showing->now_usec);
        usec_t ago_usec = check == NOTIFY_CHECK_TAKEN ? said_usec - view->taken_before_usec : 0;
        _cleanup_(free_p) char *id = NULL;
        struct notify_dose *doses;
        struct shown_dose *owned;
        int r;

        r = dose_id(dose, &id);
        if (r < 0)
                return r;
        if (hidden_doses_hide(showing->hidden, id, dose))
                return 0;

        doses = reallocarray(showing->doses, showing->n_doses + 1, sizeof(*doses));
        if (!doses)
                return -ENOMEM;
        showing->doses = doses;
        owned = reallocarray(showing->owned, showing->n_doses + 1, sizeof(*owned));
        if (!owned)
                return -ENOMEM;
        showing->owned = owned;

        owned[showing->n_doses].id = TAKE(id);
        desktop_format_time(view->clock, dose->due_usec, said_usec, owned[showing->n_doses].due_text);
        doses[showing->n_doses++] = (struct notify_dose){
                .person = engine_count_people(showing->engine) > 1 ? dose->person : NULL,
                .title = dose->confidential ? NULL : dose->title,
                .amount = dose->confidential ? NULL : dose->amount,
                .instructions = dose->confidential ? NULL : dose->instructions,
                .if_missed = dose->confidential ? NULL : dose->if_missed,
                .group_usec = view->group_usec,
                .stands_alone = dose->stands_alone,
                .critical = dose->critical,
                .upcoming = dose->state == DOSE_UPCOMING,
                .late = said_usec >= dose->due_usec + PUNCTUAL,
                .takeable = view->takeable,
                .asks_amount = dose->asks_amount,
                .check = check,
                .taken_ago_usec = ago_usec > 0 ? ago_usec : 0,
                .reminders = dose->reminders,
        };
        return 0;
}

int desktop_show_doses(struct engine *engine, struct notify *notify, struct hidden_doses *hidden, usec_t now_usec) {
        _cleanup_(showing_done) struct showing showing = { .engine = engine, .hidden = hidden, .now_usec = now_usec };
        int r;

        r = engine_visit_reminded(engine, now_usec, show_dose, &showing);
        if (r < 0)
                return r;
        hidden_doses_forget_others(hidden);

        for (size_t i = 0; i < showing.n_doses; i++) {
                showing.doses[i].id = showing.owned[i].id;
                showing.doses[i].due_text = showing.owned[i].due_text;
        }
        return notify_set_doses(notify, showing.doses, showing.n_doses);
}
