/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the notifications are to say. */
#include <string.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "notify/content.h"
#include "notify/text.h"

static const char *const button_names[_BUTTON_MAX] = {
        [BUTTON_TAKEN] = "taken",   [BUTTON_ALL_TAKEN] = "all-taken", [BUTTON_ONE_BY_ONE] = "one-by-one",
        [BUTTON_SNOOZE] = "snooze", [BUTTON_LATER] = "later",         [BUTTON_SKIP] = "skip",
};

const char *button_to_string(enum button button) {
        return button_names[button];
}

int button_from_string(const char *text, enum button *ret) {
        for (enum button button = 0; button < _BUTTON_MAX; button++)
                if (strcmp(button_names[button], text) == 0) {
                        *ret = button;
                        return 0;
                }
        return -EINVAL;
}

struct content *content_ref(struct content *content) {
        content->n_references++;
        return content;
}

struct content *content_unref(struct content *content) {
        if (!content || --content->n_references > 0)
                return NULL;

        for (size_t i = 0; i < content->n_doses; i++)
                free(content->doses[i].id);
        free(content->doses);
        free(content->key);
        free(content->title);
        free(content->body);
        free(content);
        return NULL;
}

/* A content about `n_doses` doses that are filled in by content_name(). */
static int content_new(size_t n_doses, struct content **ret) {
        _cleanup_(content_unref_p) struct content *content = calloc(1, sizeof(*content));

        if (!content)
                return -ENOMEM;
        content->n_references = 1;
        content->doses = calloc(n_doses, sizeof(*content->doses));
        if (!content->doses)
                return -ENOMEM;

        *ret = TAKE(content);
        return 0;
}

static int content_name(struct content *content, const char *id, unsigned reminders) {
        struct content_dose dose = { .reminders = reminders };
        int r;

        r = text_copy(id, &dose.id);
        if (r < 0)
                return r;

        content->doses[content->n_doses++] = dose;
        return 0;
}

int content_new_notice(const char *key, const char *title, const char *text, bool critical, unsigned revision,
                       struct content **ret) {
        _cleanup_(content_unref_p) struct content *content = NULL;
        int r;

        r = content_new(1, &content);
        if (r < 0)
                return r;
        content->critical = critical;

        r = text_copy(key, &content->key);
        if (r < 0)
                return r;
        r = text_copy(title, &content->title);
        if (r < 0)
                return r;
        r = text_copy(text, &content->body);
        if (r < 0)
                return r;
        r = content_name(content, key, revision);
        if (r < 0)
                return r;

        *ret = TAKE(content);
        return 0;
}

unsigned content_reminders(const struct content *content, const char *id) {
        for (size_t i = 0; i < content->n_doses; i++)
                if (strcmp(content->doses[i].id, id) == 0)
                        return content->doses[i].reminders;
        return 0;
}

bool content_equal(const struct content *a, const struct content *b) {
        if (a->critical != b->critical || a->buttons != b->buttons || a->n_doses != b->n_doses ||
            strcmp(a->title, b->title) != 0 || strcmp(a->body, b->body) != 0)
                return false;

        for (size_t i = 0; i < a->n_doses; i++)
                if (strcmp(a->doses[i].id, b->doses[i].id) != 0 || a->doses[i].reminders != b->doses[i].reminders)
                        return false;
        return true;
}

void contents_done(struct contents *contents) {
        for (size_t i = 0; i < contents->n_items; i++)
                content_unref(contents->items[i]);
        free(contents->items);
        *contents = (struct contents){};
}

void split_done(struct split *split) {
        for (size_t i = 0; i < split->n_ids; i++)
                free(split->ids[i]);
        free(split->ids);
        *split = (struct split){};
}

bool split_has(const struct split *split, const char *id) {
        for (size_t i = 0; i < split->n_ids; i++)
                if (strcmp(split->ids[i], id) == 0)
                        return true;
        return false;
}

int split_add(struct split *split, const char *id) {
        char *copy;
        int r;

        if (split_has(split, id))
                return 0;

        if (!split->ids) {
                split->ids = calloc(LIMIT_NOTIFY_SPLIT, sizeof(*split->ids));
                if (!split->ids)
                        return -ENOMEM;
        }

        r = text_copy(id, &copy);
        if (r < 0)
                return r;

        if (split->n_ids == LIMIT_NOTIFY_SPLIT) {
                free(split->ids[0]);
                memmove(split->ids, split->ids + 1, --split->n_ids * sizeof(*split->ids));
        }
        split->ids[split->n_ids++] = copy;
        return 0;
}

/* What is grouped, by the first dose's index: the doses of one notification. */
struct group {
        const struct notify_dose **doses;
        size_t n_doses;
        bool alone;
};

static bool can_be_confirmed(const struct notify_dose *dose) {
        return dose->takeable && !dose->asks_amount && dose->check == NOTIFY_CHECK_NOTHING;
}

/* What is not due yet cannot be put off by minutes: it comes again in its time. */
static unsigned single_buttons(const struct notify_dose *dose) {
        return (can_be_confirmed(dose) ? 1u << BUTTON_TAKEN : 0) |
               (dose->upcoming ? 1u << BUTTON_LATER : 1u << BUTTON_SNOOZE) | 1u << BUTTON_SKIP;
}

static unsigned group_buttons(const struct group *group) {
        bool confirmable = group->n_doses <= LIMIT_NOTIFY_GROUP_DOSES;

        for (size_t i = 0; i < group->n_doses; i++)
                confirmable = confirmable && can_be_confirmed(group->doses[i]);

        return (confirmable ? 1u << BUTTON_ALL_TAKEN : 0) | 1u << BUTTON_ONE_BY_ONE | 1u << BUTTON_LATER;
}

/* The last open dose of a group keeps the group's key: its notification is replaced, not posted anew. */
static int group_key(const struct group *group, char **ret) {
        const struct notify_dose *first = group->doses[0];

        if (group->alone)
                return text_format(ret, "dose/%s", first->id);
        return text_format(ret, "group/%s/%lld", first->person ? first->person : "", (long long) first->group_usec);
}

static int content_new_group(const struct group *group, struct content **ret) {
        _cleanup_(content_unref_p) struct content *content = NULL;
        int r;

        r = content_new(group->n_doses, &content);
        if (r < 0)
                return r;
        r = group_key(group, &content->key);
        if (r < 0)
                return r;

        for (size_t i = 0; i < group->n_doses; i++) {
                r = content_name(content, group->doses[i]->id, group->doses[i]->reminders);
                if (r < 0)
                        return r;
                content->critical = content->critical || group->doses[i]->critical;
        }

        if (group->n_doses == 1) {
                content->buttons = single_buttons(group->doses[0]);
                r = text_make_single(group->doses[0], &content->title, &content->body);
        } else {
                content->buttons = group_buttons(group);
                r = text_make_group(group->doses, group->n_doses, &content->title, &content->body);
        }
        if (r < 0)
                return r;

        *ret = TAKE(content);
        return 0;
}

static bool group_takes(const struct group *group, const struct notify_dose *dose, bool alone) {
        const struct notify_dose *first = group->doses[0];

        return !alone && !group->alone && first->group_usec == dose->group_usec &&
               text_equal(first->person, dose->person);
}

/* Sorts the doses into groups, each in the place of its first dose. `groups` has room for LIMIT_NOTIFICATIONS. */
static int group_doses(const struct notify_dose *doses, size_t n_doses, const struct split *split,
                       struct group *groups, size_t *ret_n) {
        size_t n = 0;

        for (size_t i = 0; i < n_doses; i++) {
                bool alone = doses[i].stands_alone || split_has(split, doses[i].id);
                const struct notify_dose **members;
                size_t g = 0;

                while (g < n && !group_takes(&groups[g], &doses[i], alone))
                        g++;
                if (g == LIMIT_NOTIFICATIONS)
                        continue;

                members = reallocarray(groups[g].doses, groups[g].n_doses + 1, sizeof(*members));
                if (!members)
                        return -ENOMEM;
                groups[g].doses = members;
                members[groups[g].n_doses++] = &doses[i];
                if (g == n) {
                        groups[g].alone = alone;
                        n++;
                }
        }

        *ret_n = n;
        return 0;
}

int contents_make(const struct notify_dose *doses, size_t n_doses, const struct split *split, struct contents *ret) {
        struct group groups[LIMIT_NOTIFICATIONS] = {};
        _cleanup_(contents_done) struct contents contents = {};
        size_t n = 0;
        int r;

        r = group_doses(doses, n_doses, split, groups, &n);

        if (r >= 0 && n > 0) {
                contents.items = calloc(n, sizeof(*contents.items));
                if (!contents.items)
                        r = -ENOMEM;
        }
        for (size_t i = 0; r >= 0 && i < n; i++) {
                r = content_new_group(&groups[i], &contents.items[i]);
                if (r >= 0)
                        contents.n_items++;
        }

        for (size_t i = 0; i < ELEMENTS(groups); i++)
                free(groups[i].doses);
        if (r < 0)
                return r;

        *ret = contents;
        contents = (struct contents){};
        return 0;
}
