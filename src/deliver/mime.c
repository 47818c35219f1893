/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Headers and bodies of mail. */
#include "deliver/mime.h"

#include <ctype.h>
#include <stdint.h>
#include <string.h>

#include "deliver/prose.h"
#include "dosed/civil.h"
#include "dosed/error.h"
#include "dosed/text.h"

#define LINE_MOST 78u         /* RFC 5322 2.1.1 */
#define BASE64_LINE_BYTES 57u /* 76 characters */
#define ENCODED_WORD_MOST 75u /* RFC 2047 2 */
#define ENCODED_BEFORE "=?UTF-8?B?"
#define ENCODED_AFTER "?="
#define ENCODED_TEXT_BYTES ((ENCODED_WORD_MOST - strlen(ENCODED_BEFORE ENCODED_AFTER)) / 4 * 3)
#define PLAIN_WORD_MOST 60u /* a longer one might not fit a line behind the header's name */

#define ADDRESS_MOST 254u /* RFC 5321 4.5.3.1, and its erratum 1690 */
#define LOCAL_PART_MOST 64u
#define LABEL_MOST 63u

/* RFC 5322 3.2.3 */
static bool is_atom(char c) {
        return isalnum((unsigned char) c) || (c != '\0' && strchr("!#$%&'*+-/=?^_`{|}~", c));
}

static bool is_dot_atom(const char *text, size_t size) {
        for (size_t i = 0; i < size; i++)
                if (!is_atom(text[i]) && (text[i] != '.' || i == 0 || i == size - 1 || text[i - 1] == '.'))
                        return false;
        return size > 0;
}

bool mime_host_is_valid(const char *host) {
        size_t label = 0;

        if (strlen(host) > ADDRESS_MOST)
                return false;
        for (const char *p = host;; p++) {
                if (*p == '.' || *p == '\0') {
                        if (label == 0 || label > LABEL_MOST || p[-1] == '-')
                                return false;
                        if (*p == '\0')
                                return true;
                        label = 0;
                } else if ((isascii(*p) && isalnum((unsigned char) *p)) || (*p == '-' && label > 0))
                        label++;
                else
                        return false;
        }
}

bool mime_address_is_valid(const char *address) {
        const char *at = strrchr(address, '@');

        for (const char *p = address; *p; p++)
                if (!isascii((unsigned char) *p))
                        return false;
        return at && strlen(address) <= ADDRESS_MOST && (size_t) (at - address) <= LOCAL_PART_MOST &&
               is_dot_atom(address, (size_t) (at - address)) && mime_host_is_valid(at + 1);
}

static size_t encode(const char *bytes, size_t size, char *ret) {
        static const char digits[] = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
        char *p = ret;

        for (size_t i = 0; i < size; i += 3) {
                uint32_t three = 0;

                for (size_t j = 0; j < 3; j++)
                        three = three << 8 | (i + j < size ? (unsigned char) bytes[i + j] : 0);
                *p++ = digits[three >> 18];
                *p++ = digits[three >> 12 & 63];
                *p++ = i + 1 < size ? digits[three >> 6 & 63] : '=';
                *p++ = i + 2 < size ? digits[three & 63] : '=';
        }
        return (size_t) (p - ret);
}

void mime_put_base64(FILE *out, const char *bytes, size_t size) {
        char line[BASE64_LINE_BYTES / 3 * 4];

        for (size_t i = 0; i < size; i += BASE64_LINE_BYTES) {
                size_t n = size - i < BASE64_LINE_BYTES ? size - i : BASE64_LINE_BYTES;

                (void) fwrite(line, 1, encode(bytes + i, n, line), out);
                (void) fputs("\r\n", out);
        }
}

static bool has_control(const char *text) {
        for (; *text; text++)
                if (iscntrl((unsigned char) *text))
                        return true;
        return false;
}

/* Whether it would be read as something else where it stood as it is. */
static bool needs_encoding(const char *text) {
        size_t word = 0;

        for (const char *p = text; *p; p++) {
                word = *p == ' ' ? 0 : word + 1;
                if (!isascii((unsigned char) *p) || word > PLAIN_WORD_MOST)
                        return true;
        }
        return strstr(text, "=?") || text[0] == ' ' || (text[0] && text[strlen(text) - 1] == ' ') || strstr(text, "  ");
}

/* Each word is whole characters, on a line of its own but the first, which goes behind what stands at `column`. */
static size_t put_encoded(FILE *out, const char *text, size_t column) {
        char digits[ENCODED_WORD_MOST];
        size_t left = strlen(text);

        while (left > 0) {
                size_t room = LINE_MOST - column, n;

                if (room < ENCODED_WORD_MOST && column > 1) {
                        size_t least = strlen(ENCODED_BEFORE ENCODED_AFTER) + 8;

                        room = room > least ? (room - strlen(ENCODED_BEFORE ENCODED_AFTER)) / 4 * 3 : 0;
                } else
                        room = ENCODED_TEXT_BYTES;

                n = left < room ? left : room;
                while (n > 0 && n < left && ((unsigned char) text[n] & 0xC0) == 0x80)
                        n--;
                if (n > 0) {
                        size_t size = encode(text, n, digits);

                        fprintf(out, ENCODED_BEFORE "%.*s" ENCODED_AFTER, (int) size, digits);
                        column += strlen(ENCODED_BEFORE ENCODED_AFTER) + size;
                        text += n;
                        left -= n;
                }
                if (left > 0) {
                        (void) fputs("\r\n ", out);
                        column = 1;
                }
        }
        return column;
}

/* Breaks before a word that would reach past the edge. */
static size_t put_folded(FILE *out, const char *text, size_t column) {
        for (bool first = true;; first = false) {
                size_t size = strcspn(text, " ");

                if (!first) {
                        if (column + 1 + size > LINE_MOST) {
                                (void) fputs("\r\n", out);
                                column = 0;
                        }
                        (void) fputc(' ', out);
                        column++;
                }
                (void) fwrite(text, 1, size, out);
                column += size;
                text += size;
                if (*text++ == '\0')
                        return column;
        }
}

int mime_put_text_header(FILE *out, const char *name, const char *text) {
        size_t column = strlen(name) + 2;

        if (has_control(text) || !text_is_valid(text, strlen(text)))
                return -EINVAL;

        fprintf(out, "%s: ", name);
        (void) (needs_encoding(text) ? put_encoded : put_folded)(out, text, column);
        (void) fputs("\r\n", out);
        return 0;
}

/* RFC 5322 3.2.4; a name without special characters stands without quotes. */
static int quote(const char *name, char **ret) {
        bool is_plain = true;
        char *quoted, *p;

        for (const char *q = name; *q; q++)
                is_plain = is_plain && (is_atom(*q) || *q == ' ');
        if (is_plain)
                return text_copy(name, ret);

        p = quoted = malloc(strlen(name) * 2 + 3);
        if (!quoted)
                return -ENOMEM;
        *p++ = '"';
        for (; *name; name++) {
                if (*name == '"' || *name == '\\')
                        *p++ = '\\';
                *p++ = *name;
        }
        *p++ = '"';
        *p = '\0';
        *ret = quoted;
        return 0;
}

int mime_put_address_header(FILE *out, const char *name, const char *display_name, const char *address) {
        _cleanup_(free_p) char *quoted = NULL;
        size_t column = strlen(name) + 2;
        int r;

        if (!mime_address_is_valid(address))
                return -EINVAL;
        if (!display_name || !*display_name) {
                fprintf(out, "%s: %s\r\n", name, address);
                return 0;
        }
        if (has_control(display_name) || !text_is_valid(display_name, strlen(display_name)))
                return -EINVAL;

        fprintf(out, "%s: ", name);
        if (needs_encoding(display_name))
                column = put_encoded(out, display_name, column);
        else {
                r = quote(display_name, &quoted);
                if (r < 0)
                        return r;
                column = put_folded(out, quoted, column);
        }
        fprintf(out, "%s<%s>\r\n", column + strlen(address) + 3 > LINE_MOST ? "\r\n " : " ", address);
        return 0;
}

void mime_put_date(FILE *out, usec_t at_usec, const struct zone *zone) {
        int32_t offset_min = zone_offset(zone, at_usec) / 60; /* local mean times had seconds; they are long past */
        int64_t wall_sec = at_usec / USEC_PER_SEC + (int64_t) offset_min * 60;
        struct civil civil = civil_from_wall(wall_sec);

        fprintf(out, "%.3s, %d %.3s %04d %02d:%02d:%02d %c%02d%02d", word_weekday(wall_day(wall_sec)), civil.day,
                word_month(civil.month), civil.year, civil.hour, civil.minute, civil.second, offset_min < 0 ? '-' : '+',
                abs(offset_min) / 60, abs(offset_min) % 60);
}
