/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A medication as the command line describes it. */
#include <ctype.h>
#include <string.h>
#include <sys/random.h>

#include "ctl/draft.h"
#include "ctl/when.h"
#include "dosed/span.h"
#include "dosed/text.h"

#define SLUG_SIZE 48u

static const char *const weekday_names[_WEEKDAY_MAX] = {
        "Monday", "Tuesday", "Wednesday", "Thursday", "Friday", "Saturday", "Sunday",
};

void draft_done(struct draft *draft) {
        free(draft->uid);
        *draft = (struct draft){};
}

void slug_make(const char *name, char *text, size_t size) {
        size_t n = 0;

        for (const char *p = name; *p && n + 1 < size; p++) {
                if (isascii(*p) && isalnum((unsigned char) *p))
                        text[n++] = (char) tolower((unsigned char) *p);
                else if (n > 0 && text[n - 1] != '-')
                        text[n++] = '-';
        }
        while (n > 0 && text[n - 1] == '-')
                n--;
        text[n] = '\0';
}

/* Two letters are enough for a day; more must go on spelling it. */
static int weekday_parse(const char *text, size_t size, unsigned *ret) {
        for (size_t i = 0; i < ELEMENTS(weekday_names); i++)
                if (size >= 2 && size <= strlen(weekday_names[i]) && strncasecmp(weekday_names[i], text, size) == 0) {
                        *ret |= 1u << i;
                        return 0;
                }
        return -EINVAL;
}

int weekdays_parse(const char *text, unsigned *ret) {
        unsigned weekdays = 0;

        for (const char *p = text;; p++) {
                size_t size = strcspn(p, ",");
                int r;

                r = weekday_parse(p, size, &weekdays);
                if (r < 0)
                        return r;
                p += size;
                if (*p == '\0')
                        break;
        }

        *ret = weekdays;
        return 0;
}

static int seconds_compare(const void *a, const void *b) {
        const int32_t *left = a, *right = b;

        return (*left > *right) - (*left < *right);
}

int times_parse(const char *text, int32_t *times_sec, size_t n_most, size_t *ret_n) {
        _cleanup_(free_p) char *copy = strdup(text);
        char *rest = copy, *one;
        size_t n = 0, kept = 0;

        if (!copy)
                return -ENOMEM;
        while ((one = strsep(&rest, ","))) {
                if (n >= n_most)
                        return -E2BIG;
                if (clock_time_parse(one, &times_sec[n]) != 0)
                        return -EINVAL;
                n++;
        }

        qsort(times_sec, n, sizeof(*times_sec), seconds_compare);
        for (size_t i = 0; i < n; i++)
                if (kept == 0 || times_sec[i] != times_sec[kept - 1])
                        times_sec[kept++] = times_sec[i];

        *ret_n = kept;
        return 0;
}

static int uid_make(const char *name, char **ret) {
        char slug[SLUG_SIZE];
        uint32_t random;

        if (getrandom(&random, sizeof(random), 0) != (ssize_t) sizeof(random))
                return -errno;
        slug_make(name, slug, sizeof(slug));
        return text_format(ret, "%s-%08x", *slug ? slug : "medicine", random);
}

static int read_times(struct draft *draft, const struct request *request) {
        const char *text = request->options[OPTION_AT];
        int r;

        if (!text) {
                complain("at what time of the day? --at 08:00, or --at 08:00,20:00");
                return REQUEST_USAGE;
        }
        r = times_parse(text, draft->times_sec, ELEMENTS(draft->times_sec), &draft->calendar.n_times);
        if (r == -EINVAL || r == -E2BIG) {
                complain(r == -E2BIG ? "--at '%s' are too many times: 24 in a day are the most"
                                     : "--at '%s' is no time of day: 08:00 is one, and 08:00,20:00 are two",
                         text);
                return REQUEST_USAGE;
        }
        draft->calendar.times_sec = draft->times_sec;
        return r;
}

static int read_days(struct draft *draft, const struct request *request) {
        struct calendar_draft *calendar = &draft->calendar;
        struct when first;
        int r;

        r = request_time(request, OPTION_FROM, "today", request->zone, &first);
        if (r != 0)
                return r;
        draft->first_day_usec = first.start_usec;
        calendar->first_day_wall_sec = (int64_t) wall_day(zone_to_wall(request->zone, first.start_usec)) * SEC_PER_DAY;

        if (request_has(request, OPTION_DAYS) &&
            weekdays_parse(request->options[OPTION_DAYS], &calendar->weekdays) < 0) {
                complain("--days '%s' are no days of the week: Mo,We,Fr are", request->options[OPTION_DAYS]);
                return REQUEST_USAGE;
        }
        return 0;
}

static int read_duration(struct draft *draft, const struct request *request) {
        const char *text = request->options[OPTION_FOR];
        usec_t span;

        if (!text)
                return 0;
        if (span_parse(text, &span) != 0 || span % USEC_PER_DAY != 0) {
                complain("--for '%s' is no number of days: 10d and 2w are", text);
                return REQUEST_USAGE;
        }
        draft->calendar.count_days = (unsigned) (span / USEC_PER_DAY);
        return 0;
}

static int read_kind(struct draft *draft, const struct request *request) {
        const char *text = request->options[OPTION_KIND];

        draft->calendar.kind = KIND_PRESCRIPTION;
        if (!text)
                return 0;
        for (enum schedule_kind kind = 0; kind < KIND_REVIEW; kind++)
                if (text_equal_caseless(text, kind_to_string(kind))) {
                        draft->calendar.kind = kind;
                        return 0;
                }
        complain("--kind '%s' is none: prescription, otc, supplement, vitamin and herbal are", text);
        return REQUEST_USAGE;
}

/* What the writer of the file could not represent, and whoever reads it would refuse. */
static int check_texts(const struct request *request) {
        const char *const texts[] = { request->arguments[0], request->options[OPTION_AMOUNT],
                                      request->options[OPTION_NOTE], request->options[OPTION_PURPOSE] };

        for (size_t i = 0; i < ELEMENTS(texts); i++) {
                if (!texts[i])
                        continue;
                if (!text_is_valid(texts[i], strlen(texts[i])) || strlen(texts[i]) > LIMIT_TEXT_BYTES ||
                    text_is_blank(texts[i])) {
                        complain("'%.40s' cannot be written: it is empty, too long, or no UTF-8", texts[i]);
                        return REQUEST_USAGE;
                }
        }
        return 0;
}

int draft_read(struct draft *draft, const struct request *request) {
        static int (*const readers[])(struct draft *, const struct request *) = {
                read_times,
                read_days,
                read_duration,
                read_kind,
        };
        int r;

        r = check_texts(request);
        for (size_t i = 0; r == 0 && i < ELEMENTS(readers); i++)
                r = readers[i](draft, request);
        if (r != 0)
                return r;

        r = uid_make(request->arguments[0], &draft->uid);
        if (r < 0)
                return r;
        draft->calendar.uid = draft->uid;
        draft->calendar.summary = request->arguments[0];
        draft->calendar.amount = request->options[OPTION_AMOUNT];
        draft->calendar.instructions = request->options[OPTION_NOTE];
        draft->calendar.purpose = request->options[OPTION_PURPOSE];
        draft->calendar.critical = request_has(request, OPTION_CRITICAL);
        draft->calendar.stamped_usec = request->now_usec;
        return 0;
}

/* What stands between the items of "a, b and c". */
static const char *joint(size_t i, size_t n) {
        return i == 0 ? "" : i + 1 == n ? " and " : ", ";
}

static void say_days(FILE *stream, unsigned weekdays) {
        size_t n = (size_t) __builtin_popcount(weekdays), done = 0;

        if (n == 0 || n == _WEEKDAY_MAX) {
                fputs(", every day", stream);
                return;
        }
        fputs(", every ", stream);
        for (size_t i = 0; i < _WEEKDAY_MAX; i++)
                if (weekdays & (1u << i))
                        fprintf(stream, "%s%s", joint(done++, n), weekday_names[i]);
}

int draft_say(const struct draft *draft, char **ret) {
        const struct calendar_draft *calendar = &draft->calendar;
        _cleanup_(free_p) char *text = NULL;
        char time[WHEN_TEXT_SIZE];
        FILE *stream;
        size_t size;

        stream = open_memstream(&text, &size);
        if (!stream)
                return -ENOMEM;

        fputs(calendar->summary, stream);
        if (calendar->amount)
                fprintf(stream, ", %s", calendar->amount);
        say_days(stream, calendar->weekdays);
        fputs(" at ", stream);
        for (size_t i = 0; i < calendar->n_times; i++)
                fprintf(stream, "%s%s", joint(i, calendar->n_times), wall_format_time(time, calendar->times_sec[i]));
        if (calendar->count_days > 0)
                fprintf(stream, ", for %u day%s", calendar->count_days, calendar->count_days == 1 ? "" : "s");

        if (fclose(stream) != 0)
                return -ENOMEM;
        return text_clean(text, ret);
}
