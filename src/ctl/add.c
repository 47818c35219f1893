/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* The verb add: a medication becomes a plan file, or somebody has one; it is handed to the daemon. */
#include <string.h>

#include "ctl/answer.h"
#include "ctl/calendars.h"
#include "ctl/client.h"
#include "ctl/doubling.h"
#include "ctl/draft.h"
#include "ctl/listing.h"
#include "ctl/output.h"
#include "ctl/person.h"
#include "ctl/plan-file.h"
#include "ctl/verb.h"
#include "ctl/verdict.h"
#include "dosed/text.h"

/* Every weekly schedule is due within eight days of its first. */
#define FIRST_DOSE_AHEAD (8 * USEC_PER_DAY)

static int put_draft(sd_bus *bus, const struct request *request, const struct draft *draft, const char *person,
                     const char *file) {
        _cleanup_(free_p) char *text = NULL;
        _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
        _cleanup_(problems_done) struct problems problems = {};
        int r;

        r = calendar_compose(&draft->calendar, &text);
        if (r >= 0)
                r = calendar_read(file, text, strlen(text), request->zones, &calendar, &problems);
        if (r > 0) {
                verdict_complain(&problems);
                return REQUEST_REFUSED;
        }
        if (r == 0)
                r = doubling_refuse(bus, request, person, calendar);
        return r != 0 ? r : calendars_put(bus, request, person, file, text, strlen(text));
}

/* Times at different minutes of the hour have a UID each: "uid", "uid-2" and so on. */
static bool is_dose_of(const struct listed_dose *dose, const char *uid) {
        const char *rest = strchr(dose->id, '/');

        if (!rest || strncmp(rest + 1, uid, strlen(uid)) != 0)
                return false;
        rest += 1 + strlen(uid);
        if (*rest == '-')
                rest += 1 + strspn(rest + 1, "0123456789");
        return *rest == '/';
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

static int add_medication(const struct request *request) {
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
                r = put_draft(bus, request, &draft, person, file);
        if (r == 0)
                r = find_first_dose(bus, request, &draft, &first);
        if (r != 0)
                return r;

        return request_has(request, OPTION_JSON) ? print_added_json(&draft, person, file, &first)
                                                 : print_added(request, &draft, &first);
}

static int refuse_second(sd_bus *bus, const struct request *request, const char *person, const char *file) {
        _cleanup_(texts_free_p) char **files = NULL;
        int r;

        r = calendars_list(bus, request, person, &files);
        for (size_t i = 0; r == 0 && files[i]; i++)
                if (strcmp(files[i], file) == 0) {
                        complain("%s has a %s already: dosectl edit changes it, or give the file another name", person,
                                 file);
                        r = REQUEST_REFUSED;
                }
        return r;
}

static int print_file(const struct request *request, const char *person, const char *file,
                      const struct calendar *calendar, const struct problems *problems) {
        if (request_has(request, OPTION_JSON))
                return verdict_print_json(request, person, file, true, calendar, problems);
        printf("Added: %s of %s. It means:\n", file, person);
        verdict_print_problems(problems);
        return verdict_print_meaning(request, calendar);
}

/* What describes a medication is said by the file itself. */
static int check_no_options(const struct request *request) {
        for (const struct verb_option *option = request->verb->options; option && option->help; option++)
                if (option->id != OPTION_FORCE && request_has(request, option->id)) {
                        complain("%s says itself what is taken when: leave out the other options",
                                 request->arguments[0]);
                        return REQUEST_USAGE;
                }
        return 0;
}

static int add_file(const struct request *request) {
        _cleanup_(sd_bus_flush_close_unrefp) sd_bus *bus = NULL;
        _cleanup_(calendar_free_p) struct calendar *calendar = NULL;
        _cleanup_(problems_done) struct problems problems = {};
        _cleanup_(free_p) char *person = NULL, *bytes = NULL;
        const char *name = request->arguments[0], *slash = strrchr(name, '/'), *file = slash ? slash + 1 : name;
        size_t size = 0;
        int r;

        r = check_no_options(request);
        if (r != 0)
                return r;
        r = plan_file_load(request, name, &bytes, &size, &calendar, &problems);
        if (r > 0) {
                verdict_complain(&problems);
                return REQUEST_REFUSED;
        }
        if (r == 0)
                r = client_open(request, &bus);
        if (r == 0)
                r = person_choose(bus, request, NULL, &person);
        if (r == 0)
                r = refuse_second(bus, request, person, file);
        if (r == 0)
                r = doubling_refuse(bus, request, person, calendar);
        if (r == 0)
                r = calendars_put(bus, request, person, file, bytes, size);
        return r != 0 ? r : print_file(request, person, file, calendar, &problems);
}

int add_run(struct request *request) {
        const char *name = request->arguments[0];
        bool is_file = plan_file_is_name(name) && (strchr(name, '/') || !request_has(request, OPTION_AT));

        return is_file ? add_file(request) : add_medication(request);
}
