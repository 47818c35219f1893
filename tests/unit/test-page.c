/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A page as plain text and as HTML. */
#include <stdarg.h>
#include <stddef.h>
#include <setjmp.h>
#include <stdint.h>
#include <cmocka.h>
#include <string.h>

#include "deliver/page.h"
#include "dosed/error.h"

#define OTHERS(text) "\001" text "\002"
#define TITLE "\003T"
#define HEADING "\003H"
#define PARAGRAPH "\003P"
#define NOTICE "\003W"
#define ITEM "\003I"
#define NOTE "\003N"
#define SMALL "\003S"

static void test_text(void **state) {
        static const struct {
                const char *page, *text;
        } cases[] = {
                { "", "" },
                { TITLE "A" PARAGRAPH "B", "A\r\n\r\nB\r\n" },
                { PARAGRAPH "A" ITEM "b" NOTE "c" ITEM "d" PARAGRAPH "E", "A\r\n\r\n• b\r\n  c\r\n• d\r\n\r\nE\r\n" },
                { HEADING "Äb" NOTICE "c", "Äb\r\n--\r\n\r\n*** c\r\n" },
                { ITEM "a" SMALL "b" SMALL "c", "• a\r\n\r\n-- \r\nb\r\nc\r\n" },
                { PARAGRAPH OTHERS("<a> & ~!") " b", "<a> & ~! b\r\n" },
                { PARAGRAPH OTHERS("אב") " 1 " OTHERS("a"), "\u2068אב\u2069 1 a\r\n" },
                /* 72 columns, by what is seen and not by bytes. */
                { ITEM "aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaaa b",
                  "• aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaa aaaaaaaaaa\r\n  b\r\n" },
                { ITEM "äääääääää äääääääää äääääääää äääääääää äääääääää äääääääää äääääääääää b",
                  "• äääääääää äääääääää äääääääää äääääääää äääääääää äääääääää\r\n  äääääääääää b\r\n" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char *text;

                assert_int_equal(page_to_text(cases[i].page, &text), 0);
                assert_string_equal(text, cases[i].text);
                free(text);
        }
}

/* The tags in their order; what is between them was looked at above. */
static void test_html_nests(void **state) {
        static const struct {
                const char *page, *tags;
        } cases[] = {
                { PARAGRAPH "A", "p /p" },
                { ITEM "a" ITEM "b", "ul li /li li /li /ul" },
                { ITEM "a" NOTE "n" NOTE "m" ITEM "b" PARAGRAPH "c", "ul li div /div div /div /li li /li /ul p /p" },
                { ITEM "a" NOTE "n", "ul li div /div /li /ul" },
                { NOTE "n", "div /div" },
                { ITEM "a" SMALL "s" SMALL "t", "ul li /li /ul hr p /p p /p" },
                { TITLE "T" HEADING "h" NOTICE OTHERS("x"), "h1 /h1 h2 /h2 p strong bdi /bdi /strong /p" },
                { PARAGRAPH OTHERS("<b>") "<i>", "p bdi /bdi /p" },
        };

        (void) state;
        for (size_t i = 0; i < ELEMENTS(cases); i++) {
                char *html, *p, tags[512] = "";

                assert_int_equal(page_to_html(cases[i].page, &html), 0);
                p = strstr(html, "<div style=\"max-width");
                assert_non_null(p);
                for (p = strchr(p, '>'); (p = strchr(p, '<')); p++) {
                        (void) strncat(tags, p + 1, strcspn(p + 1, " >"));
                        (void) strcat(tags, " ");
                }
                assert_true(strlen(tags) > strlen("/div /body /html "));
                tags[strlen(tags) - strlen(" /div /body /html ")] = '\0';
                assert_string_equal(tags, cases[i].tags);
                free(html);
        }
}

static void test_html_escapes(void **state) {
        char *html;

        (void) state;
        assert_int_equal(page_to_html(TITLE "a<b" PARAGRAPH OTHERS("<a href=\"x\">&amp;</a>"), &html), 0);
        assert_non_null(strstr(html, "<title>a&lt;b</title>"));
        assert_non_null(strstr(html, "<bdi>&lt;a href=&quot;x&quot;&gt;&amp;amp;&lt;/a&gt;</bdi>"));
        free(html);
}

int main(void) {
        const struct CMUnitTest tests[] = {
                cmocka_unit_test(test_text),
                cmocka_unit_test(test_html_nests),
                cmocka_unit_test(test_html_escapes),
        };

        return cmocka_run_group_tests(tests, NULL, NULL);
}
