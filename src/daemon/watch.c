/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches the calendar folders. */
#include <string.h>
#include <sys/inotify.h>

#include "daemon/watch.h"
#include "dosed/text.h"

#define FOLDER_EVENTS                                                                                             \
        (IN_CLOSE_WRITE | IN_MOVED_TO | IN_MOVED_FROM | IN_DELETE | IN_ATTRIB | IN_DELETE_SELF | IN_MOVE_SELF |   \
         IN_CREATE | IN_ONLYDIR)
#define PARENT_EVENTS (IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_ONLYDIR)
#define PATIENCE 6 /* so many settling times after the first change, a folder that never rests is read all the same */

struct watched_folder {
        struct watch *watch;
        char *path, *parent;
        const char *name; /* within the parent */
        sd_event_source *source, *parent_source;
};

struct watch {
        sd_event *event;
        watch_handler settled;
        void *userdata;
        usec_t settle_usec;
        uint64_t first_usec; /* monotonic; 0: nothing has changed */
        sd_event_source *timer;
        struct watched_folder *folders;
        size_t n_folders;
};

static void folder_done(struct watched_folder *folder) {
        sd_event_source_disable_unref(folder->source);
        sd_event_source_disable_unref(folder->parent_source);
        free(folder->path);
        free(folder->parent);
}

static void drop_folders(struct watch *watch) {
        for (size_t i = 0; i < watch->n_folders; i++)
                folder_done(&watch->folders[i]);
        free(watch->folders);
        watch->folders = NULL;
        watch->n_folders = 0;
}

struct watch *watch_free(struct watch *watch) {
        if (!watch)
                return NULL;
        drop_folders(watch);
        sd_event_source_disable_unref(watch->timer);
        sd_event_unref(watch->event);
        free(watch);
        return NULL;
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata) {
        struct watch *watch = userdata;

        (void) source;
        (void) usec;
        watch->first_usec = 0;
        return watch->settled(watch->userdata);
}

static int note_change(struct watch *watch) {
        uint64_t now_usec, at_usec, latest_usec;
        int r;

        r = sd_event_now(watch->event, CLOCK_MONOTONIC, &now_usec);
        if (r < 0)
                return r;
        if (watch->first_usec == 0)
                watch->first_usec = now_usec;
        at_usec = now_usec + (uint64_t) watch->settle_usec;
        latest_usec = watch->first_usec + PATIENCE * (uint64_t) watch->settle_usec;

        r = sd_event_source_set_time(watch->timer, at_usec < latest_usec ? at_usec : latest_usec);
        if (r < 0)
                return r;
        return sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
}

static int folder_watch(struct watched_folder *folder);
static int parent_watch(struct watched_folder *folder);

static int on_folder_event(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        struct watched_folder *folder = userdata;

        (void) source;
        /* The folder itself is gone or was moved away: what has its name from now on is another one. */
        if (event->mask & (IN_IGNORED | IN_DELETE_SELF | IN_MOVE_SELF))
                folder->source = sd_event_source_disable_unref(folder->source);
        return note_change(folder->watch);
}

static int on_parent_event(sd_event_source *source, const struct inotify_event *event, void *userdata) {
        struct watched_folder *folder = userdata;
        int r;

        (void) source;
        if (event->mask & IN_IGNORED) { /* the parent is another one now, if there is one */
                folder->parent_source = sd_event_source_disable_unref(folder->parent_source);
                r = parent_watch(folder);
                if (r < 0)
                        return r;
        }
        if (!(event->mask & (IN_Q_OVERFLOW | IN_IGNORED)) && (event->len == 0 || strcmp(event->name, folder->name) != 0))
                return 0;
        r = folder_watch(folder);
        return r < 0 ? r : note_change(folder->watch);
}

/* Missing or unreadable is no failure: the folder's absence is reported where it is read. */
static int folder_watch(struct watched_folder *folder) {
        int r;

        folder->source = sd_event_source_disable_unref(folder->source);
        r = sd_event_add_inotify(folder->watch->event, &folder->source, folder->path, FOLDER_EVENTS, on_folder_event,
                                 folder);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        return sd_event_source_set_exit_on_failure(folder->source, 1);
}

static int parent_watch(struct watched_folder *folder) {
        int r;

        r = sd_event_add_inotify(folder->watch->event, &folder->parent_source, folder->parent, PARENT_EVENTS,
                                 on_parent_event, folder);
        if (r < 0)
                return r == -ENOMEM ? r : 0;
        return sd_event_source_set_exit_on_failure(folder->parent_source, 1);
}

static int folder_init(struct watch *watch, const char *path, struct watched_folder *folder) {
        char *slash;
        int r;

        folder->watch = watch;
        r = text_copy(path, &folder->path);
        if (r >= 0)
                r = text_copy(path, &folder->parent);
        if (r < 0)
                return r;
        slash = strrchr(folder->parent, '/');
        if (slash)
                slash[slash == folder->parent] = '\0';
        slash = strrchr(folder->path, '/');
        folder->name = slash ? slash + 1 : folder->path;

        r = folder_watch(folder);
        return r < 0 ? r : parent_watch(folder);
}

int watch_set_folders(struct watch *watch, const char *const *folders, size_t n_folders, usec_t settle_usec) {
        int r;

        drop_folders(watch);
        watch->settle_usec = settle_usec;
        watch->folders = calloc(n_folders + 1, sizeof(*watch->folders));
        if (!watch->folders)
                return -ENOMEM;
        for (size_t i = 0; i < n_folders; i++) {
                r = folder_init(watch, folders[i], &watch->folders[watch->n_folders++]);
                if (r < 0)
                        return r;
        }
        return 0;
}

int watch_new(sd_event *event, watch_handler settled, void *userdata, struct watch **ret) {
        _cleanup_(watch_free_p) struct watch *watch = NULL;
        int r;

        watch = calloc(1, sizeof(*watch));
        if (!watch)
                return -ENOMEM;
        watch->event = sd_event_ref(event);
        watch->settled = settled;
        watch->userdata = userdata;

        r = sd_event_add_time(event, &watch->timer, CLOCK_MONOTONIC, UINT64_MAX, 0, on_settled, watch);
        if (r >= 0)
                r = sd_event_source_set_enabled(watch->timer, SD_EVENT_OFF);
        if (r >= 0)
                r = sd_event_source_set_exit_on_failure(watch->timer, 1);
        if (r < 0)
                return r;

        *ret = TAKE(watch);
        return 0;
}
