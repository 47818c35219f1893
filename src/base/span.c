/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Spans of time as people write and read them. */
#include <ctype.h>
#include <string.h>
#include <strings.h>

#include "dosed/error.h"
#include "dosed/span.h"
#include "dosed/text.h"

#define SPAN_MAX (3660 * USEC_PER_DAY)

static const struct {
        const char *name;
        usec_t usec;
} units[] = {
        { "s", USEC_PER_SEC },          { "sec", USEC_PER_SEC },       { "second", USEC_PER_SEC },
        { "seconds", USEC_PER_SEC },    { "m", USEC_PER_MINUTE },      { "min", USEC_PER_MINUTE },
        { "minute", USEC_PER_MINUTE },  { "minutes", USEC_PER_MINUTE }, { "h", USEC_PER_HOUR },
        { "hour", USEC_PER_HOUR },      { "hours", USEC_PER_HOUR },    { "d", USEC_PER_DAY },
        { "day", USEC_PER_DAY },        { "days", USEC_PER_DAY },      { "w", 7 * USEC_PER_DAY },
        { "week", 7 * USEC_PER_DAY },   { "weeks", 7 * USEC_PER_DAY },
};

static usec_t unit_usec(const char *name, size_t size) {
        for (size_t i = 0; i < ELEMENTS(units); i++)
                if (strlen(units[i].name) == size && strncasecmp(units[i].name, name, size) == 0)
                        return units[i].usec;
        return 0;
}

int span_parse(const char *text, usec_t *ret_usec) {
        usec_t sum = 0;
        const char *p = text;

        for (;;) {
                usec_t number = 0, unit;
                size_t length = 0;

                p += strspn(p, " ");
                if (*p == '\0')
                        break;
                if (!isdigit((unsigned char) *p))
                        return SPAN_INVALID;
                for (; isdigit((unsigned char) *p); p++) {
                        number = number * 10 + (*p - '0');
                        if (number > SPAN_MAX / USEC_PER_SEC)
                                return SPAN_INVALID;
                }

                p += strspn(p, " ");
                while (isalpha((unsigned char) p[length]))
                        length++;
                if (length == 0 && *p == '\0' && sum == 0 && number > 0) {
                        *ret_usec = number * USEC_PER_MINUTE;
                        return SPAN_WITHOUT_UNIT;
                }
                unit = unit_usec(p, length);
                if (unit == 0)
                        return SPAN_INVALID;
                p += length;

                if (number > (SPAN_MAX - sum) / unit)
                        return SPAN_INVALID;
                sum += number * unit;
        }

        if (sum == 0)
                return SPAN_INVALID;

        *ret_usec = sum;
        return 0;
}

int span_format(usec_t usec, char **ret) {
        long long seconds = usec / USEC_PER_SEC, minutes = seconds / 60, hours = minutes / 60, days = hours / 24;

        if (days >= 2 && hours % 24 == 0)
                return text_format(ret, "%lld days", days);
        if (days >= 2)
                return text_format(ret, "%lld days %lld h", days, hours % 24);
        if (hours >= 1 && minutes % 60 == 0)
                return text_format(ret, "%lld h", hours);
        if (hours >= 1)
                return text_format(ret, "%lld h %lld min", hours, minutes % 60);
        if (minutes >= 1)
                return text_format(ret, "%lld min", minutes);
        return text_format(ret, "%lld s", seconds);
}
