/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Asking dosed: it is told of every change, and then asked for the whole list. */
#include <string.h>

#include "agent/dosed.h"
#include "dosed/clock.h"
#include "dosed/log.h"
#include "dosed/text.h"

#define NAME "org.dosed.Dosed1"
#define ROOT "/org/dosed/Dosed1"
#define MANAGER NAME ".Manager"
#define DOSE NAME ".Dose"
#define DRIVER "org.freedesktop.DBus"
#define RETRY_USEC USEC_PER_MINUTE

struct dosed {
        sd_bus *bus;
        const struct dosed_observer *observer;
        void *userdata;

        sd_bus_slot *owner_match, *owner_call;
        bool is_asked; /* it is known who owns the name */
        char *owner;   /* unique name; NULL: nobody */
        sd_bus_slot *signals_match, *subscribe_call, *people_call, *list_call;
        bool lists_again; /* something has changed since the list was asked for */
        bool has_complained;
        sd_event_source *retry; /* after it refused: who may do what can change */
        unsigned n_people;
};

static void dosed_try_again_later(struct dosed *dosed);

static void dosed_forget_owner(struct dosed *dosed) {
        dosed->signals_match = sd_bus_slot_unref(dosed->signals_match);
        dosed->subscribe_call = sd_bus_slot_unref(dosed->subscribe_call);
        dosed->people_call = sd_bus_slot_unref(dosed->people_call);
        dosed->list_call = sd_bus_slot_unref(dosed->list_call);
        dosed->retry = sd_event_source_disable_unref(dosed->retry);
        dosed->lists_again = dosed->has_complained = false;
        dosed->n_people = 2;
        free(TAKE(dosed->owner));
}

/* Without a callback of one's own, sd-bus closes the connection when a match is refused. */
static int on_match_installed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        (void) userdata;
        (void) error;

        if (sd_bus_message_is_method_error(message, NULL))
                log_warning("The bus refused a match: %s", sd_bus_message_get_error(message)->name);
        return 0;
}

/* To whoever owns the name now, and to nobody who would have to be started for it: dosed is not a desktop's to start. */
static int dosed_new_call(struct dosed *dosed, const char *path, const char *interface, const char *member,
                          sd_bus_message **ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *message = NULL;
        int r;

        if (!dosed->owner)
                return -ENOTCONN;
        r = sd_bus_message_new_method_call(dosed->bus, &message, dosed->owner, path, interface, member);
        if (r >= 0)
                r = sd_bus_message_set_auto_start(message, 0);
        if (r < 0)
                return r;

        *ret = TAKE(message);
        return 0;
}

/* Said once: a dosed of another version, or one that does not know this user, refuses every time. */
static void complain(struct dosed *dosed, const char *what, sd_bus_message *answer) {
        if (!dosed->has_complained)
                log_warning("dosed refuses %s: %s", what, sd_bus_message_get_error(answer)->name);
        dosed->has_complained = true;
        dosed_try_again_later(dosed);
}

static int on_subscribed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct dosed *dosed = userdata;

        (void) error;
        dosed->subscribe_call = sd_bus_slot_unref(dosed->subscribe_call);
        if (sd_bus_message_is_method_error(message, NULL))
                complain(dosed, "to tell what changes", message);
        return 0;
}

static int on_people(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct dosed *dosed = userdata;
        const char *name;
        unsigned n = 0;
        int r;

        (void) error;
        dosed->people_call = sd_bus_slot_unref(dosed->people_call);
        if (sd_bus_message_is_method_error(message, NULL))
                return 0;
        r = sd_bus_message_enter_container(message, 'v', "as");
        if (r >= 0)
                r = sd_bus_message_enter_container(message, 'a', "s");
        while (r >= 0 && (r = sd_bus_message_read_basic(message, 's', &name)) > 0)
                n++;
        if (r == 0)
                dosed->n_people = n;
        return 0;
}

static int dosed_list(struct dosed *dosed);

static int on_listed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(listed_doses_done) struct listed_doses doses = {};
        struct dosed *dosed = userdata;
        int r = 0;

        (void) error;
        dosed->list_call = sd_bus_slot_unref(dosed->list_call);
        if (sd_bus_message_is_method_error(message, NULL))
                complain(dosed, "to list the reminders", message);
        else {
                r = listed_doses_read(message, &doses);
                if (r < 0)
                        log_warning("What dosed lists cannot be read: %s", strerror(-r));
                else
                        dosed->observer->listed(dosed->userdata, &doses);
        }
        if (dosed->lists_again && r != -ENOMEM)
                r = dosed_list(dosed);
        if (r < 0)
                log_debug("The reminders cannot be asked for again: %s", strerror(-r));
        return 0;
}

static int dosed_ask_people(struct dosed *dosed) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        r = dosed_new_call(dosed, ROOT, "org.freedesktop.DBus.Properties", "Get", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "ss", MANAGER, "People");
        if (r < 0)
                return r;
        dosed->people_call = sd_bus_slot_unref(dosed->people_call);
        return sd_bus_call_async(dosed->bus, &dosed->people_call, call, on_people, dosed, UINT64_MAX);
}

/* No timeout: a late answer is still an answer, and a dosed that hangs is ended by its service manager. */
static int dosed_list(struct dosed *dosed) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        if (dosed->list_call) {
                dosed->lists_again = true;
                return 0;
        }
        dosed->lists_again = false;
        r = dosed_ask_people(dosed);
        if (r >= 0)
                r = dosed_new_call(dosed, ROOT, MANAGER, "ListDoses", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "stta{sv}", "", UINT64_C(0), UINT64_C(0), 2, "reminded", "b", 1, "own",
                                          "b", 1);
        if (r < 0)
                return r;
        return sd_bus_call_async(dosed->bus, &dosed->list_call, call, on_listed, dosed, UINT64_MAX);
}

static void hear_change(struct dosed *dosed, sd_bus_message *message) {
        const char *path, *state;

        if (sd_bus_message_read(message, "os", &path, &state) < 0)
                return;
        if (strcmp(state, "taken") == 0 || strcmp(state, "skipped") == 0)
                dosed->observer->recorded(dosed->userdata, path);
}

/* The match names the sender, but only the bus checks it; and a signal that is sent to us alone goes past every match. */
static int on_signal(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct dosed *dosed = userdata;
        bool is_change = sd_bus_message_is_signal(message, MANAGER, "DoseChanged");
        int r;

        (void) error;
        if (!dosed->owner || !text_equal(sd_bus_message_get_sender(message), dosed->owner))
                return 0;
        if (is_change)
                hear_change(dosed, message);
        else if (!sd_bus_message_is_signal(message, MANAGER, "ReminderDue") &&
                 !sd_bus_message_is_signal(message, MANAGER, "PlanChanged"))
                return 0;
        /* What one dose has become changes what is said of others: the whole list tells. */
        r = dosed_list(dosed);
        if (r < 0)
                log_warning("The reminders cannot be asked for: %s", strerror(-r));
        return 0;
}

static int dosed_subscribe(struct dosed *dosed) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(free_p) char *match = NULL;
        int r;

        r = text_format(&match, "type='signal',sender='%s',path='" ROOT "',interface='" MANAGER "'", dosed->owner);
        if (r >= 0 && !dosed->signals_match)
                r = sd_bus_add_match_async(dosed->bus, &dosed->signals_match, match, on_signal, on_match_installed,
                                           dosed);
        if (r >= 0)
                r = dosed_new_call(dosed, ROOT, MANAGER, "Subscribe", &call);
        if (r < 0)
                return r;
        return sd_bus_call_async(dosed->bus, &dosed->subscribe_call, call, on_subscribed, dosed, UINT64_MAX);
}

/* The configuration may name this user by now, or the directory of users answer again: no signal would tell. */
static int on_retry(sd_event_source *source, uint64_t usec, void *userdata) {
        struct dosed *dosed = userdata;
        int r = 0;

        (void) source, (void) usec;
        if (!dosed->subscribe_call)
                r = dosed_subscribe(dosed);
        if (r >= 0)
                r = dosed_list(dosed);
        if (r < 0)
                log_warning("dosed cannot be asked again: %s", strerror(-r));
        return 0;
}

static void dosed_try_again_later(struct dosed *dosed) {
        int r;

        if (dosed->retry)
                r = sd_event_source_set_time_relative(dosed->retry, RETRY_USEC);
        else
                r = sd_event_add_time_relative(sd_bus_get_event(dosed->bus), &dosed->retry, CLOCK_MONOTONIC, RETRY_USEC,
                                               USEC_PER_SEC, on_retry, dosed);
        if (r >= 0)
                r = sd_event_source_set_enabled(dosed->retry, SD_EVENT_ONESHOT);
        if (r < 0)
                log_warning("dosed cannot be asked again later: %s", strerror(-r));
}

/* `owner` NULL or empty: nobody. The subscription goes out before the list is asked for: nothing falls between them. */
static void dosed_set_owner(struct dosed *dosed, const char *owner) {
        int r = 0;

        if (owner && owner[0] == '\0')
                owner = NULL;
        if (dosed->is_asked && text_equal(dosed->owner, owner))
                return;
        dosed->is_asked = true;

        dosed_forget_owner(dosed);
        if (owner) {
                r = text_copy(owner, &dosed->owner);
                if (r >= 0)
                        r = dosed_subscribe(dosed);
                if (r >= 0)
                        r = dosed_list(dosed);
        }
        if (r < 0) {
                log_error("dosed cannot be asked: %s", strerror(-r));
                dosed_forget_owner(dosed);
        }
        dosed->observer->changed(dosed->userdata);
}

static int on_owner_changed(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct dosed *dosed = userdata;
        const char *name, *old, *new;

        (void) error;
        if (!text_equal(sd_bus_message_get_sender(message), DRIVER))
                return 0;
        if (sd_bus_message_read(message, "sss", &name, &old, &new) >= 0 && strcmp(name, NAME) == 0)
                dosed_set_owner(dosed, new);
        return 0;
}

static int on_owner(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        struct dosed *dosed = userdata;
        const char *owner = NULL;

        (void) error;
        dosed->owner_call = sd_bus_slot_unref(dosed->owner_call);
        /* An error is NameHasNoOwner: it is waited for. */
        if (!sd_bus_message_is_method_error(message, NULL))
                (void) sd_bus_message_read(message, "s", &owner);
        dosed_set_owner(dosed, owner);
        return 0;
}

int dosed_new(sd_bus *bus, const struct dosed_observer *observer, void *userdata, struct dosed **ret) {
        _cleanup_(dosed_free_p) struct dosed *dosed = calloc(1, sizeof(*dosed));
        int r;

        if (!dosed)
                return -ENOMEM;
        dosed->bus = sd_bus_ref(bus);
        dosed->observer = observer;
        dosed->userdata = userdata;
        dosed->n_people = 2;

        /* The match first: no change falls between the answer and the signals. */
        r = sd_bus_add_match_async(bus, &dosed->owner_match,
                                   "type='signal',sender='" DRIVER "',path='/org/freedesktop/DBus',"
                                   "interface='" DRIVER "',member='NameOwnerChanged',arg0='" NAME "'",
                                   on_owner_changed, on_match_installed, dosed);
        if (r < 0)
                return r;
        r = sd_bus_call_method_async(bus, &dosed->owner_call, DRIVER, "/org/freedesktop/DBus", DRIVER, "GetNameOwner",
                                     on_owner, dosed, "s", NAME);
        if (r < 0)
                return r;

        *ret = TAKE(dosed);
        return 0;
}

struct dosed *dosed_free(struct dosed *dosed) {
        if (!dosed)
                return NULL;

        dosed_forget_owner(dosed);
        sd_bus_slot_unref(dosed->owner_match);
        sd_bus_slot_unref(dosed->owner_call);
        sd_bus_unref(dosed->bus);
        free(dosed);
        return NULL;
}

bool dosed_is_there(const struct dosed *dosed) {
        return dosed->owner;
}

unsigned dosed_count_people(const struct dosed *dosed) {
        return dosed->n_people;
}

int dosed_answer(struct dosed *dosed, const char *path, enum notify_answer answer, sd_bus_message_handler_t handler,
                 void *userdata, sd_bus_slot **ret) {
        static const char *const methods[_NOTIFY_ANSWER_MAX] = {
                [NOTIFY_TAKEN] = "Confirm",
                [NOTIFY_SNOOZE] = "Snooze",
                [NOTIFY_SKIP] = "Skip",
        };
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        int r;

        r = dosed_new_call(dosed, path, DOSE, methods[answer], &call);
        if (r < 0)
                return r;
        switch (answer) {
        case NOTIFY_TAKEN:
                r = sd_bus_message_append(call, "a{sv}", 0);
                break;
        case NOTIFY_SNOOZE:
                r = sd_bus_message_append(call, "t", UINT64_C(0)); /* as long as is configured */
                break;
        case NOTIFY_SKIP:
                r = sd_bus_message_append(call, "sa{sv}", "", 0);
                break;
        case _NOTIFY_ANSWER_MAX:
                return -EINVAL;
        }
        if (r < 0)
                return r;
        return sd_bus_call_async(dosed->bus, ret, call, handler, userdata, 0);
}
