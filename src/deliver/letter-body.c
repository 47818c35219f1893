/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What a letter says. */
#include "deliver/letter-body.h"

#include <stdlib.h>
#include <string.h>

#include "deliver/page.h"
#include "deliver/topic.h"
#include "dosed/error.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define LATE_USEC USEC_PER_HOUR /* a mail that comes so long after it was to be sent says so */

struct letter {
        struct prose prose;
        const struct message_view *view;
        const struct letter_options *options;
        bool has_section; /* the first one has the title for its heading */
};

/* The events of one topic, either those the letter is sent for or those that were put off for the summary. */
struct section {
        const struct topic *topic;
        bool put_off;
        size_t n_listed;
};

static bool section_has(const struct section *section, const struct message_item *item) {
        return item->telling->event == section->topic->event && item->telling->in_summary == section->put_off;
}

static bool section_has_of(const struct section *section, const struct message_item *item, const char *person) {
        return section_has(section, item) && text_equal(item->telling->person, person);
}

static bool has_event(const struct message_view *view, uint32_t events) {
        for (size_t i = 0; i < view->n_items; i++)
                if (EVENT_BIT(view->items[i].telling->event) & events)
                        return true;
        return false;
}

static bool may_list_more(struct letter *letter, const struct section *section) {
        long said = ftell(letter->prose.out);

        return section->n_listed < LIMIT_LETTER_DOSES && said >= 0 && (unsigned long) said < LIMIT_LETTER_WORDS_BYTES;
}

/* "Lisinopril 10 mg, 1 tablet, due at 08:00 on Monday 23 November 2026, critical" */
static void put_dose_due(struct letter *letter, const struct message_item *item) {
        struct prose *prose = &letter->prose;

        prose_dose(prose, item, true);
        if (item->dose) {
                prose_put(prose, ", due at ");
                prose_time(prose, item->dose->due_usec, item->clock->zone);
                if (item->dose->critical)
                        prose_put(prose, ", critical");
        }
}

/* What whoever wrote the plan said about a missed dose, in their words. */
static void put_rule(struct letter *letter, const struct message_item *item) {
        const struct dose *dose = item->dose;

        if (!disclosure_names(&letter->options->disclosure, item) || !dose->if_missed || !*dose->if_missed)
                return;
        page_block(&letter->prose, BLOCK_NOTE);
        prose_put(&letter->prose, "The plan has this rule for a missed dose: “");
        (void) prose_put_others(&letter->prose, dose->if_missed, LIMIT_TELL_TEXT_BYTES);
        prose_put(&letter->prose, "”");
}

static void put_put_off_until(struct letter *letter, const struct message_item *item) {
        if (!item->dose || item->dose->state != DOSE_SNOOZED)
                return;
        prose_put(&letter->prose, ", put off until ");
        prose_time_beside(&letter->prose, item->dose->snoozed_until_usec, item->dose->due_usec, item->clock->zone);
}

static void put_outcome(struct letter *letter, const struct message_item *item) {
        prose_put(&letter->prose, item->dose ? ": " : " is ");
        prose_outcome(&letter->prose, item, item->dose ? item->dose->due_usec : 0);
        prose_put(&letter->prose, ".");
}

static void put_item(struct letter *letter, const struct message_item *item) {
        struct prose *prose = &letter->prose;

        page_block(prose, BLOCK_ITEM);
        switch (item->telling->event) {
        case EVENT_MISSED:
        case EVENT_UNATTENDED:
                put_dose_due(letter, item);
                put_rule(letter, item);
                break;
        case EVENT_DUE:
        case EVENT_ALARM:
                put_dose_due(letter, item);
                break;
        case EVENT_SNOOZED:
                put_dose_due(letter, item);
                put_put_off_until(letter, item);
                break;
        case EVENT_SKIPPED:
        case EVENT_TAKEN:
        case EVENT_RESOLVED:
                put_dose_due(letter, item);
                put_outcome(letter, item);
                break;
        case EVENT_STOPPED:
                prose_dose(prose, item, true);
                if (item->dose) {
                        prose_put(prose, ", last due at ");
                        prose_time(prose, item->dose->due_usec, item->clock->zone);
                }
                break;
        case EVENT_PLAN:
                prose_plan_change(prose, item);
                break;
        case EVENT_STOCK:
                (void) prose_telling_text(prose, item, "a medicine");
                break;
        case EVENT_FINDING:
                (void) prose_telling_text(prose, item, "a finding of the checks");
                break;
        case EVENT_SYMPTOM:
                (void) prose_telling_text(prose, item, "a symptom");
                break;
        case EVENT_DEGRADED:
                if (!item->telling->text || !*item->telling->text)
                        prose_put(prose, "What troubled dosed is over. It reminds and tells as it should.");
                else {
                        (void) prose_telling_text(
                                prose, item, "Something troubles dosed, so that reminders or messages may not come");
                        prose_end_sentence(prose);
                }
                break;
        case EVENT_REHEARSAL:
                prose_put(prose, "A pretend dose, due at ");
                prose_time(prose, item->telling->happened_usec, item->clock->zone);
                break;
        case EVENT_HEARTBEAT:
                prose_put(prose, "dosed plans and tells as it should");
                break;
        case EVENT_SUMMARY:
        case _EVENT_MAX:
                break;
        }
}

/* One person's events of a section. */
static void put_person(struct letter *letter, struct section *section, const char *person) {
        size_t n = 0, n_listed = 0;

        for (size_t i = 0; i < letter->view->n_items; i++)
                n += section_has_of(section, &letter->view->items[i], person);

        if (section->topic->intro) {
                page_block(&letter->prose, BLOCK_PARAGRAPH);
                prose_fill(&letter->prose, n > 1 ? section->topic->intro_many : section->topic->intro, n, person);
        }
        for (size_t i = 0; i < letter->view->n_items && may_list_more(letter, section); i++)
                if (section_has_of(section, &letter->view->items[i], person)) {
                        put_item(letter, &letter->view->items[i]);
                        section->n_listed++;
                        n_listed++;
                }
        if (n_listed < n) {
                page_block(&letter->prose, BLOCK_ITEM);
                prose_format(&letter->prose, n_listed > 0 ? "and %zu more" : "%zu, not listed here", n - n_listed);
        }
}

static bool is_first_of_person(const struct letter *letter, const struct section *section, size_t item) {
        for (size_t i = 0; i < item; i++)
                if (section_has_of(section, &letter->view->items[i], letter->view->items[item].telling->person))
                        return false;
        return true;
}

static void put_heading(struct letter *letter, const char *words, size_t n) {
        if (letter->has_section) {
                page_block(&letter->prose, BLOCK_HEADING);
                prose_fill(&letter->prose, words, n, NULL);
        }
        letter->has_section = true;
}

static void put_section(struct letter *letter, const struct topic *topic, bool put_off) {
        struct section section = { .topic = topic, .put_off = put_off };
        size_t n = 0;

        for (size_t i = 0; i < letter->view->n_items; i++)
                n += section_has(&section, &letter->view->items[i]);
        if (n == 0)
                return;

        put_heading(letter, n > 1 ? topic->headline_many : topic->headline, n);
        if (topic->before) {
                page_block(&letter->prose, BLOCK_PARAGRAPH);
                prose_put(&letter->prose, topic->before);
        }
        for (size_t i = 0; i < letter->view->n_items; i++)
                if (section_has(&section, &letter->view->items[i]) && is_first_of_person(letter, &section, i))
                        put_person(letter, &section, letter->view->items[i].telling->person);
        if (topic->after) {
                page_block(&letter->prose, BLOCK_PARAGRAPH);
                prose_put(&letter->prose, topic->after);
        }
}

/* Whose doses the topics that need advice are of: NULL where they are of several people. */
static size_t count_advised(const struct message_view *view, bool put_off, const char **ret_person) {
        const char *person = NULL;
        bool several = false;
        size_t n = 0;

        for (size_t i = 0; i < view->n_items; i++)
                if (topic_of(view->items[i].telling->event)->needs_advice &&
                    view->items[i].telling->in_summary == put_off) {
                        several = several || (n > 0 && !text_equal(person, view->items[i].telling->person));
                        person = view->items[i].telling->person;
                        n++;
                }
        *ret_person = several ? NULL : person;
        return n;
}

static void put_advice(struct letter *letter, bool put_off) {
        const char *person;
        size_t n = count_advised(letter->view, put_off, &person);

        if (n == 0)
                return;
        page_block(&letter->prose, BLOCK_PARAGRAPH);
        prose_put(&letter->prose, n > 1 ? "Perhaps they were taken, and nobody recorded it. dosed does not know."
                                        : "Perhaps it was taken, and nobody recorded it. dosed does not know.");
        page_block(&letter->prose, BLOCK_NOTICE);
        prose_fill(
                &letter->prose,
                n > 1 ? "Please ask ~ before anybody gives one of them now, and never give a double dose to make up for one."
                      : "Please ask ~ before anybody gives it now, and never give a double dose to make up for it.",
                0, person);
        page_block(&letter->prose, BLOCK_PARAGRAPH);
        prose_put(&letter->prose,
                  "If you are not sure, ask a pharmacist or doctor. If it is recorded after all, you will be told.");
}

static void put_count(struct letter *letter, unsigned n, const char *words) {
        if (n == 0)
                return;
        page_block(&letter->prose, BLOCK_ITEM);
        prose_format(&letter->prose, "%u %s", n, words);
}

/* The clock of that person, which the summary's own event carries. */
static const struct zone *summary_zone(const struct letter *letter, const struct message_summary *summary) {
        for (size_t i = 0; i < letter->view->n_items; i++)
                if (letter->view->items[i].telling->event == EVENT_SUMMARY &&
                    text_equal(letter->view->items[i].telling->person, summary->person))
                        return letter->view->items[i].clock->zone;
        return letter->options->zone;
}

static void put_summary(struct letter *letter, const struct message_summary *summary) {
        const struct zone *zone = summary_zone(letter, summary);
        struct prose *prose = &letter->prose;

        page_block(prose, BLOCK_PARAGRAPH);
        prose_fill(prose, "For ~, from ", 0, summary->person);
        prose_time(prose, summary->from_usec, zone);
        prose_put(prose, " until ");
        prose_time_beside(prose, summary->until_usec, summary->from_usec, zone);
        prose_put(prose, ":");

        put_count(letter, summary->n_taken, summary->n_taken > 1 ? "doses were taken" : "dose was taken");
        put_count(letter, summary->n_late, summary->n_late > 1 ? "of them were late" : "of them was late");
        put_count(letter, summary->n_skipped, summary->n_skipped > 1 ? "were skipped" : "was skipped");
        put_count(letter, summary->n_missed, summary->n_missed > 1 ? "were not confirmed" : "was not confirmed");
        put_count(letter, summary->n_unattended,
                  summary->n_unattended > 1 ? "are not known, dosed was not looking"
                                            : "is not known, dosed was not looking");
        put_count(letter, summary->n_open, summary->n_open > 1 ? "are still open" : "is still open");
        if (summary->n_taken + summary->n_skipped + summary->n_missed + summary->n_unattended + summary->n_open == 0) {
                page_block(prose, BLOCK_ITEM);
                prose_put(prose, "no dose was due");
        }
}

static void put_summaries(struct letter *letter) {
        if (letter->view->n_summaries > 0)
                put_heading(letter, summary_headline(letter->view), letter->view->n_summaries);
        for (size_t i = 0; i < letter->view->n_summaries; i++)
                put_summary(letter, &letter->view->summaries[i]);
}

/* What the letter is sent for, or what was put off for it. */
static void put_sections(struct letter *letter, bool put_off) {
        for (size_t i = 0; topic_at(i); i++) {
                const struct topic *topic = topic_at(i), *next = topic_at(i + 1);

                if (topic->event != EVENT_SUMMARY)
                        put_section(letter, topic, put_off);
                else if (!put_off)
                        put_summaries(letter);
                /* Once, below the last of the topics that need it. */
                if (topic->needs_advice && (!next || !next->needs_advice))
                        put_advice(letter, put_off);
        }
}

static void put_opening(struct letter *letter) {
        const struct letter_options *options = letter->options;
        struct prose *prose = &letter->prose;

        page_block(prose, BLOCK_TITLE);
        headline_put(prose, letter->view);

        page_block(prose, BLOCK_PARAGRAPH);
        prose_put(prose, "Hello");
        if (options->to_name && *options->to_name) {
                prose_put(prose, " ");
                (void) prose_put_others(prose, options->to_name, LIMIT_TELL_NAME_BYTES);
        }
        prose_put(prose, ",");

        if (has_event(letter->view, EVENT_BIT(EVENT_REHEARSAL))) {
                page_block(prose, BLOCK_NOTICE);
                prose_put(prose, "Nothing has happened. Somebody tries whether messages reach you, and this one did.");
        }
}

/* By its own event that was held up longest; what waits for a summary waits on purpose. */
static void put_lateness(struct letter *letter) {
        const struct message_item *first = NULL;
        usec_t wanted_usec = USEC_NEVER;

        for (size_t i = 0; i < letter->view->n_items; i++) {
                const struct telling *telling = letter->view->items[i].telling;
                usec_t at_usec = telling->not_before_usec > telling->happened_usec ? telling->not_before_usec
                                                                                   : telling->happened_usec;

                if (telling->in_summary || at_usec >= wanted_usec)
                        continue;
                wanted_usec = at_usec;
                first = &letter->view->items[i];
        }
        if (!first || letter->view->message->made_usec - wanted_usec <= LATE_USEC)
                return;

        page_block(&letter->prose, BLOCK_NOTICE);
        prose_put(&letter->prose, "This message is late. It should have been sent at ");
        prose_time(&letter->prose, wanted_usec, letter->options->zone);
        prose_put(&letter->prose, ".");
}

static void put_closing(struct letter *letter) {
        struct prose *prose = &letter->prose;

        page_block(prose, BLOCK_SMALL);
        prose_put(prose, "Written by dosed, a program that reminds of medicines, at ");
        prose_time(prose, letter->view->message->made_usec, letter->options->zone);
        prose_put(prose, ". It knows only what was recorded. Answers to this message may not be read by anybody.");
        if (letter->options->disclosure.is_full)
                return;
        page_block(prose, BLOCK_SMALL);
        prose_put(prose,
                  "It names no medicines, because little detail was asked for on your behalf (detail = minimal).");
}

static int compare_items(const void *a, const void *b) {
        const struct message_item *first = a, *second = b;
        usec_t first_usec = first->dose ? first->dose->due_usec : USEC_NEVER;
        usec_t second_usec = second->dose ? second->dose->due_usec : USEC_NEVER;
        int order = 0;

        if (first_usec != second_usec)
                return first_usec < second_usec ? -1 : 1;
        if (first->dose && second->dose) {
                order = strcmp(first->dose->person, second->dose->person);
                order = order != 0 ? order : strcmp(first->dose->title, second->dose->title);
        }
        if (order != 0)
                return order;
        return first->telling->id < second->telling->id ? -1 : first->telling->id > second->telling->id;
}

/* Doses by when they were due, the rest in the order of what happened. The caller frees. */
static int sort_items(const struct message_view *view, struct message_item **ret) {
        struct message_item *items = calloc(view->n_items + 1, sizeof(*items));

        if (!items)
                return -ENOMEM;
        for (size_t i = 0; i < view->n_items; i++)
                items[i] = view->items[i];
        qsort(items, view->n_items, sizeof(*items), compare_items);
        *ret = items;
        return 0;
}

int letter_body(const struct message_view *view, const struct letter_options *options, char **ret) {
        _cleanup_(free_p) struct message_item *items = NULL;
        struct message_view sorted = *view;
        struct letter letter = { .view = &sorted, .options = options };
        int r;

        r = sort_items(view, &items);
        if (r < 0)
                return r;
        sorted.items = items;
        r = prose_init(&letter.prose, &options->disclosure, options->zone);
        if (r < 0)
                return r;

        put_opening(&letter);
        put_lateness(&letter);
        put_sections(&letter, false);
        put_sections(&letter, true);
        put_closing(&letter);

        r = prose_finish(&letter.prose, ret);
        prose_done(&letter.prose);
        return r;
}
