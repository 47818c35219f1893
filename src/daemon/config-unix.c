/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Unix users that a configuration names: they count where dosed serves a household. */
#include <pwd.h>
#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/text.h"

#define warn(mark, ...) config_complain_at(parse, mark, SEVERITY_WARNING, __VA_ARGS__)

/* A directory that does not answer just now says nothing of who is in it. */
static bool is_unknown(const char *user) {
        errno = 0;
        return !getpwnam(user) && (errno == 0 || errno == ENOENT);
}

static void look_for_user(struct config_parse *parse, const struct config_mark *mark, const char *key,
                          const char *user) {
        /* A directory of users that hangs must hold up neither a start nor a reload. */
        if (parse->places->looks_around && is_unknown(user))
                warn(mark,
                     "%s: this machine knows no Unix user '%s', so that nobody may do anything by that: `id -un` says "
                     "how somebody is called",
                     key, user);
}

static void warn_of_no_use(struct config_parse *parse, const struct config_entry *entry, const char *key) {
        const struct config_mark *mark = config_find_key(entry, key);

        if (mark->file)
                warn(mark, "nothing comes of %s but in dosed --system: here, whoever is logged in may do everything",
                     key);
}

static void check_caregiver(struct config_parse *parse, const struct config_caregiver *caregiver) {
        const struct config_entry *entry = config_find_entry(parse, SECTION_CAREGIVER, caregiver->name);

        if (!parse->places->is_system)
                warn_of_no_use(parse, entry, "user");
        else if (caregiver->user)
                look_for_user(parse, config_find_key(entry, "user"), "user", caregiver->user);
}

static void check_person(struct config_parse *parse, const struct config_person *person) {
        const struct config_entry *entry = config_find_entry(parse, SECTION_PERSON, person->name);

        if (!parse->places->is_system)
                warn_of_no_use(parse, entry, "users");
        else
                for (size_t i = 0; i < person->users.n_items; i++)
                        look_for_user(parse, config_find_key(entry, "users"), "users", person->users.items[i]);
}

void config_check_unix_users(struct config_parse *parse) {
        for (size_t i = 0; i < parse->config->n_people; i++)
                check_person(parse, &parse->config->people[i]);
        for (size_t i = 0; i < parse->config->n_caregivers; i++)
                check_caregiver(parse, &parse->config->caregivers[i]);
}
