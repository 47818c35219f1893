/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that came from outside. */
#include <stdarg.h>
#include <stdint.h>
#include <string.h>
#include <strings.h>
#include <unicase.h>
#include <unictype.h>
#include <unistr.h>
#include <uniwidth.h>

#include "dosed/error.h"
#include "dosed/text.h"

bool text_is_valid(const char *bytes, size_t size) {
        return !memchr(bytes, '\0', size) && !u8_check((const uint8_t *) bytes, size);
}

static bool is_bidi_control(ucs4_t c) {
        return (c >= 0x202A && c <= 0x202E) || (c >= 0x2066 && c <= 0x2069) || c == 0x200E || c == 0x200F ||
               c == 0x061C;
}

static int clean(const char *text, bool keep_lines, char **ret) {
        const uint8_t *p = (const uint8_t *) text;
        size_t left = strlen(text), at = 0;
        uint8_t *out;

        /* U+FFFD takes three bytes where one bad byte stood. */
        out = malloc(left * 3 + 1);
        if (!out)
                return -ENOMEM;

        while (left > 0) {
                ucs4_t c;
                int n = u8_mbtoucr(&c, p, left);

                if (n < 0) {
                        c = 0xFFFD;
                        n = 1;
                }
                p += n;
                left -= (size_t) n;

                if (c == '\r')
                        continue;
                if (c == '\n' && keep_lines)
                        out[at++] = '\n';
                else if (c == '\n' || c == '\t' || c == 0x2028 || c == 0x2029)
                        out[at++] = ' ';
                else if (uc_is_general_category(c, UC_CONTROL) || is_bidi_control(c))
                        continue;
                else
                        at += (size_t) u8_uctomb(out + at, c, 6);
        }

        out[at] = '\0';
        *ret = (char *) out;
        return 0;
}

int text_clean(const char *text, char **ret) {
        return clean(text, false, ret);
}

int text_clean_lines(const char *text, char **ret) {
        return clean(text, true, ret);
}

size_t text_columns(const char *text) {
        return (size_t) u8_width((const uint8_t *) text, strlen(text), "UTF-8");
}

void text_cut(char *text, size_t size) {
        if (strlen(text) <= size)
                return;
        while (size > 0 && ((unsigned char) text[size] & 0xC0) == 0x80)
                size--;
        text[size] = '\0';
}

bool text_equal(const char *a, const char *b) {
        return a && b ? strcmp(a, b) == 0 : a == b;
}

bool text_is_blank(const char *text) {
        return text[strspn(text, " \t\r\n")] == '\0';
}

bool text_equal_caseless(const char *a, const char *b) {
        return a && b ? strcasecmp(a, b) == 0 : a == b;
}

bool text_starts_caseless(const char *text, const char *beginning) {
        _cleanup_(free_p) uint8_t *folded = NULL, *start = NULL;
        size_t n_folded, n_start;

        folded = u8_casefold((const uint8_t *) text, strlen(text), NULL, NULL, NULL, &n_folded);
        start = u8_casefold((const uint8_t *) beginning, strlen(beginning), NULL, NULL, NULL, &n_start);

        return folded && start && n_start <= n_folded && memcmp(folded, start, n_start) == 0;
}

int text_copy(const char *text, char **ret) {
        char *copy = NULL;

        if (text) {
                copy = strdup(text);
                if (!copy)
                        return -ENOMEM;
        }

        *ret = copy;
        return 0;
}

int text_set(char **target, const char *text) {
        char *copy;
        int r;

        r = text_copy(text, &copy);
        if (r < 0)
                return r;

        free(*target);
        *target = copy;
        return 0;
}

int text_format(char **ret, const char *format, ...) {
        va_list arguments;
        char *text;
        int r;

        va_start(arguments, format);
        r = vasprintf(&text, format, arguments);
        va_end(arguments);
        if (r < 0)
                return -ENOMEM;

        *ret = text;
        return 0;
}
