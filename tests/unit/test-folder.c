/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A folder with good and broken plan files: the good ones are read, each broken one is named with its reason. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <sys/wait.h>

#include "dosed/calendar.h"
#include "dosed/folder.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define GENERATOR "tests/data/make-broken-folder.py"
#define N_GOOD 50
#define JULY_USEC (1782864000 * USEC_PER_SEC) /* 2026-07-01T00:00:00Z */

static char path[] = "/tmp/dosed-test-folder-XXXXXX";

static int run(const char *program, const char *first, const char *second) {
        int status = -1;
        pid_t pid = fork();

        if (pid == 0) {
                int fd = open("/dev/null", O_WRONLY | O_CLOEXEC);

                (void) dup2(fd, STDOUT_FILENO);
                (void) execl(program, program, first, second, NULL);
                _exit(127);
        }
        return pid > 0 && waitpid(pid, &status, 0) == pid && WIFEXITED(status) ? WEXITSTATUS(status) : -1;
}

static int setup(void **state) {
        (void) state;
        if (!mkdtemp(path) || chmod(path, 0755) < 0)
                return -1;
        return run("/usr/bin/python3", GENERATOR, path);
}

static int teardown(void **state) {
        (void) state;
        return run("/bin/rm", "-rf", path);
}

/* Line 0: the file as a whole. */
static const struct {
        const char *name;
        unsigned line;
        const char *part;
} broken[] = {
        { "action", 10, "neither take nor remove" },
        { "below-a-minute", 9, "more than once a minute" },
        { "binary", 1, "NUL" },
        { "blank", 0, "empty" },
        { "blank-behind-begin", 4, "a blank behind it" },
        { "components", 10002, "more than 5000 components" },
        { "count-and-until", 9, "COUNT or by UNTIL" },
        { "count-wraps", 9, "COUNT must be" },
        { "date-type", 8, "VALUE parameter" },
        { "device", 0, "not a regular file" },
        { "duration", 10, "PT30M" },
        { "empty", 0, "empty" },
        { "end-of-file", 10, "cut off" },
        { "exdate", 10, "not a real date" },
        { "endless", 9, "never due" },
        { "february", 8, "not a real date" },
        { "fifo", 0, "not a regular file" },
        { "frequency", 9, "FREQ must be" },
        { "huge-line", 0, "larger than 4 MiB" },
        { "interval-wraps", 9, "longer than a life" },
        { "interval-zero", 9, "INTERVAL must be" },
        { "latin1", 7, "not UTF-8" },
        { "link-circle", 0, "leads in a circle" },
        { "link-dangling", 0, "No such file" },
        { "long-line", 9, "longer than 65536 bytes" },
        { "long-uid", 6, "longer than 255 bytes" },
        { "missing-end", 10, "END:VEVENT is missing: that began on line 4" },
        { "nested", 2, "second VCALENDAR" },
        { "nested-alarms", 5, "more than 4 deep" },
        { "no-calendar", 1, "outside of a VCALENDAR" },
        { "no-start", 4, "no DTSTART" },
        { "no-summary", 4, "no SUMMARY" },
        { "no-uid", 4, "no UID" },
        { "blank-summary", 7, "no SUMMARY" },
        { "not-folded", 10, "must begin with a blank" },
        { "nul", 7, "NUL" },
        { "priority", 10, "0 to 9" },
        { "range", 9, "RANGE" },
        { "rdate", 9, "does not end after its start" },
        { "rule-without-colon", 9, "NAME:value" },
        { "secondly", 9, "SECONDLY" },
        { "stray-end", 12, "closes nothing" },
        { "time-of-day", 8, "not a real date or time" },
        { "todo-recurs", 7, "no DTSTART" },
        { "trigger", 12, "PT30M" },
        { "two-calendars", 12, "second VCALENDAR" },
        { "two-starts", 9, "stands twice, first on line 8" },
        { "web-page", 1, "NAME:value" },
        { "window", 10, "PT30M" },
        { "wrong-end", 10, "END:VTODO stands where END:VEVENT is missing" },
        { "zone-control", 8, "not the name of a zone" },
        { "zone-followed", 10, "not YEARLY" },
        { "zone-path", 8, "not the name of a zone" },
        { "zone-unknown", 8, "Mars/Olympus" },
        { "truncated", 0, "" }, /* cut in the middle: where depends on the length */
};

static bool has_error(const struct problems *problems, const char *file, unsigned line, const char *part) {
        for (size_t i = 0; i < problems->n_items; i++)
                if (problems->items[i].severity == SEVERITY_ERROR && strcmp(problems->items[i].file, file) == 0 &&
                    (problems->items[i].line == line || part[0] == '\0') && strstr(problems->items[i].text, part))
                        return true;
        for (size_t i = 0; i < problems->n_items; i++)
                print_message("%s:%u: %s\n", problems->items[i].file, problems->items[i].line, problems->items[i].text);
        return false;
}

/* 0: used; 1: refused with an error; negative: failed. */
static int read_file(struct zones *zones, const char *name, struct calendar **ret, struct problems *problems) {
        _cleanup_(free_p) char *bytes = NULL;
        struct file_mark mark;
        size_t size;
        int r;

        r = folder_read(path, name, &bytes, &size, &mark, problems);
        return r != 0 ? r : calendar_read(name, bytes, size, zones, ret, problems);
}

static void each_broken_file_is_named_with_line_and_reason(void **state) {
        _cleanup_(zones_free_p) struct zones *zones = NULL;

        (void) state;
        assert_int_equal(zones_new(NULL, &zones), 0);
        for (size_t i = 0; i < ELEMENTS(broken); i++) {
                _cleanup_(problems_done) struct problems problems = {};
                _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
                char name[64];

                (void) snprintf(name, sizeof(name), "broken-%s.ics", broken[i].name);
                assert_int_equal(read_file(zones, name, &calendar, &problems), 1);
                assert_null(calendar);
                if (!has_error(&problems, name, broken[i].line, broken[i].part))
                        fail_msg("%s: no error on line %u with \"%s\"", name, broken[i].line, broken[i].part);
        }
}

static void the_good_files_beside_them_are_read(void **state) {
        _cleanup_(zones_free_p) struct zones *zones = NULL;
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(folder_free_p) struct folder *folder = NULL;
        size_t n_good = 0, n_broken = 0;

        (void) state;
        assert_int_equal(zones_new(NULL, &zones), 0);
        assert_int_equal(folder_list(path, &folder, &problems), 0);
        assert_int_equal(problems.n_items, 0);

        for (size_t i = 0; i < folder->n_files; i++) {
                _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
                struct wall_clock clock = { .zone = zone_utc(), .all_day_sec = 8 * 3600 };
                struct occurrence occurrence;

                assert_true(i == 0 || strcmp(folder->files[i - 1].name, folder->files[i].name) < 0);
                if (strncmp(folder->files[i].name, "good-", 5) != 0) {
                        n_broken++;
                        continue;
                }
                n_good++;
                assert_int_equal(read_file(zones, folder->files[i].name, &calendar, &problems), 0);
                assert_int_equal(calendar->n_schedules, 1);
                assert_int_equal(schedule_next(calendar->schedules[0], &clock, JULY_USEC, &occurrence), 0);
                assert_true(occurrence.due_usec < JULY_USEC + USEC_PER_DAY);
        }
        assert_int_equal(n_good, N_GOOD);
        assert_int_equal(n_broken, ELEMENTS(broken) + 1); /* and the one without permission */
        assert_int_equal(problems.n_items, 0);
}

static const struct folder_file *find(const struct folder *folder, const char *name) {
        for (size_t i = 0; i < folder->n_files; i++)
                if (strcmp(folder->files[i].name, name) == 0)
                        return &folder->files[i];
        fail_msg("%s is not in the list", name);
        return &folder->files[0];
}

static bool is_listed(const struct folder *folder, const char *name) {
        for (size_t i = 0; i < folder->n_files; i++)
                if (strcmp(folder->files[i].name, name) == 0)
                        return true;
        return false;
}

static void the_list_tells_what_is_no_file(void **state) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(folder_free_p) struct folder *folder = NULL;

        (void) state;
        assert_int_equal(folder_list(path, &folder, &problems), 0);
        assert_false(is_listed(folder, "folder.ics"));
        assert_int_equal(find(folder, "broken-link-circle.ics")->error, ELOOP);
        assert_int_equal(find(folder, "broken-link-dangling.ics")->error, ENOENT);
        assert_false(find(folder, "broken-fifo.ics")->is_regular);
        assert_true(find(folder, "good-00.ics")->is_regular);
}

/* Permission does not hold for root: the reading is done by a child that is nobody. */
static void a_file_without_permission_is_named(void **state) {
        int status;
        pid_t pid;

        (void) state;
        pid = fork();
        assert_true(pid >= 0);
        if (pid == 0) {
                struct problems problems = {};
                struct file_mark mark;
                char *bytes;
                size_t size;

                if (geteuid() == 0 && (setgid(65534) < 0 || setuid(65534) < 0))
                        _exit(77);
                if (folder_read(path, "broken-permission.ics", &bytes, &size, &mark, &problems) != FOLDER_UNREADABLE)
                        _exit(1);
                _exit(has_error(&problems, "broken-permission.ics", 0, "permission denied") ? 0 : 2);
        }
        assert_int_equal(waitpid(pid, &status, 0), pid);
        assert_true(WIFEXITED(status));
        if (WEXITSTATUS(status) == 77) {
                print_message("cannot become another user here: not tested\n");
                skip();
        }
        assert_int_equal(WEXITSTATUS(status), 0);
}

static void names_that_are_not_utf8_and_hidden_ones_are_left_out(void **state) {
        static char other[] = "/tmp/dosed-test-names-XXXXXX";
        static const char *const names[] = { "b.ics", "A.ICS", ".hidden.ics", "notes.txt", ".ics", "bad\xff.ics" };
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(folder_free_p) struct folder *folder = NULL;

        (void) state;
        assert_non_null(mkdtemp(other));
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                char file[128];

                (void) snprintf(file, sizeof(file), "%s/%s", other, names[i]);
                (void) close(open(file, O_CREAT | O_WRONLY | O_CLOEXEC, 0600));
        }
        assert_int_equal(folder_list(other, &folder, &problems), 0);
        assert_int_equal(folder->n_files, 2);
        assert_string_equal(folder->files[0].name, "A.ICS");
        assert_string_equal(folder->files[1].name, "b.ics");
        assert_int_equal(problems.n_items, 1);
        assert_int_equal(run("/bin/rm", "-rf", other), 0);
}

static void what_is_written_is_read_back_and_marked_anew(void **state) {
        _cleanup_(problems_done) struct problems problems = {};
        struct file_mark first, second;
        char file[128], *bytes;
        struct stat st;
        size_t size;

        (void) state;
        assert_int_equal(folder_write(path, "new.ics", "one", 3), 0);
        assert_int_equal(folder_read(path, "new.ics", &bytes, &size, &first, &problems), 0);
        assert_string_equal(bytes, "one");
        free(bytes);

        assert_int_equal(folder_write(path, "new.ics", "two!", 4), 0);
        assert_int_equal(folder_read(path, "new.ics", &bytes, &size, &second, &problems), 0);
        assert_int_equal(size, 4);
        assert_string_equal(bytes, "two!");
        free(bytes);
        assert_false(file_mark_equal(&first, &second));
        assert_true(file_mark_equal(&second, &second));

        (void) snprintf(file, sizeof(file), "%s/new.ics", path);
        assert_int_equal(stat(file, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(folder_remove(path, "new.ics"), 0);
        assert_int_equal(folder_remove(path, "new.ics"), -ENOENT);
}

static void a_write_that_fails_leaves_the_old_file(void **state) {
        _cleanup_(problems_done) struct problems problems = {};
        struct file_mark mark;
        char *bytes;
        size_t size;

        (void) state;
        /* A folder of that name cannot be replaced by a file. */
        assert_int_equal(folder_write(path, "folder.ics", "x", 1), -EISDIR);
        assert_int_equal(folder_write("/nowhere", "a.ics", "x", 1), -ENOENT);
        assert_int_equal(folder_read(path, "good-00.ics", &bytes, &size, &mark, &problems), 0);
        free(bytes);
}

static void names_that_lead_elsewhere_are_refused(void **state) {
        static const char *const names[] = { "../a.ics", "a/b.ics", ".a.ics", "a.txt", "", ".ics", "a\xff.ics" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                assert_int_equal(folder_write(path, names[i], "x", 1), -EINVAL);
                assert_int_equal(folder_remove(path, names[i]), -EINVAL);
        }
}

static void a_folder_that_is_not_there_is_an_error_of_its_own(void **state) {
        _cleanup_(problems_done) struct problems problems = {};
        struct folder *folder = NULL;

        (void) state;
        assert_int_equal(folder_list("/nowhere", &folder, &problems), -ENOENT);
        assert_null(folder);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(each_broken_file_is_named_with_line_and_reason),
                cmocka_unit_test(the_good_files_beside_them_are_read),
                cmocka_unit_test(the_list_tells_what_is_no_file),
                cmocka_unit_test(a_file_without_permission_is_named),
                cmocka_unit_test(names_that_are_not_utf8_and_hidden_ones_are_left_out),
                cmocka_unit_test(what_is_written_is_read_back_and_marked_anew),
                cmocka_unit_test(a_write_that_fails_leaves_the_old_file),
                cmocka_unit_test(names_that_lead_elsewhere_are_refused),
                cmocka_unit_test(a_folder_that_is_not_there_is_an_error_of_its_own),
        };

        return cmocka_run_group_tests(tests, setup, teardown);
}
