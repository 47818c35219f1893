/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From reminded doses to what notifications say of them. */
#include <string.h>

#include "dosed/civil.h"
#include "dosed/limits.h"
#include "dosed/reminders.h"
#include "dosed/text.h"

/* A reminder in its time comes within this of it. */
#define PUNCTUAL USEC_PER_SEC
/* Clocks of two machines differ; beyond it a record lies ahead because the clock was wrong, or is. */
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

static bool hidden_doses_hide(const struct hidden_doses *hidden, const struct reminded_dose *dose) {
        struct hidden_dose *found = dose->upcoming ? hidden_doses_find(hidden, dose->id) : NULL;

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

void reminder_format_time(int64_t at_wall_sec, int64_t read_wall_sec, char text[static REMINDER_TIME_SIZE]) {
        static const char *const days[_WEEKDAY_MAX] = { "Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun" };
        static const char *const months[] = { "Jan", "Feb", "Mar", "Apr", "May", "Jun",
                                              "Jul", "Aug", "Sep", "Oct", "Nov", "Dec" };
        struct civil c = civil_from_wall(at_wall_sec);

        if (wall_day(at_wall_sec) == wall_day(read_wall_sec))
                (void) snprintf(text, REMINDER_TIME_SIZE, "%02d:%02d", c.hour, c.minute);
        else
                (void) snprintf(text, REMINDER_TIME_SIZE, "%02d:%02d on %s %d %s", c.hour, c.minute,
                                days[day_weekday(wall_day(at_wall_sec))], c.day, months[c.month - 1]);
}

int64_t reminder_parse_time(const char *text) {
        struct civil c;

        if (!text ||
            sscanf(text, "%4d-%2d-%2dT%2d:%2d:%2d", &c.year, &c.month, &c.day, &c.hour, &c.minute, &c.second) != 6 ||
            !civil_is_valid(&c))
                return 0;
        return civil_to_wall(&c);
}

int reminder_format_name(const char *person, const char *title, char **ret) {
        _cleanup_(free_p) char *name = NULL, *cut = NULL;
        int r;

        if (!title)
                title = person ? "a medicine" : "A medicine";
        r = text_format(&name, "%s%s%s", person ? person : "", person ? ": " : "", title);
        if (r < 0)
                return r;
        if (strlen(name) > LIMIT_NOTIFY_NAME_BYTES) {
                text_cut(name, LIMIT_NOTIFY_NAME_BYTES);
                r = text_format(&cut, "%s…", name);
                if (r < 0)
                        return r;
                *ret = TAKE(cut);
                return 0;
        }
        *ret = TAKE(name);
        return 0;
}

/* The arrays grow, so that the texts are put in their place at the end. */
struct shown_dose {
        char *id;
        char due_text[REMINDER_TIME_SIZE];
};

void reminders_done(struct reminders *reminders) {
        for (size_t i = 0; i < reminders->n_doses; i++)
                free(reminders->owned[i].id);
        free(reminders->owned);
        free(reminders->doses);
        *reminders = (struct reminders){};
}

/* That it was taken is the better reason to look: it is known. */
static enum notify_check check_of(const struct reminded_dose *dose, usec_t now_usec) {
        if (dose->taken_before_usec != USEC_NONE)
                return dose->taken_before_usec > now_usec + AHEAD_TOLERANCE ? NOTIFY_CHECK_TAKEN_AHEAD
                                                                            : NOTIFY_CHECK_TAKEN;
        return dose->record_lost ? NOTIFY_CHECK_RECORD_LOST : NOTIFY_CHECK_NOTHING;
}

/* Doubled whenever a power of two is full. */
static int make_room(struct reminders *reminders) {
        size_t n = reminders->n_doses, room = n == 0 ? 1 : 2 * n;
        struct notify_dose *doses;
        struct shown_dose *owned;

        if ((n & (n - 1)) != 0)
                return 0;
        doses = reallocarray(reminders->doses, room, sizeof(*doses));
        if (!doses)
                return -ENOMEM;
        reminders->doses = doses;
        owned = reallocarray(reminders->owned, room, sizeof(*owned));
        if (!owned)
                return -ENOMEM;
        reminders->owned = owned;
        return 0;
}

int reminders_add(struct reminders *reminders, const struct reminded_dose *dose) {
        /* Between two reminders the words stay the same. */
        usec_t said_usec = dose->reminded_usec == USEC_NONE ? reminders->now_usec : dose->reminded_usec;
        enum notify_check check = check_of(dose, reminders->now_usec);
        usec_t ago_usec = check == NOTIFY_CHECK_TAKEN ? said_usec - dose->taken_before_usec : 0;
        struct shown_dose *owned;
        int r;

        if (hidden_doses_hide(reminders->hidden, dose))
                return 0;
        r = make_room(reminders);
        if (r < 0)
                return r;
        owned = &reminders->owned[reminders->n_doses];
        r = text_copy(dose->id, &owned->id);
        if (r < 0)
                return r;
        reminder_format_time(dose->due_wall_sec, dose->reminded_wall_sec, owned->due_text);
        reminders->doses[reminders->n_doses++] = (struct notify_dose){
                .person = reminders->names_people ? dose->person : NULL,
                .title = dose->confidential ? NULL : dose->title,
                .amount = dose->confidential ? NULL : dose->amount,
                .instructions = dose->confidential ? NULL : dose->instructions,
                .if_missed = dose->confidential ? NULL : dose->if_missed,
                .group_usec = dose->group_usec,
                .stands_alone = dose->stands_alone,
                .critical = dose->critical,
                .upcoming = dose->upcoming,
                .late = said_usec >= dose->due_usec + PUNCTUAL,
                .takeable = dose->takeable,
                .asks_amount = dose->asks_amount,
                .check = check,
                .taken_ago_usec = ago_usec > 0 ? ago_usec : 0,
                .reminders = dose->reminders,
        };
        return 0;
}

int reminders_show(struct reminders *reminders, struct notify *notify) {
        hidden_doses_forget_others(reminders->hidden);
        for (size_t i = 0; i < reminders->n_doses; i++) {
                reminders->doses[i].id = reminders->owned[i].id;
                reminders->doses[i].due_text = reminders->owned[i].due_text;
        }
        return notify_set_doses(notify, reminders->doses, reminders->n_doses);
}
