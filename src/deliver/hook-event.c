/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* One event as a hook gets it. */
#include "dosed/hook-event.h"

#include <inttypes.h>
#include <jansson.h>
#include <string.h>

#include "deliver/sentence.h"
#include "deliver/topic.h"
#include "dosed/civil.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define FORMAT_VERSION 1
#define TIME_TEXT_SIZE sizeof("-2147483648-12-31T23:59:59Z")
#define DIGEST_TEXT_SIZE sizeof("0123456789abcdef")

static void json_free(json_t **json) {
        json_decref(*json);
}

/* RFC 3339, to the second. */
static const char *format_time(char *text, int64_t wall_sec, const char *zone) {
        struct civil civil = civil_from_wall(wall_sec);

        (void) snprintf(text, TIME_TEXT_SIZE, "%04d-%02d-%02dT%02d:%02d:%02d%s", civil.year, civil.month, civil.day,
                        civil.hour, civil.minute, civil.second, zone);
        return text;
}

static const char *format_utc(char *text, usec_t at_usec) {
        return format_time(text, zone_to_wall(zone_utc(), at_usec), "Z");
}

/* FNV-1a. It tells doses apart and hides a name from whoever only looks at it; it keeps no secret. */
static void digest(const char *text, char *ret) {
        uint64_t hash = UINT64_C(0xcbf29ce484222325);

        for (; *text; text++)
                hash = (hash ^ (unsigned char) *text) * UINT64_C(0x100000001b3);
        (void) snprintf(ret, DIGEST_TEXT_SIZE, "%016" PRIx64, hash);
}

/* What is to be known of the event, with what may be said of it. */
struct event {
        const struct message_view *view;
        const struct message_item *item;
        const struct dose *dose;
        const struct disclosure *disclosure;
        bool names; /* it may be said which medicine it is */
        char *id;   /* NULL: of no dose */
        char due[TIME_TEXT_SIZE];
};

static int event_set_id(struct event *event) {
        _cleanup_(free_p) char *id = NULL;
        char digested[DIGEST_TEXT_SIZE];
        int r;

        if (!event->dose)
                return 0;
        r = dose_id(event->dose, &id);
        if (r < 0)
                return r;
        if (event->names)
                return text_clean(id, &event->id);
        digest(id, digested);
        return text_copy(digested, &event->id);
}

/* Every key is always there: what is not known, or not to be said, is null. */
static int set(json_t *json, const char *key, json_t *value) {
        return json_object_set_new(json, key, value ? value : json_null()) < 0 ? -ENOMEM : 0;
}

static int set_text(json_t *json, const char *key, const char *text, size_t limit) {
        _cleanup_(free_p) char *clean = NULL;
        int r;

        if (!text || !*text)
                return set(json, key, json_null());
        r = text_clean(text, &clean);
        if (r < 0)
                return r;
        text_cut(clean, limit);
        return set(json, key, json_string(clean));
}

static int set_name(json_t *json, const char *key, const char *text) {
        return set_text(json, key, text, LIMIT_TELL_NAME_BYTES);
}

static int set_time(json_t *json, const char *key, usec_t at_usec) {
        char text[TIME_TEXT_SIZE];

        if (at_usec == USEC_NONE || at_usec == USEC_NEVER)
                return set(json, key, json_null());
        return set(json, key, json_string(format_utc(text, at_usec)));
}

static int set_words(json_t *json, const char *key, const struct event *event, bool sentence) {
        _cleanup_(free_p) char *text = NULL;
        struct prose prose;
        int r;

        r = prose_init(&prose, event->disclosure, NULL);
        if (r < 0)
                return r;
        if (sentence)
                sentence_put(&prose, event->item);
        else
                headline_put(&prose, event->view);
        r = prose_finish_plain(&prose, &text);
        prose_done(&prose);
        return r < 0 ? r : set(json, key, json_string(text));
}

static int set_event(json_t *json, const struct event *event) {
        const struct telling *telling = event->item->telling;
        int r;

        r = set(json, "version", json_integer(FORMAT_VERSION));
        if (r >= 0)
                r = set_name(json, "event", telling_event_to_string(telling->event));
        if (r >= 0)
                r = set_name(json, "token", event->view->message->token);
        if (r >= 0)
                r = set_time(json, "at", telling->happened_usec);
        if (r >= 0)
                r = set(json, "rehearsal", json_boolean(telling->event == EVENT_REHEARSAL));
        if (r >= 0)
                r = set_words(json, "subject", event, false);
        if (r >= 0)
                r = set_words(json, "text", event, true);
        if (r >= 0)
                r = set_name(json, "person", telling->person);
        if (r >= 0)
                r = set_name(json, "person_name",
                             telling->person ? disclosure_name(event->disclosure, telling->person) : NULL);
        return r;
}

static int set_times(json_t *json, const struct event *event) {
        const struct zone *zone = event->item->clock->zone;
        const struct dose *dose = event->dose;
        char local[TIME_TEXT_SIZE];
        int r;

        r = set_time(json, "due", dose ? dose->due_usec : USEC_NONE);
        if (r >= 0)
                r = set_name(json, "local", dose ? format_time(local, zone_to_wall(zone, dose->due_usec), "") : NULL);
        if (r >= 0)
                r = set_name(json, "timezone", dose ? zone_name(zone) : NULL);
        if (r >= 0)
                r = set_time(json, "window_end", dose ? dose->window_end_usec : USEC_NONE);
        if (r >= 0)
                r = set_time(json, "snoozed_until",
                             dose && dose->state == DOSE_SNOOZED ? dose->snoozed_until_usec : USEC_NONE);
        return r;
}

static int set_medication(json_t *json, const struct event *event) {
        const struct dose *dose = event->names ? event->dose : NULL;
        int r;

        r = set_name(json, "medication", dose ? dose->title : NULL);
        if (r >= 0)
                r = set_name(json, "amount", dose ? dose->amount : NULL);
        if (r >= 0)
                r = set_text(json, "instructions", dose ? dose->instructions : NULL, LIMIT_TELL_TEXT_BYTES);
        if (r >= 0)
                r = set_text(json, "if_missed", dose ? dose->if_missed : NULL, LIMIT_TELL_TEXT_BYTES);
        if (r >= 0)
                r = set_name(json, "kind", dose ? event->item->medication_kind : NULL);
        return r;
}

static int set_recording(json_t *json, const struct event *event) {
        const struct entry *entry = event->dose && event->dose->has_recorded ? &event->dose->recorded : NULL;
        const struct entry *named = event->names ? entry : NULL;
        int r;

        r = set_time(json, "taken_at", entry && event->dose->state == DOSE_TAKEN ? entry->taken_usec : USEC_NONE);
        if (r >= 0)
                r = set_name(json, "recorded_by", entry ? entry->recorded_by : NULL);
        if (r >= 0)
                r = set_name(json, "given_by", entry ? entry->given_by : NULL);
        if (r >= 0)
                r = set_name(json, "taken_amount", named ? named->amount : NULL);
        if (r >= 0)
                r = set_text(json, "note", named ? named->note : NULL, LIMIT_TELL_TEXT_BYTES);
        return r;
}

static int event_to_json(const struct event *event, char **ret) {
        _cleanup_(json_free) json_t *json = json_object();
        const struct dose *dose = event->dose;
        char *text, *line;
        int r;

        if (!json)
                return -ENOMEM;
        r = set_event(json, event);
        if (r >= 0)
                r = set_text(json, "id", event->id, SIZE_MAX);
        if (r >= 0)
                r = set_name(json, "state", dose ? dose_state_to_string(dose->state) : NULL);
        if (r >= 0)
                r = set(json, "critical", json_boolean(dose && dose->critical));
        if (r >= 0)
                r = set_times(json, event);
        if (r >= 0)
                r = set_medication(json, event);
        if (r >= 0)
                r = set_recording(json, event);
        if (r < 0)
                return r;

        text = json_dumps(json, JSON_COMPACT);
        if (!text)
                return -ENOMEM;
        r = text_format(&line, "%s\n", text);
        free(text);
        if (r < 0)
                return r;
        *ret = line;
        return 0;
}

/* Texts of the environment are ids, times and words of ours: there is nothing in them to clean. */
static int event_set_environment(const struct event *event, struct hook_event *ret) {
        const struct telling *telling = event->item->telling;
        const struct {
                const char *name, *value;
        } variables[HOOK_EVENT_VARIABLES] = {
                { "DOSED_EVENT", telling_event_to_string(telling->event) },
                { "DOSED_PERSON", telling->person },
                { "DOSED_DOSE", event->id },
                { "DOSED_DUE", event->dose ? event->due : NULL },
                { "DOSED_STATE", event->dose ? dose_state_to_string(event->dose->state) : NULL },
        };

        for (size_t i = 0; i < ELEMENTS(variables); i++) {
                int r = text_format(&ret->environment[i], "%s=%s", variables[i].name,
                                    variables[i].value ? variables[i].value : "");

                if (r < 0)
                        return r;
        }
        return 0;
}

void hook_event_done(struct hook_event *event) {
        for (size_t i = 0; i < HOOK_EVENT_VARIABLES; i++)
                free(event->environment[i]);
        free(event->json);
        *event = (struct hook_event){};
}

int hook_event_compose(const struct message_view *view, const struct disclosure *disclosure, struct hook_event *ret) {
        _cleanup_(hook_event_done) struct hook_event composed = {};
        struct event event = { .view = view, .item = view->items, .disclosure = disclosure };
        int r;

        if (view->n_items == 0)
                return -EINVAL;
        event.dose = event.item->dose;
        event.names = disclosure_names(disclosure, event.item);
        if (event.dose)
                (void) format_utc(event.due, event.dose->due_usec);

        r = event_set_id(&event);
        if (r >= 0)
                r = event_to_json(&event, &composed.json);
        if (r >= 0)
                r = event_set_environment(&event, &composed);
        free(event.id);
        if (r < 0)
                return r;
        composed.json_size = strlen(composed.json);

        *ret = composed;
        composed = (struct hook_event){};
        return 0;
}
