/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Sealed files: what is read is what was meant, and nothing else is looked at. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "dosed/file.h"

#define TEXT "BEGIN:VCALENDAR"

static void a_sealed_file_is_read_as_it_was_made_wherever_it_stands(void **state) {
        char *bytes = NULL;
        size_t size = 0;
        int fd = -1;

        (void) state;
        assert_int_equal(sealed_file_new(TEXT, strlen(TEXT), &fd), 0);
        assert_int_equal(lseek(fd, 0, SEEK_CUR), 0);
        assert_int_equal(lseek(fd, 0, SEEK_END), strlen(TEXT));
        assert_int_equal(sealed_file_read(fd, strlen(TEXT), &bytes, &size), 0);
        assert_int_equal(size, strlen(TEXT));
        assert_string_equal(bytes, TEXT);
        free(bytes);
        (void) close(fd);
}

static void nobody_writes_into_a_sealed_file(void **state) {
        int fd = -1;

        (void) state;
        assert_int_equal(sealed_file_new(TEXT, strlen(TEXT), &fd), 0);
        assert_int_equal(pwrite(fd, "X", 1, 0), -1);
        assert_int_equal(ftruncate(fd, 0), -1);
        assert_ptr_equal(mmap(NULL, 1, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0), MAP_FAILED);
        (void) close(fd);
}

static void what_could_still_change_is_not_read(void **state) {
        static const int seals[] = { 0, F_SEAL_WRITE, F_SEAL_SHRINK | F_SEAL_GROW, F_SEAL_WRITE | F_SEAL_GROW };
        char *bytes = NULL;
        size_t size = 0;
        int ends[2];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(seals); i++) {
                int fd = memfd_create("test", MFD_CLOEXEC | MFD_ALLOW_SEALING);

                assert_int_equal(file_write(fd, TEXT, strlen(TEXT)), 0);
                assert_int_equal(fcntl(fd, F_ADD_SEALS, seals[i]), 0);
                assert_int_equal(sealed_file_read(fd, 100, &bytes, &size), SEALED_FILE_OPEN);
                (void) close(fd);
        }
        assert_int_equal(pipe2(ends, O_CLOEXEC), 0);
        assert_int_equal(sealed_file_read(ends[0], 100, &bytes, &size), SEALED_FILE_OPEN);
        (void) close(ends[0]);
        (void) close(ends[1]);
        assert_null(bytes);
}

static void one_that_is_too_large_is_not_read(void **state) {
        char *bytes = NULL;
        size_t size = 0;
        int fd = -1;

        (void) state;
        assert_int_equal(sealed_file_new(TEXT, strlen(TEXT), &fd), 0);
        assert_int_equal(sealed_file_read(fd, strlen(TEXT) - 1, &bytes, &size), SEALED_FILE_TOO_LARGE);
        assert_null(bytes);
        (void) close(fd);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(a_sealed_file_is_read_as_it_was_made_wherever_it_stands),
                cmocka_unit_test(nobody_writes_into_a_sealed_file),
                cmocka_unit_test(what_could_still_change_is_not_read),
                cmocka_unit_test(one_that_is_too_large_is_not_read),
        };

        return cmocka_run_group_tests_name("file", tests, NULL, NULL);
}
