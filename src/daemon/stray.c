/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Plan files that lie where nobody's are looked for: directly in the folder in which those of the people lie. */
#include "daemon/stray.h"

#include <sys/stat.h>

#include "dosed/folder.h"
#include "dosed/text.h"

/* By whatever path: links and slashes make no other folder of it. */
static bool is_anybodys(const struct config *config, const struct stat *folder) {
        for (size_t i = 0; i < config->n_people; i++)
                for (size_t j = 0; j < config->people[i].folders.n_items; j++) {
                        struct stat st;

                        if (stat(config->people[i].folders.items[j], &st) >= 0 && st.st_dev == folder->st_dev &&
                            st.st_ino == folder->st_ino)
                                return true;
                }
        return false;
}

/* A folder that cannot be listed shows nothing. */
static int count(const char *path, size_t *ret_n) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(folder_free_p) struct folder *listed = NULL;
        int r;

        r = folder_list(path, &listed, &problems);
        *ret_n = r < 0 ? 0 : listed->n_files;
        return r == -ENOMEM ? r : 0;
}

static int say_what_to_do(const struct config_places *places, const struct config *config, char **ret) {
        const struct config_person *person = config->n_people > 0 ? &config->people[0] : NULL;

        if (!person)
                return text_format(ret, "Name somebody in dosed.conf, as [person NAME], and move them to %s/NAME",
                                   places->calendars);
        if (config->n_people > 1)
                return text_format(ret, "Move each to the folder of whose plan it is, such as %s", person->folders.items[0]);
        if (places->is_system)
                return text_format(ret, "Move them to %s", person->folders.items[0]);
        return text_format(ret, "Move them to %s, or say in [person %s]: calendars = %s", person->folders.items[0],
                           person->name, places->calendars);
}

int stray_describe(const struct config_places *places, const struct config *config, char **ret_sentence) {
        _cleanup_(free_p) char *advice = NULL, *text = NULL;
        struct stat folder;
        size_t n;
        int r;

        *ret_sentence = NULL;
        if (stat(places->calendars, &folder) < 0 || is_anybodys(config, &folder))
                return 0;
        r = count(places->calendars, &n);
        if (r < 0 || n == 0)
                return r;
        r = say_what_to_do(places, config, &advice);
        if (r >= 0)
                r = text_format(&text, "%zu plan file%s in %s %s not read, since that is nobody's folder by dosed.conf. %s", n,
                                n == 1 ? "" : "s", places->calendars, n == 1 ? "is" : "are", advice);
        return r < 0 ? r : text_clean(text, ret_sentence);
}
