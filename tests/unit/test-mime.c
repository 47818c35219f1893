/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers, dates and bodies of mail, byte by byte. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "deliver/mime.h"
#include "dosed/error.h"

#define MOST_LINE 78

/* What a call wrote; the caller frees. */
struct written {
        FILE *out;
        char *text;
        size_t size;
};

static FILE *begin(struct written *written) {
        written->out = open_memstream(&written->text, &written->size);
        assert_non_null(written->out);
        return written->out;
}

static void assert_written(struct written *written, const char *expected) {
        assert_int_equal(fclose(written->out), 0);
        assert_string_equal(written->text, expected);
        free(written->text);
}

static void test_headers(void **state) {
        static const struct {
                const char *text, *header;
        } cases[] = {
                { "A dose was not confirmed", "Subject: A dose was not confirmed\r\n" },
                { "", "Subject: \r\n" },
                { "aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa bbb",
                  "Subject: aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa aaaaaaaaaa\r\n aaaaaaaaaa bbb\r\n" },
                { "é", "Subject: =?UTF-8?B?w6k=?=\r\n" },
                { "=?x?=", "Subject: =?UTF-8?B?PT94Pz0=?=\r\n" },
                { "💊💊💊💊💊💊💊💊💊💊💊💊💊💊", "Subject: =?UTF-8?B?8J+SivCfkorwn5KK8J+SivCfkorwn5KK8J+SivCfkorwn5KK8J+Sig==?=\r\n"
                                    " =?UTF-8?B?8J+SivCfkorwn5KK8J+Sig==?=\r\n" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct written written;

                assert_int_equal(mime_put_text_header(begin(&written), "Subject", cases[i].text), 0);
                assert_written(&written, cases[i].header);
        }
}

static void test_control_characters_and_bad_utf8_are_refused(void **state) {
        static const char *const cases[] = { "a\nBcc: b", "a\r\nBcc: b", "a\rb", "\t",
                                             "a\x7f",     "a\xff",       "\xc3", "\x1b[m" };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct written written;

                assert_int_equal(mime_put_text_header(begin(&written), "Subject", cases[i]), -EINVAL);
                assert_int_equal(mime_put_address_header(written.out, "To", cases[i], "a@b"), -EINVAL);
                assert_int_equal(mime_put_address_header(written.out, "To", "A", cases[i]), -EINVAL);
                assert_written(&written, "");
        }
}

static void test_addresses_with_names(void **state) {
        static const struct {
                const char *name, *header;
        } cases[] = {
                { NULL, "To: a@b.example\r\n" },
                { "", "To: a@b.example\r\n" },
                { "Maria", "To: Maria <a@b.example>\r\n" },
                { "Maria M.", "To: \"Maria M.\" <a@b.example>\r\n" },
                { "a \"b\" \\c", "To: \"a \\\"b\\\" \\\\c\" <a@b.example>\r\n" },
                { "Zoë", "To: =?UTF-8?B?Wm/Dqw==?= <a@b.example>\r\n" },
                { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "To: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaa <a@b.example>\r\n" },
                { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "To: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n <a@b.example>\r\n" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct written written;

                assert_int_equal(mime_put_address_header(begin(&written), "To", cases[i].name, "a@b.example"), 0);
                assert_written(&written, cases[i].header);
        }
}

/* Every length of a name, of characters of every size: no line is too long, no word holds half a character. */
static void test_encoded_words_of_every_length(void **state) {
        static const char *const characters[] = { "ä", "€", "💊" };
        char name[201];

        (void) state;
        for (size_t i = 0; i < ELEMENTS(characters); i++)
                for (size_t size = strlen(characters[i]), n = size; n <= 200; n += size) {
                        struct written written;

                        for (size_t j = 0; j < n; j += size)
                                (void) memcpy(name + j, characters[i], size);
                        name[n] = '\0';
                        assert_int_equal(mime_put_address_header(begin(&written), "From", name, "a@b"), 0);
                        assert_int_equal(fclose(written.out), 0);

                        for (char *save, *line = strtok_r(written.text, "\r\n", &save); line;
                             line = strtok_r(NULL, "\r\n", &save)) {
                                char *word = strstr(line, "=?UTF-8?B?");

                                assert_true(strlen(line) <= MOST_LINE);
                                if (word)
                                        /* A whole number of characters: 2, 3 or 4 bytes each. */
                                        assert_true(strcspn(word + 10, "?") % 4 == 0 && strcspn(word, " ") <= 75);
                        }
                        free(written.text);
                }
}

static void test_hosts_and_addresses(void **state) {
        static const struct {
                const char *host;
                bool is_valid;
        } cases[] = {
                { "localhost", true }, { "a.b-c.example", true }, { "1.2.3.4", true }, { "", false },
                { ".", false },        { "a.", false },           { ".a", false },     { "a..b", false },
                { "-a", false },       { "a-", false },           { "a-.b", false },   { "a_b", false },
                { "a b", false },      { "a\n", false },          { "ü", false },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char address[64];

                (void) snprintf(address, sizeof(address), "x@%s", cases[i].host);
                assert_int_equal(mime_host_is_valid(cases[i].host), cases[i].is_valid);
                assert_int_equal(mime_address_is_valid(address), cases[i].is_valid);
        }
}

static void test_dates(void **state) {
        static const struct {
                const char *zone;
                usec_t at_usec;
                const char *date;
        } cases[] = {
                { "UTC", 1795420860, "Mon, 23 Nov 2026 08:01:00 +0000" },
                { "Europe/Berlin", 1795420860, "Mon, 23 Nov 2026 09:01:00 +0100" },
                { "America/St_Johns", 1795420860, "Mon, 23 Nov 2026 04:31:00 -0330" },
                { "Asia/Kolkata", 1782864000, "Wed, 1 Jul 2026 05:30:00 +0530" },
                { "Pacific/Kiritimati", 1798711199, "Thu, 31 Dec 2026 23:59:59 +1400" },
        };
        struct zones *zones;

        (void) state;
        assert_int_equal(zones_new(NULL, &zones), 0);
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                const struct zone *zone;
                struct written written;

                assert_int_equal(zones_get(zones, cases[i].zone, &zone), 0);
                mime_put_date(begin(&written), cases[i].at_usec * USEC_PER_SEC, zone);
                assert_written(&written, cases[i].date);
        }
        zones_free(zones);
}

static void test_base64(void **state) {
        static const struct {
                const char *text, *encoded;
        } cases[] = {
                /* RFC 4648 10 */
                { "", "" },
                { "f", "Zg==\r\n" },
                { "fo", "Zm8=\r\n" },
                { "foo", "Zm9v\r\n" },
                { "foob", "Zm9vYg==\r\n" },
                { "fooba", "Zm9vYmE=\r\n" },
                { "foobar", "Zm9vYmFy\r\n" },
                { "\xff\xfe\xfb\xef", "//777w==\r\n" },
                { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa",
                  "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\r\n" },
                { "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaab",
                  "YWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFhYWFh\r\nYg==\r\n" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                struct written written;

                mime_put_base64(begin(&written), cases[i].text, strlen(cases[i].text));
                assert_written(&written, cases[i].encoded);
        }
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_headers),
                cmocka_unit_test(test_control_characters_and_bad_utf8_are_refused),
                cmocka_unit_test(test_addresses_with_names),
                cmocka_unit_test(test_encoded_words_of_every_length),
                cmocka_unit_test(test_hosts_and_addresses),
                cmocka_unit_test(test_dates),
                cmocka_unit_test(test_base64),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
