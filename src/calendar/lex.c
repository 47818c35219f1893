/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Single values of iCalendar. */
#include <ctype.h>
#include <string.h>

#include "calendar/lex.h"
#include "dosed/limits.h"

/* Digits are taken off the front; false where there are none, or more than fit. */
static bool take_number(struct slice *text, int64_t *ret) {
        int64_t number = 0;
        size_t i;

        for (i = 0; i < text->size && isdigit((unsigned char) text->text[i]); i++)
                if (__builtin_mul_overflow(number, (int64_t) 10, &number) ||
                    __builtin_add_overflow(number, (int64_t) (text->text[i] - '0'), &number))
                        return false;
        if (i == 0)
                return false;

        *text = (struct slice){ text->text + i, text->size - i };
        *ret = number;
        return true;
}

static bool take_letter(struct slice *text, char letter) {
        if (text->size == 0 || toupper((unsigned char) text->text[0]) != letter)
                return false;
        *text = (struct slice){ text->text + 1, text->size - 1 };
        return true;
}

/* True for a minus; a plus may stand there too. */
static bool take_sign(struct slice *text) {
        return take_letter(text, '-') || (take_letter(text, '+') && false);
}

bool lex_integer(struct slice text, int64_t min, int64_t max, int64_t *ret) {
        bool negative = take_sign(&text);
        int64_t number;

        if (!take_number(&text, &number) || text.size > 0)
                return false;
        if (negative)
                number = -number;
        if (number < min || number > max)
                return false;

        *ret = number;
        return true;
}

bool lex_time(struct slice text, struct time_value *ret) {
        if (civil_parse(text.text, text.size, &ret->wall_sec, &ret->is_date, &ret->is_utc) != 0)
                return false;
        ret->period = 0;
        return true;
}

bool lex_duration(struct slice text, struct duration *ret) {
        static const struct {
                char letter;
                bool is_time;
                int64_t sec;
        } parts[] = {
                { 'W', false, 7 * SEC_PER_DAY }, { 'D', false, SEC_PER_DAY }, { 'H', true, 3600 },
                { 'M', true, 60 },               { 'S', true, 1 },
        };
        const int64_t max_sec = (int64_t) LIMIT_DURATION_DAYS * SEC_PER_DAY;
        int64_t days_sec = 0, sec = 0;
        bool negative = take_sign(&text), in_time = false;
        size_t next = 0;

        if (!take_letter(&text, 'P') || text.size == 0)
                return false;

        while (text.size > 0) {
                int64_t number, *sum;

                if (!in_time && take_letter(&text, 'T'))
                        in_time = true;
                if (!take_number(&text, &number))
                        return false;
                while (next < ELEMENTS(parts) &&
                       (parts[next].is_time != in_time || !take_letter(&text, parts[next].letter)))
                        next++;
                if (next == ELEMENTS(parts) || number > max_sec / parts[next].sec)
                        return false;

                sum = parts[next].is_time ? &sec : &days_sec;
                *sum += number * parts[next].sec;
                if (*sum > max_sec)
                        return false;
                next++;
        }

        *ret = (struct duration){
                .days = (int32_t) (days_sec / SEC_PER_DAY) * (negative ? -1 : 1),
                .sec = negative ? -sec : sec,
        };
        return true;
}

/* Both ends are on one clock: of one with a Z and one without nobody could say how far they are apart. */
bool lex_period(struct slice text, struct time_value *ret_start, struct period_value *ret) {
        const char *slash = memchr(text.text, '/', text.size);
        struct period_value period = {};
        struct time_value start, end;
        struct slice second;

        if (!slash)
                return false;

        second = (struct slice){ slash + 1, (size_t) (text.text + text.size - slash - 1) };
        if (!lex_time((struct slice){ text.text, (size_t) (slash - text.text) }, &start) || start.is_date)
                return false;
        period.has_end = lex_time(second, &end);
        if (period.has_end ? end.is_date || end.is_utc != start.is_utc : !lex_duration(second, &period.span))
                return false;
        if (period.has_end)
                period.end_wall_sec = end.wall_sec;

        *ret_start = start;
        *ret = period;
        return true;
}

bool lex_offset(struct slice text, int32_t *ret_sec) {
        int fields[3] = {};

        if ((text.size != 5 && text.size != 7) || (text.text[0] != '+' && text.text[0] != '-'))
                return false;
        for (size_t i = 1; i < text.size; i++) {
                if (!isdigit((unsigned char) text.text[i]))
                        return false;
                fields[(i - 1) / 2] = fields[(i - 1) / 2] * 10 + (text.text[i] - '0');
        }
        if (fields[0] > 23 || fields[1] > 59 || fields[2] > 59)
                return false;

        *ret_sec = (fields[0] * 3600 + fields[1] * 60 + fields[2]) * (text.text[0] == '-' ? -1 : 1);
        return true;
}

bool lex_is_zone_name(struct slice text) {
        /* Outlook's own names: "(UTC+01:00) Amsterdam, Berlin". */
        static const char punctuation[] = " _+-/.,:;&()'";

        if (text.size == 0 || text.size > LIMIT_ZONE_NAME_BYTES)
                return false;

        for (size_t i = 0; i < text.size; i++) {
                unsigned char c = (unsigned char) text.text[i];

                if (c < 0x80 && !isalnum(c) && !memchr(punctuation, c, sizeof(punctuation) - 1))
                        return false;
                if (c == '.' && i + 1 < text.size && text.text[i + 1] == '.')
                        return false;
        }
        return true;
}
