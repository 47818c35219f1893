/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* From folders to a plan: what is broken, renamed, doubled, removed or cannot be read for a while. */
#include <sys/resource.h>

#include "daily-world.h"
#include "dosed/text.h"

#define BROKEN ICS(EVENT("b", "Bisoprolol", "DTSTART:20261101T080000\r\nRRULE:FREQ=FORTNIGHTLY\r\n"))
#define ASPIRIN ICS(EVENT("a", "Aspirin", DAILY("080000")))
#define BISOPROLOL ICS(EVENT("b", "Bisoprolol", DAILY("090000")))

static char *path_of(struct world *world, const char *name) {
        static char text[4][256];
        static unsigned next;
        char *path = text[next++ % 4];

        (void) snprintf(path, sizeof(text[0]), "%s/%s", world->calendars, name);
        return path;
}

static void make_other(struct world *world, char *path, size_t size) {
        (void) snprintf(path, size, "%s/other", world->place);
        assert_int_equal(mkdir(path, 0700), 0);
}

static void set_people(struct world *world, const char *const *names, size_t n_names, const char *const *folders,
                       size_t n_folders) {
        struct engine_person people[4];

        for (size_t i = 0; i < n_names; i++)
                people[i] = (struct engine_person){
                        .name = names[i],
                        .clock = { .zone = world->zone, .all_day_sec = 8 * 3600 },
                        .folders = folders,
                        .n_folders = n_folders,
                };
        assert_int_equal(engine_set_people(world->engine, people, n_names, world->now_usec), 0);
}

static int count_medication(void *userdata, const struct medication_view *view) {
        unsigned *count = userdata;

        (void) view;
        (*count)++;
        return 0;
}

static void assert_medications(struct world *world, unsigned expected) {
        unsigned count = 0;

        assert_int_equal(engine_visit_medications(world->engine, NULL, world->now_usec, count_medication, &count), 0);
        assert_int_equal(count, expected);
}

/* One thing is degraded, and its sentence has all these words, in order, separated by '|'. */
static void assert_degraded(struct world *world, const char *words) {
        _cleanup_(free_p) char *copy = strdup(words);
        const char *at;

        assert_int_equal(engine_count_degraded(world->engine), 1);
        at = engine_degraded(world->engine, 0);
        for (char *word = strtok(copy, "|"); word; word = strtok(NULL, "|")) {
                const char *found = strstr(at, word);

                if (!found)
                        fail_msg("\"%s\" is not in its place in: %s", word, engine_degraded(world->engine, 0));
                at = found + strlen(word);
        }
}

static void assert_well(struct world *world) {
        assert_int_equal(engine_count_degraded(world->engine), 0);
}

static void put_two_break_one(struct world *world) {
        world_put(world, "a.ics", ASPIRIN);
        world_put(world, "b.ics", BISOPROLOL);
        world_reload(world);
        assert_well(world);
        world_put(world, "b.ics", BROKEN);
        world_reload(world);
        assert_degraded(world, "ana: b.ics:|its last good version stays in force");
        assert_medications(world, 2);
}

static void a_broken_file_that_is_renamed_keeps_its_last_good_version(void **state) {
        struct world *world = *state;

        put_two_break_one(world);
        assert_int_equal(rename(path_of(world, "b.ics"), path_of(world, "c.ics")), 0);
        world_reload(world);
        assert_degraded(world, "ana: c.ics:|its last good version stays in force");
        assert_medications(world, 2);

        /* Over a restart, and over a second name. */
        world_stop(world);
        world_start(world);
        assert_degraded(world, "ana: c.ics:|its last good version stays in force");
        assert_medications(world, 2);
        assert_int_equal(rename(path_of(world, "c.ics"), path_of(world, "d.ics")), 0);
        world_reload(world);
        assert_medications(world, 2);
        world_put(world, "d.ics", BISOPROLOL);
        world_reload(world);
        assert_well(world);
        assert_medications(world, 2);
}

static void a_broken_file_that_is_copied_and_removed_too(void **state) {
        struct world *world = *state;

        put_two_break_one(world);
        world_put(world, "c.ics", BROKEN);
        world_remove_file(world, "b.ics");
        world_reload(world);
        assert_degraded(world, "ana: c.ics:|its last good version stays in force");
        assert_medications(world, 2);
}

static void another_broken_file_does_not_take_over_what_was_removed(void **state) {
        struct world *world = *state;

        put_two_break_one(world);
        world_put(world, "c.ics", ICS(EVENT("c", "Candesartan", "DTSTART:20261101T080000\r\nRRULE:FREQ=NEVER\r\n")));
        world_remove_file(world, "b.ics");
        world_reload(world);
        assert_degraded(world, "ana: c.ics:|nothing of it is in force");
        assert_medications(world, 1);
}

static void a_broken_file_keeps_its_last_good_version_over_a_restart(void **state) {
        struct world *world = *state;

        begin(world);
        world_put(world, "lis.ics",
                  ICS(EVENT("lis", "Lisinopril", "DTSTART:20261101T080000\r\nRRULE:FREQ=FORTNIGHTLY\r\n")));
        world_reload(world);
        world_told(world, "degraded 1\n");
        assert_non_null(strstr(engine_degraded(world->engine, 0), "lis.ics:9"));
        assert_non_null(strstr(engine_degraded(world->engine, 0), "last good version"));

        world_restart(world);
        world_told(world, "degraded 1\n");
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");

        world_put_event(world, "lis.ics", "lis", "Lisinopril", DAILY("080000"));
        world_reload(world);
        world_told(world, "degraded 0\n");
}

static void a_file_that_was_never_good_is_named(void **state) {
        struct world *world = *state;

        world_put(world, "bad.ics", "this is no calendar");
        world_reload(world);
        assert_int_equal(engine_count_degraded(world->engine), 1);
        assert_non_null(strstr(engine_degraded(world->engine, 0), "bad.ics"));
        world_remove_file(world, "bad.ics");
        world_reload(world);
        assert_int_equal(engine_count_degraded(world->engine), 0);
}

static void a_renamed_file_changes_nothing(void **state) {
        struct world *world = *state;

        begin(world);
        world_put_event(world, "other.ics", "lis", "Lisinopril", DAILY("080000"));
        world_remove_file(world, "lis.ics");
        world_reload(world);
        world_told(world, "");
        world_pass_until(world, AT(8, 1));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
}

static void a_touched_file_that_says_the_same_is_no_change(void **state) {
        struct world *world = *state;

        begin(world);
        world_pass_until(world, AT(8, 5));
        world_edit(world, DAILY("080000"));
        world_told(world, "08:00 changed Lisinopril due\n08:00 reminder Lisinopril due\n");
        world_pass_until(world, AT(8, 15));
        world_told(world, "08:10 reminder Lisinopril due\n");
}

static void the_same_uid_in_two_files_rings_once_by_the_newer(void **state) {
        struct world *world = *state;

        begin(world);
        world_put_event(world, "copy.ics", "lis", "Lisinopril", DAILY("070000") "SEQUENCE:2\r\n");
        world_reload(world);
        world_told(world, "degraded 1\nplan ana\n");
        world_pass_until(world, AT(8, 5));
        world_told(world, "07:00 changed Lisinopril due\n07:00 reminder Lisinopril due\n07:10 reminder Lisinopril due\n"
                          "07:30 reminder Lisinopril due\n08:00 reminder Lisinopril due\n");
}

/* A client that keeps each change in a file of its own must not take the plan away. */
static void changes_of_single_doses_in_another_file_take_nothing_away(void **state) {
        static const char *const changes[] = {
                "RECURRENCE-ID:20261124T080000\r\nDTSTART:20261124T080000\r\nSTATUS:CANCELLED\r\n",
                "RECURRENCE-ID:20261124T080000\r\nDTSTART:20261124T100000\r\nSEQUENCE:1\r\n",
        };
        struct world *world = *state;

        begin(world);
        for (size_t i = 0; i < ELEMENTS(changes); i++) {
                world_put_event(world, "change.ics", "lis", "Lisinopril", changes[i]);
                world_reload(world);
                assert_degraded(world, "change.ics changes single doses of an entry that|lis.ics holds: that does not count");
                world_assert_state(world, LIS, DOSE_UPCOMING);
                world_assert_state(world, "ana/lis/20261124T080000", DOSE_UPCOMING);
        }
}

static void an_event_without_a_summary_does_not_poison_the_ledger(void **state) {
        struct world *world = *state;

        world_put(world, "n.ics",
                  ICS("BEGIN:VEVENT\r\nUID:n\r\nDTSTAMP:20261101T000000Z\r\n" DAILY(
                          "080000") "X-DOSED-MEDICATION:abc\r\nEND:VEVENT\r\n"
                                    "BEGIN:VEVENT\r\nUID:n\r\nDTSTAMP:20261101T000000Z\r\n"
                                    "RECURRENCE-ID:20261124T080000\r\nDTSTART:20261124T090000\r\nEND:VEVENT\r\n"));
        world_reload(world);
        world_pass_until(world, AT(33, 5));
        assert_true(store_is_flushed(world->store));
}

static void what_cannot_be_read_for_a_while_is_read_later(void **state) {
        struct world *world = *state;
        struct rlimit limit, little;
        int fd;

        world_put(world, "a.ics", ASPIRIN);
        world_reload(world);
        assert_false(engine_is_unread(world->engine));
        world_put(world, "b.ics", BISOPROLOL);

        /* One descriptor is left: for the folder, and none for the file. */
        fd = dup(0);
        assert_true(fd >= 0);
        (void) close(fd);
        assert_int_equal(getrlimit(RLIMIT_NOFILE, &limit), 0);
        little = (struct rlimit){ .rlim_cur = (rlim_t) fd + 1, .rlim_max = limit.rlim_max };
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &little), 0);
        world_reload(world);
        assert_degraded(world, "ana: b.ics: The file cannot be read|nothing of it is in force");
        assert_true(engine_is_unread(world->engine));
        assert_medications(world, 1);

        /* And none for the folder. */
        little.rlim_cur = (rlim_t) fd;
        assert_int_equal(setrlimit(RLIMIT_NOFILE, &little), 0);
        world_reload(world);
        assert_int_equal(engine_count_degraded(world->engine), 2); /* the folder, and the file as it was */
        assert_medications(world, 1);
        assert_true(engine_is_unread(world->engine));

        assert_int_equal(setrlimit(RLIMIT_NOFILE, &limit), 0);
        world_reload(world);
        assert_well(world);
        assert_false(engine_is_unread(world->engine));
        assert_medications(world, 2);
}

static void a_folder_that_goes_between_listing_and_reading_is_a_problem_of_the_file(void **state) {
        struct world *world = *state;
        _cleanup_(problems_done) struct problems problems = {};
        struct file_mark mark;
        char *bytes;
        size_t size;

        assert_int_equal(folder_read(path_of(world, "gone"), "a.ics", &bytes, &size, &mark, &problems), FOLDER_UNREADABLE);
        assert_int_equal(problems.n_errors, 1);
}

static void what_is_no_file_is_not_looked_at_again_and_again(void **state) {
        struct world *world = *state;

        assert_int_equal(mkfifo(path_of(world, "pipe.ics"), 0600), 0);
        world_reload(world);
        assert_degraded(world, "pipe.ics: |nothing of it is in force");
        assert_false(engine_is_unread(world->engine));
}

static void the_troubles_of_a_folder_and_of_a_person_go_with_them(void **state) {
        struct world *world = *state;
        const char *names[] = { "ana", "ana:bruno" }, *folders[2];
        char other[256];

        make_other(world, other, sizeof(other));
        folders[0] = other;
        folders[1] = "/nonexistent/folder";
        world_put(world, "b.ics", BROKEN);
        world_reload(world);
        assert_degraded(world, "ana: b.ics");

        set_people(world, names, 1, folders, 2);
        world_reload(world);
        assert_degraded(world, "ana: the folder /nonexistent/folder");
        set_people(world, names, 2, folders, 2);
        world_reload(world);
        assert_int_equal(engine_count_degraded(world->engine), 2);
        set_people(world, names, 2, folders, 1);
        assert_int_equal(engine_reload(world->engine, "ana", BELIEVE_CAREFULLY, world->now_usec), 0);
        assert_degraded(world, "ana:bruno: the folder /nonexistent/folder");
        world_forget(world);
        set_people(world, names, 1, folders, 1);
        assert_well(world);
        world_told(world, "degraded 0\n");
}

static void the_same_name_and_version_in_two_folders_is_decided_by_the_path(void **state) {
        struct world *world = *state;
        const char *name = "ana", *folders[2];
        char other[256], words[1024];

        make_other(world, other, sizeof(other));
        assert_int_equal(folder_write(other, "a.ics", ASPIRIN, strlen(ASPIRIN)), 0);
        world_put(world, "a.ics", ICS(EVENT("a", "Aspirin", DAILY("100000"))));

        for (size_t i = 0; i < 2; i++) {
                folders[i] = world->calendars;
                folders[1 - i] = other;
                set_people(world, &name, 1, folders, 2);
                world_reload(world);
                (void) snprintf(words, sizeof(words), "%s/a.ics and %s/a.ics hold the same UID|%s/a.ics counts", world->calendars,
                                other, world->calendars);
                assert_degraded(world, words);
                world_assert_state(world, "ana/a/20261123T100000", DOSE_UPCOMING);
        }

        assert_int_equal(folder_write(other, "b.ics", BISOPROLOL, strlen(BISOPROLOL)), 0);
        world_put(world, "b.ics", BISOPROLOL);
        world_reload(world);
        assert_degraded(world, "/a.ics counts|and 1 more");
}

static void assert_explained(struct world *world, const char *name, bool is_removed, const char *words) {
        _cleanup_(free_p) char *reason = NULL;

        assert_int_equal(engine_explain_file(world->engine, "ana", path_of(world, name), is_removed, &reason), 0);
        if (words)
                assert_non_null(strstr(reason, words));
        else
                assert_null(reason);
}

static void the_removal_of_one_file_that_somebody_asked_for_is_believed(void **state) {
        struct world *world = *state;

        world_put(world, "a.ics", ASPIRIN);
        world_reload(world);
        world_remove_file(world, "a.ics");
        assert_int_equal(engine_reload_without(world->engine, "ana", path_of(world, "a.ics"), world->now_usec), 0);
        assert_well(world);
        assert_medications(world, 0);
        assert_explained(world, "a.ics", true, NULL);
}

static void what_else_is_missing_then_stays(void **state) {
        struct world *world = *state;

        world_put(world, "a.ics", ASPIRIN);
        world_put(world, "b.ics", BISOPROLOL);
        world_reload(world);
        world_remove_file(world, "a.ics");
        world_remove_file(world, "b.ics");
        assert_int_equal(engine_reload_without(world->engine, "ana", path_of(world, "a.ics"), world->now_usec), 0);
        assert_degraded(world, "ana: the folder|is empty all at once");
        assert_medications(world, 1);
        assert_explained(world, "a.ics", true, NULL);

        world_put(world, "a.ics", ASPIRIN);
        world_put(world, "b.ics", BISOPROLOL);
        world_reload(world);
        assert_medications(world, 2);
        world_remove_file(world, "a.ics");
        world_remove_file(world, "b.ics");
        world_put(world, "c.ics", ICS(EVENT("c", "Candesartan", DAILY("080000"))));
        assert_int_equal(engine_reload_without(world->engine, "ana", path_of(world, "a.ics"), world->now_usec), 0);
        assert_degraded(world, "ana: 1 of 1 medications are gone all at once");
        assert_medications(world, 1);
        assert_explained(world, "a.ics", true, NULL);
        assert_explained(world, "b.ics", true, "gone all at once");
        assert_explained(world, "c.ics", false, "gone all at once");

        /* Over a restart, too. */
        world_stop(world);
        world_start(world);
        assert_degraded(world, "ana: 1 of 1 medications are gone all at once");
        assert_medications(world, 1);
}

static void a_file_tells_why_it_is_not_in_force(void **state) {
        struct world *world = *state;

        world_put(world, "a.ics", ASPIRIN);
        world_put(world, "b.ics", BROKEN);
        world_reload(world);
        assert_explained(world, "a.ics", false, NULL);
        assert_explained(world, "b.ics", false, "b.ics:");
        assert_explained(world, "c.ics", false, "not found");
        world_put(world, "c.ics", ICS(EVENT("a", "Aspirin", DAILY("080000") "SEQUENCE:2\r\n")));
        world_reload(world);
        assert_explained(world, "c.ics", false, NULL);
        assert_explained(world, "a.ics", false, "another file, c.ics, holds the same UID in a newer version");
}

int main(void) {
        const struct CMUnitTest tests[] = {
                TEST(a_broken_file_that_is_renamed_keeps_its_last_good_version),
                TEST(a_broken_file_that_is_copied_and_removed_too),
                TEST(another_broken_file_does_not_take_over_what_was_removed),
                TEST(a_broken_file_keeps_its_last_good_version_over_a_restart),
                TEST(a_file_that_was_never_good_is_named),
                TEST(a_renamed_file_changes_nothing),
                TEST(a_touched_file_that_says_the_same_is_no_change),
                TEST(the_same_uid_in_two_files_rings_once_by_the_newer),
                TEST(changes_of_single_doses_in_another_file_take_nothing_away),
                TEST(an_event_without_a_summary_does_not_poison_the_ledger),
                TEST(what_cannot_be_read_for_a_while_is_read_later),
                TEST(a_folder_that_goes_between_listing_and_reading_is_a_problem_of_the_file),
                TEST(what_is_no_file_is_not_looked_at_again_and_again),
                TEST(the_troubles_of_a_folder_and_of_a_person_go_with_them),
                TEST(the_same_name_and_version_in_two_folders_is_decided_by_the_path),
                TEST(the_removal_of_one_file_that_somebody_asked_for_is_believed),
                TEST(what_else_is_missing_then_stays),
                TEST(a_file_tells_why_it_is_not_in_force),
        };

        return cmocka_run_group_tests_name("from folders to a plan", tests, NULL, NULL);
}
