/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Folders are watched through everything that can happen to their paths. */
#include <dlfcn.h>
#include <fcntl.h>
#include <ftw.h>
#include <sched.h>
#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>
#include <sys/mount.h>
#include <sys/stat.h>

#include <cmocka.h>

#include "daemon/watch.h"
#include "dosed/text.h"

#define SETTLE (20 * USEC_PER_MSEC)
#define ACCURACY (250 * USEC_PER_MSEC) /* of sd-event's timers */
#define LOOK_AGAIN (600 * USEC_PER_MSEC)
#define DEADLINE (10 * USEC_PER_SEC)

struct world {
        char *place;
        sd_event *event;
        struct watch *watch;
        unsigned settled;
};

/* What happens to one path as it is about to be watched. */
static struct {
        const char *path;
        int error; /* negative errno: it cannot be */
        void (*before)(void), (*after)(void);
} on_watch;

/* In the place of the library's. */
int sd_event_add_inotify(sd_event *event, sd_event_source **ret, const char *path, uint32_t mask, sd_event_inotify_handler_t handler,
                         void *userdata) {
        __typeof__(&sd_event_add_inotify) library = (__typeof__(&sd_event_add_inotify)) dlsym(RTLD_NEXT, "sd_event_add_inotify");
        void (*after)(void) = NULL;
        int r;

        if (on_watch.path && strcmp(on_watch.path, path) == 0) {
                if (on_watch.error < 0)
                        return on_watch.error;
                on_watch.path = NULL; /* once */
                after = on_watch.after;
                on_watch.before();
        }
        r = library(event, ret, path, mask, handler, userdata);
        if (after)
                after();
        return r;
}

static int on_settled(void *userdata) {
        struct world *world = userdata;

        world->settled++;
        return 0;
}

static char *at(struct world *world, const char *name) {
        static char text[4][256];
        static unsigned next;
        char *path = text[next++ % 4];

        (void) snprintf(path, sizeof(text[0]), "%s/%s", world->place, name);
        return path;
}

static void make_folder(struct world *world, const char *name) {
        assert_int_equal(mkdir(at(world, name), 0700), 0);
}

static void make_file(struct world *world, const char *name) {
        int fd = open(at(world, name), O_WRONLY | O_CREAT | O_CLOEXEC, 0600);

        assert_true(fd >= 0);
        (void) close(fd);
}

static void move(struct world *world, const char *from, const char *to) {
        assert_int_equal(rename(at(world, from), at(world, to)), 0);
}

static void watch_folder(struct world *world, const char *name) {
        const char *path = at(world, name);

        assert_int_equal(watch_set_folders(world->watch, &path, 1, SETTLE), 0);
}

static int new_world(void **state) {
        struct world *world = calloc(1, sizeof(*world));
        char place[] = "/tmp/dosed-watch-XXXXXX";

        assert_non_null(world);
        assert_non_null(mkdtemp(place));
        world->place = strdup(place);
        assert_true(sd_event_new(&world->event) >= 0);
        assert_int_equal(watch_new(world->event, on_settled, world, 0, &world->watch), 0);
        make_folder(world, "a");
        make_folder(world, "a/b");
        make_folder(world, "a/b/c");
        make_folder(world, "a/b/c/plan");
        *state = world;
        return 0;
}

static void renew_watch(struct world *world, usec_t look_again_usec) {
        world->watch = watch_free(world->watch);
        assert_int_equal(watch_new(world->event, on_settled, world, look_again_usec, &world->watch), 0);
}

static int remove_one(const char *path, const struct stat *st, int type, struct FTW *ftw) {
        (void) st, (void) type, (void) ftw;
        return remove(path);
}

static void remove_all(struct world *world, const char *name) {
        assert_int_equal(nftw(at(world, name), remove_one, 16, FTW_DEPTH | FTW_PHYS), 0);
}

static int free_world(void **state) {
        struct world *world = *state;

        memset(&on_watch, 0, sizeof(on_watch));
        watch_free(world->watch);
        sd_event_unref(world->event);
        (void) nftw(world->place, remove_one, 16, FTW_DEPTH | FTW_PHYS);
        free(world->place);
        free(world);
        return 0;
}

/* Waits until a change was noticed and has settled. */
static void assert_noticed(struct world *world) {
        unsigned before = world->settled;
        uint64_t start_usec, now_usec;

        assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &start_usec) >= 0);
        do {
                assert_true(sd_event_run(world->event, DEADLINE) >= 0);
                assert_true(sd_event_now(world->event, CLOCK_MONOTONIC, &now_usec) >= 0);
        } while (world->settled == before && now_usec - start_usec < DEADLINE);
        assert_int_equal(world->settled, before + 1);
}

/* All that has happened is in the queue by now: it is looked at, and starts no settling. */
static void assert_unnoticed(struct world *world) {
        unsigned before = world->settled;

        while (sd_event_run(world->event, 0) > 0)
                ;
        assert_int_equal(sd_event_run(world->event, 2 * SETTLE + ACCURACY), 0);
        assert_int_equal(world->settled, before);
}

/* Nor is there a look without an event. */
static void assert_silent(struct world *world) {
        assert_int_equal(sd_event_run(world->event, 2 * LOOK_AGAIN), 0);
}

static void a_file_in_the_folder(void **state) {
        struct world *world = *state;

        watch_folder(world, "a/b/c/plan");
        assert_unnoticed(world);
        make_file(world, "a/b/c/plan/x.ics");
        assert_noticed(world);
        make_file(world, "a/b/c/other");
        make_file(world, "a/other");
        assert_unnoticed(world);
}

static void each_thing_it_lies_in_moved_away_and_back(void **state) {
        static const char *const levels[] = { "a/b/c/plan", "a/b/c", "a/b", "a" };
        struct world *world = *state;

        watch_folder(world, "a/b/c/plan");
        for (size_t i = 0; i < ELEMENTS(levels); i++) {
                move(world, levels[i], "aside");
                assert_noticed(world);
                make_file(world, "aside/other");
                assert_unnoticed(world);
                move(world, "aside", levels[i]);
                assert_noticed(world);
                make_file(world, "a/b/c/plan/x.ics");
                assert_noticed(world);
        }
}

static void all_of_it_removed_and_made_again_step_by_step(void **state) {
        struct world *world = *state;

        watch_folder(world, "a/b/c/plan");
        remove_all(world, "a");
        assert_noticed(world);
        make_folder(world, "a");
        assert_noticed(world);
        make_folder(world, "a/b");
        make_folder(world, "a/b/c");
        make_folder(world, "a/b/c/plan");
        assert_noticed(world);
        make_file(world, "a/b/c/plan/x.ics");
        assert_noticed(world);
}

static void nothing_of_it_there_at_the_start(void **state) {
        struct world *world = *state;

        remove_all(world, "a");
        watch_folder(world, "a/b/c/plan");
        make_folder(world, "elsewhere");
        assert_unnoticed(world);
        make_folder(world, "a");
        make_folder(world, "a/b");
        make_folder(world, "a/b/c");
        assert_noticed(world);
        make_folder(world, "a/b/c/plan");
        assert_noticed(world);
        make_file(world, "a/b/c/plan/x.ics");
        assert_noticed(world);
}

static void a_link_on_the_way_leads_elsewhere(void **state) {
        struct world *world = *state;

        make_folder(world, "z");
        make_folder(world, "z/c");
        make_folder(world, "z/c/plan");
        assert_int_equal(symlink("a/b", at(world, "link")), 0);
        watch_folder(world, "link/c/plan");
        make_file(world, "a/b/c/plan/x.ics");
        assert_noticed(world);
        assert_int_equal(symlink("z", at(world, "new")), 0);
        move(world, "new", "link");
        assert_noticed(world);
        make_file(world, "z/c/plan/x.ics");
        assert_noticed(world);
}

static void a_file_by_its_name(void **state) {
        struct world *world = *state;

        make_file(world, "a/localtime");
        watch_folder(world, "a/localtime");
        make_file(world, "a/new");
        assert_unnoticed(world);
        move(world, "a/new", "a/localtime");
        assert_noticed(world);
}

static void what_happened_before_the_folders_were_set_again(void **state) {
        struct world *world = *state;

        watch_folder(world, "a/b/c/plan");
        assert_unnoticed(world);
        make_file(world, "a/b/c/plan/x.ics");
        watch_folder(world, "a/b/c/plan");
        assert_noticed(world);
}

static void what_a_dangling_link_leads_to_appears(void **state) {
        struct world *world = *state;

        assert_int_equal(symlink("a/target", at(world, "link")), 0);
        watch_folder(world, "link");
        make_folder(world, "a/target");
        assert_noticed(world);
        make_file(world, "link/x.ics");
        assert_noticed(world);
}

static void each_thing_that_a_link_leads_through_moved_away_and_made_again(void **state) {
        static const char *const levels[] = { "a/b/c/plan", "a/b/c", "a/b", "a" };
        struct world *world = *state;

        make_folder(world, "home");
        assert_int_equal(symlink("../a/./b/../b/c", at(world, "home/calendars")), 0);
        assert_int_equal(symlink(at(world, "home/calendars/plan"), at(world, "link")), 0);
        watch_folder(world, "link");
        for (size_t i = 0; i < ELEMENTS(levels); i++) {
                move(world, levels[i], "aside");
                assert_noticed(world);
                make_folder(world, levels[i]);
                assert_noticed(world);
                remove_all(world, levels[i]);
                assert_noticed(world);
                move(world, "aside", levels[i]);
                assert_noticed(world);
                make_file(world, "a/b/c/plan/x.ics");
                assert_noticed(world);
        }
}

static void a_link_behind_a_link_leads_elsewhere(void **state) {
        struct world *world = *state;

        make_folder(world, "z");
        assert_int_equal(symlink("a/b/c/plan", at(world, "current")), 0);
        assert_int_equal(symlink(at(world, "current"), at(world, "link")), 0);
        watch_folder(world, "link");
        assert_int_equal(symlink("z", at(world, "new")), 0);
        move(world, "new", "current");
        assert_noticed(world);
        make_file(world, "z/x.ics");
        assert_noticed(world);
}

static void links_in_a_circle_that_is_broken(void **state) {
        struct world *world = *state;

        assert_int_equal(symlink("two", at(world, "one")), 0);
        assert_int_equal(symlink("one", at(world, "two")), 0);
        watch_folder(world, "one");
        assert_unnoticed(world);
        assert_int_equal(symlink("a", at(world, "new")), 0);
        move(world, "new", "two");
        assert_noticed(world);
        make_file(world, "a/x.ics");
        assert_noticed(world);
}

static struct world *moving;

static void move_away(void) {
        move(moving, "a/b", "aside");
}

static void move_back(void) {
        move(moving, "aside", "a/b");
}

static void what_is_gone_just_when_it_is_to_be_watched(void **state) {
        struct world *world = moving = *state;

        on_watch.path = at(world, "a/b");
        on_watch.before = move_away;
        on_watch.after = move_back;
        watch_folder(world, "a/b/c/plan");
        assert_null(on_watch.path);
        while (sd_event_run(world->event, SETTLE + ACCURACY) > 0)
                ;
        move_away();
        assert_noticed(world);
        move_back();
        assert_noticed(world);
        make_file(world, "a/b/c/plan/x.ics");
        assert_noticed(world);
}

/* There are no watches left, or it may not be listed: then nobody tells that it is another. */
static void what_it_lies_in_cannot_be_watched(void **state) {
        struct world *world = *state;
        char *refused = strdup(at(world, "a/b"));

        renew_watch(world, LOOK_AGAIN);
        on_watch.path = refused;
        on_watch.error = -ENOSPC;
        watch_folder(world, "a/b/c/plan");
        while (sd_event_run(world->event, 2 * LOOK_AGAIN) > 0 && world->settled > 0)
                ;
        assert_int_equal(world->settled, 0); /* a look that finds nothing new is none */
        move(world, "a/b", "aside");
        make_folder(world, "a/b");
        make_folder(world, "a/b/c");
        make_folder(world, "a/b/c/plan");
        assert_noticed(world);
        make_file(world, "a/b/c/plan/x.ics");
        assert_noticed(world);
        free(refused);
}

static void a_folder_that_cannot_be_watched(void **state) {
        struct world *world = *state;
        char *refused = strdup(at(world, "a/b/c/plan"));

        renew_watch(world, LOOK_AGAIN);
        on_watch.path = refused;
        on_watch.error = -EACCES;
        watch_folder(world, "a/b/c/plan");
        assert_noticed(world);
        on_watch.error = 0;
        on_watch.path = NULL;
        assert_noticed(world);
        assert_silent(world);
        free(refused);
}

/* Its target may be written anywhere. */
static void a_file_that_is_a_link(void **state) {
        struct world *world = *state;

        renew_watch(world, LOOK_AGAIN);
        make_file(world, "elsewhere");
        watch_folder(world, "a/b/c/plan");
        assert_int_equal(symlink("nowhere", at(world, "a/b/c/plan/notes.txt")), 0);
        assert_noticed(world);
        assert_silent(world);
        assert_int_equal(symlink(at(world, "elsewhere"), at(world, "a/b/c/plan/x.ics")), 0);
        assert_noticed(world);
        assert_noticed(world);
        watch_folder(world, "a");
        watch_folder(world, "a/b/c/plan");
        assert_noticed(world);
        assert_int_equal(unlink(at(world, "a/b/c/plan/x.ics")), 0);
        assert_noticed(world);
        assert_silent(world);
}

static void a_look_again_is_one_that_was_asked_for(void **state) {
        struct world *world = *state;

        renew_watch(world, LOOK_AGAIN);
        watch_folder(world, "a/b/c/plan");
        assert_silent(world);
        assert_int_equal(watch_look_again(world->watch), 0);
        assert_noticed(world);
        assert_silent(world);
}

static void what_is_watched_without_looking_again_is_not_looked_at(void **state) {
        struct world *world = *state;

        watch_folder(world, "missing");
        assert_silent(world);
}

static void another_folder_is_mounted_over_it(void **state) {
        struct world *world = *state;

        if (unshare(CLONE_NEWNS) < 0 || mount(NULL, "/", NULL, MS_REC | MS_PRIVATE, NULL) < 0)
                skip(); /* only root may */
        make_folder(world, "other");
        /* Which mounts are told of is decided when they are first looked at: in this namespace. */
        renew_watch(world, 0);
        watch_folder(world, "a/b/c/plan");

        assert_int_equal(mount(at(world, "other"), at(world, "other"), NULL, MS_BIND, NULL), 0);
        assert_unnoticed(world);
        assert_int_equal(mount(at(world, "other"), at(world, "a/b/c/plan"), NULL, MS_BIND, NULL), 0);
        assert_noticed(world);
        make_file(world, "other/x.ics");
        assert_noticed(world);
        assert_int_equal(umount(at(world, "a/b/c/plan")), 0);
        assert_int_equal(umount(at(world, "other")), 0);
        assert_noticed(world);
        make_file(world, "a/b/c/plan/y.ics");
        assert_noticed(world);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(a_file_in_the_folder, new_world, free_world),
                cmocka_unit_test_setup_teardown(each_thing_it_lies_in_moved_away_and_back, new_world, free_world),
                cmocka_unit_test_setup_teardown(all_of_it_removed_and_made_again_step_by_step, new_world, free_world),
                cmocka_unit_test_setup_teardown(nothing_of_it_there_at_the_start, new_world, free_world),
                cmocka_unit_test_setup_teardown(a_link_on_the_way_leads_elsewhere, new_world, free_world),
                cmocka_unit_test_setup_teardown(a_file_by_its_name, new_world, free_world),
                cmocka_unit_test_setup_teardown(what_happened_before_the_folders_were_set_again, new_world, free_world),
                cmocka_unit_test_setup_teardown(what_a_dangling_link_leads_to_appears, new_world, free_world),
                cmocka_unit_test_setup_teardown(each_thing_that_a_link_leads_through_moved_away_and_made_again, new_world, free_world),
                cmocka_unit_test_setup_teardown(a_link_behind_a_link_leads_elsewhere, new_world, free_world),
                cmocka_unit_test_setup_teardown(links_in_a_circle_that_is_broken, new_world, free_world),
                cmocka_unit_test_setup_teardown(what_is_gone_just_when_it_is_to_be_watched, new_world, free_world),
                cmocka_unit_test_setup_teardown(what_it_lies_in_cannot_be_watched, new_world, free_world),
                cmocka_unit_test_setup_teardown(a_folder_that_cannot_be_watched, new_world, free_world),
                cmocka_unit_test_setup_teardown(a_file_that_is_a_link, new_world, free_world),
                cmocka_unit_test_setup_teardown(a_look_again_is_one_that_was_asked_for, new_world, free_world),
                cmocka_unit_test_setup_teardown(what_is_watched_without_looking_again_is_not_looked_at, new_world, free_world),
                cmocka_unit_test_setup_teardown(another_folder_is_mounted_over_it, new_world, free_world),
        };

        return cmocka_run_group_tests_name("folders are watched through", tests, NULL, NULL);
}
