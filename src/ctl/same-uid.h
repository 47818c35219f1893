/* SPDX-License-Identifier: LGPL-2.1-or-later */
/* UIDs that stand in several of the files that somebody names: of one person's files only one counts. */
#pragma once

#include <uthash.h>

#include "dosed/calendar.h"
#include "dosed/problem.h"

/* A hash by UID; NULL: empty. */
struct uid_version {
        const struct schedule *schedule; /* the newest so far */
        UT_hash_handle hh;
};

/* Warns of each UID of the calendar that is known already. The calendar must outlive the hash. Returns 0 or -ENOMEM. */
int uid_versions_add(struct uid_version **versions, const struct calendar *calendar, struct problems *problems);
void uid_versions_free(struct uid_version **versions);
