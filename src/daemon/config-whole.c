/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What is true of a configuration only as a whole: what refers to what, what goes without saying, and what comes to nothing. */
#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/text.h"

#define complain(mark, ...) config_complain_at(parse, mark, SEVERITY_ERROR, __VA_ARGS__)
#define warn(mark, ...) config_complain_at(parse, mark, SEVERITY_WARNING, __VA_ARGS__)

static bool was_given(const struct config_entry *entry, const char *key) {
        return config_find_key(entry, key)->file;
}

/* One person where the file names none, but not in a household; and for each the folder that goes without saying. */
static int complete_folders(struct config_parse *parse) {
        struct config *config = parse->config;
        bool is_alone = config->n_people == 0 && parse->places->user;
        int r = 0;

        if (is_alone)
                r = config_add_person(config, parse->places->user);
        if (r >= 0 && is_alone)
                r = config_words_add(&config->people[0].folders, parse->places->calendars);
        for (size_t i = 0; r >= 0 && i < config->n_people; i++) {
                _cleanup_(free_p) char *path = NULL;

                if (config->people[i].folders.n_items > 0)
                        continue;
                r = text_format(&path, "%s/%s", parse->places->calendars, config->people[i].name);
                if (r >= 0)
                        r = config_words_add(&config->people[i].folders, path);
        }
        return r;
}

static void check_windows(struct config_parse *parse) {
        const struct config_entry *entry = config_find_entry(parse, SECTION_DOSED, NULL);
        const struct config_mark *mark = config_find_key(entry, "window-min");

        if (parse->config->window_min_usec > parse->config->window_max_usec)
                complain(mark->file ? mark : config_find_key(entry, "window-max"),
                         "window-min is longer than window-max: make it shorter, or the other longer");
}

/* Every name of a list is one of the sections. */
static int check_names(struct config_parse *parse, const struct config_entry *entry, const char *key,
                       const struct config_words *words, enum config_section section) {
        _cleanup_(free_p) const char **known = calloc(parse->n_entries + 1, sizeof(*known));
        char hint[CONFIG_HINT_SIZE];
        size_t n = 0;

        if (!known)
                return -ENOMEM;
        for (size_t i = 0; i < parse->n_entries; i++)
                if (parse->entries[i]->section == section)
                        known[n++] = parse->entries[i]->name;
        for (size_t i = 0; i < words->n_items; i++)
                if (!config_find_entry(parse, section, words->items[i]))
                        complain(config_find_key(entry, key), "%s: there is no [%s %s]: add it, or take the name out%s",
                                 key, config_section_to_string(section), words->items[i],
                                 config_hint(hint, words->items[i], known, n));
        return 0;
}

static void clear_words(struct config_words *words) {
        while (words->n_items > 0)
                free(words->items[--words->n_items]);
}

static int add_all_caregivers(const struct config *config, struct config_person *person) {
        int r = 0;

        for (size_t i = 0; r >= 0 && i < config->n_caregivers; i++)
                r = config_words_add(&person->caregivers, config->caregivers[i].name);
        return r;
}

static int complete_person(struct config_parse *parse, struct config_person *person) {
        const struct config_entry *entry = config_find_entry(parse, SECTION_PERSON, person->name);
        struct config_words *caregivers = &person->caregivers;

        if (config_words_have(caregivers, "none")) {
                if (caregivers->n_items > 1)
                        complain(config_find_key(entry, "caregivers"),
                                 "caregivers has both none and somebody: keep one of them");
                clear_words(caregivers);
                return 0;
        }
        if (was_given(entry, "caregivers"))
                return check_names(parse, entry, "caregivers", caregivers, SECTION_CAREGIVER);
        if (parse->config->n_people == 1)
                return add_all_caregivers(parse->config, person);
        if (parse->config->n_caregivers > 0)
                warn(&entry->mark,
                     "[person %s] has no caregivers, so that nobody is told of their missed doses: add "
                     "caregivers = and names, or none if that is meant",
                     person->name);
        return 0;
}

static bool is_anybodys(const struct config *config, const struct config_caregiver *caregiver) {
        for (size_t i = 0; i < config->n_people; i++)
                if (config_words_have(&config->people[i].caregivers, caregiver->name))
                        return true;
        return false;
}

static void complete_summary(struct config_parse *parse, const struct config_entry *entry,
                             struct config_caregiver *caregiver) {
        bool is_told = caregiver->tells & EVENT_BIT(EVENT_SUMMARY);

        if (caregiver->summary.kind != SUMMARY_NONE)
                caregiver->tells |= EVENT_BIT(EVENT_SUMMARY);
        else if (is_told && was_given(entry, "summary"))
                complain(config_find_key(entry, "summary"),
                         "tell asks for a summary, and summary is none: change one of them");
        else if (is_told)
                caregiver->summary.kind = SUMMARY_DAILY;
        else if (was_given(entry, "summary-at"))
                warn(config_find_key(entry, "summary-at"), "there is no summary: add summary = daily, or weekly");
}

static void complete_caregiver(struct config_parse *parse, struct config_caregiver *caregiver) {
        const struct config_entry *entry = config_find_entry(parse, SECTION_CAREGIVER, caregiver->name);

        if (!was_given(entry, "tell"))
                caregiver->tells = TELLS_BY_DEFAULT;
        complete_summary(parse, entry, caregiver);
        if (caregiver->tells != 0 && !was_given(entry, "email"))
                complain(&entry->mark, "[caregiver %s] has no email to be told at: add email =, or tell = none",
                         caregiver->name);
        if (caregiver->tells == 0 && was_given(entry, "email") && !config_find_entry(parse, SECTION_MAIL, NULL))
                warn(config_find_key(entry, "email"),
                     "without [mail] not even what the plan addresses to them is mailed: add it, or take email out");
        if (caregiver->user && !was_given(entry, "may"))
                caregiver->may = RIGHT_VIEW;
        if (!was_given(entry, "user") && caregiver->may != RIGHT_NONE)
                warn(config_find_key(entry, "may"), "may counts for a Unix user: add user =");
        if (!is_anybodys(parse->config, caregiver))
                warn(&entry->mark, "[caregiver %s] is nobody's: name them in a person's caregivers", caregiver->name);
}

/* Where mail is asked for first: there it is said that it cannot be sent. NULL: nowhere. */
static const struct config_mark *find_need_of_mail(const struct config_parse *parse) {
        const struct config_entry *mail = config_find_entry(parse, SECTION_MAIL, NULL);

        if (mail)
                return &mail->mark;
        for (size_t i = 0; i < parse->config->n_caregivers; i++) {
                const struct config_caregiver *caregiver = &parse->config->caregivers[i];
                const struct config_entry *entry = config_find_entry(parse, SECTION_CAREGIVER, caregiver->name);

                if (caregiver->tells != 0 && was_given(entry, "email"))
                        return config_find_key(entry, "email");
        }
        return NULL;
}

static void check_mail(struct config_parse *parse) {
        static const char *const own[] = { "smtp", "user", "password-file", "ca-file" };
        const struct config_entry *entry = config_find_entry(parse, SECTION_MAIL, NULL);
        const struct config_mark *need = find_need_of_mail(parse);

        if (need && !was_given(entry, "from"))
                complain(need,
                         "mail cannot be sent before [mail] says from whom: add from = and an address below [mail]");
        if (need && !was_given(entry, "smtp") && !was_given(entry, "command"))
                complain(need,
                         "mail cannot be sent before [mail] says how: add smtp = smtp://localhost or your provider's "
                         "server below [mail], or another program as command");
        if (was_given(entry, "password-file") && !was_given(entry, "user"))
                complain(config_find_key(entry, "password-file"), "a password is of use only with a user: add user =");
        for (size_t i = 0; i < ELEMENTS(own); i++)
                if (was_given(entry, "command") && was_given(entry, own[i]))
                        warn(config_find_key(entry, own[i]),
                             "nothing comes of %s where command names another program: tell that "
                             "one in its own way",
                             own[i]);
}

static int check_hook(struct config_parse *parse, const struct config_hook *hook) {
        const struct config_entry *entry = config_find_entry(parse, SECTION_HOOK, hook->name);

        if (!was_given(entry, "on"))
                complain(&entry->mark, "[hook %s] does not say of what it is told: add on = missed, or other events",
                         hook->name);
        if (!was_given(entry, "command"))
                complain(&entry->mark, "[hook %s] has no program: add command = and its full path", hook->name);
        if (was_given(entry, "every") && was_given(entry, "on") && !(hook->tells & EVENT_BIT(EVENT_HEARTBEAT)))
                warn(config_find_key(entry, "every"), "every is of heartbeats: add heartbeat to on");
        return check_names(parse, entry, "people", &hook->people, SECTION_PERSON);
}

int config_complete(struct config_parse *parse) {
        struct config *config = parse->config;
        int r;

        r = complete_folders(parse);
        check_windows(parse);
        for (size_t i = 0; r >= 0 && i < config->n_people; i++)
                r = complete_person(parse, &config->people[i]);
        for (size_t i = 0; r >= 0 && i < config->n_caregivers; i++)
                complete_caregiver(parse, &config->caregivers[i]);
        check_mail(parse);
        config_check_unix_users(parse);
        for (size_t i = 0; r >= 0 && i < config->n_hooks; i++)
                r = check_hook(parse, &config->hooks[i]);
        return r < 0 ? r : parse->error;
}
