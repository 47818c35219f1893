/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Finds zones by name, and keeps those that were asked for. */
#include <ctype.h>
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/stat.h>

#include "calendar/zone-data.h"
#include "dosed/file.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define SYSTEM_FOLDER "/usr/share/zoneinfo"

struct zones {
        char *folder;
        struct zone **loaded, **added; /* from the folder; from VTIMEZONEs, and the system's where it has no name */
        size_t n_loaded, n_added;
};

static void closedir_p(DIR **folder) {
        if (*folder)
                (void) closedir(*folder);
}

static void list_done(struct zone **list, size_t n) {
        for (size_t i = 0; i < n; i++)
                zone_free(list[i]);
        free(list);
}

struct zones *zones_free(struct zones *zones) {
        if (!zones)
                return NULL;

        list_done(zones->loaded, zones->n_loaded);
        list_done(zones->added, zones->n_added);
        free(zones->folder);
        free(zones);
        return NULL;
}

int zones_new(const char *folder, struct zones **ret) {
        _cleanup_(zones_free_p) struct zones *zones = NULL;
        int r;

        zones = calloc(1, sizeof(*zones));
        if (!zones)
                return -ENOMEM;
        r = text_copy(folder ? folder : SYSTEM_FOLDER, &zones->folder);
        if (r < 0)
                return r;

        *ret = TAKE(zones);
        return 0;
}

/* Keeps the zone; takes it over only where it returns 0. */
static int keep(struct zone ***list, size_t *n, struct zone *zone) {
        struct zone **grown;

        grown = reallocarray(*list, *n + 1, sizeof(*grown));
        if (!grown)
                return -ENOMEM;
        *list = grown;
        grown[(*n)++] = zone;
        return 0;
}

/*
 * "Area/City" of tzdata: letters, digits, '_', '+', '-'. No dot and no leading slash, so that it never leaves the
 * folder; not the "right" zones, which count leap seconds, and not the names that mean whatever the system's zone is.
 */
static bool is_iana_form(const char *name) {
        static const char *const others[] = { "localtime", "posixrules", "leapseconds", "right", "posix" };
        size_t n_first = strcspn(name, "/");
        bool at_start = true;

        for (size_t i = 0; i < ELEMENTS(others); i++)
                if (strlen(others[i]) == n_first && strncasecmp(others[i], name, n_first) == 0)
                        return false;

        for (const char *p = name; *p; p++) {
                if (at_start ? !isalpha((unsigned char) *p)
                             : !isalnum((unsigned char) *p) && !strchr("_+-/", *p))
                        return false;
                at_start = *p == '/';
        }
        return !at_start;
}

/* What any program may write as a name: a vendor's prefix with dots and slashes, or a Windows name. */
static bool is_name(const char *name) {
        size_t size = strlen(name);

        if (size == 0 || size > LIMIT_ZONE_NAME_BYTES || strstr(name, ".."))
                return false;
        for (const char *p = name; *p; p++)
                if (!isalnum((unsigned char) *p) && !strchr("_+-/.:() ", *p))
                        return false;
        return true;
}

/* Finds the entry of the folder by a component's name in any case. Returns 0, ZONE_UNKNOWN or a negative errno. */
static int find_entry(const char *path, const char *component, size_t size, char **ret) {
        _cleanup_(closedir_p) DIR *folder = opendir(path);
        struct dirent *entry;

        if (!folder)
                return errno == ENOENT || errno == ENOTDIR ? ZONE_UNKNOWN : -errno;

        while ((errno = 0, entry = readdir(folder)))
                if (strlen(entry->d_name) == size && strncasecmp(entry->d_name, component, size) == 0)
                        return text_format(ret, "%s/%s", path, entry->d_name);
        return errno > 0 ? -errno : ZONE_UNKNOWN;
}

static int find_path(const char *folder, const char *name, char **ret) {
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = text_copy(folder, &path);
        if (r < 0)
                return r;

        for (const char *component = name; component;) {
                size_t size = strcspn(component, "/");
                char *longer;

                r = find_entry(path, component, size, &longer);
                if (r != 0)
                        return r;
                free(path);
                path = longer;
                component = component[size] == '/' ? component + size + 1 : NULL;
        }

        *ret = TAKE(path);
        return 0;
}

/* Reads a small regular file whole. Returns 0, ZONE_UNKNOWN (no file), ZONE_BAD_DATA (too large) or an errno. */
static int read_bytes(const char *path, char **ret, size_t *ret_size) {
        _cleanup_(close_p) int fd = -1;
        _cleanup_(free_p) char *bytes = NULL;
        struct stat st;
        size_t size;
        int r;

        /* O_NONBLOCK: a FIFO must not hold the daemon up. */
        fd = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK | O_NOCTTY);
        if (fd < 0)
                return errno == ENOENT || errno == ENOTDIR || errno == ELOOP || errno == ENXIO ? ZONE_UNKNOWN : -errno;
        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return ZONE_UNKNOWN;
        if (st.st_size > (off_t) LIMIT_ZONE_BYTES)
                return ZONE_BAD_DATA;

        bytes = malloc((size_t) st.st_size + 1);
        if (!bytes)
                return -ENOMEM;
        r = file_read(fd, bytes, (size_t) st.st_size, &size);
        if (r < 0)
                return r;
        *ret = TAKE(bytes);
        *ret_size = size;
        return 0;
}

static int load(struct zones *zones, const char *name, const struct zone **ret) {
        _cleanup_(free_p) char *path = NULL, *bytes = NULL;
        _cleanup_(zone_free_p) struct zone *zone = NULL;
        size_t size;
        int r;

        for (size_t i = 0; i < zones->n_loaded; i++)
                if (strcasecmp(zones->loaded[i]->name, name) == 0) {
                        *ret = zones->loaded[i];
                        return 0;
                }

        r = find_path(zones->folder, name, &path);
        if (r == 0)
                r = read_bytes(path, &bytes, &size);
        if (r == 0)
                r = tzif_read(path + strlen(zones->folder) + 1, bytes, size, &zone);
        if (r == 0)
                r = keep(&zones->loaded, &zones->n_loaded, zone);
        if (r != 0)
                return r;

        *ret = TAKE(zone);
        return 0;
}

/* Without zone data UTC is known all the same. */
static int load_or_utc(struct zones *zones, const char *name, const struct zone **ret) {
        int r;

        if (!is_iana_form(name))
                return ZONE_UNKNOWN;
        r = load(zones, name, ret);
        if (r == ZONE_UNKNOWN && (strcasecmp(name, "UTC") == 0 || strcasecmp(name, "Etc/UTC") == 0)) {
                *ret = zone_utc();
                return 0;
        }
        return r;
}

int zones_get(struct zones *zones, const char *name, const struct zone **ret) {
        const char *windows, *rest;
        int r;

        if (!is_name(name))
                return ZONE_BAD_NAME;

        r = load_or_utc(zones, name, ret);
        if (r != ZONE_UNKNOWN)
                return r;

        windows = windows_zone_find(name);
        if (windows)
                return load_or_utc(zones, windows, ret);

        /*
         * A prefix is one only where it looks like one: "/vendor.example/Olson_1/Europe/Berlin" or
         * "tzone://Microsoft/Utc", not "Home/Singapore".
         */
        if (name[0] != '/' && !memchr(name, '.', strcspn(name, "/")) && !strstr(name, "://"))
                return ZONE_UNKNOWN;
        for (rest = strchr(name, '/'); rest; rest = strchr(rest + 1, '/')) {
                r = load_or_utc(zones, rest + 1, ret);
                if (r != ZONE_UNKNOWN)
                        return r;
        }
        return ZONE_UNKNOWN;
}

static bool posix_zone_equal(const struct posix_zone *a, const struct posix_zone *b) {
        return a->standard_offset_sec == b->standard_offset_sec && a->has_daylight == b->has_daylight &&
               a->daylight_offset_sec == b->daylight_offset_sec &&
               memcmp(&a->begin, &b->begin, sizeof(a->begin)) == 0 &&
               memcmp(&a->end, &b->end, sizeof(a->end)) == 0;
}

static bool zone_equal(const struct zone *a, const struct zone *b) {
        if (strcmp(a->name, b->name) != 0 || a->first_offset_sec != b->first_offset_sec ||
            a->n_transitions != b->n_transitions || a->has_posix != b->has_posix)
                return false;
        for (size_t i = 0; i < a->n_transitions; i++)
                if (a->transitions[i].at_sec != b->transitions[i].at_sec ||
                    a->transitions[i].offset_sec != b->transitions[i].offset_sec)
                        return false;
        return posix_zone_equal(&a->posix, &b->posix);
}

/* Takes the zone over. One that is there already is given again, so that rereading a file costs no memory. */
static int add(struct zones *zones, struct zone *zone, const struct zone **ret) {
        int r;

        for (size_t i = 0; i < zones->n_added; i++)
                if (zone_equal(zones->added[i], zone)) {
                        zone_free(zone);
                        *ret = zones->added[i];
                        return 0;
                }

        r = keep(&zones->added, &zones->n_added, zone);
        if (r < 0) {
                zone_free(zone);
                return r;
        }

        *ret = zone;
        return 0;
}

int zones_add(struct zones *zones, const char *name, int32_t first_offset_sec,
              const struct zone_transition *transitions, size_t n_transitions, const struct zone **ret) {
        _cleanup_(zone_free_p) struct zone *zone = NULL;
        int r;

        r = zone_new(name, &zone);
        if (r < 0)
                return r;

        zone->first_offset_sec = first_offset_sec;
        if (abs(first_offset_sec) > ZONE_OFFSET_MAX_SEC)
                return -EINVAL;
        for (size_t i = 0; i < n_transitions; i++) {
                if (abs(transitions[i].offset_sec) > ZONE_OFFSET_MAX_SEC ||
                    (i > 0 && transitions[i].at_sec <= transitions[i - 1].at_sec))
                        return -EINVAL;
                r = zone_append(zone, transitions[i].at_sec, transitions[i].offset_sec);
                if (r < 0)
                        return r;
        }
        return add(zones, TAKE(zone), ret);
}

/* What a path within a zoneinfo folder names; NULL: nothing. */
static const char *path_to_name(const char *path) {
        const char *name = strstr(path, "/zoneinfo/");

        return name && is_iana_form(name + strlen("/zoneinfo/")) ? name + strlen("/zoneinfo/") : NULL;
}

/* A zone's file that is no entry of the folder, like a copy at /etc/localtime. */
static int load_file(struct zones *zones, const char *path, const struct zone **ret) {
        _cleanup_(free_p) char *bytes = NULL;
        _cleanup_(zone_free_p) struct zone *zone = NULL;
        size_t size;
        int r;

        r = read_bytes(path, &bytes, &size);
        if (r == 0)
                r = tzif_read("localtime", bytes, size, &zone);
        if (r != 0)
                return r;
        return add(zones, TAKE(zone), ret);
}

/* $TZ (POSIX.1 8.3): a name, a path, or a rule. */
static int get_from_environment(struct zones *zones, const char *text, const struct zone **ret) {
        _cleanup_(zone_free_p) struct zone *zone = NULL;
        const char *name;
        int r;

        if (*text == ':')
                text++;
        name = *text == '/' ? path_to_name(text) : text;
        r = name ? zones_get(zones, name, ret) : ZONE_UNKNOWN;
        if (r <= 0)
                return r;
        if (*text == '/')
                return load_file(zones, text, ret);

        r = zone_new(text, &zone);
        if (r < 0)
                return r;
        r = posix_zone_parse(text, strlen(text), &zone->posix);
        if (r != 0)
                return r;
        zone->has_posix = true;
        return add(zones, TAKE(zone), ret);
}

int zones_get_system(struct zones *zones, const struct zone **ret) {
        static const char localtime_path[] = "/etc/localtime";
        const char *environment = getenv("TZ"), *name;
        char target[PATH_MAX];
        ssize_t n;
        int r = ZONE_UNKNOWN;

        if (environment)
                r = get_from_environment(zones, environment, ret);
        else {
                n = readlink(localtime_path, target, sizeof(target) - 1);
                target[n > 0 ? n : 0] = '\0';
                name = path_to_name(target);
                if (name)
                        r = zones_get(zones, name, ret);
                if (r > 0)
                        r = load_file(zones, localtime_path, ret);
        }
        if (r <= 0)
                return r;

        /* As the C library does. */
        *ret = zone_utc();
        return 0;
}
