/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb rehearse: a pretended dose goes every way, and what became of it is waited for. */
#include <time.h>

#include "ctl/client.h"
#include "ctl/message.h"
#include "ctl/person.h"
#include "ctl/verb.h"

#define PATIENCE_USEC USEC_PER_MINUTE
#define LOOK_EVERY_USEC (USEC_PER_SEC / 2)
#define MADE_BEFORE_USEC (8 * USEC_PER_DAY) /* it may go with a message that waits for longer: see how long they hold */

struct rehearsal {
        struct request *request;
        sd_bus *bus;
        char *person;
        usec_t started_usec;
        uint32_t n_recipients;
        struct answer_list sent, open; /* as of the last look */
};

static void rehearsal_done(struct rehearsal *rehearsal) {
        listed_messages_done(&rehearsal->sent);
        listed_messages_done(&rehearsal->open);
        sd_bus_flush_close_unref(rehearsal->bus);
        free(rehearsal->person);
}

static int look(struct rehearsal *rehearsal) {
        static const char event[] = "rehearsal";
        int r;

        rehearsal->request->now_usec = clock_realtime_usec();
        listed_messages_done(&rehearsal->sent);
        listed_messages_done(&rehearsal->open);
        /* In this order: what is no message any more at the second look was one at the first. */
        r = listed_messages_get_open(rehearsal->bus, rehearsal->request, rehearsal->person, event, &rehearsal->open);
        if (r == 0)
                r = listed_messages_get(rehearsal->bus, rehearsal->request, rehearsal->started_usec - MADE_BEFORE_USEC,
                                        USEC_NEVER, rehearsal->person, event, &rehearsal->sent);
        return r;
}

/* Nothing more comes of it for now: it is told, or there will be no attempt for a while. */
static bool is_settled(const struct rehearsal *rehearsal, const struct listed_message *message,
                       const struct listed_event *event) {
        if (!event_has_state(event, "waits") && !event_has_state(event, "sealed"))
                return true;
        return !message->under_way && message->next_usec > rehearsal->request->now_usec + LOOK_EVERY_USEC;
}

typedef int (*event_visitor)(void *userdata, const struct listed_message *message, const struct listed_event *event);

static int visit_list(const struct rehearsal *rehearsal, const struct answer_list *messages, bool only_unsent,
                      event_visitor visitor, void *userdata) {
        int r = 0;

        for (size_t i = 0; i < messages->n_items; i++) {
                const struct listed_message *message = messages_item(messages, i);

                for (size_t j = 0; r >= 0 && j < message->events.n_items && (!only_unsent || message->id == 0); j++)
                        if (message_event(message, j)->happened_usec >= rehearsal->started_usec)
                                r = visitor(userdata, message, message_event(message, j));
        }
        return r;
}

/* Those of this rehearsal; one may have become a message between the two looks, and is then among both. */
static int visit_events(const struct rehearsal *rehearsal, event_visitor visitor, void *userdata) {
        int r = visit_list(rehearsal, &rehearsal->sent, false, visitor, userdata);

        return r < 0 ? r : visit_list(rehearsal, &rehearsal->open, true, visitor, userdata);
}

struct count {
        const struct rehearsal *rehearsal;
        uint32_t n_settled, n_told;
};

static int count_event(void *userdata, const struct listed_message *message, const struct listed_event *event) {
        struct count *count = userdata;

        count->n_settled += is_settled(count->rehearsal, message, event);
        count->n_told += event_has_state(event, "told");
        return 0;
}

static int wait_for(struct rehearsal *rehearsal, struct count *ret) {
        for (;;) {
                struct count count = { .rehearsal = rehearsal };
                int r;

                r = look(rehearsal);
                if (r == 0)
                        r = visit_events(rehearsal, count_event, &count);
                if (r != 0)
                        return r;
                if (count.n_settled >= rehearsal->n_recipients ||
                    rehearsal->request->now_usec - rehearsal->started_usec > PATIENCE_USEC) {
                        *ret = count;
                        return 0;
                }
                (void) clock_nanosleep(CLOCK_MONOTONIC, 0, &(struct timespec){ .tv_nsec = LOOK_EVERY_USEC * 1000 },
                                       NULL);
        }
}

struct printing {
        const struct request *request;
        struct table *table;
};

static int print_event(void *userdata, const struct listed_message *message, const struct listed_event *event) {
        struct printing *printing = userdata;
        _cleanup_(free_p) char *fate = NULL;
        int r;

        r = event_say_fate(message, event, printing->request, &fate);
        return r < 0 ? r
                     : table_add(printing->table, event_colour(message, event),
                                 (const char *const[]){ "", message->recipient, fate });
}

static int print_outcome(const struct rehearsal *rehearsal) {
        static const char *const columns[] = { "", "", "" };
        _cleanup_(output_done) struct output output = {};
        _cleanup_(table_free_p) struct table *table = NULL;
        struct printing printing = { .request = rehearsal->request };
        int r;

        r = output_begin(&output, rehearsal->request);
        if (r >= 0)
                r = table_new(&output, columns, ELEMENTS(columns), false, &table);
        if (r < 0)
                return r;
        printing.table = table;
        r = visit_events(rehearsal, print_event, &printing);
        if (r >= 0)
                r = table_print(table);
        return r < 0 ? r : output_end(&output);
}

static int add_event(void *userdata, const struct listed_message *message, const struct listed_event *event) {
        return json_array_append_new(userdata, listed_event_to_json(message, event)) < 0 ? -ENOMEM : 0;
}

static json_t *to_json(const struct rehearsal *rehearsal) {
        _cleanup_(json_unref_p) json_t *json = json_object(), *array = json_array();

        if (!array || json_object_set_new(json, "person", json_text(rehearsal->person)) < 0 ||
            json_object_set_new(json, "recipients", json_integer(rehearsal->n_recipients)) < 0 ||
            visit_events(rehearsal, add_event, array) < 0 || json_object_set(json, "told", array) < 0)
                return NULL;
        return TAKE(json);
}

static int start(struct rehearsal *rehearsal) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = client_open(rehearsal->request, &rehearsal->bus);
        if (r == 0)
                r = person_choose(rehearsal->bus, rehearsal->request, NULL, &rehearsal->person);
        if (r == 0)
                r = person_path(rehearsal->person, &path);
        if (r != 0)
                return r;
        r = client_new_call(rehearsal->bus, path, CLIENT_PERSON, "Rehearse", &call);
        if (r < 0)
                return r;
        rehearsal->started_usec = clock_realtime_usec();
        r = client_call(rehearsal->bus, rehearsal->request, call, &reply);
        return r != 0 ? r : sd_bus_message_read_basic(reply, 'u', &rehearsal->n_recipients) < 0 ? -EBADMSG : 0;
}

/* Nobody answers whether a desktop showed it. */
static void print_beginning(const struct rehearsal *rehearsal) {
        printf("A rehearsal for %s, marked as such: look whether the desktop shows it. ", rehearsal->person);
        if (rehearsal->n_recipients == 0)
                printf("Nobody else is told of these doses: dosed.conf names no caregiver with a mail address and no hook.\n");
        else
                printf("It also goes to %u caregiver%s.\n", rehearsal->n_recipients,
                       rehearsal->n_recipients == 1 ? " or hook" : "s and hooks");
        (void) fflush(stdout);
}

int rehearse_run(struct request *request) {
        _cleanup_(rehearsal_done) struct rehearsal rehearsal = { .request = request };
        bool wants_json = request_has(request, OPTION_JSON);
        struct count count = {};
        int r;

        r = start(&rehearsal);
        if (r != 0)
                return r;
        if (!wants_json)
                print_beginning(&rehearsal);
        if (rehearsal.n_recipients > 0)
                r = wait_for(&rehearsal, &count);
        if (r == 0 && wants_json)
                r = output_json(to_json(&rehearsal));
        else if (r == 0 && rehearsal.n_recipients > 0)
                r = print_outcome(&rehearsal);
        if (r != 0 || count.n_told >= rehearsal.n_recipients)
                return r;
        complain(
                "it did not arrive everywhere: mend what stands there; dosectl outbox shows what comes of the next attempt");
        return REQUEST_REFUSED;
}
