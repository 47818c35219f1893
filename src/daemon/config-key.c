/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The keys of a configuration, all of them in one table. */
#include <stddef.h>
#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define DAYS USEC_PER_DAY
#define HOURS USEC_PER_HOUR
#define MINUTES USEC_PER_MINUTE
#define SECONDS USEC_PER_SEC

static const char *const rights[] = {
        [RIGHT_NONE] = "none", [RIGHT_VIEW] = "view", [RIGHT_RECORD] = "record", [RIGHT_MANAGE] = "manage", NULL,
};
static const char *const details[] = { [DETAIL_MINIMAL] = "minimal", [DETAIL_FULL] = "full", NULL };

#define KEY(of, type, key, setter, member, ...) \
        { .section = of, .name = key, .set = setter, .offset = offsetof(struct type, member), ##__VA_ARGS__ }
#define DOSED(...) KEY(SECTION_DOSED, config, __VA_ARGS__)
#define PERSON(...) KEY(SECTION_PERSON, config_person, __VA_ARGS__)
#define CAREGIVER(...) KEY(SECTION_CAREGIVER, config_caregiver, __VA_ARGS__)
#define MAIL(...) KEY(SECTION_MAIL, config_mail, __VA_ARGS__)
#define HOOK(...) KEY(SECTION_HOOK, config_hook, __VA_ARGS__)
#define FROM_TO(from, to) .least = from, .most = to

/* dosed.conf(5) and data/dosed.conf have every one of them: tests/project compares. At most CONFIG_KEYS_MAX of a section. */
static const struct config_key keys[] = {
        DOSED("timezone", config_set_zone, timezone),
        DOSED("all-day-time", config_set_time_of_day, all_day_sec),
        DOSED("remind-every", config_set_span, remind_every_usec, FROM_TO(5 * MINUTES, 1 * DAYS)),
        DOSED("snooze", config_set_span, snooze_usec, FROM_TO(1 * MINUTES, 1 * DAYS)),
        DOSED("window-min", config_set_span, window_min_usec, FROM_TO(5 * MINUTES, 1 * DAYS)),
        DOSED("window-max", config_set_span, window_max_usec, FROM_TO(5 * MINUTES, 1 * DAYS)),
        DOSED("settle", config_set_span, settle_usec, FROM_TO(1 * SECONDS, 10 * MINUTES)),

        PERSON("name", config_set_text, title),
        PERSON("calendars", config_set_folder, folders, .repeat = REPEAT_ADDS),
        PERSON("category", config_set_text, category),
        PERSON("users", config_set_users, users, .repeat = REPEAT_ADDS),
        PERSON("timezone", config_set_zone, timezone),
        PERSON("caregivers", config_set_names, caregivers, .repeat = REPEAT_ADDS),
        PERSON("quiet", config_set_quiet, quiet),
        PERSON("times", config_set_times, times, .repeat = REPEAT_ADDS),

        CAREGIVER("name", config_set_text, title),
        CAREGIVER("email", config_set_address, email),
        CAREGIVER("user", config_set_user, user),
        CAREGIVER("may", config_set_choice, may, .choices = rights),
        CAREGIVER("after", config_set_span, after_usec, FROM_TO(0, 24 * HOURS)),
        CAREGIVER("tell", config_set_tell, tells, .repeat = REPEAT_ADDS),
        CAREGIVER("detail", config_set_choice, detail, .choices = details),
        CAREGIVER("quiet", config_set_quiet, quiet),
        CAREGIVER("summary", config_set_summary, summary),
        CAREGIVER("summary-at", config_set_time_of_day, summary_sec),
        CAREGIVER("timezone", config_set_zone, timezone),

        MAIL("from", config_set_address, from),
        MAIL("smtp", config_set_smtp, smtp),
        MAIL("user", config_set_text, user),
        MAIL("password-file", config_set_path, password_file),
        MAIL("ca-file", config_set_path, ca_file),
        MAIL("command", config_set_command, command, .repeat = REPEAT_CONTINUES),

        HOOK("on", config_set_on, tells, .repeat = REPEAT_ADDS),
        HOOK("command", config_set_command, command, .repeat = REPEAT_CONTINUES),
        HOOK("people", config_set_names, people, .repeat = REPEAT_ADDS),
        HOOK("detail", config_set_choice, detail, .choices = details),
        HOOK("timeout", config_set_span, timeout_usec, FROM_TO(1 * SECONDS, 5 * MINUTES)),
        HOOK("every", config_set_span, every_usec, FROM_TO(1 * MINUTES, 1 * DAYS)),
};

/* The key, and its place among those of its section. */
static const struct config_key *find_key(enum config_section section, const char *name, size_t *ret_place) {
        size_t place = 0;

        for (size_t i = 0; i < ELEMENTS(keys); i++) {
                if (keys[i].section != section)
                        continue;
                if (strcmp(keys[i].name, name) == 0) {
                        *ret_place = place;
                        return &keys[i];
                }
                place++;
        }
        return NULL;
}

const struct config_mark *config_find_key(const struct config_entry *entry, const char *name) {
        static const struct config_mark nowhere = {};
        size_t place;

        return entry && find_key(entry->section, name, &place) ? &entry->keys[place] : &nowhere;
}

static size_t distance_row(const char *a, const char *b, size_t i, const size_t *above, size_t *row) {
        size_t least = row[0] = i + 1;

        for (size_t j = 0; b[j]; j++) {
                size_t best = above[j] + (a[i] != b[j]);

                if (above[j + 1] + 1 < best)
                        best = above[j + 1] + 1;
                if (row[j] + 1 < best)
                        best = row[j] + 1;
                row[j + 1] = best;
                if (best < least)
                        least = best;
        }
        return least;
}

/* Letters to add, drop or change until the two are the same (Levenshtein); `limit` + 1 where they are more. */
static size_t distance(const char *a, const char *b, size_t limit) {
        size_t rows[2][LIMIT_PERSON_BYTES + 1], n_a = strlen(a), n_b = strlen(b);

        if (n_a > LIMIT_PERSON_BYTES || n_b > LIMIT_PERSON_BYTES)
                return limit + 1;
        for (size_t j = 0; j <= n_b; j++)
                rows[0][j] = j;
        for (size_t i = 0; i < n_a; i++)
                if (distance_row(a, b, i, rows[i % 2], rows[(i + 1) % 2]) > limit)
                        return limit + 1;
        return rows[n_a % 2][n_b];
}

const char *config_hint(char *text, const char *wrong, const char *const *names, size_t n_names) {
        size_t limit = strlen(wrong) < 4 ? 1 : 2;
        const char *nearest = NULL;

        for (size_t i = 0; i < n_names; i++) {
                size_t found = distance(wrong, names[i], limit);

                if (found <= limit) {
                        nearest = names[i];
                        limit = found > 0 ? found - 1 : 0;
                }
        }
        text[0] = '\0';
        if (nearest)
                (void) snprintf(text, CONFIG_HINT_SIZE, "; did you mean '%s'?", nearest);
        return text;
}

static void refuse_key(struct config_parse *parse, const char *name) {
        const char *known[CONFIG_KEYS_MAX];
        char hint[CONFIG_HINT_SIZE];
        size_t n = 0;

        for (size_t i = 0; i < ELEMENTS(keys); i++) {
                if (keys[i].section == parse->section)
                        known[n++] = keys[i].name;
        }
        (void) config_hint(hint, name, known, n);
        config_complain(parse, "there is no key '%s' in [%s] in this version%s", name,
                        config_section_to_string(parse->section), hint[0] ? hint : ": see dosed.conf(5)");
}

/* A whole section that somebody indented: without this, a command would take the pairs after it for its arguments. */
static bool is_a_pair(const struct config_parse *parse, const char *value) {
        char name[32];
        size_t length = strcspn(value, CONFIG_BLANKS "="), place;

        if (length >= sizeof(name) || value[length + strspn(value + length, CONFIG_BLANKS)] != '=')
                return false;
        memcpy(name, value, length);
        name[length] = '\0';
        return find_key(parse->section, name, &place);
}

static bool has_control(const char *value) {
        for (const char *p = value; *p; p++)
                if (((unsigned char) *p < ' ' && *p != '\t') || *p == 0x7F)
                        return true;
        return false;
}

/* Whether it may stand here, and be what it is. */
static bool is_in_place(struct config_parse *parse, const struct config_key *key, const struct config_mark *mark,
                        const char *value) {
        if (!value || *value == '\0')
                config_complain(parse, "%s has no value", key->name);
        else if (has_control(value))
                config_complain(parse, "%s has a control character in its value: take it out", key->name);
        else if (parse->is_continued && (key->repeat == REPEAT_NEVER || is_a_pair(parse, value)))
                config_complain(parse, "the line begins with a blank, so it would continue %s: begin it at the margin",
                                key->name);
        else if (!parse->is_continued && key->repeat != REPEAT_ADDS && mark->file && mark->source == parse->n_source)
                config_complain(parse, "%s was given in line %u already: keep one of them", key->name, mark->line);
        else
                return true;
        return false;
}

int config_take_pair(struct config_parse *parse, const char *name, const char *value) {
        const struct config_key *key;
        struct config_mark *mark;
        size_t place;

        if (parse->section == SECTION_REFUSED)
                return 0;
        if (parse->section == SECTION_NONE) {
                config_complain(parse, "'%s' stands in no section: put it below [dosed], [person NAME] or another one",
                                name);
                return 0;
        }
        key = find_key(parse->section, name, &place);
        if (!key) {
                if (!parse->is_continued) /* what it continues was refused already */
                        refuse_key(parse, name);
                return 0;
        }
        mark = &parse->entry->keys[place];
        if (!is_in_place(parse, key, mark, value))
                return 0;
        if (!parse->is_continued)
                *mark = (struct config_mark){ parse->source->name, parse->line, parse->n_source };
        (void) fprintf(parse->meaning, "%s%s=%s\n", parse->is_continued ? " " : "", name, value);
        return key->set(parse, key, (char *) config_entry_object(parse, parse->entry) + key->offset, value);
}
