/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The file of what nobody has read yet. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "daemon/desktop-memory.h"
#include "dosed/limits.h"

static char folder[] = "/tmp/dosed-unread-XXXXXX";
static char path[64];

static int set_up(void **state) {
        (void) state;
        memcpy(folder + strlen(folder) - 6, "XXXXXX", 6);
        if (!mkdtemp(folder))
                return -1;
        (void) snprintf(path, sizeof(path), "%s/unread", folder);
        return 0;
}

static int tear_down(void **state) {
        (void) state;
        (void) unlink(path);
        return rmdir(folder); /* nothing else was left in it */
}

static void put(const char *bytes) {
        FILE *file = fopen(path, "we");

        assert_non_null(file);
        assert_true(fputs(bytes, file) >= 0);
        assert_int_equal(fclose(file), 0);
}

static void test_what_was_remembered_is_recalled_and_nobody_else_may_read_it(void **state) {
        _cleanup_(unread_done) struct unread unread = { .n_forgotten = 3 }, recalled = {};
        struct stat st;

        (void) state;
        assert_int_equal(unread_put(&unread, "ana/a b/x", "A · 08:00", true), 0);
        assert_int_equal(unread_put(&unread, "ana/c/y", "C · 09:00", false), 0);
        assert_int_equal(unread_remember(path, &unread), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 0777, 0600);

        assert_int_equal(unread_recall(path, &recalled), 0);
        assert_int_equal(recalled.n_lines, 2);
        assert_int_equal(recalled.n_forgotten, 3);
        assert_string_equal(recalled.lines[0].id, "ana/a b/x");
        assert_string_equal(recalled.lines[0].text, "");
        assert_string_equal(recalled.lines[1].id, "ana/c/y");
}

static void test_nothing_unread_leaves_no_file(void **state) {
        struct unread unread = {};

        (void) state;
        put("old");
        assert_int_equal(unread_remember(path, &unread), 0);
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(unread_remember(path, &unread), 0);
        assert_int_equal(unread_recall(path, &unread), 0);
        assert_int_equal(unread.n_lines, 0);
}

static void test_what_is_too_much_for_the_file_is_counted(void **state) {
        _cleanup_(unread_done) struct unread unread = {}, recalled = {};
        char id[2048];

        (void) state;
        memset(id, 'x', sizeof(id) - 1);
        id[sizeof(id) - 1] = '\0';
        for (size_t i = 0; i < LIMIT_UNREAD_LINES; i++) {
                (void) snprintf(id, 8, "%07zu", i);
                id[7] = '/';
                assert_int_equal(unread_put(&unread, id, "", false), 0);
        }
        assert_int_equal(unread_remember(path, &unread), 0);
        assert_int_equal(unread_recall(path, &recalled), 0);
        assert_in_range(recalled.n_lines, LIMIT_UNREAD_MEMORY_BYTES / sizeof(id) - 1, LIMIT_UNREAD_LINES - 1);
        assert_int_equal(unread_count(&recalled), LIMIT_UNREAD_LINES);
        assert_string_equal(recalled.lines[recalled.n_lines - 1].id, id);
}

static void test_what_is_not_ours_is_not_believed(void **state) {
        _cleanup_(unread_done) struct unread unread = {};

        (void) state;
        put("");
        assert_int_equal(unread_recall(path, &unread), 0);
        put("other 0\nana/a/x\n");
        assert_int_equal(unread_recall(path, &unread), 0);
        assert_int_equal(unread.n_lines, 0);

        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("/dev/zero", path), 0);
        assert_int_equal(unread_recall(path, &unread), 0);
        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(unread_recall(path, &unread), 0);
        assert_int_equal(unread.n_lines, 0);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_what_was_remembered_is_recalled_and_nobody_else_may_read_it, set_up,
                                                tear_down),
                cmocka_unit_test_setup_teardown(test_nothing_unread_leaves_no_file, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_is_too_much_for_the_file_is_counted, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_is_not_ours_is_not_believed, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
