/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb told: of what each person's caregivers and hooks were told, and what they still do not know. */
#include "ctl/client.h"
#include "ctl/message.h"
#include "ctl/verb.h"

/* One event with the message that carries it. */
typedef int (*event_visitor)(void *userdata, const struct listed_message *message, const struct listed_event *event);

struct told {
        struct answer_list sent;   /* of the time asked for */
        struct answer_list unsent; /* of it only what happened then, and no message carries yet */
        usec_t from_usec, until_usec;
};

static void told_done(struct told *told) {
        listed_messages_done(&told->sent);
        listed_messages_done(&told->unsent);
}

/* The oldest first. What was settled before anybody was told of it is nobody's news. */
static int told_visit(const struct told *told, event_visitor visitor, void *userdata) {
        int r = 0;

        for (size_t i = told->sent.n_items; r >= 0 && i-- > 0;) {
                const struct listed_message *message = messages_item(&told->sent, i);

                for (size_t j = 0; r >= 0 && j < message->events.n_items; j++)
                        if (!event_has_state(message_event(message, j), "dropped"))
                                r = visitor(userdata, message, message_event(message, j));
        }
        for (size_t i = 0; r >= 0 && i < told->unsent.n_items; i++) {
                const struct listed_message *message = messages_item(&told->unsent, i);

                for (size_t j = 0; r >= 0 && message->id == 0 && j < message->events.n_items; j++) {
                        const struct listed_event *event = message_event(message, j);

                        if (event->happened_usec >= told->from_usec && event->happened_usec < told->until_usec)
                                r = visitor(userdata, message, event);
                }
        }
        return r;
}

struct printing {
        const struct request *request;
        struct table *table;
        bool names_people;
        size_t n_rows;
};

static int print_event(void *userdata, const struct listed_message *message, const struct listed_event *event) {
        struct printing *printing = userdata;
        _cleanup_(free_p) char *what = NULL, *fate = NULL;
        char when[WHEN_TEXT_SIZE];
        int r;

        r = event_say(event, printing->request, false, &what);
        if (r >= 0)
                r = event_say_fate(message, event, printing->request, &fate);
        if (r < 0)
                return r;
        printing->n_rows++;
        return table_add(
                printing->table, event_colour(message, event),
                (const char *const[]){
                        time_say(printing->request,
                                 message->ended_usec != USEC_NONE ? message->ended_usec : event->happened_usec, when),
                        printing->names_people ? event->person : NULL, message->recipient, what, fate });
}

static int print_told(const struct told *told, const struct request *request) {
        static const char *const columns[] = { "WHEN", "PERSON", "TO", "WHAT", "STATE" };
        _cleanup_(output_done) struct output output = {};
        _cleanup_(table_free_p) struct table *table = NULL;
        struct printing printing = {
                .request = request,
                .names_people = messages_are_of_several(&told->sent) || messages_are_of_several(&told->unsent),
        };
        int r;

        r = output_begin(&output, request);
        if (r >= 0)
                r = table_new(&output, columns, ELEMENTS(columns), true, &table);
        if (r < 0)
                return r;
        printing.table = table;
        r = told_visit(told, print_event, &printing);
        if (r < 0)
                return r;
        if (printing.n_rows > 0)
                r = table_print(table);
        else
                fputs("Nobody was told anything in this time.\n", output.stream);
        return r < 0 ? r : output_end(&output);
}

static int add_event(void *userdata, const struct listed_message *message, const struct listed_event *event) {
        return json_array_append_new(userdata, listed_event_to_json(message, event)) < 0 ? -ENOMEM : 0;
}

static json_t *told_to_json(const struct told *told) {
        _cleanup_(json_unref_p) json_t *array = json_array();

        if (!array || told_visit(told, add_event, array) < 0)
                return NULL;
        return TAKE(array);
}

int told_run(struct request *request) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(told_done) struct told told = {};
        const char *person = client_person(request);
        struct when from, until;
        int r;

        r = request_span(request, "-7d", "now", &from, &until);
        if (r == 0)
                r = client_open(request, &bus);
        if (r != 0)
                return r;
        told.from_usec = from.start_usec;
        told.until_usec = until.end_usec;
        r = listed_messages_get(bus, request, told.from_usec, told.until_usec, person, NULL, &told.sent);
        if (r == 0)
                r = listed_messages_get_open(bus, request, person, NULL, &told.unsent);
        if (r != 0)
                return r;
        return request_has(request, OPTION_JSON) ? output_json(told_to_json(&told)) : print_told(&told, request);
}
