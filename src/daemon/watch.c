/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Watches the calendar folders: that they settle, and when to look again where no event can tell. */
#include <fcntl.h>
#include <stdbool.h>
#include <string.h>
#include <sys/epoll.h>

#include "daemon/watch.h"
#include "daemon/watched-path.h"
#include "dosed/text.h"

#define PATIENCE 6 /* so many settling times after the first change, a folder that never rests is read all the same */

struct watch {
        sd_event *event;
        watch_handler settled;
        void *userdata;
        usec_t settle_usec, look_again_usec;
        uint64_t first_usec; /* monotonic; 0: nothing has changed */
        sd_event_source *timer, *look_again, *mounts;
        struct watched_path **folders;
        size_t n_folders;
        bool is_unread; /* the caller could not read everything */
        bool has_links; /* files in a folder are links to some elsewhere */
};

struct watch *watch_free(struct watch *watch) {
        if (!watch)
                return NULL;
        for (size_t i = 0; i < watch->n_folders; i++)
                watched_path_free(watch->folders[i]);
        free(watch->folders);
        sd_event_source_disable_unref(watch->timer);
        sd_event_source_disable_unref(watch->look_again);
        sd_event_source_disable_unref(watch->mounts);
        sd_event_unref(watch->event);
        free(watch);
        return NULL;
}

/* Only while something is missing, or tells nothing: one that may not be watched, or a file that is a link to another. */
static int plan_look_again(struct watch *watch) {
        bool is_blind = watch->is_unread || watch->has_links;
        uint64_t now_usec;
        int enabled, r;

        for (size_t i = 0; i < watch->n_folders; i++)
                is_blind = is_blind || watched_path_is_blind(watch->folders[i]) || watched_path_has_gap(watch->folders[i]);
        if (!is_blind || watch->look_again_usec == 0)
                return sd_event_source_set_enabled(watch->look_again, SD_EVENT_OFF);

        r = sd_event_source_get_enabled(watch->look_again, &enabled);
        if (r < 0 || enabled != SD_EVENT_OFF) /* what comes in between does not put it off */
                return r < 0 ? r : 0;
        r = sd_event_now(watch->event, CLOCK_MONOTONIC, &now_usec);
        if (r >= 0)
                r = sd_event_source_set_time(watch->look_again, now_usec + (uint64_t) watch->look_again_usec);
        return r < 0 ? r : sd_event_source_set_enabled(watch->look_again, SD_EVENT_ONESHOT);
}

static void look_for_links(struct watch *watch) {
        watch->has_links = false;
        for (size_t i = 0; i < watch->n_folders && watch->look_again_usec > 0; i++)
                watch->has_links = watch->has_links || watched_path_holds_links(watch->folders[i]);
}

static int on_settled(sd_event_source *source, uint64_t usec, void *userdata) {
        struct watch *watch = userdata;
        int r;

        (void) source;
        (void) usec;
        watch->first_usec = 0;
        look_for_links(watch);
        r = plan_look_again(watch);
        return r < 0 ? r : watch->settled(watch->userdata);
}

static int note_change(void *userdata) {
        struct watch *watch = userdata;
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
        if (r >= 0)
                r = sd_event_source_set_enabled(watch->timer, SD_EVENT_ONESHOT);
        return r < 0 ? r : plan_look_again(watch);
}

/* What leads elsewhere without an event, or, where `all`, may hold something else without one. */
static int look_at_folders(struct watch *watch, bool all) {
        bool has_changed = all && (watch->is_unread || watch->has_links);
        int r;

        if (all)
                watch->is_unread = false; /* until the caller says so again */
        for (size_t i = 0; i < watch->n_folders; i++) {
                if (!(all && watched_path_is_blind(watch->folders[i])) && !watched_path_is_another(watch->folders[i]))
                        continue;
                has_changed = true;
                r = watched_path_renew(watch->folders[i]);
                if (r < 0)
                        return r;
        }
        return has_changed ? note_change(watch) : plan_look_again(watch);
}

static int on_look_again(sd_event_source *source, uint64_t usec, void *userdata) {
        (void) source;
        (void) usec;
        return look_at_folders(userdata, true);
}

/* Something was mounted or unmounted, perhaps over a folder or what it lies in: of that inotify tells nothing. */
static int on_mounts(sd_event_source *source, int fd, uint32_t events, void *userdata) {
        (void) source;
        (void) fd;
        (void) events;
        return look_at_folders(userdata, false);
}

int watch_look_again(struct watch *watch) {
        watch->is_unread = true;
        return plan_look_again(watch);
}

/* Takes the path out of the former ones where it is among them: what it has seen and not told yet must not be lost. */
static struct watched_path *take_former(struct watch *watch, const char *path) {
        for (size_t i = 0; i < watch->n_folders; i++)
                if (watch->folders[i] && strcmp(watched_path_name(watch->folders[i]), path) == 0)
                        return TAKE(watch->folders[i]);
        return NULL;
}

int watch_set_folders(struct watch *watch, const char *const *folders, size_t n_folders, usec_t settle_usec) {
        struct watched_path **wanted;
        size_t n_former = watch->n_folders;
        int r = 0;

        wanted = calloc(n_folders + 1, sizeof(*wanted));
        if (!wanted)
                return -ENOMEM;
        watch->settle_usec = settle_usec;
        for (size_t i = 0; i < n_folders; i++)
                wanted[i] = take_former(watch, folders[i]);
        for (size_t i = 0; i < n_former; i++)
                watched_path_free(watch->folders[i]);
        free(watch->folders);
        watch->folders = wanted;
        watch->n_folders = 0;

        for (size_t i = 0; i < n_folders; i++) {
                if (r >= 0 && !wanted[i])
                        r = watched_path_new(watch->event, folders[i], note_change, watch, &wanted[i]);
                watch->n_folders = i + 1; /* all that were taken over are freed, whatever fails */
        }
        if (r < 0)
                return r;
        look_for_links(watch);
        return plan_look_again(watch);
}

static int add_timer(struct watch *watch, sd_event_time_handler_t handler, uint64_t accuracy_usec, sd_event_source **ret) {
        int r;

        r = sd_event_add_time(watch->event, ret, CLOCK_MONOTONIC, UINT64_MAX, accuracy_usec, handler, watch);
        if (r >= 0)
                r = sd_event_source_set_enabled(*ret, SD_EVENT_OFF);
        return r < 0 ? r : sd_event_source_set_exit_on_failure(*ret, 1);
}

/* Where there is no /proc, folders that are mounted over are found with the next reload. */
static int add_mounts(struct watch *watch) {
        int fd, r;

        fd = open("/proc/self/mountinfo", O_RDONLY | O_CLOEXEC);
        if (fd < 0)
                return 0;
        r = sd_event_add_io(watch->event, &watch->mounts, fd, EPOLLPRI, on_mounts, watch);
        if (r < 0) {
                (void) close(fd);
                return r == -ENOMEM ? r : 0;
        }
        (void) sd_event_source_set_io_fd_own(watch->mounts, 1);
        return sd_event_source_set_exit_on_failure(watch->mounts, 1);
}

int watch_new(sd_event *event, watch_handler settled, void *userdata, usec_t look_again_usec, struct watch **ret) {
        _cleanup_(watch_free_p) struct watch *watch = NULL;
        int r;

        watch = calloc(1, sizeof(*watch));
        if (!watch)
                return -ENOMEM;
        watch->event = sd_event_ref(event);
        watch->settled = settled;
        watch->userdata = userdata;
        watch->look_again_usec = look_again_usec;

        r = add_timer(watch, on_settled, 0, &watch->timer);
        if (r >= 0)
                r = add_timer(watch, on_look_again, (uint64_t) look_again_usec / 4, &watch->look_again);
        if (r >= 0)
                r = add_mounts(watch);
        if (r < 0)
                return r;

        *ret = TAKE(watch);
        return 0;
}
