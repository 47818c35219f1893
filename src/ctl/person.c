/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* Whose plan a verb is about. */
#include <string.h>

#include "ctl/answer.h"
#include "ctl/client.h"
#include "ctl/person.h"
#include "dosed/text.h"

static int choose_named(char *const *people, const char *name, char **ret) {
        for (size_t i = 0; people[i]; i++)
                if (strcmp(people[i], name) == 0)
                        return text_copy(name, ret);
        complain("dosed knows no person '%s' whose plan you may see; --person takes a name that dosed.conf knows", name);
        return REQUEST_REFUSED;
}

int person_choose(sd_bus *bus, const struct request *request, const char *name, char **ret) {
        _cleanup_(texts_free_p) char **people = NULL;
        int r;

        if (!name && request_has(request, OPTION_PERSON))
                name = request->options[OPTION_PERSON];
        r = client_get_texts(bus, request, "People", &people);
        if (r != 0)
                return r;
        if (name)
                return choose_named(people, name, ret);
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

int person_path(const char *name, char **ret) {
        return sd_bus_path_encode(CLIENT_ROOT "/person", name, ret) < 0 ? -ENOMEM : 0;
}
