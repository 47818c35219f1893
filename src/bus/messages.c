/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ListMessages: what was sent, what waits, and what did not arrive; of each what it tells. */
#include <string.h>

#include "bus/private.h"
#include "dosed/limits.h"
#include "dosed/outbox.h"
#include "dosed/text.h"

#define MESSAGE_KEYS 13u
#define EVENT_KEYS 10u

struct message_request {
        uint64_t from, until;
        bool open;
        char *person;
        char *event;
        sd_bus_message *call;
};

static void message_request_done(struct message_request *request) {
        free(request->person);
        free(request->event);
}

/* What the visitor of the messages works with. */
struct messages {
        struct listing *listing;
        const struct message_request *request;
        size_t n_events; /* so far */
};

static size_t text_size(const char *text) {
        return text ? strlen(text) : 0;
}

static bool is_asked_for(const struct messages *messages, const struct telling *telling) {
        const struct message_request *request = messages->request;

        if (request->person && !text_equal(telling->person, request->person))
                return false;
        if (request->event && strcmp(telling_event_to_string(telling->event), request->event) != 0)
                return false;
        return access_may_know(messages->listing->bus, request->call, telling->person);
}

static int append_details(sd_bus_message *reply, const struct telling *telling, const char *text, const char *id,
                          const struct dose *dose) {
        int r;

        r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = variant_append_text(reply, "event", telling_event_to_string(telling->event));
        if (r >= 0)
                r = variant_append_text(reply, "state", telling_state_to_string(telling->state));
        if (r >= 0)
                r = variant_append_text(reply, "person", telling->person);
        if (r >= 0)
                r = variant_append_text(reply, "dose", id);
        if (r >= 0)
                r = variant_append_text(reply, "medication", dose ? dose->title : NULL);
        if (r >= 0)
                r = variant_append_time(reply, "due", dose ? dose->due_usec : USEC_NONE);
        if (r >= 0)
                r = variant_append_text(reply, "text", text);
        if (r >= 0)
                r = variant_append_time(reply, "happened", telling->happened_usec);
        if (r >= 0 && telling->state == TELLING_WAITS)
                r = variant_append_time(reply, "not-before", telling->not_before_usec);
        if (r >= 0)
                r = variant_append_flag(reply, "in-summary", telling->in_summary);
        return r < 0 ? r : sd_bus_message_close_container(reply);
}

/* Returns 1, or 0 where it is too much for this answer and is only to be counted. */
static int append_event(struct messages *messages, const struct telling *telling) {
        struct listing *listing = messages->listing;
        _cleanup_(dose_free_p) struct dose *dose = NULL;
        _cleanup_(free_p) char *id = NULL;
        bool is_private;
        const char *text = telling->event == EVENT_SUMMARY ? NULL : telling->text;
        size_t bytes = (EVENT_KEYS + 1) * LISTING_OVERHEAD;
        int r;

        if (messages->n_events >= LIMIT_LIST_EVENTS)
                return 0;
        r = engine_get_told_dose(listing->bus->engine, telling, &dose, &is_private);
        if (r >= 0 && telling->uid)
                r = dose_id_format(telling->person, telling->uid, telling->recurrence_id, &id);
        if (r < 0)
                return r;
        /* Only that it was told. Its text may name the medicine as well. */
        if (is_private && !access_may_see(listing->bus, messages->request->call, telling->person, true)) {
                dose = dose_free(dose);
                free(TAKE(id));
                text = NULL;
        }

        bytes += text_size(telling->person) + text_size(id) + text_size(text) + text_size(dose ? dose->title : NULL);
        if (listing->bytes + bytes > LIMIT_ANSWER_BYTES / 2) /* the other half is for the messages themselves */
                return 0;
        messages->n_events++;
        listing->bytes += bytes;
        r = append_details(listing->reply, telling, text, id, dose);
        return r < 0 ? r : 1;
}

static int append_events(struct messages *messages, const struct telling *tellings, size_t n_tellings) {
        sd_bus_message *reply = messages->listing->reply;
        uint32_t n_more = 0;
        int r;

        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", "events");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', "aa{sv}");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "a{sv}");
        for (size_t i = 0; r >= 0 && i < n_tellings; i++) {
                if (!is_asked_for(messages, &tellings[i]))
                        continue;
                r = append_event(messages, &tellings[i]);
                n_more += r == 0;
        }
        for (size_t i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(reply);
        if (r >= 0 && n_more > 0)
                r = sd_bus_message_append(reply, "{sv}", "more", "u", n_more);
        return r;
}

static int append_fields(const struct messages *messages, const struct message *message) {
        bool is_delivering = engine_is_delivering(messages->listing->bus->engine, message->id);
        bool waits = message->state == MESSAGE_STATE_WAITS;
        sd_bus_message *reply = messages->listing->reply;
        int r = 0;

        if (message->id > 0)
                r = sd_bus_message_append(reply, "{sv}", "id", "t", (uint64_t) message->id);
        if (r >= 0)
                r = variant_append_text(reply, "recipient", message->recipient);
        if (r >= 0)
                r = variant_append_text(reply, "state", message_state_to_string(message->state));
        if (r >= 0)
                r = variant_append_flag(reply, "under-way", is_delivering);
        if (r >= 0)
                r = variant_append_flag(reply, "gone",
                                        message->state == MESSAGE_STATE_FAILED &&
                                                !engine_tells(messages->listing->bus->engine, message->recipient));
        if (r >= 0)
                r = variant_append_flag(reply, "perhaps", message->perhaps && !is_delivering);
        if (r >= 0)
                r = variant_append_time(reply, "made", message->made_usec);
        if (r >= 0)
                r = variant_append_time(reply, waits ? "next" : "ended", message->next_usec);
        if (r >= 0 && waits)
                r = variant_append_time(reply, "expires", message->expires_usec);
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}", "attempts", "u", (uint32_t) message->attempts);
        return r < 0 ? r : variant_append_text(reply, "answer", message->answer);
}

static int append_message(void *userdata, const struct message *message, const struct telling *tellings,
                          size_t n_tellings) {
        struct messages *messages = userdata;
        const struct message_request *request = messages->request;
        struct listing *listing = messages->listing;
        size_t n_asked_for = 0;
        int r;

        for (size_t i = 0; i < n_tellings; i++)
                n_asked_for += is_asked_for(messages, &tellings[i]);
        /* One whose events went on to a later message holds none: it is the whole house's. */
        if (n_asked_for == 0 && (n_tellings > 0 || request->person || request->event ||
                                 !access_may_know(listing->bus, request->call, NULL)))
                return 0;
        r = listing_grow(listing, (MESSAGE_KEYS + 1) * LISTING_OVERHEAD + text_size(message->recipient) +
                                          text_size(message->answer));
        if (r != 0)
                return r;
        r = sd_bus_message_open_container(listing->reply, 'a', "{sv}");
        if (r >= 0)
                r = append_fields(messages, message);
        if (r >= 0)
                r = append_events(messages, tellings, n_tellings);
        if (r >= 0)
                r = sd_bus_message_close_container(listing->reply);
        return r < 0 ? r : 0;
}

static int fill_messages(struct listing *listing, const void *data) {
        const struct message_request *request = data;
        struct messages messages = { .listing = listing, .request = request };
        struct bus *bus = listing->bus;

        if (request->open)
                return engine_visit_open_messages(bus->engine, append_message, &messages);
        return engine_visit_messages(bus->engine, time_from_bus(request->from), time_from_bus(request->until),
                                     append_message, &messages);
}

int listing_messages(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(message_request_done) struct message_request request = { .call = message };
        const struct option options[] = {
                { "open", 'b', &request.open },
                { "person", 's', &request.person },
                { "event", 's', &request.event },
        };
        struct bus *bus = userdata;
        enum telling_event event;
        int r;

        r = sd_bus_message_read(message, "tt", &request.from, &request.until);
        if (r >= 0)
                r = options_read(message, options, ELEMENTS(options), error);
        if (r >= 0)
                r = access_check(bus, message, ACCESS_VIEW, request.person, NULL, error);
        if (r < 0)
                return r;
        if (request.event && telling_event_from_string(request.event, &event) < 0)
                return error_from_outcome(error, ENGINE_BAD_OPTION, "There is no such event");
        return listing_reply(bus, message, "a{sv}", fill_messages, &request,
                             "There is more in that time than one answer can hold: ask for less: narrow the times",
                             error);
}
