/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One watched folder, and everything that it lies in. */
#include <string.h>
#include <sys/inotify.h>
#include <sys/stat.h>

#include "daemon/watched-path.h"
#include "dosed/text.h"

#define CONTENT_EVENTS (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_CREATE)
#define NAME_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM)
#define SELF_EVENTS (IN_DELETE_SELF | IN_MOVE_SELF)
#define GONE_EVENTS (IN_IGNORED | IN_UNMOUNT | SELF_EVENTS)

/* One folder on the way, from the root to the folder itself. */
struct level {
        struct watched_path *path;
        sd_event_source *source; /* NULL: cannot be watched, or is not there */
        dev_t device;            /* what its path leads to; 0: nothing */
        ino_t inode;
        size_t length;     /* so much of the text is this level's path; 0: the root */
        size_t next;       /* where the name of the next level begins */
        bool names_matter; /* the next level can change without an event of its own */
};

struct watched_path {
        sd_event *event;
        watch_handler changed;
        void *userdata;
        char *text;
        struct level *levels;
        size_t n_levels; /* the last is the folder */
        int error;       /* positive errno: why the folder is not watched; 0: it is */
};

struct watched_path *watched_path_free(struct watched_path *path) {
        if (!path)
                return NULL;
        for (size_t i = 0; i < path->n_levels; i++)
                sd_event_source_disable_unref(path->levels[i].source);
        free(path->levels);
        free(path->text);
        sd_event_unref(path->event);
        free(path);
        return NULL;
}

const char *watched_path_name(const struct watched_path *path) {
        return path->text;
}

static bool level_is_folder(const struct level *level) {
        return level == &level->path->levels[level->path->n_levels - 1];
}

/* The path up to and with this level. */
static int level_text(const struct level *level, char **ret) {
        if (level->length == 0)
                return text_copy("/", ret);
        return text_format(ret, "%.*s", (int) level->length, level->path->text);
}

static bool level_is_next(const struct level *level, const char *name) {
        size_t length = strcspn(level->path->text + level->next, "/");

        return strncmp(level->path->text + level->next, name, length) == 0 && name[length] == '\0';
}

static int on_event(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        struct level *level = userdata;
        struct watched_path *path = level->path;
        int r;

        (void) source;
        if (level_is_folder(level) && !(event->mask & GONE_EVENTS))
                return path->changed(path->userdata);
        /* A home has many other names, and they come and go. */
        if (!(event->mask & (GONE_EVENTS | IN_Q_OVERFLOW)) &&
            (!level->names_matter || event->len == 0 || !level_is_next(level, event->name)))
                return 0;
        r = watched_path_renew(path);
        return r < 0 ? r : path->changed(path->userdata);
}

/*
 * What a level's own watch cannot tell: that it appears, that a link in its place leads elsewhere; and the last one always, since
 * it may be a link or a file at any time (as /etc/localtime is).
 */
static bool next_needs_name(const struct level *level) {
        const struct level *next = level + 1;
        struct stat st;
        char *text;
        bool is_needed;

        if (level_is_folder(next) || level_text(next, &text) < 0)
                return true;
        is_needed = lstat(text, &st) < 0 || !S_ISDIR(st.st_mode);
        free(text);
        return is_needed;
}

/* Returns 0, a positive errno where it cannot be watched, or a negative one. */
static int level_watch(struct level *level) {
        _cleanup_(free_p) char *text = NULL;
        uint32_t mask = SELF_EVENTS | IN_ONLYDIR;
        struct stat st;
        int r;

        r = level_text(level, &text);
        if (r < 0)
                return r;
        level->names_matter = !level_is_folder(level) && next_needs_name(level);
        if (level_is_folder(level))
                mask |= CONTENT_EVENTS;
        else if (level->names_matter)
                mask |= NAME_EVENTS;

        if (stat(text, &st) >= 0 && S_ISDIR(st.st_mode)) {
                level->device = st.st_dev;
                level->inode = st.st_ino;
        }
        r = sd_event_add_inotify(level->path->event, &level->source, text, mask, on_event, level);
        if (r < 0)
                return r == -ENOMEM ? r : -r;
        r = sd_event_source_set_exit_on_failure(level->source, 1);
        return r < 0 ? r : 0;
}

/*
 * From the root down, so that what appears below a level while this goes on is seen by its watch, or found. One that cannot be
 * watched does not hide those below it: a home may lie in a folder that only root can list.
 */
int watched_path_renew(struct watched_path *path) {
        int r = 0;

        for (size_t i = 0; i < path->n_levels; i++) {
                path->levels[i].source = sd_event_source_disable_unref(path->levels[i].source);
                path->levels[i].device = 0;
                path->levels[i].inode = 0;
        }
        for (size_t i = 0; i < path->n_levels; i++) {
                r = level_watch(&path->levels[i]);
                if (r < 0)
                        return r;
        }
        path->error = r;
        return 0;
}

bool watched_path_is_another(const struct watched_path *path) {
        for (size_t i = 0; i < path->n_levels; i++) {
                const struct level *level = &path->levels[i];
                struct stat st = {};
                char *text;
                bool is_there;

                if (level_text(level, &text) < 0)
                        return true;
                is_there = stat(text, &st) >= 0 && S_ISDIR(st.st_mode);
                free(text);
                if (is_there != (level->inode != 0) ||
                    (is_there && (st.st_dev != level->device || st.st_ino != level->inode)))
                        return true;
        }
        return false;
}

/* What is a file is no folder that is missing: its name is watched. */
bool watched_path_is_blind(const struct watched_path *path) {
        return path->error != 0 && path->error != ENOTDIR;
}

static int find_levels(struct watched_path *path) {
        size_t n = 1;

        for (const char *p = path->text; *p; p++)
                n += *p == '/';
        path->levels = calloc(n, sizeof(*path->levels));
        if (!path->levels)
                return -ENOMEM;

        path->levels[path->n_levels++] = (struct level){ .path = path, .next = strspn(path->text, "/") };
        for (size_t at = strspn(path->text, "/"); path->text[at] != '\0';) {
                size_t end = at + strcspn(path->text + at, "/");
                size_t next = end + strspn(path->text + end, "/");

                path->levels[path->n_levels++] = (struct level){ .path = path, .length = end, .next = next };
                at = next;
        }
        return 0;
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
                r = find_levels(path);
        if (r >= 0)
                r = watched_path_renew(path);
        if (r < 0)
                return r;

        *ret = TAKE(path);
        return 0;
}
