/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The service as a whole: its objects and its signals. */
#include <pwd.h>
#include <string.h>

#include "bus/private.h"
#include "dosed/text.h"

/* The user's name, or the number where nobody knows it. */
static int user_name(char **ret) {
        const struct passwd *entry = getpwuid(getuid());

        if (entry)
                return text_clean(entry->pw_name, ret);
        return text_format(ret, "%u", (unsigned) getuid());
}

int bus_new(sd_bus *connection, enum bus_scope scope, struct engine *engine, const struct bus_host *host, void *userdata,
            struct bus **ret) {
        _cleanup_(bus_free_p) struct bus *bus = NULL;
        int r;

        bus = calloc(1, sizeof(*bus));
        if (!bus)
                return -ENOMEM;
        bus->connection = sd_bus_ref(connection);
        bus->scope = scope;
        bus->engine = engine;
        bus->host = *host;
        bus->userdata = userdata;

        r = user_name(&bus->user);
        if (r >= 0)
                r = bus_add_manager(bus);
        if (r >= 0)
                r = bus_add_dose(bus);
        if (r >= 0)
                r = bus_add_person(bus);
        if (r >= 0)
                r = bus_add_outbox(bus);
        if (r < 0)
                return r;

        *ret = TAKE(bus);
        return 0;
}

struct bus *bus_free(struct bus *bus) {
        if (!bus)
                return NULL;

        peers_done(bus);
        grants_done(bus);
        for (size_t i = 0; i < ELEMENTS(bus->slots); i++)
                sd_bus_slot_unref(bus->slots[i]);
        sd_bus_unref(bus->connection);
        free(bus->user);
        free(bus);
        return NULL;
}

/* What is in a signal of a dose. */
struct told_dose {
        const struct dose_view *view;
        bool with_state;
};

static int fill_dose(sd_bus_message *signal, const void *data) {
        const struct told_dose *told = data;
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = path_of_dose(told->view->dose, &path);
        if (r >= 0)
                r = sd_bus_message_append(signal, "o", path);
        if (r >= 0 && told->with_state)
                r = sd_bus_message_append(signal, "s", dose_state_to_string(told->view->dose->state));
        return r < 0 ? r : details_append(signal, told->view);
}

static int tell_dose(struct bus *bus, const char *signal, const struct told_dose *told) {
        return subscribers_tell(bus, signal, told->view->dose->person, told->view->is_private, fill_dose, told);
}

int bus_emit_dose_changed(struct bus *bus, const struct dose_view *view) {
        return tell_dose(bus, "DoseChanged", &(struct told_dose){ .view = view, .with_state = true });
}

int bus_emit_reminder(struct bus *bus, const struct dose_view *view) {
        return tell_dose(bus, "ReminderDue", &(struct told_dose){ .view = view });
}

static int fill_person(sd_bus_message *signal, const void *data) {
        return sd_bus_message_append(signal, "s", data);
}

int bus_emit_plan_changed(struct bus *bus, const char *person, bool is_private) {
        return subscribers_tell(bus, "PlanChanged", person, is_private, fill_person, person);
}
