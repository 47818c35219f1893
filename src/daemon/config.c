/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* dosed.conf, through libinih: a table of keys, each with its own check. */
#include <dirent.h>
#include <ini.h>
#include <stdarg.h>
#include <stdbool.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/config.h"
#include "dosed/civil.h"
#include "dosed/limits.h"
#include "dosed/span.h"
#include "dosed/text.h"
#include "dosed/zone.h"

#define DEFAULT_ALL_DAY_SEC (8 * 3600)
#define DEFAULT_SNOOZE (10 * USEC_PER_MINUTE)
#define DEFAULT_SETTLE (10 * USEC_PER_SEC)

/* First line of the kept text where dosed.conf itself was there, not only drop-ins: a comment to the parser. */
#define FILE_MARK "# dosed.conf was there\n"

/* One file while it is being read. */
struct parse {
        const struct config_places *places;
        struct config *config;
        struct problems *problems;
        struct zones *zones; /* to check names of zones */
        const char *file;
        FILE *stream, *copy; /* what is read, and where it is kept */
        unsigned line;
        int error;      /* negative errno */
        int read_error; /* positive errno: the stream failed, and what came before it is not all of it */
};

static void person_done(struct config_person *person) {
        free(person->name);
        free(person->timezone);
        for (size_t i = 0; i < person->n_folders; i++)
                free(person->folders[i]);
        free(person->folders);
}

void config_done(struct config *config) {
        free(config->timezone);
        for (size_t i = 0; i < config->n_people; i++)
                person_done(&config->people[i]);
        free(config->people);
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

static int complain_unreadable(struct parse *parse, const char *path, const char *what, int error) {
        parse->file = path;
        parse->line = 0;
        complain(parse, "the %s cannot be read: %s; mend that and reload dosed", what, strerror(error));
        return parse->error;
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
        for (size_t length = strlen(path); length > 1 && path[length - 1] == '/'; length--)
                path[length - 1] = '\0';
        return add_folder(person, path);
}

static int set_person_timezone(struct parse *parse, struct config_person *person, const char *value) {
        return set_zone(parse, value, &person->timezone);
}

/* A key that may be given several times adds to what it is. */
static const struct {
        const char *section, *key;
        int (*set)(struct parse *parse, struct config_person *person, const char *value);
} keys[] = {
        { "dosed", "timezone", set_timezone },         { "dosed", "all-day-time", set_all_day_time },
        { "dosed", "snooze", set_snooze },             { "dosed", "settle", set_settle },
        { "person", "calendars", set_calendars },      { "person", "timezone", set_person_timezone },
};

static bool name_is_good(const char *name) {
        _cleanup_(free_p) char *clean = NULL;

        return *name != '\0' && *name != '.' && strlen(name) <= LIMIT_PERSON_BYTES && !strchr(name, '/') &&
               text_clean(name, &clean) >= 0 && strcmp(clean, name) == 0;
}

static int get_person(struct parse *parse, const char *name, struct config_person **ret) {
        struct config *config = parse->config;
        struct config_person *people;
        int r;

        for (size_t i = 0; i < config->n_people; i++)
                if (strcmp(config->people[i].name, name) == 0) {
                        *ret = &config->people[i];
                        return 0;
                }

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

static int take_pair(struct parse *parse, const char *section, const char *key, const char *value) {
        struct config_person *person = NULL;
        const char *kind = section;
        int r;

        if (strncmp(section, "person ", 7) == 0) {
                const char *name = section + 7 + strspn(section + 7, " ");

                kind = "person";
                if (!name_is_good(name)) {
                        complain(parse, "'%s' cannot be a person's name: at most %u bytes, no slash, no dot in front",
                                 name, LIMIT_PERSON_BYTES);
                        return 0;
                }
                r = get_person(parse, name, &person);
                if (r < 0)
                        return r;
        } else if (strcmp(section, "dosed") != 0) {
                complain(parse, "there is no section [%s] in this version: [dosed] and [person NAME] are known", section);
                return 0;
        }
        if (!key) /* the section alone */
                return 0;

        for (size_t i = 0; i < ELEMENTS(keys); i++)
                if (strcmp(keys[i].section, kind) == 0 && strcmp(keys[i].key, key) == 0) {
                        if (!value || *value == '\0') {
                                complain(parse, "%s has no value", key);
                                return 0;
                        }
                        return keys[i].set(parse, person, value);
                }
        complain(parse, "there is no key '%s' in [%s] in this version: see dosed(8)", key, section);
        return 0;
}

static int on_pair(void *userdata, const char *section, const char *key, const char *value) {
        struct parse *parse = userdata;
        int r;

        r = take_pair(parse, section, key, value);
        if (r < 0)
                parse->error = r;
        return 1;
}

/* Counts lines, which libinih does not tell, and refuses what it would cut without a word. */
static char *read_line(char *line, int size, void *userdata) {
        struct parse *parse = userdata;
        size_t length;
        int c;

        errno = 0;
        if (!fgets(line, size, parse->stream)) {
                if (ferror(parse->stream))
                        parse->read_error = errno > 0 ? errno : EIO;
                return NULL;
        }
        parse->line++;
        (void) fputs(line, parse->copy);
        length = strlen(line);
        if (length > 0 && line[length - 1] != '\n' && !feof(parse->stream)) {
                complain(parse, "the line is longer than %d bytes: shorten it", size - 2);
                while ((c = getc(parse->stream)) != EOF && c != '\n')
                        ;
                line[0] = '\0';
        } else if (!text_is_valid(line, length)) {
                complain(parse, "the line is not valid UTF-8");
                line[0] = '\0';
        }
        /* A section without keys is a person all the same. */
        if (line[0] == '[' && strchr(line, ']')) {
                _cleanup_(free_p) char *section = strndup(line + 1, (size_t) (strchr(line, ']') - line - 1));

                if (!section || take_pair(parse, section, NULL, NULL) < 0)
                        parse->error = -ENOMEM;
        }
        return line;
}

static int parse_stream(struct parse *parse, const char *name, FILE *stream) {
        int r;

        parse->file = name;
        parse->line = 0;
        parse->read_error = 0;
        parse->stream = stream;
        r = ini_parse_stream(read_line, parse, on_pair, parse);
        (void) fputc('\n', parse->copy);
        if (parse->error < 0)
                return parse->error;
        /* A folder can be opened like a file, and a disk can fail half-way: that is no short file. */
        if (parse->read_error > 0)
                return complain_unreadable(parse, name, "file", parse->read_error);
        if (r > 0) {
                parse->line = (unsigned) r;
                complain(parse, "the line is neither [section] nor key = value");
        } else if (r < 0)
                return -ENOMEM;
        return parse->error;
}

static int parse_file(struct parse *parse, const char *path) {
        _cleanup_(fclose_p) FILE *stream = fopen(path, "re");

        return stream ? parse_stream(parse, path, stream) : complain_unreadable(parse, path, "file", errno);
}

static int parse_main(struct parse *parse) {
        const char *path = parse->places->file;
        struct stat st;

        if (!parse->places->must_exist && lstat(path, &st) < 0 && errno == ENOENT)
                return 0;
        parse->config->has_file = true;
        (void) fputs(FILE_MARK, parse->copy);
        return parse_file(parse, path);
}

static int is_drop_in(const struct dirent *entry) {
        size_t length = strlen(entry->d_name);

        return entry->d_name[0] != '.' && length > 5 && strcmp(entry->d_name + length - 5, ".conf") == 0;
}

static int parse_drop_ins(struct parse *parse) {
        _cleanup_(free_p) char *folder = NULL;
        struct dirent **entries = NULL;
        int n, r;

        r = text_format(&folder, "%s.d", parse->places->file);
        if (r < 0)
                return r;
        n = scandir(folder, &entries, is_drop_in, alphasort);
        if (n < 0 && errno == ENOMEM)
                return -ENOMEM;
        if (n < 0)
                return errno == ENOENT || errno == ENOTDIR ? 0 : complain_unreadable(parse, folder, "folder", errno);
        for (int i = 0; i < n; i++) {
                _cleanup_(free_p) char *path = NULL;

                if (r >= 0)
                        r = text_format(&path, "%s/%s", folder, entries[i]->d_name);
                if (r >= 0)
                        r = parse_file(parse, path);
                free(entries[i]);
        }
        free(entries);
        return r;
}

/* One person where the file names none; and for each the folder that goes without saying. */
static int fill_in(struct parse *parse) {
        struct config_person *person;
        bool alone = parse->config->n_people == 0;
        int r;

        if (alone) {
                r = get_person(parse, parse->places->user, &person);
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

/* Reads either the text or, where that is NULL, the files. */
static int load(const struct config_places *places, const char *text, struct config *ret, struct problems *problems) {
        _cleanup_(config_done) struct config config = {
                .all_day_sec = DEFAULT_ALL_DAY_SEC,
                .snooze_usec = DEFAULT_SNOOZE,
                .settle_usec = DEFAULT_SETTLE,
        };
        _cleanup_(zones_free_p) struct zones *zones = NULL;
        _cleanup_(fclose_p) FILE *stream = NULL;
        struct parse parse = { .places = places, .config = &config, .problems = problems };
        size_t size;
        int r;

        r = zones_new(NULL, &zones);
        if (r < 0)
                return r;
        parse.zones = zones;
        parse.copy = open_memstream(&config.text, &size);
        if (!parse.copy)
                return -ENOMEM;

        if (text) {
                config.has_file = strncmp(text, FILE_MARK, strlen(FILE_MARK)) == 0;
                stream = fmemopen((char *) text, strlen(text), "r");
                r = stream ? parse_stream(&parse, places->file, stream) : -errno;
        } else {
                r = parse_main(&parse);
                if (r >= 0)
                        r = parse_drop_ins(&parse);
        }
        if (fclose(parse.copy) != 0 && r >= 0)
                r = -ENOMEM;
        if (r >= 0)
                r = fill_in(&parse);
        if (r < 0)
                return r;
        if (problems->n_errors > 0)
                return CONFIG_INVALID;

        *ret = config;
        config = (struct config){};
        return 0;
}

int config_parse(const struct config_places *places, const char *text, struct config *ret, struct problems *problems) {
        return load(places, text, ret, problems);
}

int config_load(const struct config_places *places, struct config *ret, struct problems *problems) {
        return load(places, NULL, ret, problems);
}
