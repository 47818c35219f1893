/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The configuration comes into force: read as a whole, kept as last good, given to the engine and the watch. */
#include <string.h>

#include "daemon/daemon.h"
#include "daemon/grants.h"
#include "daemon/recipients.h"
#include "daemon/stray.h"
#include "dosed/log.h"

#define KEPT_NAME "dosed.conf"

static int set_people(struct daemon *daemon) {
        _cleanup_(free_p) struct engine_person *people = NULL;
        const struct config *config = &daemon->config;
        const struct zone *zone;
        int r;

        people = calloc(config->n_people + 1, sizeof(*people));
        if (!people)
                return -ENOMEM;
        for (size_t i = 0; i < config->n_people; i++) {
                const char *timezone = config->people[i].timezone ? config->people[i].timezone : config->timezone;

                r = timezone ? zones_get(daemon->zones, timezone, &zone) : zones_get_system(daemon->zones, &zone);
                if (r != 0)
                        return r < 0 ? r : -ENOENT;
                people[i] = (struct engine_person){
                        .name = config->people[i].name,
                        .clock = { .zone = zone, .all_day_sec = config->all_day_sec },
                        .policy = {
                                .window_min_usec = config->window_min_usec,
                                .window_max_usec = config->window_max_usec,
                                .remind_every_usec = config->remind_every_usec,
                                .quiet = config->people[i].quiet,
                        },
                        .category = config->people[i].category,
                        .folders = (const char *const *) config->people[i].folders.items,
                        .n_folders = config->people[i].folders.n_items,
                };
        }
        return engine_set_people(daemon->engine, people, config->n_people, clock_realtime_usec());
}

/* Where plan files lie that nobody's folder has, somebody may be putting more; where it is not, it is not waited for. */
static bool is_to_be_watched(const char *path, const char *const *folders, size_t n_folders) {
        for (size_t i = 0; i < n_folders; i++)
                if (strcmp(folders[i], path) == 0)
                        return false;
        return access(path, F_OK) >= 0;
}

static int set_folders(struct daemon *daemon) {
        _cleanup_(free_p) const char **folders = NULL;
        const struct config *config = &daemon->config;
        size_t n = 0;

        for (size_t i = 0; i < config->n_people; i++)
                n += config->people[i].folders.n_items;
        folders = calloc(n + 2, sizeof(*folders));
        if (!folders)
                return -ENOMEM;
        n = 0;
        for (size_t i = 0; i < config->n_people; i++)
                for (size_t j = 0; j < config->people[i].folders.n_items; j++)
                        folders[n++] = config->people[i].folders.items[j];
        if (is_to_be_watched(daemon->places.config.calendars, folders, n))
                folders[n++] = daemon->places.config.calendars;
        return watch_set_folders(daemon->watch, folders, n, config->settle_usec);
}

int daemon_look_for_strays(struct daemon *daemon) {
        _cleanup_(free_p) char *sentence = NULL;
        int r;

        r = stray_describe(&daemon->places.config, &daemon->config, &sentence);
        return r < 0 ? r : engine_set_degraded(daemon->engine, "calendars", sentence);
}

static int set_recipients(struct daemon *daemon) {
        _cleanup_(recipients_done) struct recipients recipients = {};
        int r;

        r = recipients_build(&daemon->config, daemon->zones, &recipients);
        if (r < 0)
                return r;
        return engine_set_recipients(daemon->engine, recipients.items, recipients.n_items, clock_realtime_usec());
}

int daemon_apply_config(struct daemon *daemon) {
        int r;

        engine_set_snooze(daemon->engine, daemon->config.snooze_usec);
        /* Who lost a right is told nothing of what comes now. */
        r = grants_apply(&daemon->config, daemon->bus);
        if (r < 0)
                return r;
        /* What the people's plans bring up first is for them to hear already. */
        r = set_recipients(daemon);
        if (r >= 0)
                r = set_people(daemon);
        if (r >= 0)
                r = courier_apply(daemon->courier, &daemon->config, daemon->zones);
        return r < 0 ? r : set_folders(daemon);
}

/*
 * A home that is not mounted looks like nobody ever wrote a configuration, and a full disk leaves an empty one behind: believed,
 * they would name other people, or none.
 */
static int check_loss(const struct config *former, const struct config *now, const char *file, struct problems *problems) {
        int r = 0;

        if (former->has_file && !now->has_file)
                r = problems_add(problems, file, 0, SEVERITY_ERROR,
                                 "the file is gone, and what it said last stays in force. Put it back, or write one of a "
                                 "comment line to do without, and reload dosed");
        else if (former->has_drop_ins && !now->has_drop_ins && !now->has_file)
                r = problems_add(problems, file, 0, SEVERITY_ERROR,
                                 "its drop-ins are gone, and what they said last stays in force. Put them back, or write this "
                                 "file of a comment line to do without, and reload dosed");
        else if ((former->has_file || former->has_drop_ins) && now->empty && !former->empty)
                r = problems_add(problems, now->empty, 0, SEVERITY_ERROR,
                                 "the file is empty: if that is meant, write a comment line into it, and reload dosed");
        return r < 0 ? r : problems->n_errors > 0 ? CONFIG_INVALID : 0;
}

/* The first error: whoever mends it sees the next. */
static int format_error(const struct problems *problems, char **ret) {
        size_t i = 0;

        while (i + 1 < problems->n_items && problems->items[i].severity != SEVERITY_ERROR)
                i++;
        return problem_format(&problems->items[i], ret);
}

/* How many, not what: a warning names people. */
static void log_warnings(const struct problems *problems) {
        if (problems->n_items == 1)
                log_line(LOG_NOTICE, NULL, "The configuration has a warning: see dosed --check-config");
        else if (problems->n_items > 1)
                log_line(LOG_NOTICE, NULL, "The configuration has %zu warnings: see dosed --check-config", problems->n_items);
}

static int read_config(struct daemon *daemon, const struct config *former, struct config *ret, char **ret_problem) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(config_done) struct config config = {};
        int r, q;

        r = config_load(&daemon->places.config, &config, &problems);
        if (r == 0)
                r = check_loss(former, &config, daemon->places.config.file, &problems);
        if (r == CONFIG_INVALID) {
                q = format_error(&problems, ret_problem);
                return q < 0 ? q : r;
        }
        if (r < 0)
                return r;

        log_warnings(&problems);
        *ret = config;
        config = (struct config){};
        return 0;
}

/* Without a ledger to keep it in, or a text that would be understood otherwise, it is in force all the same. */
static void keep_config(struct daemon *daemon) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(config_done) struct config again = {};
        const struct config *config = &daemon->config;

        if (config_parse(&daemon->places.config, config->text, &again, &problems) != 0 || !config_equal(config, &again) ||
            store_put_text(daemon->store, KEPT_NAME, config->text) != 0)
                log_warning("The configuration cannot be kept for a start with a broken one");
}

/* Returns 0, CONFIG_INVALID where there is none that can be used, or -ENOMEM. */
static int read_kept_config(struct daemon *daemon, struct config *ret) {
        _cleanup_(free_p) char *kept = NULL;
        _cleanup_(problems_done) struct problems problems = {};
        int r;

        r = store_get_text(daemon->store, KEPT_NAME, &kept);
        if (r != 0)
                return r == -ENOMEM ? r : CONFIG_INVALID;
        return config_parse(&daemon->places.config, kept, ret, &problems);
}

int daemon_read_config(struct daemon *daemon, char **ret_problem) {
        _cleanup_(config_done) struct config kept = {};
        bool has_kept;
        int r;

        r = read_kept_config(daemon, &kept);
        if (r < 0)
                return r;
        has_kept = r == 0;
        r = read_config(daemon, &kept, &daemon->config, ret_problem);
        if (r == 0)
                keep_config(daemon);
        if (r <= 0)
                return r;

        if (!has_kept)
                return CONFIG_INVALID;
        log_line(LOG_WARNING, MESSAGE_CONFIG_REFUSED,
                 "The configuration cannot be used: the last good one is in force. See dosectl status");
        daemon->config = kept;
        kept = (struct config){};
        return 0;
}

int daemon_reload_config(struct daemon *daemon, char **ret_problem) {
        _cleanup_(config_done) struct config config = {};
        _cleanup_(free_p) char *problem = NULL;
        struct config old;
        int r;

        r = read_config(daemon, &daemon->config, &config, &problem);
        if (r > 0) {
                log_line(LOG_WARNING, MESSAGE_CONFIG_REFUSED,
                         "The configuration cannot be used: the former one stays in force. See dosectl status");
                r = engine_set_degraded(daemon->engine, "config", problem);
                if (r < 0)
                        return r;
                *ret_problem = TAKE(problem);
                return CONFIG_INVALID;
        }
        if (r < 0)
                return r;

        old = daemon->config;
        daemon->config = config;
        config = old;
        keep_config(daemon);
        r = engine_set_degraded(daemon->engine, "config", NULL);
        /* A user's own folder that is not there any more is not replaced by an empty one. */
        if (r >= 0)
                r = daemon->places.config.is_system ? daemon_make_calendars(daemon)
                                                    : daemon_make_new_calendars(daemon, &config);
        return r < 0 ? r : daemon_apply_config(daemon);
}
