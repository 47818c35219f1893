/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Values of a configuration that are one thing each. */
#include <ctype.h>
#include <string.h>

#include "daemon/config-parse.h"
#include "dosed/civil.h"
#include "dosed/limits.h"
#include "dosed/span.h"
#include "dosed/text.h"

int config_set_zone(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        const struct zone *zone;
        int r;

        r = zones_get(parse->zones, value, &zone);
        if (r > 0) {
                config_complain(parse,
                                "%s: there is no time zone '%s': write it as in /usr/share/zoneinfo, such as "
                                "Europe/Lisbon",
                                key->name, value);
                return 0;
        }
        return r < 0 ? r : text_set(target, value);
}

/* Exactly HH:MM. */
bool config_read_time_of_day(const char *text, int32_t *ret_sec) {
        unsigned hour, minute;
        char rest;

        if (strlen(text) != 5 || !isdigit((unsigned char) text[0]) || !isdigit((unsigned char) text[3]) ||
            sscanf(text, "%2u:%2u%c", &hour, &minute, &rest) != 2 || hour > 23 || minute > 59)
                return false;
        *ret_sec = (int32_t) (hour * 3600 + minute * 60);
        return true;
}

int config_set_time_of_day(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        int32_t *sec = target;

        if (!config_read_time_of_day(value, sec))
                config_complain(parse, "%s '%s' is no time of day: write it as 08:00", key->name, value);
        return 0;
}

int config_set_span(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        _cleanup_(free_p) char *least = NULL, *most = NULL;
        usec_t usec = 0;
        int r;

        r = key->least == 0 && strcmp(value, "0") == 0 ? 0 : span_parse(value, &usec);
        /* No reason to go without reminders. */
        if (r == SPAN_WITHOUT_UNIT)
                config_warn(parse, "%s '%s' has no unit and is taken for minutes: write %smin or %ss", key->name, value, value,
                            value);
        else if (r != 0) {
                config_complain(parse, "%s '%s' is no span of time: write it as 10min or 30s", key->name, value);
                return 0;
        }
        if (usec >= key->least && usec <= key->most) {
                *(usec_t *) target = usec;
                return 0;
        }
        r = span_format(key->least, &least);
        if (r >= 0)
                r = span_format(key->most, &most);
        if (r < 0)
                return r;
        config_complain(parse, "%s '%s' is out of range: it can be from %s to %s", key->name, value, least, most);
        return 0;
}

int config_set_quiet(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        struct quiet_hours *quiet = target;
        struct quiet_hours wanted;
        char from[6], until[6], rest;

        if (strcmp(value, "none") == 0)
                *quiet = (struct quiet_hours){};
        else if (sscanf(value, "%5[0-9:] - %5[0-9:]%c", from, until, &rest) != 2 ||
                 !config_read_time_of_day(from, &wanted.from_sec) || !config_read_time_of_day(until, &wanted.until_sec))
                config_complain(parse, "%s '%s' is no span of the day: write it as 22:00-07:00, or none", key->name,
                                value);
        else if (wanted.from_sec == wanted.until_sec)
                config_complain(parse, "%s '%s' ends when it begins: write none where there are no quiet hours",
                                key->name, value);
        else
                *quiet = wanted;
        return 0;
}

int config_set_text(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        _cleanup_(free_p) char *clean = NULL;
        int r;

        r = text_clean(value, &clean);
        if (r < 0)
                return r;
        if (clean[0] == '\0')
                config_complain(parse, "%s has nothing in it that can be read", key->name);
        else if (strlen(clean) > LIMIT_PERSON_BYTES * 2)
                config_complain(parse, "%s is longer than %u bytes: shorten it", key->name, LIMIT_PERSON_BYTES * 2);
        else
                return text_set(target, clean);
        return 0;
}

int config_set_choice(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        _cleanup_(free_p) char *list = NULL;
        char hint[CONFIG_HINT_SIZE];
        size_t n, size;
        FILE *stream;

        for (n = 0; key->choices[n]; n++)
                if (strcmp(key->choices[n], value) == 0) {
                        *(unsigned *) target = (unsigned) n;
                        return 0;
                }
        stream = open_memstream(&list, &size);
        if (!stream)
                return -ENOMEM;
        for (size_t i = 0; i < n; i++)
                (void) fprintf(stream, "%s%s", i == 0 ? "" : i + 1 < n ? ", " : " or ", key->choices[i]);
        if (fclose(stream) != 0)
                return -ENOMEM;
        config_complain(parse, "%s '%s' is not known: write %s%s", key->name, value, list,
                        config_hint(hint, value, key->choices, n));
        return 0;
}

/* Absolute, and ~/ is this user's home. */
int config_make_path(struct config_parse *parse, const char *value, char **ret) {
        if (strncmp(value, "~/", 2) == 0)
                return text_format(ret, "%s/%s", parse->places->home, value + 2);
        return text_copy(value, ret);
}

int config_set_path(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = config_make_path(parse, value, &path);
        if (r < 0)
                return r;
        if (path[0] == '/')
                return text_set(target, path);
        config_complain(parse, "%s '%s' must be a file's full path, or begin with ~/", key->name, value);
        return 0;
}

/* As useradd(8) makes them, and some larger directories' as well: user@domain. */
bool config_user_is_good(const char *name) {
        size_t length = strlen(name);

        if (length == 0 || length > LIMIT_PERSON_BYTES || (!isalpha((unsigned char) name[0]) && name[0] != '_'))
                return false;
        return name[strspn(name, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789_-.@$")] == '\0';
}

int config_set_user(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        if (config_user_is_good(value))
                return text_set(target, value);
        config_complain(parse, "%s '%s' cannot be the name of a Unix user: write it as `id -un` says it", key->name,
                        value);
        return 0;
}

static bool read_weekday(const char *text, unsigned *ret) {
        static const char *const names[] = { "sunday",   "monday", "tuesday", "wednesday",
                                             "thursday", "friday", "saturday" };
        size_t length = strlen(text);

        for (unsigned i = 0; i < ELEMENTS(names); i++)
                if (text_equal_caseless(text, names[i]) || (length == 3 && text_starts_caseless(names[i], text))) {
                        *ret = i;
                        return true;
                }
        return false;
}

int config_set_summary(struct config_parse *parse, const struct config_key *key, void *target, const char *value) {
        struct config_summary *summary = target;
        struct config_summary wanted = { .kind = SUMMARY_WEEKLY };
        const char *day = value + strcspn(value, CONFIG_BLANKS);

        if (strcmp(value, "none") == 0)
                wanted.kind = SUMMARY_NONE;
        else if (strcmp(value, "daily") == 0)
                wanted.kind = SUMMARY_DAILY;
        else if (strcmp(value, "weekly") != 0 && (strncmp(value, "weekly", 6) != 0 || day != value + 6 ||
                                                  !read_weekday(day + strspn(day, CONFIG_BLANKS), &wanted.weekday))) {
                config_complain(parse,
                                "%s '%s' is not known: write daily, weekly, weekly and a day such as weekly monday, "
                                "or none",
                                key->name, value);
                return 0;
        }
        *summary = wanted;
        return 0;
}
