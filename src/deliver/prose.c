/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Text that is told, as it grows. */
#include "deliver/prose.h"

#include <stdarg.h>
#include <string.h>

#include "dosed/civil.h"
#include "dosed/error.h"
#include "dosed/limits.h"
#include "dosed/text.h"

static const char *const weekdays[_WEEKDAY_MAX] = { "Monday", "Tuesday",  "Wednesday", "Thursday",
                                                    "Friday", "Saturday", "Sunday" };
static const char *const months[] = { "January", "February", "March",     "April",   "May",      "June",
                                      "July",    "August",   "September", "October", "November", "December" };

const char *word_weekday(int32_t day) {
        return weekdays[day_weekday(day)];
}

const char *word_month(int month) {
        return months[month - 1];
}

int prose_init(struct prose *prose, const struct disclosure *disclosure, const struct zone *zone) {
        *prose = (struct prose){ .disclosure = disclosure, .zone = zone };
        prose->out = open_memstream(&prose->text, &prose->size);
        return prose->out ? 0 : -ENOMEM;
}

void prose_done(struct prose *prose) {
        if (prose->out)
                (void) fclose(prose->out);
        free(prose->text);
}

int prose_finish(struct prose *prose, char **ret) {
        bool failed = ferror(prose->out);

        if (fclose(TAKE(prose->out)) != 0 || failed)
                return -ENOMEM;
        if (prose->error < 0)
                return prose->error;

        *ret = TAKE(prose->text);
        return 0;
}

int prose_finish_plain(struct prose *prose, char **ret) {
        char *text, *to;
        int r;

        r = prose_finish(prose, &text);
        if (r < 0)
                return r;

        to = text;
        for (const char *from = text; *from; from++)
                if (*from != MARK_OTHERS && *from != MARK_OURS)
                        *to++ = *from;
        *to = '\0';
        *ret = text;
        return 0;
}

void prose_put(struct prose *prose, const char *words) {
        (void) fputs(words, prose->out);
}

void prose_format(struct prose *prose, const char *format, ...) {
        _cleanup_(free_p) char *words = NULL;
        va_list arguments;
        int r;

        va_start(arguments, format);
        r = vasprintf(&words, format, arguments);
        va_end(arguments);
        if (r < 0) {
                words = NULL;
                prose->error = -ENOMEM;
                return;
        }
        prose_put(prose, words);
}

bool prose_put_others(struct prose *prose, const char *text, size_t limit) {
        _cleanup_(free_p) char *clean = NULL;
        size_t size;
        int r;

        if (!text)
                return false;
        r = text_clean(text, &clean);
        if (r < 0) {
                prose->error = r;
                return false;
        }

        size = strlen(clean);
        text_cut(clean, limit);
        if (clean[strspn(clean, " ")] == '\0')
                return false;
        prose_format(prose, "%c%s%s%c", MARK_OTHERS, clean, strlen(clean) < size ? "…" : "", MARK_OURS);
        return true;
}

void prose_end_sentence(struct prose *prose) {
        size_t size;

        if (fflush(prose->out) != 0)
                return; /* prose_finish() finds it */
        size = prose->size;
        while (size > 0 && (prose->text[size - 1] == MARK_OURS || prose->text[size - 1] == ' '))
                size--;
        if (size == 0 || !strchr(".?!", prose->text[size - 1]))
                prose_put(prose, ".");
}

static void put_person(struct prose *prose, const char *person, bool owns, bool beginning) {
        if (!person)
                prose_put(prose, owns ? (beginning ? "The" : "the") : beginning ? "The person" : "the person");
        else if (prose_put_others(prose, disclosure_name(prose->disclosure, person), LIMIT_TELL_NAME_BYTES) && owns)
                prose_put(prose, "'s");
}

void prose_fill(struct prose *prose, const char *template, size_t n, const char *person) {
        for (const char *p = template; *p; p++)
                if (*p == '#')
                        prose_format(prose, "%zu", n);
                else if (*p == '@' || *p == '~')
                        put_person(prose, person, *p == '@', p == template);
                else
                        (void) fputc(*p, prose->out);
}

static void put_clock(struct prose *prose, int64_t wall_sec) {
        struct civil civil = civil_from_wall(wall_sec);

        prose_format(prose, "%02d:%02d", civil.hour, civil.minute);
}

static void put_day(struct prose *prose, int64_t wall_sec) {
        struct civil civil = civil_from_wall(wall_sec);

        prose_format(prose, " on %s %d %s %d", word_weekday(wall_day(wall_sec)), civil.day, word_month(civil.month),
                     civil.year);
}

void prose_time(struct prose *prose, usec_t at_usec, const struct zone *zone) {
        int64_t here = zone_to_wall(zone, at_usec), there = prose->zone ? zone_to_wall(prose->zone, at_usec) : here;

        put_clock(prose, here);
        put_day(prose, here);
        if (here == there)
                return;

        prose_put(prose, " in ");
        (void) prose_put_others(prose, zone_name(zone), LIMIT_TELL_NAME_BYTES);
        prose_put(prose, " (");
        put_clock(prose, there);
        if (wall_day(here) != wall_day(there))
                put_day(prose, there);
        prose_put(prose, " in ");
        (void) prose_put_others(prose, zone_name(prose->zone), LIMIT_TELL_NAME_BYTES);
        prose_put(prose, ")");
}

void prose_time_beside(struct prose *prose, usec_t at_usec, usec_t beside_usec, const struct zone *zone) {
        int64_t wall_sec = zone_to_wall(zone, at_usec);

        put_clock(prose, wall_sec);
        if (wall_day(wall_sec) != wall_day(zone_to_wall(zone, beside_usec)))
                put_day(prose, wall_sec);
}
