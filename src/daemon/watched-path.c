/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One watched folder, everything that it lies in, and every link that leads there. */
#include <dirent.h>
#include <fcntl.h>
#include <limits.h>
#include <string.h>
#include <strings.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "daemon/watched-path.h"
#include "dosed/text.h"

#define CONTENT_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_CREATE)
#define NAME_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM)
#define SELF_EVENTS (IN_DELETE_SELF | IN_MOVE_SELF)
#define GONE_EVENTS (IN_IGNORED | IN_UNMOUNT | SELF_EVENTS)

#define MAX_LINKS 40 /* as the kernel follows */

enum {
        WAY_MOVED = 10000, /* beyond every errno: what had just been there was not any more */
};

/* One folder on the way, from the root over all that links lead through to the folder itself. */
struct level {
        struct watched_path *path;
        sd_event_source *source; /* NULL: cannot be watched */
        char *text;              /* without a link in it */
        char *next;              /* name in it that leads on; NULL: this is the folder */
        dev_t device;
        ino_t inode;
        bool names_matter; /* what `next` is can change without an event of its own */
};

/* As far as it leads. */
struct way {
        struct level **levels;
        size_t n_levels;
        int error; /* positive errno: why it ends before the folder, or why the folder is not watched */
        bool has_gap; /* a folder on it cannot be watched */
};

struct watched_path {
        sd_event *event;
        watch_handler changed;
        void *userdata;
        char *text;
        struct way way;
};

/* Somebody takes the way while it is being laid out. */
struct walk {
        struct watched_path *path;
        struct way *way;
        char *here, *rest; /* "" is the root */
        unsigned n_links;
        bool is_watching, all_names;
};

static void way_done(struct way *way) {
        for (size_t i = 0; i < way->n_levels; i++) {
                sd_event_source_disable_unref(way->levels[i]->source);
                free(way->levels[i]->text);
                free(way->levels[i]->next);
                free(way->levels[i]);
        }
        free(way->levels);
        *way = (struct way){};
}

struct watched_path *watched_path_free(struct watched_path *path) {
        if (!path)
                return NULL;
        way_done(&path->way);
        free(path->text);
        sd_event_unref(path->event);
        free(path);
        return NULL;
}

const char *watched_path_name(const struct watched_path *path) {
        return path->text;
}

static int on_event(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        struct level *level = userdata;
        struct watched_path *path = level->path;
        int r;

        (void) source;
        if (!level->next && !(event->mask & GONE_EVENTS))
                return path->changed(path->userdata);
        /* A home has many other names, and they come and go. */
        if (!(event->mask & (GONE_EVENTS | IN_Q_OVERFLOW)) &&
            (!level->names_matter || event->len == 0 || !text_equal(level->next, event->name)))
                return 0;
        r = watched_path_renew(path);
        return r < 0 ? r : path->changed(path->userdata);
}

/* Returns 0, a positive errno where it is not there any more, or a negative one. */
static int watch_level(struct walk *walk, struct level *level) {
        uint32_t mask = SELF_EVENTS | IN_ONLYDIR | IN_DONT_FOLLOW;
        int r;

        if (!level->next)
                mask |= CONTENT_EVENTS;
        else if (level->names_matter)
                mask |= NAME_EVENTS;
        r = sd_event_add_inotify(level->path->event, &level->source, level->text, mask, on_event, level);
        if (r == -ENOMEM)
                return r;
        if (r == -ENOENT || r == -ENOTDIR)
                return -r;
        /* It does not hide those below it: a home may lie in a folder that only root can list. */
        if (r < 0) {
                walk->way->has_gap = true;
                if (!level->next)
                        walk->way->error = -r;
                return 0;
        }
        r = sd_event_source_set_exit_on_failure(level->source, 1);
        return r < 0 ? r : 0;
}

static int add_level(struct walk *walk, const char *next, bool names_matter) {
        struct way *way = walk->way;
        struct level **levels, *level;
        struct stat st;
        int r;

        levels = reallocarray(way->levels, way->n_levels + 1, sizeof(struct level *));
        if (!levels)
                return -ENOMEM;
        way->levels = levels;
        level = calloc(1, sizeof(*level));
        if (!level)
                return -ENOMEM;
        levels[way->n_levels++] = level;
        level->path = walk->path;
        level->names_matter = names_matter;
        r = text_copy(walk->here[0] != '\0' ? walk->here : "/", &level->text);
        if (r >= 0)
                r = text_copy(next, &level->next);
        if (r >= 0 && walk->is_watching)
                r = watch_level(walk, level);
        if (r == 0 && lstat(level->text, &st) >= 0) {
                level->device = st.st_dev;
                level->inode = st.st_ino;
        }
        return r;
}

/* Goes on where the link leads to. Returns 0, a positive errno, or -ENOMEM. */
static int follow_link(struct walk *walk, const char *link) {
        char target[PATH_MAX], *rest;
        ssize_t length;
        int r;

        if (++walk->n_links > MAX_LINKS)
                return ELOOP;
        length = readlink(link, target, sizeof(target));
        if (length < 0 || length == sizeof(target))
                return length < 0 ? errno : ENAMETOOLONG;
        r = text_format(&rest, "%.*s/%s", (int) length, target, walk->rest);
        if (r < 0)
                return r;
        free(walk->rest);
        walk->rest = rest;
        if (target[0] == '/')
                walk->here[0] = '\0';
        return 0;
}

/* One name of the rest. Returns 0, a positive errno where the way ends, WAY_MOVED, or a negative errno. */
static int walk_on(struct walk *walk, const char *name) {
        _cleanup_(free_p) char *there = NULL;
        struct stat st;
        bool names_matter;
        int r;

        if (strcmp(name, ".") == 0)
                return 0;
        r = text_format(&there, "%s/%s", walk->here, name);
        if (r < 0)
                return r;
        /*
         * What the next one's own watch cannot tell: that it appears, that a link in its place leads elsewhere; and the last one
         * always, since it may be a link or a file at any time.
         */
        names_matter = walk->all_names || walk->rest[strspn(walk->rest, "/")] == '\0' || lstat(there, &st) < 0 ||
                       !S_ISDIR(st.st_mode);
        r = add_level(walk, name, names_matter);
        if (r != 0)
                return r == ENOENT || r == ENOTDIR ? WAY_MOVED : r;
        if (strcmp(name, "..") == 0) {
                char *slash = strrchr(walk->here, '/');

                if (slash)
                        *slash = '\0';
                return 0;
        }

        /* Looked at again now that it is watched: what happens from here on tells. */
        r = lstat(there, &st) < 0 ? errno : S_ISDIR(st.st_mode) || S_ISLNK(st.st_mode) ? 0 : ENOTDIR;
        if (!names_matter && (r != 0 || S_ISLNK(st.st_mode)))
                return WAY_MOVED;
        if (r != 0)
                return r;
        if (S_ISLNK(st.st_mode))
                return follow_link(walk, there);
        free(walk->here);
        walk->here = TAKE(there);
        return 0;
}

/*
 * From the root down, so that what appears below a level while this goes on is seen by its watch, or found. Returns 0, WAY_MOVED
 * or a negative errno.
 */
static int lay_out(struct watched_path *path, bool is_watching, bool all_names, struct way *way) {
        struct walk walk = { .path = path, .way = way, .is_watching = is_watching, .all_names = all_names };
        int r;

        r = text_copy("", &walk.here);
        if (r >= 0)
                r = text_copy(path->text, &walk.rest);
        while (r == 0) {
                size_t at = strspn(walk.rest, "/"), length = strcspn(walk.rest + at, "/");
                _cleanup_(free_p) char *name = strndup(walk.rest + at, length);

                if (!name) {
                        r = -ENOMEM;
                        break;
                }
                memmove(walk.rest, walk.rest + at + length, strlen(walk.rest + at + length) + 1);
                if (length == 0) {
                        r = add_level(&walk, NULL, false);
                        if (r > 0)
                                r = WAY_MOVED;
                        break;
                }
                r = walk_on(&walk, name);
        }
        free(walk.here);
        free(walk.rest);
        if (r > 0 && r != WAY_MOVED) {
                way->error = r;
                r = 0;
        }
        return r;
}

int watched_path_renew(struct watched_path *path) {
        int r;

        way_done(&path->way);
        r = lay_out(path, true, false, &path->way);
        if (r == WAY_MOVED) {
                /* With every name watched, it tells when it is there again. */
                way_done(&path->way);
                r = lay_out(path, true, true, &path->way);
        }
        if (r == WAY_MOVED) {
                path->way.error = ENOENT;
                r = 0;
        }
        return r;
}

static bool level_equal(const struct level *a, const struct level *b) {
        return strcmp(a->text, b->text) == 0 && text_equal(a->next, b->next) && a->device == b->device && a->inode == b->inode;
}

bool watched_path_is_another(struct watched_path *path) {
        _cleanup_(way_done) struct way now = {};

        if (lay_out(path, false, true, &now) != 0 || now.n_levels != path->way.n_levels)
                return true;
        for (size_t i = 0; i < now.n_levels; i++)
                if (!level_equal(now.levels[i], path->way.levels[i]))
                        return true;
        return false;
}

/* What is a file is no folder that is missing: its name is watched. */
bool watched_path_is_blind(const struct watched_path *path) {
        return path->way.error != 0 && path->way.error != ENOTDIR;
}

bool watched_path_has_gap(const struct watched_path *path) {
        return path->way.has_gap;
}

static bool is_link(int folder_fd, const struct dirent *entry) {
        const char *suffix = strrchr(entry->d_name, '.');
        struct stat st;

        if (entry->d_name[0] == '.' || !suffix || strcasecmp(suffix, ".ics") != 0)
                return false;
        if (entry->d_type != DT_UNKNOWN)
                return entry->d_type == DT_LNK;
        return fstatat(folder_fd, entry->d_name, &st, AT_SYMLINK_NOFOLLOW) >= 0 && S_ISLNK(st.st_mode);
}

bool watched_path_holds_links(const struct watched_path *path) {
        DIR *folder = opendir(path->text);
        const struct dirent *entry;
        bool has_link = false;

        if (!folder)
                return false;
        while (!has_link && (entry = readdir(folder)))
                has_link = is_link(dirfd(folder), entry);
        (void) closedir(folder);
        return has_link;
}

int watched_path_new(sd_event *event, const char *text, watch_handler changed, void *userdata, struct watched_path **ret) {
        _cleanup_(watched_path_free_p) struct watched_path *path = NULL;
        int r;

        path = calloc(1, sizeof(*path));
        if (!path)
                return -ENOMEM;
        path->event = sd_event_ref(event);
        path->changed = changed;
        path->userdata = userdata;
        r = text_copy(text, &path->text);
        if (r >= 0)
                r = watched_path_renew(path);
        if (r < 0)
                return r;

        *ret = TAKE(path);
        return 0;
}
