/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person's plan files over the bus. */
#include "ctl/calendars.h"

#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/person.h"
#include "dosed/file.h"
#include "dosed/limits.h"

static int new_call(sd_bus *bus, const char *person, const char *member, sd_bus_message **ret) {
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = person_path(person, &path);
        return r < 0 ? r : client_new_call(bus, path, CLIENT_PERSON, member, ret);
}

int calendars_list(sd_bus *bus, const struct request *request, const char *person, char ***ret) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        int r;

        r = new_call(bus, person, "ListCalendars", &call);
        if (r >= 0)
                r = client_call(bus, request, call, &reply);
        return r != 0 ? r : texts_read(reply, ret);
}

int calendars_get(sd_bus *bus, const struct request *request, const char *person, const char *file, char **ret_bytes,
                  size_t *ret_size) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL, *reply = NULL;
        int fd, r;

        r = new_call(bus, person, "GetCalendar", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "s", file);
        if (r >= 0)
                r = client_call(bus, request, call, &reply);
        if (r != 0)
                return r;
        r = sd_bus_message_read_basic(reply, 'h', &fd);
        if (r < 0)
                return r;
        r = sealed_file_read(fd, LIMIT_FILE_BYTES, ret_bytes, ret_size);
        if (r > 0) {
                complain("%s: dosed gave something that is no plan file", file);
                return REQUEST_REFUSED;
        }
        return r;
}

int calendars_put(sd_bus *bus, const struct request *request, const char *person, const char *file, const char *bytes,
                  size_t size) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(close_p) int fd = -1;
        int r;

        r = sealed_file_new(bytes, size, &fd);
        if (r >= 0)
                r = new_call(bus, person, "PutCalendar", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "sh", file, fd);
        return r < 0 ? r : client_call(bus, request, call, NULL);
}
