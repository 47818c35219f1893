/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* `dosed --check-config`: what a configuration names, and whether a service of another user can use it. */
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "config-world.h"
#include "dosed/text.h"

#define OTHER "nobody" /* a user whom every machine knows, and who runs no tests */

static char folder[] = "/tmp/dosed-around-XXXXXX";

static void put(const char *name, mode_t mode) {
        char path[256];
        FILE *file;

        (void) snprintf(path, sizeof(path), "%s/%s", folder, name);
        if (mode & S_IFDIR) {
                assert_int_equal(mkdir(path, 0700), 0);
        } else {
                file = fopen(path, "w");
                assert_non_null(file);
                assert_int_equal(fclose(file), 0);
        }
        assert_int_equal(chmod(path, mode & 07777), 0);
}

static int make_folder(void **state) {
        (void) state;
        assert_non_null(mkdtemp(folder));
        assert_int_equal(chmod(folder, 0755), 0);
        put("open", 0755);
        put("own", 0700);
        put("secret", 0600);
        put("text", 0644);
        put("closed", S_IFDIR | 0700);
        put("closed/open", 0755);
        return 0;
}

static int remove_folder(void **state) {
        static const char *const names[] = { "closed/open", "closed", "text", "secret", "own", "open", "smtp-password", "dosed.conf" };
        char path[256];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(names); i++) {
                (void) snprintf(path, sizeof(path), "%s/%s", folder, names[i]);
                (void) remove(path);
        }
        return rmdir(folder);
}

/* The text with the folder for @, and @ for %. */
static char *fill_in(const char *text) {
        char *filled = NULL;
        size_t size;
        FILE *stream = open_memstream(&filled, &size);

        assert_non_null(stream);
        for (; *text; text++)
                if (*text == '@')
                        (void) fputs(folder, stream);
                else
                        (void) fputc(*text == '%' ? '@' : *text, stream);
        assert_int_equal(fclose(stream), 0);
        return filled;
}

#define HOOK(command) "[hook x]\non = due\ncommand = " command "\n"
#define SENDER "[mail]\nfrom = dosed%example.org\nsmtp = smtp://localhost\n"
#define LOGIN SENDER "user = me\n"

struct look {
        const char *text, *expect;
};

static void assert_said(const struct config_places *at, const struct look *looks, size_t n_looks) {
        for (size_t i = 0; i < n_looks; i++) {
                _cleanup_(free_p) char *text = fill_in(looks[i].text), *expect = fill_in(looks[i].expect), *problems = NULL;

                problems = problems_at(at, text, NULL);
                assert_string_equal(problems, expect);
        }
}

static void what_another_user_may_not_use_is_said(void **state) {
        static const struct look looks[] = {
                { HOOK("@/open"), "" },
                { HOOK("/bin/sh"), "" },
                { HOOK("@/own"), "3 warning: @/own may not be run by the user " OTHER ": chmod 755 it, or name another\n" },
                { HOOK("@/closed/open"), "3 warning: @/closed/open may not be run by the user " OTHER ", whom @/closed keeps out: open that to this user, or name another\n" },
                { HOOK("@/text"), "3 warning: @/text cannot be run: Permission denied\n" },
                { HOOK("@/none"), "3 warning: @/none cannot be run: No such file or directory\n" },
                { HOOK("@"), "3 warning: @ is a folder and cannot be run: name what is in it\n" },
                { LOGIN "password-file = @/secret\n", "5 warning: @/secret may not be read by the user " OTHER ": chown it to that user, or give the password as a credential\n" },
                { LOGIN "password-file = @/text\n", "5 warning: others may read or change @/text, so that it will not be used: chmod 600 it\n" },
                { LOGIN "password-file = @\n", "5 warning: @ is a folder and cannot be read: name what is in it\n" },
                { SENDER "ca-file = @/text\n", "" },
                { SENDER "ca-file = @/secret\n", "4 warning: @/secret may not be read by the user " OTHER ": let that user read it, or name another\n" },
                { "[mail]\nfrom = dosed%example.org\ncommand = @/own -t\n", "3 warning: @/own may not be run by the user " OTHER ": chmod 755 it, or name another\n" },
        };
        struct config_places at = places;

        (void) state;
        at.looks_around = true;
        at.service_user = OTHER;
        assert_said(&at, looks, ELEMENTS(looks));
}

static void what_nobody_else_uses_is_its_owners_business(void **state) {
        static const struct look looks[] = {
                { HOOK("@/own"), "" },
                { HOOK("@/closed/open"), "" },
                { LOGIN "password-file = @/secret\n", "" },
        };
        struct config_places at = places;

        (void) state;
        at.looks_around = true;
        assert_said(&at, looks, ELEMENTS(looks));
        at.service_user = "no-such-user"; /* not made yet: nothing can be said */
        assert_said(&at, looks, ELEMENTS(looks));
}

static void what_the_unit_hides_is_said_in_a_household(void **state) {
        static const struct look looks[] = {
                { HOOK("/bin/sh"), "" },
                { HOOK("@/open"), "3 warning: @/open cannot be run by the service, from which its unit hides /tmp: put it elsewhere, as into /usr/local/bin\n" },
                { SENDER "ca-file = @/text\n", "4 warning: @/text cannot be read by the service, from which its unit hides /tmp: put it elsewhere, as into /etc/dosed\n" },
        };

        (void) state;
        assert_said(&household, looks, ELEMENTS(looks));
}

static void a_login_without_a_password_is_said_in_a_household(void **state) {
        static const struct look without[] = {
                { LOGIN, "4 warning: there is no password for this user, unless a drop-in of the unit gives it: put it into /etc/credstore/dosed.smtp-password, or name a file by password-file\n" },
                { SENDER, "" },
        };
        static const struct look with[] = { { LOGIN, "" } };

        (void) state;
        assert_int_equal(setenv("CREDENTIALS_DIRECTORY", folder, 1), 0);
        assert_said(&household, without, ELEMENTS(without));
        put("smtp-password", 0600);
        assert_said(&household, with, ELEMENTS(with));
        assert_int_equal(unsetenv("CREDENTIALS_DIRECTORY"), 0);
}

static void the_configuration_itself_is_to_be_read_by_the_service(void **state) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(config_done) struct config config = {}, draft = {};
        _cleanup_(free_p) char *file = fill_in("@/dosed.conf"), *expect = NULL;
        struct config_places at = places;

        (void) state;
        put("dosed.conf", 0600);
        at.file = file;
        at.looks_around = true;
        at.service_user = OTHER;
        expect = fill_in("@/dosed.conf may not be read by the user " OTHER ": chgrp it to that user's group, and chmod 640 it");
        at.must_exist = true; /* a draft, which was named by hand */
        assert_int_equal(config_load(&at, &draft, &problems), 0);
        assert_int_equal(problems.n_items, 0);
        at.must_exist = false;
        assert_int_equal(config_load(&at, &config, &problems), 0);
        assert_int_equal(problems.n_items, 1);
        assert_string_equal(problems.items[0].file, file);
        assert_string_equal(problems.items[0].text, expect);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(what_another_user_may_not_use_is_said),
                cmocka_unit_test(what_nobody_else_uses_is_its_owners_business),
                cmocka_unit_test(what_the_unit_hides_is_said_in_a_household),
                cmocka_unit_test(a_login_without_a_password_is_said_in_a_household),
                cmocka_unit_test(the_configuration_itself_is_to_be_read_by_the_service),
        };

        return cmocka_run_group_tests_name("what a configuration names", tests, make_folder, remove_folder);
}
