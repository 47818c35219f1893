/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* ListDoses and ListMedications: answers of any length, up to what the bus carries. */
#include <ctype.h>
#include <string.h>

#include "bus/private.h"
#include "dosed/limits.h"
#include "dosed/text.h"

/* What the bus will not carry must not be sent: it would drop the connection, and all of dosed with it. */
int listing_grow(struct listing *listing, size_t bytes) {
        listing->bytes += bytes;
        return listing->bytes > LIMIT_ANSWER_BYTES ? ENGINE_BAD_OPTION : 0;
}

/* An object's path, and room for what follows it. Returns as listing_grow(). */
static int listing_begin(struct listing *listing, const char *path, size_t size) {
        int r;

        r = listing_grow(listing, strlen(path) + size);
        if (r != 0)
                return r;
        r = sd_bus_message_open_container(listing->reply, 'r', "oa{sv}");
        if (r >= 0)
                r = sd_bus_message_append(listing->reply, "o", path);
        return r < 0 ? r : 0;
}

static int append_dose(void *userdata, const struct dose_view *view) {
        struct listing *listing = userdata;
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = path_of_dose(view->dose, &path);
        if (r < 0)
                return r;
        r = listing_begin(listing, path, details_size(view));
        if (r != 0)
                return r;
        r = details_append(listing->reply, view);
        if (r >= 0)
                r = sd_bus_message_close_container(listing->reply);
        return r < 0 ? r : 0;
}

int listing_reply(struct bus *bus, sd_bus_message *message, const char *type, listing_filler fill, const void *request,
                  const char *too_much, sd_bus_error *error) {
        struct listing listing = { .bus = bus };
        int outcome = 0, r;

        r = sd_bus_message_new_method_return(message, &listing.reply);
        if (r >= 0)
                r = sd_bus_message_open_container(listing.reply, 'a', type);
        if (r >= 0)
                outcome = fill(&listing, request);
        if (r >= 0 && outcome == 0)
                r = sd_bus_message_close_container(listing.reply);
        if (r >= 0 && outcome == 0)
                r = sd_bus_send(bus->connection, listing.reply, NULL);
        sd_bus_message_unref(listing.reply);
        if (r < 0)
                return r;
        if (outcome != 0)
                return error_from_outcome(error, outcome, outcome == ENGINE_BAD_OPTION ? too_much : NULL);
        return 1;
}

struct dose_request {
        sd_bus_message *message;
        const char *person; /* NULL: everyone */
        uint64_t from, until;
        bool open, reminded, own;
};

usec_t time_from_bus(uint64_t time) {
        return time > INT64_MAX / 2 ? INT64_MAX / 2 : (usec_t) time;
}

/* One dose after the other, as far as they are asked for. */
struct choice {
        struct listing *listing;
        const struct dose_request *request;
};

static int append_chosen(void *userdata, const struct dose_view *view) {
        const struct choice *choice = userdata;
        const struct dose_request *request = choice->request;
        struct bus *bus = choice->listing->bus;

        if (request->person && strcmp(request->person, view->dose->person) != 0)
                return 0;
        if (!access_may_see(bus, request->message, view->dose->person, view->is_private))
                return 0;
        if (request->own && !access_is_own(bus, request->message, view->dose->person))
                return 0;
        return append_dose(choice->listing, view);
}

static int fill_doses(struct listing *listing, const void *data) {
        const struct dose_request *request = data;
        struct choice choice = { .listing = listing, .request = request };
        struct bus *bus = listing->bus;
        usec_t now_usec = bus->host.now(bus->userdata);

        if (request->reminded)
                return engine_visit_reminded(bus->engine, now_usec, append_chosen, &choice);
        if (request->open)
                return engine_visit_open(bus->engine, request->person, now_usec, append_chosen, &choice);
        return engine_visit_doses(bus->engine, request->person, time_from_bus(request->from),
                                  time_from_bus(request->until), now_usec, append_chosen, &choice);
}

int listing_doses(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct dose_request request = { .message = message };
        const struct option options[] = {
                { "open", 'b', &request.open },
                { "reminded", 'b', &request.reminded },
                { "own", 'b', &request.own },
        };
        struct bus *bus = userdata;
        const char *person;
        int r;

        r = sd_bus_message_read(message, "stt", &person, &request.from, &request.until);
        if (r < 0)
                return r;
        r = options_read(message, options, ELEMENTS(options), error);
        if (r < 0)
                return r;
        request.person = *person ? person : NULL;
        r = access_check(bus, message, ACCESS_VIEW, request.person, NULL, error);
        if (r < 0)
                return r;
        if (!request.person)
                request.person = access_only_person(bus, message);
        return listing_reply(bus, message, "(oa{sv})", fill_doses, &request,
                             "There is more in that time than one answer can hold: ask for less: narrow the times", error);
}

/* A file is named only to who may hear of all that is in it. */
static int append_files(struct bus *bus, sd_bus_message *call, sd_bus_message *reply,
                        const struct medication_view *view) {
        int r;

        r = sd_bus_message_open_container(reply, 'e', "sv");
        if (r >= 0)
                r = sd_bus_message_append(reply, "s", "files");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "s");
        for (size_t i = 0; r >= 0 && i < view->n_schedules; i++)
                if (calendars_may_name(bus, call, view->person, view->schedules[i]->file))
                        r = sd_bus_message_append(reply, "s", view->schedules[i]->file);
        for (size_t i = 0; r >= 0 && i < 3; i++)
                r = sd_bus_message_close_container(reply);
        return r;
}

static int append_medication_details(sd_bus_message *reply, const struct medication_view *view) {
        const struct details *details = &view->schedule->details;
        char kind[32] = "";
        int r;

        for (size_t i = 0; i + 1 < sizeof(kind) && kind_to_string(view->schedule->kind)[i]; i++)
                kind[i] = (char) tolower((unsigned char) kind_to_string(view->schedule->kind)[i]);

        r = variant_append_text(reply, "person", view->person);
        if (r >= 0)
                r = variant_append_text(reply, "key", view->key);
        if (r >= 0)
                r = variant_append_text(reply, "name", details->summary ? details->summary : view->key);
        if (r >= 0)
                r = variant_append_text(reply, "kind", kind);
        if (r >= 0)
                r = variant_append_text(reply, "amount", details->amount);
        if (r >= 0)
                r = variant_append_text(reply, "purpose", details->purpose);
        if (r >= 0)
                r = variant_append_text(reply, "instructions", details->instructions);
        if (r >= 0)
                r = variant_append_flag(reply, "as-needed", view->schedule->as_needed);
        if (r >= 0)
                r = variant_append_flag(reply, "on-hold", view->schedule->on_hold);
        if (r >= 0)
                r = variant_append_flag(reply, "stopped", view->schedule->stopped);
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}", "schedules", "u", (uint32_t) view->n_schedules);
        if (r >= 0)
                r = variant_append_time(reply, "next-due", view->next_due_usec);
        if (r >= 0)
                r = variant_append_time(reply, "last-taken", view->last_taken_usec);
        if (r >= 0)
                r = variant_append_text(reply, "timezone", zone_name(view->clock->zone));
        return r;
}

static size_t text_size(const char *text) {
        return LISTING_OVERHEAD + (text ? strlen(text) : 0);
}

static size_t medication_size(const struct medication_view *view) {
        const struct details *details = &view->schedule->details;
        size_t bytes = 16 * LISTING_OVERHEAD;

        bytes += text_size(view->person) + 2 * text_size(view->key) + text_size(details->summary) +
                 text_size(details->amount) + text_size(details->purpose) + text_size(details->instructions);
        for (size_t i = 0; i < view->n_schedules; i++)
                bytes += text_size(view->schedules[i]->file);
        return bytes;
}

struct medication_request {
        sd_bus_message *message;
        const char *person; /* NULL: everyone */
};

struct medication_choice {
        struct listing *listing;
        const struct medication_request *request;
};

static bool is_confidential(const struct medication_view *view) {
        for (size_t i = 0; i < view->n_schedules; i++)
                if (view->schedules[i]->details.confidential)
                        return true;
        return false;
}

static int append_medication(void *userdata, const struct medication_view *view) {
        const struct medication_choice *choice = userdata;
        struct listing *listing = choice->listing;
        _cleanup_(free_p) char *path = NULL;
        int r;

        if (!access_may_see(listing->bus, choice->request->message, view->person, is_confidential(view)))
                return 0;
        r = path_of_medication(view->person, view->key, &path);
        if (r < 0)
                return r;
        r = listing_begin(listing, path, medication_size(view));
        if (r != 0)
                return r;
        r = sd_bus_message_open_container(listing->reply, 'a', "{sv}");
        if (r >= 0)
                r = append_medication_details(listing->reply, view);
        if (r >= 0)
                r = append_files(listing->bus, choice->request->message, listing->reply, view);
        for (size_t i = 0; r >= 0 && i < 2; i++)
                r = sd_bus_message_close_container(listing->reply);
        return r < 0 ? r : 0;
}

static int fill_medications(struct listing *listing, const void *data) {
        const struct medication_request *request = data;
        struct medication_choice choice = { .listing = listing, .request = request };
        struct bus *bus = listing->bus;

        return engine_visit_medications(bus->engine, request->person, bus->host.now(bus->userdata), append_medication,
                                        &choice);
}

int listing_medications(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct medication_request request = { .message = message };
        struct bus *bus = userdata;
        const char *person;
        int r;

        r = sd_bus_message_read(message, "s", &person);
        if (r < 0)
                return r;
        request.person = *person ? person : NULL;
        r = access_check(bus, message, ACCESS_VIEW, request.person, NULL, error);
        if (r < 0)
                return r;
        return listing_reply(bus, message, "(oa{sv})", fill_medications, &request,
                             "The list is longer than one answer can hold: ask for one person, or shorten the texts of the plan",
                             error);
}
