/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* An a(oa{sv}) as a list of doses. */
#include <string.h>

#include "agent/listed.h"
#include "dosed/text.h"

enum key_type {
        KEY_TEXT,  /* char * */
        KEY_LINES, /* the same, and may have several lines */
        KEY_TIME,  /* usec_t */
        KEY_COUNT, /* uint32_t */
        KEY_FLAG,  /* bool */
        _KEY_TYPE_MAX,
};

static const char *const signatures[_KEY_TYPE_MAX] = {
        [KEY_TEXT] = "s", [KEY_LINES] = "s", [KEY_TIME] = "t", [KEY_COUNT] = "u", [KEY_FLAG] = "b",
};

static const struct {
        const char *name;
        enum key_type type;
        size_t offset;
} keys[] = {
        { "id", KEY_TEXT, offsetof(struct listed_dose, id) },
        { "person", KEY_TEXT, offsetof(struct listed_dose, person) },
        { "medication", KEY_TEXT, offsetof(struct listed_dose, title) },
        { "amount", KEY_TEXT, offsetof(struct listed_dose, amount) },
        { "instructions", KEY_LINES, offsetof(struct listed_dose, instructions) },
        { "if-missed", KEY_LINES, offsetof(struct listed_dose, if_missed) },
        { "state", KEY_TEXT, offsetof(struct listed_dose, state) },
        { "local", KEY_TEXT, offsetof(struct listed_dose, local) },
        { "reminded-local", KEY_TEXT, offsetof(struct listed_dose, reminded_local) },
        { "due", KEY_TIME, offsetof(struct listed_dose, due_usec) },
        { "reminded-at", KEY_TIME, offsetof(struct listed_dose, reminded_usec) },
        { "taken-before", KEY_TIME, offsetof(struct listed_dose, taken_before_usec) },
        { "group", KEY_TIME, offsetof(struct listed_dose, group_usec) },
        { "reminders", KEY_COUNT, offsetof(struct listed_dose, reminders) },
        { "confidential", KEY_FLAG, offsetof(struct listed_dose, confidential) },
        { "critical", KEY_FLAG, offsetof(struct listed_dose, critical) },
        { "asks-amount", KEY_FLAG, offsetof(struct listed_dose, asks_amount) },
        { "stands-alone", KEY_FLAG, offsetof(struct listed_dose, stands_alone) },
        { "takeable", KEY_FLAG, offsetof(struct listed_dose, takeable) },
        { "record-lost", KEY_FLAG, offsetof(struct listed_dose, record_lost) },
};

static void listed_dose_done(struct listed_dose *dose) {
        for (size_t i = 0; i < ELEMENTS(keys); i++)
                if (signatures[keys[i].type][0] == 's')
                        free(*(char **) ((char *) dose + keys[i].offset));
        free(dose->path);
        *dose = (struct listed_dose){};
}

void listed_doses_done(struct listed_doses *doses) {
        for (size_t i = 0; i < doses->n_items; i++)
                listed_dose_done(&doses->items[i]);
        free(doses->items);
        *doses = (struct listed_doses){};
}

static int read_value(sd_bus_message *message, enum key_type type, void *field) {
        const char *raw;
        uint64_t time;
        char *text;
        int flag, r;

        switch (type) {
        case KEY_TEXT:
        case KEY_LINES:
                r = sd_bus_message_read_basic(message, 's', &raw);
                if (r < 0)
                        return r;
                r = type == KEY_LINES ? text_clean_lines(raw, &text) : text_clean(raw, &text);
                if (r < 0)
                        return r;
                free(*(char **) field);
                *(char **) field = text;
                return 0;
        case KEY_TIME:
                r = sd_bus_message_read_basic(message, 't', &time);
                if (r >= 0)
                        *(usec_t *) field = time > INT64_MAX / 2 ? INT64_MAX / 2 : (usec_t) time;
                return r;
        case KEY_FLAG:
                r = sd_bus_message_read_basic(message, 'b', &flag);
                if (r >= 0)
                        *(bool *) field = flag;
                return r;
        case KEY_COUNT:
                return sd_bus_message_read_basic(message, 'u', field);
        case _KEY_TYPE_MAX:
                break;
        }
        return -EINVAL;
}

static int read_entry(sd_bus_message *message, struct listed_dose *dose) {
        const char *name, *contents;
        int r;

        r = sd_bus_message_read_basic(message, 's', &name);
        if (r < 0)
                return r;
        r = sd_bus_message_peek_type(message, NULL, &contents);
        if (r < 0)
                return r;

        for (size_t i = 0; i < ELEMENTS(keys); i++) {
                if (strcmp(keys[i].name, name) != 0 || !text_equal(signatures[keys[i].type], contents))
                        continue;
                r = sd_bus_message_enter_container(message, 'v', contents);
                if (r >= 0)
                        r = read_value(message, keys[i].type, (char *) dose + keys[i].offset);
                return r < 0 ? r : sd_bus_message_exit_container(message);
        }
        return sd_bus_message_skip(message, "v");
}

static int read_details(sd_bus_message *message, struct listed_dose *dose) {
        int r;

        r = sd_bus_message_enter_container(message, 'a', "{sv}");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'e', "sv")) > 0) {
                r = read_entry(message, dose);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        return r < 0 ? r : sd_bus_message_exit_container(message);
}

/* There may be thousands of them: room is doubled whenever a power of two is full. */
static int make_room(struct listed_doses *doses) {
        size_t n = doses->n_items;
        struct listed_dose *items;

        if ((n & (n - 1)) == 0) {
                items = reallocarray(doses->items, n == 0 ? 1 : 2 * n, sizeof(*items));
                if (!items)
                        return -ENOMEM;
                doses->items = items;
        }
        doses->items[n] = (struct listed_dose){};
        return 0;
}

static int read_dose(sd_bus_message *message, struct listed_doses *doses) {
        struct listed_dose *dose;
        const char *path;
        int r;

        r = make_room(doses);
        if (r < 0)
                return r;
        dose = &doses->items[doses->n_items];

        r = sd_bus_message_read_basic(message, 'o', &path);
        if (r < 0)
                return r;
        r = text_copy(path, &dose->path);
        if (r >= 0)
                r = read_details(message, dose);
        if (r < 0 || !dose->id || !dose->title)
                listed_dose_done(dose);
        else
                doses->n_items++;
        return r;
}

int listed_doses_read(sd_bus_message *message, struct listed_doses *ret) {
        _cleanup_(listed_doses_done) struct listed_doses doses = {};
        int r;

        r = sd_bus_message_enter_container(message, 'a', "(oa{sv})");
        if (r < 0)
                return r;
        while ((r = sd_bus_message_enter_container(message, 'r', "oa{sv}")) > 0) {
                r = read_dose(message, &doses);
                if (r >= 0)
                        r = sd_bus_message_exit_container(message);
                if (r < 0)
                        return r;
        }
        if (r < 0)
                return r;

        *ret = doses;
        doses = (struct listed_doses){};
        return 0;
}

const struct listed_dose *listed_doses_find(const struct listed_doses *doses, const char *name) {
        for (size_t i = 0; i < doses->n_items; i++)
                if (strcmp(doses->items[i].id, name) == 0 || strcmp(doses->items[i].path, name) == 0)
                        return &doses->items[i];
        return NULL;
}

struct reminded_dose listed_dose_reminded(const struct listed_dose *dose) {
        return (struct reminded_dose){
                .id = dose->id,
                .person = dose->person,
                .title = dose->title,
                .amount = dose->amount,
                .instructions = dose->instructions,
                .if_missed = dose->if_missed,
                .confidential = dose->confidential,
                .due_usec = dose->due_usec,
                .reminded_usec = dose->reminded_usec,
                .due_wall_sec = reminder_parse_time(dose->local),
                .reminded_wall_sec = reminder_parse_time(dose->reminded_local),
                .group_usec = dose->group_usec,
                .taken_before_usec = dose->taken_before_usec,
                .record_lost = dose->record_lost,
                .takeable = dose->takeable,
                .upcoming = text_equal(dose->state, "upcoming"),
                .critical = dose->critical,
                .asks_amount = dose->asks_amount,
                .stands_alone = dose->stands_alone,
                .reminders = dose->reminders,
        };
}
