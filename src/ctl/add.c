/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb add: a medication becomes a plan file, handed to the daemon. */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>

#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/draft.h"
#include "ctl/listing.h"
#include "ctl/output.h"
#include "ctl/person.h"
#include "ctl/verb.h"
#include "dosed/text.h"

/* Every weekly schedule is due within eight days of its first. */
#define FIRST_DOSE_AHEAD (8 * USEC_PER_DAY)

static int write_all(int fd, const char *bytes, size_t size) {
        while (size > 0) {
                ssize_t n = write(fd, bytes, size);

                if (n < 0 && errno == EINTR)
                        continue;
                if (n < 0)
                        return -errno;
                bytes += n;
                size -= (size_t) n;
        }
        return 0;
}

/* Sealed, so that the daemon reads what was meant and nobody changes it meanwhile. */
static int sealed_file_new(const char *bytes, int *ret_fd) {
        _cleanup_(close_p) int fd = -1;
        int r;

        fd = memfd_create("plan", MFD_CLOEXEC | MFD_ALLOW_SEALING);
        if (fd < 0)
                return -errno;
        r = write_all(fd, bytes, strlen(bytes));
        if (r < 0)
                return r;
        if (lseek(fd, 0, SEEK_SET) < 0 ||
            fcntl(fd, F_ADD_SEALS, F_SEAL_SHRINK | F_SEAL_GROW | F_SEAL_WRITE | F_SEAL_SEAL) < 0)
                return -errno;

        *ret_fd = fd;
        fd = -1;
        return 0;
}

static int put_calendar(sd_bus *bus, const struct request *request, const struct draft *draft, const char *person,
                        const char *file) {
        _cleanup_(sd_bus_message_unrefp) sd_bus_message *call = NULL;
        _cleanup_(free_p) char *text = NULL, *path = NULL;
        _cleanup_(close_p) int fd = -1;
        int r;

        r = calendar_compose(&draft->calendar, &text);
        if (r >= 0)
                r = sealed_file_new(text, &fd);
        if (r >= 0)
                r = person_path(person, &path);
        if (r >= 0)
                r = client_new_call(bus, path, CLIENT_PERSON, "PutCalendar", &call);
        if (r >= 0)
                r = sd_bus_message_append(call, "sh", file, fd);
        if (r < 0)
                return r;
        return client_call(bus, request, call, NULL);
}

static bool is_dose_of(const struct listed_dose *dose, const char *uid) {
        const char *found = strstr(dose->id, uid);

        return found && found > dose->id && found[-1] == '/' && found[strlen(uid)] == '/';
}

/* The daemon says when it will remind first: nobody is told what was only meant. `ret` stays empty where it says none. */
static int find_first_dose(sd_bus *bus, const struct request *request, const struct draft *draft,
                           struct listed_dose *ret) {
        _cleanup_(listed_doses_done) struct listed_doses doses = {};
        usec_t from_usec = draft->first_day_usec > request->now_usec ? draft->first_day_usec : request->now_usec;
        int r;

        r = listed_doses_get(bus, request, from_usec, from_usec + FIRST_DOSE_AHEAD, &doses);
        if (r != 0)
                return r;

        for (size_t i = 0; i < doses.n_items; i++)
                if (is_dose_of(&doses.items[i], draft->uid)) {
                        *ret = doses.items[i];
                        doses.items[i] = (struct listed_dose){};
                        return 0;
                }
        return 0;
}

static int print_added(const struct request *request, const struct draft *draft, const struct listed_dose *first) {
        _cleanup_(free_p) char *words = NULL;
        int64_t due_wall_sec, now_wall_sec;
        char day[WHEN_TEXT_SIZE], time[WHEN_TEXT_SIZE];
        int r;

        r = draft_say(draft, &words);
        if (r < 0)
                return r;
        printf("Added: %s.", words);
        if (!first->id) {
                printf(" No dose of it comes within eight days of its first day.\n");
                return 0;
        }

        due_wall_sec = listed_dose_wall(first, request, first->due_usec);
        now_wall_sec = listed_dose_wall(first, request, request->now_usec);
        printf(" First: %s %s.\n", wall_format_day(day, due_wall_sec, now_wall_sec),
               wall_format_time(time, due_wall_sec));
        return 0;
}

static int print_added_json(const struct draft *draft, const char *person, const char *file,
                            const struct listed_dose *first) {
        json_t *json = json_object();

        if (json_object_set_new(json, "uid", json_text(draft->uid)) < 0 ||
            json_object_set_new(json, "file", json_text(file)) < 0 ||
            json_object_set_new(json, "person", json_text(person)) < 0 ||
            json_object_set_new(json, "first", first->id ? listed_dose_to_json(first) : json_null()) < 0) {
                json_decref(json);
                return -ENOMEM;
        }
        return output_json(json);
}

int add_run(struct request *request) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(draft_done) struct draft draft = {};
        _cleanup_(listed_dose_done) struct listed_dose first = {};
        _cleanup_(free_p) char *person = NULL, *file = NULL;
        int r;

        r = draft_read(&draft, request);
        if (r == 0)
                r = text_format(&file, "%s.ics", draft.uid);
        if (r == 0)
                r = client_open(request, &bus);
        if (r == 0)
                r = person_choose(bus, request, NULL, &person);
        if (r == 0)
                r = put_calendar(bus, request, &draft, person, file);
        if (r == 0)
                r = find_first_dose(bus, request, &draft, &first);
        if (r != 0)
                return r;

        return request_has(request, OPTION_JSON) ? print_added_json(&draft, person, file, &first)
                                                 : print_added(request, &draft, &first);
}
