/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.dosed.Dosed1.Dose: one dose, past, open or upcoming. */
#include "bus/private.h"
#include "dosed/text.h"

/* Whose dose it is, for the door. */
static int id_of(struct bus *bus, sd_bus_message *message, enum access access, const char **ret_user, char **ret_id,
                 sd_bus_error *error) {
        _cleanup_(free_p) char *id = NULL, *person = NULL, *uid = NULL, *recurrence_id = NULL;
        int r;

        r = path_decode(sd_bus_message_get_path(message), DOSE_PREFIX, &id);
        if (r < 0)
                return r;
        if (r == 0 || dose_id_parse(id, &person, &uid, &recurrence_id) != 0)
                return error_from_outcome(error, ENGINE_NO_SUCH_DOSE, "There is no such dose");
        r = access_check(bus, message, access, person, ret_user, error);
        if (r >= 0 && access != ACCESS_VIEW)
                r = clock_check(bus, error);
        if (r < 0)
                return r;

        *ret_id = TAKE(id);
        return 0;
}

struct record_request {
        struct record_options options;
        char *given_by, *amount, *note, *measurement;
};

static void record_request_done(struct record_request *request) {
        free(request->given_by);
        free(request->amount);
        free(request->note);
        free(request->measurement);
}

static int reply_answer(struct bus *bus, sd_bus_message *message, const struct record_answer *answer) {
        sd_bus_message *reply = NULL;
        const struct entry *recorded = &answer->recorded;
        int r;

        r = sd_bus_message_new_method_return(message, &reply);
        if (r >= 0)
                r = sd_bus_message_open_container(reply, 'a', "{sv}");
        if (r >= 0)
                r = variant_append_text(reply, "state", dose_state_to_string(answer->state));
        if (r >= 0)
                r = variant_append_text(reply, "recorded-by", recorded->recorded_by);
        if (r >= 0)
                r = variant_append_text(reply, "given-by", recorded->given_by);
        if (r >= 0)
                r = variant_append_time(reply, "recorded-at", recorded->recorded_usec);
        if (r >= 0)
                r = variant_append_time(reply, "taken-at", recorded->taken_usec);
        if (r >= 0 && answer->state == DOSE_TAKEN)
                r = variant_append_text(reply, "grade", dose_grade_to_string(answer->grade));
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}", "durable", "b", (int) answer->durable);
        if (r >= 0)
                r = sd_bus_message_append(reply, "{sv}", "already", "b", (int) answer->already);
        if (r >= 0)
                r = variant_append_text(reply, "warning", answer->warning);
        if (r >= 0)
                r = sd_bus_message_close_container(reply);
        if (r >= 0)
                r = sd_bus_send(bus->connection, reply, NULL);
        sd_bus_message_unref(reply);
        return r < 0 ? r : 1;
}

typedef int (*recording)(struct engine *engine, const char *id, const struct record_options *options, usec_t now_usec,
                         struct record_answer *ret, char **ret_reason);

static int record(struct bus *bus, sd_bus_message *message, recording act, struct record_request *request,
                  sd_bus_error *error) {
        _cleanup_(record_answer_done) struct record_answer answer = {};
        _cleanup_(free_p) char *id = NULL, *reason = NULL;
        int r;

        r = id_of(bus, message, ACCESS_RECORD, &request->options.recorded_by, &id, error);
        if (r < 0)
                return r;
        request->options.given_by = request->given_by;
        request->options.amount = request->amount;
        request->options.note = request->note;
        request->options.measurement = request->measurement;

        r = act(bus->engine, id, &request->options, bus->host.now(bus->userdata), &answer, &reason);
        bus->host.acted(bus->userdata);
        if (r != 0)
                return error_from_outcome(error, r, reason);
        return reply_answer(bus, message, &answer);
}

static int method_confirm(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(record_request_done) struct record_request request = {};
        const struct option options[] = {
                { "at", 't', &request.options.at_usec }, { "amount", 's', &request.amount },
                { "by", 's', &request.given_by },        { "note", 's', &request.note },
                { "measurement", 's', &request.measurement }, { "force", 'b', &request.options.force },
                { "amend", 'b', &request.options.amend },
        };
        int r;

        r = options_read(message, options, ELEMENTS(options), error);
        if (r < 0)
                return r;
        return record(userdata, message, engine_confirm, &request, error);
}

static int method_skip(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(record_request_done) struct record_request request = {};
        const struct option options[] = {
                { "by", 's', &request.given_by },
                { "amend", 'b', &request.options.amend },
        };
        const char *reason;
        int r;

        r = sd_bus_message_read(message, "s", &reason);
        if (r < 0)
                return r;
        r = option_text_check("reason", reason, error);
        if (r < 0)
                return r;
        r = text_set(&request.note, *reason != '\0' ? reason : NULL);
        if (r < 0)
                return r;
        r = options_read(message, options, ELEMENTS(options), error);
        if (r < 0)
                return r;
        return record(userdata, message, engine_skip, &request, error);
}

static int method_snooze(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *id = NULL, *reason = NULL;
        struct bus *bus = userdata;
        uint64_t snooze_usec;
        usec_t until_usec;
        const char *user;
        int r;

        r = sd_bus_message_read(message, "t", &snooze_usec);
        if (r < 0)
                return r;
        r = id_of(bus, message, ACCESS_RECORD, &user, &id, error);
        if (r < 0)
                return r;

        r = engine_snooze(bus->engine, id, snooze_usec > INT64_MAX ? INT64_MAX : (usec_t) snooze_usec, user,
                          bus->host.now(bus->userdata), &until_usec, &reason);
        bus->host.acted(bus->userdata);
        if (r != 0)
                return error_from_outcome(error, r, reason);
        return sd_bus_reply_method_return(message, "t", (uint64_t) until_usec);
}

static int method_undo(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *id = NULL, *reason = NULL;
        struct bus *bus = userdata;
        enum dose_state state;
        const char *user;
        int r;

        r = id_of(bus, message, ACCESS_RECORD, &user, &id, error);
        if (r < 0)
                return r;
        r = engine_undo(bus->engine, id, user, bus->host.now(bus->userdata), &state, &reason);
        bus->host.acted(bus->userdata);
        if (r != 0)
                return error_from_outcome(error, r, reason);
        return sd_bus_reply_method_return(message, "s", dose_state_to_string(state));
}

struct property_request {
        sd_bus_message *reply;
        const char *property;
};

static int append_property(void *userdata, const struct dose_view *view) {
        struct property_request *request = userdata;
        int r;

        r = details_append_property(request->reply, view, request->property);
        return r < 0 ? r : 0;
}

static int property_get(sd_bus *connection, const char *path, const char *interface, const char *property,
                        sd_bus_message *reply, void *userdata, sd_bus_error *error) {
        struct property_request request = { .reply = reply, .property = property };
        _cleanup_(free_p) char *id = NULL;
        struct bus *bus = userdata;
        int r;

        (void) connection;
        (void) interface;
        r = path_decode(path, DOSE_PREFIX, &id);
        if (r > 0)
                r = engine_visit_dose(bus->engine, id, bus->host.now(bus->userdata), append_property, &request);
        else if (r == 0)
                r = ENGINE_NO_SUCH_DOSE;
        return r == 0 ? 1 : error_from_outcome(error, r, "There is no such dose");
}

#define PROPERTY(name, type) SD_BUS_PROPERTY(name, type, property_get, 0, 0)

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("Confirm", SD_BUS_ARGS("a{sv}", options), SD_BUS_RESULT("a{sv}", answer),
                                method_confirm, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Skip", SD_BUS_ARGS("s", reason, "a{sv}", options), SD_BUS_RESULT("a{sv}", answer),
                                method_skip, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Snooze", SD_BUS_ARGS("t", usec), SD_BUS_RESULT("t", until), method_snooze,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Undo", SD_BUS_NO_ARGS, SD_BUS_RESULT("s", state), method_undo,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        PROPERTY("Id", "s"),
        PROPERTY("Person", "s"),
        PROPERTY("Medication", "s"),
        PROPERTY("Amount", "s"),
        PROPERTY("Instructions", "s"),
        PROPERTY("Purpose", "s"),
        PROPERTY("Due", "t"),
        PROPERTY("WindowEnd", "t"),
        PROPERTY("State", "s"),
        PROPERTY("SnoozedUntil", "t"),
        PROPERTY("TakenAt", "t"),
        PROPERTY("RecordedBy", "s"),
        PROPERTY("Critical", "b"),
        SD_BUS_VTABLE_END,
};

struct lookup {
        struct bus *bus;
        sd_bus_message *message;
        bool is_visible;
};

static int look(void *userdata, const struct dose_view *view) {
        struct lookup *lookup = userdata;

        lookup->is_visible = access_may_see(lookup->bus, lookup->message, view->dose->person, view->is_private);
        return 0;
}

/* The path exists where the dose does, for whom it does. */
static int find(sd_bus *connection, const char *path, const char *interface, void *userdata, void **ret_found,
                sd_bus_error *error) {
        _cleanup_(free_p) char *id = NULL, *person = NULL, *uid = NULL, *recurrence_id = NULL;
        struct bus *bus = userdata;
        struct lookup lookup = { .bus = bus, .message = sd_bus_get_current_message(connection) };
        int r;

        (void) interface;
        (void) error;
        r = path_decode(path, DOSE_PREFIX, &id);
        if (r <= 0)
                return r;
        r = dose_id_parse(id, &person, &uid, &recurrence_id);
        /* Nobody learns by the time that an answer takes which doses others have. */
        if (r != 0 || !access_may(bus, lookup.message, ACCESS_VIEW, person))
                return r < 0 ? r : 0;
        r = engine_visit_dose(bus->engine, id, bus->host.now(bus->userdata), look, &lookup);
        if (r != 0 || !lookup.is_visible)
                return r < 0 ? r : 0;
        *ret_found = bus;
        return 1;
}

int bus_add_dose(struct bus *bus) {
        return sd_bus_add_fallback_vtable(bus->connection, &bus->slots[1], DOSE_PREFIX, BUS_NAME ".Dose", vtable, find,
                                          bus);
}
