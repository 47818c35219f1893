/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Which server is meant, and when it may be spoken to unencrypted. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>

#include "dosed/error.h"
#include "mail/server.h"

static const struct {
        const char *url, *host;
        bool is_loopback;
} servers[] = {
        { "smtp://localhost", "localhost", true },
        { "smtp://LocalHost:2525/", "LocalHost", true },
        { "smtp://127.0.0.1", "127.0.0.1", true },
        { "smtp://127.255.1.2:25/home.example.org", "127.255.1.2", true },
        { "smtp://127.1", "127.0.0.1", true },
        { "smtp://2130706433", "127.0.0.1", true },
        { "smtp://[::1]:25", "[::1]", true },
        { "smtp://[0:0:0:0:0:0:0:1]", "[::1]", true },

        { "smtp://mail.example.org", "mail.example.org", false },
        { "smtp://127.0.0.1.example.org", "127.0.0.1.example.org", false },
        { "smtp://localhost.example.org", "localhost.example.org", false },
        { "smtp://localhost.", "localhost.", false }, /* asked of a name server */
        { "smtp://notlocalhost", "notlocalhost", false },
        { "smtp://126.255.255.255", "126.255.255.255", false },
        { "smtp://128.0.0.1", "128.0.0.1", false },
        { "smtp://0.0.0.0", "0.0.0.0", false },
        { "smtp://192.168.1.2", "192.168.1.2", false },
        { "smtp://[::2]", "[::2]", false },
        { "smtp://[::]", "[::]", false },
        { "smtp://[fe80::1]", "[fe80::1]", false },
        { "smtp://[::ffff:127.0.0.1]", "[::ffff:127.0.0.1]", false },
};

static void only_this_machine_is_spoken_to_unencrypted(void **state) {
        (void) state;
        for (size_t i = 0; i < ELEMENTS(servers); i++) {
                _cleanup_(server_done) struct server server = {};

                assert_int_equal(server_read(servers[i].url, &server), 0);
                assert_string_equal(server.host, servers[i].host);
                assert_int_equal(server.is_loopback, servers[i].is_loopback);
                assert_int_equal(server_encryption(&server, false),
                                 servers[i].is_loopback ? ENCRYPTION_NONE : ENCRYPTION_STARTTLS);
                assert_int_equal(server_encryption(&server, true), ENCRYPTION_STARTTLS);
        }
}

static void smtps_is_encrypted_everywhere(void **state) {
        static const char *const urls[] = { "smtps://localhost", "SMTPS://127.0.0.1:1", "smtps://mail.example.org" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(urls); i++) {
                _cleanup_(server_done) struct server server = {};

                assert_int_equal(server_read(urls[i], &server), 0);
                assert_int_equal(server_encryption(&server, false), ENCRYPTION_AT_ONCE);
                assert_int_equal(server_encryption(&server, true), ENCRYPTION_AT_ONCE);
        }
}

static void every_fault_is_explained(void **state) {
        struct server server = { .url = (char *) "untouched" };

        (void) state;
        assert_int_equal(server_read("smtp://a:b@c", &server), SERVER_HAS_USER);
        assert_int_equal(server_read("smtp://c:0", &server), SERVER_BAD_PORT);
        assert_int_equal(server_read("smtp://c/d/e", &server), SERVER_BAD_HELLO);
        assert_int_equal(server_read("ftp://c", &server), SERVER_OTHER_PROTOCOL);
        assert_int_equal(server_read("c", &server), SERVER_NOT_A_URL);
        assert_string_equal(server.url, "untouched");
        for (unsigned fault = SERVER_GOOD + 1; fault < _SERVER_FAULT_MAX; fault++)
                assert_non_null(server_fault_to_string((enum server_fault) fault));
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(only_this_machine_is_spoken_to_unencrypted),
                cmocka_unit_test(smtps_is_encrypted_everywhere),
                cmocka_unit_test(every_fault_is_explained),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
