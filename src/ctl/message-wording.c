/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* What somebody is told, and what became of it, in words. */
#include <string.h>

#include "ctl/message.h"
#include "ctl/when.h"
#include "dosed/telling.h"
#include "dosed/text.h"

/* Behind the dose, or before the text; where there is neither, alone. */
static const char *const event_words[_EVENT_MAX] = {
        [EVENT_DUE] = "due",
        [EVENT_MISSED] = "not confirmed",
        [EVENT_UNATTENDED] = "not known whether taken",
        [EVENT_TAKEN] = "taken",
        [EVENT_SKIPPED] = "skipped",
        [EVENT_SNOOZED] = "snoozed",
        [EVENT_ALARM] = "an alarm",
        [EVENT_RESOLVED] = "resolved",
        [EVENT_STOPPED] = "not confirmed several times: stopped?",
        [EVENT_SUMMARY] = "summary",
        [EVENT_PLAN] = "plan",
        [EVENT_STOCK] = "stock",
        [EVENT_FINDING] = "finding",
        [EVENT_SYMPTOM] = "symptom",
        [EVENT_DEGRADED] = "does not work",
        [EVENT_REHEARSAL] = "rehearsal",
        [EVENT_HEARTBEAT] = "heartbeat",
};

static const char *words_of(const struct listed_event *event) {
        enum telling_event kind;

        if (!event->event)
                return "unknown";
        if (telling_event_from_string(event->event, &kind) < 0)
                return event->event; /* of a newer dosed */
        if (kind == EVENT_DEGRADED && !event->text)
                return "everything works again";
        return event_words[kind];
}

const char *time_say(const struct request *request, usec_t at_usec, char *text) {
        if (at_usec == USEC_NONE || at_usec == USEC_NEVER)
                return "";
        return wall_format_day_time(text, zone_to_wall(request->zone, at_usec),
                                    zone_to_wall(request->zone, request->now_usec));
}

int event_say(const struct listed_event *event, const struct request *request, bool names_person, char **ret) {
        const char *who = names_person && event->person ? event->person : "", *separator = *who ? ": " : "";
        char due[WHEN_TEXT_SIZE];

        if (event->medication)
                return text_format(ret, "%s%s%s of %s, %s", who, separator, event->medication,
                                   time_say(request, event->due_usec, due), words_of(event));
        if (event->dose)
                return text_format(ret, "%s%sa dose that is in the plan no more, %s", who, separator, words_of(event));
        if (event->text)
                return text_format(ret, "%s%s%s: %s", who, separator, words_of(event), event->text);
        return text_format(ret, "%s%s%s", who, separator, words_of(event));
}

static int say_waiting(const struct listed_message *message, const struct listed_event *event,
                       const struct request *request, char **ret) {
        usec_t at_usec = message->id == 0 && event->not_before_usec > message->next_usec ? event->not_before_usec
                                                                                         : message->next_usec;
        char text[WHEN_TEXT_SIZE];
        const char *at = time_say(request, at_usec, text);

        if (message->under_way)
                return text_format(ret, "under way");
        if (message->id > 0 && message->attempts > 0)
                return text_format(ret, "not delivered yet%s%s; tried again %s", message->answer ? ": " : "",
                                   message->answer ? message->answer : "", at);
        if (event->in_summary)
                return text_format(ret, "waits for the summary, %s", at);
        if (at_usec <= request->now_usec)
                return text_format(ret, "goes out now");
        return text_format(ret, event->not_before_usec < at_usec ? "waits for the message before it, tried again %s" :
                                                                    "waits until %s", at);
}

/* Of a message that failed for good, why; else its state is all there is to say. */
int event_say_fate(const struct listed_message *message, const struct listed_event *event,
                   const struct request *request, char **ret) {
        bool is_late = message_has_state(message, "expired");

        if (event_has_state(event, "told"))
                return text_format(ret, "told");
        if (event_has_state(event, "perhaps"))
                return text_format(ret, "perhaps told%s%s", message->answer ? ": " : "",
                                   message->answer ? message->answer : "");
        if (event_has_state(event, "dropped"))
                return text_format(ret, "not told, since it was settled before");
        if (event_has_state(event, "failed"))
                return text_format(ret, "not delivered%s%s%s", is_late ? " in time" : "", message->answer ? ": " : "",
                                   message->answer ? message->answer : "");
        return say_waiting(message, event, request, ret);
}

enum colour event_colour(const struct listed_message *message, const struct listed_event *event) {
        if (event_has_state(event, "told"))
                return COLOUR_GOOD;
        if (event_has_state(event, "failed") || event_has_state(event, "perhaps"))
                return COLOUR_BAD;
        if (event_has_state(event, "dropped"))
                return COLOUR_DIM;
        return message->attempts > 0 && !message->under_way ? COLOUR_NOTICE : COLOUR_NONE;
}
