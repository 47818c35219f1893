/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A configuration as a value: what it owns, and making one of its sources. */
#include "daemon/config.h"

#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/text.h"

/* What counts where nothing else is said. */
static const struct config default_config = {
        .all_day_sec = ALL_DAY_SEC,
        .snooze_usec = 10 * USEC_PER_MINUTE,
        .settle_usec = 10 * USEC_PER_SEC,
        .remind_every_usec = USEC_PER_HOUR,
        .window_min_usec = 30 * USEC_PER_MINUTE,
        .window_max_usec = 4 * USEC_PER_HOUR,
};

static void words_done(struct config_words *words) {
        for (size_t i = 0; i < words->n_items; i++)
                free(words->items[i]);
        free(words->items);
        *words = (struct config_words){};
}

static void person_done(struct config_person *person) {
        free(person->name);
        free(person->title);
        free(person->timezone);
        words_done(&person->folders);
        words_done(&person->users);
        words_done(&person->caregivers);
        free(person->category);
        for (size_t i = 0; i < person->n_times; i++)
                free(person->times[i].name);
        free(person->times);
}

static void caregiver_done(struct config_caregiver *caregiver) {
        free(caregiver->name);
        free(caregiver->title);
        free(caregiver->email);
        free(caregiver->user);
        free(caregiver->timezone);
}

static void mail_done(struct config_mail *mail) {
        words_done(&mail->command);
        free(mail->smtp);
        free(mail->from);
        free(mail->user);
        free(mail->password_file);
        free(mail->ca_file);
}

static void hook_done(struct config_hook *hook) {
        free(hook->name);
        words_done(&hook->command);
        words_done(&hook->people);
}

void config_done(struct config *config) {
        free(config->timezone);
        for (size_t i = 0; i < config->n_people; i++)
                person_done(&config->people[i]);
        free(config->people);
        for (size_t i = 0; i < config->n_caregivers; i++)
                caregiver_done(&config->caregivers[i]);
        free(config->caregivers);
        mail_done(&config->mail);
        for (size_t i = 0; i < config->n_hooks; i++)
                hook_done(&config->hooks[i]);
        free(config->hooks);
        free(config->empty);
        free(config->text);
        free(config->meaning);
        *config = (struct config){};
}

/* What is read follows from the meaning alone, so no key can be forgotten here. */
bool config_equal(const struct config *a, const struct config *b) {
        return text_equal(a->meaning, b->meaning) && a->has_file == b->has_file && a->has_drop_ins == b->has_drop_ins &&
               (a->empty != NULL) == (b->empty != NULL);
}

struct config_person *config_find_person(const struct config *config, const char *name) {
        for (size_t i = 0; i < config->n_people; i++)
                if (strcmp(config->people[i].name, name) == 0)
                        return &config->people[i];
        return NULL;
}

struct config_caregiver *config_find_caregiver(const struct config *config, const char *name) {
        for (size_t i = 0; i < config->n_caregivers; i++)
                if (strcmp(config->caregivers[i].name, name) == 0)
                        return &config->caregivers[i];
        return NULL;
}

struct config_hook *config_find_hook(const struct config *config, const char *name) {
        for (size_t i = 0; i < config->n_hooks; i++)
                if (strcmp(config->hooks[i].name, name) == 0)
                        return &config->hooks[i];
        return NULL;
}

static void parse_done(struct config_parse *parse) {
        zones_free(parse->zones);
        if (parse->meaning)
                (void) fclose(parse->meaning);
        for (size_t i = 0; i < parse->n_entries; i++) {
                free(parse->entries[i]->name);
                free(parse->entries[i]);
        }
        free(parse->entries);
}

static int read_sources(struct config_parse *parse, const struct config_sources *sources) {
        FILE *meaning;
        int r = 0;

        for (size_t i = 0; r >= 0 && i < sources->n_items; i++)
                r = config_read_source(parse, &sources->items[i], i);
        if (r >= 0)
                r = config_complete(parse);
        if (r >= 0 && parse->places->looks_around)
                r = config_look_around(parse, sources);
        if (r < 0)
                return r;
        meaning = TAKE(parse->meaning);
        return fclose(meaning) != 0 ? -ENOMEM : 0;
}

static int load(const struct config_places *places, const struct config_sources *sources, struct config *ret,
                struct problems *problems) {
        _cleanup_(config_done) struct config config = default_config;
        _cleanup_(parse_done) struct config_parse parse = { .places = places, .config = &config, .problems = problems };
        size_t size;
        int r;

        config.has_file = sources->has_file;
        config.has_drop_ins = sources->has_drop_ins;
        r = zones_new(NULL, &parse.zones);
        if (r < 0)
                return r;
        parse.meaning = open_memstream(&config.meaning, &size);
        if (!parse.meaning)
                return -ENOMEM;
        r = read_sources(&parse, sources);
        if (r < 0)
                return r;
        if (problems->n_errors > 0)
                return CONFIG_INVALID;
        r = text_copy(sources->empty, &config.empty);
        if (r >= 0)
                r = config_sources_join(sources, &config.text);
        if (r < 0)
                return r;

        *ret = config;
        config = (struct config){};
        return 0;
}

int config_parse(const struct config_places *places, const char *text, struct config *ret, struct problems *problems) {
        _cleanup_(config_sources_done) struct config_sources sources = {};
        int r;

        r = config_sources_split(places, text, &sources);
        return r < 0 ? r : load(places, &sources, ret, problems);
}

int config_load(const struct config_places *places, struct config *ret, struct problems *problems) {
        _cleanup_(config_sources_done) struct config_sources sources = {};
        int r;

        r = config_sources_read(places, &sources, problems);
        return r < 0 ? r : load(places, &sources, ret, problems);
}
