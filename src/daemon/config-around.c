/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * What a configuration names outside of itself: programs, files, folders and a password. What is not there now may be there when
 * it is needed, so none of it is more than a warning.
 */
#include <limits.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "daemon/config-parse.h"
#include "daemon/other-user.h"
#include "daemon/stray.h"
#include "dosed/text.h"

#define warn(mark, ...) config_complain_at(parse, mark, SEVERITY_WARNING, __VA_ARGS__)

/* For what something is needed, and where a household has it best. */
enum need { NEED_PROGRAM, NEED_FILE, NEED_PASSWORD, NEED_CONFIGURATION };

static const struct {
        int mode;
        const char *word, *place, *remedy;
} needs[] = {
        [NEED_PROGRAM] = { X_OK, "run", "/usr/local/bin", "chmod 755 it, or name another" },
        [NEED_FILE] = { R_OK, "read", "/etc/dosed", "let that user read it, or name another" },
        [NEED_PASSWORD] = { R_OK, "read", "/etc/dosed", "chown it to that user, or give the password as a credential" },
        [NEED_CONFIGURATION] = { R_OK, "read", NULL, "chgrp it to that user's group, and chmod 640 it" },
};

/* What the unit of a household hides from it: ProtectHome= and PrivateTmp=. NULL: the path is in none of it. */
static const char *hidden_part(const char *path) {
        static const char *const hidden[] = { "/home", "/root", "/run/user", "/tmp", "/var/tmp" };

        for (size_t i = 0; i < ELEMENTS(hidden); i++) {
                size_t length = strlen(hidden[i]);

                if (strncmp(path, hidden[i], length) == 0 && (path[length] == '/' || path[length] == '\0'))
                        return hidden[i];
        }
        return NULL;
}

/* Whether the user that the service runs as is kept from it. */
static int look_for_reader(struct config_parse *parse, const struct config_mark *mark, const char *path,
                           enum need need) {
        const char *user = parse->places->service_user;
        _cleanup_(other_user_done) struct other_user other = {};
        _cleanup_(free_p) char *obstacle = NULL;
        int r;

        if (!user)
                return 0;
        r = other_user_find(user, &other);
        if (r == 0)
                r = other_user_obstacle(&other, path, needs[need].mode, &obstacle);
        if (r < 0 || !obstacle)
                return r < 0 ? r : 0;
        if (strcmp(obstacle, path) == 0)
                warn(mark, "%s may not be %s by the user %s: %s", path, needs[need].word, user, needs[need].remedy);
        else
                warn(mark,
                     "%s may not be %s by the user %s, whom %s keeps out: open that to this user, or name another",
                     path, needs[need].word, user, obstacle);
        return 0;
}

/* The first thing that is wrong with it. */
static int look_for_path(struct config_parse *parse, const struct config_mark *mark, const char *path, enum need need) {
        _cleanup_(free_p) char *real = realpath(path, NULL);
        const char *hidden = hidden_part(path);
        struct stat st;

        if (!hidden && real)
                hidden = hidden_part(real);
        if (stat(path, &st) < 0 || (!S_ISDIR(st.st_mode) && access(path, needs[need].mode) < 0))
                warn(mark, "%s cannot be %s: %s", path, needs[need].word, strerror(errno));
        else if (S_ISDIR(st.st_mode))
                warn(mark, "%s is a folder and cannot be %s: name what is in it", path, needs[need].word);
        else if (hidden && parse->places->is_system)
                warn(mark, "%s cannot be %s by the service, from which its unit hides %s: put it elsewhere, as into %s",
                     path, needs[need].word, hidden, needs[need].place);
        else
                return look_for_reader(parse, mark, path, need);
        return 0;
}

static int look_for_program(struct config_parse *parse, const struct config_entry *entry,
                            const struct config_words *command) {
        return command->n_items == 0
                       ? 0
                       : look_for_path(parse, config_find_key(entry, "command"), command->items[0], NEED_PROGRAM);
}

/* In the service, where it is handed over; outside, where systemd looks for it. Who may not look there knows nothing. */
static bool has_no_credential(void) {
        static const char *const stores[] = { "/etc/credstore", "/run/credstore", "/usr/local/lib/credstore",
                                              "/usr/lib/credstore", "/run/credentials/@system" };
        const char *given = getenv("CREDENTIALS_DIRECTORY");
        char path[PATH_MAX];

        if (given) {
                (void) snprintf(path, sizeof(path), "%s/smtp-password", given);
                return access(path, F_OK) < 0 && errno == ENOENT;
        }
        for (size_t i = 0; i < ELEMENTS(stores); i++) {
                (void) snprintf(path, sizeof(path), "%s/dosed.smtp-password", stores[i]);
                if (access(path, F_OK) == 0 || errno != ENOENT)
                        return false;
        }
        return true;
}

static int look_for_password(struct config_parse *parse, const struct config_entry *entry,
                             const struct config_mail *mail) {
        const struct config_mark *mark = config_find_key(entry, "password-file");
        struct stat st;

        if (!mail->password_file) {
                if (mail->user && mail->command.n_items == 0 && parse->places->is_system && has_no_credential())
                        warn(config_find_key(entry, "user"),
                             "there is no password for this user, unless a drop-in of the unit gives it: put it into "
                             "/etc/credstore/dosed.smtp-password, or name a file by password-file");
                return 0;
        }
        if (stat(mail->password_file, &st) == 0 && S_ISREG(st.st_mode) && (st.st_mode & (S_IRWXG | S_IRWXO)))
                warn(mark, "others may read or change %s, so that it will not be used: chmod 600 it",
                     mail->password_file);
        return look_for_path(parse, mark, mail->password_file, NEED_PASSWORD);
}

/* Where the first person is named: before that they were looked for there. */
static int look_for_strays(struct config_parse *parse) {
        static const struct config_mark nowhere = { .file = NULL };
        const struct config *config = parse->config;
        const struct config_entry *entry = NULL;
        _cleanup_(free_p) char *sentence = NULL;
        int r;

        r = stray_describe(parse->places, config, &sentence);
        if (r < 0 || !sentence)
                return r;
        if (config->n_people > 0)
                entry = config_find_entry(parse, SECTION_PERSON, config->people[0].name);
        warn(entry ? &entry->mark : &nowhere, "%s", sentence);
        return 0;
}

/* One that goes without saying is made when it is taken over; so are those of a household. */
static void look_for_folders(struct config_parse *parse, const struct config_person *person) {
        const struct config_entry *entry = config_find_entry(parse, SECTION_PERSON, person->name);

        if (parse->places->is_system || !entry || !config_find_key(entry, "calendars")->file)
                return;
        for (size_t i = 0; i < person->folders.n_items; i++)
                if (access(person->folders.items[i], R_OK | X_OK) < 0)
                        warn(config_find_key(entry, "calendars"),
                             "the folder %s cannot be read: %s. Make it, or correct the line", person->folders.items[i],
                             strerror(errno));
}

/* One that was named on the command line is not what the service reads. */
static int look_at_sources(struct config_parse *parse, const struct config_sources *sources) {
        int r = 0;

        for (size_t i = 0; r >= 0 && !parse->places->must_exist && i < sources->n_items; i++) {
                const struct config_mark mark = { .file = sources->items[i].name };

                r = look_for_reader(parse, &mark, sources->items[i].name, NEED_CONFIGURATION);
        }
        return r;
}

int config_look_around(struct config_parse *parse, const struct config_sources *sources) {
        const struct config_entry *mail = config_find_entry(parse, SECTION_MAIL, NULL);
        const struct config *config = parse->config;
        int r;

        r = look_at_sources(parse, sources);
        for (size_t i = 0; i < config->n_people; i++)
                look_for_folders(parse, &config->people[i]);
        for (size_t i = 0; r >= 0 && i < config->n_hooks; i++)
                r = look_for_program(parse, config_find_entry(parse, SECTION_HOOK, config->hooks[i].name),
                                     &config->hooks[i].command);
        if (r >= 0)
                r = look_for_program(parse, mail, &config->mail.command);
        if (r >= 0 && config->mail.ca_file)
                r = look_for_path(parse, config_find_key(mail, "ca-file"), config->mail.ca_file, NEED_FILE);
        if (r >= 0)
                r = look_for_password(parse, mail, &config->mail);
        return r < 0 ? r : look_for_strays(parse);
}
