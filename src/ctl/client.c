/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Calling dosed, and saying what to do where it refuses or is not there. */
#include <string.h>

#include "ctl/answer.h"
#include "ctl/client.h"
#include "dosed/text.h"

#define BUS_ERROR "org.freedesktop.DBus.Error."
#define NOT_ENABLED "org.freedesktop.systemd1.NoSuchUnit"

#define NO_ANSWER "dosed does not answer: try again, and look at its log with journalctl"
#define OTHER_VERSION "the running dosed is of another version: restart it"

/*
 * What to do next. `says_it_all`: the daemon's own words (or the bus's) would add nothing. What advises an option is no
 * advice for a verb that does not take it; every verb takes the first one.
 */
static const struct {
        const char *name;
        enum option_id needs;
        bool says_it_all;
        const char *advice;
} advices[] = {
        { CLIENT_ERROR "TooSoon", OPTION_FORCE, .advice = "look first; --force if you are sure" },
        { CLIENT_ERROR "TooEarly", OPTION_FORCE, .advice = "--force if it is to be taken this early" },
        { CLIENT_ERROR "TooLate", OPTION_AT, .advice = "--at TIME if it was taken earlier" },
        { CLIENT_ERROR "NotOpen", OPTION_AMEND,
          .advice = "--amend corrects what was recorded, dosectl undo takes it back" },
        { CLIENT_ERROR "LimitReached", .advice = "ask a pharmacist or doctor before taking more" },
        { CLIENT_ERROR "NoSuchDose", .advice = "dosectl list --json shows the doses with their ids" },
        { CLIENT_ERROR "NoSuchMedication", .advice = "dosectl meds lists them" },
        { CLIENT_ERROR "NoSuchPerson", .advice = "--person takes a name that dosed.conf knows" },
        { CLIENT_ERROR "NoSuchMessage", .advice = "dosectl outbox --all shows those of the last seven days" },
        { CLIENT_ERROR "BadOption", .advice = "--help behind the verb says what it takes" },
        { CLIENT_ERROR "Degraded", .advice = "dosectl status says what does not work" },
        { BUS_ERROR "AccessDenied", .advice = "who may do what for whom is set in dosed.conf" },
        { BUS_ERROR "NotSupported", .advice = "section [mail] of dosed.conf says how mail is sent" },
        { BUS_ERROR "NoReply", .says_it_all = true, .advice = NO_ANSWER },
        { BUS_ERROR "Timeout", .says_it_all = true, .advice = NO_ANSWER },
        { BUS_ERROR "TimedOut", .says_it_all = true, .advice = NO_ANSWER },
        { BUS_ERROR "Disconnected", .says_it_all = true, .advice = "the connection to the bus is lost: try again" },
        { BUS_ERROR "UnknownMethod", .says_it_all = true, .advice = OTHER_VERSION },
        { BUS_ERROR "UnknownInterface", .says_it_all = true, .advice = OTHER_VERSION },
        { BUS_ERROR "UnknownProperty", .says_it_all = true, .advice = OTHER_VERSION },
        { BUS_ERROR "UnknownObject", .advice = "dosectl list and dosectl meds show what there is" },
};

/* The one that client_open() chose: what to do next depends on it. */
static bool is_on_system_bus;

static int open_one(bool is_system, sd_bus **ret) {
        return is_system ? sd_bus_open_system(ret) : sd_bus_open_user(ret);
}

static bool has_owner(sd_bus *bus) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int owned = 0;

        return sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                                  "NameHasOwner", NULL, &reply, "s", CLIENT_NAME) >= 0 &&
               sd_bus_message_read(reply, "b", &owned) >= 0 && owned;
}

/*
 * A service of the machine that is enabled counts also while it is being started again: its bus name starts it. One that is only
 * installed has no unit by the name that the bus asks for.
 */
static bool can_be_started(sd_bus *bus) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call_method(bus, "org.freedesktop.DBus", "/org/freedesktop/DBus", "org.freedesktop.DBus",
                               "StartServiceByName", &error, NULL, "su", CLIENT_NAME, 0u);
        return r >= 0 || (sd_bus_error_is_set(&error) && !sd_bus_error_has_name(&error, BUS_ERROR "ServiceUnknown") &&
                          !sd_bus_error_has_names(&error, NOT_ENABLED, "org.freedesktop.systemd1.UnitMasked",
                                                  BUS_ERROR "AccessDenied"));
}

typedef bool bus_test(sd_bus *bus);

/* Gives the bus where that is so; what cannot be opened is no reason to complain yet. Returns 0 or -ENOMEM. */
static int open_where(bool is_system, bus_test *is_so, sd_bus **ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        int r;

        r = open_one(is_system, &bus);
        if (r == -ENOMEM)
                return r;
        if (r >= 0 && is_so(bus)) {
                is_on_system_bus = is_system;
                *ret = TAKE(bus);
        }
        return 0;
}

/* Root has a session of its own only where somebody made one. */
static bool has_session(void) {
        return geteuid() != 0 || getenv("DBUS_SESSION_BUS_ADDRESS");
}

/* Where nobody says which: where it runs, a session's own before that of the machine. Returns 0 or -ENOMEM. */
static int find_served(sd_bus **ret) {
        static const struct {
                bool is_system;
                bus_test *is_so;
        } tries[] = { { false, has_owner }, { true, has_owner }, { true, can_be_started } };
        int r = 0;

        for (size_t i = 0; r == 0 && !*ret && i < ELEMENTS(tries); i++)
                if (tries[i].is_system || has_session())
                        r = open_where(tries[i].is_system, tries[i].is_so, ret);
        return r;
}

int client_open(const struct request *request, sd_bus **ret) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        bool is_forced = request_has(request, OPTION_SYSTEM) || request_has(request, OPTION_USER);
        int r;

        is_on_system_bus = request_has(request, OPTION_SYSTEM) || (!is_forced && !has_session());
        r = is_forced ? 0 : find_served(&bus);
        if (r == 0 && !bus)
                r = open_one(is_on_system_bus, &bus);
        if (r == -ENOMEM)
                return r;
        if (r < 0) {
                complain(
                        is_on_system_bus
                                ? "the system bus cannot be reached (%s): is dbus running?"
                                : "there is no session bus here (%s): log in, or --system for the dosed of the machine",
                        strerror(-r));
                return REQUEST_REFUSED;
        }
        *ret = TAKE(bus);
        return 0;
}

int client_open_running(const struct request *request, sd_bus **ret) {
        static const bool tries[] = { false, true };
        int r = 0;

        for (size_t i = 0; r == 0 && !*ret && i < ELEMENTS(tries); i++)
                if (!request_has(request, tries[i] ? OPTION_USER : OPTION_SYSTEM) && (tries[i] || has_session()))
                        r = open_where(tries[i], has_owner, ret);
        return r;
}

const char *client_person(const struct request *request) {
        return request_has(request, OPTION_PERSON) ? request->options[OPTION_PERSON] : "";
}

int client_new_call(sd_bus *bus, const char *path, const char *interface, const char *member, sd_bus_message **ret) {
        return sd_bus_message_new_method_call(bus, ret, CLIENT_NAME, path, interface, member);
}

static bool is_absent(const char *name) {
        return strcmp(name, BUS_ERROR "ServiceUnknown") == 0 || strcmp(name, BUS_ERROR "NameHasNoOwner") == 0 ||
               strcmp(name, NOT_ENABLED) == 0 || strncmp(name, BUS_ERROR "Spawn.", strlen(BUS_ERROR "Spawn.")) == 0;
}

int client_explain(const struct request *request, const sd_bus_error *error, char **ret) {
        const char *message = error->message && *error->message ? error->message : error->name;
        int size = (int) strlen(message);

        if (is_absent(error->name))
                return text_format(ret, "dosed is not running: start it with systemctl %senable --now dosed%s",
                                   is_on_system_bus ? "" : "--user ",
                                   is_on_system_bus ? "" : ", or --system if it serves the whole machine");

        if (size > 0 && message[size - 1] == '.')
                size--;
        for (size_t i = 0; i < ELEMENTS(advices); i++)
                if (strcmp(advices[i].name, error->name) == 0 && request_takes(request, advices[i].needs))
                        return advices[i].says_it_all ? text_format(ret, "%s", advices[i].advice)
                                                      : text_format(ret, "%.*s; %s", size, message, advices[i].advice);

        return text_format(ret, "%.*s", size, message);
}

int client_refused(const struct request *request, const char *about, int r, const sd_bus_error *error) {
        _cleanup_(free_p) char *sentence = NULL;

        if (!sd_bus_error_is_set(error))
                return r;

        r = client_explain(request, error, &sentence);
        if (r < 0)
                return r;
        complain("%s%s%s", about ? about : "", about ? ": " : "", sentence);
        return REQUEST_REFUSED;
}

int client_call(sd_bus *bus, const struct request *request, sd_bus_message *call, sd_bus_message **ret) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        int r;

        r = sd_bus_call(bus, call, 0, &error, ret);
        return r < 0 ? client_refused(request, NULL, r, &error) : 0;
}

int client_call_simple(sd_bus *bus, const struct request *request, const char *path, const char *interface,
                       const char *member) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        r = client_new_call(bus, path, interface, member, &call);
        if (r < 0)
                return r;
        return client_call(bus, request, call, NULL);
}

int client_get_property(sd_bus *bus, const struct request *request, const char *name, const char *type,
                        sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        int r;

        r = client_new_call(bus, CLIENT_ROOT, "org.freedesktop.DBus.Properties", "Get", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", CLIENT_MANAGER, name);
        if (r < 0)
                return r;

        r = client_call(bus, request, call, &reply);
        if (r != 0)
                return r;
        r = sd_bus_message_enter_container(reply, 'v', type);
        if (r < 0)
                return r;

        *ret = TAKE(reply);
        return 0;
}

int client_get_texts(sd_bus *bus, const struct request *request, const char *name, char ***ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *reply = NULL;
        int r;

        r = client_get_property(bus, request, name, "as", &reply);
        if (r != 0)
                return r;
        return texts_read(reply, ret);
}
