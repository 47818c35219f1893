/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* A person's plan files over the bus. In a household only the daemon reads and writes them. */
#include <string.h>

#include "bus/private.h"
#include "dosed/calendar.h"
#include "dosed/file.h"
#include "dosed/folder.h"
#include "dosed/limits.h"
#include "dosed/text.h"

#define NAME_MOST 200u /* bytes */

/* One plan file of the person whose object the call is for, be it there or not. */
struct plan_file_call {
        struct bus *bus;
        sd_bus_message *message;
        char *person;
        const char *name;   /* the message's */
        const char *folder; /* the engine's: the first that has such a file, or into which a new one goes */
        char *path;
};

static void plan_file_call_done(struct plan_file_call *call) {
        free(call->person);
        free(call->path);
}

/* Such as every file system and every terminal can bear. */
static bool is_plain_name(const char *name) {
        _cleanup_(free_p) char *clean = NULL;

        return folder_takes(name) && strlen(name) <= NAME_MOST && text_clean(name, &clean) >= 0 &&
               strcmp(clean, name) == 0;
}

static int check_name(const char *name, sd_bus_error *error) {
        if (is_plain_name(name))
                return 0;
        return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS,
                                 "A plan file is called NAME.ics, without a slash and without a dot in front");
}

/* What is confidential is hidden from caregivers, also from those who manage the rest of the plan. */
static bool sees_all(const struct plan_file_call *call) {
        return access_may_see(call->bus, call->message, call->person, true);
}

/* A file that has just come may hold anything. */
static bool is_hidden(const struct plan_file_call *call, const char *folder, const char *name, bool is_there) {
        _cleanup_(free_p) char *path = NULL;

        if (sees_all(call))
                return false;
        if (text_format(&path, "%s/%s", folder, name) < 0)
                return true;
        switch (engine_file_disclosure(call->bus->engine, call->person, path, NULL, 0)) {
        case FILE_PUBLIC:
                return false;
        case FILE_PRIVATE:
                return true;
        case FILE_UNKNOWN:
                return is_there;
        }
        return true;
}

static int refuse_hidden(sd_bus_error *error) {
        return sd_bus_error_set(
                error, SD_BUS_ERROR_ACCESS_DENIED,
                "Something in this file is confidential, or may be: leave it to who sees all of the plan");
}

static const char *find_folder(const struct plan_file_call *call, const char *name) {
        const struct engine *engine = call->bus->engine;
        const char *folder;

        for (size_t i = 0; (folder = engine_person_folder(engine, call->person, i)); i++)
                if (folder_has(folder, name))
                        return folder;
        return engine_person_folder(engine, call->person, 0);
}

/* Whose plan it is, and that the caller may manage it. */
static int call_begin_person(struct plan_file_call *call, struct bus *bus, sd_bus_message *message,
                             sd_bus_error *error) {
        int r;

        call->bus = bus;
        call->message = message;
        r = person_of(bus, message, &call->person, error);
        if (r < 0)
                return r;
        if (!engine_person_folder(bus->engine, call->person, 0))
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "This person has no folder in dosed.conf");
        return 0;
}

/* The same, of one file of it. */
static int call_begin(struct plan_file_call *call, struct bus *bus, sd_bus_message *message, const char *name,
                      sd_bus_error *error) {
        int r;

        r = call_begin_person(call, bus, message, error);
        if (r < 0)
                return r;
        r = check_name(name, error);
        if (r < 0)
                return r;
        call->name = name;
        call->folder = find_folder(call, name);
        r = text_format(&call->path, "%s/%s", call->folder, name);
        if (r < 0)
                return r;
        return is_hidden(call, call->folder, name, folder_has(call->folder, name)) ? refuse_hidden(error) : 0;
}

/* Only what can neither keep the daemon waiting nor change while it is read. */
static int read_descriptor(int fd, char **ret_bytes, size_t *ret_size, sd_bus_error *error) {
        int r;

        r = sealed_file_read(fd, LIMIT_FILE_BYTES, ret_bytes, ret_size);
        switch (r) {
        case SEALED_FILE_OPEN:
                return sd_bus_error_set(error, SD_BUS_ERROR_INVALID_ARGS,
                                        "The descriptor must be a memfd that is sealed against writing, growing and shrinking");
        case SEALED_FILE_TOO_LARGE:
                return sd_bus_error_setf(error, SD_BUS_ERROR_INVALID_ARGS, "The file is larger than %u bytes",
                                         LIMIT_FILE_BYTES);
        default:
                return r;
        }
}

/* A newer version of what is hidden would take its place. */
static int check_uids(const struct plan_file_call *call, const struct calendar *calendar, sd_bus_error *error) {
        for (size_t i = 0; !sees_all(call) && i < calendar->n_schedules; i++)
                if (engine_uid_is_private(call->bus->engine, call->person, calendar->schedules[i]->uid))
                        return refuse_hidden(error);
        return 0;
}

/* Nothing is stored that could not be used. */
static int check_bytes(const struct plan_file_call *call, const char *bytes, size_t size, sd_bus_error *error) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
        _cleanup_(zones_free_p) struct zones *zones = NULL;
        const char *name = call->name;
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
        if (r < 0)
                return r;
        if (r == 0)
                return check_uids(call, calendar, error);
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
static int reply_in_force(const struct plan_file_call *call, bool is_removed, sd_bus_error *error) {
        _cleanup_(free_p) char *reason = NULL, *text = NULL;
        int r;

        r = engine_explain_file(call->bus->engine, call->person, call->path, is_removed, &reason);
        if (r < 0)
                return r;
        if (!reason)
                return sd_bus_reply_method_return(call->message, NULL);
        r = text_format(&text, "%s. %s",
                        is_removed ? "The file is removed, but what it said is still in force" :
                                     "The file is stored, but what it says is not in force",
                        reason);
        return r < 0 ? r : error_degraded(error, text);
}

/* Those that the caller may see; of the same name in several folders the first is meant. */
static int append_names(struct listing *listing, const struct plan_file_call *call, const char *folder) {
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(folder_free_p) struct folder *listed = NULL;
        int r;

        /* A folder that cannot be read is among the degradations. */
        r = folder_list(folder, &listed, &problems);
        if (r == -ENOMEM)
                return r;
        for (size_t i = 0; listed && i < listed->n_files; i++) {
                const char *name = listed->files[i].name;

                if (!is_plain_name(name) || strcmp(find_folder(call, name), folder) != 0 ||
                    is_hidden(call, folder, name, true))
                        continue;
                r = listing_grow(listing, strlen(name) + LISTING_OVERHEAD);
                if (r == 0)
                        r = sd_bus_message_append(listing->reply, "s", name);
                if (r < 0 || r == ENGINE_BAD_OPTION)
                        return r;
        }
        return 0;
}

static int fill_names(struct listing *listing, const void *data) {
        const struct plan_file_call *call = data;
        const char *folder;
        int r = 0;

        for (size_t i = 0; r == 0 && (folder = engine_person_folder(call->bus->engine, call->person, i)); i++)
                r = append_names(listing, call, folder);
        return r;
}

int calendars_list(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(plan_file_call_done) struct plan_file_call call = {};
        int r;

        r = call_begin_person(&call, userdata, message, error);
        return r < 0 ? r
                     : listing_reply(call.bus, message, "s", fill_names, &call,
                                     "There are more plan files than one answer can hold: join some of them", error);
}

int calendars_get(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(plan_file_call_done) struct plan_file_call call = {};
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(free_p) char *bytes = NULL;
        _cleanup_(close_p) int fd = -1;
        struct file_mark mark;
        const char *name;
        size_t size;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r >= 0)
                r = call_begin(&call, userdata, message, name, error);
        if (r < 0)
                return r;
        r = folder_read(call.folder, name, &bytes, &size, &mark, &problems);
        if (r > 0)
                return sd_bus_error_setf(error, SD_BUS_ERROR_FILE_NOT_FOUND, "%s: %s", name, problems.items[0].text);
        if (r < 0)
                return r;
        /* It may have changed since it was looked at. */
        if (!sees_all(&call) &&
            engine_file_disclosure(call.bus->engine, call.person, call.path, bytes, size) != FILE_PUBLIC)
                return refuse_hidden(error);
        r = sealed_file_new(bytes, size, &fd);
        return r < 0 ? r : sd_bus_reply_method_return(message, "h", fd);
}

static const char *advice_for(int error) {
        switch (-error) {
        case ENOENT:
        case ENOTDIR:
                return "Make that folder, or correct dosed.conf, and then: dosectl reload";
        case ENOSPC:
        case EDQUOT:
                return "Make room there";
        default:
                return "Have dosed write there, or correct dosed.conf";
        }
}

int calendars_put(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(plan_file_call_done) struct plan_file_call call = {};
        _cleanup_(free_p) char *bytes = NULL;
        struct bus *bus = userdata;
        const char *name;
        size_t size = 0;
        int fd, r;

        r = sd_bus_message_read(message, "sh", &name, &fd);
        if (r >= 0)
                r = call_begin(&call, bus, message, name, error);
        if (r >= 0)
                r = clock_check(bus, error);
        if (r >= 0)
                r = read_descriptor(fd, &bytes, &size, error);
        if (r >= 0)
                r = check_bytes(&call, bytes, size, error);
        if (r < 0)
                return r;

        r = folder_write(call.folder, name, bytes, size);
        if (r == -ELOOP)
                return sd_bus_error_setf(error, SD_BUS_ERROR_FAILED, "%s is a link: change the file that it leads to",
                                         name);
        if (r < 0)
                return sd_bus_error_set_errnof(error, r, "The file cannot be written to %s: %s. %s", call.folder, strerror(-r),
                                               advice_for(r));
        r = engine_reload(bus->engine, call.person, BELIEVE_CAREFULLY, bus->host.now(bus->userdata));
        bus->host.acted(bus->userdata);
        return r < 0 ? r : reply_in_force(&call, false, error);
}

int calendars_remove(sd_bus_message *message, void *userdata, sd_bus_error *error) {
        _cleanup_(plan_file_call_done) struct plan_file_call call = {};
        struct bus *bus = userdata;
        const char *name;
        int r;

        r = sd_bus_message_read(message, "s", &name);
        if (r >= 0)
                r = call_begin(&call, bus, message, name, error);
        if (r >= 0)
                r = clock_check(bus, error);
        if (r < 0)
                return r;
        r = folder_remove(call.folder, name);
        if (r < 0)
                return sd_bus_error_set_errnof(error, r, "The file cannot be removed: %s", strerror(-r));
        r = engine_reload_without(bus->engine, call.person, call.path, bus->host.now(bus->userdata));
        bus->host.acted(bus->userdata);
        return r < 0 ? r : reply_in_force(&call, true, error);
}

bool calendars_may_name(struct bus *bus, sd_bus_message *message, const char *person, const char *name) {
        struct plan_file_call call = { .bus = bus, .message = message, .person = (char *) person };
        const char *folder;

        for (size_t i = 0; (folder = engine_person_folder(bus->engine, person, i)); i++)
                if (is_hidden(&call, folder, name, false))
                        return false;
        return true;
}
