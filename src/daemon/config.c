/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed.conf, through libinih: a table of keys, each with its own check. */
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>

#include "daemon/config-source.h"
#include "daemon/config.h"
#include "dosed/civil.h"
#include "dosed/limits.h"
#include "dosed/span.h"
#include "dosed/text.h"
#include "dosed/zone.h"

#define DEFAULT_ALL_DAY_SEC (8 * 3600)
#define DEFAULT_SNOOZE (10 * USEC_PER_MINUTE)
#define DEFAULT_SETTLE (10 * USEC_PER_SEC)

#define BLANKS " \t\r\v\f" /* as libinih takes them */

enum section {
        SECTION_NONE,    /* before the first */
        SECTION_REFUSED, /* what it says is not looked at */
        SECTION_DOSED,
        SECTION_PERSON,
};

/* One text while it is being read. */
struct parse {
        const struct config_places *places;
        struct config *config;
        struct problems *problems;
        struct zones *zones; /* to check names of zones */
        const char *file;
        const char *rest; /* what has not been read yet */
        size_t n_rest;
        unsigned line;
        enum section section; /* as read here: libinih would cut a long name */
        struct config_person *person;
        int error; /* negative errno */
};

static void person_done(struct config_person *person) {
        free(person->name);
        free(person->timezone);
        for (size_t i = 0; i < person->n_folders; i++)
                free(person->folders[i]);
        free(person->folders);
}

static bool person_equal(const struct config_person *a, const struct config_person *b) {
        if (!text_equal(a->name, b->name) || !text_equal(a->timezone, b->timezone) || a->n_folders != b->n_folders)
                return false;
        for (size_t i = 0; i < a->n_folders; i++)
                if (strcmp(a->folders[i], b->folders[i]) != 0)
                        return false;
        return true;
}

bool config_equal(const struct config *a, const struct config *b) {
        if (!text_equal(a->timezone, b->timezone) || a->all_day_sec != b->all_day_sec || a->snooze_usec != b->snooze_usec ||
            a->settle_usec != b->settle_usec || a->n_people != b->n_people || a->has_file != b->has_file ||
            a->has_drop_ins != b->has_drop_ins || (a->empty != NULL) != (b->empty != NULL))
                return false;
        for (size_t i = 0; i < a->n_people; i++)
                if (!person_equal(&a->people[i], &b->people[i]))
                        return false;
        return true;
}

void config_done(struct config *config) {
        free(config->timezone);
        for (size_t i = 0; i < config->n_people; i++)
                person_done(&config->people[i]);
        free(config->people);
        free(config->empty);
        free(config->text);
        *config = (struct config){};
}

static void __attribute__((format(printf, 2, 3))) complain(struct parse *parse, const char *format, ...) {
        _cleanup_(free_p) char *text = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0)
                text = NULL;
        r = text ? problems_add(parse->problems, parse->file, parse->line, SEVERITY_ERROR, "%s", text) : -ENOMEM;
        if (r < 0)
                parse->error = r;
}

static int set_zone(struct parse *parse, const char *value, char **target) {
        const struct zone *zone;
        int r;

        r = zones_get(parse->zones, value, &zone);
        if (r > 0) {
                complain(parse, "there is no time zone '%s': write it as in /usr/share/zoneinfo, such as Europe/Lisbon",
                         value);
                return 0;
        }
        return r < 0 ? r : text_set(target, value);
}

static int set_timezone(struct parse *parse, struct config_person *person, const char *value) {
        (void) person;
        return set_zone(parse, value, &parse->config->timezone);
}

static int set_all_day_time(struct parse *parse, struct config_person *person, const char *value) {
        unsigned hour, minute;
        char rest;

        (void) person;
        if (strlen(value) != 5 || sscanf(value, "%2u:%2u%c", &hour, &minute, &rest) != 2 || hour > 23 || minute > 59)
                complain(parse, "all-day-time '%s' is no time of day: write it as 08:00", value);
        else
                parse->config->all_day_sec = (int32_t) (hour * 3600 + minute * 60);
        return 0;
}

static int set_span(struct parse *parse, const char *key, const char *value, usec_t *target) {
        if (span_parse(value, target) != 0)
                complain(parse, "%s '%s' is no span of time: write it as 10min or 30s", key, value);
        return 0;
}

static int set_snooze(struct parse *parse, struct config_person *person, const char *value) {
        (void) person;
        return set_span(parse, "snooze", value, &parse->config->snooze_usec);
}

static int set_settle(struct parse *parse, struct config_person *person, const char *value) {
        (void) person;
        return set_span(parse, "settle", value, &parse->config->settle_usec);
}

static int add_folder(struct config_person *person, const char *path) {
        char **folders = reallocarray(person->folders, person->n_folders + 1, sizeof(*folders));
        int r;

        if (!folders)
                return -ENOMEM;
        person->folders = folders;
        r = text_copy(path, &folders[person->n_folders]);
        if (r < 0)
                return r;
        person->n_folders++;
        return 0;
}

static int set_calendars(struct parse *parse, struct config_person *person, const char *value) {
        _cleanup_(free_p) char *path = NULL;
        int r;

        if (strncmp(value, "~/", 2) == 0)
                r = text_format(&path, "%s/%s", parse->places->home, value + 2);
        else
                r = text_copy(value, &path);
        if (r < 0)
                return r;
        if (path[0] != '/') {
                complain(parse, "calendars '%s' must be a folder's full path, or begin with ~/", value);
                return 0;
        }
        if (person->n_folders == LIMIT_PERSON_FOLDERS) {
                complain(parse, "a person can have at most %u folders: put some of them together", LIMIT_PERSON_FOLDERS);
                return 0;
        }
        for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
                path[length - 1] = '\0';
        return add_folder(person, path);
}

static int set_person_timezone(struct parse *parse, struct config_person *person, const char *value) {
        return set_zone(parse, value, &person->timezone);
}

/* A key that may be given several times adds to what it is. */
static const struct {
        enum section section;
        const char *key;
        int (*set)(struct parse *parse, struct config_person *person, const char *value);
} keys[] = {
        { SECTION_DOSED, "timezone", set_timezone },   { SECTION_DOSED, "all-day-time", set_all_day_time },
        { SECTION_DOSED, "snooze", set_snooze },       { SECTION_DOSED, "settle", set_settle },
        { SECTION_PERSON, "calendars", set_calendars }, { SECTION_PERSON, "timezone", set_person_timezone },
};

static bool name_is_good(const char *name) {
        _cleanup_(free_p) char *clean = NULL;

        return *name != '\0' && *name != '.' && strlen(name) <= LIMIT_PERSON_BYTES && !strchr(name, '/') &&
               text_clean(name, &clean) >= 0 && strcmp(clean, name) == 0;
}

static struct config_person *find_person(const struct config *config, const char *name) {
        for (size_t i = 0; i < config->n_people; i++)
                if (strcmp(config->people[i].name, name) == 0)
                        return &config->people[i];
        return NULL;
}

static int add_person(struct config *config, const char *name, struct config_person **ret) {
        struct config_person *people;
        int r;

        people = reallocarray(config->people, config->n_people + 1, sizeof(*people));
        if (!people)
                return -ENOMEM;
        config->people = people;
        people[config->n_people] = (struct config_person){};
        r = text_copy(name, &people[config->n_people].name);
        if (r < 0)
                return r;
        *ret = &people[config->n_people++];
        return 0;
}

static int enter_person(struct parse *parse, const char *name) {
        int r;

        if (!name_is_good(name)) {
                complain(parse, "'%s' cannot be a person's name: at most %u bytes, no slash, no dot in front", name,
                         LIMIT_PERSON_BYTES);
                return 0;
        }
        parse->person = find_person(parse->config, name);
        if (!parse->person && parse->config->n_people == LIMIT_PEOPLE) {
                complain(parse, "there can be at most %u people: run another dosed for the others", LIMIT_PEOPLE);
                return 0;
        }
        if (!parse->person) {
                r = add_person(parse->config, name, &parse->person);
                if (r < 0)
                        return r;
        }
        parse->section = SECTION_PERSON;
        return 0;
}

static void trim(char *text) {
        size_t length = strlen(text);

        while (length > 0 && strchr(BLANKS, text[length - 1]))
                text[--length] = '\0';
}

/* A section without keys is a person all the same, so this does not wait for one. */
static int enter_section(struct parse *parse, char *line) {
        char *name = line + strspn(line, BLANKS) + 1, *end = strchr(name, ']');

        parse->section = SECTION_REFUSED;
        if (!end || !strchr(";#", end[1 + strspn(end + 1, BLANKS)])) {
                complain(parse, "a section stands in brackets, alone on its line");
                return 0;
        }
        *end = '\0';
        trim(name);
        name += strspn(name, BLANKS);

        if (strcmp(name, "dosed") == 0) {
                parse->section = SECTION_DOSED;
                return 0;
        }
        if (strncmp(name, "person", 6) == 0 && name[6] != '\0' && strchr(BLANKS, name[6]))
                return enter_person(parse, name + 6 + strspn(name + 6, BLANKS));
        complain(parse, "there is no section [%s] in this version: [dosed] and [person NAME] are known", name);
        return 0;
}

static int take_pair(struct parse *parse, const char *key, const char *value) {
        if (parse->section == SECTION_REFUSED)
                return 0;
        if (parse->section == SECTION_NONE) {
                complain(parse, "'%s' stands in no section: put it below [dosed] or [person NAME]", key);
                return 0;
        }
        for (size_t i = 0; i < ELEMENTS(keys); i++)
                if (keys[i].section == parse->section && strcmp(keys[i].key, key) == 0) {
                        if (!value || *value == '\0') {
                                complain(parse, "%s has no value", key);
                                return 0;
                        }
                        return keys[i].set(parse, parse->person, value);
                }
        complain(parse, "there is no key '%s' in [%s] in this version: see dosed(8)", key,
                 parse->section == SECTION_DOSED ? "dosed" : "person");
        return 0;
}

static int on_pair(void *userdata, const char *section, const char *key, const char *value) {
        struct parse *parse = userdata;
        int r;

        (void) section;
        r = take_pair(parse, key, value);
        if (r < 0)
                parse->error = r;
        return 1;
}

/* Counts lines, which libinih does not tell, and refuses what it would cut without a word. */
static char *read_line(char *line, int size, void *userdata) {
        struct parse *parse = userdata;
        const char *text = parse->rest, *end;
        size_t length;
        int r;

        if (parse->n_rest == 0)
                return NULL;
        end = memchr(text, '\n', parse->n_rest);
        length = end ? (size_t) (end - text) : parse->n_rest;
        parse->rest += end ? length + 1 : length;
        parse->n_rest -= end ? length + 1 : length;
        parse->line++;

        line[0] = '\0';
        if (memchr(text, '\0', length))
                complain(parse, "the line has a NUL byte, so this is no text: write it as UTF-8");
        else if (!text_is_valid(text, length))
                complain(parse, "the line is not valid UTF-8");
        else if (length > (size_t) size - 2)
                complain(parse, "the line is longer than %d bytes: shorten it", size - 2);
        else {
                memcpy(line, text, length);
                line[length] = '\0';
        }
        if (line[strspn(line, BLANKS)] == '[') {
                r = enter_section(parse, line);
                if (r < 0)
                        parse->error = r;
                (void) snprintf(line, (size_t) size, "[]"); /* what follows continues no value */
        }
        return line;
}

static int parse_source(struct parse *parse, const struct config_source *source) {
        int r;

        parse->file = source->name;
        parse->line = 0;
        parse->section = SECTION_NONE;
        parse->person = NULL;
        parse->rest = source->text;
        parse->n_rest = source->size;
        r = ini_parse_stream(read_line, parse, on_pair, parse);
        if (parse->error < 0)
                return parse->error;
        if (r > 0) {
                parse->line = (unsigned) r;
                complain(parse, "the line is neither [section] nor key = value");
        } else if (r < 0)
                return -ENOMEM;
        return parse->error;
}

/* One person where the file names none; and for each the folder that goes without saying. */
static int fill_in(struct parse *parse) {
        struct config_person *person;
        bool alone = parse->config->n_people == 0;
        int r;

        if (alone) {
                r = add_person(parse->config, parse->places->user, &person);
                if (r < 0)
                        return r;
                r = add_folder(person, parse->places->calendars);
                if (r < 0)
                        return r;
        }
        for (size_t i = 0; i < parse->config->n_people; i++) {
                _cleanup_(free_p) char *path = NULL;

                person = &parse->config->people[i];
                if (person->n_folders > 0)
                        continue;
                r = text_format(&path, "%s/%s", parse->places->calendars, person->name);
                if (r >= 0)
                        r = add_folder(person, path);
                if (r < 0)
                        return r;
        }
        return 0;
}

static int load(const struct config_places *places, const struct config_sources *sources, struct config *ret,
                struct problems *problems) {
        _cleanup_(config_done) struct config config = {
                .all_day_sec = DEFAULT_ALL_DAY_SEC,
                .snooze_usec = DEFAULT_SNOOZE,
                .settle_usec = DEFAULT_SETTLE,
                .has_file = sources->has_file,
                .has_drop_ins = sources->has_drop_ins,
        };
        _cleanup_(zones_free_p) struct zones *zones = NULL;
        struct parse parse = { .places = places, .config = &config, .problems = problems };
        int r;

        r = zones_new(NULL, &zones);
        if (r < 0)
                return r;
        parse.zones = zones;
        for (size_t i = 0; i < sources->n_items; i++) {
                r = parse_source(&parse, &sources->items[i]);
                if (r < 0)
                        return r;
        }
        if (problems->n_errors > 0)
                return CONFIG_INVALID;
        r = fill_in(&parse);
        if (r >= 0)
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
