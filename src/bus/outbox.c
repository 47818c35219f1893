/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.dosed.Dosed1.Outbox: what was sent to whom, once more by hand, and a mail to try the way; its list is in messages.c. */
#include <string.h>

#include "bus/private.h"
#include "dosed/limits.h"
#include "dosed/outbox.h"
#include "dosed/text.h"

#define LONGEST_ADDRESS 254 /* RFC 5321, 4.5.3.1.3, without its brackets */

/* Who asks to send a message again, and what is in it for them. */
struct retry {
        struct bus *bus;
        sd_bus_message *call;
        bool is_visible, may_manage;
        bool is_gone; /* whom it was for */
};

/* One of nobody is of the whole house. */
static bool may_manage(struct retry *retry, const char *person) {
        return person ? access_may(retry->bus, retry->call, ACCESS_MANAGE, person)
                      : access_may_know(retry->bus, retry->call, NULL);
}

static int look(void *userdata, const struct message *message, const struct telling *tellings, size_t n_tellings) {
        struct retry *retry = userdata;

        (void) message;
        retry->is_visible = n_tellings == 0 && access_may_know(retry->bus, retry->call, NULL);
        retry->may_manage = true;
        for (size_t i = 0; i < n_tellings; i++) {
                retry->is_visible |= access_may_know(retry->bus, retry->call, tellings[i].person);
                retry->may_manage &= may_manage(retry, tellings[i].person);
        }
        return 0;
}

/* A message tells of several people: whoever sends it again must manage each of them. */
static int check_message(struct bus *bus, sd_bus_message *call, uint64_t id, sd_bus_error *error) {
        struct retry retry = { .bus = bus, .call = call };
        int r;

        if (access_may_every(bus, call, ACCESS_MANAGE))
                return 0;
        r = id > INT64_MAX ? ENGINE_NO_MESSAGE : engine_visit_message(bus->engine, (int64_t) id, look, &retry);
        if (r < 0)
                return r;
        if (r > 0 || !retry.is_visible)
                return error_from_outcome(error, ENGINE_NO_MESSAGE, "There is no message of this number");
        return retry.may_manage ? 0
                                : sd_bus_error_set(error, SD_BUS_ERROR_ACCESS_DENIED,
                                                   "This message tells of people whose plan you may not change");
}

static int look_at_recipient(void *userdata, const struct message *message, const struct telling *tellings,
                             size_t n_tellings) {
        struct retry *retry = userdata;

        (void) tellings;
        (void) n_tellings;
        retry->is_gone = !engine_tells(retry->bus->engine, message->recipient);
        return 0;
}

static int refuse_retry(struct bus *bus, int64_t id, int outcome, sd_bus_error *error) {
        struct retry retry = { .bus = bus };

        if (outcome == ENGINE_NO_MESSAGE)
                return error_from_outcome(error, outcome, "There is no message of this number");
        if (outcome == ENGINE_NOT_OPEN) {
                int r = engine_visit_message(bus->engine, id, look_at_recipient, &retry);

                if (r < 0)
                        return r;
        }
        return error_from_outcome(
                error, outcome,
                retry.is_gone ? "Nothing of this message is tried again: its recipient is no longer in dosed.conf, or is "
                                "told nothing there"
                              : "There is nothing to try again: this message was delivered or made anew");
}

static int method_retry_message(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct bus *bus = userdata;
        uint64_t id;
        int r;

        r = sd_bus_message_read(message, "t", &id);
        if (r < 0)
                return r;
        r = access_check(bus, message, ACCESS_MANAGE, NULL, NULL, error);
        if (r >= 0)
                r = clock_check(bus, error);
        if (r >= 0)
                r = check_message(bus, message, id, error);
        if (r < 0)
                return r;
        r = id > INT64_MAX ? ENGINE_NO_MESSAGE
                           : engine_retry_message(bus->engine, (int64_t) id, bus->host.now(bus->userdata));
        if (r != 0)
                return refuse_retry(bus, (int64_t) id, r, error);
        bus->host.acted(bus->userdata);
        return sd_bus_reply_method_return(message, NULL);
}

/* Enough that it cannot be taken for an option or for several; the mail program and the server judge the rest. */
static bool is_address(const char *text) {
        const char *at = strrchr(text, '@');

        return at && at > text && at[1] != '\0' && text[0] != '-' && strlen(text) <= LONGEST_ADDRESS &&
               !strpbrk(text, " \t\n,;:<>()[]\"\\");
}

static int method_test_mail(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct bus *bus = userdata;
        const char *address;
        int r;

        r = sd_bus_message_read(message, "s", &address);
        if (r < 0)
                return r;
        r = access_check(bus, message, ACCESS_MANAGE, NULL, NULL, error);
        if (r >= 0)
                r = option_text_check("address", address, error);
        if (r < 0)
                return r;
        if (!is_address(address))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "'%s' is no mail address: name@example.org is", address);
        if (!bus->host.test_mail)
                return sd_bus_error_setf(error, SD_BUS_ERROR_NOT_SUPPORTED, "This dosed has no mail settings");
        if (bus->n_mail_tests >= LIMIT_MAIL_TESTS)
                return sd_bus_error_setf(error, SD_BUS_ERROR_LIMITS_EXCEEDED,
                                         "Other test mails are under way: try again when they have been answered");

        bus->n_mail_tests++;
        r = bus->host.test_mail(bus->userdata, address, sd_bus_message_ref(message), error);
        if (r < 0) {
                bus->n_mail_tests--;
                sd_bus_message_unref(message);
                return r;
        }
        return 1;
}

/* Whoever asked may be gone by now: the bus drops the answer then. */
void bus_answer_mail_test(struct bus *bus, sd_bus_message *call, bool is_taken, const char *answer) {
        const char *text = answer ? answer : is_taken ? "The server took it" : "No reason is known";

        bus->n_mail_tests--;
        if (is_taken)
                (void) sd_bus_reply_method_return(call, "s", text);
        else
                (void) sd_bus_reply_method_errorf(call, ERROR_PREFIX "NotDelivered", "%s", text);
        sd_bus_message_unref(call);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("ListMessages", SD_BUS_ARGS("t", from, "t", until, "a{sv}", options),
                                SD_BUS_RESULT("aa{sv}", messages), listing_messages, SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RetryMessage", SD_BUS_ARGS("t", id), SD_BUS_NO_RESULT, method_retry_message,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("TestMail", SD_BUS_ARGS("s", address), SD_BUS_RESULT("s", answer), method_test_mail,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

int bus_add_outbox(struct bus *bus) {
        return sd_bus_add_object_vtable(bus->connection, &bus->slots[3], BUS_ROOT, BUS_NAME ".Outbox", vtable, bus);
}
