/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of a configuration that are lists: names, folders, times, events, and the words of a command. */
#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/limits.h"
#include "dosed/telling.h"
#include "dosed/text.h"

int config_words_add(struct config_words *words, const char *text) {
        char **items = reallocarray(words->items, words->n_items + 1, sizeof(*items));
        int r;

        if (!items)
                return -ENOMEM;
        words->items = items;
        r = text_copy(text, &items[words->n_items]);
        if (r < 0)
                return r;
        words->n_items++;
        return 0;
}

bool config_words_have(const struct config_words *words, const char *text) {
        for (size_t i = 0; i < words->n_items; i++)
                if (strcmp(words->items[i], text) == 0)
                        return true;
        return false;
}

/* Cuts the next item off a list: what stands between commas, without blanks about it. NULL: no more. */
static char *next_item(char **rest) {
        char *item = *rest, *comma, *end;

        if (!item)
                return NULL;
        comma = strchr(item, ',');
        *rest = comma ? comma + 1 : NULL;
        end = comma ? comma : item + strlen(item);
        while (end > item && strchr(CONFIG_BLANKS, end[-1]))
                end--;
        *end = '\0';
        return item + strspn(item, CONFIG_BLANKS);
}

/* Calls for each item; an empty one is what a comma at the end of a line leaves. */
static int each_item(struct config_parse *parse, const struct config_key *key, void *target, const char *value,
                     int (*take)(struct config_parse *parse, const struct config_key *key, void *target, char *item)) {
        _cleanup_(free_p) char *copy = NULL;
        char *rest, *item;
        int r;

        r = text_copy(value, &copy);
        for (rest = copy; r >= 0 && (item = next_item(&rest));)
                if (*item != '\0')
                        r = take(parse, key, target, item);
        return r;
}

static int take_name(struct config_parse *parse, const struct config_key *key, void *target, char *item) {
        struct config_words *words = target;

        if (words->n_items >= LIMIT_CONFIG_NAMES)
                config_complain(parse, "%s can have at most %u names", key->name, LIMIT_CONFIG_NAMES);
        else if (!config_words_have(words, item))
                return config_words_add(words, item);
        return 0;
}

/* Whether they exist is looked at when everything was read (config-whole.c). */
int config_set_names(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        return each_item(parse, key, target, value, take_name);
}

static int take_user(struct config_parse *parse, const struct config_key *key, void *target, char *item) {
        if (config_user_is_good(item))
                return take_name(parse, key, target, item);
        config_complain(parse,
                        "%s: '%s' cannot be the name of a Unix user: write them as `id -un` says them, with commas "
                        "between",
                        key->name, item);
        return 0;
}

int config_set_users(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        return each_item(parse, key, target, value, take_user);
}

/* It, or below it: by its words, which must not lead out again. */
static bool is_below(const char *path, const char *folder) {
        size_t length = strlen(folder);

        if (strncmp(path, folder, length) != 0 || (path[length] != '\0' && path[length] != '/'))
                return false;
        for (const char *p = strstr(path, "/.."); p; p = strstr(p + 1, "/.."))
                if (p[3] == '\0' || p[3] == '/')
                        return false;
        return true;
}

/*
 * In a household the daemon keeps the plan files: a folder in somebody's home is hidden from its sandbox, and what a calendar
 * program writes there can be read by its owner only.
 */
static int check_keeping(struct config_parse *parse, const struct config_key *key, const struct config_person *person,
                         const char *path, bool *ret_is_kept) {
        _cleanup_(free_p) char *folder = NULL;
        int r;

        r = text_format(&folder, "%s/%s", parse->places->calendars, person->name);
        if (r < 0)
                return r;
        *ret_is_kept = is_below(path, folder);
        if (!*ret_is_kept)
                config_complain(parse,
                                "%s: the plan files of a household lie in %s: take the line out, and have them put there, "
                                "by dosectl or by what syncs as the user of dosed",
                                key->name, folder);
        return 0;
}

int config_set_folder(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        _cleanup_(free_p) char *path = NULL;
        struct config_words *folders = target;
        bool is_kept = true;
        int r;

        r = config_make_path(parse, value, &path);
        if (r < 0)
                return r;
        if (path[0] != '/') {
                config_complain(parse, "%s '%s' must be a folder's full path, or begin with ~/", key->name, value);
                return 0;
        }
        if (folders->n_items == LIMIT_PERSON_FOLDERS) {
                config_complain(parse, "a person can have at most %u folders: put some of them together",
                                LIMIT_PERSON_FOLDERS);
                return 0;
        }
        for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
                path[length - 1] = '\0';
        if (parse->places->is_system)
                r = check_keeping(parse, key, (struct config_person *) ((char *) target - key->offset), path, &is_kept);
        return r < 0 || !is_kept ? r : config_words_add(folders, path);
}

static int take_time(struct config_parse *parse, const struct config_key *key, void *target, char *item) {
        struct config_person *person = (struct config_person *) ((char *) target - key->offset);
        struct config_time *times;
        char *at = item + strcspn(item, "="), *end = at;
        int32_t at_sec = 0;

        if (*at == '=')
                at++;
        at += strspn(at, CONFIG_BLANKS);
        while (end > item && strchr(CONFIG_BLANKS, end[-1]))
                end--;
        if (end == item || !config_read_time_of_day(at, &at_sec)) {
                config_complain(parse, "%s: '%s' is no name with a time of day: write it as breakfast = 08:00",
                                key->name, item);
                return 0;
        }
        *end = '\0';
        for (size_t i = 0; i < person->n_times; i++)
                if (strcmp(person->times[i].name, item) == 0) {
                        config_complain(parse, "%s: '%s' was given already: keep one of them", key->name, item);
                        return 0;
                }
        if (person->n_times == LIMIT_PERSON_TIMES) {
                config_complain(parse, "%s can have at most %u names", key->name, LIMIT_PERSON_TIMES);
                return 0;
        }
        times = reallocarray(person->times, person->n_times + 1, sizeof(*times));
        if (!times)
                return -ENOMEM;
        person->times = times;
        times[person->n_times] = (struct config_time){ .at_sec = at_sec };
        return text_copy(item, &times[person->n_times++].name);
}

int config_set_times(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        if (!parse->is_continued)
                config_warn(parse, "nothing comes of %s yet in this version: it is checked, and kept", key->name);
        return each_item(parse, key, target, value, take_time);
}

/* What can be asked for, and what comes with it. */
struct wish {
        enum telling_event event;
        uint32_t tells;
        bool is_coming; /* nothing tells it yet */
};

/* Not confirmed is not confirmed, whether or not dosed could watch over it; who hears of it hears too when it is settled. */
static const struct wish caregiver_wishes[] = {
        { EVENT_MISSED, TELLS_WITH_MISSED, false },
        { EVENT_UNATTENDED, EVENT_BIT(EVENT_MISSED) | TELLS_WITH_MISSED, false },
        { EVENT_SKIPPED, EVENT_BIT(EVENT_RESOLVED), false },
        { EVENT_PLAN, 0, false },
        { EVENT_STOCK, 0, true },
        { EVENT_FINDING, 0, true },
        { EVENT_SYMPTOM, 0, true },
        { EVENT_SUMMARY, 0, false },
        { EVENT_DEGRADED, 0, false },
};

/* A hook that is to alarm somebody hears of what was unattended, whether or not somebody thought of it. */
static const struct wish hook_wishes[] = {
        { EVENT_DUE, 0, false },
        { EVENT_MISSED, EVENT_BIT(EVENT_UNATTENDED) | EVENT_BIT(EVENT_RESOLVED), false },
        { EVENT_UNATTENDED, EVENT_BIT(EVENT_RESOLVED), false },
        { EVENT_TAKEN, 0, false },
        { EVENT_SKIPPED, 0, false },
        { EVENT_SNOOZED, 0, false },
        { EVENT_RESOLVED, 0, false },
        { EVENT_PLAN, 0, false },
        { EVENT_STOCK, 0, true },
        { EVENT_FINDING, 0, true },
        { EVENT_SYMPTOM, 0, true },
        { EVENT_DEGRADED, 0, false },
        { EVENT_HEARTBEAT, 0, false },
};

static void refuse_event(struct config_parse *parse, const struct config_key *key, const char *item,
                         const struct wish *wishes, size_t n_wishes) {
        const char *names[_EVENT_MAX];
        char list[256] = "", hint[CONFIG_HINT_SIZE];

        for (size_t i = 0; i < n_wishes; i++) {
                size_t length = strlen(list);

                names[i] = telling_event_to_string(wishes[i].event);
                (void) snprintf(list + length, sizeof(list) - length, "%s%s", i == 0 ? "" : ", ", names[i]);
        }
        config_complain(parse, "%s: '%s' is nothing that is told: write some of %s%s", key->name, item, list,
                        config_hint(hint, item, names, n_wishes));
}

/* Words between commas or blanks. */
static int take_events(struct config_parse *parse, const struct config_key *key, uint32_t *tells, const char *value,
                       const struct wish *wishes, size_t n_wishes) {
        _cleanup_(free_p) char *copy = NULL;
        char *state, *item;
        int r;

        r = text_copy(value, &copy);
        if (r < 0)
                return r;
        for (item = strtok_r(copy, "," CONFIG_BLANKS, &state); item; item = strtok_r(NULL, "," CONFIG_BLANKS, &state)) {
                size_t i;

                for (i = 0; i < n_wishes; i++)
                        if (strcmp(telling_event_to_string(wishes[i].event), item) == 0)
                                break;
                if (i == n_wishes) {
                        refuse_event(parse, key, item, wishes, n_wishes);
                        continue;
                }
                if (wishes[i].is_coming)
                        config_warn(parse, "%s: nothing comes of '%s' yet in this version: it is checked, and kept",
                                    key->name, item);
                *tells |= EVENT_BIT(wishes[i].event) | wishes[i].tells;
        }
        return 0;
}

int config_set_tell(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        uint32_t *tells = target;

        if (strcmp(value, "none") == 0) { /* a drop-in takes back what was to be told */
                *tells = 0;
                return 0;
        }
        return take_events(parse, key, tells, value, caregiver_wishes, ELEMENTS(caregiver_wishes));
}

int config_set_on(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        return take_events(parse, key, target, value, hook_wishes, ELEMENTS(hook_wishes));
}
