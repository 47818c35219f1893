/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Inside the reading of dosed.conf: where it stands, the sections, the table of keys, and the kinds of values. */
#pragma once

#include "daemon/config-source.h"
#include "daemon/config.h"
#include "dosed/zone.h"

#define CONFIG_BLANKS " \t\r\v\f" /* as libinih takes them */
#define CONFIG_KEYS_MAX 16        /* of one section */

enum config_section {
        SECTION_NONE,    /* before the first */
        SECTION_REFUSED, /* what it says is not looked at */
        SECTION_DOSED,
        SECTION_PERSON,
        SECTION_CAREGIVER,
        SECTION_MAIL,
        SECTION_HOOK,
        _SECTION_MAX,
};

/* Where something was said. */
struct config_mark {
        const char *file; /* of the sources; NULL: nowhere */
        unsigned line;
        size_t source;
};

/* A section as it was met, perhaps several times: what of it was said where. */
struct config_entry {
        enum config_section section;
        char *name;   /* NULL where that kind has none */
        size_t index; /* of its object in the configuration, whose arrays move as they grow */
        struct config_mark mark;
        struct config_mark keys[CONFIG_KEYS_MAX]; /* in the order of the section's keys in the table */
};

/* One configuration while it is being read. */
struct config_parse {
        const struct config_places *places;
        struct config *config;
        struct problems *problems;
        struct zones *zones; /* to check names of zones */
        FILE *meaning;

        const struct config_source *source; /* being read */
        size_t n_source;
        const char *rest; /* of it, what has not been read yet */
        size_t n_rest;
        unsigned line;
        bool is_indented;  /* that line begins with a blank */
        bool has_pair;     /* one came before it in its section: then a blank continues that */
        bool is_continued; /* the value being taken goes on from the line before */

        enum config_section section; /* as read here: libinih would cut a long name */
        struct config_entry *entry;  /* of the section */
        struct config_entry **entries;
        size_t n_entries;
        bool is_full[_SECTION_MAX]; /* it was said that there are too many of these */
        int error; /* negative errno */
};

/* The reading itself (config-read.c). */
int config_read_source(struct config_parse *parse, const struct config_source *source, size_t n_source);

/* An error where the reading stands; or a problem where something was said. */
void config_complain(struct config_parse *parse, const char *format, ...) __attribute__((format(printf, 2, 3)));
void config_warn(struct config_parse *parse, const char *format, ...) __attribute__((format(printf, 2, 3)));
void config_complain_at(struct config_parse *parse, const struct config_mark *mark, enum severity severity,
                        const char *format, ...) __attribute__((format(printf, 4, 5)));

/* Sections (config-section.c). */
int config_enter_section(struct config_parse *parse, char *line);
const char *config_section_to_string(enum config_section section); /* "person" */
/* What the entry's keys set; until another section is entered. */
void *config_entry_object(const struct config_parse *parse, const struct config_entry *entry);
struct config_entry *config_find_entry(const struct config_parse *parse, enum config_section section, const char *name);
int config_add_person(struct config *config, const char *name);
int config_words_add(struct config_words *words, const char *text);

/* Keys (config-key.c). What they are in a later file replaces what they were, but for lists. */
enum config_repeat {
        REPEAT_NEVER,     /* once in a file, in one line */
        REPEAT_CONTINUES, /* once, and it may go on in further lines that begin with a blank */
        REPEAT_ADDS,      /* a list: given again, also in another file, it adds to what it is */
};
struct config_key {
        enum config_section section;
        const char *name;
        /* Checks and takes one value; what is wrong with it is a problem. Returns 0 or a negative errno. */
        int (*set)(struct config_parse *parse, const struct config_key *key, void *target, const char *value);
        size_t offset;              /* of what is set, in the section's object */
        usec_t least, most;         /* of a span */
        const char *const *choices; /* of a word: their places are the enum's values; NULL ends them */
        enum config_repeat repeat;
};
int config_take_pair(struct config_parse *parse, const char *key, const char *value);
/* Where the key was given; its file is NULL where it was not. */
const struct config_mark *config_find_key(const struct config_entry *entry, const char *name);
/* "; did you mean 'settle'?", where one of the names is near what was written; else "". Returns `text`. */
#define CONFIG_HINT_SIZE 128
const char *config_hint(char *text, const char *wrong, const char *const *names, size_t n_names);

/*
 * Kinds of values: each checks and takes one. config-value.c has those that are one thing, config-list.c lists, config-command.c
 * and config-mail.c what their names say.
 */
typedef int config_setter(struct config_parse *parse, const struct config_key *key, void *target, const char *value);
config_setter config_set_zone, config_set_time_of_day, config_set_span, config_set_quiet, config_set_text,
        config_set_choice, config_set_path, config_set_user, config_set_summary;
config_setter config_set_folder, config_set_names, config_set_users, config_set_times, config_set_tell, config_set_on;
config_setter config_set_command;
config_setter config_set_address, config_set_smtp;
bool config_read_time_of_day(const char *text, int32_t *ret_sec);
int config_make_path(struct config_parse *parse, const char *value, char **ret);
bool config_user_is_good(const char *name);

/* What comes with being told of a missed dose; and that is told where nothing is said of it. */
#define TELLS_WITH_MISSED (EVENT_BIT(EVENT_UNATTENDED) | EVENT_BIT(EVENT_RESOLVED) | EVENT_BIT(EVENT_STOPPED))
#define TELLS_BY_DEFAULT (EVENT_BIT(EVENT_MISSED) | TELLS_WITH_MISSED)

/* What is to be true of the whole once everything was read, and what goes without saying (config-whole.c). */
int config_complete(struct config_parse *parse);

/* Warns of what it names and cannot be used, for `dosed --check-config` (config-around.c). Returns 0 or a negative errno. */
int config_look_around(struct config_parse *parse, const struct config_sources *sources);

/* Of Unix users: unknown ones in a household, and any where they do not count (config-unix.c). */
void config_check_unix_users(struct config_parse *parse);
