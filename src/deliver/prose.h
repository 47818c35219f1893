/* SPDX-License-Identifier: LGPL-2.1-or-later */
/*
 * Text that is told, as it grows: our own words, and the words of others, which are cleaned, cut and marked, so that no
 * later step can take the one for the other. And the phrases that letters and hooks have in common.
 */
#pragma once

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

#include "dosed/disclosure.h"
#include "dosed/outbox.h"
#include "dosed/zone.h"

/* Around the words of others; cleaned text holds no control characters. */
#define MARK_OTHERS '\001'
#define MARK_OURS '\002'

struct prose {
        const struct disclosure *disclosure;
        const struct zone *zone; /* the reader's, said where the person's differs; NULL: nobody's */
        FILE *out;
        char *text;
        size_t size;
        int error; /* the first one: looked at once, by prose_finish() */
};

int prose_init(struct prose *prose, const struct disclosure *disclosure, const struct zone *zone);
void prose_done(struct prose *prose);
/* Returns 0 or a negative errno; the caller frees. */
int prose_finish(struct prose *prose, char **ret);
/* The same, without the marks. */
int prose_finish_plain(struct prose *prose, char **ret);

void prose_put(struct prose *prose, const char *words);
void prose_format(struct prose *prose, const char *format, ...) __attribute__((format(printf, 2, 3)));
/* Words of others, at most `limit` bytes of them and an ellipsis. Says whether anything was left after cleaning. */
bool prose_put_others(struct prose *prose, const char *text, size_t limit);

/* A full stop, but where the words of others ended in one, or in a question. */
void prose_end_sentence(struct prose *prose);

/*
 * Our words, where # stands for the number, @ for the person with what is theirs ("Ana's", nobody: "the"), and ~ for the person
 * ("Ana", nobody: "the person").
 */
void prose_fill(struct prose *prose, const char *template, size_t n, const char *person);

/*
 * "08:00 on Monday 23 November 2026", and where the reader's clock shows another time: " in Europe/Lisbon (09:00 in
 * Europe/Berlin)".
 */
void prose_time(struct prose *prose, usec_t at_usec, const struct zone *zone);
/* The same without the day where it is that of `beside_usec`, and without another zone. */
void prose_time_beside(struct prose *prose, usec_t at_usec, usec_t beside_usec, const struct zone *zone);

/* "Lisinopril 10 mg, 1 tablet", or "a dose"; `beginning`: of a sentence. */
void prose_dose(struct prose *prose, const struct message_item *item, bool beginning);
/* What the dose is now: "taken at 09:40, recorded by maria". `at_usec`: the time it is told beside. */
void prose_outcome(struct prose *prose, const struct message_item *item, usec_t at_usec);
/* The reason of a skipped dose, where it may be said. */
void prose_reason(struct prose *prose, const struct message_item *item);
/* "Lisinopril was added": of EVENT_PLAN. */
void prose_plan_change(struct prose *prose, const struct message_item *item);
/* The text of the telling where it may be said, else `instead`. Says whether it was. */
bool prose_telling_text(struct prose *prose, const struct message_item *item, const char *instead);

const char *word_weekday(int32_t day);
const char *word_month(int month);
