/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose plan a verb is about. */
#include <string.h>

#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/output.h"
#include "ctl/person.h"
#include "dosed/text.h"

static bool has_name(char *const *people, const char *name) {
        for (size_t i = 0; people[i]; i++)
                if (strcmp(people[i], name) == 0)
                        return true;
        return false;
}

static int refuse_unknown(const char *name) {
        complain("dosed knows no person '%s' whose plan you may see; --person takes a name that dosed.conf knows", name);
        return REQUEST_REFUSED;
}

static const char *find_named(const struct request *request, const char *name) {
        return !name && request_has(request, OPTION_PERSON) ? request->options[OPTION_PERSON] : name;
}

int person_choose(sd_bus *bus, const struct request *request, const char *name, char **ret) {
        _cleanup_(texts_free_p) char **people = NULL;
        int r;

        name = find_named(request, name);
        r = client_get_texts(bus, request, "People", &people);
        if (r != 0)
                return r;
        if (name)
                return has_name(people, name) ? text_copy(name, ret) : refuse_unknown(name);
        if (!people[0]) {
                complain("dosed knows no person whose plan you may see: dosed.conf names them");
                return REQUEST_REFUSED;
        }
        if (people[1]) {
                complain("for whom? name one of these with --person:");
                for (size_t i = 0; people[i]; i++)
                        fprintf(stderr, "  %s\n", people[i]);
                return REQUEST_REFUSED;
        }

        return text_copy(people[0], ret);
}

static int say_accepted(const struct request *request, const char *name, bool is_left_out) {
        if (request_has(request, OPTION_JSON))
                return output_json(json_pack("{s:o}", "accepted", json_text(name)));
        if (is_left_out)
                printf("Accepted: %s has no plan any more.\n", name);
        else
                printf("Accepted: the plan of %s is what its folder holds now.\n", name);
        return 0;
}

/* Only the daemon knows who is left out: to everybody else it is as if there were no such object. */
static int accept_left_out(sd_bus *bus, const struct request *request, const char *name) {
        _cleanup_(sd_bus_error_free) sd_bus_error error = SD_BUS_ERROR_NULL;
        _cleanup_(free_p) char *path = NULL;
        int r;

        r = person_path(name, &path);
        if (r < 0)
                return r;
        r = sd_bus_call_method(bus, CLIENT_NAME, path, CLIENT_PERSON, "AcceptPlan", &error, NULL, NULL);
        if (r < 0)
                return sd_bus_error_has_name(&error, SD_BUS_ERROR_UNKNOWN_OBJECT)
                               ? refuse_unknown(name)
                               : client_refused(request, NULL, r, &error);
        return say_accepted(request, name, true);
}

int person_accept_plan(sd_bus *bus, const struct request *request, const char *name) {
        _cleanup_(texts_free_p) char **people = NULL;
        _cleanup_(free_p) char *chosen = NULL, *path = NULL;
        int r;

        name = find_named(request, name);
        r = client_get_texts(bus, request, "People", &people);
        if (r == 0 && name && !has_name(people, name))
                return accept_left_out(bus, request, name);
        if (r == 0)
                r = person_choose(bus, request, name, &chosen);
        if (r == 0)
                r = person_path(chosen, &path);
        if (r == 0)
                r = client_call_simple(bus, request, path, CLIENT_PERSON, "AcceptPlan");
        return r == 0 ? say_accepted(request, chosen, false) : r;
}

int person_path(const char *name, char **ret) {
        return sd_bus_path_encode(CLIENT_ROOT "/person", name, ret) < 0 ? -ENOMEM : 0;
}
