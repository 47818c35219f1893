/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What the next process learns of the notifications that the last one left. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>
#include <sys/stat.h>

#include "dosed/limits.h"
#include "dosed/text.h"
#include "notify/memory.h"

static char folder[] = "/tmp/dosed-memory-XXXXXX";
static char path[sizeof(folder) + 8];

static int set_up(void **state) {
        (void) state;
        strcpy(folder + strlen(folder) - 6, "XXXXXX");
        if (!mkdtemp(folder))
                return -1;
        (void) snprintf(path, sizeof(path), "%s/up", folder);
        return 0;
}

static int tear_down(void **state) {
        (void) state;
        (void) unlink(path);
        return rmdir(folder);
}

static void put(const char *bytes, size_t size) {
        FILE *file = fopen(path, "w");

        assert_non_null(file);
        assert_int_equal(fwrite(bytes, 1, size, file), size);
        assert_int_equal(fclose(file), 0);
}

static void test_what_was_written_is_read(void **state) {
        static const uint32_t ids[] = { 1, 4294967295u };
        struct memory memory = {};
        struct stat st;

        (void) state;
        put("old", 3);
        assert_int_equal(memory_write(path, "0123", ":1.7", ids, ELEMENTS(ids)), 0);
        assert_int_equal(stat(path, &st), 0);
        assert_int_equal(st.st_mode & 07777, 0600);
        assert_int_equal(memory_read(path, &memory), 0);
        assert_string_equal(memory.bus_id, "0123");
        assert_string_equal(memory.owner, ":1.7");
        assert_int_equal(memory.n_ids, ELEMENTS(ids));
        assert_memory_equal(memory.ids, ids, sizeof(ids));
        memory_done(&memory);
}

static void test_nothing_up_leaves_no_file(void **state) {
        (void) state;
        put("old", 3);
        assert_int_equal(memory_write(path, "0123", ":1.7", NULL, 0), 0);
        assert_int_equal(access(path, F_OK), -1);
        assert_int_equal(memory_write(path, "0123", ":1.7", NULL, 0), 0);
        assert_int_equal(memory_read(path, &(struct memory){}), MEMORY_NOTHING);
}

static void test_what_is_not_ours_is_not_believed(void **state) {
        static const char *const cases[] = {
                "", "\n", "dosed-notifications", "dosed-notifications 0123", "other 0123 :1.7\n1\n",
                "dosed-notifications 0123 :1.7\n0\n", "dosed-notifications 0123 :1.7\n-1\n",
                "dosed-notifications 0123 :1.7\n4294967296\n", "dosed-notifications 0123 :1.7\n1x\n",
                "dosed-notifications 0123 :1.7\n99999999999999999999999\n",
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                put(cases[i], strlen(cases[i]));
                if (memory_read(path, &(struct memory){}) != MEMORY_NOTHING)
                        fail_msg("believed: %s", cases[i]);
        }
}

static void test_a_huge_file_a_link_and_a_fifo_are_not_read(void **state) {
        static char huge[LIMIT_NOTIFY_MEMORY_BYTES + 1];

        (void) state;
        memset(huge, '1', sizeof(huge));
        memcpy(huge, "dosed-notifications 0123 :1.7\n", 30);
        put(huge, sizeof(huge));
        assert_int_equal(memory_read(path, &(struct memory){}), MEMORY_NOTHING);

        assert_int_equal(unlink(path), 0);
        assert_int_equal(symlink("/dev/zero", path), 0);
        assert_int_equal(memory_read(path, &(struct memory){}), MEMORY_NOTHING);

        assert_int_equal(unlink(path), 0);
        assert_int_equal(mkfifo(path, 0600), 0);
        assert_int_equal(memory_read(path, &(struct memory){}), MEMORY_NOTHING);
}

int main(void) {
        static const struct CMUnitTest tests[] = {
                cmocka_unit_test_setup_teardown(test_what_was_written_is_read, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_nothing_up_leaves_no_file, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_what_is_not_ours_is_not_believed, set_up, tear_down),
                cmocka_unit_test_setup_teardown(test_a_huge_file_a_link_and_a_fifo_are_not_read, set_up, tear_down),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
