/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A dose in words, for people. */
#include <string.h>

#include "ctl/when.h"
#include "ctl/wording.h"
#include "dosed/span.h"
#include "dosed/text.h"

#define CLOCK_TOLERANCE USEC_PER_MINUTE /* between this clock and the daemon's */

static const struct {
        const char *mark;
        enum colour colour;
} looks[_DOSE_STATE_MAX + 1] = {
        [DOSE_UPCOMING] = { "○", COLOUR_NONE },
        [DOSE_DUE] = { "●", COLOUR_NOTICE },
        [DOSE_SNOOZED] = { "◐", COLOUR_NOTICE },
        [DOSE_TAKEN] = { "✓", COLOUR_GOOD },
        [DOSE_SKIPPED] = { "–", COLOUR_DIM },
        [DOSE_MISSED] = { "!", COLOUR_BAD },
        [DOSE_UNATTENDED] = { "?", COLOUR_BAD },
        [DOSE_AWAY] = { "·", COLOUR_DIM },
        [DOSE_MOVED] = { "→", COLOUR_DIM },
        [_DOSE_STATE_MAX] = { "·", COLOUR_NONE },
};

const char *dose_mark(const struct listed_dose *dose) {
        return looks[dose->state].mark;
}

enum colour dose_colour(const struct listed_dose *dose) {
        return looks[dose->state].colour;
}

static bool dose_is_late(enum dose_state state) {
        return state == DOSE_MISSED || state == DOSE_UNATTENDED;
}

bool dose_waits(const struct listed_dose *dose) {
        return dose->state == DOSE_DUE || dose->state == DOSE_SNOOZED ||
               (dose_is_late(dose->state) && dose->takeable);
}

bool doses_are_of_several(const struct listed_doses *doses) {
        for (size_t i = 1; i < doses->n_items; i++)
                if (!text_equal(doses->items[0].person, doses->items[i].person))
                        return true;
        return false;
}

int distance_say(usec_t at_usec, usec_t now_usec, char **ret) {
        _cleanup_(free_p) char *span = NULL;
        usec_t distance = at_usec > now_usec ? at_usec - now_usec : now_usec - at_usec;
        int r;

        if (distance < USEC_PER_MINUTE)
                return text_format(ret, "now");
        r = span_format(distance, &span);
        if (r < 0)
                return r;
        return text_format(ret, at_usec > now_usec ? "in %s" : "%s ago", span);
}

struct telling {
        FILE *stream;
        const struct listed_dose *dose;
        const struct request *request;
        int64_t now_wall_sec;
};

static void say_time(const struct telling *telling, const char *before, usec_t at_usec) {
        char text[WHEN_TEXT_SIZE];

        if (at_usec == USEC_NONE)
                return;
        fprintf(telling->stream, "%s%s", before,
                wall_format_day_time(text, listed_dose_wall(telling->dose, telling->request, at_usec),
                                     telling->now_wall_sec));
}

static void say_open(const struct telling *telling) {
        const struct listed_dose *dose = telling->dose;

        say_time(telling, "since ", dose->due_usec);
        if (dose->reminders > 0)
                fprintf(telling->stream, ", %u reminder%s", dose->reminders, dose->reminders == 1 ? "" : "s");
        if (dose->state == DOSE_SNOOZED)
                say_time(telling, ", snoozed until ", dose->snoozed_until_usec);
        say_time(telling, ", until ", dose->window_end_usec);
}

static void say_taken(const struct telling *telling) {
        const struct listed_dose *dose = telling->dose;

        fputs("taken", telling->stream);
        say_time(telling, " ", dose->taken_at_usec);
        if (dose->grade)
                fprintf(telling->stream, ", %s", text_equal(dose->grade, "on-time") ? "on time" : dose->grade);
        if (dose->taken_amount)
                fprintf(telling->stream, ", %s", dose->taken_amount);
        if (dose->measurement)
                fprintf(telling->stream, ", measured %s", dose->measurement);
}

static void say_recording(const struct telling *telling) {
        const struct listed_dose *dose = telling->dose;

        if (dose->recorded_by)
                fprintf(telling->stream, ", by %s", dose->recorded_by);
        if (dose->recorded_later)
                say_time(telling, ", recorded later at ", dose->recorded_at_usec);
        if (dose->note)
                fprintf(telling->stream, dose->state == DOSE_SKIPPED ? ": %s" : " (%s)", dose->note);
}

/* Nothing is claimed that is not known: a missed dose is one that nobody confirmed. */
static void say_state(const struct telling *telling) {
        const struct listed_dose *dose = telling->dose;
        FILE *stream = telling->stream;

        if (dose->state == _DOSE_STATE_MAX) {
                fputs(dose->state_name, stream);
                return;
        }

        switch (dose->state) {
        case DOSE_UPCOMING:
                break;
        case DOSE_DUE:
        case DOSE_SNOOZED:
                say_open(telling);
                break;
        case DOSE_TAKEN:
                say_taken(telling);
                say_recording(telling);
                break;
        case DOSE_SKIPPED:
                fputs("skipped", stream);
                say_recording(telling);
                break;
        case DOSE_MISSED:
                fputs(dose->takeable ? "not confirmed, can still be taken" : "not confirmed", stream);
                break;
        case DOSE_UNATTENDED:
                fputs("not known: dosed was not looking, perhaps with this machine off or asleep, nobody logged in, or a wrong "
                      "clock", stream);
                break;
        case DOSE_AWAY:
                fputs("away", stream);
                break;
        case DOSE_MOVED:
                fputs("moved by a change of the plan", stream);
                break;
        case _DOSE_STATE_MAX:
                break;
        }
}

/* A record that lies ahead was made while a clock was wrong, or is looked at by one: when it was taken is not known. */
static void say_check(const struct telling *telling) {
        const struct listed_dose *dose = telling->dose;

        if (!dose_waits(dose) && dose->state != DOSE_UPCOMING)
                return;
        if (dose->record_lost) {
                fputs(ftell(telling->stream) > 0 ? "; the record cannot be read, check whether it was taken"
                                                 : "the record cannot be read, check whether it was taken",
                      telling->stream);
                return;
        }
        if (dose->taken_before_usec == USEC_NONE)
                return;
        fputs(ftell(telling->stream) > 0 ? "; check first, " : "check first, ", telling->stream);
        if (dose->taken_before_usec > telling->request->now_usec + CLOCK_TOLERANCE)
                fputs("recorded as taken at a time that has not come by this clock:", telling->stream);
        else
                fputs("taken", telling->stream);
        say_time(telling, " ", dose->taken_before_usec);
}

int dose_say(const struct listed_dose *dose, const struct request *request, char **ret) {
        struct telling telling = {
                .dose = dose,
                .request = request,
                .now_wall_sec = listed_dose_wall(dose, request, request->now_usec),
        };
        char *text = NULL;
        size_t size;

        telling.stream = open_memstream(&text, &size);
        if (!telling.stream)
                return -ENOMEM;

        say_state(&telling);
        say_check(&telling);

        if (fclose(telling.stream) != 0) {
                free(text);
                return -ENOMEM;
        }
        *ret = text;
        return 0;
}
