/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sections of a configuration: which there are, and what each of them is about. */
#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/limits.h"
#include "dosed/text.h"

static void *dosed_object(struct config *config, size_t index) {
        (void) index;
        return config;
}

static void *person_object(struct config *config, size_t index) {
        return &config->people[index];
}

static void *caregiver_object(struct config *config, size_t index) {
        return &config->caregivers[index];
}

static void *mail_object(struct config *config, size_t index) {
        (void) index;
        return &config->mail;
}

static void *hook_object(struct config *config, size_t index) {
        return &config->hooks[index];
}

/* One more of an array, all zero. */
static int grow(void *array, size_t n_items, size_t size) {
        void **items = array;
        char *grown = reallocarray(*items, n_items + 1, size);

        if (!grown)
                return -ENOMEM;
        memset(grown + n_items * size, 0, size);
        *items = grown;
        return 0;
}

int config_add_person(struct config *config, const char *name) {
        int r = grow(&config->people, config->n_people, sizeof(*config->people));

        return r < 0 ? r : text_copy(name, &config->people[config->n_people++].name);
}

static int add_caregiver(struct config *config, const char *name) {
        struct config_caregiver *caregiver;
        int r = grow(&config->caregivers, config->n_caregivers, sizeof(*config->caregivers));

        if (r < 0)
                return r;
        caregiver = &config->caregivers[config->n_caregivers++];
        caregiver->summary_sec = 19 * 3600;
        return text_copy(name, &caregiver->name);
}

static int add_hook(struct config *config, const char *name) {
        struct config_hook *hook;
        int r = grow(&config->hooks, config->n_hooks, sizeof(*config->hooks));

        if (r < 0)
                return r;
        hook = &config->hooks[config->n_hooks++];
        hook->timeout_usec = 30 * USEC_PER_SEC;
        hook->every_usec = 5 * USEC_PER_MINUTE;
        return text_copy(name, &hook->name);
}

static const struct {
        const char *name;
        void *(*object)(struct config *config, size_t index);
        int (*add)(struct config *config, const char *name); /* NULL: there is one of it, without a name */
        size_t limit;
        const char *many;
} sections[_SECTION_MAX] = {
        [SECTION_DOSED] = { "dosed", dosed_object, NULL, 1, NULL },
        [SECTION_PERSON] = { "person", person_object, config_add_person, LIMIT_PEOPLE, "people" },
        [SECTION_CAREGIVER] = { "caregiver", caregiver_object, add_caregiver, LIMIT_CAREGIVERS, "caregivers" },
        [SECTION_MAIL] = { "mail", mail_object, NULL, 1, NULL },
        [SECTION_HOOK] = { "hook", hook_object, add_hook, LIMIT_HOOKS, "hooks" },
};

const char *config_section_to_string(enum config_section section) {
        return sections[section].name;
}

void *config_entry_object(const struct config_parse *parse, const struct config_entry *entry) {
        return sections[entry->section].object(parse->config, entry->index);
}

struct config_entry *config_find_entry(const struct config_parse *parse, enum config_section section,
                                       const char *name) {
        for (size_t i = 0; i < parse->n_entries; i++)
                if (parse->entries[i]->section == section && text_equal(parse->entries[i]->name, name))
                        return parse->entries[i];
        return NULL;
}

static int add_entry(struct config_parse *parse, enum config_section section, const char *name, size_t index,
                     struct config_entry **ret) {
        struct config_entry *entry;
        int r = grow(&parse->entries, parse->n_entries, sizeof(*parse->entries));

        if (r < 0)
                return r;
        entry = calloc(1, sizeof(*entry));
        if (!entry)
                return -ENOMEM;
        parse->entries[parse->n_entries++] = entry;
        *entry = (struct config_entry){
                .section = section,
                .index = index,
                .mark = { parse->source->name, parse->line, parse->n_source },
        };
        *ret = entry;
        return text_copy(name, &entry->name);
}

static bool name_is_good(const char *name) {
        _cleanup_(free_p) char *clean = NULL;

        return *name != '\0' && *name != '.' && strlen(name) <= LIMIT_PERSON_BYTES && !strchr(name, '/') &&
               text_clean(name, &clean) >= 0 && strcmp(clean, name) == 0;
}

/* Lists name caregivers; a person's name is older than they are. */
static bool name_can_be_listed(enum config_section section, const char *name) {
        return section == SECTION_PERSON || (!strchr(name, ',') && !text_equal_caseless(name, "none"));
}

static size_t count_entries(const struct config_parse *parse, enum config_section section) {
        size_t n = 0;

        for (size_t i = 0; i < parse->n_entries; i++)
                n += parse->entries[i]->section == section;
        return n;
}

static int enter(struct config_parse *parse, enum config_section section, const char *name) {
        size_t n;
        int r;

        if (!sections[section].add)
                name = NULL;
        else if (!name_is_good(name)) {
                config_complain(parse, "'%s' cannot be a %s's name: at most %u bytes, no slash, no dot in front", name,
                                sections[section].name, LIMIT_PERSON_BYTES);
                return 0;
        } else if (!name_can_be_listed(section, name)) {
                config_complain(parse, "'%s' cannot be a %s's name: no comma, and not the word none", name,
                                sections[section].name);
                return 0;
        }

        parse->entry = config_find_entry(parse, section, name);
        if (!parse->entry) {
                n = count_entries(parse, section);
                if (n == sections[section].limit) {
                        config_complain(parse, "there can be at most %zu %s: %s", n, sections[section].many,
                                        section == SECTION_PERSON ? "run another dosed for the others"
                                                                  : "put some of them together");
                        return 0;
                }
                if (sections[section].add) {
                        r = sections[section].add(parse->config, name);
                        if (r < 0)
                                return r;
                }
                r = add_entry(parse, section, name, n, &parse->entry);
                if (r < 0)
                        return r;
        }
        parse->section = section;
        (void) fprintf(parse->meaning, "[%s %s]\n", sections[section].name, name ? name : "");
        return 0;
}

static void trim(char *text) {
        size_t length = strlen(text);

        while (length > 0 && strchr(CONFIG_BLANKS, text[length - 1]))
                text[--length] = '\0';
}

static int refuse_section(struct config_parse *parse, char *kind) {
        const char *known[_SECTION_MAX];
        char hint[CONFIG_HINT_SIZE];
        size_t n = 0;

        for (enum config_section section = SECTION_DOSED; section < _SECTION_MAX; section++)
                known[n++] = sections[section].name;
        config_complain(parse,
                        "there is no section [%s] in this version: [dosed], [person NAME], [caregiver NAME], [mail] "
                        "and [hook NAME] are known%s",
                        kind, config_hint(hint, kind, known, n));
        return 0;
}

/* A section without keys is a person all the same, so this does not wait for one. */
int config_enter_section(struct config_parse *parse, char *line) {
        char *kind = line + strspn(line, CONFIG_BLANKS) + 1, *end = strchr(kind, ']'), *name;

        parse->section = SECTION_REFUSED;
        parse->entry = NULL;
        if (!end || !strchr(";#", end[1 + strspn(end + 1, CONFIG_BLANKS)])) {
                config_complain(parse, "a section stands in brackets, alone on its line");
                return 0;
        }
        *end = '\0';
        trim(kind);
        kind += strspn(kind, CONFIG_BLANKS);
        name = kind + strcspn(kind, CONFIG_BLANKS);
        if (*name != '\0')
                *name++ = '\0';
        name += strspn(name, CONFIG_BLANKS);

        for (enum config_section section = SECTION_DOSED; section < _SECTION_MAX; section++) {
                if (strcmp(kind, sections[section].name) != 0)
                        continue;
                if (sections[section].add && *name == '\0') {
                        config_complain(parse, "[%s] needs a name: write it as [%s NAME]", kind, kind);
                        return 0;
                }
                if (!sections[section].add && *name != '\0') {
                        config_complain(parse, "[%s] has no name: write it as [%s]", kind, kind);
                        return 0;
                }
                return enter(parse, section, name);
        }
        return refuse_section(parse, kind);
}
