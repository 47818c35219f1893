/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* org.dosed.Dosed1.Person: a person's plan files, which only the daemon writes; and a rehearsal of how the person is told of. */
#include <fcntl.h>
#include <string.h>
#include <sys/stat.h>

#include "bus/private.h"
#include "dosed/calendar.h"
#include "dosed/folder.h"
#include "dosed/limits.h"
#include "dosed/outbox.h"
#include "dosed/text.h"

static int person_of(struct bus *bus, sd_bus_message *message, char **ret_person, sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL;
        int r;

        r = path_decode(sd_bus_message_get_path(message), PERSON_PREFIX, &person);
        if (r < 0)
                return r;
        if (r == 0)
                return error_from_outcome(error, ENGINE_NO_SUCH_PERSON, NULL);
        r = access_check(bus, message, ACCESS_MANAGE, person, NULL, error);
        if (r >= 0)
                r = clock_check(bus, error);
        if (r < 0)
                return r;
        *ret_person = TAKE(person);
        return 0;
}

/* A plain file name that folder_list() would list. */
static int check_name(const char *name, sd_bus_error *error) {
        size_t length = strlen(name);
        _cleanup_(free_p) char *clean = NULL;
        int r;

        r = text_clean(name, &clean);
        if (r < 0)
                return r;
        if (length < strlen("x.ics") || length > 200 || name[0] == '.' || strchr(name, '/') ||
            !text_equal_caseless(name + length - 4, ".ics") || strcmp(clean, name) != 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "A plan file is called NAME.ics, without a slash and without a dot in front");
        return 0;
}

/* What is sent must have an end: no pipe that nobody closes can hold the daemon up. */
static int read_descriptor(int fd, char **ret_bytes, size_t *ret_size, sd_bus_error *error) {
        _cleanup_(free_p) char *bytes = NULL;
        struct stat st;
        size_t size = 0;

        if (fstat(fd, &st) < 0)
                return -errno;
        if (!S_ISREG(st.st_mode))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "The descriptor must be a file or a memfd");
        if (st.st_size > (off_t) LIMIT_FILE_BYTES)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "The file is larger than %u bytes",
                                         LIMIT_FILE_BYTES);

        bytes = malloc((size_t) st.st_size + 1);
        if (!bytes)
                return -ENOMEM;
        while (size < (size_t) st.st_size) {
                ssize_t n = pread(fd, bytes + size, (size_t) st.st_size - size, (off_t) size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                if (n == 0)
                        break;
                size += (size_t) n;
        }
        bytes[size] = '\0';
        *ret_bytes = TAKE(bytes);
        *ret_size = size;
        return 0;
}

/* Nothing is stored that could not be used. */
static int check_bytes(const char *name, const char *bytes, size_t size, sd_bus_error *error) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
        _cleanup_(zones_free_p) struct zones *zones = NULL;
        int r;

        r = zones_new(NULL, &zones);
        if (r < 0)
                return r;
        /* A client's bytes are tried in a child first: one that the parser cannot bear must not end the reminders. */
        r = calendar_probe(name, bytes, size, zones);
        if (r == CALENDAR_CRASHES)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                         "%s: reading this file crashes the parser; look for what is odd in it, or write it anew",
                                         name);
        if (r >= 0)
                r = calendar_read(name, bytes, size, zones, &calendar, &problems);
        if (r <= 0)
                return r;
        for (size_t i = 0; i < problems.n_items; i++) {
                _cleanup_(free_p) char *text = NULL;

                if (problems.items[i].severity != SEVERITY_ERROR)
                        continue;
                r = problem_format(&problems.items[i], &text);
                return r < 0 ? r : sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, text);
        }
        return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS, "The file cannot be used");
}

/* What was asked for is done; an error says where that is not in force, since somebody relies on it. */
static int reply_in_force(struct bus *bus, sd_bus_message *message, const char *person, const char *path, bool is_removed,
                          sd_bus_error *error) {
        _cleanup_(free_p) char *reason = NULL, *text = NULL;
        int r;

        r = engine_explain_file(bus->engine, person, path, is_removed, &reason);
        if (r < 0)
                return r;
        if (!reason)
                return sd_bus_reply_method_return(message, NULL);
        r = text_format(&text, "%s. %s",
                        is_removed ? "The file is removed, but what it said is still in force" :
                                     "The file is stored, but what it says is not in force",
                        reason);
        return r < 0 ? r : error_degraded(error, text);
}

static int method_put_calendar(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL, *bytes = NULL, *path = NULL;
        struct bus *bus = userdata;
        const char *name, *folder;
        size_t size = 0;
        int fd, r;

        r = sd_bus_message_read(message, "sh", &name, &fd);
        if (r < 0)
                return r;
        r = person_of(bus, message, &person, error);
        if (r < 0)
                return r;
        r = check_name(name, error);
        if (r < 0)
                return r;
        r = read_descriptor(fd, &bytes, &size, error);
        if (r < 0)
                return r;
        r = check_bytes(name, bytes, size, error);
        if (r < 0)
                return r;

        folder = engine_person_folder(bus->engine, person);
        if (!folder)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "This person has no folder in dosed.conf");
        r = text_format(&path, "%s/%s", folder, name);
        if (r < 0)
                return r;
        r = folder_write(folder, name, bytes, size);
        if (r < 0)
                return sd_bus_error_set_errnof(error, r, "The file cannot be written to the folder: %s", strerror(-r));
        r = engine_reload(bus->engine, person, BELIEVE_CAREFULLY, bus->host.now(bus->userdata));
        bus->host.acted(bus->userdata);
        return r < 0 ? r : reply_in_force(bus, message, person, path, false, error);
}

static int method_remove_calendar(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL, *path = NULL;
        struct bus *bus = userdata;
        const char *name, *folder;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r < 0)
                return r;
        r = person_of(bus, message, &person, error);
        if (r < 0)
                return r;
        r = check_name(name, error);
        if (r < 0)
                return r;
        folder = engine_person_folder(bus->engine, person);
        if (!folder)
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "This person has no folder in dosed.conf");
        r = text_format(&path, "%s/%s", folder, name);
        if (r < 0)
                return r;
        r = folder_remove(folder, name);
        if (r < 0)
                return sd_bus_error_set_errnof(error, r, "The file cannot be removed: %s", strerror(-r));
        r = engine_reload_without(bus->engine, person, path, bus->host.now(bus->userdata));
        bus->host.acted(bus->userdata);
        return r < 0 ? r : reply_in_force(bus, message, person, path, true, error);
}

static int method_accept_plan(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL;
        struct bus *bus = userdata;
        int r;

        r = person_of(bus, message, &person, error);
        if (r < 0)
                return r;
        r = engine_reload(bus->engine, person, BELIEVE_ANYTHING, bus->host.now(bus->userdata));
        bus->host.acted(bus->userdata);
        if (r < 0)
                return r;
        return sd_bus_reply_method_return(message, NULL);
}

/* Every channel is tried: the desktop first, since that one cannot be slow. */
static int method_rehearse(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL;
        struct bus *bus = userdata;
        unsigned n_recipients = 0;
        int r;

        r = person_of(bus, message, &person, error);
        if (r >= 0 && bus->host.rehearse)
                r = bus->host.rehearse(bus->userdata, person);
        if (r < 0)
                return r;
        r = engine_rehearse(bus->engine, person, bus->host.now(bus->userdata), &n_recipients);
        bus->host.acted(bus->userdata);
        if (r != 0)
                return error_from_outcome(error, r, "There is no such person in dosed.conf");
        return sd_bus_reply_method_return(message, "u", (uint32_t) n_recipients);
}

static const sd_bus_vtable vtable[] = {
        SD_BUS_VTABLE_START(0),
        SD_BUS_METHOD_WITH_ARGS("PutCalendar", SD_BUS_ARGS("s", name, "h", file), SD_BUS_NO_RESULT, method_put_calendar,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("RemoveCalendar", SD_BUS_ARGS("s", name), SD_BUS_NO_RESULT, method_remove_calendar,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("AcceptPlan", SD_BUS_NO_ARGS, SD_BUS_NO_RESULT, method_accept_plan,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_METHOD_WITH_ARGS("Rehearse", SD_BUS_NO_ARGS, SD_BUS_RESULT("u", recipients), method_rehearse,
                                SD_BUS_VTABLE_UNPRIVILEGED),
        SD_BUS_VTABLE_END,
};

static int find(sd_bus *connection, const char *path, const char *interface, void *userdata, void **ret_found,
                sd_bus_error *error) {
        _cleanup_(free_p) char *person = NULL;
        struct bus *bus = userdata;
        int r;

        (void) interface, (void) error;
        r = path_decode(path, PERSON_PREFIX, &person);
        if (r <= 0 || !engine_has_person(bus->engine, person) ||
            !access_may(bus, sd_bus_get_current_message(connection), ACCESS_VIEW, person))
                return r < 0 ? r : 0;
        *ret_found = bus;
        return 1;
}

int bus_add_person(struct bus *bus) {
        return sd_bus_add_fallback_vtable(bus->connection, &bus->slots[2], PERSON_PREFIX, BUS_NAME ".Person", vtable,
                                          find, bus);
}
