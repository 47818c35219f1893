/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* How much a recipient is told, and what people are called: of dosed.conf. */
#pragma once

#include <stdbool.h>
#include <stddef.h>

#include "dosed/outbox.h"

struct person_name {
        const char *person; /* as in dosed.conf */
        const char *name;   /* as people say it */
};

struct disclosure {
        bool is_full; /* detail = full; else no medicine is named, nor anything that tells which it is */
        const struct person_name *people;
        size_t n_people;
};

/* What the person is called; the word of dosed.conf where nobody said. Lives as long as both arguments. */
const char *disclosure_name(const struct disclosure *disclosure, const char *person);

/* Whether it may be said which medicine it is: never of an entry with CLASS:PRIVATE or CONFIDENTIAL. */
bool disclosure_names(const struct disclosure *disclosure, const struct message_item *item);
