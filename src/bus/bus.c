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

int bus_new(sd_bus *connection, struct engine *engine, const struct bus_host *host, void *userdata, struct bus **ret) {
        _cleanup_(bus_free_p) struct bus *bus = NULL;
        int r;

        bus = calloc(1, sizeof(*bus));
        if (!bus)
                return -ENOMEM;
        bus->connection = sd_bus_ref(connection);
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

        for (size_t i = 0; i < ELEMENTS(bus->slots); i++)
                sd_bus_slot_unref(bus->slots[i]);
        sd_bus_unref(bus->connection);
        free(bus->user);
        free(bus);
        return NULL;
}

static int emit_dose(struct bus *bus, const char *signal, const struct dose_view *view, bool with_state) {
        sd_bus_message *message = NULL;
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = path_of_dose(view->dose, &path);
        if (r < 0)
                return r;
        r = sd_bus_message_new_signal(bus->connection, &message, BUS_ROOT, BUS_NAME ".Manager", signal);
        if (r >= 0)
                r = sd_bus_message_append(message, "o", path);
        if (r >= 0 && with_state)
                r = sd_bus_message_append(message, "s", dose_state_to_string(view->dose->state));
        if (r >= 0)
                r = details_append(message, view);
        if (r >= 0)
                r = sd_bus_send(bus->connection, message, NULL);
        sd_bus_message_unref(message);
        return r < 0 ? r : 0;
}

int bus_emit_dose_changed(struct bus *bus, const struct dose_view *view) {
        return emit_dose(bus, "DoseChanged", view, true);
}

int bus_emit_reminder(struct bus *bus, const struct dose_view *view) {
        return emit_dose(bus, "ReminderDue", view, false);
}

int bus_emit_plan_changed(struct bus *bus, const char *person) {
        return sd_bus_emit_signal(bus->connection, BUS_ROOT, BUS_NAME ".Manager", "PlanChanged", "s", person);
}
