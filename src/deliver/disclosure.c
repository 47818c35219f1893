/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much a recipient is told. */
#include "dosed/disclosure.h"

#include <string.h>

const char *disclosure_name(const struct disclosure *disclosure, const char *person) {
        for (size_t i = 0; i < disclosure->n_people; i++)
                if (strcmp(disclosure->people[i].person, person) == 0)
                        return disclosure->people[i].name ? disclosure->people[i].name : person;
        return person;
}

bool disclosure_names(const struct disclosure *disclosure, const struct message_item *item) {
        return disclosure->is_full && item->dose && !item->is_private;
}
